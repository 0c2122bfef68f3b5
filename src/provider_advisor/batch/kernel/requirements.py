"""Find the cells that the rows of a table state, and merge words of a row on the same criterion.

For example, the three rows

    row   needs                           wants
    0     fax, countries>=90              countries>=90, mms
    1     countries>=90, countries>=150
    2     countries>=90, countries<=50

contain six distinct words, each looked up once: fax is cell 1, countries>=90 is 2, countries>=150 is 3, countries<=50
is 4, and as wishes, countries>=90 is 5 and mms is 6. Row by row:

    rows    0  0  0  0    1  1    2  2
    cells   1  2  5  6    2  3    2  4

Words of one row on the same criterion form a group: cells {2, 5} in row 0, {2, 3} in row 1, {2, 4} in row 2. The first
word of a group gets the merged cell; the others get cell 0, which requires nothing. Row 0 gets cell 7 ("must be 90,
should be 90"), row 1 gets the cell of the tighter bound, and row 2 gets an error, because its bounds exclude each
other:

    cells   1  7  0  6    3  0    0  0

The merged cell depends only on the set of cells in the group, so it is computed once for all rows with that set.
Whether bounds exclude each other is checked on the bounds themselves, because bounds that all facts answer alike share
a cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.numbered_words import Numbered, join_words, number_words
from provider_advisor.batch.kernel.read_row import is_item
from provider_advisor.batch.kernel.word_reader import APART, BAD, DIGITS, LOOSE, LookedUp, StatedWord, WordReader
from provider_advisor.knowledge.records import Priority
from provider_advisor.requirements.read_team import MOST_REQUIREMENTS
from provider_advisor.requirements.word_mistakes import is_of_area

_DEFAULTS: dict[str, Priority] = {"needs": "must", "wants": "should"}
_USUAL_GROUP = 4  # words; longer groups are rare


class OnCost(NamedTuple):
    """Words on a computed criterion: row, index among all words, and the bound (NaN for an open end)."""

    rows: Ints
    words: Ints
    low: Floats
    high: Floats


class Stated(NamedTuple):
    """The row and the cell of each word, in the order of the rows.

    The words of row r are `cells[ends[r]:ends[r + 1]]`. A word has cell 0 if it was merged into an earlier one or
    cannot be read. By row, `wrong` explains which words cannot be read, and `exclusive` which words contradict each
    other. `alone` marks rows that must be judged one by one. `apart` marks rows that must also be read one by one:
    those with more words than a team may state, or with words whose meaning depends on other words of the row.
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
    """The distinct words of both columns, one column after the other, and what each word states.

    `shifts` holds the default priority of each column and the index of its first word.
    """

    words: list[str]
    shifts: list[tuple[Priority, int]]
    looked: LookedUp

    def spell(self, codes: Sequence[int]) -> list[StatedWord]:
        """Return words with their default priorities."""
        default, shift = self.shifts[-1]
        return [((default if code >= shift else self.shifts[0][0]), self.words[code]) for code in codes]


def read_stated(rows: pa.RecordBatch, vocabulary: WordReader, cells: Cells) -> Stated:
    """Read the columns `needs` and `wants`."""
    columns = {name: number_words(rows.column(name)) for name in _DEFAULTS if name in rows.schema.names}
    lexicon = _look_up_words(columns, vocabulary)
    readable = lexicon.looked.cells != BAD
    # The meaning of each distinct word is now known: below, words are numbers and rows are ranges of numbers.
    criteria = np.where(readable, cells.places.take(lexicon.looked.cells), -1)
    codes, at, ends, again = join_words(list(columns.values()), criteria, len(cells.names))
    bad = np.flatnonzero(~readable.take(codes)) if not readable.all() else np.zeros(0, np.int64)
    wrong = _explain_wrong(at[bad], codes[bad], lexicon, vocabulary)
    found = np.where(readable, lexicon.looked.cells, 0).take(codes)  # take is twice as fast as indexing on long columns
    groups = _group_words(np.flatnonzero(again), at, codes, found, criteria)
    exclude = groups.find_exclusive(lexicon.looked) | groups.find_unwanted(cells.ranks)
    explained = _choose_explained(exclude, groups.rows, np.isin(groups.criteria, cells.computed))
    together = _join_groups(groups, exclude, lexicon, vocabulary)
    exclusive = {
        int(groups.rows[group]): vocabulary.explain_exclusive(tuple(lexicon.spell(groups.get_codes(group))))
        for group in np.flatnonzero(explained).tolist()
    }
    alone = np.zeros(rows.num_rows, bool)
    alone[groups.rows[(together == APART) & ~explained]] = True
    # Clear all words of groups, then set the merged cell at the first word of each group.
    found[groups.words] = 0
    found[groups.words[groups.starts]] = np.maximum(together, 0)
    apart = np.diff(ends) > MOST_REQUIREMENTS
    apart[_find_doubtful(codes, at, criteria, lexicon, cells)] = True
    return Stated(at, found, ends, _find_on_cost(at, codes, lexicon, cells), wrong, exclusive, alone, apart)


def _look_up_words(columns: Mapping[str, Numbered], vocabulary: WordReader) -> _Lexicon:
    words: list[str] = []
    shifts: list[tuple[Priority, int]] = []
    looked: list[LookedUp] = []
    for name, column in columns.items():
        shifts.append((_DEFAULTS[name], len(words)))
        words += column.distinct
        looked.append(vocabulary.look_up(column.distinct, _DEFAULTS[name]))
    return _Lexicon(words, shifts, LookedUp(*(np.concatenate(part) for part in zip(*looked, strict=True))))


