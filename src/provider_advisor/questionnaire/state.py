"""The state of a questionnaire: what an answer may be, the answers so far, and how a person moves through them.

Each answer knows the number of its screen. Going back drops the answers of the last screen; a changed answer keeps its
screen, so that going back still undoes them in order.

An answer is checked alone when it is given: is there such a question, and is this a value that it takes? A must on
"recording" is checked here; whether it counts depends on other answers (`interpret_answers`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Priority
from provider_advisor.knowledge.conditions import AT, EITHER
from provider_advisor.knowledge.rules import Key
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.logic import Number
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.requirements import Statement, Team
from provider_advisor.requirements.grammar import get_smallest_allowed, read_requirement
from provider_advisor.requirements.read_team import read_situation
from provider_advisor.requirements.statement import LARGEST, Used, Volume, is_within
from provider_advisor.requirements.unlisted import read_unlisted
from provider_advisor.requirements.usage import check_volume
from provider_advisor.safe_text import brief, shown
from provider_advisor.written_values import plain

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


# What an answer may be


def check_key(key: Key, catalogue: Catalogue) -> Key:
    """Return the key if there is such a question. Raises RequirementsError."""
    if key == TOPICS:
        return key
    if key.kind == "unlisted":
        return Key("unlisted", read_unlisted({"text": key.name}).text)
    if key.kind == "criterion" and not {AT, EITHER}.isdisjoint(key.name):
        # Members and choices may be written as on the command line: `phone-numbers@Germany`, `whatsapp|sms`.
        key = Key("criterion", read_requirement(key.name, "must", catalogue.knowledge).criterion)
    question = to_question(key)
    if question not in catalogue.questions:
        names = [part.name for part in catalogue.questions.values() if part.about == question.kind]
        hint = did_you_mean(brief(key.name), names) or " See `recommend criteria` for what you can ask for."
        raise RequirementsError(f"there is no question about the {question.kind} {shown(key.name)}.{hint}")
    if key.kind == "bound" and catalogue.knowledge.criteria[key.name].kind == "capability":
        raise RequirementsError(
            f"'{key.name}' is a capability, which takes no bound; answer only whether it is needed."
        )
    if key.kind == "members" and catalogue.knowledge.criteria.list_of(key.name) is None:
        raise RequirementsError(f"'{key.name}' has no members; answer only whether it is needed.")
    return key


def check_value(key: Key, value: object, catalogue: Catalogue) -> Value:
    """Return a checked value for the state, for an existing key; no to a number means none.

    Raises RequirementsError.
    """
    return _CHECKS[key.kind](value, key.name, catalogue)


def _check_topics(value: object, _: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the subjects chosen, each once, in the order of the file of questions."""
    given, known = _list_several(value), catalogue.subjects
    for one in given:
        if not isinstance(one, str) or one not in known:
            hint = did_you_mean(brief(one), known)
            raise RequirementsError(
                f"{shown(one)} is not a value of 'topics'; expected one of {', '.join(known)}.{hint}"
            )
    return tuple(one for one in known if one in given)


def _check_criterion(value: object, name: str, catalogue: Catalogue) -> str:
    criterion = catalogue.knowledge.criteria[name]
    if value == MUST_NOT and (criterion.kind != "capability" or criterion.any_of):
        raise RequirementsError(f"'{name}' is not a capability, so 'must not' does not apply to it.")
    return _check_word(value, CRITERION_WORDS, f"the answer about '{name}'")


def _check_unlisted(value: object, text: str, _: Catalogue) -> str:
    return _check_word(NO_ANSWER if value == UNWANTED else value, UNLISTED_WORDS, f"the answer about '{text}'")


def _check_word(value: object, words: Collection[str], what: str) -> str:
    if not isinstance(value, str) or value not in words:
        raise RequirementsError(
            f"{what} is {shown(value)}; expected one of {', '.join(words)}.{did_you_mean(brief(value), words)}"
        )
    return value


def _check_situation(value: object, name: str, catalogue: Catalogue) -> str | tuple[str, ...]:
    topic = catalogue.knowledge.topics[name]
    if isinstance(value, str) and value in {UNSURE, NO_ANSWER} and value not in topic.values:
        return value
    found = read_situation(topic, value)
    return tuple(one for one in topic.values if one in found)


def _check_usage(value: object, name: str, catalogue: Catalogue) -> str | Used:
    if isinstance(value, str) and value in {UNSURE, NO_ANSWER, UNWANTED}:
        return NO_ANSWER if value == UNWANTED else value
    return check_volume(value, catalogue.knowledge.usage[name])


def _list_several(value: object) -> list[object]:
    return [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)


def _check_members(value: object, name: str, catalogue: Catalogue) -> str | tuple[str, ...]:
    """Return the ids of the members named, each once, in the order of their list; none and no mean that any will do."""
    if isinstance(value, str) and value in {NONE, UNSURE, UNWANTED}:
        return NONE if value == UNWANTED else value
    asked = [{"criterion": name, "member": one} for one in _list_several(value)]
    found = {read_requirement(one, "must", catalogue.knowledge).criterion for one in asked}
    of = catalogue.knowledge.criteria.list_of(name)
    members = () if of is None else of.members
    return tuple(member for member in members if f"{name}{AT}{member}" in found) or NONE


def _check_bound(value: object, name: str, catalogue: Catalogue) -> str | Number:
    criterion, what = catalogue.knowledge.criteria[name], f"the bound of '{name}'"
    if isinstance(value, str) and value in {NONE, UNSURE, UNWANTED} and value not in criterion.values:
        return NONE if value == UNWANTED else value
    if criterion.kind == "rating":  # a rank, or the word of one
        if isinstance(value, int | float) and value in range(len(criterion.values)):
            return int(value)
        return criterion.values.index(_check_word(value, criterion.values, what))
    if not is_within(value, lowest := get_smallest_allowed(criterion), LARGEST):
        raise RequirementsError(
            f"{what} is {shown(value)}; expected a number of {criterion.unit}, {lowest:.0f} to {LARGEST:.0f}."
        )
    return plain(value)


_CHECKS: Mapping[str, Callable[[object, str, Catalogue], Value]] = {
    "topics": _check_topics,
    "criterion": _check_criterion,
    "bound": _check_bound,
    "members": _check_members,
    "situation": _check_situation,
    "usage": _check_usage,
    "unlisted": _check_unlisted,
}
