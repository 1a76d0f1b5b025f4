"""The worker as a process: its greeting, its answers against the library's, its end."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

import numpy as np
import pytest
from skimage import data

import hybridbg as hb
from hybridbg.core import trimap as trimaps
from hybridbg.worker import actions, protocol
from tests.worker.asking import Worker, square

TRIMAP = trimaps.from_mask(np.pad(np.ones((32, 32), bool), 16), band=8)
MASK = np.pad(np.full((32, 32), 255, np.uint8), 16)


@pytest.fixture(scope="module")
def worker() -> Any:
    with Worker() as running:
        yield running


def test_hello(worker: Worker) -> None:
    assert worker.hello["type"] == "hello"
    assert worker.hello["protocol"] == protocol.PROTOCOL
    assert worker.hello["version"] == hb.__version__
    assert worker.hello["pid"] == worker.process.pid


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_as_the_library(worker: Worker, dtype: str) -> None:
    image = square(dtype)
    header, arrays = worker.ask(
        {
            "action": "remove",
            "options": {"method": "grabcut", "rect": [8, 8, 56, 56]},
            "want": ["mask", "layer", "trimap"],
        },
        image=image,
    )
    expected = hb.remove_background(image, method="grabcut", rect=(8, 8, 56, 56))
    assert header["type"] == "result"
    assert header["diagnostics"]["method"] == "grabcut"
    assert np.array_equal(arrays["layer"], expected.rgba(image.dtype))
    assert np.array_equal(arrays["mask"], arrays["layer"][..., 3])
    assert np.array_equal(arrays["trimap"], expected.trimap)


def test_edge_and_holes(worker: Worker) -> None:
    image = square("u1")
    image[28:36, 28:36] = image[0, 0]
    options = {"method": "grabcut", "rect": [8, 8, 56, 56], "edge": "hard", "holes": False}
    _, arrays = worker.ask({"action": "remove", "options": options, "want": ["mask"]}, image=image)
    expected = hb.remove_background(
        image, method="grabcut", rect=(8, 8, 56, 56), edge="hard", holes=False
    )
    assert arrays["mask"][32, 32] == 255
    assert np.array_equal(arrays["mask"], expected.rgba()[..., 3])


@pytest.mark.parametrize("dtype", ["u4", "f2", "f8"])
def test_wide_types(worker: Worker, dtype: str) -> None:
    header, arrays = worker.ask(
        {"action": "refine", "options": {"guide_kind": "trimap"}, "want": ["pixels", "mask"]},
        image=(image := square(dtype)),
        guide=TRIMAP,
    )
    assert header["type"] == "result"
    assert arrays["pixels"].dtype == arrays["mask"].dtype == np.dtype(dtype)
    whole = TRIMAP == 255
    assert (arrays["mask"][whole] == (1 if dtype[0] == "f" else np.iinfo(dtype).max)).all()
    assert np.array_equal(arrays["pixels"][whole][:, :3], image[whole])


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_grey_and_alpha(worker: Worker, channels: int) -> None:
    header, arrays = worker.ask(
        {"action": "refine", "options": {"guide_kind": "mask"}, "want": ["pixels", "layer"]},
        image=square(channels=channels),
        guide=MASK,
    )
    assert header["type"] == "result"
    assert arrays["pixels"].shape[2] == arrays["layer"].shape[2] == (2 if channels < 3 else 4)


def test_guides(worker: Worker) -> None:
    image = square()
    _, trimap = worker.ask(
        {"action": "refine", "options": {"guide_kind": "mask", "width": 8}, "want": ["trimap"]},
        image=image,
        guide=MASK,
    )
    assert np.array_equal(trimap["trimap"], TRIMAP)
    transparent = np.concatenate([image, MASK[..., None]], axis=2)
    _, arrays = worker.ask(
        {"action": "refine", "options": {"guide_kind": "alpha", "width": 8}, "want": ["alpha"]},
        image=transparent,
        guide=MASK,
    )
    expected = hb.remove_background(image, trimap=TRIMAP).alpha
    assert np.array_equal(arrays["alpha"], np.rint(expected * 255))


@pytest.mark.parametrize("opaque", [True, False])
def test_without_colours_alpha_is_the_same(worker: Worker, opaque: bool) -> None:
    image = square("u2", channels=3 if opaque else 4)
    if not opaque:
        image[:, :28, 3], image[:, 28:36, 3] = 0, 20_000
    expected = hb.remove_background(image, trimap=TRIMAP)
    header, arrays = worker.ask(
        {
            "action": "refine",
            "options": {"guide_kind": "trimap"},
            "want": ["mask", "alpha", "pixels", "trimap"],
            "clean": False,
        },
        image=image,
        guide=TRIMAP,
    )
    assert np.array_equal(arrays["alpha"], np.rint(expected.alpha * 65535))
    assert np.array_equal(arrays["mask"], np.rint(expected.mask() * 65535))
    assert np.array_equal(arrays["trimap"], expected.trimap)
    assert np.array_equal(arrays["pixels"][..., :3], image[..., :3])
    assert "foreground" not in header["diagnostics"]["seconds"]
    assert header["diagnostics"]["solver"] == expected.diagnostics["solver"]


def test_a_trimap_painted_on_nothing(worker: Worker) -> None:
    painted = np.stack([TRIMAP, np.where(TRIMAP == 128, 0, 255).astype(np.uint8)], axis=2)
    painted[TRIMAP == 128, 0] = 0
    _, arrays = worker.ask(
        {"action": "refine", "options": {"guide_kind": "trimap"}, "want": ["trimap"]},
        image=square(),
        guide=painted,
    )
    assert np.array_equal(arrays["trimap"], TRIMAP)


def test_trimap_and_clean(worker: Worker) -> None:
    image = square()
    _, arrays = worker.ask({"action": "trimap", "options": {"method": "grabcut"}}, image=image)
    expected = hb.find_trimap(image, method="grabcut").trimap
    assert np.array_equal(arrays["trimap"], expected)
    soft = np.where(TRIMAP == 128, 128, MASK).astype(np.uint8)
    _, arrays = worker.ask({"action": "clean", "want": ["pixels"]}, image=image, guide=soft)
    colours = hb.estimate_foreground(image, soft)
    seen = soft > 0
    assert np.array_equal(arrays["pixels"][seen][:, :3], np.rint(colours[seen] * 255))
    assert np.array_equal(arrays["pixels"][~seen][:, :3], image[~seen])
    assert np.array_equal(arrays["pixels"][..., 3], soft)


def test_errors_come_with_a_hint(worker: Worker) -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    header, _ = worker.ask({"action": "remove", "options": {"method": "key"}}, image=flat)
    assert header["type"] == "error"
    assert header["kind"] == "NoSubjectError"
    assert "Select the subject" in header["hint"]
    header, _ = worker.ask({"action": "remove", "options": {"model": "none-such"}}, image=flat)
    assert header["kind"] == "ModelNotFoundError"
    profile = np.frombuffer(b"no profile at all", np.uint8)
    header, _ = worker.ask({"action": "remove"}, image=flat, profile=profile)
    assert header["kind"] == "InvalidImageError"
    header, _ = worker.ask({"action": "fly"}, image=flat)
    assert "hybridbg gimp install" in header["message"]
    header, _ = worker.ask({"action": "refine"}, image=flat)  # no guide: a fault of the plug-in
    assert header["kind"] == "InternalError"


def test_a_request_is_begun_before_its_layer_is_there() -> None:
    guide = np.zeros((8, 8), np.uint8)  # nothing is foreground
    described = [
        {"name": "guide", "dtype": "u1", "shape": [8, 8]},
        {"name": "image", "dtype": "u1", "shape": [8, 8, 3]},
    ]
    header = {"type": "run", "id": 4, "action": "refine", "arrays": described}
    text = json.dumps(header | {"options": {"guide_kind": "trimap"}}).encode()
    with Worker() as worker:
        assert worker.process.stdin is not None
        worker.process.stdin.write(struct.pack("<I", len(text)) + text + guide.tobytes())
        worker.process.stdin.flush()
        answer, _ = worker.hear()
        assert (answer["id"], answer["kind"]) == (4, "InvalidTrimapError")
        worker.process.stdin.write(bytes(8 * 8 * 3))
        assert worker.ask({"action": "check"})[0]["type"] == "result"


def test_not_numbers(worker: Worker) -> None:
    image = square("f4")
    image[0, 0, 0] = np.nan
    header, _ = worker.ask({"action": "remove"}, image=image)
    assert "NaN" in header["message"]
    image[0, 0, 0] = 3
    header, _ = worker.ask({"action": "remove", "options": {"method": "grabcut"}}, image=image)
    assert "outside 0..1" in header["diagnostics"]["warnings"][0]


def test_cancel(worker: Worker) -> None:
    worker.say({"type": "run", "id": 7, "action": "remove"}, image=data.cat())
    assert worker.hear()[0]["type"] == "progress"
    worker.say({"type": "cancel", "id": 7})
    while (answer := worker.hear()[0])["type"] == "progress":
        pass
    assert answer == {"type": "cancelled", "id": 7, "arrays": []}
    header, _ = worker.ask({"action": "trimap", "options": {"method": "grabcut"}}, image=square())
    assert header["type"] == "result"  # it goes on with the next


def test_check(worker: Worker) -> None:
    header, _ = worker.ask({"action": "check"})
    names = {check["name"]: check["state"] for check in header["diagnostics"]["checks"]}
    assert names["kernels"] == "ok"


def test_ends_with_its_input() -> None:
    with Worker() as worker:
        worker.say({"type": "run", "id": 1, "action": "remove"}, image=data.cat())
        worker.hear()
        assert worker.process.stdin is not None
        worker.process.stdin.close()
        began = time.monotonic()
        worker.process.wait(timeout=10)
        assert worker.process.returncode == 3
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "noise", [b"GIF89a", struct.pack("<I", 4) + b"nope", struct.pack("<I", 2) + b"[]"]
)
def test_noise_is_refused(noise: bytes) -> None:
    with Worker() as worker:
        assert worker.process.stdin is not None
        worker.process.stdin.write(noise)
        worker.process.stdin.flush()
        assert worker.hear()[0]["type"] == "error"


def test_a_picture_whose_cut_out_is_larger_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybridbg.core.memory.available_memory", lambda: 64 * 64 * 20)
    image, guide = square(), TRIMAP
    header = {"action": "refine", "options": {"guide_kind": "trimap"}, "want": ["layer"]}
    with pytest.raises(hb.NotEnoughMemoryError, match="64 x 64 pixels"):
        actions.run(header, {"image": image, "guide": guide}, lambda *_: None)


def test_a_picture_larger_than_memory() -> None:
    header = {
        "type": "run",
        "arrays": [{"name": "image", "dtype": "f8", "shape": [2**20, 2**20, 4]}],
    }
    with Worker() as worker:
        text = json.dumps(header).encode()
        assert worker.process.stdin is not None
        worker.process.stdin.write(struct.pack("<I", len(text)) + text)
        worker.process.stdin.flush()
        answer, _ = worker.hear()
        assert answer["kind"] == "NotEnoughMemoryError"
        assert "Crop" in answer["hint"]
