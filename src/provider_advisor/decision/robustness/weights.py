"""Find the range of each weight in which the verdict holds, all others as given: exact, as scores are linear in it.

Only the verdict's kind and provider are considered, and only qualified providers, because no weight moves others past
them. With the weight t of one finding, a score is (s + t d) / (rest + t), where d is the degree there, so that two
providers change places where s + t d = s' + t d' and nowhere else. Between two such weights nothing changes: each
stretch and each point is judged once.

An example: A meets a wish of weight 2, B one of weight 6. A's wish would have to weigh 6 for both to be level: the
range of its weight is 0 to 6, and above 6 A leads.
"""

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.findings import SCORE_DIGITS, Assessment
from provider_advisor.decision.verdict import Rank, Verdict, judge_ranks

_POINT = 1e-12

_SAME = 1e-9
"""Crossings closer than this, relative to the weight, are merged: rounding makes 12 also 11.999999999999998."""


class WeightRange(NamedTuple):
    """The range of one finding's weight, from `low` to `high`, in which kind and provider stay as they are.

    `finding` is its place among the findings; `weight` the weight as given, priority included. `low` is 0 where the
    verdict holds for every smaller weight, `high` None where it holds for every larger one. At the very ends it holds
    if `holds_at_low` and `holds_at_high` say so: mostly not, because two providers are level there. `below` and `above`
    are the providers that lead beyond them.
    """

    finding: int
    weight: float
    low: float
    high: float | None
    holds_at_low: bool = False
    holds_at_high: bool = False
    below: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


class WeightRanges(NamedTuple):
    """A range for each finding; none if `depends` is False, because no weights could change kind or provider."""

    depends: bool
    ranges: tuple[WeightRange, ...] = ()


def find_weight_ranges(outcome: Outcome) -> WeightRanges:
    """Return the ranges of the weights of all requirements and rules that count."""
    contenders = [each for each in outcome.assessments if each.standing == "qualified" and each.score is not None]
    if len(contenders) < 2:  # noqa: PLR2004 (nobody to change places with)
        return WeightRanges(depends=False)
    unconfirmed = [each for each in outcome.assessments if each.standing == "unconfirmed"]
    weights = [finding.weight for finding in contenders[0].findings]
    rows = [_draw_lines(each) for each in (*contenders, *unconfirmed)]
    lines = [
        _Lines(place, weight, math.fsum(weights) - weight, each[: len(contenders)], each[len(contenders) :])
        for place, (weight, *each) in enumerate(zip(weights, *rows, strict=True))
    ]
    return WeightRanges(depends=True, ranges=tuple(map(_find_range, lines)))


class _Line(NamedTuple):
    """A sum of weighted degrees as a function of one weight: its rest, and the degree that the weight counts with."""

    rest: float
    degree: float

    def at(self, weight: float) -> float:
        return self.rest + weight * self.degree

    def crosses(self, other: "_Line") -> float | None:
        """Return the weight at which both are level; None if they never or always are."""
        if abs(self.degree - other.degree) <= _POINT:
            return None
        return (other.rest - self.rest) / (self.degree - other.degree)


class _LinesOfProvider(NamedTuple):
    """A provider's proven, expected and possible points as functions of the weight of one finding."""

    provider: str
    low: _Line
    expected: _Line
    high: _Line


def _draw_lines(assessment: Assessment) -> list[_LinesOfProvider]:
    """Return the lines for the weight of each finding."""
    findings, lines = assessment.findings, []
    for end in ("low", "expected", "high"):
        degrees = [getattr(finding.degree, end) for finding in findings]
        points = [finding.weight * degree for finding, degree in zip(findings, degrees, strict=True)]
        rests = [math.fsum(points[:place] + points[place + 1 :]) for place in range(len(points))]
        lines.append(list(map(_Line, rests, degrees)))
    return [_LinesOfProvider(assessment.provider, *ends) for ends in zip(*lines, strict=True)]


class _Lines(NamedTuple):
    """The scores of all that are not ruled out, as functions of the weight of one finding; `rest` are the others.

    A proven or possible score matters only where contenders are level: in a tie nothing about them is unknown, and
    nobody else may come up to them.
    """

    place: int
    weight: float
    rest: float
    contenders: Sequence[_LinesOfProvider]
    unconfirmed: Sequence[_LinesOfProvider]

    def find_crossings(self) -> list[float]:
        """Return the weights above 0 at which two contenders are level, in ascending order; nearly equal ones once."""
        expected = [each.expected for each in self.contenders]
        pairs = list(itertools.combinations(expected, 2))
        # A tie or an undetermined verdict can also change where a possible score passes the leaders' expected one.
        if self.judge(self.weight).provider is None:
            pairs += itertools.product(expected, [each.high for each in (*self.contenders, *self.unconfirmed)])
        least = _POINT * max(1.0, self.rest)
        found = sorted(at for one, two in pairs if (at := one.crosses(two)) is not None and at > least)
        kept: list[float] = []
        for at in found:
            here = self.weight if math.isclose(at, self.weight, rel_tol=_SAME) else at
            if not kept or not math.isclose(here, kept[-1], rel_tol=_SAME):
                kept.append(here)
        return kept

    def judge(self, weight: float) -> Verdict:
        """Return the verdict with this weight, without its strength."""
        every = (*self.contenders, *self.unconfirmed)
        # Unconfirmed providers stay behind whatever their score. Only a tie depends on their possible scores.
        ranks: list[Rank] = [(0, 0, -self._score(each.expected, weight)) for each in self.contenders]
        ranks += [(1, 0, 0.0)] * len(self.unconfirmed)
        verdict = judge_ranks(
            [each.provider for each in every],
            ranks,
            lambda place: self._score(every[place].low, weight),
            lambda place: self._score(every[place].high, weight),
        )
        return verdict._replace(strength=None)

    def find_leaders(self, weight: float) -> tuple[str, ...]:
        """Return who has the highest expected score with this weight."""
        verdict = self.judge(weight)
        return verdict.among if verdict.provider is None else (verdict.provider,)

    def differs(self, weight: float, before: Verdict) -> bool:
        """Return whether kind or provider differ with this weight."""
        verdict = self.judge(weight)
        return (verdict.kind, verdict.provider) != (before.kind, before.provider)

    def _score(self, line: _Line, weight: float) -> float:
        return round(100 * line.at(weight) / max(self.rest + weight, _POINT), SCORE_DIGITS)


def _find_range(lines: _Lines) -> WeightRange:
    crossings, weight = lines.find_crossings(), lines.weight
    up = [weight, *(at for at in crossings if at > weight)]
    down = [weight, *(at for at in reversed(crossings) if at < weight)]
    # Beyond the last crossing nothing changes, so one larger weight is enough: twice as large, and 1.
    high, holds_at_high, above = _find_end(lines, [*up, 3 * up[-1] + 2])
    low, holds_at_low, below = _find_end(lines, [*down, 0.0])
    return WeightRange(lines.place, weight, low or 0.0, high, holds_at_low, holds_at_high, below, above)


def _find_end(lines: _Lines, points: Sequence[float]) -> tuple[float | None, bool, tuple[str, ...]]:
    """Return where the verdict no longer holds on the way (None: nowhere), whether it does there, who leads beyond."""
    before = lines.judge(lines.weight)
    for here, after in itertools.pairwise(points):
        # First the crossing itself, where two are level, then the stretch behind it: the range is closed if only the
        # stretch differs, open if the crossing does.
        beyond, holds = (here + after) / 2, not lines.differs(here, before)
        if not holds or lines.differs(beyond, before):
            return here, holds, lines.find_leaders(beyond)
    return None, False, ()
