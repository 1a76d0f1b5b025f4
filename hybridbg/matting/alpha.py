"""Alpha from an image and a trimap: the exact solution of closed-form matting, plain or refined.

Refined means that colours sampled from known pixels (see `sampling.py`) give a prior.

Paper: A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", IEEE
TPAMI 30(2), 2008. Known pixels are constraints, not suggestions: only unknown ones are solved for,
so alpha is exactly 0 and 1 where the trimap says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridbg.core.checks import as_number, one_of
from hybridbg.core.errors import HybridBgWarning, InvalidOptionError
from hybridbg.core.image import Image
from hybridbg.core.memory import check_memory
from hybridbg.core.progress import Progress, Report, Rising, stage_report
from hybridbg.core.threads import resolve_num_threads
from hybridbg.core.trimap import FOREGROUND, UNKNOWN, as_trimap
from hybridbg.core.types import BoolArray, ByteArray, FloatArray, ImageLike
from hybridbg.io import as_grey, as_image
from hybridbg.matting.cells import colours_of, scatter_alpha, trimap_of, unknown_of
from hybridbg.matting.direct import DIRECT_PIXELS, solve_directly
from hybridbg.matting.engines import ENGINES, pymatting_alpha
from hybridbg.matting.layout import Layout, build_layout
from hybridbg.matting.multigrid import CAREFUL_DROP, ColourMultigrid, Smoother
from hybridbg.matting.prior import check_prior
from hybridbg.matting.sampling import NOT_ASKED, STRENGTH, sampling_prior
from hybridbg.matting.system import BandSystem, Solution, assemble_system, solve

__all__ = [
    "DEFAULT_EPSILON",
    "DEFAULT_TOLERANCE",
    "ClosedForm",
    "closed_form_alpha",
    "estimate_alpha",
    "refined_alpha",
]

DEFAULT_EPSILON = 1e-7
"""Regularisation of a window's colour covariance (the field's usual value)."""

DEFAULT_TOLERANCE = 1e-3
"""Largest error of alpha against the exact solution: a quarter of a grey level of 255."""

_SAMPLING = 0.2
"""Share of the time of refined alpha that sampling takes."""

_HEARD = 0.05
"""Part of a prior's weight that samples must be able to have, or they are not taken."""

_ASSEMBLED, _SET_UP = 0.15, 0.3
"""Shares of the time of closed form that are over when its system and its multigrid are there."""

_BYTES_PER_CELL = 180
"""Peak memory of the solver for each cell of a layout, measured from 0.5 to 24 megapixels."""

_FLOATING = (
    "the trimap has no known pixel, so nothing determines alpha: it is 0.5 everywhere; mark some "
    "foreground and some background"
)

MAX_ITERATIONS = 10_000
"""Far above the few dozen that multigrid takes: reaching it means that something is wrong."""


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """Alpha and how it was reached.

    Attributes
    ----------
    alpha : (H, W) float32 in [0, 1]
    solution : Solution
        Iterations, residual and estimated error of the solver.
    warnings : tuple of str
        What makes the result doubtful.
    sampled : float
        Share of the unknown pixels in whose alpha colour samples had a say.
    """

    alpha: FloatArray
    solution: Solution
    warnings: tuple[str, ...] = ()
    sampled: float = 0.0

    def diagnostics(self) -> dict[str, Any]:
        """Say how the solver did, as `hybridbg.Cutout` documents it."""
        return {
            "iterations": self.solution.iterations,
            "residual": self.solution.residual,
            "error": self.solution.error,
            "sampled": round(self.sampled, 4),
        }


