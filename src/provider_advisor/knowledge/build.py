"""From the bytes of files to a checked KnowledgeBase, or to every problem in all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Protocol, TypeVar, cast

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge import convert, shapes
from provider_advisor.knowledge.checks import (
    criteria_problems,
    provider_problems,
    rule_problems,
    sorted_rules,
    structure_problems,
    team_problems,
)
from provider_advisor.knowledge.checks.criteria import repeated
from provider_advisor.knowledge.checks.rules import Vocabulary
from provider_advisor.knowledge.files import File, Role
from provider_advisor.knowledge.fingerprint import fingerprint
from provider_advisor.knowledge.problems import validated
from provider_advisor.knowledge.records import KnowledgeBase, Provider, Rule
from provider_advisor.knowledge.yaml_reader import Document, parse_yaml

__all__ = ["build", "read_shapes"]

Read = Mapping[Role, list[tuple[Any, Document]]]


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


def build(files: Sequence[File]) -> KnowledgeBase:
    """The knowledge base in the files. Raises KnowledgeError with every problem of every file."""
    problems: list[str] = []
    read = read_shapes(files, problems)
    vocabulary = _vocabulary(read, problems)
    providers = _providers(read, vocabulary, problems)
    rules = _rules(read, vocabulary, problems)
    if problems:
        raise KnowledgeError(sorted(set(problems), key=_place))
    return _knowledge(read, vocabulary, providers, rules)


def read_shapes(files: Sequence[File], problems: list[str]) -> Read:
    """Each file as its shape, with its document, by role; what is wrong is added to the problems."""
    read: dict[Role, list[tuple[Any, Document]]] = {role: [] for role in cast("Iterable[Role]", shapes.FILE_SHAPES)}
    for file in files:
        try:
            document = parse_yaml(file.content, file.name)
            read[file.role].append((validated(document, shapes.FILE_SHAPES[file.role]), document))
        except KnowledgeError as error:
            problems += error.problems
    return read


def _vocabulary(read: Read, problems: list[str]) -> Vocabulary:
    topics, usage = [], []
    for file, document in read["team"]:
        problems += team_problems(file, document)
        found = convert.team_of(file)
        topics += found[0]
        usage += found[1]
    placed = [
        (s, document.where("sources", index))
        for file, document in read["sources"]
        for index, s in enumerate(file.sources)
    ]
    problems += repeated(((source.id, where) for source, where in placed), "the source")
    problems += criteria_problems(read["criteria"], [item.id for item in usage])
    criteria = [convert.criterion_of(shape, file.area) for file, _ in read["criteria"] for shape in file.criteria]
    sources = [convert.source_of(source) for source, _ in placed]
    return Vocabulary(_by_id(criteria), _by_id(topics), _by_id(usage), _by_id(sources))


def _providers(read: Read, vocabulary: Vocabulary, problems: list[str]) -> list[Provider]:
    problems += provider_problems(read["provider"], vocabulary.criteria, vocabulary.sources)
    providers = [
        convert.provider_of(file, convert.claims_of(file, document, vocabulary.criteria, vocabulary.sources))
        for file, document in read["provider"]
    ]
    for provider in providers:
        problems += (
            f"{claim.where}: claim on '{claim.criterion}': "
            "the criterion says `silent`, that there is no claim; remove one."
            for claim in provider.claims
            if vocabulary.criteria[claim.criterion].silent
        )
    return providers


def _rules(read: Read, vocabulary: Vocabulary, problems: list[str]) -> list[Rule]:
    found = list(rule_problems(read["rules"], vocabulary))
    problems += (problem for _, problem in found)
    broken = {rule for rule, _ in found}
    rules = [
        convert.rule_of(shape, file.area, document.where("rules", index), vocabulary.criteria)
        for file, document in read["rules"]
        for index, shape in enumerate(file.rules)
        if shape.id not in broken
    ]
    problems += structure_problems(rules, vocabulary.topics)
    return rules


def _knowledge(read: Read, vocabulary: Vocabulary, providers: list[Provider], rules: list[Rule]) -> KnowledgeBase:
    policy = convert.policy_of(read["weights"][0][0])
    by_id, ordered = _by_id(providers), {rule.id: rule for rule in sorted_rules(rules)}
    parts = (vocabulary.sources, vocabulary.criteria, by_id, vocabulary.topics, vocabulary.usage, ordered, policy)
    return KnowledgeBase(*parts, fingerprint=fingerprint(*parts))


def _by_id(records: Iterable[T]) -> dict[str, T]:
    return dict(sorted(((record.id, record) for record in records), key=itemgetter(0)))


def _place(problem: str) -> tuple[str, int, str]:
    file, line, rest = [*problem.split(":", 2), "", ""][:3]
    return file, int(line) if line.isdigit() else 0, rest
