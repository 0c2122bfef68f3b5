"""Frames written as CSV, JSON Lines or Parquet, by Polars."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from provider_advisor.batch.writing.disk import concatenate
from provider_advisor.batch.writing.row_groups import join_row_groups
from provider_advisor.errors import BatchError

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

__all__ = ["JOINER", "Shaper", "encoded", "frame_of", "join_parts", "shaper", "sink"]

JOINER = ";"
Shaper = Callable[[pa.RecordBatch], pl.DataFrame]


def frame_of(table: pa.RecordBatch | pa.Table) -> pl.DataFrame:
    """The same table for Polars."""
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(frame)
    return frame


def shaper(schema: pa.Schema, form: str) -> tuple[pl.Schema, Shaper]:
    """The columns of an output in this form, and how a table of the schema becomes a frame with them.

    CSV holds no lists: theirs are joined by `;`. JSON holds no bytes. Raises BatchError for a column that the form
    cannot hold.
    """
    given = _empty(schema)
    if form == "jsonl":
        _refuse_bytes(given.schema)
    if form != "csv":
        return given.schema, frame_of
    changes = [change for name, kind in given.schema.items() for change in _flat(name, kind)]
    return given.with_columns(changes).schema, lambda table: frame_of(table).with_columns(changes)


def _empty(schema: pa.Schema) -> pl.DataFrame:
    for field in schema:
        try:
            _without_rows(pa.schema([field]))
        except (pl.exceptions.PolarsError, pa.ArrowException, ValueError, TypeError, NotImplementedError) as error:
            raise BatchError(
                f"the column '{field.name}' holds {field.type}, which cannot be written; leave it out."
            ) from error
    return _without_rows(schema)


def _without_rows(schema: pa.Schema) -> pl.DataFrame:
    # pa.Schema.empty_table would look for pandas, and import it.
    return frame_of(pa.Table.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema))


def _refuse_bytes(schema: pl.Schema) -> None:
    for name, kind in schema.items():
        if _holds_bytes(kind):
            raise BatchError(f"the column '{name}' holds {kind}, which JSON cannot hold; write Parquet.")


def _holds_bytes(kind: PolarsDataType) -> bool:
    if isinstance(kind, pl.Struct):
        return any(_holds_bytes(field.dtype) for field in kind.fields)
    if isinstance(kind, pl.List | pl.Array):
        return _holds_bytes(kind.inner)
    return bool(kind == pl.Binary)


def _flat(name: str, kind: pl.DataType) -> Iterator[pl.Expr]:
    column = pl.col(name)
    if isinstance(kind, pl.List | pl.Array) and not kind.inner.is_nested() and not _holds_bytes(kind):
        texts = (
            column.cast(pl.List(pl.String))
            if isinstance(kind, pl.List)
            else column.arr.to_list().cast(pl.List(pl.String))
        )
        joined = texts.list.join(JOINER, ignore_nulls=True)
        yield pl.when(joined != "").then(joined).alias(name)
    elif kind == pl.String:
        yield pl.when(column != "").then(column).alias(name)  # an empty cell, where Polars would write ""
    elif isinstance(kind, pl.Struct) and not _holds_bytes(kind):
        yield column.struct.json_encode()
    elif kind.is_nested() or isinstance(kind, pl.Binary | pl.Object | pl.Duration):
        others = "Parquet" if _holds_bytes(kind) else "Parquet or JSON Lines"
        raise BatchError(f"the column '{name}' holds {kind}, which CSV cannot hold; write {others}.")


def sink(
    frames: Callable[[], Iterator[pl.DataFrame]], schema: pl.Schema, form: str, target: Path, *, first: bool
) -> None:
    """Write frames, as they come, to a file; of several that are put together, the `first` has the header of CSV.

    Raises what the frames raise, and OSError or PolarsError.
    """
    lazy = register_io_source(lambda *_: frames(), schema=schema, is_pure=True)
    if form == "parquet":
        lazy.sink_parquet(target, compression="snappy")
    elif form == "csv":
        lazy.sink_csv(target, include_header=first)
    else:
        lazy.sink_ndjson(target)


def encoded(frame: pl.DataFrame, form: str, *, first: bool) -> bytes:
    """A frame as bytes of a text that goes on; the first brings the header of CSV."""
    out = io.BytesIO()
    if form == "csv":
        frame.write_csv(out, include_header=first)
    else:
        frame.write_ndjson(out)
    return out.getvalue()


def join_parts(parts: list[Path], form: str, target: Path) -> None:
    """Several files of one form put together in one."""
    if form == "parquet" and join_row_groups(parts, target):
        return
    if form == "parquet":
        pl.scan_parquet(parts, glob=False).sink_parquet(target, compression="snappy")
    else:
        concatenate(parts, target)
