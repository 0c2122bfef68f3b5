"""The records of rules: what a statement leads to, what it weighs, and the decisions that every change must keep."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from provider_advisor.knowledge.conditions import Condition
from provider_advisor.knowledge.records import Kind, Priority
from provider_advisor.logic import Interval


class Citation(NamedTuple):
    """What a rule rests on: the lines of a source, or a section of it."""

    source: str
    lines: tuple[int, ...] = ()
    section: str | None = None


class Implied(NamedTuple):
    """A requirement that a rule adds."""

    criterion: str
    priority: Priority
    bound: Interval | None = None


class Rule(NamedTuple):
    """What it means for a team: `when` it holds, either more requirements, or a condition that favours providers."""

    id: str
    area: str
    when: Condition
    implies: tuple[Implied, ...]
    favours: Condition | None
    weight: float | None
    because: str
    rests_on: tuple[Citation, ...]
    where: str = ""
    label: str | None = None

    @property
    def short(self) -> str:
        """Return the name of the rule in a table: its label, or else its because, without a full stop."""
        return self.label or self.because.rstrip(".")


class Policy(NamedTuple):
    """The numbers of judgement: what a priority weighs, what an unknown is expected to be, how long facts are good for.

    `stale_after` has the days after which a fact of a kind is past its time; a kind that it lacks never is. Without
    `combinations`, providers exclude one another, and none are proposed together.
    """

    priorities: Mapping[Priority, float]
    unknown: float
    stale_after: Mapping[Kind, int] = {}
    combinations: bool = True


class Case(NamedTuple):
    """A decision that every change must keep: a team's statement, and what it must lead to.

    `team` has the keys of a requirements file; `expected` those of a verdict, and combinations, concessions, standings,
    and what to confirm: criteria by provider. `scope` has what `KnowledgeBase.restrict` takes.
    """

    name: str
    where: str
    team: Mapping[str, Any]
    as_of: dt.date | None
    max_age: int | None
    expected: Mapping[str, Any]
    scope: Mapping[str, list[str]] = {}
