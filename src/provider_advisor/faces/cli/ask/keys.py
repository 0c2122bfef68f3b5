"""The conversation with arrow keys: each answered screen is replaced by a one-line summary."""

from __future__ import annotations

import string
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import begin_sentence
from provider_advisor.faces.ask_wording import (
    describe_answer,
    describe_end,
    describe_hint,
    describe_line,
    describe_question,
    describe_silence,
    describe_so_far,
    describe_summary,
    list_heading,
)
from provider_advisor.faces.cli.ask.conversation import Draft, Reply
from provider_advisor.faces.cli.ask.list_widget import (
    ListKey,
    ListKeys,
    Note,
    Row,
    ask_rows,
    ask_text,
    hold_keys,
    join_keys,
    say_keys,
)
from provider_advisor.faces.cli.ask.typed import read_command, read_typed_answer
from provider_advisor.faces.text import show_lines
from provider_advisor.faces.why_wording import describe_known, describe_why
from provider_advisor.questionnaire import End, Key, Prompt, Screen, State, find_members, make_prompt
from provider_advisor.questionnaire.state import ALONG, NO_ANSWER, NONE, UNSURE, check_value, get_silence
from provider_advisor.safe_text import brief

# Each list has one table of its keys: what they do, and what the help below the list says of them. A second way to do
# the same is not in the help, and what every list does by itself has no action.
#
# Keys act on the line at the pointer. After `m ↓ g ↓ s enter`, a list of three criteria is answered with must, good and
# not sure, and `enter` leads to the number of a ticked line if it has one.

_MOVE = {"↑↓": ListKey("move")}
_COMMANDS: ListKeys = {
    "/": ListKey("search", Reply("search")),
    "+": ListKey("something else", Reply("add")),
    "b": ListKey("back", Reply("back")),
    "d": ListKey("done", Reply("done")),
    "q": ListKey("save and stop", Reply("stop")),
    "c-d": ListKey("", Reply("stop")),
}
_TYPED = (join_keys("enter next", "or type: ? (why)", "/word (search)", "back", "done", "stop"),)
"""Help for a number, into which keys are typed."""

_LETTERS = {"m": "must", "g": "good", "n": "nice", "x": "no", "s": UNSURE}
_LADDER = (UNSURE, "no", NO_ANSWER, "nice", "good", "must")
_TURNS = {NO_ANSWER: "must", "must": "good", "good": "nice", "nice": "no", "no": NO_ANSWER, UNSURE: NO_ANSWER}
"""The answer after pressing space: from no to must, then down step by step."""

_ALONE = (NO_ANSWER, UNSURE)
_SILENCE = {"rating": NONE, "situation": NO_ANSWER}
"""The choices that say nothing, at which the pointer begins."""

_MARK_WIDTH, _TICK_WIDTH = 10, 4
_MANY = 12


class _OpenedLine(NamedTuple):
    """A line that the person wants to answer, and what they typed for it so far."""

    key: Key
    typed: str = ""


