"""Read a sheet of a workbook as a table with typed columns, cut into blocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

import numpy as np
import polars as pl
import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position, show_cells
from provider_advisor.batch.column_names import refuse_other_columns
from provider_advisor.batch.reading.byte_stream import Stream
from provider_advisor.batch.reading.input_files import InputFile, Opener, ReadingOptions
from provider_advisor.errors import BatchError
from provider_advisor.requirements.sheets import (
    Cell,
    Grid,
    describe_skipped,
    find_header,
    take_header,
    write_cell,
)
from provider_advisor.requirements.workbook import LARGEST_FILE, read_sheet, refuse_large_file

_ROWS = 10_000
_WHOLE = float(2**53)  # a sheet has only floats, which from here on skip whole numbers
Types = dict[str, pa.DataType]
_POLARS: dict[pa.DataType, pl.DataType] = {
    pa.string(): pl.String(), pa.int64(): pl.Int64(), pa.float64(): pl.Float64(),
    pa.date32(): pl.Date(), pa.timestamp("us"): pl.Datetime("us"),
}  # fmt: skip


def open_workbooks(
    sources: Sequence[InputFile], options: ReadingOptions, is_known: Callable[[str], bool]
) -> tuple[pa.Schema, Opener, tuple[str, ...]]:
    """Return the columns of a sheet of each workbook, their blocks, and what was skipped in them, for people.

    Headers are found by names that are known, or below the skipped lines. Raises BatchError, RequirementsError and
    BatchFailure.
    """
    grids = [_read_grid(source, options.sheet, options.skip_lines, is_known) for source in sources]
    refuse_other_columns([source.name for source in sources], [grid.names for grid in grids])
    # A number or a date if all cells of the column are, otherwise text.
    types = {
        name: _choose_type(chain.from_iterable(_list_cells(grid, name) for grid in grids)) for name in grids[0].names
    }

    def opener(_source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        return _cut_grid(grids[file], types, options.decimal or ".", file, start)

    return pa.schema(types), opener, tuple(note for grid in grids for note in describe_skipped(grid))


def _read_grid(source: InputFile, sheet: str | None, skip_rows: int, is_known: Callable[[str], bool]) -> Grid:
    refuse_large_file(source.size, source.name)
    with Stream(source) as stream:
        content = stream.read(LARGEST_FILE + 1)
        stream.check_unchanged()
    found = read_sheet(content, source.name, sheet)
    rest = found.rows[skip_rows:]
    header = skip_rows + (find_header(rest, lambda _: False) if skip_rows else find_header(rest, is_known))
    grid = take_header(found, header, is_known)
    if not grid.names:
        raise BatchError(f"{source.name} is empty; expected a row with the column names.")
    return grid


def _list_cells(grid: Grid, name: str) -> list[Cell]:
    place = grid.names.index(name)
    return [row[place] for row in grid.rows]


def _choose_type(cells: Iterable[Cell]) -> pa.DataType:
    # Of 1 | 2.5 | empty the type is a float, of 1 | 2 | empty an integer, of 1 | x | 2020-01-01 a text.
    filled = [cell for cell in cells if cell is not None]
    kinds = set(map(type, filled))
    if kinds == {float}:
        is_whole = all(cell.is_integer() and abs(cell) < _WHOLE for cell in filled if isinstance(cell, float))
        return pa.int64() if is_whole else pa.float64()
    if kinds == {dt.date}:
        return pa.date32()
    return pa.timestamp("us") if kinds == {dt.datetime} else pa.string()


def _cut_grid(grid: Grid, types: Types, decimal: str, file: int, start: Position) -> Iterator[Piece]:
    """Yield the blocks of a table from a position on; rows have the sheet's row numbers."""

    def parse(begin: int) -> Block:
        part = grid._replace(rows=grid.rows[begin : begin + _ROWS])
        columns = [_make_column(_list_cells(part, name), kind, decimal) for name, kind in types.items()]
        rows, count = pa.RecordBatch.from_arrays(columns, list(types)), len(part.rows)
        numbers, end = np.arange(count) + grid.first, Position(file, begin + count)
        return Block(grid.file, rows, numbers, (), count, end, lambda row: _show_row(grid.names, part.rows[row]))

    for begin in range(start.offset, len(grid.rows), _ROWS):
        yield Piece(partial(parse, begin), 0)


def _make_column(cells: Sequence[Cell], kind: pa.DataType, decimal: str) -> pa.Array:
    """Return the cells of a column, made by Polars, because `pyarrow.array` would import pandas if installed."""
    if kind == pa.string():
        cells = [cell if cell is None or isinstance(cell, str) else write_cell(cell, decimal) for cell in cells]
    elif kind == pa.int64():
        cells = [int(cell) if isinstance(cell, float) else cell for cell in cells]
    return pl.Series(cells, dtype=_POLARS[kind]).to_arrow().cast(kind)


def _show_row(names: Iterable[str], row: Sequence[Cell]) -> str:
    return show_cells({name: write_cell(cell) for name, cell in zip(names, row, strict=True) if cell is not None})
