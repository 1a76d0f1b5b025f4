import numpy as np
from numpy.typing import NDArray

def unmix_pixels(
    linear: NDArray[np.float32],
    plate: NDArray[np.float32],
    grey_key: NDArray[np.float32],
    mean_key: NDArray[np.float32],
    hues: NDArray[np.float32],
    light: NDArray[np.float32],
    support: NDArray[np.float32],
    known: NDArray[np.float32],
    noise: NDArray[np.float32],
    metric: NDArray[np.float32],
    constants: NDArray[np.float32],
    channel: int,
    alpha: NDArray[np.float32],
    mixture: NDArray[np.float32],
    agreement: NDArray[np.float32],
    num_threads: int,
) -> None: ...
