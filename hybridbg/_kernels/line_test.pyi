import numpy as np
from numpy.typing import NDArray

def test_lines(
    sums: NDArray[np.float32],
    plate: NDArray[np.float32],
    asked: NDArray[np.uint8],
    constants: NDArray[np.float64],
    share: NDArray[np.float32],
    trust: NDArray[np.float32],
    num_threads: int,
) -> None: ...
