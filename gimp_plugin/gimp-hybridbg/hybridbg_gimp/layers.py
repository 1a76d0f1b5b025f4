"""Out of GIMP: pixels in the layer's own type and encoding, and what says where the subject is.

Pixels are read in the layer's own format, so that GIMP converts nothing: neither depth nor colours.
What the numbers mean goes along: sRGB-coded, linear light, or an ICC profile. Buffers are read some
rows at a time; nothing larger than that is held here.
"""

from collections import namedtuple

from gi.repository import Babl, Gegl, Gimp

from hybridbg_gimp.texts import _

__all__ = [
    "BABL_TYPES",
    "Meaning",
    "Unusable",
    "alpha_guide",
    "image_arrays",
    "mask_guide",
    "numbers_model",
    "rows_at_once",
    "selection_array",
    "selection_guide",
    "selection_rect",
    "trimap_guide",
]

_STRIP_BYTES = 2**20
"""About what a pipe holds: the worker takes one strip while GIMP hands out the next."""

_DTYPES = {"u8": "u1", "u16": "u2", "u32": "u4", "half": "f2", "float": "f4", "double": "f8"}
BABL_TYPES = {dtype: name for name, dtype in _DTYPES.items()}
_GUIDE_DTYPES = {"u1": "u1", "u2": "u2"}
"""Masks travel in 8 or 16 bits, or as float: no mask has more than 24 bits to tell."""

_ITEM_BYTES = {"u1": 1, "u2": 2, "u4": 4, "f2": 2, "f4": 4, "f8": 8}


class Unusable(Exception):  # noqa: N818 - said to a person
    """Raised for a layer or selection that cannot be used so."""


class Meaning(namedtuple("Meaning", "format dtype channels encoding profile")):
    """How a layer's bytes are to be understood.

    Attributes
    ----------
    format : str
        babl's name of it.
    dtype : str
    channels : int
    encoding : {"srgb", "linear"}
    profile : bytes or None
    """

    __slots__ = ()

    def with_alpha(self):
        """Return the same with an alpha channel."""
        if self.channels in (2, 4):
            return self
        space = self.format.partition("-")[2]
        model, kind = self.format.partition("-")[0].rsplit(" ", 1)
        name = f"{model}A {kind}" + (f"-{space}" if space else "")
        return self._replace(format=name, channels=self.channels + 1)


def meaning_of(image, layer):
    """Tell how a layer's bytes are to be understood."""
    precision = image.get_precision().value_nick
    kind, _dash, curve = precision.partition("-")
    profile = image.get_color_profile()
    alpha = "A" if layer.has_alpha() else ""
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        return Meaning(f"R'G'B'{alpha} u8", "u1", 3 + bool(alpha), "srgb", None)
    if layer.is_gray():
        if profile is None:
            name = Babl.get_name(layer.get_format())
            encoding = "linear" if curve == "linear" else "srgb"
            return Meaning(name, _DTYPES[kind], 1 + bool(alpha), encoding, None)
        # GIMP knows grey profiles better than a caller of RGB: it converts, in floats.
        return Meaning(f"Y'{alpha} float", "f4", 1 + bool(alpha), "srgb", None)
    name = Babl.get_name(layer.get_format())
    encoding, data = "linear" if curve == "linear" else "srgb", None
    if profile is not None:
        data = bytes(_profile_of_numbers(profile, curve).get_icc_profile())
    return Meaning(name, _DTYPES[kind], 3 + bool(alpha), encoding, data)


def _profile_of_numbers(profile, curve):
    """Return the profile that a layer's numbers follow: GIMP may keep them on another curve."""
    if curve == "linear":
        return Gimp.ColorProfile.new_linear_from_color_profile(profile) or profile
    if curve == "perceptual":
        return Gimp.ColorProfile.new_srgb_trc_from_color_profile(profile) or profile
    return profile


def layer_size(layer, scale=1.0):
    """Return columns and rows of a layer or of its small copy."""
    width, height = layer.get_width(), layer.get_height()
    return max(1, round(width * scale)), max(1, round(height * scale))


