"""Monthly costs as columns: what each team's usage comes to with each provider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints, round_exactly
from provider_advisor.batch.kernel.cells import FIRST, PER_PROVIDER, WEIGHT, Cells
from provider_advisor.batch.kernel.requirements import OnCost
from provider_advisor.batch.kernel.situations import Volumes
from provider_advisor.knowledge import Criterion, Fact, Facts
from provider_advisor.knowledge.records import Terms, Tier
from provider_advisor.logic import Number, Truth
from provider_advisor.requirements import Service, paid_together, services_used

# Above it doubles are whole numbers only, and cents would be lost; such a team is answered by itself.
_LARGEST = 2.0**52


class Costs(NamedTuple):
    """By provider (rows) and team (columns): the ends of the monthly cost, and whether some price is not known.

    Without usage the ends are NaN; without a ceiling `high` is infinite. `worst` and `best` are the scale of each
    team's usage. `incomplete` marks teams that state one volume and not another that it needs, `large` those whose
    costs are too large to be worked out as columns.
    """

    low: Floats
    high: Floats
    unpriced: Flags
    worst: Floats
    best: Floats
    incomplete: Flags
    large: Flags


class Scaled(NamedTuple):
    """Degrees of a cost without a bound, by provider and team."""

    low: Floats
    expected: Floats
    high: Floats


def calculate_costs(usage: Mapping[str, Volumes], rows: int, facts: Facts) -> Costs:
    """Return the costs of all teams; `usage` holds each item's volumes."""
    providers = tuple(facts.knowledge.providers)
    shape = (len(providers), rows)
    costs = Costs(
        np.zeros(shape), np.zeros(shape), np.zeros(shape, bool),
        np.zeros(rows), np.zeros(rows), np.zeros(rows, bool), np.zeros(rows, bool),
    )  # fmt: skip
    lost = _Lost(np.zeros(shape), np.zeros(shape))
    stated = np.zeros(rows, bool)
    for group in paid_together(usage, facts.knowledge):
        for at, service in _list_cases(group, usage, facts):
            stated[at] = True
            _add(service, at, {item: usage[item].take(at) for item in service.usage}, costs, lost, facts)
    some = np.flatnonzero(stated)
    for ends, rest in ((costs.low, lost.low), (costs.high, lost.high)):
        found = ends[:, some]
        costs.large[some] |= ((found > _LARGEST) & np.isfinite(found)).any(axis=0)
        ends[:] = np.nan
        ends[:, some] = round_exactly(found + rest[:, some])
    return costs


class _Lost(NamedTuple):
    """What adding up the ends has lost so far to rounding: with it the order of adding shows nowhere."""

    low: Floats
    high: Floats


def _add_exactly(total: Floats, lost: Floats, at: Ints, part: Floats) -> None:
    """Add in some places, and keep what is lost (Knuth's two-sum); nothing is where there is no ceiling."""
    # The sum of a and b is s = a + b rounded; what rounding lost is (a - (s - (s - a))) + (b - (s - a)), exactly.
    before = total[at]
    total[at] = after = before + part
    with np.errstate(invalid="ignore"):
        back = after - before
        error = (before - (after - back)) + (part - back)
    lost[at] += np.where(np.isfinite(after), error, 0)


def _list_cases(group: Sequence[str], usage: Mapping[str, Volumes], facts: Facts) -> Iterator[tuple[Ints, Service]]:
    """Yield the rows that state the same items of a group, with the service that these make up."""
    given = [item for item in group if item in usage]
    if not given:
        return
    # One bit an item: 0b101 is a team that states the first and the third item. Each mask that occurs is one case.
    mask = sum(usage[item].given.astype(np.int64) << bit for bit, item in enumerate(given))
    for case in np.flatnonzero(np.bincount(mask)).tolist():
        items = [item for bit, item in enumerate(given) if case >> bit & 1]
        if items:
            (service,) = services_used(dict.fromkeys(items, 1), facts.knowledge)
            yield np.flatnonzero(mask == case), service


