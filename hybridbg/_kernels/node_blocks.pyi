import numpy as np
from numpy.typing import NDArray

def find_neighbours(
    index: NDArray[np.int32],
    node_row: NDArray[np.int32],
    node_col: NDArray[np.int32],
    neighbours: NDArray[np.int32],
) -> None: ...
def product(
    blocks: NDArray[np.float32],
    neighbours: NDArray[np.int32],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def subtract_product(
    blocks: NDArray[np.float32],
    neighbours: NDArray[np.int32],
    step: NDArray[np.float32],
    residual: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def chebyshev_first(
    inverses: NDArray[np.float32],
    residual: NDArray[np.float32],
    gain: float,
    x: NDArray[np.float32],
    step: NDArray[np.float32],
    from_zero: bool,
) -> None: ...
def chebyshev_next(
    inverses: NDArray[np.float32],
    residual: NDArray[np.float32],
    keep: float,
    gain: float,
    x: NDArray[np.float32],
    step: NDArray[np.float32],
) -> None: ...
def invert_blocks(
    blocks: NDArray[np.float64],
    relative_pivot: float,
    inverses: NDArray[np.float32],
) -> None: ...
def mark_parents(
    node_row: NDArray[np.int32],
    node_col: NDArray[np.int32],
    coarse_index: NDArray[np.int32],
) -> None: ...
def galerkin_nodes(
    blocks: NDArray[np.float64],
    neighbours: NDArray[np.int32],
    node_row: NDArray[np.int32],
    node_col: NDArray[np.int32],
    index: NDArray[np.int32],
    coarse_row: NDArray[np.int32],
    coarse_col: NDArray[np.int32],
    coarse_blocks: NDArray[np.float64],
    num_threads: int,
) -> None: ...
def restrict_nodes(
    residual: NDArray[np.float32],
    index: NDArray[np.int32],
    coarse_row: NDArray[np.int32],
    coarse_col: NDArray[np.int32],
    coarse: NDArray[np.float32],
) -> None: ...
def prolong_nodes(
    coarse: NDArray[np.float32],
    coarse_index: NDArray[np.int32],
    node_row: NDArray[np.int32],
    node_col: NDArray[np.int32],
    fine: NDArray[np.float32],
) -> None: ...
