"""What the rows of a table require: every word looked up, and what is asked twice in a row put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from scipy import sparse

from provider_advisor.batch.kernel.catalogue import BAD, Catalogue, Wrong
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.texts import Words, words_of
from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.knowledge.records import Priority
from provider_advisor.logic import Interval
from provider_advisor.requirements.team import MOST_REQUIREMENTS

__all__ = ["OnCost", "Stated", "stated_in"]

_DEFAULTS: dict[str, Priority] = {"needs": "must", "wants": "should"}


class OnCost(NamedTuple):
    """Words on a computed criterion: row, place among all words, and the ends of the bound, NaN where there is none."""

    rows: Ints
    words: Ints
    low: Floats
    high: Floats


class Stated(NamedTuple):
    """The words of all rows, one entry a word, in the order of rows: the row and the cell of each.

    Cell 0 stands where a word is put together with one before it, and where it cannot be read. `wrong` has, by row,
    what is wrong with its words; `alone` marks the rows that have to be judged by themselves.
    """

    rows: Ints
    cells: Ints
    on_cost: OnCost
    wrong: dict[int, str]
    alone: Flags


class _Lexicon(NamedTuple):
    """The different words of both columns, those of one behind those of the other, and what the catalogue says.

    `shifts` has, for each column, its default priority and the place of its first word.
    """

    words: list[str]
    shifts: list[tuple[Priority, int]]
    cells: Ints
    bounds: Mapping[int, Interval | None]

    def __call__(self, code: int) -> tuple[Priority, str]:
        """A word and its default priority."""
        default, shift = self.shifts[-1]
        return (default if code >= shift else self.shifts[0][0]), self.words[code]


def stated_in(rows: pa.RecordBatch, catalogue: Catalogue, cells: Cells) -> Stated:
    """What the columns `needs` and `wants` state."""
    columns = {name: words_of(rows.column(name)) for name in _DEFAULTS if name in rows.schema.names}
    lexicon = _lexicon(columns, catalogue)
    codes, counts = _in_row_order(list(columns.values()))
    found = lexicon.cells[codes]
    at = np.repeat(np.arange(rows.num_rows, dtype=np.int32), counts)
    bad = np.flatnonzero(found == BAD)
    wrong = _first_wrong(at[bad], codes[bad], lexicon, catalogue)
    found[bad] = 0
    alone = counts > MOST_REQUIREMENTS
    for words in _twice(at, cells.places[found], counts):
        cell = catalogue.together(tuple(lexicon(code) for code in codes[words].tolist()))
        found[words] = 0
        found[words[0]] = cell or 0
        alone[at[words[0]]] |= cell is None
    return Stated(at, found, _on_cost(at, codes, lexicon), wrong, alone)


def _lexicon(columns: Mapping[str, Words], catalogue: Catalogue) -> _Lexicon:
    words: list[str] = []
    shifts: list[tuple[Priority, int]] = []
    cells: list[Ints] = [np.zeros(0, np.int32)]
    bounds: dict[int, Interval | None] = {}
    for name, column in columns.items():
        looked = catalogue.look_up(column.distinct, _DEFAULTS[name])
        bounds |= {len(words) + place: bound for place, bound in looked.bounds.items()}
        cells.append(looked.cells)
        shifts.append((_DEFAULTS[name], len(words)))
        words += column.distinct
    return _Lexicon(words, shifts, np.concatenate(cells), bounds)


def _first_wrong(rows: Ints, codes: Ints, lexicon: _Lexicon, catalogue: Catalogue) -> dict[int, str]:
    """By row, the sentence that a single answer would begin with: what is no word at all comes first."""
    found: dict[int, Wrong] = {}
    for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
        wrong = catalogue.wrong(*lexicon(code))
        if row not in found or (wrong.early and not found[row].early):
            found[row] = wrong
    return {row: wrong.sentence for row, wrong in found.items()}


def _on_cost(at: Ints, codes: Ints, lexicon: _Lexicon) -> OnCost:
    ends = np.full((2, len(lexicon.words)), np.nan)
    computed = np.zeros(len(lexicon.words), bool)
    for place, bound in lexicon.bounds.items():
        computed[place] = True
        if bound is not None:
            ends[:, place] = [np.nan if end is None else end for end in (bound.low, bound.high)]
    words = np.flatnonzero(computed[codes]) if lexicon.bounds else np.zeros(0, np.int64)
    return OnCost(at[words], words, *ends[:, codes[words]])


def _in_row_order(columns: Sequence[Words]) -> tuple[Ints, Ints]:
    """The codes of all columns' words, a row's words side by side, and how many each row has.

    The codes of a later column go on where those of the one before end.
    """
    starts = [np.concatenate([[0], np.cumsum(column.counts)]) for column in columns]
    total = np.sum(starts, axis=0)
    codes = np.empty(int(total[-1]), np.int32)
    shift, passed = 0, np.zeros(len(total) - 1, np.int64)
    for column, own in zip(columns, starts, strict=True):
        others = total - own
        before = others[:-1] + passed
        codes[np.arange(len(column.codes)) + np.repeat(before, column.counts)] = column.codes + shift
        passed = passed + column.counts
        shift += len(column.distinct)
    return codes, np.diff(total)


def _twice(at: Ints, places: Ints, counts: Ints) -> Iterator[list[int]]:
    """Groups of words that speak of one criterion in one row."""
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    words = np.arange(len(at), dtype=np.int32)
    of = (places + 1).astype(np.int32)  # 0 is of no criterion
    by_row = sparse.csr_array((words, of, starts), shape=(len(counts), int(of.max(initial=0)) + 1))
    by_row.sort_indices()
    same = (by_row.indices[1:] == by_row.indices[:-1]) & (at[1:] == at[:-1]) & (by_row.indices[1:] > 0)
    group: list[int] = []
    for place in np.flatnonzero(same).tolist():
        first, second = int(by_row.data[place]), int(by_row.data[place + 1])
        if group and group[-1] == first:
            group.append(second)
            continue
        if group:
            yield sorted(group)
        group = [first, second]
    if group:
        yield sorted(group)
