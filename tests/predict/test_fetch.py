"""hybridbg.predict.fetch: one file over HTTP from a real server on this machine."""

from __future__ import annotations

import socket
import threading
import urllib.request

import pytest

from hybridbg.core.errors import ModelFetchError
from hybridbg.predict.fetch import _SafeRedirects, check_address, download
from tests.predict.server import serving

CONTENT = bytes(range(256)) * 4000  # more than one chunk
LIMIT = 2**21


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    with serving(CONTENT) as server:
        yield server


@pytest.fixture
def target(tmp_path):
    return tmp_path / "net.onnx.part"


def fetch(server, target, **options):
    download(server.url, target, **({"max_bytes": LIMIT, "timeout": 5} | options))


def cut_short(server, target, after=300_000):
    """Leave the beginning of a file."""
    server.cut = after
    with pytest.raises(ModelFetchError, match=rf"after {after} of {len(CONTENT)} bytes"):
        fetch(server, target)
    server.cut = None
    assert target.stat().st_size == after


def test_a_fresh_file(server, target):
    seen = []
    fetch(
        server, target, length=len(CONTENT), progress=lambda here, total: seen.append((here, total))
    )
    assert target.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [here for here, _ in seen] == sorted({here for here, _ in seen})
    assert list(target.parent.iterdir()) == [target]
    [(path, headers)] = server.requests
    assert path == "/net.onnx"
    assert "Range" not in headers
    assert headers["User-Agent"].startswith("hybridbg/")


def test_a_file_is_continued(server, target):
    cut_short(server, target)
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert server.requests[-1][1]["Range"] == "bytes=300000-"
    assert server.requests[-1][1]["If-Range"] == '"one"'


def test_a_server_that_ignores_ranges(server, target):
    cut_short(server, target)
    server.ranges = False
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile(server, target):
    cut_short(server, target)
    server.content, server.etag = CONTENT[::-1], '"two"'
    fetch(server, target)
    assert target.read_bytes() == CONTENT[::-1]


def test_a_file_that_became_shorter_than_what_is_here(server, target):
    """416: there is no such rest."""
    cut_short(server, target)
    server.content = CONTENT[:1000]
    fetch(server, target)
    assert target.read_bytes() == CONTENT[:1000]


def test_a_server_that_sends_another_rest_than_asked_for(server, target):
    cut_short(server, target)
    server.shift = 5
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert [headers.get("Range") for _, headers in server.requests] == [
        None,
        "bytes=300000-",
        None,
    ]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_validator_a_file_is_begun_anew(server, target, etag):
    server.etag = etag
    cut_short(server, target)
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert "Range" not in server.requests[-1][1]


@pytest.mark.parametrize("note", ["", "{}", '{"url": 3}', '{"url": "x", "validator": "y"}', "[]"])
def test_a_note_of_something_else_is_not_trusted(server, target, note):
    target.write_bytes(b"something else")
    target.with_name(target.name + ".json").write_text(note)
    fetch(server, target)
    assert target.read_bytes() == CONTENT


def test_a_broken_off_answer_of_unknown_length(server, target):
    server.says_length = False
    server.cut = 1000
    with pytest.raises(ModelFetchError, match=f"after 1000 of {len(CONTENT)}"):
        fetch(server, target, length=len(CONTENT))


def test_another_length_than_published(server, target):
    with pytest.raises(ModelFetchError, match=f"expected a file of 77 bytes.*{len(CONTENT)}"):
        fetch(server, target, length=77)
    assert not target.exists()


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_that_is_too_long(server, target, says_length):
    server.says_length = says_length
    with pytest.raises(ModelFetchError, match="at most 600000 bytes"):
        fetch(server, target, max_bytes=600_000)
    assert not target.exists() or target.stat().st_size <= 600_000


@pytest.mark.parametrize("status", [404, 403, 500, 503])
def test_a_server_that_has_no_such_file(server, target, status):
    server.status = status
    with pytest.raises(ModelFetchError, match=f"answers {status}"):
        fetch(server, target)
    assert not target.exists()


def test_nobody_there(target):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelFetchError, match=r"cannot be reached.*refused.*models add FILE"):
        download(f"http://127.0.0.1:{port}/a", target, max_bytes=LIMIT, timeout=5)


def test_somebody_who_says_nothing(target):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with pytest.raises(ModelFetchError, match=r"cannot be reached \(timed out\)"):
            download(f"http://127.0.0.1:{port}/a", target, max_bytes=LIMIT, timeout=0.2)


def test_somebody_who_talks_nonsense(target):
    def answer():
        connection, _ = rude.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"hello\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as rude:
        thread = threading.Thread(target=answer)
        thread.start()
        port = rude.getsockname()[1]
        with pytest.raises(ModelFetchError, match="cannot be reached"):
            download(f"http://127.0.0.1:{port}/a", target, max_bytes=LIMIT, timeout=5)
        thread.join()


def test_a_name_that_does_not_resolve(target):
    with pytest.raises(ModelFetchError, match="cannot be reached"):
        download("https://nowhere.invalid/net.onnx", target, max_bytes=LIMIT, timeout=5)


def test_the_proxy_of_the_environment(server, target, monkeypatch):
    """A proxy is asked for the whole address, and tunnels for HTTPS."""
    proxy = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("https_proxy", proxy)
    download("http://localhost:9/net.onnx", target, max_bytes=LIMIT, timeout=5)
    assert server.requests[-1][0] == "http://localhost:9/net.onnx"
    assert target.read_bytes() == CONTENT
    with pytest.raises(ModelFetchError, match="cannot be reached"):
        download("https://example.invalid/net.onnx", target, max_bytes=LIMIT, timeout=5)
    assert server.requests[-1][0] == "example.invalid:443"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    fetch(server, target)
    assert server.requests[-1][0] == "/net.onnx"


def test_redirections(server, target):
    with serving(CONTENT) as other:
        server.location = other.url
        fetch(server, target)
        assert target.read_bytes() == CONTENT
    for unsafe in ("http://example.org/a", "ftp://127.0.0.1/a", "file:///etc/passwd"):
        server.location = unsafe
        with pytest.raises(ModelFetchError, match=r"begins with https|not allowed"):
            fetch(server, target)


def test_no_redirection_from_elsewhere_to_this_machine():
    asked = urllib.request.Request("https://example.org/a")
    redirected = _SafeRedirects().redirect_request
    with pytest.raises(ModelFetchError, match="redirects to this machine"):
        redirected(asked, None, 302, "Found", {}, "http://127.0.0.1/a")
    assert redirected(asked, None, 302, "Found", {}, "https://example.com/a")


def test_redirections_without_end(server, target):
    server.location = server.url
    with pytest.raises(ModelFetchError, match="302"):
        fetch(server, target)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/net.onnx",
        "ftp://example.org/net.onnx",
        "file:///etc/passwd",
        "net.onnx",
        "",
        "https://",
        "https://[::1/net.onnx",
        "https://a:b/net.onnx",
        "http://127.0.0.1.example.org/net.onnx",
        "http://localhost.example.org/net.onnx",
    ],
)
def test_unsafe_addresses(url, target):
    with pytest.raises(ModelFetchError, match="begins with https"):
        download(url, target, max_bytes=LIMIT)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/a", "http://[::1]:80/a", "http://127.8.8.8/a", "http://localhost/a"],
)
def test_safe_addresses(url):
    check_address(url)
