"""Terminal prompts: a list with a pointer, a list that is searched by typing, and a typed line.

A list serves every question with rows: criteria with marks, one choice, several ticks, what to do at an end. It does
not know what they mean. What a key does to the row at the pointer is an action, given by the caller with a few words,
from which the help below the list is made; rows are rebuilt after each action, because one row may depend on another.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
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

# Each part of the list is a window of its own. At the pointer, the details and the keys are those of its row:
#
#     Video: how important is each of these?               heading
#     Up to 44 criteria could still change the answer
#
#     > must      Video meetings                           rows: pointer, mark, label
#       -         Video API
#
#     Do people meet by video?                             details, or a note after ?
#     m must · g good · n nice · x no · s not sure ·       keys
#     ←→ less, more
#     ↑↓ move · enter next · ? why · / search · …
#
# prompt_toolkit has lists with a pointer too (RadioList, CheckboxList, and `choice`, which shows the first of them).
# But their rows are fixed when they are made, and a row has neither a mark of several levels nor details of its own.

LONGEST = 2_000
"""The most characters of a typed or pasted line; the rest is cut off."""

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
"""The fewest rows that the other windows need."""

_JOINT = "\N{NO-BREAK SPACE}"
_MOVES = {
    **dict.fromkeys(("up", "k", "c-p", "s-tab"), -1),
    **dict.fromkeys(("down", "j", "c-n", "tab"), 1),
}
_ENDS = {**dict.fromkeys(("home", "pageup"), 0), **dict.fromkeys(("end", "pagedown"), -1)}


class Row(NamedTuple):
    """A row of a list: its value, its label, and the mark before the label, in a style of its own.

    While the pointer is at it, `details` are shown below the list, and `keys` say which keys do something of its own.
    """

    value: Any
    label: str
    mark: str = ""
    style: str = ""
    details: Sequence[str] = ()
    keys: Sequence[str] = ()


class Note(NamedTuple):
    """Texts to show below the list in place of the details, until the next key; `keys` say how to hide them."""

    texts: Sequence[str]
    keys: Sequence[str]


Action = Callable[[Row], object] | tuple[Any, ...] | str
"""What a key does at a row: None stays in the list, a Note is shown in it, anything else is returned, called or not."""


class ListKey(NamedTuple):
    """A key of a list: what the help says that it does, if anything, and what it does."""

    says: str = ""
    action: Action | None = None


ListKeys = Mapping[str, ListKey]
"""Keys by the name that prompt_toolkit has for them, in the order of their help."""

_SHOWN = {" ": "space", "left": "←→", "escape": "esc"}
"""What help calls the keys whose names say little."""


class _Board:
    """The rows, the pointer, and a note if there is one; `help_lines` are on the keys of all rows."""

    def __init__(self, make_rows: Callable[[], Sequence[Row]], help_lines: Sequence[str], start: object = None) -> None:
        self._make_rows, self._help_lines = make_rows, help_lines
        self.point_at(start)

    @property
    def row(self) -> Row:
        return self.rows[self.place]

    def get_text(self) -> Note:
        """Return what is below the rows: the note, else the details of the row at the pointer."""
        return self.note or Note(self.row.details, [*self.row.keys, *self._help_lines])

    def point_at(self, value: object) -> None:
        """Rebuild the rows, and point at the one with this value, else at the first."""
        self.note: Note | None = None
        self.rows = self._make_rows()
        self.place = next((place for place, row in enumerate(self.rows) if row.value == value), 0)

    def move(self, steps: int, _: KeyPressEvent) -> None:
        self.place = (self.place + steps) % len(self.rows)
        self.note = None

    def jump(self, place: int, event: KeyPressEvent) -> None:
        self.move(place % len(self.rows) - self.place, event)

    def act(self, action: Action, event: KeyPressEvent) -> None:
        found = action(self.row) if callable(action) else action
        if isinstance(found, Note):
            # The same key hides it again.
            self.note = found if self.note is None else None
        elif found is not None:
            event.app.exit(result=found)
        else:
            # Ticking "Phone numbers" inserts a line for their number below it and moves all later rows, so the pointer
            # follows its row and not its position.
            self.point_at(self.row.value)


def hold_keys() -> AbstractContextManager[None]:
    """Return a context in which keys that are pressed between two lists wait for the next one, without an echo."""
    return get_app_session().input.raw_mode()


def ask_rows(  # noqa: PLR0913 (a list has as many sides)
    heading: Sequence[str],
    make_rows: Callable[[str], Sequence[Row]],
    lines: Sequence[ListKeys],
    *,
    start: object = None,
    mark_width: int = 0,
    label: str | None = None,
) -> tuple[Any, Any]:
    """Return the result of an action, and the value of the row at the pointer.

    The help on the keys has as many `lines`. The pointer begins at the row of the value `start`, else at the first.
    With a `label`, letters are typed into a line after it, and `make_rows` finds the rows for them; there is always
    one. Keys that can be typed then act only while the line is empty, and an action that stays in the list empties it.
    Raises KeyboardInterrupt, and EOFError where the input ends.
    """
    buffer, keys, is_search = Buffer(multiline=False), KeyBindings(), label is not None
    board = _Board(lambda: make_rows(buffer.text[:LONGEST]), [say_keys(line) for line in lines if line], start)

    def act(action: Action, event: KeyPressEvent) -> None:
        board.act(action, event)
        if buffer.text:
            buffer.text = ""

    for key, steps in _MOVES.items():
        if len(key) > 1 or not is_search:  # j and k are letters in a line
            _bind(keys, key, partial(board.move, steps))
    for key, action in ((key, one.action) for line in lines for key, one in line.items()):
        is_typed = Condition(lambda: not buffer.text) if len(key) == 1 else True
        if action is not None:
            keys.add(key, eager=True, filter=is_typed)(partial(act, action))
    windows = _make_rows_windows(board, mark_width)
    if label is not None:
        # Other rows are found for other letters, so the pointer starts at the first again.
        buffer.on_text_changed += lambda _: board.point_at(None)
        windows.insert(0, _make_line(buffer, label, keys, most=2))
    else:
        for key, place in _ENDS.items():
            _bind(keys, key, partial(board.jump, place))
        # A paste is ignored: its letters would be taken for keys.
        _bind(keys, Keys.BracketedPaste, lambda _: None)
    return _run(heading, windows, board.get_text, keys, windows[0] if is_search else None), board.row.value


def ask_text(
    heading: Sequence[str], label: str, below: Sequence[str], keys_line: Sequence[str], before: str = ""
) -> str:
    """Return the line that is typed after the label. Raises KeyboardInterrupt, and EOFError where the input ends."""
    buffer, keys = Buffer(document=Document(before), multiline=False), KeyBindings()
    _bind(keys, "enter", lambda event: event.app.exit(result=buffer.text[:LONGEST]))
    _bind(keys, "c-d", lambda event: event.app.exit(exception=EOFError) if not buffer.text else buffer.delete())
    line, text = _make_line(buffer, label, keys, most=3), Note(["", *below], keys_line)
    found: str = _run(heading, [line], lambda: text, keys, line)
    return found


def _make_line(buffer: Buffer, label: str, keys: KeyBindings, *, most: int) -> Window:
    """Return a window to type into, of at most `most` rows; of pasted text, the first line counts."""

    def paste(event: KeyPressEvent) -> None:
        text = event.data[:LONGEST]
        buffer.insert_text(text.splitlines()[0] if text.strip() else "")

    _bind(keys, Keys.BracketedPaste, paste)
    control = BufferControl(buffer, input_processors=[BeforeInput(f"{clean(label)} ", style="class:title")])
    return Window(control, height=Dimension(min=1, max=most), wrap_lines=True, dont_extend_height=True)


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


def _run(
    heading: Sequence[str],
    windows: Sequence[Window],
    get_text: Callable[[], Note],
    keys: KeyBindings,
    focused: Window | None = None,
) -> Any:  # noqa: ANN401 (whatever an action returned)
    """Show the windows between a heading and a text with its keys, until a key ends it."""
    body = [
        _make_text_window(lambda: heading, "title", "dim"),
        *windows,
        _make_text_window(lambda: get_text().texts, whole=True),
        _make_text_window(lambda: get_text().keys, "dim"),
    ]
    # Ctrl-C is a key here; SIGINT from elsewhere comes as a key of its own.
    for key in ("c-c", "<sigint>"):
        _bind(keys, key, lambda event: event.app.exit(exception=KeyboardInterrupt))
    output = get_app_session().output
    if isinstance(output, Vt100_Output):
        # If a terminal does not report its cursor, the library would wait and warn at every list.
        output.enable_cpr = False
    layout = Layout(HSplit(body), focused_element=focused)
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


def say_keys(keys: ListKeys) -> str:
    """Return the help on keys: `space tick · ↑↓ move · enter next`."""
    return join_keys(*(f"{_SHOWN.get(key, key)} {one.says}" for key, one in keys.items() if one.says))


def join_keys(*keys: str) -> str:
    """Return the keys and what they do as one text that wraps only between keys."""
    return " · ".join(key.replace(" ", _JOINT) for key in keys)
