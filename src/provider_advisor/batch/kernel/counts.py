"""Count verdicts, requirements and findings over many teams; counts add up in any order.

A remark is what a cell says about every team that has it, such as "acme lacks fax". So a block counts only how many
teams have each cell, and remarks are counted from that at the end: 9 teams with cell 5 are 9 teams whom acme fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Flags, GrowingArray, Ints, join_ranges
from provider_advisor.batch.kernel.cells import Cell, Cells, Entries, list_notices
from provider_advisor.batch.kernel.scores import DATED, FIRM, KINDS, STANDINGS, STRENGTHS, Scores, Verdicts
from provider_advisor.knowledge import Facts
from provider_advisor.logic import Truth

_Counts = Counter[tuple[str, ...]]
_REMARKED = ("asked", "unmet", "unknown", "nobody", "open", "changes")  # the fields of a tally that are counted by cell
_MOST_SOURCES = 4  # dated rows alternate between several sources; each one kept holds up to 300,000 cells


class Tally(NamedTuple):
    """The results of many teams; each field counts teams by a key.

    - `verdicts`: kind, strength, provider and lean ("" for none)
    - `standings`: provider and standing
    - `asked`: criterion and "must" or "wish"
    - `unmet`, `unknown`: provider and criterion of a must that the provider fails, or may fail
    - `nobody`: criterion of a must that every provider fails
    - `open`: provider and criterion of an unknown fact that affects an unproven verdict
    - `changes`: provider, criterion and the sentence on the end or a change of a fact that was used
    - `left`, for what was left out: "empty" counts rows with only empty cells, which are not teams; "unjudged" counts
      teams with a requirement that matches no criterion
    """

    verdicts: _Counts
    standings: _Counts
    asked: _Counts
    unmet: _Counts
    unknown: _Counts
    nobody: _Counts
    open: _Counts
    changes: _Counts
    left: _Counts

    @classmethod
    def empty(cls) -> Tally:
        """Return the tally of no teams."""
        return cls(*(Counter() for _ in cls._fields))

    def __add__(self, other: object) -> Tally:
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def empty_rows(self) -> int:
        """Return how many rows have only empty cells."""
        return self.left["empty",]

    @property
    def unjudged_teams(self) -> int:
        """Return how many teams have a requirement that matches no criterion."""
        return self.left["unjudged",]

    @property
    def teams(self) -> int:
        """Return how many teams were counted."""
        return sum(self.verdicts.values())

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON-ready data: lists of key parts and the count, largest count first."""
        return {
            name: [[*key, count] for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
            for name, counts in zip(self._fields, self, strict=True)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tally:
        """Return the tally that `to_json` wrote."""
        return cls(*(Counter({tuple(row[:-1]): row[-1] for row in data.get(name, ())}) for name in cls._fields))


class RunningTally(NamedTuple):
    """A running total over thousands of blocks, which counts by cell and looks up keys only at the end.

    For example, 7 teams of one block and 2 of another have cell 5. At the end, its remarks are counted for 9 teams at
    once. `by_cell` holds the counts of a few sources of cells.
    """

    by_key: Tally
    by_cell: Mapping[CellTallier, CellCounts] = {}

    @classmethod
    def zero(cls) -> RunningTally:
        """Return the tally of no teams."""
        return cls(Tally.empty())

    def __add__(self, other: object) -> RunningTally:
        if not isinstance(other, RunningTally):
            return NotImplemented
        by_key, by_cell = self.by_key + other.by_key, dict(self.by_cell)
        for source, counts in other.by_cell.items():
            by_cell[source] = by_cell[source] + counts if source in by_cell else counts
        while len(by_cell) > _MOST_SOURCES:  # each source keeps all its cells in memory
            source = next(iter(by_cell))
            by_key += source.name_counts(by_cell.pop(source))
        return RunningTally(by_key, by_cell)

    @property
    def teams(self) -> int:
        """Return how many teams were counted."""
        return self.by_key.teams

    def add_left(self, kind: str, count: int) -> RunningTally:
        """Return the tally with more rows of a kind that was left out: "empty" or "unjudged"."""
        if not count:
            return self
        return self._replace(by_key=self.by_key._replace(left=self.by_key.left + Counter({(kind,): count})))

    def settle(self) -> Tally:
        """Return all counts by key."""
        return sum((source.name_counts(counts) for source, counts in self.by_cell.items()), self.by_key)


class CellCounts(NamedTuple):
    """How many teams have each cell, and how often a remark is repeated within one team.

    Both arrays have two rows, the first for all teams, the second for those with an unproven verdict. `cells` has one
    column per cell, `again` one per remark.
    """

    cells: Ints
    again: Ints

    def __add__(self, other: object) -> CellCounts:
        if not isinstance(other, CellCounts):
            return NotImplemented
        return CellCounts(*map(_add_padded, self, other))


def _add_padded(one: Ints, other: Ints) -> Ints:
    longer, shorter = (one, other) if one.shape[1] >= other.shape[1] else (other, one)
    total = longer.copy()
    total[:, : shorter.shape[1]] += shorter
    return total


class CellTallier:
    """Counts teams by cell, and knows the remarks of each cell; thread-safe."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._providers = tuple(cells.facts.knowledge.providers)
        self._numbers: dict[_Remark, int] = {}
        # The columns of `_RemarkTable`.
        self._remarks = GrowingArray(np.int64)
        self._each = GrowingArray(np.int64)
        self._choosing = GrowingArray(np.bool_)

    def count_verdicts(self, scores: Scores, verdicts: Verdicts, kept: Flags) -> RunningTally:
        """Count only the verdicts and standings of the rows that `kept` marks."""
        counted = Tally.empty()._replace(
            verdicts=_count_verdicts(verdicts, self._providers, kept),
            standings=_count_standings(scores, self._providers, kept),
        )
        return RunningTally(counted)

    def count_teams(self, entries: Entries, scores: Scores, verdicts: Verdicts, kept: Flags) -> RunningTally:
        """Count everything about the rows that `kept` marks."""
        table = self._gather()
        unsure = (
            kept & (verdicts.strength != FIRM) & (verdicts.strength != DATED) & (verdicts.kind != KINDS.index("none"))
        )
        counts = CellCounts(
            _count_cells(entries, kept, unsure, len(table.each)), _count_repeated(entries, kept, unsure, table)
        )
        return self.count_verdicts(scores, verdicts, kept)._replace(by_cell={self: counts})

    def name_counts(self, counts: CellCounts) -> Tally:
        """Return the remarks of the counted cells as counts by key."""
        table = self._gather()
        # Cells and remarks added since the last counted block come after all others.
        each = table.each[: counts.cells.shape[1]]
        remarks = table.remarks[: each.sum()]
        found = {name: Counter[tuple[str, ...]]() for name in _REMARKED}
        # A cell counts for each of its remarks: 9 teams with a cell of two remarks add 9 to both.
        totals = np.stack([np.bincount(remarks, np.repeat(row, each), table.distinct) for row in counts.cells])
        totals[:, : counts.again.shape[1]] -= counts.again
        in_all, in_unsure = totals.astype(np.int64).tolist()
        # Other threads may have added remarks since `_gather`; nothing counted here has them.
        for remark, every, unsure in zip(list(self._numbers), in_all, in_unsure, strict=False):
            if count := unsure if remark.part == "open" else every:
                found[remark.part][remark.key] = count
        return Tally.empty()._replace(**found)

    def _gather(self) -> _RemarkTable:
        """Add the remarks of new cells, and return the remarks of all cells."""
        with self._cells.lock:
            for cell in self._cells.known[len(self._each.array) :]:
                remarks = [*_list_remarks(cell, self._providers), *_list_changes(cell, self._cells.facts)]
                self._remarks.extend([self._numbers.setdefault(remark, len(self._numbers)) for remark in remarks])
                self._each.extend([len(remarks)])
                self._choosing.extend([any(finding.degree.parts for found in cell.findings for finding in found)])
            return _RemarkTable(self._remarks.array, self._each.array, self._choosing.array, len(self._numbers))


class _RemarkTable(NamedTuple):
    """The numbers of the remarks of all cells, cell by cell, and how many each cell has (`each`).

    `distinct` is the number of different remarks. `choosing` marks the cells of choices such as "sms|fax": another cell
    of the same row may repeat the remark on one of their parts.
    """

    remarks: Ints
    each: Ints
    choosing: Flags
    distinct: int


def _count_cells(entries: Entries, kept: Flags, unsure: Flags, cells: int) -> Ints:
    """Return how many kept rows, and how many kept and unsure rows, have each cell."""
    # One count for both: cell 5 has key 15 in a row left out, 16 in a kept row, 17 in a kept and unsure row.
    keys = entries.cells * np.int32(3) + (kept.view(np.int8) + unsure).take(entries.rows)
    counts = np.bincount(keys, minlength=3 * cells).reshape(cells, 3)
    return np.stack([counts[:, 1] + counts[:, 2], counts[:, 2]])


def _count_repeated(entries: Entries, kept: Flags, unsure: Flags, table: _RemarkTable) -> Ints:
    """Return how often each remark is repeated within one row, in all kept rows and in the unsure ones.

    For example, "sms|fax" and "sms" in one row both remark on the same unknown fact, but the row counts once.
    """
    of_choices = np.zeros(len(kept), bool)
    of_choices[entries.rows[table.choosing.take(entries.cells)]] = True
    some = np.flatnonzero((of_choices & kept).take(entries.rows))
    cells, rows = entries.cells[some], entries.rows[some]
    each = table.each[cells]
    remarks = table.remarks[join_ranges((np.cumsum(table.each) - table.each)[cells], each)]
    # Combine row and remark into one number, so that sorting finds the remarks that a row repeats.
    keys, counts = np.unique(np.repeat(rows, each).astype(np.int64) * table.distinct + remarks, return_counts=True)
    keys, counts = keys[counts > 1], counts[counts > 1] - 1
    rows, remarks = np.divmod(keys, max(table.distinct, 1))
    found = [np.bincount(remarks, part, table.distinct) for part in (counts, counts * unsure.take(rows))]
    return np.stack(found).astype(np.int64)


class _Remark(NamedTuple):
    """Where every team with a cell is counted: a field of the tally, and a key in it."""

    part: str
    key: tuple[str, ...]


def _list_remarks(cell: Cell, providers: tuple[str, ...]) -> Iterator[_Remark]:
    """Yield the distinct remarks of a cell."""
    remarks: dict[_Remark, None] = {}
    is_open = cell.open or (False,) * len(providers)
    for found in zip(*cell.findings, strict=True):  # the findings of all providers on one requirement
        if (requirement := found[0].requirement) is None:
            continue
        code, is_must = requirement.code, requirement.priority == "must"
        remarks[_Remark("asked", (code, "must" if is_must else "wish"))] = None
        failed = 0
        for provider, finding, beyond in zip(providers, found, is_open, strict=True):
            degree = finding.degree
            if is_must and degree.truth is Truth.NO:
                remarks[_Remark("unmet", (provider, code))] = None
                failed += 1
            elif is_must and degree.truth is Truth.UNKNOWN:
                remarks[_Remark("unknown", (provider, code))] = None
            if beyond or degree.low < degree.high:
                for criterion in [part.asked.criterion for part in degree.parts] or [requirement.criterion]:
                    remarks[_Remark("open", (provider, criterion))] = None
        if failed == len(providers):
            remarks[_Remark("nobody", (code,))] = None
    return iter(remarks)


def _list_changes(cell: Cell, facts: Facts) -> Iterator[_Remark]:
    """Yield the distinct notices of the facts that a cell uses, worded as in a single answer."""
    notices = dict.fromkeys(list_notices(cell, facts))
    if notices:
        from provider_advisor.explanation.findings_in_words import say_notice  # noqa: PLC0415 (few bases have any)

        for notice in notices:
            said = say_notice(notice, facts.knowledge)
            yield _Remark("changes", (notice.provider, notice.criterion, said))


def _count_verdicts(verdicts: Verdicts, providers: tuple[str, ...], kept: Flags) -> _Counts:
    names = (*providers, "")
    words = KINDS, (*STRENGTHS, ""), names, names
    sizes = tuple(map(len, words))
    # "wrap" makes -1, which is none, the index of the last word.
    keys = np.ravel_multi_index([places[kept] for places in verdicts[:4]], sizes, mode="wrap")
    counts = np.bincount(keys)
    found: _Counts = Counter()
    for key in np.flatnonzero(counts):
        places = np.unravel_index(key, sizes)
        found[tuple(part[place] for part, place in zip(words, places, strict=True))] = int(counts[key])
    return found


def _count_standings(scores: Scores, providers: tuple[str, ...], kept: Flags) -> _Counts:
    return Counter(
        {
            (provider, standing): int(count)
            for place, provider in enumerate(providers)
            for number, standing in enumerate(STANDINGS)
            if (count := np.count_nonzero((scores.standing[place] == number) & kept))
        }
    )
