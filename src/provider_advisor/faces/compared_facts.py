"""Facts of several providers side by side, a row for each criterion.

A criterion asked of members, such as certificates or countries, is one row: `yes: ISO 27001 and SOC 2; not HIPAA`. Each
member has a row of its own only where it has an amount, such as the price of a text to one country.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import claim_text, joined, member_label, shortened
from provider_advisor.faces.knowledge_records import record_claim
from provider_advisor.knowledge import Criterion, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import split_member
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import Truth

_MOST_MEMBERS = 4


class ComparedFact(NamedTuple):
    """What is known about a provider: the fact on a criterion, and the facts on its members folded into it."""

    fact: Fact
    members: tuple[Fact, ...] = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return the fact and those on members."""
        return self.fact, *self.members


class ComparedRow(NamedTuple):
    """A criterion, and what is known of each provider."""

    criterion: Criterion
    cells: tuple[ComparedFact, ...]

    def list_texts(self, knowledge: KnowledgeBase) -> list[str]:
        """Return the cells in words: "yes: ISO 27001 and SOC 2; not HIPAA"."""
        return [_describe_cell(cell, self.criterion, knowledge) for cell in self.cells]

    def record(self, knowledge: KnowledgeBase) -> dict[str, Any]:
        """Return the cells as JSON-ready data by provider, with claims, also those on members."""
        criterion, facts = self.criterion, {}
        for text, cell in zip(self.list_texts(knowledge), self.cells, strict=True):
            known = [fact for fact in cell.members if fact.claims]
            members = {fact.criterion: _record(fact, fact_text(fact, criterion, knowledge)) for fact in known}
            facts[cell.fact.provider] = _record(cell.fact, text) | ({"members": members} if members else {})
        return {"criterion": criterion.id, "label": criterion.label, "area": criterion.area, "facts": facts}

    def tells_apart(self, knowledge: KnowledgeBase) -> bool:
        """Return whether two providers are known to differ in the criterion, or in one of its members."""
        by_criterion: defaultdict[str, set[str]] = defaultdict(set)
        for cell in self.cells:
            for fact in cell.facts:
                if fact.claims:
                    by_criterion[fact.criterion].add(fact_text(fact, self.criterion, knowledge))
        return any(len(words) > 1 for words in by_criterion.values())


def compare_facts(facts: Facts, providers: Sequence[str], area: str | None = None) -> list[ComparedRow]:
    """Return a row for each criterion, in an area or in all, on which something is known about one of the providers."""
    criteria = facts.knowledge.criteria
    claimed = {name for provider, name in facts.knowledge.list_claimed() if provider in providers}
    claimed |= {split_member(name)[0] for name in claimed}  # some criteria have claims on members only
    asked = [criteria[name] for name in claimed if area in {None, criteria[name].area}]
    asked.sort(key=lambda criterion: (criterion.area, criterion.label.casefold()))
    rows = [(criterion, [facts(provider, criterion.id) for provider in providers]) for criterion in asked]
    return fold_members((criterion, found) for criterion, found in rows if any(fact.claims for fact in found))


def fold_members(rows: Iterable[tuple[Criterion, Sequence[Fact]]]) -> list[ComparedRow]:
    """Return the rows with facts on a capability's members folded into the capability's row."""
    known = {criterion.id: (criterion, found) for criterion, found in rows}
    members: defaultdict[str, list[Sequence[Fact]]] = defaultdict(list)
    for criterion, found in known.values():
        if criterion.kind == "capability" and criterion.member_of and criterion.member_of.criterion in known:
            members[criterion.member_of.criterion].append(found)
    # An amount of a member, such as a price, keeps its row: "yes" says everything about a capability, but nothing about
    # a price. A member whose criterion has no row (no claim on it) keeps its row too.
    folded = {fact.criterion for some in members.values() for found in some for fact in found}
    return [
        ComparedRow(
            criterion,
            tuple(
                ComparedFact(fact, tuple(some[place] for some in members[criterion.id]))
                for place, fact in enumerate(found)
            ),
        )
        for criterion, found in known.values()
        if criterion.id not in folded
    ]


def _record(fact: Fact, known: str) -> dict[str, Any]:
    return {"known": known, "disputed": fact.disputed, "claims": [record_claim(claim) for claim in fact.claims]}


def _describe_cell(cell: ComparedFact, criterion: Criterion, knowledge: KnowledgeBase) -> str:
    said, of = fact_text(cell.fact, criterion, knowledge), knowledge.criteria.list_of(criterion.id)
    if of is None:
        return said
    labels = [
        (fact.truth, knowledge.criteria[fact.criterion].label.removeprefix(f"{criterion.label}, "))
        for fact in cell.members
    ]
    there, lacking = ([label for truth, label in labels if truth is one] for one in (Truth.YES, Truth.NO))
    said += f": {shortened(there, _MOST_MEMBERS)}" if there else ""
    return f"{said}; not {shortened(lacking, _MOST_MEMBERS)}" if lacking and cell.fact.truth is not Truth.NO else said


def fact_text(fact: Fact, criterion: Criterion, knowledge: KnowledgeBase) -> str:
    """Return a fact in a few words: "yes", "no, implied", "more than 100 countries", "?"."""
    if not fact.claims:
        return "?"
    doubt = "" if any(claim.evidence == "stated" for claim in fact.claims) else ", implied"
    if all(claim.evidence == "ambiguous" for claim in fact.claims):
        doubt = ", ambiguous"
    if fact.disputed:
        doubt = ", disputed"
    said = joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))
    said += f" ({member_label(criterion.id, fact.price_of, knowledge)} price)" if fact.price_of else ""
    word = {"yes": "yes", "no": "no", "unknown": "?"}[fact.truth.value] if criterion.kind == "capability" else said
    return word + doubt


# What is compared


def find_provider(name: str, knowledge: KnowledgeBase) -> str:
    """Return the id of a provider. Raises RequirementsError with the nearest names."""
    found = knowledge.find_provider(name)
    if found is None:
        names = [*knowledge.providers, *(also for one in knowledge.providers.values() for also in one.aliases)]
        known, hint = ", ".join(knowledge.providers), did_you_mean(name, names)
        raise RequirementsError(f"unknown provider '{name[:80]}'; expected one of {known}.{hint}")
    return found


def refuse_absent(chosen: Sequence[str], facts: Facts) -> None:
    """Raise RequirementsError for providers that are out of scope, or not known yet on the day."""
    if out := [name for name in chosen if name not in facts.base.providers]:
        raise RequirementsError(f"{joined(out)} is left out by --only, --without or --sources; remove it from one.")
    if late := [name for name in chosen if name not in facts.knowledge.providers]:
        first = min(claim.stated for claim in facts.base.providers[late[0]].claims)
        raise RequirementsError(
            f"nothing is known about {joined(late)} on {facts.as_of}; the first claim is from {first}."
        )


def check_area(area: str | None, knowledge: KnowledgeBase) -> str | None:
    """Return an area, None for all areas. Raises RequirementsError for one without criteria."""
    areas = sorted({criterion.area for criterion in knowledge.criteria.values()})
    if area is not None and area not in areas:
        raise RequirementsError(
            f"unknown area '{area[:80]}'; expected one of {', '.join(areas)}.{did_you_mean(area, areas)}"
        )
    return area
