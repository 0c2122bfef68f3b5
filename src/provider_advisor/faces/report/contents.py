"""The contents of a report in words, shared by Markdown, HTML and the web pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from provider_advisor.explanation.answer_records import AnswerRecord, CostItemRecord, KnowledgeRecord, LineRecord
from provider_advisor.explanation.costs_in_words import (
    describe_sum,
    list_exclusions,
    list_price_remarks,
    money_text,
    name_unpriced,
)
from provider_advisor.explanation.findings_in_words import (
    Unknown,
    describe_area_weights,
    list_set_aside,
    list_unknowns,
    list_unlisted,
    list_unsure,
    list_unwanted,
    say_not_stated,
)
from provider_advisor.explanation.products import list_cautions, list_gaps
from provider_advisor.explanation.short_list import make_short_list
from provider_advisor.explanation.verdict_in_words import list_combinations, list_concessions
from provider_advisor.explanation.words import capital, criterion_label, joined, sort_by_standing
from provider_advisor.faces.report.how_sure import ReportSureness, describe_sureness
from provider_advisor.faces.report.rows_and_sources import (
    CitedPlace,
    CitedSources,
    ListedSource,
    RankedProvider,
    ReportRow,
    build_rows,
    name_usage,
    rank_providers,
    split_headline,
)
from provider_advisor.faces.text import clean_texts
from provider_advisor.knowledge import KnowledgeBase

_MOST_SHOWN = 5


class BillPosition(NamedTuple):
    """Usage that is billed together: its price, the amount per month, and remarks."""

    usage: str
    price: str
    amount: str
    notes: tuple[str, ...]
    citations: tuple[CitedPlace, ...]


class Bill(NamedTuple):
    """What a month would cost with one provider; without `high` there is no upper limit."""

    provider: str
    low: float
    high: float | None
    total: str
    unit: str
    positions: tuple[BillPosition, ...]
    gaps: tuple[str, ...]
    """sentences on what the total does not include"""


class Report(NamedTuple):
    """An answer in words, safe to show; missing parts are empty.

    `not_stated` says what no source states of any provider. `shown` are the providers of the short list, which are
    compared side by side, `others` a line on each other one under a heading. `unpriced` names the providers for which
    no price of the usage is known.
    """

    headline: str
    lede: str
    not_stated: str
    team: str
    known: KnowledgeRecord
    rests_on: str
    context: list[tuple[str, list[str]]]
    providers: list[RankedProvider]
    shown: list[RankedProvider]
    others: list[tuple[str, list[str]]]
    rows: list[ReportRow]
    gaps: list[str]
    cautions: list[str]
    products: list[str]
    set_aside: list[str]
    unknowns: list[Unknown]
    stale: list[str]
    notices: list[tuple[str, tuple[CitedPlace, ...]]]
    sure: ReportSureness
    changes: list[str]
    bills: tuple[Bill, ...]
    unpriced: str
    sources: list[ListedSource]


def make_report(answer: AnswerRecord, knowledge: KnowledgeBase) -> Report:
    """Return the contents of a report on an answer's record; the knowledge base only provides labels."""
    sources = CitedSources(answer)
    short_list, others = make_short_list(answer, knowledge, _MOST_SHOWN)
    shown = rank_providers(short_list)
    rows = build_rows(answer, knowledge, sources, shown)
    sure = describe_sureness(answer, knowledge, rows, shown)
    left = {part.id for part in answer.providers if part.standing != "ruled-out"}
    products = [f"{part.name}: {answer.take[part.id]}." for part in shown if part.id in left & answer.take.keys()]
    stale = [
        f"{answer.names.get(part.provider, part.provider)}, {criterion_label(part.criterion, None, knowledge)}: "
        f"from {part.as_of}"
        for part in answer.knowledge.stale
    ]
    headline, lede = split_headline(answer)
    report = Report(
        headline=headline,
        lede=lede,
        not_stated=say_not_stated(answer, knowledge),
        team=answer.question.get("team") or "",
        known=answer.knowledge,
        rests_on=answer.knowledge.rests_on.says,
        context=_describe_context(answer, knowledge),
        providers=rank_providers(answer.providers),
        shown=shown,
        others=others,
        rows=rows,
        gaps=list_gaps(answer),
        cautions=list_cautions(answer, knowledge),
        products=products,
        set_aside=list_set_aside(answer, knowledge),
        unknowns=list_unknowns(answer, knowledge),
        stale=stale,
        notices=_describe_notices(answer, sources),
        sure=sure,
        changes=_describe_changes(answer, knowledge, sure.changes),
        bills=_make_bills(answer, knowledge, sources),
        unpriced=name_unpriced(answer),
        sources=sources.listed,
    )
    # Cleaned here, in one place, so that no function above can forget it.
    return clean_texts(report)


