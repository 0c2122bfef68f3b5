"""`recommend ask`, line by line and from files: what people see, word for word, and what they may do wrong.

Each file in `conversations/` holds a command, what was typed (lines that begin with `>`), and what was answered. After
a wanted change run the tests once with UPDATE_TRANSCRIPTS=1, and read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.ask.conversation import Draft, converse
from provider_advisor.faces.cli.ask.plain import PlainFace
from provider_advisor.faces.cli.ask.sessions import dump_yaml
from provider_advisor.faces.cli.ask.typed import InputLines, read_marks, read_typed_answer
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.rules import Key
from provider_advisor.knowledge.strict_yaml import parse_yaml
from provider_advisor.questionnaire import Catalogue, End, State, make_prompt
from provider_advisor.questionnaire.prompts import read_number
from provider_advisor.requirements.statement import Volume

_FOLDER = Path(__file__).parent / "conversations"
_PATHS = sorted(_FOLDER.glob("*.txt"))
_FINGERPRINT = re.compile(r"\b[0-9a-f]{12}\b")
_OPTIONS = "--as-of 2022-12-31 --no-robustness"
_LESSONS = "video, team\n\n\n\n\n\n6m 1 good\n\n\n"


@pytest.fixture
def ask(recommend_says, monkeypatch, tmp_path):
    """A function from options and typed text (or bytes) to what `recommend ask` printed; it runs in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(options: str, typed: str | bytes = ""):
        content = typed if isinstance(typed, bytes) else typed.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return recommend_says(f"recommend ask {options}")

    return run


@pytest.mark.parametrize("path", _PATHS, ids=lambda path: path.stem)
def test_the_conversation_goes_as_the_file_shows(path, ask):
    expected = path.read_text(encoding="utf-8")
    command, *lines = expected.splitlines()
    typed = "".join(f"{line[2:]}\n" for line in lines if line.startswith(">"))
    run = ask(command.removeprefix("$ recommend ask "), typed)
    found = f"{command}\n{_FINGERPRINT.sub('<fingerprint>', run.out)}{run.err}"
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        path.write_text(found, encoding="utf-8")
    assert found == expected
    assert run.status == 0


@pytest.mark.parametrize("path", _PATHS, ids=lambda path: path.stem)
def test_a_conversation_fits_and_names_no_provider_before_its_end(path):
    text = path.read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        assert line == line.rstrip()
        assert len(line) <= 80
    before = re.split(r"^(?:Done|Stopped|You said)", text, maxsplit=1, flags=re.MULTILINE)[0]
    assert ("Twilio" in before) == ("--show-standing" in text.splitlines()[0])
    left = [int(number) for number in re.findall(r"^Up to (\d+) criteria could", before, re.MULTILINE)]
    assert left or "early" in path.stem
    assert left == sorted(left, reverse=True) or "> back" in before


def test_the_saved_requirements_are_answered_alike(ask, recommend_says, tmp_path):
    asked = ask(f"{_OPTIONS} --save team.yaml --team 'Schüler & co: [x]' --format json", _LESSONS + "stop\n\n")
    saved = recommend_says("recommend --file team.yaml --no-robustness --format json")
    assert json.loads(asked.out) == json.loads(saved.out)
    assert json.loads(saved.out)["verdict"]["provider"] == "twilio"
    document = parse_yaml((tmp_path / "team.yaml").read_bytes(), "team.yaml").data
    assert document["team"] == "Schüler & co: [x]"
    assert document["asked"]["end"] == "stopped"
    assert document["asked"]["skipped"]


def test_answers_from_a_file_give_the_answer_of_the_same_conversation(ask, tmp_path):
    talked = ask(f"{_OPTIONS} --format json", _LESSONS + "stop\n\n")
    session = _session(tmp_path)
    filed = ask(f"{_OPTIONS} --format json --answers {session}")
    assert json.loads(filed.out) == json.loads(talked.out)
    assert filed.err.startswith("You said that you are done. ")
    assert "The file does not answer what would be asked next: " in filed.err
    assert ask(f"{_OPTIONS} --format json --answers -", session.read_bytes()).out == filed.out


def _session(folder: Path) -> Path:
    [path] = (folder / "state" / "recommend").iterdir()
    return path


