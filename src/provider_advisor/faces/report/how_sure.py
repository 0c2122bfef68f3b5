"""How sure the answer is: what to ask, what would change it, and how far each weight could move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    EstimateRecord,
    ShareRecord,
    WeightRangeRecord,
    WorldsRecord,
)
from provider_advisor.explanation.robustness_in_words import find_least_factor, say_error, say_odds
from provider_advisor.explanation.verdict_in_words import QuestionGroup, group_questions
from provider_advisor.explanation.words import percent
from provider_advisor.faces.report.rows_and_sources import RankedProvider, ReportRow, rank_providers
from provider_advisor.knowledge import KnowledgeBase

_FURTHEST = 16
"""The factor of a weight at either end of its chart."""


class ReportRange(NamedTuple):
    """The range of a weight in which the verdict holds: in a sentence, and from `start` to `end` percent of its chart.

    The given weight lies at 50, and the scale is logarithmic. `open_start` and `open_end` say that it holds beyond.
    """

    says: str
    start: float
    end: float
    open_start: bool
    open_end: bool


class ReportSureness(NamedTuple):
    """How sure the answer is; each part is empty where the record does not have it.

    `settled` names the requirements whose weight, alone, cannot change the answer; `shares` have the providers' names.
    """

    questions: list[QuestionGroup]
    changes: tuple[str, ...] = ()
    ranges: tuple[ReportRange, ...] = ()
    settled: tuple[str, ...] = ()
    weights: str = ""
    shares: tuple[tuple[str, ShareRecord], ...] = ()
    pairs: tuple[str, ...] = ()
    tipping: tuple[str, ...] = ()
    nobody: str = ""
    worlds: str = ""
    is_open: bool = False

    @property
    def is_known(self) -> bool:
        """Return whether the record includes how sure the answer is."""
        return bool(self.shares or self.nobody or self.ranges or self.settled or self.weights)


def describe_sureness(
    answer: AnswerRecord, knowledge: KnowledgeBase, rows: Sequence[ReportRow], shown: Sequence[RankedProvider]
) -> ReportSureness:
    """Return how sure an answer is; `rows` are its requirements and rules, in the order of its findings.

    Only the providers that are `shown` side by side are compared in pairs.
    """
    questions, found = group_questions(answer), answer.sureness
    if found is None:
        return ReportSureness(questions)
    weights, worlds = found.weights, found.worlds
    # Ranges and rows are both in the order of the findings; where no weights matter, there are no ranges.
    pairs = zip(weights.ranges, rows, strict=False)
    # The weight that could move least comes first.
    moving = sorted((part for part in weights.ranges if find_least_factor(part) < math.inf), key=find_least_factor)
    shares = {part.provider: part for part in worlds.providers} if worlds and worlds.none < 1 else {}
    untried = "Not every change to the requirements was tried; there may be smaller ones."
    turns = [turn.says for turn in found.changes.turns]
    return ReportSureness(
        questions,
        changes=(*turns, *([] if found.changes.complete else [untried])),
        ranges=tuple(map(_make_range, moving)),
        settled=tuple(row.label for part, row in pairs if find_least_factor(part) == math.inf),
        weights="" if weights.ranges else weights.says,
        shares=tuple((part.name, shares[part.id]) for part in rank_providers(answer.providers) if part.id in shares),
        pairs=tuple(answer.list_pairs([part.id for part in shown])),
        tipping=tuple(part.says for part in found.tipping or []),
        nobody=_say_nobody(worlds.none) if worlds else "",
        worlds=_introduce_shares(worlds, answer, knowledge) if worlds else "",
        is_open=answer.is_open,
    )


def _make_range(part: WeightRangeRecord) -> ReportRange:
    weight, low, high = part.weight, part.low, part.high
    return ReportRange(
        part.says,
        _place_on_chart(low / weight),
        _place_on_chart(math.inf if high is None else high / weight),
        low < weight / _FURTHEST,
        high is None or high > weight * _FURTHEST,
    )


def _place_on_chart(factor: float) -> float:
    """Return the position of a weight's factor on the chart, from 0 to 100."""
    # The scale is logarithmic, so that half and twice the weight are equally far from the middle:
    # 1/16 is at 0, 1/4 at 25, 1 at 50, 4 at 75, 16 at 100.
    bounded = min(max(factor, 1 / _FURTHEST), _FURTHEST)
    return 50 + 50 * math.log(bounded) / math.log(_FURTHEST)


def _say_nobody(none: float) -> str:
    if none == 1:
        return "In every scenario, each of the providers compared fails a must."
    return f"In {percent(none)} of the scenarios none of the providers compared meets every must." if none > 0 else ""


def _introduce_shares(worlds: WorldsRecord, answer: AnswerRecord, knowledge: KnowledgeBase) -> str:
    """Say what the shares assume about unknown facts, and how precise they are."""
    uniform = _say_precision(worlds.uniform)
    if not answer.is_open:
        unknown = any(finding.is_open for finding in answer.findings)
        odds = say_odds(knowledge.policy.unknown, at_worst=worlds.at_worst)
        odds = f"{odds}, and all" if unknown else "With all"
        return f"{odds} weights equally likely. The shares are {uniform}."
    # The sentence of the record says how far the shares with the given weights may be off.
    given = "exact" if worlds.given.exact else f"estimated from {worlds.given.samples:,} scenarios"
    if _say_precision(worlds.given) == uniform:
        return f"{worlds.says} The shares are {given}."
    return f"{worlds.says} The shares with the given weights are {given}; with any weights they are {uniform}."


def _say_precision(estimate: EstimateRecord) -> str:
    if estimate.exact:
        return "exact"
    return f"estimated from {estimate.samples:,} scenarios, {say_error(estimate.error)}"
