"""Further parts of a report: the team, what is not known, what would change the answer, what it would cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provider_advisor.explanation.costs import describe_sum, list_gaps, list_price_remarks
from provider_advisor.explanation.model import AnswerRecord, CostItemRecord, CostRecord, LineRecord, RequirementRecord
from provider_advisor.explanation.unknowns import (
    Unknown,
    describe_area_weights,
    list_set_aside,
    list_unknowns,
    list_unlisted,
    list_unsure,
    list_unwanted,
    say_not_stated,
)
from provider_advisor.explanation.words import capital, criterion_label, joined, money_text
from provider_advisor.faces.report.view import (
    CitedPlace,
    CitedSources,
    RankedProvider,
    name_providers,
    name_usage,
    rank_providers,
)
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

__all__ = [
    "Bill",
    "BillPosition",
    "describe_cautions",
    "describe_changes",
    "describe_context",
    "describe_not_stated",
    "describe_notices",
    "describe_product_gaps",
    "describe_products",
    "describe_set_aside",
    "describe_stale",
    "find_unknowns",
    "list_unpriced",
    "make_bills",
]


class BillPosition(NamedTuple):
    """Usage that is paid for together: its price, the amount per month, and remarks."""

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
    """what the total leaves out, in sentences"""


def describe_context(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[tuple[str, list[str]]]:
    """Return what the team said about itself: each part with its lines."""
    question = answer.question
    usage = name_usage(question.get("usage", {}), knowledge)
    age = question.get("max_age")
    parts = [
        ("Team", [question["team"]] if question.get("team") else []),
        ("Situation", [_topic(topic, said, knowledge) for topic, said in question.get("situation", {}).items()]),
        ("Monthly usage", [f"{item}: {said}" for item, said in usage]),
        ("Evidence", [f"claims older than {age.removesuffix('d')} days are not used"] if age else []),
        ("Weights", [said] if (said := describe_area_weights(answer)) else []),
        ("Not judged: ask the providers", list_unlisted(answer, knowledge)),
        ("Not wanted", list_unwanted(answer, knowledge)),
        ("Not sure, or not counted yet", list_unsure(answer, knowledge)),
        ("Notes", list(answer.notes)),
    ]
    return [(name, [clean(line) for line in lines]) for name, lines in parts if lines]


def _topic(topic: str, values: Sequence[str], knowledge: KnowledgeBase) -> str:
    label = knowledge.topics[topic].label if topic in knowledge.topics else topic
    return f"{label}: {joined([knowledge.spell_id(value) for value in values])}"


def find_unknowns(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[Unknown]:
    """Return what is not known, safe to show."""
    return [Unknown(*(clean(text) for text in part)) for part in list_unknowns(answer, knowledge)]


def describe_not_stated(answer: AnswerRecord, knowledge: KnowledgeBase) -> str:
    """Return what no source states of any provider, safe to show; empty where that is little."""
    return clean(say_not_stated(answer, knowledge))


def describe_stale(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return the facts that are out of date."""
    return [
        clean(
            f"{name_providers([part.provider], answer)}, {criterion_label(part.criterion, None, knowledge)}: "
            f"from {part.as_of}"
        )
        for part in answer.knowledge.stale
    ]


def describe_notices(answer: AnswerRecord, sources: CitedSources) -> list[tuple[str, tuple[CitedPlace, ...]]]:
    """Return ends and changes, past or announced, of what the answer is based on, with the places that say so."""
    found = []
    for part in answer.notices:
        lines = []
        if part.source is not None and part.line is not None and part.stated is not None:
            lines.append(LineRecord(source=part.source, line=part.line, as_of=part.stated))
        found.append((clean(part.says), sources.cite(lines)))
    return found


