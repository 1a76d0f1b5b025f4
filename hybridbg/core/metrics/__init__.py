"""How far an alpha matte, a mask, objects or colours are from the truth.

`mattes` has the errors of alpha, `masks` and `structure` the scores of masks, `objects` those of
objects one by one, `colours` the errors of foreground colours, and `calibration` says whether
probabilities and certainties are what they claim to be. Alpha is linear opacity in
[0, 1]; a mask is foreground from one half. Sums run in float64.
"""

from __future__ import annotations

from hybridbg.core.metrics.calibration import (
    Reliability,
    calibration_error,
    reliability,
    roc_area,
    roc_curve,
)
from hybridbg.core.metrics.colours import foreground_error, fringe_error
from hybridbg.core.metrics.masks import boundary_f, boundary_iou, f_measure, iou, mean_iou
from hybridbg.core.metrics.mattes import connectivity_error, gradient_error, mad, mse, sad
from hybridbg.core.metrics.objects import (
    IOU_THRESHOLDS,
    Matches,
    average_precision,
    match_objects,
)
from hybridbg.core.metrics.structure import s_measure

__all__ = [
    "IOU_THRESHOLDS",
    "Matches",
    "Reliability",
    "average_precision",
    "boundary_f",
    "boundary_iou",
    "calibration_error",
    "connectivity_error",
    "f_measure",
    "foreground_error",
    "fringe_error",
    "gradient_error",
    "iou",
    "mad",
    "match_objects",
    "mean_iou",
    "mse",
    "reliability",
    "roc_area",
    "roc_curve",
    "s_measure",
    "sad",
]
