"""The whole decision for a team: the outcome, and the ways on where no single provider will do."""

from typing import NamedTuple

from provider_advisor.decision.combinations import combinations_of
from provider_advisor.decision.concessions import Concession, concessions_of
from provider_advisor.decision.outcome import Outcome, outcome_for
from provider_advisor.knowledge import Facts
from provider_advisor.requirements import Team

__all__ = ["Decision", "decide"]


class Decision(NamedTuple):
    """An outcome with its combinations and concessions, and the facts it rests on."""

    outcome: Outcome
    combinations: tuple[tuple[str, ...], ...]
    concessions: tuple[Concession, ...]
    facts: Facts


def decide(team: Team, facts: Facts) -> Decision:
    """The decision for a team, given the facts of a day. Raises EngineError if the rule engine fails."""
    outcome = outcome_for(team, facts)
    open_ended = outcome.verdict.kind in {"none", "undetermined"}
    combinations = combinations_of(outcome.assessments, facts) if open_ended else ()
    return Decision(outcome, combinations, concessions_of(outcome, facts), facts)
