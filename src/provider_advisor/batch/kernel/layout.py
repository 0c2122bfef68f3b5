"""Decide which columns of an input table are read, and check their names and types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from provider_advisor.errors import BatchError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.suggest import did_you_mean, list_known
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
        raise BatchError(describe_absent(id_column, schema.names))
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


def describe_absent(name: str, names: list[str]) -> str:
    """Return the sentence on a column that a table does not have."""
    expected = f"; expected one of {', '.join(names)}" if names else ""
    return f"there is no column '{name}'{expected}."


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
    found = f"; found {', '.join(map(repr, names[:10]))}" if names else ""
    if everyday := next(filter(None, map(describe_everyday, names)), ""):
        return f"no column 'needs' or 'wants'{found}.{everyday}"
    near = next((name for name in names if did_you_mean(name, REQUIREMENTS)), None)
    hint = "" if near is None else f" For '{near}':{did_you_mean(near, REQUIREMENTS)}"
    return f"no column 'needs' or 'wants'{found}.{hint}"


def _check_column(field: pa.Field, knowledge: KnowledgeBase) -> None:
    name = field.name
    if name.startswith(SITUATION):
        _check_known(name, SITUATION, knowledge.topics)
    elif name.startswith(WEIGHTS):
        _check_known(name, WEIGHTS, list_areas(knowledge))
    elif name.startswith(USAGE) and (AT not in name or knowledge.find_usage(name.removeprefix(USAGE)) is None):
        _check_known(name, USAGE, knowledge.usage)
    if name.startswith((USAGE, WEIGHTS)):
        fits, expected = _is_text(field.type) or is_number(field.type), "numbers, or numbers as text"
    elif name in REQUIREMENTS:
        fits, expected = _is_texts(field.type), "criteria as text separated by commas, or lists of criteria"
    else:
        fits, expected = _is_texts(field.type), "text, or lists of text"
    if not fits:
        raise BatchError(f"the column '{name}' contains {field.type}; expected {expected}.")


def _check_known(name: str, prefix: str, known: Iterable[str]) -> None:
    words = [f"{prefix}{word}" for word in known]
    if name not in words:
        hint = did_you_mean(name, words) or list_known(words)
        raise BatchError(f"unknown column '{name}'.{hint}")


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        is_text(kind)
        for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    )


def _is_texts(kind: pa.DataType) -> bool:
    return _is_text(kind) or ((pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_text(kind.value_type))


def is_number(kind: pa.DataType) -> bool:
    """Return whether a type is one of numbers, also of decimals."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
