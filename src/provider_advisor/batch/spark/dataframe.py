"""Score a Spark DataFrame of teams."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from provider_advisor.batch.arrow import arrow_schema, load_shipped, score_arrow
from provider_advisor.batch.spark.session import PackedKnowledge, pack_knowledge
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.written_values import today

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType


class _FrameTask(NamedTuple):
    """What a worker needs: the knowledge base, `score_arrow` with its options, and the names of columns."""

    packed: PackedKnowledge
    score: partial[pa.RecordBatch]
    given: tuple[str, ...]
    names: tuple[str, ...]


def score_spark(  # noqa: PLR0913 (what an answer depends on)
    frame: DataFrame,
    knowledge: KnowledgeBase | None = None,
    *,
    as_of: dt.date | None = None,
    max_age: int | None = None,
    id_column: str | None = None,
    reasons: bool = False,
    explain: bool = False,
) -> DataFrame:
    """Return all rows of a DataFrame of teams: the id, the answer's columns, those that are carried, and `error`.

    Columns and options are those of `score_arrow`. Because a dot in a name means a field of a struct to Spark, the
    answer's columns have an underscore in its place (`acme_standing`); columns that are carried keep their names.
    Nothing is computed before Spark is asked for rows; the day is settled now. Each worker unpacks the knowledge base
    once. The workers need this package, in the same version.

    Raises BatchError if the columns cannot be read, or two of the result would have one name.
    """
    base = knowledge or load_shipped()
    day = as_of or today()
    table = _convert_to_arrow(frame)
    result = arrow_schema(table, base, id_column=id_column, reasons=reasons, explain=explain)
    names = tuple(name if name in table.names else name.replace(".", "_") for name in result.names)
    _refuse_duplicates(names)
    score = partial(score_arrow, as_of=day, max_age=max_age, id_column=id_column, reasons=reasons, explain=explain)
    task = _FrameTask(pack_knowledge(base), score, tuple(table.names), names)
    # Names without dots, because Spark would resolve them.
    safe = frame.toDF(*(f"c{place}" for place in range(len(table.names))))
    return safe.mapInArrow(partial(_score_batches, task), _convert_to_spark(frame, result, names))


def _score_batches(task: _FrameTask, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    base = task.packed.unpack()
    for batch in batches:
        yield task.score(batch.rename_columns(task.given), base).rename_columns(task.names)


def _convert_to_arrow(frame: DataFrame) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_type  # noqa: PLC0415 (only here, only with Spark)

    fields = []
    for field in frame.schema.fields:
        try:
            fields.append(pa.field(field.name, to_arrow_type(field.dataType), field.nullable))
        except TypeError as error:
            kind = field.dataType.simpleString()
            raise BatchError(
                f"the column '{field.name}' contains {kind}, which Arrow does not know; leave it out."
            ) from error
    return pa.schema(fields)


def _convert_to_spark(frame: DataFrame, result: pa.Schema, names: Sequence[str]) -> StructType:
    from pyspark.sql.pandas.types import from_arrow_type  # noqa: PLC0415
    from pyspark.sql.types import StructField, StructType  # noqa: PLC0415

    given = {field.name: field for field in frame.schema.fields}
    return StructType(
        [
            given[field.name] if field.name in given else StructField(name, from_arrow_type(field.type))
            for field, name in zip(result, names, strict=True)
        ]
    )


def _refuse_duplicates(names: Sequence[str]) -> None:
    """Raise BatchError for two names that differ only in capitals, which Spark takes for one."""
    found: set[str] = set()
    for name in names:
        if name.lower() in found:
            raise BatchError(f"the result would have two columns called '{name}'; rename yours.")
        found.add(name.lower())
