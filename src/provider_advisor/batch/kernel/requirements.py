"""What the rows of a table require: every word looked up, and what a row asks twice put together.

For example, the three rows

    row   needs                           wants
    0     fax, countries>=90              countries>=90, mms
    1     countries>=90, countries>=150
    2     countries>=90, countries<=50

have six different words, whose cells are found once: fax 1, countries>=90 2, countries>=150 3, countries<=50 4, and, as
wishes, countries>=90 5 and mms 6. Laid out row by row they are

    rows    0  0  0  0    1  1    2  2
    cells   1  2  5  6    2  3    2  4

Words of one row that speak of one criterion form a group: cells {2, 5} in row 0, {2, 3} in row 1, {2, 4} in row 2. A
group becomes one cell at the place of its first word; its other words get cell 0, which requires nothing. Row 0 gets
cell 7, "must be 90, should be 90", row 1 that of the tighter bound, and row 2 a sentence, because its bounds exclude
each other:

    cells   1  7  0  6    3  0    0  0

What a group comes to depends only on the set of its cells, so it is worked out once for all rows with that set. Whether
bounds exclude each other is seen from the bounds themselves, since bounds that no fact tells apart share a cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.table import is_item
from provider_advisor.batch.kernel.tokens import Numbered, join_words, number_words
from provider_advisor.batch.kernel.word_reader import APART, BAD, DIGITS, LOOSE, Looked, Stands, WordReader
from provider_advisor.knowledge.records import Priority
from provider_advisor.requirements.doubtful_words import is_of_area
from provider_advisor.requirements.read_team import MOST_REQUIREMENTS

_DEFAULTS: dict[str, Priority] = {"needs": "must", "wants": "should"}


class OnCost(NamedTuple):
    """Words on a computed criterion: row, place among all words, and the ends of the bound, NaN where there is none."""

    rows: Ints
    words: Ints
    low: Floats
    high: Floats


class Stated(NamedTuple):
    """The words of all rows, one entry a word, row by row in their order: the row and the cell of each.

    Those of row r lie between `ends[r]` and `ends[r + 1]`. A word has cell 0 if it was joined with one before it, or if
    it cannot be read. `wrong` says by row what is wrong with its words, `exclusive` what is wrong with words that can
    be read one by one; `alone` marks the rows that have to be judged by themselves, `apart` those that have to be read
    so too: of more words than a team may state, or of words that mean something only beside others.
    """

    rows: Ints
    cells: Ints
    ends: Ints
    on_cost: OnCost
    wrong: dict[int, str]
    exclusive: dict[int, str]
    alone: Flags
    apart: Flags


class _Lexicon(NamedTuple):
    """The different words of both columns, first those of one, then those of the other, and what the vocabulary says.

    `shifts` has, for each column, its default priority and the place of its first word.
    """

    words: list[str]
    shifts: list[tuple[Priority, int]]
    looked: Looked

    def __call__(self, code: int) -> Stands:
        """Return a word and its default priority."""
        default, shift = self.shifts[-1]
        return (default if code >= shift else self.shifts[0][0]), self.words[code]


def read_stated(rows: pa.RecordBatch, vocabulary: WordReader, cells: Cells) -> Stated:
    """Return what the columns `needs` and `wants` state."""
    columns = {name: number_words(rows.column(name)) for name in _DEFAULTS if name in rows.schema.names}
    lexicon = _look_up_words(columns, vocabulary)
    readable = lexicon.looked.cells != BAD
    # What each different word means is settled here; from here on words are numbers, and rows are runs of numbers.
    criteria = np.where(readable, cells.places.take(lexicon.looked.cells), -1)
    codes, at, ends, again = join_words(list(columns.values()), criteria, len(cells.names))
    bad = np.flatnonzero(~readable.take(codes)) if not readable.all() else np.zeros(0, np.int64)
    wrong = _explain_wrong(at[bad], codes[bad], lexicon, vocabulary)
    found = np.where(readable, lexicon.looked.cells, 0).take(codes)  # take: twice as fast as an index on long columns
    groups = _group_words(np.flatnonzero(again), at, criteria.take(codes))
    exclude = _find_exclusive(groups, codes, lexicon) | _find_unwanted(groups, cells.ranks.take(found))
    together = _join_groups(groups, exclude, codes, found, lexicon, vocabulary)
    first = groups.words[groups.starts]
    explained = _choose_explained(exclude, at[first], np.isin(criteria.take(codes[first]), cells.computed))
    exclusive = _explain_exclusive(groups, explained, at[first], codes, lexicon, vocabulary)
    alone = np.zeros(rows.num_rows, bool)
    alone[at[first[(together == APART) & ~explained]]] = True
    # First nothing for all words of groups, then the cell of each group at its first word.
    found[groups.words] = 0
    found[first] = np.maximum(together, 0)
    apart = np.diff(ends) > MOST_REQUIREMENTS
    apart[_find_doubtful(codes, at, criteria, lexicon, cells)] = True
    return Stated(at, found, ends, _find_on_cost(at, codes, lexicon, cells), wrong, exclusive, alone, apart)


def _look_up_words(columns: Mapping[str, Numbered], vocabulary: WordReader) -> _Lexicon:
    words: list[str] = []
    shifts: list[tuple[Priority, int]] = []
    looked: list[Looked] = []
    for name, column in columns.items():
        shifts.append((_DEFAULTS[name], len(words)))
        words += column.distinct
        looked.append(vocabulary.look_up(column.distinct, _DEFAULTS[name]))
    return _Lexicon(words, shifts, Looked(*(np.concatenate(part) for part in zip(*looked, strict=True))))


def _explain_wrong(rows: Ints, codes: Ints, lexicon: _Lexicon, vocabulary: WordReader) -> dict[int, str]:
    """Return by row what is wrong with its words, each sentence once.

    A single answer tells first what is not a word at all, such as the nothing between two commas.
    """
    found: dict[int, dict[int, None]] = {}
    for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
        found.setdefault(row, {})[code] = None
    used = {code: lexicon(code) for code in sorted(set(codes.tolist()))}
    empty = {code for code, (_, word) in used.items() if not is_item(word)}
    sentences = vocabulary.explain_wrong(used.values())
    return {
        row: " ".join(
            dict.fromkeys(
                each for code in sorted(some, key=empty.__contains__, reverse=True) for each in sentences[used[code]]
            )
        )
        for row, some in found.items()
    }


def _find_doubtful(codes: Ints, at: Ints, criteria: Ints, lexicon: _Lexicon, cells: Cells) -> list[int]:
    """Return the rows with a loose word and nothing beside it, or with digits that a comma parted from a number."""
    doubts = lexicon.looked.doubts
    if not doubts.any():
        return []
    found = set(at[(doubts == DIGITS).take(codes)].tolist())
    loose = (doubts == LOOSE) & (criteria >= 0)
    records = [cells.facts.knowledge.criteria[name] for name in list(cells.names)]  # those of members too
    for area in {records[place].area for place in criteria[loose].tolist()}:
        of_area = np.array([is_of_area(record, area) for record in records])
        ours = np.array([record.area == area for record in records]).take(criteria) & loose
        beside = of_area.take(criteria) & (criteria >= 0) & ~loose
        found |= set(at[ours.take(codes)].tolist()) - set(at[beside.take(codes)].tolist())
    return sorted(found)


def _find_on_cost(at: Ints, codes: Ints, lexicon: _Lexicon, cells: Cells) -> OnCost:
    looked = lexicon.looked
    computed = (looked.cells != BAD) & np.isin(cells.places[looked.cells], cells.computed)
    computed &= cells.ranks[looked.cells] > 0  # what is not wanted has no cost
    words = np.flatnonzero(computed.take(codes)) if computed.any() else np.zeros(0, np.int64)
    return OnCost(at[words], words, looked.low[codes[words]], looked.high[codes[words]])


class _Groups(NamedTuple):
    """Words that speak of one criterion in one row, group by group, and where each group starts."""

    words: Ints
    starts: Ints

    def iterate_chosen(self, chosen: Flags) -> Iterator[tuple[int, slice]]:
        """Yield each group that is chosen, and where its words are."""
        ends = [*self.starts.tolist(), len(self.words)]
        for group in np.flatnonzero(chosen).tolist():
            yield group, slice(ends[group], ends[group + 1])


def _group_words(again: Ints, at: Ints, criteria: Ints) -> _Groups:
    """Return the words whose criterion another word of their row has too, group by group in their order."""
    keys = at[again] * np.int64(criteria.max(initial=0) + 1) + criteria[again]
    order = np.argsort(keys, kind="stable")  # stable: the words of a group stay in the order in which they were written
    return _Groups(again[order], np.flatnonzero(np.diff(keys[order], prepend=-1)))


def _find_exclusive(groups: _Groups, codes: Ints, lexicon: _Lexicon) -> Flags:
    """Return the groups whose bounds exclude each other."""
    own = codes[groups.words]
    if not len(own):
        return np.zeros(0, bool)
    # fmax and fmin pass over NaN, which stands for an end that is not bounded.
    lows, highs = lexicon.looked.low[own], lexicon.looked.high[own]
    return np.asarray(np.fmax.reduceat(lows, groups.starts) > np.fmin.reduceat(highs, groups.starts))


def _find_unwanted(groups: _Groups, ranks: Ints) -> Flags:
    """Return the groups in which a criterion is asked for, and also not wanted or to be absent."""
    own = ranks[groups.words]
    if not len(own):
        return np.zeros(0, bool)
    return np.asarray((np.minimum.reduceat(own, groups.starts) <= 0) & (np.maximum.reduceat(own, groups.starts) > 0))


def _join_groups(  # noqa: PLR0913, PLR0917 (groups, and what their words are)
    groups: _Groups, exclude: Flags, codes: Ints, found: Ints, lexicon: _Lexicon, vocabulary: WordReader
) -> Ints:
    """Return the cell of each group; APART if its bounds exclude each other, or its criterion is computed."""
    together = np.full(len(exclude), APART, np.int32)
    of, members = found[groups.words].tolist(), [members for _, members in groups.iterate_chosen(~exclude)]

    def spell_group(place: int) -> list[Stands]:
        return _spell_words(codes[groups.words[members[place]]], lexicon)

    together[~exclude] = vocabulary.put_together([frozenset(of[some]) for some in members], spell_group)
    return together


def _choose_explained(exclude: Flags, rows: Ints, on_cost: Flags) -> Flags:
    """Return the groups that exclude themselves and are explained here, each the only one of its row.

    If a row has several, a single answer chooses; and only it knows whether usage is stated for a computed criterion.
    """
    counts = np.bincount(rows[exclude], minlength=int(rows.max(initial=0)) + 1)
    return np.asarray(exclude & ~on_cost & (counts[rows] == 1))


def _explain_exclusive(  # noqa: PLR0913, PLR0917 (groups, and what their words are)
    groups: _Groups, explained: Flags, rows: Ints, codes: Ints, lexicon: _Lexicon, vocabulary: WordReader
) -> dict[int, str]:
    """Return by row what is wrong with its group that excludes itself."""
    return {
        int(rows[group]): vocabulary.explain_exclusive(_spell_words(codes[groups.words[members]], lexicon))
        for group, members in groups.iterate_chosen(explained)
    }


def _spell_words(codes: Ints, lexicon: _Lexicon) -> list[Stands]:
    return [lexicon(code) for code in codes.tolist()]
