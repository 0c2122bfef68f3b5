"""The records of the questionnaire: what can be asked, under which subjects, and the keys of questions."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from provider_advisor.knowledge.conditions import Condition
from provider_advisor.knowledge.records import About
from provider_advisor.logic import Number


class Key(NamedTuple):
    """What a question is known by: Key("criterion", "fax"); shown and saved as `criterion:fax`.

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
    ask: str
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
