"""The middleware that every request passes first: it refuses, limits and logs, and sets the headers of every response.

It checks the host, the site that sent a form, the rate of a client's requests, the size of the address and of the body,
and lets no request take longer than allowed.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import math
import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, quote_from_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provider_advisor.faces.text import show_text
from provider_advisor.faces.web.responses import refuse, root_path
from provider_advisor.faces.web.settings import ServeSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_FREE = ("/-/", "/static/")
"""Health checks, and files loaded by every page, do not count for a client's rate."""

_SAFE = frozenset(["GET", "HEAD", "OPTIONS"])
_WITH_BODY = frozenset(["POST", "PUT", "PATCH"])


@dataclass
class _Progress:
    """What is known of a request while it is answered."""

    begin: float
    arrived: bool
    status: int = 0
    sent: int = 0


class Guard:
    """Middleware around the application, and around the cache of its answers.

    Behind a proxy that serves the pages under a path, this path is removed from requests here and added to redirects,
    so that the application never sees it.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings, self._rate = app, settings, RequestRate(settings.rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request within its time, or say why not; the start and the end of the server pass by."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root_path.set(self._settings.root)
        scope = self._simplify(scope)
        progress = _Progress(time.monotonic(), arrived=scope["method"] not in _WITH_BODY)

        async def note_sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                progress.status = message["status"]
                self._add_headers(MutableHeaders(scope=message), scope)
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            progress.sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._answer(scope, receive, note_sent, progress)
        finally:
            self._log(scope, progress)

    def _simplify(self, scope: Scope) -> Scope:
        # Bytes that are not text are treated like percent-escapes, and refused as unknown words.
        query = quote_from_bytes(scope["query_string"], safe=_ASCII).encode()
        path = scope["path"]
        if not self._settings.root or not path.startswith(f"{self._settings.root}/"):
            return {**scope, "query_string": query}
        path = path.removeprefix(self._settings.root)
        return {**scope, "query_string": query, "path": path, "raw_path": quote(path).encode()}

    def _add_headers(self, headers: MutableHeaders, scope: Scope) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers["X-Knowledge"] = scope["app"].state.service.knowledge.fingerprint
        # /answer becomes /advisor/answer here, and in `responses.render` within pages.
        for name in ("Location", "X-Address"):
            if self._settings.root and headers.get(name, "").startswith("/"):
                headers[name] = self._settings.root + headers[name]

    async def _answer(self, scope: Scope, receive: Receive, send: Send, progress: _Progress) -> None:
        limit = asyncio.timeout(self._settings.seconds)
        try:
            async with limit:
                await self._pass_on(scope, receive, send, progress)
        except TimeoutError:
            # Other code may raise TimeoutError too, and a status that was sent cannot be replaced.
            if not limit.expired() or progress.status:
                raise
            status, sentence = self._say_late(progress)
            await refuse(scope, status, [sentence])(scope, receive, send)
        except Exception:  # noqa: BLE001 (whatever happens, a client gets a sentence and the log the reason)
            traceback.print_exc(file=sys.stderr)
            if not progress.status:
                sentence = "A bug in the program prevented an answer; the server's log has more."
                await refuse(scope, HTTPStatus.INTERNAL_SERVER_ERROR, [sentence])(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, progress: _Progress) -> None:
        """Pass a request on with its body read, or refuse it."""
        for status, sentence, headers in self._list_faults(scope):
            await refuse(scope, status, [sentence], headers)(scope, receive, send)
            return
        if scope["method"] in _WITH_BODY:
            most = self._settings.get_most_bytes(scope["path"])
            body = await _read_body(receive, most)
            progress.arrived = True
            if body is None:
                await refuse(scope, *_say_too_large(most))(scope, receive, send)
                return
            receive = resend_body(body, receive)
        # The routes of FastAPI take no HEAD, so it is asked as GET, and the body is left out.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._app({**scope, "method": method}, receive, send)

    def _list_faults(self, scope: Scope) -> Iterator[tuple[HTTPStatus, str, Mapping[str, str]]]:
        """Yield why a request is refused before its body is read: the status, a sentence, and headers.

        Only the first is told, and what follows it is not tried.
        """
        settings, headers, path = self._settings, Headers(scope=scope), scope["path"]
        # Health checks come by the address of the machine.
        if settings.hosts and not path.startswith("/-/") and _read_host(headers) not in settings.hosts:
            yield HTTPStatus.MISDIRECTED_REQUEST, "This server does not answer under that name.", {}
        # Browsers say which site sent a form. `Origin` does not work: under this server's referrer policy it is null.
        if scope["method"] not in _SAFE and headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
            sentence = "A page of another site sent this form; open the page on this server and send it from there."
            yield HTTPStatus.FORBIDDEN, sentence, {}
        wait = 0 if path.startswith(_FREE) else self._rate.take(_read_client(scope), time.monotonic())
        if wait:
            sentence = f"More than {settings.rate} requests came within a minute; try again in {wait} seconds."
            yield HTTPStatus.TOO_MANY_REQUESTS, sentence, {"Retry-After": str(wait)}
        if (size := len(scope["query_string"])) > settings.query:
            sentence = (
                f"The address has {size:,} characters, but at most {settings.query:,} are read; send the question as "
                "JSON to /api/v1/recommendation."
            )
            yield HTTPStatus.REQUEST_URI_TOO_LONG, sentence, {}
        # A body with a declared length is refused before a byte is read. Any other is counted as it arrives.
        length, most = headers.get("content-length", ""), settings.get_most_bytes(path)
        if length.isascii() and length.isdigit() and int(length) > most:
            status, [sentence] = _say_too_large(most)
            yield status, sentence, {}
        coding = headers.get("content-encoding", "identity")
        if coding.strip().lower() not in {"", "identity"}:
            sentence = f"A body with Content-Encoding: {coding[:40]} is not read; send it uncompressed."
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence, {"Accept-Encoding": "identity"}

    def _say_late(self, progress: _Progress) -> tuple[HTTPStatus, str]:
        seconds = f"{self._settings.seconds:g} seconds"
        if progress.arrived:
            sentence = f"The answer took longer than {seconds}; ask for less at once, or try again."
            return HTTPStatus.SERVICE_UNAVAILABLE, sentence
        return HTTPStatus.REQUEST_TIMEOUT, f"The request did not arrive within {seconds}."

    def _log(self, scope: Scope, progress: _Progress) -> None:
        """Log a request on standard error, without the query, because a team's question is private."""
        if self._settings.log == "none":
            return
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "client": _read_client(scope),
            "method": scope["method"],
            "path": scope["path"],
            "status": progress.status,
            "milliseconds": round((time.monotonic() - progress.begin) * 1000, 1),
            "bytes": progress.sent,
            "worker": os.getpid(),
            "agent": Headers(scope=scope).get("user-agent", ""),
        }
        text = json.dumps(line) if self._settings.log == "json" else " ".join(map(json.dumps, line.values()))
        show_text(text, err=True)


