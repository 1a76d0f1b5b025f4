import numpy as np
from numpy.typing import NDArray

def subtract(
    linear: NDArray[np.float32],
    plate: NDArray[np.float32],
    alpha: NDArray[np.float32],
    light: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def divide(
    light: NDArray[np.float32],
    alpha: NDArray[np.float32],
    around: NDArray[np.float32],
    cover: NDArray[np.float32],
    faint: float,
    foreground: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def despill(
    foreground: NDArray[np.float32],
    channel: int,
    limit: int,
    weight: float,
    strength: float,
    restored: NDArray[np.float32],
    num_threads: int,
) -> None: ...