class KeyFace:
    """Screens on a terminal, with arrow keys."""

    def __init__(self, *, show_standing: bool = False) -> None:
        self._show_standing = show_standing
        self._at: object = None

    def listen(self) -> AbstractContextManager[None]:
        """Return a context in which keys between two lists are not echoed."""
        return hold_keys()

    def tell(self, sentence: str) -> None:
        """Print a sentence, wrapped."""
        show_lines([sentence])

    def ask(self, draft: Draft, screen: Screen) -> Reply:
        """Show a screen; what is answered stays above as one line."""
        heading = list_heading(screen, draft.state, standing=self._show_standing)
        if len(screen.keys) > 1 or screen.keys[0].kind == "criterion":
            reply = self._ask_list(draft, screen, heading)
        else:
            reply = _answer(draft, screen.keys[0], heading) or Reply("next")
        values = draft.get_values()
        if reply.word == "next" or (values and reply.word in {"done", "stop"}):
            show_lines([describe_summary(screen, values, draft.state)])
        return reply

    def ask_at_end(self, draft: Draft, end: End) -> Reply:
        """Say what the end means, and ask what to do now."""
        show_lines(["", describe_end(draft.state, end)], bold=True)
        ways = {
            Reply("finish"): "Finish: show the answer",
            **({} if end.complete else {Reply("next"): "Continue with the remaining questions"}),
            Reply("back"): "Go back",
            Reply("search"): "Change or add an answer",
            Reply("add"): "Add something else you need, in your own words",
            Reply("save"): "Save what you ask for, as a file for recommend --file",
            Reply("save", "answers"): "Save the answers to continue later",
        }
        rows = [Row(reply, label) for reply, label in ways.items()]
        # The rows say the same as these keys.
        keys = {key: _COMMANDS[key]._replace(says="") for key in ("/", "+", "b")}
        explain = ListKey("what is proved", lambda _: _make_note(describe_known(draft.state)))
        return _complete(_choose(["What next?"], rows, {"?": explain, **keys}))

    def pick(self, state: State, keys: Sequence[Key]) -> Key | Reply | None:
        """Return one of the keys, another search, or None to leave the search."""
        rows = []
        for key in keys:
            prompt = make_prompt(key, state.catalogue)
            said = describe_so_far(key, state)
            rows.append(Row(key, prompt.label + said, details=[describe_question(prompt)]))
        search, leave = Reply("search"), Reply("back")
        rows += [Row(search, "(search for another word)"), Row(leave, "(leave it)")]

        def explain(row: Row) -> Note:
            return _make_note(describe_why(state, row.value) if isinstance(row.value, Key) else describe_known(state))

        listed = {"?": ListKey("why", explain), "/": ListKey("", search), "b": ListKey("leave it as it was", leave)}
        found = _choose(["Which one?"], rows, listed)
        return found if isinstance(found, Key) else _complete(found)

    def ask_name(self) -> str:
        """Return the name of a file, empty for none."""
        return ask_text((), "File:", ("A name such as team.yaml.",), (join_keys("enter save", "empty: do not save"),))

    def confirm(self, question: str) -> bool:
        """Return whether the person says yes."""
        rows = [Row("no", "No, keep it"), Row("yes", "Yes, replace it")]
        return bool(_choose([question], rows, {"b": ListKey("", "no")}) == "yes")

    def ask_value(self, state: State, key: Key, before: object) -> object:
        """Return an answer to one question, or what was done instead."""
        return _ask_one(make_prompt(key, state.catalogue), before, state, ())

    def _ask_list(self, draft: Draft, screen: Screen, heading: Sequence[str]) -> Reply:
        """Ask for marks and answers on lines; going back from a line returns to the list."""
        while True:
            found, self._at = ask_rows(
                heading,
                lambda _: _make_lines(draft, screen),
                [_make_list_keys(draft, screen)],
                start=self._at,
                mark_width=_MARK_WIDTH,
            )
            if not isinstance(found, _OpenedLine):
                return _complete(found)
            self._at = found.key
            reply = _answer(draft, found.key, heading[:1], found.typed)
            if reply is None:
                keys = [row.value for row in _make_lines(draft, screen)]
                self._at = keys[min(keys.index(found.key) + 1, len(keys) - 1)]
            elif reply.word != "back":
                return reply


def _answer(draft: Draft, key: Key, heading: Sequence[str], typed: str = "") -> Reply | None:
    """Ask one question, and put its answer into the draft; return what was done instead."""
    prompt = make_prompt(key, draft.state.catalogue)
    found = _ask_one(prompt, typed or draft.said.get(key), draft.complete(), heading)
    if isinstance(found, Reply):
        return found
    draft.said[key] = found
    return None


def _make_lines(draft: Draft, screen: Screen) -> list[Row]:
    """Return the lines of a screen; below a ticked line are its number and members."""
    below = draft.list_along()
    keys: list[Key] = []
    for key in screen.keys:
        more = tuple(Key(kind, key.name) for kind in ALONG) if key.kind == "criterion" else ()
        keys += [key, *(each for each in more if each in below)]
    return [_make_line(key, draft) for key in keys]


def _make_line(key: Key, draft: Draft) -> Row:
    prompt, value = make_prompt(key, draft.state.catalogue), draft.said.get(key)
    details, keys = [describe_question(prompt)], [say_keys(_make_line_keys(key, draft))]
    if prompt.kind != "criterion":
        label = describe_line(key, value, draft.state)
        return Row(key, label, "" if key in draft.said else "-", "dim", details, keys)
    level = str(value or NO_ANSWER)
    mark = "-" if level == NO_ANSWER else dict(prompt.choices)[level]
    return Row(key, prompt.label, mark, "dim" if level in {"no", NO_ANSWER} else level, details, keys)


