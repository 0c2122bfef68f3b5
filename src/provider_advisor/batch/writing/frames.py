"""Scored rows as CSV, JSON Lines or Parquet, by Polars."""

from __future__ import annotations

import contextlib
import io
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from provider_advisor.batch.blocks import Done, RowCounts
from provider_advisor.batch.writing.rejects import open_rejects, write_rejects
from provider_advisor.errors import BatchError

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

_JOINER = ";"
_ROWS_AT_ONCE = 100_000


def plan_columns_of_form(schema: pa.Schema, form: str) -> tuple[pl.Schema, list[pl.Expr]]:
    """Return the output columns for this format, and how to turn unsupported ones into texts.

    CSV and workbooks have no lists: items are joined by `;`. JSON has no bytes. Raises BatchError for a column that the
    format cannot represent.
    """
    given = _make_empty(schema)
    for name, kind in given.schema.items() if form == "jsonl" else ():
        if _holds_bytes(kind):
            raise BatchError(f"the column '{name}' contains {kind}, which JSON cannot represent; write Parquet.")
    flat = {"csv": "CSV", "xlsx": "a workbook"}.get(form)
    changes = [change for name, kind in given.schema.items() for change in _flatten(name, kind, flat)] if flat else []
    return given.with_columns(changes).schema, changes


def _make_empty(schema: pa.Schema) -> pl.DataFrame:
    # pa.Schema.empty_table would look for pandas, and import it.
    columns = [pa.nulls(0, field.type) for field in schema]
    for field, column in zip(schema, columns, strict=True):
        try:
            pl.from_arrow(pa.Table.from_arrays([column], schema=pa.schema([field])))
        except (pl.exceptions.PolarsError, pa.ArrowException, ValueError, TypeError, NotImplementedError) as error:
            raise BatchError(
                f"the column '{field.name}' contains {field.type}, which cannot be written; leave it out."
            ) from error
    # All at once, as rows are converted later: Polars names a column without a name by its place in the table.
    return cast("pl.DataFrame", pl.from_arrow(pa.Table.from_arrays(columns, schema=schema)))


def _holds_bytes(kind: PolarsDataType) -> bool:
    if isinstance(kind, pl.Struct):
        return any(_holds_bytes(field.dtype) for field in kind.fields)
    if isinstance(kind, pl.List | pl.Array):
        return _holds_bytes(kind.inner)
    return bool(kind == pl.Binary)


def _flatten(name: str, kind: pl.DataType, form: str) -> Iterator[pl.Expr]:
    column = pl.selectors.by_name(name).as_expr()  # `pl.col("*")` would be all columns
    if isinstance(kind, pl.List | pl.Array) and not kind.inner.is_nested() and not _holds_bytes(kind):
        texts = (column.arr.to_list() if isinstance(kind, pl.Array) else column).cast(pl.List(pl.String))
        joined = texts.list.join(_JOINER, ignore_nulls=True)
        yield pl.when(joined != "").then(joined).alias(name)
    elif kind == pl.String:
        yield pl.when(column != "").then(column).alias(name)  # an empty cell, where Polars would write ""
    elif isinstance(kind, pl.Struct) and not _holds_bytes(kind):
        yield column.map_batches(_encode_structs, return_dtype=pl.String)
    elif kind.is_nested() or isinstance(kind, pl.Binary | pl.Object | pl.Duration):
        others = "Parquet" if _holds_bytes(kind) else "Parquet or JSON Lines"
        raise BatchError(f"the column '{name}' contains {kind}, which {form} cannot represent; write {others}.")


def write_frames(
    frames: Iterator[pl.DataFrame], schema: pl.Schema, form: str, file: BinaryIO, *, header: bool = True
) -> None:
    """Write frames one by one to an open file; CSV with or without a header.

    Raises exceptions of the frames, OSError and PolarsError.
    """
    if form == "jsonl":
        for frame in frames:
            _write_json_rows(frame, file)
        return
    # Polars asks for the frames, as from the source of a lazy table: it has no writer to which they could be added.
    raised: list[BaseException] = []  # Polars replaces exceptions of its source with its own

    def yield_frames() -> Iterator[pl.DataFrame]:
        try:
            yield from frames
        except BaseException as error:
            raised.append(error)
            raise

    lazy = register_io_source(lambda *_: yield_frames(), schema=schema, is_pure=True)
    try:
        if form == "parquet":
            # Snappy takes less time than zstd, the default, for files about twice as large.
            lazy.sink_parquet(file, compression="snappy")
        else:
            lazy.sink_csv(file, include_header=header)
    except Exception as error:
        raise next(iter(raised), error) from error


