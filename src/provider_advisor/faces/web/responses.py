"""Responses of the server: pages from templates, JSON, CSV, and errors.

Parts of an answer use the templates of the HTML report. Programs get mistakes as `application/problem+json` (RFC 9457);
`error_sentences` words them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from http import HTTPStatus
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Form
from jinja2 import Environment
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from provider_advisor.errors import AdvisorError, BusyError, EngineError, RequirementsError, StoreError
from provider_advisor.explanation.words import capital, weight_text
from provider_advisor.faces.knowledge_records import describe_place
from provider_advisor.faces.report.html import make_environment
from provider_advisor.faces.web.error_sentences import (
    list_mistakes,
    mark_code,
    record_mistakes,
    show_reason,
    show_sentence,
)
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.safe_text import dump_json

root_path: ContextVar[str] = ContextVar("root_path", default="")
"""The path under which a proxy serves the pages; `render` puts it before each link, so no template has to know it."""

left_out: ContextVar[str] = ContextVar("left_out", default="")
"""What a page says of the parameters of its address that it does not have; `request_reading` sets it."""

_LINK = re.compile(r'(\s(?:href|action|src|data-address)=")/')
_LINK_TO_CLAIMS = re.compile(r'(\shref="/(?:criteria|providers|sources)/[^"?#]+)')

_HEADINGS = {
    403: "The form was not accepted",
    404: "There is no such page",
    405: "This page cannot be used this way",
    408: "The request took too long",
    413: "The request is too large",
    414: "The address is too long",
    415: "Files of this kind are not read",
    421: "Unknown host name",
    422: "The request cannot be answered",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Try again later",
}
"""What a page says of a status."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_Found = TypeVar("_Found")
FormText = Annotated[str, Form()]
NOTHING_HERE = "There is nothing at this address."
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_SECONDS_TO_WAIT: Mapping[int, str] = {HTTPStatus.SERVICE_UNAVAILABLE: "1", HTTPStatus.TOO_MANY_REQUESTS: "60"}
_FOR_PROGRAMS = ("/api/", "/-/", "/static/", "/mcp")


def render(template: str, /, **values: Any) -> str:  # noqa: ANN401 (whatever a template shows)
    """Return a page."""
    # With the root /advisor, <a href="/facts"> becomes <a href="/advisor/facts">.
    # Text cannot look like one of these attributes, because all inserted quotes are escaped.
    page, root = _get_environment().get_template(template).render(**values), root_path.get()
    # On a page as of another day, "/sources/gdpr-46#acme-fax" becomes "/sources/gdpr-46?as_of=2024-01-01#acme-fax".
    if day := values.get("linked_day"):
        page = _LINK_TO_CLAIMS.sub(rf"\1?as_of={day}", page)
    return _LINK.sub(rf"\1{root}/", page) if root else page


@cache
def _get_environment() -> Environment:
    environment = make_environment("provider_advisor.faces.web", "provider_advisor.faces.report")
    environment.filters |= {
        "capital": capital,
        "mark_code": mark_code,
        "place": describe_place,
        "reason": show_reason,
        "sentence": show_sentence,
        "weight": weight_text,
    }
    return environment


def show_page(
    service: KnowledgeService,
    template: str,
    /,
    title: str,
    status: int = 200,
    wrong: AdvisorError | None = None,
    **values: Any,  # noqa: ANN401 (as above)
) -> HTMLResponse:
    """Return a template as a response, with the variables that every page needs.

    A `wrong` request is explained at the top of the page and beside the fields of its form, and sets the page's status.
    With a `linked_day`, links to claims are to those of that day.
    """
    if wrong is not None and status == HTTPStatus.OK:
        status = get_status(wrong)
    shared = {
        "mistakes": list_mistakes(wrong) if wrong is not None else (),
        "faults": getattr(wrong, "faults", {}),
        "mend": "",
        "left_out": left_out.get(),
        "is_missing": False,
        "indexed": False,
        "service": service,
        "knowledge": service.knowledge,
        "say_id": service.knowledge.spell_id,
    }
    here = template.partition(".")[0]
    values = {**shared, "title": title, "here": here, **values}
    # A mistake in the list at the top links to its field: {"Unknown area 'vidoe'; …": "area"}.
    faults: Mapping[str, Sequence[str]] = values["faults"]
    values["places"] = {sentence: name for name, sentences in faults.items() for sentence in sentences}
    return HTMLResponse(render(template, **values), status)


