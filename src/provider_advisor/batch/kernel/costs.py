"""Calculate the monthly cost of each team's usage with each provider, as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, reduce
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints, round_exactly
from provider_advisor.batch.kernel.cells import FIRST, PER_PROVIDER, WEIGHT, Cells
from provider_advisor.batch.kernel.requirements import OnCost
from provider_advisor.batch.kernel.situations import Volumes
from provider_advisor.knowledge import Fact, Facts
from provider_advisor.knowledge.records import Terms, Tier
from provider_advisor.logic import Number, Truth
from provider_advisor.requirements import Service, paid_together, services_used

# Doubles above this limit cannot represent fractions; teams with such costs are answered one by one.
_LARGEST = 2.0**52


class Costs(NamedTuple):
    """The lowest and highest monthly cost by provider (rows) and team (columns).

    `low` and `high` are NaN if the team states no usage; `high` is infinite if the cost has no upper limit. `unpriced`
    marks costs with an unknown price. By team, `worst` and `best` are the costs that get degree 0 and 1, `incomplete`
    marks teams that state one volume but not another that its price needs, and `large` marks costs that are too large
    to calculate as columns.
    """

    low: Floats
    high: Floats
    unpriced: Flags
    worst: Floats
    best: Floats
    incomplete: Flags
    large: Flags


class PriceList:
    """The services that usage items form, and the providers' prices for them, each found once; thread-safe."""

    def __init__(self, facts: Facts) -> None:
        knowledge = facts.knowledge
        self.providers = tuple(knowledge.providers)
        # Every block asks for the same few. Threads that ask at once may both look, and find the same.
        self.group_items = cache(lambda items: paid_together(items, knowledge))
        self.find_service = cache(lambda items: services_used(dict.fromkeys(items, 1), knowledge)[0])
        self.find_price = cache(facts)


def calculate_costs(usage: Mapping[str, Volumes], rows: int, prices: PriceList) -> Costs:
    """Return the costs of all teams; `usage` maps each usage item to its volumes."""
    shape = (len(prices.providers), rows)
    costs = Costs(
        np.zeros(shape), np.zeros(shape), np.zeros(shape, bool),
        np.zeros(rows), np.zeros(rows), np.zeros(rows, bool), np.zeros(rows, bool),
    )  # fmt: skip
    lost = _Lost(np.zeros(shape), np.zeros(shape))
    stated = np.zeros(rows, bool)
    for group in prices.group_items(tuple(usage)):
        for at, service in _list_cases(group, usage, prices):
            stated[at] = True
            _add(service, at, {item: usage[item].take(at) for item in service.usage}, costs, lost, prices)
    some = np.flatnonzero(stated)
    for ends, rest in ((costs.low, lost.low), (costs.high, lost.high)):
        found = ends[:, some]
        costs.large[some] |= ((found > _LARGEST) & np.isfinite(found)).any(axis=0)
        ends[:] = np.nan
        ends[:, some] = round_exactly(found + rest[:, some])
    return costs


class _Lost(NamedTuple):
    """The rounding errors of the sums so far; adding them back makes sums independent of their order."""

    # For example, 0.1 + 0.2 + 0.3 is 0.6000000000000001 and 0.3 + 0.2 + 0.1 is 0.6. With what was lost, both are 0.6.

    low: Floats
    high: Floats


def _add_exactly(total: Floats, lost: Floats, at: Ints, part: Floats) -> None:
    """Add `part` to the totals at `at`, and collect the rounding errors (Knuth's two-sum)."""
    # With s = a + b rounded, the error is exactly (a - (s - (s - a))) + (b - (s - a)); infinite sums have none.
    before = total[at]
    total[at] = after = before + part
    with np.errstate(invalid="ignore"):
        back = after - before
        error = (before - (after - back)) + (part - back)
    lost[at] += np.where(np.isfinite(after), error, 0)


def _list_cases(
    group: Sequence[str], usage: Mapping[str, Volumes], prices: PriceList
) -> Iterator[tuple[Ints, Service]]:
    """Yield the rows that state the same items of a group, with the service that these items form."""
    given = [item for item in group if item in usage]
    if not given:
        return
    # One bit per item: 0b101 is a team that states the first and the third item. Each mask that occurs is one case.
    mask = sum(usage[item].given.astype(np.int64) << bit for bit, item in enumerate(given))
    for case in np.flatnonzero(np.bincount(mask)).tolist():
        if items := tuple(item for bit, item in enumerate(given) if case >> bit & 1):
            yield np.flatnonzero(mask == case), prices.find_service(items)


