"""How screens of the conversation look on a terminal: what stands above and below a prompt, cut and wrapped to fit."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from prompt_toolkit.application import get_app_session
from prompt_toolkit.filters import to_filter
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth
from questionary import Question
from questionary.prompts.common import InquirerControl

__all__ = ["LOOK", "cut", "framed", "keys_text", "pointed", "text_window", "ticked", "width_here"]

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
