import numpy as np
from numpy.typing import NDArray

CELLS: int
ROWS_OF_TILES: int

def refine(
    image: NDArray[np.float32],
    alpha: NDArray[np.float32],
    coarse_foreground: NDArray[np.float32],
    coarse_background: NDArray[np.float32],
    fixed_background: bool,
    regularization: float,
    sweeps: int,
    settle: bool,
    top: int,
    bottom: int,
    foreground: NDArray[np.float32],
    background: NDArray[np.float32],
    memory: NDArray[np.float32],
    num_threads: int,
) -> None: ...
