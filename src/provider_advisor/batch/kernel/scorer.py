"""The kernel of the batch: rows of a table in, the same answers as one by one out, as columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.chaining import Chaining
from provider_advisor.batch.kernel.columns import columns_of, fields_of, words_lists
from provider_advisor.batch.kernel.judging import Judged, judge
from provider_advisor.batch.kernel.memory import Memory
from provider_advisor.batch.kernel.row import team_of
from provider_advisor.batch.kernel.table import Layout, layout_of
from provider_advisor.batch.kernel.tally import Tally
from provider_advisor.batch.kernel.types import Flags
from provider_advisor.batch.kernel.verdicts import judged
from provider_advisor.knowledge import Facts
from provider_advisor.requirements import Statement

__all__ = ["Scored", "Scorer"]


class Scored(NamedTuple):
    """Rows that were scored, in order, with our columns; by place among all rows what is wrong with the others.

    `tally` counts the rows that were scored.
    """

    batch: pa.RecordBatch
    errors: dict[int, str]
    tally: Tally


class Scorer:
    """Scores tables of teams against the facts of a day; made once, of use to any number of threads.

    `reasons` adds lists of reason codes, `explain` the whole JSON of each single answer. `id_column` names the column
    of team ids, which comes first in the result; None is `team`, if there is one.
    """

    def __init__(
        self, facts: Facts, *, id_column: str | None = None, reasons: bool = False, explain: bool = False
    ) -> None:
        self.facts = facts
        self._id_column = id_column
        self._reasons, self._explain = reasons, explain
        self._fields = fields_of(facts.knowledge.providers, reasons=reasons, explain=explain)
        self._chaining = Chaining(facts.knowledge)
        self._memory = Memory(facts)

    def output_schema(self, table: pa.Schema) -> pa.Schema:
        """The schema of the result for a table of this schema: the id, our columns, then those that are carried.

        Raises BatchError if the table's columns cannot be read.
        """
        layout = self._layout(table)
        return pa.schema(self._ordered(layout, [table.field(name) for name in layout.carried], self._fields))

    def score(self, rows: pa.RecordBatch) -> Scored:
        """The rows scored. Raises BatchError if the columns cannot be read."""
        layout = self._layout(rows.schema)
        memory = self._remembered()
        found = judge(rows.select(list(layout.read)), memory, self._chaining)
        verdicts = judged(found.scores)
        kept = np.ones(rows.num_rows, bool)
        kept[list(found.errors)] = False
        tally = memory.tallying.of(memory.cells, found.entries, found.scores, verdicts, kept)
        providers = tuple(self.facts.knowledge.providers)
        some = _kept_by(kept)
        ours = [*map(some, columns_of(providers, verdicts, found.scores, found.costs.low, found.costs.high))]
        if self._reasons:
            ours += self._lists(memory, found, verdicts.among, kept)
        if self._explain:
            ours.append(some(self._explained(rows, kept)))
        carried = [some(rows.column(name)) for name in layout.carried]
        batch = pa.RecordBatch.from_arrays(self._ordered(layout, carried, ours), schema=self.output_schema(rows.schema))
        return Scored(batch, found.errors, tally)

    def _layout(self, table: pa.Schema) -> Layout:
        return layout_of(table, self.facts.knowledge, [field.name for field in self._fields], self._id_column)

    def _ordered(self, layout: Layout, carried: list[pa.Array], ours: list[pa.Array]) -> list[pa.Array]:
        """The id first, then our columns, then the others."""
        first = [part for name, part in zip(layout.carried, carried, strict=True) if name == layout.id]
        rest = [part for name, part in zip(layout.carried, carried, strict=True) if name != layout.id]
        return [*first, *ours, *rest]

    def _remembered(self) -> Memory:
        """The memory, or a new one where it has grown too large; whoever uses the old one still may."""
        if self._memory.is_full:
            self._memory = Memory(self.facts)
        return self._memory

    def _lists(self, memory: Memory, found: Judged, among: Flags, kept: Flags) -> list[pa.Array]:
        """The lists of the rows that are kept; making them so is far cheaper than taking some out."""
        names = [name for name in (field.name for field in self._fields) if name in memory.lists]
        return [
            words_lists(among, tuple(self.facts.knowledge.providers), kept),
            *(memory.lists[name].lists(found.entries, kept, memory.cells) for name in names),
        ]

    def _explained(self, rows: pa.RecordBatch, kept: Flags) -> pa.Array:
        """Each row's whole answer, as a single question gives it."""
        from provider_advisor.recommendation import answer  # noqa: PLC0415 (sentences, which columns do without)

        knowledge, day, age = self.facts.knowledge, self.facts.as_of, self.facts.max_age
        texts: list[str | None] = []
        for record, scored in zip(rows.to_pylist(), kept.tolist(), strict=True):
            statement = Statement(team_of(record, knowledge), day, age) if scored else None
            found = None if statement is None else answer(knowledge, statement).record
            texts.append(None if found is None else json.dumps(found, ensure_ascii=False))
        return pa.array(texts, pa.string())


def _kept_by(kept: Flags) -> Callable[[pa.Array], pa.Array]:
    """What takes out of a column the rows that are not kept."""
    if kept.all():
        return lambda column: column
    mask = arrays.flags(kept)
    return lambda column: column.filter(mask)
