"""One line of JSON as a team's statement, strictly: what the single answer refuses is refused in the same words."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements import statement_record

__all__ = ["KEYS", "Keys", "Row", "RowError", "object_of", "row_of"]

# What a requirements file holds; `unsure` is a note to whoever answers the questionnaire, and changes no answer.
KEYS = frozenset({"team", "needs", "wants", "situation", "usage", "unsure", "as_of", "max_age"})
_LARGEST = 1e12
_DAYS = re.compile(r"[1-9][0-9]{0,4}d")
_NAME = "row"
_PLACE = re.compile(rf"^{_NAME}(:\d+)*: ", re.MULTILINE)
_LONGEST_NAME = 2_000

Row = dict[str, Any]


class RowError(Exception):
    """A line that is no statement; its text is the reason."""


class Keys(NamedTuple):
    """The keys that a line may have besides those of a requirements file, and the knowledge base it is read with."""

    carried: tuple[str, ...]
    knowledge: KnowledgeBase


def object_of(line: bytes) -> Row:
    """The object on a line. Raises RowError for anything but one object in strict JSON."""
    try:
        text = line.decode().rstrip()
        found = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise RowError(f"is not UTF-8 at byte {error.start + 1:,}") from error
    except UnicodeEncodeError as error:
        raise RowError("holds half a surrogate pair, which is no character") from error
    except json.JSONDecodeError as error:
        raise RowError(f"is not JSON at character {error.pos + 1:,}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise RowError("holds a number of too many digits, or is nested too deeply") from error
    if not isinstance(found, dict):
        raise RowError("is no JSON object; expected one with the keys of a requirements file")
    return found


def _once(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RowError(f"has the key '{twice[:200]}' twice")
    return found


def _refuse(constant: str) -> None:
    raise RowError(f"holds {constant}, which is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)


def row_of(line: bytes, keys: Keys) -> Row:
    """The cells of a line by column name, lists for needs, wants and situations. Raises RowError."""
    given = object_of(line)
    carried = {name: given.pop(name) for name in list(given) if name not in KEYS}
    for name in carried:
        if name not in keys.carried:
            raise RowError(
                f"has the key '{name[:200]}', which no row of the first block has; put it into the first row"
            )
    given.pop("unsure", None)
    if not _is_plain(given, keys.knowledge):
        given = _canonical(given, keys.knowledge)
    return _cells(given) | {name: _text(value) for name, value in carried.items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)


def _cells(given: Row) -> Row:
    cells: Row = {name: given[name] for name in ("team", "as_of", "max_age") if name in given}
    for name in ("needs", "wants"):
        cells[name] = [_item(item) for item in given.get(name, ())]
    for topic, values in given.get("situation", {}).items():
        cells[f"situation.{topic}"] = [values] if isinstance(values, str) else values
    return cells | {f"usage.{item}": float(amount) for item, amount in given.get("usage", {}).items()}


def _item(item: str | Row) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)


def _is_plain(given: Row, knowledge: KnowledgeBase) -> bool:
    """Whether the types are those that columns hold; the words themselves are checked when they are scored."""
    name, situation, usage = given.get("team", "-"), given.get("situation", {}), given.get("usage", {})
    return (
        isinstance(name, str)
        and 0 < len(name) <= _LONGEST_NAME
        and all(_is_list_of_items(given.get(key, [])) for key in ("needs", "wants"))
        and isinstance(situation, dict)
        and all(topic in knowledge.topics and _is_answer(values) for topic, values in situation.items())
        and isinstance(usage, dict)
        and all(item in knowledge.usage and _is_amount(amount) for item, amount in usage.items())
        and _is_day(given.get("as_of", "2000-01-01"))
        and _is_age(given.get("max_age", "1d"))
    )


def _is_list_of_items(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) or (isinstance(item, str) and not item.lstrip().startswith("{")) for item in value
    )


def _is_answer(value: object) -> bool:
    several = [value] if isinstance(value, str) else value
    return isinstance(several, list) and bool(several) and all(isinstance(part, str) and part for part in several)


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_age(value: object) -> bool:
    return isinstance(value, str) and _DAYS.fullmatch(value) is not None


def _canonical(given: Mapping[str, Any], knowledge: KnowledgeBase) -> Row:
    """The same statement as a record has it. Raises RowError with what the single answer says."""
    try:
        # The shapes of files take a tenth of a second to import, and only rows that are no plain ones need them.
        from provider_advisor.requirements.file import read_requirements_data  # noqa: PLC0415

        return statement_record(read_requirements_data(given, _NAME, knowledge), knowledge)
    except KnowledgeError as error:
        raise RowError(" ".join(_PLACE.sub("", problem) for problem in error.problems)) from error
    except RequirementsError as error:
        raise RowError(_PLACE.sub("", str(error))) from error
