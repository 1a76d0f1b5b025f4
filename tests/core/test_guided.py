"""hybridbg.core.guided: against the filter's definition, and edges that come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridbg.core.guided import guided_enlarge


def reference(plane, guide, radius, epsilon):
    """Guided filter at full size, window by window (He, Sun & Tang 2013, eqs. 19-22)."""
    height, width = plane.shape
    pad = ((radius, radius), (radius, radius))
    planes = np.pad(plane.astype(np.float64), pad, mode="symmetric")
    guides = np.pad(guide.astype(np.float64), (*pad, (0, 0)), mode="symmetric")
    size = 2 * radius + 1
    slopes, offsets = np.empty((height, width, 3)), np.empty((height, width))
    for row in range(height):
        for column in range(width):
            p = planes[row : row + size, column : column + size].ravel()
            colours = guides[row : row + size, column : column + size].reshape(-1, 3)
            centred = colours - colours.mean(axis=0)
            covariance = centred.T @ centred / len(p) + epsilon * np.eye(3)
            slope = np.linalg.solve(covariance, centred.T @ (p - p.mean()) / len(p))
            slopes[row, column] = slope
            offsets[row, column] = p.mean() - slope @ colours.mean(axis=0)
    slopes = np.pad(slopes, (*pad, (0, 0)), mode="symmetric")
    offsets = np.pad(offsets, pad, mode="symmetric")
    result = np.empty((height, width))
    for row in range(height):
        for column in range(width):
            window = np.s_[row : row + size, column : column + size]
            slope = slopes[window].reshape(-1, 3).mean(axis=0)
            result[row, column] = slope @ guide[row, column] + offsets[window].mean()
    return result.clip(0, 1)


@pytest.mark.parametrize(("radius", "epsilon"), [(1, 1e-4), (2, 1e-2), (3, 1e-6)])
def test_at_the_same_size_it_is_the_guided_filter(radius, epsilon):
    generator = np.random.default_rng(0)
    plane = generator.random((13, 17), dtype=np.float32)
    guide = generator.random((13, 17, 3), dtype=np.float32)
    got = guided_enlarge(plane, guide, radius=radius, epsilon=epsilon)
    np.testing.assert_allclose(got, reference(plane, guide, radius, epsilon), atol=1e-5)


def test_an_edge_between_cells_comes_back():
    """The map's edge lies on a cell's border, the picture's four pixels further."""
    guide = np.zeros((64, 64, 3), dtype=np.float32)
    guide[:, 36:] = (0.8, 0.6, 0.3)
    plane = np.zeros((8, 8), dtype=np.float32)
    plane[:, 4:] = 1
    got = guided_enlarge(plane, guide)
    np.testing.assert_array_equal(got > 0.5, np.arange(64)[None].repeat(64, axis=0) >= 36)


def test_without_edges_to_follow_it_is_smooth():
    plane = np.zeros((8, 8), dtype=np.float32)
    plane[:, 4:] = 1
    got = guided_enlarge(plane, np.full((64, 64, 3), 0.4, dtype=np.float32))
    assert (np.diff(got, axis=1) >= -1e-6).all()
    assert abs(np.diff(got, axis=1)).max() < 0.1


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(0, 30), st.integers(0, 30)),
    st.booleans(),
)
@settings(deadline=None)
def test_any_size_stays_in_range(small, more, flat):
    generator = np.random.default_rng(1)
    shape = (small[0] + more[0], small[1] + more[1])
    plane = generator.random(small, dtype=np.float32)
    guide = generator.random((*shape, 3), dtype=np.float32)
    if flat:
        guide[:] = 0.5
    copies = plane.copy(), guide.copy()
    got = guided_enlarge(plane, guide)
    assert got.shape == shape
    assert got.dtype == np.float32
    assert got.min() >= 0
    assert got.max() <= 1
    np.testing.assert_array_equal(plane, copies[0])
    np.testing.assert_array_equal(guide, copies[1])


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_constant_map_stays_constant(value):
    guide = np.random.default_rng(2).random((40, 50, 3), dtype=np.float32)
    plane = np.full((10, 12), value, dtype=np.float32)
    np.testing.assert_allclose(guided_enlarge(plane, guide), value, atol=1e-5)
