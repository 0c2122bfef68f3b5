"""Turn rules that fired and facts into findings, scores, standings and a verdict."""

from provider_advisor.decision.cost import Cost, CostItem
from provider_advisor.decision.decide import Decision, Outcome, decide, judge_team, reassess
from provider_advisor.decision.findings import Assessment, Finding, Score
from provider_advisor.decision.verdict import Verdict

__all__ = [
    "Assessment",
    "Cost",
    "CostItem",
    "Decision",
    "Finding",
    "Outcome",
    "Score",
    "Verdict",
    "decide",
    "judge_team",
    "reassess",
]
