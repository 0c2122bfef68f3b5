"""The differences between two knowledge bases that can affect a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from provider_advisor.explanation.words import claim_text, joined, number_text
from provider_advisor.knowledge import Criterion, Fact, Facts, KnowledgeBase, Rule
from provider_advisor.knowledge.conditions import AT, text_of
from provider_advisor.logic import Truth

ChangeKind = Literal["fact", "provider", "criterion", "rule", "weight", "situation", "usage"]
ChangeKey = tuple[ChangeKind, str, str]

# Fields that define what a claim's value means; if one changes, the criterion's claims change with it.
_SHAPE = ("kind", "unit", "values", "whole", "limit", "computed", "of_each")
_MEANING = (*_SHAPE, "weight", "aliases", "scale", "lower_is_better", "of", "usage", "stale_after")
_MOST_MEMBERS = 3
_TRUTHS = {Truth.YES: "present", Truth.NO: "absent"}


class BaseChange(NamedTuple):
    """One difference: a fact by provider and criterion, anything else by its id (`name`).

    `says` describes the old and the new value.
    """

    kind: ChangeKind
    name: str
    says: str
    provider: str = ""

    @property
    def key(self) -> ChangeKey:
        """Return a key that identifies it."""
        return self.kind, self.provider, self.name


def find_changes(before: Facts, after: Facts) -> list[BaseChange]:
    """Return the changes from one base to the other, of facts as of the day of each.

    What is added or removed along with a provider or a criterion, or with the shape of one, is not a change of its own.
    """
    old, new = before.knowledge, after.knowledge
    found = [
        *_compare_facts(before, after),
        *_compare_names("provider", old.providers, new.providers, "name"),
        *_compare_criteria(old, new),
        *_compare_rules(old.rules, new.rules),
        *_compare_weights(old, new),
        *_compare_topics(old, new),
        *_compare_names("usage", old.usage, new.usage, "label"),
    ]
    return sorted(found, key=lambda change: change.key)


def is_reshaped(name: str, old: KnowledgeBase, new: KnowledgeBase) -> bool:
    """Return whether claims on a criterion are possible in only one base, or mean different things."""
    then, now = old.criteria.get(name), new.criteria.get(name)
    if then is None or now is None:
        return True
    # Without a member, the best member counts, and which one is best depends on `better`.
    parts = (*_SHAPE, "lower_is_better") if now.of_each else _SHAPE
    return any(getattr(then, part) != getattr(now, part) for part in parts)


def _compare_facts(before: Facts, after: Facts) -> Iterator[BaseChange]:
    old, new = before.knowledge, after.knowledge
    both = old.providers.keys() & new.providers.keys()
    for provider, criterion in sorted(key for key in old.claims.keys() | new.claims.keys() if key[0] in both):
        if is_reshaped(criterion, old, new):
            continue
        # The claims on a criterion and on its members are changed together: some may be on both.
        names = [criterion, *_list_members(provider, criterion, old, new)]
        said = [text for name in names if (text := _compare_fact(provider, name, before, after)) is not None]
        if said:
            more = [f"{len(said) - _MOST_MEMBERS} more like it"] if len(said) > _MOST_MEMBERS else []
            says = f"{new.providers[provider].name}, {'; '.join([*said[:_MOST_MEMBERS], *more])}"
            yield BaseChange("fact", criterion, says, provider)


def _list_members(provider: str, criterion: str, old: KnowledgeBase, new: KnowledgeBase) -> Iterator[str]:
    """Yield the members on which a provider's facts may differ: all named ones, and one for all others."""
    of = new.criteria.list_of(criterion)
    if of is not None:
        named = {*old.claimed_members(provider, criterion), *new.claimed_members(provider, criterion)}
        other = next((member for member in of.members if member not in named), None)
        for member in sorted(named & of.members.keys()) + ([] if other is None else [other]):
            if f"{criterion}{AT}{member}" in old.criteria:
                yield f"{criterion}{AT}{member}"


def _compare_fact(provider: str, criterion: str, before: Facts, after: Facts) -> str | None:
    """Return how a fact differs, or None if it is the same."""
    then, now = before(provider, criterion), after(provider, criterion)
    known = after.knowledge.criteria[criterion]
    if _collect_meaning(then) != _collect_meaning(now):
        return f"{known.label}: {_describe_fact(then, known)}, now {_describe_fact(now, known)}"
    # By the policy of either side, but the same one for both facts: a change of policy is a change of its own, and both
    # may happen together.
    if any(side.is_stale(then) != side.is_stale(now) for side in (before, after)):
        return f"{known.label}: stated on {then.newest}, now on {now.newest}"
    return None


