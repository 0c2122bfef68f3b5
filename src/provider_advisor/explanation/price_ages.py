"""Say when the winner's price is much older than a rival's, because the two are then no comparison of today.

An example: Vonage leads by a price of an SMS of 2022, and Twilio's is of 2026. Both count as they are stated; the
verdict's sentence says that the first is four years older, so that nobody takes it for today's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provider_advisor.decision import Assessment, Decision
from provider_advisor.explanation.words import age_text
from provider_advisor.knowledge import Criterion, Fact

__all__ = ["say_older_price"]

_YEAR = 365
"""Days by which a price has to be older where neither its criterion nor the policy says after how long it is old."""


def say_older_price(decision: Decision) -> str:
    """Return which price of the provider that leads is older than a rival's by more than prices are good for."""
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
                    "than "
                    f"{other}'s, so ask for the current price"
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
