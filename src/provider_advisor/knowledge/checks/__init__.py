"""What is wrong between files, or between the values of one record, all of it at once."""

from provider_advisor.knowledge.checks.criteria import check_criteria, check_team
from provider_advisor.knowledge.checks.members import check_members, define_members
from provider_advisor.knowledge.checks.providers import check_providers, check_rates
from provider_advisor.knowledge.checks.questions import check_questions, find_never_asked
from provider_advisor.knowledge.checks.rules import check_rules, check_structure, sort_rules

__all__ = [
    "check_criteria",
    "check_members",
    "check_providers",
    "check_questions",
    "check_rates",
    "check_rules",
    "check_structure",
    "check_team",
    "define_members",
    "find_never_asked",
    "sort_rules",
]
