"""The templates of the pages; parts of an answer are those of the report that `recommend --format html` writes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from http import HTTPStatus
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from provider_advisor.explanation.words import capital
from provider_advisor.faces.report.pages import keep_days
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.requirements.doubtful_words import drop_listing_advice

root_path: ContextVar[str] = ContextVar("root_path", default="")
"""The path under which a proxy offers the pages; each link of a page begins with it, and no template has to know."""

_CODE = re.compile("`([^`]+)`")
_OPTIONS = re.compile(r"(?<=[.?]) [A-Z][^.?]*[\s(]--[a-z].*", re.DOTALL)
"""Advice on options of the command, behind a sentence on what is wrong: `… To continue, use --matches FILE.`"""

_WORD = re.compile("[a-z]+ ")
_COMMAND = "<code>recommend criteria</code>"
_LINK = re.compile(r'(\s(?:href|action|src|data-address)=")/')

_HEADINGS = {
    403: "The form was not accepted",
    404: "There is no such page",
    405: "This page cannot be used like that",
    408: "The request took too long",
    413: "That is too much at once",
    414: "The address is too long",
    421: "Nothing is here under that name",
    422: "The request cannot be answered",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Try again later",
}
"""What a page says of a status."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("provider_advisor.faces.web", "templates"),
                PackageLoader("provider_advisor.faces.report", "templates"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "capital": capital,
        "keep_days": keep_days,
        "mark_code": mark_code,
        "reason": _show_reason,
        "sentence": _show_sentence,
    }
    return environment


def mark_code(text: object) -> Markup:
    """Return a text in which what is between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped before)


def _show_sentence(text: str, *, linked: bool = True) -> Markup:
    """Return what is wrong as a sentence of a page, with a capital letter unless it begins with the name of a file."""
    return _show_reason(capital(text) if _WORD.match(text) else text, linked=linked)


def _show_reason(text: str, *, linked: bool = True) -> Markup:
    """Return what is wrong as a page says it: with a link for the command that lists criteria, and without options.

    What is a link itself is not `linked`.
    """
    shown = str(mark_code(_OPTIONS.sub("", drop_listing_advice(text))))
    criteria = '<a href="/criteria">the criteria</a>' if linked else "the criteria"
    return Markup(shown.replace(_COMMAND, criteria))  # noqa: S704 (escaped before)


def render(template: str, /, **values: Any) -> str:  # noqa: ANN401 (whatever a template shows)
    """Return a page."""
    page, root = _environment().get_template(template).render(**values), root_path.get()
    return _LINK.sub(rf"\1{root}/", page) if root else page


def show_page(
    service: KnowledgeService,
    template: str,
    /,
    title: str,
    status: int = 200,
    **values: Any,  # noqa: ANN401 (as above)
) -> HTMLResponse:
    """Return a template as a response, with what the frame of every page shows."""
    shared = {
        "mistakes": (),
        "faults": {},
        "mend": "",
        "is_missing": False,
        "indexed": False,
        "scope": service.describe_scope(),
        "keeps": service.keeps,
        "watches": service.watches,
        "say_id": service.knowledge.spell_id,
    }
    here = template.partition(".")[0]
    faults: Mapping[str, Sequence[str]] = values.get("faults", {})
    shared["places"] = {sentence: name for name, sentences in faults.items() for sentence in sentences}
    values = {**shared, "fingerprint": service.knowledge.fingerprint, "title": title, "here": here, **values}
    return HTMLResponse(render(template, **values), status)


def show_refusal(
    service: KnowledgeService,
    heading: str,
    status: int,
    mistakes: Sequence[str] = (),
    **values: Any,  # noqa: ANN401 (as above)
) -> HTMLResponse:
    """Return a page that says what is wrong; `mend` is the address of a form on which it can be corrected."""
    return show_page(service, "plain.html.j2", heading, status, mistakes=mistakes, heading=heading, **values)


def show_error(service: KnowledgeService, status: int, sentences: Sequence[str] = ()) -> HTMLResponse:
    """Return the page of a status, for a request that leads to no page."""
    heading = _HEADINGS.get(status) or HTTPStatus(status).phrase
    is_missing = status == HTTPStatus.NOT_FOUND
    return show_refusal(service, heading, status, () if is_missing else sentences, is_missing=is_missing)
