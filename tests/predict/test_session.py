"""hybridbg.predict.session: what is loaded, what is refused, and sharing between threads."""

from __future__ import annotations

import hashlib
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hybridbg.core.errors import InvalidModelError, InvalidOptionError, ModelNotFoundError
from hybridbg.predict import session as sessions
from hybridbg.predict.providers import available_providers
from hybridbg.predict.session import new_session
from tests.predict.tiny_models import saliency_graph, trimap_graph


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch):
    monkeypatch.setattr(sessions, "_cache", {})


def batch(shape=(1, 4, 32, 32), seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def test_a_session_runs_the_network(tiny_trimap):
    session = new_session(tiny_trimap)
    answers = session.run(batch())
    assert {name: value.shape for name, value in answers.items()} == {
        "probabilities": (1, 3, 32, 32),
        "alpha": (1, 1, 32, 32),
    }
    np.testing.assert_allclose(answers["probabilities"].sum(axis=1), 1, atol=1e-6)
    assert session.sha256 == hashlib.sha256(tiny_trimap.read_bytes()).hexdigest()
    assert session.providers[-1] == "CPUExecutionProvider"
    assert "tiny" in repr(session)


def test_equal_requests_share_a_session(tiny_trimap):
    first = new_session(tiny_trimap)
    assert new_session(str(tiny_trimap)) is first
    assert new_session(first.spec) is first
    assert new_session(tiny_trimap, num_threads=first.num_threads + 1) is not first
    assert new_session(tiny_trimap, providers=["cpu"]) is not first
    assert new_session(tiny_trimap, providers=["CPUExecutionProvider"]) is new_session(
        tiny_trimap, providers=["cpu"]
    )


def test_a_replaced_file_is_loaded_again(tiny_trimap, write_model):
    first = new_session(tiny_trimap)
    old = tiny_trimap.stat()
    write_model(trimap_graph(), licence="other")
    os.utime(tiny_trimap, ns=(old.st_atime_ns, old.st_mtime_ns + 10**9))
    assert new_session(tiny_trimap) is not first


def test_only_a_few_sessions_are_kept(write_model):
    paths = [write_model(trimap_graph(), f"net{number}") for number in range(6)]
    kept = [new_session(path) for path in paths]
    assert len(sessions._cache) == 4
    assert new_session(paths[-1]) is kept[-1]
    assert new_session(paths[0]) is not kept[0]


def test_threads_share_and_agree(tiny_trimap):
    barrier = threading.Barrier(8)

    def work(number):
        barrier.wait()
        session = new_session(tiny_trimap)
        return session, session.run(batch(seed=number % 2))["alpha"]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    assert len({id(session) for session, _ in results}) == 1
    for number, (_, alpha) in enumerate(results):
        np.testing.assert_array_equal(alpha, results[number % 2][1])


def test_number_of_threads(tiny_trimap, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert new_session(tiny_trimap).num_threads == 3
    assert new_session(tiny_trimap, num_threads=1).num_threads == 1
    with pytest.raises(InvalidOptionError, match="num_threads"):
        new_session(tiny_trimap, num_threads=0)


def test_the_answer_does_not_depend_on_the_number_of_threads(tiny_trimap):
    one, four = (new_session(tiny_trimap, num_threads=number) for number in (1, 4))
    big = batch((1, 4, 256, 320))
    for name, value in one.run(big).items():
        np.testing.assert_array_equal(value, four.run(big)[name])


@pytest.mark.parametrize("providers", [["cuda9"], ["cpu", "nonsense"], [], "cpu", [""]])
def test_a_provider_that_is_not_there_is_an_error(tiny_trimap, providers):
    with pytest.raises(InvalidOptionError, match="providers"):
        new_session(tiny_trimap, providers=providers)


@pytest.fixture
def broken_cuda(monkeypatch):
    """A build of ONNX Runtime with CUDA, on a machine where it does not start."""
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("CUDA may start here")
    names = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)


@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_provider_that_does_not_start_is_an_error(tiny_trimap, broken_cuda, action):
    """Whether ONNX Runtime raises, or warns and goes on with the CPU alone."""
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        with pytest.raises(InvalidOptionError, match="CUDAExecutionProvider does not start"):
            new_session(tiny_trimap, providers=["cuda", "cpu"])


def test_the_best_that_starts_is_taken_when_none_is_asked_for(tiny_trimap, broken_cuda):
    assert new_session(tiny_trimap).providers == ("CPUExecutionProvider",)


def test_a_broken_file_is_not_blamed_on_the_provider(write_model, broken_cuda):
    with pytest.raises(InvalidModelError, match="cannot be loaded"):
        new_session(write_model(b"not a model"), providers=["cuda"])


def test_available_providers_end_with_the_cpu():
    assert available_providers()[-1] == "CPUExecutionProvider"


def test_no_provider_sends_pictures_away(tiny_trimap):
    assert not any("Azure" in name for name in available_providers())
    with pytest.raises(InvalidOptionError, match="azure"):
        new_session(tiny_trimap, providers=["azure"])


def test_a_wrong_digest_is_refused(write_model):
    path = write_model(trimap_graph(), sha256="0" * 64)
    with pytest.raises(InvalidModelError, match=f"{'0' * 64}, got [0-9a-f]{{64}}"):
        new_session(path)


def test_the_right_digest_is_accepted(write_model, tiny_trimap):
    digest = hashlib.sha256(tiny_trimap.read_bytes()).hexdigest()
    assert new_session(write_model(trimap_graph(), sha256=digest)).sha256 == digest


@pytest.mark.parametrize("content", [b"\0", b"not a model", b"\x08\x08" * 500, b"PK\x03\x04"])
def test_a_file_that_is_not_onnx(write_model, content, capfd):
    with pytest.raises(InvalidModelError, match="cannot be loaded"):
        new_session(write_model(content))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_file(write_model, share):
    content = trimap_graph().SerializeToString()
    with pytest.raises(InvalidModelError):
        new_session(write_model(content[: int(len(content) * share)]))


def test_an_empty_file(write_model):
    with pytest.raises(InvalidModelError, match="got 0 bytes"):
        new_session(write_model(b""))


def test_a_file_that_is_too_large(tiny_trimap, monkeypatch):
    monkeypatch.setattr(sessions, "MAX_MODEL_BYTES", 100)
    with pytest.raises(InvalidModelError, match="1 to 99 bytes"):
        new_session(tiny_trimap)


def test_weights_outside_of_the_file_are_not_followed(write_model, tmp_path):
    """External data may name any path; here it names a file beside the model's folder."""
    from onnx import TensorProto

    (tmp_path / "secret.bin").write_bytes(bytes(48))
    model = trimap_graph()
    for tensor in model.graph.initializer:
        if tensor.name == "classes":
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="../secret.bin")
    with pytest.raises(InvalidModelError, match="cannot be loaded"):
        new_session(write_model(model, folder=tmp_path / "models"))


