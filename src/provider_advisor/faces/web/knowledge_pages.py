"""Pages on what is known: comparisons, criteria, providers and sources with their claims, and facts by their state.

A fact is current, stale (out of date for its kind), disputed (its sources contradict each other) or unknown (no source
states it). Where no state is asked for, all facts except unknown ones are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital, claim_text, shortened, weight_text
from provider_advisor.faces.compared_facts import ComparedRow, check_area, fact_text
from provider_advisor.faces.knowledge_records import describe_freshness, record_freshness
from provider_advisor.faces.web.responses import (
    FieldError,
    JsonResponse,
    get_form,
    read_fields,
    show_page,
    show_refusal,
    write_csv,
)
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge import Claim, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.freshness import group_ageing, list_ageing
from provider_advisor.knowledge.scope import list_names
from provider_advisor.requirements.statement import read_day
from provider_advisor.requirements.word_mistakes import explain_unfound
from provider_advisor.safe_text import join_words

_MOST_MEMBERS = 12
_MOST_LETTERS = 200
_MOST_DAYS = 3_650
_STATES = ("current", "stale", "disputed", "unknown")
_COLUMNS = ("provider", "criterion", "says", "state", "stated", "source")

router = APIRouter(include_in_schema=False)


# Providers side by side


@router.get("/compare")
@router.get("/compare.json")
@router.get("/compare.csv")
def show_comparison(request: Request, service: Service) -> Response:
    """Show providers side by side, or return the same rows as JSON or CSV."""
    query, knowledge, form = request.query_params, service.knowledge, get_form(request)
    names = [*query.getlist("p"), *list_names(query.get("providers", ""))]
    differences, chosen = query.get("only") == "differences", list[str]()
    rows: list[ComparedRow] = []
    wrong: RequirementsError | None = None
    try:
        asked = read_fields(
            {**query, "providers": names},
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
    area, day = query.get("area", ""), query.get("as_of", "")
    fields = {"providers": ",".join(names), "area": area, "only": query.get("only"), "as_of": day}
    return show_page(
        service,
        "compare.html.j2",
        "Compare",
        wrong=wrong,
        ticked={*names, *chosen} if names else (),  # without names all are compared, but no box is ticked
        areas=_list_areas(knowledge),
        area=area,
        given_day=day,
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
            title = f"{knowledge.sources[claim.source].title}, {_say_place(claim)}, {claim.stated}"
            yield text, _make_address(claim), title


def _make_address(claim: Claim) -> str:
    """Return the address of a claim on the page of its source."""
    # /sources/daily-index-of-the-daily-apis#daily-video-api; the first claim on a fact has that anchor.
    return f"/sources/{claim.source}#{claim.provider}-{claim.criterion}"


def _say_place(claim: Claim) -> str:
    return f"line {claim.line}" if claim.line else str(claim.place)


# Criteria, providers and sources


@router.get("/criteria")
def show_criteria(service: Service, q: str = "", area: str = "") -> Response:
    """Show the criteria, or those that match words, in all areas or one."""
    words, wrong = q[:_MOST_LETTERS], None
    try:
        check_area(area or None, service.knowledge)
    except RequirementsError as error:
        wrong, area = error, ""
    anywhere = service.search(words)
    if not words.strip():
        anywhere.sort(key=lambda one: one.label.casefold())
    found = [one for one in anywhere if area in {"", one.area}]
    unfound = "Nothing was found in this area." if anywhere else explain_unfound(words, service.knowledge)
    return show_page(
        service,
        "criteria.html.j2",
        "Criteria",
        wrong=wrong,
        q=q,
        area=area,
        areas=_list_areas(service.knowledge),
        found=found,
        unfound="" if found else unfound,
        by_word=[] if anywhere else service.count_by_word(words),
    )


def _list_areas(knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Return the areas of the criteria, each with its words."""
    return sorted({(one.area, capital(knowledge.spell_id(one.area))) for one in knowledge.criteria.values()})


@router.get("/criteria/{name}")
def show_criterion(name: str, service: Service) -> Response:
    """Show a criterion and what is known of each provider."""
    try:
        one = service.find_criterion(name)
    except RequirementsError as error:
        return show_refusal(service, "There is no such criterion", 404, wrong=error)
    # Claims on a member, such as phone-numbers@de, are claims on its criterion that name it.
    knowledge, name = service.knowledge, one.id.partition("@")[0]
    kind = f"{one.kind}{f', in {one.unit}' if one.unit else ''}"
    lines = [one.question, f"Area: {knowledge.spell_id(one.area)}. Kind: {kind}. Weight: {weight_text(one.weight)}."]
    lines += [f"Also called: {', '.join(one.aliases)}."] if one.aliases else []
    claims = _show_claims(service, lambda claim: claim.criterion == name)
    told = {claim["provider"] for claim in claims}
    return _show_claimed(
        service,
        "criterion",
        one.label,
        claims,
        here="criteria",
        lines=lines,
        links=[("Ask for it", f"/choose?wants={quote(one.id)}")],
        rules=[rule for rule in knowledge.rules.values() if one.id in {part.criterion for part in rule.implies}],
        silent=[known.name for known in knowledge.providers.values() if known.id not in told] if claims else [],
    )


@router.get("/providers/{name}")
def show_provider(name: str, service: Service) -> Response:
    """Show a provider and all claims about it."""
    try:
        found = service.find_provider(name)
    except RequirementsError as error:
        return show_refusal(service, "There is no such provider", 404, wrong=error)
    one = service.knowledge.providers[found]
    products = ", ".join(part.name for part in one.products.values())
    return _show_claimed(
        service,
        "provider",
        one.name,
        _show_claims(service, lambda claim: claim.provider == found),
        lines=[f"Products: {products}."] if products else [],
        links=[
            ("Facts that are out of date", f"/facts?provider={quote(found)}&state=stale"),
            ("What is not known", f"/facts?provider={quote(found)}&state=unknown"),
        ],
    )


