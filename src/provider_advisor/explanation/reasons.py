"""Why a finding came out as it did: one sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from provider_advisor.decision import Cost, Finding
from provider_advisor.explanation.notices import describe_notices, has_ended
from provider_advisor.explanation.words import amount_text, claim_text, joined
from provider_advisor.knowledge import Claim, Fact, KnowledgeBase
from provider_advisor.logic import Truth

__all__ = [
    "cost_unit",
    "explain_finding",
    "explain_presence",
]

_CONDITION: dict[Truth | None, str] = {
    Truth.YES: "meets the condition",
    Truth.NO: "does not meet the condition",
}
_HAS = {
    "stated": ("has it", "does not have it"),
    "contrast": ("has it, by implication", "does not have it, by implication"),
    "ambiguous": ("probably has it", "probably does not have it"),
}
"""What a capability's strongest evidence says where it is present, and where it is absent."""


def explain_presence(finding: Finding, knowledge: KnowledgeBase) -> str:
    """Return why the requirement or rule counts at all: the rule's own words, or that the team asks for it."""
    if finding.rule is not None:
        return finding.rule.because
    if finding.requirement is not None and finding.requirement.implied_by:
        return " ".join(knowledge.rules[rule].because for rule in finding.requirement.implied_by)
    return "The team asks for it."


def explain_finding(finding: Finding, knowledge: KnowledgeBase) -> str:
    """Return what is known about the provider here: "has it (Twilio Video API)", "not known: …"."""
    fact = finding.degree.fact
    if finding.cost is not None:
        return _cost_says(finding.cost, knowledge)
    if fact is None:
        return _CONDITION.get(finding.degree.truth, "not known whether the condition is met")
    if not fact.claims:
        silent = "the claims are older than you allow" if fact.aged else "no claim confirms or denies it"
        return f"not known: {describe_notices(fact, knowledge) or silent}"
    requirement = finding.requirement
    if requirement is not None and fact.criterion != requirement.criterion:
        # A price, or another amount, of something that the provider does not offer.
        label = knowledge.criteria[fact.criterion].label
        return f"does not offer what this is for: {_capability_says(fact, knowledge)} ({label})"
    if knowledge.criteria[fact.criterion].kind == "capability":
        return _capability_says(fact, knowledge)
    return _amount_says(fact, finding, knowledge)


def _capability_says(fact: Fact, knowledge: KnowledgeBase) -> str:
    if fact.disputed:
        return "disputed: the sources contradict each other"
    notices = describe_notices(fact, knowledge)
    if has_ended(fact):
        return f"no longer has it{_products(fact, knowledge)}: {notices}"
    present, absent = _HAS[_strongest_evidence(fact.claims)]
    said = (present if fact.truth is Truth.YES else absent) + _products(fact, knowledge)
    return f"{said}; {notices}" if notices else said


def _strongest_evidence(claims: Sequence[Claim]) -> str:
    found = {claim.evidence for claim in claims}
    return next((kind for kind in ("stated", "contrast") if kind in found), "ambiguous")


def _products(fact: Fact, knowledge: KnowledgeBase) -> str:
    provider = knowledge.providers[fact.provider]
    products = dict.fromkeys(provider.products[claim.product].name for claim in fact.claims if claim.product)
    return f" ({joined(list(products))})" if products else ""


def _amount_says(fact: Fact, finding: Finding, knowledge: KnowledgeBase) -> str:
    said = joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))
    if fact.disputed:
        return f"disputed: {said}"
    doubt = " (the source is ambiguous)" if _strongest_evidence(fact.claims) == "ambiguous" else ""
    paid_for = finding.degree.paid_for
    if paid_for is not None:
        label = knowledge.criteria[paid_for.criterion].label
        return f"{said}{doubt}; not known whether it offers what this is for ({label})"
    open_end = "; this does not settle it" if finding.degree.truth is Truth.UNKNOWN else ""
    notices = describe_notices(fact, knowledge)
    return f"{said}{doubt}{open_end}{f'; {notices}' if notices else ''}"


def _cost_says(cost: Cost, knowledge: KnowledgeBase) -> str:
    """Return a cost in words: "600 to 1200 USD/month", "at least 120 USD/month; no price is known for 30 users"."""
    said = f"{amount_text(cost.amount.low or 0, cost.amount.high)} {cost_unit(knowledge)}"
    unpriced = [knowledge.usage[name].label for item in cost.unpriced for name in item.usage]
    return f"{said}; no price is known for {joined(unpriced)}" if unpriced else said


def cost_unit(knowledge: KnowledgeBase) -> str:
    """Return the unit of computed costs: "USD/month"."""
    return next((str(criterion.unit) for criterion in knowledge.criteria.values() if criterion.computed), "")
