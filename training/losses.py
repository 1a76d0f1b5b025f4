"""The training loss: weighted cross entropy on three classes, and three terms on alpha.

Places where the hint contradicts the truth weigh more, so that the network learns to correct hints
instead of copying them.  The soft IoU makes small subjects count as much as large ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class LossSettings:
    """Weights of the terms; see ``config/small.toml``."""

    class_weights: tuple[float, float, float]
    hint_mismatch: float
    alpha: float
    overlap: float
    auxiliary: float


def soft_overlap(alpha: Tensor, truth: Tensor) -> Tensor:
    """Soft intersection over union per picture; both (N, 1, H, W) in [0, 1]."""
    shared = (alpha * truth).sum((1, 2, 3))
    union = (alpha + truth - alpha * truth).sum((1, 2, 3))
    return (shared + 1.0) / (union + 1.0)


def training_loss(
    logits: Tensor,
    coarse: list[Tensor],
    hint: Tensor,
    alpha: Tensor,
    target: Tensor,
    settings: LossSettings,
) -> dict[str, Tensor]:
    """Return the named terms and their weighted sum under "loss".

    `logits` (N, 4, H, W); `coarse` alpha logits at lower resolutions; `hint` and `alpha`
    (N, 1, H, W) in [0, 1]; `target` (N, H, W) classes.
    """
    mismatch = 2.0 * (hint - 0.5).abs() * (hint - alpha).abs()  # 0 where the hint says nothing
    weight = 1.0 + settings.hint_mismatch * mismatch
    class_weights = torch.tensor(settings.class_weights, device=logits.device)
    entropy = functional.cross_entropy(logits[:, :3], target, class_weights, reduction="none")
    classes = (entropy * weight[:, 0]).mean()
    soft = functional.binary_cross_entropy_with_logits(logits[:, 3:], alpha, reduction="none")
    soft = (soft * weight).mean()
    overlap = 1.0 - soft_overlap(logits[:, 3:].sigmoid(), alpha).mean()
    auxiliary = logits.new_zeros(())
    for map_ in coarse:
        small = functional.adaptive_avg_pool2d(alpha, map_.shape[-2:])
        auxiliary = auxiliary + functional.binary_cross_entropy_with_logits(map_.float(), small)
    total = (
        classes
        + settings.alpha * soft
        + settings.overlap * overlap
        + settings.auxiliary * auxiliary
    )
    return {"loss": total, "classes": classes, "alpha": soft, "overlap": overlap}
