"""The dialog: GIMP's own for the arguments, with words and a picture of what will happen."""

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("GdkPixbuf", "2.0")
gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")

from gi.repository import Gegl, Gimp, GimpUi, GLib, GObject, Gtk  # noqa: E402 - after their versions

from hybridbg_gimp.layers import Unusable  # noqa: E402
from hybridbg_gimp.preview import Preview  # noqa: E402
from hybridbg_gimp.requests import output_of, source_of  # noqa: E402
from hybridbg_gimp.texts import DOMAIN, _, plain  # noqa: E402

__all__ = ["ask", "confirm", "show_report"]

_SETTLED_MS = 400
"""The preview waits so long for the next change of a value."""


def ask(procedure, action, image, layers, config, worker):
    """Show the dialog; return whether the user said OK."""
    GimpUi.init(DOMAIN)
    Gegl.init(None)  # without it a small copy of a layer is black
    worker.warm()
    dialog = GimpUi.ProcedureDialog.new(procedure, config, plain(_(action.label)))
    label = Gtk.Label(xalign=0, wrap=True, max_width_chars=52)
    preview = Preview(action, image, layers[0], config, worker)
    for widget in (label, preview.widget):
        dialog.get_content_area().pack_start(widget, False, False, 6)
        widget.show_all()
    dialog.fill(None)
    _grey_out_what_is_not_used(dialog, config)
    waiting = 0

    def refresh():
        nonlocal waiting
        waiting = 0
        preview.start()
        return False

    def changed(*_event):
        nonlocal waiting
        label.set_text(_summary(action, image, layers, config))
        if waiting:
            GLib.source_remove(waiting)
        waiting = GLib.timeout_add(_SETTLED_MS, refresh)

    handler = config.connect("notify", changed)
    changed()
    try:
        return dialog.run()
    finally:
        config.disconnect(handler)
        if waiting:
            GLib.source_remove(waiting)
        preview.stop()
        dialog.destroy()


def _grey_out_what_is_not_used(dialog, config):
    for name, decider, values in (
        ("clean-colours", "output", ("layer", "alpha")),
        ("hide-original", "output", ("layer",)),
        ("screen-colour", "screen", ("colour",)),
        ("trimap", "source", ("trimap",)),
        ("edge-width", "source", ("auto", "mask", "alpha", "selection")),
    ):
        if config.find_property(name) and config.find_property(decider):
            allowed = Gimp.ValueArray.new(len(values))
            for value in values:
                allowed.append(GObject.Value(GObject.TYPE_STRING, value))
            dialog.set_sensitive_if_in(name, None, decider, allowed, True)


def _summary(action, image, layers, config):
    """Say in words what will happen."""
    names = ", ".join(f"“{layer.get_name()}”" for layer in layers)
    first = layers[0]
    lines = [
        _("Layer {names}, {width} × {height} pixels.").format(
            names=names, width=first.get_width(), height=first.get_height()
        )
    ]
    has_selection = not Gimp.Selection.is_empty(image)
    if config.find_property("use-selection") and has_selection:
        if config.get_property("use-selection"):
            lines.append(_("The selection is the hint where to look."))
        else:
            lines.append(_("The selection is not looked at."))
    if config.find_property("source"):
        try:
            lines.append(_FROM[source_of(first, image, config)]())
        except Unusable:  # the preview says why
            return lines[0]
    if action.name.endswith("grabcut"):
        if not has_selection:
            return lines[0]
        lines.append(_("The subject is inside the selection's bounds."))
    lines.append(_BECOMES[output_of(action, config)]())
    if output_of(action, config) == "mask" and any(layer.get_mask() for layer in layers):
        lines.append(_("The mask that is there is replaced."))
    return "\n".join(lines)


_FROM = {
    "mask": lambda: _("The edge is looked for along the layer's mask."),
    "alpha": lambda: _("The edge is looked for along the layer's alpha."),
    "selection": lambda: _("The edge is looked for along the selection."),
    "trimap": lambda: _("The edge is where the trimap is neither white nor black."),
}
_BECOMES = {
    "mask": lambda: _("A layer mask will hide the background; no pixel changes."),
    "layer": lambda: _("A new layer above this one will hold the subject."),
    "alpha": lambda: _("The pixels of this layer will change."),
    "selection": lambda: _("The subject will be selected; no pixel changes."),
    "trimap": lambda: _("A new layer above this one will hold the trimap."),
}


def confirm(text, question, yes):
    """Ask something that is answered with yes or Cancel."""
    GimpUi.init(DOMAIN)
    dialog = Gtk.MessageDialog(
        message_type=Gtk.MessageType.QUESTION, text=text, secondary_text=question
    )
    dialog.add_button(_("_Cancel"), Gtk.ResponseType.CANCEL)
    dialog.add_button(yes, Gtk.ResponseType.OK)
    dialog.set_default_response(Gtk.ResponseType.OK)
    dialog.set_title(_("Hybrid Background"))
    answer = dialog.run()
    dialog.destroy()
    return answer == Gtk.ResponseType.OK


def show_report(lines):
    """Show some lines that can be copied."""
    GimpUi.init(DOMAIN)
    dialog = GimpUi.Dialog(title=_("Setup Check"), role=DOMAIN)
    dialog.add_button(_("_Close"), Gtk.ResponseType.CLOSE)
    label = Gtk.Label(label="\n".join(lines), xalign=0, yalign=0, selectable=True)
    label.set_line_wrap(True)
    label.set_property("margin", 12)
    scrolled = Gtk.ScrolledWindow(min_content_width=760, min_content_height=420)
    scrolled.add(label)
    dialog.get_content_area().pack_start(scrolled, True, True, 6)
    scrolled.show_all()
    dialog.run()
    dialog.destroy()
