"""The verdict if facts were otherwise."""

from collections.abc import Iterable

from provider_advisor.decision.assessment import Assessment, summed_up
from provider_advisor.decision.cost import Cost, cost_for, degree_of_cost
from provider_advisor.decision.degrees import Degree, degree_of_condition, degree_of_requirement
from provider_advisor.decision.findings import Finding
from provider_advisor.decision.outcome import Outcome
from provider_advisor.decision.verdict import Verdict, judge
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import Fact, Facts

__all__ = ["Supposing"]


class Supposing:
    """What an outcome would be if facts were otherwise.

    Rules fire on the team alone, so they need not run again; nor is a finding worked out again that does not depend
    on the facts in question.
    """

    def __init__(self, outcome: Outcome, facts: Facts) -> None:
        self._outcome = outcome
        self._facts = facts
        self._assessments = {assessment.provider: assessment for assessment in outcome.assessments}
        self._depending = {each.provider: self._dependencies(each) for each in outcome.assessments}
        self._found: dict[tuple[Fact, ...], Assessment] = {}

    def verdict(self, supposed: Iterable[Fact]) -> Verdict:
        """The verdict if these facts held in place of what is known."""
        by_provider: dict[str, list[Fact]] = {}
        for fact in supposed:
            by_provider.setdefault(fact.provider, []).append(fact)
        changed = {provider: self.assessment(tuple(facts)) for provider, facts in by_provider.items()}
        return judge([changed.get(provider, before) for provider, before in self._assessments.items()])

    def assessment(self, supposed: tuple[Fact, ...]) -> Assessment:
        """One provider's assessment with these facts, all of which are about it."""
        if supposed not in self._found:
            provider, facts = supposed[0].provider, self._facts.supposing(*supposed)
            before, depending = self._assessments[provider], self._depending[provider]
            criteria = {fact.criterion for fact in supposed}
            cost = before.cost
            if cost is not None and any(self._facts.knowledge.criteria[criterion].usage for criterion in criteria):
                cost = cost_for(provider, self._outcome.team.usage, facts)
            findings = list(before.findings)
            for place in {place for criterion in criteria for place in depending.get(criterion, ())}:
                findings[place] = _found_again(findings[place], facts, cost)
            self._found[supposed] = summed_up(provider, findings, cost)
        return self._found[supposed]

    def _dependencies(self, assessment: Assessment) -> dict[str, list[int]]:
        """The places of the findings that depend on each criterion."""
        places: dict[str, list[int]] = {}
        for place, finding in enumerate(assessment.findings):
            for criterion in self._criteria_behind(finding):
                places.setdefault(criterion, []).append(place)
        return places

    def _criteria_behind(self, finding: Finding) -> set[str]:
        criteria = self._facts.knowledge.criteria
        if finding.cost is not None:
            return {criterion.id for criterion in criteria.values() if criterion.usage}
        named = _named(finding)
        return named | {paid_for for criterion in named if (paid_for := criteria[criterion].of) is not None}


def _named(finding: Finding) -> set[str]:
    if finding.requirement is not None:
        return {finding.requirement.criterion}
    return set() if finding.rule is None else judged_by(finding.rule)


def _found_again(finding: Finding, facts: Facts, cost: Cost | None) -> Finding:
    """The finding as it is with other facts."""
    return finding._replace(degree=_degree(finding, facts, cost), cost=None if finding.cost is None else cost)


def _degree(finding: Finding, facts: Facts, cost: Cost | None) -> Degree:
    requirement = finding.requirement
    if requirement is not None and finding.cost is not None and cost is not None:
        return degree_of_cost(cost, requirement.bound, facts)
    if requirement is not None:
        criterion = facts.knowledge.criteria[requirement.criterion]
        return degree_of_requirement(facts, finding.provider, criterion, requirement.bound)
    if finding.rule is not None and finding.rule.favours is not None:
        return degree_of_condition(facts, finding.provider, finding.rule.favours)
    return finding.degree
