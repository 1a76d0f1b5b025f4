"""``hybridbg matte``: your own trimap in, the exact alpha out."""

from __future__ import annotations

import time
import warnings

import click

from hybridbg.cli.exits import DONE, reporting
from hybridbg.cli.jobs import check_alpha_fits, check_streams, plan
from hybridbg.cli.options import format_option, limit_options, refine_option
from hybridbg.cli.paths import expand_one
from hybridbg.cli.report import Reporter
from hybridbg.studio.work import STREAM

__all__ = ["ENGINES", "matte"]

ENGINES = ("closed-form", "knn", "lbdm", "lkm", "rw", "cf-pymatting")
"""Values of ``--method``: those of `hybridbg.estimate_alpha`."""


@click.command()
@click.argument("image", metavar="IN")
@click.argument("trimap", metavar="TRIMAP")
@click.argument("output", metavar="OUT")
@click.option(
    "--method",
    type=click.Choice(ENGINES),
    default="closed-form",
    show_default=True,
    help="Our exact solver, or one of pymatting's.",
)
@refine_option
@click.option("--foreground", is_flag=True, help="Write the cut-out, with its true colours.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 63),
    metavar="LEVELS",
    help="Accept trimap values this far from 0, 128 and 255.",
)
@format_option
@limit_options
@reporting
def matte(
    reporter: Reporter,
    image: str,
    trimap: str,
    output: str,
    method: str,
    refine: bool,
    foreground: bool,
    tolerance: float | None,
    file_format: str | None,
    max_pixels: int | None,
    threads: int | None,
) -> int:
    """Solve the alpha of IN where TRIMAP is grey, and write it to OUT.

    TRIMAP is black for background, white for foreground, grey (128) for what is to be solved. OUT
    is a grey picture of the alpha, or with --foreground the cut-out. - is standard input or output.
    A TRIMAP that is grey all over gives half an alpha everywhere, and a warning.

    \b
    Examples:
      hybridbg matte portrait.jpg trimap.png alpha.png
      hybridbg matte portrait.jpg trimap.png cutout.png --foreground
    """  # noqa: D301 - click's mark for a paragraph that is not to be wrapped
    from hybridbg import io
    from hybridbg.core.trimap import as_trimap
    from hybridbg.matting import estimate_alpha, estimate_foreground
    from hybridbg.pipeline import Cutout

    source, marks = expand_one(image), expand_one(trimap)
    [job] = plan([source], output, ending="", file_format=file_format, protected=[marks])
    check_streams(reads=[source, marks], writes=job.outputs, as_json=reporter.as_json)
    if foreground:
        check_alpha_fits([job], file_format)
    began = time.perf_counter()
    picture = io.load(source, max_pixels=max_pixels)
    grey = io.as_grey(marks, max_pixels=max_pixels, name="trimap")
    known = as_trimap(grey, picture.shape, tolerance=tolerance, need_known=False)
    with reporter.progress(1) as progress, warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always")
        progress.start(job.name)
        alpha = estimate_alpha(
            picture,
            known,
            method=method,
            refine=refine,
            num_threads=threads,
            progress=progress.stage,
        )
    doubtful = [str(doubt.message) for doubt in doubts]
    reporter.warnings({"warnings": doubtful}, about=job.name)
    job.make_folders()
    if foreground:
        colours = estimate_foreground(picture, alpha, num_threads=threads)
        cutout = Cutout(picture, alpha, colours, known, diagnostics={"method": method})
        cutout.save(job.output, format=file_format)
    else:
        io.save(job.output, alpha, like=picture, format=file_format, dtype=picture.dtype)
    if job.output != STREAM:
        reporter.result(job.output)
    result = {
        **job.record(),
        "seconds": round(time.perf_counter() - began, 3),
        "method": method,
        "warnings": doubtful,
    }
    reporter.json({"results": [result], "errors": []})
    return DONE
