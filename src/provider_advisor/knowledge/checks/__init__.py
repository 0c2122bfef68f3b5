"""What is wrong between files, or between the values of one record, all of it at once."""

from provider_advisor.knowledge.checks.criteria import criteria_problems, team_problems
from provider_advisor.knowledge.checks.providers import provider_problems
from provider_advisor.knowledge.checks.questions import never_asked, question_problems
from provider_advisor.knowledge.checks.rules import rule_problems, sorted_rules, structure_problems

__all__ = [
    "criteria_problems",
    "never_asked",
    "provider_problems",
    "question_problems",
    "rule_problems",
    "sorted_rules",
    "structure_problems",
    "team_problems",
]
