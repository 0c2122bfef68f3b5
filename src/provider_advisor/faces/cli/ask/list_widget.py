"""A list in one screen: arrows move, a letter or left and right set how important a criterion is.

Numbers and what a team says of itself stand on lines of their own, which open to be answered.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from prompt_toolkit.application import Application, get_app_session
from prompt_toolkit.filters import to_filter
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth
from questionary import Question
from questionary.prompts.common import InquirerControl

from provider_advisor.faces.cli.ask.conversation import Reply
from provider_advisor.faces.cli.ask.wording import LEVELS
from provider_advisor.questionnaire.state import silence_on

__all__ = [
    "LOOK",
    "Line",
    "Opened",
    "ask_list",
    "cut",
    "framed",
    "keys_text",
    "pointed",
    "text_window",
    "ticked",
    "width_here",
]

LOOK = Style.from_dict(
    {
        "title": "bold",
        "dim": "ansibrightblack",
        "must": "ansigreen bold",
        "good": "ansicyan bold",
        "nice": "ansicyan",
        "not-sure": "ansiyellow",
        "pointer": "bold",
        "highlighted": "bold",
        "selected": "ansigreen",
        "answer": "bold",
        "qmark": "bold",
    }
)
_WIDEST = 100
_OTHERS = 9
"""The rows that other windows need at least."""
_JOINT = "\N{NO-BREAK SPACE}"


def width_here() -> int:
    """The columns that a text may have."""
    return max(10, min(get_app_session().output.get_size().columns, _WIDEST) - 1)


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fits with a mark that something is left out.

    >>> cut("Whiteboard", 20), cut("Whiteboard", 6)
    ('Whiteboard', 'White…')
    """
    if get_cwidth(text) <= width:
        return text
    while text and get_cwidth(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def keys_text(*keys: str) -> str:
    """Keys and what they do, as a text that is only wrapped between two of them."""
    return " · ".join(key.replace(" ", _JOINT) for key in keys)


def text_window(texts: Callable[[], Sequence[str]], *styles: str, whole: bool = False) -> Window:
    """A window of wrapped texts; each has the style of its place, those beyond the last style the last one.

    Where room is short others give way to one that is to be seen `whole`.
    """

    def wrapped() -> list[tuple[str, str]]:
        return [
            (f"class:{styles[min(place, len(styles) - 1)]}" if styles else "", line.replace(_JOINT, " "))
            for place, text in enumerate(texts())
            for line in textwrap.wrap(text, width_here(), break_on_hyphens=False) or [""]
        ]

    def shown() -> StyleAndTextTuples:
        return [(style, f"\n{line}" if place else line) for place, (style, line) in enumerate(wrapped())]

    def height() -> Dimension:
        lines = len(wrapped())
        room = get_app_session().output.get_size().rows - _OTHERS
        return Dimension(min=max(1, min(lines, room)) if whole else min(lines, 1), preferred=lines, max=lines)

    return Window(FormattedTextControl(shown), height=height)


def framed(question: Question, above: Sequence[str], below: Callable[[], Sequence[str]], keys: str) -> Question:
    """The prompt with texts above it, texts that may change below it, and its keys at the bottom."""
    layout = question.application.layout
    for window in layout.find_all_windows():
        window.dont_extend_height = to_filter(True)  # noqa: FBT003 (always)
    parts: list[Any] = [
        *([text_window(lambda: above, "title", "dim")] if above else []),
        layout.container,
        text_window(lambda: ["", *below()], whole=True),
        text_window(lambda: [keys], "dim"),
    ]
    question.application.layout = Layout(HSplit(parts), focused_element=layout.current_window)
    return question


def pointed(question: Question) -> object:
    """The value that the pointer is at, None where there is nothing to choose from."""
    control = _control(question)
    return None if control is None else control.get_pointed_at().value


def ticked(question: Question) -> list[str]:
    """The values ticked so far."""
    control = _control(question)
    return [] if control is None else [str(choice.value) for choice in control.get_selected_values()]


def _control(question: Question) -> InquirerControl | None:
    controls = question.application.layout.find_all_controls()
    return next((control for control in controls if isinstance(control, InquirerControl)), None)


_LADDER = ("not-sure", "no", "nice", "good", "must")
_LETTERS = {"m": "must", "g": "good", "n": "nice", "x": "no", "s": "not-sure"}
_WORDS = {"b": "back", "d": "done", "q": "stop", "/": "search", "c-d": "stop"}
_KEYS = (
    keys_text("m must", "g good", "n nice", "x no", "s not sure", "←→ less, more"),
    keys_text("↑↓ move", "enter go on", "? why", "/ search", "b back", "d that is all", "q stop and save"),
)
_OPENS = (keys_text("space answer", "x leave it", "s not sure"), _KEYS[1])
_BACK_TO_LIST = keys_text("? hide this", "the other keys as before")
_MARK = 10


class Line(NamedTuple):
    """A line of a list: its key, its label, and what helps to answer.

    Of a criterion it is set how important it is; any other line `opens`, and its label tells its answer.
    """

    key: str
    label: str
    detail: str
    opens: bool = False


class Opened(NamedTuple):
    """A line that the person wants to answer, and what was typed for it already."""

    key: str
    typed: str = ""


class _Board:
    """What the list shows: where the pointer is, and perhaps why that line is asked.

    Its lines are worked out again after each mark, for a number may follow what is ticked.
    """

    def __init__(
        self, heading: Sequence[str], work_out: Callable[[], Sequence[Line]], said: dict[str, object], start: str
    ) -> None:
        self.heading = heading
        self.said = said
        self.why: Sequence[str] = ()
        self._work_out = work_out
        self.lines = work_out()
        self.place = next((place for place, line in enumerate(self.lines) if line.key == start), 0)

    @property
    def line(self) -> Line:
        return self.lines[self.place]

    def move(self, steps: int) -> None:
        self.place = (self.place + steps) % len(self.lines)
        self.why = ()

    def mark(self, level: str) -> None:
        here = self.line.key
        self.said[here] = level
        self.why = ()
        self.lines = self._work_out()
        self.place = next(place for place, line in enumerate(self.lines) if line.key == here)

    def letter(self, level: str) -> None:
        """Set how important a criterion is; of any other line only that there is no answer, or none for sure."""
        if not self.line.opens:
            self.mark(level)
        elif level in {"no", "not-sure"}:
            self.mark("not-sure" if level == "not-sure" else str(silence_on(self.line.key)))

    def step(self, steps: int) -> None:
        now = _LADDER.index(str(self.said.get(self.line.key, "no")))
        self.mark(_LADDER[max(0, min(len(_LADDER) - 1, now + steps))])

    def turn(self) -> None:
        """From no to must, and from there down."""
        order = list(LEVELS)
        now = order.index(str(self.said.get(self.line.key, "no")))
        self.mark({"no": "must", "nice": "no"}.get(order[now], order[(now + 1) % len(order)]))

    def waiting(self) -> Line | None:
        """The first line that opens and has no answer."""
        return next((line for line in self.lines if line.opens and line.key not in self.said), None)


def ask_list(
    heading: Sequence[str],
    work_out: Callable[[], Sequence[Line]],
    said: dict[str, object],
    why: Callable[[str], Sequence[str]],
    start: str = "",
) -> tuple[Reply | Opened, str]:
    """What the person did at last, and the key of the line where; marks go into `said` at once.

    The pointer begins at the line of the key `start`, else at the first. Whoever wants to go on is led to lines that
    wait for an answer first. Raises KeyboardInterrupt and EOFError.
    """
    board = _Board(heading, work_out, said, start)
    application: Application[Reply | Opened] = Application(
        layout=Layout(_body(board)), key_bindings=_bindings(board, why), style=LOOK, erase_when_done=True
    )
    return application.run(), board.line.key


def _body(board: _Board) -> HSplit:
    rows = Window(
        FormattedTextControl(lambda: _rows(board), focusable=True, show_cursor=False),
        height=lambda: Dimension(min=min(3, len(board.lines)), preferred=len(board.lines), max=len(board.lines)),
    )
    return HSplit(
        [
            text_window(lambda: board.heading, "title", "dim"),
            Window(height=Dimension(min=0, max=1, preferred=1)),
            rows,
            Window(height=Dimension(min=0, max=1, preferred=1)),
            text_window(lambda: board.why or [board.line.detail], whole=True),
            text_window(lambda: [_BACK_TO_LIST] if board.why else _OPENS if board.line.opens else _KEYS, "dim"),
        ]
    )


def _rows(board: _Board) -> StyleAndTextTuples:
    found: StyleAndTextTuples = []
    for place, line in enumerate(board.lines):
        here = place == board.place
        level = "no" if line.opens else str(board.said.get(line.key, "no"))
        if here:
            found.append(("[SetCursorPosition]", ""))
        mark = "-" if line.key not in board.said else "" if line.opens else LEVELS[level]
        found.append(("class:pointer" if here else "", "> " if here else "  "))
        found.append((f"class:{level}" if level != "no" else "class:dim", mark.ljust(_MARK)))
        label = cut(line.label, width_here() - _MARK - 2)
        found.append(("class:highlighted" if here else "", f"{label}\n" if place + 1 < len(board.lines) else label))
    return found


def _bindings(board: _Board, why: Callable[[str], Sequence[str]]) -> KeyBindings:
    keys = KeyBindings()
    for key, act in _moves(board).items():
        _bind(keys, key, lambda _, act=act: act())  # type: ignore[misc]
    for key, act in _turns(board).items():
        _bind(keys, key, lambda event, act=act: _open(event, board.line) if board.line.opens else act())  # type: ignore[misc]
    for digit in "0123456789":
        _bind(keys, digit, lambda event, digit=digit: _open(event, board.line, digit))  # type: ignore[misc]
    for key, word in _WORDS.items():
        _bind(keys, key, lambda event, word=word: event.app.exit(result=Reply(word)))  # type: ignore[misc]
    _bind(keys, "?", lambda _: setattr(board, "why", () if board.why else why(board.line.key)))
    _bind(keys, "enter", lambda event: _go_on(event, board))
    _bind(keys, "c-c", lambda event: event.app.exit(exception=KeyboardInterrupt))
    # A paste is no answer: its letters would be taken for keys.
    _bind(keys, Keys.BracketedPaste, lambda _: None)
    return keys


def _moves(board: _Board) -> dict[str, Callable[[], None]]:
    """Keys that do the same on any line."""
    return {
        **dict.fromkeys(("up", "k", "c-p", "s-tab"), lambda: board.move(-1)),
        **dict.fromkeys(("down", "j", "c-n", "tab"), lambda: board.move(1)),
        **dict.fromkeys(("home", "pageup"), lambda: board.move(-board.place)),
        **dict.fromkeys(("end", "pagedown"), lambda: board.move(len(board.lines) - 1 - board.place)),
        **{letter: (lambda level=level: board.letter(level)) for letter, level in _LETTERS.items()},  # type: ignore[misc]
    }


def _turns(board: _Board) -> dict[str, Callable[[], None]]:
    """Keys that set how important a criterion is, and open any other line."""
    return {"left": lambda: board.step(-1), "right": lambda: board.step(1), " ": board.turn}


def _bind(keys: KeyBindings, key: str, act: Callable[[KeyPressEvent], None]) -> None:
    keys.add(key, eager=True)(act)


def _open(event: KeyPressEvent, line: Line, typed: str = "") -> None:
    if line.opens:
        event.app.exit(result=Opened(line.key, typed))


def _go_on(event: KeyPressEvent, board: _Board) -> None:
    waiting = board.waiting()
    event.app.exit(result=Opened(waiting.key) if waiting else Reply("next"))