def estimate_alpha(
    image: ImageLike,
    trimap: ImageLike,
    *,
    method: str = "closed-form",
    prior: NDArray[Any] | None = None,
    prior_weight: float | NDArray[Any] | None = None,
    refine: bool = True,
    epsilon: float = DEFAULT_EPSILON,
    tolerance: float = DEFAULT_TOLERANCE,
    num_threads: int | None = None,
    progress: Progress | None = None,
) -> FloatArray:
    """Estimate alpha in the unknown region of a trimap.

    Parameters
    ----------
    image : path, PIL image, Image, or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or float in [0, 1]. Matting sees its sRGB-coded colours.
    trimap : path, PIL image, Image or ndarray of shape (H, W)
        uint8 0 / 128 / 255, or float 0 / 0.5 / 1: background, unknown, foreground. pymatting's
        engines need known pixels of both kinds. Ours does not: where only one kind is known, alpha
        is that kind's everywhere, unless a prior says otherwise; where none is, the prior decides.
    method : {"closed-form", "knn", "lbdm", "lkm", "rw", "cf-pymatting"}
        Our solver, or one of pymatting's engines.
    prior : ndarray of shape (H, W), optional
        Alpha expected from elsewhere (a key, a network, colour samples), in [0, 1].
    prior_weight : float or ndarray of shape (H, W), optional
        How strongly the prior is held, 0 or more; the Laplacian's own diagonal is about 1.
        Default 0.01.
    refine : bool
        Let colours sampled from known pixels decide where closed form alone would guess: holes,
        strands, textures. False gives plain closed form. Without effect where there is a prior,
        or with another method.
    epsilon : float
        Regularisation of the colour covariance of 3 x 3 windows.
    tolerance : float
        Largest error of alpha, against the exact solution, at which the solver stops.
    num_threads : int, optional
        Default: `OMP_NUM_THREADS`, else every core allowed. Does not change the result.
    progress : callable, optional
        Called with "matting" and the fraction of work done; what it raises stops all.

    Returns
    -------
    ndarray of shape (H, W), float32 in [0, 1]
        Straight alpha; exactly 0 and 1 on the trimap's known pixels.

    Raises
    ------
    InvalidImageError, InvalidTrimapError, InvalidMaskError, InvalidOptionError, ImageReadError
    SolverError
        If the solver did not reach its tolerance.
    NotEnoughMemoryError
        If the unknown region is too large for this machine.

    Warns
    -----
    HybridBgWarning
        If there is neither a known pixel nor a prior: alpha is 0.5 everywhere then.

    References
    ----------
    A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", IEEE
    TPAMI 30(2), 2008.
    E. Gastal, M. Oliveira, "Shared Sampling for Real-Time Alpha Matting", Eurographics 2010.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.linspace(0, 1, 32, dtype=np.float32)
    >>> image = np.repeat(np.tile(ramp, (8, 1))[:, :, None], 3, axis=2)
    >>> trimap = np.full((8, 32), 128, np.uint8)
    >>> trimap[:, 0], trimap[:, -1] = 0, 255
    >>> alpha = estimate_alpha(image, trimap)    # alpha is affine in colour
    >>> bool(np.abs(alpha - ramp).max() < 1e-3)
    True
    """
    one_of(method, "method", ("closed-form", *ENGINES))
    as_number(epsilon, "epsilon", above=0)
    as_number(tolerance, "tolerance", above=0)
    picture = as_image(image)
    marks = as_trimap(
        as_grey(trimap, name="trimap"), picture.shape, need_known=method != "closed-form"
    )
    if method != "closed-form":
        if prior is not None:
            raise InvalidOptionError(
                f"method {method!r} takes no prior; use method='closed-form', or leave prior out"
            )
        work = Rising(stage_report(progress, "matting"))
        work(0)
        alpha = pymatting_alpha(picture.srgb(), marks, method)
        work(1)
        return alpha
    expected, weight = check_prior(prior, prior_weight, picture.shape)
    if refine and expected is None:
        found = refined_alpha(
            picture,
            marks,
            epsilon=epsilon,
            tolerance=tolerance,
            num_threads=resolve_num_threads(num_threads),
            progress=stage_report(progress, "matting"),
        )
    else:
        found = closed_form_alpha(
            picture,
            marks,
            prior=expected,
            prior_weight=weight,
            epsilon=epsilon,
            tolerance=tolerance,
            num_threads=resolve_num_threads(num_threads),
            progress=stage_report(progress, "matting"),
        )
    for warning in found.warnings:
        warnings.warn(warning, HybridBgWarning, stacklevel=2)
    return found.alpha


def closed_form_alpha(
    image: Image | FloatArray,
    trimap: ByteArray,
    *,
    num_threads: int,
    prior: FloatArray | None = None,
    prior_weight: FloatArray | None = None,
    epsilon: float = DEFAULT_EPSILON,
    tolerance: float = DEFAULT_TOLERANCE,
    progress: Report | None = None,
) -> ClosedForm:
    """Solve closed-form matting for checked arrays.

    Parameters
    ----------
    image : Image, or (H, W, 3) float32 in [0, 1], sRGB-coded, C-contiguous
    trimap : (H, W) uint8, 0 / 128 / 255, C-contiguous
    num_threads : int
    prior, prior_weight : (H, W) float32, optional
    epsilon, tolerance : float
    progress : callable, optional
        Called with the fraction done, before and after each step and in every iteration; what it
        raises stops the solve.

    Returns
    -------
    ClosedForm

    Raises
    ------
    SolverError
    """
    return _closed_form(
        partial(colours_of, image),
        trimap,
        num_threads=num_threads,
        prior=prior,
        prior_weight=prior_weight,
        epsilon=epsilon,
        tolerance=tolerance,
        progress=progress,
    )


