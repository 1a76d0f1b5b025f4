import numpy as np
from numpy.typing import NDArray

def survey(
    image: NDArray[np.float32],
    picks: NDArray[np.int16],
    pitch: int,
    even: float,
    faint: float,
    rounding: float,
    means: NDArray[np.float32],
    trust: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def pick(
    trimap: NDArray[np.uint8],
    pitch: int,
    picks: NDArray[np.int16],
    num_threads: int,
) -> None: ...
def match(
    image: NDArray[np.float32],
    trimap: NDArray[np.uint8],
    picks: NDArray[np.int16],
    pitch: int,
    tolerance: float,
    closeness: float,
    ratio: float,
    marks: NDArray[np.uint8],
    num_threads: int,
) -> None: ...
def pair(
    image: NDArray[np.float32],
    picks: NDArray[np.int16],
    directions: NDArray[np.float32],
    pitch: int,
    noise: float,
    pairs: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def estimate(
    image: NDArray[np.float32],
    trimap: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    pairs: NDArray[np.float32],
    trust: NDArray[np.float32],
    pitch: int,
    reach: float,
    noise: float,
    strength: float,
    doubt: float,
    least: float,
    prior: NDArray[np.float32],
    weight: NDArray[np.float32],
    num_threads: int,
) -> None: ...
