"""What the columns of an input stand for: other spellings of their names, structs of situations, days.

A file from a spreadsheet or a database calls a column `Needs`, `situation_developers` or `Usage SMS outbound`, and
Polars writes `situation` as a struct. For example, the columns

    Team, Needs, situation: struct<developers, use-cases>, Usage_SMS_Outbound, as_of, Region

are read as `team`, `needs`, `situation.developers`, `situation.use-cases`, `usage.sms-outbound`, `as_of` and,
carried as it is, `Region`. A column that looks like input and cannot be read is an error: it is never carried without
a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.table import describe_everyday, fold_name
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.base import Scope
from provider_advisor.knowledge.members import AT
from provider_advisor.knowledge.records import UsageItem
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import parse_day, write_plainly
from provider_advisor.requirements.area_weights import list_areas
from provider_advisor.requirements.volumes import write_volume_plainly

__all__ = [
    "DATED",
    "ColumnPlan",
    "Spelling",
    "check_day_type",
    "find_empty_rows",
    "plan_columns",
    "read_days",
    "read_numbers",
    "rename_all",
]

DATED = ("as_of", "max_age", *Scope._fields)
"""The columns that name the facts of a row: a day, how old facts may be, and about and from whom."""

_TOPICS = ("situation", "usage", "weights")
USAGE = "usage."
_ANSWERS = tuple(f"{topic}." for topic in _TOPICS)
_BOUND = re.compile(r"(?<=[=≥≤])\s*[+-]?[0-9]+(?:\.[0-9]+)+")  # a comma parts words there
_AGE = re.compile(r"[1-9][0-9]{0,4}d")


class Spelling:
    """Finds the name of ours that another spelling of it stands for.

    >>> Spelling(["needs", "usage.sms-outbound"]).find("Usage_SMS outbound")
    'usage.sms-outbound'
    """

    def __init__(self, names: Iterable[str], find_usage: Callable[[str], UsageItem | None] = lambda _: None) -> None:
        self._names = {fold_name(name): name for name in names}
        self._find_usage = find_usage

    @classmethod
    def make_for(cls, knowledge: KnowledgeBase, *, id_column: str | None = None) -> Spelling:
        """Return the spelling of all columns that are read; `team` is one unless another holds the ids."""
        names = ["needs", "wants", "unlisted", *DATED, *_TOPICS]
        names += [f"weights.{area}" for area in list_areas(knowledge)]
        names += [f"situation.{topic}" for topic in knowledge.topics] + [f"usage.{item}" for item in knowledge.usage]
        return cls(names if id_column else ["team", *names], knowledge.find_usage)

    def find(self, name: str) -> str | None:
        """Return our name, or None if there is none. Capitals, blanks, `_`, `.` and `-` do not count."""
        start, at, member = name.partition(AT)
        ours = self._names.get(fold_name(start))
        if not at:
            return ours
        item = self._find_usage(f"{ours.removeprefix(USAGE)}{AT}{member}") if ours and ours.startswith(USAGE) else None
        return None if item is None else f"{USAGE}{item.id}"

    def find_example(self, topic: str) -> str:
        """Return the name of a column on the situation or usage."""
        return next((name for name in self._names.values() if name.startswith(f"{topic}.")), f"{topic}.…")

    def refuse_similar(self, name: str, what: str = "column") -> None:
        """Raise BatchError if a name that stands for none of ours was surely meant to."""
        folded = fold_name(name)
        if f"{folded}s" in self._names and f"{folded}s" not in Scope._fields:
            near: str = f" Did you mean {self._names[f'{folded}s']}?"
        elif everyday := describe_everyday(name):
            near = everyday
        elif folded.partition("-")[0] in _TOPICS:
            known = [ours for ours in self._names.values() if ours.startswith(folded.partition("-")[0] + ".")]
            near = did_you_mean(name, known) or f" Known: {', '.join(known)}."
        else:
            return
        raise BatchError(
            f"the {what} '{name[:200]}' looks like input but cannot be read.{near} {_describe_rename(name[:200])}"
        )


def _describe_rename(name: str) -> str:
    return f'If it is something else, rename it: --rename "{name}=…".'


class _Column(NamedTuple):
    """Where a column comes from, by place and, within a struct, by place of the field, and its field here."""

    place: int
    part: int | None
    field: pa.Field


class ColumnPlan(NamedTuple):
    """The columns as they are read, and how they come of those of the input."""

    columns: tuple[_Column, ...]
    same: bool

    @property
    def schema(self) -> pa.Schema:
        """Return the columns under our names."""
        return pa.schema([column.field for column in self.columns])

    def apply(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows with these columns."""
        if self.same:
            return rows
        parts = {
            column.place: rows.column(column.place).flatten() for column in self.columns if column.part is not None
        }
        arrays = [
            rows.column(column.place) if column.part is None else parts[column.place][column.part]
            for column in self.columns
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def plan_columns(
    given: pa.Schema, knowledge: KnowledgeBase, renames: Mapping[str, str] | None = None, id_column: str | None = None
) -> ColumnPlan:
    """Return how a table is read. `renames` has new names by old ones.

    Raises BatchError for a column that looks like input and cannot be read, and for two that stand for one.
    """
    renamed = rename_all(given.names, renames or {})
    spelling = Spelling.make_for(knowledge, id_column=id_column)
    columns: list[_Column] = []
    for place, (field, name) in enumerate(zip(given, renamed, strict=True)):
        ours = None if name == id_column else spelling.find(name)
        if ours in _TOPICS:
            columns += _split_struct(place, field, name, str(ours), spelling)
        else:
            columns.append(_Column(place, None, field.with_name(ours or name)))
    _refuse_two_for_one(columns, given.names)
    names = [column.field.name for column in columns]
    for name in names if {"needs", "wants"} & set(names) else ():  # that both are missing is said elsewhere
        if name != id_column and spelling.find(name) is None and not name.startswith(_ANSWERS):
            spelling.refuse_similar(name)
    return ColumnPlan(tuple(columns), same=[column.field for column in columns] == list(given))


def rename_all(names: Iterable[str], renames: Mapping[str, str]) -> list[str]:
    """Return the new names. Raises BatchError for an old one that there is not."""
    found = list(names)
    for old in renames:
        if old not in found:
            hint = did_you_mean(old, found) or f" Found: {', '.join(found[:20])}."
            raise BatchError(f"there is no column '{old}' to rename.{hint}")
    return [renames.get(name, name) for name in found]


def _split_struct(place: int, field: pa.Field, name: str, ours: str, spelling: Spelling) -> list[_Column]:
    """Return the columns that a struct of situations or of usage holds. Raises BatchError."""
    if not pa.types.is_struct(field.type):
        raise BatchError(
            f"the column '{name}' contains {field.type} and is not read; expected a struct, or a column for each "
            "answer, "
            f"such as {spelling.find_example(ours)}. {_describe_rename(name)}"
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
    """Return which rows hold nothing but empty cells, null or blanks; None if none does.

    The first column alone says so of most tables. In a table of one column an empty cell is a team that asks nothing.
    """
    found: pa.Array | None = None
    if rows.num_columns == 1:
        return None
    for column in rows.columns:
        empty = _find_empty(column)
        found = empty if found is None else pc.and_(found, empty)
        if not pc.any(found).as_py():
            return None
    return found


def _find_empty(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        blank = pc.or_(_find_zeros(pc.binary_length(column)), pc.utf8_is_space(column))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        blank = _find_zeros(pc.list_value_length(column))
    else:
        return pc.is_null(column)
    # A mask, not `fill_null`: a constant of Python would have pyarrow import pandas, where that is installed.
    return pc.coalesce(blank, arrays.make_flags(np.ones(len(column), bool)))


def _find_zeros(numbers: pa.Array) -> pa.Array:
    return pc.invert(numbers.cast(pa.bool_()))


def read_numbers(rows: pa.RecordBatch, decimal: str) -> pa.RecordBatch:
    """Return the rows with all numbers in texts of usage and bounds as they have one reading.

    `decimal` is the sign between whole and fraction, "," or "."; the other one stands between thousands.
    """
    for place, field in enumerate(rows.schema):
        is_usage = field.name.startswith("usage.")
        if (is_usage or field.name in {"needs", "wants"}) and field.type in {pa.string(), pa.large_string()}:
            texts = rows.column(place).dictionary_encode()
            read = [
                text
                and (
                    write_volume_plainly(text, decimal)
                    if is_usage
                    else _BOUND.sub(lambda found: write_plainly(found[0], decimal), text)
                )
                for text in texts.dictionary.to_pylist()
            ]
            column = pa.array(read, pa.string()).take(texts.indices).cast(field.type)
            rows = rows.set_column(place, field, column)
    return rows


def read_days(rows: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[int, str]]:
    """Return the rows with days and ages as checked texts, null where there is none; by row, what is wrong with some.

    Where one of the two columns is missing, it is added, empty. Raises BatchError for a type that cannot be read.
    """
    wrong: dict[int, str] = {}
    for name in DATED:
        column, errors = _read_texts(name, rows.column(name)) if name in rows.schema.names else (None, {})
        texts = pa.nulls(rows.num_rows, pa.string()) if column is None else column
        place = rows.schema.get_field_index(name)
        field = pa.field(name, pa.string())
        rows = rows.add_column(rows.num_columns, field, texts) if place < 0 else rows.set_column(place, field, texts)
        wrong |= {row: f"{wrong[row]} {reason}" if row in wrong else reason for row, reason in errors.items()}
    return rows, wrong


def _read_texts(name: str, column: pa.Array) -> tuple[pa.Array, dict[int, str]]:
    texts = _cast_to_texts(name, column).dictionary_encode()
    read = [_read_text(name, text or "") for text in texts.dictionary.to_pylist()]
    if not read:
        return pa.nulls(len(column), pa.string()), {}
    codes = texts.indices
    wrong = {place: reason for place, (_, reason) in enumerate(read) if reason}
    rows = enumerate(codes.to_pylist()) if wrong else ()
    errors = {row: wrong[code] for row, code in rows if code in wrong}
    return pa.array([text for text, _ in read], pa.string()).take(codes), errors


def _cast_to_texts(name: str, column: pa.Array) -> pa.Array:
    check_day_type(name, column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_list(column.type):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), ";")
    return column.cast(pa.string())


def check_day_type(name: str, kind: pa.DataType) -> None:
    """Raise BatchError if a column of days or ages has a type that cannot be read."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    is_named = name in Scope._fields
    kind = kind.value_type if is_named and _is_list(kind) else kind
    fits = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)
    if not (fits or (name == "as_of" and pa.types.is_date(kind))):
        expected = "dates, or text such as 2022-12-31" if name == "as_of" else "text such as 365d"
        expected = "names, or lists of them" if is_named else expected
        raise BatchError(
            f"the column '{name}' contains {kind}; expected {expected}. See --rename if it is something else."
        )


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _read_text(name: str, text: str) -> tuple[str | None, str | None]:
    """Return a day or an age as it is read, or what is wrong with it; neither for a blank text."""
    text = text.strip()
    if not text:
        return None, None
    if name in Scope._fields:  # the names are looked up where the knowledge base is at hand
        return text, None
    if _is_day(text) if name == "as_of" else _AGE.fullmatch(text):
        return text, None
    return None, f"'{name}' is '{text[:80]}'; expected {'YYYY-MM-DD' if name == 'as_of' else 'days such as 365d'}."


def _is_day(text: str) -> bool:
    try:
        return bool(parse_day(text))
    except ValueError:
        return False
