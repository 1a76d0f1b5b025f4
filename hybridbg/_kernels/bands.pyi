import numpy as np
from numpy.typing import NDArray

PADDING: int

Bands = NDArray[np.float32] | NDArray[np.float64]

def product(
    bands: Bands,
    diagonal: NDArray[np.float64],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    x: NDArray[np.float32],
    y: NDArray[np.float64],
    partial: NDArray[np.float64],
    num_threads: int,
) -> float: ...
def relax_subtract(
    bands: Bands,
    diagonal: NDArray[np.float64],
    inverse: NDArray[np.float32],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    cores: NDArray[np.int64],
    residual: NDArray[np.float32],
    x: NDArray[np.float32],
    relaxed: NDArray[np.float32],
    left: NDArray[np.float32],
    a: float,
    g: float,
    num_threads: int,
) -> None: ...
def relax_twice(
    bands: Bands,
    diagonal: NDArray[np.float64],
    inverse: NDArray[np.float32],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    cores: NDArray[np.int64],
    residual: NDArray[np.float32],
    x: NDArray[np.float32],
    other: NDArray[np.float32],
    first: float,
    a: float,
    b: float,
    g: float,
    num_threads: int,
) -> None: ...
def scale(
    inverse: NDArray[np.float32],
    residual: NDArray[np.float32],
    g: float,
    cells: NDArray[np.int64],
    out: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def descend(
    step: float,
    direction: NDArray[np.float32],
    image_of_direction: NDArray[np.float64],
    cells: NDArray[np.int64],
    x: NDArray[np.float64],
    residual: NDArray[np.float64],
    residual_single: NDArray[np.float32],
    partial: NDArray[np.float64],
    num_threads: int,
) -> float: ...
def project_dot(
    z: NDArray[np.float32],
    residual: NDArray[np.float64],
    cells: NDArray[np.int64],
    partial: NDArray[np.float64],
    num_threads: int,
) -> tuple[float, float]: ...
def turn(
    z: NDArray[np.float32],
    keep: float,
    cells: NDArray[np.int64],
    direction: NDArray[np.float32],
    num_threads: int,
) -> None: ...