def _closed_form(
    colours: Callable[[Layout], NDArray[np.float32]],
    trimap: ByteArray,
    *,
    num_threads: int,
    prior: FloatArray | None,
    prior_weight: FloatArray | None,
    epsilon: float,
    tolerance: float,
    progress: Report | None,
) -> ClosedForm:
    """`closed_form_alpha`, with what gives the colours of a layout's cells, called once at most."""
    work = Rising(progress)
    work(0)
    unknown = trimap == UNKNOWN
    count = int(np.count_nonzero(unknown))
    if count == 0:
        work(1)
        return ClosedForm((trimap == FOREGROUND).astype(np.float32), Solution(0, 0.0, 0.0))
    if count == trimap.size and (prior_weight is None or not prior_weight.any()):
        work(1)
        return ClosedForm(
            np.full(trimap.shape, 0.5, np.float32), Solution(0, 0.0, 0.0), (_FLOATING,)
        )
    layout = build_layout(unknown)
    del unknown  # what is as large as the picture goes before the solver's arrays come
    of_cells = colours(layout)
    check_memory(
        layout.size * _BYTES_PER_CELL,
        f"matting {count:,} unknown pixels",
        "make the trimap's unknown region smaller, or the picture",
    )
    system = assemble_system(
        of_cells,
        trimap,
        layout,
        epsilon=epsilon,
        num_threads=num_threads,
        prior=prior,
        prior_weight=prior_weight,
        exact=count <= DIRECT_PIXELS,
    )
    work(_ASSEMBLED)
    if count <= DIRECT_PIXELS:
        cells, solution = solve_directly(system)
    else:
        cells, solution = solve(
            system,
            _multigrid(system, work),
            _first_guess(trimap, prior, layout),
            alternatives=(
                partial(ColourMultigrid, system, drop=CAREFUL_DROP),
                partial(Smoother, system),
            ),
            tolerance=tolerance,
            max_iterations=MAX_ITERATIONS,
            progress=work.part(_SET_UP, 1),
        )
    del system
    alpha = (trimap == FOREGROUND).astype(np.float32)
    scatter_alpha(cells, layout, alpha)
    work(1)
    return ClosedForm(alpha, solution)


def _held_together(
    first: FloatArray,
    first_weight: FloatArray,
    second: FloatArray | None,
    second_weight: FloatArray | None,
    where: BoolArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the one prior that two amount to: their weighted mean, with the sum of the weights.

    It is written over the first, and holds `where` alone: a small part of most pictures.
    """
    if second is None or second_weight is None:
        return first, first_weight
    held, weight = second[where], second_weight[where]
    added = first_weight[where]
    weight += added
    share = np.divide(added, weight, out=np.zeros_like(added), where=weight > 0)
    held += share * (first[where] - held)
    first[where], first_weight[where] = held, weight
    return first, first_weight


def _multigrid(system: BandSystem, work: Rising) -> ColourMultigrid:
    multigrid = ColourMultigrid(system)
    work(_SET_UP)
    return multigrid


def _first_guess(
    trimap: ByteArray, prior: FloatArray | None, layout: Layout
) -> NDArray[np.float32]:
    """Return the prior, or a half, on unknown cells."""
    if prior is not None:
        return unknown_of(prior, layout)
    half: NDArray[np.float32] = (trimap_of(trimap, layout) == UNKNOWN) * np.float32(0.5)
    return half


def refined_alpha(
    image: Image | FloatArray,
    trimap: ByteArray,
    *,
    num_threads: int,
    prior: FloatArray | None = None,
    prior_weight: FloatArray | None = None,
    sample_trust: FloatArray | None = None,
    epsilon: float = DEFAULT_EPSILON,
    tolerance: float = DEFAULT_TOLERANCE,
    progress: Report | None = None,
) -> ClosedForm:
    """Solve closed-form matting with a prior from colour samples, for checked arrays.

    Parameters and errors are those of `closed_form_alpha`; a prior that is given and that of the
    samples are held each with its own weight.

    Parameters
    ----------
    sample_trust : (H, W) float32, 0 or more, optional
        What the samples' weight is multiplied by; default 1. Where that is next to nothing beside
        a prior's, nothing is sampled.

    Returns
    -------
    ClosedForm
    """
    work = Rising(progress)
    work(0)
    colours = image.srgb() if isinstance(image, Image) else image
    unknown = trimap == UNKNOWN
    asked, trust = trimap, np.float32(1)
    if sample_trust is not None:
        trust = sample_trust[unknown]
        least = 0 if prior_weight is None else np.float32(_HEARD) * prior_weight[unknown]
        heard = np.float32(STRENGTH) * trust > least
        asked = trimap.copy()
        asked[unknown] = np.where(heard, UNKNOWN, NOT_ASKED)
    samples, weight = sampling_prior(
        colours, asked, num_threads=num_threads, progress=work.part(0, _SAMPLING)
    )
    if sample_trust is not None:
        weight[unknown] *= trust
    count, sampled = (int(np.count_nonzero(plane)) for plane in (unknown, weight))
    if sampled:
        prior, prior_weight = _held_together(samples, weight, prior, prior_weight, unknown)
    del unknown, asked
    whole = [colours]
    del colours

    def gather(layout: Layout) -> NDArray[np.float32]:
        """Return the cells' colours, and let go of the picture before the solver's arrays come."""
        return colours_of(whole.pop(), layout)

    found = _closed_form(
        gather,
        trimap,
        num_threads=num_threads,
        prior=prior,
        prior_weight=prior_weight,
        epsilon=epsilon,
        tolerance=tolerance,
        progress=work.part(_SAMPLING, 1),
    )
    return replace(found, sampled=sampled / max(count, 1))
