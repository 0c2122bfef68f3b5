"""The page of a keeper who serves with `--watch`: what is wrong with the files, and answers before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.errors import AdvisorError
from provider_advisor.faces.web.address import read_address, write_address
from provider_advisor.faces.web.pages import EXAMPLES
from provider_advisor.faces.web.problems import list_mistakes, read_fields
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.faces.web.templating import show_page
from provider_advisor.faces.web.watch import Watching
from provider_advisor.knowledge import KnowledgeBase


class AnswerTurn(NamedTuple):
    """A question, and what was and is answered to it."""

    asked: str
    address: str
    before: str
    after: str


def make_keeper_page(service: KnowledgeService, watching: Watching) -> APIRouter:
    """Return the route of /keeper."""
    router = APIRouter(include_in_schema=False)

    @router.get("/keeper", response_model=None)
    def show_keeper(request: Request) -> Response:
        """Show what the last look at the files found; the query is the question to compare, or there are examples."""
        query = request.query_params.multi_items()
        mistakes: Sequence[str] = ()
        faults: Mapping[str, Sequence[str]] = {}
        turns: list[AnswerTurn] = []
        try:
            read_fields({name: partial(_read_field, name, request, watching) for name in ("needs", "wants")})
            turns = list(_compare(query, watching))
        except AdvisorError as error:
            mistakes, faults = list_mistakes(error), getattr(error, "faults", {})
        page = show_page(
            service,
            "keeper.html.j2",
            "What the files say now",
            422 if mistakes else 200,
            mistakes=mistakes,
            faults=faults,
            watching=watching,
            turns=turns,
            needs=request.query_params.get("needs", ""),
            wants=request.query_params.get("wants", ""),
        )
        page.headers["Cache-Control"] = "no-store"  # it changes while its address and the served base do not
        return page

    return router


def _read_field(name: str, request: Request, watching: Watching) -> None:
    """Read one field of the form by itself. Raises RequirementsError."""
    read_address([(name, request.query_params.get(name, ""))], watching.knowledge)


def _compare(query: list[tuple[str, str]], watching: Watching) -> Iterator[AnswerTurn]:
    if any(text.strip() for _, text in query):
        yield _turn("This question", query, watching)
        return
    for words, address in EXAMPLES:
        try:
            yield _turn(words, [tuple(part.split("=", 1)) for part in address.split("&")], watching)  # type: ignore[misc]
        except AdvisorError:
            continue  # the examples are those of the shipped files


def _turn(words: str, query: list[tuple[str, str]], watching: Watching) -> AnswerTurn:
    statement = read_address(query, watching.knowledge).statement
    before = _answer(query, watching.before) if watching.before else ""
    return AnswerTurn(words, write_address(statement, watching.knowledge), before, _answer(query, watching.knowledge))


def _answer(query: list[tuple[str, str]], knowledge: KnowledgeBase) -> str:
    """Return the verdict in a sentence, or why the base could not answer."""
    service = KnowledgeService(knowledge)
    try:
        found: Any = service.recommend(read_address(query, knowledge).statement).explanation.verdict
    except AdvisorError as error:
        return " ".join(list_mistakes(error))
    return str(found.reason)
