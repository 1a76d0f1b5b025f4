import numpy as np
from numpy.typing import NDArray

CELL_PIXELS: int

def galerkin_pixels(
    bands: NDArray[np.float32] | NDArray[np.float64],
    diagonal: NDArray[np.float64],
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    cell_rows: NDArray[np.int64],
    colours: NDArray[np.float32],
    index: NDArray[np.int32],
    blocks: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def mark_nodes(
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    index: NDArray[np.int32],
) -> None: ...
def restrict_pixels(
    residual: NDArray[np.float32],
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    cell_rows: NDArray[np.int64],
    colours: NDArray[np.float32],
    index: NDArray[np.int32],
    coarse: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def prolong_pixels(
    coarse: NDArray[np.float32],
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    colours: NDArray[np.float32],
    index: NDArray[np.int32],
    fine: NDArray[np.float32],
    num_threads: int,
) -> None: ...
