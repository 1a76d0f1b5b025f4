"""Screens and alphas of the samples, computed once for all tests of the key."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from hybridbg.keying import Screen, estimate_screen, key_alpha


@pytest.fixture(scope="session")
def screen_of_sample(sample) -> Callable[[str], Screen]:
    """`screen_of_sample("green_even")` is the screen estimated from that sample's image."""
    return cache(lambda name: estimate_screen(sample(name).image))


@pytest.fixture(scope="session")
def keyed_sample(sample, screen_of_sample) -> Callable[[str], NDArray[np.float32]]:
    """`keyed_sample("green_even")` is `key_alpha` of that sample's image."""
    return cache(lambda name: key_alpha(sample(name).image, screen_of_sample(name)))