def test_answers_that_leave_nothing_open_are_settled(ask, tmp_path):
    (tmp_path / "answers.yaml").write_text(
        "version: 1\nanswers:\n- topics: []\n- {criterion: whiteboard, answer: must, searched: true}\n"
        "- {criterion: ucaas, answer: not-sure, searched: true}\n",
        encoding="utf-8",
    )
    run = ask(f"{_OPTIONS} --answers answers.yaml")
    assert run.out.startswith("Done, unless you need one of these (you were not sure): Unified communications\n")
    assert "\n\nTwilio is recommended" in run.out


def test_stopping_saves_a_session_and_resume_takes_the_newest(ask, tmp_path):
    stopped = ask(_OPTIONS, "video, team\n\n\n\n\n\n6m 1 good\nstop\n\n")
    session = _session(tmp_path)
    assert f"To continue:\n  recommend ask --resume {session} --as-of 2022-12-31 --no-robustness\n" in stopped.err
    resumed = ask(f"{_OPTIONS} --resume", "/whiteboard\n\ndone\n\n")
    assert "Whiteboard (must)" in resumed.out
    assert "What matters to your team?" not in resumed.out
    assert ask(f"{_OPTIONS} --resume {session} --plain", "stop\n\n").err.count(str(session)) == 1
    assert _session(tmp_path) == session


def test_back_after_resuming_goes_screen_by_screen(ask):
    ask(_OPTIONS, "video\n1m 3g\n\n1m 5n\n\n500\nstop\n\n")
    resumed = ask(f"{_OPTIONS} --resume", "back\nback\n\n\n\nstop\n\n")
    marked = ("Interactive video participants [must]\n", "Video meetings [must]\n")
    first, second = (resumed.out.index(text) for text in marked)
    assert first < second
    assert resumed.out.index("Your answer so far: at least 500 participants.") > second
    assert "Cannot go back" not in resumed.out


def test_a_session_is_saved_beside_the_requirements(ask, tmp_path):
    run = ask(f"{_OPTIONS} --save team.yaml", "video\nstop\n\n")
    [session] = tmp_path.glob("ask-*.yaml")
    assert f"--resume {session} --save team.yaml" in run.err
    assert ask(f"{_OPTIONS} --resume", "done\n\n").status == 0


def test_resuming_without_a_session_says_where_it_looked(ask):
    run = ask("--resume")
    assert (run.status, run.out) == (2, "")
    assert re.fullmatch(
        r"recommend: no saved session found in \S+/recommend or here; pass its file to --resume\.\n", run.err
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "version: 1\nanswers:\n- {criterion: whitebord, answer: must}\n",
            "no question about the criterion 'whitebord'",
        ),
        (
            "version: 1\nanswers:\n- {criterion: whiteboard, answer: 5}\n",
            "the answer about 'whiteboard' is '5.0'; expected one of must, good,",
        ),
        (
            "version: 1\nanswers:\n- topics: []\n- {criterion: video-recording, answer: must}\n",
            "answers.yaml:4: the answer about 'video-recording' does not apply: its topic is closed",
        ),
        ("version: 0\nanswers: []\n", "answers.yaml:1: 'version': expected 1"),
    ],
    ids=["unknown", "wrong kind", "does not apply", "old version"],
)
@pytest.mark.parametrize("option", ["--answers", "--resume"])
def test_a_bad_file_of_answers_is_refused_with_its_line(ask, tmp_path, content, sentence, option):
    (tmp_path / "answers.yaml").write_text(content, encoding="utf-8")
    run = ask(f"{option} answers.yaml")
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("answers.yaml:")
    assert sentence in run.err
    assert run.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--answers a.yaml --resume", "--answers and --resume cannot be used together; choose one."),
        (
            "--save nowhere/team.yaml",
            "nowhere/team.yaml cannot be written: folder nowhere does not exist; create it first.",
        ),
        ("--save .", ". is a folder; give a file in it."),
        ("--save a.yaml --answers a.yaml", "--save a.yaml: this file contains the answers; choose another one."),
        ("--team ''", "--team: the name is empty, too long or not UTF-8; expected a few words."),
        ("--answers nowhere.yaml", "nowhere.yaml does not exist; check the path."),
    ],
)
def test_wrong_options_are_refused_before_anything_is_asked(ask, options, sentence):
    run = ask(options, "1\n")
    assert (run.status, run.out) == (2, "")
    assert sentence in run.err


def test_a_paste_of_a_megabyte_is_one_line_that_is_not_understood(ask):
    run = ask(_OPTIONS, b"x" * 1_000_000 + b"\nvideo\n")
    assert "That line has more than 2,000 characters; expected a short answer, or help.\n> video\n" in run.out
    assert "Video meetings" in run.out


