"""Read requirements files in YAML or JSON; JSON is read as YAML.

    needs: [fax, {criterion: number-countries, at_least: 90}]
    wants: [{any: [sms, whatsapp], priority: could}]
    situation: {developers: none}
    usage: {sms-outbound: 60000/year}

What comes out is a `Statement`, the same as from the command line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.problems import validate
from provider_advisor.knowledge.scope import Scope
from provider_advisor.knowledge.shapes.statement_files import STATED, RequirementsFile
from provider_advisor.knowledge.strict_yaml import Document, parse_yaml
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.grammar import BOUND_SIGNS, is_counted, read_requirement, split_text
from provider_advisor.requirements.read_team import count_waiting, read_team
from provider_advisor.requirements.statement import Requirement, Statement, sort_requirements
from provider_advisor.safe_text import shown
from provider_advisor.written_values import parse_age, parse_day

if TYPE_CHECKING:
    from provider_advisor.requirements.unlisted import UnknownWords

# Other escapes are matched too, so that the second half of an escaped backslash does not start one.
_ESCAPE = re.compile(rb"(?P<pair>\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w)|\\.")
_LISTS = ("needs", "wants", "unlisted")


def read_requirements(
    content: bytes, name: str, knowledge: KnowledgeBase, *, whole: bool = True, unknown: UnknownWords | None = None
) -> Statement:
    """Return the statement in a requirements file; `name` is how messages call it; `unknown` takes unknown words.

    Raises KnowledgeError, with every problem of the file's form and its line, and RequirementsError.
    """
    if _is_json(content):
        # A program that writes 5.000 in JSON means 5; where YAML was typed, it may mean 5000.
        return _read_statement(parse_yaml(_decode_pairs(content), name), knowledge, whole=whole, unknown=unknown)
    word = next(filter(str.isalpha, knowledge.criteria), "criterion")
    document = parse_yaml(content, name, expected=f"requirements in YAML or JSON, such as 'needs: [{word}]'.")
    doubts = list(_find_doubtful(document, knowledge))
    return _read_statement(document, knowledge, whole=whole, unknown=unknown, doubts=doubts)


def read_requirements_data(
    data: object, name: str, knowledge: KnowledgeBase, *, whole: bool = True, unknown: UnknownWords | None = None
) -> Statement:
    """Return the same from data that is already read, such as the question inside a record."""
    document = Document.of(dict(data) if isinstance(data, Mapping) else data, name)
    return _read_statement(document, knowledge, whole=whole, unknown=unknown)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _decode_pairs(content: bytes) -> bytes:
    """Return JSON as YAML, which has no pairs of escapes for a character beyond 16 bits (RFC 8259, 7)."""

    def decode(found: re.Match[bytes]) -> bytes:
        return str(json.loads(b'"%b"' % found[0])).encode() if found["pair"] else found[0]

    return _ESCAPE.sub(decode, content)


def _find_doubtful(document: Document, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a sentence for each amount of what is counted that is written like 5.000."""
    data = document.data if isinstance(document.data, dict) else {}
    usage = data.get("usage")
    paths: list[tuple[str | int, ...]] = [("usage", item) for item in (usage if isinstance(usage, dict) else ())]
    for key in ("needs", "wants", "uncounted"):
        for place, item in enumerate(data[key] if isinstance(data.get(key), list) else ()):
            paths += ((key, place, *path) for path in _list_bounds(item, knowledge))
    for path in paths:
        if doubt := document.describe_doubt(*path):
            yield f"{document.where(*path)}: '{path[-1]}': {doubt}"


def _list_bounds(item: object, knowledge: KnowledgeBase) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of a requirement's bounds on what is counted."""
    if not isinstance(item, Mapping):
        return
    parts = item.get("any")
    for place, part in enumerate(parts if isinstance(parts, list) else ()):
        yield from (("any", place, *path) for path in _list_bounds(part, knowledge))
    name = knowledge.find_criterion(str(item.get("criterion")))
    criterion = None if name is None else knowledge.criteria[name]
    if criterion is not None and is_counted(criterion):
        yield from ((end,) for end in BOUND_SIGNS)


