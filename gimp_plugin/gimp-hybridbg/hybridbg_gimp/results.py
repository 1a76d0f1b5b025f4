"""Into GIMP: what the worker found becomes a mask, a layer, a selection, in one undo step.

Everything has been computed before the first change, so that whatever fails leaves the image as it
was. Positions, groups, names, blending and the selection are those of the layer that was worked on.
"""

from contextlib import contextmanager

from gi.repository import Gegl, Gimp

from hybridbg_gimp.layers import BABL_TYPES, Meaning, Unusable, numbers_model, rows_at_once
from hybridbg_gimp.texts import _

__all__ = ["WANTED", "apply", "check_output", "one_undo_step"]

WANTED = {
    "mask": ["mask"],
    "layer": ["layer"],
    "alpha": ["pixels"],
    "selection": ["alpha"],
    "trimap": ["trimap"],
}
"""What the worker is asked for, for each kind of output."""


@contextmanager
def one_undo_step(image, *, looked_at=True):
    """Make everything inside one undo step, leave the user's context alone, and show the result."""
    Gimp.context_push()
    # Both would change a selection that is made from a channel.
    Gimp.context_set_feather(False)
    Gimp.context_set_antialias(False)
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()
        Gimp.context_pop()
        if looked_at:
            Gimp.displays_flush()


def check_output(layer, output):
    """Raise `Unusable` where this layer cannot take that output."""
    name = layer.get_name()
    if output == "alpha":
        if layer.is_group():
            raise Unusable(
                _("“{name}” is a layer group: choose a mask or a new layer.").format(name=name)
            )
        if _any_locked(layer):
            raise Unusable(_("The pixels of “{name}” are locked.").format(name=name))
        if layer.get_lock_alpha():
            raise Unusable(_("The alpha channel of “{name}” is locked.").format(name=name))


def _any_locked(layer):
    """Whether the pixels of a layer, or of a group that it is in, are locked."""
    while layer is not None:
        if layer.get_lock_content():
            return True
        layer = layer.get_parent()
    return False


def apply(image, layer, output, meaning, arrays, *, hide=True, transfer_alpha=False):
    """Apply one result.

    Parameters
    ----------
    output : str
        A key of `WANTED`.
    meaning : Meaning
        Of the layer's pixels.
    arrays : mapping
        From the worker.
    hide : bool
        Whether a new layer hides the one it was cut from.
    transfer_alpha : bool
        Whether the layer's alpha became its mask, as GIMP's "Transfer layer's alpha channel".

    Returns
    -------
    Gimp.Layer
        The one to go on with: a new one, or the same.
    """
    if output == "mask":
        _set_mask(layer, arrays["mask"], transfer_alpha and layer.has_alpha())
    elif output == "layer":
        name = _("{name} cut out").format(name=layer.get_name())
        made = _new_layer(image, layer, name, meaning.with_alpha(), arrays["layer"])
        made.set_opacity(layer.get_opacity())
        made.set_mode(layer.get_mode())
        made.set_blend_space(layer.get_blend_space())
        made.set_composite_space(layer.get_composite_space())
        made.set_composite_mode(layer.get_composite_mode())
        if hide:
            layer.set_visible(False)
        return made
    elif output == "alpha":
        if not layer.has_alpha():
            layer.add_alpha()
        _write_in_place(image, layer, meaning.with_alpha(), arrays["pixels"])
    elif output == "selection":
        _select(image, layer, arrays["alpha"])
    elif output == "trimap":
        name = _("{name} trimap").format(name=layer.get_name())
        meaning = Meaning("Y' u8", "u1", 0, None, None)
        return _new_layer(image, layer, name, meaning, arrays["trimap"])
    return layer


def _set_mask(layer, array, transfer_alpha):
    kind = Gimp.AddMaskType.ALPHA_TRANSFER if transfer_alpha else Gimp.AddMaskType.WHITE
    mask = layer.create_mask(kind)
    _write(mask.get_buffer(), f"Y {BABL_TYPES[array[0]]}", array)
    if layer.get_mask() is not None:
        layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    layer.add_mask(mask)
    layer.set_edit_mask(False)
    mask.update(0, 0, mask.get_width(), mask.get_height())


def _new_layer(image, layer, name, meaning, array):
    """Put a new layer right above another, at the same place."""
    grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    alpha = meaning.channels in (2, 4)
    kinds = {
        (False, False): Gimp.ImageType.RGB_IMAGE,
        (False, True): Gimp.ImageType.RGBA_IMAGE,
        (True, False): Gimp.ImageType.GRAY_IMAGE,
        (True, True): Gimp.ImageType.GRAYA_IMAGE,
    }
    width, height = layer.get_width(), layer.get_height()
    made = Gimp.Layer.new(
        image, name, width, height, kinds[grey, alpha], 100, Gimp.LayerMode.NORMAL
    )
    _found, left, top = layer.get_offsets()
    image.insert_layer(made, layer.get_parent(), image.get_item_position(layer))
    made.set_offsets(left, top)
    _write(made.get_buffer(), meaning.format, array)
    made.update(0, 0, width, height)
    return made


def _write_in_place(image, layer, meaning, array):
    """Replace a layer's pixels, all of them: the selection was a hint and is no limit."""
    with _without_selection(image):
        _write(layer.get_shadow_buffer(), meaning.format, array)
        layer.merge_shadow(True)
        layer.update(0, 0, layer.get_width(), layer.get_height())


@contextmanager
def _without_selection(image):
    if Gimp.Selection.is_empty(image):
        yield
        return
    kept = Gimp.Selection.save(image)
    Gimp.Selection.none(image)
    try:
        yield
    finally:
        image.select_item(Gimp.ChannelOps.REPLACE, kept)
        image.remove_channel(kept)


def _select(image, layer, array):
    width, height = image.get_width(), image.get_height()
    channel = Gimp.Channel.new(image, "hybridbg", width, height, 100, Gegl.Color.new("black"))
    image.insert_channel(channel, None, 0)
    _found, left, top = layer.get_offsets()
    model = numbers_model(channel)
    _write_inside(channel, f"{model} {BABL_TYPES[array[0]]}", array, left, top)
    channel.update(0, 0, width, height)
    image.select_item(Gimp.ChannelOps.REPLACE, channel)
    image.remove_channel(channel)


def _write(buffer, format_name, array):
    """Write an array into a buffer of its size, some rows at a time."""
    _dtype, (rows, columns, *_channels), data = array
    row_bytes = len(data) // max(1, rows)
    step = rows_at_once(row_bytes)
    view = memoryview(data)
    for row in range(0, rows, step):
        count = min(step, rows - row)
        part = Gegl.Rectangle.new(0, row, columns, count)
        buffer.set(part, format_name, bytes(view[row * row_bytes : (row + count) * row_bytes]))
    buffer.flush()


def _write_inside(drawable, format_name, array, left, top):
    """Write what of an array lies in a drawable: GIMP breaks off at whatever lies outside of it."""
    _dtype, (rows, columns), data = array
    width, height = drawable.get_width(), drawable.get_height()
    first, last = max(0, -left), min(columns, width - left)
    size = len(data) // max(1, rows * columns)
    buffer = drawable.get_buffer()
    for row in range(max(0, -top), min(rows, height - top)):
        if first < last:
            start = row * columns
            part = Gegl.Rectangle.new(left + first, top + row, last - first, 1)
            piece = data[(start + first) * size : (start + last) * size]
            buffer.set(part, format_name, bytes(piece))
    buffer.flush()
