"""What every alpha must keep, whatever the picture."""

from __future__ import annotations

import numpy as np


def assert_exact(alpha, exact):
    """The contract: 1/255 at most, 1e-3 on average."""
    difference = np.abs(alpha - exact)
    assert difference.max() <= 1 / 255
    assert difference.mean() <= 1e-3


def assert_well_formed(alpha, trimap):
    assert alpha.dtype == np.float32
    assert alpha.shape == trimap.shape
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 255] == 1).all()
