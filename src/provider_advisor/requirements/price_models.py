"""Price models: which prices a team's usage is multiplied by, and what is paid for together.

Agents may be paid by the month or by the hour, which are two price models of one service:

    agents                 one model, by the month
    hours                  none: hours mean nothing without the number of agents
    agents and hours       two models, of which the cheaper counts

A new price model needs no code: it is a criterion of kind `price` with `usage:` in facts/criteria/prices.yaml, and an
item for each volume in facts/team.yaml. Only another way to calculate (a new kind of fee or of tier) is code: in
`records.Terms` and `decision/cost`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.records import Criterion
from provider_advisor.requirements.statement import Used


class Service(NamedTuple):
    """Usage that is paid for together, and the price models for it: by the month or by the hour, say.

    `models` are the prices all of whose volumes are known; it is empty where some volume is missing, or where no price
    is multiplied with the usage at all.
    """

    usage: Mapping[str, Used]
    models: tuple[Criterion, ...]
    missing: tuple[str, ...]


def services_used(usage: Mapping[str, Used], knowledge: KnowledgeBase) -> tuple[Service, ...]:
    """Split the usage into services billed together: items that one price is multiplied by."""
    # Each round takes at least `first` out of what is left, with all that is reachable from it through prices.
    left = dict(usage)
    services = []
    while left:
        first = next(iter(left))
        prices = _list_prices(first.partition(AT)[2], knowledge)
        together = _find_reachable(first, prices)
        mine = {item: left.pop(item) for item in sorted(together) if item in left}
        asked = [price for price in prices if together & set(price.usage)]
        models = tuple(price for price in asked if set(price.usage) <= mine.keys())
        # An item that no model uses is not paid for by itself: of all its prices, what they lack is missing. One that
        # has a model needs nothing more, although others of its prices may lack something.
        unused = [item for item in mine if not any(item in price.usage for price in models)]
        missing = {other for price in asked for item in unused if item in price.usage for other in price.usage}
        services.append(Service(mine, models, tuple(sorted(missing - mine.keys()))))
    return tuple(services)


def paid_together(items: Iterable[str], knowledge: KnowledgeBase) -> tuple[tuple[str, ...], ...]:
    """Return usage items in groups of all that is paid for together; most groups have one item."""
    by_member = {member: _list_prices(member, knowledge) for member in {item.partition(AT)[2] for item in items}}
    return tuple(sorted({tuple(sorted(_find_reachable(item, by_member[item.partition(AT)[2]]))) for item in items}))


def _list_prices(member: str, knowledge: KnowledgeBase) -> list[Criterion]:
    """Return the prices that volumes are multiplied by; a member's prices for volumes of that member."""
    criteria = knowledge.criteria
    if not member:
        return list(knowledge.prices_of_usage)
    of_it = (f"{price.id}{AT}{member}" for price in knowledge.prices_of_usage if price.of_each is not None)
    return [criteria[name] for name in of_it if name in criteria]


def _find_reachable(item: str, prices: list[Criterion]) -> set[str]:
    """Return the items that are priced together with one, through any number of prices."""
    # One price leads from a to b, and another from b to c, so this repeats until a round finds nothing new.
    found = {item}
    while more := {other for price in prices if found & set(price.usage) for other in price.usage} - found:
        found |= more
    return found
