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
def relax(
    blocks: NDArray[np.float32],
    neighbours: NDArray[np.int32],
    residual: NDArray[np.float32],
    x: NDArray[np.float32],
    out: NDArray[np.float32],
    a: float,
    b: float,
    g: float,
    num_threads: int,
) -> None: ...
def factor_blocks(
    blocks: NDArray[np.float64],
    relative_pivot: float,
    lower: NDArray[np.float64],
    inverse: NDArray[np.float64],
) -> None: ...
def normalise_blocks(
    blocks: NDArray[np.float64],
    neighbours: NDArray[np.int32],
    inverse: NDArray[np.float64],
    normal: NDArray[np.float32],
    num_threads: int,
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
def multiply_own(
    matrices: NDArray[np.float32], transposed: bool, vector: NDArray[np.float32]
) -> None: ...
def invert_dense(
    matrix: NDArray[np.float64], relative_pivot: float, inverse: NDArray[np.float64]
) -> None: ...

class Level:
    def __init__(
        self,
        index: NDArray[np.int32],
        row: NDArray[np.int32],
        col: NDArray[np.int32],
        neighbours: NDArray[np.int32],
        blocks: NDArray[np.float32],
        lower: NDArray[np.float32],
        inverse: NDArray[np.float32],
        x: NDArray[np.float32],
        other: NDArray[np.float32],
        residual: NDArray[np.float32],
        first: float,
        keep: float,
        gain: float,
        num_threads: int,
    ) -> None: ...

def cycle(levels: list[Level], inverse: NDArray[np.float64]) -> None: ...