def _add(  # noqa: PLR0913, PLR0917 (a service, and where it is added)
    service: Service, at: Ints, volumes: Mapping[str, Volumes], costs: Costs, lost: _Lost, facts: Facts
) -> None:
    """Add a service to the costs of the rows that use it; what is not used at all costs nothing."""
    if service.missing:
        costs.incomplete[at] = True
        return
    used = ~np.logical_and.reduce([amounts.high == 0 for amounts in volumes.values()])
    times = {price.id: _multiply([volumes[item] for item in price.usage]) for price in service.models}
    for amounts in times.values():
        costs.large[at] |= amounts.high > _LARGEST
    for place, provider in enumerate(facts.knowledge.providers):
        low, high, unpriced = _find_cheapest(provider, service.models, times, len(at), facts)
        _add_exactly(costs.low[place], lost.low[place], at, np.where(used, low, 0))
        _add_exactly(costs.high[place], lost.high[place], at, np.where(used, high, 0))
        costs.unpriced[place, at] |= used & unpriced
    scaled = [(price.scale, times[price.id]) for price in service.models if price.scale is not None]
    if scaled:
        costs.worst[at] += np.minimum.reduce([scale.worst * amounts.high for scale, amounts in scaled])
        costs.best[at] += np.minimum.reduce([scale.best * amounts.low for scale, amounts in scaled])


def _multiply(volumes: Sequence[Volumes]) -> Volumes:
    """Return the lowest and the highest product of volumes."""
    low = reduce(np.multiply, [part.low for part in volumes])
    # Volumes stated as one number share one array for both ends; then one product serves both.
    is_range = any(part.high is not part.low for part in volumes)
    return Volumes(low, reduce(np.multiply, [part.high for part in volumes]) if is_range else low)


def _find_cheapest(
    provider: str, models: Sequence[Criterion], times: Mapping[str, Volumes], rows: int, facts: Facts
) -> tuple[Floats, Floats, bool]:
    """Return the cheapest of the price models, at each end; anything from 0 where the provider has no price."""
    found = [(price.id, facts.of_no_member(provider, price.id)) for price in models]
    priced = [(times[name], fact, fact.amount) for name, fact in found if fact.amount is not None]
    if not priced:
        return np.zeros(rows), np.full(rows, np.inf), True
    highs = [_price_month(fact, amount.high, volumes.high, fact.terms[1]) for volumes, fact, amount in priced]
    if len(priced) < len(models):  # a price that is not known may be the cheapest
        return np.zeros(rows), np.minimum.reduce(highs), True
    lows = [_price_month(fact, amount.low or 0, volumes.low, fact.terms[0]) for volumes, fact, amount in priced]
    return np.minimum.reduce(lows), np.minimum.reduce(highs), False


def _price_tiers(tiers: Iterable[Tier], volumes: Floats) -> Floats:
    """Return what volumes cost by tiers, as `price_tiers` does for one, step by step the same."""
    total, before = np.zeros(len(volumes)), 0.0
    for tier in tiers:
        end = volumes if tier.up_to is None else np.minimum(volumes, tier.up_to)
        total += np.maximum(0.0, end - before) * tier.price
        before = before if tier.up_to is None else tier.up_to
    return total


def _price_month(fact: Fact, price: Number | None, volumes: Floats, terms: Terms) -> Floats:
    """Return what months cost, as `_price_month` of a single answer does, step by step the same."""
    if price is None:
        return np.full(len(volumes), np.inf)
    billed = np.maximum(volumes, terms.billed_at_least)
    used = _price_tiers(fact.tiers, billed) if fact.tiers else price * billed
    costs = round_exactly(np.maximum(used, terms.monthly_minimum) + terms.monthly_fee)
    return np.where(volumes > 0, costs, 0.0)


