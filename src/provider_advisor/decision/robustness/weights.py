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
from provider_advisor.decision.findings import Totals, add_up, total_degrees
from provider_advisor.decision.verdict import Verdict, judge_totals

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
    rivals = [*contenders, *(each for each in outcome.assessments if each.standing == "unconfirmed")]
    units = [
        total_degrees([finding.degree for finding in row], 1.0, must=row[0].decides_standing)
        for row in zip(*(each.findings for each in rivals), strict=True)
    ]
    weights = [finding.weight for finding in contenders[0].findings]
    parts = [unit.times(weight) for unit, weight in zip(units, weights, strict=True)]
    names, found = [each.provider for each in rivals], []
    for place, (weight, unit) in enumerate(zip(weights, units, strict=True)):
        rest = add_up(parts[:place] + parts[place + 1 :], len(rivals))
        found.append(_find_range(_Weighed(place, weight, unit, rest, names, len(contenders))))
    return WeightRanges(depends=True, ranges=tuple(found))


class _Weighed(NamedTuple):
    """The sums of all that are not ruled out as functions of the weight of one finding, the first ones qualified.

    `unit` is what the finding adds per weight, `rest` what all others add. A proven or possible score matters only
    where contenders are level: in a tie nothing about them is unknown, and nobody else may come up to them.
    """

    place: int
    weight: float
    unit: Totals
    rest: Totals
    names: Sequence[str]
    contenders: int

    def find_crossings(self) -> list[float]:
        """Return the weights above 0 at which two contenders are level, in ascending order; nearly equal ones once."""
        expected = list(zip(self.rest.expected, self.unit.expected, strict=True))[: self.contenders]
        pairs = list(itertools.combinations(expected, 2))
        # A tie or an undetermined verdict can also change where a possible score passes the leaders' expected one.
        if self.judge(self.weight).provider is None:
            pairs += itertools.product(expected, zip(self.rest.high, self.unit.high, strict=True))
        least = _POINT * max(1.0, self.rest.weight)
        lines = ((other_rest - rest, degree - other) for (rest, degree), (other_rest, other) in pairs)
        found = sorted(at for gap, slope in lines if abs(slope) > _POINT and (at := gap / slope) > least)
        kept: list[float] = []
        for at in found:
            here = self.weight if math.isclose(at, self.weight, rel_tol=_SAME) else at
            if not kept or not math.isclose(here, kept[-1], rel_tol=_SAME):
                kept.append(here)
        return kept

    def judge(self, weight: float) -> Verdict:
        """Return the verdict with this weight."""
        return judge_totals(self.rest.plus(self.unit.times(weight)), self.names)

    def find_leaders(self, weight: float) -> tuple[str, ...]:
        """Return who has the highest expected score with this weight."""
        verdict = self.judge(weight)
        return verdict.among if verdict.provider is None else (verdict.provider,)

    def differs(self, weight: float, before: Verdict) -> bool:
        """Return whether kind or provider differ with this weight."""
        verdict = self.judge(weight)
        return (verdict.kind, verdict.provider) != (before.kind, before.provider)


def _find_range(weighed: _Weighed) -> WeightRange:
    crossings, weight = weighed.find_crossings(), weighed.weight
    up = [weight, *(at for at in crossings if at > weight)]
    down = [weight, *(at for at in reversed(crossings) if at < weight)]
    # Beyond the last crossing nothing changes, so one larger weight is enough: twice as large, and 1.
    high, holds_at_high, above = _find_end(weighed, [*up, 3 * up[-1] + 2])
    low, holds_at_low, below = _find_end(weighed, [*down, 0.0])
    return WeightRange(weighed.place, weight, low or 0.0, high, holds_at_low, holds_at_high, below, above)


def _find_end(weighed: _Weighed, points: Sequence[float]) -> tuple[float | None, bool, tuple[str, ...]]:
    """Return where the verdict no longer holds on the way (None: nowhere), whether it does there, who leads beyond."""
    before = weighed.judge(weighed.weight)
    for here, after in itertools.pairwise(points):
        # First the crossing itself, where two are level, then the stretch behind it: the range is closed if only the
        # stretch differs, open if the crossing does.
        beyond, holds = (here + after) / 2, not weighed.differs(here, before)
        if not holds or weighed.differs(beyond, before):
            return here, holds, weighed.find_leaders(beyond)
    return None, False, ()
