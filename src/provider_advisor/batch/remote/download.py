"""Download inputs from https:// before reading them, so that rows can be counted and read again."""

from __future__ import annotations

import http.client
import tempfile
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from provider_advisor.batch.remote.addresses import hide_secrets, show_address
from provider_advisor.errors import BatchError, BatchFailure, describe_cause
from provider_advisor.version import __version__

LARGEST_DOWNLOAD = 5_000_000_000
_PATIENCE = 30
_CHUNK = 1 << 20
_folders: list[tempfile.TemporaryDirectory[str]] = []
"""Folders with downloads; they are removed when the process ends."""


class _SecureRedirects(HTTPRedirectHandler):
    """Follows redirects only to https://, so that an encrypted address never leads to plain text."""

    def redirect_request(  # noqa: PLR0913, PLR0917 (as urllib calls it)
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage | Message, newurl: str
    ) -> Request | None:
        if not newurl.startswith("https://"):
            raise URLError(f"it redirects to {urlsplit(newurl).scheme}://, which is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def download(url: str, largest: int = LARGEST_DOWNLOAD) -> Path:
    """Download an address to a local file, which exists until the process ends.

    Raises BatchError if it cannot be read or has more than `largest` bytes, and BatchFailure if it ends early.
    """
    name = show_address(url)
    folder = tempfile.TemporaryDirectory(prefix="recommend-")
    _folders.append(folder)
    place = Path(folder.name) / (PurePosixPath(unquote(urlsplit(url).path)).name[-100:] or "download")
    request = Request(url, headers={"User-Agent": f"recommend/{__version__}"})  # noqa: S310 (https alone comes here)
    try:
        with build_opener(_SecureRedirects).open(request, timeout=_PATIENCE) as answer:
            _save(answer, place, name, largest)
    except HTTPError as error:
        raise BatchError(f"{name} cannot be read ({error.code} {error.reason}); check the URL.") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) else error
        said = describe_cause(cause) if isinstance(cause, OSError) else str(cause) or type(cause).__name__
        raise BatchError(
            f"{name} cannot be read ({hide_secrets(' '.join(said.split()), url)}); check the URL and the network."
        ) from error
    return place


def _save(answer: http.client.HTTPResponse, place: Path, name: str, largest: int) -> None:
    length = answer.headers.get("Content-Length", "")
    announced = int(length) if length.isdigit() else None
    size = 0
    # Both are compared with the limit: a server need not say how long its answer is, nor tell the truth.
    with place.open("wb") as file:
        while max(size, announced or 0) <= largest and (part := answer.read(_CHUNK)):
            size += file.write(part)
    if max(size, announced or 0) > largest:
        raise BatchError(f"{name} has more than {largest:,} bytes; download it, and read the file or its parts.")
    if announced not in {None, size}:
        raise BatchFailure(f"{name} ended after {size:,} of {announced:,} bytes; run again.")
