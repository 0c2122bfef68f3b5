"""Warnings about a knowledge base: things that are allowed but look wrong, for its keeper to check.

None of them is certainly a mistake, so none makes a base invalid. For example, a source that nothing cites may have
been added for the claims to come; it may also be a claim with the wrong source.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import (
    Condition,
    FactHolds,
    Leaf,
    Need,
    Situation,
    Usage,
    evaluate_favours,
    fold_condition,
    judged_by,
    leaves,
    text_of,
)
from provider_advisor.knowledge.facts import Facts, evaluate_fact
from provider_advisor.knowledge.freshness import list_ageing
from provider_advisor.knowledge.records import Claim, Kind
from provider_advisor.knowledge.rules import Key, Question, Rule
from provider_advisor.knowledge.suggest import name_words
from provider_advisor.logic import Truth

_NOTHING = frozenset(
    {"none", "no", "never", "nothing", "absent", "missing", "unavailable", "not-available", "not-there"}
)
_ADDRESS = re.compile(r"https?://[^\s/?#:@]+\.[^\s/?#:@.]+(:[0-9]+)?([/?#]\S*)?")

_MOST_STALE = 8
_USUAL_AGES: Mapping[Kind, str] = {"capability": "730d", "quantity": "730d", "price": "365d", "rating": "365d"}


def find_suspicions(facts: Facts) -> Iterator[str]:
    """Yield a sentence for each thing that a keeper should check, as of the day of the facts."""
    knowledge = facts.knowledge
    yield from _suspect_criteria(knowledge)
    yield from _suspect_team(knowledge)
    yield from _suspect_claims(facts)
    yield from _suspect_prices(facts)
    yield from _suspect_facts(facts)
    yield from _suspect_rules(facts)
    yield from _suspect_sources(knowledge)
    yield from find_question_suspicions(knowledge)
    yield from _find_stale(facts)


def _suspect_criteria(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield criteria without claims or an effect, ratings like "none", and kinds of facts that never go out of date."""
    claimed = {criterion for _, criterion in knowledge.claims}
    for one in knowledge.criteria.values():
        about = f"criterion '{one.id}'"
        if one.id not in claimed and one.silent is None and not one.computed:
            yield f"{about}: no provider has a claim on it; add `silent: <why>` if that is intended."
        if one.computed and not knowledge.prices_of_usage:
            yield f"{about}: no team can ask for it, because no price names a `usage` to multiply by."
        # Values ascend, and of waiting times, say, the last is the worst.
        worst = one.values[-1 if one.lower_is_better else 0] if one.values else None
        if worst in _NOTHING and one.absent is None:
            said = f"{about}: a must without a bound accepts '{worst}'"
            yield f"{said}; if that means that it is not there, add `absent: {worst}`."
    ageless = {knowledge.criteria[name].kind for name in claimed if knowledge.get_stale_after(name) is None}
    if kinds := [kind for kind in _USUAL_AGES if kind in ageless]:
        example = ", ".join(f"{kind}: {_USUAL_AGES[kind]}" for kind in kinds)
        yield (
            f"weights.yaml: no `stale_after` for {', '.join(kinds)}: such facts never go out of date; add, for "
            f"example, `stale_after: {{{example}}}`."
        )


