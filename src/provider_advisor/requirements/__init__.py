"""What a team asks, from the words it typed to checked records."""

from provider_advisor.requirements.grammar import read_requirement, split_list
from provider_advisor.requirements.model import PRIORITIES, RANK, Requirement, Team, bound_words
from provider_advisor.requirements.team import read_team

__all__ = ["PRIORITIES", "RANK", "Requirement", "Team", "bound_words", "read_requirement", "read_team", "split_list"]
