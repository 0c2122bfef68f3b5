"""The state of a questionnaire: the answers so far, from which all else follows, and how a person moves through it.

Each answer knows the number of its screen. Going back drops the answers of the last screen; a changed answer keeps its
screen, so that going back still undoes them in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from provider_advisor.knowledge import Priority
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Number
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.requirements import Statement, Team
from provider_advisor.requirements.statement import Volume

TOPICS = Key("topics")
"""The key of the first screen."""

ALONG: tuple[Literal["bound", "members"], ...] = ("bound", "members")
"""The kinds of keys that are asked along with a requested criterion."""

UNSURE = "not-sure"
NO_ANSWER = "no-answer"
NONE = "none"
UNWANTED = "no"
MUST_NOT = "must-not"

PRIORITY_WORDS: Mapping[str, Priority] = {"must": "must", "good": "should", "nice": "could"}
"""Answers for a wanted criterion, and the priorities that they mean."""

CRITERION_WORDS = (*PRIORITY_WORDS, UNWANTED, MUST_NOT, UNSURE, NO_ANSWER)
"""What can be answered about a criterion. Leaving it blank (`no-answer`) does not mean no: a rule may still add it.

A no means that it is not wanted, and weighs nothing; `must-not` rules out each provider that has it. No list offers
it, and what is proved does not count with it, as with all that only search finds.
"""

UNLISTED_WORDS = (*PRIORITY_WORDS, NO_ANSWER)
"""What can be answered about a wish in one's own words; `no-answer` takes it back."""

Phase = Literal["asking", "declared", "stopped", "further"]
# A list or the closing list has criteria, numbers has bounds, members those of what is asked for, and details several
# of bounds, members, situation and volumes. Where little is left, such keys follow those of a list on one screen.
ScreenKind = Literal["topics", "list", "numbers", "members", "situation", "volumes", "details", "closing"]
Value = str | Number | tuple[str, ...] | Volume

_NOTHING = Statement(Team())


class GivenAnswer(NamedTuple):
    """One answer: the key of what was asked, and the value."""

    # By kind of key, the value is:
    #
    #     topics       a tuple of subjects
    #     criterion    must, good, nice, no (not wanted), must-not, not-sure or no-answer
    #     bound        a number (a rank, for a rating), none or not-sure
    #     members      a tuple of ids, none (any will do) or not-sure
    #     situation    a tuple of values, no-answer or not-sure
    #     usage        a volume, no-answer or not-sure
    #     unlisted     must, good, nice or no-answer
    key: Key
    value: Value
    step: int = 0  # the number of its screen
    searched: bool = False  # the person looked for the question, which then counts even if its topic is closed


class Screen(NamedTuple):
    """A screen: the keys to ask, and for a list their subject. No answer on a closing list means the end."""

    kind: ScreenKind
    keys: tuple[Key, ...]
    subject: str | None = None


class State(NamedTuple):
    """The answers so far, in order, and whether the person declared the end."""

    catalogue: Catalogue
    answers: tuple[GivenAnswer, ...] = ()
    phase: Phase = "asking"  # `further`: questions continue although the verdict is settled
    most: int = 10  # how many criteria a list may have
    given: Statement = _NOTHING  # from a file or options: not asked again, until an answer takes its place

    @property
    def steps(self) -> int:
        """Return how many screens were answered."""
        return max((answer.step for answer in self.answers), default=0)


def begin(catalogue: Catalogue, most: int = 10, given: Statement = _NOTHING) -> State:
    """Return a questionnaire without an answer, where perhaps something was `given` before."""
    return State(catalogue, most=most, given=given)


def put_answers(state: State, answers: Iterable[GivenAnswer]) -> State:
    """Return the state with these answers; each replaces an older one to the same question, in its place."""
    found = {answer.key: answer for answer in state.answers}
    for answer in answers:
        old = found.get(answer.key)
        found[answer.key] = answer if old is None else answer._replace(step=old.step)
    return state._replace(answers=tuple(found.values()))


def go_back(state: State) -> State:
    """Return the state before the last screen was answered; after an end, the state before that end."""
    if state.phase in {"declared", "stopped"}:
        return state._replace(phase="asking")
    last = state.steps
    return state._replace(answers=tuple(answer for answer in state.answers if answer.step != last), phase="asking")


def declare(state: State) -> State:
    """Return the end declared by a person who is done."""
    return state._replace(phase="declared")


def stop(state: State) -> State:
    """Return the end of a person who stops; unanswered questions stay open."""
    return state._replace(phase="stopped")


def go_on(state: State) -> State:
    """Return the state that continues after any end: if the verdict is settled, with all the remaining questions."""
    if state.phase in {"declared", "stopped"}:
        return state._replace(phase="asking")
    return state._replace(phase="further")


# Keys


def get_silence(key: Key) -> Value:
    """Return the value of a question left blank on an answered screen.

    >>> get_silence(Key("criterion", "fax")), get_silence(Key("bound", "fax-pages")), get_silence(TOPICS)
    ('no-answer', 'none', ())
    """
    # It is final like any other; otherwise questions left blank would be asked again and again.
    if key == TOPICS:
        return ()
    return NONE if key.kind in ALONG else NO_ANSWER


def to_question(key: Key) -> Key:
    """Return the key of the question that the key belongs to: bounds and members belong to their criterion.

    >>> str(to_question(Key("bound", "fax-pages")))
    'criterion:fax-pages'
    """
    return Key("criterion", key.name) if key.kind in ALONG else key


def to_bound(key: Key) -> Key:
    """Return the key of the bound of a criterion's key."""
    return Key("bound", key.name)


def to_members(key: Key) -> Key:
    """Return the key of the members of a criterion's key."""
    return Key("members", key.name)
