"""Facts and claims as rows of a page, each with the source that says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from starlette.responses import Response

from provider_advisor.explanation.words import claim_text, shortened
from provider_advisor.faces.side_by_side import ComparedRow
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.knowledge import Claim, Facts, KnowledgeBase

_MOST_MEMBERS = 12
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def show_row(row: ComparedRow, service: KnowledgeService) -> dict[str, Any]:
    """Return the row of a comparison: what is known of each provider, and the place on the page of its first source."""
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
    """Yield the claims that are to be shown, each with source, place and day; the first on a fact has its anchor."""
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
    """Return what a claim says in the words of a comparison, and of which members."""
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


def write_csv(rows: Iterable[Sequence[str]]) -> Response:
    """Return rows as CSV in which no cell can be taken for a formula."""
    return Response("".join(write_safe_lines(rows)), media_type="text/csv; charset=utf-8")


def write_safe_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines of CSV in which no cell can be taken for a formula by a spreadsheet program."""
    for row in rows:
        line = io.StringIO()
        writer = csv.writer(line, lineterminator="\n")
        writer.writerow([f"'{cell}" if cell[:1] in _FORMULAS else cell for cell in row])
        yield line.getvalue()
