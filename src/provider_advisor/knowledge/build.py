"""Build a checked KnowledgeBase from the bytes of files, or report every problem in all of them.

The vocabulary comes first, because claims, rules and questions are checked against it. References to a file or an entry
that could not be read are not checked, so each mistake is reported once, where it is. Questions come last: they become
records only if nothing else is wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar, cast

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge import convert
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.check_providers import check_provider
from provider_advisor.knowledge.check_structure import sort_rules
from provider_advisor.knowledge.check_vocabulary import Vocabulary, check_vocabulary, find_repeated
from provider_advisor.knowledge.criteria import Criteria, list_member_words
from provider_advisor.knowledge.files import File, Role
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined, read_sound
from provider_advisor.knowledge.read_rules import read_questionnaire, read_rules
from provider_advisor.knowledge.records import Criterion, Edition, Provider, Source, Topic, UsageItem
from provider_advisor.knowledge.rules import Case
from provider_advisor.knowledge.shapes.every_file import FILE_SHAPES
from provider_advisor.knowledge.strict_yaml import parse_yaml

T = TypeVar("T", Criterion, Source, Topic, UsageItem, Provider)


class Read(NamedTuple):
    """What could be read of the files, by their role, and the roles with files that could not be read."""

    files: Mapping[Role, list[Reading[Any]]]
    unread: AbstractSet[Role]

    def define(self, key: str, make: Callable[[Any], T]) -> Defined[T]:
        """Return what team.yaml defines in a list, given what makes a record of an entry."""
        shapes = (shape for reading in self.files["team"] for shape in getattr(reading.shape, key))
        return collect_defined(self.files["team"], key, _sort_by_id(map(make, shapes)), is_open="team" in self.unread)


def build(
    files: Sequence[File], problems: Sequence[str] = (), unread: AbstractSet[Role] = frozenset()
) -> KnowledgeBase:
    """Return the knowledge base in the files. Raises KnowledgeError with every problem of every file.

    `problems` are those that were found before, with files of the parts `unread`.
    """
    found = list(problems)
    read = read_shapes(files, found, unread)
    vocabulary = _read_vocabulary(read, found)
    providers = _read_providers(read, vocabulary, found)
    rules = read_rules(read.files["rules"], vocabulary, found)
    questionnaire = read_questionnaire(read.files["questions"], vocabulary, found)
    if found:
        raise KnowledgeError(sorted(set(found), key=_split_place))
    policy = convert.make_policy(read.files["weights"][0].shape)
    by_id, ordered = _sort_by_id(providers), {rule.id: rule for rule in sort_rules(rules)}
    sources, criteria = vocabulary.sources.records, cast("Criteria", vocabulary.criteria.records)
    parts = (sources, criteria, by_id, vocabulary.topics.records, vocabulary.usage.records, ordered, policy)
    rates = tuple(rate for reading in read.files["rates"] for rate in convert.make_rates(reading.shape, sources))
    edition = next((convert.fill(Edition, reading.shape) for reading in read.files["base"]), None)
    # The questionnaire is no part of the fingerprint: its words and shares never change an answer, and answers recorded
    # before and after a change of its wording can be compared.
    fingerprint = compute_fingerprint(*parts, criteria.lists, *([rates] if rates else []))
    return KnowledgeBase(*parts, fingerprint=fingerprint, rates=rates, edition=edition, written=questionnaire)


def build_cases(files: Sequence[File]) -> list[Case]:
    """Return the decision cases in the files, in their order. Raises KnowledgeError with every problem of all."""
    problems: list[str] = []
    read = read_shapes(files, problems)
    placed = [(r.shape, case, where) for r in read.files["cases"] for case, where in r.list_entries("cases")]
    problems += find_repeated(((case.name, where) for _, case, where in placed), "the case")
    if problems:
        raise KnowledgeError(problems)
    return [convert.make_case(case, file, where) for file, case, where in placed]


def read_shapes(files: Sequence[File], problems: list[str], unread: AbstractSet[Role] = frozenset()) -> Read:
    """Return the valid parts of each file, by its role; add the problems."""
    read: dict[Role, list[Reading[Any]]] = {role: [] for role in cast("Iterable[Role]", FILE_SHAPES)}
    lost = set(unread)
    for file in files:
        try:
            shape = FILE_SHAPES[file.role]
            expected = f"a file such as this example.{shape.show_example()}"
            reading = read_sound(parse_yaml(file.content, file.name, expected=expected), shape, problems)
        except KnowledgeError as error:
            problems += error.problems
            reading = None
        if reading is None:
            lost.add(file.role)
        else:
            read[file.role].append(reading)
    return Read(read, lost)


def _read_vocabulary(read: Read, problems: list[str]) -> Vocabulary:
    known = [convert.make_criterion(shape, r.shape.area) for r in read.files["criteria"] for shape in r.shape.criteria]
    criteria = Criteria(_sort_by_id(known))
    criteria.given = lists = {r.shape.id: convert.make_member_list(r.shape) for r in read.files["members"]}
    # Most providers have no sources of their own. If such a file has a mistake, `collect_defined` would suppose that
    # it has sources that could not be read, and then would not report an unknown source in any file.
    own = [reading for reading in read.files["provider"] if "sources" in reading.whole.data]
    citable = [*read.files["sources"], *own]
    sources = _sort_by_id(convert.make_source(shape) for reading in citable for shape in reading.shape.sources)
    members = {}
    for reading in read.files["members"]:
        of = lists[reading.shape.id]
        known_members = collect_defined([reading], "members", of.members)
        # Labels are words for members too.
        meaning = {**dict(list_member_words(of)), **known_members.meaning}
        members[of.id] = known_members._replace(meaning=meaning)
    vocabulary = Vocabulary(
        collect_defined(read.files["criteria"], "criteria", criteria, is_open="criteria" in read.unread),
        read.define("situation", convert.make_topic),
        read.define("usage", partial(convert.fill, UsageItem)),
        collect_defined(citable, "sources", sources, is_open="sources" in read.unread),
        Defined(lists, {name: name for name in lists}, is_open="members" in read.unread),
        members,
    )
    problems += check_vocabulary(read.files, vocabulary)
    return vocabulary


def _read_providers(read: Read, vocabulary: Vocabulary, problems: list[str]) -> list[Provider]:
    files, sources = read.files["provider"], vocabulary.sources.records
    names = [(name, r.document.where("id")) for r in files for name in (r.shape.id, *r.shape.aliases)]
    problems += find_repeated(names, "the provider or alias")
    providers = []
    for reading in files:
        claims = convert.make_claims(reading, vocabulary.criteria.records, sources)
        problems += check_provider(reading, claims, vocabulary)
        providers.append(convert.make_provider(reading.shape, claims, sources))
    return providers


def _sort_by_id(records: Iterable[T]) -> dict[str, T]:
    return dict(sorted(((record.id, record) for record in records), key=itemgetter(0)))


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
