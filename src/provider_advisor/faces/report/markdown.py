"""A recommendation as a decision record in Markdown: to be committed, read in a diff, and found again years later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.faces.report import parts
from provider_advisor.faces.report.sureness import Question, Sureness, sureness
from provider_advisor.faces.report.view import Citation, Provider, Row, Sources, headline, providers, rows
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["escaped", "markdown_report"]

Record = Mapping[str, Any]
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~#!$@^]|&(?=#?\w+;))")
_BLOCK = re.compile(r"^([-+=]|[0-9]+(?=[.)](?: |$)))")
_LINK = re.compile(r"(?i)(?<=http)(s?):|(?<=www)\.")


def escaped(text: str) -> str:
    r"""A text that Markdown shows as it is, on one line, in a table's cell or elsewhere.

    >>> escaped("a|b_c\n<i>"), escaped("- 1"), escaped("3. b")
    ('a\\|b\\_c \\<i\\>', '\\- 1', '3\\. b')
    """
    text = _SIGNS.sub(r"\\\1", clean(text))
    text = _LINK.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], text)
    return _BLOCK.sub(lambda found: found[0] + "\\" if found[0].isdigit() else "\\" + found[0], text)


def markdown_report(record: Record, knowledge: KnowledgeBase) -> str:
    """The record of a recommendation as GitHub-flavoured Markdown; equal bytes for equal records."""
    sources = Sources(record)
    ranked, found = providers(record), rows(record, knowledge, sources)
    sure = sureness(record, found)
    blocks = [
        *_head(record),
        *_context(record, knowledge),
        *_requirements(record, knowledge, found),
        *_options(ranked, found),
        *_verdict(record),
        *_reasons(found),
        *_unknowns(record, knowledge, found, sure),
        *_changes(record, knowledge, found, sure),
        *_sureness(sure),
        *_cost(record, knowledge, sources),
        *_sources(sources),
        *_knowledge(record, knowledge),
    ]
    return "\n\n".join(blocks) + "\n"


def _table(headers: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table of cells that are escaped already."""
    shown = [list(headers), ["---"] * len(headers), *(list(line) for line in lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in shown)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _cited(citations: Iterable[Citation]) -> str:
    said = " ".join(f"\\[{part.number}, {part.lines}; {part.day}\\]" for part in citations)
    return f" {said}" if said else ""


def _head(record: Record) -> Iterator[str]:
    team, known = record["question"].get("team"), record["knowledge"]
    yield f"# Provider recommendation{f' for {escaped(team)}' if team else ''}"
    yield _list(
        [
            f"**Status:** {escaped(record['verdict']['reason'])}",
            f"**Date:** {known['as_of']}",
            f"**Knowledge base:** `{known['fingerprint'][:12]}`",
        ]
    )


def _context(record: Record, knowledge: KnowledgeBase) -> Iterator[str]:
    yield "## Context"
    said = parts.context(record, knowledge)
    if not said:
        yield "The team said nothing of itself beyond its requirements."
        return
    yield _list(f"**{name}:** {'; '.join(escaped(line) for line in lines)}" for name, lines in said)


def _requirements(record: Record, knowledge: KnowledgeBase, found: Sequence[Row]) -> Iterator[str]:
    yield "## Requirements"
    if not found:
        yield "Nothing was asked."
        return
    yield _table(["Priority", "Criterion", "Bound", "Weight", "Origin"], (_requirement(row) for row in found))
    if aside := parts.set_aside(record, knowledge):
        yield "Not counted:"
        yield _list(escaped(line) for line in aside)


def _requirement(row: Row) -> list[str]:
    origin = "; ".join(f"rule `{rule}`{f': {escaped(why)}' if why else ''}" for rule, why in row.rules)
    return [row.priority, escaped(row.criterion), escaped(row.bound), row.weight, origin or "stated"]


def _options(ranked: Sequence[Provider], found: Sequence[Row]) -> Iterator[str]:
    yield "## Options"
    yield _table(
        ["Provider", "Standing", "Score (proven to possible)"],
        ([escaped(provider.name), provider.standing, provider.score_text] for provider in ranked),
    )
    if found:
        yield _table(
            ["Priority", "Requirement", *(escaped(provider.name) for provider in ranked)],
            ([row.priority, escaped(row.label), *(cell.word for cell in row.cells)] for row in found),
        )


def _verdict(record: Record) -> Iterator[str]:
    yield "## Verdict"
    title, why = headline(record)
    yield f"**{escaped(title)}.** {escaped(why)}".rstrip()


def _reasons(found: Sequence[Row]) -> Iterator[str]:
    if found:
        yield "## Reasons"
    for row in found:
        yield f"### {escaped(row.label)}"
        yield f"{row.priority.capitalize()}, weight {row.weight}{_origin(row)}."
        yield _list(
            f"**{escaped(cell.provider)}:** {cell.word}; {escaped(cell.says)}{_cited(cell.citations)}"
            for cell in row.cells
        )


def _origin(row: Row) -> str:
    if not row.rules:
        return ", stated by the team"
    return ", by the rule" + ("s " if len(row.rules) > 1 else " ") + ", ".join(f"`{rule}`" for rule, _ in row.rules)


def _unknowns(record: Record, knowledge: KnowledgeBase, found: Sequence[Row], sure: Sureness) -> Iterator[str]:
    yield "## Unknowns and what to confirm"
    unknown = parts.unknowns(found)
    if not unknown:
        yield "Everything that was asked is known." if found else "Nothing was asked."
    else:
        yield _table(
            ["Not known", "Priority", "Of"],
            ([escaped(part.label), part.priority, escaped(part.providers)] for part in unknown),
        )
    if sure.questions:
        yield "To ask, most useful first:"
        yield "\n".join(f"{place}. {_question(part)}" for place, part in enumerate(sure.questions, start=1))
    if old := parts.stale(record, knowledge):
        yield "Older than such facts should be; ask again before signing:"
        yield _list(escaped(line) for line in old)


def _changes(record: Record, knowledge: KnowledgeBase, found: Sequence[Row], sure: Sureness) -> Iterator[str]:
    yield "## What would change the answer"
    lines = parts.changes(record, knowledge, sure.changes)
    if not sure.questions:
        lines += parts.open_questions(record, parts.unknowns(found))
    yield _list(escaped(line) for line in lines) if lines else "Nothing of what was looked at."


def _question(part: Question) -> str:
    return f"**{escaped(' '.join(part.asked))}** {escaped(' '.join(part.answers))}".rstrip()


def _sureness(sure: Sureness) -> Iterator[str]:
    if sure.is_known:
        yield "## How sure it is"
    if sure.shares:
        yield f"How often each provider comes first, over the ways in which the unknowns could turn out. {sure.worlds}"
        yield _table(
            ["Provider", "With the weights as they are", "With any weights, all equally likely"],
            ([escaped(share.provider), share.given_text, share.uniform_text] for share in sure.shares),
        )
    if sure.nobody:
        yield sure.nobody
    if sure.weights:
        yield escaped(sure.weights)
    if sure.ranges:
        yield "Within which range of each weight, all others as they are, the answer holds:"
        yield _table(
            ["Weight of", "Now", "Holds", "Beyond"],
            ([escaped(part.label), part.now, part.holds, escaped(part.beyond)] for part in sure.ranges),
        )
    if sure.settled and not sure.ranges:
        yield "No weight alone, however small or large, would change this answer."
    elif sure.settled:
        yield f"Whatever these weigh, the answer stays: {'; '.join(escaped(label) for label in sure.settled)}."


def _cost(record: Record, knowledge: KnowledgeBase, sources: Sources) -> Iterator[str]:
    bills = parts.bills(record, knowledge, sources)
    if bills:
        yield "## Cost in a month"
    for bill in bills:
        yield f"### {escaped(bill.provider)}: {escaped(bill.total)}"
        yield _table(
            ["Usage", "Price", "Amount", "Remarks"],
            (
                [escaped(part.usage), escaped(part.price) + _cited(part.citations), part.amount, _remarks(part.notes)]
                for part in bill.positions
            ),
        )
        if bill.unpriced:
            yield f"Not priced: {'; '.join(escaped(usage) for usage in bill.unpriced)}."


def _remarks(notes: Iterable[str]) -> str:
    return " ".join(escaped(note) for note in notes)


def _sources(sources: Sources) -> Iterator[str]:
    yield "## Sources"
    if not sources.listed:
        yield "No source is cited."
        return
    yield "\n".join(
        f"{part.number}. {escaped(part.title)} (published {part.published}, retrieved {part.retrieved})"
        + (f", <{part.url}>" if part.url else "")
        for part in sources.listed
    )


def _knowledge(record: Record, knowledge: KnowledgeBase) -> Iterator[str]:
    known = record["knowledge"]
    old = len(parts.stale(record, knowledge))
    yield "## Knowledge"
    yield _list(
        [
            f"Facts as of {known['as_of']}.",
            escaped(known["rests_on"]["says"]),
            f"{old} of the facts used {'is' if old == 1 else 'are'} past the time within which such facts hold."
            if old
            else "No fact used is past the time within which such facts hold.",
            f"Fingerprint of facts and rules: `{known['fingerprint']}`.",
        ]
    )