def grade_costs(costs: Costs, rows: Ints) -> Scaled:
    """Return how low the costs of these rows are on the scale of their usage; 1 where the scale has no length."""
    low, high = costs.low[:, rows], costs.high[:, rows]
    worst, best = costs.worst[rows], costs.best[rows]
    flat = worst == best
    length = np.where(flat, 1, best - worst)
    # Without a ceiling the cost may be infinite: degree 0 if a high cost is bad, 1 if the scale runs the other way.
    falls = worst > best
    ceiling = ~np.isinf(high)
    at_low = np.clip((low - worst) / length, 0, 1)
    at_high = np.clip((np.where(ceiling, high, 0) - worst) / length, 0, 1)
    at_high = np.where(ceiling, at_high, np.where(falls, 0.0, 1.0))
    least, most = np.minimum(at_low, at_high), np.maximum(at_low, at_high)
    expected = np.where(costs.unpriced[:, rows], least, (least + most) / 2)
    return Scaled(*(np.where(flat, 1.0, degrees) for degrees in (least, expected, most)))


_TRUTHS = (Truth.NO, Truth.UNKNOWN, Truth.YES)


class Varying(NamedTuple):
    """What to add to the sums of some rows (each at most once): an array by row and column of a cell's numbers."""

    rows: Ints
    numbers: Floats


def price_words(words: OnCost, found: Ints, costs: Costs, cells: Cells) -> Varying:
    """Put the right cell in `found` for each word on the cost, and return what no cell can hold.

    Rows without usage, and rows with two such words, have to be judged by themselves.
    """
    kept = found[words.words] > 0
    words = OnCost(words.rows[kept], words.words[kept], words.low[kept], words.high[kept])
    bounded = ~(np.isnan(words.low) & np.isnan(words.high))
    _judge_bounds(words, np.flatnonzero(bounded), found, costs, cells)
    return _grade_open_ended(words, np.flatnonzero(~bounded), found, costs, cells)


def _judge_bounds(words: OnCost, some: Ints, found: Ints, costs: Costs, cells: Cells) -> None:
    """Put a cell for each way in which the providers' costs meet a bound."""
    low, high = costs.low[:, words.rows[some]], costs.high[:, words.rows[some]]
    least = np.where(np.isnan(words.low[some]), -np.inf, words.low[some])
    most = np.where(np.isnan(words.high[some]), np.inf, words.high[some])
    # Two intervals, the cost's and the bound's: apart (no), the first within the second (yes), or overlapping
    # (unknown).
    outside = (np.maximum(low, least) > np.minimum(high, most)) | (np.isnan(low))
    inside = (low >= least) & (high <= most)
    truth = np.where(outside, 0, np.where(inside, 2, 1))
    stated = found[words.words[some]]
    for at in group_alike([stated, *truth]):
        requirement = cells.known[stated[at[0]]].stated[0]
        truths = tuple(_TRUTHS[place] for place in truth[:, at[0]])
        found[words.words[some[at]]] = cells.get_cost(requirement, truths)


def _grade_open_ended(words: OnCost, some: Ints, found: Ints, costs: Costs, cells: Cells) -> Varying:
    """Grade words without a bound: the lower the better, on the scale of each team's own usage."""
    rows = words.rows[some]
    scaled = grade_costs(costs, rows)
    telling = ((scaled.low != scaled.low[:1]) | (scaled.high != scaled.high[:1])).any(axis=0)
    is_open, stated = scaled.low < scaled.high, found[words.words[some]]
    for at in group_alike([stated, telling, *is_open]):
        requirement = cells.known[stated[at[0]]].stated[0]
        cell = cells.get_open_cost(requirement, tuple(is_open[:, at[0]].tolist()), telling=bool(telling[at[0]]))
        found[words.words[some[at]]] = cell
    weights = cells.numbers[found[words.words[some]], WEIGHT]
    numbers = np.zeros((len(rows), cells.numbers.shape[1]))
    for part, degrees in enumerate(scaled):
        numbers[:, FIRST + part :: PER_PROVIDER] = (degrees * weights).T
    return Varying(rows, np.nan_to_num(numbers))


def group_alike(columns: Iterable[Ints | Flags]) -> Iterator[Ints]:
    """Yield the places at which each column holds the same, group by group; numbers are 0 or more."""
    codes = np.zeros(1, np.int64)
    for column in columns:  # numbered anew after each, so that many columns do not make the numbers too large
        _, codes = np.unique(codes * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    for code in range(int(codes.max(initial=-1)) + 1):
        yield np.flatnonzero(codes == code)
