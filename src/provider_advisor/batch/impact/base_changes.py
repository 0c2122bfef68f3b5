"""The differences between two knowledge bases that can affect a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Literal, NamedTuple, TypeVar

from provider_advisor.explanation.words import claim_text, joined
from provider_advisor.knowledge import Criterion, Fact, Facts, KnowledgeBase, Rule
from provider_advisor.knowledge.conditions import AT, text_of
from provider_advisor.knowledge.records import Topic
from provider_advisor.knowledge.rules import Policy
from provider_advisor.logic import Truth
from provider_advisor.written_values import number_text

T = TypeVar("T")
ChangeKind = Literal["fact", "provider", "criterion", "rule", "weight", "situation", "usage"]
ChangeKey = tuple[ChangeKind, str, str]

# Fields that define what a claim's value means; if one changes, the criterion's claims change with it.
_SHAPE = ("kind", "unit", "values", "whole", "limit", "computed", "of_each")
_MEANING = (*_SHAPE, "weight", "aliases", "scale", "member_scale", "lower_is_better", "of", "usage", "stale_after")
# Everything that a claim says and that can affect an answer; not where and when it is said.
_collect_said = attrgetter(
    "product", "value", "bound", "unit", "evidence", "amount", "tiers", "terms", "plus", "price_of"
)
_MOST_MEMBERS = 3
_TRUTHS = {Truth.YES: "present", Truth.NO: "absent"}
_WORDS = {"usage": "usage item"}


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


def find_base_changes(before: Facts, after: Facts) -> list[BaseChange]:
    """Return the changes from one base to the other, of facts as of the day of each.

    What is added or removed along with a provider or a criterion, or with the shape of one, is not a change of its own.
    """
    old, new = before.knowledge, after.knowledge
    found = [
        *_compare_facts(before, after),
        *_compare_parts("provider", "name", old.providers, new.providers),
        *_compare_parts("criterion", "label", old.criteria, new.criteria, _compare_criteria),
        *_compare_parts("rule", "id", old.rules, new.rules, _compare_rules),
        *_compare_policies(old.policy, new.policy),
        *_compare_parts("situation", "label", old.topics, new.topics, _compare_answers),
        *_compare_parts("usage", "label", old.usage, new.usage),
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
    return fact.truth, fact.amount, fact.disputed, set(map(_collect_said, fact.claims))


def _describe_fact(fact: Fact, criterion: Criterion) -> str:
    if not fact.claims:
        return "not known"
    if fact.disputed:
        return "disputed"
    if criterion.kind == "capability":
        return _TRUTHS.get(fact.truth, "not known")
    return joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))


def _compare_parts(
    kind: ChangeKind,
    label: str,
    old: Mapping[str, T],
    new: Mapping[str, T],
    compare: Callable[[T, T], str] = lambda _then, _now: "",
) -> Iterator[BaseChange]:
    """Yield the parts that only one side has, and those that differ, as `compare` describes them."""
    for name in sorted(old.keys() | new.keys()):
        then, now = old.get(name), new.get(name)
        shown = f"the {_WORDS.get(kind, kind)} {getattr(then if now is None else now, label)}"
        if then is None:
            yield BaseChange(kind, name, f"{shown} is new")
        elif now is None:
            yield BaseChange(kind, name, f"{shown} was removed")
        elif says := compare(then, now):
            yield BaseChange(kind, name, f"{shown}: {says}")


def _compare_criteria(then: Criterion, now: Criterion) -> str:
    return _describe_differences({part: (getattr(then, part), getattr(now, part)) for part in _MEANING})


def _compare_rules(then: Rule, now: Rule) -> str:
    favours = [None if rule.favours is None else text_of(rule.favours) for rule in (then, now)]
    return _describe_differences(
        {
            "when": (text_of(then.when), text_of(now.when)),
            "implies": (set(then.implies), set(now.implies)),
            "favours": tuple(favours),
            "weight": (then.weight, now.weight),
        }
    )


def _compare_answers(then: Topic, now: Topic) -> str:
    same = (set(then.values), then.many) == (set(now.values), now.many)
    return "" if same else "different answers"


def _describe_differences(parts: Mapping[str, tuple[Any, ...]]) -> str:
    """Describe the parts that differ, given (old, new) by name: numbers with both values."""
    said = []
    for part, (old, new) in parts.items():
        if old != new:
            numbers = isinstance(old, int | float) and isinstance(new, int | float)
            words = part.replace("_", " ")
            said.append(f"{words} {number_text(old)}, now {number_text(new)}" if numbers else f"another {words}")
    return joined(said)


def _compare_policies(old: Policy, new: Policy) -> Iterator[BaseChange]:
    numbers = [(name, f"the weight of a {name}", then, new.priorities[name]) for name, then in old.priorities.items()]
    for name, what, then, now in [*numbers, ("unknown", "the value of an unknown", old.unknown, new.unknown)]:
        if then != now:
            yield BaseChange("weight", name, f"{what}: {number_text(then)}, now {number_text(now)}")
    for kind in sorted(old.stale_after.keys() | new.stale_after.keys()):
        before, after = (_say_age(policy.stale_after.get(kind)) for policy in (old, new))
        if before != after:
            says = f"how long a fact about a {kind} stays current: {before}, now {after}"
            # The kinds of changes are published, and everything in weights.yaml is of one kind.
            yield BaseChange("weight", f"stale-after-{kind}", says)


def _say_age(days: int | None) -> str:
    return "forever" if days is None else f"{days} days"
