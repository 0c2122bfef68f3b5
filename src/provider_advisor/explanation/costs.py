"""Monthly costs as records, and in words: what is in the sum, of when its prices are, and what it leaves out.

An example: "at least 83 USD/month; not included: carrier fees; no price is known for Outgoing call minutes (3000)".
Without these words the sum would look like the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from provider_advisor.decision import Cost, CostItem
from provider_advisor.explanation import model
from provider_advisor.explanation.words import amount_text, claim_text, joined, usage_label, volume_text
from provider_advisor.knowledge import Fact, KnowledgeBase
from provider_advisor.logic import Interval, Truth
from provider_advisor.requirements.volumes import get_ends

__all__ = ["describe_cost", "record_cost"]


def record_cost(cost: Cost, knowledge: KnowledgeBase) -> model.CostRecord:
    """Return a monthly cost as a record, item by item."""
    return model.CostRecord(
        low=_least(cost.amount),
        high=cost.amount.high,
        unit=next((str(criterion.unit) for criterion in knowledge.criteria.values() if criterion.computed), ""),
        items=[_record_item(item, knowledge) for item in cost.items],
    )


def _record_item(item: CostItem, knowledge: KnowledgeBase) -> model.CostItemRecord:
    price = item.price
    return model.CostItemRecord(
        usage={name: _record_used(get_ends(used)) for name, used in item.usage.items()},
        criterion=price.criterion if price is not None else None,
        price=_list_claims(price) if price is not None else None,
        by_quote=item.by_quote,
        priced_members=list(item.priced_members),
        unconverted=[claim_text(claim) for claim in item.unconverted],
        notes=list(dict.fromkeys(claim.note for claim in (price.claims if price is not None else ()) if claim.note)),
        plus=[] if price is None else list(price.plus),
        low=_least(item.amount),
        high=item.amount.high,
        instead=[model.OtherPriceRecord(criterion=fact.criterion, price=_list_claims(fact)) for fact in item.instead],
        beside=[_name_free(fact, knowledge) for fact in item.beside],
        evidence=[
            model.LineRecord(source=claim.source, line=claim.line, as_of=claim.stated.isoformat(), place=claim.place)
            for claim in (price.claims if price is not None else ())
        ],
    )


def _least(amount: Interval) -> float:
    return 0 if amount.low is None else amount.low


def _record_used(ends: Interval) -> float | list[float]:
    low, high = ends.low or 0, ends.high or 0
    return low if low == high else [low, high]


def _name_free(fact: Fact, knowledge: KnowledgeBase) -> str:
    label = knowledge.criteria[fact.criterion].label
    return label if fact.truth is Truth.YES else f"{label}: {_list_claims(fact)}"


def _list_claims(fact: Fact) -> str:
    """Return what the claims of a fact say, as a list in words."""
    return joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))


def describe_cost(cost: model.CostRecord, knowledge: KnowledgeBase) -> str:
    """Return a cost in words: "600 to 1200 USD/month", "at least 83 USD/month; not included: carrier fees"."""
    return "; ".join([f"{amount_text(cost.low, cost.high)} {cost.unit}", *_list_gaps(cost, knowledge)])


def _list_gaps(cost: model.CostRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield what the sum leaves out: what comes on top of prices, and the usage without a price."""
    if plus := list(dict.fromkeys(part for item in cost.items for part in item.plus or ())):
        yield f"not included: {joined(plus)}"
    unpriced = [
        f"{usage_label(name, knowledge)} ({volume_text(volume)})"
        for item in cost.items
        if item.criterion is None and item.high is None
        for name, volume in item.usage.items()
    ]
    if unpriced:
        yield f"no price is known for {joined(unpriced)}"
