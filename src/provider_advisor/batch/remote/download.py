"""Download inputs from https:// before reading them, so that rows can be counted and read again."""

from __future__ import annotations

import base64
import http.client
import ssl
import string
import tempfile
from email.message import Message
from functools import partial
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from provider_advisor.batch.remote.addresses import hide_secrets, refuse_unescaped, show_address
from provider_advisor.errors import BatchError, BatchFailure, describe_cause
from provider_advisor.version import __version__

LARGEST_DOWNLOAD = 5_000_000_000
_PATIENCE = 30
_CHUNK = 1 << 20
_LONGEST_REASON = 80
_TOO_BUSY = {429, 500, 502, 503, 504}
_REDIRECTS = range(300, 400)
_BROKEN = (OSError, ValueError, http.client.HTTPException)
_folders: list[tempfile.TemporaryDirectory[str]] = []
"""Folders with downloads; they are removed when the process ends."""


class _SecureRedirects(HTTPRedirectHandler):
    """Follows redirects only to https://, so that an encrypted address never leads to plain text."""

    def redirect_request(  # noqa: PLR0913, PLR0917 (as urllib calls it)
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage | Message, newurl: str
    ) -> Request | None:
        if not newurl.startswith("https://"):
            raise URLError(f"it redirects to {urlsplit(newurl).scheme}://, which is not encrypted")
        fp.close()  # urllib would read the text beside the redirect, which may be cut off
        found = super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]
        login = req.unredirected_hdrs.get("Authorization")
        if found is not None and login and urlsplit(newurl).netloc == urlsplit(req.full_url).netloc:
            found.add_unredirected_header("Authorization", login)
        return found


def download(url: str, largest: int = LARGEST_DOWNLOAD) -> Path:
    """Download an address to a local file, which exists until the process ends.

    Raises BatchError if it cannot be read or has more than `largest` bytes, and BatchFailure if it ends early, cannot
    be saved, or the server is too busy.
    """
    refuse_unescaped(url)
    name = show_address(url)
    try:
        request = _make_request(url)
        answer = _make_opener().open(request, timeout=_PATIENCE)
    except HTTPError as error:
        raise _refuse_status(name, error.code, error.reason) from error
    except _BROKEN as error:
        cause = error.reason if isinstance(error, URLError) else error
        advice = "check the URL and the network."
        if isinstance(cause, ssl.SSLCertVerificationError):
            advice = "if you trust this server, give the file of its certificate in SSL_CERT_FILE."
        raise BatchError(f"{name} cannot be read ({_describe(cause, url)}); {advice}") from error
    with answer:
        if answer.status != HTTPStatus.OK:  # 206, for example, is only a part
            raise _refuse_status(name, answer.status, answer.reason)
        return _save(answer, name, url, largest)


def _make_request(url: str) -> Request:
    """Return the request for an address, as people write it: with spaces, other letters, or a user and password."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    path, query = (quote(part, safe=string.punctuation) for part in (parts.path, parts.query))
    address = parts._replace(netloc=host, path=path, query=query, fragment="").geturl()
    request = Request(address, headers={"User-Agent": f"recommend/{__version__}"})  # noqa: S310 (https alone comes here)
    if login:
        user, _, password = login.partition(":")
        token = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")  # never sent to another server
    return request


def _make_opener() -> OpenerDirector:
    context = ssl.create_default_context()
    # Otherwise a connection that is cut looks like the end of an answer that does not say its length, and the rest of
    # the rows would be lost without a word.
    context.wrap_socket = partial(context.wrap_socket, suppress_ragged_eofs=False)  # type: ignore[method-assign]
    return build_opener(HTTPSHandler(context=context), _SecureRedirects)


def _refuse_status(name: str, code: int, reason: object) -> BatchError:
    said = f"{code} {str(reason)[:_LONGEST_REASON]}"
    if code in _TOO_BUSY:
        return BatchFailure(f"{name} cannot be read now ({said}); run again later.")
    if code in _REDIRECTS:  # urllib's reason would show the address, which may have secrets of its own
        said = f"{code}: it redirects in circles, or to an address that cannot be read"
    return BatchError(f"{name} cannot be read ({said}); check the URL.")


def _describe(error: object, url: str) -> str:
    """Return why a connection failed, on one line and without secrets."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"certificate verify failed: {error.verify_message.rstrip('.')}"
    elif isinstance(error, ssl.SSLError) and error.reason:
        said = f"TLS: {error.reason.replace('_', ' ').lower()}"
    elif isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.InvalidURL):
        said = "its answer is not valid HTTP"
    else:
        said = describe_cause(error) if isinstance(error, BaseException) else str(error)
    return hide_secrets(said, url)


def _save(answer: http.client.HTTPResponse, name: str, url: str, largest: int) -> Path:
    length = answer.headers.get("Content-Length", "")
    announced = int(length) if length.isdigit() else None
    of = "" if announced is None else f" of {announced:,}"
    size = 0
    try:
        folder = tempfile.TemporaryDirectory(prefix="recommend-")
        _folders.append(folder)
        place = Path(folder.name) / (PurePosixPath(unquote(urlsplit(url).path)).name[-100:] or "download")
        with place.open("wb") as file:
            # Both are compared with the limit: a server need not say how long its answer is, nor tell the truth.
            while max(size, announced or 0) <= largest and (part := _read_some(answer, f"{size:,}{of}", name, url)):
                size += file.write(part)
    except OSError as error:
        raise BatchFailure(
            f"{name} cannot be saved in {tempfile.gettempdir()} ({describe_cause(error)}); free some space, or choose "
            "another folder in TMPDIR."
        ) from error
    if max(size, announced or 0) > largest:
        raise BatchError(f"{name} has more than {largest:,} bytes; download it, and read the file or its parts.")
    if announced not in {None, size}:
        raise BatchFailure(f"{name} ended after {size:,}{of} bytes; run again.")
    return place


def _read_some(answer: http.client.HTTPResponse, so_far: str, name: str, url: str) -> bytes:
    try:
        return answer.read1(_CHUNK)
    except _BROKEN as error:
        is_cut = isinstance(error, ssl.SSLEOFError | http.client.IncompleteRead)
        cause = "" if is_cut else f" ({_describe(error, url)})"
        raise BatchFailure(f"{name} ended after {so_far} bytes{cause}; run again.") from error
