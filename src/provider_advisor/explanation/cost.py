"""Monthly cost as data and in words: item by item, with what is not known and what is free beside it."""

from __future__ import annotations

from typing import Any

from provider_advisor.decision import Cost, CostItem
from provider_advisor.explanation.words import amount_text, claim_text, joined
from provider_advisor.knowledge import Fact, KnowledgeBase
from provider_advisor.logic import Truth

__all__ = ["cost_record", "cost_text"]


def cost_record(cost: Cost, knowledge: KnowledgeBase) -> dict[str, Any]:
    """A cost as JSON-ready data; `high` is null where no ceiling is known."""
    return {
        "low": cost.amount.low,
        "high": cost.amount.high,
        "unit": _unit(knowledge),
        "items": [_item(item, knowledge) for item in cost.items],
    }


def _unit(knowledge: KnowledgeBase) -> str:
    return next((str(criterion.unit) for criterion in knowledge.criteria.values() if criterion.computed), "")


def _item(item: CostItem, knowledge: KnowledgeBase) -> dict[str, Any]:
    return {
        "usage": dict(item.usage),
        "criterion": item.price.criterion if item.price is not None else None,
        "price": _claims_text(item.price) if item.price is not None else None,
        "by_quote": item.by_quote,
        "low": item.amount.low,
        "high": item.amount.high,
        "instead": [{"criterion": fact.criterion, "price": _claims_text(fact)} for fact in item.instead],
        "beside": [_beside(fact, knowledge) for fact in item.beside],
        "evidence": [
            {"source": claim.source, "line": claim.line, "as_of": claim.as_of.isoformat()}
            for claim in (item.price.claims if item.price is not None else ())
        ],
    }


def _beside(fact: Fact, knowledge: KnowledgeBase) -> str:
    label = knowledge.criteria[fact.criterion].label
    return label if fact.truth is Truth.YES else f"{label}: {_claims_text(fact)}"


def _claims_text(fact: Fact) -> str:
    return joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))


def cost_text(cost: Cost, knowledge: KnowledgeBase) -> str:
    """A cost in words: "600 to 1200 USD/month", "at least 120 USD/month; no price is known for 30 users"."""
    said = f"{amount_text(cost.amount.low or 0, cost.amount.high)} {_unit(knowledge)}"
    unpriced = [name for item in cost.unpriced for name in item.usage]
    return f"{said}; no price is known for {joined(unpriced)}" if unpriced else said
