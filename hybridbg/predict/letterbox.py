"""A picture's way into a network's input and its maps' way back.

A network that takes any size gets the picture with its aspect kept, long side at the size it likes
best, padded at the bottom and the right up to its grid. The padding repeats the border: a constant
would be one more edge for the network to explain. A network of a fixed square size gets the picture
stretched to the square, as such networks were trained.
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
        if not spec.dynamic:
            square = (spec.size, spec.size)
            return cls(spec, shape, square, square)
        inner = fit_inside(shape, spec.size, max_enlargement=MAX_ENLARGEMENT)
        rows, columns = (-(-side // spec.divisor) * spec.divisor for side in inner)
        return cls(spec, shape, inner, (rows, columns))

    @property
    def cell(self) -> float:
        """Side of one of the network's pixels in pixels of the picture."""
        return float(np.sqrt(np.prod(self.shape) / np.prod(self.inner)))

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
        planes = (low + self._fill(image) * np.float32(high - low) - mean) / std
        if hint is not None:
            planes = np.concatenate((planes, self._fill(hint)[..., None]), axis=2)
        if spec.layout == "NCHW":
            planes = planes.transpose(2, 0, 1)
        return np.ascontiguousarray(planes[None], dtype=np.float32)

    def leave(self, answer: FloatArray, channels: int) -> FloatArray:
        """Cut the picture's part out of one of the network's outputs.

        Parameters
        ----------
        answer : ndarray of shape (1, C, H', W') or (1, H', W', C), float32
            One output; a single channel may lack its axis.
        channels : int
            How many are expected.

        Returns
        -------
        ndarray of shape (h, w, C), float32
            At the network's resolution; `back` brings it to the picture's.

        Raises
        ------
        InvalidModelError
            The output has another shape.
        """
        planes = answer
        if answer.ndim == 3 and channels == 1:
            planes = answer[:, None] if self.spec.layout == "NCHW" else answer[..., None]
        if planes.ndim == 4 and self.spec.layout == "NCHW":
            planes = planes.transpose(0, 2, 3, 1)
        if planes.shape != (1, *self.outer, channels):
            raise InvalidModelError(
                f"model {self.spec.name!r}: expected {channels} channels of {self.outer} rows and "
                f"columns like its input ({self.spec.layout}), got an output of shape "
                f"{answer.shape}"
            )
        rows, columns = self.inner
        return np.ascontiguousarray(planes[0, :rows, :columns])

    def back(self, plane: FloatArray) -> FloatArray:
        """Bring one map (h, w) from the network's resolution to the picture's."""
        return resample(plane, self.shape)

    def _fill(self, plane: FloatArray) -> FloatArray:
        """Resample to the inner size and repeat the border up to the outer one."""
        small = resample(plane, self.inner)
        below, right = (outer - inner for outer, inner in zip(self.outer, self.inner, strict=True))
        return np.pad(small, ((0, below), (0, right)) + ((0, 0),) * (small.ndim - 2), mode="edge")
