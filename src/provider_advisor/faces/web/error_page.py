"""The page for a request that leads to none."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import HTMLResponse

from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.faces.web.templating import show_page

__all__ = ["show_error"]

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


def show_error(service: KnowledgeService, status: int, sentences: Sequence[str] = ()) -> HTMLResponse:
    """Return a page for a request that leads to none."""
    heading = _HEADINGS.get(status) or HTTPStatus(status).phrase
    said = () if status == HTTPStatus.NOT_FOUND else sentences
    is_missing = status == HTTPStatus.NOT_FOUND
    return show_page(service, "plain.html.j2", heading, status, mistakes=said, heading=heading, is_missing=is_missing)
