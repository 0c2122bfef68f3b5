"""Recommends a provider from sourced facts and weighted rules, proves it, and says what is not known."""

from provider_advisor.errors import AdvisorError, EngineError, KnowledgeError, RequirementsError
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.recommendation import Recommendation, recommend
from provider_advisor.version import __version__

__all__ = [
    "AdvisorError",
    "EngineError",
    "KnowledgeBase",
    "KnowledgeError",
    "Recommendation",
    "RequirementsError",
    "__version__",
    "load",
    "recommend",
]
