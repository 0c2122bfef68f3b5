"""Find qualities that a provider states for one product where the other musts are met by another of its products.

An example: Acme's video is by Acme Meet, and data in the EU is stated for Acme Text alone. Acme meets both musts, and
still nothing is said of where the data of a video call are. If a text about Acme Meet admits that reading, the gap
is a doubtful one. Which criteria are meant is a matter of files: `same_product` of data-region names the areas whose
musts the same product has to meet. No verdict changes by it, because a provider has what one of its products has;
answers say it beside the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from provider_advisor.decision.findings import Finding
from provider_advisor.knowledge import Criterion, KnowledgeBase
from provider_advisor.knowledge.records import EVERY_AREA

__all__ = ["ProductGap", "find_gaps_between", "find_product_gaps", "find_wish_gaps"]


class ProductGap(NamedTuple):
    """What is stated for none of the products that meet the must `beside` it, and for others of the provider.

    It is doubtful where all that is said of those products, or of the provider as a whole, is ambiguous.
    """

    asked: Finding
    beside: Finding
    is_doubtful: bool = False


def find_product_gaps(findings: Sequence[Finding], knowledge: KnowledgeBase) -> tuple[ProductGap, ...]:
    """Return the gaps between the musts of one provider, in the order of the requirements."""
    return tuple(find_gaps_between(findings, findings, knowledge))


def find_wish_gaps(findings: Sequence[Finding], knowledge: KnowledgeBase) -> tuple[ProductGap, ...]:
    """Return the gaps of one provider's wishes to its musts, or to each other if no must names a product."""
    wishes = [finding for finding in findings if finding.requirement and finding.requirement.priority != "must"]
    musts = [finding for finding in findings if finding.decides_standing and finding.products]
    return tuple(_find_gaps(wishes, musts or wishes, knowledge))


def find_gaps_between(
    asked: Iterable[Finding], beside: Iterable[Finding], knowledge: KnowledgeBase
) -> Iterator[ProductGap]:
    """Yield the gaps of the musts asked to those beside them, all of one provider.

    Of two musts that each have a gap to the other, the first by its id is told.
    """
    one, other = ([finding for finding in part if finding.decides_standing] for part in (asked, beside))
    return _find_gaps(one, other, knowledge)


def _find_gaps(asked: Iterable[Finding], beside: Iterable[Finding], knowledge: KnowledgeBase) -> Iterator[ProductGap]:
    others = [(finding, products) for finding in beside if (products := finding.products)]
    for finding in asked:
        own = _get_criterion(finding, knowledge)
        stated = finding.stated_products if own is not None and own.same_product else frozenset()
        if own is None or not stated:
            continue
        products = finding.products
        for other, taken in others:
            if stated.isdisjoint(taken) and _has_gap_to(finding, own, other, knowledge):
                yield ProductGap(finding, other, not products or not products.isdisjoint(taken))


def _get_criterion(finding: Finding, knowledge: KnowledgeBase) -> Criterion | None:
    return None if finding.requirement is None else knowledge.criteria[finding.requirement.criterion]


def _has_gap_to(finding: Finding, own: Criterion, other: Finding, knowledge: KnowledgeBase) -> bool:
    beside = _get_criterion(other, knowledge)
    if beside is None or beside.id == own.id or not _is_meant(own, beside, knowledge):
        return False
    if own.id < beside.id or finding.decides_standing != other.decides_standing:
        return True
    # Where the other one has a gap to this one too, that is told instead.
    products = finding.products
    has_gap_back = bool(products) and other.stated_products.isdisjoint(products)
    return not (has_gap_back and _is_meant(beside, own, knowledge))


def _is_meant(own: Criterion, other: Criterion, knowledge: KnowledgeBase) -> bool:
    """Return whether the other one is of an area that the same product has to serve; of a choice any part counts."""
    areas = {knowledge.criteria[part.criterion].area for part in other.any_of} or {other.area}
    return EVERY_AREA in own.same_product or not areas.isdisjoint(own.same_product)
