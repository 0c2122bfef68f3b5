"""Judge the same teams with two knowledge bases, block by block, and report what changes."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import call
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece
from provider_advisor.batch.impact.causes import Cause, Causes, Sample, Sampling, find_causes
from provider_advisor.batch.impact.encoded_verdicts import (
    NAMES,
    EncodedVerdicts,
    Judge,
    decode_verdict,
    is_known,
    limit_facts,
    list_readable,
)
from provider_advisor.batch.impact.mixed_bases import merge_named
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.table import USAGE, read_row
from provider_advisor.decision import Verdict, decide
from provider_advisor.errors import BatchError, RequirementsError
from provider_advisor.explanation.answer_differences import find_differences
from provider_advisor.explanation.answer_records import as_data
from provider_advisor.explanation.record_answer import record_answer
from provider_advisor.explanation.words import rounded
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.base import Scope
from provider_advisor.knowledge.scope import read_scope
from provider_advisor.requirements import Statement

SCHEMA = "provider-advisor/impact/1"

_EXAMPLES = 3
_REASONS = ("finding", "requirement", "rule", "weight", "set-aside", "cost", "provider", "standing")

Record = dict[str, Any]
Transition = tuple[tuple[int, ...], tuple[int, ...]]


class Asked(NamedTuple):
    """What is compared: two bases as of a day, with the table's schema, and the name of the column of ids.

    `dated` rows may name a day, or providers and sources, of their own. If more than `sample` verdicts change, reasons
    are looked for in a random sample of this size.
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
    sample: Sample
    dated: int
    unread: tuple[str, ...]


def measure_impact(asked: Asked, pieces: Iterable[Piece], watch: Callable[[int, int], None]) -> Impact:
    """Return what changes for the teams in the pieces. `watch` gets the numbers of bytes and rows read.

    Raises BatchError if the columns cannot be read, BatchFailure if the input cannot be.
    """
    comparing = _Comparing(asked)
    # The next block is parsed only when both judges have finished this one, so that memory stays that of one block.
    with ThreadPoolExecutor(2, thread_name_prefix="judge") as pool:
        for piece in pieces:
            block = piece.parse()
            comparing.add(block, pool)
            watch(piece.read, block.records)
    return comparing.make_impact()


class _Comparing:
    """Two judges, and the differences found so far."""

    def __init__(self, asked: Asked) -> None:
        self._schema, self._is_dated = asked.schema, asked.dated
        self._before, self._after = (Facts(base, asked.day, asked.max_age) for base in (asked.before, asked.after))
        self._whole = merge_named(asked.before, asked.after)
        self._providers = tuple(sorted({*asked.before.providers, *asked.after.providers}))
        self._judges = [Judge(facts, self._providers) for facts in (self._before, self._after)]
        self._id = _find_id(asked.schema, asked.id_column)
        self._names = [name for name in NAMES if asked.dated and name in asked.schema.names]
        self._columns = [
            list_readable(asked.schema, asked.before, asked.after) + self._names,
            list_readable(asked.schema, asked.after, asked.before) + self._names,
        ]
        self._compared, self._dated = 0, 0
        self._rejected: Counter[str] = Counter()
        self._transitions: Counter[Transition] = Counter()
        self._sampling = Sampling(asked.sample)

    def add(self, block: Block, pool: ThreadPoolExecutor) -> None:
        """Judge the rows of a block with both bases."""
        rows, unread = self._read_names(block.rows)
        self._rejected["both"] += len(block.rejects)
        self._dated += _count_dated(rows) if self._is_dated else 0
        columns = [names + more for names, more in zip(self._columns, self._list_more(rows), strict=True)]
        before, after = pool.map(call, self._judges, map(rows.select, columns))
        answered = self._find_answered(before, after, unread)
        self._compared += int(answered.sum())
        differs = np.flatnonzero(answered & (before.codes != after.codes).any(axis=1))
        if len(differs):
            read = {*columns[0], *columns[1]}
            some = rows.select([name for name in rows.schema.names if name in read]).take(pa.array(differs))
            found = Sample(some, before.codes[differs], after.codes[differs], self._locate(block, differs))
            self._transitions.update(_count_transitions(found))
            self._sampling.add(found)

    def _list_more(self, rows: pa.RecordBatch) -> list[list[str]]:
        """Return the further columns that each base reads from a block: in JSON Lines, volumes of members."""
        more = [name for name in rows.schema.names if name not in self._schema.names and name.startswith(USAGE)]
        return [[name for name in more if is_known(name, facts.knowledge)] for facts in (self._before, self._after)]

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
                read[key] = read_scope(self._whole, **given)
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
        self._rejected += Counter(both=len(then & now), before=len(then - now), after=len(now - then))
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

    def make_impact(self) -> Impact:
        """Return the differences and their reasons."""
        sample = self._sampling.get_sample()
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
            tuple(sorted({*self._columns[0]} ^ {*self._columns[1]})),
        )


def _find_id(schema: pa.Schema, name: str | None) -> str | None:
    if name is not None and name not in schema.names:
        raise BatchError(f"there is no column '{name}'; expected one of {', '.join(schema.names)}.")
    return name or ("team" if "team" in schema.names else None)


