"""Keep sums over findings, so that one requirement more or less is an addition and not a whole decision.

`Totals` are what `decide` sums up, without the findings behind them. What changes of the requirements and answers to
questions come to is found by adding and subtracting; the verdict on the sums is that of `judge_ranks`. An example: two
providers, a must of weight 4 that the first meets and the second does not, then a wish of weight 2 that is unknown
for the first and met by the second:

>>> from provider_advisor.decision.totals import Totals
>>> must = Totals(4, (4, 0), (4, 0), (4, 0), (0, 1), (0, 0))
>>> wish = Totals(2, (0, 2), (1, 2), (2, 2), (0, 0), (0, 0))
>>> must.plus(wish).judge(("a", "b"))
Verdict(kind='recommended', strength='firm', provider='a', lean=None, among=())
>>> must.plus(wish).minus(must).judge(("a", "b")).provider
'b'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provider_advisor.decision.degrees import Degree
from provider_advisor.decision.findings import Assessment, Finding
from provider_advisor.decision.verdict import Rank, Verdict, judge_ranks
from provider_advisor.logic import Truth

_DIGITS = 9

_NO_WEIGHT = 1e-9
"""What may be left of a sum of weights after all of them are subtracted again."""


class Totals(NamedTuple):
    """Sums over some findings; each tuple has a place for each provider, always in the same order.

    `weight` is the sum of the weights, `low`, `expected` and `high` are those of weights times degrees, `failed` and
    `unknown` count the musts. The totals of one requirement or rule have the same shape.
    """

    weight: float
    low: tuple[float, ...]
    expected: tuple[float, ...]
    high: tuple[float, ...]
    failed: tuple[int, ...]
    unknown: tuple[int, ...]

    def plus(self, other: Totals) -> Totals:
        """Return the sums of both."""
        return Totals(
            self.weight + other.weight,
            tuple([one + two for one, two in zip(self.low, other.low, strict=True)]),
            tuple([one + two for one, two in zip(self.expected, other.expected, strict=True)]),
            tuple([one + two for one, two in zip(self.high, other.high, strict=True)]),
            tuple([one + two for one, two in zip(self.failed, other.failed, strict=True)]),
            tuple([one + two for one, two in zip(self.unknown, other.unknown, strict=True)]),
        )

    def minus(self, other: Totals) -> Totals:
        """Return these sums without those of some of the findings."""
        return Totals(
            self.weight - other.weight,
            tuple([one - two for one, two in zip(self.low, other.low, strict=True)]),
            tuple([one - two for one, two in zip(self.expected, other.expected, strict=True)]),
            tuple([one - two for one, two in zip(self.high, other.high, strict=True)]),
            tuple([one - two for one, two in zip(self.failed, other.failed, strict=True)]),
            tuple([one - two for one, two in zip(self.unknown, other.unknown, strict=True)]),
        )

    def judge(self, providers: Sequence[str]) -> Verdict:
        """Return the verdict on these sums, for the providers of their places.

        It is that of the findings, but where two scores differ by less than what adding in another order loses.
        """
        if self.weight < _NO_WEIGHT or not providers:
            return Verdict("undetermined")
        return judge_ranks(
            providers,
            self.ranks(),
            lambda place: self._score(self.low[place]),
            lambda place: self._score(self.high[place]),
        )

    def ranks(self) -> list[Rank]:
        """Return what leaders are found by, for each place; without any weight all score 0."""
        return [
            # The same order as `judge` makes from assessments: a lower rank is better, so the score is negated.
            (2 if failed else 1 if unknown else 0, unknown, -self._score(expected))
            for failed, unknown, expected in zip(self.failed, self.unknown, self.expected, strict=True)
        ]

    def _score(self, points: float) -> float:
        return round(100 * points / self.weight, _DIGITS) if self.weight > 0 else 0.0


def total_degrees(degrees: Sequence[Degree], weight: float, *, must: bool) -> Totals:
    """Return the totals of one requirement or rule from its degrees, one for each provider."""
    return Totals(
        weight,
        tuple([weight * degree.low for degree in degrees]),
        tuple([weight * degree.expected for degree in degrees]),
        tuple([weight * degree.high for degree in degrees]),
        tuple([int(must and degree.truth is Truth.NO) for degree in degrees]),
        tuple([int(must and degree.truth is Truth.UNKNOWN) for degree in degrees]),
    )


def total_findings(findings: Sequence[Finding]) -> Totals:
    """Return the totals of one requirement or rule from its findings, one for each provider."""
    first = findings[0]
    must = first.requirement is not None and first.requirement.priority == "must"
    return total_degrees([finding.degree for finding in findings], first.weight, must=must)


def total_assessments(assessments: Sequence[Assessment]) -> Totals:
    """Return the totals of everything that a team requires, with a place for each assessment."""
    rows = zip(*(assessment.findings for assessment in assessments), strict=True)
    return add_up((total_findings(row) for row in rows), len(assessments))


def add_up(parts: Iterable[Totals], providers: int) -> Totals:
    """Return the sums of all parts, for that many providers."""
    found = iter(parts)
    none, zero = (0.0,) * providers, (0,) * providers
    total = next(found, Totals(0.0, none, none, none, zero, zero))
    for part in found:
        total = total.plus(part)
    return total
