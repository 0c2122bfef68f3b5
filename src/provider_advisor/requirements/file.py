"""Requirements files, in YAML or JSON, which is read as the YAML that it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.problems import validated
from provider_advisor.knowledge.records import KnowledgeBase
from provider_advisor.knowledge.shapes import RequirementsFile
from provider_advisor.knowledge.yaml_reader import Document, parse_yaml
from provider_advisor.requirements.statement import Statement
from provider_advisor.requirements.team import read_team

__all__ = ["read_requirements", "read_requirements_data"]


def read_requirements(content: bytes, name: str, knowledge: KnowledgeBase) -> Statement:
    """The statement in a requirements file; `name` is how messages call it.

    Raises KnowledgeError, with every problem of the file's form and its line, and RequirementsError.
    """
    return _statement(parse_yaml(content, name), knowledge)


def read_requirements_data(data: Mapping[str, Any], name: str, knowledge: KnowledgeBase) -> Statement:
    """The same from data that is already read, such as the question inside a record; dates may be texts."""
    as_of = data.get("as_of")
    try:
        day = dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as error:
        raise RequirementsError(f"{name}: 'as_of' is {as_of!r}; expected YEAR-MONTH-DAY.") from error
    return _statement(Document.of({**data, "as_of": day}, name), knowledge)


def _statement(document: Document, knowledge: KnowledgeBase) -> Statement:
    shape = validated(document, RequirementsFile)
    data = shape.model_dump(exclude_unset=True)
    try:
        team = read_team(
            knowledge,
            needs=data.get("needs", ()),
            wants=data.get("wants", ()),
            situation=data.get("situation"),
            usage=data.get("usage"),
            name=shape.team,
        )
    except RequirementsError as error:
        raise RequirementsError(f"{document.name}: {error}") from error
    return Statement(team, shape.as_of, int(shape.max_age.removesuffix("d")) if shape.max_age else None)
