import numpy as np
from numpy.typing import NDArray

def assemble(
    image: NDArray[np.float32],
    unknown: NDArray[np.uint8],
    known_alpha: NDArray[np.float32],
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    epsilon: float,
    bands: NDArray[np.float32] | NDArray[np.float64],
    diagonal: NDArray[np.float64],
    right_side: NDArray[np.float64],
    num_threads: int,
) -> bool: ...
