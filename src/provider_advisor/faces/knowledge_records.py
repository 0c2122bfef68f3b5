"""Criteria, providers, claims, rules, and facts that are or soon will be out of date, as JSON-ready data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from provider_advisor.explanation.words import counted
from provider_advisor.knowledge import Claim, Criterion, Facts, Provider
from provider_advisor.knowledge.freshness import Ageing, AgeingGroup
from provider_advisor.knowledge.rules import Citation, Rule

_OF_CRITERIA = ("id", "label", "aliases", "area", "kind", "unit", "values", "question")


def record_criterion(criterion: Criterion) -> dict[str, object]:
    """Return a criterion as JSON-ready data: its id, names, area, kind, unit, words of a rating, and question."""
    found = {name: getattr(criterion, name) for name in _OF_CRITERIA}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def record_provider(provider: Provider) -> dict[str, Any]:
    """Return a provider as JSON-ready data: its names, the number of its claims, and its products."""
    return {
        "id": provider.id,
        "name": provider.name,
        "aliases": list(provider.aliases),
        "claims": len(provider.claims),
        "products": [{"id": part.id, "name": part.name} for part in provider.products.values()],
    }


def record_rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON-ready data: why it is there, and what it is based on."""
    return {
        "id": rule.id,
        "area": rule.area,
        "because": rule.because,
        "weight": rule.weight,
        "rests_on": [{"source": part.source, "place": describe_place(part)} for part in rule.rests_on],
    }


def describe_place(part: Citation) -> str:
    """Return where in a source something is found."""
    lines = ", ".join(map(str, part.lines))
    return f"line{'s' if len(part.lines) > 1 else ''} {lines}" if lines else part.section or ""


def split_claim(claim: Claim) -> list[Claim]:
    """Return a claim on several members as one on each."""
    return [claim.of_member(member) for member in claim.members] or [claim]


def record_claim(claim: Claim) -> dict[str, Any]:
    """Return a claim as JSON-ready data, as `recommend facts --format json` lists it."""
    return {
        "provider": claim.provider,
        "product": claim.product,
        "meant": claim.meant,
        "criterion": claim.criterion,
        "value": list(claim.value) if isinstance(claim.value, tuple) else claim.value,
        "bound": claim.bound,
        "tiers": [tier._asdict() for tier in claim.tiers],
        **{name: amount for name, amount in claim.terms._asdict().items() if amount},
        **({} if claim.plus is None else {"plus": claim.plus}),
        **({} if claim.price_of is None else {"price_of": claim.price_of}),
        "unit": claim.unit,
        "evidence": claim.evidence,
        "source": claim.source,
        "line": claim.line,
        "place": claim.place,
        "as_of": claim.stated.isoformat(),
        "from": claim.starts.isoformat(),
        "until": claim.until.isoformat() if claim.until else None,
        "note": claim.note,
    }


def record_freshness(found: Iterable[Ageing], facts: Facts, within: int) -> dict[str, Any]:
    """Return the facts that are or soon will be out of date, as JSON-ready data."""
    knowledge = facts.knowledge
    return {
        "as_of": facts.as_of.isoformat(),
        "within": within,
        "knowledge": {"fingerprint": knowledge.fingerprint, **knowledge.edition_data},
        "facts": [
            {
                "provider": part.provider,
                "area": part.area,
                "criterion": part.criterion,
                "stated": part.stated.isoformat(),
                "good_until": part.good_until.isoformat(),
                "past": part.good_until < facts.as_of,
                "source": part.source,
                "url": knowledge.sources[part.source].url,
            }
            for part in found
        ],
    }


def describe_freshness(groups: Sequence[AgeingGroup], day: dt.date, within: int) -> str:
    """Say how many facts are out of date on a day, and how many will be within some days."""
    past = sum(group.count_past(day) for group in groups)
    soon = sum(len(group.facts) for group in groups) - past
    verb = "is" if past == 1 else "are"
    ahead = f"; {f'{soon:,}' if soon else 'no'} more will be within {within} days" if within else ""
    return f"{counted(past, 'fact')} {verb} out of date on {day}{ahead}."
