"""Mistakes as RFC 9457 has them, `application/problem+json`, with one sentence for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from provider_advisor.errors import AdvisorError, BusyError, EngineError, KnowledgeError, RequirementsError, StoreError
from provider_advisor.faces.text import clean
from provider_advisor.safe_text import dump_json

_REQUEST = re.compile(r"\Arequest(:\d+)?: ")
"""Where a mistake is, if it is in a request: that has no name, and no lines."""

PROBLEM_TYPE = "application/problem+json"
_LATER = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}


def list_mistakes(error: AdvisorError) -> tuple[str, ...]:
    """Return the sentences of an error, as they are said of a request, which has no name."""
    mistakes = error.problems if isinstance(error, KnowledgeError | RequirementsError) else (str(error),)
    return tuple(clean(_REQUEST.sub("", mistake)) for mistake in mistakes)


class FieldError(RequirementsError):
    """What is wrong with a form: `faults` has the sentences on each field, by the id of its element on the page."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        self.faults = faults
        super().__init__(*(sentence for sentences in faults.values() for sentence in sentences))


def read_fields(readers: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Return what each field of a form says. Raises FieldError with all mistakes."""
    found, faults = dict[str, Any](), dict[str, Sequence[str]]()
    for name, read in readers.items():
        try:
            found[name] = read()
        except RequirementsError as error:
            faults[name] = list_mistakes(error)
    if faults:
        raise FieldError(faults)
    return found


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
