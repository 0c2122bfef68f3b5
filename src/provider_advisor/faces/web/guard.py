"""What every request passes first: its size is limited, and every response says what a browser may do with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import quote, quote_from_bytes

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provider_advisor.faces.web.problems import PROBLEM_TYPE, respond_problem
from provider_advisor.faces.web.settings import ServeSettings
from provider_advisor.faces.web.templating import root_path

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


class Guard:
    """ASGI middleware around everything: the name and path of the server, and the headers of every response.

    Behind a proxy that offers the pages below a path, the application sees its own paths and never that one: it is
    taken off requests here, and put before the addresses to which responses lead.
    """

    def __init__(self, app: ASGIApp, fingerprint: str, settings: ServeSettings) -> None:
        self._app, self._fingerprint, self._settings = app, fingerprint, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it asks another server, or changes something for a page of another site."""
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
        # Browsers say who sent a form. `Origin` would not do: under this server's own policy on referrers it is null.
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
    """ASGI middleware that refuses what is too large before it is read."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its body read, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Bytes that are no text are read like the escapes that should have been sent, and refused as unknown words.
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
    """ASGI middleware around all other: what they refuse, a person is told on a page, and a program as it is.

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
    """Return whether a request is that of a person with a browser."""
    return "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].startswith(_FOR_PROGRAMS)


def _read_host(scope: Scope) -> str:
    """Return the name under which the server is asked, without its port."""
    host = Headers(scope=scope).get("host", "").lower()
    return host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]


def _without_body(send: Send) -> Send:
    async def leave_out(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return leave_out


async def _read_body(receive: Receive, most: int) -> bytes | None:
    """Return a whole body, None where it has more bytes than allowed; no more of it is kept then."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > most:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def replay_body(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that has been read, and then what else comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give
