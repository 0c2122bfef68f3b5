"""Calculate what a team's usage costs with a provider in a month: an interval, as prices are often not exact.

An example: 1,000 messages and 100 minutes. Acme sends a message for 1 to 2 cents, and its price of a minute is not
known: the messages cost 10 to 20, the minutes anything from 0, so a month costs at least 10. A ceiling of 8 is broken
for certain, and one of 50 is open.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from provider_advisor.decision.degrees import Degree, grade_on_scale, grade_truth
from provider_advisor.knowledge import Claim, Criterion, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.records import Terms, Tier
from provider_advisor.logic import Interval, Number, Truth, compare, plain
from provider_advisor.requirements import Service, services_used
from provider_advisor.requirements.statement import Used, get_ends

_DIGITS = 9
_NOTHING = Interval(0, 0)


class CostItem(NamedTuple):
    """One service: what is used of it, the price that comes cheapest, and what it costs a month.

    `price` is None where the provider has no price on record; then the cost is anything from 0. `instead` are other
    price models, which cost more for this usage; `missing` the ids of those whose price is not known: the cheapest
    could be among them, so the cost is anything up to that of `price`. `beside` are facts on free plans and credits,
    which are named and not subtracted. `by_quote` says that the provider has a price, but only on request.
    `priced_members` are volumes for which it has prices (`sms-outbound@de`), where this one names no member;
    `unconverted` are prices in currencies without a rate.
    """

    usage: Mapping[str, Used]
    price: Fact | None
    amount: Interval
    instead: tuple[Fact, ...] = ()
    beside: tuple[Fact, ...] = ()
    by_quote: bool = False
    missing: tuple[str, ...] = ()
    priced_members: tuple[str, ...] = ()
    unconverted: tuple[Claim, ...] = ()


class Cost(NamedTuple):
    """The monthly cost with one provider: the sum of its items, without a ceiling where one of them has none."""

    provider: str
    amount: Interval
    items: tuple[CostItem, ...]
    usage: Mapping[str, Used]

    @property
    def unpriced(self) -> tuple[CostItem, ...]:
        """Return the items that no price on record covers."""
        return tuple(item for item in self.items if item.price is None and item.amount.high is None)

    @property
    def lacks_price(self) -> bool:
        """Return whether some price that could count is not known, or no price model covers some usage."""
        return bool(self.unpriced) or any(item.missing for item in self.items)


def price_tiers(tiers: Iterable[Tier], volume: Number) -> float:
    """Return what a month's volume costs: each unit at the price of the tier in which it falls.

    >>> price_tiers([Tier(100, 2), Tier(None, 1)], 150)
    250.0
    """
    total, before = 0.0, 0.0
    for tier in tiers:
        end = volume if tier.up_to is None else min(volume, tier.up_to)
        total += max(0.0, end - before) * tier.price
        before = before if tier.up_to is None else tier.up_to
    return total


def calculate_cost(provider: str, usage: Mapping[str, Used], facts: Facts) -> Cost:
    """Return the cost of the usage with a provider, in the unit of the knowledge base's computed criterion."""
    items = tuple(_calculate_item(service, provider, facts) for service in services_used(usage, facts.knowledge))
    highs = [item.amount.high for item in items]
    known = [high for high in highs if high is not None]
    high = _drop_dust(math.fsum(known)) if len(known) == len(highs) else None
    return Cost(provider, Interval(_drop_dust(math.fsum(item.amount.low or 0 for item in items)), high), items, usage)


def _drop_dust(amount: Number) -> Number:
    """Return it without the error of binary fractions: 600,000 messages at 0.0079 cost 4740, not a bit more."""
    return plain(round(amount, _DIGITS))


def _calculate_item(service: Service, provider: str, facts: Facts) -> CostItem:
    if all(get_ends(used) == _NOTHING for used in service.usage.values()):
        return CostItem(service.usage, None, _NOTHING)
    found = [(price, facts.of_no_member(provider, price.id)) for price in service.models]
    missing = tuple(price.id for price, fact in found if fact.amount is None)
    # By what each model costs at most, since that is what a team can be sure not to exceed; its id breaks ties.
    costs = sorted(
        ((_times(fact, fact.amount, price, service.usage), fact) for price, fact in found if fact.amount is not None),
        key=lambda pair: (_end(pair[0].high), _end(pair[0].low), pair[1].criterion),
    )
    beside = _find_free(service, provider, facts)
    if not costs:
        claims = [claim for _, fact in found for claim in fact.claims]
        by_quote = any(claim.value == "by-quote" for claim in claims)
        unconverted = tuple(claim for claim in claims if claim.is_unconverted)
        members = tuple(_list_priced(service, provider, facts))
        return CostItem(service.usage, None, Interval(0, None), (), beside, by_quote, missing, members, unconverted)
    # A price model without a known price may be the cheapest: it takes away the floor, and cannot raise the ceiling,
    # because the team may choose the model whose price is known.
    low = 0 if missing else min(amount.low or 0 for amount, _ in costs)
    cheapest, *dearer = costs
    instead = tuple(fact for _, fact in dearer)
    return CostItem(service.usage, cheapest[1], Interval(low, cheapest[0].high), instead, beside, missing=missing)


