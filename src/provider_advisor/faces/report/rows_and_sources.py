"""Providers, requirements and sources as a report shows them, before they become Markdown or HTML.

Everything comes from the record of a recommendation; the knowledge base only provides labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    FindingRecord,
    LineRecord,
    ProviderRecord,
    ScoreRecord,
    group_findings,
)
from provider_advisor.explanation.findings_in_words import list_notes, qualify, say_in_table
from provider_advisor.explanation.words import (
    STANDINGS,
    capital,
    criterion_label,
    lines_text,
    remarks_text,
    rests_text,
    rule_label,
    score_text,
    sort_by_standing,
    volume_text,
    weight_text,
)
from provider_advisor.knowledge import KnowledgeBase, Rule
from provider_advisor.requirements.statement import YEARLY

_TITLE_END = re.compile("[:;] ")
_APART = "yes, by another product"


class CitedPlace(NamedTuple):
    """A citation: the number and title of the source in the report, its lines, and the day."""

    number: int
    lines: str
    day: str
    title: str


class ReportCell(NamedTuple):
    """One requirement or rule for one provider: a word for the table, a sentence with citations for the reasons."""

    provider: str
    kind: str
    word: str
    says: str
    citations: tuple[CitedPlace, ...]
    notes: tuple[str, ...] = ()
    amount: str = ""


class ReportRow(NamedTuple):
    """One requirement, or one rule that favours, for each provider of the short list, in their order.

    `failed` are the cells of other providers for which it is a must that fails.

    `rules` are the rules behind it, each with its reason; the label of a rule that favours is its reason.
    """

    priority: str
    criterion: str
    bound: str
    weight: str
    rules: tuple[tuple[str, str], ...]
    cells: tuple[ReportCell, ...]
    failed: tuple[ReportCell, ...] = ()

    @property
    def reasons(self) -> tuple[ReportCell, ...]:
        """Return the cells of the short list's providers, then of others that fail this must."""
        return self.cells + self.failed

    @property
    def label(self) -> str:
        """Return the criterion with its bound."""
        return f"{self.criterion}, {self.bound}" if self.bound else self.criterion


class RankedProvider(NamedTuple):
    """A provider's standing, in words."""

    id: str
    name: str
    standing: str
    score: ScoreRecord
    score_text: str


class ListedSource(NamedTuple):
    """A source as it is listed; `published` is "published 2022-11-22" or "undated"."""

    number: int
    title: str
    language: str
    published: str
    retrieved: str
    url: str | None
    remarks: str


class CitedSources:
    """The sources behind findings and prices, and their numbers in the report."""

    def __init__(self, answer: AnswerRecord) -> None:
        self._numbers: dict[str, int] = {}
        self.listed: list[ListedSource] = []
        for number, source in enumerate(answer.sources, start=1):
            self._numbers[source.id] = number
            title = f"{source.title}, {source.publisher}" if source.publisher else source.title
            published = source.published if source.published == "undated" else f"published {source.published}"
            dated = (published, source.retrieved)
            self.listed.append(ListedSource(number, title, source.language, *dated, source.url, remarks_text(source)))

    def cite(self, evidence: Iterable[LineRecord]) -> tuple[CitedPlace, ...]:
        """Return the citations of evidence, with the lines of each source and day grouped."""
        # Lines 37 and 96 of one source and day are cited as [1, lines 37, 96; 2022-11-22], not twice.
        together: dict[tuple[int, str], set[int | str]] = {}
        for part in evidence:
            if part.source in self._numbers:
                together.setdefault((self._numbers[part.source], part.as_of), set()).add(part.line or part.place or "")
        return tuple(
            CitedPlace(number, lines_text(lines), day, self.listed[number - 1].title)
            for (number, day), lines in sorted(together.items())
        )


def rank_providers(providers: Sequence[ProviderRecord]) -> list[RankedProvider]:
    """Return the providers, the best standing and highest score first."""
    return [
        RankedProvider(each.id, each.name, STANDINGS[each.standing], each.score, score_text(each.score))
        for each in sort_by_standing(providers)
    ]


def build_rows(
    answer: AnswerRecord, knowledge: KnowledgeBase, sources: CitedSources, side_by_side: Iterable[RankedProvider]
) -> list[ReportRow]:
    """Return requirements in the record's order, then rules that favour, with a cell for each given provider."""
    order = {provider.id: place for place, provider in enumerate(side_by_side)}
    names = answer.names
    ruled_out = {provider.id for provider in answer.providers if provider.standing == "ruled-out"} - order.keys()
    rows = []
    for group in group_findings(answer.findings):
        # A provider that is ruled out has no column, but the must that it fails needs a citation, so its cell appears
        # only in the reasons.
        shown = sorted((part for part in group if part.provider in order), key=lambda part: order[part.provider])
        failed = (
            part for part in group if part.provider in ruled_out and part.priority == "must" and part.outcome == "unmet"
        )
        cells = [_qualify(_make_cell(part, names, sources, knowledge), part, answer) for part in shown]
        others = [_make_cell(part, names, sources, knowledge) for part in failed]
        rows.append(_make_row(shown[0], cells, others, knowledge))
    return rows


