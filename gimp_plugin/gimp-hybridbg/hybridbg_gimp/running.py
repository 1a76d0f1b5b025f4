"""One action from the click to the result.

All layers are computed first and applied afterwards, in one undo step: what fails, or is cancelled,
leaves the image as it was.
"""

import json
import traceback

from gi.repository import Gimp, GLib

from hybridbg_gimp.layers import Unusable
from hybridbg_gimp.procedures import ACTIONS
from hybridbg_gimp.requests import output_of, request_for
from hybridbg_gimp.results import apply, check_output, one_undo_step
from hybridbg_gimp.starting import NotInstalled, end_early, start_worker
from hybridbg_gimp.texts import _, plain
from hybridbg_gimp.worker import WorkerError

__all__ = ["run"]


def run(procedure, run_mode, image, drawables, config):
    """Run an action, in any of GIMP's three modes, and give GIMP its answer."""
    status = Gimp.PDBStatusType
    code, text = status.EXECUTION_ERROR, ""
    try:
        report = _attempt(procedure, run_mode, image, drawables, config)
    except NotInstalled as error:
        hint = _("Run in a terminal: hybridbg gimp install")
        code, text = status.CALLING_ERROR, f"{error}\n\n{hint}"
    except Unusable as error:
        code, text = status.CALLING_ERROR, str(error)
    except WorkerError as error:
        text = str(error)
    except MemoryError:
        text = _("GIMP ran out of memory; nothing was changed.")
    except Exception as error:
        traceback.print_exc()
        fault = _("This is a fault of hybridbg; please report it together with this text.")
        text = f"{type(error).__name__}: {error}\n\n{fault}"
    else:
        if report is None:
            return procedure.new_return_values(status.CANCEL, None)
        values = procedure.new_return_values(status.SUCCESS, None)
        values.remove(1)
        values.insert(1, json.dumps(report))
        return values
    finally:
        end_early()
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), text, 0)
    return procedure.new_return_values(code, error)


def _attempt(procedure, run_mode, image, drawables, config):
    """Do it; return the report, or None if the user said no."""
    action = ACTIONS[procedure.get_name()]
    interactive = run_mode == Gimp.RunMode.INTERACTIVE
    if not action.outputs:
        Gimp.progress_init(plain(_(action.label)))
        return _check(interactive)
    layers = _layers(drawables)
    if not _accept_indexed(image, run_mode):
        return None
    with start_worker(Gimp.installation_directory()) as worker:
        if interactive:
            from hybridbg_gimp import dialog

            if not dialog.ask(procedure, action, image, layers, config, worker):
                return None
        # Who calls from a script decides when to look: to draw the image takes a tenth of a second.
        looked_at = run_mode != Gimp.RunMode.NONINTERACTIVE
        report = _work(action, image, layers, config, worker, looked_at=looked_at)
    if interactive:
        _tell(report)
    return report


def _work(action, image, layers, config, worker, *, looked_at):
    """Compute every layer, then apply all."""
    output = output_of(action, config)
    for layer in layers:
        check_output(layer, output)
    before = [_likeness(image, layer) for layer in layers]
    Gimp.progress_init(plain(_(action.label)))
    done = []
    for number, layer in enumerate(layers):

        def progress(fraction, number=number):
            Gimp.progress_update((number + fraction) / len(layers))

        request = request_for(action, image, layer, config)
        frame = worker.ask(request.action, request.arrays, progress=progress, **request.header)
        done.append((layer, request, frame))
    # GIMP's other windows go on: somebody may have scaled the image, or deleted the layer.
    for layer, likeness in zip(layers, before, strict=True):
        if _likeness(image, layer) != likeness:
            raise Unusable(
                _("The layer was changed while its edge was computed; run the action again.")
            )
    with one_undo_step(image, looked_at=looked_at):
        if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
            image.convert_rgb()
        results = [
            apply(
                image,
                layer,
                output,
                request.meaning,
                frame.arrays,
                hide="layer" in action.outputs and config.get_property("hide-original"),
                transfer_alpha=request.transfer_alpha,
            )
            for layer, request, frame in done
        ]
        image.set_selected_layers(results)
    Gimp.progress_end()
    return [
        {"layer": layer.get_name(), **frame.header["diagnostics"]}
        for layer, _request, frame in done
    ]


def _likeness(image, layer):
    """Return what a layer must still be when the result is applied; None if it is gone."""
    if not (image.is_valid() and layer.is_valid()):
        return None
    kind = image.get_base_type(), image.get_precision(), layer.has_alpha()
    return layer.get_width(), layer.get_height(), *kind


def _layers(drawables):
    """Return the layers that are meant; a mask that is being edited stands for its layer."""
    layers = []
    for drawable in drawables:
        layer = drawable
        if isinstance(drawable, Gimp.LayerMask):
            layer = Gimp.Layer.from_mask(drawable)
        if not isinstance(layer, Gimp.Layer):
            raise Unusable(_("“{name}” is no layer.").format(name=drawable.get_name()))
        if layer not in layers:
            layers.append(layer)
    if not layers:
        raise Unusable(_("Choose a layer first."))
    return layers


def _accept_indexed(image, run_mode):
    """Ask whether an indexed image may be converted; only a person can say yes."""
    if image.get_base_type() != Gimp.ImageBaseType.INDEXED:
        return True
    text = _("This image is indexed: its few colours leave no room for soft edges.")
    if run_mode != Gimp.RunMode.INTERACTIVE:
        advice = _("Convert it first: Image > Mode > RGB (gimp-image-convert-rgb).")
        raise Unusable(f"{text}\n\n{advice}")
    from hybridbg_gimp import dialog

    return dialog.confirm(text, _("Convert it to RGB, in the same undo step?"), _("_Convert"))


def _check(interactive):
    with start_worker(Gimp.installation_directory()) as worker:
        frame = worker.ask("check")
        checks = frame.header["diagnostics"]["checks"]
        lines = [
            _("hybridbg {version} with Python {python} answers.").format(**worker.hello),
            *(f"{check['state']}: {check['name']}: {check['text']}" for check in checks),
        ]
    if interactive:
        from hybridbg_gimp import dialog

        dialog.show_report(lines)
    return {**worker.hello, "checks": checks}


def _tell(report):
    """Show what was doubtful; a result without warnings says nothing."""
    lines = [
        f"{entry['layer']}: {warning}" for entry in report for warning in entry.get("warnings", [])
    ]
    if lines:
        Gimp.message("\n".join(lines))
