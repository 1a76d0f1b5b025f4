"""The class that GIMP knows: which procedures there are and what runs them."""

from gi.repository import Gimp

from hybridbg_gimp.procedures import ACTIONS, create
from hybridbg_gimp.texts import DOMAIN

__all__ = ["HybridBackground"]


class HybridBackground(Gimp.PlugIn):
    """Hybrid Background."""

    def do_set_i18n(self, _name):
        """Tell GIMP where the translations are: in `locale`, beside the executable."""
        return True, DOMAIN, None

    def do_query_procedures(self):
        """Name the procedures."""
        return list(ACTIONS)

    def do_create_procedure(self, name):
        """Make one of them."""
        return create(self, name, _run)


def _run(procedure, run_mode, image, drawables, config, _data):
    from hybridbg_gimp.running import run

    return run(procedure, run_mode, image, drawables, config)
