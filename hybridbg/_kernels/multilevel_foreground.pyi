import numpy as np
from numpy.typing import NDArray

def relax(
    image: NDArray[np.float32],
    alpha: NDArray[np.float32],
    regularization: float,
    iterations: int,
    fixed_background: bool,
    foreground: NDArray[np.float32],
    background: NDArray[np.float32],
    num_threads: int,
) -> None: ...