def rows_at_once(row_bytes):
    """Return how many rows make a strip: of whole tiles, so that each of them is fetched once."""
    tile = Gimp.tile_height()
    return max(1, _STRIP_BYTES // max(1, row_bytes * tile)) * tile


def image_arrays(image, layer, scale=1.0):
    """Return a layer's pixels, and its profile, as the worker takes them.

    Returns
    -------
    meaning : Meaning
    arrays : list of (name, dtype, shape, chunks)
    """
    meaning = meaning_of(image, layer)
    if scale != 1.0:  # a preview, for the eye: GIMP may convert
        alpha = meaning.channels in (2, 4)
        meaning = Meaning("R'G'B'A u8" if alpha else "R'G'B' u8", "u1", 3 + alpha, "srgb", None)
    arrays = [_array("image", layer, (0, 0), layer, meaning, scale)]
    if meaning.profile is not None:
        profile = meaning.profile
        arrays.append(("profile", "u1", (len(profile),), [profile]))
    return meaning, arrays


def selection_array(image, layer, scale=1.0):
    """Return the part of the selection that lies on a layer, as a hint; None if there is none.

    Raises
    ------
    Unusable
        The selection does not touch the layer.
    """
    if _selected_part(image, layer) is None:
        return None
    selection = image.get_selection()
    _found, left, top = layer.get_offsets()
    meaning = Meaning("Y u8", "u1", 0, None, None)
    return _array("hint", selection, (left, top), layer, meaning, scale)


def selection_rect(image, layer, scale=1.0):
    """Return (top, left, bottom, right) of the selection on a layer, or None if there is none."""
    part = _selected_part(image, layer)
    if part is None:
        return None
    left, top, width, height = part
    columns, rows = layer_size(layer, scale)
    right, bottom = round((left + width) * scale), round((top + height) * scale)
    left, top = min(round(left * scale), columns - 1), min(round(top * scale), rows - 1)
    return [top, left, max(top + 1, min(bottom, rows)), max(left + 1, min(right, columns))]


def _selected_part(image, layer):
    """Return what of a layer lies in the selection's bounds, or None without a selection."""
    if Gimp.Selection.is_empty(image):
        return None
    touches, *part = layer.mask_intersect()
    if not touches:
        raise Unusable(
            _("The selection does not touch the layer “{name}”.").format(name=layer.get_name())
        )
    return part


def mask_guide(image, layer, scale=1.0):
    """Return a layer's mask as a guide."""
    mask = layer.get_mask()
    if mask is None:
        raise Unusable(_("The layer “{name}” has no mask.").format(name=layer.get_name()))
    return _guide(image, mask, (0, 0), layer, "Y", scale)


def alpha_guide(image, layer, scale=1.0):
    """Return a layer's alpha as a guide."""
    if not layer.has_alpha():
        raise Unusable(_("The layer “{name}” has no alpha.").format(name=layer.get_name()))
    return _guide(image, layer, (0, 0), layer, "A", scale)


def selection_guide(image, layer, scale=1.0):
    """Return the selection on a layer as a guide."""
    hint = selection_array(image, layer, scale)
    if hint is None:
        raise Unusable(_("There is no selection."))
    return ("guide", *hint[1:])


def trimap_guide(layer, trimap, scale=1.0):
    """Return a layer or channel that somebody painted as a trimap: white, black, and the rest.

    What a layer leaves transparent is unknown, and what lies outside of it; a channel has no such
    places.
    """
    if trimap is None or not trimap.is_valid():
        raise Unusable(_("Choose the layer or channel that holds the trimap."))
    _found, left, top = layer.get_offsets()
    _found, own_left, own_top = trimap.get_offsets()
    covers = (
        own_left <= left
        and own_top <= top
        and own_left + trimap.get_width() >= left + layer.get_width()
        and own_top + trimap.get_height() >= top + layer.get_height()
    )
    if isinstance(trimap, Gimp.Channel):
        meaning = Meaning(f"{numbers_model(trimap)} u8", "u1", 0, None, None)
    elif covers and not trimap.has_alpha():
        meaning = Meaning("Y' u8", "u1", 0, None, None)
    else:
        meaning = Meaning("Y'A u8", "u1", 2, None, None)
    return _array("guide", trimap, (left - own_left, top - own_top), layer, meaning, scale)


def numbers_model(channel):
    """Return babl's model that leaves a channel's numbers alone.

    GIMP takes the numbers of a channel for a selection as they are; but those of 8 bits are kept in
    a format that babl thinks sRGB-coded, the others in a linear one.
    """
    return Babl.get_name(channel.get_format()).partition(" ")[0]


def _guide(image, drawable, corner, layer, model, scale):
    kind = image.get_precision().value_nick.partition("-")[0]
    dtype = _GUIDE_DTYPES.get(_DTYPES[kind], "f4")
    meaning = Meaning(f"{model} {BABL_TYPES[dtype]}", dtype, 0, None, None)
    return _array("guide", drawable, corner, layer, meaning, scale)


def _array(name, drawable, corner, layer, meaning, scale):
    """Describe the part of a drawable that a layer covers, and read it when it is asked for."""
    columns, rows = layer_size(layer, scale)
    left, top = (round(place * scale) for place in corner)
    shape = (rows, columns, meaning.channels) if meaning.channels else (rows, columns)
    step = rows_at_once(columns * max(1, meaning.channels) * _ITEM_BYTES[meaning.dtype])
    buffer = drawable.get_buffer()

    def chunks():
        for row in range(0, rows, step):
            part = Gegl.Rectangle.new(left, top + row, columns, min(step, rows - row))
            yield buffer.get(part, scale, meaning.format, Gegl.AbyssPolicy.NONE)

    return name, meaning.dtype, shape, chunks()