def _qualify(cell: ReportCell, finding: FindingRecord, answer: AnswerRecord) -> ReportCell:
    """Return a cell that says if its fact is from another product, ambiguous, or out of date, with the year."""
    return cell._replace(word=qualify(_APART if answer.has_gap(finding) else cell.word, finding, answer))


def _make_row(
    first: FindingRecord, cells: Sequence[ReportCell], failed: Sequence[ReportCell], knowledge: KnowledgeBase
) -> ReportRow:
    criterion, bound = rule_label(first.rule, first.because, knowledge), ""
    if first.criterion is not None:
        criterion = criterion_label(first.criterion, None, knowledge)
        bound = criterion_label(first.criterion, first.bound, knowledge)[len(criterion) + 2 :]
    rules, weight = tuple(_list_rules(first, knowledge)), weight_text(first.weight)
    return ReportRow(first.priority or "rule", criterion, bound, weight, rules, tuple(cells), tuple(failed))


def _list_rules(finding: FindingRecord, knowledge: KnowledgeBase) -> Iterator[tuple[str, str]]:
    """Yield the rules behind a finding, each with its reason."""
    if finding.criterion is None:
        # A rule that the knowledge base no longer has is called by its reason, which is not repeated.
        is_told = rule_label(finding.rule, finding.because, knowledge) == finding.because.rstrip(".")
        because = "" if is_told else finding.because
        yield str(finding.rule), _say_because(because, knowledge.rules.get(str(finding.rule)), knowledge)
    for rule in finding.implied_by:
        known = knowledge.rules.get(rule)
        alone = len(finding.implied_by) == 1
        yield rule, _say_because(finding.because if alone or known is None else known.because, known, knowledge)


def _say_because(because: str, rule: Rule | None, knowledge: KnowledgeBase) -> str:
    """Return why a rule applies, and what it is based on."""
    return " ".join(filter(None, [because, rests_text(rule, knowledge)]))


def _make_cell(
    finding: FindingRecord, names: Mapping[str, str], sources: CitedSources, knowledge: KnowledgeBase
) -> ReportCell:
    word = say_in_table(finding)
    if finding.disputed and finding.outcome == "unknown":
        word = "disputed"
    # Beside the word, "not known: no claim confirms or denies it" is "no claim confirms or denies it".
    says = finding.says.removeprefix(f"{word}: ")
    if says.startswith(word):  # an amount: what is behind it
        says = says.partition("; ")[2]
    notes = tuple(list_notes(finding))
    known = knowledge.criteria.get(finding.criterion or "")
    is_said = finding.outcome == "partial" or known is None or known.kind == "capability"
    amount = "" if is_said or not finding.evidence else says
    cited = sources.cite(finding.evidence)
    return ReportCell(names[finding.provider], finding.outcome, word, says, cited, notes, amount)


def name_usage(usage: Mapping[str, float | str | Sequence[float]], knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Return usage amounts with units by label: per month, unless they were stated per year."""
    found = [(item, knowledge.find_usage(item), volume) for item, volume in usage.items()]
    return [
        (item, str(volume)) if known is None else (known.label, _name_volume(volume, known.unit))
        for item, known, volume in found
    ]


def _name_volume(volume: float | str | Sequence[float], unit: str) -> str:
    if not isinstance(volume, str):
        return f"{volume_text(volume)} {unit}"
    if volume.endswith(YEARLY):
        return f"{volume.removesuffix(YEARLY)} {unit.removesuffix('/month')}{YEARLY}"
    return f"{volume} {unit}"


def split_headline(answer: AnswerRecord) -> tuple[str, str]:
    """Return the verdict's sentence as a title, and what follows it as a sentence, which may be empty."""
    # "Acme is recommended (firm): …", but "Acme and Bolt are equal in everything that you asked for; …"
    title, *rest = _TITLE_END.split(answer.verdict.reason, maxsplit=1)
    # A provider's name may contain such a sign, and must not be split there.
    if rest and not any(_TITLE_END.search(provider.name) for provider in answer.providers):
        return title, capital(rest[0])
    return answer.verdict.reason.rstrip("."), ""
