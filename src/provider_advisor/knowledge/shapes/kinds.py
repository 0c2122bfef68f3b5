"""Each kind of file, with its shape."""

from __future__ import annotations

from collections.abc import Mapping

from provider_advisor.knowledge.shapes.answers import AnswersFile
from provider_advisor.knowledge.shapes.base import Shape
from provider_advisor.knowledge.shapes.facts import CriteriaFile, ProviderFile, SourcesFile, TeamFile
from provider_advisor.knowledge.shapes.questions import QuestionsFile
from provider_advisor.knowledge.shapes.rules import RulesFile, WeightsFile
from provider_advisor.knowledge.shapes.statements import CasesFile, RequirementsFile

__all__ = ["FILE_SHAPES"]


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
