import numpy as np
from numpy.typing import NDArray

def compare_pixels(
    linear: NDArray[np.float32],
    plate: NDArray[np.float32],
    channel: int,
    least: float,
    darkest: float,
    grey_key: NDArray[np.float32],
    distance: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def average_pixels(
    plane: NDArray[np.float32],
    weights: NDArray[np.float32],
    mean: NDArray[np.float32],
    num_threads: int,
) -> None: ...
