"""Colour and symbols only where they show; every line fits."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.faces.text import Page, TableCell


class _Screen:
    """A standard output that says it is a terminal."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.fixture
def terminal(monkeypatch):
    """A function from encoding, columns and environment to what a page with one mark looks like there."""

    def show(encoding: str = "utf-8", columns: int = 80, **environment: str) -> tuple[Page, str]:
        screen = _Screen(encoding)
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((columns, 24)))
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        page = Page()
        page.table(["", "Asked for"], [[page.mark("yes"), "Board"]])
        page.show()
        return page, screen.text

    return show


def test_a_terminal_gets_colour_and_symbols(terminal):
    _, text = terminal()
    assert "✓ yes" in text
    assert "\x1b[32m" in text


def test_no_color_leaves_the_symbols(terminal):
    _, text = terminal(NO_COLOR="1")
    assert "✓ yes" in text
    assert "\x1b" not in text


def test_a_dumb_terminal_gets_plain_words(terminal):
    _, text = terminal(TERM="dumb")
    assert text == "     Asked for\nyes  Board\n"


def test_a_terminal_that_knows_no_symbols_gets_words(terminal):
    _, text = terminal(encoding="latin-1")
    assert "✓" not in text
    assert "yes" in text


@pytest.mark.parametrize(("columns", "width"), [(40, 40), (80, 80), (300, 100)])
def test_a_page_is_as_wide_as_the_terminal_up_to_a_hundred_columns(terminal, columns, width):
    assert terminal(columns=columns)[0].width == width


_WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=30), min_size=1, max_size=8).map(" ".join)


@given(st.lists(st.lists(_WORDS, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(40, 100))
def test_a_table_keeps_every_letter_and_fits(rows, width):
    page = Page()
    page.width = width
    page.table(["", "", ""], [[TableCell(text) for text in row] for row in rows])
    lines = page._lines
    assert all(len(line) <= width for line in lines)
    shown = sorted("".join(lines).replace(" ", ""))
    assert shown == sorted("".join("".join(row) for row in rows).replace(" ", ""))


def test_a_table_breaks_no_word_while_another_column_can_be_narrower():
    page = Page(screen=False)
    long = "a sentence of many short words that can be cut anywhere between two of them, as often as it has to be"
    page.table(["", "Telecommunications", "Undetermined"], [[long, "interoperability", "unconfirmed"]])
    lines = page.text().splitlines()
    assert lines[0].split() == ["Telecommunications", "Undetermined"]
    assert lines[1].split()[-2:] == ["interoperability", "unconfirmed"]
    assert max(map(len, lines)) <= 80


def test_a_table_of_words_that_are_too_long_still_fits():
    page = Page(screen=False)
    page.table(["a" * 60, "b" * 60], [["c", "d"]])
    assert max(map(len, page.text().splitlines())) <= 80


def test_a_search_with_a_number_says_how_to_ask_with_it(recommend_says):
    found = recommend_says("recommend criteria response within 4 hours")
    assert found.err == "With your numbers: 'support-response-hours<=4'.\n"
    assert recommend_says("recommend criteria voicemail").err == ""
