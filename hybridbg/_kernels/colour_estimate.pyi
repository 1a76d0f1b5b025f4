import numpy as np
from numpy.typing import NDArray

def estimate(
    image: NDArray[np.float32],
    trimap: NDArray[np.uint8],
    marks: NDArray[np.uint8],
    pairs: NDArray[np.float32],
    trust: NDArray[np.float32],
    pitch: int,
    reach: float,
    noise: float,
    overshoot: float,
    misfit: float,
    strength: float,
    doubt: float,
    least: float,
    prior: NDArray[np.float32],
    weight: NDArray[np.float32],
    num_threads: int,
) -> None: ...