def show_refusal(
    service: KnowledgeService,
    heading: str,
    status: int = 200,
    **values: Any,  # noqa: ANN401 (as above)
) -> HTMLResponse:
    """Return a page with an error; `mend` is the address of a form to correct it."""
    return show_page(service, "plain.html.j2", heading, status, heading=heading, **values)


# Errors


def refuse(scope: Scope, status: int, sentences: Sequence[str], headers: Mapping[str, str] = _NOTHING) -> Response:
    """Return why a request is not answered: a page for a person with a browser, a problem for a program."""
    if not wants_page(scope):
        return respond_problem(status, sentences, headers)
    heading = _HEADINGS.get(status) or HTTPStatus(status).phrase
    mistakes = [sentence for sentence in sentences if sentence != NOTHING_HERE]  # the heading says it
    is_missing = status == HTTPStatus.NOT_FOUND
    page = show_refusal(scope["app"].state.service, heading, status, mistakes=mistakes, is_missing=is_missing)
    page.headers.update({**_say_wait(status), **headers})
    return page


def respond_problem(status: int, mistakes: Iterable[str], headers: Mapping[str, str] = _NOTHING) -> Response:
    """Return a problem as a response."""
    told, title = record_mistakes(mistakes), HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": " ".join(told["mistakes"]) or title,
        **told,
    }
    return Response(encode_json(body), status, {**_say_wait(status), **headers}, "application/problem+json")


def _say_wait(status: int) -> dict[str, str]:
    """Return the header that says when to try again, where the server is at fault or busy."""
    return {"Retry-After": _SECONDS_TO_WAIT[status]} if status in _SECONDS_TO_WAIT else {}


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of a problem."""
    text, number = {"type": "string"}, {"type": "integer"}
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail", "mistakes", "did_you_mean"],
        "properties": {
            "type": text,
            "title": text,
            "status": number,
            "detail": text,
            "mistakes": {"type": "array", "items": text, "description": "one sentence for each mistake"},
            "did_you_mean": {"type": "array", "items": text, "description": "the words that the sentences suggest"},
        },
    }


def get_status(error: AdvisorError) -> int:
    """Return the HTTP status of an error: 5xx for the engine and the store, 4xx for everything else."""
    if isinstance(error, MissingError):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, BusyError):
        return HTTPStatus.TOO_MANY_REQUESTS
    ours = isinstance(error, EngineError | StoreError)
    return HTTPStatus.SERVICE_UNAVAILABLE if ours else HTTPStatus.UNPROCESSABLE_ENTITY


class MissingError(RequirementsError):
    """There is nothing at an address, because of a name in it."""


# Data


class JsonResponse(JSONResponse):
    """JSON written by orjson; a JSONResponse, because FastAPI documents any other class as text."""

    def render(self, content: object) -> bytes:
        """Return the bytes."""
        return encode_json(content)


def encode_json(content: object) -> bytes:
    """Return data as JSON; what UTF-8 cannot encode, such as half of a surrogate pair, becomes an escape."""
    try:
        return orjson.dumps(content)
    except TypeError:
        return dump_json(content).encode()


def write_csv(rows: Iterable[Sequence[str]]) -> Response:
    """Return rows as CSV in which no cell can be taken for a formula, and numbers have no thousands separators."""
    plain = ([_THOUSANDS.sub("", cell) for cell in row] for row in rows)
    return Response("".join(write_safe_lines(plain)), media_type="text/csv; charset=utf-8")


def write_safe_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines of CSV in which no cell can be taken for a formula by a spreadsheet program."""
    for row in rows:
        line = io.StringIO()
        writer = csv.writer(line, lineterminator="\n")
        writer.writerow([f"'{cell}" if cell[:1] in _FORMULAS else cell for cell in row])
        yield line.getvalue()


# What a request asks for


def get_form(request: Request) -> str:
    """Return the form that an address asks for by its ending, such as ".json"; empty for a page."""
    # Of the route, because a name in an address may have a dot: /criteria/e.164 is a page.
    return PurePosixPath(request.scope["route"].path).suffix


def wants_page(scope: Scope) -> bool:
    """Return whether a request comes from a person with a browser."""
    return "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].startswith(_FOR_PROGRAMS)


def is_fragment(request: Request) -> bool:
    """Return whether a script requests only the part of a page that changes with each tick."""
    return request.headers.get("x-fragment") == "1"


def look_up(find: Callable[[str], _Found], name: str) -> _Found:
    """Return what the name in an address stands for. Raises MissingError."""
    try:
        return find(name)
    except RequirementsError as error:
        raise MissingError(*error.problems) from error
