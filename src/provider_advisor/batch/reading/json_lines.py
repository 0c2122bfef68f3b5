"""Blocks of JSON Lines, each line a requirements file, as columns.

Arrow reads lines whose values have the usual types, whole blocks at once; any other lines are read one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from provider_advisor.batch.blocks import Block, Position, Reject, shown_record
from provider_advisor.batch.reading.json_fast import fast_rows
from provider_advisor.batch.reading.json_row import KEYS, Keys, RowError, object_of, row_of
from provider_advisor.batch.reading.quotes import Cut
from provider_advisor.batch.reading.texts import Text
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["carried_keys", "cut_lines", "json_schema", "parse_lines"]

Places = npt.NDArray[np.int64]
_NONE: Places = np.empty(0, dtype=np.int64)
_STRIDE = 500


def cut_lines(data: bytes, *, final: bool, full: bool = False) -> Cut:  # noqa: ARG001 (like `cut_records`)
    """Where the last whole line ends."""
    return Cut(len(data) if final else data.rfind(b"\n") + 1, (), (), _NONE)


def json_schema(carried: tuple[str, ...], knowledge: KnowledgeBase) -> pa.Schema:
    """The columns that every block of a run has."""
    words = pa.list_(pa.string())
    fields = [("team", pa.string()), ("needs", words), ("wants", words)]
    fields += [(f"situation.{topic}", words) for topic in knowledge.topics]
    fields += [(f"usage.{item}", pa.float64()) for item in knowledge.usage]
    fields += [("as_of", pa.string()), ("max_age", pa.string())]
    return pa.schema(fields + [(name, pa.string()) for name in carried])


def carried_keys(text: Text) -> tuple[str, ...]:
    """The keys in a first block that no requirements file has, in the order in which they come."""
    found: dict[str, None] = {}
    for line in _lines(text):
        try:
            found |= dict.fromkeys(object_of(line))
        except RowError:
            continue
    return tuple(name for name in found if name not in KEYS)


def parse_lines(text: Text, keys: Keys, schema: pa.Schema, source: str, file: int) -> Block:
    """The block of a text; its numbers count from its own beginning, blank lines not counted."""
    lines = list(_lines(text))
    reasons = {0: text.cut.spoilt[0].reason} if text.cut.spoilt else {}
    rows = None if reasons else fast_rows(lines, keys, schema)
    if rows is None:
        parts = [_rows(lines, start, reasons, keys, schema) for start in range(0, len(lines), _STRIDE)]
        rows = pa.Table.from_batches(parts, schema).combine_chunks().to_batches()
        rows = rows[0] if rows else pa.RecordBatch.from_pylist([], schema)
    numbers = np.delete(np.arange(1, len(lines) + 1), list(reasons))
    rejects = tuple(Reject(source, place + 1, shown_record(lines[place]), reasons[place]) for place in sorted(reasons))
    end = Position(file, text.end)
    return Block(
        source, rows, numbers, rejects, len(lines), end, lambda row: shown_record(lines[int(numbers[row]) - 1])
    )


def _lines(text: Text) -> Iterator[bytes]:
    data = text.data if text.cut.end == len(text.data) else text.data[: text.cut.end]
    return (line for line in data.split(b"\n") if line and not line.isspace())


def _rows(lines: list[bytes], start: int, reasons: dict[int, str], keys: Keys, schema: pa.Schema) -> pa.RecordBatch:
    """The rows of some lines; the reasons why others are none are added."""
    some = lines[start : start + _STRIDE]
    if not any(start <= place < start + _STRIDE for place in reasons):
        fast = fast_rows(some, keys, schema)
        if fast is not None:
            return fast
    rows: list[dict[str, Any]] = []
    good: list[bytes] = []
    for place, line in enumerate(some, start):
        if place in reasons:
            continue
        try:
            rows.append(row_of(line, keys))
            good.append(line)
        except RowError as error:
            reasons[place] = str(error)
    # Making columns of single rows takes longer than all else, and mostly it was but one line that Arrow refused.
    fast = fast_rows(good, keys, schema) if len(good) < len(some) else None
    return pa.RecordBatch.from_pylist(rows, schema) if fast is None else fast
