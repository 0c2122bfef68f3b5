"""Warnings about a knowledge base: things that are allowed but look wrong, for its keeper to check.

None of them is certainly a mistake, so none makes a base invalid. For example, a source that nothing cites may have
been added for the claims to come; it may also be a claim with the wrong source.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import (
    Condition,
    FactHolds,
    Leaf,
    Need,
    Situation,
    Usage,
    evaluate_favours,
    fold,
    judged_by,
    leaves,
    text_of,
)
from provider_advisor.knowledge.facts import Facts, evaluate_fact
from provider_advisor.knowledge.freshness import list_ageing
from provider_advisor.knowledge.records import Claim, Fact, Kind
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
    yield from _find_unclaimed(knowledge)
    yield from _find_unaskable(knowledge)
    yield from _find_absent_words(knowledge)
    yield from _find_ageless(knowledge)
    yield from _find_duplicates(knowledge)
    yield from _find_open_limits(knowledge)
    yield from _find_unlike_prices(knowledge)
    yield from _find_prices_of_nothing(facts)
    yield from _find_idle_rules(facts)
    yield from _find_repeated_rules(knowledge)
    yield from _find_ahead(facts)
    yield from _find_contradictions(facts)
    yield from _find_strange_sources(knowledge)
    yield from _find_old_edition(knowledge)
    yield from _find_unconverted(facts)
    yield from _find_unheard(knowledge)
    yield from find_question_suspicions(knowledge)
    yield from _find_stale(facts)


def _find_unclaimed(knowledge: KnowledgeBase) -> Iterator[str]:
    claimed = {criterion for _, criterion in knowledge.claims}
    for one in knowledge.criteria.values():
        if one.id not in claimed and one.silent is None and not one.computed:
            yield f"criterion '{one.id}': no provider has a claim on it; add `silent: <why>` if that is intended."


def _find_unaskable(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield criteria and volumes that never have an effect."""
    priced = {item for criterion in knowledge.criteria.values() for item in criterion.usage}
    for one in knowledge.criteria.values():
        if one.computed and not priced:
            yield f"criterion '{one.id}': no team can ask for it, because no price names a `usage` to multiply by."
    for item in knowledge.usage.values():
        if item.id not in priced:
            yield f"usage '{item.id}': no price is multiplied by it, so stating it changes no cost."


