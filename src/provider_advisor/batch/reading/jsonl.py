"""JSON Lines: blocks of lines, each a requirements file, parsed into columns.

    {"team": "a", "needs": ["fax", {"criterion": "integration", "member": "salesforce"}],
     "situation": {"developers": "none"}}
    {"team": "b", "needs": "fax, sms"}
    {"team": "c", "needs": 5}

become the rows

    team  needs                                                          situation.developers
    a     fax, {"criterion": "integration", "member": "salesforce"}      none
    b     fax, sms

and the reject "'needs': expected a list; found 5."

How one line becomes a row is in `jsonl_row`. Arrow's JSON reader is not used: it does not tell null from a missing key,
and does not check days or unknown keys, so it worked only for the plainest lines.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position, make_block, show_record
from provider_advisor.batch.kernel.layout import USAGE
from provider_advisor.batch.reading.byte_stream import Stream, refuse_other_encodings, refuse_wrong_encoding
from provider_advisor.batch.reading.input_files import InputFile, Limits, Opener, ReadingOptions
from provider_advisor.batch.reading.jsonl_row import KEYS, LineKeys, Row, RowError, parse_object, parse_row
from provider_advisor.batch.reading.text_blocks import TextBlock, cut_lines, split_text, yield_pieces
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.requirements.sheets import write_cell
from provider_advisor.requirements.unlisted import UnknownWords

_HEAD = 100
"""The bytes that show what a file is."""


def open_lines(
    sources: Sequence[InputFile], knowledge: KnowledgeBase, options: ReadingOptions, unknown: UnknownWords | None
) -> tuple[pa.Schema, Opener]:
    """Return the columns of JSON Lines, those of the first block's keys, and their blocks. Raises BatchError."""
    limits = options.limits
    with Stream(sources[0], 0, options.encoding) as begun:
        texts = _split_whole(begun, limits)
        first = next((text for text in texts if text.cut.spoilt or text.data[: text.cut.end].strip()), None)
    if first is None:
        raise BatchError(f"{sources[0].name} is empty; expected a JSON object on each line.")
    refuse_wrong_encoding(first.data, sources[0].name)
    renames = dict(options.renames)
    keys = LineKeys((), knowledge, renames, options.id_column, unknown, options.decimal or ".")
    keys = replace(keys, carried=_choose_carried([renames.get(name, name) for name in find_keys(first)], keys))

    def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        parse = partial(parse_lines, keys=keys, source=source.name, file=file)
        if not source.regular and file == 0:
            yield from yield_pieces(begun, chain([first], texts), parse)
            return
        with Stream(source, start.offset, options.encoding) as stream:
            rest = split_text(stream, start.offset, cut_lines, limits) if start.offset else _split_whole(stream, limits)
            yield from yield_pieces(stream, rest, parse)

    return keys.schema, opener


def _split_whole(stream: Stream, limits: Limits) -> Iterator[TextBlock]:
    """Return the blocks of a whole text, without its byte-order mark."""
    head = stream.read(_HEAD)
    refuse_other_encodings(head, stream.source.name)
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    stream.give_back(head[start:])
    return split_text(stream, start, cut_lines, limits)


def _choose_carried(names: Iterable[str], keys: LineKeys) -> tuple[str, ...]:
    """Return the keys that are carried. Raises BatchError for one that looks like input but cannot be read."""
    carried = tuple(name for name in dict.fromkeys(names) if name not in KEYS and not keys.spelling.find(name))
    for name in carried:
        if name != keys.id_column:
            keys.spelling.refuse_similar(name, "key")
    return carried


def find_keys(text: TextBlock) -> tuple[str, ...]:
    """Return the keys in a first block, in the order in which they come."""
    found: dict[str, None] = {}
    for line in _split_lines(text):
        try:
            found |= dict.fromkeys(parse_object(line))
        except RowError:
            continue
    return tuple(found)


def parse_lines(text: TextBlock, keys: LineKeys, source: str, file: int) -> Block:
    """Return the rows and rejects of a text; their numbers count from its own beginning, blank lines not counted."""
    lines = list(_split_lines(text))
    reasons = {0: text.cut.spoilt[0].reason} if text.cut.spoilt else {}
    rows: list[Row] = []
    for place, line in enumerate(lines):
        if place not in reasons:
            try:
                rows.append(parse_row(line, keys))
            except RowError as error:
                reasons[place] = str(error)
    batch, end = _make_batch(rows, keys), Position(file, text.end)
    return make_block(source, batch, len(lines), reasons, lambda place: show_record(lines[place]), end)


def _split_lines(text: TextBlock) -> Iterator[bytes]:
    data = text.data if text.cut.end == len(text.data) else text.data[: text.cut.end]
    return (line for line in data.split(b"\n") if line and not line.isspace())


def _make_batch(rows: list[Row], keys: LineKeys) -> pa.RecordBatch:
    """Return the rows as columns, faster than `from_pylist`, which looks up every key in every row."""
    found = set().union(*rows)
    members = sorted(name for name in found - set(keys.schema.names) if AT in name)
    fields = [*keys.schema, *(pa.field(name, pa.float64()) for name in members)]
    columns = [
        _make_column([row.get(field.name) for row in rows], field, keys.decimal)
        if field.name in found
        else pa.nulls(len(rows), field.type)
        for field in fields
    ]
    return pa.RecordBatch.from_arrays(columns, names=[field.name for field in fields])


def _make_column(cells: list[Any], field: pa.Field, decimal: str) -> pa.Array:
    """Return the column of a key; volumes are numbers, or all of a block texts where one is: "60000/year"."""
    if field.name.startswith(USAGE) and any(type(cell) is str for cell in cells):
        # As text, 5.125 could mean five thousand, so a number beside "60000/year" is written so that it keeps its
        # meaning.
        return pa.array([write_cell(cell, decimal) or None for cell in cells], pa.string())
    return pa.array(cells, field.type)
