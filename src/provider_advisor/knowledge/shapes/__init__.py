"""The shape of every file, as pydantic models: what `recommend schema` publishes.

A shape says what can be said of a file by itself; what needs two files is in `checks`.
"""

from provider_advisor.knowledge.shapes.base import Shape
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
    ProviderFile,
    SourcesFile,
    SourceShape,
    TeamFile,
)
from provider_advisor.knowledge.shapes.kinds import FILE_SHAPES
from provider_advisor.knowledge.shapes.rules import ImpliedShape, RulesFile, RuleShape, WeightsFile
from provider_advisor.knowledge.shapes.statements import (
    CasesFile,
    CaseShape,
    RequirementsFile,
    RequirementShape,
    VerdictShape,
)

__all__ = [
    "FILE_SHAPES",
    "VALUE_KEYS",
    "AllShape",
    "AnyShape",
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
    "ProviderFile",
    "RequirementShape",
    "RequirementsFile",
    "RuleShape",
    "RulesFile",
    "Shape",
    "SituationShape",
    "SourceShape",
    "SourcesFile",
    "TeamFile",
    "UsageBoundShape",
    "VerdictShape",
    "WeightsFile",
]
