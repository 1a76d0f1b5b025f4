from __future__ import annotations

import numpy as np
import pytest

from hybridbg.core.pieces import without_small


def test_small_pieces_go_and_large_ones_stay():
    region = np.zeros((20, 30), bool)
    region[2:12, 2:12] = True  # 100
    region[2:7, 20:25] = True  # 25
    region[15:17, 5:7] = True  # 4
    kept = without_small(region, 0.1)
    assert kept[:13].tolist() == region[:13].tolist()
    assert not kept[13:].any()
    assert without_small(region, 0.3)[:, 15:].sum() == 0
    assert without_small(region, 0).tolist() == region.tolist()


def test_corners_connect():
    region = np.eye(6, dtype=bool)
    assert without_small(region, 1).all(where=region)


@pytest.mark.parametrize("filled", [False, True])
def test_nothing_and_everything_stay(filled):
    region = np.full((4, 5), filled)
    assert (without_small(region, 0.5) == filled).all()
