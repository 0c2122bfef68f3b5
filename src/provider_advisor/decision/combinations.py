"""Where no single provider will do: the fewest providers that together prove every must."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from provider_advisor.decision.assessment import Assessment
from provider_advisor.decision.findings import Finding
from provider_advisor.knowledge import Facts
from provider_advisor.logic import Truth

__all__ = ["combinations_of"]

_MOST_TRIED = 200_000


def combinations_of(assessments: Sequence[Assessment], facts: Facts) -> tuple[tuple[str, ...], ...]:
    """The smallest sets of two or more providers that together prove every must, in alphabetical order.

    Musts on a computed criterion are left out: two bills are not one. Nothing where one provider proves all alone,
    where there is no must, or where nobody proves one of them.
    """
    proven = {assessment.provider: _proven_musts(assessment, facts) for assessment in assessments}
    musts = _musts(assessments[0], facts) if assessments else frozenset()
    if not musts or any(found == musts for found in proven.values()):
        return ()
    useful = sorted(provider for provider, found in proven.items() if found)
    for size in range(2, len(useful) + 1):
        tried = itertools.islice(itertools.combinations(useful, size), _MOST_TRIED)
        found = tuple(group for group in tried if frozenset().union(*(proven[provider] for provider in group)) == musts)
        if found:
            return found
    return ()


def _musts(assessment: Assessment, facts: Facts) -> frozenset[int]:
    """The places, among the findings, of the musts that can fail; the same for each provider."""
    return frozenset(index for index, finding in enumerate(assessment.findings) if _counts(finding, facts))


def _proven_musts(assessment: Assessment, facts: Facts) -> frozenset[int]:
    return frozenset(
        index for index in _musts(assessment, facts) if assessment.findings[index].degree.truth is Truth.YES
    )


def _counts(finding: Finding, facts: Facts) -> bool:
    requirement = finding.requirement
    return (
        requirement is not None
        and finding.decides_standing
        and not facts.knowledge.criteria[requirement.criterion].computed
    )
