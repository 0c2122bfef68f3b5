"""Words of `needs` and `wants` that no criterion knows, moved to `unlisted` (--unlisted-unknown).

    needs             unlisted          needs   unlisted
    sms, blue desks   night shift   →   sms     night shift, {"text": "blue desks", "priority": "must"}

All later steps see only the result.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel.arrays import Ints
from provider_advisor.batch.kernel.layout import REQUIREMENTS, UNLISTED
from provider_advisor.batch.kernel.numbered_words import number_words
from provider_advisor.batch.kernel.read_row import read_item
from provider_advisor.errors import RequirementsError
from provider_advisor.requirements.grammar import split_words
from provider_advisor.requirements.statement import Unlisted, UnlistedPriority
from provider_advisor.requirements.unlisted import UnknownWords

_TEXTS = pa.list_(pa.string())
_DEFAULTS: tuple[tuple[str, UnlistedPriority], ...] = tuple(zip(REQUIREMENTS, ("must", "should"), strict=True))


def add_unlisted(schema: pa.Schema) -> pa.Schema:
    """Return the schema with `unlisted` as a column of lists."""
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
    """Return a column without unknown words, and add these to the row's own words."""
    some = _find_doubtful(column, default, unknown)
    changed, cells = np.zeros(len(column), bool), []
    for row, cell in zip(some.tolist(), column.take(pa.array(some)).to_pylist(), strict=True):
        kept, aside = _split_cell(cell, default, unknown)
        if aside:
            own[row] += [json.dumps(part._asdict(), ensure_ascii=False) for part in aside]
            changed[row] = True
            cells.append(kept)
    if not cells:
        return column
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    # Changed cells are appended and taken from there, because Arrow's `replace_with_mask` cannot replace lists. If the
    # second of three cells changes, the places are 0, 3, 2.
    places = np.where(changed, len(column) - 1 + np.cumsum(changed), np.arange(len(column)))
    return pa.chunked_array([plain, pa.array(cells, plain.type)]).take(pa.array(places)).combine_chunks()


def _find_doubtful(column: pa.Array, default: UnlistedPriority, unknown: UnknownWords) -> Ints:
    """Return the rows with an unknown word; most have none."""
    words = number_words(column)
    doubtful = np.array([_is_doubtful(word, default, unknown) for word in words.distinct], bool)
    rows = np.repeat(np.arange(len(column)), np.diff(words.ends))
    return np.asarray(np.unique(rows[doubtful.take(words.numbers)]), np.int64)


def _is_doubtful(word: str, default: UnlistedPriority, unknown: UnknownWords) -> bool:
    try:
        return unknown.find_unknown(word, default, read_item) is not None
    except RequirementsError:
        return True


def _split_cell(cell: Any, default: UnlistedPriority, unknown: UnknownWords) -> tuple[Any, list[Unlisted]]:  # noqa: ANN401 (a text or a list)
    """Split a cell into known and unknown words; an invalid cell stays as it is, to be refused."""
    words = _list_words(cell)
    try:
        found = [unknown.find_unknown(word, default, read_item) for word in words]
    except RequirementsError:
        return cell, []
    aside = [part for part in found if part is not None]
    if not aside:
        return cell, []
    unknown.count(aside)
    left = [word for word, part in zip(words, found, strict=True) if part is None]
    return (", ".join(left) if isinstance(cell, str) else left), aside


def _list_words(cell: Any) -> list[Any]:  # noqa: ANN401 (whatever a table holds)
    if isinstance(cell, str):
        return split_words(cell) if cell.strip() else []
    return list(cell or ())
