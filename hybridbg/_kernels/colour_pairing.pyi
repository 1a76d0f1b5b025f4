import numpy as np
from numpy.typing import NDArray

def pair(
    image: NDArray[np.float32],
    marks: NDArray[np.uint8],
    picks: NDArray[np.int16],
    clearance: NDArray[np.uint8],
    directions: NDArray[np.float32],
    pitch: int,
    noise: float,
    overshoot: float,
    pairs: NDArray[np.float32],
    num_threads: int,
) -> None: ...
