"""The state of a questionnaire: a value, from which everything else is worked out again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from provider_advisor.knowledge import Priority
from provider_advisor.logic import Number
from provider_advisor.questionnaire.catalogue import Catalogue

__all__ = [
    "NONE",
    "NO_ANSWER",
    "PRIORITY_WORDS",
    "TOPICS",
    "UNSURE",
    "Answer",
    "Phase",
    "State",
    "Value",
    "begin",
    "put",
    "silence_on",
]

TOPICS = "topics"
"""The key of the first screen."""

UNSURE = "not-sure"
NO_ANSWER = "no-answer"
NONE = "none"

PRIORITY_WORDS: Mapping[str, Priority] = {"must": "must", "good": "should", "nice": "could"}
"""What a person answers about a criterion, besides `no` and `not-sure`, and the priority that it means."""

Phase = Literal["asking", "declared", "stopped", "further"]
Value = str | Number | tuple[str, ...]


_SILENCE: Mapping[str, Value] = {
    "topics": (),
    "criterion": "no",
    "bound": NONE,
    "situation": NO_ANSWER,
    "usage": NO_ANSWER,
}


def silence_on(key: str) -> Value:
    """What it means that a screen was answered, and one of its questions was not.

    >>> silence_on("criterion:fax"), silence_on("bound:fax-pages"), silence_on("topics")
    ('no', 'none', ())
    """
    return _SILENCE[key.partition(":")[0]]


class Answer(NamedTuple):
    """One answer: the key of what was asked, and the value.

    Keys and values: `topics`: a tuple of subjects; `criterion:fax`: must, good, nice, no or not-sure;
    `bound:fax-pages`: a number (a rank, for a rating), none or not-sure; `situation:developers`: a tuple of values,
    no-answer or not-sure; `usage:calls`: a number, no-answer or not-sure. `step` counts the screens; `searched` says
    that the person looked for the question, which then counts whether its topic is open or not.
    """

    key: str
    value: Value
    step: int = 0
    searched: bool = False


class State(NamedTuple):
    """What was answered so far, in order, and whether the person has said that this is all.

    With `further` it goes on though the verdict is settled. `most` is how many criteria a list may have.
    """

    catalogue: Catalogue
    answers: tuple[Answer, ...] = ()
    phase: Phase = "asking"
    most: int = 10

    @property
    def steps(self) -> int:
        """How many screens were answered."""
        return max((answer.step for answer in self.answers), default=0)


def begin(catalogue: Catalogue, most: int = 10) -> State:
    """A questionnaire without an answer."""
    return State(catalogue, most=most)


def put(state: State, answers: Iterable[Answer]) -> State:
    """The state with these answers; each takes the place of an older one on the same."""
    found = {answer.key: answer for answer in state.answers}
    for answer in answers:
        old = found.get(answer.key)
        found[answer.key] = answer if old is None else answer._replace(step=old.step)
    return state._replace(answers=tuple(found.values()))
