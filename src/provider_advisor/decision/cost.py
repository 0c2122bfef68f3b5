"""Calculate the monthly cost of a team's usage with a provider: an interval, because prices are often not exact.

An example: 1,000 messages and 100 minutes. Acme charges 1 to 2 cents per message, and its price per minute is unknown:
the messages cost 10 to 20, the minutes anything from 0, so a month costs at least 10. A limit of 8 is certainly
exceeded, and a limit of 50 is open.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from provider_advisor.decision.degrees import Degree, grade_on_scale, grade_truth
from provider_advisor.knowledge import Claim, Criterion, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.records import Terms, Tier
from provider_advisor.logic import Interval, Number, Truth, compare
from provider_advisor.requirements import Service, services_used
from provider_advisor.requirements.statement import Used, get_ends
from provider_advisor.written_values import plain

_DIGITS = 9
_NOTHING = Interval(0, 0)


class CostItem(NamedTuple):
    """One service: its usage, the cheapest price, and the monthly cost.

    `price` is None if no price is recorded; then the cost is anything from 0. `instead` are other price models, which
    cost more for this usage; `missing` the ids of those without a known price: one of them could be the cheapest, so
    the cost is anything up to that of `price`. `beside` are facts on free plans and credits, which are shown but not
    subtracted. `by_quote` says that the provider has a price, but only on request. `priced_members` are volumes with
    known prices (`sms-outbound@de`), if this one names no member; `unconverted` are prices in currencies without a
    rate.
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
    """The monthly cost with one provider: the sum of its items, without an upper limit if one of them has none."""

    provider: str
    amount: Interval
    items: tuple[CostItem, ...]
    usage: Mapping[str, Used]

    @property
    def unpriced(self) -> tuple[CostItem, ...]:
        """Return the items without a recorded price."""
        return tuple(item for item in self.items if item.price is None and item.amount.high is None)

    @property
    def lacks_price(self) -> bool:
        """Return whether a price that could count is unknown, or some usage has no price model."""
        return bool(self.unpriced) or any(item.missing for item in self.items)


def calculate_cost(provider: str, usage: Mapping[str, Used], facts: Facts) -> Cost:
    """Return the cost of the usage with a provider, in the unit of the knowledge base's computed criterion."""
    items = tuple(_calculate_item(service, provider, facts) for service in services_used(usage, facts.knowledge))
    highs = [item.amount.high for item in items]
    known = [high for high in highs if high is not None]
    high = _drop_dust(math.fsum(known)) if len(known) == len(highs) else None
    return Cost(provider, Interval(_drop_dust(math.fsum(item.amount.low or 0 for item in items)), high), items, usage)


def _drop_dust(amount: Number) -> Number:
    """Round off binary fractions: 600,000 messages at 0.0079 cost exactly 4740.

    What people read is rounded to cents, by `costs_in_words.money_text`.
    """
    return plain(round(amount, _DIGITS))


def _calculate_item(service: Service, provider: str, facts: Facts) -> CostItem:
    if all(get_ends(used) == _NOTHING for used in service.usage.values()):
        return CostItem(service.usage, None, _NOTHING)
    found = [(price, facts(provider, price.id)) for price in service.models]
    missing = tuple(price.id for price, fact in found if fact.amount is None)
    # Compare models by their highest cost, which a team can be sure not to exceed; ids break ties.
    costs = sorted(
        (
            (_price_usage(fact, fact.amount, price, service.usage), fact)
            for price, fact in found
            if fact.amount is not None
        ),
        key=lambda pair: (_order_end(pair[0].high), _order_end(pair[0].low), pair[1].criterion),
    )
    beside = _find_free(service, provider, facts)
    if not costs:
        claims = [claim for _, fact in found for claim in fact.claims]
        by_quote = any(claim.value == "by-quote" for claim in claims)
        unconverted = tuple(claim for claim in claims if claim.is_unconverted)
        members = tuple(_list_priced(service, provider, facts))
        return CostItem(service.usage, None, Interval(0, None), (), beside, by_quote, missing, members, unconverted)
    # A price model without a known price may be the cheapest: it takes away the floor, and cannot raise the ceiling,
    # because the team may choose the model whose price is known. None is cheaper than one that costs nothing.
    cheapest, *dearer = costs
    missing = () if cheapest[0].high == 0 else missing
    low = 0 if missing else min(amount.low or 0 for amount, _ in costs)
    instead = tuple(fact for _, fact in dearer)
    return CostItem(service.usage, cheapest[1], Interval(low, cheapest[0].high), instead, beside, missing=missing)


def _list_priced(service: Service, provider: str, facts: Facts) -> Iterator[str]:
    """Yield the same usage by members with known prices; these say nothing about other members."""
    for price in service.models:
        for member in facts.knowledge.claimed_members(provider, price.id) if price.of_each else ():
            if facts(provider, f"{price.id}{AT}{member}").amount is not None:
                yield from (f"{item}{AT}{member}" for item in price.usage)


def _price_usage(fact: Fact, amount: Interval, price: Criterion, usage: Mapping[str, Used]) -> Interval:
    """Return the cost of the volume: more usage never costs less, so low goes with low and high with high."""
    least, most = multiply_volumes(price.usage, usage)
    cheap, dear = fact.terms
    low = _price_month(fact.tiers, amount.low or 0, least, cheap)
    return Interval(low, None if amount.high is None else _price_month(fact.tiers, amount.high, most, dear))


def _price_month(tiers: tuple[Tier, ...], price: Number, volume: Number, terms: Terms) -> Number:
    """Return the cost of a month: 3 users at 20 each, billed for at least 5, with a fee of 10, cost 110."""
    if not volume:
        return 0
    billed = max(volume, terms.billed_at_least)
    used = price_tiers(tiers, billed) if tiers else price * billed
    return _drop_dust(max(used, terms.monthly_minimum) + terms.monthly_fee)


def price_tiers(tiers: Iterable[Tier], volume: Number) -> float:
    """Return the cost of a month's volume: each unit costs the price of its tier.

    >>> price_tiers([Tier(100, 2), Tier(None, 1)], 150)
    250.0
    """
    total, before = 0.0, 0.0
    for tier in tiers:
        end = volume if tier.up_to is None else min(volume, tier.up_to)
        total += max(0.0, end - before) * tier.price
        before = before if tier.up_to is None else tier.up_to
    return total


def multiply_volumes(items: Iterable[str], usage: Mapping[str, Used]) -> tuple[Number, Number]:
    """Return the lowest and the highest product of the items' volumes: agents times hours, for a price per hour."""
    ends = [get_ends(usage[item]) for item in items]
    return math.prod(end.low or 0 for end in ends), math.prod(end.high or 0 for end in ends)


def _order_end(amount: Number | None) -> float:
    return math.inf if amount is None else amount


def _find_free(service: Service, provider: str, facts: Facts) -> tuple[Fact, ...]:
    """Return what the provider is known to include for free with these prices."""
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
    # This is so if all volumes are 0: then no cost is better than another.
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
            (price.scale, *multiply_volumes(price.usage, service.usage))
            for price in service.models
            if price.scale is not None
        ]
        # With several price models, the team pays the cheapest, both at the worst and at the best prices.
        worst.append(min((scale.worst * most for scale, _, most in scaled), default=0))
        best.append(min((scale.best * least for scale, least, _ in scaled), default=0))
    return math.fsum(worst), math.fsum(best)
