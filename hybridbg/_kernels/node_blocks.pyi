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
    residual: NDArray[np.float32],
    x: NDArray[np.float32],
    out: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def scale(
    inverses: NDArray[np.float32],
    residual: NDArray[np.float32],
    g: float,
    out: NDArray[np.float32],
) -> None: ...
def relax(
    blocks: NDArray[np.float32],
    neighbours: NDArray[np.int32],
    inverses: NDArray[np.float32],
    residual: NDArray[np.float32],
    x: NDArray[np.float32],
    out: NDArray[np.float32],
    a: float,
    b: float,
    g: float,
    num_threads: int,
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
