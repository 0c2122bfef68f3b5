"""What a team asks, as records: the same for the command line, a file, a questionnaire and a batch."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from provider_advisor.knowledge.records import Criterion, Priority
from provider_advisor.logic import Interval, Number

__all__ = ["PRIORITIES", "RANK", "Requirement", "Team", "bound_words", "in_order"]

PRIORITIES: tuple[Priority, ...] = ("must", "should", "could")
RANK: Mapping[Priority, int] = {"must": 3, "should": 2, "could": 1}


class Requirement(NamedTuple):
    """One thing a team asks: a criterion, perhaps a bound (of ranks, for a rating), a priority.

    `weight` is the requirement's own, in place of the criterion's. `implied_by` names the rules that added it; it is
    empty for what the team stated itself.
    """

    criterion: str
    priority: Priority
    bound: Interval | None = None
    weight: float | None = None
    implied_by: tuple[str, ...] = ()

    def asks_as_much_as(self, other: "Requirement") -> bool:
        """Whether whoever fulfils this one has fulfilled the other, at no lower a priority."""
        if self.criterion != other.criterion or RANK[self.priority] < RANK[other.priority]:
            return False
        return other.bound is None or (self.bound is not None and other.bound.holds(self.bound))


class Team(NamedTuple):
    """Everything a team stated: requirements, situation by topic, monthly usage by item."""

    requirements: tuple[Requirement, ...] = ()
    situation: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    usage: Mapping[str, Number] = MappingProxyType({})
    name: str | None = None

    @property
    def stated(self) -> frozenset[str]:
        """The criteria that the team asks for itself."""
        return frozenset(requirement.criterion for requirement in self.requirements)


def in_order(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """The requirements, musts first, then by criterion: the order in which they were stated never matters."""
    return tuple(sorted(requirements, key=lambda part: (-RANK[part.priority], part.criterion)))


def bound_words(bound: Interval | None, criterion: Criterion) -> dict[str, Number | str]:
    """The bound with the keys and words of a requirements file: `{"at_least": 90}`, or `{"at_least": "good"}`."""
    if bound is None:
        return {}
    ends = {"at_least": bound.low, "at_most": bound.high}
    if criterion.kind == "rating":
        return {key: criterion.values[int(end)] for key, end in ends.items() if end is not None}
    return {key: end for key, end in ends.items() if end is not None}
