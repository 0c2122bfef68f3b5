"""What a team should know of the products it would choose, by what it says of itself.

An example: a team without developers is told that Acme Video API "is a programming interface". Which answers and which
products are meant is a matter of files: `cautions` of a topic in team.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from provider_advisor.decision import Decision
from provider_advisor.explanation import model
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.records import Caution
from provider_advisor.logic import Truth

__all__ = ["record_cautions"]


def record_cautions(decision: Decision, chosen: Sequence[model.ChosenRecord]) -> list[model.CautionRecord]:
    """Return the cautions about the products to choose, but for those that only wishes need.

    Where any of several products is enough, there is one only if there is one about each of them.
    """
    topics, said = decision.facts.knowledge.topics, decision.outcome.team.situation
    fitting = [
        (name, caution)
        for name, answers in said.items()
        if name in topics
        for caution in topics[name].cautions
        if caution.value in answers
    ]
    return [
        _record(part.provider, product, topic, caution, decision.facts)
        for topic, caution in fitting
        for part in chosen
        for product in _find_products(part, caution, decision.facts)
    ]


def _find_products(chosen: model.ChosenRecord, caution: Caution, facts: Facts) -> list[str]:
    """Return the products of the first set that the caution is about; none if another set has no such product."""
    has = _list_products(chosen.provider, caution.has, facts)
    meant = has - _list_products(chosen.provider, caution.unless, facts, plainly=True)
    found = [[product for product in products if product in meant] for products in chosen.sets]
    return found[0] if found and all(found) else []


def _list_products(provider: str, criteria: Iterable[str], facts: Facts, *, plainly: bool = False) -> set[str | None]:
    return {product for criterion in criteria for product in _name_having(provider, criterion, facts, plainly=plainly)}


def _name_having(provider: str, criterion: str, facts: Facts, *, plainly: bool) -> Iterator[str | None]:
    """Yield the products that have a capability; if `plainly`, by more than ambiguous texts."""
    fact = facts(provider, criterion)
    for claim in fact.claims if fact.truth is Truth.YES else ():
        if not plainly or claim.evidence != "ambiguous":
            yield claim.belongs_to


def _record(provider: str, product: str, topic: str, caution: Caution, facts: Facts) -> model.CautionRecord:
    known = facts.knowledge.providers[provider]
    name = known.products[product].name_on(facts.as_of)
    because = f"{facts.knowledge.topics[topic].label}: {facts.knowledge.spell_id(caution.value)}"
    return model.CautionRecord(
        provider=provider,
        product=product,
        situation=topic,
        answer=caution.value,
        says=f"{known.name}: {name} {caution.says} ({because}).",
    )
