"""Calculate how often each alternative comes first: with the given weights, and with all weights equally likely.

The second is stochastic multicriteria acceptability analysis: Lahdelma and Salminen 2001, SMAA-2, Operations Research
49(3):444-454, whose words rank acceptability, central weight vector and confidence factor are used here.

    weights                       exact, where little is open               otherwise
    the given ones                chances of each score (`count_scores`)    drawn worlds (`monte_carlo`)
    all, equally likely           `duel` of two, `simplices` of up to 5     the same worlds, with drawn weights
    those in the given order      `simplices`                               the same, if there are any
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.robustness.alternatives import (
    Alternative,
    CountedScores,
    VolumeCase,
    count_scores,
)
from provider_advisor.decision.robustness.duel import Acceptability, accept_unopposed, duel
from provider_advisor.decision.robustness.simplices import (
    find_acceptabilities,
    find_ordered_first_places,
    group_by_weight,
)
from provider_advisor.decision.robustness.world_model import model_worlds

if TYPE_CHECKING:
    from provider_advisor.decision.robustness.monte_carlo import WorldSample

T = TypeVar("T")

_SAMPLES, _FEWEST = 10_000, 1_000
"""How many worlds to draw, and the fewest where each of them holds much."""

_MOST_TOGETHER = 40_000
"""Worlds times providers to draw for an answer."""

_MOST_NUMBERS = 4_000_000
"""Most degrees to keep in memory."""


class AlternativeShare(NamedTuple):
    """How often one alternative comes first. All numbers are shares from 0 to 1; a shared place counts in parts.

    `given` is with the weights as given. With weights uniform over the simplex: `ranks` are its
    rank acceptabilities, best first; `central` the mean of the weights with which it comes first, in the order of the
    criteria, and `confidence` how often it comes first with just these; both are None where it never does. `ordered` is
    with all weights equally likely that have the order of the given ones; None where that takes too long. Where only
    the given weights were asked about, there are no ranks.
    """

    name: str
    given: float
    ranks: tuple[float, ...]
    central: tuple[float, ...] | None
    confidence: float | None
    ordered: float | None = None


class PairShare(NamedTuple):
    """How often one alternative is ahead of another with the given weights, and how often they are level."""

    name: str
    other: str
    ahead: float
    level: float


class Estimate(NamedTuple):
    """How shares were found: by drawing `samples` worlds, with `error` the largest standard error; 0 and 0 if exact."""

    samples: int = 0
    error: float = 0.0


class Shares(NamedTuple):
    """The shares of all alternatives, in their order; `none` is that of the worlds in which each fails a must.

    `given`, `uniform` and `ordered` say how precise they are; `pairs`, as precise as `given`, has each two alternatives
    once. `at_worst` says that an amount without any claim counts at the worst end of its scale in every world.
    """

    alternatives: tuple[AlternativeShare, ...]
    none: float
    given: Estimate
    uniform: Estimate
    ordered: Estimate = Estimate()
    pairs: tuple[PairShare, ...] = ()
    at_worst: bool = False


def calculate_provider_shares(
    outcome: Outcome, samples: int | None = None, *, other_weights: bool = True
) -> Shares | None:
    """Return the shares of the providers, with their findings as criteria; None where nothing is asked.

    Where worlds are drawn, they are `samples`, else as many as take milliseconds (`_count_samples`). Without
    `other_weights` the shares are those with the given weights alone, which are exact more often.
    """
    if not outcome.findings:
        return None
    cases, picked = model_worlds(outcome.assessments, outcome.facts)
    weights = [finding.weight for finding in outcome.findings]
    worlds = _WorldShares(cases, weights, samples or _count_samples(len(outcome.assessments)))
    found = worlds.calculate() if other_weights else worlds.calculate_given()
    # An amount that could be anything is expected at its lower end.
    degrees = (finding.degree for part in outcome.assessments for finding in part.findings)
    is_at_worst = any(degree.truth is None and degree.low == degree.expected < degree.high for degree in degrees)
    found = found._replace(at_worst=is_at_worst)
    return _add_drawing_error(found, picked) if picked else found


def _count_samples(providers: int) -> int:
    """Return how many worlds to draw for an answer: 10,000 of up to four providers, 2,500 of 16, 1,000 of 40."""
    return max(_FEWEST, min(_SAMPLES, _MOST_TOGETHER // providers))


_Found = tuple[Sequence[float], Estimate]


class _WorldShares:
    """Shares over all cases: exact if they are in each case, otherwise of worlds drawn once for all shares."""

    def __init__(self, cases: Sequence[VolumeCase], weights: Sequence[float], samples: int) -> None:
        self._cases = cases
        self._weights = weights
        self._names = [each.name for each in cases[0].alternatives]
        self._criteria = len(cases[0].alternatives[0].degrees)
        self._samples = samples

    def calculate_given(self) -> Shares:
        """Return the shares with the given weights alone."""
        given, how = self._find_given()
        shares = (AlternativeShare(*pair, (), None, None) for pair in zip(self._names, given, strict=True))
        return Shares(tuple(shares), self._none, how, Estimate())

    def calculate(self) -> Shares:
        """Return the shares with the given weights, and with all others."""
        given, given_how = self._find_given()
        uniform, uniform_how = self._find_uniform()
        is_drawn = bool(uniform_how.samples)
        ordered, ordered_how = self._find_ordered(may_draw=is_drawn or bool(given_how.samples))
        shares = tuple(
            AlternativeShare(name, first, part.ranks, part.central, self._find_confidence(place, part, is_drawn), last)
            for place, (name, first, part, last) in enumerate(zip(self._names, given, uniform, ordered, strict=True))
        )
        return Shares(shares, self._none, given_how, uniform_how, ordered_how, self._find_pairs())

    # Each share in two ways

    def _find_given(self) -> _Found:
        if self._counted is not None:
            return self._mix(counted.find_first_places() for counted in self._counted), Estimate()
        return self._scale_up(self._drawn.find_first_places(self._weights))

    def _find_pairs(self) -> tuple[PairShare, ...]:
        names = itertools.combinations(self._names, 2)
        if self._counted is None:
            drawn = self._drawn.find_pairs(self._weights)
            return tuple(PairShare(*pair, *shares) for pair, shares in zip(names, drawn, strict=True))
        by_pair = zip(*(counted.find_pairs() for counted in self._counted), strict=True)
        return tuple(PairShare(*pair, *self._mix(parts)) for pair, parts in zip(names, by_pair, strict=True))

    def _find_ordered(self, *, may_draw: bool) -> tuple[Sequence[float | None], Estimate]:
        """Return the first places by the order of the weights; nothing if worlds would be drawn only for them."""
        if self._none == 1:
            return [0.0] * len(self._names), Estimate()
        exact = self._find_in_each_case(lambda case: find_ordered_first_places(case.alternatives, self._weights))
        if exact is not None:
            return self._mix(exact), Estimate()
        if not may_draw:
            return [None] * len(self._names), Estimate()
        return self._scale_up(self._drawn.find_ordered_first_places(group_by_weight(self._weights)))

    def _find_uniform(self) -> tuple[Sequence[Acceptability], Estimate]:
        exact = self._find_in_each_case(lambda case: _find_exact_acceptabilities(case.alternatives))
        if exact is not None:
            return [self._mix_acceptabilities(parts) for parts in zip(*exact, strict=True)], Estimate()
        ranks = [tuple(share * self._scale for share in row) for row in self._drawn.ranks()]
        found = [Acceptability(*pair) for pair in zip(ranks, self._drawn.central(), strict=True)]
        return found, _measure_precision([share for row in ranks for share in row], self._drawn.size)

    def _find_confidence(self, place: int, part: Acceptability, is_drawn: bool) -> float | None:  # noqa: FBT001 (of `part`)
        """Return how often an alternative comes first with its mean winning weights.

        If worlds were drawn, that mean is itself an estimate, and the same worlds are used.
        """
        central = part.central
        if central is None:
            return None
        exact = None if is_drawn else self._find_in_each_case(lambda case: count_scores(case.alternatives, central))
        if exact is not None:
            return self._mix([counted.find_first_place(place)] for counted in exact)[0]
        return self._drawn.find_first_place(place, central) * self._scale

    # Exact

    @cached_property
    def _counted(self) -> Sequence[CountedScores] | None:
        return self._find_in_each_case(lambda case: count_scores(case.alternatives, self._weights))

    @cached_property
    def _none(self) -> float:
        """Return the share of the worlds in which each alternative fails a must."""
        return math.fsum(
            case.share * math.prod(1 - each.chance_to_stand for each in case.alternatives) for case in self._cases
        )

    def _find_in_each_case(self, find: Callable[[VolumeCase], T | None]) -> list[T] | None:
        """Return what is found exactly in each case; None if in some it is not."""
        found = []
        for case in self._cases:
            part = find(case)
            if part is None:
                return None
            found.append(part)
        return found

    def _mix(self, parts: Iterable[Sequence[float]]) -> tuple[float, ...]:
        """Return shares over all cases from those in each: the means, by the shares of the cases."""
        columns = zip(*parts, strict=True)
        return tuple(
            math.fsum(case.share * share for case, share in zip(self._cases, column, strict=True)) for column in columns
        )

    def _mix_acceptabilities(self, parts: Sequence[Acceptability]) -> Acceptability:
        """Return the acceptability of an alternative over all cases.

        Its central weights are the mean of those in each case, by how often it comes first there.
        """
        if len(parts) == 1:  # as it is, without rounding
            return parts[0]
        ranks = self._mix(part.ranks for part in parts)
        if ranks[0] == 0:
            return Acceptability(ranks, None)
        # An alternative that is never first in a case has no such weights there.
        sums = self._mix(
            [part.ranks[0] * weight for weight in part.central or [0.0] * self._criteria] for part in parts
        )
        return Acceptability(ranks, tuple(each / ranks[0] for each in sums))

    # Drawn

    @cached_property
    def _drawn(self) -> "WorldSample":
        # Most answers are exact, and start without NumPy.
        from provider_advisor.decision.robustness.monte_carlo import draw_worlds  # noqa: PLC0415

        fit = max(_FEWEST, _MOST_NUMBERS // max(len(self._names) * self._criteria, 1))
        return draw_worlds(self._cases, min(self._samples, fit))

    @cached_property
    def _scale(self) -> float:
        """Return the factor that makes drawn first places add up to the exact share of worlds with a winner."""
        # The share of worlds in which all fail is exact even if the rest is drawn. Scaled by it, shares and `none` add
        # up to 1.
        standing = self._drawn.standing
        return (1 - self._none) / standing if standing else 1.0

    def _scale_up(self, drawn: Sequence[float]) -> _Found:
        found = [share * self._scale for share in drawn]
        return found, _measure_precision(found, self._drawn.size)


def _find_exact_acceptabilities(alternatives: Sequence[Alternative]) -> Sequence[Acceptability] | None:
    """Return the acceptabilities if few can qualify and little is unknown, else None. Others never have a rank."""
    contenders = [place for place, each in enumerate(alternatives) if each.chance_to_stand > 0]
    count = len(alternatives)
    found = [Acceptability((0.0,) * count, None) for _ in alternatives]
    if len(contenders) == 1:
        found[contenders[0]] = accept_unopposed(alternatives[contenders[0]], count - 1)
    elif len(contenders) == 2:  # noqa: PLR2004 (a duel)
        result = duel(alternatives[contenders[0]], alternatives[contenders[1]])
        if result is None:
            return None
        for place, part in zip(contenders, result, strict=True):
            found[place] = part._replace(ranks=(*part.ranks, *[0.0] * (count - 2)))
    elif contenders:
        return find_acceptabilities(alternatives)
    return found


def _add_drawing_error(shares: Shares, picked: int) -> Shares:
    """Return the shares with their error, if that many ways were drawn where there were too many to count."""
    # 0.5 is the share with the largest standard error, so this is an upper bound.
    error = _measure_precision([0.5], picked).error
    given, uniform = (
        Estimate(each.samples or picked, max(error, each.error)) for each in (shares.given, shares.uniform)
    )
    return shares._replace(given=given, uniform=uniform)


def _measure_precision(shares: Sequence[float], size: int) -> Estimate:
    """Return the precision of shares from that many drawn worlds: the standard error is sqrt(s (1 - s) / n)."""
    return Estimate(size, max((math.sqrt(max(0.0, share * (1 - share)) / size) for share in shares), default=0.0))
