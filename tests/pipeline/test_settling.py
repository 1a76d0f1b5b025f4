"""What a small matting, read against the sources, leaves to the matting proper."""

from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.resample import smooth
from hybridbg.pipeline.evidence import Evidence
from hybridbg.pipeline.fusion import fuse
from hybridbg.pipeline.settling import settle

SHAPE = (240, 320)
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]]
DISTANCE = np.hypot(ROWS - 120, COLUMNS - 160)
ALPHA = np.clip((70 - DISTANCE) / 4 + 0.5, 0, 1).astype(np.float32)
"""A disc with an edge four pixels wide."""


def painted(inner, outer):
    """Lay a disc of one colour over another, with a grain that is too fine to tell them apart."""
    grain = np.random.default_rng(0).normal(0, 0.01, (*SHAPE, 3))
    mixed = ALPHA[..., None] * np.array(inner) + (1 - ALPHA[..., None]) * np.array(outer)
    return (mixed + grain).clip(0, 1).astype(np.float32)


def told(probability, confidence=1.0):
    """Say what a coarse source would."""
    coarse = smooth(probability.astype(np.float32), 8)
    source = Evidence(
        name="network",
        probability=coarse,
        confidence=np.full(SHAPE, confidence, np.float32),
        softness=np.full(SHAPE, 0.01, np.float32),
        cell=4.0,
    )
    return fuse([source])


def unknown(trimap):
    return np.count_nonzero(trimap == 128)


def test_where_colours_are_clear_only_the_soft_edge_stays_unknown():
    fused = told(ALPHA)
    found = settle(painted((0.8, 0.3, 0.1), (0.2, 0.4, 0.7)), fused, num_threads=2)
    assert found.hold == 0
    assert (found.trimap[(ALPHA > 0) & (ALPHA < 1)] == 128).all()
    assert unknown(found.trimap) < unknown(fused.narrow) < unknown(fused.wide) / 2
    assert (found.trimap[DISTANCE < 55] == 255).all()
    assert (found.trimap[DISTANCE > 85] == 0).all()


def test_what_the_sources_were_too_coarse_for_is_not_lost():
    spike = (np.abs(ROWS - 120) < 3) & (COLUMNS > 200) & (COLUMNS < 250)
    image = painted((0.8, 0.3, 0.1), (0.2, 0.4, 0.7))
    image[spike] = (0.8, 0.3, 0.1)
    fused = told(ALPHA)
    assert (fused.narrow[120, 242:248] == 0).all()
    trimap = settle(image, fused, num_threads=2).trimap
    assert (trimap[120, 232:248] != 0).all()
    assert trimap[100, 245] == trimap[140, 245] == 0


def test_where_colours_are_shared_the_sources_are_held_to():
    rng = np.random.default_rng(1)
    # Blotches of the same two colours inside and outside: matting follows them, not the disc.
    blotches = smooth(rng.normal(size=SHAPE).astype(np.float32), 12) > 0
    camouflage = np.where(blotches[..., None], (0.5, 0.4, 0.3), (0.3, 0.35, 0.2))
    fused = told(DISTANCE < 70)
    found = settle(camouflage.astype(np.float32), fused, num_threads=2)
    assert found.hold > 0
    assert unknown(found.trimap) <= unknown(fused.narrow)


@pytest.mark.parametrize("colours", [((0.8, 0.3, 0.1), (0.2, 0.4, 0.7)), ((0.5,) * 3, (0.5,) * 3)])
def test_what_was_known_stays(colours):
    fused = told(ALPHA)
    found = settle(painted(*colours), fused, num_threads=1)
    assert (found.trimap[fused.wide == 0] == 0).all()
    assert (found.trimap[fused.wide == 255] == 255).all()


def test_any_number_of_threads_settles_alike():
    image, fused = painted((0.8, 0.3, 0.1), (0.2, 0.4, 0.7)), told(ALPHA)
    one, three = (settle(image, fused, num_threads=number).trimap for number in (1, 3))
    np.testing.assert_array_equal(one, three)
