"""The shape of every file, as pydantic models: what `recommend schema` publishes.

A shape checks what can be checked in one file; what needs two files is in `check_vocabulary` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from provider_advisor.knowledge.shapes.facts_files import (
    TERM_KEYS,
    VALUE_KEYS,
    BaseFile,
    CautionShape,
    ClaimShape,
    CriteriaFile,
    CriterionShape,
    MembersFile,
    MemberShape,
    ProductShape,
    ProviderFile,
    RatesFile,
    RenamedShape,
    ScaleShape,
    SourcesFile,
    SourceShape,
    TeamFile,
)
from provider_advisor.knowledge.shapes.rules_files import (
    AllShape,
    AnyShape,
    ConditionShape,
    FactShape,
    ImpliedShape,
    NeedShape,
    NotShape,
    QuestionsFile,
    QuestionShape,
    RulesFile,
    RuleShape,
    SituationShape,
    SubjectShape,
    UsageBoundShape,
    WeightsFile,
)
from provider_advisor.knowledge.shapes.statement_files import (
    AnswersFile,
    AnswerShape,
    AskedShape,
    CasesFile,
    CaseShape,
    MatchesFile,
    RequirementsFile,
    RequirementShape,
    VerdictShape,
)
from provider_advisor.knowledge.shapes.values import Shape

__all__ = [
    "FILE_EXAMPLES",
    "FILE_SHAPES",
    "TERM_KEYS",
    "VALUE_KEYS",
    "AllShape",
    "AnswerShape",
    "AnswersFile",
    "AnyShape",
    "AskedShape",
    "BaseFile",
    "CaseShape",
    "CasesFile",
    "CautionShape",
    "ClaimShape",
    "ConditionShape",
    "CriteriaFile",
    "CriterionShape",
    "FactShape",
    "ImpliedShape",
    "MatchesFile",
    "MemberShape",
    "MembersFile",
    "NeedShape",
    "NotShape",
    "ProductShape",
    "ProviderFile",
    "QuestionShape",
    "QuestionsFile",
    "RatesFile",
    "RenamedShape",
    "RequirementShape",
    "RequirementsFile",
    "RuleShape",
    "RulesFile",
    "ScaleShape",
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


FILE_EXAMPLES: Mapping[type[BaseModel], tuple[str, ...]] = {
    BaseFile: ("version: 1.0.0", "date: 2024-06-01"),
    RatesFile: ("base: USD", "rates:", "- {currency: EUR, worth: 1.08, source: rates-2024, stated: 2024-05-02}"),
    SourcesFile: (
        "sources:",
        "- id: guide-2024",
        "  title: A guide to what there is",
        "  language: en  # and published, retrieved, url",
    ),
    TeamFile: (
        "situation:",
        "- {id: company-size, label: Size, question: How large is it?, values: [small, large]}",
        "usage:",
        "- {id: calls, label: Calls, question: How many calls in a month?, unit: calls/month}",
    ),
    CriteriaFile: (
        "area: support",
        "label: Support",
        "criteria:",
        "- {id: night-support, label: Support at night, kind: capability, question: Is it needed?, weight: 1}",
    ),
    MembersFile: (
        "id: region",
        "label: Regions",
        "question: In which regions?",
        "members:",
        "- {id: north, label: The north, aliases: [northern]}",
    ),
    ProviderFile: (
        "id: acme",
        "name: Acme",
        "sources:",
        "- {id: acme-plans, title: Plans, language: en, published: 2024-05-02, retrieved: 2024-06-01}",
        "claims:",
        "- {criterion: night-support, value: present, source: guide-2024, line: 12}",
    ),
    WeightsFile: (
        "priorities: {must: 4, should: 2, could: 1}",
        "unknown: 0.5",
        "stale_after: {price: 365d, rating: 365d}",
        "combinations: true",
    ),
    RulesFile: (
        "area: support",
        "rules:",
        "- {id: small-teams-call, when: {situation: company-size, is: small}, implies: [{criterion: night-support}],",
        "   because: Nobody is there at night., rests_on: [{source: guide-2024, lines: [12]}]}",
    ),
    QuestionsFile: (
        "topics:",
        "- {id: support, label: Support, ask: Does support matter?, share: 0.3}",
        "questions:",
        "- {criterion: night-support, topics: [support], share: 0.2}",
    ),
    CasesFile: (
        "area: support",
        "cases:",
        "- {name: At night, needs: [night-support], verdict: {kind: recommended, provider: acme},",
        "   why: Acme alone states it}",
    ),
    RequirementsFile: (
        "needs: [night-support]",
        "wants: [fax]",
        "situation: {company-size: small}",
        "usage: {calls: 500}",
    ),
    AnswersFile: (
        "version: 1",
        "answers:",
        "- {topics: [support]}",
        "- {criterion: night-support, answer: must}",
    ),
    MatchesFile: (
        "matches:",
        "  Help at night: night-support",
        "  Contact: carry",
    ),
}
"""Some lines of each kind of file, shown where a file holds something else."""


def file_schemas() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema (draft 2020-12) for each kind of file, by the kind's name, such as sources."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape.model_json_schema(by_alias=True)}
        for name, shape in FILE_SHAPES.items()
    }
