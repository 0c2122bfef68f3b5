"""What each requirement and each fired rule came to for one provider."""

from typing import Literal, NamedTuple

from provider_advisor.decision.cost import Cost, degree_of_cost
from provider_advisor.decision.degrees import Degree, degree_of_condition, degree_of_requirement
from provider_advisor.inference import Inference
from provider_advisor.knowledge import Facts, Rule
from provider_advisor.logic import Truth
from provider_advisor.requirements import Requirement

__all__ = ["Finding", "Outcome", "finding_by", "finding_on", "findings_for", "weight_of"]

Outcome = Literal["met", "partial", "unmet", "unknown"]

_BY_ENDS: dict[tuple[float, float], Outcome] = {(1, 1): "met", (0, 0): "unmet", (0, 1): "unknown"}


class Finding(NamedTuple):
    """One requirement, or one rule that favours, for one provider: its degree and its weight.

    `cost` is set where the requirement is on the monthly cost.
    """

    provider: str
    requirement: Requirement | None
    rule: Rule | None
    degree: Degree
    weight: float
    cost: Cost | None = None

    @property
    def outcome(self) -> Outcome:
        """Met [1, 1], unmet [0, 0], unknown [0, 1]; anything else is partial."""
        return _BY_ENDS.get((self.degree.low, self.degree.high), "partial")

    @property
    def decides_standing(self) -> bool:
        """Whether it is a must that can fail; one on an amount without a bound only weighs."""
        return self.requirement is not None and self.requirement.priority == "must" and self.degree.truth is not None

    @property
    def is_failed_must(self) -> bool:
        """Whether it rules its provider out."""
        return self.decides_standing and self.degree.truth is Truth.NO

    @property
    def is_unknown_must(self) -> bool:
        """Whether it leaves its provider unconfirmed."""
        return self.decides_standing and self.degree.truth is Truth.UNKNOWN


def findings_for(provider: str, inference: Inference, facts: Facts, cost: Cost | None) -> tuple[Finding, ...]:
    """The findings for a provider, in the order of the requirements, then of the rules."""
    on_requirements = [finding_on(provider, requirement, facts, cost) for requirement in inference.requirements]
    on_rules = [finding_by(provider, rule, facts) for rule in inference.favours]
    return (*on_requirements, *on_rules)


def finding_by(provider: str, rule: Rule, facts: Facts) -> Finding:
    """The finding of a rule that favours."""
    if rule.favours is None or rule.weight is None:
        raise TypeError(f"{rule.id} favours nobody")
    return Finding(provider, None, rule, degree_of_condition(facts, provider, rule.favours), rule.weight)


def finding_on(provider: str, requirement: Requirement, facts: Facts, cost: Cost | None = None) -> Finding:
    """The finding of a requirement; `cost` is that of the team's usage, None where no usage is stated."""
    criterion = facts.knowledge.criteria[requirement.criterion]
    weight = weight_of(requirement, facts)
    if criterion.computed and cost is not None:
        degree = degree_of_cost(cost, requirement.bound, facts)
        return Finding(provider, requirement, None, degree, weight, cost)
    return Finding(
        provider, requirement, None, degree_of_requirement(facts, provider, criterion, requirement.bound), weight
    )


def weight_of(requirement: Requirement, facts: Facts) -> float:
    """The priority's weight times the requirement's own (an implied one has its rule's), else the criterion's."""
    knowledge = facts.knowledge
    own = knowledge.criteria[requirement.criterion].weight if requirement.weight is None else requirement.weight
    return knowledge.policy.priorities[requirement.priority] * own