def _describe_context(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[tuple[str, list[str]]]:
    """Return what the team said about itself, in parts with lines."""
    question = answer.question
    usage = name_usage(question.get("usage", {}), knowledge)
    age, topics = question.get("max_age"), {name: topic.label for name, topic in knowledge.topics.items()}
    situation = [
        f"{topics.get(name, name)}: {joined(list(map(knowledge.spell_id, said)))}"
        for name, said in question.get("situation", {}).items()
    ]
    parts = [
        ("Team", [question["team"]] if question.get("team") else []),
        ("Situation", situation),
        ("Monthly usage", [f"{item}: {said}" for item, said in usage]),
        ("Evidence", [f"claims older than {age.removesuffix('d')} days are not used"] if age else []),
        ("Weights", [said] if (said := describe_area_weights(answer)) else []),
        ("Not judged: ask the providers", list_unlisted(answer, knowledge)),
        ("Not wanted", list_unwanted(answer, knowledge)),
        ("Not sure, or not counted yet", list_unsure(answer, knowledge)),
        ("Notes", list(answer.notes)),
    ]
    return [(name, lines) for name, lines in parts if lines]


def _describe_notices(answer: AnswerRecord, sources: CitedSources) -> list[tuple[str, tuple[CitedPlace, ...]]]:
    """Return end dates and changes, past or announced, behind the answer, with their sources."""
    return [
        (part.says, sources.cite([LineRecord(source=part.source, line=part.line, as_of=part.stated)]))
        if part.source is not None and part.line is not None and part.stated is not None
        else (part.says, ())
        for part in answer.notices
    ]


def _describe_changes(answer: AnswerRecord, knowledge: KnowledgeBase, turns: Sequence[str]) -> list[str]:
    """Return what would change the answer: criteria that tied leaders differ in, concessions, other changes.

    Then come the providers that meet every must together.
    """
    # A concession may also be the smallest change, in the same words; it is listed once.
    apart = [f"To ask for: {part.says}" for part in answer.differences]
    lines = [*apart, *list_concessions(answer, knowledge), *turns, *list_combinations(answer)]
    return list(dict.fromkeys(lines))


def _make_bills(answer: AnswerRecord, knowledge: KnowledgeBase, sources: CitedSources) -> tuple[Bill, ...]:
    """Return the monthly cost with each provider; empty if no usage was stated."""
    bills = []
    for provider in sort_by_standing(answer.providers):
        cost = provider.monthly_cost
        if cost is None or cost.is_unknown:
            continue
        # What is free is left out; what has no price is listed, because it is missing from the sum.
        items = [item for item in cost.items if item.criterion is not None or item.high != 0]
        positions = tuple(_make_position(item, knowledge, sources) for item in items)
        total, gaps = describe_sum(cost, knowledge), tuple(list_exclusions(answer, provider, knowledge))
        bills.append(Bill(provider.name, cost.low, cost.high, total, cost.unit, positions, gaps))
    return tuple(bills)


def _make_position(item: CostItemRecord, knowledge: KnowledgeBase, sources: CitedSources) -> BillPosition:
    named = name_usage(item.usage, knowledge)
    usage = joined([f"{label}, {said.removesuffix('/month')}" for label, said in named])
    notes = [f"Cheaper for this usage than {other.price}." for other in item.instead]
    notes += [f"Not subtracted: {beside}." for beside in item.beside]
    notes += [f"{capital(note)}." for note in (*list_price_remarks(item, knowledge), *(item.notes or ()))]
    unpriced = "by quote only" if item.by_quote else "no price is known"
    price, amount = unpriced, "not known"
    if item.criterion is not None:
        price, amount = item.price or "", money_text(item.low, item.high)
    return BillPosition(usage, price, amount, tuple(notes), sources.cite(item.evidence))
