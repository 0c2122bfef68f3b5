"""Lines of JSON read by Arrow, where it cannot differ from what `json_row` makes of them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from provider_advisor.batch.reading.json_row import Keys

__all__ = ["fast_rows"]

_LARGEST = 1e12
_WORDS = pa.list_(pa.string())


def fast_rows(lines: list[bytes], keys: Keys, schema: pa.Schema) -> pa.RecordBatch | None:
    """The rows of the lines; None where one of them needs a closer look.

    That no object goes over the end of a line, and no line holds two, is seen from where lines begin and end, and from
    the number of rows.
    """
    if not lines or not all(line.startswith(b"{") and line.rstrip(b"\r \t").endswith(b"}") for line in lines):
        return None
    data = b"\n".join(lines)
    # Arrow does not tell null from a key that is not there, and takes days and unusual keys without looking at them.
    if b"null" in data or b"unsure" in data or b"as_of" in data or b"max_age" in data or not _is_utf8(data):
        return None
    try:
        table = pj.read_json(
            pa.BufferReader(data),
            pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
            pj.ParseOptions(explicit_schema=_nested(keys), unexpected_field_behavior="error"),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(lines):
        return None
    rows = table.combine_chunks().to_batches()[0]
    return _flat(rows, schema) if _is_usual(rows) else None


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _nested(keys: Keys) -> pa.Schema:
    topics, usage = keys.knowledge.topics, keys.knowledge.usage
    situation = [(name, _WORDS if topic.many else pa.string()) for name, topic in topics.items()]
    fields: list[tuple[str, pa.DataType]] = [("team", pa.string()), ("needs", _WORDS), ("wants", _WORDS)]
    fields.append(("situation", pa.struct(situation)))
    fields.append(("usage", pa.struct([(item, pa.float64()) for item in usage])))
    return pa.schema(fields + [(name, pa.string()) for name in keys.carried])


def _is_usual(rows: pa.RecordBatch) -> bool:
    """Whether no value asks for the sentence of the single answer, or could be taken for something else."""
    lengths = pc.binary_length(rows["team"])
    if not _all(pc.and_(pc.greater(lengths, 0), pc.less_equal(lengths, 2_000))):
        return False
    items = [pc.list_flatten(rows[name]) for name in ("needs", "wants")]
    if any(_any(pc.match_substring_regex(item, r"^\s*\{")) for item in items):
        return False
    for column in _children(rows["situation"]):
        texts = pc.list_flatten(column) if pa.types.is_list(column.type) else column
        empty = _any(pc.equal(pc.binary_length(texts), 0))
        if empty or (pa.types.is_list(column.type) and _any(pc.equal(pc.list_value_length(column), 0))):
            return False
    return all(
        _all(pc.and_(pc.greater_equal(column, 0), pc.less_equal(column, _LARGEST)))
        for column in _children(rows["usage"])
    )


def _children(column: pa.StructArray) -> list[pa.Array]:
    return column.flatten() if column.type.num_fields else []


def _all(flags: pa.Array) -> bool:
    return pc.all(flags).as_py() is not False


def _any(flags: pa.Array) -> bool:
    return pc.any(flags).as_py() is True


def _flat(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    found = {name: rows[name] for name in rows.schema.names if name not in {"situation", "usage"}}
    for name in ("situation", "usage"):
        kind = rows[name].type
        found |= {f"{name}.{kind.field(place).name}": column for place, column in enumerate(_children(rows[name]))}
    return pa.RecordBatch.from_arrays(
        [_column(found.get(field.name), field, rows.num_rows) for field in schema], schema=schema
    )


def _column(column: pa.Array | None, field: pa.Field, rows: int) -> pa.Array:
    if column is None:
        return pa.nulls(rows, field.type)
    if pa.types.is_list(field.type) and pa.types.is_string(column.type):
        return _as_lists(column)
    if pa.types.is_list(field.type):
        return column.fill_null([]) if field.name in {"needs", "wants"} else column
    return column


def _as_lists(column: pa.Array) -> pa.ListArray:
    """Each text as a list of one, null where there is none."""
    offsets = pa.array([*range(len(column) + 1)], pa.int32())
    lists = pa.ListArray.from_arrays(offsets, column)
    return pc.if_else(column.is_valid(), lists, pa.scalar(None, lists.type))
