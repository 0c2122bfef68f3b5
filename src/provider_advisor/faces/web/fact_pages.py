"""The browser of facts: what the claims come to on a day, by provider, criterion and state, with the sources.

A fact is current, stale (past the time for which facts of its kind are good), disputed (its sources contradict one
another) or unknown (no source says it). Without a state all are listed that some source says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.side_by_side import ComparedFact, ComparedRow
from provider_advisor.faces.web.api import JsonResponse, read_day
from provider_advisor.faces.web.facts_view import show_row, write_csv
from provider_advisor.faces.web.problems import FieldError, read_fields
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.faces.web.templating import show_page
from provider_advisor.knowledge import Fact, Facts

_STATES = ("current", "stale", "disputed", "unknown")
_COLUMNS = ("provider", "criterion", "says", "state", "stated", "source")


class _FactFilter(NamedTuple):
    """What the address asks for; None leaves it open."""

    provider: str | None
    criterion: str | None
    state: str | None
    facts: Facts


def make_fact_pages(service: KnowledgeService) -> APIRouter:
    """Return the routes of the browser of facts: the page, and the same rows as JSON and CSV."""
    router = APIRouter(include_in_schema=False)

    @router.get("/facts", response_model=None)
    @router.get("/facts{form}", response_model=None)
    def show_facts(request: Request, form: str = "") -> Response:
        if form not in {"", ".json", ".csv"}:
            raise HTTPException(404)
        facts, rows, mistakes = service.facts(), list[dict[str, Any]](), tuple[str, ...]()
        faults: Mapping[str, Sequence[str]] = {}
        try:
            asked = _read_address(request, service)
            facts, rows = asked.facts, list(_list_rows(asked, service))
        except FieldError as error:
            if form:
                raise
            mistakes, faults = error.problems, error.faults
        if form == ".json":
            return JsonResponse([{name: row[name] for name in _COLUMNS} for row in rows])
        if form == ".csv":
            return write_csv([_COLUMNS, *([row[name] or "" for name in _COLUMNS] for row in rows)])
        chosen = {name: request.query_params.get(name, "") for name in ("provider", "criterion", "state", "as_of")}
        providers = [(one.id, one.name) for one in facts.knowledge.providers.values()]
        return show_page(
            service,
            "fact_list.html.j2",
            "Facts",
            422 if mistakes else 200,
            here="facts",
            mistakes=mistakes,
            faults=faults,
            rows=rows,
            states=_STATES,
            providers=providers,
            chosen=chosen,
            day=facts.as_of,
            query=request.url.query,
        )

    return router


def _read_address(request: Request, service: KnowledgeService) -> _FactFilter:
    """Return what the address asks for. Raises FieldError."""
    query = request.query_params

    def say(name: str, read: Callable[[str], Any]) -> Callable[[], Any]:
        return lambda: read(query[name]) if query.get(name) else None

    found = read_fields(
        {
            "provider": say("provider", service.find_provider),
            "criterion": say("criterion", lambda word: service.find_criterion(word).id),
            "state": say("state", _read_state),
            "as_of": say("as_of", read_day),
        }
    )
    if found["state"] == "unknown" and not (found["provider"] or found["criterion"]):
        says = "for most providers nearly everything is unknown; choose a provider or a criterion as well."
        raise FieldError({"provider": [says]})
    return _FactFilter(found["provider"], found["criterion"], found["state"], service.facts(found["as_of"]))


def _read_state(word: str) -> str:
    if word not in _STATES:
        raise RequirementsError(f"unknown state '{word[:40]}'; expected {', '.join(_STATES[:-1])} or {_STATES[-1]}.")
    return word


def _list_rows(asked: _FactFilter, service: KnowledgeService) -> Iterator[dict[str, Any]]:
    """Yield the facts that are asked for, provider by provider."""
    facts, criteria = asked.facts, service.knowledge.criteria
    for provider, name in _list_places(asked, service):
        fact = facts(provider, name)
        state = _name_state(fact, facts)
        if (state == "unknown" and asked.state != "unknown") or asked.state not in {None, state}:
            continue
        (cell,) = show_row(ComparedRow(criteria[name], (ComparedFact(fact),)), service)["cells"]
        yield {
            "provider": provider,
            "name": facts.knowledge.providers[provider].name,
            "criterion": name,
            "label": criteria[name].label,
            "says": cell["text"],
            "state": state,
            "stated": None if fact.newest is None else fact.newest.isoformat(),
            "source": fact.claims[0].source if fact.claims else None,
            "address": cell["address"],
            "title": service.knowledge.sources[fact.claims[0].source].title if fact.claims else "",
        }


def _list_places(asked: _FactFilter, service: KnowledgeService) -> list[tuple[str, str]]:
    """Return the providers and criteria to look at: what some source says, or for unknown ones whatever may be."""
    knowledge = asked.facts.knowledge
    if asked.state == "unknown":
        names = [asked.criterion] if asked.criterion else list(service.knowledge.criteria)
        places = [(provider, name) for provider in knowledge.providers for name in names]
    else:
        places = [place for place in knowledge.list_claimed() if place[0] in knowledge.providers]
    return sorted(
        (provider, name)
        for provider, name in places
        if asked.provider in {None, provider} and asked.criterion in {None, name}
    )


def _name_state(fact: Fact, facts: Facts) -> str:
    if not fact.claims:
        return "unknown"
    if fact.disputed:
        return "disputed"
    return "stale" if facts.is_stale(fact) else "current"