@router.get("/sources/{name}")
def show_source(name: str, service: Service) -> Response:
    """Show a source and what it says."""
    one = service.knowledge.sources.get(name)
    if one is None:
        return show_refusal(service, "There is no such source", 404)
    published = f"published {one.published}" if one.published else "undated"
    lines = [f"{one.publisher or 'No publisher named'}; {published}, retrieved {one.retrieved}."]
    lines += [f"Note: {one.note}."] if one.note else []
    lines += [f"No URL: {one.no_url}."] if one.no_url else []
    rules = service.knowledge.rules.values()
    return _show_claimed(
        service,
        "source",
        one.title,
        _show_claims(service, lambda claim: claim.source == name),
        lines=lines,
        links=[("Open the source", one.url)] if one.url else [],
        rules=[rule for rule in rules if name in {part.source for part in rule.rests_on}],
    )


def _show_claimed(
    service: KnowledgeService,
    about: str,
    heading: str,
    claims: Sequence[dict[str, Any]],
    **values: Any,  # noqa: ANN401 (whatever the template shows)
) -> Response:
    """Return the page on one criterion, provider or source, with its claims."""
    shown = {"about": about, "heading": heading, "claims": claims, "here": "", "rules": (), "silent": ()} | values
    return show_page(service, "facts.html.j2", heading, **shown)


def _show_claims(service: KnowledgeService, is_shown: Callable[[Claim], bool]) -> list[dict[str, Any]]:
    """Return the claims to show, each in words with its place; the first claim on a fact has the anchor."""
    knowledge, facts = service.knowledge, service.facts()
    found, anchors = [], set[str]()
    for claim in (claim for known in knowledge.providers.values() for claim in known.claims if is_shown(claim)):
        anchor = f"{claim.provider}-{claim.criterion}"
        shown = {
            "anchor": "" if anchor in anchors else anchor,
            "says": _say_claim(claim, knowledge),
            "stale": facts.is_claim_stale(claim),
            "where": _say_place(claim),
            "address": _make_address(claim),
        }
        found.append(claim._asdict() | shown)
        anchors.add(anchor)
    return found


def _say_claim(claim: Claim, knowledge: KnowledgeBase) -> str:
    """Return a claim in words, with the members that it is about."""
    said = claim_text(claim)
    said = {"present": "yes", "absent": "no"}.get(said, said)
    of = knowledge.criteria.list_of(claim.criterion)
    if of is not None and claim.price_of:
        return f"{said} ({of.members[claim.price_of].label} price)"
    if of is None or not claim.members:
        return said
    return f"{said}, for {shortened([of.members[name].label for name in claim.members], _MOST_MEMBERS)}"


# Facts by their state


class _FactFilter(NamedTuple):
    """The facts of a day, and which of them to list; None means all."""

    facts: Facts
    provider: str | None
    criterion: str | None
    state: str | None


@router.get("/facts")
@router.get("/facts.json")
@router.get("/facts.csv")
def show_facts(request: Request, service: Service) -> Response:
    """Show the facts that the address asks for, or return the same rows as JSON or CSV."""
    query, form = request.query_params, get_form(request)
    facts, rows, wrong = service.facts(), list[dict[str, Any]](), None
    try:
        asked = _read_filter(query, service)
        facts, rows = asked.facts, list(_list_rows(asked))
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
        providers=facts.knowledge.providers.values(),
        chosen={name: query.get(name, "") for name in ("provider", "criterion", "state", "as_of")},
        day=facts.as_of,
        query=request.url.query,
    )


def _read_filter(query: QueryParams, service: KnowledgeService) -> _FactFilter:
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
    facts = service.facts(found.pop("as_of"))
    return _FactFilter(facts, **found)


def _read_state(word: str) -> str:
    if word not in _STATES:
        raise RequirementsError(f"unknown state '{word[:40]}'; expected {join_words(_STATES, 'or')}.")
    return word


def _list_rows(asked: _FactFilter) -> Iterator[dict[str, Any]]:
    """Yield the facts that are asked for, provider by provider."""
    for provider, name in _list_places(asked):
        fact = asked.facts(provider, name)
        state = _name_state(fact, asked.facts)
        if (state == "unknown" and asked.state != "unknown") or asked.state not in {None, state}:
            continue
        claim = next(iter(fact.claims), None)
        yield {
            "provider": provider,
            "criterion": name,
            "says": fact_text(fact, asked.facts.knowledge.criteria[name], asked.facts.knowledge),
            "state": state,
            "stated": None if fact.newest is None else fact.newest.isoformat(),
            "source": claim.source if claim else None,
            "address": _make_address(claim) if claim else "",
        }


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


@router.get("/freshness")
@router.get("/freshness.json")
def show_freshness(request: Request, service: Service, as_of: str = "", within: str = "") -> Response:
    """Show which facts are out of date, or will be soon, and where to look them up; or what the command prints."""
    asked, wrong = dict[str, Any](), None
    try:
        asked = read_fields({"as_of": as_of, "within": within.strip()}, {"as_of": read_day, "within": _read_days})
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


def _read_days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= _MOST_DAYS):
        raise RequirementsError(f"'{text[:40]}' is not a number of days; expected 0 to {_MOST_DAYS:,}, such as 30.")
    return int(text)
