"""How sure a decision is, measured part by part when it is asked for."""

from functools import cached_property

from provider_advisor.decision.decide import Decision
from provider_advisor.decision.findings import Finding
from provider_advisor.decision.robustness.confirm import Confirm, find_questions
from provider_advisor.decision.robustness.requirement_changes import RequirementChanges, find_changes
from provider_advisor.decision.robustness.tipping import Tipping, find_tippings
from provider_advisor.decision.robustness.weights import WeightRanges, find_weight_ranges
from provider_advisor.decision.robustness.worlds import Shares, calculate_provider_shares
from provider_advisor.decision.verdict import Verdict


class Robustness:
    """How sure a decision is; each part is measured when it is first asked for, and raises EngineError if that fails.

    The same decision is as sure in every process. Without `other_weights`, shares are those with the given weights
    alone, which takes a fraction of the time.
    """

    def __init__(self, decision: Decision, *, other_weights: bool = True) -> None:
        self._outcome = decision.outcome
        self._other_weights = other_weights

    @property
    def verdict(self) -> Verdict:
        """Return the verdict in question."""
        return self._outcome.verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return one provider's findings; each has the same, and `weights` and `shares` are in their order."""
        return self._outcome.assessments[0].findings if self._outcome.assessments else ()

    @cached_property
    def confirm(self) -> Confirm:
        """Return the facts to ask providers about."""
        return find_questions(self._outcome)

    @cached_property
    def weights(self) -> WeightRanges:
        """Return how far each weight could move."""
        return find_weight_ranges(self._outcome)

    @cached_property
    def shares(self) -> Shares | None:
        """Return how often each provider comes first; None where nothing is asked, or there is no provider."""
        return calculate_provider_shares(self._outcome, other_weights=self._other_weights)

    @cached_property
    def changes(self) -> RequirementChanges:
        """Return the smallest changes to the requirements that would change the verdict."""
        return find_changes(self._outcome)

    @cached_property
    def tippings(self) -> tuple[Tipping, ...]:
        """Return the amounts with which another provider would lead; none where each fails a must."""
        return find_tippings(self._outcome) if self.verdict.kind != "none" else ()
