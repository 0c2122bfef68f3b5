"""A recommendation as a decision record in Markdown: to commit, to read in a diff, to find again years later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from provider_advisor.explanation.model import AnswerRecord
from provider_advisor.explanation.words import CAUTIONS_HEADING, GAPS_HEADING
from provider_advisor.faces.report import parts
from provider_advisor.faces.report.sureness import ReportQuestion, ReportSureness, describe_sureness
from provider_advisor.faces.report.view import (
    CitedPlace,
    CitedSources,
    RankedProvider,
    ReportRow,
    build_rows,
    list_others,
    list_shown,
    rank_providers,
    split_headline,
)
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["escape", "markdown_report"]
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~#!$@^]|&(?=#?\w+;))")
_BLOCK = re.compile(r"^([-+=]|[0-9]+(?=[.)](?: |$)))")
_LINK = re.compile(r"(?i)(?<=http)(s?):|(?<=www)\.")


def escape(text: str) -> str:
    r"""Return a text that Markdown shows unchanged, on one line, in a table's cell or elsewhere.

    >>> escape("a|b_c\n<i>"), escape("- 1"), escape("3. b")
    ('a\\|b\\_c \\<i\\>', '\\- 1', '3\\. b')
    """
    text = _SIGNS.sub(r"\\\1", clean(text))
    text = _LINK.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], text)
    return _BLOCK.sub(lambda found: found[0] + "\\" if found[0].isdigit() else "\\" + found[0], text)


def markdown_report(answer: AnswerRecord, knowledge: KnowledgeBase) -> str:
    """Return the record of a recommendation as GitHub-flavoured Markdown; equal bytes for equal records."""
    sources = CitedSources(answer)
    ranked, found = rank_providers(answer), build_rows(answer, knowledge, sources)
    sure = describe_sureness(answer, knowledge, found)
    blocks = [
        *_head(answer, knowledge),
        *_context(answer, knowledge),
        *_requirements(answer, knowledge, found),
        *_options(ranked, found, answer, knowledge),
        *_verdict(answer),
        *_products(answer, knowledge),
        *_reasons(found),
        *_unknowns(answer, knowledge, found, sure),
        *_notices(answer, sources),
        *_changes(answer, knowledge, sure),
        *_sureness(sure),
        *_cost(answer, knowledge, sources),
        *_sources(sources),
        *_knowledge(answer, knowledge),
    ]
    return "\n\n".join(blocks) + "\n"


def _table(headers: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are escaped already."""
    shown = [list(headers), ["---"] * len(headers), *(list(line) for line in lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in shown)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _cited(citations: Iterable[CitedPlace]) -> str:
    said = " ".join(f"\\[{part.number}, {part.lines}; {part.day}\\]" for part in citations)
    return f" {said}" if said else ""


def _head(answer: AnswerRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    team, known = answer.question.get("team"), answer.knowledge
    named = f"{escape(known.version)} of {known.date}, " if known.version else ""
    yield f"# Provider recommendation{f' for {escape(team)}' if team else ''}"
    yield _list(
        [
            f"**Status:** {escape(answer.verdict.reason)}",
            *([escape(silence)] if (silence := parts.describe_not_stated(answer, knowledge)) else []),
            f"**Scope:** {escape(known.rests_on.says)}",
            f"**As of:** {known.as_of}",
            f"**Knowledge base:** {named}`{known.fingerprint[:12]}`",
        ]
    )


def _context(answer: AnswerRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    yield "## Context"
    said = parts.describe_context(answer, knowledge)
    if not said:
        yield "The team stated only its requirements."
        return
    yield _list(f"**{name}:** {'; '.join(escape(line) for line in lines)}" for name, lines in said)


def _requirements(answer: AnswerRecord, knowledge: KnowledgeBase, found: Sequence[ReportRow]) -> Iterator[str]:
    yield "## Requirements"
    if found:
        yield _table(["Priority", "Criterion", "Bound", "Weight", "Origin"], (_requirement(row) for row in found))
    else:
        yield "Nothing was asked for."
    if aside := parts.describe_set_aside(answer, knowledge):
        yield "Not counted:"
        yield _list(escape(line) for line in aside)


def _requirement(row: ReportRow) -> list[str]:
    said = [f"rule `{rule}`{f': {escape(why)}' if why else ''}" for rule, why in row.rules]
    origin = "; ".join([*(text.rstrip(".") for text in said[:-1]), *said[-1:]])
    return [row.priority, escape(row.criterion), escape(row.bound), row.weight, origin or "stated"]


def _options(
    ranked: Sequence[RankedProvider], found: Sequence[ReportRow], answer: AnswerRecord, knowledge: KnowledgeBase
) -> Iterator[str]:
    yield "## Options"
    yield _table(
        ["Provider", "Standing", "Score (proven to possible)"],
        ([escape(provider.name), provider.standing, provider.score_text] for provider in ranked),
    )
    if found:
        yield _table(
            ["Priority", "Requirement", *(escape(provider.name) for provider in list_shown(answer, knowledge))],
            ([row.priority, escape(row.label), *(cell.word for cell in row.cells)] for row in found),
        )
        for heading, lines in list_others(answer, knowledge):
            yield f"{heading}:"
            yield _list(escape(line) for line in lines)


def _verdict(answer: AnswerRecord) -> Iterator[str]:
    yield "## Verdict"
    title, why = split_headline(answer)
    yield f"**{escape(title)}.** {escape(why)}".rstrip()
    if gaps := parts.describe_product_gaps(answer):
        yield f"{GAPS_HEADING}:"
        yield _list(escape(line) for line in gaps)
    if cautions := parts.describe_cautions(answer):
        yield f"{CAUTIONS_HEADING}:"
        yield _list(escape(line) for line in cautions)


def _reasons(found: Sequence[ReportRow]) -> Iterator[str]:
    if found:
        yield "## Reasons"
    for row in found:
        yield f"### {escape(row.label)}"
        yield f"{row.priority.capitalize()}, weight {row.weight}{_origin(row)}."
        yield _list(
            f"**{escape(cell.provider)}:** {cell.word}; {escape(cell.says)}{_cited(cell.citations)}{_noted(cell.notes)}"
            for cell in row.reasons
        )


def _noted(notes: Iterable[str]) -> str:
    return "".join(f" Note: {escape(note)}." for note in notes)


def _products(answer: AnswerRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    if lines := parts.describe_products(answer, list_shown(answer, knowledge)):
        yield "## Products to choose"
        yield _list(escape(line) for line in lines)


def _origin(row: ReportRow) -> str:
    if not row.rules:
        return ", stated by the team"
    return ", by the rule" + ("s " if len(row.rules) > 1 else " ") + ", ".join(f"`{rule}`" for rule, _ in row.rules)


def _unknowns(
    answer: AnswerRecord, knowledge: KnowledgeBase, found: Sequence[ReportRow], sure: ReportSureness
) -> Iterator[str]:
    yield "## Unknowns and what to confirm"
    unknown = parts.find_unknowns(answer, knowledge)
    if not unknown:
        yield "Everything that was asked for is known." if found else "Nothing was asked for."
    else:
        yield _table(
            ["Not known", "Priority", "About"],
            ([escape(part.label), part.priority, escape(part.providers)] for part in unknown),
        )
    if sure.questions:
        yield "Questions to ask, most useful first:"
        yield "\n".join(f"{place}. {_question(part)}" for place, part in enumerate(sure.questions, start=1))
    if old := parts.describe_stale(answer, knowledge):
        yield "Out of date: check again before signing:"
        yield _list(escape(line) for line in old)


def _notices(answer: AnswerRecord, sources: CitedSources) -> Iterator[str]:
    if found := parts.describe_notices(answer, sources):
        yield "## End dates and changes"
        yield _list(f"{escape(says)}{_cited(citations)}" for says, citations in found)


def _changes(answer: AnswerRecord, knowledge: KnowledgeBase, sure: ReportSureness) -> Iterator[str]:
    yield "## What would change the answer"
    lines = parts.describe_changes(answer, knowledge, sure.changes)
    yield _list(escape(line) for line in lines) if lines else "Nothing that was tried would change it."


def _question(part: ReportQuestion) -> str:
    return f"**{escape(' '.join(part.asked))}** {escape(' '.join(part.answers))}".rstrip()


def _sureness(sure: ReportSureness) -> Iterator[str]:
    if sure.is_known:
        yield "## How sure the answer is"
    if sure.shares:
        yield f"Share of scenarios in which each provider comes first. {escape(sure.worlds)}"
        given = ["With the given weights"] if sure.is_open else []
        ordered = ["With any weights of the same order"] if sure.shares[0].ordered_text else []
        yield _table(
            ["Provider", *given, *ordered, "With any weights, all equally likely"],
            (
                [
                    escape(share.provider),
                    *([share.given_text] if given else []),
                    *([share.ordered_text] if ordered else []),
                    share.uniform_text,
                ]
                for share in sure.shares
            ),
        )
    if sure.pairs:
        yield "Pairwise, with the given weights:"
        yield _list(escape(line) for line in sure.pairs)
    if sure.nobody:
        yield sure.nobody
    if sure.weights:
        yield escape(sure.weights)
    if sure.ranges:
        yield "The range of each weight in which the answer holds, with all others unchanged:"
        yield _table(
            ["Weight of", "Now", "Holds", "Beyond"],
            ([escape(part.label), part.now, part.holds, escape(part.beyond)] for part in sure.ranges),
        )
    if sure.tipping:
        yield "Amounts at which a provider leads, with everything else unchanged:"
        yield _list(escape(line) for line in sure.tipping)
    if sure.settled and not sure.ranges:
        yield "No single weight, however small or large, would change the answer."
    elif sure.settled:
        yield f"The answer stays the same with any weight of: {'; '.join(escape(label) for label in sure.settled)}."


def _cost(answer: AnswerRecord, knowledge: KnowledgeBase, sources: CitedSources) -> Iterator[str]:
    bills = parts.make_bills(answer, knowledge, sources)
    unpriced = parts.list_unpriced(answer)
    if bills or unpriced:
        yield "## Monthly cost"
    if unpriced:
        yield escape(unpriced)
    for bill in bills:
        yield f"### {escape(bill.provider)}: {escape(bill.total)}"
        if bill.gaps:
            yield _remarks(bill.gaps)
        yield _table(
            ["Usage", "Price", "Amount", "Remarks"],
            (
                [escape(part.usage), escape(part.price) + _cited(part.citations), part.amount, _remarks(part.notes)]
                for part in bill.positions
            ),
        )


def _remarks(notes: Iterable[str]) -> str:
    return " ".join(escape(note) for note in notes)


def _sources(sources: CitedSources) -> Iterator[str]:
    yield "## Sources"
    if not sources.listed:
        yield "No source is cited."
        return
    yield "\n".join(
        f"{part.number}. {escape(part.title)} (published {part.published}, retrieved {part.retrieved})"
        + (f", <{part.url}>" if part.url else "")
        + (f"; {escape(part.remarks)}" if part.remarks else "")
        for part in sources.listed
    )


def _knowledge(answer: AnswerRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    known = answer.knowledge
    old = len(parts.describe_stale(answer, knowledge))
    yield "## Knowledge"
    yield _list(
        [
            f"{old} of the facts used {'is' if old == 1 else 'are'} out of date."
            if old
            else "None of the facts used is out of date.",
            *([escape(known.read_from)] if known.read_from else []),
            *([f"Version {escape(known.version)} of {known.date}."] if known.version else []),
            f"Fingerprint of facts and rules: `{known.fingerprint}`.",
        ]
    )
