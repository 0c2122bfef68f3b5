"""Which facts leave a finding open: those about which it is worth asking, and which differ between worlds."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from provider_advisor.decision.assessment import Assessment
from provider_advisor.decision.findings import Finding
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.logic import Interval, Truth, compare

__all__ = ["OpenFact", "Use", "is_open", "open_facts", "truth_within"]


class Use(NamedTuple):
    """How an open finding uses a fact: within a bound, or on its scale if there is none; the finding and its weight."""

    finding: int
    bound: Interval | None
    weight: float


class OpenFact(NamedTuple):
    """A fact on which open findings of its provider rest, by the places of those findings."""

    provider: str
    criterion: str
    uses: tuple[Use, ...]

    @property
    def bounds(self) -> tuple[Interval, ...]:
        """The bounds within which it is not known to lie or not to lie."""
        return tuple(dict.fromkeys(use.bound for use in self.uses if use.bound is not None))

    @property
    def on_scale(self) -> bool:
        """Whether a finding counts where it lies on its scale."""
        return any(use.bound is None for use in self.uses)


def is_open(finding: Finding) -> bool:
    """Whether a finding is not known to the point."""
    return finding.degree.low < finding.degree.high


def open_facts(assessment: Assessment, facts: Facts) -> tuple[OpenFact, ...]:
    """The open facts behind a provider's findings, by criterion; those behind a monthly cost are another matter."""
    uses: dict[str, list[Use]] = {}
    for place, finding in enumerate(assessment.findings):
        if is_open(finding) and finding.cost is None:
            for criterion, bound in _open_parts(finding, facts):
                uses.setdefault(criterion, []).append(Use(place, bound, finding.weight))
    return tuple(
        OpenFact(assessment.provider, criterion, tuple(dict.fromkeys(uses[criterion]))) for criterion in sorted(uses)
    )


def _open_parts(finding: Finding, facts: Facts) -> Iterator[tuple[str, Interval | None]]:
    if finding.requirement is not None:
        yield finding.requirement.criterion, finding.requirement.bound
    elif finding.rule is not None and finding.rule.favours is not None:
        for leaf in leaves(finding.rule.favours):
            if isinstance(leaf, FactHolds) and truth_within(facts, finding.provider, leaf) is Truth.UNKNOWN:
                yield leaf.criterion, leaf.bound


def truth_within(facts: Facts, provider: str, leaf: FactHolds, supposed: Mapping[str, Truth] | None = None) -> Truth:
    """Whether the leaf's criterion is there, or its amount within the bound, whichever of both the leaf then asks for.

    `supposed` holds capabilities that are taken to be otherwise known. A price for what is lacking is within no bound.
    """
    criterion = facts.knowledge.criteria[leaf.criterion]
    if leaf.bound is None:
        return (supposed or {}).get(leaf.criterion, facts(provider, leaf.criterion).truth)
    if criterion.of is not None:
        paid_for = (supposed or {}).get(criterion.of, facts(provider, criterion.of).truth)
        if paid_for is Truth.NO:
            return Truth.NO
    amount = facts(provider, leaf.criterion).amount
    return Truth.UNKNOWN if amount is None else compare(amount, leaf.bound)
