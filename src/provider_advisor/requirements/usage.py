"""Which prices a team's monthly usage is multiplied with."""

from collections.abc import Mapping
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import Criterion, KnowledgeBase
from provider_advisor.logic import Number, read_amount

__all__ = ["Service", "paid_together", "read_volume", "services_used"]


class Service(NamedTuple):
    """Usage that is paid for together, and the price models for it: by the month or by the hour, say.

    `models` are the prices all of whose volumes are known; it is empty where some volume is missing, or where no price
    is multiplied with the usage at all.
    """

    usage: Mapping[str, Number]
    models: tuple[Criterion, ...]
    missing: tuple[str, ...]


def read_volume(item: str, text: str) -> Number:
    """The monthly volume that somebody typed for a usage item. Raises RequirementsError."""
    try:
        number, unit = read_amount(text)
    except ValueError as error:
        raise RequirementsError(
            f"'{text[:40]}' is no amount of the usage '{item}'; expected a number, such as 5000."
        ) from error
    if unit is not None:
        raise RequirementsError(f"the usage '{item}' takes one number without a unit, such as {item}=5000.")
    return number


def services_used(usage: Mapping[str, Number], knowledge: KnowledgeBase) -> tuple[Service, ...]:
    """The team's usage, split into what is paid for together: items that some price is multiplied with at once."""
    if not usage:
        return ()
    prices = [criterion for criterion in knowledge.criteria.values() if criterion.usage]
    left = dict(usage)
    services = []
    while left:
        together = _reachable(next(iter(left)), prices)
        mine = {item: left.pop(item) for item in sorted(together) if item in left}
        services.append(_service(mine, [price for price in prices if together & set(price.usage)]))
    return tuple(services)


def paid_together(knowledge: KnowledgeBase) -> tuple[tuple[str, ...], ...]:
    """All usage items, in groups that are paid for together; most groups have one item."""
    prices = [criterion for criterion in knowledge.criteria.values() if criterion.usage]
    groups = {tuple(sorted(_reachable(item, prices))) for item in knowledge.usage}
    return tuple(sorted(groups))


def _reachable(item: str, prices: list[Criterion]) -> set[str]:
    found = {item}
    while more := {other for price in prices if found & set(price.usage) for other in price.usage} - found:
        found |= more
    return found


def _service(usage: dict[str, Number], prices: list[Criterion]) -> Service:
    models = tuple(price for price in prices if set(price.usage) <= usage.keys())
    unused = [item for item in usage if not any(item in price.usage for price in models)]
    missing = {other for price in prices for item in unused if item in price.usage for other in price.usage}
    return Service(usage, models, tuple(sorted(missing - usage.keys())))
