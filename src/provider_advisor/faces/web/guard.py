"""ASGI middleware that every request passes first; `app` sets the order.

`Guard` checks the host and the path, `Traffic` limits the time and the rate of requests, `SizeLimit` their size.
`ProblemPages` shows any refusal as a page to a person with a browser.
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
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import quote, quote_from_bytes

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provider_advisor.faces.text import show_text
from provider_advisor.faces.web.responses import PROBLEM_TYPE, respond_problem, root_path
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


_FOR_PROGRAMS = ("/api/", "/-/", "/static/", "/mcp")
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_FREE = ("/-/", "/static/")
"""Health checks, and files loaded by every page, do not count for a client's rate."""


class Guard:
    """ASGI middleware that checks the server's host and path, and sets the headers of every response.

    Behind a proxy that serves the pages under a path, this path is removed from requests here and added to redirects,
    so that the application never sees it.
    """

    def __init__(self, app: ASGIApp, fingerprint: str, settings: ServeSettings) -> None:
        self._app, self._fingerprint, self._settings = app, fingerprint, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it is for another host, or is a change sent by a page of another site."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings, add = self._settings, self._add_headers(send)
        root_path.set(settings.root)
        if settings.root and scope["path"].startswith(f"{settings.root}/"):
            path = scope["path"].removeprefix(settings.root)
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        if settings.hosts and not scope["path"].startswith("/-/") and _read_host(scope) not in settings.hosts:
            sentence = "This server does not answer under that name."
            await respond_problem(HTTPStatus.MISDIRECTED_REQUEST, [sentence])(scope, receive, add)
            return
        # Browsers say which site sent a form. `Origin` does not work: under this server's referrer policy it is null.
        is_safe = scope["method"] in {"GET", "HEAD", "OPTIONS"}
        if not is_safe and Headers(scope=scope).get("sec-fetch-site") in {"cross-site", "same-site"}:
            sentence = "A page of another site sent this form; open the page on this server and send it from there."
            await respond_problem(HTTPStatus.FORBIDDEN, [sentence])(scope, receive, add)
            return
        await self._app(scope, receive, add)

    def _add_headers(self, send: Send) -> Send:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Knowledge"] = self._fingerprint
                for name in ("Location", "X-Address"):
                    if self._settings.root and headers.get(name, "").startswith("/"):
                        headers[name] = self._settings.root + headers[name]
            await send(message)

        return add


class SizeLimit:
    """ASGI middleware that refuses requests that are too large, before they are read."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its body read, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Bytes that are not text are treated like percent-escapes, and refused as unknown words.
        scope = {**scope, "query_string": quote_from_bytes(scope["query_string"], safe=_ASCII).encode()}
        size = len(scope["query_string"])
        if size > self._settings.query:
            sentence = (
                f"The address has {size:,} characters, but at most {self._settings.query:,} are read; send the "
                "question as JSON to /api/v1/recommendation."
            )
            await respond_problem(HTTPStatus.REQUEST_URI_TOO_LONG, [sentence])(scope, receive, send)
            return
        most = self._settings.get_most_bytes(scope["path"])
        # A body with a declared length is refused before a byte is read. Any other is counted as it arrives.
        length = Headers(scope=scope).get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > most:
            await self._refuse_body(scope, receive, send, most)
            return
        if scope["method"] in {"POST", "PUT", "PATCH"}:
            body = await _read_body(receive, most)
            if body is None:
                await self._refuse_body(scope, receive, send, most)
                return
            receive = replay_body(body, receive)
        if scope["method"] == "HEAD":  # what GET says, without the body
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        await self._app(scope, receive, send)

    async def _refuse_body(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        sentence = f"The body is too large; at most {most:,} bytes are read."
        await respond_problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [sentence])(scope, receive, send)


class ProblemPages:
    """ASGI middleware that shows refusals as pages to people; programs get the problem as it is.

    `show` makes the page of a status and its sentences.
    """

    def __init__(self, app: ASGIApp, show: Callable[[int, Sequence[str]], Response]) -> None:
        self._app, self._show = app, show

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put a page in place of a problem."""
        if scope["type"] != "http" or not wants_page(scope):
            await self._app(scope, receive, send)
            return
        begun: list[Message] = []

        async def replace(message: Message) -> None:
            # A page has another length and type than the problem that it replaces, so the start of the response waits
            # for the body.
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                if headers.get("content-type") == PROBLEM_TYPE and "content-encoding" not in headers:
                    begun.append(message)
                    return
            elif begun:
                page = self._show(begun[0]["status"], orjson.loads(message["body"])["mistakes"])
                headers = MutableHeaders(raw=begun[0]["headers"])
                headers.update(page.headers)
                await send({**begun.pop(), "headers": headers.raw})
                message = {**message, "body": page.body}
            await send(message)

        await self._app(scope, receive, replace)


