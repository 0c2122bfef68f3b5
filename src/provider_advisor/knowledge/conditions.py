"""Conditions: the trees under a rule's `when` (on the team) and `favours` (on a provider's facts).

    all: [need: fax, any: [need: sms, not: {situation: developers=none}]]

Its disjunctive normal form is {fax, sms} or {fax, not developers=none}: one conjunction or another has to hold, and
with it all of its parts. That is the form that the rule engine can join, and that can be checked for contradictions.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple, TypeVar

from provider_advisor.logic import Interval, Truth, all_of, any_of, negate

AT, EITHER = "@", "|"
"""Between a criterion and its member, and between the parts of a choice: `phone-numbers@de`, `sms|whatsapp`."""


def split_member(name: str) -> tuple[str, str | None]:
    """Return a criterion's id and the member in `phone-numbers@de`, None where it names none."""
    parent, at, member = name.partition(AT)
    return parent, member if at else None


# Each node has its `word`, because named tuples are equal if their values are: without it `all` would equal `any`.


class Need(NamedTuple):
    """The team requires the criterion, at any priority."""

    criterion: str
    word: Literal["need"] = "need"


class Situation(NamedTuple):
    """The team answered the topic, and the value is among its answers."""

    topic: str
    value: str
    word: Literal["situation"] = "situation"


class Usage(NamedTuple):
    """The team's monthly volume lies within the bound."""

    item: str
    bound: Interval
    word: Literal["usage"] = "usage"


class FactHolds(NamedTuple):
    """A provider has the capability (no bound and `present`), lacks it, or its amount lies within the bound."""

    criterion: str
    bound: Interval | None = None
    present: bool = True
    word: Literal["fact"] = "fact"


class AllOf(NamedTuple):
    """Every part holds."""

    parts: "tuple[Condition, ...]"
    word: Literal["all"] = "all"


class AnyOf(NamedTuple):
    """At least one part holds."""

    parts: "tuple[Condition, ...]"
    word: Literal["any"] = "any"


class Not(NamedTuple):
    """The part does not hold."""

    part: "Condition"
    word: Literal["not"] = "not"


Leaf = Need | Situation | Usage | FactHolds
Condition = Leaf | AllOf | AnyOf | Not

T = TypeVar("T")


