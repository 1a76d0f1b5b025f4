"""The command line: `hybridbg remove`, `key`, `batch`, `trimap`, `matte`, `evaluate` and others.

A face: it translates words into calls of the library and results into files and exit codes (see
`exits`), and contains no pixel arithmetic.  One file holds one command; what they share is in
`options` (repeated options), `paths` (which file becomes which), `report` (what is said and where)
and `exits`.  Heavy packages are imported inside the commands, so that ``--help`` is immediate.
"""

from __future__ import annotations

import click

from hybridbg.cli import batch, doctor, evaluate, key, matte, model_store, models, remove, trimap

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hybridbg", message="%(prog)s %(version)s")
def main() -> None:
    """Remove the background from photographs and keep every hair.

    Exit codes: 0 all done, 1 some pictures failed, 2 bad input or usage, 130 interrupted.
    """


for command in (
    remove.remove,
    key.key,
    batch.batch,
    trimap.trimap,
    matte.matte,
    evaluate.evaluate,
    models.models,
    doctor.doctor,
):
    main.add_command(command)

for command in (model_store.add, model_store.fetch, model_store.verify):
    models.models.add_command(command)
