"""Find the amount from which a provider would lead, all else unchanged: exact, because scores are linear in it.

One amount of one provider is moved over its scale, or over its open range. Between the bounds that are asked of it the
provider's expected score is a straight line, and all other scores stay as they are. So it is judged at the bounds, next
to them and at the ends, and where the lead changes in between, there is one crossing. Only the price behind a monthly
cost may bend the score elsewhere; but the lead only shrinks as it rises, so that halving finds where it ends.

An example: Ada has 100 of the 200 seats that count as best; Bob has a fax, which weighs a quarter of the seats. With n
seats he is at n / 200 + 1/4 and she at 1/2: both are level at 50, so that Bob leads from 51 seats on.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from provider_advisor.decision.decide import Outcome
from provider_advisor.decision.degrees import scale_ends
from provider_advisor.decision.findings import Assessment
from provider_advisor.decision.robustness.amounts import (
    are_neighbours,
    find_nearest_end,
    find_round_amount,
    list_neighbours,
)
from provider_advisor.decision.robustness.open_facts import list_asked
from provider_advisor.decision.robustness.what_if import Supposing
from provider_advisor.decision.verdict import rank
from provider_advisor.knowledge import Criterion, Fact
from provider_advisor.logic import Interval, Number
from provider_advisor.written_values import plain

MOST_TRIED = 40
"""Most amounts to move, those of the heaviest requirements first."""

_DIGITS, _SHORT_DIGITS = 9, 6

_NOISE = 1e-7
"""Of a difference of scores, which are rounded to nine digits."""


class Tipping(NamedTuple):
    """The amounts with which a provider leads, all else unchanged.

    `within` has an end only where the lead is lost beyond it; `reached` says of its low and its high end whether the
    provider still leads there (at a crossing it is level). `known` is the fact as it is known.
    """

    provider: str
    criterion: str
    within: Interval
    reached: tuple[bool, bool]
    known: Fact


def find_tippings(outcome: Outcome) -> tuple[Tipping, ...]:
    """Return the amounts that tip the verdict, those of the heaviest requirements first.

    A known amount is moved over its scale, another one over what is left open of that. Then come the prices on which
    only a monthly cost rests.
    """
    if not outcome.findings:
        return ()
    search, facts = _TippingSearch(outcome), outcome.facts
    asked: dict[str, float] = {}
    for finding in outcome.findings:
        if finding.requirement is not None and finding.cost is None:
            for name, _ in list_asked(finding, facts.knowledge):
                criterion = facts.knowledge.criteria[name]
                if criterion.kind != "capability" and not criterion.computed:
                    asked[name] = asked.get(name, 0.0) + finding.weight
    heaviest = sorted(asked, key=lambda name: (-asked[name], name))
    moved = [(name, each) for name in heaviest for each in outcome.assessments]
    moved += [(name, each) for each in outcome.assessments for name in _list_paid(each) if name not in asked]
    tried = [(name, each) for name, each in moved if search.is_in_reach(each, name)]
    found = [search.find(each, facts.knowledge.criteria[name]) for name, each in tried[:MOST_TRIED]]
    return tuple(tipping for tipping in found if tipping is not None)


def _list_moved(criterion: Criterion) -> set[str]:
    """Return the criteria whose amount moves with this one: what exists for one member exists for any."""
    return {criterion.id} | ({criterion.counts_for} if criterion.counts_for is not None else set())


def _list_paid(assessment: Assessment) -> Iterator[str]:
    """Yield the prices that a monthly cost rests on, if one is asked about."""
    cost = next((finding.cost for finding in assessment.findings if finding.cost is not None), None)
    for item in cost.items if cost is not None else ():
        yield from item.missing
        yield from (fact.criterion for fact in (item.price, *item.instead) if fact is not None)


class _Lead(NamedTuple):
    """By how many points a provider leads at an amount; infinite if its standing decides, not its score."""

    amount: Number
    margin: float

    @property
    def is_ahead(self) -> bool:
        return self.margin > 0


class _TippingSearch:
    """Amounts, moved one by one."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome, self._facts = outcome, outcome.facts
        self._supposing = Supposing(outcome)
        self._ranks = sorted((rank(each), each.provider) for each in outcome.assessments)

    def is_in_reach(self, assessment: Assessment, criterion: str) -> bool:
        """Return whether no must fails but on this amount, or on the cost that it is a price of."""
        moved = _list_moved(self._facts.knowledge.criteria[criterion])
        is_paid = criterion in _list_paid(assessment)
        return all(
            (is_paid and finding.cost is not None) or moved & dict(list_asked(finding, self._facts.knowledge)).keys()
            for finding in assessment.findings
            if finding.is_failed_must
        )

    def find(self, assessment: Assessment, criterion: Criterion) -> Tipping | None:
        """Return the amounts with which a provider leads; None if it leads with all or none of them.

        Also None if they are not one interval, for example if one wish is for few and another for many.
        """
        if criterion.id in _list_paid(assessment):
            return self._find_price(assessment, criterion)
        fact = self._facts(assessment.provider, criterion.id)
        # Between two of these amounts the lead is a straight line, so it is lost at most once.
        leads = [self._measure_lead(fact, amount) for amount in self._list_amounts(fact, criterion)]
        ahead = [place for place, lead in enumerate(leads) if lead.is_ahead]
        if not ahead or len(ahead) == len(leads):
            return None
        first, last = ahead[0], ahead[-1]
        if len(ahead) < last - first + 1:
            return None
        low, reaches_low = self._cross(fact, criterion, leads[first], leads[first - 1]) if first else (None, True)
        high, reaches_high = (
            self._cross(fact, criterion, leads[last], leads[last + 1]) if last + 1 < len(leads) else (None, True)
        )
        return Tipping(assessment.provider, criterion.id, Interval(low, high), (reaches_low, reaches_high), fact)

    def _find_price(self, assessment: Assessment, criterion: Criterion) -> Tipping | None:
        """Return up to which price a provider leads by its monthly cost; None if it leads at any, or at none.

        A cost never falls when a price rises, but it need not be linear, because of limits, other price models and
        minimums. So the price is found by bisection. Where a price is asked to be high, the lead need not end once.
        """
        bounds = self._list_bounds(criterion)
        if any(bound is not None and bound.low is not None for bound in bounds):
            return None
        fact = self._facts(assessment.provider, criterion.id)
        is_open = fact.amount is not None and fact.amount.low != fact.amount.high
        known = fact.amount if is_open and fact.amount is not None else Interval()
        ends = sorted(scale_ends(criterion))
        low, high = (known.low or max(0, ends[0])), (ends[1] if known.high is None else known.high)
        if low >= high or not self._measure_lead(fact, low).is_ahead or self._measure_lead(fact, high).is_ahead:
            return None
        # It leads at `low` and not at `high`, in each turn.
        # Among large amounts two floats may be further apart than neighbours are, with none between them.
        while not are_neighbours(low, high, criterion) and low < (between := (low + high) / 2) < high:
            low, high = (between, high) if self._measure_lead(fact, between).is_ahead else (low, between)
        before, ahead, behind = (self._measure_lead(fact, at).margin for at in (2 * low - high, low, high))
        if math.isinf(ahead - behind) or ahead - behind > 2 * (before - ahead) + _NOISE:  # a limit lies between
            at = find_round_amount(low, high)
        else:  # close enough to the end of the lead to be a straight line
            at = plain(round(low + ahead / (ahead - behind) * (high - low), _DIGITS))
        return Tipping(
            assessment.provider, criterion.id, Interval(None, at), (True, self._measure_lead(fact, at).is_ahead), fact
        )

    def _list_amounts(self, fact: Fact, criterion: Criterion) -> Sequence[Number]:
        """Return the amounts to judge at, from the lowest on."""
        is_exact = fact.amount is not None and fact.amount.low == fact.amount.high
        possible = Interval() if fact.amount is None or is_exact else fact.amount
        bounds = self._list_bounds(criterion)
        if criterion.counts_for is not None:  # above or below what is known of any member, the criterion moves with it
            bounds.append(self._facts(fact.provider, criterion.counts_for).amount)
        return sorted(set(list_neighbours([bound for bound in bounds if bound is not None], possible, criterion)))

    def _list_bounds(self, criterion: Criterion) -> list[Interval | None]:
        """Return the bounds within which an amount is asked, None for each wish without one."""
        return [
            bound
            for finding in self._outcome.findings
            if finding.requirement is not None
            for name, bound in list_asked(finding, self._facts.knowledge)
            if name in _list_moved(criterion)
        ]

    def _measure_lead(self, fact: Fact, amount: Number) -> _Lead:
        """Return how far the provider of a fact is ahead with this amount."""
        found = self._supposing.assess((fact._replace(amount=Interval(amount, amount), disputed=False),))
        mine = rank(found)
        best = next((each for each, provider in self._ranks if provider != fact.provider), None)
        if found.standing == "ruled-out":
            return _Lead(amount, -math.inf)
        if best is None or mine[:2] != best[:2]:
            return _Lead(amount, math.inf if best is None or mine < best else -math.inf)
        return _Lead(amount, best[2] - mine[2])

    def _cross(self, fact: Fact, criterion: Criterion, ahead: _Lead, behind: _Lead) -> tuple[Number, bool]:
        """Return the amount at which the lead is lost on the way, and whether the provider still leads there."""
        if math.isinf(ahead.margin - behind.margin) or are_neighbours(ahead.amount, behind.amount, criterion):
            end = find_nearest_end(ahead.amount, criterion)
            return (ahead.amount, True) if end is None else (end, False)
        part = ahead.margin / (ahead.margin - behind.margin)
        at = round(ahead.amount + part * (behind.amount - ahead.amount), _DIGITS)
        if not (criterion.whole or criterion.kind == "rating"):
            # The last digits come from the rounding of scores: both may be level at 8, and 8.000000001 be found.
            short = round(at, _SHORT_DIGITS)
            return plain(short if self._measure_lead(fact, short).margin == 0 else at), False
        amounts = _list_whole(at, ahead.amount, behind.amount)
        return next((amount for amount in amounts if self._measure_lead(fact, amount).is_ahead), ahead.amount), True


def _list_whole(at: Number, ahead: Number, behind: Number) -> Iterator[int]:
    """Yield the whole amounts next to a crossing, on the way to where the provider is ahead."""
    step = 1 if ahead > behind else -1
    start = math.floor(at) if step > 0 else math.ceil(at)
    yield from (start + step * number for number in range(3) if (ahead - start - step * number) * step >= 0)
