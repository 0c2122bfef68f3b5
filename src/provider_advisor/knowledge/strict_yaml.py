"""Strict YAML: the program sees exactly what was typed, and every value knows its line.

PyYAML's defaults read `no` as false, `010` as eight, `12:30` as 750, and the last of two equal keys in silence. So the
C parser's events are turned into values here, one by one, and whatever could be read in two ways is a problem.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import yaml

from provider_advisor.errors import KnowledgeError
from provider_advisor.safe_text import shown
from provider_advisor.written_values import explain_two_readings

MAX_DEPTH = 40
_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep; flatten it."

_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")  # 15 digits: a float holds them all
_MOST_DIGITS = 15
_LONG_INTEGER = re.compile(r"[-+]?[1-9][0-9]{15,}")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+]?[0-9]{1,3})?|[eE][-+]?[0-9]{1,3})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|(?<!^)\ufeff")
_OTHER_BREAK = re.compile("[\x85\u2028\u2029]")
_MERGE = "merge keys (<<) are not allowed; write each key and its value out."
# What some reader of YAML 1.1, YAML 1.2 or JSON takes for something else than text: .5, 1_000, 1,000, 0x1F, 12:30, yes.
_AMBIGUOUS = re.compile(
    r"[-+]?(\.[0-9][0-9.eE+-]*|[0-9][0-9_]*\.?|[0-9]+[_,][0-9_,.]*|0[xob]\w+|\.(inf|nan)|[0-9]+(:[0-9]+)+)"
    r"|yes|no|on|off|y|n|true|false|null",
    re.IGNORECASE,
)
# What stands before and behind the first comma of 1,000 in {exactly: 1,000}, where a comma ends the value.
_BEFORE_COMMA = re.compile(r"[-+]?[0-9]{1,3}")
_BEHIND_COMMA = re.compile(r"[0-9]{3}(\.[0-9]+)?")
_BARE_WORD = re.compile(r"yes|no|on|off|y|n", re.IGNORECASE)


# Places are a tree of the same form as the data. A problem comes with its path, such as ("claims", 0, "line"), and the
# same path leads through the places to a line.


class _Place(NamedTuple):
    """The line of a value, the places of what is inside it, and how a number that is no text is written."""

    line: int
    inside: dict[str | int, _Place]
    written: str = ""


class _Problem(Exception):  # noqa: N818 (it is caught in this file)
    def __init__(self, event: yaml.Event, sentence: str) -> None:
        super().__init__(sentence)
        self.line = _get_line(event)


def _get_line(event: yaml.Event) -> int:
    """Return the line on which an event begins, counted from 1."""
    if event.start_mark is None:
        raise AssertionError("the parser marks every event")
    return event.start_mark.line + 1


class Document(NamedTuple):
    """One file as data, with the way back from each value to its line."""

    name: str
    data: Any
    places: _Place

    @classmethod
    def of(cls, data: Any, name: str) -> Document:  # noqa: ANN401 (YAML holds anything)
        """Return a document of data that was read elsewhere; all of it is at line 1."""
        return cls(name, data, _Place(1, {}))

    def where(self, *path: str | int) -> str:
        """Return `file:line` of the value at a path, or of its nearest ancestor that exists."""
        return f"{self.name}:{self._find_place(path)[0].line}"

    def describe_doubt(self, *path: str | int) -> str | None:
        """Return both readings of an unquoted number like 5.000 at a path; None for others.

        YAML reads it as 5. Of what is counted, many people mean 5000.
        """
        place, is_there = self._find_place(path)
        doubt = explain_two_readings(place.written) if is_there else None
        return None if doubt is None else f"{place.written} {doubt}"

    def _find_place(self, path: Iterable[str | int]) -> tuple[_Place, bool]:
        """Return the place at a path, or of its nearest ancestor that exists, and whether it is the whole path's."""
        place = self.places
        for step in path:
            if step not in place.inside:
                return place, False
            place = place.inside[step]
        return place, True

    def without(self, paths: Collection[tuple[str | int, ...]]) -> Document:
        """Return the document without these keys (paths of one step) and entries of lists (two steps)."""
        data, inside = dict(self.data), dict(self.places.inside)
        for key in {str(path[0]) for path in paths if path[0] in data}:
            if (key,) in paths:
                del data[key]
                continue
            kept = [index for index in range(len(data[key])) if (key, index) not in paths]
            data[key] = [data[key][index] for index in kept]
            place = inside[key]
            inside[key] = _Place(place.line, {new: place.inside[old] for new, old in enumerate(kept)})
        return Document(self.name, data, _Place(self.places.line, inside))


