"""Which products to take: for each provider the smallest sets of its products that meet what it meets.

An example: Acme's phone app has fax and calls, its video app has calls and a whiteboard. A team that needs calls and
fax takes the phone app alone; one that needs a whiteboard as well takes both, and the whiteboard is "from another
product".
What a source says of the provider as a whole needs no product.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from provider_advisor.decision import Assessment, Decision, Finding
from provider_advisor.explanation.words import counted, joined
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.logic import Truth

__all__ = ["describe_products", "find_products"]

_MOST_TRIED = 20_000
_MOST_NAMED = 3


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
    if finding.requirement is None or finding.requirement.is_absence:
        return  # what must not be there comes with no product
    parts = finding.degree.parts
    if any(not part.asked.present for part in parts):
        return
    facts = [fact for degree in (finding.degree, *(part.degree for part in parts)) if (fact := degree.fact) is not None]
    claims = [
        claim for fact in facts for claim in fact.claims if fact.truth is not Truth.YES or claim.value == "present"
    ]
    products = [claim.belongs_to for claim in claims]
    if None not in products:
        yield from (product for product in products if product is not None)


def describe_products(decision: Decision, knowledge: KnowledgeBase) -> dict[str, str]:
    """Return for each provider which products to take, in words, and which musts the first of them does not meet."""
    found = {}
    for assessment in decision.outcome.assessments:
        sets = _find_sets(assessment)
        if sets:
            found[assessment.provider] = _describe(assessment, sets, knowledge, decision.facts.as_of)
    return found


def _describe(assessment: Assessment, sets: Sequence[Sequence[str]], knowledge: KnowledgeBase, day: dt.date) -> str:
    provider = knowledge.providers[assessment.provider]
    sold = Counter(claim.belongs_to for claim in provider.claims)
    names = {product.id: product.name_on(day) for product in provider.products.values()}
    met = [(finding, frozenset(_list_products(finding))) for finding in assessment.findings if finding.outcome == "met"]
    if len(sets[0]) == 1:
        return _name_either([names[product] for product in sorted((part[0] for part in sets), key=lambda p: -sold[p])])
    # Among sets of one size, that whose products are said to do most: an add-on meets a wish, and little else.
    best = min(sets, key=lambda part: (-sum(sold[product] for product in part), part))
    # The first of a set is the one that meets most; what it does not meet comes from another.
    first, *rest = sorted(
        best, key=lambda product: (-sum(product in choice for _, choice in met), -sold[product], product)
    )
    said, taken = [names[first]], {first}
    for product in rest:
        own = [finding for finding, choice in met if product in choice and not choice & taken]
        labels = joined(list(dict.fromkeys(_name_asked(finding, knowledge) for finding in own)))
        said.append(f"from another product, {names[product]}: {labels}")
        taken.add(product)
    more = f" ({counted(len(sets) - 1, 'other set')} of as many products would do)" if len(sets) > 1 else ""
    return "; ".join(said) + more


def _name_either(names: Sequence[str]) -> str:
    """Return several products of which one is enough, the first few by name."""
    more = [f"{len(names) - _MOST_NAMED} others"] if len(names) > _MOST_NAMED + 1 else []
    named = [*(names[:_MOST_NAMED] if more else names), *more]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]} (one is enough)"


def _name_asked(finding: Finding, knowledge: KnowledgeBase) -> str:
    if finding.requirement is None:
        return ""
    label = knowledge.criteria[finding.requirement.criterion].label
    return label if finding.requirement.priority == "must" else f"{label} (a wish)"
