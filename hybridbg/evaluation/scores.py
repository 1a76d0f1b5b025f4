"""What an answer is worth: every metric that a picture's truth allows, by short names.

Metrics of alpha take in the whole picture, so that methods with and without a trimap compare; where
there is a trimap, SAD and MSE of its unknown pixels, which the matting literature prints, come
besides. Masks are cut at one half, the structure measure's too: of an exact soft edge it would
think less than of a hard one. Gradient and connectivity error, and colours, need a truth with soft
edges. Objects are what hangs together (8 neighbours) of alpha from one half, as sure as their mean
alpha.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hybridbg.core import metrics
from hybridbg.core.metrics.colours import MIXED
from hybridbg.core.trimap import UNKNOWN
from hybridbg.evaluation.methods import Answer

if TYPE_CHECKING:
    from hybridbg.core.types import BoolArray, FloatArray
    from hybridbg.evaluation.scenes import Scene

__all__ = ["GOOD_IOU", "HEADLINES", "METRICS", "POOLED", "Metric", "judge", "no_answer"]


@dataclass(frozen=True)
class Metric:
    """A figure of tables.

    Attributes
    ----------
    label : str
    higher_is_better : bool
    digits : int
        After the point.
    about : str
        What it is, its unit and its paper.
    """

    label: str
    higher_is_better: bool
    digits: int
    about: str


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        "iou": Metric("IoU", True, 3, "intersection over union of the masks, cut at one half"),
        "mean_iou": Metric("mIoU", True, 3, "mean of the IoU of foreground and background"),
        "boundary_iou": Metric(
            "Boundary IoU", True, 3, "IoU of bands along the outlines, 2 % of the diagonal (Cheng "
            "et al., CVPR 2021)",
        ),
        "f_measure": Metric("F", True, 3, "F-measure, beta^2 = 0.3 (Achanta et al., CVPR 2009)"),
        "s_measure": Metric("S", True, 3, "structure measure of the mask (Fan et al., ICCV 2017)"),
        "mad": Metric("MAD", False, 4, "mean absolute difference of alpha; of masks called MAE"),
        "mse": Metric("MSE", False, 4, "mean squared error of alpha"),
        "sad": Metric(
            "SAD", False, 2, "sum of absolute differences of alpha, in thousands (Rhemann et al., "
            "CVPR 2009)",
        ),
        "gradient": Metric("Grad", False, 2, "gradient error, in thousands (Rhemann et al.)"),
        "connectivity": Metric("Conn", False, 2, "connectivity error, in thousands (the same)"),
        "sad_unknown": Metric("SAD, unknown", False, 2, "SAD of the trimap's unknown pixels"),
        "mse_unknown": Metric("MSE, unknown", False, 4, "MSE of the trimap's unknown pixels"),
        "foreground": Metric(
            "Colours", False, 2, "difference from the true foreground colours on mixed pixels, "
            "weighted by true alpha, in grey levels of 255",
        ),
        "fringe": Metric(
            "Fringe", False, 2, "difference of composites over black, white and magenta on mixed "
            "pixels, in grey levels of 255",
        ),
        "ap50": Metric(
            "AP50", True, 3, "average precision of objects at IoU .5 (Lin et al., ECCV 2014), over "
            "all pictures together",
        ),
        "map": Metric("mAP", True, 3, "average precision of objects, mean over IoU .5 to .95"),
        "ece": Metric(
            "ECE", False, 4, "expected calibration error of alpha taken as a probability, in ten "
            "bins, over all pictures together (Naeini et al., AAAI 2015)",
        ),
        "certainty_auc": Metric(
            "AUC of certainty", True, 3, "chance that of two pictures, one with an IoU of .5 at "
            "least and one below, the first was called surer (Hanley & McNeil, 1982)",
        ),
        "seconds": Metric("Seconds", False, 2, "wall time of one picture"),
        "megabytes": Metric(
            "Peak MB", False, 0, "peak resident memory of the process, all that it holds included"
        ),
    }
)  # fmt: skip

POOLED: Final = MappingProxyType(
    {
        "ap50": "detections",
        "map": "detections",
        "ece": "reliability",
        "certainty_auc": "certainty",
    }
)
"""Metrics that are made of all pictures together, and of what in their records."""

GOOD_IOU: Final = 0.5
"""IoU from which a result counts as good, where certainties are judged."""

_MOST_OBJECTS: Final = 100

HEADLINES: Final = ("iou", "boundary_iou", "mad", "fringe")
"""Metrics that plots and heat maps show, where they are known."""


def judge(scene: Scene, answer: Answer) -> dict[str, Any]:
    """Score an answer.

    Returns
    -------
    dict
        ``scores``, metric to figure for those metrics that the truth allows; ``reliability``, the
        lists of a `metrics.Reliability`; and, if the truth holds objects, ``detections``: their
        ``scores``, ``hits`` (rows of booleans, one for each of `metrics.IOU_THRESHOLDS`) and the
        number of ``objects``.
    """
    alpha, truth = answer.alpha, scene.alpha
    scores = {
        "iou": metrics.iou(alpha, truth),
        "mean_iou": metrics.mean_iou(alpha, truth),
        "boundary_iou": metrics.boundary_iou(alpha, truth),
        "f_measure": metrics.f_measure(alpha, truth),
        "s_measure": metrics.s_measure(alpha >= 0.5, truth),
        "mad": metrics.mad(alpha, truth),
        "mse": metrics.mse(alpha, truth),
        "sad": metrics.sad(alpha, truth),
    }
    if answer.cost is not None:
        scores["seconds"] = answer.cost.seconds
        if answer.cost.megabytes is not None:
            scores["megabytes"] = answer.cost.megabytes
    if scene.soft:
        scores["gradient"] = metrics.gradient_error(alpha, truth)
        scores["connectivity"] = metrics.connectivity_error(alpha, truth)
        if scene.trimap is not None and (scene.trimap == UNKNOWN).any():
            scores["sad_unknown"] = metrics.sad(alpha, truth, region=scene.trimap)
            scores["mse_unknown"] = metrics.mse(alpha, truth, region=scene.trimap)
        scores |= _of_colours(scene, answer)
    found = metrics.reliability(alpha, truth)
    bins = {key: getattr(found, key).tolist() for key in ("share", "predicted", "observed")}
    judged: dict[str, Any] = {"scores": scores, "reliability": bins}
    if scene.instances is not None:
        masks, sure = _objects(alpha)
        matches = metrics.match_objects(masks, sure, scene.instances)
        judged["detections"] = {
            "scores": matches.scores.tolist(),
            "hits": matches.hits.tolist(),
            "objects": matches.objects,
        }
    return judged


def no_answer(scene: Scene) -> Answer:
    """Stand in for a method that finds nothing or fails: an empty mask, its cost unknown."""
    return Answer(np.zeros_like(scene.alpha), None, cost=None)


def _of_colours(scene: Scene, answer: Answer) -> dict[str, float]:
    mixed = (scene.alpha > MIXED[0]) & (scene.alpha < MIXED[1])
    if scene.foreground is None or not mixed.any():
        return {}
    colours = scene.image if answer.foreground is None else answer.foreground
    return {
        "foreground": metrics.foreground_error(colours, scene.foreground, scene.alpha),
        "fringe": metrics.fringe_error(colours, answer.alpha, scene.foreground, scene.alpha),
    }


def _objects(alpha: FloatArray) -> tuple[list[BoolArray], list[float]]:
    """Take alpha apart into what hangs together: the largest, as many as COCO counts."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha >= 0.5).view(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    largest = 1 + np.argsort(-areas, kind="stable")[:_MOST_OBJECTS]
    masks = [labels == label for label in largest]
    return masks, [float(alpha[mask].mean()) for mask in masks]
