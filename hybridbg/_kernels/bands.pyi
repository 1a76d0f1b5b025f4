from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Bands = NDArray[np.float32] | NDArray[np.float64]
Real = TypeVar("Real", np.float32, np.float64)

def product(
    bands: Bands,
    diagonal: NDArray[np.float64],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    x: NDArray[Real],
    y: NDArray[Real],
    num_threads: int,
) -> None: ...
def chebyshev_first(
    diagonal: NDArray[np.float64],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    residual: NDArray[np.float32],
    gain: float,
    x: NDArray[np.float32],
    step: NDArray[np.float32],
    from_zero: bool,
    num_threads: int,
) -> None: ...
def chebyshev_next(
    bands: Bands,
    diagonal: NDArray[np.float64],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    step: NDArray[np.float32],
    residual: NDArray[np.float32],
    keep: float,
    gain: float,
    x: NDArray[np.float32],
    next_step: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def subtract_product(
    bands: Bands,
    diagonal: NDArray[np.float64],
    run_length: NDArray[np.int32],
    run_base: NDArray[np.int64],
    chunks: NDArray[np.int64],
    step: NDArray[np.float32],
    residual: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def dot(
    x: NDArray[Real],
    y: NDArray[Real],
    cells: NDArray[np.int64],
    partial: NDArray[np.float64],
    num_threads: int,
) -> float: ...
def descend(
    step: float,
    direction: NDArray[np.float64],
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
    direction: NDArray[np.float64],
    num_threads: int,
) -> None: ...
