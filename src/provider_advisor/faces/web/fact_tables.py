"""Tables of facts, each as a page, as JSON and as CSV: providers side by side, facts by their state, and what is old.

A fact is current, stale (out of date for its kind), disputed (its sources contradict each other) or unknown (no source
states it). Where no state is asked for, all facts except unknown ones are listed. A mistake in the address is shown
beside its field on the page; a program gets it as an error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.compared_facts import ComparedRow, check_area, fact_text
from provider_advisor.faces.knowledge_records import describe_freshness, record_freshness
from provider_advisor.faces.web.knowledge_pages import list_areas, say_place, write_claim_address
from provider_advisor.faces.web.request_reading import NAME_PARAMETERS
from provider_advisor.faces.web.responses import (
    FieldError,
    JsonResponse,
    get_form,
    read_fields,
    show_page,
    write_csv,
)
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge import Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.freshness import group_ageing, list_ageing
from provider_advisor.knowledge.scope import list_names
from provider_advisor.requirements.statement import read_day
from provider_advisor.safe_text import join_words

_MOST_DAYS = 3_650
_STATES = ("current", "stale", "disputed", "unknown")

router = APIRouter(include_in_schema=False, dependencies=[NAME_PARAMETERS])


# Providers side by side


@router.get("/compare")
@router.get("/compare.json")
@router.get("/compare.csv")
def show_comparison(  # noqa: PLR0913, PLR0917 (the fields of the form)
    request: Request,
    service: Service,
    p: Annotated[Sequence[str], Query()] = (),
    providers: str = "",
    area: str = "",
    only: str = "",
    as_of: str = "",
) -> Response:
    """Show providers side by side, or return the same rows as JSON or CSV."""
    knowledge, form, names = service.knowledge, get_form(request), [*p, *list_names(providers)]
    differences, chosen = only == "differences", list[str]()
    rows: list[ComparedRow] = []
    wrong: RequirementsError | None = None
    try:
        asked = read_fields(
            {"providers": names, "area": area, "as_of": as_of},
            {
                "providers": lambda names: [service.find_provider(name) for name in names],
                "area": lambda area: check_area(area, knowledge),
                "as_of": read_day,
            },
        )
        chosen, rows = service.compare(names, asked["area"], asked["as_of"], differences=differences)
    except RequirementsError as error:
        if form:
            raise
        wrong = error
    if form == ".json":
        return JsonResponse([row.record(knowledge) for row in rows])
    if form == ".csv":
        return write_csv([["criterion", *chosen], *([row.criterion.id, *row.list_texts(knowledge)] for row in rows)])
    fields = {"providers": ",".join(names), "area": area, "only": only, "as_of": as_of}
    return show_page(
        service,
        "compare.html.j2",
        "Compare",
        wrong=wrong,
        ticked={*names, *chosen} if names else (),  # without names all are compared, but no box is ticked
        areas=list_areas(knowledge),
        area=area,
        given_day=as_of,
        differences=differences,
        chosen=chosen,
        rows=[(row.criterion, _show_cells(row, knowledge)) for row in rows],
        address=urlencode({name: text for name, text in fields.items() if text}),
    )


def _show_cells(row: ComparedRow, knowledge: KnowledgeBase) -> Iterator[tuple[str, str, str]]:
    """Yield the fact of each provider, with the address of its first claim and where that is stated."""
    for text, compared in zip(row.list_texts(knowledge), row.cells, strict=True):
        claim = next((claim for fact in compared.facts for claim in fact.claims), None)
        if claim is None:
            yield text, "", ""
        else:
            title = f"{knowledge.sources[claim.source].title}, {say_place(claim)}, {claim.stated}"
            yield text, write_claim_address(claim), title


# Facts by their state


class _FactFilter(NamedTuple):
    """The facts of a day, and which of them to list; None means all."""

    facts: Facts
    provider: str | None
    criterion: str | None
    state: str | None


class FactRow(NamedTuple):
    """A fact in words, its state, and its newest day and first claim, if there is one."""

    provider: str
    criterion: str
    says: str
    state: str
    stated: str | None
    source: str | None
    address: str

    @property
    def cells(self) -> tuple[str | None, ...]:
        """Return what JSON and CSV have of it: all but the address on a page."""
        return self[:-1]


_COLUMNS = FactRow._fields[:-1]


@router.get("/facts")
@router.get("/facts.json")
@router.get("/facts.csv")
def show_facts(  # noqa: PLR0913, PLR0917 (the fields of the form)
    request: Request,
    service: Service,
    provider: str = "",
    criterion: str = "",
    state: str = "",
    as_of: str = "",
    page: str = "",
) -> Response:
    """Show the facts that the address asks for, page by page, or return all of them as JSON or CSV."""
    chosen = {"provider": provider, "criterion": criterion, "state": state, "as_of": as_of}
    form, most = get_form(request), request.app.state.settings.rows
    facts, rows, wrong, place, last = service.facts(), list[FactRow](), None, 1, 1
    try:
        asked = _read_filter(chosen, service)
        facts, rows = asked.facts, list(_list_rows(asked))
        last = max(math.ceil(len(rows) / most), 1)
        place = _read_number("a page of this list", 1, last, page or "1")
    except RequirementsError as error:
        if form:
            raise
        wrong = error
    if form == ".json":
        return JsonResponse([dict(zip(_COLUMNS, row.cells, strict=True)) for row in rows])
    if form == ".csv":
        return write_csv([_COLUMNS, *([text or "" for text in row.cells] for row in rows)])
    return show_page(
        service,
        "fact_list.html.j2",
        "Facts",
        wrong=wrong,
        here="facts",
        count=len(rows),
        rows=rows[(place - 1) * most : place * most],
        place=place,
        last=last,
        states=_STATES,
        providers=facts.knowledge.providers.values(),
        chosen=chosen,
        day=facts.as_of,
        query=urlencode({name: text for name, text in chosen.items() if text}),
    )


def _read_filter(query: Mapping[str, str], service: KnowledgeService) -> _FactFilter:
    """Return what the address asks for. Raises FieldError."""
    found = read_fields(
        query,
        {
            "provider": service.find_provider,
            "criterion": lambda word: service.find_criterion(word).id,
            "state": _read_state,
            "as_of": read_day,
        },
    )
    if found["state"] == "unknown" and not (found["provider"] or found["criterion"]):
        says = "for most providers nearly everything is unknown; choose a provider or a criterion as well."
        raise FieldError({"provider": [says]})
    return _FactFilter(service.facts(found.pop("as_of")), **found)


def _read_number(what: str, least: int, most: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text[:6]) <= most):
        raise RequirementsError(f"'{text[:40]}' is not {what}; expected {least} to {most:,}.")
    return int(text)


def _read_state(word: str) -> str:
    if word not in _STATES:
        raise RequirementsError(f"unknown state '{word[:40]}'; expected {join_words(_STATES, 'or')}.")
    return word


def _list_rows(asked: _FactFilter) -> Iterator[FactRow]:
    """Yield the facts that are asked for, provider by provider."""
    knowledge = asked.facts.knowledge
    for provider, name in _list_places(asked):
        fact = asked.facts(provider, name)
        state = _name_state(fact, asked.facts)
        if (state == "unknown" and asked.state != "unknown") or asked.state not in {None, state}:
            continue
        claim = next(iter(fact.claims), None)
        yield FactRow(
            provider,
            name,
            fact_text(fact, knowledge.criteria[name], knowledge),
            state,
            stated=None if fact.newest is None else fact.newest.isoformat(),
            source=claim.source if claim else None,
            address=write_claim_address(claim) if claim else "",
        )


def _list_places(asked: _FactFilter) -> list[tuple[str, str]]:
    """Return the providers and criteria to list, by label: those with claims, or all of them for unknown facts."""
    knowledge = asked.facts.knowledge
    # An unknown fact has no claim by which to find it, so all pairs are tried. There are thousands, which is why
    # `_read_filter` demands a provider or a criterion.
    if asked.state == "unknown":
        names = [asked.criterion] if asked.criterion else list(knowledge.criteria)
        places = [(provider, name) for provider in knowledge.providers for name in names]
    else:
        places = [place for place in knowledge.list_claimed() if place[0] in knowledge.providers]
    shown = [
        (provider, name)
        for provider, name in places
        if asked.provider in {None, provider} and asked.criterion in {None, name}
    ]
    # Ids are not shown, so an order by id would look like none.
    return sorted(shown, key=lambda place: (place[0], knowledge.criteria[place[1]].label.casefold()))


def _name_state(fact: Fact, facts: Facts) -> str:
    if not fact.claims:
        return "unknown"
    if fact.disputed:
        return "disputed"
    return "stale" if facts.is_stale(fact) else "current"


# What is out of date, or will be soon


@router.get("/freshness")
@router.get("/freshness.json")
def show_freshness(request: Request, service: Service, as_of: str = "", within: str = "") -> Response:
    """Show which facts are out of date, or will be soon, and where to look them up; or what the command prints."""
    asked, wrong = dict[str, Any](), None
    try:
        asked = read_fields(
            {"as_of": as_of, "within": within.strip()},
            {"as_of": read_day, "within": partial(_read_number, "a number of days", 0, _MOST_DAYS)},
        )
    except FieldError as error:
        if get_form(request):
            raise
        wrong = error
    facts, days = service.facts(asked.get("as_of")), asked.get("within") or 0
    ageing = list_ageing(facts, days)
    if get_form(request):
        return JsonResponse(record_freshness(ageing, facts, days))
    groups = group_ageing(ageing)
    return show_page(
        service,
        "freshness.html.j2",
        "Freshness of the facts",
        wrong=wrong,
        groups=groups,
        says=describe_freshness(groups, facts.as_of, days),
        day=facts.as_of,
        within=within,
        given_day=as_of,
    )
