"""YAML to checked records to a KnowledgeBase: the only reader of YAML."""

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.facts import Facts, facts_as_of
from provider_advisor.knowledge.loader import load, read_cases
from provider_advisor.knowledge.records import Claim, Criterion, Fact, Priority, Provider
from provider_advisor.knowledge.rules import Case, Rule

__all__ = [
    "Case",
    "Claim",
    "Criterion",
    "Fact",
    "Facts",
    "KnowledgeBase",
    "Priority",
    "Provider",
    "Rule",
    "facts_as_of",
    "load",
    "read_cases",
]