def _list_priced(service: Service, provider: str, facts: Facts) -> Iterator[str]:
    """Yield the same usage by member, where a price of one is known: it says nothing of what goes elsewhere."""
    for price in service.models:
        for member in facts.knowledge.claimed_members(provider, price.id) if price.of_each else ():
            if facts(provider, f"{price.id}{AT}{member}").amount is not None:
                yield from (f"{item}{AT}{member}" for item in price.usage)


def _times(fact: Fact, amount: Interval, price: Criterion, usage: Mapping[str, Used]) -> Interval:
    """Return what the volume costs: nothing is cheaper for being used more, so the ends of both go together."""
    least, most = _multiply(price.usage, usage)
    cheap, dear = fact.terms
    low = _price_month(fact.tiers, amount.low or 0, least, cheap)
    return Interval(low, None if amount.high is None else _price_month(fact.tiers, amount.high, most, dear))


def _price_month(tiers: tuple[Tier, ...], price: Number, volume: Number, terms: Terms) -> Number:
    """Return what a month costs: 3 users at 20 each, billed for at least 5, with a fee of 10, are 110."""
    if not volume:
        return 0
    billed = max(volume, terms.billed_at_least)
    used = price_tiers(tiers, billed) if tiers else price * billed
    return _drop_dust(max(used, terms.monthly_minimum) + terms.monthly_fee)


def _multiply(items: Iterable[str], usage: Mapping[str, Used]) -> tuple[Number, Number]:
    """Return the lowest and the highest product of the items' volumes: agents times hours, for a price per hour."""
    ends = [get_ends(usage[item]) for item in items]
    return math.prod(end.low or 0 for end in ends), math.prod(end.high or 0 for end in ends)


def _end(amount: Number | None) -> float:
    return math.inf if amount is None else amount


def _find_free(service: Service, provider: str, facts: Facts) -> tuple[Fact, ...]:
    """Return what the provider is known to give freely with these prices."""
    prices = {price.id for price in service.models}
    named = [criterion for criterion in facts.knowledge.given_freely if not prices.isdisjoint(criterion.concerns)]
    found = [facts(provider, criterion.id) for criterion in named]
    return tuple(fact for fact in found if fact.truth is Truth.YES or fact.amount is not None)


def grade_cost(cost: Cost, bound: Interval | None, facts: Facts) -> Degree:
    """Return how far the cost meets a bound, or how low it is on the scale of this usage.

    Where a price is missing, the degree is expected at its lower end.
    """
    claims = tuple(claim for item in cost.items if item.price is not None for claim in item.price.claims)
    if bound is not None:
        return grade_truth(compare(cost.amount, bound), facts, claims)
    worst, best = find_cost_scale(cost.usage, facts.knowledge)
    # So it is where all volumes are 0: then no cost is better than another, and none is bad.
    if worst == best:
        return Degree(1, 1, 1, None, claims)
    degree = grade_on_scale(cost.amount, worst, best, claims)
    return degree._replace(expected=degree.low) if cost.lacks_price else degree


def find_cost_scale(usage: Mapping[str, Used], knowledge: KnowledgeBase) -> tuple[float, float]:
    """Return the worst and the best monthly cost that the scales of the prices allow for this usage.

    The worst is that of the highest volumes, the best that of the lowest.
    """
    worst, best = [], []
    for service in services_used(usage, knowledge):
        scaled = [
            (price.scale, *_multiply(price.usage, service.usage)) for price in service.models if price.scale is not None
        ]
        # Of several price models the team would pay the cheapest, at the worst prices as well as at the best.
        worst.append(min((scale.worst * most for scale, _, most in scaled), default=0))
        best.append(min((scale.best * least for scale, least, _ in scaled), default=0))
    return math.fsum(worst), math.fsum(best)