def test_a_paste_of_many_lines_ends_the_conversation_before_it_ends_itself(ask):
    run = ask(_OPTIONS, b"blah blah\n" * 100_000)
    assert run.out.count("> blah blah") == 100
    assert "100 lines in a row were not understood, so the conversation ends here." in run.out
    assert run.status == 0


def test_bytes_that_are_not_utf_8_are_asked_for_again(ask):
    run = ask(_OPTIONS, b"\xff\xfe\nvideo\n")
    assert "That line is not UTF-8 text; type it again, or help.\n> video\n" in run.out


def test_without_standard_input_it_ends_at_once(recommend_says, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    run = recommend_says(f"recommend ask {_OPTIONS}")
    assert "(end of input)\n\nStopped. " in run.out


def test_only_the_answer_is_on_standard_output_where_programs_read_it(ask):
    for form, start in (("json", "{"), ("markdown", "# "), ("html", "<!doctype html>")):
        run = ask(f"{_OPTIONS} --format {form}", _LESSONS)
        assert run.out.lower().startswith(start)
        assert "What matters to your team?" in run.err


def test_an_end_of_input_leaves_no_session_behind(ask, tmp_path):
    ask(_OPTIONS, _LESSONS)
    assert not (tmp_path / "state").exists()


def test_a_starting_command_imports_nothing_for_terminals_and_no_questionnaire():
    heavy = "('prompt_toolkit', 'rich', 'provider_advisor.questionnaire')"
    look = f"import sys; print([name for name in sys.modules if name.startswith({heavy})])"
    code = f"import provider_advisor.faces.cli.recommend; {look}"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"
    code = f"import provider_advisor.faces.cli.ask; {look.replace(', ' + repr('provider_advisor.questionnaire'), '')}"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("1 must, 3 good", {"a": "must", "c": "good"}),
        ("1m 3g", {"a": "must", "c": "good"}),
        ("1, 2: nice; 3 = x", {"a": "nice", "b": "nice", "c": "no"}),
        ("2 Not Sure", {"b": "not-sure"}),
    ],
)
def test_marks_are_read_in_many_spellings(text, marks):
    assert read_marks(text, ["a", "b", "c"]) == marks


@pytest.mark.parametrize("text", ["1", "must", "4 must", "0 m", "1-3 m", "1 m 2", "1 mst", "m 1", "¹ m", "1 m!"])
def test_marks_that_could_mean_two_things_are_refused(text):
    with pytest.raises(RequirementsError, match="expected a number"):
        read_marks(text, ["a", "b", "c"])


@pytest.fixture(scope="module")
def shops(bicycles) -> Catalogue:
    return Catalogue(facts_as_of(bicycles, dt.date(2024, 1, 1), None))


def test_numbers_and_choices_are_read_as_people_write_them(shops):
    catalogue = shops
    usage = next(key for key in catalogue.questions if key.kind == "usage")
    prompt = make_prompt(usage, catalogue)
    assert read_number("12 500", prompt) == 12_500
    assert read_number("1'000", prompt) == 1_000
    for text in ("12 500 a month", "12500 per month", "12500/month", "12500 inspections a month"):
        assert read_number(text, prompt) == 12_500
    for text in ("12,500", "12.500", "12.5k"):
        with pytest.raises(RequirementsError, match=r"can be read as 12\.5 or 12500"):
            read_number(text, prompt)
    assert read_number("40 .. 60", prompt) == Volume(40, 60, "40..60")
    assert read_number("1200 a year", prompt) == Volume(100, 100, "1200/year")
    assert read_number("not sure", prompt) == "not-sure"
    assert read_number("", prompt) == "no-answer"
    for text in ("1,5", "many", "5 lightyears", "1e999"):
        with pytest.raises(RequirementsError, match="is not a number of"):
            read_number(text, prompt)
    with pytest.raises(RequirementsError, match=r"is '40 to 60'; write a range as 40\.\.60\."):
        read_number("40 to 60", prompt)
    bounds = [make_prompt(Key("bound", name), catalogue) for name in ("bikes-in-stock", "rental-price")]
    for bound, number in zip(bounds, (50, 90), strict=True):
        with pytest.raises(RequirementsError, match=f"'50-90' is a range; type one number: {number}"):
            read_number("50-90", bound)
    situation = make_prompt(Key("situation", "skill"), catalogue)
    state = State(catalogue)
    assert read_typed_answer("2", situation, state) == (situation.choices[1][0],)
    with pytest.raises(RequirementsError, match="only one can be chosen"):
        read_typed_answer("1 2", situation, state)
    for text in (",", " ; ,"):
        with pytest.raises(RequirementsError, match="is not one of the"):
            read_typed_answer(text, situation, state)


