"""The JSON Schema of answers, and the reader of earlier answers: `recommend schema`, `replay`."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation import answer_records
from provider_advisor.explanation.answer_records import AnswerPart, AnswerRecord

_NOT_COMPARED: Mapping[str, Any] = {
    "notes": [],
    "confirm": [],
    "robustness": {},
    "unlisted": [],
    "sources": [],
    "notices": [],
    "products": {},
    "chosen": [],
    "take": {},
    "cautions": [],
    "product_gaps": [],
    "dated_by": [],
    "differences": [],
    "left_out": None,
}
_NO_SCOPE: Mapping[str, Any] = {
    "version": None,
    "date": None,
    "providers": 0,
    "sources": [],
    "newest": None,
    "oldest": None,
    "read_from": "",
    "only": [],
    "without": [],
    "limited_to": [],
    "customer_of": [],
}
"""Defaults for old records, in which `knowledge` only had the age of the facts."""


def read_answer(data: Mapping[str, Any]) -> AnswerRecord:
    """Return the records of an answer in JSON data; fields that a newer version added are left out.

    Parts that `replay` does not compare may be missing. Raises RequirementsError, naming the first field at fault.
    """
    from pydantic import ValidationError  # noqa: PLC0415 (see `_make_adapter`)

    try:
        known = data.get("knowledge")
        scope = {"knowledge": {**_NO_SCOPE, **known}} if isinstance(known, Mapping) else {}
        found: AnswerRecord = _get_answer_adapter().validate_python({**_NOT_COMPARED, **data, **scope})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        problem = "is missing" if first["type"] == "missing" else "is not of the right kind"
        raise RequirementsError(
            f"the record is damaged: '{where[:80]}' {problem}; expected what `recommend --format json` printed."
        ) from error
    return found


def answer_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `provider-advisor/recommendation/1`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema_of(AnswerRecord)}


def schema_of(kind: type[AnswerPart]) -> dict[str, Any]:
    """Return the JSON Schema of a kind of record: every field is required, and no other is allowed."""
    schema: dict[str, Any] = _make_adapter(kind).json_schema()
    described = _collect_descriptions()
    for name, part in ((kind.__name__, schema), *schema.get("$defs", {}).items()):
        part["additionalProperties"] = False
        for field, text in described[name].items():
            part["properties"][field.removesuffix("_")]["description"] = text
    return schema


def _collect_descriptions() -> dict[str, dict[str, str]]:
    """Return the description of each field of each kind of record, including inherited fields.

    Pydantic can find these texts too, but rereads the whole file for each kind.
    """
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(answer_records)).body:
        if isinstance(node, ast.ClassDef):
            texts = found[node.name] = {}
            for base in node.bases:
                texts.update(found[ast.unparse(base)])
            for field, below in pairwise(node.body):
                if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr):
                    texts[ast.unparse(field.target)] = ast.literal_eval(below.value)
    return found


@cache
def _get_answer_adapter() -> Any:  # noqa: ANN401 (a TypeAdapter)
    return _make_adapter(AnswerRecord)


def _make_adapter(kind: type[AnswerPart]) -> Any:  # noqa: ANN401 (a kind of record, and its TypeAdapter)
    """Return the reader of a kind of record, made on demand, because importing pydantic is slow."""
    from pydantic import TypeAdapter  # noqa: PLC0415

    # Pydantic reads dataclasses, so each kind is turned into one in place, its base first; repeating this changes
    # nothing. The constructor remains the plain one of `AnswerPart`.
    for part in _list_kinds(AnswerPart):
        dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=True)(part)
    return TypeAdapter(kind)


def _list_kinds(base: type[AnswerPart]) -> Iterator[type[AnswerPart]]:
    """Yield all kinds of record, each after the one that it extends."""
    for kind in base.__subclasses__():
        yield kind
        yield from _list_kinds(kind)