def _make_line_keys(key: Key, draft: Draft) -> ListKeys:
    """Return what keys do on one line: set the importance of a criterion, or open any other line to answer it."""

    def put(value: Any, _: Row) -> None:  # noqa: ANN401 (an answer to any question)
        draft.said[key] = value

    if key.kind == "criterion":
        level = str(draft.said.get(key, NO_ANSWER))
        return {
            **{letter: ListKey(each.replace("-", " "), partial(put, each)) for letter, each in _LETTERS.items()},
            "left": ListKey("less, more", partial(put, _step(-1, level))),
            "right": ListKey("", partial(put, _step(1, level))),
            " ": ListKey("", partial(put, _TURNS.get(level, NO_ANSWER))),
        }
    to_answer, blank = ("name them", "any will do") if key.kind == "members" else ("answer", "no answer")
    return {
        " ": ListKey(to_answer, _OpenedLine(key)),
        "x": ListKey(blank, partial(put, get_silence(key))),
        "s": ListKey("not sure", partial(put, UNSURE)),
        **{arrow: ListKey("", _OpenedLine(key)) for arrow in ("left", "right")},
        **{digit: ListKey("", _OpenedLine(key, digit)) for digit in string.digits},
    }


def _make_list_keys(draft: Draft, screen: Screen) -> ListKeys:
    """Return what keys do in a list of lines: those of each line, and those of all."""

    def act(name: str, row: Row) -> object:
        action = _make_line_keys(row.value, draft).get(name, ListKey()).action
        return action(row) if callable(action) else action

    # Enter opens each line that still needs an answer, and leaves the screen only when none does. Otherwise a must
    # whose number is overlooked would count as one without a bound. Members are optional where they do not distinguish
    # providers.
    def go_on(_: Row) -> _OpenedLine | Reply:
        for key in (row.value for row in _make_lines(draft, screen)):
            is_optional = key.kind == "members" and key.name not in draft.state.catalogue.claimed_members
            if key.kind != "criterion" and key not in draft.said and not is_optional:
                return _OpenedLine(key)
        return Reply("next")

    return {
        **{name: ListKey("", partial(act, name)) for name in (*_LETTERS, "left", "right", " ", *string.digits)},
        **_MOVE,
        "enter": ListKey("next", go_on),
        "?": ListKey("why", lambda row: _make_note(describe_why(draft.complete(), row.value))),
        **_COMMANDS,
    }


def _step(steps: int, level: str) -> str:
    at = _LADDER.index(level) if level in _LADDER else 0
    return _LADDER[max(0, min(len(_LADDER) - 1, at + steps))]


def _make_note(texts: Sequence[str]) -> Note:
    """Return texts to show below a list until the next key."""
    return Note(texts, (join_keys("? hide this", "other keys as before"),))


def _choose(heading: Sequence[str], rows: Sequence[Row], keys: ListKeys) -> Any:  # noqa: ANN401 (the value of a row)
    """Return the value of the chosen row, or the result of an action."""
    choose = ListKey("choose", lambda row: row.value)
    return ask_rows(heading, lambda _: rows, [{**_MOVE, "enter": choose, **keys}])[0]


