"""What an action asks the worker for, of one layer: the words, the arrays, and what comes back."""

from collections import namedtuple

from gi.repository import Babl, Gimp

from hybridbg_gimp import layers
from hybridbg_gimp.layers import Unusable
from hybridbg_gimp.results import WANTED
from hybridbg_gimp.texts import _

__all__ = ["Request", "output_of", "request_for", "source_of"]

Request = namedtuple("Request", "action header arrays meaning transfer_alpha")


def output_of(action, config):
    """Return the chosen kind of output."""
    return config.get_property("output") if len(action.outputs) > 1 else action.outputs[0]


def source_of(layer, image, config):
    """Return which guide is meant, "auto" resolved."""
    source = config.get_property("source")
    if source != "auto":
        return source
    if layer.get_mask() is not None:
        return "mask"
    if layer.has_alpha():
        return "alpha"
    if config.find_property("trimap") is not None and not Gimp.Selection.is_empty(image):
        return "selection"
    raise Unusable(
        _("The layer “{name}” has neither a mask nor alpha, and nothing else was chosen.").format(
            name=layer.get_name()
        )
    )


def request_for(action, image, layer, config, *, scale=1.0, want=None):
    """Return what to ask the worker for.

    Parameters
    ----------
    action : Action
    scale : float
        Below 1 for a preview.
    want : list of str, optional
        Other results than the chosen output needs.

    Raises
    ------
    Unusable
    """
    output = output_of(action, config)
    meaning, arrays = layers.image_arrays(image, layer, scale)
    kind = action.name.rpartition("-")[2]
    verb, options, guide = _WAYS[kind](image, layer, config, scale)
    header = {"options": options, "want": want or WANTED[output], "encoding": meaning.encoding}
    if kind == "clean":
        header["clean"] = True
    elif "alpha" in action.outputs:
        header["clean"] = config.get_property("clean-colours")
    transfer = options.get("guide_kind") == "alpha" and output == "mask"
    extra = [] if guide is None else [guide]
    # The layer comes last: what can be done without it is done while it is on its way.
    return Request(verb, header, [*extra, *reversed(arrays)], meaning, transfer)


def _hint(image, layer, config, scale):
    if not config.get_property("use-selection"):
        return None
    return layers.selection_array(image, layer, scale)


def _evidence(config):
    return {
        "method": config.get_property("method"),
        "model": config.get_property("model").strip() or "default",
    }


def _shape(config):
    return {"edge": config.get_property("edge"), "holes": config.get_property("keep-holes")}


def _remove(image, layer, config, scale):
    options = {**_evidence(config), **_shape(config)}
    return "remove", options, _hint(image, layer, config, scale)


def _trimap(image, layer, config, scale):
    return "trimap", _evidence(config), _hint(image, layer, config, scale)


def _key(image, layer, config, scale):
    screen = config.get_property("screen")
    if screen == "colour":
        coded = config.get_property("screen-colour").get_bytes(Babl.format("R'G'B' u8"))
        screen = "#" + coded.get_data().hex()
    options = {
        "method": "key",
        "screen": screen,
        "despill": config.get_property("despill"),
        "despill_strength": config.get_property("despill-strength"),
    }
    return "remove", options, _hint(image, layer, config, scale)


def _grabcut(image, layer, config, scale):
    rect = layers.selection_rect(image, layer, scale)
    if rect is None:
        raise Unusable(_("Draw a rectangle selection around the subject first."))
    return "remove", {"method": "grabcut", "rect": rect, **_shape(config)}, None


def _refine(image, layer, config, scale):
    source = source_of(layer, image, config)
    width = config.get_property("edge-width") * scale
    if source == "trimap":
        guide = layers.trimap_guide(layer, config.get_property("trimap"), scale)
    else:
        guide = _GUIDES[source](image, layer, scale)
    kind = source if source in ("alpha", "trimap") else "mask"
    return "refine", {"guide_kind": kind, "width": width}, guide


def _clean(image, layer, config, scale):
    return "clean", {}, _GUIDES[source_of(layer, image, config)](image, layer, scale)


_GUIDES = {
    "mask": layers.mask_guide,
    "alpha": layers.alpha_guide,
    "selection": layers.selection_guide,
}
_WAYS = {
    "remove": _remove,
    "key": _key,
    "refine": _refine,
    "grabcut": _grabcut,
    "trimap": _trimap,
    "clean": _clean,
}
