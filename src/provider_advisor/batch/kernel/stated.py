"""What the rows of a table require: every word looked up, and what is asked twice in a row put together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel.catalogue import BAD, Catalogue, Looked, Stands, Wrong
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.texts import Words, words_of
from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.knowledge.records import Priority
from provider_advisor.requirements.team import MOST_REQUIREMENTS

__all__ = ["OnCost", "Stated", "stated_in"]

_MOST_SUGGESTIONS = 3
_DEFAULTS: dict[str, Priority] = {"needs": "must", "wants": "should"}


class OnCost(NamedTuple):
    """Words on a computed criterion: row, place among all words, and the ends of the bound, NaN where there is none."""

    rows: Ints
    words: Ints
    low: Floats
    high: Floats


class Stated(NamedTuple):
    """The words of all rows, one entry a word, those of a row in their order: the row and the cell of each.

    Cell 0 stands where a word is put together with one before it, and where it cannot be read. `wrong` has, by row,
    what is wrong with its words; `alone` marks the rows that have to be judged by themselves, `crowded` those of more
    words than a team may state. `suggested` are the words that cannot be read and get suggestions, which take
    milliseconds: the first three of the table, whoever scores it and whatever was scored before.
    """

    rows: Ints
    cells: Ints
    on_cost: OnCost
    wrong: dict[int, str]
    alone: Flags
    crowded: Flags
    suggested: frozenset[Stands]


class _Lexicon(NamedTuple):
    """The different words of both columns, those of one behind those of the other, and what the catalogue says.

    `shifts` has, for each column, its default priority and the place of its first word.
    """

    words: list[str]
    shifts: list[tuple[Priority, int]]
    looked: Looked

    def __call__(self, code: int) -> Stands:
        """A word and its default priority."""
        default, shift = self.shifts[-1]
        return (default if code >= shift else self.shifts[0][0]), self.words[code]


def stated_in(rows: pa.RecordBatch, catalogue: Catalogue, cells: Cells) -> Stated:
    """What the columns `needs` and `wants` state."""
    columns = {name: words_of(rows.column(name)) for name in _DEFAULTS if name in rows.schema.names}
    lexicon = _lexicon(columns, catalogue)
    codes = np.concatenate(
        [column.codes + shift for column, (_, shift) in zip(columns.values(), lexicon.shifts, strict=True)]
    )
    at = np.concatenate([column.rows for column in columns.values()])
    found = lexicon.looked.cells.take(codes)  # of long columns, twice as fast as an index
    bad = np.flatnonzero(found == BAD)
    suggested = _suggested(codes[bad], lexicon)
    wrong = _first_wrong(at[bad], codes[bad], lexicon, catalogue, suggested)
    found[bad] = 0
    alone = np.zeros(rows.num_rows, bool)
    groups = _twice(at, cells.places.take(found), rows.num_rows)
    together = _together(groups, codes, found, lexicon, catalogue)
    found[groups.words] = 0
    first = groups.words[groups.starts]
    found[first] = np.maximum(together, 0)
    alone[at[first[together < 0]]] = True
    crowded = np.sum([column.counts for column in columns.values()], axis=0) > MOST_REQUIREMENTS
    return Stated(at, found, _on_cost(at, codes, lexicon, cells), wrong, alone, crowded, suggested)


def _lexicon(columns: Mapping[str, Words], catalogue: Catalogue) -> _Lexicon:
    words: list[str] = []
    shifts: list[tuple[Priority, int]] = []
    looked: list[Looked] = []
    for name, column in columns.items():
        shifts.append((_DEFAULTS[name], len(words)))
        words += column.distinct
        looked.append(catalogue.look_up(column.distinct, _DEFAULTS[name]))
    return _Lexicon(words, shifts, Looked(*(np.concatenate(part) for part in zip(*looked, strict=True))))


def _suggested(codes: Ints, lexicon: _Lexicon) -> frozenset[Stands]:
    """The first of the different words that cannot be read, without the spaces around them."""
    words = [lexicon(code) for code in islice(dict.fromkeys(codes.tolist()), _MOST_SUGGESTIONS)]
    return frozenset((default, word.strip()) for default, word in words)


def _first_wrong(
    rows: Ints, codes: Ints, lexicon: _Lexicon, catalogue: Catalogue, suggested: frozenset[Stands]
) -> dict[int, str]:
    """By row, the sentence that a single answer would begin with: what is no word at all comes first."""
    found: dict[int, Wrong] = {}
    for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
        default, word = lexicon(code)
        wrong = catalogue.wrong(default, word, suggest=(default, word.strip()) in suggested)
        if row not in found or (wrong.early and not found[row].early):
            found[row] = wrong
    return {row: wrong.sentence for row, wrong in found.items()}


def _on_cost(at: Ints, codes: Ints, lexicon: _Lexicon, cells: Cells) -> OnCost:
    looked = lexicon.looked
    computed = (looked.cells != BAD) & np.isin(cells.places[looked.cells], cells.computed)
    words = np.flatnonzero(computed.take(codes)) if computed.any() else np.zeros(0, np.int64)
    return OnCost(at[words], words, looked.low[codes[words]], looked.high[codes[words]])


class _Groups(NamedTuple):
    """Words that speak of one criterion in one row, group by group, and where each group starts."""

    words: Ints
    starts: Ints


def _twice(at: Ints, places: Ints, rows: int) -> _Groups:
    """The groups of more than one word; the words of a group in their order, place -1 is of no criterion."""
    width = int(places.max(initial=-1)) + 2
    keys = at * np.array(width, np.int32 if rows * width < np.iinfo(np.int32).max else np.int64) + (places + 1)
    ordered = np.sort(keys)
    same = ordered[1:][ordered[1:] == ordered[:-1]]
    among = np.zeros(rows, bool)
    among[same // width] = True
    words = np.flatnonzero(among.take(at) & (places >= 0))
    words = words[np.argsort(keys[words], kind="stable")]
    starts = np.flatnonzero(np.diff(keys[words], prepend=-1))
    sizes = np.diff(starts, append=len(words))
    several = sizes > 1
    return _Groups(words[np.repeat(several, sizes)], np.cumsum(sizes[several]) - sizes[several])


def _together(groups: _Groups, codes: Ints, found: Ints, lexicon: _Lexicon, catalogue: Catalogue) -> Ints:
    """The cell of each group; -1 where it has none: bounds that exclude each other, or on a computed criterion."""
    words, starts = groups
    together = np.full(len(starts), -1, np.int32)
    if not len(starts):
        return together
    own = codes[words]
    exclude = np.fmax.reduceat(lexicon.looked.low[own], starts) > np.fmin.reduceat(lexicon.looked.high[own], starts)
    of, ends = found[words].tolist(), [*starts[1:].tolist(), len(words)]
    for group in np.flatnonzero(~exclude).tolist():
        members = slice(int(starts[group]), ends[group])
        cell = catalogue.together(tuple(of[members]), partial(_spelt, own[members], lexicon))
        together[group] = -1 if cell is None else cell
    return together


def _spelt(codes: Ints, lexicon: _Lexicon) -> list[Stands]:
    return [lexicon(code) for code in codes.tolist()]