def _suspect_team(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield volumes that no price is multiplied by, and answers on the situation that no rule uses."""
    priced = {item for price in knowledge.prices_of_usage for item in price.usage}
    for item in knowledge.usage.values():
        if item.id not in priced:
            yield f"usage '{item.id}': no price is multiplied by it, so stating it changes no cost."
    every = (leaf for rule in knowledge.rules.values() for leaf in leaves(rule.when))
    heard = {(leaf.topic, leaf.value) for leaf in every if isinstance(leaf, Situation)}
    for topic in knowledge.topics.values():
        if silent := [value for value in topic.values if (topic.id, value) not in heard]:
            what = "this answer changes nothing" if len(silent) == 1 else "these answers change nothing"
            yield f"situation '{topic.id}': no rule uses {name_words(silent)}, so {what}."


def _suspect_claims(facts: Facts) -> Iterator[str]:
    """Yield claims that are repeated, leave a limit open, or are not yet true on the day of the facts."""
    first: dict[Claim, str] = {}
    for claim in _iterate_claims(facts.knowledge):
        said = claim._replace(where="")
        if said in first:
            yield (
                f"{claim.where}: the claim on '{claim.criterion}' is already at {first[said]}, "
                "with the same source line; keep one."
            )
        first.setdefault(said, claim.where)
        if facts.knowledge.criteria[claim.criterion].limit and claim.bound == "at_most":
            yield (
                f"{claim.where}: '{claim.criterion}' is a limit, and `at_most` leaves every lower number open; "
                "write `exactly` if the provider supports that many."
            )
        if claim.starts > facts.as_of >= claim.stated:
            yield (
                f"{claim.where}: the claim on '{claim.criterion}' is true only from {claim.starts}, which is "
                "in the future; is the date right?"
            )


def _suspect_prices(facts: Facts) -> Iterator[str]:
    """Yield prices unlike those that a source states for the member, and prices of what the provider may lack."""
    knowledge = facts.knowledge
    stated: dict[tuple[object, ...], list[Claim]] = {}
    for claim in _iterate_claims(knowledge):
        for member in claim.members:
            stated.setdefault((_get_place(claim), member), []).append(claim)
    for claim in _iterate_claims(knowledge):
        said = (claim.value, claim.bound, claim.tiers)
        for other in stated.get((_get_place(claim), claim.price_of), []):
            if (other.value, other.bound, other.tiers) != said:
                yield (
                    f"{claim.where}: the price '{claim.criterion}' of '{claim.price_of}' is not the one at "
                    f"{other.where}, from the same place of the source; keep the one that is right in both."
                )
    for (provider, name), claims in knowledge.claims.items():
        of = knowledge.criteria[name].of
        if of is None:
            continue
        if not knowledge.claims.get((provider, of)):
            yield f"{claims[0].where}: there is a claim on '{name}', but none on '{of}', which it pays for; add one."
        elif denials := [claim.where for claim in facts(provider, of).claims if claim.value == "absent"]:
            yield from (
                f"{claim.where}: the price '{name}' is for '{of}', which is absent at {denials[0]}; keep the "
                "claim that is right."
                for claim in facts(provider, name).claims
                if claim.amount is not None
            )


def _get_place(claim: Claim) -> tuple[object, ...]:
    """Return what a claim is about, and where its source says it."""
    return claim.provider, claim.product, claim.criterion, claim.source, claim.line, claim.place, claim.starts


def _suspect_facts(facts: Facts) -> Iterator[str]:
    """Yield contradictions on the day of the facts, also of one source, and prices in currencies without a rate."""
    # Not on all days: what was contradicted before a newer statement replaced it is past.
    for fact in (facts(*key) for key in sorted(facts.knowledge.list_claimed())):
        if fact.disputed:
            sources = {claim.source for claim in fact.claims}
            own = f"the source '{next(iter(sources))}' contradicts itself"
            whose = own if len(sources) == 1 else "its claims contradict one another"
            places = ", ".join(dict.fromkeys(claim.where for claim in fact.claims))
            about = f"provider '{fact.provider}', criterion '{fact.criterion}'"
            yield f"{about}: {whose}, at {places}; keep the ones that are right."
        for claim in fact.claims:
            if claim.is_unconverted:
                currency = str(claim.unit).partition("/")[0]
                yield (
                    f"{claim.where}: no exchange rate for {currency} is recorded by {facts.as_of}, so the price counts "
                    "as unknown; add one to rates.yaml."
                )


def _suspect_rules(facts: Facts) -> Iterator[str]:
    """Yield rules that repeat another, or favour no provider over another: by what nobody claims, all have or lack."""
    knowledge, providers = facts.knowledge, list(facts.knowledge.providers)
    first: dict[tuple[object, ...], Rule] = {}

    def judge(provider: str, favours: Condition) -> Truth:
        def holds(asked: FactHolds) -> Truth:
            return evaluate_fact(facts, provider, knowledge.criteria[asked.criterion], asked.bound)

        return evaluate_favours(favours, holds)

    for rule in sorted(knowledge.rules.values(), key=lambda rule: rule.id):
        about, said = f"{rule.where}: rule '{rule.id}'", (rule.when, rule.implies, rule.favours)
        if said in first:  # what it favours or implies would count twice
            yield f"{about} says the same as '{first[said].id}'; keep one."
        first.setdefault(said, rule)
        if rule.favours is None:
            continue
        truths = {judge(provider, rule.favours) for provider in providers}
        if not any(knowledge.is_claimed(each, name) for each in providers for name in judged_by(rule.favours)):
            yield f"{about} favours providers by facts that no provider has a claim on, so it has no effect."
        elif len(providers) > 1 and truths in ({Truth.YES}, {Truth.NO}):
            yield f"{about} favours {'every' if Truth.YES in truths else 'no'} provider, so it has no effect."


def _suspect_sources(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield sources that nothing cites, or with impossible days or addresses, and a base older than one of them."""
    products = [product for provider in knowledge.providers.values() for product in provider.products.values()]
    renamings = [product.renamed for product in products if product.renamed is not None]
    citations = [citation for rule in knowledge.rules.values() for citation in rule.rests_on]
    cited = {
        part.source
        for group in (_iterate_claims(knowledge), products, renamings, citations, knowledge.rates)
        for part in group
    }
    for source in knowledge.sources.values():
        if source.id not in cited:
            yield f"source '{source.id}': no claim and no rule cites it; cite it, or remove it."
        if source.published is not None and source.retrieved < source.published:
            days = f"retrieved on {source.retrieved}, before it was published on {source.published}"
            yield f"source '{source.id}': {days}; correct one of them."
        if source.url is not None and not _ADDRESS.fullmatch(source.url):
            yield f"source '{source.id}': the URL '{source.url}' is not well-formed; expected https://host/path."
        if source.url is None and source.no_url is None:
            yield f"source '{source.id}': no URL; add `url`, or `no_url: <why there is none>`."
    retrieved = max((source.retrieved for source in knowledge.sources.values()), default=None)
    if knowledge.edition is not None and retrieved is not None and knowledge.edition.date < retrieved:
        yield (
            f"base.yaml: the date {knowledge.edition.date} is before {retrieved}, the day on which its newest source "
            "was retrieved; raise the date and the version."
        )


def find_future_claims(knowledge: KnowledgeBase, today: dt.date) -> Iterator[str]:
    """Yield a problem for the base, and each source and claim, that is dated after today, which cannot be."""
    if knowledge.edition is not None and knowledge.edition.date > today:
        yield f"base.yaml: the date {knowledge.edition.date} is after today, {today}; correct it."
    for source in knowledge.sources.values():
        for word, day in (("published", source.published), ("retrieved", source.retrieved)):
            if day is not None and day > today:
                yield f"source '{source.id}': {word} on {day}, which is after today, {today}; correct it."
    for claim in _iterate_claims(knowledge):
        if claim.stated > today and claim.stated != knowledge.sources[claim.source].published:
            yield (
                f"{claim.where}: claim on '{claim.criterion}': stated on {claim.stated}, which is after "
                f"today, {today}; expected the day on which '{claim.source}' said it."
            )


def _iterate_claims(knowledge: KnowledgeBase) -> Iterator[Claim]:
    return (claim for provider in knowledge.providers.values() for claim in provider.claims)


def _find_stale(facts: Facts) -> Iterator[str]:
    """Yield the facts that are out of date; a criterion and its members are one, as in `check --freshness`."""
    stale: dict[tuple[str, str], list[str]] = {}
    for part in list_ageing(facts):
        stale.setdefault((part.provider, str(part.stated)), []).append(part.criterion)
    for (provider, day), criteria in stale.items():
        count = "1 fact is" if len(criteria) == 1 else f"{len(criteria):,} facts are"
        names = list(dict.fromkeys(criteria))  # several sources may state a criterion, each of other members
        more = f" and {len(names) - _MOST_STALE} more" if len(names) > _MOST_STALE else ""
        listed = ", ".join(names[:_MOST_STALE])
        yield f"provider '{provider}': {count} from {day} and out of date (`stale_after`): {listed}{more}."


def find_question_suspicions(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a sentence for each thing that is not asked or never reached; none without a file."""
    written = knowledge.questionnaire
    if written is None:
        return
    found = knowledge.full_questionnaire
    for key, question in found.questions.items():
        if key not in written.questions:
            yield f"{question.about} '{question.name}': no question asks about it; add one to questions.yaml."
    used = {subject for question in written.questions.values() for subject in question.subjects}
    for subject in written.subjects:
        if subject not in used:
            yield f"topic '{subject}': no question belongs to it; add one, or remove the topic."
    # A question may wait for something that is asked only after it, or never.
    is_reached = _find_reached(found.questions.values(), knowledge.rules.values())
    for question in found.questions.values():
        if question.when is not None and not _can_hold(question.when, is_reached):
            waits = sorted({text_of(leaf) for leaf in leaves(question.when) if not is_reached(leaf)})
            yield (
                f"{question.where}: question about '{question.name}' is never reached: it waits for "
                f"{', '.join(waits)}, which cannot be stated before; change its `when` or theirs."
            )


def _find_reached(questions: Collection[Question], rules: Collection[Rule]) -> Callable[[Leaf], bool]:
    """Return a function that says whether a team can come to state a leaf, or rules to require it."""
    stated: set[Key] = set()
    required: set[str] = set()

    def is_reached(leaf: Leaf) -> bool:
        if isinstance(leaf, Need):
            return leaf.criterion in required or Key("criterion", leaf.criterion) in stated
        if isinstance(leaf, Situation):
            return Key("situation", leaf.topic) in stated
        return isinstance(leaf, Usage) and Key("usage", leaf.item) in stated

    # Repeated until nothing new is found, because statements enable questions and rules, which enable more questions.
    before = -1
    while (count := len(stated) + len(required)) > before:
        before = count
        stated |= {part.key for part in questions if part.when is None or _can_hold(part.when, is_reached)}
        required |= {part.criterion for rule in rules if _can_hold(rule.when, is_reached) for part in rule.implies}
    return is_reached


def _can_hold(condition: Condition, is_reached: Callable[[Leaf], bool]) -> bool:
    """Return whether all that a condition asks for can be stated or implied; what it excludes need not be."""
    return fold_condition(condition, is_reached, every=all, some=any, negated=lambda _: True)
