"""From the bytes of files to a checked KnowledgeBase, or to every problem in all of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge import convert, shapes
from provider_advisor.knowledge.checks import (
    criteria_problems,
    never_asked,
    provider_problems,
    question_problems,
    rule_problems,
    sorted_rules,
    structure_problems,
    team_problems,
)
from provider_advisor.knowledge.checks.criteria import repeated
from provider_advisor.knowledge.checks.rules import Vocabulary, criteria_named
from provider_advisor.knowledge.files import File, Role
from provider_advisor.knowledge.problems import Defined, Reading, defined, reading_of
from provider_advisor.knowledge.records import KnowledgeBase, Provider, Questionnaire, Rule
from provider_advisor.knowledge.strict_yaml import parse_yaml

__all__ = ["build", "fingerprint", "read_shapes"]


class Read(NamedTuple):
    """What could be read of the files, by the part they play, and the parts of which some could not be read."""

    files: Mapping[Role, list[Reading[Any]]]
    unread: AbstractSet[Role]


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


def build(
    files: Sequence[File], problems: Sequence[str] = (), unread: AbstractSet[Role] = frozenset()
) -> KnowledgeBase:
    """The knowledge base in the files. Raises KnowledgeError with every problem of every file.

    `problems` are those that were found before, with files of the parts `unread`.
    """
    found = list(problems)
    read = read_shapes(files, found, unread)
    vocabulary = _vocabulary(read, found)
    providers = _providers(read, vocabulary, found)
    rules = _rules(read, vocabulary, found)
    questionnaire = _questionnaire(read, vocabulary, found)
    if found:
        raise KnowledgeError(sorted(set(found), key=_place))
    return _knowledge(read, vocabulary, providers, rules, questionnaire)


def read_shapes(files: Sequence[File], problems: list[str], unread: AbstractSet[Role] = frozenset()) -> Read:
    """What is sound of each file, by the part it plays; what is wrong is added to the problems."""
    read: dict[Role, list[Reading[Any]]] = {role: [] for role in cast("Iterable[Role]", shapes.FILE_SHAPES)}
    lost = set(unread)
    for file in files:
        try:
            reading = reading_of(parse_yaml(file.content, file.name), shapes.FILE_SHAPES[file.role], problems)
        except KnowledgeError as error:
            problems += error.problems
            reading = None
        if reading is None:
            lost.add(file.role)
        else:
            read[file.role].append(reading)
    return Read(read, lost)


def _vocabulary(read: Read, problems: list[str]) -> Vocabulary:
    team, sources, criteria = (read.files[role] for role in ("team", "sources", "criteria"))
    records = [convert.team_of(reading.shape) for reading in team]
    vocabulary = Vocabulary(
        _defined(
            read,
            "criteria",
            "criteria",
            (convert.criterion_of(c, r.shape.area) for r in criteria for c in r.shape.criteria),
        ),
        _defined(read, "team", "situation", (topic for topics, _ in records for topic in topics)),
        _defined(read, "team", "usage", (item for _, items in records for item in items)),
        _defined(read, "sources", "sources", (convert.source_of(s) for r in sources for s in r.shape.sources)),
    )
    for reading in team:
        problems += team_problems(reading.shape, reading.document)
    placed = (
        (source.id, document.where("sources", index))
        for file, document, _ in sources
        for index, source in enumerate(file.sources)
    )
    problems += repeated(placed, "the source")
    problems += criteria_problems(criteria, vocabulary.criteria, vocabulary.usage)
    return vocabulary


def _defined(read: Read, role: Role, key: str, records: Iterable[T]) -> Defined[T]:
    return defined(read.files[role], key, _by_id(records), is_open=role in read.unread)


def _providers(read: Read, vocabulary: Vocabulary, problems: list[str]) -> list[Provider]:
    criteria, sources = vocabulary.criteria, vocabulary.sources
    problems += provider_problems(read.files["provider"], criteria, sources)
    providers = [
        convert.provider_of(file, convert.claims_of(file, document, criteria.records, sources.records))
        for file, document, _ in read.files["provider"]
    ]
    for provider in providers:
        problems += (
            f"{claim.where}: claim on '{claim.criterion}': "
            "the criterion is marked `silent`, so there must be no claim; remove one of them."
            for claim in provider.claims
            if criteria.records[claim.criterion].silent
        )
    return providers


def _rules(read: Read, vocabulary: Vocabulary, problems: list[str]) -> list[Rule]:
    found = list(rule_problems(read.files["rules"], vocabulary))
    problems += (problem for _, problem in found)
    broken, criteria = {rule for rule, _ in found}, vocabulary.criteria.records
    rules = [
        convert.rule_of(shape, file.area, document.where("rules", index), criteria)
        for file, document, _ in read.files["rules"]
        for index, shape in enumerate(file.rules)
        if shape.id not in broken and criteria_named(shape) <= criteria.keys()
    ]
    problems += structure_problems(rules, vocabulary.topics.records)
    return rules


def _questionnaire(read: Read, vocabulary: Vocabulary, problems: list[str]) -> Questionnaire | None:
    problems += question_problems(read.files["questions"], vocabulary)
    if problems or not read.files["questions"]:
        return None
    file, document, _ = read.files["questions"][0]
    questionnaire = convert.questionnaire_of(file, document, vocabulary.criteria.records)
    problems += never_asked(list(questionnaire.questions.values()), vocabulary.topics.records)
    return questionnaire


def _knowledge(
    read: Read,
    vocabulary: Vocabulary,
    providers: list[Provider],
    rules: list[Rule],
    questionnaire: Questionnaire | None,
) -> KnowledgeBase:
    policy = convert.policy_of(read.files["weights"][0].shape)
    by_id, ordered = _by_id(providers), {rule.id: rule for rule in sorted_rules(rules)}
    sources, criteria = vocabulary.sources.records, vocabulary.criteria.records
    parts = (sources, criteria, by_id, vocabulary.topics.records, vocabulary.usage.records, ordered, policy)
    # The questionnaire stays out of the fingerprint: its words and shares never change an answer, so that answers
    # recorded before and after a change of its wording can be compared.
    return KnowledgeBase(*parts, fingerprint=fingerprint(*parts), written=questionnaire)


def _by_id(records: Iterable[T]) -> dict[str, T]:
    return dict(sorted(((record.id, record) for record in records), key=itemgetter(0)))


def _place(problem: str) -> tuple[str, int, str]:
    """The file, the line and the sentence of a problem; the path may have colons in it, and a folder has no line."""
    match = re.match(r"(.+?):([0-9]+): ", problem) or re.match(r"(.+?):()", problem)
    if match is None:
        raise AssertionError("a problem begins with its place")
    return match[1], int(match[2] or 0), problem


def fingerprint(*records: Any) -> str:  # noqa: ANN401 (any record, however nested)
    """SHA-256, in hexadecimal, of the records' content: equal for equal content in any order of claims and files."""
    content = json.dumps([_plain(record) for record in records], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        named = {name: _plain(part) for name, part in value._asdict().items() if name != "where"}
        return {"record": type(value).__name__} | named
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [_plain(part) for part in value]
        is_claims = bool(parts) and isinstance(parts[0], dict) and parts[0].get("record") == "Claim"
        return sorted(parts, key=lambda part: json.dumps(part, sort_keys=True)) if is_claims else parts
    return value if isinstance(value, str | int | float | bool | None) else str(value)
