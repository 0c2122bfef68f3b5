"""Name what would decide between providers that are equal: criteria on which they are known to differ."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from provider_advisor.decision import Decision
from provider_advisor.explanation import model
from provider_advisor.explanation.words import claim_text, joined
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import Criterion, Fact, KnowledgeBase
from provider_advisor.logic import Truth


def find_differences_of_leaders(decision: Decision) -> list[model.DifferenceRecord]:
    """Return the criteria on which the leaders of a tie are known to differ.

    They are those of the areas that the answer is about: of what is asked, and of what the rules that count favour,
    which may be all that there is. A criterion that is asked within a bound may be among them: 100 and 65 seats both
    meet "at least 60".
    """
    verdict, facts = decision.outcome.verdict, decision.facts
    knowledge, inference = facts.knowledge, decision.outcome.inference
    counting = {part.criterion for part in inference.requirements}.union(*map(judged_by, inference.favours))
    areas = {knowledge.criteria[criterion].area for criterion in counting}
    found = []
    for criterion in knowledge.criteria.values():
        if criterion.area in areas and not criterion.computed:
            known = [facts(provider, criterion.id) for provider in verdict.among]
            if any(_differ(*pair) for pair in itertools.combinations(known, 2)):
                found.append(_record(criterion, known, knowledge))
    return found


def _differ(one: Fact, other: Fact) -> bool:
    """Return whether two facts are known and cannot be the same."""
    if one.amount is not None and other.amount is not None:
        return one.amount.excludes(other.amount)
    return {one.truth, other.truth} == {Truth.YES, Truth.NO}


def _record(criterion: Criterion, known: Sequence[Fact], knowledge: KnowledgeBase) -> model.DifferenceRecord:
    says: dict[str, list[str]] = {}
    for fact in known:
        says.setdefault(_describe(fact), []).append(knowledge.providers[fact.provider].name)
    parts = [f"{what} ({joined(names)})" for what, names in says.items()]
    return model.DifferenceRecord(
        criterion=criterion.id, label=criterion.label, says=f"{criterion.label}: {'; '.join(parts)}."
    )


def _describe(fact: Fact) -> str:
    if fact.amount is not None:
        return joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))
    return {Truth.YES: "yes", Truth.NO: "no", Truth.UNKNOWN: "not known"}[fact.truth]
