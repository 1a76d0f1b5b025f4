import numpy as np
from numpy.typing import NDArray

LARGEST_EIGENVALUE: float

def assemble(
    colours: NDArray[np.float32],
    trimap: NDArray[np.uint8],
    height: int,
    width: int,
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    window_first: NDArray[np.int32],
    window_col: NDArray[np.int32],
    window_length: NDArray[np.int32],
    window_base: NDArray[np.int64],
    epsilon: float,
    bands: NDArray[np.float32] | NDArray[np.float64],
    diagonal: NDArray[np.float64],
    right_side: NDArray[np.float64],
    inverse: NDArray[np.float32],
    num_threads: int,
) -> bool: ...
