"""A recommendation as one self-contained page: no scripts, no requests, readable on paper and by screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provider_advisor.explanation.model import AnswerRecord, VerdictRecord
from provider_advisor.explanation.words import CAUTIONS_HEADING, GAPS_HEADING
from provider_advisor.faces.report import parts
from provider_advisor.faces.report.pages import page_template
from provider_advisor.faces.report.sureness import describe_sureness
from provider_advisor.faces.report.view import (
    CitedSources,
    ReportRow,
    build_rows,
    list_others,
    list_shown,
    rank_providers,
    split_headline,
)
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["html_report", "report_values"]


def html_report(answer: AnswerRecord, knowledge: KnowledgeBase) -> str:
    """Return the record of a recommendation as an HTML page; equal bytes for equal records."""
    page: str = page_template("report.html.j2").render(report_values(answer, knowledge))
    return page


def report_values(answer: AnswerRecord, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return what the templates of a report show, by name."""
    sources = CitedSources(answer)
    ranked, found = rank_providers(answer), build_rows(answer, knowledge, sources)
    bills = parts.make_bills(answer, knowledge, sources)
    sure = describe_sureness(answer, knowledge, found)
    unknown, shown = parts.find_unknowns(answer, knowledge), list_shown(answer, knowledge)
    title, lede = split_headline(answer)
    team = clean(answer.question.get("team") or "")
    return {
        "title": f"{title}: provider recommendation{f' for {team}' if team else ''}",
        "headline": title,
        "mood": _mood(answer.verdict),
        "lede": lede,
        "not_stated": parts.describe_not_stated(answer, knowledge),
        "team": team,
        "known": answer.knowledge,
        "rests_on": clean(answer.knowledge.rests_on.says),
        "asked": bool(found),
        "context": [part for part in parts.describe_context(answer, knowledge) if part[0] != "Team"],
        "providers": ranked,
        "shown": shown,
        "others": list_others(answer, knowledge),
        "rows": found,
        "degrees": any(cell.kind == "partial" for row in found for cell in row.cells),
        "gaps_heading": GAPS_HEADING,
        "gaps": parts.describe_product_gaps(answer),
        "cautions_heading": CAUTIONS_HEADING,
        "cautions": parts.describe_cautions(answer),
        "products": parts.describe_products(answer, shown),
        "set_aside": parts.describe_set_aside(answer, knowledge),
        "unknowns": unknown,
        "stale": parts.describe_stale(answer, knowledge),
        "notices": parts.describe_notices(answer, sources),
        "changes": parts.describe_changes(answer, knowledge, sure.changes),
        "sure": sure,
        "bills": bills,
        "unpriced": parts.list_unpriced(answer),
        "ceiling": _ceiling(bills),
        "sources": sources.listed,
        "cited_for": _find_citing(found, bills),
    }


def _find_citing(rows: Sequence[ReportRow], bills: Sequence[parts.Bill]) -> dict[int, list[tuple[str, str]]]:
    """Return what cites each source, by its number: the place on the page, and its name."""
    places = [
        (f"reason-{place}", row.label, {citation.number for cell in row.reasons for citation in cell.citations})
        for place, row in enumerate(rows, start=1)
    ]
    costs = {citation.number for bill in bills for position in bill.positions for citation in position.citations}
    found: dict[int, list[tuple[str, str]]] = {}
    for place, name, numbers in [*places, ("cost", "Monthly cost", costs)]:
        for number in sorted(numbers):
            found.setdefault(number, []).append((place, name))
    return found


def _mood(verdict: VerdictRecord) -> str:
    """Return whether the verdict is settled, bad news, or open: this is only the colour of its edge."""
    if verdict.strength == "firm" or verdict.kind == "tie":
        return "settled"
    return "bad" if verdict.kind == "none" else "open"


def _ceiling(bills: Sequence[parts.Bill]) -> float:
    """Return the amount at the end of the cost bars; beyond any known one, where some cost has no upper limit."""
    known = max((end for bill in bills for end in (bill.low, bill.high) if end is not None), default=0)
    return known * 1.25 if any(bill.high is None for bill in bills) else known
