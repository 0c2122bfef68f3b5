"""Score Arrow batches and return the same rows with answers, in Spark, Dask, Ray, Flink or a loop."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pyarrow as pa

from provider_advisor.batch.column_names import SCOPE_COLUMNS
from provider_advisor.batch.input_columns import ColumnPlan, plan_columns
from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.scorer import Scored, Scorer
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase, facts_as_of, load
from provider_advisor.knowledge.scope import Scope
from provider_advisor.written_values import today

ERROR = "error"
"""The last column of a result: why a row has no answer."""

_MOST_KEPT = 16
_Key = tuple[str, dt.date, int | None, str | None, bool, bool]
_scorers: dict[_Key, Scorer] = {}


def score_arrow(  # noqa: PLR0913 (everything that affects an answer)
    batch: pa.RecordBatch,
    knowledge: KnowledgeBase | None = None,
    *,
    as_of: dt.date | None = None,
    max_age: int | None = None,
    id_column: str | None = None,
    reasons: bool = False,
    explain: bool = False,
) -> pa.RecordBatch:
    """Return all rows in order: the id, the answer columns, the other columns of the batch, and `error`.

    Columns are read like those of a file of teams: `needs`, `wants`, `situation.<topic>` and `usage.<item>`. Other
    spellings (`Needs`, `usage_<item>`) and structs named `situation` and `usage` are read, too. Columns that select
    days, providers or sources, such as `as_of` and `only`, are refused; use `as_of` and `max_age` here, and
    `knowledge.restrict` to limit providers and sources, for all rows.

    A row that cannot be scored has nulls instead of an answer, and a sentence in `error`, which is null in other rows.
    Words are plain strings, see `arrow_schema`. By default, `knowledge` is the shipped knowledge base and `as_of` is
    today; `max_age` is in days. Scorers are cached per process, so calling this once per batch is cheap. Thread-safe.

    Raises BatchError if the columns cannot be read.

    >>> batch = pa.RecordBatch.from_pydict({"team": ["a", "b"], "needs": ["no-such-word", ""]})
    >>> score_arrow(batch).select(["team", "verdict"]).to_pylist()
    [{'team': 'a', 'verdict': None}, {'team': 'b', 'verdict': 'undetermined'}]
    """
    if not isinstance(batch, pa.RecordBatch):
        raise BatchError(
            f"expected a pyarrow RecordBatch, not {type(batch).__name__}; Table.to_batches() returns them."
        )
    scorer = _get_scorer(knowledge, as_of, max_age, id_column, reasons=reasons, explain=explain)
    batch = _plan_columns(scorer, batch.schema, id_column).apply(batch)
    scored = scorer.score(batch)
    schema = _make_schema(scorer, batch.schema)
    answers, errors = _spread_answers(scored, batch.num_rows)
    given = set(batch.schema.names)
    columns = [(batch if name in given else answers).column(name) for name in schema.names if name != ERROR]
    plain = [column.cast(field.type) for column, field in zip([*columns, errors], schema, strict=True)]
    return pa.RecordBatch.from_arrays(plain, schema=schema)


def _spread_answers(scored: Scored, rows: int) -> tuple[pa.RecordBatch, pa.Array]:
    """Return answers and errors for all rows; each row has nulls in one of the two."""
    if not scored.errors:
        return scored.batch, pa.nulls(rows, pa.string())
    # For three rows with an error in the second, the answers have the indexes 0, null and 1.
    wrong = np.zeros(rows, bool)
    wrong[list(scored.errors)] = True
    places = arrays.make_numbers(np.cumsum(~wrong) - 1, arrays.pack_bits(~wrong))
    return scored.batch.take(places), pa.array([scored.errors.get(row) for row in range(rows)], pa.string())


def arrow_schema(
    table: pa.Schema,
    knowledge: KnowledgeBase | None = None,
    *,
    id_column: str | None = None,
    reasons: bool = False,
    explain: bool = False,
) -> pa.Schema:
    """Return the schema of `score_arrow` for a table: strings, floats and lists of strings.

    The other columns of the table keep their types, except that dictionaries become plain values. Raises BatchError if
    the columns cannot be read, or if one has the name of an output column.
    """
    scorer = _get_scorer(knowledge, None, None, id_column, reasons=reasons, explain=explain)
    return _make_schema(scorer, _plan_columns(scorer, table, id_column).schema)


def _plan_columns(scorer: Scorer, table: pa.Schema, id_column: str | None) -> ColumnPlan:
    plan = plan_columns(table, scorer.facts.knowledge, id_column=id_column)
    for name in set(SCOPE_COLUMNS) & set(plan.schema.names):
        instead = f"knowledge.restrict({name}=…)" if name in Scope._fields else f"{name}=…"
        raise BatchError(
            f"the column '{name}' is not read here; {instead} sets it for all rows. Remove or rename the column."
        )
    return plan


@cache
def load_shipped() -> KnowledgeBase:
    """Return the shipped knowledge base, loaded once per process."""
    return load()


def _make_schema(scorer: Scorer, table: pa.Schema) -> pa.Schema:
    if ERROR in table.names:
        raise BatchError(f"the column '{ERROR}' has the same name as a column of the result; rename it.")
    found = [field.with_type(_drop_dictionaries(field.type)) for field in scorer.output_schema(table)]
    return pa.schema([*found, pa.field(ERROR, pa.string())])


def _drop_dictionaries(kind: pa.DataType) -> pa.DataType:
    """Return the type without dictionaries, which other engines refuse or read as numbers."""
    if pa.types.is_dictionary(kind):
        return _drop_dictionaries(kind.value_type)
    return arrays.change_inner_types(kind, _drop_dictionaries)


def _get_scorer(  # noqa: PLR0913 (everything that affects an answer)
    knowledge: KnowledgeBase | None,
    as_of: dt.date | None,
    max_age: int | None,
    id_column: str | None,
    *,
    reasons: bool,
    explain: bool,
) -> Scorer:
    """Return the cached scorer for these options, or create one.

    There is no lock, because a fork could copy it while it is held. At first, two threads may each create a scorer; one
    of them is kept.
    """
    base = knowledge or load_shipped()
    day = as_of or today()
    key = (base.fingerprint, day, max_age, id_column, reasons, explain)
    found = _scorers.get(key)
    if found is None:
        facts = facts_as_of(base, day, max_age)
        for old in list(_scorers)[: max(0, len(_scorers) + 1 - _MOST_KEPT)]:
            _scorers.pop(old, None)
        made = Scorer(facts, id_column=id_column, reasons=reasons, explain=explain)
        found = _scorers.setdefault(key, made)
    return found
