"""Find musts that a provider meets by one product where the other musts are met by another of its products.

An example: Acme's video is by Acme Meet, and data in the EU is stated for Acme Text alone. Acme meets both musts, and
still nothing is said of where the data of a video call are. Which criteria are meant is a matter of files:
`same_product` of data-region names the areas whose musts the same product has to meet. No verdict changes by it,
because a provider has what one of its products has; answers say it beside the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from provider_advisor.decision.findings import Finding
from provider_advisor.knowledge import Criterion, KnowledgeBase
from provider_advisor.knowledge.records import EVERY_AREA

__all__ = ["ProductGap", "find_gaps_between", "find_product_gaps"]


class ProductGap(NamedTuple):
    """A must that is stated for none of the products that meet the must `beside` it, and for others of the provider."""

    asked: Finding
    beside: Finding


def find_product_gaps(findings: Sequence[Finding], knowledge: KnowledgeBase) -> tuple[ProductGap, ...]:
    """Return the gaps between the musts of one provider, in the order of the requirements."""
    return tuple(find_gaps_between(findings, findings, knowledge))


def find_gaps_between(
    asked: Iterable[Finding], beside: Iterable[Finding], knowledge: KnowledgeBase
) -> Iterator[ProductGap]:
    """Yield the gaps of the musts asked to those beside them, all of one provider.

    Of two musts that each have to be met by the product that meets the other, the first by its id has the gap.
    """
    others = [(finding, products) for finding in beside if (products := _list_products_of_must(finding))]
    for finding in asked:
        products = _list_products_of_must(finding)
        own = _get_criterion(finding, knowledge) if products else None
        if own is None or not own.same_product:
            continue
        for other, taken in others:
            if products.isdisjoint(taken) and _has_gap_to(own, _get_criterion(other, knowledge), knowledge):
                yield ProductGap(finding, other)


def _list_products_of_must(finding: Finding) -> frozenset[str]:
    return finding.products if finding.decides_standing else frozenset()


def _get_criterion(finding: Finding, knowledge: KnowledgeBase) -> Criterion | None:
    return None if finding.requirement is None else knowledge.criteria[finding.requirement.criterion]


def _has_gap_to(own: Criterion, other: Criterion | None, knowledge: KnowledgeBase) -> bool:
    if other is None or other.id == own.id or not _is_meant(own, other, knowledge):
        return False
    return own.id < other.id or not _is_meant(other, own, knowledge)


def _is_meant(own: Criterion, other: Criterion, knowledge: KnowledgeBase) -> bool:
    """Return whether the other one is of an area that the same product has to serve; of a choice any part counts."""
    areas = {knowledge.criteria[part.criterion].area for part in other.any_of} or {other.area}
    return EVERY_AREA in own.same_product or not areas.isdisjoint(own.same_product)
