"""Mistakes as RFC 9457 has them, `application/problem+json`, with one sentence for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from provider_advisor.errors import AdvisorError, BusyError, EngineError, KnowledgeError, RequirementsError, StoreError
from provider_advisor.faces.text import clean
from provider_advisor.safe_text import dump_json

__all__ = ["PROBLEM_TYPE", "ProblemError", "encode_json", "list_mistakes", "problem_schema", "respond_problem"]

PROBLEM_TYPE = "application/problem+json"
_LATER = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}


class ProblemError(Exception):
    """A request that cannot be answered, with its HTTP status."""

    def __init__(self, status: int, *mistakes: str) -> None:
        self.status = status
        self.mistakes = mistakes
        super().__init__(*mistakes)


def list_mistakes(error: AdvisorError) -> tuple[str, ...]:
    """Return the sentences of an error, as they are said of a request, which has no name."""
    mistakes = error.problems if isinstance(error, KnowledgeError | RequirementsError) else (str(error),)
    return tuple(clean(mistake.removeprefix("request: ")) for mistake in mistakes)


def get_status(error: AdvisorError) -> int:
    """Return the HTTP status for an error: those of the engine and the store are ours, all others the request's."""
    if isinstance(error, BusyError):
        return HTTPStatus.TOO_MANY_REQUESTS
    ours = isinstance(error, EngineError | StoreError)
    return HTTPStatus.SERVICE_UNAVAILABLE if ours else HTTPStatus.UNPROCESSABLE_ENTITY


def encode_json(content: object) -> bytes:
    """Return data as JSON; what no reader could decode, such as half of a pair of characters, is an escape."""
    try:
        return orjson.dumps(content)
    except TypeError:
        return dump_json(content).encode()


def respond_problem(status: int, mistakes: Iterable[str], headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a response; what is no fault of the request may be tried again after a second."""
    sentences = list(mistakes)
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": " ".join(sentences) or title,
        "mistakes": sentences,
    }
    waits = {"Retry-After": "1"} if status in _LATER else {}
    return Response(encode_json(body), status, {**waits, **(headers or {})}, PROBLEM_TYPE)


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of a problem."""
    text, number = {"type": "string"}, {"type": "integer"}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "mistakes"],
        "properties": {
            "type": text,
            "title": text,
            "status": number,
            "detail": text,
            "mistakes": {"type": "array", "items": text, "description": "one sentence for each mistake"},
        },
    }
