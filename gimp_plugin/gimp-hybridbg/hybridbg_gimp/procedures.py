"""What there is in the menu: one `Action` for each entry, with its texts and typed arguments.

One list of arguments serves the dialog, scripts and the values remembered from the last time.
"""

from collections import namedtuple

from gi.repository import Gegl, Gimp, GObject

from hybridbg_gimp.texts import N_, _

__all__ = ["ACTIONS", "MENU", "create"]

MENU = "<Image>/Filters/Hybrid Background"

_FLAGS = GObject.ParamFlags.READWRITE

Action = namedtuple("Action", "name label blurb help arguments outputs types")

_ALL_OUTPUTS = ("mask", "layer", "alpha", "selection", "trimap")

_OUTPUTS = {
    "mask": (N_("Layer mask"), N_("Hides the background; nothing is lost")),
    "layer": (N_("New layer with clean colours"), N_("Above the original, which is hidden")),
    "alpha": (N_("Alpha of this layer"), N_("The background becomes transparent in the layer")),
    "selection": (N_("Selection"), N_("The subject is selected")),
    "trimap": (
        N_("Trimap as a layer"),
        N_("Black, white, and grey where the edge is: correct it, then refine the edge with it"),
    ),
}

_METHODS = {
    "auto": (N_("Automatic"), N_("Network and GrabCut; the key where there is a screen")),
    "predict": (N_("Network alone"), ""),
    "grabcut": (N_("Colours alone (GrabCut)"), ""),
}

_EDGES = {
    "auto": (N_("As it is found"), ""),
    "hard": (N_("Hard"), N_("Steep and smooth, nothing translucent: for products")),
    "soft": (N_("Soft"), N_("Looked for further out and in, slower: for long hair and fur")),
}

_SCREENS = {
    "auto": (N_("Found by itself"), ""),
    "green": (N_("Green"), ""),
    "blue": (N_("Blue"), ""),
    "colour": (N_("This colour:"), N_("The colour chosen below")),
}

_LIMITS = {
    "max": (N_("Gentle"), N_("Keeps yellow and cyan")),
    "average": (N_("Medium"), N_("Good for skin and hair")),
    "min": (N_("Strong"), N_("Removes the most")),
}

_SOURCES = {
    "auto": (N_("Mask, else alpha, else selection"), ""),
    "mask": (N_("Layer mask"), ""),
    "alpha": (N_("Alpha of the layer"), ""),
    "selection": (N_("Selection"), ""),
    "trimap": (N_("Trimap (layer or channel)"), N_("White subject, black background, grey edge")),
}


def _choice(procedure, name, nick, blurb, options, default):
    choice = Gimp.Choice.new()
    for number, (nickname, (label, explanation)) in enumerate(options.items()):
        choice.add(nickname, number, _(label), _(explanation))
    procedure.add_choice_argument(name, nick, blurb, choice, default, _FLAGS)


def _output(procedure, outputs):
    options = {name: _OUTPUTS[name] for name in outputs}
    blurb = _("What becomes of the result")
    _choice(procedure, "output", _("Res_ult"), blurb, options, outputs[0])
    if "alpha" in outputs:
        procedure.add_boolean_argument(
            "clean-colours",
            _("Clean ed_ge colours"),
            _("Take the old background out of the edge's colours"),
            True,
            _FLAGS,
        )
    if "layer" in outputs:
        procedure.add_boolean_argument(
            "hide-original",
            _("Hide the or_iginal"),
            _("Make the layer invisible that a new layer was cut from"),
            True,
            _FLAGS,
        )


def _evidence(procedure):
    _choice(procedure, "method", _("_Method"), _("What finds the subject"), _METHODS, "auto")
    procedure.add_string_argument(
        "model",
        _("_Network"),
        _("Name of a network that hybridbg knows, or the path of an ONNX file"),
        "default",
        _FLAGS,
    )
    _use_selection(procedure)


def _use_selection(procedure):
    procedure.add_boolean_argument(
        "use-selection",
        _("Selection is a hin_t"),
        _("If there is a selection, look for the subject roughly there"),
        True,
        _FLAGS,
    )


def _shape(procedure):
    _choice(procedure, "edge", _("_Edge"), _("How soft the edge is"), _EDGES, "auto")
    procedure.add_boolean_argument(
        "keep-holes",
        _("Keep hole_s"),
        _("What the subject encloses stays a hole; else it becomes the subject's"),
        True,
        _FLAGS,
    )


def _remove_arguments(procedure, outputs):
    _evidence(procedure)
    _shape(procedure)
    _output(procedure, outputs)


def _grabcut_arguments(procedure, outputs):
    _shape(procedure)
    _output(procedure, outputs)


