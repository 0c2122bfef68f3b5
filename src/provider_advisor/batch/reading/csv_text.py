"""Blocks of CSV text, parsed into columns of strings.

Arrow parses; what it would drop, mend or fail on is found first and becomes a reject. That every record is either a row
or a reject is counted; where the counts differ the block is read again, record by record, with the scanner of `quotes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc

from provider_advisor.batch.blocks import Block, Position, Reject, shown_record
from provider_advisor.batch.native import find_places
from provider_advisor.batch.reading.layout import Layout
from provider_advisor.batch.reading.quotes import cells_of, record_ends, scan
from provider_advisor.batch.reading.spoilt import spoilt_records
from provider_advisor.batch.reading.texts import Text

__all__ = ["parse_exactly", "parse_text"]

Places = npt.NDArray[np.int64]
_NEWLINE, _RETURN = ord("\n"), ord("\r")
_BOM = b"\xef\xbb\xbf"


class _Parsed(NamedTuple):
    """Rows, and what Arrow could not make a row of: the number of cells by place among all records."""

    rows: pa.RecordBatch
    ragged: dict[int, int]

    @property
    def records(self) -> int:
        return int(self.rows.num_rows) + len(self.ragged)


class _Records(NamedTuple):
    """Where each record of a text begins and ends; blank lines are none."""

    starts: Places
    ends: Places


class _Origin(NamedTuple):
    """What a block came from, and how it is called."""

    text: Text
    layout: Layout
    source: str
    file: int


def parse_text(text: Text, layout: Layout, source: str, file: int) -> Block:
    """The block of a text; its numbers count from its own beginning."""
    origin = _Origin(text, layout, source, file)
    parsed = None
    if not text.cut.spoilt and _returns_end_lines(text):
        parsed = _parsed(memoryview(text.data)[: text.cut.end], layout, ragged_too=text.data.isascii())
        newlines = find_places(b"\n", text.data, text.cut.end)
        if parsed is not None and parsed.records == newlines.size:
            reasons = {place: _ragged(cells, layout) for place, cells in parsed.ragged.items()}
            ends_with_line = text.data[text.cut.end - 1 : text.cut.end] == b"\n"
            records = cache(lambda: _by_lines(newlines) if ends_with_line else _records(text))
            return _block(origin, parsed.rows, reasons, records)
    return _parse_carefully(origin, parsed)


def _returns_end_lines(text: Text) -> bool:
    """Whether a newline follows every carriage return; looking at all bytes is faster than counting the pairs."""
    if b"\r" not in text.data:
        return True
    array = np.frombuffer(text.data, np.uint8, text.cut.end)
    return not ((array[:-1] == _RETURN) & (array[1:] != _NEWLINE)).any()


def _parse_carefully(origin: _Origin, parsed: _Parsed | None) -> Block:
    """The block where lines and records are not the same, or some records have to be left out."""
    text, layout = origin.text, origin.layout
    records = _records(text)
    reasons = spoilt_records(text, records.starts, records.ends, layout.separator)
    if reasons or parsed is None:
        parsed = _parsed(memoryview(_without(text, records, reasons)), layout, ragged_too=True)
    if parsed is None or parsed.records != records.starts.size - len(reasons):
        return parse_exactly(text, layout, origin.source, origin.file)
    kept = np.delete(np.arange(records.starts.size), list(reasons))
    reasons |= {int(kept[place]): _ragged(cells, layout) for place, cells in parsed.ragged.items()}
    return _block(origin, parsed.rows, reasons, lambda: records)


def parse_exactly(text: Text, layout: Layout, source: str, file: int) -> Block:
    """The same block, with every record scanned byte by byte: twenty times as slow, and never wrong."""
    records = _records(text)
    reasons = spoilt_records(text, records.starts, records.ends, layout.separator)
    columns: list[list[str]] = [[] for _ in layout.names]
    for place, start in enumerate(records.starts.tolist()):
        record = None if place in reasons else scan(text.data, start, layout.separator, final=True)
        if record is None:
            continue
        if len(record.cells) != len(columns):
            reasons[place] = _ragged(len(record.cells), layout)
            continue
        for column, cell in zip(columns, cells_of(text.data, record), strict=True):
            column.append(cell.decode())
    rows = pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], list(layout.names))
    return _block(_Origin(text, layout, source, file), rows, reasons, lambda: records)


def _parsed(data: memoryview, layout: Layout, *, ragged_too: bool) -> _Parsed | None:
    """What Arrow reads; None if it fails, or might drop something in silence.

    Rows that are not UTF-8 never reach the handler of ragged ones, so it is set only where there are none.
    """
    if bytes(data[:3]) == _BOM:  # Arrow would take it for the beginning of a file, and leave it out.
        return None
    if not data:
        return _Parsed(pa.RecordBatch.from_pylist([], layout.schema), {})
    ragged: dict[int, int] = {}

    def skip(row: pc.InvalidRow) -> str:
        ragged[row.number - 1] = row.actual_columns
        return "skip"

    parsing = pc.ParseOptions(delimiter=layout.separator.decode(), newlines_in_values=True)
    if ragged_too:
        parsing.invalid_row_handler = skip
    try:
        table = pc.read_csv(
            pa.py_buffer(data),
            pc.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(layout.names)),
            parsing,
            pc.ConvertOptions(column_types=layout.schema, check_utf8=not ragged_too),
        )
    except pa.ArrowInvalid:
        return None
    batches = table.combine_chunks().to_batches()
    return _Parsed(batches[0] if batches else pa.RecordBatch.from_pylist([], layout.schema), ragged)


def _records(text: Text) -> _Records:
    ends = record_ends(text.data, text.cut)
    starts = np.concatenate([[0], ends[:-1]])
    short = np.flatnonzero(ends - starts <= len(b"\r\n"))
    blank = [place for place in short.tolist() if not text.data[starts[place] : ends[place]].strip(b"\r\n")]
    return _Records(np.delete(starts, blank), np.delete(ends, blank)) if blank else _Records(starts, ends)


def _by_lines(newlines: Places) -> _Records:
    """The same where each line is a record."""
    ends = newlines + 1
    return _Records(np.concatenate([[0], ends[:-1]]), ends)


def _without(text: Text, records: _Records, places: Iterable[int]) -> bytes:
    """The text without the records at these places."""
    parts, end = [], 0
    for place in sorted(places):
        parts.append(text.data[end : records.starts[place]])
        end = int(records.ends[place])
    return b"".join([*parts, text.data[end : text.cut.end]])


def _ragged(cells: int, layout: Layout) -> str:
    return f"has {cells:,} {'field' if cells == 1 else 'fields'}, expected {len(layout.names):,}"


def _block(origin: _Origin, rows: pa.RecordBatch, reasons: dict[int, str], records: Callable[[], _Records]) -> Block:
    """The block of the rows and of the records that are none, by their places."""
    count = rows.num_rows + len(reasons)
    numbers = np.delete(np.arange(1, count + 1), list(reasons))

    def raw(number: int) -> str:
        found = records()
        return shown_record(origin.text.data[found.starts[number - 1] : found.ends[number - 1]])

    rejects = [Reject(origin.source, place + 1, raw(place + 1), reasons[place]) for place in sorted(reasons)]
    end = Position(origin.file, origin.text.end)
    return Block(origin.source, rows, numbers, tuple(rejects), count, end, lambda row: raw(int(numbers[row])))
