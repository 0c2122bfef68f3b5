"""A recommendation as a decision record in Markdown, made to be committed and diffed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from provider_advisor.explanation.answer_records import AnswerRecord
from provider_advisor.explanation.verdict_in_words import QuestionGroup
from provider_advisor.explanation.words import CAUTIONS_HEADING, GAPS_HEADING, percent, stale_text
from provider_advisor.faces.report.contents import Report, make_report
from provider_advisor.faces.report.how_sure import ReportSureness
from provider_advisor.faces.report.rows_and_sources import CitedPlace, ReportRow
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~#!$@^]|&(?=#?\w+;))")
_BLOCK = re.compile(r"^([-+=]|[0-9]+(?=[.)](?: |$)))")
_LINK = re.compile(r"(?i)(?<=http)(s?):|(?<=www)\.")


def escape(text: str) -> str:
    r"""Escape a text so that Markdown shows it unchanged, on one line, in a table cell or elsewhere.

    >>> escape("a|b_c\n<i>"), escape("- 1"), escape("3. b")
    ('a\\|b\\_c \\<i\\>', '\\- 1', '3\\. b')
    """
    # GitHub turns `www.` and `http:` into links, `@name` into a mention and `#12` into an issue. A line that begins
    # with `1.` or `-` would become a nested list.
    text = _SIGNS.sub(r"\\\1", clean(text))
    text = _LINK.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], text)
    return _BLOCK.sub(lambda found: found[0] + "\\" if found[0].isdigit() else "\\" + found[0], text)


def markdown_report(answer: AnswerRecord, knowledge: KnowledgeBase) -> str:
    """Return the record of a recommendation as GitHub-flavoured Markdown; equal bytes for equal records."""
    report = make_report(answer, knowledge)
    context = (f"**{name}:** {'; '.join(map(escape, lines))}" for name, lines in report.context)
    blocks = [
        *_write_head(report, answer),
        "## Context",
        _join_list(context) or "Only requirements were stated.",
        *_write_requirements(report),
        *_write_options(report),
        "## Verdict",
        f"**{escape(report.headline)}.** {escape(report.lede)}".rstrip(),
        *_write_list(GAPS_HEADING, report.gaps),
        *_write_list(CAUTIONS_HEADING, report.cautions),
        *_write_section("Products to choose", map(escape, report.products)),
        *_write_reasons(report.rows),
        *_write_unknowns(report),
        *_write_section("End dates and changes", (f"{escape(says)}{_cite(cited)}" for says, cited in report.notices)),
        "## What would change the answer",
        _join_list(map(escape, report.changes)) or "Nothing that was tried would change it.",
        *_write_sureness(report.sure),
        *_write_cost(report),
        *_write_sources(report),
        *_write_knowledge(report),
    ]
    return "\n\n".join(blocks) + "\n"


def _write_table(headers: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table of escaped cells."""
    shown = [list(headers), ["---"] * len(headers), *(list(line) for line in lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in shown)


def _join_list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _write_list(what: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield lines as a list under a title; nothing if there are none."""
    if lines:
        yield f"{what}:"
        yield _join_list(map(escape, lines))


def _write_section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines, which are Markdown already, as a list under a heading; nothing if there are none."""
    if found := _join_list(lines):
        yield f"## {heading}"
        yield found


def _cite(citations: Iterable[CitedPlace]) -> str:
    said = " ".join(f"\\[{part.number}, {part.lines}; {part.day}\\]" for part in citations)
    return f" {said}" if said else ""


def _write_head(report: Report, answer: AnswerRecord) -> Iterator[str]:
    known = report.known
    named = f"{escape(known.version)} of {known.date}, " if known.version else ""
    yield f"# Provider recommendation{f' for {escape(report.team)}' if report.team else ''}"
    yield _join_list(
        [
            f"**Status:** {escape(answer.verdict.reason)}",
            *([escape(report.not_stated)] if report.not_stated else []),
            f"**Scope:** {escape(report.rests_on)}",
            f"**As of:** {known.as_of}",
            f"**Knowledge base:** {named}`{known.fingerprint[:12]}`",
        ]
    )


def _write_requirements(report: Report) -> Iterator[str]:
    yield "## Requirements"
    if report.rows:
        yield _write_table(["Priority", "Criterion", "Bound", "Weight", "Origin"], map(_list_cells, report.rows))
    else:
        yield "Nothing was asked for."
    yield from _write_list("Not counted", report.set_aside)


def _list_cells(row: ReportRow) -> list[str]:
    said = [f"rule `{rule}`{f': {escape(why)}' if why else ''}" for rule, why in row.rules]
    origin = "; ".join([*(text.rstrip(".") for text in said[:-1]), *said[-1:]])
    return [row.priority, escape(row.criterion), escape(row.bound), row.weight, origin or "stated"]


def _write_options(report: Report) -> Iterator[str]:
    yield "## Options"
    yield _write_table(
        ["Provider", "Standing", "Score (proven to possible)"],
        ([escape(provider.name), provider.standing, provider.score_text] for provider in report.providers),
    )
    if report.rows:
        yield _write_table(
            ["Priority", "Requirement", *(escape(provider.name) for provider in report.shown)],
            ([row.priority, escape(row.label), *(escape(cell.word) for cell in row.cells)] for row in report.rows),
        )
        for heading, lines in report.others:
            yield from _write_list(heading, lines)


def _write_reasons(found: Sequence[ReportRow]) -> Iterator[str]:
    if found:
        yield "## Reasons"
    for row in found:
        yield f"### {escape(row.label)}"
        yield f"{row.priority.capitalize()}, weight {row.weight}{_say_origin(row)}."
        yield _join_list(
            f"**{escape(cell.provider)}:** {escape(cell.word)}{'; ' if cell.says else ''}{escape(cell.says)}"
            + _cite(cell.citations)
            + "".join(f" Note: {escape(note)}." for note in cell.notes)
            for cell in row.reasons
        )


def _say_origin(row: ReportRow) -> str:
    if not row.rules:
        return ", stated by you"
    return ", by the rule" + ("s " if len(row.rules) > 1 else " ") + ", ".join(f"`{rule}`" for rule, _ in row.rules)


def _write_unknowns(report: Report) -> Iterator[str]:
    yield "## What is not known"
    if report.unknowns:
        yield _write_table(
            ["Not known", "Priority", "About"],
            ([escape(part.label), part.priority, escape(part.providers)] for part in report.unknowns),
        )
    else:
        yield "Everything that you asked for is known." if report.rows else "Nothing was asked for."
    if report.sure.questions:
        yield "Questions to ask, most useful first:"
        yield "\n".join(
            f"{place}. {_write_question(part)}" for place, part in enumerate(report.sure.questions, start=1)
        )
    yield from _write_list("Out of date: check again before signing", report.stale)


def _write_question(part: QuestionGroup) -> str:
    answers = escape(" ".join(part.answers))
    if len(part.asked) == 1:
        return f"**{escape(part.asked[0])}** {answers}".rstrip()
    return "\n".join([answers, *(f"    - {escape(one)}" for one in part.asked)])


def _write_sureness(sure: ReportSureness) -> Iterator[str]:
    if sure.is_known:
        yield "## How sure the answer is"
    if sure.shares:
        yield f"Share of scenarios in which each provider comes first. {escape(sure.worlds)}"
        columns = {"Provider": [escape(name) for name, _ in sure.shares]}
        records = [share for _, share in sure.shares]
        if sure.is_open:
            columns["With the given weights"] = [percent(share.given) for share in records]
        # Shares with any weights of the same order are left out where they would take too long.
        if ordered := [percent(share.ordered) for share in records if share.ordered is not None]:
            columns["With any weights in the same order"] = ordered
        columns["With any weights, all equally likely"] = [percent(share.first) for share in records]
        yield _write_table(list(columns), zip(*columns.values(), strict=True))
    yield from _write_list("Pairwise, with the given weights", sure.pairs)
    if sure.nobody:
        yield sure.nobody
    if sure.weights:
        yield escape(sure.weights)
    heading = "The range of each weight in which the answer holds, with all others unchanged"
    yield from _write_list(heading, [part.says for part in sure.ranges])
    yield from _write_list("Amounts at which a provider leads, with everything else unchanged", sure.tipping)
    if sure.settled and not sure.ranges:
        yield "No single weight, however small or large, would change the answer."
    elif sure.settled:
        yield f"The answer stays the same with any weight of: {'; '.join(escape(label) for label in sure.settled)}."


def _write_cost(report: Report) -> Iterator[str]:
    if report.bills or report.unpriced:
        yield "## Monthly cost"
    if report.unpriced:
        yield escape(report.unpriced)
    for bill in report.bills:
        yield f"### {escape(bill.provider)}: {escape(bill.total)}"
        if bill.gaps:
            yield " ".join(map(escape, bill.gaps))
        rows = (
            [
                escape(part.usage),
                escape(part.price) + _cite(part.citations),
                part.amount,
                " ".join(map(escape, part.notes)),
            ]
            for part in bill.positions
        )
        yield _write_table(["Usage", "Price", "Amount", "Remarks"], rows)


def _write_sources(report: Report) -> Iterator[str]:
    yield "## Sources"
    lines = (
        f"{part.number}. {escape(part.title)} ({part.published}, retrieved {part.retrieved})"
        + (f", <{part.url}>" if part.url else "")
        + (f"; {escape(part.remarks)}" if part.remarks else "")
        for part in report.sources
    )
    yield "\n".join(lines) or "No source is cited."


def _write_knowledge(report: Report) -> Iterator[str]:
    known, old = report.known, len(report.stale)
    yield "## Knowledge"
    yield _join_list(
        [
            stale_text(old) if old else "None of the facts used is out of date.",
            *([escape(known.read_from)] if known.read_from else []),
            *([f"Version {escape(known.version)} of {known.date}."] if known.version else []),
            f"Fingerprint of facts and rules: `{known.fingerprint}`.",
        ]
    )
