"""Providers, requirements and sources as a report shows them, before they become Markdown or HTML.

Everything comes from the record of a recommendation; the knowledge base only lends labels.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.explanation.words import (
    STANDINGS,
    capital,
    criterion_label,
    joined,
    lines_text,
    number_text,
    score_text,
)
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase

__all__ = [
    "Cell",
    "Citation",
    "Provider",
    "Row",
    "Source",
    "Sources",
    "headline",
    "names_of",
    "providers",
    "rows",
    "usage_text",
]

_OUTCOMES = {"met": "yes", "unmet": "no", "unknown": "not known"}

Record = Mapping[str, Any]
_WEB = re.compile(r"https?://[^\s<>\"'`|\\]+")


class Citation(NamedTuple):
    """Where something stands: the number of the source in the report, its lines, and the day it was true."""

    number: int
    lines: str
    day: str


class Cell(NamedTuple):
    """One requirement or rule for one provider: a word for the table, a sentence with citations for the reasons."""

    provider: str
    kind: str
    word: str
    says: str
    citations: tuple[Citation, ...]


class Row(NamedTuple):
    """One requirement, or one rule that favours, for every provider, in the order of `providers`.

    `rules` are those behind it, each with its because; a rule that favours has its because as label.
    """

    priority: str
    criterion: str
    bound: str
    weight: str
    rules: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]

    @property
    def label(self) -> str:
        """The criterion with its bound."""
        return f"{self.criterion}, {self.bound}" if self.bound else self.criterion


class Provider(NamedTuple):
    """How a provider stands, its standing in words."""

    id: str
    name: str
    standing: str
    score: Mapping[str, float | None]
    score_text: str


class Source(NamedTuple):
    """A source as it is listed; `url` only where it is an address of the web."""

    number: int
    title: str
    published: str
    retrieved: str
    url: str | None


class Sources:
    """The sources that findings and prices rest on, and their numbers in the report."""

    def __init__(self, record: Record) -> None:
        self._numbers: dict[str, int] = {}
        self.listed: list[Source] = []
        for source in record["sources"]:
            self._add(source)

    def _add(self, source: Record) -> None:
        number = self._numbers[source["id"]] = len(self._numbers) + 1
        title = f"{source['title']}, {source['publisher']}" if source["publisher"] else source["title"]
        url = source["url"] if _WEB.fullmatch(source["url"] or "") else None
        self.listed.append(Source(number, clean(title), source["published"], source["retrieved"], url))

    def cited(self, evidence: Iterable[Record]) -> tuple[Citation, ...]:
        """The places that evidence names, the lines of each source and day together."""
        together: dict[tuple[int, str], set[int]] = {}
        for part in evidence:
            if part["source"] in self._numbers:
                together.setdefault((self._numbers[part["source"]], part["as_of"]), set()).add(part["line"])
        return tuple(Citation(number, lines_text(lines), day) for (number, day), lines in sorted(together.items()))


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


def rows(record: Record, knowledge: KnowledgeBase, sources: Sources) -> list[Row]:
    """Requirements in the order of the record, then the rules that favour."""
    order = {provider.id: place for place, provider in enumerate(providers(record))}
    places = {key: place for place, key in enumerate(dict.fromkeys(_key(finding) for finding in record["findings"]))}
    ordered = sorted(record["findings"], key=lambda finding: (places[_key(finding)], order[finding["provider"]]))
    names = {provider["id"]: clean(provider["name"]) for provider in record["providers"]}
    return [
        _row(tuple(group), [_cell(part, names, sources) for part in group], knowledge)
        for group in (tuple(found) for _, found in itertools.groupby(ordered, key=_key))
    ]


def _key(finding: Record) -> tuple[Any, ...]:
    return finding["criterion"], finding["rule"], finding["priority"], str(finding["bound"])


def _row(findings: Sequence[Record], cells: Iterable[Cell], knowledge: KnowledgeBase) -> Row:
    first = findings[0]
    criterion = first["because"]
    bound = ""
    if first["criterion"] is not None:
        criterion = criterion_label(first["criterion"], None, knowledge)
        bound = criterion_label(first["criterion"], first["bound"], knowledge)[len(criterion) + 2 :]
    rules = tuple(_rules(first, knowledge))
    return Row(first["priority"] or "rule", clean(criterion), clean(bound), f"{first['weight']:g}", rules, tuple(cells))


def _rules(finding: Record, knowledge: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """The rules behind a finding, each with its because."""
    if finding["criterion"] is None:
        yield str(finding["rule"]), ""
    for rule in finding["implied_by"]:
        known = knowledge.rules.get(rule)
        alone = len(finding["implied_by"]) == 1
        yield rule, clean(finding["because"] if alone or known is None else known.because)


def _cell(finding: Record, names: Mapping[str, str], sources: Sources) -> Cell:
    word = _degree_text(finding["outcome"], finding["degree"])
    if finding["disputed"] and finding["outcome"] == "unknown":
        word = "disputed"
    says = clean(finding["says"]).removeprefix(f"{word}: ")
    return Cell(names[finding["provider"]], finding["outcome"], word, says, sources.cited(finding["evidence"]))


def _degree_text(outcome: str, degree: Sequence[float]) -> str:
    """Yes, no, not known; for what is met in part the degree in percent."""
    if outcome in _OUTCOMES:
        return _OUTCOMES[outcome]
    low, high = (round(100 * end) for end in degree)
    return f"{low} %" if low == high else f"{low} to {high} %"


def usage_text(usage: Mapping[str, float], knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Each usage item by its label, and its monthly amount with its unit."""
    known = knowledge.usage
    return [
        (known[item].label, f"{number_text(amount)} {known[item].unit}") if item in known else (item, str(amount))
        for item, amount in usage.items()
    ]


def names_of(providers: Iterable[str], record: Record) -> str:
    """Providers by name, as a list in words."""
    names = {provider["id"]: provider["name"] for provider in record["providers"]}
    return joined([names.get(provider, provider) for provider in providers])


def headline(record: Record) -> tuple[str, str]:
    """The verdict's sentence as a title, and what follows its colon as a sentence; the second may be empty."""
    title, colon, rest = clean(record["verdict"]["reason"]).partition(": ")
    # A provider whose name has a colon would be torn apart.
    if colon and not any(": " in provider["name"] for provider in record["providers"]):
        return title, capital(rest)
    return clean(record["verdict"]["reason"]).rstrip("."), ""