def _find_absent_words(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield ratings whose worst word sounds like "not there", which a must without a bound would accept."""
    for criterion in knowledge.criteria.values():
        # Values ascend, and of waiting times, say, the last is the worst.
        worst = criterion.values[-1 if criterion.lower_is_better else 0] if criterion.values else None
        if worst in _NOTHING and criterion.absent is None:
            yield (
                f"criterion '{criterion.id}': a must without a bound accepts '{worst}'; if that means that it is not "
                f"there, add `absent: {worst}`."
            )


def _find_ageless(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield the kinds of facts that never go out of date, because the policy sets no time for them."""
    ageless = {knowledge.criteria[name].kind for _, name in knowledge.claims if knowledge.get_stale_after(name) is None}
    if kinds := [kind for kind in _USUAL_AGES if kind in ageless]:
        example = ", ".join(f"{kind}: {_USUAL_AGES[kind]}" for kind in kinds)
        yield (
            f"weights.yaml: no `stale_after` for {', '.join(kinds)}: such facts never go out of date; add, for "
            f"example, `stale_after: {{{example}}}`."
        )


def _find_duplicates(knowledge: KnowledgeBase) -> Iterator[str]:
    first: dict[Claim, str] = {}
    for claim in _iterate_claims(knowledge):
        said = claim._replace(where="")
        if said in first:
            yield (
                f"{claim.where}: the claim on '{claim.criterion}' is already at {first[said]}, "
                "with the same source line; keep one."
            )
        first.setdefault(said, claim.where)


def _find_open_limits(knowledge: KnowledgeBase) -> Iterator[str]:
    for claim in _iterate_claims(knowledge):
        if knowledge.criteria[claim.criterion].limit and claim.bound == "at_most":
            yield (
                f"{claim.where}: '{claim.criterion}' is a limit, and `at_most` leaves every lower number open; "
                "write `exactly` if the provider supports that many."
            )


def _find_unlike_prices(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield prices `price_of` a member that are not the price that the same place of the source states for it."""
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


def _get_place(claim: Claim) -> tuple[object, ...]:
    """Return what a claim is about, and where its source says it."""
    return claim.provider, claim.product, claim.criterion, claim.source, claim.line, claim.place, claim.starts


def _find_prices_of_nothing(facts: Facts) -> Iterator[str]:
    """Yield prices of capabilities that the provider is not known to have, or is said to lack on the day."""
    knowledge = facts.knowledge
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


def _find_idle_rules(facts: Facts) -> Iterator[str]:
    """Yield rules that favour no provider over another, as of the day: by what nobody claims, or all have or lack."""
    knowledge, providers = facts.knowledge, list(facts.knowledge.providers)

    def judge(provider: str, favours: Condition) -> Truth:
        def holds(asked: FactHolds) -> Truth:
            return evaluate_fact(facts, provider, knowledge.criteria[asked.criterion], asked.bound)

        return evaluate_favours(favours, holds)

    for rule in knowledge.rules.values():
        if rule.favours is None:
            continue
        truths = {judge(provider, rule.favours) for provider in providers}
        if not any(
            knowledge.is_claimed(provider, criterion) for provider in providers for criterion in judged_by(rule.favours)
        ):
            yield (
                f"{rule.where}: rule '{rule.id}' favours providers by facts that no provider has a claim on, "
                "so it has no effect."
            )
        elif len(providers) > 1 and truths in ({Truth.YES}, {Truth.NO}):
            whom = "every provider" if Truth.YES in truths else "no provider"
            yield f"{rule.where}: rule '{rule.id}' favours {whom}, so it has no effect."


def _find_repeated_rules(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield rules that say the same as another one: what they favour or imply would count twice."""
    first: dict[tuple[object, ...], Rule] = {}
    for rule in sorted(knowledge.rules.values(), key=lambda rule: rule.id):
        said = (rule.when, rule.implies, rule.favours)
        if said in first:
            yield f"{rule.where}: rule '{rule.id}' says the same as '{first[said].id}'; keep one."
        first.setdefault(said, rule)


def _find_ahead(facts: Facts) -> Iterator[str]:
    """Yield claims that are not yet true on the day of the facts."""
    for claim in _iterate_claims(facts.knowledge):
        if claim.starts > facts.as_of >= claim.stated:
            yield (
                f"{claim.where}: the claim on '{claim.criterion}' is true only from {claim.starts}, which is "
                "in the future; is the date right?"
            )


def _find_contradictions(facts: Facts) -> Iterator[str]:
    """Yield claims that contradict one another on the day of the facts, also those of one source."""
    # Not on all days: what was contradicted before a newer statement replaced it is past.
    for fact in _iterate_facts(facts):
        if fact.disputed:
            sources = {claim.source for claim in fact.claims}
            own = f"the source '{next(iter(sources))}' contradicts itself"
            whose = own if len(sources) == 1 else "its claims contradict one another"
            places = ", ".join(dict.fromkeys(claim.where for claim in fact.claims))
            about = f"provider '{fact.provider}', criterion '{fact.criterion}'"
            yield f"{about}: {whose}, at {places}; keep the ones that are right."


def _find_strange_sources(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield sources that nothing cites, with impossible days, or with an address that is not one."""
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


def _find_old_edition(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield the date of the base, if something was retrieved after it."""
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


def _iterate_facts(facts: Facts) -> Iterator[Fact]:
    return (facts(provider, criterion) for provider, criterion in sorted(facts.knowledge.list_claimed()))


def _find_unconverted(facts: Facts) -> Iterator[str]:
    """Yield prices in currencies that have no recorded rate."""
    for fact in _iterate_facts(facts):
        for claim in fact.claims:
            if claim.is_unconverted:
                currency = str(claim.unit).partition("/")[0]
                yield (
                    f"{claim.where}: no exchange rate for {currency} is recorded by {facts.as_of}, so the price counts "
                    "as unknown; add one to rates.yaml."
                )


def _find_unheard(knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield answers about the situation that no rule uses."""
    heard = {
        (leaf.topic, leaf.value)
        for rule in knowledge.rules.values()
        for leaf in leaves(rule.when)
        if isinstance(leaf, Situation)
    }
    for topic in knowledge.topics.values():
        if silent := [value for value in topic.values if (topic.id, value) not in heard]:
            what = "this answer changes nothing" if len(silent) == 1 else "these answers change nothing"
            yield f"situation '{topic.id}': no rule uses {name_words(silent)}, so {what}."


def _find_stale(facts: Facts) -> Iterator[str]:
    """Yield the facts that are out of date; a criterion and its members are one, as in `check --freshness`."""
    stale: dict[tuple[str, str], list[str]] = {}
    for part in list_ageing(facts):
        stale.setdefault((part.provider, str(part.stated)), []).append(part.criterion)
    for (provider, day), criteria in stale.items():
        count = "1 fact is" if len(criteria) == 1 else f"{len(criteria):,} facts are"
        more = [f"{len(criteria) - _MOST_STALE} more"] if len(criteria) > _MOST_STALE else []
        listed = ", ".join([*criteria[:_MOST_STALE], *more])
        yield f"provider '{provider}': {count} from {day} and out of date (`stale_after`): {listed}."


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
    reached = _find_reached(found.questions, knowledge)
    for key, question in found.questions.items():
        if key not in reached and question.when is not None:
            waits = sorted({text_of(leaf) for leaf in leaves(question.when) if _get_key(leaf) not in reached})
            yield (
                f"{question.where}: question about '{question.name}' is never reached: it waits for "
                f"{', '.join(waits)}, which cannot be stated before; change its `when` or theirs."
            )


def _find_reached(questions: Mapping[Key, Question], knowledge: KnowledgeBase) -> set[Key | Leaf]:
    """Return the keys of everything that can be stated, and a need for all that rules can come to require."""
    # Repeated until nothing new is found, because statements enable questions and rules, which enable more questions.
    reached: set[Key | Leaf] = set()
    while True:
        fresh: set[Key | Leaf] = {
            key for key, question in questions.items() if question.when is None or _can_hold(question.when, reached)
        }
        for rule in knowledge.rules.values():
            if _can_hold(rule.when, reached):
                fresh |= {Need(part.criterion) for part in rule.implies}
        if fresh <= reached:
            return reached
        reached |= fresh


def _can_hold(condition: Condition, reached: set[Key | Leaf]) -> bool:
    """Return whether all that a condition asks for can be stated or implied; what it excludes need not be."""
    return fold(
        condition,
        lambda leaf: leaf in reached or _get_key(leaf) in reached,
        every=all,
        some=any,
        negated=lambda _: True,
    )


def _get_key(leaf: Leaf) -> Key | None:
    """Return the key of the question that is answered to fulfil a leaf."""
    if isinstance(leaf, Need):
        return Key("criterion", leaf.criterion)
    if isinstance(leaf, Situation):
        return Key("situation", leaf.topic)
    return Key("usage", leaf.item) if isinstance(leaf, Usage) else None
