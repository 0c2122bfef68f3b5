"""Problems of files as sentences: `file:line: what is wrong; what was expected`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.knowledge.yaml_reader import Document

__all__ = ["validated"]

_LONGEST_ECHO = 60

T = TypeVar("T", bound=BaseModel)


def validated(document: Document, shape: type[T]) -> T:
    """The document as its shape. Raises KnowledgeError with every problem that a shape can find."""
    try:
        return shape.model_validate(document.data)
    except ValidationError as error:
        details = [detail for detail in error.errors() if not _is_other_member(detail)]
        raise KnowledgeError(dict.fromkeys(_sentence(detail, document, shape) for detail in details)) from error


def _is_other_member(detail: ErrorDetails) -> bool:
    """Whether it only says that a mapping is not the text that could have stood there instead."""
    return detail["type"] == "string_type" and isinstance(detail["input"], dict) and "str" in str(detail["loc"][-1])


def _sentence(detail: ErrorDetails, document: Document, shape: type[BaseModel]) -> str:
    path = tuple(_steps(detail["loc"], document.data))
    if detail["type"] == "missing":
        return f"{document.where(*path)}: '{detail['loc'][-1]}' is missing{_named(document.data, path)}; add it."
    if detail["type"] == "extra_forbidden":
        key = str(detail["loc"][-1])
        hint = (
            did_you_mean(key, _keys_of(shape) - {key})
            or " Remove it, or see `recommend schema` for the keys that are known."
        )
        return f"{document.where(*path)}: unknown key '{key}'{_named(document.data, path)}.{hint}"
    return f"{document.where(*path)}: {_what(detail, path)}"


def _what(detail: ErrorDetails, path: tuple[str | int, ...]) -> str:
    message = detail["msg"].replace("Input should be", "expected").replace("valid ", "")
    if detail["type"] == "string_pattern_mismatch":
        message = "expected lower-case words joined by hyphens, or as `recommend schema` says"
    key = next((f"'{step}': " for step in reversed(path) if isinstance(step, str)), "")
    return f"{key}{message[0].lower()}{message[1:]}{_echo(detail['input'])}."


def _echo(value: Any) -> str:  # noqa: ANN401 (YAML holds anything)
    if isinstance(value, dict):
        return "; found a mapping" if value else "; found an empty mapping"
    if isinstance(value, list):
        return "; found a list" if value else "; found an empty list"
    text = "nothing" if value is None else repr(value)
    return f"; found {text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO] + '…'}"


def _steps(loc: tuple[str | int, ...], data: Any) -> Iterator[str | int]:  # noqa: ANN401 (YAML holds anything)
    """The steps of a pydantic location that exist in the data: it also names the members of unions."""
    for step in loc:
        if _leads_on(data, step):
            data = data[step]
            yield step


def _leads_on(data: Any, step: str | int) -> bool:  # noqa: ANN401 (YAML holds anything)
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


def _named(data: Any, path: tuple[str | int, ...]) -> str:  # noqa: ANN401 (YAML holds anything)
    """Which record it is: a line number alone makes a reader count."""
    name = None
    for step in path:
        data = data[step]
        if isinstance(data, dict):
            name = next((data[key] for key in ("id", "criterion", "name") if isinstance(data.get(key), str)), name)
    return f" in '{name}'" if name else ""


@cache
def _keys_of(shape: type[BaseModel]) -> frozenset[str]:
    """Every key that the shape knows, at any depth."""
    schema = shape.model_json_schema()
    definitions = [schema, *schema.get("$defs", {}).values()]
    return frozenset(key for definition in definitions for key in definition.get("properties", {}))