def as_written(value: object) -> str:
    """Return a value as YAML has it, with text in quotes."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        return value.isoformat() if isinstance(value, dt.date) else repr(value)
    except ValueError:  # Python writes out no integer of over 4,300 digits
        return "a number of too many digits"


def parse_yaml(content: bytes, name: str, *, bare_words: bool = False, expected: str = "YAML.") -> Document:
    r"""Return the document in UTF-8 bytes; `name` is how messages call it, `expected` ends the one on an empty file.

    With `bare_words` an unquoted yes or no is text, for files in which people answer with these words. Raises
    KnowledgeError, with the line of what is wrong.

    >>> document = parse_yaml(b"claims:\n- line: 46\n", "twilio.yaml")
    >>> document.data, document.where("claims", 0, "line")
    ({'claims': [{'line': 46}]}, 'twilio.yaml:2')
    """
    text = _decode(content, name)
    try:
        events = yaml.parse(text, Loader=yaml.CSafeLoader)
        data, place = _build_document(_quote_bare_words(events) if bare_words else events)
    except _Problem as problem:
        raise KnowledgeError([f"{name}:{problem.line}: {problem}"]) from problem
    except yaml.YAMLError as error:
        raise KnowledgeError([f"{name}:{_describe_syntax(error, text, name)}"]) from error
    if data is None:
        raise KnowledgeError([f"{name}:1: the file is empty; expected {expected}"])
    return Document(name, data, place)


def _decode(content: bytes, name: str) -> str:
    try:
        # Some editors begin a file in UTF-8 with a byte order mark, which is no part of the text.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise KnowledgeError([f"{name}:{line}: the file is not UTF-8; save it as UTF-8."]) from error
    # YAML 1.1 ends a line at some characters at which YAML 1.2 and editors do not.
    for wrong, said in (
        (_CONTROL, "the character {} is not allowed; save the file as UTF-8 without it."),
        (_OTHER_BREAK, "some programs end a line at the character {}, others do not; remove it."),
    ):
        if found := wrong.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise KnowledgeError([f"{name}:{line}: {said.format(shown(found[0]))}"])
    return text


def _describe_syntax(error: yaml.YAMLError, text: str, name: str) -> str:
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    # An open quote counts where it was opened.
    is_quote = "quoted scalar" in str(getattr(error, "context", ""))
    mark = getattr(error, "context_mark" if is_quote else "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    if "nesting depth" in what:  # libyaml reads ahead of us, and has a limit of its own since PyYAML 6.0.4
        return f"{line}: {_TOO_DEEP}"
    # A file may end on this line, or before it, and lines may end with a carriage return alone.
    if any(re.match(r" *\t", each) for each in re.split(r"\r\n?|\n", text)[line - 1 : line]):
        return f"{line}: this line is indented with a tab; use spaces."
    # JSON is read as YAML too, but its author expects to hear of JSON.
    form, signs = ("JSON", "commas") if name.lower().endswith(".json") else ("YAML", "indentation")
    check = f"check quotes, colons and {signs} on this line and the one before."
    return f"{line}: invalid {form} ({what}); {check}"


def _quote_bare_words(events: Iterable[yaml.Event]) -> Iterator[yaml.Event]:
    """Yield the events, with each unquoted yes, no, on or off as small letters in quotes."""
    for event in events:
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _BARE_WORD.fullmatch(event.value):
            event.value, event.implicit = event.value.lower(), (False, True)
        yield event


def _build_document(events: Iterator[yaml.Event]) -> tuple[Any, _Place]:
    built: tuple[Any, _Place] = (None, _Place(1, {}))
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Problem(event, "a second document starts here; expected one per file, so remove the '---'.")
        elif isinstance(event, yaml.NodeEvent):
            built = _build(event, events, 0)
    return built


def _build(event: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> tuple[Any, _Place]:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _Problem(event, "anchors and aliases (& and *) are not allowed; write the value out, or quote the text.")
    tag = event.tag if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) else None
    if tag is not None:
        raise _Problem(event, f"the tag {tag!r} is not allowed; write the plain value.")
    if depth > MAX_DEPTH:
        raise _Problem(event, _TOO_DEEP)
    if isinstance(event, yaml.ScalarEvent):
        value = _read_scalar(event)
        return value, _Place(_get_line(event), {}, event.value if isinstance(value, float) else "")
    if not isinstance(event, yaml.SequenceStartEvent):
        return _build_mapping(event, events, depth)
    values, place = list[Any](), _Place(_get_line(event), {})
    for part in _iterate_nodes(events):
        value, place.inside[len(values)] = _build(part, events, depth + 1)
        values.append(value)
    return values, place


def _iterate_nodes(events: Iterator[yaml.Event]) -> Iterator[yaml.NodeEvent]:
    """Return the nodes up to the end of the sequence or mapping that has begun."""
    while isinstance(event := next(events), yaml.NodeEvent):
        yield event


def _build_mapping(start: yaml.Event, events: Iterator[yaml.Event], depth: int) -> tuple[dict[str, Any], _Place]:
    values: dict[str, Any] = {}
    place = _Place(_get_line(start), {})
    nodes = _iterate_nodes(events)
    before: yaml.Event = start
    for event in nodes:
        _refuse_key(event, before)
        key, _ = _build(event, events, depth + 1)
        if not isinstance(key, str):
            raise _Problem(event, f"the key {as_written(key)} is not a word; put it in quotes.")
        if key in values:
            raise _Problem(event, f"the key {key!r} appears twice in one mapping; keep one.")
        before = next(nodes)
        values[key], inside = _build(before, events, depth + 1)
        # A value is where its key is: a list begins a line below it, and that is where its first entry is.
        place.inside[key] = _Place(_get_line(event), inside.inside, inside.written)
    return values, place


def _refuse_key(event: yaml.Event, before: yaml.Event) -> None:
    """Raise if a key without quotes merges mappings as in YAML 1.1, or is the end of the number before it."""
    if not isinstance(event, yaml.ScalarEvent) or not event.implicit[0]:
        return
    if event.value == "<<":
        raise _Problem(event, _MERGE)
    if (
        isinstance(before, yaml.ScalarEvent)
        and _BEHIND_COMMA.fullmatch(event.value)
        and _BEFORE_COMMA.fullmatch(before.value)
        and before.end_mark is not None
        and event.start_mark is not None
        and before.end_mark.index + 1 == event.start_mark.index
    ):
        number = f"{before.value},{event.value}"
        raise _Problem(event, f"write {number} without the comma, as {number.replace(',', '')}; a comma ends a value.")


def _read_scalar(event: yaml.ScalarEvent) -> Any:  # noqa: ANN401 (YAML holds anything)
    # Most scalars are words, for which nothing below has to be tried. The order matters: 12 would be ambiguous as well,
    # and 2024-13-01 is not a date rather than text.
    text = event.value
    is_word = text[:1].isalpha() and len(text) > len("false")  # the longest word that is no text
    if is_word or not event.implicit[0] or event.style in {"'", '"', "|", ">"}:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if abs(number) == float("inf"):
            raise _Problem(event, f"the number {text} is too large.")
        return number
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError as error:
            raise _Problem(event, f"{text} is not a date; expected YYYY-MM-DD.") from error
    if _LONG_INTEGER.fullmatch(text):
        raise _Problem(event, f"the number {text[:_MOST_DIGITS]}… has too many digits; write at most {_MOST_DIGITS}.")
    if _AMBIGUOUS.fullmatch(text):
        raise _Problem(
            event, f"{text!r} is ambiguous; write true or false, a plain number such as 0.5, or put it in quotes."
        )
    return text
