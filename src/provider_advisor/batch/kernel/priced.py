"""Requirements on the monthly cost, which differs from team to team: their cells, and degrees that no cell holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.cells import FIRST, PER_PROVIDER, WEIGHT, Cells
from provider_advisor.batch.kernel.costs import Costs, on_scale
from provider_advisor.batch.kernel.stated import OnCost
from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.logic import Truth

__all__ = ["Varying", "alike", "price"]

_TRUTHS = (Truth.NO, Truth.UNKNOWN, Truth.YES)


class Varying(NamedTuple):
    """What to add to the sums of some rows (each at most once): an array by row and column of a cell's numbers."""

    rows: Ints
    numbers: Floats


def price(words: OnCost, found: Ints, costs: Costs, cells: Cells) -> Varying:
    """Put the right cell in `found` for each word on the cost, and return what no cell can hold.

    Rows without usage, and rows with two such words, have to be judged by themselves.
    """
    kept = found[words.words] > 0
    words = OnCost(words.rows[kept], words.words[kept], words.low[kept], words.high[kept])
    bounded = ~(np.isnan(words.low) & np.isnan(words.high))
    _within(words, np.flatnonzero(bounded), found, costs, cells)
    return _open_ended(words, np.flatnonzero(~bounded), found, costs, cells)


def _within(words: OnCost, some: Ints, found: Ints, costs: Costs, cells: Cells) -> None:
    """Words with a bound: a cell for each way in which the providers' costs meet it."""
    low, high = costs.low[:, words.rows[some]], costs.high[:, words.rows[some]]
    least = np.where(np.isnan(words.low[some]), -np.inf, words.low[some])
    most = np.where(np.isnan(words.high[some]), np.inf, words.high[some])
    outside = (np.maximum(low, least) > np.minimum(high, most)) | (np.isnan(low))
    inside = (low >= least) & (high <= most)
    truth = np.where(outside, 0, np.where(inside, 2, 1))
    stated = found[words.words[some]]
    for at in alike([stated, *truth]):
        requirement = cells.known[stated[at[0]]].stated[0]
        truths = tuple(_TRUTHS[place] for place in truth[:, at[0]])
        found[words.words[some[at]]] = cells.of_cost(requirement, truths)


def _open_ended(words: OnCost, some: Ints, found: Ints, costs: Costs, cells: Cells) -> Varying:
    """Words without a bound: the lower the better, on the scale of each team's own usage."""
    rows = words.rows[some]
    scaled = on_scale(costs, rows)
    telling = ((scaled.low != scaled.low[:1]) | (scaled.high != scaled.high[:1])).any(axis=0)
    is_open, stated = scaled.low < scaled.high, found[words.words[some]]
    for at in alike([stated, telling, *is_open]):
        requirement = cells.known[stated[at[0]]].stated[0]
        cell = cells.of_open_cost(requirement, tuple(is_open[:, at[0]].tolist()), telling=bool(telling[at[0]]))
        found[words.words[some[at]]] = cell
    weights = cells.numbers[found[words.words[some]], WEIGHT]
    numbers = np.zeros((len(rows), cells.numbers.shape[1]))
    for part, degrees in enumerate(scaled):
        numbers[:, FIRST + part :: PER_PROVIDER] = (degrees * weights).T
    return Varying(rows, np.nan_to_num(numbers))


def alike(columns: Iterable[Ints | Flags]) -> Iterator[Ints]:
    """The places at which each column holds the same, group by group; numbers are 0 or more."""
    codes = np.zeros(1, np.int64)
    for column in columns:  # numbered anew after each, so that many columns do not make the numbers too large
        _, codes = np.unique(codes * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    for code in range(int(codes.max(initial=-1)) + 1):
        yield np.flatnonzero(codes == code)
