"""The records of the files under rules/: rules, the numbers of policy, the questionnaire, and decision cases."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from provider_advisor.knowledge.conditions import Condition
from provider_advisor.knowledge.records import About, Kind, Priority
from provider_advisor.logic import Interval, Number

ANSWERS_VERSION = 1
"""The version of files of answers that is read and written."""


class Citation(NamedTuple):
    """What a rule is based on: lines or a section of a source."""

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
        """Return the name of the rule in a table: its label, or else its `because` without the full stop."""
        return self.label or self.because.rstrip(".")


class Policy(NamedTuple):
    """The numbers of judgement: what a priority weighs, what an unknown is expected to be, how long facts are good for.

    `stale_after` has the days after which a fact of a kind is out of date; a missing kind never is. Without
    `combinations`, providers exclude one another, and none are proposed together.
    """

    priorities: Mapping[Priority, float]
    unknown: float
    stale_after: Mapping[Kind, int] = {}
    combinations: bool = True


# The entry {criterion: fax, topics: [office], share: 0.2} of rules/questions.yaml is Question("criterion", "fax",
# ("office",), 0.2), and is found by Key("criterion", "fax"). Its topics are called subjects here, because the situation
# has topics too.


class Key(NamedTuple):
    """The key of a question: Key("criterion", "fax"); shown and saved as `criterion:fax`.

    Beside the kinds of `About`, "bound" is the bound of a criterion and "members" those of its members that are meant;
    "topics" (without a name) are the subjects. "unlisted" is a requirement in the team's own words, which are its name.
    """

    kind: Literal["topics", "criterion", "bound", "members", "situation", "usage", "unlisted"]
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


class Subject(NamedTuple):
    """A part of the questionnaire that a team opens or leaves closed; `share` of all teams open it."""

    id: str
    label: str
    share: float
    help: str | None = None


class Question(NamedTuple):
    """One thing to ask: about a criterion, a topic of the situation, or a monthly volume.

    It is asked where one of its `subjects` is open (always, if it has none) and where `when` certainly holds. `share`
    of the teams to which it applies state something; `typical` are bounds or volumes that they would name (ranks, for
    a rating). Without `ask` the words are those of what it is about. One that is `once_known` waits, and is found by
    search only, until a provider has a claim on it, or on a price of that volume.
    """

    about: About
    name: str
    subjects: tuple[str, ...]
    share: float
    when: Condition | None = None
    ask: str | None = None
    help: str | None = None
    typical: tuple[Number, ...] = ()
    where: str = ""
    once_known: bool = False

    @property
    def key(self) -> Key:
        """Return what identifies the question: `criterion:fax`, `situation:developers`, `usage:calls`."""
        return Key(self.about, self.name)


class Questionnaire(NamedTuple):
    """Subjects by id, and questions by key, in the order of their file."""

    subjects: Mapping[str, Subject]
    questions: Mapping[Key, Question]


class Case(NamedTuple):
    """A decision that must not change: a team's statement, and the expected result.

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
