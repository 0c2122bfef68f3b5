"""Which products to take: for each provider the smallest sets of its products that meet what it meets.

An example: Acme's phone app has fax and calls, its video app has calls and a whiteboard. A team that needs calls and
fax takes the phone app alone; one that needs a whiteboard as well takes both, and the whiteboard is "from another
product".
What a source says of the provider as a whole needs no product. A must such as the region of the data, which one product
meets and the others would have to meet as well, is told beside the verdict (`decision.product_gaps`).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from provider_advisor.decision import Assessment, Decision, Finding
from provider_advisor.explanation import model
from provider_advisor.explanation.words import counted, joined, requirement_text, shortened
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:
    from provider_advisor.decision.product_gaps import ProductGap

__all__ = ["describe_products", "find_products", "record_product_gaps", "say_product_gaps"]

_MOST_TRIED = 20_000
_MOST_NAMED = 3
_MOST_GAPS = 2


def find_products(decision: Decision) -> dict[str, list[list[str]]]:
    """Return the smallest sets of products of each provider, by its id; none where nothing it meets names a product."""
    return {part.provider: _find_sets(part) for part in decision.outcome.assessments}


def _find_sets(assessment: Assessment) -> list[list[str]]:
    choices = {finding.products for finding in assessment.findings if finding.outcome == "met"}
    asked = [choice for choice in choices if choice]
    products = sorted(frozenset().union(*asked))
    for size in range(1, len(products) + 1):
        tried = itertools.islice(itertools.combinations(products, size), _MOST_TRIED)
        found = [list(group) for group in tried if all(choice & frozenset(group) for choice in asked)]
        if found:
            return found
    return [products] if products else []


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
    sold = knowledge.claims_by_product[assessment.provider]
    names = {product.id: product.name_on(day) for product in provider.products.values()}
    met = [(finding, finding.products) for finding in assessment.findings if finding.outcome == "met"]
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
        said.append(f"plus {names[product]} for {labels}")
        taken.add(product)
    more = f" ({counted(len(sets) - 1, 'other set')} of the same size would also work)" if len(sets) > 1 else ""
    return ", ".join(said) + more


def _name_either(names: Sequence[str]) -> str:
    """Return several products of which one is enough, the first few by name."""
    return f"{_name_any(names)} (any one is enough)" if len(names) > 1 else names[0]


def _name_asked(finding: Finding, knowledge: KnowledgeBase) -> str:
    if finding.requirement is None:
        return ""
    label = knowledge.criteria[finding.requirement.criterion].label
    return label if finding.requirement.priority == "must" else f"{label} (a wish)"


# Musts that another product meets than the one that would be taken


def record_product_gaps(decision: Decision) -> list[model.ProductGapRecord]:
    """Return what is stated for other products than those that meet the musts, musts first.

    Nothing is told of providers that are ruled out.
    """
    knowledge = decision.facts.knowledge
    asked = [knowledge.criteria[part.criterion] for part in decision.outcome.inference.requirements]
    if not any(criterion.same_product for criterion in asked):
        return []
    # Few teams ask for such musts, and the others start without it.
    from provider_advisor.decision.product_gaps import find_product_gaps, find_wish_gaps  # noqa: PLC0415

    return [
        _record_gap(assessment.provider, list(gaps), decision)
        for find_gaps in (find_product_gaps, find_wish_gaps)
        for assessment in decision.outcome.assessments
        if assessment.standing != "ruled-out"
        for _, gaps in itertools.groupby(find_gaps(assessment.findings, knowledge), key=lambda gap: gap.asked)
    ]


def say_product_gaps(gaps: Sequence[model.ProductGapRecord], named: Sequence[str], knowledge: KnowledgeBase) -> str:
    """Return what the verdict's sentence says of the gaps of the providers that it names; empty without any."""
    theirs = [gap for gap in gaps if gap.provider in named and gap.priority == "must"]
    names = [knowledge.providers[provider].name for provider in dict.fromkeys(gap.provider for gap in theirs)]
    if not theirs:
        return ""
    if len(named) > 1:
        each = "a must is stated only for another product than the one you would choose"
        return f"but ask {joined(names)} first, because {each}"
    more = [f"{len(theirs) - _MOST_GAPS} more such musts"] if len(theirs) > _MOST_GAPS + 1 else []
    said = [gap.says.partition(": ")[2].rstrip(".") for gap in theirs]
    return f"but {joined([*said[:_MOST_GAPS], *more] if more else said)}, so ask {names[0]} first"


def _record_gap(provider: str, gaps: Sequence[ProductGap], decision: Decision) -> model.ProductGapRecord:
    knowledge, asked = decision.facts.knowledge, gaps[0].asked
    known = knowledge.providers[provider]
    names = {product.id: product.name_on(decision.facts.as_of) for product in known.products.values()}
    by_products: dict[tuple[bool, tuple[str, ...]], list[Finding]] = {}
    for gap in sorted(gaps, key=lambda gap: gap.is_doubtful):
        by_products.setdefault((gap.is_doubtful, tuple(sorted(gap.beside.products))), []).append(gap.beside)
    stated = sorted(asked.stated_products)
    says = f"{known.name}: {_name_asked(asked, knowledge)} is stated for {joined([names[part] for part in stated])}"
    for is_doubtful, but in ((False, "not for"), (True, "and ambiguous for")):
        needed = [
            f"{_name_any([names[name] for name in products])} ({shortened([_label(p, knowledge) for p in found])})"
            for (doubtful, products), found in by_products.items()
            if doubtful == is_doubtful
        ]
        says += f", {but} {joined(needed)}" if needed else ""
    return model.ProductGapRecord(
        provider=provider,
        criterion=_asked_id(asked),
        stated_for=stated,
        beside=[
            model.BesideRecord(criterion=_asked_id(part), products=list(products), ambiguous=doubtful)
            for (doubtful, products), found in by_products.items()
            for part in found
        ],
        says=f"{says}.",
        priority=asked.requirement.priority if asked.requirement else "must",
    )


def _name_any(names: Sequence[str]) -> str:
    more = [f"{len(names) - _MOST_NAMED} others"] if len(names) > _MOST_NAMED + 1 else []
    named = [*(names[:_MOST_NAMED] if more else names), *more]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def _asked_id(finding: Finding) -> str:
    return "" if finding.requirement is None else finding.requirement.criterion


def _label(finding: Finding, knowledge: KnowledgeBase) -> str:
    requirement = finding.requirement
    return "" if requirement is None else requirement_text(requirement, knowledge.criteria[requirement.criterion])
