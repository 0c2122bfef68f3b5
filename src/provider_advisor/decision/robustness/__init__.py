"""Determine how sure a decision is: what could change it, and how much it would take."""

from typing import NamedTuple

from provider_advisor.decision.decide import Decision
from provider_advisor.decision.findings import Finding
from provider_advisor.decision.robustness.confirm import Confirm, FactAnswer, FactQuestion, QuestionSet, find_questions
from provider_advisor.decision.robustness.requirement_changes import (
    RequirementChange,
    RequirementChanges,
    Turn,
    find_changes,
)
from provider_advisor.decision.robustness.tipping import Tipping, find_tippings
from provider_advisor.decision.robustness.weights import WeightRange, WeightRanges, find_weight_ranges
from provider_advisor.decision.robustness.world_model import Alternative, build_alternatives
from provider_advisor.decision.robustness.worlds import (
    AlternativeShare,
    Estimate,
    PairShare,
    Shares,
    calculate_provider_shares,
    calculate_shares,
)
from provider_advisor.decision.verdict import Verdict

__all__ = [
    "Alternative",
    "AlternativeShare",
    "Confirm",
    "Estimate",
    "FactAnswer",
    "FactQuestion",
    "PairShare",
    "QuestionSet",
    "RequirementChange",
    "RequirementChanges",
    "Robustness",
    "Shares",
    "Tipping",
    "Turn",
    "WeightRange",
    "WeightRanges",
    "build_alternatives",
    "calculate_shares",
    "measure_robustness",
]


class Robustness(NamedTuple):
    """The facts to confirm, the ranges of the weights, the shares of worlds, and the changes to the requirements.

    `verdict` is the one in question. `shares` is None where nothing is asked or there is no provider. The places in
    `weights` and in the central weights of `shares` are those of `findings`: one provider's, the same for each.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    confirm: Confirm
    weights: WeightRanges
    shares: Shares | None
    changes: RequirementChanges
    tippings: tuple[Tipping, ...] = ()


def measure_robustness(decision: Decision, *, other_weights: bool = True) -> Robustness:
    """Return how sure a decision is; the same decision gives the same result in every process. Raises EngineError.

    Without `other_weights`, shares are computed only for the given weights, in a fraction of the time.
    """
    outcome, facts = decision.outcome, decision.facts
    return Robustness(
        outcome.verdict,
        outcome.assessments[0].findings if outcome.assessments else (),
        find_questions(outcome, facts),
        find_weight_ranges(outcome),
        calculate_provider_shares(outcome, facts, other_weights=other_weights),
        find_changes(outcome, facts),
        find_tippings(outcome, facts) if outcome.verdict.kind != "none" else (),
    )
