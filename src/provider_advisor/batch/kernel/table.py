"""Decide which columns of an input table are read, check them, and read single rows."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel.arrays import Flags
from provider_advisor.batch.kernel.tokens import split_cell
from provider_advisor.errors import BatchError, Mistakes, RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.records import Priority
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import plain
from provider_advisor.requirements import Requirement, Team, read_requirement, read_team, split_list
from provider_advisor.requirements.grammar import split_words
from provider_advisor.requirements.read_team import list_areas

REQUIREMENTS = ("needs", "wants")
_BETWEEN = re.compile(r"[\s_.-]+")
_EVERYDAY = {
    "must-have": "needs",
    "must-haves": "needs",
    "should-have": "wants",
    "should-haves": "wants",
    "nice-to-have": "wants",
    "nice-to-haves": "wants",
    "wishes": "wants",
}
"""Common names for columns of requirements. They may contain check marks instead of lists, so they are not read."""
UNLISTED = "unlisted"
SITUATION, USAGE, WEIGHTS = "situation.", "usage.", "weights."
_ANSWERS = (SITUATION, USAGE, WEIGHTS)


class Layout(NamedTuple):
    """The columns of a table that are read, those that are only carried along, and the id column."""

    read: tuple[str, ...]
    carried: tuple[str, ...]
    id: str | None


def plan_layout(schema: pa.Schema, knowledge: KnowledgeBase, ours: Iterable[str], id_column: str | None) -> Layout:
    """Return the layout of a table whose result gets the columns `ours`.

    `id_column` names the column of team ids (default: `team`, if it exists). Raises BatchError for a duplicate name, a
    name in `ours`, an unknown situation, usage item or area, a type that cannot be read, and a table without
    requirements.
    """
    _refuse_twice(schema.names)
    if id_column is not None and id_column not in schema.names:
        raise BatchError(f"there is no column '{id_column}'; expected one of {', '.join(schema.names)}.")
    if not set(REQUIREMENTS) & set(schema.names):
        raise BatchError(_describe_missing(schema.names))
    read = tuple(name for name in schema.names if name in {*REQUIREMENTS, UNLISTED} or name.startswith(_ANSWERS))
    for name in read:
        _check_column(schema.field(name), knowledge)
    carried = tuple(name for name in schema.names if name not in read)
    # Columns that are read are not part of the result, so only carried ones can clash with the output columns.
    if both := sorted(set(carried) & set(ours)):
        raise BatchError(f"the column '{both[0]}' has the same name as a column of the result; rename it.")
    identity = id_column or ("team" if "team" in schema.names else None)
    return Layout(read, carried, identity)


def _refuse_twice(names: list[str]) -> None:
    counts = Counter(names)
    for name in names:
        if counts[name] > 1:
            raise BatchError(f"the column '{name}' appears twice; rename one of them.")


def fold_name(name: str) -> str:
    """Normalize a column name for comparison: case is ignored; blanks, `_`, `.` and `-` are the same."""
    return _BETWEEN.sub("-", name.strip().casefold())


def describe_everyday(name: str) -> str:
    """Return a hint on how to rename a column with a common name; empty for other names."""
    ours = _EVERYDAY.get(fold_name(name))
    return f" If '{name[:200]}' holds lists of requirements, add --rename \"{name[:200]}={ours}\"." if ours else ""


def _describe_missing(names: list[str]) -> str:
    found = ", ".join(f"'{name}'" for name in names[:10])
    if everyday := next(filter(None, map(describe_everyday, names)), ""):
        return f"no column 'needs' or 'wants'; found {found}.{everyday}"
    near = next((name for name in names if did_you_mean(name, REQUIREMENTS)), None)
    hint = "" if near is None else f" For '{near}':{did_you_mean(near, REQUIREMENTS)}"
    return f"no column 'needs' or 'wants'; found {found}.{hint}"


def _check_column(field: pa.Field, knowledge: KnowledgeBase) -> None:
    name = field.name
    if name.startswith(SITUATION):
        _check_known(name, SITUATION, knowledge.topics)
        _check_type(field, _is_texts, "text, or lists of text")
    elif name.startswith(USAGE):
        if AT not in name or knowledge.find_usage(name.removeprefix(USAGE)) is None:
            _check_known(name, USAGE, knowledge.usage)
        _check_type(field, lambda kind: _is_text(kind) or _is_number(kind), "numbers, or numbers as text")
    elif name.startswith(WEIGHTS):
        _check_known(name, WEIGHTS, list_areas(knowledge))
        _check_type(field, lambda kind: _is_text(kind) or _is_number(kind), "numbers, or numbers as text")
    elif name == UNLISTED:
        _check_type(field, _is_texts, "text, or lists of text")
    else:
        _check_type(field, _is_texts, "criteria as text separated by commas, or lists of criteria")


def _check_known(name: str, prefix: str, known: Iterable[str]) -> None:
    words = [f"{prefix}{word}" for word in known]
    if name not in words:
        hint = did_you_mean(name, words) or f" Known: {', '.join(words)}."
        raise BatchError(f"unknown column '{name}'.{hint}")


def _check_type(field: pa.Field, fits: Callable[[pa.DataType], bool], expected: str) -> None:
    if not fits(field.type):
        raise BatchError(f"the column '{field.name}' contains {field.type}; expected {expected}.")


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        is_text(kind)
        for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    )


def _is_texts(kind: pa.DataType) -> bool:
    return _is_text(kind) or ((pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_text(kind.value_type))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


Reads = Callable[[Any, Priority, KnowledgeBase], Requirement]


def read_row(row: Mapping[str, Any], knowledge: KnowledgeBase, read: Reads = read_requirement) -> Team:
    """Read the team of a single row; `read` reads each requirement.

    `needs` and `wants` are lists of criteria, or texts separated by commas. `situation.<topic>` is a list of values, or
    a text separated by commas or semicolons. `usage.<item>` is a number or its text. `unlisted` is read like `needs`,
    and `weights.<area>` like usage. Empty values and None are not stated; other keys are ignored. Raises
    RequirementsError with all mistakes, worded as for a single answer.
    """
    mistakes = Mistakes()
    situation = {name: split_values(value) for name, value in _pick_prefixed(SITUATION, row)}
    usage = {name: _read_amount(value) for name, value in _pick_prefixed(USAGE, row)}
    weights = {name: read_weight(value) for name, value in _pick_prefixed(WEIGHTS, row)}
    items = {name: _split_items(row.get(name), mistakes) for name in ("needs", "wants", UNLISTED)}
    try:
        team = read_team(
            knowledge,
            needs=items["needs"],
            wants=items["wants"],
            unlisted=items[UNLISTED],
            situation={name: values if len(values) > 1 else values[0] for name, values in situation.items() if values},
            usage={name: volume for name, volume in usage.items() if volume is not None},
            weights={name: weight for name, weight in weights.items() if weight is not None},
            read=read,
        )
    except RequirementsError as error:
        raise RequirementsError(*mistakes.problems, *error.problems) from error
    mistakes.raise_any()
    return team


def _pick_prefixed(prefix: str, row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key.removeprefix(prefix), value) for key, value in row.items() if key.startswith(prefix)]


def _split_items(given: Any, mistakes: Mistakes) -> list[str | dict[str, Any]]:  # noqa: ANN401 (whatever a table holds)
    if given is None or (isinstance(given, str) and not given.strip()):
        return []
    items = [mistakes.note(read_item, word) for word in (split_words(given) if isinstance(given, str) else given)]
    return [item for item in items if item is not None]


def read_item(word: str | None) -> str | dict[str, Any]:
    """Return the text of a requirement, or the mapping if it is JSON. Raises RequirementsError."""
    if word is None or not word.strip():
        split_list("")  # raises the error of an empty entry
    text = str(word).strip()
    if not text.startswith("{"):
        return text
    try:
        return dict(json.loads(text))
    except (ValueError, RecursionError) as error:  # for example nested a thousand times
        raise RequirementsError(
            f"'{text[:80]}' is not a requirement in JSON; expected a criterion, or a mapping with the key 'criterion'."
        ) from error


def is_item(word: str) -> bool:
    """Return whether `read_item` accepts the word: it is not empty, and valid if it looks like JSON."""
    try:
        read_item(word)
    except RequirementsError:
        return False
    return True


def split_values(given: Any) -> list[str]:  # noqa: ANN401 (whatever a table holds)
    """Return the stripped values of a situation cell; an empty list if the cell is empty."""
    if given is None:
        return []
    parts = split_cell(given) if isinstance(given, str) else [str(part) for part in given]
    stripped = [part.strip() for part in parts]
    return stripped if any(stripped) else []


def read_weight(value: Any) -> Any:  # noqa: ANN401 (whatever a table holds)
    """Return a weight as a number, None if empty; other texts are returned unchanged and refused later."""
    if isinstance(value, str):
        try:
            return plain(float(value)) if value.strip() else None
        except ValueError:
            return value
    return _read_amount(value)


def find_weighing(rows: pa.RecordBatch) -> Flags:
    """Mark the rows that state weights by area."""
    found = np.zeros(rows.num_rows, bool)
    for name in rows.schema.names:
        column = rows.column(name)
        if name.startswith(WEIGHTS) and column.null_count < len(column):
            found |= _find_filled(column)
    return found


def _find_filled(column: pa.Array) -> Flags:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        sizes = pc.list_value_length(column)
    elif _is_text(kind):
        sizes = pc.binary_length(column)
    else:
        return np.asarray(~np.isnan(column.cast(pa.float64()).to_numpy(zero_copy_only=False)))
    return np.asarray(pc.fill_null(sizes, 0).to_numpy(zero_copy_only=False) > 0)


def _read_amount(value: Any) -> Any:  # noqa: ANN401 (whatever a table holds)
    """Return a volume, None if empty; texts are returned unchanged and parsed later."""
    if isinstance(value, str):
        return value if value.strip() else None
    # Parquet files and data frames contain decimals and NaN; pandas uses NaN for empty cells of numbers.
    if isinstance(value, Decimal):
        value = plain(float(value))
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value
