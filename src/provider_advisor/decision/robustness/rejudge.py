"""The verdict if facts were otherwise."""

from collections.abc import Iterable, Sequence

from provider_advisor.decision.assessment import Assessment, _score, _standing
from provider_advisor.decision.cost import Cost, cost_for
from provider_advisor.decision.findings import Finding, findings_for
from provider_advisor.decision.outcome import Outcome
from provider_advisor.decision.verdict import Verdict, judge
from provider_advisor.knowledge import Fact, Facts

__all__ = ["Supposing", "summed_up"]


class Supposing:
    """What an outcome would be if facts were otherwise. Rules fire on the team alone, so they need not run again."""

    def __init__(self, outcome: Outcome, facts: Facts) -> None:
        self._outcome = outcome
        self._facts = facts
        self._found: dict[tuple[Fact, ...], Assessment] = {}

    def verdict(self, supposed: Iterable[Fact]) -> Verdict:
        """The verdict if these facts held in place of what is known."""
        by_provider: dict[str, list[Fact]] = {}
        for fact in supposed:
            by_provider.setdefault(fact.provider, []).append(fact)
        assessments = [
            self.assessment(tuple(by_provider[each.provider])) if each.provider in by_provider else each
            for each in self._outcome.assessments
        ]
        return judge(assessments)

    def assessment(self, supposed: tuple[Fact, ...]) -> Assessment:
        """One provider's assessment with these facts, all of which are about it."""
        if supposed not in self._found:
            provider, facts = supposed[0].provider, self._facts.supposing(*supposed)
            usage = self._outcome.team.usage
            cost = cost_for(provider, usage, facts) if usage else None
            findings = findings_for(provider, self._outcome.inference, facts, cost)
            self._found[supposed] = summed_up(provider, findings, cost)
        return self._found[supposed]


def summed_up(provider: str, findings: Sequence[Finding], cost: Cost | None) -> Assessment:
    """A provider's findings with the score and the standing that they come to."""
    return Assessment(provider, tuple(findings), _score(findings), _standing(findings), cost)
