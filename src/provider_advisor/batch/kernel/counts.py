"""Counts over many teams that add up, whatever the order in which they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.cells import Cell, Cells, Entries, list_notices
from provider_advisor.batch.kernel.scores import DATED, FIRM, KINDS, STANDINGS, STRENGTHS, Scores, Verdicts
from provider_advisor.knowledge import Facts
from provider_advisor.logic import Truth

_Counts = Counter[tuple[str, ...]]
_REMARKED = ("asked", "unmet", "unknown", "nobody", "open", "changes")  # the parts of a tally that come of cells


class Tally(NamedTuple):
    """What many teams came to, each part a count of teams by a key.

    `verdicts` by kind, strength, provider and lean ("" where there is none); `standings` by provider and standing;
    `asked` by criterion and "must" or "wish"; `unmet` and `unknown`, of musts, by provider and criterion; `nobody` by
    the criterion of a must that every provider fails; `open` by provider and criterion, where an unknown fact bears on
    a verdict that is not proven; `changes` by provider, criterion and the sentence on an end or a change of a fact that
    was used. `left` counts the rows of empty cells, which are no teams, under "empty",
    and the teams with a requirement that nothing judges under "unjudged".
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
        """Return how many rows held nothing but empty cells."""
        return self.left["empty",]

    @property
    def unjudged_teams(self) -> int:
        """Return how many teams have a requirement that no criterion says."""
        return self.left["unjudged",]

    def add_unjudged(self, count: int) -> Tally:
        """Return the same with so many teams more that have a requirement that no criterion says."""
        return self._replace(left=self.left + Counter({("unjudged",): count})) if count else self

    def add_empty_rows(self, count: int) -> Tally:
        """Return the same with so many rows of empty cells more."""
        return self._replace(left=self.left + Counter({("empty",): count})) if count else self

    @property
    def teams(self) -> int:
        """Return how many teams were counted."""
        return sum(self.verdicts.values())

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON-ready data: lists of the key's parts and the count, the largest first."""
        return {
            name: [[*key, count] for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
            for name, counts in zip(self._fields, self, strict=True)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tally:
        """Return the tally that `to_json` wrote."""
        return cls(*(Counter({tuple(row[:-1]): row[-1] for row in data.get(name, ())}) for name in cls._fields))


class Tallying:
    """Counts cells, remembering what each has to say; may be used by several threads."""

    def __init__(self) -> None:
        self._places: dict[_Remark, int] = {}
        self._of: list[int] = []
        self._counts: list[int] = []
        self._choosing: list[bool] = []
        self._gathered = self._make_table()

    def count_verdicts(self, cells: Cells, scores: Scores, verdicts: Verdicts, kept: Flags) -> Tally:
        """Return the tally of the rows that `kept` marks, of their verdicts and standings alone."""
        providers = tuple(cells.facts.knowledge.providers)
        counts = _count_verdicts(verdicts, providers, kept), _count_standings(scores, providers, kept)
        return Tally.empty()._replace(verdicts=counts[0], standings=counts[1])

    def count_teams(self, cells: Cells, entries: Entries, scores: Scores, verdicts: Verdicts, kept: Flags) -> Tally:
        """Return the tally of the rows that `kept` marks."""
        providers = tuple(cells.facts.knowledge.providers)
        with cells.lock:
            if len(self._counts) < len(cells.known):
                self._gather(cells, providers)
            table = self._gathered
        unsure = (
            kept & (verdicts.strength != FIRM) & (verdicts.strength != DATED) & (verdicts.kind != KINDS.index("none"))
        )
        in_all, in_unsure = (
            np.bincount(table.of, np.repeat(counts, table.each)).astype(np.int64)
            - _count_repeated(entries, rows, table)
            for counts, rows in zip(_count_cells(entries, kept, unsure, len(table.each)), (kept, unsure), strict=True)
        )
        found = {name: part.count_keys(in_unsure if name == "open" else in_all) for name, part in table.parts.items()}
        return self.count_verdicts(cells, scores, verdicts, kept)._replace(**found)

    def _gather(self, cells: Cells, providers: tuple[str, ...]) -> None:
        """Take in what the cells that are new have to say."""
        for cell in cells.known[len(self._counts) :]:
            remarks = [*_list_remarks(cell, providers), *_list_changes(cell, cells.facts)]
            self._of += [self._places.setdefault(remark, len(self._places)) for remark in remarks]
            self._counts.append(len(remarks))
            self._choosing.append(any(finding.degree.parts for found in cell.findings for finding in found))
        self._gathered = self._make_table()

    def _make_table(self) -> _RemarkTable:
        parts = {}
        for name in _REMARKED:
            own = {remark.key: place for remark, place in self._places.items() if remark.part == name}
            parts[name] = _CountedPart(list(own), np.array(list(own.values()), np.int64))
        counts, choosing = np.array(self._counts, np.int64), np.array(self._choosing, bool)
        return _RemarkTable(parts, np.array(self._of, np.int64), counts, choosing)


class _CountedPart(NamedTuple):
    """The keys of a part of the tally, and the place of each among all remarks."""

    keys: list[tuple[str, ...]]
    places: Ints

    def count_keys(self, counts: Ints) -> _Counts:
        """Return how often each key stands, by the counts of all remarks."""
        own = counts.take(self.places)
        some = np.flatnonzero(own)
        return Counter(dict(zip(map(self.keys.__getitem__, some.tolist()), own.take(some).tolist(), strict=True)))


class _RemarkTable(NamedTuple):
    """All remarks part by part, the places of those of all cells, and how many each cell has.

    `choosing` marks the cells of choices, whose parts another cell of the same row may speak of too.
    """

    parts: dict[str, _CountedPart]
    of: Ints
    each: Ints
    choosing: Flags


def _count_cells(entries: Entries, kept: Flags, unsure: Flags, cells: int) -> tuple[Ints, Ints]:
    """Return how often each cell stands in the rows that are kept, and in those among them that are unsure."""
    keys = entries.cells * np.int32(3) + (kept.view(np.int8) + unsure).take(entries.rows)
    counts = np.bincount(keys, minlength=3 * cells).reshape(cells, 3)
    return counts[:, 1] + counts[:, 2], counts[:, 2]


def _count_repeated(entries: Entries, counted: Flags, table: _RemarkTable) -> Ints:
    """Return for each remark in how many of the counted rows another cell makes it again.

    "sms|fax" and "sms" in one row have one unknown fact on sms, and the row counts for it once.
    """
    size = int(table.of.max(initial=-1)) + 1
    of_choices = np.zeros(len(counted), bool)
    of_choices[entries.rows[table.choosing[entries.cells]]] = True
    some = np.flatnonzero((of_choices & counted)[entries.rows])
    cells, rows = entries.cells[some], entries.rows[some]
    each = table.each[cells]
    ends = np.cumsum(each)
    begins = (np.cumsum(table.each) - table.each)[cells]
    places = table.of[np.repeat(begins - (ends - each), each) + np.arange(ends[-1] if len(ends) else 0)]
    keys, counts = np.unique(np.repeat(rows, each).astype(np.int64) * size + places, return_counts=True)
    again = counts > 1
    return np.bincount(keys[again] % max(size, 1), counts[again] - 1, minlength=size).astype(np.int64)


class _Remark(NamedTuple):
    """What every team with some cell counts for: a part of the tally, and a key there."""

    part: str
    key: tuple[str, ...]


def _list_remarks(cell: Cell, providers: tuple[str, ...]) -> Iterator[_Remark]:
    """Yield what a cell has to say, each thing once."""
    asked = [finding.requirement for finding in (cell.findings[0] if cell.findings else ())]  # of each provider
    codes = [part.code if part else "" for part in asked]
    remarks = [
        _Remark("asked", (code, _name_priority(part.priority))) for part, code in zip(asked, codes, strict=True) if part
    ]
    failed: list[set[str]] = []
    is_open = cell.open or (False,) * len(providers)
    for provider, findings, beyond in zip(providers, cell.findings, is_open, strict=True):
        failed.append(set())
        for finding, criterion in zip(findings, codes, strict=True):
            if finding.requirement is None:
                continue
            truth = finding.degree.truth if finding.decides_standing else None
            if truth is Truth.NO:
                remarks.append(_Remark("unmet", (provider, criterion)))
                failed[-1].add(criterion)
            elif truth is Truth.UNKNOWN:
                remarks.append(_Remark("unknown", (provider, criterion)))
            if beyond or finding.degree.low < finding.degree.high:
                facts = [part.asked.criterion for part in finding.degree.parts] or [finding.requirement.criterion]
                remarks += [_Remark("open", (provider, fact)) for fact in facts]
    nobody = set.intersection(*failed) if failed else set()
    return iter(dict.fromkeys([*remarks, *(_Remark("nobody", (criterion,)) for criterion in sorted(nobody))]))


def _list_changes(cell: Cell, facts: Facts) -> Iterator[_Remark]:
    """Yield the ends and changes of the facts that a cell uses, each once, as a single answer words them."""
    notices = dict.fromkeys(list_notices(cell, facts))
    if notices:
        from provider_advisor.explanation.notices import say_notice  # noqa: PLC0415 (few bases have any)

        for notice in notices:
            said = say_notice(notice, facts.knowledge)
            yield _Remark("changes", (notice.provider, notice.criterion, said))


def _name_priority(priority: str) -> str:
    return "must" if priority == "must" else "wish"


def _count_verdicts(verdicts: Verdicts, providers: tuple[str, ...], kept: Flags) -> _Counts:
    size = len(providers) + 1
    kinds, strengths = verdicts.kind.astype(np.int32), verdicts.strength + 1
    keys = ((kinds * (1 + len(STRENGTHS)) + strengths) * size + verdicts.provider + 1) * size + verdicts.lean + 1
    counts = np.bincount(keys[kept])
    found: _Counts = Counter()
    for key in np.flatnonzero(counts).tolist():
        rest, lean = divmod(key, size)
        rest, provider = divmod(rest, size)
        kind, strength = divmod(rest, 1 + len(STRENGTHS))
        names = ("", *providers)
        found[(KINDS[kind], ("", *STRENGTHS)[strength], names[provider], names[lean])] = int(counts[key])
    return found


def _count_standings(scores: Scores, providers: tuple[str, ...], kept: Flags) -> _Counts:
    return Counter(
        {
            (provider, standing): int(count)
            for place, provider in enumerate(providers)
            for number, standing in enumerate(STANDINGS)
            if (count := _count_both(scores.standing[place] == number, kept))
        }
    )


def _count_both(flags: Flags, kept: Flags) -> int:
    return int(np.count_nonzero(flags & kept))
