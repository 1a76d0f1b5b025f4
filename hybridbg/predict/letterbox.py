"""A picture's way into a network's input and its maps' way back.

A network that takes any size gets the picture with its aspect kept, long side at the size it likes
best, padded at the bottom and the right up to its grid. The padding repeats the border: a constant
would be one more edge for the network to explain. A network of one size gets the picture stretched
to it, as most such networks were trained, or padded in the same way where the description says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hybridbg.core.errors import InvalidModelError
from hybridbg.core.resample import fit_inside, resample
from hybridbg.core.types import FloatArray, Shape
from hybridbg.predict.spec import ModelSpec

__all__ = ["Letterbox"]

# Enlarging shows the network nothing new, but up to twice brings a small picture to the scale of
# detail that it was trained on.
MAX_ENLARGEMENT: Final = 2.0
# Where the short side decides, the long one is at most this many times the size: beyond, a strip
# of a panorama would cost as much as many pictures.
_LONGEST: Final = 2.0
# An output with cells of more than this many pixels of the input is no map of it.
_COARSEST: Final = 64
# Largest value below which a picture is black, and dividing by it would only raise its noise.
_DARKEST: Final = 1e-6


@dataclass(frozen=True)
class Letterbox:
    """How a picture of one size lies in the input of one network.

    Attributes
    ----------
    spec : ModelSpec
        The network.
    shape : (int, int)
        Rows and columns of the picture.
    inner : (int, int)
        Rows and columns that the picture takes in the network's input.
    outer : (int, int)
        Rows and columns of the network's input.

    Examples
    --------
    >>> from pathlib import Path
    >>> spec = ModelSpec(name="tiny", file=Path("tiny.onnx"), kind="trimap", size=320)
    >>> box = Letterbox.of((600, 1000), spec)
    >>> box.inner, box.outer
    ((192, 320), (192, 320))
    >>> Letterbox.of((610, 1000), spec).outer
    (224, 320)
    """

    spec: ModelSpec
    shape: Shape
    inner: Shape
    outer: Shape

    @classmethod
    def of(cls, shape: Shape, spec: ModelSpec) -> Letterbox:
        """Lay a picture of this shape into the input of this network."""
        if spec.dynamic is False:
            side = spec.size or max(shape)
            outer = spec.shape or (side, side)
            if spec.fit != "letterbox":
                return cls(spec, shape, outer, outer)
            scale = min(outer[0] / shape[0], outer[1] / shape[1])
            inner = fit_inside(shape, scale * max(shape), max_enlargement=scale)
            return cls(spec, shape, inner, outer)
        inner = fit_inside(shape, _long_side(shape, spec), max_enlargement=MAX_ENLARGEMENT)
        rows, columns = (-(-side // spec.divisor) * spec.divisor for side in inner)
        return cls(spec, shape, inner, (rows, columns))

    def enter(self, image: FloatArray, hint: FloatArray | None) -> FloatArray:
        """Make the network's input.

        Parameters
        ----------
        image : ndarray of shape (H, W, 3), float32 in [0, 1]
            RGB, sRGB-coded.
        hint : ndarray of shape (H, W), float32 in [0, 1], or None
            None exactly where the network takes none.

        Returns
        -------
        ndarray of shape (1, C, H', W') or (1, H', W', C), float32
            Normalised as the description says.
        """
        spec = self.spec
        low, high = spec.value_range
        mean = np.array(spec.mean, dtype=np.float32)
        std = np.array(spec.std, dtype=np.float32)
        small = self._fill(image)
        if spec.by_maximum:
            small = small / max(float(small.max()), _DARKEST)
        if spec.order == "BGR":
            small = small[..., ::-1]
        planes = (low + small * np.float32(high - low) - mean) / std
        if hint is not None:
            planes = np.concatenate((planes, self._fill(hint)[..., None]), axis=2)
        if spec.layout != "NHWC":
            planes = planes.transpose(2, 0, 1)
        return np.ascontiguousarray(planes[None], dtype=np.float32)

    def leave(self, answer: FloatArray, channels: int | None = None) -> FloatArray:
        """Cut the picture's part out of one of the network's outputs.

        Parameters
        ----------
        answer : ndarray of shape (1, C, H', W') or (1, H', W', C), float32
            One output, of the input's size or another of the same aspect; the axes of one
            picture and of one channel may be missing.
        channels : int, optional
            How many are expected; by default any number.

        Returns
        -------
        ndarray of shape (h, w, C), float32
            At the output's resolution; `back` brings it to the picture's.

        Raises
        ------
        InvalidModelError
            The output has another shape.
        """
        planes = self._planes(answer, channels)
        if planes is None:
            count = "any number of" if channels is None else channels
            raise InvalidModelError(
                f"model {self.spec.name!r}: expected {count} channels of {self.outer} rows and "
                f"columns like its input ({self.spec.layout}), or of their aspect, got an output "
                f"of shape {answer.shape}; correct the description (kind, outputs)"
            )
        rows, columns = (
            max(1, round(inner * got / outer))
            for inner, got, outer in zip(self.inner, planes.shape, self.outer, strict=False)
        )
        return np.ascontiguousarray(planes[:rows, :columns])

    def _planes(self, answer: FloatArray, channels: int | None) -> FloatArray | None:
        """Bring an output to (H', W', C); None where no reading of its axes fits the input."""
        if answer.ndim == 4 and answer.shape[0] == 1:
            answer = answer[0]
        readings = [answer.transpose(1, 2, 0), answer] if answer.ndim == 3 else []
        if self.spec.layout == "NHWC":
            readings.reverse()
        if answer.ndim == 2 or (answer.ndim == 3 and answer.shape[0] == 1):
            readings.append(answer.reshape(*answer.shape[-2:], 1))
        for planes in readings:
            # Cells of the output per cell of the input, down and across.
            down, across = (planes.shape[axis] / self.outer[axis] for axis in (0, 1))
            same_aspect = abs(down - across) * max(self.outer) < 1
            if same_aspect and down * _COARSEST > 1 and channels in (None, planes.shape[2]):
                return planes
        return None

    def back(self, plane: FloatArray) -> FloatArray:
        """Bring one map (h, w) from an output's resolution to the picture's."""
        return resample(plane, self.shape)

    def _fill(self, plane: FloatArray) -> FloatArray:
        """Resample to the inner size and repeat the border up to the outer one."""
        small = resample(plane, self.inner)
        below, right = (outer - inner for outer, inner in zip(self.outer, self.inner, strict=True))
        return np.pad(small, ((0, below), (0, right)) + ((0, 0),) * (small.ndim - 2), mode="edge")


def _long_side(shape: Shape, spec: ModelSpec) -> float:
    """Longer side that a picture has where the input is free."""
    size = spec.size or max(shape)
    if spec.size_of == "long":
        return size
    return min(size * max(shape) / min(shape), _LONGEST * size)