@pytest.mark.parametrize(
    ("graph", "fields", "expected"),
    [
        (trimap_graph(channels=3), {}, "4 channels"),
        (trimap_graph(), {"has_hint": False}, "3 channels"),
        (trimap_graph(), {"layout": "NHWC"}, "NHWC"),
        (trimap_graph(outputs=("probabilities",)), {}, "alpha missing"),
        (saliency_graph(), {"has_hint": False}, "alpha and probabilities missing"),
    ],
)
def test_a_graph_other_than_described(write_model, graph, fields, expected):
    with pytest.raises(InvalidModelError, match=expected):
        new_session(write_model(graph, **fields))


def test_a_failing_run_names_the_shape(tiny_trimap):
    with pytest.raises(InvalidModelError, match=r"\(1, 5, 32, 32\)"):
        new_session(tiny_trimap).run(batch((1, 5, 32, 32)))


def test_nan_is_not_passed_on(tiny_trimap):
    poisoned = batch()
    poisoned[0, 0, 3, 3] = np.nan
    with pytest.raises(InvalidModelError, match="NaN"):
        new_session(tiny_trimap).run(poisoned)


def test_a_file_that_vanishes(tiny_trimap):
    session = new_session(tiny_trimap)
    tiny_trimap.unlink()
    with pytest.raises(ModelNotFoundError):
        new_session(session.spec)
    assert session.run(batch())["alpha"].shape == (1, 1, 32, 32)
