"""Read what a team asks for, from typed words to checked records."""

from provider_advisor.requirements.grammar import read_requirement, split_list
from provider_advisor.requirements.price_models import Service, paid_together, services_used
from provider_advisor.requirements.read_team import combine, read_team
from provider_advisor.requirements.statement import (
    PRIORITIES,
    RANK,
    Requirement,
    Statement,
    Team,
    Unlisted,
    bound_words,
    statement_record,
)

__all__ = [
    "PRIORITIES",
    "RANK",
    "Requirement",
    "Service",
    "Statement",
    "Team",
    "Unlisted",
    "bound_words",
    "combine",
    "paid_together",
    "read_requirement",
    "read_team",
    "services_used",
    "split_list",
    "statement_record",
]
