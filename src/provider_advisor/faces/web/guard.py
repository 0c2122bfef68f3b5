"""ASGI middleware that every request passes first; `app` sets the order.

`Guard` checks the host and the path, `Traffic` limits the time and the rate of requests, `SizeLimit` their size.
`ProblemPages` shows any refusal as a page to a person with a browser. A refusal is an application itself, so each class
asks whether to refuse, and calls what it finds:

    answering = self._refuse(scope) or self._app
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
from dataclasses import dataclass
from functools import partial
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


class HttpMiddleware:
    """ASGI middleware for requests; the start and the end of the server pass by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and pass on everything else."""
        answering = self.answer if scope["type"] == "http" else self._app
        await answering(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what a subclass does."""
        raise NotImplementedError


class Guard(HttpMiddleware):
    """Middleware that checks the server's host and path, and sets the headers of every response.

    Behind a proxy that serves the pages under a path, this path is removed from requests here and added to redirects,
    so that the application never sees it.
    """

    def __init__(self, app: ASGIApp, fingerprint: str, settings: ServeSettings) -> None:
        super().__init__(app)
        self._fingerprint, self._root, self._hosts = fingerprint, settings.root, settings.hosts

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it is for another host, or is a change sent by a page of another site."""
        root_path.set(self._root)
        if self._root and scope["path"].startswith(f"{self._root}/"):
            path = scope["path"].removeprefix(self._root)
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        answering = self._refuse(scope) or self._app
        await answering(scope, receive, self._add_headers(send))

    def _refuse(self, scope: Scope) -> Response | None:
        # Health checks come by the address of the machine.
        if self._hosts and not scope["path"].startswith("/-/") and _read_host(scope) not in self._hosts:
            return respond_problem(HTTPStatus.MISDIRECTED_REQUEST, ["This server does not answer under that name."])
        # Browsers say which site sent a form. `Origin` does not work: under this server's referrer policy it is null.
        is_safe = scope["method"] in {"GET", "HEAD", "OPTIONS"}
        if not is_safe and Headers(scope=scope).get("sec-fetch-site") in {"cross-site", "same-site"}:
            sentence = "A page of another site sent this form; open the page on this server and send it from there."
            return respond_problem(HTTPStatus.FORBIDDEN, [sentence])
        return None

    def _add_headers(self, send: Send) -> Send:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Knowledge"] = self._fingerprint
                # /answer becomes /advisor/answer here, and in `responses.render` within pages.
                for name in ("Location", "X-Address"):
                    if self._root and headers.get(name, "").startswith("/"):
                        headers[name] = self._root + headers[name]
            await send(message)

        return add


def _read_host(scope: Scope) -> str:
    """Return the requested host name without its port."""
    host = Headers(scope=scope).get("host", "").lower()
    return host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]


class SizeLimit(HttpMiddleware):
    """Middleware that refuses requests that are too large, or compressed, before they are read."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        super().__init__(app)
        self._settings = settings

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its body read, or refuse it."""
        # Bytes that are not text are treated like percent-escapes, and refused as unknown words.
        scope = {**scope, "query_string": quote_from_bytes(scope["query_string"], safe=_ASCII).encode()}
        refused = self._refuse(scope)
        if refused is None and scope["method"] in {"POST", "PUT", "PATCH"}:
            most = self._settings.get_most_bytes(scope["path"])
            body = await _read_body(receive, most)
            refused = _refuse_body(most) if body is None else None
            receive = resend_body(body or b"", receive)
        # The routes of FastAPI take no HEAD, so it is asked as GET, and the body is left out.
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        await (refused or self._app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        size, most = len(scope["query_string"]), self._settings.query
        if size > most:
            sentence = (
                f"The address has {size:,} characters, but at most {most:,} are read; send the question as JSON to "
                "/api/v1/recommendation."
            )
            return respond_problem(HTTPStatus.REQUEST_URI_TOO_LONG, [sentence])
        # A body with a declared length is refused before a byte is read. Any other is counted as it arrives.
        length, most = Headers(scope=scope).get("content-length", ""), self._settings.get_most_bytes(scope["path"])
        if length.isascii() and length.isdigit() and int(length) > most:
            return _refuse_body(most)
        coding = Headers(scope=scope).get("content-encoding", "identity")
        if coding.strip().lower() not in {"", "identity"}:
            sentence = f"A body with Content-Encoding: {coding[:40]} is not read; send it uncompressed."
            return respond_problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, [sentence], {"Accept-Encoding": "identity"})
        return None


def _refuse_body(most: int) -> Response:
    sentence = f"The body is too large; at most {most:,} bytes are read."
    return respond_problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [sentence])


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


def _without_body(send: Send) -> Send:
    async def leave_out(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return leave_out


class ProblemPages(HttpMiddleware):
    """Middleware that shows refusals as pages to people; programs get the problem as it is.

    `show` makes the page of a status and its sentences.
    """

    def __init__(self, app: ASGIApp, show: Callable[[int, Sequence[str]], Response]) -> None:
        super().__init__(app)
        self._show = show

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put a page in place of a problem."""
        if not wants_page(scope):
            await self._app(scope, receive, send)
            return
        begun: list[Message] = []

        async def replace(message: Message) -> None:
            # A page has another length and type than the problem that it replaces, so the start of the response waits
            # for the body.
            if message["type"] == "http.response.start":
                # A compressed one has passed through the application, which shows pages itself.
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


@dataclass
class _Progress:
    """What is known of a request while it is answered."""

    begin: float
    status: int = 0
    sent: int = 0
    arrived: bool = False


class Traffic(HttpMiddleware):
    """Middleware that limits the rate of requests and the time of each, and logs them."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        super().__init__(app)
        self._settings = settings
        self._rate = RequestRate(settings.rate)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request within its time, or say why not."""
        progress = _Progress(time.monotonic())

        async def note_arrival() -> Message:
            message = await receive()
            progress.arrived = progress.arrived or not message.get("more_body", False)
            return message

        async def note_sent(message: Message) -> None:
            progress.status = message.get("status", progress.status)
            progress.sent += len(message.get("body", b""))
            await send(message)

        try:
            answering = self._refuse(scope) or partial(self._answer, progress)
            await answering(scope, note_arrival, note_sent)
        finally:
            self._log(scope, progress)

    def _refuse(self, scope: Scope) -> Response | None:
        client = (scope.get("client") or ("",))[0]
        wait = 0 if scope["path"].startswith(_FREE) else self._rate.take(client, time.monotonic())
        if not wait:
            return None
        sentence = f"More than {self._settings.rate} requests came within a minute; try again in {wait} seconds."
        return respond_problem(HTTPStatus.TOO_MANY_REQUESTS, [sentence], {"Retry-After": str(wait)})

    async def _answer(self, progress: _Progress, scope: Scope, receive: Receive, send: Send) -> None:
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

    def _refuse_late(self, progress: _Progress) -> Response:
        seconds = f"{self._settings.seconds:g} seconds"
        if progress.arrived:
            sentence = f"The answer took longer than {seconds}; ask for less at once, or try again."
            return respond_problem(HTTPStatus.SERVICE_UNAVAILABLE, [sentence])
        return respond_problem(HTTPStatus.REQUEST_TIMEOUT, [f"The request did not arrive within {seconds}."])

    def _log(self, scope: Scope, progress: _Progress) -> None:
        """Log a request on standard error, without the query, because a team's question is private."""
        if self._settings.log == "none":
            return
        line = {
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "client": (scope.get("client") or ("",))[0],
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
