"""The same teams judged by two knowledge bases, block by block."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from operator import call
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece
from provider_advisor.batch.impact.encoded import EncodedVerdicts, Judge, Sample, Sampling
from provider_advisor.batch.impact.partial import Causes, find_causes
from provider_advisor.batch.input_columns import SCOPE_COLUMNS
from provider_advisor.batch.kernel.arrays import Flags
from provider_advisor.batch.kernel.table import SITUATION, USAGE, WEIGHTS
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.requirements.area_weights import list_areas

Transition = tuple[tuple[int, ...], tuple[int, ...]]


class Asked(NamedTuple):
    """What is compared: two bases as of a day, with the table's schema, and the name of the column of ids.

    `dated` rows may name a day of their own. If more than `sample` teams change, so many of them, drawn at
    random, are looked at for the reasons.
    """

    before: KnowledgeBase
    after: KnowledgeBase
    day: dt.date
    max_age: int | None
    schema: pa.Schema
    dated: bool = False
    id_column: str | None = None
    sample: int = 10_000


class Impact(NamedTuple):
    """What differs. `rejected` counts rows by which base cannot answer them: "both", "before" or "after".

    `transitions` counts the teams whose verdict changes, by the codes of both verdicts. `dated` counts rows that name a
    day or an age of their own, which is not used. `unread` are the columns that one of the bases does not know.
    """

    providers: tuple[str, ...]
    before: Facts
    after: Facts
    compared: int
    rejected: Counter[str]
    transitions: Counter[Transition]
    causes: Causes
    sample: Sample | None
    dated: int
    unread: tuple[str, ...]


def measure_impact(asked: Asked, pieces: Iterable[Piece], watch: Callable[[int, int], None]) -> Impact:
    """Return what changes for the teams in the pieces. `watch` gets the numbers of bytes and rows read.

    Raises BatchError if the columns cannot be read, BatchFailure if the input cannot be.
    """
    comparing = _Comparing(asked)
    with ThreadPoolExecutor(2, thread_name_prefix="judge") as pool:
        for piece in pieces:
            block = piece.parse()
            comparing.add(block, pool)
            watch(piece.read, block.records)
    return comparing.make_impact()


class _Comparing:
    """Two judges, and what they have differed in so far."""

    def __init__(self, asked: Asked) -> None:
        self._before = Facts(asked.before, asked.day, asked.max_age)
        self._after = Facts(asked.after, asked.day, asked.max_age)
        self._providers = tuple(sorted({*asked.before.providers, *asked.after.providers}))
        self._is_dated = asked.dated
        self._id = _find_id(asked.schema, asked.id_column)
        self._judges = [Judge(facts, self._providers) for facts in (self._before, self._after)]
        known = [_list_known(facts.knowledge, asked) for facts in (self._before, self._after)]
        self._columns = [
            judge.list_readable(pa.schema([asked.schema.field(name) for name in names]))
            for judge, names in zip(self._judges, known, strict=True)
        ]
        self._all = sorted({*self._columns[0], *self._columns[1]}, key=asked.schema.names.index)
        self._compared, self._dated = 0, 0
        self._rejected: Counter[str] = Counter()
        self._transitions: Counter[Transition] = Counter()
        self._sampling = Sampling(asked.sample)

    def add(self, block: Block, pool: ThreadPoolExecutor) -> None:
        """Judge the rows of a block by both."""
        rows = block.rows
        self._rejected["both"] += len(block.rejects)
        self._dated += _count_dated(rows) if self._is_dated else 0
        before, after = pool.map(call, self._judges, [rows.select(names) for names in self._columns])
        answered = self._find_answered(before, after, rows.num_rows)
        self._compared += int(answered.sum())
        differs = np.flatnonzero(answered & (before.codes != after.codes).any(axis=1))
        if len(differs):
            found = Sample(
                rows.select(self._all).take(pa.array(differs)),
                before.codes[differs],
                after.codes[differs],
                self._locate(block, differs),
            )
            self._transitions.update(_count_transitions(found))
            self._sampling.add(found)

    def _find_answered(self, before: EncodedVerdicts, after: EncodedVerdicts, rows: int) -> Flags:
        """Return which rows both bases answer; the others are counted."""
        wrong = before.errors.keys() | after.errors.keys()
        both = before.errors.keys() & after.errors.keys()
        self._rejected["both"] += len(both)
        self._rejected["before"] += len(before.errors) - len(both)
        self._rejected["after"] += len(after.errors) - len(both)
        answered = np.ones(rows, bool)
        answered[list(wrong)] = False
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

    def make_impact(self) -> Impact:
        """Return all that was found, and why."""
        sample = self._sampling.get_sample()
        unread = sorted(set(self._columns[0]) ^ set(self._columns[1]))
        return Impact(
            self._providers,
            self._before,
            self._after,
            self._compared,
            self._rejected,
            self._transitions,
            find_causes(self._before, self._after, sample, self._providers),
            sample,
            self._dated,
            tuple(unread),
        )


def _find_id(schema: pa.Schema, name: str | None) -> str | None:
    if name is not None and name not in schema.names:
        raise BatchError(f"there is no column '{name}'; expected one of {', '.join(schema.names)}.")
    return name or ("team" if "team" in schema.names else None)


def _list_known(knowledge: KnowledgeBase, asked: Asked) -> list[str]:
    """Return the columns without those that only the other base knows."""
    other = asked.after if knowledge is asked.before else asked.before
    strange = {f"{SITUATION}{name}" for name in other.topics.keys() - knowledge.topics.keys()}
    strange |= {
        name
        for name in asked.schema.names
        if name.startswith(USAGE)
        and other.find_usage(item := name.removeprefix(USAGE))
        and not knowledge.find_usage(item)
    }
    strange |= {f"{WEIGHTS}{area}" for area in {*list_areas(other)} - {*list_areas(knowledge)}}
    return [name for name in asked.schema.names if name not in strange]


def _count_dated(rows: pa.RecordBatch) -> int:
    """Return how many rows name a day, an age, providers or sources of their own."""
    found = [name for name in SCOPE_COLUMNS if name in rows.schema.names]
    return max((rows.num_rows - rows[name].null_count for name in found), default=0)


def _count_transitions(found: Sample) -> dict[Transition, int]:
    """Return how often each pair of verdicts occurs."""
    width = found.before.shape[1]
    pairs, counts = np.unique(np.hstack([found.before, found.after]), axis=0, return_counts=True)
    return {
        (tuple(pair[:width]), tuple(pair[width:])): count
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
    }