def _ask_one(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    """Return the answer to one question, or a Reply; `?` says why it is asked.

    A number is typed, members are found by typing, several values are ticked, and one is chosen at the pointer.
    """
    ways = {"number": _ask_number, "members": _ask_members}
    found = ways.get(prompt.kind, _ask_several if prompt.many else _ask_choice)(prompt, before, state, heading)
    return _complete(found) if isinstance(found, Reply) else check_value(prompt.key, found, state.catalogue)


def _make_commands(prompt: Prompt, state: State) -> ListKeys:
    """Return what keys do in a list on one question, besides answering it."""
    return {"?": ListKey("why", lambda _: _make_note(describe_why(state, prompt.key))), **_COMMANDS}


def _ask_number(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    text = describe_answer(prompt.key, before, state) if isinstance(before, str) else str(before or "")
    wrong: list[str] = []
    while True:
        below = [*wrong, describe_question(prompt), f"{describe_hint(prompt)}; empty: {describe_silence(prompt)}."]
        text = ask_text(heading, f"{prompt.label}:", below, _TYPED, text)
        try:
            found = read_command(text) or read_typed_answer(text, prompt, state)
        except RequirementsError as error:
            wrong = [begin_sentence(error)]
            continue
        if not isinstance(found, Reply) or found.word not in {"why", "help"}:
            return found
        show_lines(describe_why(state, prompt.key))
        text, wrong = "", []


def _ask_members(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    """Return the members chosen from a searchable list, or a command."""
    chosen = [value for value in before if isinstance(value, str)] if isinstance(before, tuple | list) else []
    labels = dict(prompt.choices)

    def make_rows(typed: str) -> list[Row]:
        go_on = f"Continue with {', '.join(labels[value] for value in chosen)}" if chosen else "Continue: any will do"
        first = [] if typed else [Row(NONE, go_on), Row(UNSURE, "Not sure")]
        found = find_members(prompt, typed, state.catalogue)
        rows = [_make_tick((value,), label, ticked=value in chosen) for value, label in found]
        return [*first, *rows] or [Row(None, f"None of the {len(labels)} is called '{typed}'")]

    def choose(row: Row) -> object:
        if isinstance(row.value, tuple):
            chosen.remove(row.value[0]) if row.value[0] in chosen else chosen.append(row.value[0])
            return None
        return tuple(chosen) or NONE if row.value == NONE else row.value

    commands = _make_commands(prompt, state)
    keys = {
        "type": ListKey("to find"),
        **_MOVE,
        "enter": ListKey("choose", choose),
        "?": commands["?"],
        "escape": commands["b"],
        "c-d": commands["c-d"],
    }
    label = prompt.label if prompt.ask in prompt.label else f"{prompt.label}. {prompt.ask}"
    return ask_rows(heading, make_rows, [keys], mark_width=_TICK_WIDTH, label=label)[0]


def _ask_several(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    """Return the ticked values, or a command."""
    given = before if isinstance(before, tuple | list) else (before,)
    ticked = {value for value, _ in prompt.choices if value in given}

    def make_rows(_: str) -> list[Row]:
        return [_make_tick(value, label, details(value), ticked=value in ticked) for value, label in prompt.choices]

    def details(value: str) -> list[str]:
        text = state.catalogue.subjects[value].help if prompt.kind == "topics" else describe_question(prompt)
        return [text] if text else []

    def tick(row: Row) -> None:
        ticked.symmetric_difference_update([row.value])

    count = len(prompt.choices)
    label = prompt.label if count < _MANY else f"{prompt.label}, {count} to choose from:"

    def read_ticks(_: Row) -> object:
        values = tuple(value for value, _ in prompt.choices if value in ticked)
        if prompt.kind == "topics":
            return values
        # "Not sure" beside others says nothing, and alone it is not a list.
        return tuple(value for value in values if value not in _ALONE) or next(iter(values), NO_ANSWER)

    keys = {" ": ListKey("tick", tick), **_MOVE, "enter": ListKey("next", read_ticks), **_make_commands(prompt, state)}
    # The title of the first screen asks for topics already.
    title = heading if prompt.kind == "topics" and heading else [*heading, label]
    return ask_rows(title, make_rows, [keys], mark_width=_TICK_WIDTH)[0]


def _make_tick(value: object, label: str, details: Sequence[str] = (), *, ticked: bool) -> Row:
    return Row(value, label, "[x]" if ticked else "[ ]", "ticked" if ticked else "dim", details)


def _ask_choice(prompt: Prompt, before: object, state: State, heading: Sequence[str]) -> object:
    labels = dict(prompt.choices)
    first = before if isinstance(before, str) else before[0] if isinstance(before, tuple) else None
    rank = prompt.choices[before][0] if prompt.kind == "rating" and isinstance(before, int) else first
    # Pressing only enter says nothing.
    start = rank if rank in labels else _SILENCE.get(prompt.kind)
    # A wish in own words cannot be "no"; there the same letter leaves it out.
    levels = (_LETTERS if "no" in labels else _LETTERS | {"x": NO_ANSWER}) if prompt.kind == "criterion" else {}
    letters = {letter: ListKey(labels[level], level) for letter, level in levels.items() if level in labels}
    rows = [Row(value, label, details=[describe_question(prompt)]) for value, label in labels.items()]
    keys = {**_MOVE, "enter": ListKey("next", lambda row: row.value), **_make_commands(prompt, state)}
    return ask_rows([*heading, prompt.label], lambda _: rows, [letters, keys], start=start)[0]


def _complete(reply: Reply) -> Reply:
    """Ask for the words of a search or an own need if the reply has none, and return the reply."""
    words = reply.words
    if reply.word == "search" and not words:
        words = ask_text((), "Search for:", (), (join_keys("type a word", "enter alone: your answers so far"),))
    elif reply.word == "add" and not words:
        below = ("In your own words: loan phones during repair. sms|whatsapp where either will do.",)
        words = ask_text((), "Something else you need:", below, (join_keys("enter add it", "empty: nothing"),))
    return reply._replace(words=brief(words.strip().removeprefix("/")) if reply.word == "search" else words.strip())
