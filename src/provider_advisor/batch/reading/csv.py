"""CSV: the header, and blocks of text parsed into columns of strings.

Arrow parses. Records that it would drop, repair or fail on are found first and become rejects. Every record is counted
as a row or a reject; if the counts differ, the block is read again with the scanner of `csv_records`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from provider_advisor.batch.blocks import Block, Piece, Position, make_block, show_record
from provider_advisor.batch.column_names import refuse_other_columns, refuse_repeated
from provider_advisor.batch.kernel.layout import REQUIREMENTS, fold_name
from provider_advisor.batch.native import find_places
from provider_advisor.batch.reading.byte_stream import Stream, refuse_other_encodings, refuse_wrong_encoding
from provider_advisor.batch.reading.csv_records import cut_records, read_cells, scan_record
from provider_advisor.batch.reading.input_files import (
    InputFile,
    Limits,
    Opener,
    ReadingOptions,
)
from provider_advisor.batch.reading.text_blocks import TextBlock, split_text, yield_pieces
from provider_advisor.errors import BatchError

_NEWLINE, _RETURN = ord("\n"), ord("\r")
_BOM = codecs.BOM_UTF8
_JSON = re.compile(rb"\s*\[?\s*\{\s*\"")
_OURS, _MOST_TITLES = frozenset(REQUIREMENTS), 20
_LONGEST_HEADER = 1 << 16
_LONE_RETURN = "contains a lone carriage return outside quotes"
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


def open_csv(sources: Sequence[InputFile], options: ReadingOptions) -> tuple[pa.Schema, Opener]:
    """Return the columns of CSV files, which may have them in any order, and their blocks. Raises BatchError."""
    limits = options.limits
    headers: list[Header] = []
    streams: list[Stream | None] = []
    for source in sources:
        with Stream(source, 0, options.encoding) as stream:
            head = stream.read(limits.block)
            stream.give_back(head)
            refuse_wrong_encoding(head, source.name)
            headers.append(read_header(stream, options.separator or source.separator, limits, options.skip_lines))
        streams.append(None if source.regular else stream)  # it can be read only once
    names = list(headers[0].names)
    refuse_other_columns([source.name for source in sources], [header.names for header in headers])

    def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        header, offset = headers[file], start.offset or headers[file].start
        cut = partial(cut_records, separator=header.separator)
        parse = partial(parse_block, header=header, source=source.name, file=file)
        with streams[file] or Stream(source, offset, options.encoding) as stream:
            for piece in yield_pieces(stream, split_text(stream, offset, cut, limits), parse):
                yield piece.then(lambda block: block._replace(rows=block.rows.select(names)))

    return headers[0].schema, opener


def read_header(stream: Stream, separator: bytes, limits: Limits, skip_lines: int = 0) -> Header:
    """Read the header, leaving the stream at the first record. Raises BatchError.

    `skip_lines` are skipped before it. A line such as `sep=;`, as Excel writes it, sets the separator.
    """
    name = stream.source.name
    size = max(limits.block, _LONGEST_HEADER)
    head = stream.read(size)
    refuse_other_encodings(head, name)
    start = len(_BOM) if head.startswith(_BOM) else 0
    # After the last line `find` returns -1, and -1 + 1 is false.
    for _ in range(skip_lines):
        start = head.find(b"\n", start) + 1 or len(head)
    start = _skip_blank_lines(head, start)
    if said := _SEPARATOR_LINE.match(head, start):
        separator = said["separator"]
        start = _skip_blank_lines(head, said.end())
    if skip_lines and head and not head[start:]:
        raise BatchError(f"{name} has nothing below its first {skip_lines} lines; skip fewer with --skip-lines.")
    if not head[start:]:
        raise BatchError(f"{name} is empty; expected the column names in the first line.")
    if _JSON.match(head, start):
        raise BatchError(f"{name} looks like JSON; add --input-format jsonl.")
    if b"\n" not in head and b"\r" in head.rstrip(b"\r"):
        raise BatchError(f"{name}: its lines end in a carriage return alone; save the file with line feeds.")
    record = scan_record(head, start, separator, final=len(head) < size)
    if record is None or record.reason is not None or record.lone:
        problem = "it does not end" if record is None else record.reason or f"it {_LONE_RETURN}"
        raise BatchError(f"{name}: the first line: {problem}; expected the column names.")
    stream.give_back(head[record.end :])
    cells = read_cells(head, record)
    names = _read_names(cells, name, separator)
    # Criteria may be columns too, with "needs" in a cell; a title is alone in its line.
    is_title = sum(map(bool, cells)) == 1
    if is_title and (lines := _count_lines_above(names, head, record.end, separator)) is not None:
        raise BatchError(f"{name}: the first line has no column names, a later one has; add --skip-lines {lines}.")
    return Header(names, separator, record.end)


def _count_lines_above(names: Iterable[str], head: bytes, start: int, separator: bytes) -> int | None:
    """Return how many lines are above a later line that names our columns; None if there is none, or the first does."""
    if not _OURS.isdisjoint(map(fold_name, names)):
        return None
    above = head.count(b"\n", 0, start)
    for number, line in enumerate(head[start:].split(b"\n")[:_MOST_TITLES], above):
        cells = [fold_name(cell.decode("utf-8", "replace").strip('"\r')) for cell in line.split(separator)]
        if len(cells) > 1 and not _OURS.isdisjoint(cells):
            return number
    return None


def _skip_blank_lines(head: bytes, start: int) -> int:
    while head[start : start + 1] in {b"\n", b"\r"}:
        start += 1
    return start


def _read_names(cells: list[bytes], name: str, separator: bytes) -> tuple[str, ...]:
    """Return the column names of a file; a column without a name is named by its place, such as `column_3`."""
    try:
        # A file that was joined from others may have a second byte-order mark.
        names = [cell.decode().lstrip("\ufeff").strip() for cell in cells]
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
    refuse_repeated(found, f"{name} has")
    return found


class _Parsed(NamedTuple):
    """Rows, and for each record that is not one, by its place among all records, the reason."""

    rows: pa.RecordBatch
    reasons: dict[int, str]

    @property
    def records(self) -> int:
        return int(self.rows.num_rows) + len(self.reasons)


def parse_block(text: TextBlock, header: Header, source: str, file: int) -> Block:
    """Return the rows and rejects of a text; their numbers count from its own beginning."""
    parsed = None
    # The fast path: if Arrow finds as many records as newlines, no cell contains a newline and nothing was dropped. A
    # missing last newline may make up for one within a cell or on a blank line; the rows are right then too.
    if not text.cut.spoilt and _returns_end_lines(text):
        parsed = _parse(memoryview(text.data)[: text.cut.end], header, ragged_too=text.data.isascii())
        if parsed is not None and parsed.records == find_places(b"\n", text.data, text.cut.end).size:
            return _make_csv_block(text, parsed, source, file)
    # Otherwise records are not simply lines, or some have to be left out.
    reasons = _find_unreadable(text, header.separator)
    if reasons or parsed is None:
        parsed = _parse(memoryview(_leave_out(text, reasons)), header, ragged_too=True)
    places = np.delete(np.arange(text.records.starts.size), list(reasons))
    if parsed is None or parsed.records != places.size:
        return parse_exactly(text, header, source, file)
    # Arrow numbers only the records that it was given: with record 1 left out, its number 1 is record 2.
    reasons |= {int(places[number]): reason for number, reason in parsed.reasons.items()}
    return _make_csv_block(text, _Parsed(parsed.rows, reasons), source, file)


def parse_exactly(text: TextBlock, header: Header, source: str, file: int) -> Block:
    """Return the same block by scanning every record byte by byte: slower by a factor of twenty, but always right."""
    reasons = _find_unreadable(text, header.separator)
    columns: list[list[str]] = [[] for _ in header.names]
    for place, start in enumerate(text.records.starts.tolist()):
        record = None if place in reasons else scan_record(text.data, start, header.separator, final=True)
        if record is None:
            continue
        if len(record.cells) != len(columns):
            reasons[place] = _describe_ragged(len(record.cells), header)
            continue
        for column, cell in zip(columns, read_cells(text.data, record), strict=True):
            column.append(cell.decode())
    rows = pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], list(header.names))
    return _make_csv_block(text, _Parsed(rows, reasons), source, file)


def _make_csv_block(text: TextBlock, parsed: _Parsed, source: str, file: int) -> Block:
    """Return the block with rows and rejects; where records begin is computed only to show a reject."""

    def show(place: int) -> str:
        return show_record(text.data[text.records.starts[place] : text.records.ends[place]])

    return make_block(source, parsed.rows, parsed.records, parsed.reasons, show, Position(file, text.end))


def _returns_end_lines(text: TextBlock) -> bool:
    """Return whether a newline follows every carriage return; comparing all bytes is faster than counting pairs."""
    if b"\r" not in text.data:
        return True
    array = np.frombuffer(text.data, np.uint8, text.cut.end)
    return not ((array[:-1] == _RETURN) & (array[1:] != _NEWLINE)).any()


def _parse(data: memoryview, header: Header, *, ragged_too: bool) -> _Parsed | None:
    """Return what Arrow reads; None if it fails, or might silently drop something.

    Arrow checks UTF-8 only in rows that have the right number of cells, so ragged rows are handled only in text that is
    known to be UTF-8.
    """
    if bytes(data[:3]) == _BOM:  # Arrow would take it for a byte-order mark and skip it.
        return None
    if not data:
        return _Parsed(pa.RecordBatch.from_pylist([], header.schema), {})
    ragged: dict[int, str] = {}

    def skip(row: pc.InvalidRow) -> str:
        ragged[row.number - 1] = _describe_ragged(row.actual_columns, header)
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


def _describe_ragged(cells: int, header: Header) -> str:
    return f"has {cells:,} {'field' if cells == 1 else 'fields'}; expected {len(header.names):,}"


def _leave_out(text: TextBlock, places: Iterable[int]) -> bytes:
    parts, end = [], 0
    for place in sorted(places):
        parts.append(text.data[end : text.records.starts[place]])
        end = int(text.records.ends[place])
    return b"".join([*parts, text.data[end : text.cut.end]])


def _find_unreadable(text: TextBlock, separator: bytes) -> dict[int, str]:
    """Return the reasons why records cannot be read, by their places."""
    places = np.searchsorted(text.records.starts, [line.start for line in text.cut.spoilt])
    reasons = {int(place): line.reason for place, line in zip(places, text.cut.spoilt, strict=True)}
    for place in _find_lone_returns(text, separator):
        reasons.setdefault(place, f"{_LONE_RETURN}; expected lines that end in a line feed")
    for place, reason in _find_other_bytes(text):
        reasons.setdefault(place, reason)
    return reasons


def _find_other_bytes(text: TextBlock) -> Iterator[tuple[int, str]]:
    """Yield the places of records that are not UTF-8, with the reason."""
    data, position, records = memoryview(text.data)[: text.cut.end], 0, text.records
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


def _find_lone_returns(text: TextBlock, separator: bytes) -> Iterator[int]:
    """Yield the places of records with a carriage return that is neither a line end nor quoted."""
    array = np.frombuffer(text.data, np.uint8, text.cut.end)
    returns = np.flatnonzero(array[:-1] == _RETURN)
    lone = returns[array[returns + 1] != _NEWLINE]
    for place in np.unique(np.searchsorted(text.records.ends, lone, side="right")):
        if place < text.records.starts.size:  # beyond it only blank lines follow
            record = scan_record(text.data, int(text.records.starts[place]), separator, final=True)
            if record is not None and record.lone:
                yield int(place)
