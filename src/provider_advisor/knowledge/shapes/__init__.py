"""The shape of every file, as pydantic models: what `recommend schema` publishes.

A shape says what can be said of a file by itself; what needs two files is in `checks`.
"""

from provider_advisor.knowledge.shapes.answers import VERSION, AnswersFile, AnswerShape
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
from provider_advisor.knowledge.shapes.questions import QuestionsFile, QuestionShape, SubjectShape
from provider_advisor.knowledge.shapes.rules import ImpliedShape, RulesFile, RuleShape, WeightsFile
from provider_advisor.knowledge.shapes.statements import (
    AskedShape,
    CasesFile,
    CaseShape,
    RequirementsFile,
    RequirementShape,
    VerdictShape,
)

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
]
