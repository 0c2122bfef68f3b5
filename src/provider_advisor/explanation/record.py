"""A decision as plain data: the JSON that other programs rely on, `provider-advisor/recommendation/1`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from provider_advisor.decision import Assessment, Concession, Cost, CostItem, Decision, Finding
from provider_advisor.explanation.reasons import because, cost_unit, finding_says, verdict_brief, verdict_reason
from provider_advisor.explanation.words import age_text, claim_text, joined
from provider_advisor.inference import SetAside
from provider_advisor.knowledge import Claim, Fact, Facts, KnowledgeBase
from provider_advisor.logic import Truth
from provider_advisor.requirements import Requirement, Statement, bound_words, statement_record

__all__ = ["SCHEMA", "claim_record", "decision_record"]

SCHEMA = "provider-advisor/recommendation/1"


def decision_record(decision: Decision, statement: Statement) -> dict[str, Any]:
    """The decision on a statement as JSON-ready data; see `recommend schema recommendation` for its JSON Schema."""
    knowledge, outcome = decision.facts.knowledge, decision.outcome
    findings = [finding for assessment in outcome.assessments for finding in assessment.findings]
    return {
        "schema": SCHEMA,
        "question": statement_record(statement, knowledge),
        "notes": list(statement.notes),
        "verdict": {**outcome.verdict.record(), "reason": verdict_reason(decision)},
        "providers": [_provider(assessment, knowledge) for assessment in outcome.assessments],
        "findings": [_finding(finding, knowledge) for finding in findings],
        "requirements": [_requirement(requirement, knowledge) for requirement in outcome.inference.requirements],
        "set_aside": [_set_aside(part) for part in outcome.inference.set_aside],
        "combinations": [list(group) for group in decision.combinations],
        "concessions": [_concession(concession, knowledge) for concession in decision.concessions],
        "confirm": [],
        "robustness": {},
        "sources": _sources(decision, knowledge),
        "knowledge": _knowledge(findings, decision.facts),
    }


def _provider(assessment: Assessment, knowledge: KnowledgeBase) -> dict[str, Any]:
    score = assessment.score
    return {
        "id": assessment.provider,
        "name": knowledge.providers[assessment.provider].name,
        "standing": assessment.standing,
        "score": {
            "proven": score.proven if score else None,
            "expected": score.expected if score else None,
            "possible": score.possible if score else None,
        },
        "monthly_cost": None if assessment.cost is None else _cost(assessment.cost, knowledge),
    }


def _cost(cost: Cost, knowledge: KnowledgeBase) -> dict[str, Any]:
    """A cost as JSON-ready data; `high` is null where no ceiling is known."""
    return {
        "low": cost.amount.low,
        "high": cost.amount.high,
        "unit": cost_unit(knowledge),
        "items": [_cost_item(item, knowledge) for item in cost.items],
    }


def _cost_item(item: CostItem, knowledge: KnowledgeBase) -> dict[str, Any]:
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


def _finding(finding: Finding, knowledge: KnowledgeBase) -> dict[str, Any]:
    requirement, fact = finding.requirement, finding.degree.fact
    implied_by = requirement.implied_by[0] if requirement is not None and requirement.implied_by else None
    return {
        "provider": finding.provider,
        "criterion": requirement.criterion if requirement is not None else None,
        "implied_by": list(requirement.implied_by) if requirement is not None else [],
        "rule": finding.rule.id if finding.rule is not None else implied_by,
        "priority": requirement.priority if requirement is not None else None,
        "bound": _bound(requirement, knowledge),
        "outcome": finding.outcome,
        "degree": [finding.degree.low, finding.degree.high],
        "expected": finding.degree.expected,
        "weight": finding.weight,
        "because": because(finding, knowledge),
        "says": finding_says(finding, knowledge),
        "disputed": fact is not None and fact.disputed,
        "evidence": [_evidence(claim) for claim in finding.degree.claims],
    }


def _bound(requirement: Requirement | None, knowledge: KnowledgeBase) -> dict[str, Any] | None:
    if requirement is None or requirement.bound is None:
        return None
    return dict(bound_words(requirement.bound, knowledge.criteria[requirement.criterion]))


def _evidence(claim: Claim) -> dict[str, Any]:
    return {
        "source": claim.source,
        "line": claim.line,
        "as_of": claim.as_of.isoformat(),
        "evidence": claim.evidence,
        "product": claim.product,
    }


def _requirement(requirement: Requirement, knowledge: KnowledgeBase) -> dict[str, Any]:
    return {
        "criterion": requirement.criterion,
        "label": knowledge.criteria[requirement.criterion].label,
        "priority": requirement.priority,
        "bound": _bound(requirement, knowledge),
        "weight": requirement.weight,
        "implied_by": list(requirement.implied_by),
    }


def _set_aside(part: SetAside) -> dict[str, str]:
    return {"rule": part.rule, "criterion": part.criterion, "because": part.because}


def _concession(concession: Concession, knowledge: KnowledgeBase) -> dict[str, Any]:
    return {
        "drop": [_requirement(requirement, knowledge) for requirement in concession.dropped],
        "verdict": {**concession.verdict.record(), "reason": f"Then {verdict_brief(concession.verdict, knowledge)}."},
    }


def _sources(decision: Decision, knowledge: KnowledgeBase) -> list[dict[str, Any]]:
    assessments = decision.outcome.assessments
    claims = [claim for part in assessments for finding in part.findings for claim in finding.degree.claims]
    items = [item for part in assessments if part.cost is not None for item in part.cost.items]
    claims += [claim for item in items if item.price is not None for claim in item.price.claims]
    cited = {claim.source for claim in claims}
    return [
        {
            "id": source.id,
            "title": source.title,
            "publisher": source.publisher,
            "language": source.language,
            "url": source.url,
            "published": source.published.isoformat(),
            "retrieved": source.retrieved.isoformat(),
        }
        for source in knowledge.sources.values()
        if source.id in cited
    ]


def _knowledge(findings: Sequence[Finding], facts: Facts) -> dict[str, Any]:
    used = {(fact.provider, fact.criterion): fact for finding in findings if (fact := finding.degree.fact) is not None}
    return {
        "as_of": facts.as_of.isoformat(),
        "fingerprint": facts.knowledge.fingerprint,
        "rests_on": _rests_on(findings, facts.as_of),
        "stale": [_stale(fact) for _, fact in sorted(used.items()) if facts.is_stale(fact)],
    }


def _rests_on(findings: Iterable[Finding], today: dt.date) -> dict[str, str | None]:
    """The days of the oldest and newest claim that the findings rest on, and a sentence on their age."""
    days = sorted({claim.as_of for finding in findings for claim in finding.degree.claims})
    if not days:
        return {"oldest": None, "newest": None, "says": "It rests on no claim."}
    oldest, newest = days[0], days[-1]
    span = f"of {oldest}" if oldest == newest else f"of {oldest} to {newest}"
    return {
        "oldest": oldest.isoformat(),
        "newest": newest.isoformat(),
        "says": f"It rests on facts {span}, {age_text((today - oldest).days)} old.",
    }


def _stale(fact: Fact) -> dict[str, Any]:
    return {"provider": fact.provider, "criterion": fact.criterion, "as_of": str(fact.newest)}


def claim_record(claim: Claim) -> dict[str, Any]:
    """A claim as JSON-ready data, as `recommend facts --format json` lists it."""
    return {
        "provider": claim.provider,
        "product": claim.product,
        "criterion": claim.criterion,
        "value": list(claim.value) if isinstance(claim.value, tuple) else claim.value,
        "bound": claim.bound,
        "unit": claim.unit,
        "evidence": claim.evidence,
        "source": claim.source,
        "line": claim.line,
        "as_of": claim.as_of.isoformat(),
        "until": claim.until.isoformat() if claim.until else None,
        "note": claim.note,
    }
