"""Getting one file over HTTP, when a person has asked for it: the only place that uses a network.

HTTPS, or plain HTTP to this machine. A file cut short stays beside its target with a note of which
version of which address it is the beginning of (the server's ETag or date), and is continued from
there next time (RFC 9110: Range, If-Range); a server that ignores this, or whose file has changed,
sends the whole file, and it is begun anew. Proxies are those of the environment (``https_proxy``,
``http_proxy``, ``no_proxy``).
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final

from hybridbg.core.errors import ModelFetchError

__all__ = ["check_address", "download"]

TIMEOUT: Final = 30.0
"""Seconds without a byte after which a server counts as gone."""

_CHUNK: Final = 2**18
_PARTIAL, _FROM_THE_START, _BEYOND_THE_END = 206, 200, 416
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

ProgressCall = Callable[[int, int | None], None]


def download(
    url: str,
    target: Path,
    *,
    length: int | None = None,
    max_bytes: int,
    progress: ProgressCall | None = None,
    timeout: float = TIMEOUT,
) -> None:
    """Get a file, continuing what an earlier call left.

    Parameters
    ----------
    url : str
        Address; see `check_address`.
    target : Path
        Where the file grows; a note is kept beside it under the same name with ``.json`` behind.
        What is there without its note, or with that of another address, is begun anew.
    length : int, optional
        Bytes that the file must have.
    max_bytes : int
        Longer files are refused.
    progress : callable, optional
        Called with the bytes that are there and the bytes in all, None where nobody knows.
    timeout : float
        Seconds.

    Raises
    ------
    ModelFetchError
        The address is not safe, the server is out of reach or refuses, the file is cut short,
        too long, or not as long as it must be. What came is kept where it may be continued.
    """
    check_address(url)
    note = target.with_name(f"{target.name}.json")
    validator = _validator(note, url) if target.is_file() else None
    begun = target.stat().st_size if validator else 0
    try:
        response = _request(url, begun, validator, timeout)
        if response is None or not _continues(response, begun):
            if response is not None and response.status == _PARTIAL:  # another part than asked for
                response.close()
                response = None
            begun = 0
            response = response or _request(url, 0, None, timeout)
        if response is None:
            raise ModelFetchError(f"{url}: the server has no beginning of this file; try later")
    except urllib.error.HTTPError as error:
        with error:
            raise ModelFetchError(
                f"{url}: the server answers {error.code} {error.reason}; the file may have moved"
            ) from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error) from error
    with response:
        total = _total(response, begun)
        _check_length(url, total, length, max_bytes)
        if not begun:
            _write_note(note, url, response)
        with target.open("ab" if begun else "wb") as stream:
            received = _receive(url, response, stream, begun, total, max_bytes, progress)
    wanted = total if total is not None else length
    if wanted is not None and received != wanted:
        raise ModelFetchError(
            f"{url}: the connection ended after {received} of {wanted} bytes; run this again to go "
            "on from there"
        )
    note.unlink(missing_ok=True)


def check_address(url: str) -> None:
    """Refuse addresses that are neither HTTPS nor of this machine.

    Examples
    --------
    >>> check_address("https://example.org/net.onnx")
    >>> check_address("http://127.0.0.1:8000/net.onnx")
    >>> check_address("http://example.org/net.onnx")
    Traceback (most recent call last):
    ...
    hybridbg.core.errors.ModelFetchError: http://example.org/net.onnx: expected an address ...
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        return
    raise ModelFetchError(
        f"{url}: expected an address that begins with https:// (http:// only for this machine)"
    )


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follow redirections to safe addresses only, and from elsewhere never to this machine."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        check_address(newurl)
        hosts = [urllib.parse.urlsplit(one).hostname or "" for one in (req.full_url, newurl)]
        if _is_loopback(hosts[1]) and not _is_loopback(hosts[0]):
            raise ModelFetchError(f"{req.full_url}: the server redirects to this machine, {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _request(url: str, begun: int, validator: str | None, timeout: float) -> Any:
    """Ask for a file, or the rest of it; None where the server has no such rest."""
    headers = {"User-Agent": f"hybridbg/{version('hybridbg')}", "Accept-Encoding": "identity"}
    if begun and validator:
        headers |= {"Range": f"bytes={begun}-", "If-Range": validator}
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _SafeRedirects(),
    ):
        opener.add_handler(handler)
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked by the caller
    try:
        return opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if begun and error.code == _BEYOND_THE_END:
            error.close()
            return None
        raise


def _continues(response: Any, begun: int) -> bool:
    """Whether a response is the rest that was asked for."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return bool(response.status == _PARTIAL and found and int(found[1]) == begun)


def _total(response: Any, begun: int) -> int | None:
    """Bytes of the whole file, as far as the server says."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "")) if begun else None
    if found and found[2] != "*":
        return int(found[2])
    rest = response.headers.get("Content-Length", "")
    return begun + int(rest) if rest.isdigit() else None


def _check_length(url: str, total: int | None, length: int | None, max_bytes: int) -> None:
    if total is not None and length is not None and total != length:
        raise ModelFetchError(
            f"{url}: expected a file of {length} bytes, the server has one of {total}; it is not "
            "the published one"
        )
    if total is not None and total > max_bytes:
        raise _too_long(url, max_bytes)


def _receive(
    url: str,
    response: Any,
    stream: IO[bytes],
    received: int,
    total: int | None,
    max_bytes: int,
    progress: ProgressCall | None,
) -> int:
    """Write what comes; the number of bytes that are there in the end."""
    while True:
        try:
            chunk = response.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise ModelFetchError(
                f"{url}: the connection broke after {received} bytes ({error}); run this again to "
                "go on from there"
            ) from error
        if not chunk:
            return received
        received += len(chunk)
        if received > max_bytes:
            raise _too_long(url, max_bytes)
        stream.write(chunk)
        if progress is not None:
            progress(received, total)


def _too_long(url: str, max_bytes: int) -> ModelFetchError:
    return ModelFetchError(f"{url}: expected a file of at most {max_bytes} bytes, got a longer one")


def _unreachable(url: str, error: Exception) -> ModelFetchError:
    reason = getattr(error, "reason", None) or error
    return ModelFetchError(
        f"{url}: cannot be reached ({reason}); without a connection, get the file elsewhere and "
        "add it with `hybridbg models add FILE`; proxies are taken from https_proxy and no_proxy"
    )


def _write_note(note: Path, url: str, response: Any) -> None:
    """Note which version of which address the file is the beginning of."""
    validator = response.headers.get("ETag", "")
    if not validator.startswith('"'):  # a weak one does not promise the same bytes
        validator = response.headers.get("Last-Modified", "")
    if validator:
        note.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")
    else:
        note.unlink(missing_ok=True)


def _validator(note: Path, url: str) -> str | None:
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        return str(noted["validator"]) if noted["url"] == url else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
