"""Why a finding came out as it did, and why the verdict is what it is: one sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from provider_advisor.decision import Assessment, Cost, Decision, Finding, Verdict
from provider_advisor.explanation.words import amount_text, claim_text, joined, requirement_text
from provider_advisor.knowledge import Claim, Fact, KnowledgeBase
from provider_advisor.logic import Truth

__all__ = ["because", "cost_text", "cost_unit", "finding_says", "names", "verdict_brief", "verdict_reason"]

_CONDITION: dict[Truth | None, str] = {
    Truth.YES: "meets the condition",
    Truth.NO: "does not meet the condition",
}


def because(finding: Finding, knowledge: KnowledgeBase) -> str:
    """Why the requirement or rule is there at all: the rule's own words, or that the team asks for it."""
    if finding.rule is not None:
        return finding.rule.because
    if finding.requirement is not None and finding.requirement.implied_by:
        return " ".join(knowledge.rules[rule].because for rule in finding.requirement.implied_by)
    return "The team asks for it."


def finding_says(finding: Finding, knowledge: KnowledgeBase) -> str:
    """What is known of the provider here: "has it (Twilio Video API)", "implied to lack it", "nothing is known"."""
    fact = finding.degree.fact
    if finding.cost is not None:
        return cost_text(finding.cost, knowledge)
    if fact is None:
        return _CONDITION.get(finding.degree.truth, "not known whether the condition is met")
    if not fact.claims:
        return f"not known: {'the claims are older than you allow' if fact.aged else 'no claim says so or denies it'}"
    requirement = finding.requirement
    if requirement is not None and fact.criterion != requirement.criterion:
        paid_for = knowledge.criteria[fact.criterion].label
        return f"does not offer what it pays for: {_capability_says(fact, knowledge)} ({paid_for})"
    if knowledge.criteria[fact.criterion].kind == "capability":
        return _capability_says(fact, knowledge)
    return _amount_says(fact, finding)


def _capability_says(fact: Fact, knowledge: KnowledgeBase) -> str:
    if fact.disputed:
        return "disputed: the sources contradict one another"
    how = _evidence(fact.claims)
    if fact.truth is Truth.YES:
        return {"stated": "has it", "contrast": "implied to have it"}.get(how, "probably has it") + _products(
            fact, knowledge
        )
    return {"stated": "stated to lack it", "contrast": "implied to lack it"}.get(how, "probably lacks it") + _products(
        fact, knowledge
    )


def _evidence(claims: Sequence[Claim]) -> str:
    """The strongest evidence among the claims."""
    found = {claim.evidence for claim in claims}
    return next((kind for kind in ("stated", "contrast") if kind in found), "ambiguous")


def _products(fact: Fact, knowledge: KnowledgeBase) -> str:
    provider = knowledge.providers[fact.provider]
    products = dict.fromkeys(provider.products[claim.product].name for claim in fact.claims if claim.product)
    return f" ({joined(list(products))})" if products else ""


def _amount_says(fact: Fact, finding: Finding) -> str:
    said = joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))
    if fact.disputed:
        return f"disputed: {said}"
    doubt = ", by an ambiguous text" if _evidence(fact.claims) == "ambiguous" else ""
    open_end = "; that leaves it open" if finding.degree.truth is Truth.UNKNOWN else ""
    return f"{said}{doubt}{open_end}"


def names(providers: Sequence[str], knowledge: KnowledgeBase) -> str:
    """Providers by name, as a list in words."""
    return joined([knowledge.providers[provider].name for provider in providers])


def verdict_brief(verdict: Verdict, knowledge: KnowledgeBase) -> str:
    """The verdict in a few words, without its reason: "Vonage would be recommended, firmly"."""
    if verdict.provider is not None:
        how = "firmly" if verdict.strength == "firm" else "leaning only"
        return f"{knowledge.providers[verdict.provider].name} would be recommended, {how}"
    if verdict.kind == "none":
        return "still nobody would do"
    if verdict.kind == "tie":
        return f"{names(verdict.among, knowledge)} would be alike"
    lean = f", leaning to {knowledge.providers[verdict.lean].name}" if verdict.lean else ""
    return f"it would be undetermined{lean}"


