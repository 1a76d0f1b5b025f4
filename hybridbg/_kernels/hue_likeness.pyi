import numpy as np
from numpy.typing import NDArray

def compare_hues(
    linear: NDArray[np.float32],
    asked: NDArray[np.uint8],
    hues: NDArray[np.float32],
    support: NDArray[np.float32],
    common: float,
    alike: float,
    darkest: float,
    likeness: NDArray[np.float32],
    num_threads: int,
) -> None: ...
