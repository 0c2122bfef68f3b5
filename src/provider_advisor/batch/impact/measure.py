"""Judge the same teams with two knowledge bases, block by block, and find what changes; `record_impact` shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece
from provider_advisor.batch.impact.causes import Causes, Sample, Sampler, find_causes
from provider_advisor.batch.impact.encoded_verdicts import (
    LIMITING,
    EncodedVerdicts,
    VerdictEncoder,
    list_readable,
)
from provider_advisor.batch.impact.mixed_bases import merge_named
from provider_advisor.batch.kernel.arrays import Flags
from provider_advisor.batch.kernel.layout import USAGE, describe_absent
from provider_advisor.errors import BatchError, RequirementsError
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.scope import Scope

Transition = tuple[tuple[int, ...], tuple[int, ...]]


class Asked(NamedTuple):
    """What is compared: the facts of two bases, for tables with this schema and this column of ids.

    `dated` rows may name a day, or providers and sources, of their own. If more than `sample` verdicts change, reasons
    are looked for in a random sample of this size.
    """

    before: Facts
    after: Facts
    schema: pa.Schema
    dated: bool = False
    id_column: str | None = None
    sample: int = 10_000


def measure_impact(asked: Asked, pieces: Iterable[Piece], watch: Callable[[int, int], None]) -> Impact:
    """Return what changes for the teams in the pieces. `watch` gets the numbers of bytes and rows read.

    Raises BatchError if the columns cannot be read, BatchFailure if the input cannot be.
    """
    impact = Impact(asked)
    # The next block is parsed only when both judges have finished this one, so that memory stays that of one block.
    with ThreadPoolExecutor(2, thread_name_prefix="judge") as pool:
        for piece in pieces:
            block = piece.parse()
            impact.add(block, pool)
            watch(piece.read, block.records)
    impact.find_causes()
    return impact


class Impact:
    """What differs between two bases for the teams that were added.

    `rejected` counts rows by which base cannot answer them: "both", "before" or "after". `transitions` counts the teams
    whose verdict changes, by the codes of both verdicts. `dated` counts rows that name a day or an age of their own,
    which is not used. `unread` are the columns that one of the bases does not know.
    """

    def __init__(self, asked: Asked) -> None:
        self.before, self.after = asked.before, asked.after
        old, new = asked.before.base, asked.after.base
        self.providers = tuple(sorted({*old.providers, *new.providers}))
        self._is_dated, self._whole = asked.dated, merge_named(old, new)
        self._judges = [VerdictEncoder(facts, self.providers) for facts in (asked.before, asked.after)]
        self._id = _find_id(asked.schema, asked.id_column)
        self._names = [name for name in LIMITING if asked.dated and name in asked.schema.names]
        then, now = set(list_readable(asked.schema, old, new)), set(list_readable(asked.schema, new, old))
        self._read, self.unread = {*then, *now, *self._names}, tuple(sorted(then ^ now))
        self.compared = self.dated = 0
        self.rejected: Counter[str] = Counter()
        self.transitions: Counter[Transition] = Counter()
        self._sampler = Sampler(asked.sample)

    def add(self, block: Block, pool: ThreadPoolExecutor) -> None:
        """Judge the rows of a block with both bases."""
        rows, unread = self._read_names(block.rows)
        self.rejected["both"] += len(block.rejects)
        self.dated += _count_dated(rows) if self._is_dated else 0
        # In JSON Lines, a block may have further columns: volumes of members.
        rows = rows.select([name for name in rows.schema.names if name in self._read or name.startswith(USAGE)])
        before, after = pool.map(lambda judge: judge(rows), self._judges)
        answered = self._find_answered(before, after, unread)
        self.compared += int(answered.sum())
        differs = np.flatnonzero(answered & (before.codes != after.codes).any(axis=1))
        if len(differs):
            places, some = self._locate(block, differs), rows.take(pa.array(differs))
            found = Sample(some, before.codes[differs], after.codes[differs], places)
            self.transitions.update(_count_transitions(found))
            self._sampler.add(found)

    def _read_names(self, rows: pa.RecordBatch) -> tuple[pa.RecordBatch, set[int]]:
        """Replace the names of providers and sources by ids, and return the rows where a name is unknown.

        A name that only one base knows is known: see `limit_facts`.
        """
        if all(rows.column(name).null_count == rows.num_rows for name in self._names):
            return rows, set()
        keys = list(zip(*(rows.column(name).to_pylist() for name in self._names), strict=True))
        read: dict[tuple[str | None, ...], Scope | None] = {}
        for key in set(keys):
            given = {name: text for name, text in zip(self._names, key, strict=True) if text}
            try:
                read[key] = self._whole.read_scope(**given)
            except RequirementsError:
                read[key] = None
        found = [read[key] for key in keys]
        for name in self._names:
            ids = [";".join(getattr(scope, name)) or None if scope else None for scope in found]
            place = rows.schema.get_field_index(name)
            rows = rows.set_column(place, pa.field(name, pa.string()), pa.array(ids, pa.string()))
        return rows, {row for row, scope in enumerate(found) if scope is None}

    def _find_answered(self, before: EncodedVerdicts, after: EncodedVerdicts, unread: set[int]) -> Flags:
        """Return the mask of rows that both bases answer, and count the others."""
        then, now = before.errors.keys() | unread, after.errors.keys() | unread
        self.rejected += Counter(both=len(then & now), before=len(then - now), after=len(now - then))
        answered = before.answered & after.answered
        answered[list(unread)] = False
        return answered

    def _locate(self, block: Block, some: np.ndarray) -> pa.RecordBatch:
        teams = [None] * len(some) if self._id is None else block.rows[self._id].take(pa.array(some)).to_pylist()
        return pa.RecordBatch.from_pydict(
            {
                "file": pa.array([block.file] * len(some), pa.string()),
                "row": pa.array(block.numbers[some], pa.int64()),
                "team": pa.array([None if team is None else str(team) for team in teams], pa.string()),
            }
        )

    def find_causes(self) -> None:
        """Find the changes behind the verdicts that differ, when all teams are added."""
        self.sample: Sample = self._sampler.get_sample()
        self.causes: Causes = find_causes(self.before, self.after, self.sample, self.providers)


def _find_id(schema: pa.Schema, name: str | None) -> str | None:
    if name is not None and name not in schema.names:
        raise BatchError(describe_absent(name, schema.names))
    return name or ("team" if "team" in schema.names else None)


def _count_dated(rows: pa.RecordBatch) -> int:
    found = [rows.column(name) for name in ("as_of", "max_age") if name in rows.schema.names]
    own = [np.asarray(column.is_valid()) for column in found]
    return int(np.logical_or.reduce(own).sum()) if own else 0


def _count_transitions(found: Sample) -> dict[Transition, int]:
    # Counted as rows of numbers, because thousands of teams share a few pairs of verdicts.
    width = found.before.shape[1]
    pairs, counts = np.unique(np.hstack([found.before, found.after]), axis=0, return_counts=True)
    return {
        (tuple(pair[:width]), tuple(pair[width:])): count
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
    }