def fold_condition(
    condition: Condition,
    leaf: Callable[[Leaf], T],
    *,
    every: Callable[[Iterator[T]], T],
    some: Callable[[Iterator[T]], T],
    negated: Callable[[Not], T],
) -> T:
    """Fold the tree with these functions, from the leaves up.

    Parts are folded as their iterator is read, so that `every=all` stops at the first false. `negated` gets the whole
    `not`, because some ask of its part something else: whether a criterion is stated, not whether it is required.

    >>> fold_condition(AllOf((Need("fax"), Need("sms"))), lambda leaf: 1, every=sum, some=max, negated=lambda part: 0)
    2
    """
    if isinstance(condition, AllOf):
        return every(fold_condition(part, leaf, every=every, some=some, negated=negated) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return some(fold_condition(part, leaf, every=every, some=some, negated=negated) for part in condition.parts)
    return negated(condition) if isinstance(condition, Not) else leaf(condition)


def evaluate(condition: Condition, truth_of: Callable[[Leaf], Truth]) -> Truth:
    """Return the condition's truth in Kleene's logic, given the truth of each leaf."""
    return fold_condition(
        condition, truth_of, every=all_of, some=any_of, negated=lambda part: negate(evaluate(part.part, truth_of))
    )


def evaluate_favours(condition: Condition, holds: Callable[[FactHolds], Truth]) -> Truth:
    """Return the truth of what a rule favours; `holds` says of a criterion that it is there, or within the bound."""

    def evaluate_leaf(leaf: Leaf) -> Truth:
        if not isinstance(leaf, FactHolds):
            raise TypeError(f"a condition on providers holds facts only, found {leaf!r}")
        return holds(leaf) if leaf.present else negate(holds(leaf))

    return evaluate(condition, evaluate_leaf)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Yield the leaves of the tree, from left to right, repeated ones too."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition


def judged_by(favours: Condition | None) -> set[str]:
    """Return the criteria whose facts a rule judges providers by; none for a rule that implies."""
    return {leaf.criterion for leaf in leaves(favours) if isinstance(leaf, FactHolds)} if favours is not None else set()


def text_of(condition: Condition) -> str:
    """Return the condition in one line, the same for any order of the parts under `all` and `any`.

    >>> text_of(AllOf((Need("video-api"), Not(Situation("developers", "none")))))
    '(need:video-api and not situation:developers=none)'
    """
    return fold_condition(
        condition,
        _format_leaf,
        every=lambda parts: f"({' and '.join(sorted(parts))})",
        some=lambda parts: f"({' or '.join(sorted(parts))})",
        negated=lambda condition: f"not {text_of(condition.part)}",
    )


def _format_leaf(leaf: Leaf) -> str:
    if isinstance(leaf, Need):
        return f"need:{leaf.criterion}"
    if isinstance(leaf, Situation):
        return f"situation:{leaf.topic}={leaf.value}"
    if isinstance(leaf, Usage):
        return f"usage:{leaf.item}{_format_bound(leaf.bound)}"
    return f"fact:{leaf.criterion}{_format_bound(leaf.bound)}" + ("" if leaf.present else "=absent")


def _format_bound(bound: Interval | None) -> str:
    if bound is None:
        return ""
    low = "" if bound.low is None else f">={bound.low}"
    return low + ("" if bound.high is None else f"<={bound.high}")


def list_needed(name: str) -> tuple[str, ...]:
    """Return the criteria that a requirement on this one needs: itself and, for a member, its criterion.

    A team that asks for numbers in Germany needs numbers, so that rules about numbers hold for it.
    """
    parent, member = split_member(name)
    # A part of a choice may name a member too (`sms|phone-numbers@de`), but it is not needed, because another part may
    # be enough.
    return (name, parent) if member is not None and EITHER not in name else (name,)


MAX_CONJUNCTIONS = 64
_MOST_ON_THE_WAY = 8 * MAX_CONJUNCTIONS

Conjunction = frozenset[Condition]
"""Leaves, and whole `not` conditions: those are settled from what the team stated, before any rule fires."""


def list_conjunctions(condition: Condition) -> list[Conjunction] | None:
    """Return the disjunctive normal form; None if it has over `MAX_CONJUNCTIONS` members."""
    found = _combine(condition)
    return found if found is not None and len(found) <= MAX_CONJUNCTIONS else None


def _combine(condition: Condition) -> list[Conjunction] | None:
    if not isinstance(condition, AllOf | AnyOf):
        return [frozenset([condition])]
    parts = [part for part in map(_combine, condition.parts) if part is not None]
    if len(parts) < len(condition.parts):
        return None
    if isinstance(condition, AnyOf):
        return _limit(chain.from_iterable(parts))
    found: list[Conjunction] = [frozenset()]
    # The shortest parts come first, so that the limit is met as late as possible.
    for part in sorted(parts, key=len):
        joined = _limit(one | other for one in found for other in part)
        if joined is None:
            return None
        found = joined
    return found


def _limit(found: Iterable[Conjunction]) -> list[Conjunction] | None:
    # Equal conjunctions become one at each step, so that many combinations of the same things stay few: thirteen times
    # "a or b" are three conjunctions, not 8192. On the way there may be more of them than are left at the end.
    kept: dict[Conjunction, None] = {}
    for conjunction in found:
        kept[conjunction] = None
        if len(kept) > _MOST_ON_THE_WAY:
            return None
    return list(kept)


def list_always_needed(condition: Condition) -> set[str]:
    """Return the criteria that a team must require for the condition to hold, whichever conjunction does."""
    return fold_condition(
        condition, _needed, every=_unite, some=lambda parts: set.intersection(*parts), negated=lambda _: set()
    )


def list_ever_needed(condition: Condition) -> set[str]:
    """Return the criteria whose requirement can make the condition hold.

    Those under `not` are left out: it asks what the team stated itself.
    """
    return fold_condition(condition, _needed, every=_unite, some=_unite, negated=lambda _: set())


def _unite(parts: Iterator[set[str]]) -> set[str]:
    return set().union(*parts)


def _needed(leaf: Leaf) -> set[str]:
    return {leaf.criterion} if isinstance(leaf, Need) else set()
