"""Trimap networks on ONNX Runtime: what a model is, where models are found, and running one.

`spec` says what is known of a model, `registry` finds it, `session` loads and runs it, `predictor`
turns a picture into probabilities and those into a trimap, `faces` seeds a hint where a portrait
is seen, `store` adds and verifies models. Nothing is fetched from a network but by `fetch`, on
request, and ONNX Runtime loads when a session is made.
"""

from __future__ import annotations

from hybridbg.predict.closer import look_closer
from hybridbg.predict.description import load_spec
from hybridbg.predict.faces import find_faces, portrait_hint
from hybridbg.predict.instances import Choice
from hybridbg.predict.looks import look
from hybridbg.predict.pointing import look_at, only_marked
from hybridbg.predict.predictor import Probabilities, predict_batch, predict_probabilities
from hybridbg.predict.providers import available_providers
from hybridbg.predict.registry import (
    DEFAULT_MODEL,
    find_model,
    list_models,
    scan_models,
    search_folders,
)
from hybridbg.predict.session import Session, new_session
from hybridbg.predict.spec import ModelSpec, file_sha256
from hybridbg.predict.trimap import predict_trimap, trimap_from_probabilities

__all__ = [
    "DEFAULT_MODEL",
    "Choice",
    "ModelSpec",
    "Probabilities",
    "Session",
    "available_providers",
    "file_sha256",
    "find_faces",
    "find_model",
    "list_models",
    "load_spec",
    "look",
    "look_at",
    "look_closer",
    "new_session",
    "only_marked",
    "portrait_hint",
    "predict_batch",
    "predict_probabilities",
    "predict_trimap",
    "scan_models",
    "search_folders",
    "trimap_from_probabilities",
]