def _encode_frame(frame: pl.DataFrame, form: str, *, header: bool) -> bytes:
    """Return a frame as bytes of CSV, with its header or without, or of JSON Lines."""
    out = io.BytesIO()
    if form == "csv":
        frame.write_csv(out, include_header=header)
    else:
        _write_json_rows(frame, out)
    return out.getvalue()


def _write_json_rows(frame: pl.DataFrame, file: BinaryIO) -> None:
    """Write rows as JSON Lines, with "inf", "-inf" and "NaN" as texts: JSON has no such numbers.

    CSV has the same words. Polars writes null, as if the input had nothing there.
    """
    odd = [(column.name, marks) for column in frame if (marks := _mark_odd(column)).any()]
    if not odd:
        frame.write_ndjson(file)
        return
    lines = [b""] * len(frame)
    # A column has one type, so that rows in which other columns become texts are written apart.
    patterns = pl.DataFrame([marks.alias(str(place)) for place, (_, marks) in enumerate(odd)])
    for pattern, found in patterns.with_row_index("row").group_by(patterns.columns):
        rows = frame[found["row"]]
        texts = [
            rows[name].cast(_as_text(rows[name].dtype))
            for (name, _), is_odd in zip(odd, pattern, strict=True)
            if is_odd
        ]
        written = rows.with_columns(texts).write_ndjson().encode().splitlines(keepends=True)
        for row, line in zip(found["row"], written, strict=True):
            lines[row] = line
    file.writelines(lines)


def _encode_structs(column: pl.Series) -> pl.Series:
    plain, odd = column.struct.json_encode(), _mark_odd(column)
    return column.cast(_as_text(column.dtype)).struct.json_encode().zip_with(odd, plain) if odd.any() else plain


def _mark_odd(column: pl.Series) -> pl.Series:
    """Return for each row whether it holds a number that JSON does not have."""
    if column.dtype.is_float():
        return ~column.is_finite().fill_null(value=True)
    if _as_text(column.dtype) == column.dtype:
        return pl.repeat(value=False, n=len(column), eager=True)
    return pl.Series([_is_odd(value) for value in column.to_list()], dtype=pl.Boolean)


def _is_odd(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(_is_odd, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and not math.isfinite(value)


def _as_text(kind: PolarsDataType) -> PolarsDataType:
    """Return the type with texts in place of floating-point numbers."""
    if isinstance(kind, pl.List):
        return pl.List(_as_text(kind.inner))
    if isinstance(kind, pl.Array):
        return pl.Array(_as_text(kind.inner), kind.size)
    if isinstance(kind, pl.Struct):
        return pl.Struct([pl.Field(field.name, _as_text(field.dtype)) for field in kind.fields])
    return pl.String() if kind.is_float() else kind


def join_parts(parts: Sequence[Path], form: str, target: Path) -> None:
    """Join files of one format into a new file, in bounded memory. Raises OSError or PolarsError.

    Parquet is read and written again, because copying row groups would mean writing the footer ourselves.
    """
    with target.open("xb") as out:
        if form == "parquet":
            with _scan_part(parts[0]) as rows:
                schema = rows.collect_schema()
            write_frames(_read_parts(parts), schema, form, out)
        else:
            # Only the first part of a CSV file was written with a header.
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())


def _read_parts(parts: Sequence[Path]) -> Iterator[pl.DataFrame]:
    """Yield the rows of Parquet files. One scan of all files would read hundreds of megabytes ahead of the writer."""
    for part in parts:
        with _scan_part(part) as rows:
            count = rows.select(pl.len()).collect().item()
            for start in range(0, count, _ROWS_AT_ONCE):
                yield rows.slice(start, _ROWS_AT_ONCE).collect()


@contextlib.contextmanager
def _scan_part(part: Path) -> Iterator[pl.LazyFrame]:
    try:
        str(part).encode()
    except UnicodeEncodeError:  # Polars cannot open such a name, only a file that is open already
        with part.open("rb") as file:
            yield pl.scan_parquet(file)
    else:
        yield pl.scan_parquet(part, glob=False)


def write_stream(
    blocks: Iterator[Done], schema: pl.Schema, form: str, rejects: Path | None, watch: Callable[[Done], None]
) -> RowCounts:
    """Write the blocks to standard output one by one, and return their counts.

    Rejects go to a file that appears at the end, or line by line to standard error.
    """
    counts = RowCounts.zero()
    out = sys.stdout.buffer
    out.write(_encode_frame(pl.DataFrame(schema=schema), form, header=True))
    with open_rejects(rejects) as file:
        for done in blocks:
            out.write(_encode_frame(done.frame, form, header=False))
            write_rejects(done.rejects, file)
            counts += done.counts
            watch(done)
        out.flush()
    return counts