def _count_dated(rows: pa.RecordBatch) -> int:
    """Return how many rows name a day or an age of their own."""
    found = [rows.column(name) for name in ("as_of", "max_age") if name in rows.schema.names]
    own = [np.asarray(column.is_valid()) for column in found]
    return int(np.logical_or.reduce(own).sum()) if own else 0


def _count_transitions(found: Sample) -> dict[Transition, int]:
    """Return how often each pair of verdicts occurs."""
    # Counted as rows of numbers, because thousands of teams share a few pairs of verdicts.
    width = found.before.shape[1]
    pairs, counts = np.unique(np.hstack([found.before, found.after]), axis=0, return_counts=True)
    return {
        (tuple(pair[:width]), tuple(pair[width:])): count
        for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)
    }


def record_impact(impact: Impact, before: str, after: str) -> Record:
    """Return the impact as JSON-ready data, the sides by these names; see `impact_schema` for its JSON Schema.

    Lists have the largest count first. Shares are of the teams compared, null where none was.
    """
    changed = sum(impact.transitions.values())
    # The third number of a verdict is the provider that it recommends; see `EncodedVerdicts`.
    other = sum(count for (then, now), count in impact.transitions.items() if then[2] != now[2])
    ordered = sorted(impact.transitions.items(), key=lambda item: (-item[1], item[0]))
    causes = impact.causes
    return {
        "schema": SCHEMA,
        "as_of": impact.before.as_of.isoformat(),
        "max_age": impact.before.max_age,
        "before": _describe_side(before, impact.before.knowledge),
        "after": _describe_side(after, impact.after.knowledge),
        "rows": impact.compared + sum(impact.rejected.values()),
        "compared": impact.compared,
        "rejected": {name: impact.rejected[name] for name in ("both", "before", "after")},
        "changed": _add_share(changed, impact),
        "other_provider": _add_share(other, impact),
        "transitions": [_record_transition(pair, count, impact) for pair, count in ordered],
        "because": {
            "looked_at": causes.teams,
            "sampled": causes.teams < changed,
            "by_one": causes.by_one,
            "by_any": causes.by_any,
            "together": causes.together,
            "untried": causes.untried,
        },
        "changes": [_record_cause(cause, impact.sample) for cause in causes.parts],
        "examples": list(_list_examples(impact, [pair for pair, _ in ordered])),
        "dated": impact.dated,
        "unread": list(impact.unread),
    }


def _describe_side(name: str, knowledge: KnowledgeBase) -> Record:
    return {"name": name, "fingerprint": knowledge.fingerprint, **knowledge.edition_data}


def _add_share(teams: int, impact: Impact) -> Record:
    return {"teams": teams, "share": rounded(teams / impact.compared) if impact.compared else None}


def _record_transition(pair: Transition, teams: int, impact: Impact) -> Record:
    before, after = _decode_pair(pair, impact)
    return {"before": before.record(), "after": after.record(), **_add_share(teams, impact)}


def _decode_pair(pair: Transition, impact: Impact) -> tuple[Verdict, Verdict]:
    return decode_verdict(pair[0], impact.providers), decode_verdict(pair[1], impact.providers)


def _record_cause(cause: Cause, sample: Sample) -> Record:
    change = cause.change
    return {
        "kind": change.kind,
        "provider": change.provider or None,
        "name": change.name,
        "says": change.says,
        "brings": [part.says for part in cause.brings],
        "alone": _count(cause.alone),
        "otherwise": _count(cause.otherwise),
        "needed": _count(cause.needed),
        "examples": [_locate(sample, int(team)) for team in _choose_few(cause)],
    }


def _count(teams: Ints | None) -> int | None:
    return None if teams is None else len(teams)


def _choose_few(cause: Cause) -> Ints | Sequence[int]:
    """Return a few teams whose verdict the change alone changes, or else some that need it."""
    found = [teams for teams in (cause.alone, cause.needed) if teams is not None and len(teams)]
    return found[0][:_EXAMPLES] if found else ()


def _locate(sample: Sample, team: int) -> Record:
    return dict(sample.places.slice(team, 1).to_pylist()[0])


def _list_examples(impact: Impact, pairs: Sequence[Transition]) -> Iterator[Record]:
    """Yield a team for each of the most frequent transitions, with what differs between its two answers."""
    sample = impact.sample
    codes = [(tuple(one), tuple(two)) for one, two in zip(sample.before.tolist(), sample.after.tolist(), strict=True)]
    for team in [codes.index(pair) for pair in pairs if pair in codes][:_EXAMPLES]:
        row = sample.rows.slice(team, 1).to_pylist()[0]
        then, now = (_answer_row(row, facts) for facts in (impact.before, impact.after))
        found = [part for part in find_differences(then, now) if part["about"] in _REASONS]
        found.sort(key=lambda part: _REASONS.index(part["about"]))
        before, after = _decode_pair(codes[team], impact)
        yield {
            **_locate(sample, team),
            "before": before.record(),
            "after": after.record(),
            "differences": [part["says"] for part in found],
        }


def _answer_row(row: Record, facts: Facts) -> Record:
    """Return the single answer to a row, without columns that the base does not know."""
    facts = limit_facts(facts, {name: row.get(name) for name in NAMES})
    read = {name: value for name, value in row.items() if is_known(name, facts.knowledge)}
    statement = Statement(read_row(read, facts.knowledge), facts.as_of, facts.max_age)
    return dict(as_data(record_answer(decide(statement.team, facts), statement)))
