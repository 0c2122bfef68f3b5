"""CSV: the header, and blocks of text parsed into columns of strings.

Arrow parses. Records that it would drop, repair or fail on are found first and become rejects. Every record is counted
as a row or a reject; if the counts differ, the block is read again with the scanner of `text_blocks`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc

from provider_advisor.batch.blocks import Block, Position, make_block, show_record
from provider_advisor.batch.native import find_places
from provider_advisor.batch.reading.sources import Limits, Stream, find_repeated, refuse_other_encodings
from provider_advisor.batch.reading.text_blocks import TextBlock, find_record_ends, read_cells, scan_record
from provider_advisor.errors import BatchError

Places = npt.NDArray[np.int64]
_NEWLINE, _RETURN = ord("\n"), ord("\r")
_BOM = codecs.BOM_UTF8
_LONGEST_HEADER = 1 << 16
_SEPARATOR_LINE = re.compile(rb"(?P<quote>\"?)sep=(?P<separator>[^\"\r\n\x80-\xff])(?P=quote)\r?\n", re.IGNORECASE)
_SEPARATORS = {b",": "','", b";": "';'", b"\t": "tab", b"|": "'|'"}


class Header(NamedTuple):
    """The columns of a CSV text, its separator, and the byte at which its first record begins."""

    names: tuple[str, ...]
    separator: bytes
    start: int

    @property
    def schema(self) -> pa.Schema:
        """Return the schema: every column is text."""
        return pa.schema([(name, pa.string()) for name in self.names])


def read_header(stream: Stream, separator: bytes, limits: Limits, skip_lines: int = 0) -> Header:
    """Read the header, leaving the stream at the first record. Raises BatchError.

    `skip_lines` are skipped before it. A line such as `sep=;`, as Excel writes it, sets the separator.
    """
    name = stream.source.name
    size = max(limits.block, _LONGEST_HEADER)
    head = stream.read(size)
    refuse_other_encodings(head, name)
    start = len(_BOM) if head.startswith(_BOM) else 0
    # `find` gives -1 behind the last line, and -1 + 1 is false.
    for _ in range(skip_lines):
        start = head.find(b"\n", start) + 1 or len(head)
    start = _skip_blank_lines(head, start)
    if said := _SEPARATOR_LINE.match(head, start):
        separator = said["separator"]
        start = _skip_blank_lines(head, said.end())
    if not head[start:]:
        raise BatchError(f"{name} is empty; expected the column names in the first line.")
    if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        raise BatchError(f"{name}: its lines end in a carriage return alone; save the file with line feeds.")
    record = scan_record(head, start, separator, final=len(head) < size)
    if record is None or record.reason is not None:
        problem = "it does not end" if record is None else record.reason
        raise BatchError(f"{name}: the first line: {problem}; expected the column names.")
    stream.give_back(head[record.end :])
    return Header(_read_names(read_cells(head, record), name, separator), separator, record.end)


def _skip_blank_lines(head: bytes, start: int) -> int:
    while head[start : start + 1] in {b"\n", b"\r"}:
        start += 1
    return start


def _read_names(cells: list[bytes], name: str, separator: bytes) -> tuple[str, ...]:
    """Return the column names of a file; a column without a name is named by its place, such as `column_3`."""
    try:
        names = [cell.decode().strip() for cell in cells]
    except UnicodeDecodeError as error:
        raise BatchError(
            f"{name}: the column names are not UTF-8; add --encoding cp1252 (Windows), or the file's own encoding."
        ) from error
    if len(names) == 1:
        for other, shown in _SEPARATORS.items():
            if other != separator and other.decode() in names[0]:
                raise BatchError(f"{name} has one column, '{names[0][:80]}'; try --separator {shown}.")
    if not any(names):
        raise BatchError(f"{name}: no column has a name; expected the column names in the first line.")
    found = tuple(column or f"column_{place}" for place, column in enumerate(names, 1))
    if (repeated := find_repeated(found)) is not None:
        raise BatchError(f"{name} has more than one column '{repeated}'; rename all but one.")
    return found


class _Parsed(NamedTuple):
    """Rows, and the number of cells of each record that has too many or too few, by its place among all records."""

    rows: pa.RecordBatch
    ragged: dict[int, int]

    @property
    def records(self) -> int:
        return int(self.rows.num_rows) + len(self.ragged)


class _Records(NamedTuple):
    """Where each record begins and ends, without blank lines."""

    starts: Places
    ends: Places


class _Origin(NamedTuple):
    text: TextBlock
    header: Header
    source: str
    file: int


def parse_block(text: TextBlock, header: Header, source: str, file: int) -> Block:
    """Return the rows and rejects of a text; their numbers count from its own beginning."""
    origin = _Origin(text, header, source, file)
    parsed = None
    # The fast path: if Arrow finds as many records as newlines, no cell contains a newline and nothing was dropped.
    if not text.cut.spoilt and _returns_end_lines(text):
        parsed = _parse(memoryview(text.data)[: text.cut.end], header, ragged_too=text.data.isascii())
        newlines = find_places(b"\n", text.data, text.cut.end)
        if parsed is not None and parsed.records == newlines.size:
            reasons = {place: _describe_ragged(cells, header) for place, cells in parsed.ragged.items()}
            # A missing last newline may cancel out one within a cell or on a blank line; then only the quotes show
            # where records end.
            ends_with_line = text.data[text.cut.end - 1 : text.cut.end] == b"\n"
            records = cache(lambda: _take_lines_as_records(newlines) if ends_with_line else _find_records(text))
            return _make_csv_block(origin, parsed.rows, reasons, records)
    return _parse_carefully(origin, parsed)


def _returns_end_lines(text: TextBlock) -> bool:
    """Return whether a newline follows every carriage return; comparing all bytes is faster than counting pairs."""
    if b"\r" not in text.data:
        return True
    array = np.frombuffer(text.data, np.uint8, text.cut.end)
    return not ((array[:-1] == _RETURN) & (array[1:] != _NEWLINE)).any()


def _parse_carefully(origin: _Origin, parsed: _Parsed | None) -> Block:
    """Return the block if records are not simply lines, or some have to be left out."""
    text, header = origin.text, origin.header
    records = _find_records(text)
    reasons = _find_unreadable(text, records, header.separator)
    if reasons or parsed is None:
        parsed = _parse(memoryview(_leave_out(text, records, reasons)), header, ragged_too=True)
    if parsed is None or parsed.records != records.starts.size - len(reasons):
        return parse_exactly(text, header, origin.source, origin.file)
    # Arrow numbers only the records it was given; `kept` maps its numbers to places among all records.
    kept = np.delete(np.arange(records.starts.size), list(reasons))
    reasons |= {int(kept[place]): _describe_ragged(cells, header) for place, cells in parsed.ragged.items()}
    return _make_csv_block(origin, parsed.rows, reasons, lambda: records)


def parse_exactly(text: TextBlock, header: Header, source: str, file: int) -> Block:
    """Return the same block by scanning every record byte by byte: slower by a factor of twenty, but always right."""
    records = _find_records(text)
    reasons = _find_unreadable(text, records, header.separator)
    columns: list[list[str]] = [[] for _ in header.names]
    for place, start in enumerate(records.starts.tolist()):
        record = None if place in reasons else scan_record(text.data, start, header.separator, final=True)
        if record is None:
            continue
        if len(record.cells) != len(columns):
            reasons[place] = _describe_ragged(len(record.cells), header)
            continue
        for column, cell in zip(columns, read_cells(text.data, record), strict=True):
            column.append(cell.decode())
    rows = pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], list(header.names))
    return _make_csv_block(_Origin(text, header, source, file), rows, reasons, lambda: records)


def _parse(data: memoryview, header: Header, *, ragged_too: bool) -> _Parsed | None:
    """Return what Arrow reads; None if it fails, or might silently drop something.

    Arrow checks UTF-8 only in rows that have the right number of cells, so ragged rows are handled only in text that is
    known to be UTF-8.
    """
    if bytes(data[:3]) == _BOM:  # Arrow would take it for a byte-order mark and skip it.
        return None
    if not data:
        return _Parsed(pa.RecordBatch.from_pylist([], header.schema), {})
    ragged: dict[int, int] = {}

    def skip(row: pc.InvalidRow) -> str:
        ragged[row.number - 1] = row.actual_columns
        return "skip"

    # Threads would number the rows of each block from 1; with one block as large as the text, numbers count through.
    parsing = pc.ParseOptions(delimiter=header.separator.decode(), newlines_in_values=True)
    if ragged_too:
        parsing.invalid_row_handler = skip
    try:
        table = pc.read_csv(
            pa.py_buffer(data),
            pc.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(header.names)),
            parsing,
            pc.ConvertOptions(column_types=header.schema, check_utf8=not ragged_too),
        )
    except pa.ArrowInvalid:
        return None
    batches = table.combine_chunks().to_batches()
    return _Parsed(batches[0] if batches else pa.RecordBatch.from_pylist([], header.schema), ragged)


def _find_records(text: TextBlock) -> _Records:
    ends = find_record_ends(text.data, text.cut)
    starts = np.concatenate([[0], ends[:-1]])
    # Only records of at most two bytes can be blank, so few are checked one by one.
    short = np.flatnonzero(ends - starts <= len(b"\r\n"))
    blank = [place for place in short.tolist() if not text.data[starts[place] : ends[place]].strip(b"\r\n")]
    return _Records(np.delete(starts, blank), np.delete(ends, blank)) if blank else _Records(starts, ends)


def _take_lines_as_records(newlines: Places) -> _Records:
    ends = newlines + 1
    return _Records(np.concatenate([[0], ends[:-1]]), ends)


def _leave_out(text: TextBlock, records: _Records, places: Iterable[int]) -> bytes:
    """Return the text without the records at these places."""
    parts, end = [], 0
    for place in sorted(places):
        parts.append(text.data[end : records.starts[place]])
        end = int(records.ends[place])
    return b"".join([*parts, text.data[end : text.cut.end]])


def _find_unreadable(text: TextBlock, records: _Records, separator: bytes) -> dict[int, str]:
    """Return, by the place of a record that cannot be read, the reason."""
    places = np.searchsorted(records.starts, [line.start for line in text.cut.spoilt])
    reasons = {int(place): line.reason for place, line in zip(places, text.cut.spoilt, strict=True)}
    for place in _find_lone_returns(text, records, separator):
        reasons.setdefault(
            place, "contains a lone carriage return outside quotes; expected lines that end in a line feed"
        )
    for place, reason in _find_other_bytes(text, records):
        reasons.setdefault(place, reason)
    return reasons


def _find_other_bytes(text: TextBlock, records: _Records) -> Iterator[tuple[int, str]]:
    """Yield the places of records that are not UTF-8, with the reason."""
    data, position = memoryview(text.data)[: text.cut.end], 0
    while position < len(data) and not text.data.isascii():
        try:
            # The decoder stops at the first invalid byte. Its record is left out, and decoding continues after it.
            codecs.utf_8_decode(data[position:], "strict", True)  # noqa: FBT003 (it takes no names)
        except UnicodeDecodeError as error:
            byte = position + error.start
            place = int(np.searchsorted(records.ends, byte, side="right"))
            yield place, f"is not UTF-8 at byte {byte - int(records.starts[place]) + 1:,}"
            position = int(records.ends[place])
        else:
            return


def _find_lone_returns(text: TextBlock, records: _Records, separator: bytes) -> Iterator[int]:
    """Yield the places of records with a carriage return that is neither a line end nor quoted."""
    array = np.frombuffer(text.data, np.uint8, text.cut.end)
    returns = np.flatnonzero(array == _RETURN)
    returns = returns[(returns + 1 < array.size)]
    lone = returns[array[returns + 1] != _NEWLINE]
    for place in np.unique(np.searchsorted(records.ends, lone, side="right")):
        if place < records.starts.size and records.starts[place] <= records.ends[place]:
            record = scan_record(text.data, int(records.starts[place]), separator, final=True)
            if record is not None and record.lone:
                yield int(place)


def _describe_ragged(cells: int, header: Header) -> str:
    return f"has {cells:,} {'field' if cells == 1 else 'fields'}, expected {len(header.names):,}"


def _make_csv_block(
    origin: _Origin, rows: pa.RecordBatch, reasons: dict[int, str], records: Callable[[], _Records]
) -> Block:
    """Return the block with rows and rejects; the starts of records are computed only to show a reject."""

    def show(place: int) -> str:
        found = records()
        return show_record(origin.text.data[found.starts[place] : found.ends[place]])

    end = Position(origin.file, origin.text.end)
    return make_block(origin.source, rows, rows.num_rows + len(reasons), reasons, show, end)
