"""A line of JSON Lines: a requirements file in one line, read into the cells of a row.

A line is read strictly, with the same errors as a single answer. Nearly all values have the types of their columns, and
are taken as they are; for any other line, the reader of requirements files reports the mistake, or reads the values.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import pyarrow as pa

from provider_advisor.batch.column_names import Spelling, list_columns
from provider_advisor.batch.input_columns import is_day_or_age
from provider_advisor.batch.kernel.layout import UNLISTED, USAGE
from provider_advisor.batch.kernel.read_row import read_weight, split_values
from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.scope import Scope, split_names
from provider_advisor.requirements import grammar, statement_record
from provider_advisor.requirements.statement import LARGEST
from provider_advisor.requirements.unlisted import UnknownWords
from provider_advisor.safe_text import JsonError, read_json

_SEPARATOR_OF_NAMES = re.compile(r"[,;\r\n]")
_LONGEST_NAME = 2_000
_LONGEST_SHOWN = 200

# The reader of files calls a line by this name, and says it before each mistake. A reject says its place itself.
_NAME = "row"
_PLACE = re.compile(rf"^{_NAME}(:\d+)*: ", re.MULTILINE)

Row = dict[str, Any]


class RowError(Exception):
    """A line is not a statement; its text is the reason."""


class _UnfitError(Exception):
    """A value does not have the type of its column."""


@dataclass(frozen=True)
class LineKeys:
    """The keys that a line may have, and what is needed to read their values.

    `carried` are those beside the keys of a requirements file, handed on to the output. `renames` has new keys by old
    ones. Other spellings of our keys, and flat ones such as `usage.hours`, are read too. `unknown` collects unknown
    words; `decimal` is the decimal separator in texts of numbers.
    """

    carried: tuple[str, ...]
    knowledge: KnowledgeBase
    renames: Mapping[str, str] = field(default_factory=dict)
    id_column: str | None = None
    unknown: UnknownWords | None = None
    decimal: str = "."

    @cached_property
    def carried_set(self) -> frozenset[str]:
        """Return the keys that are carried, to look them up."""
        return frozenset(self.carried)

    @cached_property
    def spelling(self) -> Spelling:
        """Return the finder of other spellings of our keys."""
        return Spelling.make_for(self.knowledge, id_column=self.id_column)

    @cached_property
    def columns(self) -> dict[str, pa.DataType]:
        """Return our columns with their types."""
        return list_columns(self.knowledge)

    @cached_property
    def schema(self) -> pa.Schema:
        """Return the columns of every block of a run."""
        return pa.schema(self.columns | dict.fromkeys(self.carried, pa.string()))

    def find_member_column(self, name: str) -> str | None:
        """Return the column of a member, such as `usage.sms-outbound@de`, which exists only if a row states it."""
        before, _, item = name.partition(USAGE)
        found = self.knowledge.find_usage(item) if not before and AT in item else None
        return None if found is None else f"{USAGE}{found.id}"


def parse_object(line: bytes) -> Row:
    """Return the object on a line. Raises RowError for anything but one object in strict JSON."""
    try:
        found = read_json(line)
        # Only an escape can produce half of a surrogate pair, and only encoding the result finds it.
        if b"\\u" in line:
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RowError("contains half of a surrogate pair, which is not a character") from error
    except json.JSONDecodeError as error:
        if line.strip() in {b"{", b"["}:
            raise RowError("begins JSON that goes on below; expected a whole object on each line") from error
        raise RowError(f"is not JSON at character {error.pos + 1:,}: {error.msg}") from error
    except JsonError as error:
        raise RowError(str(error)) from error
    if isinstance(found, list) and any(isinstance(each, dict) for each in found):
        raise RowError("is a list of JSON objects; expected each of them on a line of its own")
    if not isinstance(found, dict):
        raise RowError("is not a JSON object; expected one with the keys of a requirements file")
    return found


_INFINITE = (math.inf, -math.inf)
"""As what Python reads 1e999, which is copied as it is written; within a list or an object it cannot be."""

_encode_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode  # `json.dumps` makes an encoder each time


def _write_json(value: object) -> str:
    try:
        return _encode_json(value)
    except ValueError as error:  # Python reads 1e999 as infinite, which JSON cannot say
        raise RowError("has a number that is too large") from error


def parse_row(line: bytes, keys: LineKeys) -> Row:
    """Return the cells of a line by column name, lists for needs, wants and situations. Raises RowError.

    Null means the same as a missing key.
    """
    given = parse_object(line)
    if keys.renames:
        given = _rename_keys(given, keys.renames)
    if None in given.values():
        given = {name: value for name, value in given.items() if value is not None}
    extra = {name: given.pop(name) for name in given.keys() - KEYS}
    if not keys.carried_set.issuperset(extra):
        extra = _read_spellings(given, extra, keys)
    given.pop("unsure", None)
    try:
        cells = _make_cells(given, keys)
    except _UnfitError:
        # The reader of files either reports the mistake, or reads the values into the types of the columns.
        read = _read_as_file(given, keys)
        read.pop("uncounted", None)  # it still waits for usage, and changes no answer
        cells = _make_cells(read, keys)
    for name, value in extra.items():
        if isinstance(value, str | None):
            cells[name] = value
        elif value in _INFINITE:
            cells[name] = _rename_keys(json.loads(line, parse_float=str), keys.renames)[name]
        else:
            cells[name] = _write_json(value)
    return cells


def _rename_keys(given: Row, renames: Mapping[str, str]) -> Row:
    found = {renames.get(name, name): value for name, value in given.items()}
    if len(found) < len(given):
        raise RowError("has two keys that --rename gives the same name; leave one out")
    return found


def _read_spellings(given: Row, extra: Row, keys: LineKeys) -> Row:
    """Move other spellings of our keys to `given`, and return the remaining keys. Raises RowError."""
    others = {}
    for name, value in extra.items():
        if name in keys.carried_set:
            others[name] = value
            continue
        if (ours := keys.spelling.find(name)) is None:
            raise RowError(
                f"has the key '{name[:_LONGEST_SHOWN]}', which no row of the first block has; put it into the first row"
            )
        topic, dot, answer = ours.partition(".")
        place = given.setdefault(topic, {}) if dot else given
        if not isinstance(place, dict) or (answer or topic) in place:
            raise RowError(f"has '{name[:_LONGEST_SHOWN]}' beside '{topic}', and both mean '{ours}'; leave one out")
        place[answer or topic] = _read_flat(topic, value) if dot and isinstance(value, str) else value
    return others


def _read_flat(topic: str, text: str) -> object:
    """Read the text of a flat key such as `usage.hours` like the same cell of a CSV file."""
    if topic == "situation":
        return split_values(text) or None
    # A volume stays a text, and is read with its column: then all mistakes of the row are found.
    return text.strip() or None if topic == "usage" else read_weight(text)


def _make_cells(given: Mapping[str, Any], keys: LineKeys) -> Row:
    """Return the cells of a statement. Raises _UnfitError if a value does not have the type of its column.

    The words themselves are checked when they are scored.
    """
    cells: dict[Any, Any] = {}
    for key, value in given.items():
        if key not in _NESTED:
            cells[key] = _READERS[key](value) if key in _READERS else None
        elif type(value) is dict:
            read = _READERS[key]
            for name, cell in value.items():
                if cell is not None:
                    column = f"{key}.{name}"
                    cells[column if column in keys.columns else keys.find_member_column(column)] = read(cell)
        else:
            cells[key] = None
    if None in cells or None in cells.values():  # a name without a column, or a value that its reader refused
        raise _UnfitError
    return cells


def _read_team(value: object) -> str | None:
    return value if type(value) is str and 0 < len(value) <= _LONGEST_NAME else None


def _read_items(value: object) -> list[str] | None:
    """Return the items of a list, or of a text of words, as flat tables have it: "sms, fax"."""
    if type(value) is str:
        try:
            value = grammar.split_text(value)
        except RequirementsError:
            return None
    if type(value) is not list:
        return None
    items = []
    for item in value:
        if type(item) is dict:
            items.append(_write_json(item))
        elif type(item) is not str or ("{" in item and item.lstrip().startswith("{")):
            return None  # a text that looks like JSON would be read back as the object that it shows
        else:
            items.append(item)
    return items


def _read_answers(value: object) -> list[str] | None:
    answers = [value] if type(value) is str else value
    if type(answers) is list and answers and all(type(each) is str and each for each in answers):
        return answers
    return None


def _read_number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST:
        return float(value)
    return None


def _read_volume_or_text(value: object) -> float | str | None:
    """Return a volume; a text such as "60000/year" is read later, with its column."""
    return value if type(value) is str and value.strip() else _read_number(value)


def _read_names(value: object) -> str | None:
    """Join names of providers or sources to one text; a name that contains a separator would not be read back."""
    names = split_names(value) if type(value) is str else value
    if type(names) is list and all(type(name) is str and not _SEPARATOR_OF_NAMES.search(name) for name in names):
        return ";".join(names)
    return None


def _read_day_or_age(value: object, *, name: str) -> str | None:
    return value if type(value) is str and is_day_or_age(name, value) else None


_READERS: dict[str, Callable[[Any], Any]] = {
    "team": _read_team,
    "needs": _read_items,
    "wants": _read_items,
    UNLISTED: _read_items,
    "situation": _read_answers,
    "usage": _read_volume_or_text,
    "weights": _read_number,
    "as_of": partial(_read_day_or_age, name="as_of"),
    "max_age": partial(_read_day_or_age, name="max_age"),
    **dict.fromkeys(Scope._fields, _read_names),
}
_NESTED = frozenset({"situation", "usage", "weights"})

# All keys of a requirements file. `unsure` is a note for the questionnaire and never changes an answer. `uncounted`
# does if usage is given, so a row with it is read like a file.
KEYS = frozenset({*_READERS, "unsure", "uncounted"})


def _read_as_file(given: Mapping[str, Any], keys: LineKeys) -> Row:
    """Return the same statement through a record. Raises RowError with the single answer's error."""
    try:
        # Importing the shapes of files takes a tenth of a second, and only unusual rows need them.
        from provider_advisor.requirements.requirements_file import read_requirements_data  # noqa: PLC0415

        read = read_requirements_data(given, _NAME, keys.knowledge, unknown=keys.unknown)
        return statement_record(read, keys.knowledge)
    except (KnowledgeError, RequirementsError) as error:
        raise RowError(" ".join(_PLACE.sub("", problem) for problem in error.problems)) from error
