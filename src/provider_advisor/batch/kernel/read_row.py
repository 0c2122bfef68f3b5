"""Read the team of a row by itself, where columns do not cover it; its cells are read here for columns too."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from provider_advisor.batch.kernel.layout import SITUATION, UNLISTED, USAGE, WEIGHTS
from provider_advisor.batch.kernel.numbered_words import split_cell
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.records import Priority
from provider_advisor.requirements import Requirement, Team, read_requirement, read_team
from provider_advisor.requirements.grammar import EMPTY_ENTRY, split_words
from provider_advisor.requirements.statement import Mistakes
from provider_advisor.safe_text import JsonError, read_json
from provider_advisor.written_values import plain

ReadRequirement = Callable[[Any, Priority, KnowledgeBase], Requirement]


def read_row(row: Mapping[str, Any], knowledge: KnowledgeBase, read: ReadRequirement = read_requirement) -> Team:
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
        raise RequirementsError(EMPTY_ENTRY)
    text = str(word).strip()
    if not text.startswith("{"):
        return text
    try:
        return dict(read_json(text.encode()))
    except JsonError as error:
        raise RequirementsError(f"'{text[:80]}' {error}.") from error
    except ValueError as error:
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


def _read_amount(value: Any) -> Any:  # noqa: ANN401 (whatever a table holds)
    """Return a volume, None if empty; texts are returned unchanged and parsed later."""
    if isinstance(value, str):
        return value if value.strip() else None
    # Parquet files and data frames contain decimals and NaN; pandas uses NaN for empty cells of numbers.
    if isinstance(value, Decimal):
        value = plain(float(value))
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value