def _add(  # noqa: PLR0913, PLR0917 (a service, and where to add it)
    service: Service, at: Ints, volumes: Mapping[str, Volumes], costs: Costs, lost: _Lost, prices: PriceList
) -> None:
    """Add a service to the costs of the rows that use it; a service whose volumes are all 0 is free."""
    if service.missing:
        costs.incomplete[at] = True
        return
    used = ~np.logical_and.reduce([amounts.high == 0 for amounts in volumes.values()])
    times = {price.id: _multiply([volumes[item] for item in price.usage]) for price in service.models}
    for amounts in times.values():
        costs.large[at] |= amounts.high > _LARGEST
    for place, provider in enumerate(prices.providers):
        facts = [prices.find_price(provider, price.id) for price in service.models]
        low, high, unpriced = _find_cheapest(facts, times, len(at))
        _add_exactly(costs.low[place], lost.low[place], at, np.where(used, low, 0))
        _add_exactly(costs.high[place], lost.high[place], at, np.where(used, high, 0))
        costs.unpriced[place, at] |= used & unpriced
    scaled = [(price.scale, times[price.id]) for price in service.models if price.scale is not None]
    if scaled:
        costs.worst[at] += np.minimum.reduce([scale.worst * amounts.high for scale, amounts in scaled])
        costs.best[at] += np.minimum.reduce([scale.best * amounts.low for scale, amounts in scaled])


def _multiply(volumes: Sequence[Volumes]) -> Volumes:
    """Multiply volumes, their lowest and their highest values separately."""
    low = reduce(np.multiply, [part.low for part in volumes])
    # If no volume is a range, low and high are the same array, and one product is enough.
    is_range = any(part.high is not part.low for part in volumes)
    return Volumes(low, reduce(np.multiply, [part.high for part in volumes]) if is_range else low)


def _find_cheapest(facts: Sequence[Fact], times: Mapping[str, Volumes], rows: int) -> tuple[Floats, Floats, Flags]:
    """Return the lowest and highest cost with the cheapest of a provider's prices, and whether an unknown one counts.

    A provider without any price costs anything from 0 upwards. `times` are what prices are multiplied by.
    """
    priced = [(times[fact.criterion], fact, fact.amount) for fact in facts if fact.amount is not None]
    if not priced:
        return np.zeros(rows), np.full(rows, np.inf), np.ones(rows, bool)
    high = np.minimum.reduce(
        [_price_month(fact, amount.high, volumes.high, fact.terms[1]) for volumes, fact, amount in priced]
    )
    if len(priced) < len(facts):  # an unknown price may be the cheapest, except where the known one costs nothing
        return np.zeros(rows), high, high > 0
    lows = [_price_month(fact, amount.low or 0, volumes.low, fact.terms[0]) for volumes, fact, amount in priced]
    return np.minimum.reduce(lows), high, np.zeros(rows, bool)


def _price_tiers(tiers: Iterable[Tier], volumes: Floats) -> Floats:
    """Return the cost of volumes by tiers, in the same steps as `price_tiers` does for one volume."""
    total, before = np.zeros(len(volumes)), 0.0
    for tier in tiers:
        end = volumes if tier.up_to is None else np.minimum(volumes, tier.up_to)
        total += np.maximum(0.0, end - before) * tier.price
        before = before if tier.up_to is None else tier.up_to
    return total


def _price_month(fact: Fact, price: Number | None, volumes: Floats, terms: Terms) -> Floats:
    """Return the cost of each month, in the same steps as `_price_month` of a single answer."""
    if price is None:
        return np.full(len(volumes), np.inf)
    billed = np.maximum(volumes, terms.billed_at_least)
    used = _price_tiers(fact.tiers, billed) if fact.tiers else price * billed
    costs = round_exactly(np.maximum(used, terms.monthly_minimum) + terms.monthly_fee)
    return np.where(volumes > 0, costs, 0.0)


