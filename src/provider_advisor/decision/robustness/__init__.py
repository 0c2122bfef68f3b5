"""How sure a recommendation is."""

from provider_advisor.decision.robustness.changes import Change, Changes, Turn
from provider_advisor.decision.robustness.confirm import Answer, Confirm, Question, QuestionSet
from provider_advisor.decision.robustness.lottery import Alternative, alternatives_of
from provider_advisor.decision.robustness.robustness import Robustness, robustness_of
from provider_advisor.decision.robustness.weights import WeightRange, WeightRanges
from provider_advisor.decision.robustness.worlds import Estimate, Share, Shares, shares_among

__all__ = [
    "Alternative",
    "Answer",
    "Change",
    "Changes",
    "Confirm",
    "Estimate",
    "Question",
    "QuestionSet",
    "Robustness",
    "Share",
    "Shares",
    "Turn",
    "WeightRange",
    "WeightRanges",
    "alternatives_of",
    "robustness_of",
    "shares_among",
]