def _read_host(headers: Headers) -> str:
    """Return the requested host name without its port."""
    host = headers.get("host", "").lower()
    return host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]


def _read_client(scope: Scope) -> str:
    return (scope.get("client") or ("",))[0]


def _say_too_large(most: int) -> tuple[HTTPStatus, list[str]]:
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [f"The body is too large; at most {most:,} bytes are read."]


async def _read_body(receive: Receive, most: int) -> bytes | None:
    """Return a whole body, or None as soon as it exceeds the allowed size."""
    body, is_whole = bytearray(), False
    while not is_whole:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        is_whole = not message.get("more_body", False)
    return bytes(body)


def resend_body(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that yields the body already read, then whatever follows."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


class RequestRate:
    """The number of requests of each client in the last minute; the least recent clients are dropped first."""

    def __init__(self, most: int, clients: int = 10_000) -> None:
        self._most, self._clients = most, clients
        self._seen: dict[str, deque[float]] = {}

    def take(self, client: str, now: float) -> int:
        """Count a request at a time in seconds; return 0, or after how many seconds the client may try again.

        >>> rate = RequestRate(2)
        >>> [rate.take("a", second) for second in (0, 10, 20, 61)], rate.take("b", 20)
        ([0, 0, 40, 0], 0)
        """
        # The minute slides. By the minutes of the clock, a client could send twice as many within two seconds: the last
        # of one minute and the first of the next.
        if not self._most:
            return 0
        times = self._seen.pop(client, None) or deque()
        self._seen[client] = times  # moved to the end, so that the least recent client is first
        if len(self._seen) > self._clients:
            del self._seen[next(iter(self._seen))]
        while times and times[0] <= now - 60:
            times.popleft()
        # A refused request does not count, so a client that keeps trying gets in once the oldest of its requests is a
        # minute old.
        if len(times) >= self._most:
            return math.ceil(times[0] + 60 - now)
        times.append(now)
        return 0