def _read_statement(
    read: Document, knowledge: KnowledgeBase, *, whole: bool, unknown: UnknownWords | None, doubts: Sequence[str] = ()
) -> Statement:
    shape = validate(_read_as_yaml(read), RequirementsFile)
    data = shape.model_dump(exclude_unset=True, by_alias=True)
    if unknown is not None:
        needs, own = unknown.set_aside(data.get("needs", ()), "must")
        wants, more = unknown.set_aside(data.get("wants", ()), "should")
        data |= {"needs": needs, "wants": wants, "unlisted": [*data.get("unlisted", ()), *own, *more]}
    try:
        stated = {key: data[key] for key in STATED if key in data}
        team = read_team(knowledge, **stated, name=shape.team, whole=whole)
        unsure = _read_unsure(shape, knowledge)
        uncounted = _read_uncounted(data.get("uncounted", ()), knowledge)
        given = {name: data[name] for name in Scope._fields if name in data}
        # Names are looked up in the whole base, because options may have restricted this one; both limits are combined
        # later.
        scope = (knowledge.whole or knowledge).read_scope(**given)
    except RequirementsError as error:
        problems = (f"{read.name}: {problem}" for problem in error.problems)
        raise RequirementsError(*doubts, *problems) from error
    if doubts:
        raise RequirementsError(*doubts)
    max_age = parse_age(shape.max_age) if shape.max_age else None
    found = Statement(team, shape.as_of, max_age, unsure=unsure, scope=scope, uncounted=uncounted)
    return count_waiting(found, knowledge) if whole else found


def _read_uncounted(given: Iterable[Any], knowledge: KnowledgeBase) -> tuple[Requirement, ...]:
    """Return the requirements that wait for usage. Raises RequirementsError for those that count without it."""
    waiting = sort_requirements(read_requirement(item, "must", knowledge) for item in given)
    counting = [part.criterion for part in waiting if not knowledge.criteria[part.criterion].computed]
    if counting:
        raise RequirementsError(
            *(f"'{name}' in 'uncounted' needs no usage to count; move it to 'needs' or 'wants'." for name in counting)
        )
    return waiting


def _read_as_yaml(document: Document) -> Document:
    """Return the document as YAML would have it, where JSON, or a table written as JSON, has no other way.

    Empty cells are nulls, days are texts, and lists of words may be texts too: `{"needs": "sms, fax", "usage": null}`.
    """
    if not isinstance(document.data, dict):
        return document
    data = {key: value for key, value in document.data.items() if value is not None}
    problems = []
    for key, value in data.items():
        if key in {"situation", "usage"} and isinstance(value, dict):
            data[key] = {name: each for name, each in value.items() if each is not None}
        if not isinstance(value, str):
            continue
        try:
            if key in _LISTS:
                data[key] = split_text(value)
            elif key == "as_of":
                data[key] = parse_day(value)
        except RequirementsError as error:
            problems.append(f"{document.where(key)}: '{key}': {error}")
        except ValueError:
            problems.append(f"{document.where(key)}: 'as_of' is {shown(value)}; expected YYYY-MM-DD.")
    if problems:
        raise RequirementsError(*problems)
    return document._replace(data=data)


def _read_unsure(shape: RequirementsFile, knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return what the team is unsure of, each once, under its id."""
    known = {**knowledge.words, **{name: name for name in (*knowledge.topics, *knowledge.usage)}}
    for name in shape.unsure:
        if name not in known and knowledge.find_criterion(name) is None:
            hint = did_you_mean(name, known, known)
            raise RequirementsError(f"unknown in 'unsure': {shown(name)}; expected criteria, situation or usage.{hint}")
    return tuple(dict.fromkeys(known.get(name) or str(knowledge.find_criterion(name)) for name in shape.unsure))
