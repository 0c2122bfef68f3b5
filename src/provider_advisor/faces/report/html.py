"""A recommendation as one self-contained page: no script, no request to anywhere, readable on paper and by ear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.faces.report import parts
from provider_advisor.faces.report.pages import page_template
from provider_advisor.faces.report.sureness import sureness
from provider_advisor.faces.report.view import Provider, Sources, headline, providers, rows
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["html_report"]

_MOST_COLUMNS = 6

Record = Mapping[str, Any]


class Block(NamedTuple):
    """As many providers as fit beside each other on a page, and which of all they are."""

    providers: Sequence[Provider]
    start: int
    stop: int


def html_report(record: Record, knowledge: KnowledgeBase) -> str:
    """The record of a recommendation as an HTML page; equal bytes for equal records."""
    sources = Sources(record)
    ranked, found = providers(record), rows(record, knowledge, sources)
    bills = parts.bills(record, knowledge, sources)
    sure = sureness(record, found)
    unknown = parts.unknowns(found)
    title, lede = headline(record)
    team = clean(record["question"].get("team") or "")
    page: str = page_template("report.html.j2").render(
        title=f"{title}: provider recommendation{f' for {team}' if team else ''}",
        headline=title,
        mood=_mood(record["verdict"]),
        lede=lede,
        team=team,
        known=record["knowledge"],
        rests_on=clean(record["knowledge"]["rests_on"]["says"]),
        asked=bool(found),
        context=[part for part in parts.context(record, knowledge) if part[0] != "Team"],
        providers=ranked,
        blocks=_blocks(ranked),
        rows=found,
        degrees=any(cell.kind == "partial" for row in found for cell in row.cells),
        set_aside=parts.set_aside(record, knowledge),
        unknowns=unknown,
        stale=parts.stale(record, knowledge),
        open_questions=parts.open_questions(record, unknown),
        changes=parts.changes(record, knowledge, sure.changes),
        sure=sure,
        bills=bills,
        ceiling=_ceiling(bills),
        sources=sources.listed,
    )
    return page


def _mood(verdict: Record) -> str:
    """Whether the verdict is good news, bad news, or open: the colour of its edge, which says nothing else."""
    if verdict["strength"] == "firm" or verdict["kind"] == "tie":
        return "settled"
    return "bad" if verdict["kind"] == "none" else "open"


def _ceiling(bills: Sequence[parts.Bill]) -> float:
    """The amount at the end of the cost bars; further than any known one, where some cost has no ceiling."""
    known = max((end for bill in bills for end in (bill.low, bill.high) if end is not None), default=0)
    return known * 1.25 if any(bill.high is None for bill in bills) else known


def _blocks(ranked: Sequence[Provider]) -> list[Block]:
    starts = range(0, len(ranked), _MOST_COLUMNS)
    return [Block(ranked[start : start + _MOST_COLUMNS], start, start + _MOST_COLUMNS) for start in starts]
