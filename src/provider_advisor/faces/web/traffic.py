"""What surrounds every request: how long it may take, how many a client may send, the log, and what a fault says."""

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
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provider_advisor.faces.text import show_text
from provider_advisor.faces.web.problems import respond_problem
from provider_advisor.faces.web.settings import ServeSettings

_FREE = ("/-/", "/static/")
"""What is asked for by operators, and beside each page, counts for no client's rate."""


class RequestRate:
    """How many requests each client sent in the last minute; of the clients, those silent for longest go first."""

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
        self._seen[client] = times  # at the end: the first in the mapping has been silent for longest
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
        """Write a line on standard error; without the query, which is what a team asks and nobody else's business."""
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