def describe_changes(answer: AnswerRecord, knowledge: KnowledgeBase, turns: Sequence[str]) -> list[str]:
    """Return what would change the answer: criteria that equal leaders differ in, what to give up, other changes.

    Then come the providers that meet every must together.
    """
    given_up = [
        f"Without {joined([_requirement(part, knowledge) for part in concession.drop])}: "
        f"{concession.verdict.reason.removeprefix('Then ')}"
        for concession in answer.concessions
    ]
    together = [f"{name_providers(group, answer)} together meet every must." for group in answer.combinations]
    apart = [f"To ask for: {part.says}" for part in answer.differences]
    lines = [*(clean(line) for line in (*apart, *given_up)), *turns, *(clean(line) for line in together)]
    return list(dict.fromkeys(lines))


def _requirement(part: RequirementRecord, knowledge: KnowledgeBase) -> str:
    return criterion_label(part.criterion, part.bound, knowledge)


def describe_products(answer: AnswerRecord, shown: Iterable[RankedProvider]) -> list[str]:
    """Return which products to take, of each provider of the short list that is not ruled out."""
    left = {part.id for part in answer.providers if part.standing != "ruled-out"}
    return [clean(f"{part.name}: {answer.take[part.id]}.") for part in shown if part.id in left & answer.take.keys()]


def describe_cautions(answer: AnswerRecord) -> list[str]:
    """Return what the team should know of the products to choose, of the providers that the verdict names."""
    return [clean(part.says) for part in answer.list_cautions()]


def describe_product_gaps(answer: AnswerRecord) -> list[str]:
    """Return the musts that are stated for another product, of the providers that the verdict names."""
    return [clean(gap.says) for gap in answer.product_gaps if gap.provider in answer.verdict.named]


def describe_set_aside(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return the consequents of rules that do not count, and why."""
    return [clean(line) for line in list_set_aside(answer, knowledge)]


def make_bills(answer: AnswerRecord, knowledge: KnowledgeBase, sources: CitedSources) -> list[Bill]:
    """Return what a month would cost with each provider; empty where no usage was stated."""
    known = {provider.id: provider for provider in answer.providers}
    return [
        _bill(ranked.name, cost, list_gaps(answer, known[ranked.id], knowledge), knowledge, sources)
        for ranked in rank_providers(answer)
        if (cost := known[ranked.id].monthly_cost) is not None and not cost.is_unknown
    ]


def list_unpriced(answer: AnswerRecord) -> str:
    """Return the providers for which no price is known of anything that is used, in words; empty without any."""
    costs = ((part.name, part.monthly_cost) for part in answer.providers)
    names = [name for name, cost in costs if cost is not None and cost.is_unknown]
    return clean(f"No price is known for this usage: {joined(names)}.") if names else ""


def _bill(name: str, cost: CostRecord, gaps: Sequence[str], knowledge: KnowledgeBase, sources: CitedSources) -> Bill:
    items = [item for item in cost.items if item.criterion is not None or item.high != 0]
    positions = tuple(_position(item, knowledge, sources) for item in items)
    total = clean(describe_sum(cost, knowledge))
    return Bill(name, cost.low, cost.high, total, clean(cost.unit), positions, tuple(map(clean, gaps)))


def _usage(item: CostItemRecord, knowledge: KnowledgeBase) -> str:
    return joined([f"{label}, {said.removesuffix('/month')}" for label, said in name_usage(item.usage, knowledge)])


def _position(item: CostItemRecord, knowledge: KnowledgeBase, sources: CitedSources) -> BillPosition:
    usage = clean(_usage(item, knowledge))
    notes = [f"Cheaper for this usage than {other.price}." for other in item.instead]
    notes += [f"Not subtracted: {beside}." for beside in item.beside]
    notes += [f"{capital(note)}." for note in (*list_price_remarks(item, knowledge), *(item.notes or ()))]
    unpriced = "by quote only" if item.by_quote else "no price is known"
    price, amount = unpriced, "not known"
    if item.criterion is not None:
        price, amount = clean(item.price or ""), money_text(item.low, item.high)
    return BillPosition(usage, price, amount, tuple(clean(note) for note in notes), sources.cite(item.evidence))
