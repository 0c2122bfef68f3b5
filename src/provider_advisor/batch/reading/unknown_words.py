"""Unknown words of a table, moved to the column `unlisted`, so that nothing behind this step meets them.

needs              unlisted          needs   unlisted
sms, loan phones   night shift   →   sms     {"text": "night shift"}, {"text": "loan phones", "priority": "must"}
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from provider_advisor.batch.kernel.table import REQUIREMENTS, UNLISTED, read_item
from provider_advisor.errors import RequirementsError
from provider_advisor.requirements.grammar import split_words
from provider_advisor.requirements.model import Unlisted, UnlistedPriority
from provider_advisor.requirements.unknown_words import UnknownWords

__all__ = ["add_unlisted", "set_unknown_aside"]

_TEXTS = pa.list_(pa.string())
_DEFAULTS: tuple[tuple[str, UnlistedPriority], ...] = tuple(zip(REQUIREMENTS, ("must", "should"), strict=True))


def add_unlisted(schema: pa.Schema) -> pa.Schema:
    """Return the schema of rows with unknown words aside: `unlisted` holds lists."""
    place, field = schema.get_field_index(UNLISTED), pa.field(UNLISTED, _TEXTS)
    return schema.append(field) if place < 0 else schema.set(place, field)


def set_unknown_aside(rows: pa.RecordBatch, unknown: UnknownWords) -> pa.RecordBatch:
    """Return the rows with each unknown word of `needs` and `wants` among those in the team's own words."""
    schema = add_unlisted(rows.schema)
    given = rows.column(UNLISTED) if UNLISTED in rows.schema.names else pa.nulls(rows.num_rows, pa.string())
    own = [_list_words(cell) for cell in given.to_pylist()]
    columns = {name: rows.column(name) for name in rows.schema.names}
    for name, default in _DEFAULTS:
        if name in columns:
            columns[name] = _take_unknown(columns[name], default, own, unknown)
    columns[UNLISTED] = pa.array([cell or None for cell in own], _TEXTS)
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _take_unknown(column: pa.Array, default: UnlistedPriority, own: list[list[Any]], unknown: UnknownWords) -> pa.Array:
    """Return a column without unknown words, which are added to those in own words, row by row."""
    kind = column.type
    found: list[Any] = []
    is_changed = False
    for row, cell in enumerate(column.to_pylist()):
        kept, aside = _split_cell(cell, default, unknown) if cell else (cell, [])
        own[row] += [json.dumps(part._asdict(), ensure_ascii=False) for part in aside]
        is_changed = is_changed or bool(aside)
        found.append(kept)
    return pa.array(found, kind) if is_changed else column


def _split_cell(cell: Any, default: UnlistedPriority, unknown: UnknownWords) -> tuple[Any, list[Unlisted]]:  # noqa: ANN401 (a text or a list)
    """Return a cell without its unknown words, and these; a cell with what is no item stays, to be refused."""
    words = _list_words(cell)
    try:
        items = [read_item(word) for word in words]
    except RequirementsError:
        return cell, []
    left: list[str] = []
    aside: list[Unlisted] = []
    for word, item in zip(words, items, strict=True):
        kept, own = unknown.set_aside([item], default)
        left += [word] if kept else []
        aside += own
    if not aside:
        return cell, []
    return (", ".join(left) if isinstance(cell, str) else left), aside


def _list_words(cell: Any) -> list[Any]:  # noqa: ANN401 (whatever a table holds)
    if isinstance(cell, str):
        return split_words(cell) if cell.strip() else []
    return list(cell or ())
