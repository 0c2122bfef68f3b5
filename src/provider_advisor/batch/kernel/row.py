"""One row of a table, read as one team's statement: the reading that all columns at once must agree with."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import KnowledgeBase, Priority
from provider_advisor.logic import Number
from provider_advisor.requirements import Requirement, Team, read_requirement, read_team, read_volume, split_list

__all__ = ["Reads", "item_of", "team_of", "values_of"]

Reads = Callable[[Any, Priority, KnowledgeBase], Requirement]


def team_of(row: Mapping[str, Any], knowledge: KnowledgeBase, read: Reads = read_requirement) -> Team:
    """The team that a row states, its requirements `read` one by one.

    `needs` and `wants` are a text of criteria joined by commas, or a list of them; `situation.<topic>` is a text of
    values joined by commas or semicolons, or a list; `usage.<item>` a number, or its text. What is empty or None is not
    stated. Other keys are passed over. Raises RequirementsError with the sentence of a single answer.
    """
    situation = {name: values_of(value) for name, value in _named("situation.", row)}
    usage = {name: _volume(name, value) for name, value in _named("usage.", row)}
    return read_team(
        knowledge,
        needs=_items(row.get("needs")),
        wants=_items(row.get("wants")),
        situation={name: values if len(values) > 1 else values[0] for name, values in situation.items() if values},
        usage={name: volume for name, volume in usage.items() if volume is not None},
        read=read,
    )


def _named(prefix: str, row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key.removeprefix(prefix), value) for key, value in row.items() if key.startswith(prefix)]


def _items(given: Any) -> list[str | dict[str, Any]]:  # noqa: ANN401 (whatever a table holds)
    if given is None or (isinstance(given, str) and not given.strip()):
        return []
    return [item_of(word) for word in (given.split(",") if isinstance(given, str) else given)]


def item_of(word: str | None) -> str | dict[str, Any]:
    """A requirement's text as it is, or the mapping that it writes out as JSON. Raises RequirementsError."""
    if word is None or not word.strip():
        split_list("")
    text = str(word).strip()
    if not text.startswith("{"):
        return text
    try:
        return dict(json.loads(text))
    except (ValueError, RecursionError) as error:  # nested a thousand times, say
        raise RequirementsError(f"'{text[:80]}' is no JSON of a requirement; expected a criterion.") from error


def values_of(given: Any) -> list[str]:  # noqa: ANN401 (whatever a table holds)
    """The values of a situation's cell, stripped; none if it is empty."""
    if given is None:
        return []
    parts = given.replace(";", ",").split(",") if isinstance(given, str) else [str(part) for part in given]
    stripped = [part.strip() for part in parts]
    return stripped if any(stripped) else []


def _volume(name: str, value: Any) -> Number | None:  # noqa: ANN401 (whatever a table holds)
    if isinstance(value, str):
        return read_volume(name, value) if value.strip() else None
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value