def _collect_meaning(fact: Fact) -> tuple[Any, ...]:
    """Return everything about a fact that can affect an answer; not its source."""
    said = {
        (
            part.product,
            part.value,
            part.bound,
            part.unit,
            part.evidence,
            part.amount,
            part.tiers,
            part.terms,
            part.plus,
            part.price_of,
        )
        for part in fact.claims
    }
    return fact.truth, fact.amount, fact.disputed, said


def _describe_fact(fact: Fact, criterion: Criterion) -> str:
    if not fact.claims:
        return "not known"
    if fact.disputed:
        return "disputed"
    if criterion.kind == "capability":
        return _TRUTHS.get(fact.truth, "not known")
    return joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))


def _compare_names(
    kind: ChangeKind, old: Mapping[str, Any], new: Mapping[str, Any], label: str
) -> Iterator[BaseChange]:
    """Yield what exists on one side only."""
    for name in sorted(old.keys() ^ new.keys()):
        known = getattr(new.get(name) or old[name], label)
        yield BaseChange(kind, name, f"{_WORDS[kind]} {known} {'is new' if name in new else 'was removed'}")


_WORDS: Mapping[str, str] = {
    "provider": "the provider",
    "criterion": "the criterion",
    "rule": "the rule",
    "situation": "the situation",
    "usage": "the usage item",
}


def _compare_criteria(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[BaseChange]:
    yield from _compare_names("criterion", old.criteria, new.criteria, "label")
    for name in sorted(old.criteria.keys() & new.criteria.keys()):
        then, now = old.criteria[name], new.criteria[name]
        parts = [part for part in _MEANING if getattr(then, part) != getattr(now, part)]
        if parts:
            says = f"the criterion {now.label}: {_describe_difference(then, now, parts)}"
            yield BaseChange("criterion", name, says)


def _describe_difference(then: Any, now: Any, parts: Sequence[str]) -> str:  # noqa: ANN401 (two records of one kind)
    """Return the differing parts in words; a number with its old and new value."""
    said = []
    for part in parts:
        old, new = getattr(then, part), getattr(now, part)
        numbers = isinstance(old, int | float) and isinstance(new, int | float)
        words = part.replace("_", " ")
        said.append(f"{words} {number_text(old)}, now {number_text(new)}" if numbers else f"another {words}")
    return joined(said)


def _compare_rules(old: Mapping[str, Rule], new: Mapping[str, Rule]) -> Iterator[BaseChange]:
    yield from _compare_names("rule", old, new, "id")
    for name in sorted(old.keys() & new.keys()):
        parts = [part for part, text in _list_rule(old[name]).items() if text != _list_rule(new[name])[part]]
        if parts:
            yield BaseChange("rule", name, f"the rule {name}: {_describe_difference(old[name], new[name], parts)}")


def _list_rule(rule: Rule) -> dict[str, Any]:
    """Return everything about a rule that can affect an answer."""
    favours = None if rule.favours is None else text_of(rule.favours)
    return {"when": text_of(rule.when), "implies": set(rule.implies), "favours": favours, "weight": rule.weight}


def _compare_weights(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[BaseChange]:
    for name, number in old.policy.priorities.items():
        if number != new.policy.priorities[name]:
            says = f"the weight of a {name}: {number_text(number)}, now {number_text(new.policy.priorities[name])}"
            yield BaseChange("weight", name, says)
    if old.policy.unknown != new.policy.unknown:
        then, now = number_text(old.policy.unknown), number_text(new.policy.unknown)
        yield BaseChange("weight", "unknown", f"the value of an unknown: {then}, now {now}")
    ages, later = old.policy.stale_after, new.policy.stale_after
    for kind in sorted(ages.keys() | later.keys()):
        if ages.get(kind) != later.get(kind):
            then, now = (f"{side[kind]} days" if kind in side else "forever" for side in (ages, later))
            said = f"how long a fact on a {kind} is good for: {then}, now {now}"
            yield BaseChange("weight", f"stale-after-{kind}", said)


def _compare_topics(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[BaseChange]:
    yield from _compare_names("situation", old.topics, new.topics, "label")
    for name in sorted(old.topics.keys() & new.topics.keys()):
        then, now = old.topics[name], new.topics[name]
        if (set(then.values), then.many) != (set(now.values), now.many):
            yield BaseChange("situation", name, f"the situation {now.label}: different answers")
