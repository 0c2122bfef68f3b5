"""The decision cases of a folder of rules, read and checked like every other file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.build import read_shapes
from provider_advisor.knowledge.checks.criteria import repeated
from provider_advisor.knowledge.files import Folder, gather_files
from provider_advisor.knowledge.records import Case
from provider_advisor.knowledge.shapes import CaseShape, VerdictShape

__all__ = ["read_cases"]


def read_cases(facts: Folder | None = None, rules: Folder | None = None) -> list[Case]:
    """All cases of the rules folder, in the order of files. Raises KnowledgeError with every problem in them."""
    problems: list[str] = []
    read = read_shapes([file for file in gather_files(facts, rules) if file.role == "cases"], problems)
    placed = [
        (case, document.where("cases", index))
        for file, document, _ in read.files["cases"]
        for index, case in enumerate(file.cases)
    ]
    problems += repeated(((case.name, where) for case, where in placed), "the case")
    if problems:
        raise KnowledgeError(problems)
    return [_record(case, where) for case, where in placed]


def _record(case: CaseShape, where: str) -> Case:
    data = case.model_dump(exclude_unset=True)
    team: dict[str, Any] = {key: data[key] for key in ("needs", "wants", "situation", "usage") if key in data}
    expected = dict(_verdict(case.verdict)) | {
        key: data[key] for key in ("combinations", "concessions", "standings", "confirm") if data.get(key) is not None
    }
    max_age = int(case.max_age.removesuffix("d")) if case.max_age else None
    return Case(case.name, where, team, case.as_of, max_age, expected)


def _verdict(verdict: VerdictShape) -> Iterator[tuple[str, Any]]:
    yield from verdict.model_dump(exclude_unset=True).items()
