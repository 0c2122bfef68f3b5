"""What time does to the facts of an answer, in words: what ended, ends or comes, and prices of different years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provider_advisor.decision import Assessment, Decision
from provider_advisor.decision.findings import list_used_facts
from provider_advisor.explanation import model
from provider_advisor.explanation.words import age_text, claim_text, joined
from provider_advisor.knowledge import Criterion, Fact, KnowledgeBase
from provider_advisor.knowledge.records import Claim, Notice
from provider_advisor.logic import Truth

_NAMES = frozenset({"renamed", "renames"})
_OF_THE_ANSWER = _NAMES | {"withdrawn"}


def describe_notices(fact: Fact, knowledge: KnowledgeBase) -> str:
    """Return the ends and changes of what a fact rests on, as a list in words; empty where there are none.

    A new name of a product, and an end that was withdrawn, change nothing of the fact: the answer tells them apart.
    """
    ends = (notice for notice in fact.notices if notice.kind not in _OF_THE_ANSWER)
    return joined(list(dict.fromkeys(_describe(notice, knowledge) for notice in ends)))


def has_ended(fact: Fact) -> bool:
    """Return whether a capability is absent because it, or the product that had it, ended."""
    return fact.truth is Truth.NO and any(
        notice.kind in {"ended", "product-ended", "closed-to-new"} for notice in fact.notices
    )


def _describe(notice: Notice, knowledge: KnowledgeBase) -> str:
    said = ""
    if notice.stated is not None:
        said = f" ({'announced' if notice.stated < notice.day else 'stated'} on {notice.stated})"
    if notice.claim is not None:
        return _describe_claim(notice, notice.claim, said)
    made = knowledge.providers[notice.provider].products[str(notice.product)]
    product = made.name
    if made.renamed is not None and notice.kind in _NAMES:
        is_called = "has been called" if notice.kind == "renamed" else "will be called"
        return f"{product} {is_called} {made.renamed.name} {_since(notice)}{said}"
    if notice.kind in {"closed-to-new", "closes-to-new"}:
        own = (
            "; it stays open to this team, which is already a customer"
            if notice.provider in knowledge.scope.customer_of
            else ""
        )
        is_closed = "has been closed" if notice.kind == "closed-to-new" else "will be closed"
        return f"{product} {is_closed} to new customers {_since(notice)}{said}{own}"
    return f"{product} {'ended' if notice.kind == 'product-ended' else 'ends'} on {notice.day}{said}"


def _describe_claim(notice: Notice, claim: Claim, said: str) -> str:
    if notice.kind == "withdrawn":
        return f"the end on {notice.day}, announced on {claim.stated}, was withdrawn on {notice.stated}"
    if notice.kind == "starts":
        return f"{claim_text(claim)} from {notice.day} on{said}"
    if claim.value != "present":  # an absence, or a price, is no offer that could end
        return f"{'was ' if notice.kind == 'ended' else ''}{claim_text(claim)} until {notice.day}{said}"
    return f"{'ended' if notice.kind == 'ended' else 'ends'} on {notice.day}{said}"


def _since(notice: Notice) -> str:
    return f"since {notice.day}" if notice.kind in {"closed-to-new", "renamed"} else f"from {notice.day} on"


def find_notices(decision: Decision) -> list[model.NoticeRecord]:
    """Return the ends and changes of all facts that the answer uses, each once."""
    knowledge = decision.facts.knowledge
    found: dict[tuple[Any, ...], model.NoticeRecord] = {}
    for fact in _find_used(decision):
        for notice in fact.notices:
            asked = "" if notice.kind in _NAMES else notice.criterion
            key = (notice.provider, asked, notice.product, notice.kind, notice.day)
            found.setdefault(
                key,
                model.NoticeRecord(
                    provider=notice.provider,
                    product=notice.product,
                    criterion=notice.criterion,
                    kind=notice.kind,
                    day=notice.day.isoformat(),
                    stated=None if notice.stated is None else notice.stated.isoformat(),
                    source=notice.source,
                    line=notice.line,
                    says=say_notice(notice, knowledge),
                ),
            )
    return list(found.values())


def say_notice(notice: Notice, knowledge: KnowledgeBase) -> str:
    """Return an end or a change as a sentence: "Acme, Fax: ends on 2027-01-31 (announced on 2026-09-01)."."""
    name, label = knowledge.providers[notice.provider].name, knowledge.criteria[notice.criterion].label
    about = name if notice.kind in _NAMES else f"{name}, {label}"
    return f"{about}: {_describe(notice, knowledge)}."


def _find_used(decision: Decision) -> Iterator[Fact]:
    for assessment in decision.outcome.assessments:
        for finding in assessment.findings:
            yield from list_used_facts(finding, decision.facts)
        for item in assessment.cost.items if assessment.cost is not None else ():
            if item.price is not None:
                yield item.price


# Prices of different years

_YEAR = 365
"""Days by which a price has to be older where neither its criterion nor the policy says after how long it is old."""


def say_older_price(decision: Decision) -> str:
    """Return which price of the provider that leads is older than a rival's by more than prices are good for.

    An example: Vonage leads by a price of an SMS of 2022, and Twilio's is of 2026. Both count as they are stated; the
    verdict's sentence says that the first is four years older, so that nobody takes it for today's.
    """
    verdict, knowledge = decision.outcome.verdict, decision.facts.knowledge
    criteria, leader = knowledge.criteria, verdict.provider or verdict.lean
    left = [part for part in decision.outcome.assessments if part.standing != "ruled-out"]
    own = {price.criterion: price for part in left if part.provider == leader for price in _list_prices(part, criteria)}
    # The rival with the best score is the one that a newer price would put ahead.
    for rival in sorted(left, key=lambda part: (-part.score.expected if part.score else 0, part.provider)):
        for price in _list_prices(rival, criteria):
            mine = own.get(price.criterion)
            if leader is None or mine is None or mine.newest is None or price.newest is None:
                continue
            days = (price.newest - mine.newest).days
            if days > (knowledge.get_stale_after(price.criterion) or _YEAR):
                name, other = knowledge.providers[leader].name, knowledge.providers[rival.provider].name
                return (
                    f"but {name}'s {criteria[price.criterion].label} dates from {mine.newest}, {age_text(days)} older "
                    f"than {other}'s, so ask for the current price"
                )
    return ""


def _list_prices(assessment: Assessment, criteria: Mapping[str, Criterion]) -> Iterator[Fact]:
    """Yield the prices with a known amount that the score or the monthly cost of a provider rests on."""
    for finding in assessment.findings:
        fact = finding.degree.fact
        if fact is not None and fact.amount is not None and criteria[fact.criterion].kind == "price":
            yield fact
    for item in assessment.cost.items if assessment.cost is not None else ():
        if item.price is not None and item.price.amount is not None:
            yield item.price
