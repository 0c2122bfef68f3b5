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


class MetBy(NamedTuple):
    """A requirement that is met: the products that each meet it, and those of which that is stated."""

    finding: Finding
    criterion: Criterion
    products: frozenset[str]
    stated: frozenset[str]


class ProductGap(NamedTuple):
    """What is stated for none of the products that meet the must `beside` it, and for others of the provider.

    It is doubtful where all that is said of those products, or of the provider as a whole, is ambiguous.
    """

    asked: Finding
    beside: Finding
    is_doubtful: bool = False


def find_product_gaps(findings: Sequence[Finding], knowledge: KnowledgeBase) -> tuple[ProductGap, ...]:
    """Return the gaps between the musts of one provider, in the order of the requirements."""
    musts = list_met((finding for finding in findings if finding.decides_standing), knowledge)
    return tuple(find_gaps(musts, musts, knowledge))


def find_wish_gaps(findings: Sequence[Finding], knowledge: KnowledgeBase) -> tuple[ProductGap, ...]:
    """Return the gaps of one provider's wishes to its musts, or to each other if no must names a product."""
    wishes = [finding for finding in findings if finding.requirement and finding.requirement.priority != "must"]
    met = list_met(wishes, knowledge)
    musts = list_met((finding for finding in findings if finding.decides_standing and finding.products), knowledge)
    return tuple(find_gaps(met, musts or met, knowledge))


def list_met(findings: Iterable[Finding], knowledge: KnowledgeBase) -> tuple[MetBy, ...]:
    """Return the findings that products meet, with these products."""
    return tuple(
        MetBy(finding, knowledge.criteria[finding.requirement.criterion], finding.products, stated)
        for finding in findings
        if finding.requirement is not None and (stated := finding.stated_products)
    )


def find_gaps(asked: Iterable[MetBy], beside: Sequence[MetBy], knowledge: KnowledgeBase) -> Iterator[ProductGap]:
    """Yield the gaps of what is asked to what is beside it, all of one provider.

    Of two musts that each have a gap to the other, the first by its id is told.
    """
    for part in asked:
        for other in beside if part.criterion.same_product else ():
            if other.products and part.stated.isdisjoint(other.products) and _has_gap_to(part, other, knowledge):
                is_doubtful = not part.products or not part.products.isdisjoint(other.products)
                yield ProductGap(part.finding, other.finding, is_doubtful)


def _has_gap_to(part: MetBy, other: MetBy, knowledge: KnowledgeBase) -> bool:
    own, beside = part.criterion, other.criterion
    if beside.id == own.id or not _is_meant(own, beside, knowledge):
        return False
    if own.id < beside.id or part.finding.decides_standing != other.finding.decides_standing:
        return True
    # Where the other one has a gap to this one too, that is told instead.
    has_gap_back = bool(part.products) and other.stated.isdisjoint(part.products)
    return not (has_gap_back and _is_meant(beside, own, knowledge))


def _is_meant(own: Criterion, other: Criterion, knowledge: KnowledgeBase) -> bool:
    """Return whether the other one is of an area that the same product has to serve; of a choice any part counts."""
    areas = {knowledge.criteria[part.criterion].area for part in other.any_of} or {other.area}
    return EVERY_AREA in own.same_product or not areas.isdisjoint(own.same_product)
