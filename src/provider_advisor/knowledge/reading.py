"""What is sound in a file, and which words it defines, though it has problems.

One misspelt key must neither hide what is wrong elsewhere in its file, nor turn whatever refers to the file into
problems of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from provider_advisor.knowledge.problems import sentences
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.knowledge.values import is_id
from provider_advisor.knowledge.yaml_reader import Document

__all__ = ["Defined", "Reading", "defined", "reading_of"]

S = TypeVar("S", bound=BaseModel)
R = TypeVar("R")


class Reading(NamedTuple, Generic[S]):
    """A file as its shape. `document` holds the entries that are sound, `whole` all that was written."""

    shape: S
    document: Document
    whole: Document


class Defined(NamedTuple, Generic[R]):
    """The things of one kind that files define: `records` holds the sound ones, by id.

    `meaning` has the id by each id and alias, those of unsound entries too; `is_open` if some could not be read.
    """

    records: Mapping[str, R]
    meaning: Mapping[str, str]
    is_open: bool

    def is_unread(self, word: str) -> bool:
        """Whether the word is defined by an entry that has problems itself, or perhaps is."""
        return word not in self.records and (self.is_open or self.meaning.get(word) == word)

    def unknown(self, word: str, sentence: str, advice: str = "") -> Iterator[str]:
        """The sentence, if no entry can define the word, with the nearest words or the advice behind it."""
        meant = self.meaning.get(word)
        if meant is not None and meant != word:
            yield f"'{word}' is an alias of '{meant}'; write that."
        elif meant is None and not self.is_open:
            yield f"{sentence}.{did_you_mean(word, self.meaning.values()) or advice}"


def reading_of(document: Document, shape: type[S], problems: list[str]) -> Reading[S] | None:
    """What can be read of the document, None if that is nothing; its problems are added to the others."""
    try:
        return Reading(shape.model_validate(document.data), document, document)
    except ValidationError as error:
        problems += sentences(error, document, shape)
        return _sound_part(document, shape, error)


def _sound_part(document: Document, shape: type[S], error: ValidationError) -> Reading[S] | None:
    if not isinstance(document.data, dict):
        return None
    unsound = {
        detail["loc"][: 2 if isinstance(document.data.get(detail["loc"][0]), list) else 1] for detail in error.errors()
    }
    sound = document.without(unsound)
    fields = {name: _value(field, sound, name) for name, field in shape.model_fields.items()}
    return Reading(shape.model_construct(**fields), sound, document)


def _value(field: FieldInfo, document: Document, name: str) -> Any:  # noqa: ANN401 (as many types as fields)
    """The field's value; where a word lacks, the name of the file, which no other file has."""
    if name in document.data:
        return TypeAdapter[Any](cast("Any", field.annotation)).validate_python(document.data[name])
    if not field.is_required():
        return field.get_default(call_default_factory=True)
    return [] if get_origin(field.annotation) is list else document.name


def defined(
    readings: Iterable[Reading[Any]], key: str, records: Mapping[str, R] | None = None, *, is_open: bool = False
) -> Defined[R]:
    """What files define in their lists under a key; `is_open` if some of the files cannot be read at all."""
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
                aliases |= dict.fromkeys(_texts(entry.get("aliases")), name)
            else:
                is_open = True
    return Defined(records or {}, aliases | ids, is_open)


def _texts(value: Any) -> list[str]:  # noqa: ANN401 (YAML holds anything)
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []
