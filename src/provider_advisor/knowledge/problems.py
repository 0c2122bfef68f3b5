"""The problems of a file as sentences, and its valid parts.

A sentence is `file:line: what is wrong; what was expected`. One misspelt key must neither hide other mistakes in its
file, nor make references to the file look wrong. For example, of

    claims:
    - {criterion: fax, valeu: present, source: guide, line: 3}
    - {criterion: sms, value: absent, source: guide, line: 4}

the first claim has an unknown key: this is reported, and the claim is left out. The second is checked in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.shapes.values import Shape, is_id
from provider_advisor.knowledge.strict_yaml import Document, as_written
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.safe_text import shown

_LONGEST_ECHO = 60
_EXPECTED = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "a mapping"),
    "string_type": "text",
    "bool_parsing": "true or false",
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "a whole number"),
    "date_type": "a date, YYYY-MM-DD without quotes",
    "greater_than_equal": "at least {ge:.15g}",
    "greater_than": "more than {gt:.15g}",
    "less_than_equal": "at most {le:.15g}",
    "less_than": "less than {lt:.15g}",
    "string_too_short": "some text",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "words of letters and digits, joined by hyphens or dots",
    "too_short": "at least {min_length} in the list",
    "too_long": "at most {max_length} in the list",
}

T = TypeVar("T", bound=Shape)
S = TypeVar("S", bound=Shape)
R = TypeVar("R")


def validate(document: Document, shape: type[T]) -> T:
    """Return the document as its shape. Raises KnowledgeError with every problem that a shape can find."""
    try:
        return shape.model_validate(document.data)
    except ValidationError as error:
        raise KnowledgeError(describe_problems(error, document, shape)) from error


def describe_problems(error: ValidationError, document: Document, shape: type[Shape]) -> list[str]:
    """Return each problem of a document once; a single one with an example, if the document is of another kind."""
    # For a file in the wrong place, every key would be wrong and many would be missing: an example says more.
    data, keys = document.data, {field.alias or name for name, field in shape.model_fields.items()}
    is_mapping = isinstance(data, dict)
    # It has none of the keys, and no misspelt one either.
    if not is_mapping or (keys.isdisjoint(data) and not any(did_you_mean(str(key), keys) for key in data)):
        found = f"the key {shown(next(iter(data)))}" if is_mapping and data else _echo(data)
        return [f"{document.where()}: expected a file such as this example; found {found}.{shape.show_example()}"]
    return list(dict.fromkeys(_describe(detail, document, shape) for detail in error.errors(include_url=False)))


def _describe(detail: ErrorDetails, document: Document, shape: type[Shape]) -> str:
    path, key = tuple(_follow(detail["loc"], document.data)), str(detail["loc"][-1])
    where, name = document.where(*path), _find_name(document.data, path)
    inside = f" in {shown(name)}" if name else ""  # a line number alone makes a reader search
    if detail["type"] == "missing":
        return f"{where}: '{key}' is missing{inside}; add it."
    if detail["type"] == "extra_forbidden":
        # The key may be known elsewhere in the file, so it must not be suggested for itself.
        hint = did_you_mean(key, _collect_keys(shape) - {key}) or " Remove it; `recommend schema` lists the known keys."
        return f"{where}: unknown key {shown(key)}{inside}.{hint}"
    is_entry = detail["type"] == "mapping" and path and isinstance(path[-1], int)
    # The problem is about the innermost key; if an entry is wrong as a whole, about that entry, by its name.
    subject = (name if is_entry else None) or next((step for step in reversed(path) if isinstance(step, str)), None)
    about = f"{shown(subject)}: " if subject else ""
    return f"{where}: {about}{describe_expected(detail)}."


def describe_expected(detail: ErrorDetails) -> str:
    """Return what was expected, in YAML's terms instead of Python's, and what was found."""
    # pydantic speaks of dictionaries and instances; an author of YAML knows mappings and dates.
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "mapping":
        return detail["msg"]
    if kind in {"too_short", "too_long"}:
        return f"expected {_EXPECTED[kind].format(**context)}; found {context['actual_length']}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind].format(**context)}; found {_echo(detail['input'])}"
    if kind == "form" and isinstance(detail["input"], dict) and detail["input"]:
        return f"{detail['msg']}; found the key {shown(next(iter(detail['input'])))}"
    message = detail["msg"].replace("Input should be", "expected").replace("valid ", "").replace("True", "true")
    return f"{message[0].lower()}{message[1:]}; found {_echo(detail['input'])}"


def _echo(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = "nothing" if value is None else as_written(value)
    return text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO] + "…"


def _follow(loc: tuple[str | int, ...], data: Any) -> Iterator[str | int]:  # noqa: ANN401 (YAML holds anything)
    """Yield the steps of a pydantic location that exist in the data; others are tags of forms, such as <word>."""
    for step in loc:
        is_place = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if is_place or (isinstance(data, dict) and step in data):
            data = data[step]
            yield step


def _find_name(data: Any, path: tuple[str | int, ...]) -> str | None:  # noqa: ANN401 (YAML holds anything)
    """Return the name of the innermost record on a path that has one."""
    name: str | None = None
    for step in path:
        data = data[step]
        if isinstance(data, dict):
            name = next((data[key] for key in ("id", "criterion", "name") if isinstance(data.get(key), str)), name)
    return name


@cache
def _collect_keys(shape: type[Shape]) -> frozenset[str]:
    """Return every key that the shape knows, at any depth."""
    schema = shape.model_json_schema()
    definitions = [schema, *schema.get("$defs", {}).values()]
    return frozenset(key for definition in definitions for key in definition.get("properties", {}))


class Reading(NamedTuple, Generic[S]):
    """A file as its shape. `document` holds the entries that are sound, `whole` all that was written."""

    shape: S
    document: Document
    whole: Document

    def list_entries(self, key: str) -> list[tuple[Any, str]]:
        """Return the sound entries of a list in the file, each with its `file:line`."""
        return [(entry, self.document.where(key, place)) for place, entry in enumerate(getattr(self.shape, key))]


class Defined(NamedTuple, Generic[R]):
    """The things of one kind that files define: `records` holds the sound ones, by id.

    `meaning` has the id by each id and alias, those of unsound entries too; `is_open` if some could not be read.
    """

    records: Mapping[str, R]
    meaning: Mapping[str, str]
    is_open: bool

    def is_unread(self, word: str) -> bool:
        """Return whether the word is defined by an entry that has problems itself, or perhaps is."""
        return word not in self.records and (self.is_open or self.meaning.get(word) == word)

    def find_unknown(self, word: str, sentence: str, advice: str = "") -> Iterator[str]:
        """Yield the sentence, if no entry can define the word, with the nearest words or the advice."""
        meant = self.meaning.get(word)
        if meant is not None and meant != word:
            yield f"'{word}' is an alias of '{meant}'; write '{meant}'."
        elif meant is None and not self.is_open:
            yield f"{sentence}.{did_you_mean(word, self.meaning.values()) or advice}"


def read_sound(document: Document, shape: type[S], problems: list[str]) -> Reading[S] | None:
    """Return what is sound in the document, or None; add its problems to the others."""
    # References to an entry that is left out must not be called unknown, so `collect_defined` uses the whole document.
    try:
        return Reading(shape.model_validate(document.data), document, document)
    except ValidationError as error:
        problems += describe_problems(error, document, shape)
        if not isinstance(document.data, dict):
            return None
        details = error.errors()
    # A bad entry of a list is left out alone (two steps), anything else with its whole key (one step): a mistake at
    # ("claims", 3, "value") costs the fourth claim, and one at ("products",) all products.
    unsound = {detail["loc"][: 2 if isinstance(document.data.get(detail["loc"][0]), list) else 1] for detail in details}
    sound = document.without(unsound)
    fields = {name: _fill_field(field, sound, name) for name, field in shape.model_fields.items()}
    return Reading(shape.model_construct(**fields), sound, document)


def _fill_field(field: FieldInfo, document: Document, name: str) -> Any:  # noqa: ANN401 (as many types as fields)
    """Return the field's value; for a missing word, such as an id, the name of the file, which is unique as well."""
    if name in document.data:
        return TypeAdapter[Any](cast("Any", field.annotation)).validate_python(document.data[name])
    if not field.is_required():
        return field.get_default(call_default_factory=True)
    return [] if get_origin(field.annotation) is list else document.name


def collect_defined(
    readings: Iterable[Reading[Any]], key: str, records: Mapping[str, R] | None = None, *, is_open: bool = False
) -> Defined[R]:
    """Return what files define in their lists under a key; `is_open` if some cannot be read at all."""
    ids: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for reading in readings:
        entries = reading.whole.data.get(key)
        if not isinstance(entries, list):
            is_open = is_open or reading.document is not reading.whole
            continue
        for entry in entries:
            name = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(name, str) and is_id(name):
                ids[name] = name
                given = entry.get("aliases")
                aliases |= {part: name for part in (given if isinstance(given, list) else ()) if isinstance(part, str)}
            else:
                is_open = True
    return Defined(records or {}, aliases | ids, is_open)
