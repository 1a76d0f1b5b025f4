import numpy as np
from numpy.typing import NDArray

def key_pixels(
    image: NDArray[np.uint8],
    plate: NDArray[np.float32],
    channel: int,
    low: float,
    high: float,
    decode: NDArray[np.float32],
    encode: NDArray[np.uint8],
    cutout: NDArray[np.uint8],
    num_threads: int,
) -> None: ...
