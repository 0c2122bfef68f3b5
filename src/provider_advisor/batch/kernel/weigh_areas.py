"""Apply weights by area to all rows that state some: `weigh_by_area`, implemented again for columns.

For example, a team has cells 3 and 4 on video (weights 8 and 2), 5 on prices (4) and 9 on messages (6), and states
`video 40, prices 30`. All cells of one area get the same factor, so the sums by area are enough:

    area         video   prices   other
    own weight      10        4       6
    percent         40       30      30
    new weight       8        6       6      percent of the total weight, 20
    factor        8/10      6/4     6/6

The numbers of each area are multiplied by its factor and then summed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints
from provider_advisor.batch.kernel.cells import FIRST, INEXACT, PER_PROVIDER, WEIGHT, Cells, Entries
from provider_advisor.batch.kernel.costs import Varying
from provider_advisor.batch.kernel.layout import WEIGHTS, is_number
from provider_advisor.batch.kernel.numbered_words import fill_texts
from provider_advisor.batch.kernel.read_row import read_weight
from provider_advisor.batch.kernel.scores import Sums, add_up
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.requirements.read_team import list_areas, read_area_weights

_MOST_KEPT = 100_000
_ALL = 100.0


class Weighing(NamedTuple):
    """The rows with weights by area, their percents (NaN for unnamed areas), and rows to read one by one."""

    rows: Ints
    percents: Floats
    alone: Ints

    def leave_out(self, out: Flags) -> Weighing:
        """Return the same without the rows marked in `out`."""
        kept = ~out[self.rows]
        return Weighing(self.rows[kept], self.percents[kept], self.alone)


_NONE = np.zeros(0, np.int64)
NO_WEIGHTS = Weighing(_NONE, np.zeros((0, 0)), _NONE)


class AreaWeights:
    """Reads weights by area and caches the most recent ones; thread-safe.

    With `in_order`, reasons must be sorted by weights that cells do not know, so every row is read on its own.
    """

    def __init__(self, knowledge: KnowledgeBase, *, in_order: bool) -> None:
        self._knowledge, self._in_order = knowledge, in_order
        self._places = {area: place for place, area in enumerate(list_areas(knowledge))}
        self._known = BoundedCache[tuple[object, ...], Floats | None](limit=_MOST_KEPT)

    def read(self, rows: pa.RecordBatch) -> Weighing:
        """Read the weights by area of all rows that state some."""
        names = [name for name in rows.schema.names if name.startswith(WEIGHTS)]
        some = np.flatnonzero(np.any([_find_filled(rows.column(name)) for name in names], axis=0))
        percents = np.empty((len(some), len(self._places)))
        readable = np.zeros(len(some), bool)
        if len(some) and not self._in_order:
            cells = zip(*(rows.column(name).take(pa.array(some)).to_pylist() for name in names), strict=True)
            for place, key in enumerate(cells):
                found = self._read_cells(names, key)
                if found is not None:
                    percents[place], readable[place] = found, True
        return Weighing(some[readable], percents[readable], some[~readable])

    def _read_cells(self, names: list[str], cells: tuple[object, ...]) -> Floats | None:
        """Return the percents by area; None if they cannot be read."""
        return self._known.get_or_make((*names, *cells), lambda: self._read(dict(zip(names, cells, strict=True))))

    def _read(self, cells: dict[str, object]) -> Floats | None:
        given = {name.removeprefix(WEIGHTS): read_weight(cell) for name, cell in cells.items()}
        try:
            weights = read_area_weights({area: at for area, at in given.items() if at is not None}, self._knowledge)
        except RequirementsError:
            return None
        percents = np.full(len(self._places), np.nan)
        for area, percent in weights.items():
            percents[self._places[area]] = percent
        return percents


def _find_filled(column: pa.Array) -> Flags:
    """Mark the cells of a column of numbers, or of their texts, that are not empty."""
    if is_number(column.type):
        return np.asarray(~np.isnan(arrays.read_values(column.cast(pa.float64(), safe=False))))
    return np.asarray(arrays.read_values(pc.binary_length(fill_texts(column))) > 0)


def weigh_sums(sums: Sums, entries: Entries, weighing: Weighing, varying: Varying, cells: Cells) -> None:
    """Replace the sums of the rows that weigh areas by weighted sums.

    The numbers in `varying` belong to the area of the cost.
    """
    keys, added = _sum_by_area(entries, weighing, varying, cells)
    rows, areas = np.divmod(keys, weighing.percents.shape[1] + 1)
    added[[WEIGHT, *_list_degrees(len(added))]] *= _find_factors(rows, areas, added[WEIGHT], weighing.percents)
    changed, starts = np.unique(rows, return_index=True)
    if len(changed):
        sums.numbers[:, weighing.rows[changed]] = np.add.reduceat(added, starts, axis=1)
    sums.numbers[INEXACT, weighing.rows] = 1
    # Sums, factors and products each have an error of some units in the last place. `score_teams` allows for as many as
    # a row has cells, so more cells are claimed than there are.
    sums.counts[weighing.rows] = 4 * sums.counts[weighing.rows] + 24


def _sum_by_area(entries: Entries, weighing: Weighing, varying: Varying, cells: Cells) -> tuple[Ints, Floats]:
    """Return the areas of rows as sorted keys (`_make_keys`), and the summed numbers of each, still without factors.

    The cells of one area in one row have the same factor, so that summing them first gives the same.
    """
    places = np.full(len(entries.ends) - 1, -1, np.int64)  # of rows among those that weigh areas
    places[weighing.rows] = np.arange(len(weighing.rows))
    has_weight = cells.numbers[:, WEIGHT] > 0  # cells of unwanted criteria have none
    kept = np.flatnonzero((places[entries.rows] >= 0) & has_weight[entries.cells])
    kept_rows, kept_cells = places[entries.rows[kept]], entries.cells[kept]
    keys, groups = np.unique(_make_keys(kept_rows, cells.areas[kept_cells], weighing.percents), return_inverse=True)
    added = add_up(Entries.sort(groups.astype(np.int32), kept_cells, len(keys)), cells.numbers).numbers
    weighs = places[varying.rows] >= 0
    varying_rows = places[varying.rows[weighs]]
    of_cost = _make_keys(varying_rows, np.full_like(varying_rows, cells.cost_area), weighing.percents)
    added[:, np.searchsorted(keys, of_cost)] += varying.numbers[weighs].T
    return keys, added


def _make_keys(rows: Ints, areas: Ints, percents: Floats) -> Ints:
    """Return a number for each pair of row and area; all areas that a row does not name have one number together.

    With three areas, row 2 has the keys 8, 9 and 10 for them, and 11 for those that it does not name.
    """
    others: int = percents.shape[1]
    places = np.where(np.isnan(percents[rows, areas]), others, areas)
    return rows * (others + 1) + places


def _find_factors(rows: Ints, areas: Ints, weights: Floats, percents: Floats) -> Floats:
    """Return the factor of each pair of row and area, given its weight; 1 if all areas of the row have weight 0."""
    teams, others = len(percents), areas == percents.shape[1]
    parts = np.where(others, 0.0, percents[rows, np.where(others, 0, areas)])
    named = np.bincount(rows, parts, minlength=teams)
    parts = np.where(others, np.maximum(0.0, _ALL - named[rows]), parts)
    totals = np.bincount(rows, parts, minlength=teams)[rows]
    whole = np.bincount(rows, weights, minlength=teams)[rows]
    weighed = whole / np.where(totals > 0, totals, 1) * parts / weights
    return np.where(totals > 0, weighed, 1.0)


def _list_degrees(width: int) -> list[int]:
    """Return the indexes of the weighted degrees among the sums: three for each provider."""
    return [first + part for first in range(FIRST, width, PER_PROVIDER) for part in range(3)]