def _explain_wrong(rows: Ints, codes: Ints, lexicon: _Lexicon, vocabulary: WordReader) -> dict[int, str]:
    """Return by row what is wrong with its words, without repeating sentences.

    Like a single answer, it first lists what is not a word at all, such as the empty text between two commas.
    """
    used = sorted(set(codes.tolist()))
    words = dict(zip(used, lexicon.spell(used), strict=True))
    sentences = vocabulary.explain_wrong(words.values())
    found: dict[int, tuple[dict[str, None], dict[str, None]]] = {}
    for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
        no_words, others = found.setdefault(row, ({}, {}))
        (others if is_item(words[code][1]) else no_words).update(dict.fromkeys(sentences[words[code]]))
    return {row: " ".join(no_words | others) for row, (no_words, others) in found.items()}


def _find_doubtful(codes: Ints, at: Ints, criteria: Ints, lexicon: _Lexicon, cells: Cells) -> list[int]:
    """Return the rows with a loose word on its own, or with digits that a comma may have split off."""
    doubts = lexicon.looked.doubts
    if not doubts.any():
        return []
    found = set(at[(doubts == DIGITS).take(codes)].tolist())
    # A loose word has its meaning only in a row that also asks for something of that area by a word that is not loose.
    loose = (doubts == LOOSE) & (criteria >= 0)
    records = [cells.facts.knowledge.criteria[name] for name in list(cells.names)]  # including members
    for area in {records[place].area for place in criteria[loose].tolist()}:
        of_area = np.array([is_of_area(record, area) for record in records])
        ours = np.array([record.area == area for record in records]).take(criteria) & loose
        beside = of_area.take(criteria) & (criteria >= 0) & ~loose
        found |= set(at[ours.take(codes)].tolist()) - set(at[beside.take(codes)].tolist())
    return sorted(found)


def _find_on_cost(at: Ints, codes: Ints, lexicon: _Lexicon, cells: Cells) -> OnCost:
    looked = lexicon.looked
    computed = (looked.cells != BAD) & np.isin(cells.places[looked.cells], cells.computed)
    computed &= cells.ranks[looked.cells] > 0  # criteria that are not wanted have no cost
    words = np.flatnonzero(computed.take(codes)) if computed.any() else np.zeros(0, np.int64)
    return OnCost(at[words], words, looked.low[codes[words]], looked.high[codes[words]])


class _Groups(NamedTuple):
    """Words on the same criterion in one row, sorted by group.

    `words` are indexes among all words, `codes` and `cells` are those of these words. By group, `starts` and `ends` say
    which of them it has, and `rows` and `criteria` what they have in common.
    """

    words: Ints
    codes: Ints
    cells: Ints
    starts: Ints
    ends: Ints
    rows: Ints
    criteria: Ints

    def get_codes(self, group: int) -> list[int]:
        """Return the codes of the words of a group."""
        return list(self.codes[self.starts[group] : self.ends[group]].tolist())

    def list_sets(self, chosen: Ints) -> list[bytes]:
        """Return a key of the set of cells of each chosen group: its cells in ascending order, after some -1."""
        starts, ends = self.starts[chosen, np.newaxis], self.ends[chosen, np.newaxis]
        # With the same width in almost all blocks, they have the same keys.
        words = starts + np.arange(int((ends - starts).max(initial=_USUAL_GROUP)))
        cells = np.sort(np.where(words < ends, self.cells.take(words, mode="clip"), -1).astype(np.int32))
        return list(cells.view(f"V{cells.shape[1] * cells.itemsize}").ravel().tolist())

    def find_exclusive(self, looked: LookedUp) -> Flags:
        """Mark the groups whose bounds exclude each other."""
        # fmax and fmin ignore NaN, which marks an open end.
        lows, highs = looked.low[self.codes], looked.high[self.codes]
        return np.asarray(np.fmax.reduceat(lows, self.starts) > np.fmin.reduceat(highs, self.starts))

    def find_unwanted(self, ranks: Ints) -> Flags:
        """Mark the groups in which a criterion is required and also unwanted or required to be absent."""
        own = ranks[self.cells]
        return np.asarray((np.minimum.reduceat(own, self.starts) <= 0) & (np.maximum.reduceat(own, self.starts) > 0))


def _group_words(again: Ints, at: Ints, codes: Ints, found: Ints, criteria: Ints) -> _Groups:
    """Group the words `again`, whose criterion appears more than once in their row."""
    own = criteria.take(codes[again])
    keys = at[again] * np.int64(criteria.max(initial=0) + 1) + own
    order = np.argsort(keys, kind="stable")  # stable: keeps the order in which words were written
    words, starts = again[order], np.flatnonzero(np.diff(keys[order], prepend=-1))
    ends = np.append(starts[1:], len(words))
    return _Groups(words, codes[words], found[words], starts, ends, at[words[starts]], own[order[starts]])


def _join_groups(groups: _Groups, exclude: Flags, lexicon: _Lexicon, vocabulary: WordReader) -> Ints:
    """Return the cell of each group; APART if its words exclude each other or its criterion is computed."""
    joined = np.flatnonzero(~exclude)
    together = np.full(len(exclude), APART, np.int32)
    together[joined] = vocabulary.merge_cells(
        groups.list_sets(joined), lambda place: lexicon.spell(groups.get_codes(joined[place]))
    )
    return together


def _choose_explained(exclude: Flags, rows: Ints, on_cost: Flags) -> Flags:
    """Mark the contradictory groups that can be explained here, without a single answer.

    They are the only one of their row, and not on a computed criterion: a single answer chooses which of several
    contradictions to report, and knows whether a row states the usage that a computed criterion needs.
    """
    counts = np.bincount(rows[exclude], minlength=int(rows.max(initial=0)) + 1)
    return np.asarray(exclude & ~on_cost & (counts[rows] == 1))
