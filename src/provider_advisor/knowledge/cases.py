"""The decision cases of a folder of rules, read and checked like every other file."""

from __future__ import annotations

from typing import Any

from provider_advisor.days import parse_age
from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.build import read_shapes
from provider_advisor.knowledge.checks.criteria import find_repeated
from provider_advisor.knowledge.files import Folder, gather_files
from provider_advisor.knowledge.records import Case
from provider_advisor.knowledge.shapes import CaseShape

__all__ = ["read_cases"]


def read_cases(facts: Folder | None = None, rules: Folder | None = None) -> list[Case]:
    """Return all cases of the rules folder in the order of files. Raises KnowledgeError."""
    problems: list[str] = []
    read = read_shapes([file for file in gather_files(facts, rules) if file.role == "cases"], problems)
    placed = [
        (case, document.where("cases", index))
        for file, document, _ in read.files["cases"]
        for index, case in enumerate(file.cases)
    ]
    problems += find_repeated(((case.name, where) for case, where in placed), "the case")
    if problems:
        raise KnowledgeError(problems)
    return [_make_case(case, where) for case, where in placed]


def _make_case(case: CaseShape, where: str) -> Case:
    data = case.model_dump(exclude_unset=True)
    team: dict[str, Any] = {key: data[key] for key in ("needs", "wants", "situation", "usage") if key in data}
    expected = case.verdict.model_dump(exclude_unset=True) | {
        key: data[key] for key in ("combinations", "concessions", "standings", "confirm") if data.get(key) is not None
    }
    max_age = parse_age(case.max_age) if case.max_age else None
    return Case(case.name, where, team, case.as_of, max_age, expected)
