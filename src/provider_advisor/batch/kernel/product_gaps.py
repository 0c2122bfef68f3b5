"""Find musts that a provider meets only with another product: `explanation.products`, for columns.

For example, data-region@eu is cell 7 and video-api is cell 3. The first row with both shows that the pair (7, 3) has a
gap at acme; every later row with both gets `acme:data-region@eu` if its verdict names acme.

A gap depends on products, not on amounts: participants>=90 and participants>=95 belong to one class if the same
products meet both. So only a few thousand pairs of classes are compared, instead of every pair of cells.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.cells import Cell, Cells, Entries
from provider_advisor.batch.kernel.scores import Verdicts
from provider_advisor.explanation.products import MetBy, find_gaps, list_met

_Met = tuple[tuple[MetBy, ...], ...]
"""For each provider, the musts of a cell and the products that meet them."""
_Gap = tuple[int, str]
"""The index of a provider, and the code of its gap."""
_MOST_CLASSES = 1 << 31  # there are fewer classes than cells, whose numbers are 32-bit


class _Classes(NamedTuple):
    """The class of each cell; by class, whether it may have a gap, and whether others may have one to it."""

    of: Ints
    may_have: Flags
    may_face: Flags


class _Pairs(NamedTuple):
    """Pairs of classes in one row where the first may have a gap to the second.

    Each pair is one number, `first * _MOST_CLASSES + second`, because comparing numbers is much faster than comparing
    pairs.
    """

    rows: Ints
    numbers: Ints


class ProductGaps:
    """Finds gaps and caches them by pair of classes; thread-safe."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._knowledge = cells.facts.knowledge
        self._providers = tuple(self._knowledge.providers)
        self._numbers: dict[object, int] = {}
        self._met: list[_Met] = []  # of the first cell of each class
        self._classes = _Classes(np.zeros(0, np.int32), np.zeros(0, bool), np.zeros(0, bool))
        self._find_gaps = cache(self._compare_classes)

    def list_codes(self, entries: Entries, verdicts: Verdicts, kept: Flags) -> pa.ListArray:
        """Return for each kept row the gaps of the providers named in its verdict: `acme:data-region@eu`."""
        pairs = self._pair_classes(entries, len(kept))
        # Arrow finds the distinct numbers by hashing; NumPy would sort them all.
        several = arrays.make_numbers(pairs.numbers).dictionary_encode()
        gaps_of = [*map(self._find_gaps, arrays.read_values(several.dictionary).tolist())]
        # Concatenate the gaps of all distinct pairs; each pair of a row selects its own range.
        gaps, counts = [*chain.from_iterable(gaps_of)], np.array([*map(len, gaps_of)], np.int64)
        words = sorted({code for _, code in gaps})
        ranks = {word: rank for rank, word in enumerate(words)}
        places, codes = np.array([(place, ranks[code]) for place, code in gaps], np.int64).reshape(-1, 2).T
        own = arrays.read_values(several.indices)
        repeats = counts.take(own)
        chosen = arrays.join_ranges((np.cumsum(counts) - counts).take(own), repeats)
        rows = np.repeat(pairs.rows, repeats)
        named = (self._mark_named(verdicts) & kept)[places[chosen], rows]
        found = np.sort(rows[named].astype(np.int64) * max(len(words), 1) + codes[chosen][named])
        found = found[np.diff(found, prepend=-1) > 0]  # np.unique would import numpy.ma for it
        rows, codes = np.divmod(found, max(len(words), 1))
        ends = arrays.find_ends(np.bincount(rows, minlength=len(kept)))
        return arrays.make_lists(ends, arrays.make_dictionary(codes.astype(np.int32), words), kept)

    def _mark_named(self, verdicts: Verdicts) -> Flags:
        places = np.arange(len(self._providers))[:, np.newaxis]
        return np.asarray(verdicts.among | (verdicts.provider == places) | (verdicts.lean == places))

    def _pair_classes(self, entries: Entries, rows: int) -> _Pairs:
        classes = self._get_classes()
        of = classes.of.take(entries.cells)
        asked, others = np.flatnonzero(classes.may_have.take(of)), np.flatnonzero(classes.may_face.take(of))
        counts = np.bincount(entries.rows.take(others), minlength=rows)
        at = entries.rows.take(asked)
        repeats = counts.take(at)
        beside = others.take(arrays.join_ranges((np.cumsum(counts) - counts).take(at), repeats))
        first = np.repeat(of.take(asked).astype(np.int64) * _MOST_CLASSES, repeats)
        return _Pairs(np.repeat(at, repeats), first + of.take(beside))

    def _get_classes(self) -> _Classes:
        with self._cells.lock:
            known = self._cells.known[len(self._classes.of) :]
            if known:
                more = np.array([self._find_class(cell) for cell in known], np.int32)
                met = [[*chain.from_iterable(of_providers)] for of_providers in self._met]
                may_have = [any(part.criterion.same_product for part in parts) for parts in met]
                may_face = [any(part.products for part in parts) for parts in met]
                of = np.concatenate([self._classes.of, more])
                self._classes = _Classes(of, np.array(may_have, bool), np.array(may_face, bool))
            return self._classes

    def _find_class(self, cell: Cell) -> int:
        # Only musts have gaps, and all providers are asked the same: a cell of wishes is seen by its first provider.
        asked = [finding.requirement for finding in cell.findings[0]] if cell.findings else []
        if any(part is not None and part.priority == "must" for part in asked):
            met = tuple(
                list_met((finding for finding in findings if finding.decides_standing), self._knowledge)
                for findings in cell.findings
            )
        else:
            met = ((),) * len(self._providers)
        key = tuple(tuple((part.criterion.id, part.products, part.stated) for part in parts) for parts in met)
        number = self._numbers.setdefault(key, len(self._met))
        if number == len(self._met):
            self._met.append(met)
        return number

    def _compare_classes(self, pair: int) -> tuple[_Gap, ...]:
        asked, beside = divmod(pair, _MOST_CLASSES)
        return tuple(
            (place, f"{self._providers[place]}:{gap.asked.requirement.criterion}")
            for place, (own, others) in enumerate(zip(self._met[asked], self._met[beside], strict=True))
            for gap in find_gaps(own, others, self._knowledge)
        )
