"""Firings and facts to findings, scores, standings and a verdict."""

from provider_advisor.decision.assessment import Assessment, Score
from provider_advisor.decision.concessions import Concession
from provider_advisor.decision.cost import Cost, CostItem
from provider_advisor.decision.decision import Decision, decide
from provider_advisor.decision.findings import Finding
from provider_advisor.decision.outcome import Outcome, outcome_for
from provider_advisor.decision.verdict import Verdict

__all__ = [
    "Assessment",
    "Concession",
    "Cost",
    "CostItem",
    "Decision",
    "Finding",
    "Outcome",
    "Score",
    "Verdict",
    "decide",
    "outcome_for",
]