_TYPED = st.lists(
    st.one_of(
        st.sampled_from(
            ["", "1", "1 2 3", "1m", "2g 3 not sure", "back", "done", "stop", "on", "change", "?1", "?", "help"]
        ),
        st.sampled_from(
            [",", ";", "/a", "/", "/topics", "5", "0", "x", "s", "12,000", "none", "not-sure", "finish", "1n"]
        ),
        st.text(max_size=20),
    ),
    max_size=40,
)


@given(_TYPED)
def test_whatever_is_typed_ends_with_an_answer(shops, typed):
    lines = "\n".join(typed).encode("utf-8", "surrogatepass")
    draft = Draft(State(shops))
    with contextlib.redirect_stdout(io.StringIO()):
        end = converse(draft, PlainFace(InputLines(io.BytesIO(lines)), echo=True), lambda *_: "")
    assert isinstance(end, End)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 10**14) | st.text("nyo 1e:#-[é'\"", max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abno", min_size=1, max_size=4), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_what_is_written_is_read_back_by_the_strict_reader(value):
    assert parse_yaml(dump_yaml({"value": value}).encode(), "x.yaml").data == {"value": value}


@given(st.floats(0, 1e12, allow_nan=False))
def test_numbers_are_written_without_exponents(number):
    assert parse_yaml(dump_yaml({"value": number}).encode(), "x.yaml").data == {"value": number}


def test_the_end_offers_to_save_and_replaces_no_file_without_a_yes(ask, recommend_says, tmp_path):
    place = tmp_path / "mine.yaml"
    said = ask(_OPTIONS, f"{_LESSONS}done\nsave mine.yaml\n\n").out
    assert "save FILE: save what you ask for" in " ".join(said.split())
    assert f"recommend--file{place}" in "".join(said.split())
    assert recommend_says("recommend --file mine.yaml --no-robustness").status == 0
    place.write_text("kept", encoding="utf-8")
    assert "Nothing was saved." in ask(_OPTIONS, f"{_LESSONS}done\nsave mine.yaml\n\n\n").out
    assert place.read_text(encoding="utf-8") == "kept"
    ask(_OPTIONS, f"{_LESSONS}done\nsave answers\nmine.yaml\nyes\n\n")
    assert "answers:" in place.read_text(encoding="utf-8")
    assert ask(f"{_OPTIONS} --resume mine.yaml", "done\n\n").status == 0


def test_a_file_that_cannot_be_written_is_refused_in_a_sentence_and_the_end_goes_on(ask):
    said = " ".join(ask(_OPTIONS, f"{_LESSONS}done\nsave nowhere/mine.yaml\nsave mine\n\n").out.split())
    assert "nowhere/mine.yaml cannot be written: folder nowhere does not exist; create it first." in said
    assert "The requirements are saved." in said


def test_it_is_said_at_once_where_nothing_is_known_of_any_provider(ask):
    said = " ".join(ask(_OPTIONS, "calls\n\n/voicemail\n1\nm\ndone\n\n").out.split())
    told = "Nothing is known for any provider about Voicemail: while it is a must, no provider can be shown to qualify."
    assert told in said
    assert said.index(told) < said.index("You said that you are done")


_TEAM = """\
team: shop
needs: [{criterion: phone-numbers, member: de}, {any: [sms, whatsapp]}, {criterion: fax, is: absent}]
wants: [{criterion: number-countries, at_least: 50}, {criterion: voicemail, priority: wont}]
situation: {developers: none}
unlisted: [loan phones during repair]
as_of: 2022-12-31
"""


def test_what_a_file_says_is_not_asked_again_and_the_answer_is_that_of_the_file_with_the_answers(
    ask, recommend_says, tmp_path
):
    (tmp_path / "team.yaml").write_text(_TEAM)
    asked = ask("--file team.yaml --no-robustness --save out.yaml --format json", "video\n/whiteboard\n1\nm\n\n")
    added = recommend_says("recommend --file team.yaml --needs whiteboard --no-robustness --format json")
    found, expected = json.loads(asked.out), json.loads(added.out)
    for part in ("verdict", "providers", "findings", "unlisted", "requirements"):
        assert found[part] == expected[part], part
    assert "The questionnaire adds whiteboard to what you started with." in json.dumps(found)
    assert "You start with 5 requirements, 1 answer about your team and 1 wish in your own words" in " ".join(
        asked.err.split()
    )
    saved = recommend_says("recommend --file out.yaml --no-robustness --format json")
    assert json.loads(saved.out)["verdict"] == found["verdict"]


def test_a_session_keeps_what_was_given_before_it(ask, tmp_path):
    (tmp_path / "team.yaml").write_text(_TEAM)
    ask("--file team.yaml --no-robustness", "video\nback\nstop\n\n")
    document = parse_yaml(_session(tmp_path).read_bytes(), "session").data
    assert {"criterion": "phone-numbers@de"} in document["given"]["needs"]
    assert document["given"]["unlisted"] == [{"text": "loan phones during repair", "priority": "must"}]
    # The day that the file names is part of the command that continues.
    resumed = ask("--resume --as-of 2022-12-31 --no-robustness --format json", "\n\n")
    answered = json.loads(resumed.out)
    assert {part["criterion"] for part in answered["requirements"]} >= {"phone-numbers@de", "fax", "sms|whatsapp"}
    assert [part["text"] for part in answered["unlisted"]] == ["loan phones during repair"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--resume a.yaml --needs fax", "--needs and --resume cannot be used together: the session already contains"),
        ("--file -", "--file -: standard input is needed for your answers; give a file."),
        ("--needs faxx", "unknown criterion 'faxx'"),
        ("--needs fax --wants fax:wont", "'fax' is asked for as must and as wont"),
    ],
)
def test_wrong_options_on_what_was_said_before_are_refused(ask, tmp_path, options, sentence):
    (tmp_path / "a.yaml").write_text("version: 1\nanswers: []\n")
    run = ask(options)
    assert run.status == 2
    assert sentence in run.err


