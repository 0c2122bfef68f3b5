"""Pages on what is known: comparisons, criteria, and one provider, criterion or source with its claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import claim_text, shortened
from provider_advisor.faces.side_by_side import ComparedRow
from provider_advisor.faces.web.api import compare_records, read_day, split_names
from provider_advisor.faces.web.responses import (
    JsonResponse,
    read_fields,
    show_error,
    show_page,
    show_refusal,
    write_csv,
)
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.knowledge import Claim, Facts, KnowledgeBase

_MOST_MEMBERS = 12


def make_knowledge_pages(service: KnowledgeService) -> APIRouter:
    """Return the routes of these pages."""
    router, pages = APIRouter(include_in_schema=False), KnowledgePages(service)
    for path, function in (
        ("/compare", pages.compare),
        ("/compare{form}", pages.compare),
        ("/criteria", pages.criteria),
        ("/criteria/{name}", pages.criterion),
        ("/providers/{name}", pages.provider),
        ("/sources/{name}", pages.source),
    ):
        router.add_api_route(path, function, response_model=None)
    return router


class KnowledgePages:
    """The pages on what is known, for one service."""

    def __init__(self, service: KnowledgeService) -> None:
        self._service, self._show = service, partial(show_page, service)

    def compare(self, request: Request, form: str = "") -> Response:
        """Show providers side by side, or return the same rows as JSON or CSV."""
        if form not in {"", ".json", ".csv"}:
            return show_error(self._service, 404)
        query = request.query_params
        names = [*query.getlist("p"), *split_names(query.get("providers", ""))]
        area, only = query.get("area") or None, query.get("only", "")
        chosen: list[str] = []
        rows: list[ComparedRow] = []
        wrong: RequirementsError | None = None
        try:
            asked = read_fields(
                {
                    "providers": lambda: [self._service.find_provider(name) for name in names],
                    "area": lambda: self._service.check_area(area),
                    "as_of": lambda: read_day(query.get("as_of")),
                }
            )
            if form == ".json":
                return JsonResponse(compare_records(self._service, names, area, asked["as_of"], only))
            chosen, rows = self._service.compare(names, area, asked["as_of"], differences=only == "differences")
        except RequirementsError as error:
            if form:
                raise
            wrong = error
        knowledge = self._service.knowledge
        labels = [knowledge.providers[name].name for name in chosen]
        if form:
            table = [[row.criterion.id, *row.list_texts(knowledge)] for row in rows]
            return write_csv([["criterion", *chosen], *table])
        fields = {"providers": ",".join(names), "area": area or "", "only": only, "as_of": query.get("as_of", "")}
        return self._show(
            "compare.html.j2",
            "Compare",
            wrong=wrong,
            options=[
                (one.id, one.name, bool(names) and one.id in {*names, *chosen}) for one in knowledge.providers.values()
            ],
            areas=list_areas(knowledge),
            area=area,
            given_day=query.get("as_of", ""),
            differences=only == "differences",
            names=labels,
            rows=[show_row(row, self._service) for row in rows],
            address=urlencode({name: text for name, text in fields.items() if text}),
        )

    def criteria(self, q: str = "", area: str = "") -> Response:
        """Show the criteria, or those that match words, in all areas or one."""
        wrong: RequirementsError | None = None
        try:
            self._service.check_area(area)
        except RequirementsError as error:
            wrong, area = error, ""
        anywhere = self._service.search(q[:200])
        found = [one for one in anywhere if area in {"", one.area}]
        unfound = "Nothing is found in this area." if anywhere else self._service.explain_unfound(q[:200])
        return self._show(
            "criteria.html.j2",
            "Criteria",
            wrong=wrong,
            q=q,
            area=area,
            areas=list_areas(self._service.knowledge),
            found=found,
            unfound="" if found else unfound,
            by_word=[] if anywhere else self._service.count_by_word(q[:200]),
        )

    def criterion(self, name: str) -> Response:
        """Show a criterion and what is known of each provider."""
        try:
            one = self._service.find_criterion(name)
        except RequirementsError as error:
            return show_refusal(self._service, "There is no such criterion", 404, wrong=error)
        # Claims on a member, such as phone-numbers@de, are claims on its criterion that name it.
        knowledge, name = self._service.knowledge, one.id.partition("@")[0]
        kind = f"{one.kind}{f', in {one.unit}' if one.unit else ''}"
        lines = [one.question, f"Area: {one.area.replace('-', ' ')}. Kind: {kind}. Weight: {one.weight:g}."]
        lines += [f"Also called: {', '.join(one.aliases)}."] if one.aliases else []
        claims = list(show_claims(self._service, lambda claim: claim.criterion == name))
        told = {claim["provider"] for claim in claims}
        implied_by = [rule for rule in knowledge.rules.values() if one.id in {part.criterion for part in rule.implies}]
        return self._show(
            "facts.html.j2",
            one.label,
            heading=one.label,
            about="criterion",
            here="criteria",
            lines=lines,
            links=[("Ask for it", f"/choose?wants={quote(one.id)}")],
            rules=[(rule.id, rule.because) for rule in implied_by],
            claims=claims,
            silent=[known.name for known in knowledge.providers.values() if known.id not in told] if claims else [],
        )

    def provider(self, name: str) -> Response:
        """Show a provider and all claims about it."""
        try:
            found = self._service.find_provider(name)
        except RequirementsError as error:
            return show_refusal(self._service, "There is no such provider", 404, wrong=error)
        one = self._service.knowledge.providers[found]
        products = ", ".join(part.name for part in one.products.values())
        return self._show(
            "facts.html.j2",
            one.name,
            heading=one.name,
            about="provider",
            here="providers",
            lines=[f"Products: {products}."] if products else [],
            links=[
                ("Facts that are out of date", f"/facts?provider={quote(found)}&state=stale"),
                ("What is not known", f"/facts?provider={quote(found)}&state=unknown"),
            ],
            rules=(),
            silent=(),
            claims=list(show_claims(self._service, lambda claim: claim.provider == found)),
        )

    def source(self, name: str) -> Response:
        """Show a source and what it says."""
        one = self._service.knowledge.sources.get(name)
        if one is None:
            return show_refusal(self._service, "There is no such source", 404)
        published = f"published {one.published}" if one.published else "without a date"
        lines = [f"{one.publisher or 'No publisher named'}; {published}, read on {one.retrieved}."]
        lines += [f"Note: {one.note}."] if one.note else []
        lines += [f"No URL: {one.no_url}."] if one.no_url else []
        return self._show(
            "facts.html.j2",
            one.title,
            heading=one.title,
            about="source",
            here="sources",
            lines=lines,
            links=[("Open the source", one.url)] if one.url else [],
            rules=[
                (rule.id, rule.because)
                for rule in self._service.knowledge.rules.values()
                if name in {part.source for part in rule.rests_on}
            ],
            silent=(),
            claims=list(show_claims(self._service, lambda claim: claim.source == name)),
        )


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


def show_claims(service: KnowledgeService, is_shown: Callable[[Claim], bool]) -> Iterator[dict[str, Any]]:
    """Yield the claims to show, each with source, place and day; the first claim on a fact has the anchor."""
    knowledge, facts = service.knowledge, service.facts()
    anchors: set[str] = set()
    for known in knowledge.providers.values():
        for claim in known.claims:
            if is_shown(claim):
                anchor = f"{known.id}-{claim.criterion}"
                yield {
                    "anchor": "" if anchor in anchors else anchor,
                    "provider": known.id,
                    "name": known.name,
                    "criterion": claim.criterion,
                    "label": knowledge.criteria[claim.criterion].label,
                    "says": _say_claim(claim, knowledge),
                    "evidence": claim.evidence,
                    "note": claim.note,
                    "product": known.products[claim.product].name if claim.product else "",
                    "stated": claim.stated,
                    "stale": _is_stale(claim, facts),
                    "source": claim.source,
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
