"""From what a network thinks to a trimap of 0 / 128 / 255: the public `predict_trimap`."""

from __future__ import annotations

import os
from typing import Final

import numpy as np

from hybridbg.core import trimap as trimaps
from hybridbg.core.errors import InvalidTrimapError, NoSubjectError
from hybridbg.core.types import ByteArray, FloatArray, ImageLike
from hybridbg.io import as_hint, as_image
from hybridbg.predict.instances import Choice
from hybridbg.predict.looks import look
from hybridbg.predict.predictor import Probabilities
from hybridbg.predict.session import Session, new_session
from hybridbg.predict.spec import ModelSpec

__all__ = ["predict_trimap", "trimap_from_probabilities"]

# A class is taken as known from this probability on. Over nine pictures with true alpha and a rough
# hint, .8 gave the least error of alpha, but left only three quarters of mixed pixels unknown; .98
# leaves nine tenths unknown, and matting then has too little to go by: twice the error.
KNOWN_PROBABILITY: Final = 0.9


def predict_trimap(
    image: ImageLike,
    *,
    hint: ImageLike | None = None,
    model: str | os.PathLike[str] | ModelSpec | Session = "default",
    choice: Choice | None = None,
) -> ByteArray:
    """Ask a network for a trimap.

    Parameters
    ----------
    image : path, PIL image, ndarray or Image
        The picture; where it has an alpha channel, fully transparent pixels are background.
    hint : path, PIL image, Image or ndarray of shape (H, W), optional
        bool, uint8, uint16 or float in [0, 1]: 0 background, 0.5 don't know, 1 foreground.
        Networks without a hint channel do not take one.
    model : str, path, ModelSpec or Session
        What `find_model` takes, or a session to reuse.
    choice : hybridbg.predict.Choice, optional
        Which object is meant, for a network that finds several, such as Mask R-CNN.

    Returns
    -------
    ndarray of shape (H, W), uint8
        0 background, 128 unknown, 255 foreground.

    Raises
    ------
    NoSubjectError
        The network finds no sure foreground, or no sure background.
    InvalidImageError, InvalidMaskError
        The picture or the hint cannot be used.
    InvalidOptionError
        A hint or a choice for a network that takes none.
    ModelError
        The model is not there or cannot be used.
    """
    picture = as_image(image)
    session = model if isinstance(model, Session) else new_session(model)
    mask = None if hint is None else as_hint(hint, picture.shape)
    probabilities = look(picture.srgb(), hint=mask, session=session, choice=choice)
    return trimap_from_probabilities(probabilities, opacity=picture.alpha_float())


def trimap_from_probabilities(
    probabilities: Probabilities, *, opacity: FloatArray | None = None
) -> ByteArray:
    """Decide a trimap from class probabilities.

    A pixel is known where the network is nine tenths sure of it; known foreground and known
    background are kept one of the network's cells apart, because it cannot place an edge finer.

    Parameters
    ----------
    probabilities : Probabilities
        From `predict_probabilities`.
    opacity : ndarray of shape (H, W), float32 in [0, 1], optional
        The picture's own alpha; fully transparent pixels become background.

    Returns
    -------
    ndarray of shape (H, W), uint8
        0 background, 128 unknown, 255 foreground.

    Raises
    ------
    NoSubjectError
        No sure foreground or no sure background.
    """
    trimap: ByteArray = np.full(probabilities.alpha.shape, trimaps.UNKNOWN, dtype=np.uint8)
    trimap[probabilities.background > KNOWN_PROBABILITY] = trimaps.BACKGROUND
    trimap[probabilities.foreground > KNOWN_PROBABILITY] = trimaps.FOREGROUND
    if opacity is not None:
        trimap[opacity == 0] = trimaps.BACKGROUND
    try:
        return trimaps.widen(trimap, probabilities.cell)
    except InvalidTrimapError as error:
        raise NoSubjectError(
            f"the network is sure of {np.mean(trimap == trimaps.FOREGROUND):.1%} foreground and "
            f"{np.mean(trimap == trimaps.BACKGROUND):.1%} background, expected some of each after "
            f"a band of {2 * probabilities.cell:.1f} pixels; give a hint, a rectangle or a trimap"
        ) from error