def test_usage_that_a_file_lacks_is_asked_for(ask):
    run = ask("--wants monthly-cost --plain --no-robustness", "money\n" + "\n" * 12)
    assert run.status == 0
    assert "Monthly cost (should) cannot count yet" in " ".join(run.out.split())


def test_what_is_done_inside_a_search_is_done(ask):
    found = "video\n/fax\n"
    for typed in (f"{found}stop\n", f"{found}1\nstop\n"):
        run = ask(_OPTIONS, typed)
        assert run.status == 0
        assert "Stopped. The answer is based on what you said so far." in run.out
    run = ask(_OPTIONS, f"{found}back\n1m\ndone\n\n")
    assert "Back to: " in run.out
    assert "Money back" not in run.out, "the word was searched for"
    run = ask(_OPTIONS, f"{found}+ loan phones during repair\nm\ndone\n\n")
    assert "Loan phones during repair: must." in run.out or "loan phones during repair: must." in run.out


def test_what_was_found_is_answered_as_in_a_list(ask):
    run = ask(_OPTIONS, "video\n/whiteboard\n1m\ndone\n\n")
    assert "Whiteboard: must." in run.out
    assert "Nothing found" not in run.out
    again = ask(_OPTIONS, "video\n/whiteboard\n24/7 support\n1\nm\ndone\n\n").out
    assert "Support around the clock: must." in again, "other words that begin with a number are searched for"


@pytest.mark.parametrize(("picked", "kept"), [("1", "Warranty on equipment: must."), ("2", "loan phones: must.")])
def test_own_words_that_are_also_a_name_of_a_criterion_may_be_kept(ask, picked, kept):
    run = ask(_OPTIONS, f"video\n+ loan phones\n{picked}\nm\ndone\n\n")
    assert "'loan phones' is also a name of Warranty on equipment." in run.out
    assert kept in run.out
    assert "is also a name" not in ask(_OPTIONS, "video\n+ warranty on equipment\nm\ndone\n\n").out


def test_a_list_whose_topic_is_closed_by_a_search_is_left(ask):
    """Its answers would be repeated to the person, and never count."""
    run = ask(_OPTIONS, "video\n/topics\n1\nmessages\ndone\n\n")
    after = run.out.partition("Topics: Messages.")[2]
    assert "Back to: " not in after
    assert "Messages: how important is each of these?" in after


def test_a_search_shows_what_was_marked_on_the_list_that_it_left(ask):
    run = ask("", "video\n1 must\n/\n\n/video meetings\n\nstop\n")
    assert run.out.count("Video meetings (must)") == 2