def wants_page(scope: Scope) -> bool:
    """Return whether a request comes from a person with a browser."""
    return "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].startswith(_FOR_PROGRAMS)


def _read_host(scope: Scope) -> str:
    """Return the requested host name without its port."""
    host = Headers(scope=scope).get("host", "").lower()
    return host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]


def _without_body(send: Send) -> Send:
    async def leave_out(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return leave_out


async def _read_body(receive: Receive, most: int) -> bytes | None:
    """Return a whole body, or None as soon as it exceeds the allowed size."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > most:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def replay_body(body: bytes, receive: Receive) -> Receive:
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
        if not self._most:
            return 0
        times = self._seen.pop(client, None) or deque()
        self._seen[client] = times  # moved to the end, so that the least recent client is first
        if len(self._seen) > self._clients:
            del self._seen[next(iter(self._seen))]
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= self._most:
            return math.ceil(times[0] + 60 - now)
        times.append(now)
        return 0


class _Progress:
    """What is known of a request while it is answered."""

    def __init__(self) -> None:
        self.status = 0
        self.sent = 0
        self.arrived = False


class Traffic:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings
        self._rate = RequestRate(settings.rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request within its time, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, progress = time.monotonic(), _Progress()

        async def note_arrival() -> Message:
            message = await receive()
            progress.arrived = progress.arrived or not message.get("more_body", False)
            return message

        async def note_sent(message: Message) -> None:
            progress.status = message.get("status", progress.status)
            progress.sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._answer(scope, note_arrival, note_sent, progress)
        finally:
            self._log(scope, progress, time.monotonic() - begin)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, progress: _Progress) -> None:
        path, client = scope["path"], (scope.get("client") or ("",))[0]
        wait = 0 if path.startswith(_FREE) else self._rate.take(client, time.monotonic())
        if wait:
            sentence = f"More than {self._settings.rate} requests came within a minute; try again in {wait} seconds."
            refused = respond_problem(HTTPStatus.TOO_MANY_REQUESTS, [sentence], {"Retry-After": str(wait)})
            await refused(scope, receive, send)
            return
        limit = asyncio.timeout(self._settings.seconds)
        try:
            async with limit:
                await self._app(scope, receive, send)
        except TimeoutError:
            # Other code may raise TimeoutError too, and a status that was sent cannot be replaced.
            if not limit.expired() or progress.status:
                raise
            await self._refuse_late(progress)(scope, receive, send)
        except Exception:  # noqa: BLE001 (whatever happens, a client gets a sentence and the log the reason)
            traceback.print_exc(file=sys.stderr)
            if not progress.status:
                sentence = "A bug in the program prevented an answer; the server's log has more."
                await respond_problem(HTTPStatus.INTERNAL_SERVER_ERROR, [sentence])(scope, receive, send)

    def _refuse_late(self, progress: _Progress) -> ASGIApp:
        seconds = f"{self._settings.seconds:g} seconds"
        if progress.arrived:
            sentence = f"The answer took longer than {seconds}; ask for less at once, or try again."
            return respond_problem(HTTPStatus.SERVICE_UNAVAILABLE, [sentence])
        return respond_problem(HTTPStatus.REQUEST_TIMEOUT, [f"The request did not arrive within {seconds}."])

    def _log(self, scope: Scope, progress: _Progress, seconds: float) -> None:
        """Log a request on standard error, without the query, because a team's question is private."""
        if self._settings.log == "none":
            return
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "client": (scope.get("client") or ("",))[0],
            "method": scope["method"],
            "path": scope["path"],
            "status": progress.status,
            "milliseconds": round(seconds * 1000, 1),
            "bytes": progress.sent,
            "worker": os.getpid(),
            "agent": Headers(scope=scope).get("user-agent", ""),
        }
        text = (
            json.dumps(line) if self._settings.log == "json" else " ".join(json.dumps(part) for part in line.values())
        )
        show_text(text, err=True)
