"""Map the columns of an input to ours, and read their values: structs of situations, numbers and days.

A file from a spreadsheet or a database calls a column `Needs`, `situation_developers` or `Usage SMS outbound`, and
Polars writes `situation` as a struct. For example, the columns

    Team, Needs, situation: struct<developers, use-cases>, Usage_SMS_Outbound, as_of, Region

are read as `team`, `needs`, `situation.developers`, `situation.use-cases`, `usage.sms-outbound`, `as_of` and, carried
as it is, `Region`. A column that looks like input but cannot be read is an error; it is never carried silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.blocks import Block
from provider_advisor.batch.column_names import ANSWERS, SCOPE_COLUMNS, TOPICS, Spelling, describe_rename, rename_all
from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.layout import USAGE
from provider_advisor.errors import BatchError, RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.scope import Scope
from provider_advisor.requirements.usage import write_volume_plainly
from provider_advisor.written_values import parse_age, parse_day, write_plainly

_BOUND = re.compile(r"(?<=[=≥≤])\s*[+-]?[0-9]+(?:\.[0-9]+)+")  # commas separate words there


class _Column(NamedTuple):
    """Where a column comes from, by place and, within a struct, by place of the field, and its field here."""

    place: int
    part: int | None
    field: pa.Field

    def take(self, rows: pa.RecordBatch) -> pa.Array:
        column = rows.column(self.place)
        return column if self.part is None else pc.struct_field(column, self.part)


class ColumnPlan(NamedTuple):
    """The columns that are read, and the origin of each in the input."""

    columns: tuple[_Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """Return the columns under our names."""
        return pa.schema([column.field for column in self.columns])

    def apply(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows with these columns."""
        return pa.RecordBatch.from_arrays([column.take(rows) for column in self.columns], schema=self.schema)


def plan_columns(
    given: pa.Schema, knowledge: KnowledgeBase, renames: Mapping[str, str] | None = None, id_column: str | None = None
) -> ColumnPlan:
    """Return how a table is read. `renames` has new names by old ones.

    Raises BatchError for a column that looks like input but cannot be read, and for two with the same meaning.
    """
    # Renames come first: they are how a user says that a column is, or is not, one of ours.
    renamed = rename_all(given.names, renames or {})
    spelling = Spelling.make_for(knowledge, id_column=id_column)
    columns: list[_Column] = []
    for place, (field, name) in enumerate(zip(given, renamed, strict=True)):
        ours = None if name == id_column else spelling.find(name)
        if ours in TOPICS:
            columns += _split_struct(place, field, name, str(ours), spelling)
        else:
            columns.append(_Column(place, None, field.with_name(ours or name)))
    _refuse_two_for_one(columns, given.names)
    names = [column.field.name for column in columns]
    for name in names if {"needs", "wants"} & set(names) else ():  # if both are missing, the error is raised elsewhere
        if name != id_column and spelling.find(name) is None and not name.startswith(ANSWERS):
            spelling.refuse_similar(name)
    return ColumnPlan(tuple(columns))


def _split_struct(place: int, field: pa.Field, name: str, ours: str, spelling: Spelling) -> list[_Column]:
    """Return the columns that a struct of situations or of usage holds. Raises BatchError."""
    if not pa.types.is_struct(field.type):
        raise BatchError(
            f"the column '{name}' contains {field.type} and is not read; expected a struct, or a column for each "
            f"answer, such as {spelling.find_example(ours)}. {describe_rename(name)}"
        )
    columns = []
    for part, inner in enumerate(field.type):
        known = spelling.find(f"{ours}.{inner.name}")
        if known is None:
            spelling.refuse_similar(f"{ours}.{inner.name}")
        columns.append(_Column(place, part, pa.field(str(known), inner.type)))
    return columns


def _refuse_two_for_one(columns: list[_Column], given: list[str]) -> None:
    places: dict[str, int] = {}
    for column in columns:
        name = column.field.name
        if name in places:
            raise BatchError(
                f"the columns '{given[places[name]]}' and '{given[column.place]}' both mean '{name}'; leave one out, "
                f'or rename it: --rename "{given[column.place]}=…".'
            )
        places[name] = column.place


def find_empty_rows(rows: pa.RecordBatch) -> pa.Array | None:
    """Return the mask of rows with only empty, null or blank cells; None if there are none.

    In most tables the first column is always filled, and no other is checked. In a table with one column, an empty cell
    is a team that asks for nothing.
    """
    if rows.num_columns == 1:
        return None
    found = None
    for column in rows.columns:
        empty = _find_empty(column)
        found = empty if found is None else pc.and_(found, empty)
        if not pc.any(found).as_py():
            return None
    return found


