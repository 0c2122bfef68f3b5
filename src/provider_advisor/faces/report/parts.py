"""The further parts of a report: the team, what is not known, what would change the answer, what it would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.explanation.words import amount_text, criterion_label, joined
from provider_advisor.faces.report.view import Citation, Row, Sources, names_of, providers, usage_text
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

__all__ = [
    "Bill",
    "Position",
    "Unknown",
    "bills",
    "changes",
    "context",
    "open_questions",
    "set_aside",
    "stale",
    "unknowns",
]

Record = Mapping[str, Any]


class Unknown(NamedTuple):
    """What was asked and is not known, and of whom."""

    label: str
    priority: str
    providers: str


class Position(NamedTuple):
    """What is paid for together: the usage, its price, the amount a month, and what else is to say."""

    usage: str
    price: str
    amount: str
    notes: tuple[str, ...]
    citations: tuple[Citation, ...]


class Bill(NamedTuple):
    """What a month would cost with one provider; no `high` is no ceiling."""

    provider: str
    low: float
    high: float | None
    total: str
    unit: str
    positions: tuple[Position, ...]
    unpriced: tuple[str, ...]


def context(record: Record, knowledge: KnowledgeBase) -> list[tuple[str, list[str]]]:
    """What the team said of itself: each part with its lines."""
    question = record["question"]
    usage = usage_text(question.get("usage", {}), knowledge)
    age = question.get("max_age")
    parts = [
        ("Team", [question["team"]] if question.get("team") else []),
        ("Situation", [_topic(topic, said, knowledge) for topic, said in question.get("situation", {}).items()]),
        ("Usage in a month", [f"{item}: {said}" for item, said in usage]),
        ("Evidence", [f"claims older than {age.removesuffix('d')} days are not used"] if age else []),
        ("Overruled", list(record["notes"])),
    ]
    return [(name, [clean(line) for line in lines]) for name, lines in parts if lines]


def _topic(topic: str, values: Sequence[str], knowledge: KnowledgeBase) -> str:
    label = knowledge.topics[topic].label if topic in knowledge.topics else topic
    return f"{label}: {joined(values)}"


def unknowns(rows: Sequence[Row]) -> list[Unknown]:
    """Which of the rows are not known for whom."""
    found = [
        Unknown(row.label, row.priority, joined([cell.provider for cell in row.cells if cell.kind == "unknown"]))
        for row in rows
    ]
    return [part for part in found if part.providers]


def stale(record: Record, knowledge: KnowledgeBase) -> list[str]:
    """The facts that are older than such facts should be."""
    return [
        clean(
            f"{names_of([part['provider']], record)}, {criterion_label(part['criterion'], None, knowledge)}: "
            f"of {part['as_of']}"
        )
        for part in record["knowledge"]["stale"]
    ]


def changes(record: Record, knowledge: KnowledgeBase, turns: Sequence[str]) -> list[str]:
    """What the team could give up, further changes that turn the answer, and who would do together, each said once."""
    given_up = [
        f"Without {joined([_requirement(part, knowledge) for part in concession['drop']])}: "
        f"{concession['verdict']['reason'].removeprefix('Then ')}"
        for concession in record["concessions"]
    ]
    together = [f"{names_of(group, record)} together meet every must." for group in record["combinations"]]
    return list(dict.fromkeys([*(clean(line) for line in given_up), *turns, *(clean(line) for line in together)]))


def _requirement(part: Record, knowledge: KnowledgeBase) -> str:
    return criterion_label(part["criterion"], part["bound"], knowledge)


def set_aside(record: Record, knowledge: KnowledgeBase) -> list[str]:
    """The consequents of rules that do not count, and why."""
    return [
        clean(f"{criterion_label(part['criterion'], None, knowledge)}, by the rule {part['rule']}: {part['because']}.")
        for part in record["set_aside"]
    ]


def open_questions(record: Record, unknown: Sequence[Unknown]) -> list[str]:
    """Which unknowns keep the verdict from being firm; none where it is firm, or where all fail."""
    verdict = record["verdict"]
    if verdict["kind"] in {"none", "tie"} or verdict["strength"] == "firm":
        return []
    return [f"An answer from {part.providers} on {part.label}." for part in unknown]


def bills(record: Record, knowledge: KnowledgeBase, sources: Sources) -> list[Bill]:
    """What a month would cost with each provider; empty where no usage was stated."""
    costs = {provider["id"]: provider["monthly_cost"] for provider in record["providers"]}
    return [
        _bill(provider.name, cost, knowledge, sources)
        for provider in providers(record)
        if (cost := costs[provider.id]) is not None
    ]


def _bill(name: str, cost: Record, knowledge: KnowledgeBase, sources: Sources) -> Bill:
    items = [item for item in cost["items"] if item["criterion"] is not None or item["high"] != 0]
    total = f"{amount_text(cost['low'], cost['high'])} {cost['unit']}"
    unpriced = tuple(clean(_usage(item, knowledge)) for item in items if item["criterion"] is None)
    positions = tuple(_position(item, knowledge, sources) for item in items)
    return Bill(name, cost["low"], cost["high"], clean(total), clean(cost["unit"]), positions, unpriced)


def _usage(item: Record, knowledge: KnowledgeBase) -> str:
    return joined([f"{label}, {said.removesuffix('/month')}" for label, said in usage_text(item["usage"], knowledge)])


def _position(item: Record, knowledge: KnowledgeBase, sources: Sources) -> Position:
    usage = clean(_usage(item, knowledge))
    notes = [f"Cheaper for this usage than {other['price']}." for other in item["instead"]]
    notes += [f"Not taken off: {beside}." for beside in item["beside"]]
    unpriced = "by quote only" if item["by_quote"] else "no price is known"
    price, amount = unpriced, "not known"
    if item["criterion"] is not None:
        price, amount = clean(item["price"]), amount_text(item["low"], item["high"])
    return Position(usage, price, amount, tuple(clean(note) for note in notes), sources.cited(item["evidence"]))
