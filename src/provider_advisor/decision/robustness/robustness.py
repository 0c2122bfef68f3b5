"""How sure a decision is: what could change it, and how much it would take."""

from typing import NamedTuple

from provider_advisor.decision.decision import Decision
from provider_advisor.decision.findings import Finding
from provider_advisor.decision.robustness.changes import Changes, changes_of
from provider_advisor.decision.robustness.confirm import Confirm, confirm
from provider_advisor.decision.robustness.weights import WeightRanges, weight_ranges
from provider_advisor.decision.robustness.worlds import Shares, shares_of
from provider_advisor.decision.verdict import Verdict

__all__ = ["Robustness", "robustness_of"]


class Robustness(NamedTuple):
    """The facts to confirm, the ranges of the weights, the shares of worlds, the changes of what is asked.

    `verdict` is the one in question. `shares` is None where nothing is asked or there is no provider. The places in
    `weights` and in the central weights of `shares` are those of `findings`: one provider's, the same for each.
    """

    verdict: Verdict
    findings: tuple[Finding, ...]
    confirm: Confirm
    weights: WeightRanges
    shares: Shares | None
    changes: Changes


def robustness_of(decision: Decision) -> Robustness:
    """How sure a decision is. The same decision gives the same result, in every process. Raises EngineError."""
    outcome, facts = decision.outcome, decision.facts
    return Robustness(
        outcome.verdict,
        outcome.assessments[0].findings if outcome.assessments else (),
        confirm(outcome, facts),
        weight_ranges(outcome),
        shares_of(outcome, facts),
        changes_of(outcome, facts),
    )
