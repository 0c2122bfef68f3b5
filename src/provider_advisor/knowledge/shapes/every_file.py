"""The shape of every kind of file, and their JSON Schemas, which `recommend schema` publishes.

A shape checks what can be checked in one file; what needs two files is in the modules `read_…`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider_advisor.knowledge.shapes.facts_files import (
    BaseFile,
    CriteriaFile,
    MembersFile,
    ProviderFile,
    RatesFile,
    SourcesFile,
    TeamFile,
)
from provider_advisor.knowledge.shapes.rules_files import QuestionsFile, RulesFile, WeightsFile
from provider_advisor.knowledge.shapes.statement_files import AnswersFile, CasesFile, MatchesFile, RequirementsFile
from provider_advisor.knowledge.shapes.values import Shape

FILE_SHAPES: Mapping[str, type[Shape]] = {
    "base": BaseFile,
    "sources": SourcesFile,
    "team": TeamFile,
    "criteria": CriteriaFile,
    "rates": RatesFile,
    "members": MembersFile,
    "provider": ProviderFile,
    "weights": WeightsFile,
    "rules": RulesFile,
    "questions": QuestionsFile,
    "cases": CasesFile,
    "requirements": RequirementsFile,
    "answers": AnswersFile,
    "matches": MatchesFile,
}
"""Each kind of file, with its shape."""


def file_schemas() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema (draft 2020-12) for each kind of file, by the kind's name, such as sources."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape.model_json_schema(by_alias=True)}
        for name, shape in FILE_SHAPES.items()
    }
