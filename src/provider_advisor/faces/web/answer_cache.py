"""A cache of answers: those that the client already has, and those that the worker sent recently.

An answer is a function of what was asked, facts and rules, program, settings and day, and of nothing else: no account,
cookie or language. All of them are in its key, which the client gets as the ETag of an address:

    GET /answer?needs=sms  ->  ETag W/"3f…", computed, and its bytes are kept
    GET /answer?needs=sms  ->  the bytes that were kept
    GET /answer?needs=sms  with If-None-Match W/"3f…"  ->  304, no bytes

The ETag is weak, because compressed and plain bytes share it.

A question that is posted has the same key as long as it says the same, however its JSON is laid out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.faces.web.guard import resend_body
from provider_advisor.safe_text import read_json
from provider_advisor.written_values import today

_NOT_KEPT = ("/-/", "/mcp")
_NOT_STORED = ("/batch/", "/d/", "/decisions", "/keeper", "/api/v1/batch", "/api/v1/decisions")
"""What belongs to those who have its address, or changes while its address stays the same: no browser may store it."""

_POSTED = frozenset(["/api/v1/recommendation", "/api/v1/ask"])
"""Paths that can be posted to without changing anything on the server: equal bodies have equal answers."""

_OVERHEAD = 1_000
"""Estimated size of an entry without its body."""

_REFUSED_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(?=,|\Z)", re.IGNORECASE)
"""With `gzip;q=0`, a client refuses gzip; Starlette compresses wherever it finds the word."""

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class SentAnswer(NamedTuple):
    """A response as sent, compressed if the client accepts that."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def weight(self) -> int:
        """Return about how many bytes of memory it takes."""
        return len(self.body) + _OVERHEAD


SentAnswers = BoundedCache[tuple[str, bool], SentAnswer]
"""Answers by their keys; clients that accept gzip have entries of their own."""


def make_sent_answers(most_bytes: int) -> SentAnswers:
    """Return an empty cache for at most this many bytes of answers."""
    return SentAnswers(most_bytes, weigh=lambda answer: answer.weight)


class AnswerCache:
    """Middleware around everything that computes, renders and compresses answers.

    `edition` names all that answers depend on and requests do not say. What was `sent` is forgotten with the first
    request of another day.
    """

    def __init__(self, app: ASGIApp, edition: str, sent: SentAnswers) -> None:
        self._app, self._edition, self._sent, self._day = app, edition, sent, today()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or pass a request on and keep its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if _REFUSED_GZIP.search(accepted):
            MutableHeaders(scope=scope)["accept-encoding"] = _REFUSED_GZIP.sub("", accepted)
        if path.startswith(_NOT_KEPT):
            await self._app(scope, receive, send)
        elif path.startswith(_NOT_STORED):
            await self._app(scope, receive, _forbid_storing(send))
        elif scope["method"] == "GET":
            await self._answer_address(scope, receive, send)
        elif scope["method"] == "POST" and path in _POSTED:
            await self._answer_posted(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer_address(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        etag = self._make_key(scope, asked.get("x-fragment", ""))
        common = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "X-Fragment, Accept-Encoding"}
        # The header may list several ETags. With `*` any answer is good enough, once it is certain that there is one.
        known = asked.get("if-none-match", "")
        if etag.removeprefix("W/") in known or (known.strip() == "*" and self._find(etag, scope)):
            await Response(status_code=HTTPStatus.NOT_MODIFIED, headers=common)(scope, receive, send)
            return

        await self._answer(etag, scope, receive, send, common)

    async def _answer_posted(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]  # whole, because its size was limited before
        receive = resend_body(body, receive)
        try:
            # Lists keep their order, because an answer names requirements in the order of the question.
            question = json.dumps(read_json(body), sort_keys=True)
        except ValueError:  # the operation says what is wrong
            await self._app(scope, receive, send)
            return
        key = self._make_key(scope, f"{Headers(scope=scope).get('content-type')} {question}")
        await self._answer(key, scope, receive, send)

    def _make_key(self, scope: Scope, more: str) -> str:
        day = today()
        if day != self._day:
            self._sent.clear()  # questions of teams are kept no longer than needed
            self._day = day
        return make_etag(f"{self._edition} {more}", scope["path"], scope["query_string"].decode("latin-1"), day)

    async def _answer(
        self, etag: str, scope: Scope, receive: Receive, send: Send, common: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        """Send the kept response, or the application's, with caching headers if the answer may be cached."""
        if found := self._find(etag, scope):
            await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": list(found.headers)})
            await send({"type": "http.response.body", "body": found.body})
            return
        day = self._day
        begun: tuple[tuple[bytes, bytes], ...] | None = None

        async def keep(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                headers = MutableHeaders(scope=message)
                headers.update(common)
                begun = tuple(headers.raw)  # before the guard adds its headers, also to a kept response
            elif begun is not None:
                is_whole = message["type"] == "http.response.body" and not message.get("more_body", False)
                if is_whole and day == today():  # otherwise it may be an answer of the next day
                    self._sent.keep(_make_entry(etag, scope), SentAnswer(begun, message["body"]))
                begun = None
            await send(message)

        await self._app(scope, receive, keep)

    def _find(self, etag: str, scope: Scope) -> SentAnswer | None:
        return self._sent.find(_make_entry(etag, scope))


def _make_entry(etag: str, scope: Scope) -> tuple[str, bool]:
    return etag, "gzip" in Headers(scope=scope).get("accept-encoding", "")


def _forbid_storing(send: Send) -> Send:
    async def forbid(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = "no-store"
        await send(message)

    return forbid


def make_etag(edition: str, path: str, query: str, day: dt.date) -> str:
    """Return the ETag of an address on a day; it changes with the facts, the rules and the day."""
    digest = hashlib.blake2b(f"{edition}\n{day}\n{path}?{query}".encode(), digest_size=16)
    return f'W/"{digest.hexdigest()}"'
