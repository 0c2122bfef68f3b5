"""Musts that a provider meets by another product than the rest: `decision.product_gaps`, for columns.

An example: data-region@eu is cell 7, video-api cell 3. In the first row that has both, the pair (7, 3) is found to have
a gap at acme; every later row with both gets `acme:data-region@eu`, if its verdict names acme.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.cells import Cell, Cells, Entries
from provider_advisor.batch.kernel.scores import Verdicts
from provider_advisor.decision.product_gaps import find_gaps_between

__all__ = ["ProductGaps"]


class _Pairs(NamedTuple):
    """Rows, and two of the cells that each is made up of: the first may have a gap to the second."""

    rows: Ints
    asked: Ints
    beside: Ints


class ProductGaps:
    """The gaps of a batch, by pairs of cells; several threads may use it."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._knowledge = cells.facts.knowledge
        self._providers = tuple(self._knowledge.providers)
        # By cell: 0 where no must names a product, 1 where one does, 2 where it must be that of the other musts.
        self._kinds = np.zeros(0, np.int8)
        self._found: dict[tuple[int, int], tuple[tuple[int, str], ...]] = {}
        self._stating: dict[int, tuple[int, ...]] = {}

    def list_codes(self, entries: Entries, verdicts: Verdicts, kept: Flags) -> pa.ListArray:
        """Return for each row that is kept the gaps of the providers that its verdict names: `acme:data-region@eu`."""
        pairs = self._pair_cells(entries, len(kept))
        named = self._mark_named(verdicts) & kept
        found: set[tuple[int, str]] = set()
        if len(pairs.rows):
            # One number a pair: to sort pairs of numbers took a quarter of the time of a batch.
            size = int(pairs.beside.max()) + 1
            several, places = np.unique(pairs.asked.astype(np.int64) * size + pairs.beside, return_inverse=True)
            gaps_of = [self._get_gaps(*divmod(pair, size)) for pair in several.tolist()]
            has_gaps = np.array([bool(gaps) for gaps in gaps_of])[places]
            with_gaps, numbers = pairs.rows[has_gaps], places[has_gaps]
            for number in np.unique(numbers).tolist():
                rows = with_gaps[numbers == number]
                for place, criterion in gaps_of[number]:
                    code = f"{self._providers[place]}:{criterion}"
                    found.update((row, code) for row in rows[named[place, rows]].tolist())
        return _make_gap_lists(sorted(found), kept)

    def _mark_named(self, verdicts: Verdicts) -> Flags:
        places = np.arange(len(self._providers))[:, np.newaxis]
        return np.asarray(verdicts.among | (verdicts.provider == places) | (verdicts.lean == places))

    def _pair_cells(self, entries: Entries, rows: int) -> _Pairs:
        """Return the pairs of cells of each row with a must that has to be met by the product that meets the others."""
        kinds = self._get_kinds()[entries.cells]
        asked, others = np.flatnonzero(kinds > 1), np.flatnonzero(kinds > 0)
        others = others[np.argsort(entries.rows[others], kind="stable")]
        counts = np.bincount(entries.rows[others], minlength=rows)
        ends = np.cumsum(counts)
        repeats = counts[entries.rows[asked]]
        left = np.repeat(asked, repeats)
        within = np.arange(len(left)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        right = others[(ends - counts)[entries.rows[left]] + within] if len(left) else left
        return _Pairs(entries.rows[left], entries.cells[left], entries.cells[right])

    def _get_kinds(self) -> Ints:
        with self._cells.lock:
            more = [self._judge_cell(cell) for cell in self._cells.known[len(self._kinds) :]]
            if more:
                self._kinds = np.concatenate([self._kinds, np.array(more, np.int8)])
            return self._kinds

    def _judge_cell(self, cell: Cell) -> int:
        criteria = self._knowledge.criteria
        musts = [
            finding.requirement.criterion
            for findings in cell.findings
            for finding in findings
            if finding.requirement is not None
            and finding.decides_standing
            and (finding.products or finding.stated_products)
        ]
        return 2 if any(criteria[name].same_product for name in musts) else int(bool(musts))

    def _get_gaps(self, asked: int, beside: int) -> tuple[tuple[int, str], ...]:
        """Return the providers, by place, and the criteria that have a gap between two cells."""
        key = (asked, beside)
        if key not in self._found:
            first, second = self._cells.known[asked].findings, self._cells.known[beside].findings
            self._found[key] = tuple(
                (place, gap.asked.requirement.criterion)
                for place in self._list_stating(asked)
                for gap in find_gaps_between(first[place], second[place], self._knowledge)
                if gap.asked.requirement is not None
            )
        return self._found[key]

    def _list_stating(self, asked: int) -> tuple[int, ...]:
        """Return the places of the providers that state a must of a cell for products: no other has a gap there."""
        if asked not in self._stating:
            self._stating[asked] = tuple(
                place
                for place, findings in enumerate(self._cells.known[asked].findings)
                if any(finding.decides_standing and finding.stated_products for finding in findings)
            )
        return self._stating[asked]


def _make_gap_lists(found: list[tuple[int, str]], kept: Flags) -> pa.ListArray:
    """Return lists of codes, given each with its row in order; rows that are not kept have none."""
    words = sorted({code for _, code in found})
    places = {word: place for place, word in enumerate(words)}
    counts = np.bincount(np.array([row for row, _ in found], np.int64), minlength=len(kept))
    ends = np.concatenate([[0], np.cumsum(counts)])
    codes = np.array([places[code] for _, code in found], np.int32)
    return arrays.make_lists(ends, arrays.make_dictionary(codes, words), kept)
