"""A conversation: screens and their answers, the search for one question, and the choices at an end.

It knows neither keys nor lines: an interface shows a screen and returns what the person did.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import begin_sentence
from provider_advisor.faces.ask_wording import (
    describe_answers,
    describe_gaps,
    get_answers,
)
from provider_advisor.questionnaire import (
    End,
    GivenAnswer,
    Key,
    Screen,
    State,
    answer_screen,
    change_answer,
    choose_screen,
    go_back,
    go_on,
    list_bounds,
    list_members,
    put_answers,
    read_wish,
    search_questions,
    still_applies,
)
from provider_advisor.questionnaire.prompts import Wish
from provider_advisor.questionnaire.state import (
    ALONG,
    NO_ANSWER,
    NONE,
    PRIORITY_WORDS,
    TOPICS,
    get_silence,
)

Word = Literal["next", "back", "done", "stop", "search", "add", "finish", "help", "why", "save"]

SaveFile = Callable[[State, Path, bool], str]
"""Saves the requirements, or the answers if so asked, in a file; returns what to say. Raises RequirementsError."""

_ANSWERS = "answers"


class Reply(NamedTuple):
    """What a person did: continued, went back, was done, stopped, searched for or added `words`, or finished.

    To save, `words` name the file; with `answers` before the name it is for the answers. At an end `next` continues the
    questions. `lasting` is false where the input has ended: no session is kept then.
    """

    word: Word
    words: str = ""
    lasting: bool = True


class Draft:
    """What was said so far: the state, and the values on the present screen, kept in case of an interruption.

    `said` holds checked values by key; it also keeps those of screens that the person went back over. `kept` means that
    the person stopped on purpose, and may want to continue another day.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.screen: Screen | None = None
        self.said: dict[Key, Any] = {}
        self.kept = False

    def get_values(self) -> dict[Key, Any]:
        """Return the values on this screen, with the numbers and members of what is ticked."""
        keys = () if self.screen is None else self.screen.keys
        found = {key: self.said[key] for key in keys if key in self.said}
        ticked = [key for key, value in found.items() if key.kind == "criterion" and value in PRIORITY_WORDS]
        along = [Key(kind, key.name) for kind in ALONG for key in ticked]
        return found | {key: self.said[key] for key in along if key in self.said}

    def list_along(self) -> tuple[Key, ...]:
        """Return the numbers to ask for, and the members that may be named, on this screen, given what is ticked."""
        if self.screen is None:
            return ()
        values = self.get_values()
        return *list_bounds(self.state, self.screen, values), *list_members(self.state, self.screen, values)

    def complete(self) -> State:
        """Return the state including the answers given on this screen so far."""
        step = self.state.steps + 1
        return put_answers(self.state, [GivenAnswer(key, value, step) for key, value in self.get_values().items()])

    def step_back(self) -> State:
        """Return the state before the last screen; its answers are kept, also those from a session."""
        earlier = go_back(self.state)
        # The state drops the answers of the screen that is left, but a person who only looks back should not have to
        # give them again. Answers left at no are not kept, because the screen shows no by default.
        kept = {answer.key for answer in earlier.answers}
        taken = {answer.key: answer.value for answer in self.state.answers if answer.key not in kept}
        told = {key: value for key, value in taken.items() if value != get_silence(key)}
        self.said = told | self.said
        return earlier


class Face(Protocol):
    """Shows screens to a person and returns what the person did."""

    def listen(self) -> AbstractContextManager[None]:
        """Return a context for the whole conversation."""

    def ask(self, draft: Draft, screen: Screen) -> Reply:
        """Show the screen; put what is answered into `draft.said`."""

    def ask_at_end(self, draft: Draft, end: End) -> Reply:
        """Say what the end means, and ask whether to finish, continue, go back or search."""

    def pick(self, state: State, keys: Sequence[Key]) -> Key | dict[Key, str] | Reply | None:
        """Return one of the keys, answers to some, what the person did instead, or None to leave the search."""

    def ask_value(self, state: State, key: Key, before: object) -> object:
        """Return an answer to one question, or what the person did instead; None or `back` leave it at `before`."""

    def ask_name(self) -> str:
        """Return the name of a file to save to, empty for none."""

    def confirm(self, question: str) -> bool:
        """Return whether the person says yes."""

    def tell(self, sentence: str) -> None:
        """Say something."""


