"""From a team's statement to a decision: infer, find, score, stand, judge."""

from typing import NamedTuple

from provider_advisor.decision.assessment import Assessment, assess
from provider_advisor.decision.verdict import Verdict, judge
from provider_advisor.inference import Inference, infer
from provider_advisor.knowledge import Facts
from provider_advisor.requirements import Team

__all__ = ["Outcome", "outcome_for"]


class Outcome(NamedTuple):
    """A team's statement, what follows from it, how each provider fares, and the verdict."""

    team: Team
    inference: Inference
    assessments: tuple[Assessment, ...]
    verdict: Verdict


def outcome_for(team: Team, facts: Facts) -> Outcome:
    """The outcome for a team, given the facts of a day. Raises EngineError if the rule engine fails."""
    inference = infer(facts.knowledge, team)
    assessments = assess(inference, facts, team.usage)
    return Outcome(team, inference, assessments, judge(assessments))