def verdict_reason(decision: Decision) -> str:
    """The verdict and its reason in one sentence."""
    verdict, knowledge = decision.outcome.verdict, decision.facts.knowledge
    assessments = {assessment.provider: assessment for assessment in decision.outcome.assessments}
    if not knowledge.providers:
        return "There is no provider to choose among."
    if verdict.kind == "recommended":
        return _recommended(verdict, assessments, knowledge)
    if verdict.kind == "none":
        return _none(decision, assessments, knowledge)
    if verdict.kind == "tie":
        return (
            f"{names(verdict.among, knowledge)} come out alike in everything that you ask, "
            "and nothing of it is unknown."
        )
    return _undetermined(verdict, assessments, knowledge)


def _recommended(verdict: Verdict, assessments: dict[str, Assessment], knowledge: KnowledgeBase) -> str:
    provider = str(verdict.provider)
    name = knowledge.providers[provider].name
    rivals = [assessment for assessment in assessments.values() if assessment.provider != provider]
    if not rivals:
        return f"{name} is recommended: it is the only provider known here, and no must fails."
    if verdict.strength == "leaning":
        open_rivals = [r for r in rivals if r.standing != "ruled-out" and _may_win(r, assessments[provider])]
        rival_names = names([rival.provider for rival in open_rivals], knowledge)
        return f"{name} leads, but not for certain: what is not known could still put {rival_names} ahead."
    ruled_out = [rival for rival in rivals if rival.standing == "ruled-out"]
    if len(ruled_out) == len(rivals):
        why = joined([_fails(rival, knowledge) for rival in ruled_out])
        return f"{name} is recommended, firmly: {why}."
    return f"{name} is recommended, firmly: nothing that is not known could put another provider ahead."


def _may_win(rival: Assessment, leader: Assessment) -> bool:
    return rival.score is not None and leader.score is not None and rival.score.possible >= leader.score.proven


def _fails(assessment: Assessment, knowledge: KnowledgeBase) -> str:
    """What rules a provider out, in words: at most three of its failed musts."""
    failed = [
        requirement_text(finding.requirement, knowledge.criteria[finding.requirement.criterion])
        for finding in assessment.findings
        if finding.is_failed_must and finding.requirement is not None
    ]
    shown = failed[:3] + ([f"{len(failed) - 3} more"] if len(failed) > 3 else [])  # noqa: PLR2004 (the three just shown)
    return f"{knowledge.providers[assessment.provider].name} fails on {joined(shown)}"


def _none(decision: Decision, assessments: dict[str, Assessment], knowledge: KnowledgeBase) -> str:
    why = "; ".join(_fails(assessment, knowledge) for assessment in assessments.values())
    if decision.combinations:
        together = names(decision.combinations[0], knowledge)
        return f"No single provider meets all that you need: {why}; {together} together do."
    return f"No provider meets all that you need: {why}."


def _undetermined(verdict: Verdict, assessments: dict[str, Assessment], knowledge: KnowledgeBase) -> str:
    if all(assessment.score is None for assessment in assessments.values()):
        return "Nothing was asked, so nothing can be recommended."
    if verdict.lean is not None:
        name = knowledge.providers[verdict.lean].name
        return f"Undetermined, leaning to {name}: nobody is known to meet every must, and {name} comes nearest."
    if assessments[verdict.among[0]].standing == "unconfirmed":
        return f"Undetermined: {names(verdict.among, knowledge)} might each meet every must, and none is known to."
    return f"Undetermined: {names(verdict.among, knowledge)} are level, and what is not known could decide either way."


def cost_text(cost: Cost, knowledge: KnowledgeBase) -> str:
    """A cost in words: "600 to 1200 USD/month", "at least 120 USD/month; no price is known for 30 users"."""
    said = f"{amount_text(cost.amount.low or 0, cost.amount.high)} {cost_unit(knowledge)}"
    unpriced = [name for item in cost.unpriced for name in item.usage]
    return f"{said}; no price is known for {joined(unpriced)}" if unpriced else said


def cost_unit(knowledge: KnowledgeBase) -> str:
    """The unit in which costs are computed: "USD/month"."""
    return next((str(criterion.unit) for criterion in knowledge.criteria.values() if criterion.computed), "")
