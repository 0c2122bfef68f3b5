"""Pages on what is known: comparisons, criteria, and one provider, criterion or source with its claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import claim_text, shortened
from provider_advisor.faces.cli.options import read_day
from provider_advisor.faces.compared_facts import ComparedRow
from provider_advisor.faces.web.responses import JsonResponse, read_fields, show_page, show_refusal, write_csv
from provider_advisor.faces.web.service import KnowledgeService, Service, split_names
from provider_advisor.knowledge import Claim, Facts, KnowledgeBase

_MOST_MEMBERS = 12
_MOST_LETTERS = 200

router = APIRouter(include_in_schema=False)


@router.get("/compare")
@router.get("/compare.json")
@router.get("/compare.csv")
def show_comparison(request: Request, service: Service) -> Response:
    """Show providers side by side, or return the same rows as JSON or CSV."""
    query, form = request.query_params, request.scope["path"].removeprefix("/compare")
    names = [*query.getlist("p"), *split_names(query.get("providers", ""))]
    area, only, day = query.get("area") or None, query.get("only", ""), query.get("as_of", "")
    differences, chosen = only == "differences", list[str]()
    rows: list[ComparedRow] = []
    wrong: RequirementsError | None = None
    try:
        asked = read_fields(
            {**query, "providers": names},
            {
                "providers": lambda names: [service.find_provider(name) for name in names],
                "area": service.check_area,
                "as_of": read_day,
            },
        )
        if form == ".json":
            return JsonResponse(service.record_comparison(names, area, asked["as_of"], differences=differences))
        chosen, rows = service.compare(names, area, asked["as_of"], differences=differences)
    except RequirementsError as error:
        if form:
            raise
        wrong = error
    knowledge = service.knowledge
    if form:
        return write_csv([["criterion", *chosen], *([row.criterion.id, *row.list_texts(knowledge)] for row in rows)])
    fields = {"providers": ",".join(names), "area": area or "", "only": only, "as_of": day}
    ticked = {*names, *chosen} if names else set[str]()  # without names all are compared, but no box is ticked
    return show_page(
        service,
        "compare.html.j2",
        "Compare",
        wrong=wrong,
        options=[(one.id, one.name, one.id in ticked) for one in knowledge.providers.values()],
        areas=list_areas(knowledge),
        area=area,
        given_day=day,
        differences=differences,
        names=[knowledge.providers[name].name for name in chosen],
        rows=[show_row(row, service) for row in rows],
        address=urlencode({name: text for name, text in fields.items() if text}),
    )


@router.get("/criteria")
def show_criteria(service: Service, q: str = "", area: str = "") -> Response:
    """Show the criteria, or those that match words, in all areas or one."""
    words, wrong = q[:_MOST_LETTERS], None
    try:
        service.check_area(area)
    except RequirementsError as error:
        wrong, area = error, ""
    anywhere = service.search(words)
    if not words.strip():
        anywhere.sort(key=lambda one: one.label.casefold())
    found = [one for one in anywhere if area in {"", one.area}]
    unfound = "Nothing was found in this area." if anywhere else service.explain_unfound(words)
    return show_page(
        service,
        "criteria.html.j2",
        "Criteria",
        wrong=wrong,
        q=q,
        area=area,
        areas=list_areas(service.knowledge),
        found=found,
        unfound="" if found else unfound,
        by_word=[] if anywhere else service.count_by_word(words),
    )


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
    lines = [one.question, f"Area: {one.area.replace('-', ' ')}. Kind: {kind}. Weight: {one.weight:g}."]
    lines += [f"Also called: {', '.join(one.aliases)}."] if one.aliases else []
    claims = list(_show_claims(service, lambda claim: claim.criterion == name))
    told = {claim["provider"] for claim in claims}
    implied_by = [rule for rule in knowledge.rules.values() if one.id in {part.criterion for part in rule.implies}]
    return _show_claimed(
        service,
        "criterion",
        one.label,
        claims,
        here="criteria",
        lines=lines,
        links=[("Ask for it", f"/choose?wants={quote(one.id)}")],
        rules=[(rule.id, rule.because) for rule in implied_by],
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
    links = [
        ("Facts that are out of date", f"/facts?provider={quote(found)}&state=stale"),
        ("What is not known", f"/facts?provider={quote(found)}&state=unknown"),
    ]
    claims = list(_show_claims(service, lambda claim: claim.provider == found))
    lines = [f"Products: {products}."] if products else []
    return _show_claimed(service, "provider", one.name, claims, lines=lines, links=links)


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
    links = [("Open the source", one.url)] if one.url else []
    claims = list(_show_claims(service, lambda claim: claim.source == name))
    based = [rule for rule in service.knowledge.rules.values() if name in {part.source for part in rule.rests_on}]
    rules = [(rule.id, rule.because) for rule in based]
    return _show_claimed(service, "source", one.title, claims, lines=lines, links=links, rules=rules)


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


def show_row(row: ComparedRow, service: KnowledgeService) -> dict[str, Any]:
    """Return a row of a comparison: the fact of each provider, with a link to its first source."""
    cells = []
    for text, compared in zip(row.list_texts(service.knowledge), row.cells, strict=True):
        cell = {"text": text, "address": "", "title": ""}
        claims = [claim for fact in compared.facts for claim in fact.claims]
        if claims:
            claim = claims[0]
            cell["address"] = f"/sources/{claim.source}#{claim.provider}-{claim.criterion}"
            where = f"line {claim.line}" if claim.line else claim.place
            cell["title"] = f"{service.knowledge.sources[claim.source].title}, {where}, {claim.stated}"
        cells.append(cell)
    return {"id": row.criterion.id, "label": row.criterion.label, "cells": cells}


def _show_claims(service: KnowledgeService, is_shown: Callable[[Claim], bool]) -> Iterator[dict[str, Any]]:
    """Yield the claims to show, each with source, place and day; the first claim on a fact has the anchor."""
    knowledge, facts = service.knowledge, service.facts()
    anchors: set[str] = set()
    for known in knowledge.providers.values():
        for claim in known.claims:
            if is_shown(claim):
                anchor = f"{known.id}-{claim.criterion}"
                yield claim._asdict() | {
                    "anchor": "" if anchor in anchors else anchor,
                    "name": known.name,
                    "label": knowledge.criteria[claim.criterion].label,
                    "says": _say_claim(claim, knowledge),
                    "product": known.products[claim.product].name if claim.product else "",
                    "stale": _is_stale(claim, facts),
                    "title": knowledge.sources[claim.source].title,
                    "where": f"line {claim.line}" if claim.line else claim.place,
                }
                anchors.add(anchor)


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


def _is_stale(claim: Claim, facts: Facts) -> bool:
    days = facts.knowledge.get_stale_after(claim.criterion)
    return days is not None and (facts.as_of - claim.counts_from).days > days and not facts.names_past_end(claim)


def list_areas(knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Return the areas of the criteria, each with its words."""
    return sorted({(one.area, one.area.replace("-", " ").capitalize()) for one in knowledge.criteria.values()})
