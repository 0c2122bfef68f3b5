"""Terminal prompts: a list with a pointer, a list that is searched by typing, and a typed line.

A list serves every question with rows: criteria with marks, one choice, several ticks, what to do at an end. It does
not know what they mean. What a key does to the row at the pointer is an action, given by the caller; rows are rebuilt
after each action, because one row may depend on another.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from prompt_toolkit.application import Application, get_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from provider_advisor.faces.text import clean
from provider_advisor.safe_text import reveal

LONGEST = 200
"""A typed or pasted line is cut after so many characters."""

_LOOK = Style.from_dict(
    {
        "title": "bold",
        "dim": "ansibrightblack",
        "must": "ansigreen bold",
        "good": "ansicyan bold",
        "nice": "ansicyan",
        "not-sure": "ansiyellow",
        "ticked": "ansigreen",
        "pointed": "bold",
    }
)
_WIDEST = 100
_OTHERS = 9
"""The other windows need at least so many rows."""

_TICK_WIDTH = 4
_JOINT = "\N{NO-BREAK SPACE}"
_MOVES = {
    **dict.fromkeys(("up", "k", "c-p", "s-tab"), -1),
    **dict.fromkeys(("down", "j", "c-n", "tab"), 1),
}


class Row(NamedTuple):
    """A row of a list: its value, its label, and the mark before the label, in a style of its own.

    While the pointer is at it, `details` are shown below the list, and `keys` say what keys do here.
    """

    value: object
    label: str
    mark: str = ""
    style: str = ""
    details: Sequence[str] = ()
    keys: Sequence[str] = ()


class Note(NamedTuple):
    """Texts to show below the list in place of the details, until the next key; `keys` say how to hide them."""

    texts: Sequence[str]
    keys: Sequence[str]


Action = Callable[[Row], object]
"""What a key does at a row: None stays in the list, a Note is shown, anything else is returned."""


class _Board:
    """The rows, the pointer, and a note if there is one."""

    def __init__(self, make_rows: Callable[[], Sequence[Row]], start: object) -> None:
        self.note: Note | None = None
        self._make_rows = make_rows
        self.rows = make_rows()
        self.place = next((place for place, row in enumerate(self.rows) if row.value == start), 0)

    @property
    def row(self) -> Row:
        return self.rows[self.place]

    def move(self, steps: int) -> None:
        self.place = (self.place + steps) % len(self.rows)
        self.note = None

    def act(self, event: KeyPressEvent, action: Action) -> None:
        here = self.row.value
        found = action(self.row)
        if isinstance(found, Note):
            # The same key hides it again.
            self.note = found if self.note is None else None
        elif found is not None:
            event.app.exit(result=found)
        else:
            # Ticking "Phone numbers" inserts a line for their number below it and moves all later rows, so the pointer
            # follows its row and not its position.
            self.note = None
            self.rows = self._make_rows()
            self.place = next((place for place, row in enumerate(self.rows) if row.value == here), 0)

    def start_again(self) -> None:
        """Rebuild the rows, and point at the first."""
        self.note, self.rows, self.place = None, self._make_rows(), 0


def ask_rows(
    heading: Sequence[str],
    make_rows: Callable[[], Sequence[Row]],
    actions: Mapping[str, Action],
    *,
    start: object = None,
    mark_width: int = 0,
) -> tuple[Any, Any]:
    """Return the result of an action, and the value of the row at the pointer.

    `actions` are by the name of their key, as prompt_toolkit calls it; the pointer begins at the row of the value
    `start`, else at the first. Raises KeyboardInterrupt, and EOFError where the input ends.
    """
    board = _Board(make_rows, start)
    keys = KeyBindings()
    for key, steps in _MOVES.items():
        _bind(keys, key, lambda _, steps=steps: board.move(steps))  # type: ignore[misc]
    for key in ("home", "pageup"):
        _bind(keys, key, lambda _: board.move(-board.place))
    for key in ("end", "pagedown"):
        _bind(keys, key, lambda _: board.move(len(board.rows) - 1 - board.place))
    for key, action in actions.items():
        _bind(keys, key, lambda event, action=action: board.act(event, action))  # type: ignore[misc]
    # A paste is ignored: its letters would be taken for keys.
    _bind(keys, Keys.BracketedPaste, lambda _: None)
    body = [
        _make_text_window(lambda: heading, "title", "dim"),
        *_make_rows_windows(board, mark_width),
        _make_text_window(lambda: board.note.texts if board.note else board.row.details, whole=True),
        _make_text_window(lambda: board.note.keys if board.note else board.row.keys, "dim"),
    ]
    found = _run(Layout(HSplit(body)), keys)
    return found, board.row.value


def ask_search(
    heading: Sequence[str],
    label: str,
    make_rows: Callable[[str], Sequence[Row]],
    act: Action,
    leaving: Mapping[str, object],
) -> Any:  # noqa: ANN401 (whatever the action returned)
    """Return the result of the action at the chosen row, or the value of a key in `leaving`.

    Letters are typed into a line, and `make_rows` finds the rows for it; there is always one. Enter acts on the row at
    the pointer; where that returns None, the list stays and the line is empty again. Keys of `leaving` that can be
    typed count only while the line is empty. Raises KeyboardInterrupt, and EOFError where the input ends.
    """
    buffer = Buffer(multiline=False)
    board = _Board(lambda: make_rows(buffer.text[:LONGEST]), None)
    buffer.on_text_changed += lambda _: board.start_again()
    keys = KeyBindings()

    def choose(event: KeyPressEvent) -> None:
        was_typed = bool(buffer.text)
        board.act(event, act)
        if was_typed:
            buffer.reset()
            board.start_again()

    for key, steps in (("up", -1), ("down", 1), ("c-p", -1), ("c-n", 1), ("s-tab", -1), ("tab", 1)):
        _bind(keys, key, lambda _, steps=steps: board.move(steps))  # type: ignore[misc]
    _bind(keys, "enter", choose)
    for key, found in leaving.items():
        is_typed = Condition(lambda: not buffer.text) if len(key) == 1 else True
        keys.add(key, eager=True, filter=is_typed)(lambda event, found=found: event.app.exit(result=found))
    _bind(keys, Keys.BracketedPaste, lambda event: buffer.insert_text(_get_first_line(event.data)))
    line = BufferControl(buffer, input_processors=[BeforeInput(f"{clean(label)} ", style="class:title")])
    body = [
        *([_make_text_window(lambda: heading, "title", "dim")] if heading else []),
        Window(line, height=Dimension(min=1, max=2), wrap_lines=True, dont_extend_height=True),
        *_make_rows_windows(board, _TICK_WIDTH),
        _make_text_window(lambda: board.row.details, whole=True),
        _make_text_window(lambda: board.row.keys, "dim"),
    ]
    return _run(Layout(HSplit(body), focused_element=line), keys)


def _make_rows_windows(board: _Board, mark_width: int) -> list[Window]:
    """Return the window of the rows between two empty lines, which are dropped if there is little room."""

    def measure() -> Dimension:
        return Dimension(min=min(3, len(board.rows)), preferred=len(board.rows), max=len(board.rows))

    control = FormattedTextControl(lambda: _draw_rows(board, mark_width), focusable=True, show_cursor=False)
    above, below = (Window(height=Dimension(min=0, max=1, preferred=1)) for _ in range(2))
    return [above, Window(control, height=measure), below]


def _draw_rows(board: _Board, mark_width: int) -> StyleAndTextTuples:
    found: StyleAndTextTuples = []
    for place, row in enumerate(board.rows):
        here = place == board.place
        if here:
            found.append(("[SetCursorPosition]", ""))
        style = "class:pointed" if here else ""
        found.append((style, "> " if here else "  "))
        found.append((f"class:{row.style}", row.mark.ljust(mark_width)))
        label = cut(row.label, _get_width() - mark_width - 2)
        found.append((style, f"{label}\n" if place + 1 < len(board.rows) else label))
    return found


def ask_text(
    heading: Sequence[str], label: str, below: Sequence[str], keys_line: Sequence[str], before: str = ""
) -> str:
    """Return the line that is typed after the label. Raises KeyboardInterrupt, and EOFError where the input ends."""
    buffer = Buffer(document=Document(before), multiline=False)
    keys = KeyBindings()
    _bind(keys, "enter", lambda event: event.app.exit(result=buffer.text[:LONGEST]))
    _bind(keys, "c-d", lambda event: event.app.exit(exception=EOFError) if not buffer.text else buffer.delete())
    _bind(keys, Keys.BracketedPaste, lambda event: buffer.insert_text(_get_first_line(event.data)))
    line = BufferControl(buffer, input_processors=[BeforeInput(f"{clean(label)} ", style="class:title")])
    body = [
        *([_make_text_window(lambda: heading, "title", "dim")] if heading else []),
        Window(line, height=Dimension(min=1, max=3), wrap_lines=True, dont_extend_height=True),
        _make_text_window(lambda: ["", *below], whole=True),
        _make_text_window(lambda: keys_line, "dim"),
    ]
    found: str = _run(Layout(HSplit(body), focused_element=line), keys)
    return found


def _get_first_line(text: str) -> str:
    return text[:LONGEST].splitlines()[0] if text.strip() else ""


def _run(layout: Layout, keys: KeyBindings) -> Any:  # noqa: ANN401 (whatever an action returned)
    # Ctrl-C is a key here; SIGINT from elsewhere comes as a key of its own.
    for key in ("c-c", "<sigint>"):
        _bind(keys, key, lambda event: event.app.exit(exception=KeyboardInterrupt))
    output = get_app_session().output
    if isinstance(output, Vt100_Output):
        # If a terminal does not report its cursor, the library would wait and warn at every list.
        output.enable_cpr = False
    application: Application[Any] = Application(layout=layout, key_bindings=keys, style=_LOOK, erase_when_done=True)
    # If a terminal does not report its cursor, the library's warning would appear in the conversation.
    application.renderer.cpr_not_supported_callback = None
    return application.run()


def _bind(keys: KeyBindings, key: str, act: Callable[[KeyPressEvent], object]) -> None:
    keys.add(key, eager=True)(lambda event: act(event) and None)


def _make_text_window(texts: Callable[[], Sequence[str]], *styles: str, whole: bool = False) -> Window:
    """Return a window of wrapped texts, styled in order; the last style is used for all further ones.

    If there is little room, other windows shrink so that one with `whole` is shown in full.
    """

    def wrap() -> list[tuple[str, str]]:
        return [
            (f"class:{styles[min(place, len(styles) - 1)]}" if styles else "", line.replace(_JOINT, " "))
            for place, text in enumerate(texts())
            for line in textwrap.wrap(reveal(text), _get_width(), break_on_hyphens=False) or [""]
        ]

    def draw() -> StyleAndTextTuples:
        return [(style, f"\n{line}" if place else line) for place, (style, line) in enumerate(wrap())]

    def measure() -> Dimension:
        lines = len(wrap())
        room = get_app_session().output.get_size().rows - _OTHERS
        return Dimension(min=min(lines, max(1, room)) if whole else min(lines, 1), preferred=lines, max=lines)

    return Window(FormattedTextControl(draw), height=measure)


def _get_width() -> int:
    """Return how many columns wide a text may be."""
    return max(10, min(get_app_session().output.get_size().columns, _WIDEST) - 1)


def cut(text: str, width: int) -> str:
    """Return the text, cut with an ellipsis if it does not fit.

    >>> cut("Whiteboard", 20), cut("Whiteboard", 6)
    ('Whiteboard', 'White…')
    """
    text = clean(text)
    if get_cwidth(text) <= width:
        return text
    while text and get_cwidth(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def join_keys(*keys: str) -> str:
    """Return the keys and what they do as one text that wraps only between keys."""
    return " · ".join(key.replace(" ", _JOINT) for key in keys)
