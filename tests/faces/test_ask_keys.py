"""`recommend ask` with arrow keys, and what remains of it when it is interrupted."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.posix_pipe import PosixPipeInput
from prompt_toolkit.output import DummyOutput

from provider_advisor import load
from provider_advisor.faces.cli.ask import keys
from provider_advisor.faces.cli.ask.conversation import Draft, converse
from provider_advisor.faces.cli.ask.keys import KeyFace
from provider_advisor.faces.cli.ask.list_widget import Note, cut
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire import Catalogue, State, choose_screen, survey_answers
from provider_advisor.questionnaire.state import TOPICS

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
ENTER, RUBOUT, CTRL_C = "\r", "\x7f", "\x03"
_VIDEO = f"{DOWN}{DOWN} {ENTER}"
_PIPE_HOLDS = 1 << 14
_PASTE = "\x1b[200~" + "mqgx\r" * 60_000 + "\x1b[201~"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(facts_as_of(load(), dt.date(2022, 12, 31), None))


def _save(_state, path, is_answers):
    return f"Saved {'the answers' if is_answers else 'the requirements'} in {path.name}."


@pytest.fixture
def talk(catalogue, capsys):
    """A function from keys to the draft and the end that they lead to; without an end it raises EOFError."""

    def run(keys: str, most: int = 10, draft: Draft | None = None):
        draft = draft or Draft(State(catalogue, most=most))
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            # More than the pipe holds has to be sent while it is read.
            sender = threading.Thread(target=lambda: (pipe.send_text(keys), pipe.close()), daemon=True)
            sender.start()
            try:
                end = converse(draft, KeyFace(), _save)
            finally:
                # Both close the pipe: the thread after sending, and `with`. What is longer may never be read whole.
                if len(keys) < _PIPE_HOLDS:
                    sender.join()
        return draft, end, capsys.readouterr().out

    return run


def _asked(draft: Draft) -> dict[str, str]:
    return {part.criterion: part.priority for part in survey_answers(draft.state).meaning.team.requirements}


def test_letters_set_how_important_a_line_is(talk):
    draft, end, out = talk(f"{_VIDEO}m{DOWN}g{DOWN}n{DOWN}s{DOWN}x{DOWN}m{UP}{UP}{ENTER}d{ENTER}")
    assert end.kind == "declared"
    assert _asked(draft) == {
        "video-meetings": "must",
        "video-api": "should",
        "video-embed": "could",
        "whiteboard": "must",
    }
    assert survey_answers(draft.state).meaning.said.unsure == {Key("criterion", "live-streaming")}
    assert "Video meetings: must; Video API: good; Video embedded in a page: nice;" in out


def test_the_end_offers_to_save_and_replaces_no_file_without_a_yes(talk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").touch()
    fresh = f"{DOWN * 5}{ENTER}new.yaml\r{ENTER}"
    kept = f"{DOWN * 5}{ENTER}old.yaml\r{ENTER}{ENTER}"
    replaced = f"{DOWN * 6}{ENTER}old.yaml\r{DOWN}{ENTER}{ENTER}"
    said = [talk(f"{_VIDEO}m{ENTER}d{keys}")[2] for keys in (fresh, kept, replaced)]
    assert "Saved the requirements in new.yaml." in said[0]
    assert "Nothing was saved." in said[1]
    assert "Saved the answers in old.yaml." in said[2]


def test_left_and_right_and_space_do_it_too(talk):
    draft, _, _ = talk(
        f"{_VIDEO}{RIGHT}{DOWN}{RIGHT * 9}{LEFT}{DOWN} {DOWN}  {DOWN * 2}   {DOWN}    {LEFT}{ENTER * 3}d{ENTER}"
    )
    assert _asked(draft) == {
        "video-meetings": "could",
        "video-api": "should",
        "video-embed": "must",
        "live-streaming": "should",
        "screen-sharing": "could",
    }
    assert survey_answers(draft.state).meaning.said.unsure == {Key("criterion", "whiteboard")}


_NEXT_LIST = f"{_VIDEO}m{DOWN}{DOWN}g{ENTER}"
"""The pointer is on a line that takes a number."""


def _bounds(draft: Draft) -> dict[str, object]:
    return {part.criterion: part.bound for part in survey_answers(draft.state).meaning.team.requirements}


def test_the_number_of_what_is_ticked_stands_on_a_line_below_it(talk):
    draft, _, out = talk(f"{_NEXT_LIST}m{DOWN}50\r{ENTER}d{ENTER}")
    assert _bounds(draft)["video-participants"] == Interval(low=50)
    assert "Interactive video participants: must, at least 50 participants." in out


def test_who_goes_on_is_led_to_what_has_no_answer_yet(talk):
    draft, _, _ = talk(f"{_NEXT_LIST}m{ENTER}20\r{ENTER}d{ENTER}")
    assert _bounds(draft)["video-participants"] == Interval(low=20)
    draft, _, _ = talk(f"{_NEXT_LIST}m{ENTER}\r{ENTER}d{ENTER}")
    assert _bounds(draft)["video-participants"] is None


def test_a_number_is_taken_back_with_its_tick_and_left_open_by_s(talk):
    draft, _, _ = talk(f"{_NEXT_LIST}m{DOWN}50\r{UP}{UP}x{ENTER}d{ENTER}")
    assert "video-participants" not in _bounds(draft)
    draft, _, _ = talk(f"{_NEXT_LIST}m{DOWN}mgs{ENTER}d{ENTER}")
    assert _bounds(draft)["video-participants"] is None
    assert survey_answers(draft.state).meaning.said.unsure == {Key("bound", "video-participants")}


def test_back_out_of_a_line_leads_to_the_list(talk):
    draft, _, _ = talk(f"{_NEXT_LIST}m{DOWN} back\r{UP}g{ENTER}{ENTER}{ENTER}d{ENTER}")
    assert _asked(draft)["video-participants"] == "should"


def test_a_list_that_is_left_out_says_above_the_next_one_what_it_asked(talk):
    _, _, out = talk(f"{_VIDEO}{ENTER}d{ENTER}")
    assert "Topics: Video.\nLeft out: Video meetings, Video API and " in out


def test_going_back_keeps_what_was_marked(talk):
    draft, _, _ = talk(f"{_VIDEO}m{ENTER}bb{ENTER}d{ENTER}")
    assert _asked(draft) == {"video-meetings": "must"}


def test_a_search_answers_what_no_screen_asks_and_leaves_the_marks(talk):
    found = f"/bought\r{ENTER}{DOWN}{ENTER}12,5x\r{RUBOUT * 5}90\r"
    draft, _, out = talk(f"{_VIDEO}m{found}d{ENTER}")
    assert _asked(draft) == {"video-meetings": "must", "number-countries": "should"}
    assert "Countries where numbers can be bought: at least 90 countries." in out


def test_the_search_leads_to_answers_that_can_be_changed(talk):
    draft, _, _ = talk(f"{_VIDEO}m{ENTER}d{DOWN * 3}{ENTER}{ENTER}{DOWN}{ENTER}{DOWN * 3}{ENTER}d{ENTER}")
    assert _asked(draft) == {}
    topics = f"{_VIDEO}d{DOWN * 3}{ENTER}topics\r{ENTER} {ENTER}d{ENTER}"
    draft, _, _ = talk(topics)
    assert set(survey_answers(draft.state).meaning.said.opened) == {"calls", "video"}


def test_why_is_shown_inside_every_list(talk, monkeypatch):
    """A list of all countries fills the terminal: what is printed above it is out of sight."""
    shown: list[str] = []
    monkeypatch.setattr(keys, "Note", lambda texts, line: shown.append(" ".join(texts)) or Note(texts, line))
    draft, _, out = talk(f"?{_VIDEO}?/sms\r?{ENTER}m?\x1bd?{ENTER}")
    topics, criterion, found, members, end = shown
    assert "At most this many questions per topic" in topics
    assert ("meet" in criterion, "text messages" in found, "In which countries" in members) == (True, True, True)
    assert "Proved" in end
    assert not any(text in out for text in shown)
    assert _asked(draft) == {"sms": "must"}


def test_the_pointer_stays_where_it_was_when_somebody_asks_why(talk):
    draft, _, _ = talk(f"{DOWN}{DOWN}? {ENTER}md{ENTER}")
    assert _asked(draft) == {"video-meetings": "must"}


def test_every_kind_of_question_can_be_answered_by_a_search(catalogue, talk):
    draft = Draft(State(catalogue))
    rating = f"/reputation of customer\r{ENTER}{ENTER}{UP}{ENTER}"
    single, several = f"/developers who\r{ENTER}{UP}{ENTER}", f"/what will you do with it\r{ENTER} {DOWN} {ENTER}"
    number = f"/how many sms do you send in a month\r{ENTER}12,000\r{RUBOUT * 6}12 000\r"
    with pytest.raises(KeyboardInterrupt):
        talk(f"{ENTER}{rating}{single}{several}{number}{CTRL_C}", draft=draft)
    team = survey_answers(draft.state).meaning.team
    assert [(part.criterion, part.bound) for part in team.requirements] == [("support-reputation", Interval(low=3))]
    assert team.situation == {"developers": ("experienced",), "use-cases": ("training", "tutoring")}
    assert {answer.key: answer.value for answer in draft.state.answers}[Key("usage", "sms-outbound")] == 12_000


def test_members_are_found_by_typing_and_ticked(talk):
    found = f"{_VIDEO}/phone numbers for sale\r{ENTER}{ENTER}"
    # Enter ticks what is found, and on the empty line goes on with what is ticked; again it is taken back.
    for typed, expected in (
        (f"germ{ENTER}{ENTER}", {"phone-numbers@de": "must"}),
        (f"united{DOWN}{ENTER}germ{ENTER}{ENTER}", {"phone-numbers@de": "must", "phone-numbers@gb": "must"}),
        (f"germ{ENTER}germ{ENTER}{ENTER}", {"phone-numbers": "must"}),
        (f"zzzz{ENTER}?{ENTER}", {"phone-numbers": "must"}),
        (f"{DOWN}{ENTER}", {"phone-numbers": "must"}),
    ):
        draft, _, _ = talk(f"{found}{typed}d{ENTER}")
        assert _asked(draft) == expected, typed


def test_the_line_of_members_is_below_its_criterion_and_need_not_be_answered(talk):
    named = f"{_VIDEO}{DOWN * 3}m{DOWN} youtube{ENTER}{ENTER}{ENTER}d{ENTER}"
    assert _asked(talk(named)[0]) == {"live-streaming@youtube": "must"}


def test_what_no_question_asks_can_be_added(talk):
    added = f"+sms|whatsapp\r{ENTER}+phones in red\r{DOWN}{ENTER}+fax=no\r+\r"
    draft, _, out = talk(f"{_VIDEO}{added}d{DOWN * (3 + 1)}{ENTER}and boots\r{ENTER}{ENTER}")
    team = survey_answers(draft.state).meaning.team
    assert [(part.code, part.priority) for part in team.requirements] == [("fax=no", "must"), ("sms|whatsapp", "must")]
    assert [(part.text, part.priority) for part in team.unlisted] == [
        ("and boots", "must"),
        ("phones in red", "should"),
    ]
    assert "phones in red: good." in out


def test_a_paste_is_no_answer(talk):
    draft, end, _ = talk(f"{_PASTE}{_VIDEO}{_PASTE}m/{_PASTE}\r{ENTER}d{ENTER}")
    assert end.kind == "declared"
    assert _asked(draft) == {"video-meetings": "must"}


def test_a_long_wish_is_kept_whole_or_refused_in_a_sentence(talk):
    long = "loan phones during repair, " * 12
    draft, _, _ = talk(f"{_VIDEO}+\x1b[200~{long}\x1b[201~{ENTER}gd{ENTER}")
    [wish] = survey_answers(draft.state).meaning.team.unlisted
    assert wish.text == " ".join(long.split())
    _, _, out = talk(f"{_VIDEO}+\x1b[200~{long * 4}\x1b[201~{ENTER}d{ENTER}")
    assert "expected at most 1,000." in " ".join(out.split())


def test_a_wish_in_own_words_is_left_out_by_x(talk):
    draft, _, _ = talk(f"{_VIDEO}+a dog in the office{ENTER}g/{ENTER}{DOWN}{ENTER}xd{ENTER}")
    assert survey_answers(draft.state).meaning.team.unlisted == ()


def test_stopping_keeps_a_session_and_going_on_does_not(talk):
    draft, end, _ = talk(f"{_VIDEO}mq{ENTER}")
    assert (end.kind, draft.kept) == ("stopped", True)
    draft, end, _ = talk(f"{_VIDEO}mq{DOWN}{ENTER}d{ENTER}")
    assert (end.kind, draft.kept) == ("declared", False)


@pytest.mark.parametrize("keys", ["", _VIDEO, f"{_VIDEO}m/", f"{_VIDEO}m/bought\r", f"{_VIDEO}m/bought\r\r\r4"])
def test_ctrl_c_anywhere_leaves_the_answers(catalogue, talk, keys):
    draft = Draft(State(catalogue))
    with pytest.raises(KeyboardInterrupt):
        talk(f"{keys}{CTRL_C}", draft=draft)
    said = {answer.key: answer.value for answer in draft.complete().answers}
    assert said.get(Key("criterion", "video-meetings")) == ("must" if "m/" in keys else None)
    assert (TOPICS in said) == bool(keys)


@pytest.mark.parametrize("seed", range(25))
def test_no_keys_lead_to_anything_but_a_question_or_an_end(catalogue, talk, seed):
    pick = random.Random(seed)  # noqa: S311 (no secret)
    some = [UP, DOWN, LEFT, RIGHT, ENTER, ENTER, " ", *"mgnxsbd?q/ae95,", "\t", "\x7f", "\x1b[H", "\x1b[F", "\x1b[5~"]
    draft = Draft(State(catalogue, most=pick.choice([1, 10])))
    try:
        talk("".join(pick.choices(some, k=150)) + CTRL_C, draft=draft)
    except KeyboardInterrupt:
        assert choose_screen(draft.complete())


def test_what_does_not_fit_is_cut_with_a_mark():
    assert cut("Countries where numbers can be bought", 20) == "Countries where num…"
    assert cut("電話番号の国", 6) == "電話…"


class _Terminal:
    """`recommend ask` in a terminal of its own."""

    def __init__(self, folder: Path, options: str, settings: dict[str, str], out: Path | None = None) -> None:
        self.screen = b""
        self._main: int | None
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        given = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        environment = given | {"TERM": "xterm", "XDG_STATE_HOME": str(folder), "PROMPT_TOOLKIT_NO_CPR": "1"} | settings
        command = [str(Path(sys.executable).with_name("recommend")), "ask", *options.split()]
        stdout = side if out is None else os.open(out, os.O_WRONLY | os.O_CREAT)
        self.process = subprocess.Popen(
            command, stdin=side, stdout=stdout, stderr=side, cwd=folder, env=environment, start_new_session=True
        )
        if out is not None:
            os.close(stdout)
        os.close(side)

    def type(self, keys: str, until: str) -> None:
        """Press keys, and wait for a text."""
        self.screen = b""
        os.write(self._main, keys.encode())
        self.wait(until)

    def wait(self, until: str) -> None:
        deadline = time.monotonic() + 60
        while until not in self.text():
            assert time.monotonic() < deadline, self.text()
            if select.select([self._main], [], [], 1)[0]:
                try:
                    self.screen += os.read(self._main, 65_536)
                except OSError:
                    break
        assert until in self.text()

    def text(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.screen.decode("utf-8", "replace"))

    def close(self) -> None:
        if self._main is not None:
            os.close(self._main)
        self._main = None


@pytest.fixture
def open_terminal(tmp_path):
    """A function from options (and settings of the environment) to a terminal in which they run."""
    opened: list[_Terminal] = []

    def run(options: str, settings: dict[str, str] = {}, out: Path | None = None) -> _Terminal:  # noqa: B006 (never changed)
        opened.append(_Terminal(tmp_path, f"--as-of 2022-12-31 {options}", settings, out))
        return opened[-1]

    yield run
    for terminal in opened:
        terminal.process.kill()
        terminal.process.wait(30)
        terminal.close()


def _marked(terminal: _Terminal) -> _Terminal:
    """The same after one topic was ticked and one line of its list marked."""
    terminal.wait("save and stop")
    terminal.type(_VIDEO, "Video meetings")
    # The keys at the bottom say "must" too: all of the screen has to be there before.
    terminal.wait("save and stop")
    terminal.type("m", "must")
    return terminal


def _saved(folder: Path) -> str:
    [path] = (folder / "recommend").glob("ask-*.yaml")
    return path.read_text(encoding="utf-8")


def test_ctrl_c_in_a_terminal_saves_and_says_how_to_go_on(tmp_path, open_terminal):
    terminal = _marked(open_terminal(""))
    terminal.type(CTRL_C, "recommend ask --resume")
    assert terminal.process.wait(30) == 130
    assert "Interrupted. The answers are saved." in terminal.text()
    assert "- criterion: video-meetings\n  answer: must\n" in _saved(tmp_path)
    again = open_terminal("--resume")
    again.wait("how important")
    again.type("d", "What next?")
    again.type(ENTER, "nowledge base")
    assert "Video meetings (must" in again.text()
    assert again.process.wait(30) == 0


def test_how_to_continue_is_said_below_the_answer_where_it_is_still_in_sight(open_terminal):
    terminal = _marked(open_terminal("--no-robustness"))
    terminal.type(f"q{ENTER}", "recommend ask --resume")
    assert terminal.text().index("Knowledge base") < terminal.text().index("To continue:")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_saves_too(tmp_path, open_terminal, number):
    terminal = _marked(open_terminal(""))
    terminal.process.send_signal(number)
    assert terminal.process.wait(30) == 128 + number
    assert "video-meetings" in _saved(tmp_path)


@pytest.mark.parametrize("options", ["", "--plain"])
def test_a_closed_terminal_saves_too(tmp_path, open_terminal, options):
    terminal = open_terminal(options)
    terminal.wait("Your team and the provider")
    terminal.type("video\n" if options else _VIDEO, "Video meetings")
    terminal.close()
    assert terminal.process.wait(30) in {130, 1}
    assert "video" in _saved(tmp_path)
    assert "Traceback" not in terminal.text()


@pytest.mark.parametrize(
    ("options", "settings", "is_coloured"),
    [("", {}, True), ("--no-color", {}, False), ("", {"NO_COLOR": "1"}, False), ("", {"TERM": "dumb"}, False)],
)
def test_colour_is_sent_where_it_is_wanted(open_terminal, options, settings, is_coloured):
    terminal = open_terminal(options, settings)
    terminal.wait("Your team and the provider")
    if "TERM" not in settings:
        terminal.wait("save and stop")
    assert bool(re.search(rb"\x1b\[[0-9;]*[39][0-7]m", terminal.screen)) == is_coloured


def test_where_the_answer_goes_to_a_file_the_conversation_stays_on_the_terminal(tmp_path, open_terminal):
    out = tmp_path / "answer.txt"
    terminal = open_terminal("", out=out)
    terminal.wait("help for more.")
    terminal.type("video\n", "Whiteboard")
    terminal.type("6m\n", "Whiteboard: must.")
    terminal.type("done\n", "Empty line: finish")
    terminal.type("\n", "\n")
    assert terminal.process.wait(30) == 0
    assert out.read_text(encoding="utf-8").strip().startswith("Twilio is recommended (firm)")


def test_a_key_that_is_pressed_between_two_lists_is_not_echoed(talk, monkeypatch):
    """A terminal echoes keys unless it is in raw mode: between two lists the outer one of the conversation."""
    depth, when_printing = [0], []

    @contextlib.contextmanager
    def enter_raw_mode(_):
        depth[0] += 1
        yield
        depth[0] -= 1

    monkeypatch.setattr(PosixPipeInput, "raw_mode", enter_raw_mode)
    monkeypatch.setattr(keys, "show_lines", lambda *_, **__: when_printing.append(depth[0]))
    talk(f"{_VIDEO}md{ENTER}")
    assert (set(when_printing), depth) == ({1}, [0])


def test_a_dumb_terminal_is_asked_line_by_line_within_its_columns(open_terminal):
    terminal = open_terminal("", {"TERM": "dumb"})
    terminal.wait("more.")
    terminal.type("video\n", "more.")
    assert max(len(line) for line in terminal.text().splitlines()) <= 40


def test_a_question_that_was_searched_for_takes_the_letters_of_lists(talk):
    draft, _, _ = talk(f"{_VIDEO}/fax{ENTER}{ENTER}gd{ENTER}")
    assert _asked(draft) == {"fax": "should"}


def test_to_save_and_stop_inside_a_search_stops(talk):
    _, end, out = talk(f"{_VIDEO}/fax{ENTER}{ENTER}q{ENTER}")
    assert end.kind == "stopped"
    assert "Stopped." in out
