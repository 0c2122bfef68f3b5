"""Determine how sure a decision is: what could change it, and how much it would take."""

from provider_advisor.decision.robustness.confirm import Confirm, FactAnswer, FactQuestion, QuestionSet, find_questions
from provider_advisor.decision.robustness.requirement_changes import (
    RequirementChange,
    RequirementChanges,
    Turn,
    find_changes,
)
from provider_advisor.decision.robustness.tipping import Tipping, find_tippings
from provider_advisor.decision.robustness.weights import WeightRange, WeightRanges, find_weight_ranges
from provider_advisor.decision.robustness.worlds import (
    AlternativeShare,
    Estimate,
    PairShare,
    Shares,
    calculate_provider_shares,
)

__all__ = [
    "AlternativeShare",
    "Confirm",
    "Estimate",
    "FactAnswer",
    "FactQuestion",
    "PairShare",
    "QuestionSet",
    "RequirementChange",
    "RequirementChanges",
    "Shares",
    "Tipping",
    "Turn",
    "WeightRange",
    "WeightRanges",
    "calculate_provider_shares",
    "find_changes",
    "find_questions",
    "find_tippings",
    "find_weight_ranges",
]
