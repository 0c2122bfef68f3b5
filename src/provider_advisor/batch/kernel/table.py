"""The columns of an input table: which of them are read, and whether they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import pyarrow as pa

from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.suggest import did_you_mean

__all__ = ["REQUIREMENTS", "SITUATION", "USAGE", "Layout", "layout_of"]

REQUIREMENTS = ("needs", "wants")
SITUATION, USAGE = "situation.", "usage."


class Layout(NamedTuple):
    """What the columns of a table are: those that are read, the others, which are carried, and the id, if any."""

    read: tuple[str, ...]
    carried: tuple[str, ...]
    id: str | None


def layout_of(schema: pa.Schema, knowledge: KnowledgeBase, ours: Iterable[str], id_column: str | None) -> Layout:
    """The layout of a table whose result gets the columns `ours`.

    `id_column` names the column of team ids; None is `team`, if there is one. Raises BatchError for a name twice, a
    column of ours, an unknown situation or usage item, a type that cannot be read, and where nothing is required.
    """
    _refuse_twice(schema.names)
    if id_column is not None and id_column not in schema.names:
        raise BatchError(f"there is no column '{id_column}'; expected one of {', '.join(schema.names)}.")
    if not set(REQUIREMENTS) & set(schema.names):
        raise BatchError(_without_requirements(schema.names))
    read = tuple(name for name in schema.names if name in REQUIREMENTS or name.startswith((SITUATION, USAGE)))
    for name in read:
        _check(schema.field(name), knowledge)
    carried = tuple(name for name in schema.names if name not in read)
    if both := sorted(set(carried) & set(ours)):
        raise BatchError(f"the column '{both[0]}' has the name of a column of the result; rename it.")
    identity = id_column or ("team" if "team" in schema.names else None)
    return Layout(read, carried, identity)


def _refuse_twice(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise BatchError(f"the column '{name}' stands twice; rename one of them.")


def _without_requirements(names: list[str]) -> str:
    found = ", ".join(f"'{name}'" for name in names[:10])
    near = next((name for name in names if did_you_mean(name, REQUIREMENTS)), None)
    hint = "" if near is None else f" For '{near}':{did_you_mean(near, REQUIREMENTS)}"
    return f"there is neither a column 'needs' nor 'wants'; found {found}.{hint}"


def _check(field: pa.Field, knowledge: KnowledgeBase) -> None:
    name = field.name
    if name.startswith(SITUATION):
        _known(name, SITUATION, knowledge.topics)
        _typed(field, _is_texts, "texts, or lists of them")
    elif name.startswith(USAGE):
        _known(name, USAGE, knowledge.usage)
        _typed(field, lambda kind: _is_text(kind) or _is_number(kind), "numbers, or texts of numbers")
    else:
        _typed(field, _is_texts, "texts of criteria joined by commas, or lists of them")


def _known(name: str, prefix: str, known: Iterable[str]) -> None:
    words = [f"{prefix}{word}" for word in known]
    if name not in words:
        hint = did_you_mean(name, words) or f" Known: {', '.join(words)}."
        raise BatchError(f"the column '{name}' is none that can be read.{hint}")


def _typed(field: pa.Field, fits: Callable[[pa.DataType], bool], expected: str) -> None:
    if not fits(field.type):
        raise BatchError(f"the column '{field.name}' holds {field.type}; expected {expected}.")


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        is_text(kind)
        for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    )


def _is_texts(kind: pa.DataType) -> bool:
    return _is_text(kind) or ((pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _is_text(kind.value_type))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