def _find_empty(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    # Given a Python constant, as in `pc.equal(lengths, 0)` or `fill_null(True)`, pyarrow imports pandas if installed.
    # So a length counts as a truth value, and a mask takes the place of the constant.
    if _is_text(column.type):
        blank = pc.or_(pc.invert(pc.binary_length(column).cast(pa.bool_())), pc.utf8_is_space(column))
    elif _is_list(column.type):
        blank = pc.invert(pc.list_value_length(column).cast(pa.bool_()))
    else:
        return pc.is_null(column)
    return pc.coalesce(blank, arrays.make_flags(np.ones(len(column), bool)))


class ColumnReader:
    """Reads the columns of blocks: under our names, numbers and days checked, rows of empty cells left out.

    `decimal` is the sign before fractions in texts of numbers, if the user names it; `schema` is that of the result.
    """

    def __init__(self, plan: ColumnPlan, decimal: str | None) -> None:
        self._plan, self._decimal, self.schema = plan, decimal, plan.schema
        self._scope = [name for name in SCOPE_COLUMNS if name in plan.schema.names]
        for name in self._scope:
            _check_scope_type(name, plan.schema.field(name).type)
            self.schema = self.schema.set(self.schema.get_field_index(name), pa.field(name, pa.string()))

    def read(self, block: Block) -> Block:
        """Return the block as it is scored."""
        rows = self._plan.apply(block.rows)
        rows = _read_numbers(rows, self._decimal) if self._decimal else rows
        wrong: dict[int, str] = {}
        for name in self._scope:
            texts, errors = read_distinct(_cast_to_texts(rows[name]), partial(_read_text, name))
            rows = rows.set_column(rows.schema.get_field_index(name), pa.field(name, pa.string()), texts)
            add_reasons(wrong, errors)
        return block._replace(rows=rows).leave_out(find_empty_rows(rows), wrong)


def read_distinct(column: pa.Array, read: Callable[[str], str | None]) -> tuple[pa.Array, dict[int, str]]:
    """Read a column of texts, each distinct one once; also return errors by row.

    Nulls stay. `read` raises RequirementsError for a text that cannot be read.
    """
    texts = column.cast(pa.string()).dictionary_encode()
    found: list[str | None] = []
    wrong: dict[int, str] = {}
    for code, text in enumerate(texts.dictionary.to_pylist()):
        try:
            found.append(read(text))
        except RequirementsError as error:
            found.append(None)
            wrong[code] = str(error)
    # The texts are numbered in the order in which they come: "x", "5", null, "x" are the codes 0, 1, null, 0.
    rows = enumerate(texts.indices.to_pylist()) if wrong else ()
    return pa.array(found, pa.string()).take(texts.indices), {row: wrong[code] for row, code in rows if code in wrong}


def add_reasons(wrong: dict[int, str], more: Mapping[int, str]) -> None:
    """Add further errors of rows; a row with mistakes in several columns gets all their sentences."""
    for row, reason in more.items():
        wrong[row] = f"{wrong[row]} {reason}" if row in wrong else reason


def _read_numbers(rows: pa.RecordBatch, decimal: str) -> pa.RecordBatch:
    """Rewrite numbers in texts of usage and bounds so that they have only one meaning.

    `decimal` is the sign between whole and fraction, "," or "."; the other one separates thousands.
    """

    def read_bounds(text: str) -> str:
        return _BOUND.sub(lambda found: write_plainly(found[0], decimal), text)

    for place, field in enumerate(rows.schema):
        is_usage = field.name.startswith(USAGE)
        if (is_usage or field.name in {"needs", "wants"}) and _is_text(field.type):
            read = partial(write_volume_plainly, decimal=decimal) if is_usage else read_bounds
            column, _ = read_distinct(rows.column(place), read)
            rows = rows.set_column(place, field, column.cast(field.type))
    return rows


def _cast_to_texts(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):  # pandas has no dates; a time within a day is not a date, and stays
        is_day = pc.equal(pc.floor_temporal(column, unit="day"), column)
        column = pc.if_else(is_day, column.cast(pa.date32(), safe=False).cast(pa.string()), column.cast(pa.string()))
    if _is_list(column.type):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), ";")
    return column


def _check_scope_type(name: str, kind: pa.DataType) -> None:
    """Raise BatchError if a column of days, ages or names has a type that cannot be read."""
    expected = "dates, or text such as 2022-12-31" if name == "as_of" else "text such as 365d"
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if name in Scope._fields:
        kind, expected = kind.value_type if _is_list(kind) else kind, "names, or lists of them"
    is_day = name == "as_of" and (pa.types.is_date(kind) or pa.types.is_timestamp(kind))
    if not (is_day or _is_text(kind) or pa.types.is_null(kind)):
        raise BatchError(
            f"the column '{name}' contains {kind}; expected {expected}. See --rename if it is something else."
        )


def _is_text(kind: pa.DataType) -> bool:
    return kind in {pa.string(), pa.large_string()}


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _read_text(name: str, text: str) -> str | None:
    """Return a day, an age or names, stripped; None if empty. Raises RequirementsError."""
    text = text.strip()
    # Names are looked up later, with the knowledge base.
    if not text or name in Scope._fields or is_day_or_age(name, text):
        return text or None
    raise RequirementsError(
        f"'{name}' is '{text[:80]}'; expected {'YYYY-MM-DD' if name == 'as_of' else 'days such as 365d'}."
    )


@lru_cache(maxsize=4096)
def is_day_or_age(name: str, text: str) -> bool:
    """Return whether a text can be read as what the column holds: a day for `as_of`, else an age such as 365d."""
    try:
        return bool(parse_day(text) if name == "as_of" else parse_age(text))
    except ValueError:
        return False