def _grade_costs(costs: Costs, rows: Ints) -> tuple[Floats, Floats, Floats]:
    """Return the lowest, expected and highest degrees of costs on the scale of each team's usage, by provider and row.

    They are 1 if the best and the worst cost are equal.
    """
    # On a scale from 100 (worst) to 20 (best), a cost of 40 to 60 has degrees from 0.5 to 0.75.
    low, high = costs.low[:, rows], costs.high[:, rows]
    worst, best = costs.worst[rows], costs.best[rows]
    flat = worst == best
    length = np.where(flat, 1, best - worst)
    # A cost without an upper limit may be infinite: degree 0 if high costs are bad, 1 if the scale is reversed.
    falls = worst > best
    ceiling = ~np.isinf(high)
    at_low = np.clip((low - worst) / length, 0, 1)
    at_high = np.clip((np.where(ceiling, high, 0) - worst) / length, 0, 1)
    at_high = np.where(ceiling, at_high, np.where(falls, 0.0, 1.0))
    least, most = np.minimum(at_low, at_high), np.maximum(at_low, at_high)
    expected = np.where(costs.unpriced[:, rows], least, (least + most) / 2)
    return np.where(flat, 1.0, least), np.where(flat, 1.0, expected), np.where(flat, 1.0, most)


_TRUTHS = (Truth.NO, Truth.UNKNOWN, Truth.YES)


class Varying(NamedTuple):
    """Numbers to add to the sums of some rows, each row at most once; columns as in `Cells.numbers`."""

    rows: Ints
    numbers: Floats


def price_words(words: OnCost, found: Ints, costs: Costs, cells: Cells) -> Varying:
    """Replace the cells of cost requirements in `found`, and return the numbers that vary by row.

    Rows without usage and rows with two requirements on the cost must be judged one by one.
    """
    kept = found[words.words] > 0
    words = OnCost(words.rows[kept], words.words[kept], words.low[kept], words.high[kept])
    bounded = ~(np.isnan(words.low) & np.isnan(words.high))
    _judge_bounds(words, np.flatnonzero(bounded), found, costs, cells)
    return _grade_open_ended(words, np.flatnonzero(~bounded), found, costs, cells)


def _judge_bounds(words: OnCost, some: Ints, found: Ints, costs: Costs, cells: Cells) -> None:
    """Set the cells of bounded cost requirements, by whether each provider's cost meets the bound."""
    low, high = costs.low[:, words.rows[some]], costs.high[:, words.rows[some]]
    least = np.where(np.isnan(words.low[some]), -np.inf, words.low[some])
    most = np.where(np.isnan(words.high[some]), np.inf, words.high[some])
    # The interval of the cost is outside the bound (no), inside it (yes), or overlaps it (unknown).
    outside = (np.maximum(low, least) > np.minimum(high, most)) | (np.isnan(low))
    inside = (low >= least) & (high <= most)
    truth = np.where(outside, 0, np.where(inside, 2, 1))
    stated = found[words.words[some]]
    for at in group_alike([stated, *truth]):
        requirement = cells.known[stated[at[0]]].stated[0]
        truths = tuple(_TRUTHS[place] for place in truth[:, at[0]])
        found[words.words[some[at]]] = cells.get_cost(requirement, truths)


def _grade_open_ended(words: OnCost, some: Ints, found: Ints, costs: Costs, cells: Cells) -> Varying:
    """Grade cost requirements without a bound on the scale of each team's own usage."""
    rows = words.rows[some]
    low, expected, high = _grade_costs(costs, rows)
    telling = ((low != low[:1]) | (high != high[:1])).any(axis=0)
    is_open, stated = low < high, found[words.words[some]]
    for at in group_alike([stated, telling, *is_open]):
        requirement = cells.known[stated[at[0]]].stated[0]
        cell = cells.get_open_cost(requirement, tuple(is_open[:, at[0]].tolist()), telling=bool(telling[at[0]]))
        found[words.words[some[at]]] = cell
    weights = cells.numbers[found[words.words[some]], WEIGHT]
    numbers = np.zeros((len(rows), cells.numbers.shape[1]))
    for part, degrees in enumerate((low, expected, high)):
        numbers[:, FIRST + part :: PER_PROVIDER] = (degrees * weights).T
    return Varying(rows, np.nan_to_num(numbers))


def group_alike(columns: Iterable[Ints | Flags]) -> Iterator[Ints]:
    """Yield the indexes of equal rows across columns, group by group; numbers must not be negative."""
    codes = np.zeros(1, np.int64)
    for column in columns:  # renumber after each column, so that many columns do not overflow
        _, codes = np.unique(codes * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    for code in range(int(codes.max(initial=-1)) + 1):
        yield np.flatnonzero(codes == code)
