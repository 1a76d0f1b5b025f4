"""What is known of a model: `ModelSpec`, one kind for each kind of output.

The picture goes in as ``low + image * (high - low)`` for the value range (low, high), then
``(value - mean) / std`` per channel in the order of the network's own channels; `image` is
sRGB-coded, in [0, 1]. A hint channel, where there is one, follows the three colours unscaled: 0
background, 0.5 don't know, 1 foreground. Kinds of output, with the roles of their maps:

trimap     `probabilities` (N, 3, H, W) of background, unknown and foreground, and `alpha`
           (N, 1, H, W), a coarse matte, all in [0, 1]
saliency   `map` (N, 1, H, W) in the network's own range, stretched to [0, 1] per picture
alpha      `map` (N, 1, H, W), a matte in [0, 1]
classes    `map` (N, C, H, W), a score for each class, or (N, H, W), the number of the class
instances  `boxes` (K, 4) as left, top, right, bottom; `labels` (K,); `scores` (K,); `masks`
           (K, 1, H, W) of the whole input or (K, 1, 28, 28) of each box

What a description leaves out is read from the graph (`graph`): layout, size, axes that are free.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from hybridbg.core.errors import InvalidModelError

__all__ = ["ROLES", "Activation", "Layout", "ModelSpec", "OutputKind", "file_sha256"]

Layout = Literal["NCHW", "NHWC"]
OutputKind = Literal["trimap", "saliency", "alpha", "classes", "instances"]
Activation = Literal["none", "sigmoid", "softmax"]
ChannelOrder = Literal["RGB", "BGR"]
Fit = Literal["letterbox", "stretch"]
Choose = Literal["score", "size", "all"]

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "trimap": ("probabilities", "alpha"),
    "saliency": ("map",),
    "alpha": ("map",),
    "classes": ("map",),
    "instances": ("boxes", "labels", "scores", "masks"),
}
"""What each kind of network answers with."""

# A network sees at least one cell of its coarsest grid and never more than a large photograph.
MAX_SIZE: Final = 8192
# More classes than any vocabulary of objects that networks are trained on.
MAX_CLASS: Final = 65535
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHANNELS: Final = 3
# Far beyond any mean, deviation or range of pixel values, and still exact to compare.
_MAX_NUMBER: Final = 1e6


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """What is known of a model.

    Attributes
    ----------
    name : str
        Letters, digits, dot, dash and underscore.
    file : Path
        The ONNX file.
    kind : "trimap", "saliency", "alpha", "classes" or "instances"
        What comes out; see the head of this module.
    sha256 : str or None
        Lower-case hexadecimal digest of the file, checked whenever the file is loaded.
    layout : "NCHW", "NHWC" or None
        Order of the input's axes; None: as the graph has its channels.
    size : int or None
        Side, in pixels, at which the network works best, where the graph leaves the choice; the
        side of the square where `dynamic` is False.
    size_of : "long" or "short"
        Which side of the picture `size` is. With the short one, the long one is at most twice it.
    shape : tuple of 2 int, or None
        Rows and columns of an input of one size; None: as the graph has it, else a square.
    divisor : int
        Both sides of an input that is free are multiples of this.
    dynamic : bool or None
        Whether any multiple of `divisor` is accepted; None: as the graph has it.
    fit : "letterbox", "stretch" or None
        Into an input of one size a picture is stretched, or keeps its aspect and is padded; None:
        letterbox where the input is free, stretch where it is not.
    order : "RGB" or "BGR"
        Order of the network's colour channels, and of `mean` and `std`.
    mean, std : tuple of 3 float
        Normalisation that the graph does not do itself.
    value_range : tuple of 2 float
        What black and white are before `mean` is subtracted, such as (0, 1) or (0, 255).
    by_maximum : bool
        Whether the picture is divided by its largest value first, as for the U-2-Net family.
    has_hint : bool
        Whether a fourth channel takes a hint.
    input : str
        Name that the graph's one input must have; empty: any.
    outputs : tuple of (str, str or int)
        Pairs of a role and the name or the position, from 0, of the graph's output that plays it.
        Roles left out: outputs of the role's own name, else the first ones in order.
    activation : "none", "sigmoid" or "softmax"
        What is left to do to `map` or `masks`: nothing where the graph does it itself.
    classes : tuple of int
        Classes that are foreground, or labels of instances to choose from; empty: all but 0, or
        all labels.
    choose : "score", "size" or "all"
        Which instance is the subject when nobody says: the surest, the largest, or all together.
    min_score : float
        Instances less sure than this are left out.
    licence, terms, origin, card : str
        Licence identifier, what it forbids in a sentence, where the weights came from, and the
        card's file name or address.

    Raises
    ------
    InvalidModelError
        A field is outside its domain.

    Examples
    --------
    >>> spec = ModelSpec(name="tiny", file=Path("tiny.onnx"), kind="trimap", size=320)
    >>> spec.channels, spec.dynamic is None
    (3, True)
    """

    name: str
    file: Path
    kind: OutputKind
    size: int | None = None
    size_of: Literal["long", "short"] = "long"
    shape: tuple[int, int] | None = None
    sha256: str | None = None
    layout: Layout | None = None
    divisor: int = 32
    dynamic: bool | None = None
    fit: Fit | None = None
    order: ChannelOrder = "RGB"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    value_range: tuple[float, ...] = (0.0, 1.0)
    by_maximum: bool = False
    has_hint: bool = False
    input: str = ""
    outputs: tuple[tuple[str, str | int], ...] = ()
    activation: Activation = "none"
    classes: tuple[int, ...] = ()
    choose: Choose = "score"
    min_score: float = 0.5
    licence: str = ""
    terms: str = ""
    origin: str = ""
    card: str = ""

    def __post_init__(self) -> None:
        for field, expected, valid in self._rules():
            value = getattr(self, field)
            if not valid(value):
                raise InvalidModelError(
                    f"model {self.name!r}: {field} must be {expected}, got {value!r}; "
                    "correct the model's description"
                )
        if unknown := sorted({role for role, _ in self.outputs} - {*ROLES[self.kind]}):
            raise InvalidModelError(
                f"model {self.name!r}: outputs of kind {self.kind} are "
                f"{', '.join(ROLES[self.kind])}, got {', '.join(unknown)}; correct the description"
            )

    @staticmethod
    def _rules() -> tuple[tuple[str, str, Any], ...]:
        """Field, what it must be in words, and the test that says so."""
        return (
            ("name", "letters, digits, '.', '-' and '_'", _is_name),
            ("file", "a path", lambda value: isinstance(value, Path)),
            _choice("kind", OutputKind),
            ("sha256", "64 hexadecimal digits in lower case", _or_none(_is_digest)),
            _choice("layout", Layout, optional=True),
            ("divisor", f"a whole number from 1 to {MAX_SIZE}", _is_size),
            ("size", f"a whole number from 1 to {MAX_SIZE}", _or_none(_is_size)),
            ("size_of", "one of long, short", lambda value: value in ("long", "short")),
            ("shape", f"two whole numbers from 1 to {MAX_SIZE}", _or_none(_is_shape)),
            ("dynamic", "true or false", _or_none(_is_bool)),
            _choice("fit", Fit, optional=True),
            _choice("order", ChannelOrder),
            ("mean", "three numbers", _numbers(_CHANNELS)),
            ("std", "three numbers above zero", _positive(_CHANNELS)),
            ("value_range", "two numbers, the lower first", _is_range),
            ("by_maximum", "true or false", _is_bool),
            ("has_hint", "true or false", _is_bool),
            ("input", "text", _is_text),
            ("outputs", "a table from roles to names or positions", _is_outputs),
            _choice("activation", Activation),
            ("classes", f"a list of whole numbers from 0 to {MAX_CLASS}", _is_classes),
            _choice("choose", Choose),
            ("min_score", "a number from 0 to 1", _is_share),
            ("licence", "text", _is_text),
            ("terms", "text", _is_text),
            ("origin", "text", _is_text),
            ("card", "text", _is_text),
        )

    @property
    def channels(self) -> int:
        """Number of input channels: colours, and the hint where there is one."""
        return _CHANNELS + int(self.has_hint)


def file_sha256(path: Path) -> str:
    """Lower-case hexadecimal SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _choice(field: str, literal: Any, *, optional: bool = False) -> tuple[str, str, Any]:
    words = get_args(literal)
    allowed = (*words, None) if optional else words
    return field, f"one of {', '.join(words)}", lambda value: value in allowed


def _or_none(valid: Any) -> Any:
    return lambda value: value is None or valid(value)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value)) and ".." not in value


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and bool(_SHA256.fullmatch(value))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and 1 <= value <= MAX_SIZE


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_size, value))


def _is_classes(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        _is_whole(one) and 0 <= one <= MAX_CLASS for one in value
    )


def _is_outputs(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(role, str) and (isinstance(of, str) or (_is_whole(of) and of >= 0))
        for role, of in value
    )


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MAX_NUMBER
    )


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_numbers(value: object, count: int) -> bool:
    return isinstance(value, tuple) and len(value) == count and all(map(_is_number, value))


def _numbers(count: int) -> Any:
    return lambda value: _is_numbers(value, count)


def _positive(count: int) -> Any:
    return lambda value: _is_numbers(value, count) and min(value) > 0


def _is_range(value: Any) -> bool:
    return _is_numbers(value, 2) and value[0] < value[1]