def _key_arguments(procedure, outputs):
    _choice(procedure, "screen", _("Scree_n"), _("Colour of the screen"), _SCREENS, "auto")
    Gegl.init(None)  # here, for the colour alone: it takes longer than to fetch a layer's pixels
    green = Gegl.Color.new("#00b140")
    procedure.add_color_argument(
        "screen-colour", _("Scr_een colour"), _("Used for “This colour”"), False, green, _FLAGS
    )
    _choice(procedure, "despill", _("_Despill"), _("How spill is measured"), _LIMITS, "max")
    procedure.add_double_argument(
        "despill-strength",
        _("Des_pill strength"),
        _("Part of the screen's light to take out of the subject"),
        0,
        1,
        1,
        _FLAGS,
    )
    _use_selection(procedure)
    _output(procedure, outputs)


def _refine_arguments(procedure, outputs):
    _choice(
        procedure, "source", _("Edge _from"), _("What says roughly where it is"), _SOURCES, "auto"
    )
    procedure.add_drawable_argument(
        "trimap", _("_Trimap"), _("Layer or channel, for “Trimap”"), True, _FLAGS
    )
    procedure.add_double_argument(
        "edge-width",
        _("Edge _width"),
        _("Pixels across the edge that are looked at anew; 0 follows from the subject's size"),
        0,
        2000,
        0,
        _FLAGS,
    )
    _output(procedure, outputs)


def _trimap_arguments(procedure, _outputs):
    _evidence(procedure)


def _clean_arguments(procedure, outputs):
    options = {name: _SOURCES[name] for name in ("auto", "mask", "alpha")}
    options["auto"] = (N_("Mask, else alpha"), "")
    _choice(procedure, "source", _("Edge _from"), _("What says where it is"), options, "auto")
    _output(procedure, outputs)


def _no_arguments(_procedure, _outputs):
    """Leave the dialog empty."""


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "plug-in-hybridbg-remove",
            N_("_Remove Background..."),
            N_("Find the subject and take away what is behind it"),
            N_(
                "A small network and the colours find the subject, exact matting its edge down to "
                "single hairs. A selection serves as a rough hint. Nothing leaves this computer."
            ),
            _remove_arguments,
            _ALL_OUTPUTS,
            "*",
        ),
        Action(
            "plug-in-hybridbg-key",
            N_("Remove _Green Screen..."),
            N_("Key a green, blue or other screen and take its light off the subject"),
            N_(
                "The screen is found by itself or named. A selection serves as a rough hint where "
                "the key alone is not sure."
            ),
            _key_arguments,
            _ALL_OUTPUTS,
            "RGB*, INDEXED*",
        ),
        Action(
            "plug-in-hybridbg-refine",
            N_("Refine _Hair and Edges..."),
            N_("Solve a rough mask's edge anew, hair by hair"),
            N_(
                "Starts from the layer's mask, its alpha, the selection, or a layer or channel "
                "painted white (subject), black (background) and grey (edge)."
            ),
            _refine_arguments,
            _ALL_OUTPUTS,
            "*",
        ),
        Action(
            "plug-in-hybridbg-grabcut",
            N_("Cut Out with Grab_Cut..."),
            N_("Cut out what a rectangle holds, by its colours alone"),
            N_("Draw a rectangle selection around the subject first; outside is background."),
            _grabcut_arguments,
            _ALL_OUTPUTS,
            "*",
        ),
        Action(
            "plug-in-hybridbg-trimap",
            N_("Make _Trimap..."),
            N_("Find the subject and make a layer that says where its edge is"),
            N_("Correct the layer with any brush; then choose it in Refine Hair and Edges."),
            _trimap_arguments,
            ("trimap",),
            "*",
        ),
        Action(
            "plug-in-hybridbg-clean",
            N_("_Clean Edge Colours..."),
            N_("Take the old background out of the colours along a mask's or alpha's edge"),
            N_("The shape of the edge is left as it is."),
            _clean_arguments,
            ("alpha", "layer"),
            "*",
        ),
        Action(
            "plug-in-hybridbg-check",
            N_("_Setup Check"),
            N_("Say whether hybridbg is found and works"),
            N_("Starts the worker and shows what it says of itself."),
            _no_arguments,
            (),
            "*",
        ),
    )
}


def create(plugin, name, run):
    """Return GIMP's procedure for an action."""
    action = ACTIONS[name]
    procedure = Gimp.ImageProcedure.new(plugin, name, Gimp.PDBProcType.PLUGIN, run, None)
    mask = Gimp.ProcedureSensitivityMask
    if action.outputs:
        procedure.set_image_types(action.types)
        procedure.set_sensitivity_mask(mask.DRAWABLE | mask.DRAWABLES)
    else:
        procedure.set_sensitivity_mask(mask.ALWAYS)
    procedure.set_documentation(_(action.blurb), _(action.help), name)
    procedure.set_menu_label(_(action.label))
    procedure.set_attribution("hybridbg", "hybridbg", "2026")
    procedure.add_menu_path(MENU)
    action.arguments(procedure, action.outputs)
    procedure.add_string_return_value(
        "report", "Report", "What hybridbg says of its work, as JSON", "", _FLAGS
    )
    return procedure
