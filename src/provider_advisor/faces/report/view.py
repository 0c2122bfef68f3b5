"""What a report shows, in its order and words, before it becomes Markdown or HTML.

Everything comes from the record of a recommendation; the knowledge base only lends labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.explanation.words import joined
from provider_advisor.faces.report.wording import STANDINGS, clean, criterion_label, degree_text, score_text, usage_text
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["Cell", "Citation", "Provider", "Row", "Source", "context", "providers", "rows", "sources", "stale", "unknowns"]

Record = Mapping[str, Any]


class Citation(NamedTuple):
    """Where something stands: the number of the source in the report, its lines, and the day it was true."""

    number: int
    lines: str
    day: str


class Cell(NamedTuple):
    """One requirement or rule for one provider: a word for a table, a sentence with citations for the reasons."""

    provider: str
    kind: str
    word: str
    says: str
    citations: tuple[Citation, ...]


class Row(NamedTuple):
    """One requirement, or one rule that favours, for every provider, in the order of `providers`.

    `reasons` are the rules behind it, each with its because.
    """

    priority: str
    label: str
    weight: str
    rules: tuple[tuple[str, str], ...]
    favours: bool
    cells: tuple[Cell, ...]

    @property
    def title(self) -> str:
        """Its heading among the reasons."""
        return self.label


class Provider(NamedTuple):
    """How a provider stands."""

    id: str
    name: str
    standing: str
    score: Mapping[str, float | None]
    score_text: str


class Source(NamedTuple):
    """A source as it is listed; `url` only where it is one of the web."""

    number: int
    title: str
    published: str
    retrieved: str
    url: str | None


def providers(record: Record) -> list[Provider]:
    """The providers, the best standing and highest score first."""
    order = list(STANDINGS)
    ranked = sorted(
        record["providers"], key=lambda p: (order.index(p["standing"]), -(p["score"]["expected"] or 0), p["id"])
    )
    return [
        Provider(p["id"], clean(p["name"]), STANDINGS[p["standing"]], p["score"], score_text(p["score"]))
        for p in ranked
    ]


def rows(record: Record, knowledge: KnowledgeBase) -> list[Row]:
    """Requirements in the order of the record, then the rules that favour."""
    numbers = {source["id"]: number for number, source in enumerate(record["sources"], start=1)}
    order = {provider.id: place for place, provider in enumerate(providers(record))}
    places = {key: place for place, key in enumerate(dict.fromkeys(_key(finding) for finding in record["findings"]))}
    ordered = sorted(record["findings"], key=lambda finding: (places[_key(finding)], order[finding["provider"]]))
    names = {provider["id"]: clean(provider["name"]) for provider in record["providers"]}
    return [
        _row([finding for finding in group], names, numbers, knowledge)  # noqa: C416
        for _, group in itertools.groupby(ordered, key=_key)
    ]


def _key(finding: Record) -> tuple[Any, ...]:
    return finding["criterion"], finding["rule"], finding["priority"], str(finding["bound"])


def _row(
    findings: Sequence[Record], names: Mapping[str, str], numbers: Mapping[str, int], knowledge: KnowledgeBase
) -> Row:
    first = findings[0]
    favours = first["criterion"] is None
    label = first["because"] if favours else criterion_label(first["criterion"], first["bound"], knowledge)
    cells = tuple(_cell(finding, names[finding["provider"]], numbers) for finding in findings)
    return Row(
        first["priority"] or "rule", clean(label), f"{first['weight']:g}", tuple(_rules(first, knowledge)), favours, cells
    )


def _rules(finding: Record, knowledge: KnowledgeBase) -> Iterable[tuple[str, str]]:
    """The rules behind a finding, each with its reason; a rule's own text is its label where it favours."""
    if finding["criterion"] is None:
        yield str(finding["rule"]), ""
    for rule in finding["implied_by"]:
        known = knowledge.rules.get(rule)
        alone = len(finding["implied_by"]) == 1
        yield rule, clean(finding["because"] if alone or known is None else known.because)


def _cell(finding: Record, name: str, numbers: Mapping[str, int]) -> Cell:
    word = degree_text(finding["outcome"], finding["degree"])
    if finding["disputed"] and finding["outcome"] == "unknown":
        word = "disputed"
    return Cell(name, finding["outcome"], word, clean(finding["says"]), citations(finding["evidence"], numbers))


def citations(evidence: Iterable[Record], numbers: Mapping[str, int]) -> tuple[Citation, ...]:
    """The lines of each source together."""
    by_source: dict[tuple[int, str], set[int]] = {}
    for part in evidence:
        by_source.setdefault((numbers[part["source"]], part["as_of"]), set()).add(part["line"])
    return tuple(Citation(number, _lines(lines), day) for (number, day), lines in sorted(by_source.items()))


def _lines(lines: Iterable[int]) -> str:
    ordered = [str(line) for line in sorted(lines)]
    return f"line{'s' if len(ordered) > 1 else ''} {', '.join(ordered)}"


def context(record: Record, knowledge: KnowledgeBase) -> list[tuple[str, list[str]]]:
    """What the team said of itself: each part with its lines."""
    question = record["question"]
    parts = [
        ("Team", [question["team"]] if question.get("team") else []),
        ("Situation", [_topic(topic, values, knowledge) for topic, values in question.get("situation", {}).items()]),
        ("Monthly usage", [f"{item}: {said}" for item, said in usage_text(question.get("usage", {}), knowledge)]),
        ("Oldest facts that count", [question["max_age"].replace("d", " days")] if question.get("max_age") else []),
        ("Overruled", list(record["notes"])),
    ]
    return [(name, [clean(line) for line in lines]) for name, lines in parts if lines]


def _topic(topic: str, values: Sequence[str], knowledge: KnowledgeBase) -> str:
    label = knowledge.topics[topic].label if topic in knowledge.topics else topic
    return f"{label}: {joined(values)}"


def unknowns(record: Record, knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """What was asked and is not known: its label, and the providers of whom it is not known."""
    found = [
        (row.label, joined([cell.provider for cell in row.cells if cell.kind == "unknown"]))
        for row in rows(record, knowledge)
    ]
    return [(label, names) for label, names in found if names]


def stale(record: Record, knowledge: KnowledgeBase) -> list[str]:
    """The facts that are older than such facts should be, by name."""
    names = {provider["id"]: provider["name"] for provider in record["providers"]}
    return [
        clean(
            f"{names.get(part['provider'], part['provider'])}, "
            f"{criterion_label(part['criterion'], None, knowledge)} ({part['as_of']})"
        )
        for part in record["knowledge"]["stale"]
    ]


def sources(record: Record) -> list[Source]:
    """The sources that the findings rest on, numbered."""
    return [
        Source(
            number,
            clean(f"{source['title']}, {source['publisher']}" if source["publisher"] else source["title"]),
            source["published"],
            source["retrieved"],
            url if (url := source["url"] or "").startswith(("https://", "http://")) else None,
        )
        for number, source in enumerate(record["sources"], start=1)
    ]
