"""Within which range of each weight the verdict holds, all other weights as given: exact, for scores are linear in one.

Only kind and provider of the verdict are looked at, and only the contenders: those of the best standing with the
fewest unknown musts, for no weight moves anybody past them. With the weight t of one finding, a score is (s + t d) /
(rest + t), where d is the expected degree there, so that two contenders change places where s + t d = s' + t d' and
nowhere else. Between two such weights nothing changes: each stretch and each point is judged once.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.findings import Assessment
from provider_advisor.decision.robustness.open_facts import is_open

__all__ = ["WeightRange", "WeightRanges", "find_weight_ranges"]

_LEVEL = 5e-10
"""Scores nearer than that are the same after rounding to nine digits."""

_POINT = 1e-12


class WeightRange(NamedTuple):
    """The range of one finding's weight, from `low` to `high`, in which kind and provider stay as they are.

    `finding` is its place among the findings; `weight` the weight as given, priority included. `low` is 0 where the
    verdict holds for every smaller weight, `high` None where it holds for every larger one. At the very ends it holds
    if `holds_at_low` and `holds_at_high` say so: mostly not, for there two providers are level. `below` and `above`
    are who leads beyond them.
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
    """A range for each finding; with `depends` False there is none, for no weights could change kind or provider."""

    depends: bool
    ranges: tuple[WeightRange, ...] = ()


def find_weight_ranges(outcome: Outcome) -> WeightRanges:
    """The ranges of the weights of all requirements and rules that count."""
    contenders = _contenders(outcome.assessments)
    if len(contenders) < 2:  # noqa: PLR2004 (nobody to change places with)
        return WeightRanges(depends=False)
    count = len(contenders[0].findings)
    return WeightRanges(True, tuple(_range(_Lines(contenders, place)) for place in range(count)))  # noqa: FBT003


def _contenders(assessments: Sequence[Assessment]) -> list[Assessment]:
    """The qualified ones. Where there is none, standing and unknown musts settle kind and provider."""
    return [
        assessment for assessment in assessments if assessment.standing == "qualified" and assessment.score is not None
    ]


class _Lines:
    """The contenders' weighted sums as functions of the weight of one finding."""

    def __init__(self, contenders: Sequence[Assessment], place: int) -> None:
        findings = contenders[0].findings
        self.place = place
        self.weight = findings[place].weight
        self._rest = math.fsum(finding.weight for finding in findings) - self.weight
        self._lines = [_line(contender, place) for contender in contenders]
        self._known = {each.provider: not any(is_open(finding) for finding in each.findings) for each in contenders}

    def crossings(self) -> list[float]:
        """The weights above 0 at which two contenders are level, in ascending order."""
        found = set()
        for (_, sum_, degree), (_, other_sum, other_degree) in itertools.combinations(self._lines, 2):
            if abs(degree - other_degree) > _POINT:
                at = (other_sum - sum_) / (degree - other_degree)
                if at > _POINT * max(1.0, self._rest):
                    found.add(self.weight if math.isclose(at, self.weight, rel_tol=_POINT) else at)
        return sorted(found)

    def leaders(self, weight: float) -> tuple[str, ...]:
        """Who has the highest expected score with this weight."""
        total = max(self._rest + weight, _POINT)
        scores = [(100 * (sum_ + weight * degree) / total, name) for name, sum_, degree in self._lines]
        best = max(scores)[0]
        return tuple(sorted(name for score, name in scores if best - score < _LEVEL))

    def judged(self, weight: float) -> tuple[str, ...]:
        """What a verdict says of kind and provider with this weight: equal where both are."""
        leaders = self.leaders(weight)
        if len(leaders) == 1:
            return leaders
        return ("", "tie") if all(self._known[name] for name in leaders) else ("", "undetermined")


def _line(contender: Assessment, place: int) -> tuple[str, float, float]:
    rest = math.fsum(
        finding.weight * finding.degree.expected for other, finding in enumerate(contender.findings) if other != place
    )
    return contender.provider, rest, contender.findings[place].degree.expected


def _range(lines: _Lines) -> WeightRange:
    crossings, weight = lines.crossings(), lines.weight
    up = _end(lines, weight, _upwards(weight, crossings))
    down = _end(lines, weight, _downwards(weight, crossings))
    return WeightRange(
        lines.place,
        weight,
        0.0 if down is None else down.at,
        None if up is None else up.at,
        down is not None and down.holds,
        up is not None and up.holds,
        () if down is None else down.beyond,
        () if up is None else up.beyond,
    )


class _End(NamedTuple):
    at: float
    holds: bool
    beyond: tuple[str, ...]


_Step = tuple[float, float]
"""A weight at which contenders are level, and one in the stretch that comes after it."""


def _upwards(weight: float, crossings: Sequence[float]) -> Iterator[_Step]:
    points = [weight, *(point for point in crossings if point > weight)]
    for here, after in itertools.zip_longest(points, points[1:]):
        yield here, 2 * here + 1 if after is None else (here + after) / 2


def _downwards(weight: float, crossings: Sequence[float]) -> Iterator[_Step]:
    points = [weight, *(point for point in reversed(crossings) if point < weight)]
    for here, after in itertools.zip_longest(points, points[1:]):
        yield here, (here + (after or 0.0)) / 2


def _end(lines: _Lines, weight: float, steps: Iterator[_Step]) -> _End | None:
    """Where the verdict ends to hold on the way; None where it never does."""
    judged = lines.judged(weight)
    for here, beyond in steps:
        if lines.judged(here) != judged:
            return _End(here, False, lines.leaders(beyond))  # noqa: FBT003
        if lines.judged(beyond) != judged:
            return _End(here, True, lines.leaders(beyond))  # noqa: FBT003
    return None