# A screen is answered in three steps:
#
#   face.ask      puts checked values into draft.said, and returns what the person did;
#   _look_up      serves a search or a wish in own words: an answer on this screen goes to `said` too, any other one
#                 changes the state at once, which may make this screen superfluous;
#   _follow       turns `said` into a new state: the next screen, the one before, or an end.
#
# So an interruption at any moment can save draft.complete(), and going back loses nothing: the values stay in `said`.


def converse(draft: Draft, face: Face, save: SaveFile) -> End:
    """Ask until the person accepts an end; the draft always holds the answers so far."""
    with face.listen():
        while True:
            place = choose_screen(draft.state)
            if isinstance(place, Screen):
                _ask(draft, face, place)
            elif _is_over(draft, face, place, save):
                return place


def _ask(draft: Draft, face: Face, screen: Screen) -> None:
    draft.screen = screen
    while True:
        reply = face.ask(draft, screen)
        before = draft.state
        try:
            found = _look_up(draft, face, reply)
            # Without this, an answer to a question whose topic was just closed would be accepted but never count.
            if draft.state is not before and not still_applies(screen, draft.state):
                break
            if found is None:
                continue
            reply = found
            if reply.word == "back" and not draft.state.steps:
                face.tell("Cannot go back: this is the first question.")
                continue
            said = draft.get_values()
            draft.state = _follow(draft, screen, reply)
            if reply.word != "back":
                _warn(face, said, draft.state)
        except RequirementsError as error:
            face.tell(begin_sentence(error))
            continue
        break
    draft.screen = None


def _warn(face: Face, said: Mapping[Key, object], state: State) -> None:
    """Warn if nothing is known about what was just asked for."""
    if gaps := describe_gaps(said, state):
        face.tell(gaps)


def _follow(draft: Draft, screen: Screen, reply: Reply) -> State:
    if reply.word == "next":
        return answer_screen(draft.state, screen, draft.get_values())
    if reply.word == "done":
        return draft.complete()._replace(phase="declared")
    if reply.word == "stop":
        draft.kept = reply.lasting
        return draft.complete()._replace(phase="stopped")
    return draft.step_back()


def _is_over(draft: Draft, face: Face, end: End, save: SaveFile) -> bool:
    try:
        reply = _look_up(draft, face, face.ask_at_end(draft, end))
    except RequirementsError as error:
        face.tell(begin_sentence(error))
        return False
    if reply is None:
        return False
    if reply.word == "save":
        _save(draft.state, face, reply.words, save)
    elif reply.word == "back":
        draft.state = draft.step_back()
    elif reply.word == "next":
        draft.state = go_on(draft.state)
    else:
        draft.kept = draft.kept and end.kind == "stopped"
        return True
    return False


def _save(state: State, face: Face, words: str, save: SaveFile) -> None:
    """Save to the file that the person names; an existing file is replaced only after a yes."""
    kind, _, rest = words.partition(" ")
    is_answers = kind == _ANSWERS
    name = (rest if is_answers else words).strip() or face.ask_name().strip()
    if not name:
        face.tell("Nothing was saved.")
        return
    path = Path(os.path.expanduser(name))  # noqa: PTH111 (a Path refuses the home of an unknown user)
    try:
        is_there = os.path.lexists(path)
        if is_there and not path.is_dir() and not face.confirm(f"{path} exists. Replace it?"):
            face.tell("Nothing was saved.")
            return
        face.tell(save(state, path, is_answers))
    except (RequirementsError, ValueError) as error:
        face.tell(begin_sentence(error))


