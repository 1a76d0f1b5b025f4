"""What is known of a model: `ModelSpec`, read from a TOML file beside the model file.

The picture goes in as ``low + image * (high - low)`` for the value range (low, high), then
``(value - mean) / std`` per channel; `image` is RGB, sRGB-coded, in [0, 1]. A hint channel, where
there is one, follows the three colours unscaled: 0 background, 0.5 don't know, 1 foreground.
Kinds of output:

trimap     `probabilities` (N, 3, H, W) of background, unknown and foreground, and `alpha`
           (N, 1, H, W), a coarse matte, all in [0, 1]
saliency   one map (N, 1, H, W) in the network's own range, normalised per picture
alpha      one matte (N, 1, H, W) in [0, 1]
instances  one mask per object; described here, not run by `predictor`
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, get_args

from hybridbg.core.errors import InvalidModelError, ModelNotFoundError

__all__ = ["Layout", "ModelSpec", "OutputKind", "file_sha256", "load_spec"]

Layout = Literal["NCHW", "NHWC"]
OutputKind = Literal["trimap", "saliency", "alpha", "instances"]

# A description is a few hundred bytes; anything longer is some other file.
MAX_SPEC_BYTES: Final = 64 * 1024
# A network sees at least one cell of its coarsest grid and never more than a large photograph.
MAX_SIZE: Final = 8192
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
    kind : "trimap", "saliency", "alpha" or "instances"
        What comes out; see the head of this module.
    sha256 : str or None
        Lower-case hexadecimal digest of the file, checked whenever the file is loaded.
    layout : "NCHW" or "NHWC"
        Order of the input's axes.
    size : int
        Long side, in pixels, at which the network works best.
    divisor : int
        Both sides of the input are multiples of this.
    dynamic : bool
        Whether any multiple of `divisor` is accepted. Otherwise the input is `size` x `size`, and
        pictures are stretched to it, as such networks were trained.
    mean, std : tuple of 3 float
        Normalisation that the graph does not do itself.
    value_range : tuple of 2 float
        What black and white are before `mean` is subtracted, such as (0, 1) or (0, 255).
    has_hint : bool
        Whether a fourth channel takes a hint.
    licence, origin, card : str
        Licence identifier, where the weights came from, and the card's file name or address.

    Raises
    ------
    InvalidModelError
        A field is outside its domain.

    Examples
    --------
    >>> spec = ModelSpec(name="tiny", file=Path("tiny.onnx"), kind="trimap", size=320)
    >>> spec.channels, spec.dynamic
    (3, True)
    """

    name: str
    file: Path
    kind: OutputKind
    size: int
    sha256: str | None = None
    layout: Layout = "NCHW"
    divisor: int = 32
    dynamic: bool = True
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    value_range: tuple[float, ...] = (0.0, 1.0)
    has_hint: bool = False
    licence: str = ""
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

    @staticmethod
    def _rules() -> tuple[tuple[str, str, Any], ...]:
        """Field, what it must be in words, and the test that says so."""
        return (
            ("name", "letters, digits, '.', '-' and '_'", _is_name),
            ("file", "a path", lambda value: isinstance(value, Path)),
            ("kind", f"one of {', '.join(get_args(OutputKind))}", _one_of(OutputKind)),
            ("sha256", "64 hexadecimal digits in lower case", _is_digest),
            ("layout", f"one of {', '.join(get_args(Layout))}", _one_of(Layout)),
            ("divisor", f"a whole number from 1 to {MAX_SIZE}", _is_size),
            ("size", f"a whole number from 1 to {MAX_SIZE}", _is_size),
            ("dynamic", "true or false", lambda value: isinstance(value, bool)),
            ("mean", "three numbers", _numbers(_CHANNELS)),
            ("std", "three numbers above zero", _positive(_CHANNELS)),
            ("value_range", "two numbers, the lower first", _is_range),
            ("has_hint", "true or false", lambda value: isinstance(value, bool)),
            ("licence", "text", lambda value: isinstance(value, str)),
            ("origin", "text", lambda value: isinstance(value, str)),
            ("card", "text", lambda value: isinstance(value, str)),
        )

    @property
    def channels(self) -> int:
        """Number of input channels: colours, and the hint where there is one."""
        return _CHANNELS + int(self.has_hint)


def load_spec(path: Path) -> ModelSpec:
    """Read a model's description.

    Parameters
    ----------
    path : Path
        A TOML file whose keys are the fields of `ModelSpec`. `file` names a file in the same
        folder, without any folder part; left out, it is the description's own name with the
        suffix ``.onnx``. `name` left out is the description's name without suffix.

    Returns
    -------
    ModelSpec
        The model file itself is neither opened nor required to exist.

    Raises
    ------
    ModelNotFoundError
        No such file.
    InvalidModelError
        Not TOML, unknown or missing keys, or a value outside its domain.
    """
    table = _read_toml(path)
    known = {field.name for field in fields(ModelSpec)}
    if unknown := sorted(table.keys() - known):
        raise InvalidModelError(
            f"{path}: unknown keys {', '.join(unknown)}; a description may hold "
            f"{', '.join(sorted(known))}"
        )
    if missing := sorted({"kind", "size"} - table.keys()):
        raise InvalidModelError(f"{path}: {' and '.join(missing)} missing; add to the description")
    file = table.get("file", f"{path.stem}.onnx")
    if not isinstance(file, str) or not is_plain_file_name(file):
        raise InvalidModelError(
            f"{path}: file must name a file in the same folder, without any folder part, "
            f"got {file!r}"
        )
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    values |= {"name": table.get("name", path.stem), "file": path.parent / file}
    try:
        return ModelSpec(**values)
    except InvalidModelError as error:
        raise InvalidModelError(f"{path}: {error}") from None


def file_sha256(path: Path) -> str:
    """Lower-case hexadecimal SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_plain_file_name(name: str) -> bool:
    """Whether a name stays in its folder on every system: no separator, drive or dot-dot."""
    return bool(name) and not re.search(r"[/\\:\0]", name) and name not in (".", "..")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_SPEC_BYTES + 1)
    except FileNotFoundError:
        raise ModelNotFoundError(f"no model description at {path}") from None
    except OSError as error:
        raise InvalidModelError(f"{path}: cannot be read ({error})") from error
    if len(content) > MAX_SPEC_BYTES:
        raise InvalidModelError(
            f"{path}: expected a description of at most {MAX_SPEC_BYTES} bytes, got a longer file"
        )
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidModelError(f"{path}: not valid TOML ({error})") from error


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value)) and ".." not in value


def _is_digest(value: object) -> bool:
    return value is None or (isinstance(value, str) and bool(_SHA256.fullmatch(value)))


def _one_of(literal: Any) -> Any:
    return lambda value: value in get_args(literal)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_SIZE


def _is_numbers(value: object, count: int) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == count
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
        and all(abs(one) <= _MAX_NUMBER for one in value)  # false for NaN
    )


def _numbers(count: int) -> Any:
    return lambda value: _is_numbers(value, count)


def _positive(count: int) -> Any:
    return lambda value: _is_numbers(value, count) and min(value) > 0


def _is_range(value: Any) -> bool:
    return _is_numbers(value, 2) and value[0] < value[1]
