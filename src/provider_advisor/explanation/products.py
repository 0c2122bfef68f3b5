"""Which products to take: for each provider the smallest sets of its products that meet what it meets.

An example: Acme's phone app has fax and calls, its video app has calls and a whiteboard. A team that needs calls and
fax takes the phone app alone; one that needs a whiteboard as well takes both, and the whiteboard is "from another
product".
What a source says of the provider as a whole needs no product.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from provider_advisor.decision import Assessment, Decision, Finding
from provider_advisor.explanation.words import counted, joined
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.logic import Truth

__all__ = ["describe_products", "find_products"]

_MOST_TRIED = 20_000


def find_products(decision: Decision) -> dict[str, list[list[str]]]:
    """Return the smallest sets of products of each provider, by its id; none where nothing it meets names a product."""
    return {part.provider: _find_sets(part) for part in decision.outcome.assessments}


def _find_sets(assessment: Assessment) -> list[list[str]]:
    choices = {frozenset(_list_products(finding)) for finding in assessment.findings if finding.outcome == "met"}
    asked = [choice for choice in choices if choice]
    products = sorted(frozenset().union(*asked))
    for size in range(1, len(products) + 1):
        tried = itertools.islice(itertools.combinations(products, size), _MOST_TRIED)
        found = [list(group) for group in tried if all(choice & frozenset(group) for choice in asked)]
        if found:
            return found
    return [products] if products else []


def _list_products(finding: Finding) -> Iterator[str]:
    """Yield the products that each meet a requirement; none where the provider as a whole does."""
    fact = finding.degree.fact
    if fact is None or finding.requirement is None:
        return
    claims = [claim for claim in fact.claims if fact.truth is not Truth.YES or claim.value == "present"]
    if all(claim.product is not None for claim in claims):
        yield from (claim.product for claim in claims if claim.product is not None)


def describe_products(decision: Decision, knowledge: KnowledgeBase) -> dict[str, str]:
    """Return for each provider which products to take, in words, and which musts the first of them does not meet."""
    found = {}
    for assessment in decision.outcome.assessments:
        sets = _find_sets(assessment)
        if sets:
            found[assessment.provider] = _describe(assessment, sets, knowledge)
    return found


def _describe(assessment: Assessment, sets: Sequence[Sequence[str]], knowledge: KnowledgeBase) -> str:
    names = {product.id: product.name for product in knowledge.providers[assessment.provider].products.values()}
    met = [(finding, frozenset(_list_products(finding))) for finding in assessment.findings if finding.outcome == "met"]
    # The first of a set is the one that meets most; what it does not meet comes from another.
    first, *rest = sorted(sets[0], key=lambda product: (-sum(product in choice for _, choice in met), product))
    more = f" (or {counted(len(sets) - 1, 'other set')} as small)" if len(sets) > 1 else ""
    said = joined([names[product] for product in (first, *rest)]) + more
    others = [
        knowledge.criteria[finding.requirement.criterion].label
        for finding, choice in met
        if finding.requirement is not None and finding.requirement.priority == "must" and choice and first not in choice
    ]
    return f"{said}; from another product than {names[first]}: {joined(others)}" if others else said
