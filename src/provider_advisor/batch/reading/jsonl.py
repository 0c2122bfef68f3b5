"""JSON Lines: blocks of lines, each a requirements file, parsed into columns.

    {"team": "a", "needs": ["fax", {"criterion": "integration", "member": "salesforce"}],
     "situation": {"developers": "none"}}
    {"team": "b", "needs": "fax, sms"}
    {"team": "c", "needs": 5}

    become the rows

    team  needs                                                          situation.developers
    a     fax, {"criterion": "integration", "member": "salesforce"}      none
    b     fax, sms

and the reject "'needs': expected a list; found 5."

A line is read strictly, with the same errors as a single answer. Arrow's JSON reader is not used: it does not tell null
from a missing key, and does not check days or unknown keys, so it worked only for the plainest lines.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any

import pyarrow as pa

from provider_advisor.batch.blocks import Block, Piece, Position, make_block, show_record
from provider_advisor.batch.input_columns import Spelling, is_day_or_age, list_columns
from provider_advisor.batch.kernel.layout import UNLISTED, USAGE
from provider_advisor.batch.kernel.read_row import read_weight, split_values
from provider_advisor.batch.reading.byte_stream import Stream
from provider_advisor.batch.reading.input_files import InputFile, Limits, Opener, ReadingOptions
from provider_advisor.batch.reading.text_blocks import (
    TextBlock,
    cut_lines,
    refuse_other_encodings,
    refuse_wrong_encoding,
    split_text,
    yield_pieces,
)
from provider_advisor.errors import BatchError, KnowledgeError, RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.base import Scope
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.scope import split_names
from provider_advisor.requirements import grammar, statement_record
from provider_advisor.requirements.sheets import write_cell
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


def open_lines(
    sources: Sequence[InputFile], knowledge: KnowledgeBase, options: ReadingOptions, unknown: UnknownWords | None
) -> tuple[pa.Schema, Opener]:
    """Return the columns of JSON Lines, those of the first block's keys, and their blocks. Raises BatchError."""
    limits = options.limits
    with Stream(sources[0], 0, options.encoding) as begun:
        texts = _split_whole(begun, limits)
        first = next((text for text in texts if text.cut.spoilt or text.data[: text.cut.end].strip()), None)
    if first is None:
        raise BatchError(f"{sources[0].name} is empty; expected a JSON object on each line.")
    refuse_wrong_encoding(first.data, sources[0].name)
    renames = dict(options.renames)
    keys = LineKeys((), knowledge, renames, options.id_column, unknown, options.decimal or ".")
    keys = replace(keys, carried=_choose_carried([renames.get(name, name) for name in find_keys(first)], keys))

    def opener(source: InputFile, file: int, start: Position) -> Iterator[Piece]:
        parse = partial(parse_lines, keys=keys, source=source.name, file=file)
        if not source.regular and file == 0:
            yield from yield_pieces(begun, chain([first], texts), parse)
            return
        with Stream(source, start.offset, options.encoding) as stream:
            rest = split_text(stream, start.offset, cut_lines, limits) if start.offset else _split_whole(stream, limits)
            yield from yield_pieces(stream, rest, parse)

    return keys.schema, opener


def _split_whole(stream: Stream, limits: Limits) -> Iterator[TextBlock]:
    """Return the blocks of a whole text, without its byte-order mark."""
    head = stream.read(len(codecs.BOM_UTF8))
    refuse_other_encodings(head, stream.source.name)
    start = len(head) if head == codecs.BOM_UTF8 else 0
    stream.give_back(head[start:])
    return split_text(stream, start, cut_lines, limits)


def _choose_carried(names: Iterable[str], keys: LineKeys) -> tuple[str, ...]:
    """Return the keys that are carried. Raises BatchError for one that looks like input but cannot be read."""
    carried = tuple(name for name in dict.fromkeys(names) if name not in KEYS and not keys.spelling.find(name))
    for name in carried:
        if name != keys.id_column:
            keys.spelling.refuse_similar(name, "key")
    return carried


def find_keys(text: TextBlock) -> tuple[str, ...]:
    """Return the keys in a first block, in the order in which they come."""
    found: dict[str, None] = {}
    for line in _split_lines(text):
        try:
            found |= dict.fromkeys(parse_object(line))
        except RowError:
            continue
    return tuple(found)


def parse_lines(text: TextBlock, keys: LineKeys, source: str, file: int) -> Block:
    """Return the rows and rejects of a text; their numbers count from its own beginning, blank lines not counted."""
    lines = list(_split_lines(text))
    reasons = {0: text.cut.spoilt[0].reason} if text.cut.spoilt else {}
    rows: list[Row] = []
    for place, line in enumerate(lines):
        if place not in reasons:
            try:
                rows.append(_parse_row(line, keys))
            except RowError as error:
                reasons[place] = str(error)
    batch, end = _make_batch(rows, keys), Position(file, text.end)
    return make_block(source, batch, len(lines), reasons, lambda place: show_record(lines[place]), end)


def _split_lines(text: TextBlock) -> Iterator[bytes]:
    data = text.data if text.cut.end == len(text.data) else text.data[: text.cut.end]
    return (line for line in data.split(b"\n") if line and not line.isspace())


def _make_batch(rows: list[Row], keys: LineKeys) -> pa.RecordBatch:
    """Return the rows as columns, faster than `from_pylist`, which looks up every key in every row."""
    found = set().union(*rows)
    members = sorted(name for name in found - set(keys.schema.names) if AT in name)
    fields = [*keys.schema, *(pa.field(name, pa.float64()) for name in members)]
    columns = [
        _make_column([row.get(field.name) for row in rows], field, keys.decimal)
        if field.name in found
        else pa.nulls(len(rows), field.type)
        for field in fields
    ]
    return pa.RecordBatch.from_arrays(columns, names=[field.name for field in fields])


def _make_column(cells: list[Any], field: pa.Field, decimal: str) -> pa.Array:
    """Return the column of a key; volumes are numbers, or all of a block texts where one is: "60000/year"."""
    if field.name.startswith(USAGE) and any(type(cell) is str for cell in cells):
        # As text, 5.125 could mean five thousand, so a number beside "60000/year" is written so that it keeps its
        # meaning.
        return pa.array([write_cell(cell, decimal) or None for cell in cells], pa.string())
    return pa.array(cells, field.type)


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
        raise RowError(f"is not JSON at character {error.pos + 1:,}: {error.msg}") from error
    except JsonError as error:
        raise RowError(str(error)) from error
    if not isinstance(found, dict):
        raise RowError("is not a JSON object; expected one with the keys of a requirements file")
    return found


_write_json = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` makes an encoder each time


def _parse_row(line: bytes, keys: LineKeys) -> Row:
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
        cells[name] = value if isinstance(value, str | None) else _write_json(value)
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
