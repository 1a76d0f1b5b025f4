from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", np.uint8, np.float32)

def count_runs(mask: NDArray[np.uint8]) -> int: ...
def find_runs(
    mask: NDArray[np.uint8],
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
) -> None: ...
def gather(
    plane: NDArray[Value],
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_start: NDArray[np.int64],
    cells: NDArray[Value],
) -> None: ...
def gather_colours(
    rows: NDArray[np.float32],
    first_row: int,
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_start: NDArray[np.int64],
    cells: NDArray[np.float32],
) -> None: ...
def scatter(
    cells: NDArray[np.float64],
    run_row: NDArray[np.int32],
    run_col: NDArray[np.int32],
    run_length: NDArray[np.int32],
    run_start: NDArray[np.int64],
    plane: NDArray[np.float32],
) -> None: ...
