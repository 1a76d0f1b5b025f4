"""Watching a run: the held-out photographs, with and without a rough hint.

Contact sheets show image, hint, classes and alpha side by side.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.data import Bytes, Photo
from training.measures import overlap, rough_hint

SIDE = 256  # px of the square that held-out photographs are stretched to
SHEET_ROWS = 10


def _colour(values: NDArray[np.float32]) -> Bytes:
    return np.repeat((values * 255).astype(np.uint8)[..., None], 3, axis=2)


@torch.no_grad()
def watch_held_out(
    net: nn.Module, photos: list[Photo], device: torch.device, sheet: Path
) -> dict[str, float]:
    """Mean IoU over `photos`: network without hint, with the rough hint, and the hint itself."""
    net.eval()
    scores: dict[str, list[float]] = {"iou_no_hint": [], "iou_hinted": [], "iou_hint_itself": []}
    rows = []
    for number, photo in enumerate(photos):
        image = cv2.resize(photo.image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        truth = cv2.resize(photo.mask, (SIDE, SIDE), interpolation=cv2.INTER_AREA) > 127
        hint = rough_hint(truth, seed=number)
        hints = np.stack((np.full_like(hint, 0.5), hint))
        colours = np.repeat(image.transpose(2, 0, 1)[None] / np.float32(255), 2, axis=0)
        batch = torch.from_numpy(np.concatenate((colours, hints[:, None]), axis=1)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            classes, alpha = (part.float().cpu().numpy() for part in net(batch))
        scores["iou_no_hint"].append(overlap(alpha[0, 0] > 0.5, truth))
        scores["iou_hinted"].append(overlap(alpha[1, 0] > 0.5, truth))
        scores["iou_hint_itself"].append(overlap(hint > 0.5, truth))
        if number < SHEET_ROWS:
            panels = [image]
            for k in range(2):
                shown = classes[k].transpose(1, 2, 0)
                panels += [_colour(hints[k]), (shown * 255).astype(np.uint8), _colour(alpha[k, 0])]
            rows.append(np.hstack(panels))
    cv2.imwrite(str(sheet), cv2.resize(np.vstack(rows)[..., ::-1], None, fx=0.5, fy=0.5))
    return {name: float(np.mean(values)) for name, values in scores.items()}
