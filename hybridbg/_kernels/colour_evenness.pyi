import numpy as np
from numpy.typing import NDArray

def survey(
    image: NDArray[np.float32],
    picks: NDArray[np.int16],
    pitch: int,
    even: float,
    faint: float,
    rounding: float,
    means: NDArray[np.float32],
    trust: NDArray[np.float32],
    num_threads: int,
) -> None: ...
