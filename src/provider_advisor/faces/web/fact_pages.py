"""The browser of facts: the facts of a day by provider, criterion and state, and which are out of date.

A fact is current, stale (out of date for its kind), disputed (its sources contradict each other) or unknown (no source
states it). Without a state, all facts except unknown ones are listed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.check import describe_freshness, record_freshness
from provider_advisor.faces.cli.options import read_day
from provider_advisor.faces.compared_facts import ComparedFact, ComparedRow
from provider_advisor.faces.web.knowledge_pages import show_row
from provider_advisor.faces.web.responses import FieldError, JsonResponse, read_fields, show_page, write_csv
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge import Fact, Facts
from provider_advisor.knowledge.freshness import group_ageing, list_ageing
from provider_advisor.safe_text import join_words

_STATES = ("current", "stale", "disputed", "unknown")
_MOST_DAYS = 3_650
_COLUMNS = ("provider", "criterion", "says", "state", "stated", "source")


class _FactFilter(NamedTuple):
    """The filters in the address; None means no filter."""

    provider: str | None
    criterion: str | None
    state: str | None
    facts: Facts


router = APIRouter(include_in_schema=False)


@router.get("/facts")
@router.get("/facts.json")
@router.get("/facts.csv")
def show_facts(request: Request, service: Service) -> Response:
    """Show the facts that the address asks for, or return the same rows as JSON or CSV."""
    query, form = request.query_params, request.scope["path"].removeprefix("/facts")
    facts, rows, wrong = service.facts(), list[dict[str, Any]](), None
    try:
        asked = _read_address(query, service)
        facts, rows = asked.facts, list(_list_rows(asked, service))
    except FieldError as error:
        if form:
            raise
        wrong = error
    if form == ".json":
        return JsonResponse([{name: row[name] for name in _COLUMNS} for row in rows])
    if form == ".csv":
        return write_csv([_COLUMNS, *([row[name] or "" for name in _COLUMNS] for row in rows)])
    return show_page(
        service,
        "fact_list.html.j2",
        "Facts",
        wrong=wrong,
        here="facts",
        rows=rows,
        states=_STATES,
        providers=[(one.id, one.name) for one in facts.knowledge.providers.values()],
        chosen={name: query.get(name, "") for name in ("provider", "criterion", "state", "as_of")},
        day=facts.as_of,
        query=request.url.query,
    )


@router.get("/freshness")
def show_freshness(service: Service, as_of: str = "", within: str = "") -> Response:
    """Show which facts are out of date, or will be soon, and where to look them up."""
    day, days, wrong = None, 0, None
    try:
        day, days = _read_span(as_of, within)
    except FieldError as error:
        wrong = error
    facts = service.facts(day)
    knowledge, groups = facts.knowledge, group_ageing(list_ageing(facts, days))
    rows = [
        group._asdict()
        | {
            "name": knowledge.providers[group.provider].name,
            "area": group.area.replace("-", " "),
            "past": group.count_past(facts.as_of),
            "stated": group.stated,
            "good_until": group.good_until,
            "criteria": [(part.criterion, knowledge.criteria[part.criterion].label) for part in group.facts],
            "title": knowledge.sources[group.source].title,
            "url": knowledge.sources[group.source].url or "",
        }
        for group in groups
    ]
    return show_page(
        service,
        "freshness.html.j2",
        "Freshness of the facts",
        wrong=wrong,
        rows=rows,
        says=describe_freshness(groups, facts.as_of, days),
        within=within,
        given_day=as_of,
    )


@router.get("/freshness.json")
def show_freshness_data(service: Service, as_of: str = "", within: str = "") -> Response:
    """Return what `recommend check --freshness --format json` prints."""
    day, days = _read_span(as_of, within)
    facts = service.facts(day)
    return JsonResponse(record_freshness(list_ageing(facts, days), facts, days))


def _read_address(query: Mapping[str, str], service: KnowledgeService) -> _FactFilter:
    """Return what the address asks for. Raises FieldError."""
    readers: dict[str, Callable[[str], Any]] = {
        "provider": service.find_provider,
        "criterion": lambda word: service.find_criterion(word).id,
        "state": _read_state,
        "as_of": read_day,
    }
    found = read_fields(query, readers)
    if found["state"] == "unknown" and not (found["provider"] or found["criterion"]):
        says = "for most providers nearly everything is unknown; choose a provider or a criterion as well."
        raise FieldError({"provider": [says]})
    return _FactFilter(found["provider"], found["criterion"], found["state"], service.facts(found["as_of"]))


def _read_state(word: str) -> str:
    if word not in _STATES:
        raise RequirementsError(f"unknown state '{word[:40]}'; expected {join_words(_STATES, 'or')}.")
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
    """Return the providers and criteria to list: those with claims, or all of them for unknown facts."""
    knowledge = asked.facts.knowledge
    # An unknown fact has no claim by which to find it, so all pairs are tried. There are thousands, which is why
    # `_read_address` demands a provider or a criterion.
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


def _read_span(as_of: str, within: str) -> tuple[dt.date | None, int]:
    """Return a day, None for today, and how many days ahead to look. Raises FieldError."""
    found = read_fields({"as_of": as_of, "within": within.strip()}, {"as_of": read_day, "within": _read_days})
    return found["as_of"], found["within"] or 0


def _read_days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= _MOST_DAYS):
        raise RequirementsError(f"'{text[:40]}' is not a number of days; expected 0 to {_MOST_DAYS:,}, such as 30.")
    return int(text)
