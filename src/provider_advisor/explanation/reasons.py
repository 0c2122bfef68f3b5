"""Why a finding came out as it did, and why the verdict is what it is: one sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from provider_advisor.decision import Assessment, Cost, Decision, Finding, Verdict
from provider_advisor.explanation.notices import describe_notices, has_ended
from provider_advisor.explanation.words import amount_text, claim_text, joined, requirement_text
from provider_advisor.knowledge import Claim, Fact, KnowledgeBase
from provider_advisor.logic import Truth

__all__ = [
    "cost_unit",
    "explain_finding",
    "explain_presence",
    "explain_verdict",
    "in_brief",
    "provider_names",
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
_MOST_FAILED = 3


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
    unpriced = [name for item in cost.unpriced for name in item.usage]
    return f"{said}; no price is known for {joined(unpriced)}" if unpriced else said


def cost_unit(knowledge: KnowledgeBase) -> str:
    """Return the unit of computed costs: "USD/month"."""
    return next((str(criterion.unit) for criterion in knowledge.criteria.values() if criterion.computed), "")


def provider_names(providers: Sequence[str], knowledge: KnowledgeBase) -> str:
    """Return providers by name, as a list in words."""
    return joined([knowledge.providers[provider].name for provider in providers])


def in_brief(verdict: Verdict, knowledge: KnowledgeBase) -> str:
    """Return the verdict in a few words, without its reason: "Vonage would be recommended (firm)"."""
    if verdict.provider is not None:
        return f"{knowledge.providers[verdict.provider].name} would be recommended ({verdict.strength})"
    if verdict.kind == "none":
        return "every provider compared would fail a must"
    if verdict.kind == "tie":
        return f"{provider_names(verdict.among, knowledge)} would be equal"
    lean = f", leaning to {knowledge.providers[verdict.lean].name}" if verdict.lean else ""
    return f"the answer would be undetermined{lean}"


def explain_verdict(decision: Decision) -> str:
    """Return the verdict and its reason in one sentence."""
    verdict, knowledge = decision.outcome.verdict, decision.facts.knowledge
    assessments = {assessment.provider: assessment for assessment in decision.outcome.assessments}
    if not knowledge.providers:
        return "There are no providers to choose from."
    if verdict.kind == "recommended":
        return _recommended(verdict, assessments, knowledge)
    if verdict.kind == "none":
        return _none(decision, assessments, knowledge)
    if verdict.kind == "tie":
        names = provider_names(verdict.among, knowledge)
        return f"{names} are equal in everything that you asked for, and all of it is known."
    return _undetermined(verdict, assessments, knowledge)


def _recommended(verdict: Verdict, assessments: dict[str, Assessment], knowledge: KnowledgeBase) -> str:
    provider = str(verdict.provider)
    name = knowledge.providers[provider].name
    rivals = [assessment for assessment in assessments.values() if assessment.provider != provider]
    if not rivals:
        return f"{name} is recommended: it is the only provider in the knowledge base, and it fails no must."
    if verdict.strength == "leaning":
        open_rivals = [r for r in rivals if r.standing != "ruled-out" and _may_win(r, assessments[provider])]
        rival_names = provider_names([rival.provider for rival in open_rivals], knowledge)
        return f"{name} is recommended (leaning): unknown facts could still put {rival_names} ahead."
    ruled_out = [rival for rival in rivals if rival.standing == "ruled-out"]
    if len(ruled_out) == len(rivals):
        why = joined([_fails(rival, knowledge) for rival in ruled_out])
        return f"{name} is recommended (firm): {why}."
    return f"{name} is recommended (firm): no unknown fact could put another provider ahead."


def _may_win(rival: Assessment, leader: Assessment) -> bool:
    return rival.score is not None and leader.score is not None and rival.score.possible >= leader.score.proven


def _fails(assessment: Assessment, knowledge: KnowledgeBase) -> str:
    """Return what rules a provider out, in words: at most three of its failed musts."""
    failed = [
        requirement_text(finding.requirement, knowledge.criteria[finding.requirement.criterion])
        for finding in assessment.findings
        if finding.is_failed_must and finding.requirement is not None
    ]
    more = [f"{len(failed) - _MOST_FAILED} more"] if len(failed) > _MOST_FAILED else []
    return f"{knowledge.providers[assessment.provider].name} fails on {joined(failed[:_MOST_FAILED] + more)}"


def _none(decision: Decision, assessments: dict[str, Assessment], knowledge: KnowledgeBase) -> str:
    why = "; ".join(_fails(assessment, knowledge) for assessment in assessments.values())
    if decision.combinations:
        why += f"; {provider_names(decision.combinations[0], knowledge)} together do"
    if len(assessments) == 1:
        return f"The only provider compared does not meet everything that you need: {why}."
    return f"None of the {len(assessments)} providers compared meets everything that you need: {why}."


def _undetermined(verdict: Verdict, assessments: dict[str, Assessment], knowledge: KnowledgeBase) -> str:
    if all(assessment.score is None for assessment in assessments.values()):
        return "Nothing was asked for, so nothing can be recommended."
    if verdict.lean is not None:
        name = knowledge.providers[verdict.lean].name
        if len(assessments) == 1:
            return (
                f"Undetermined, leaning to {name}: the only provider compared may meet every must, but is not known to."
            )
        none = f"none of the {len(assessments)} providers compared is known to meet every must"
        return f"Undetermined, leaning to {name}: {none}, and {name} comes closest."
    names = provider_names(verdict.among, knowledge)
    if assessments[verdict.among[0]].standing == "unconfirmed":
        return f"Undetermined: {names} may each meet every must, but none of them is known to."
    return f"Undetermined: {names} are level, and unknown facts could decide either way."
