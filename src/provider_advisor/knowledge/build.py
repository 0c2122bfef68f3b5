"""Build a checked KnowledgeBase from the bytes of files, or report every problem in all of them.

The vocabulary comes first, because claims, rules and questions are checked against it. References to a file or an entry
that could not be read are not checked, so each mistake is reported once, where it is. Questions come last: they become
records only if nothing else is wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, cast

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.check_structure import sort_rules
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.files import File, Role
from provider_advisor.knowledge.problems import Reading, read_sound
from provider_advisor.knowledge.read_providers import read_providers
from provider_advisor.knowledge.read_rules import read_questionnaire, read_rules
from provider_advisor.knowledge.read_vocabulary import find_repeated, make_rates, read_vocabulary, sort_by_id
from provider_advisor.knowledge.records import Edition
from provider_advisor.knowledge.rules import Case, Policy
from provider_advisor.knowledge.scope import Scope
from provider_advisor.knowledge.shapes.every_file import FILE_SHAPES
from provider_advisor.knowledge.shapes.rules_files import WeightsFile
from provider_advisor.knowledge.shapes.statement_files import STATED, CasesFile, CaseShape
from provider_advisor.knowledge.strict_yaml import parse_yaml
from provider_advisor.written_values import parse_age


def build(
    files: Sequence[File], problems: Sequence[str] = (), unread: AbstractSet[Role] = frozenset()
) -> KnowledgeBase:
    """Return the knowledge base in the files. Raises KnowledgeError with every problem of every file.

    `problems` are those that were found before, with files of the parts `unread`.
    """
    found, lost = list(problems), set(unread)
    read = read_shapes(files, found, lost)
    vocabulary = read_vocabulary(read, lost, found)
    providers = read_providers(read["provider"], vocabulary, found)
    rules = read_rules(read["rules"], vocabulary, found)
    questionnaire = read_questionnaire(read["questions"], vocabulary, found)
    if found:
        raise KnowledgeError(sorted(set(found), key=_split_place))
    policy = _make_policy(read["weights"][0].shape)
    by_id, ordered = sort_by_id(providers), {rule.id: rule for rule in sort_rules(rules)}
    sources, criteria = vocabulary.sources.records, cast("Criteria", vocabulary.criteria.records)
    parts = (sources, criteria, by_id, vocabulary.topics.records, vocabulary.usage.records, ordered, policy)
    rates = tuple(rate for file in read["rates"] for rate in make_rates(file.shape, sources))
    edition = next((file.shape.make(Edition) for file in read["base"]), None)
    # The questionnaire is no part of the fingerprint: its words and shares never change an answer, and answers recorded
    # before and after a change of its wording can be compared.
    fingerprint = compute_fingerprint(*parts, criteria.lists, *([rates] if rates else []))
    return KnowledgeBase(*parts, fingerprint=fingerprint, rates=rates, edition=edition, written=questionnaire)


def build_cases(files: Sequence[File]) -> list[Case]:
    """Return the decision cases in the files, in their order. Raises KnowledgeError with every problem of all."""
    problems: list[str] = []
    read = read_shapes(files, problems, set())
    placed = [(file.shape, case, where) for file in read["cases"] for case, where in file.list_entries("cases")]
    problems += find_repeated(((case.name, where) for _, case, where in placed), "the case")
    if problems:
        raise KnowledgeError(problems)
    return [_make_case(case, file, where) for file, case, where in placed]


def read_shapes(files: Sequence[File], problems: list[str], unread: set[Role]) -> dict[Role, list[Reading[Any]]]:
    """Return the valid parts of each file, by its role; add the problems, and the roles of files without any."""
    read: dict[Role, list[Reading[Any]]] = {role: [] for role in cast("Iterable[Role]", FILE_SHAPES)}
    for file in files:
        try:
            shape = FILE_SHAPES[file.role]
            expected = f"a file such as this example.{shape.show_example()}"
            reading = read_sound(parse_yaml(file.content, file.name, expected=expected), shape, problems)
        except KnowledgeError as error:
            problems += error.problems
            reading = None
        if reading is None:
            unread.add(file.role)
        else:
            read[file.role].append(reading)
    return read


def _make_policy(shape: WeightsFile) -> Policy:
    """Return the numbers of policy as a record."""
    ages = {kind: parse_age(age) for kind, age in shape.stale_after if age is not None}
    return shape.make(Policy, priorities=shape.priorities.model_dump(), stale_after=ages)


def _make_case(shape: CaseShape, file: CasesFile, where: str) -> Case:
    """Return a decision case as a record."""
    data = shape.model_dump(exclude_unset=True, by_alias=True)
    team: dict[str, Any] = {key: data[key] for key in STATED if key in data}
    expected = shape.verdict.model_dump(exclude_unset=True) | {
        key: data[key] for key in ("combinations", "concessions", "standings", "confirm") if data.get(key) is not None
    }
    max_age = parse_age(shape.max_age) if shape.max_age else None
    scope = {name: data.get(name, getattr(file, name)) for name in Scope._fields}
    return Case(shape.name, where, team, shape.as_of or file.as_of, max_age, expected, scope)


def _split_place(problem: str) -> tuple[str, int, str]:
    """Return the file, the line and the sentence of a problem."""
    # The shortest path before a line number, because paths may have colons; problems of folders have no line.
    match = re.match(r"(.+?):([0-9]+): ", problem) or re.match(r"(.+?):()", problem)
    if match is None:
        raise AssertionError("a problem begins with its place")
    return match[1], int(match[2] or 0), problem


def compute_fingerprint(*records: Any) -> str:  # noqa: ANN401 (any record, however nested)
    """Return a SHA-256 of the records' content: equal for equal content in any order of claims and files."""
    content = json.dumps([_make_plain(record) for record in records], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


_AS_IS = frozenset({str, int, float, bool, type(None)})
_write_sorted = json.JSONEncoder(sort_keys=True).encode


def _make_plain(value: Any) -> Any:  # noqa: ANN401
    if type(value) in _AS_IS:
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        named = zip(value._fields, value, strict=True)
        # A record's line in its file is not content: a comment above would change it.
        made = {name: part if type(part) in _AS_IS else _make_plain(part) for name, part in named if name != "where"}
        made["record"] = type(value).__name__
        return made
    if isinstance(value, Mapping):
        return {str(key): _make_plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [_make_plain(part) for part in value]
        is_claims = bool(parts) and isinstance(parts[0], dict) and parts[0].get("record") == "Claim"
        return sorted(parts, key=_write_sorted) if is_claims else parts
    return str(value)
