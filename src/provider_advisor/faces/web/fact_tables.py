"""Tables of facts, each as a page, as JSON and as CSV: providers side by side, facts by their state, and what is old.

A fact is current, stale (out of date for its kind), disputed (its sources contradict each other) or unknown (no source
states it). Where no state is asked for, all facts except unknown ones are listed. A mistake in the address is shown
beside its field on the page; a program gets it as an error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces.compared_facts import ComparedRow, check_area, fact_text
from provider_advisor.faces.knowledge_records import describe_freshness, record_freshness
from provider_advisor.faces.web.knowledge_pages import check_word, name_areas, say_place, write_claim_address
from provider_advisor.faces.web.request_reading import CHECK_PARAMETERS, FieldReader, check_only
from provider_advisor.faces.web.responses import JsonResponse, get_form, show_page, write_csv
from provider_advisor.faces.web.service import Service
from provider_advisor.knowledge import Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.freshness import group_ageing, list_ageing
from provider_advisor.knowledge.scope import list_names
from provider_advisor.requirements.statement import read_day

_MOST_DAYS = 3_650
_STATES = {"current": "current", "stale": "out of date", "disputed": "disputed", "unknown": "unknown"}
_COLUMNS = ("provider", "criterion", "says", "state", "stated", "source")

router = APIRouter(include_in_schema=False, dependencies=[CHECK_PARAMETERS])


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
    fields, differences = FieldReader(request), only == "differences"
    fields.note("providers", lambda: [service.find_provider(name) for name in names])
    asked = fields.read("area", area, lambda area: check_area(area, knowledge))
    day = fields.read("as_of", as_of, read_day)
    fields.read("only", only, check_only)
    compared = None
    if not fields.faults:
        compared = fields.note("providers", lambda: service.compare(names, asked, day, differences=differences))
    wrong = fields.find_wrong()
    chosen, rows = compared or ([], [])
    if form == ".json":
        return JsonResponse([row.record(knowledge) for row in rows])
    if form == ".csv":
        return write_csv([["criterion", *chosen], *([row.criterion.id, *row.list_texts(knowledge)] for row in rows)])
    given = {"providers": ",".join(names), "area": area, "only": only, "as_of": as_of}
    return show_page(
        service,
        "compare.html.j2",
        "Compare",
        wrong=wrong,
        ticked={*names, *chosen} if names else (),  # without names all are compared, but no box is ticked
        areas=name_areas(knowledge),
        area=area,
        given_day=as_of,
        linked_day=day,
        differences=differences,
        chosen=chosen,
        rows=[(row.criterion, _show_cells(row, knowledge)) for row in rows],
        address=urlencode({name: text for name, text in given.items() if text}),
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
    if form and page:
        raise RequirementsError(f"'page' is for the list of facts as pages; {form} has all of them, so leave it out.")
    fields = FieldReader(request)
    asked = (
        fields.read("provider", provider, service.find_provider),
        fields.read("criterion", criterion, lambda word: service.find_criterion(word).id),
        fields.read("state", state, partial(check_word, "state", [*_STATES])),
    )
    day = fields.read("as_of", as_of, read_day)
    facts, rows, place, last = service.facts(day), list[dict[str, str]](), None, 1
    if not fields.faults:
        rows = list(_list_facts(facts, *asked))
        last = max(math.ceil(len(rows) / most), 1)
        place = fields.read("page", page, partial(_read_number, "a page of this list", 1, last))
    place = place or 1
    wrong = fields.find_wrong()
    if form == ".json":
        return JsonResponse([{name: row[name] or None for name in _COLUMNS} for row in rows])
    if form == ".csv":
        return write_csv([_COLUMNS, *([row[name] for name in _COLUMNS] for row in rows)])
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
        words=_STATES,
        states=[(one, capital(words)) for one, words in _STATES.items()],
        providers=[(one.id, one.name) for one in facts.knowledge.providers.values()],
        chosen=chosen,
        day=facts.as_of,
        linked_day=day,
        query=urlencode({name: text for name, text in chosen.items() if text}),
    )


def _read_number(what: str, least: int, most: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(f"{most}") and least <= int(text) <= most):
        raise RequirementsError(f"'{text[:40]}' is not {what}; expected {least} to {most:,}.")
    return int(text)


def _list_facts(
    facts: Facts, provider: str | None, criterion: str | None, state: str | None
) -> Iterator[dict[str, str]]:
    """Yield the facts of a provider, on a criterion and in a state, by label: as JSON, with the address of a claim.

    Without a state, all that have a claim; a text is empty where there is none.
    """
    knowledge = facts.knowledge
    # An unknown fact has no claim by which to find it, so all pairs are tried.
    everything = product(knowledge.providers, [criterion] if criterion else knowledge.criteria)
    pairs = everything if state == "unknown" else knowledge.list_claimed()
    # Ids are not shown, so an order by id would look like none.
    for one, name in sorted(pairs, key=lambda pair: (pair[0], knowledge.criteria[pair[1]].label.casefold())):
        if one not in knowledge.providers or provider not in {None, one} or criterion not in {None, name}:
            continue
        fact = facts(one, name)
        found = _name_state(fact, facts)
        if found != (state or found) or (found == "unknown" and not state):
            continue
        # The claim that the fact dates from; a fact may rest on older ones too.
        claim = max(fact.claims, key=lambda claim: claim.counts_from, default=None)
        yield {
            "provider": one,
            "criterion": name,
            "says": fact_text(fact, knowledge.criteria[name], knowledge),
            "state": found,
            "stated": fact.newest.isoformat() if fact.newest else "",
            "source": claim.source if claim else "",
            "address": write_claim_address(claim) if claim else "",
        }


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
    fields = FieldReader(request)
    day = fields.read("as_of", as_of, read_day)
    days = fields.read("within", within.strip(), partial(_read_number, "a number of days", 0, _MOST_DAYS)) or 0
    wrong, facts = fields.find_wrong(), service.facts(day)
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
        linked_day=day,
    )
