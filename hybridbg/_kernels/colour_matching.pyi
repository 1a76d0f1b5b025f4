import numpy as np
from numpy.typing import NDArray

BLOCK_CELLS: int

def pick(
    trimap: NDArray[np.uint8],
    pitch: int,
    picks: NDArray[np.int16],
    num_threads: int,
) -> None: ...
def vouch(
    image: NDArray[np.float32],
    trimap: NDArray[np.uint8],
    picks: NDArray[np.int16],
    pitch: int,
    multiple: float,
    least: float,
    most: float,
    inverse: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def bound(
    image: NDArray[np.float32],
    picks: NDArray[np.int16],
    pitch: int,
    inverse: NDArray[np.float32],
    boxes: NDArray[np.float32],
    num_threads: int,
) -> None: ...
def match(
    image: NDArray[np.float32],
    trimap: NDArray[np.uint8],
    picks: NDArray[np.int16],
    inverse: NDArray[np.float32],
    boxes: NDArray[np.float32],
    pitch: int,
    tolerance: float,
    closeness: float,
    ratio: float,
    marks: NDArray[np.uint8],
    num_threads: int,
) -> None: ...
