"""Requirements files, in YAML or JSON, which is read as the YAML that it all but is."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.problems import validated
from provider_advisor.knowledge.records import KnowledgeBase
from provider_advisor.knowledge.shapes import RequirementsFile
from provider_advisor.knowledge.strict_yaml import Document, parse_yaml
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.grammar import shown
from provider_advisor.requirements.statement import Statement
from provider_advisor.requirements.team import read_team

__all__ = ["read_requirements", "read_requirements_data"]

# Any other escape is matched too, so that the second half of an escaped backslash begins none.
_ESCAPE = re.compile(rb"(?P<pair>\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w)|\\.")


def read_requirements(content: bytes, name: str, knowledge: KnowledgeBase, *, whole: bool = True) -> Statement:
    """The statement in a requirements file; `name` is how messages call it, `whole` is as for `read_team`.

    Raises KnowledgeError, with every problem of the file's form and its line, and RequirementsError.
    """
    readable = _without_pairs(content) if _is_json(content) else content
    return _statement(parse_yaml(readable, name), knowledge, whole=whole)


def read_requirements_data(data: Mapping[str, Any], name: str, knowledge: KnowledgeBase) -> Statement:
    """The same from data that is already read, such as the question inside a record."""
    return _statement(Document.of(dict(data) if isinstance(data, Mapping) else data, name), knowledge, whole=True)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _without_pairs(content: bytes) -> bytes:
    """JSON as YAML: of the two, only JSON writes a character beyond 16 bits as a pair of escapes (RFC 8259, 7)."""
    return _ESCAPE.sub(lambda found: _character(found[0]) if found["pair"] else found[0], content)


def _character(pair: bytes) -> bytes:
    return str(json.loads(b'"%b"' % pair)).encode()


def _statement(document: Document, knowledge: KnowledgeBase, *, whole: bool) -> Statement:
    shape = validated(_with_day(document), RequirementsFile)
    data = shape.model_dump(exclude_unset=True)
    try:
        team = read_team(
            knowledge,
            needs=data.get("needs", ()),
            wants=data.get("wants", ()),
            situation=data.get("situation"),
            usage=data.get("usage"),
            name=shape.team,
            whole=whole,
        )
        unsure = _unsure(shape, knowledge)
    except RequirementsError as error:
        raise RequirementsError(f"{document.name}: {error}") from error
    max_age = int(shape.max_age.removesuffix("d")) if shape.max_age else None
    return Statement(team, shape.as_of, max_age, unsure=unsure)


def _unsure(shape: RequirementsFile, knowledge: KnowledgeBase) -> tuple[str, ...]:
    """What the team is unsure of, each once, under its id."""
    known = {**knowledge.words, **{name: name for name in (*knowledge.topics, *knowledge.usage)}}
    for name in shape.unsure:
        if name not in known:
            hint = did_you_mean(name, known, known)
            raise RequirementsError(f"unknown in 'unsure': {shown(name)}; expected criteria, situation or usage.{hint}")
    return tuple(dict.fromkeys(known[name] for name in shape.unsure))


def _with_day(document: Document) -> Document:
    """The document with its day read where it is a text, for JSON has no other form of it."""
    as_of = document.data.get("as_of") if isinstance(document.data, dict) else None
    if not isinstance(as_of, str):
        return document
    day = _day(as_of)
    if day is None:
        raise RequirementsError(f"{document.where('as_of')}: 'as_of' is {shown(as_of)}; expected YYYY-MM-DD.")
    return document._replace(data={**document.data, "as_of": day})


def _day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # `fromisoformat` reads 20230601 and 2023-W22-4 too
