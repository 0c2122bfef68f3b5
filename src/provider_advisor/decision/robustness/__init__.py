"""Determine how sure a decision is: what could change it, and how much it would take."""

from provider_advisor.decision.robustness.alternatives import Alternative, build_alternatives
from provider_advisor.decision.robustness.confirm import Confirm, FactAnswer, FactQuestion, QuestionSet
from provider_advisor.decision.robustness.requirement_changes import RequirementChange, RequirementChanges, Turn
from provider_advisor.decision.robustness.robustness import Robustness
from provider_advisor.decision.robustness.tipping import Tipping
from provider_advisor.decision.robustness.weights import WeightRange, WeightRanges
from provider_advisor.decision.robustness.worlds import (
    AlternativeShare,
    Estimate,
    PairShare,
    Shares,
    calculate_shares,
)

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
]
