"""The shape of every file, as pydantic models: what `recommend schema` publishes.

A shape says what can be said of a file by itself; what needs two files is in `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider_advisor.knowledge.shapes.conditions import (
    AllShape,
    AnyShape,
    ConditionShape,
    FactShape,
    NeedShape,
    NotShape,
    SituationShape,
    UsageBoundShape,
)
from provider_advisor.knowledge.shapes.facts import (
    VALUE_KEYS,
    ClaimShape,
    CriteriaFile,
    CriterionShape,
    ProductShape,
    ProviderFile,
    SourcesFile,
    SourceShape,
    TeamFile,
)
from provider_advisor.knowledge.shapes.rules import (
    ImpliedShape,
    QuestionsFile,
    QuestionShape,
    RulesFile,
    RuleShape,
    SubjectShape,
    WeightsFile,
)
from provider_advisor.knowledge.shapes.statements import (
    VERSION,
    AnswersFile,
    AnswerShape,
    AskedShape,
    CasesFile,
    CaseShape,
    RequirementsFile,
    RequirementShape,
    VerdictShape,
)
from provider_advisor.knowledge.shapes.values import Shape

__all__ = [
    "FILE_SHAPES",
    "VALUE_KEYS",
    "VERSION",
    "AllShape",
    "AnswerShape",
    "AnswersFile",
    "AnyShape",
    "AskedShape",
    "CaseShape",
    "CasesFile",
    "ClaimShape",
    "ConditionShape",
    "CriteriaFile",
    "CriterionShape",
    "FactShape",
    "ImpliedShape",
    "NeedShape",
    "NotShape",
    "ProductShape",
    "ProviderFile",
    "QuestionShape",
    "QuestionsFile",
    "RequirementShape",
    "RequirementsFile",
    "RuleShape",
    "RulesFile",
    "Shape",
    "SituationShape",
    "SourceShape",
    "SourcesFile",
    "SubjectShape",
    "TeamFile",
    "UsageBoundShape",
    "VerdictShape",
    "WeightsFile",
    "file_schemas",
]

FILE_SHAPES: Mapping[str, type[Shape]] = {
    "sources": SourcesFile,
    "team": TeamFile,
    "criteria": CriteriaFile,
    "provider": ProviderFile,
    "weights": WeightsFile,
    "rules": RulesFile,
    "questions": QuestionsFile,
    "cases": CasesFile,
    "requirements": RequirementsFile,
    "answers": AnswersFile,
}
"""Each kind of file, with its shape."""


def file_schemas() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema (draft 2020-12) for each kind of file, by the kind's name, such as sources."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape.model_json_schema(by_alias=True)}
        for name, shape in FILE_SHAPES.items()
    }
