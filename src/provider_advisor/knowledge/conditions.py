"""Conditions: the trees under a rule's `when` (on the team) and `favours` (on a provider's facts).

Each node carries its `word`, for named tuples are equal where their values are, and `all` is not `any`.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from provider_advisor.logic import Interval, Truth, all_of, any_of, negate

__all__ = [
    "AllOf", "AnyOf", "Condition", "FactHolds", "Leaf", "Need", "Not", "Situation", "Usage",
    "evaluate", "leaves", "text_of",
]  # fmt: skip


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


def evaluate(condition: Condition, truth_of: Callable[[Leaf], Truth]) -> Truth:
    """The condition's truth in Kleene's logic, given the truth of each leaf."""
    if isinstance(condition, AllOf):
        return all_of(evaluate(part, truth_of) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any_of(evaluate(part, truth_of) for part in condition.parts)
    if isinstance(condition, Not):
        return negate(evaluate(condition.part, truth_of))
    return truth_of(condition)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The leaves of the tree, from left to right, repeated ones too."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition


def text_of(condition: Condition) -> str:
    """The condition in one line, equal for equal conditions whatever the order of the parts under `all` and `any`.

    >>> text_of(AllOf((Need("video-api"), Not(Situation("developers", "none")))))
    '(need:video-api and not situation:developers=none)'
    """
    if isinstance(condition, AllOf | AnyOf):
        word = " and " if isinstance(condition, AllOf) else " or "
        return f"({word.join(sorted(text_of(part) for part in condition.parts))})"
    if isinstance(condition, Not):
        return f"not {text_of(condition.part)}"
    return _leaf_text(condition)


def _leaf_text(leaf: Leaf) -> str:
    if isinstance(leaf, Need):
        return f"need:{leaf.criterion}"
    if isinstance(leaf, Situation):
        return f"situation:{leaf.topic}={leaf.value}"
    if isinstance(leaf, Usage):
        return f"usage:{leaf.item}{_bound_text(leaf.bound)}"
    return f"fact:{leaf.criterion}{_bound_text(leaf.bound)}" + ("" if leaf.present else "=absent")


def _bound_text(bound: Interval | None) -> str:
    if bound is None:
        return ""
    low = "" if bound.low is None else f">={bound.low}"
    return low + ("" if bound.high is None else f"<={bound.high}")
