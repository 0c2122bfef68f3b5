"""A conversation: screens and their answers, the search for one question, and what to do at an end.

It knows neither keys nor lines: a face shows a screen and says what the person did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces.cli.ask.wording import spoken, stated_keys, takes_bound
from provider_advisor.questionnaire import (
    Answer,
    End,
    Screen,
    State,
    answered,
    back,
    changed,
    declared,
    found,
    further,
    numbers_with,
    put,
    screen_after,
    stopped,
)
from provider_advisor.questionnaire.state import PRIORITY_WORDS, silence_on

__all__ = ["Draft", "Face", "Reply", "Word", "converse"]

Word = Literal["next", "back", "done", "stop", "search", "finish"]


class Reply(NamedTuple):
    """What a person did: went on, back, said that this is all, stopped, searched for `words`, or finished.

    At an end `next` goes on asking. `lasting` is false where the input itself has ended, and no session is to be kept.
    """

    word: Word
    words: str = ""
    lasting: bool = True


class Draft:
    """What was said so far: the state, and the values on the present screen, kept for the case of an interruption.

    `said` holds checked values by key; it also remembers those of screens that the person went back over. `kept` says
    that the person stopped on purpose, and may want to go on another day.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.screen: Screen | None = None
        self.said: dict[str, Any] = {}
        self.kept = False

    def values(self) -> dict[str, Any]:
        """The values on the present screen, with the numbers of what is ticked there."""
        keys = () if self.screen is None else self.screen.keys
        found = {key: self.said[key] for key in keys if key in self.said}
        ticked = [key for key, value in found.items() if value in PRIORITY_WORDS and key.startswith("criterion:")]
        bounds = [key.replace("criterion:", "bound:", 1) for key in ticked]
        return found | {key: self.said[key] for key in bounds if key in self.said}

    def numbers(self) -> tuple[str, ...]:
        """The numbers to ask for on the present screen, for what is ticked there."""
        return () if self.screen is None else numbers_with(self.state, self.screen, self.values())

    def whole(self) -> State:
        """The state with what was said on the present screen, which is not answered to its end."""
        step = self.state.steps + 1
        return put(self.state, [Answer(key, value, step) for key, value in self.values().items()])

    def before(self) -> State:
        """The state before the last screen; what was answered there is remembered, if an earlier session heard it."""
        earlier = back(self.state)
        kept = {answer.key for answer in earlier.answers}
        taken = {answer.key: answer.value for answer in self.state.answers if answer.key not in kept}
        told = {key: value for key, value in taken.items() if value != silence_on(key)}
        self.said = told | self.said
        return earlier


class Face(Protocol):
    """What shows screens to a person and gives back what the person did."""

    def ask(self, draft: Draft, screen: Screen) -> Reply:
        """Show the screen; put what is answered into `draft.said`."""

    def after(self, draft: Draft, end: End) -> Reply:
        """Say what the end means, and ask whether to finish, go on, go back or search."""

    def pick(self, state: State, keys: Sequence[str]) -> str | Reply | None:
        """One of the keys, another search, or nothing."""

    def value(self, state: State, key: str, before: object) -> object:
        """An answer to one question, None to leave it as it was; `before` is the answer so far, if there is one."""

    def tell(self, sentence: str) -> None:
        """Say something."""


def converse(draft: Draft, face: Face) -> End:
    """Ask until the person is content with an end; the draft holds the answers at any moment."""
    while True:
        place = screen_after(draft.state)
        if isinstance(place, Screen):
            _ask(draft, face, place)
        elif _is_over(draft, face, place):
            return place


def _ask(draft: Draft, face: Face, screen: Screen) -> None:
    draft.screen = screen
    while True:
        reply = face.ask(draft, screen)
        try:
            if reply.word == "search":
                _search(draft, face, reply.words)
                continue
            if reply.word == "back" and not draft.state.steps:
                face.tell("There is nothing to go back to: this is the first question.")
                continue
            draft.state = _moved(draft, screen, reply)
        except RequirementsError as error:
            face.tell(capital(str(error)))
            continue
        draft.screen = None
        return


def _moved(draft: Draft, screen: Screen, reply: Reply) -> State:
    if reply.word == "next":
        return answered(draft.state, screen, draft.values())
    if reply.word == "done":
        return declared(draft.whole())
    if reply.word == "stop":
        draft.kept = reply.lasting
        return stopped(draft.whole())
    return draft.before()


def _is_over(draft: Draft, face: Face, end: End) -> bool:
    reply = face.after(draft, end)
    if reply.word == "search":
        try:
            _search(draft, face, reply.words)
        except RequirementsError as error:
            face.tell(capital(str(error)))
    elif reply.word == "back":
        draft.state = draft.before()
    elif reply.word == "next":
        draft.state = further(draft.state)
    else:
        draft.kept = draft.kept and end.kind == "stopped"
        return True
    return False


def _search(draft: Draft, face: Face, words: str) -> None:
    """Let the person find a question, or one that is answered already, and answer it."""
    while True:
        keys = _hits(draft.state, words) if words else stated_keys(draft.state)
        if words and not keys:
            face.tell(f"Nothing is found for '{words[:40]}'; try another word, or fewer.")
            return
        picked = face.pick(draft.state, keys)
        if not isinstance(picked, Reply):
            break
        words = picked.words
    if picked is not None:
        _change(draft, face, picked)


def _hits(state: State, words: str) -> tuple[str, ...]:
    topics = ("topics",) if words.casefold() in {"topic", "topics"} else ()
    return (*topics, *found(state, words))


def _change(draft: Draft, face: Face, key: str) -> None:
    """Another answer to one question; where the question is on the present screen, its line is set."""
    on_screen = draft.screen is not None and key in draft.screen.keys
    before = {answer.key: answer.value for answer in draft.state.answers}
    value = face.value(draft.state, key, draft.said.get(key) if on_screen else before.get(key))
    if value is None:
        return
    draft.said[key] = value
    if on_screen:
        face.tell(spoken({key: value}, draft.state))
    else:
        _set(draft, face, key, value)
        if key.startswith("criterion:") and takes_bound(draft.state, key) and value in PRIORITY_WORDS:
            bound = key.replace("criterion:", "bound:", 1)
            _set(draft, face, bound, face.value(draft.state, bound, before.get(bound)))


def _set(draft: Draft, face: Face, key: str, value: object) -> None:
    if value is not None:
        draft.state = changed(draft.state, key, value, searched=key != "topics")
        face.tell(spoken({key: value}, draft.state))