def _look_up(draft: Draft, face: Face, reply: Reply | None) -> Reply | None:
    """Search for words, or add a need in the person's own words, as often as they want.

    Returns any other thing they did, or None once they are back where they were. Raises RequirementsError.
    """
    while reply is not None and reply.word in {"search", "add"}:
        if reply.word == "search":
            reply = _search(draft, face, reply.words)
        elif reply.words:
            reply = _add(draft, face, read_wish(reply.words, draft.state.catalogue))
        else:
            reply = None
        if reply is not None and reply.word == "back":
            reply = None
    return reply


def _add(draft: Draft, face: Face, wish: Wish) -> Reply | None:
    """Ask how important a need is and, where that is not clear, which one is meant; return what they do instead."""
    if wish.own_words is None:
        return _change(draft, face, wish.key, wish.value)
    label = draft.state.catalogue.knowledge.criteria[wish.key.name].label
    face.tell(f"'{wish.own_words.name}' is also a name of {label}. Choose that, or keep your own words.")
    return _answer_picked(draft, face, [wish.key, wish.own_words])


def _search(draft: Draft, face: Face, words: str) -> Reply | None:
    """Let the person find a question, answered or not, and answer it; return what they do instead."""
    if words:
        keys = (*((TOPICS,) if words.casefold() in {"topic", "topics"} else ()), *search_questions(draft.state, words))
    else:  # all answers that can be changed, those left at no not among them
        given = get_answers(draft.complete())
        keys = tuple(key for key, value in given.items() if value not in {NONE, NO_ANSWER})
    if words and not keys:
        face.tell(
            f"Nothing found for '{words[:40]}'; try another word, or fewer words. To keep it as a wish in your own "
            f"words: + {words[:40]}"
        )
        return None
    return _answer_picked(draft, face, keys)


def _answer_picked(draft: Draft, face: Face, keys: Sequence[Key]) -> Reply | None:
    picked = face.pick(draft.complete(), keys)
    if isinstance(picked, dict):
        replies = (_change(draft, face, key, said) for key, said in picked.items())
        return next(filter(None, replies), None)
    return _change(draft, face, picked) if isinstance(picked, Key) else picked


def _change(draft: Draft, face: Face, key: Key, said: str | None = None) -> Reply | None:
    """Ask for a new answer to one question, unless it was given; on the current screen, set its line.

    Returns what the person did instead.
    """
    on_screen = draft.screen is not None and key in draft.screen.keys
    before = get_answers(draft.state)
    # A value on the current screen stays in the draft until the screen is done. Any other changes the state at once,
    # and may change which screen comes next.
    value = said or face.ask_value(draft.complete(), key, draft.said.get(key) if on_screen else before.get(key))
    if value is None or isinstance(value, Reply):
        return value
    draft.said[key] = value
    if on_screen:
        face.tell(describe_answers({key: value}, draft.state))
        return None
    _set(draft, face, key, value)
    if key.kind == "criterion" and value in PRIORITY_WORDS:
        for more in _list_details(draft.state, key):
            detail = face.ask_value(draft.state, more, before.get(more))
            if isinstance(detail, Reply):
                return detail
            _set(draft, face, more, detail)
    return None


def _list_details(state: State, key: Key) -> tuple[Key, ...]:
    """Return the follow-up questions of a requested criterion: its number or rating, and its members."""
    criterion = state.catalogue.knowledge.criteria[key.name]
    bounds = () if criterion.kind == "capability" else (Key("bound", key.name),)
    return (*bounds, Key("members", key.name)) if criterion.of_each else bounds


def _set(draft: Draft, face: Face, key: Key, value: object) -> None:
    if value is not None:
        draft.state = change_answer(draft.state, key, value, searched=key != TOPICS)
        face.tell(describe_answers({key: value}, draft.state))
        _warn(face, {key: value}, draft.state)
