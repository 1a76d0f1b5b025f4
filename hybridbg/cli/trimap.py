"""``hybridbg trimap``: where the subject surely is, surely is not, and what is left to matting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hybridbg.cli.exits import DONE, reporting
from hybridbg.cli.jobs import check_lossless, check_streams, plan
from hybridbg.cli.options import evidence_options, limit_options
from hybridbg.cli.paths import expand_one
from hybridbg.cli.report import Reporter
from hybridbg.studio.work import STREAM

if TYPE_CHECKING:
    from hybridbg.pipeline.options import Edge, Method

__all__ = ["trimap"]


@click.command()
@click.argument("image", metavar="IN")
@click.argument("output", metavar="OUT")
@evidence_options
@limit_options
@reporting
def trimap(
    reporter: Reporter,
    image: str,
    output: str,
    method: Method,
    model: str,
    hint: str | None,
    rect: tuple[int, int, int, int] | None,
    keep: tuple[tuple[int, int], ...],
    drop: tuple[tuple[int, int], ...],
    scribbles: str | None,
    edge: Edge,
    holes: bool,
    screen: str,
    plate: str | None,
    max_pixels: int | None,
    threads: int | None,
) -> int:
    """Find the subject in IN and write the trimap OUT.

    Black is background, white foreground, grey (128) is left to matting. Correct it in any paint
    program and hand it to `hybridbg matte` or `hybridbg remove --trimap`. - is standard input or
    output.
    """
    from hybridbg import io
    from hybridbg.pipeline import find_trimap

    source = expand_one(image)
    reads = [source, *(path for path in (hint, scribbles, plate) if path is not None)]
    [job] = plan([source], output, ending="", protected=reads)
    check_lossless(job.outputs)
    check_streams(reads=reads, writes=job.outputs, as_json=reporter.as_json)
    with reporter.progress(1) as progress:
        progress.start(job.name)
        found = find_trimap(
            io.load(source, max_pixels=max_pixels),
            hint=None if hint is None else io.as_grey(hint, max_pixels=max_pixels, name="hint"),
            rect=rect,
            keep=keep,
            drop=drop,
            scribbles=None
            if scribbles is None
            else io.load(scribbles, encoding="srgb", max_pixels=max_pixels),
            edge=edge,
            holes=holes,
            screen=screen,
            plate=None if plate is None else io.load(plate, max_pixels=max_pixels),
            method=method,
            model=model,
            num_threads=threads,
        )
    reporter.warnings(found.diagnostics, about=job.name)
    job.make_folders()
    io.save(job.output, found.trimap)
    if job.output != STREAM:
        reporter.result(job.output)
    reporter.json({"results": [{**job.record(), "diagnostics": found.diagnostics}], "errors": []})
    return DONE
