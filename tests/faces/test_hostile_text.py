"""No face lets a character through that moves the cursor, colours a terminal, turns the direction, or hides."""

from __future__ import annotations

import ast
import io
import json
import re
import sys
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from provider_advisor.faces import text as text_module
from provider_advisor.faces.cli.ask.list_widget import ListKey, Row, ask_rows, ask_text
from provider_advisor.safe_text import dump_json, reveal, reveal_line, shown

_FACES = Path(text_module.__file__).parent
_MODULES = sorted(path for path in _FACES.rglob("*.py") if path != _FACES / "text.py")
_HOSTILE = "a\x1b[2J\x9b31m\u202eb\u200bc\u2066d\x7f\ufeff\u2028e\x07"
_SHOWN = r"a\x1b[2J\x9b31m\u202eb\u200bc\u2066d\x7f\ufeff\u2028e\x07"
_REVEALED = re.compile(r"\\u202e")
"""The mark in it that turns the direction, as an escape; one form in answers, JSON and errors."""
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain text, Größe, 日本語, ✓", "plain text, Größe, 日本語, ✓"),
        (_HOSTILE, _SHOWN),
        ("a\r\nb\tc", "a\nb\tc"),
        ("over\rwritten", r"over\rwritten"),
        ("می\u200cخواهم 👩\u200d🔧", "می\u200cخواهم 👩\u200d🔧"),  # noqa: RUF001 (Persian)
        ("s\u200dms \u200d", r"s\u200dms \u200d"),
        ("file-\udcff", r"file-\udcff"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("\u3164\xad", r"\u3164\xad"),
    ],
)
def test_unseen_characters_are_shown_as_escapes(given, expected):
    assert reveal(given) == expected
    assert reveal(expected) == expected
    assert reveal(shown(given)) == f"'{expected}'"


def test_a_word_in_a_message_shows_its_odd_spaces_too():
    assert shown("fax\xa0line\u3000") == r"'fax\xa0line\u3000'"


def test_a_line_is_one_line():
    assert reveal_line(" a\n\n b\t\x0bc\r\nd ") == r"a b \x0bc d"


def test_json_keeps_the_data_and_hides_nothing():
    data = {_HOSTILE: [_HOSTILE, 1, None, "👩\u200d🔧 é"]}
    written = dump_json(data)
    assert json.loads(written) == data
    assert not _UNSEEN.search(written)
    assert "👩\u200d🔧 é" in written


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_FACES)))
def test_a_face_writes_only_through_the_one_place(path):
    """`faces/text.py` alone prints, and alone draws progress bars, which show numbers only."""
    writers = {"echo", "secho", "prompt", "confirm", "pause", "echo_via_pager", "print_formatted_text", "input"}
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"print", "input"} or (name.split(".")[0] in {"click", "prompt_toolkit"}):
                found += [name] if name in {"print", "input"} or name.split(".")[-1] in writers else []
            # A sentence that holds no text from outside may go where nothing is imported yet.
            is_fixed = all(isinstance(value, ast.Constant) for value in node.args)
            if re.match(r"sys\.(__)?std(out|err)(__)?\.(buffer\.)?write|os\.write", name) and not is_fixed:
                found.append(name)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich":
            found.append(node.module)
        if isinstance(node, ast.ImportFrom) and node.module in {"click", "prompt_toolkit"}:
            found += [name.name for name in node.names if name.name in writers]
    assert not found


def _quoted(text: str) -> str:
    """The text between double quotes of YAML, each hostile character as an escape."""
    return '"' + "".join(sign if 32 <= ord(sign) < 127 else f"\\u{ord(sign):04x}" for sign in text) + '"'


@pytest.fixture
def hostile(folders_from, tmp_path):
    """Options that name bicycle shops with a hostile text wherever a text may stand."""
    source = Path(__file__).parents[1] / "knowledge" / "bicycles"

    def changed(path: str, *names: str) -> str:
        text = (source / path).read_text(encoding="utf-8")
        for name in names:
            assert name in text
            text = text.replace(name, f"{name.split(': ')[0]}: {_quoted(_HOSTILE)}")
        return text

    facts = {
        "providers/velo.yaml": changed("facts/providers/velo.yaml", "name: Velo & Sons"),
        "criteria/services.yaml": changed("facts/criteria/services.yaml", "label: Repairs", "label: Advice"),
        "sources.yaml": changed("facts/sources.yaml", "title: The riders' survey"),
        "team.yaml": changed("facts/team.yaml", "label: Skill", "label: Inspections"),
    }
    rules = {
        "riding.yaml": changed("rules/riding.yaml", "because: Who buys a first bicycle does not know what fits."),
    }
    facts_folder, rules_folder = folders_from(tmp_path / "hostile", facts=facts, rules=rules)
    return f"--facts {facts_folder} --rules {rules_folder}"


_ASKED = (
    "recommend --needs repairs --wants advice>=good,rental-price,test-rides --usage inspections=2 "
    "--situation skill=beginner --as-of 2024-01-01"
)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_an_answer_shows_what_labels_hide(form, recommend_says, hostile):
    run = recommend_says(f"{_ASKED} --format {form} {hostile}")
    assert (run.status, run.err) == (0, "")
    assert not _UNSEEN.search(run.out)
    assert "u202e" in run.out
    if form == "json":
        assert _HOSTILE in {provider["name"] for provider in json.loads(run.out)["providers"]}


@pytest.mark.parametrize(
    "command", ["compare velo ciclo", "facts", "facts velo", "criteria", "check --as-of 2024-01-01", "schema"]
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_lists_show_what_labels_hide(command, form, recommend_says, hostile):
    word = command.split()[0]
    options = "" if word == "schema" else hostile if word == "check" else f"--format {form} {hostile}"
    run = recommend_says(f"recommend {command} {options}")
    assert run.status == 0
    assert not _UNSEEN.search(run.out + run.err)
    # Schemas, the counts of a check, and the JSON of facts, which has ids, name nothing by its label.
    has_labels = word in {"compare", "criteria"} or (word == "facts" and form == "text")
    assert bool(_REVEALED.search(run.out + run.err)) is has_labels


@pytest.mark.parametrize(
    "command",
    [
        "recommend --needs '{}'",
        "recommend --wants 'sms:{}'",
        "recommend --usage '{}=1'",
        "recommend --situation '{}=x'",
        "recommend --as-of '{}'",
        "recommend --max-age '{}'",
        "recommend --file '{}'",
        "recommend --facts '{}'",
        "recommend --format '{}'",
        "recommend '--{}'",
        "recommend '{}'",
        "recommend compare '{}'",
        "recommend compare twilio --area '{}'",
        "recommend facts '{}'",
        "recommend criteria '{}'",
        "recommend schema '{}'",
        "recommend replay '{}'",
        "recommend batch '{}' out.csv",
        "recommend batch '{}.csv' out.csv",
        "recommend batch in.csv out.csv --separator '{}'",
        "recommend impact '{}.csv' --before '{}'",
        "recommend ask --answers '{}'",
        "recommend ask --plain --save '/no/{}'",
    ],
)
def test_messages_show_what_words_and_names_hide(command, recommend_says):
    run = recommend_says(command.replace("{}", _HOSTILE))
    said = run.out + run.err
    assert not _UNSEEN.search(said)
    assert "Traceback" not in said
    assert _REVEALED.search(said), said


def test_problems_of_files_show_what_keys_and_names_hide(recommend_says, folders_from, tmp_path):
    key = _quoted("k" + _HOSTILE)
    facts, rules = folders_from(
        tmp_path / "bad", facts={"providers/x\x1b[31m\u202e.yaml": f"provider: {{id: x, name: X, {key}: 1}}\n"}
    )
    run = recommend_says(f"recommend check --facts {facts} --rules {rules}")
    assert run.status == 2
    assert not _UNSEEN.search(run.err)
    assert "u202e" in run.err


def test_a_requirements_file_shows_what_its_words_hide(recommend_says, tmp_path):
    path = tmp_path / "team.yaml"
    path.write_text(f"needs: [{_quoted(_HOSTILE)}]\nsituation: {{{_quoted(_HOSTILE)}: a}}\n", encoding="utf-8")
    run = recommend_says(f"recommend --file {path}")
    assert run.status == 2
    assert not _UNSEEN.search(run.err)
    assert _REVEALED.search(run.err)


@pytest.mark.parametrize("change", ["schema", "needs", "situation", "reason", "name"])
def test_replay_shows_what_a_record_hides(change, recommend_says, tmp_path):
    record = json.loads(recommend_says("recommend --needs sms --as-of 2023-01-01 --format json").out)
    if change == "schema":
        record["schema"] = _HOSTILE
    elif change == "needs":
        record["question"]["needs"] = [{"criterion": _HOSTILE}]
    elif change == "situation":
        record["question"]["situation"] = {_HOSTILE: ["a"]}
    elif change == "reason":
        record["verdict"]["reason"] = _HOSTILE
        record["knowledge"]["as_of"] = _HOSTILE
    else:
        record["providers"][0]["name"] = record["providers"][0]["id"] = _HOSTILE
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    for form in ("text", "json"):
        run = recommend_says(f"recommend replay {path} --format {form}")
        assert not _UNSEEN.search(run.out + run.err)
        assert "u202e" in run.out + run.err


def test_messages_of_a_batch_show_what_words_hide(recommend_says, tmp_path):
    source, output = tmp_path / "x\x1b[31m\u202e.csv", tmp_path / "out.csv"
    source.write_text(f"team,{_HOSTILE}\na,must\n", encoding="utf-8")
    run = recommend_says(f"recommend batch '{source}' '{output}'")
    assert run.status
    assert not _UNSEEN.search(run.out + run.err)
    assert _REVEALED.search(run.out + run.err)


def test_what_many_teams_came_to_shows_what_labels_hide(recommend_says, hostile, tmp_path):
    source, report = tmp_path / "teams.csv", tmp_path / "report.html"
    source.write_text("team,needs\nA\u202eb,repairs\nB,test-rides\n", encoding="utf-8")
    run = recommend_says(
        f"recommend batch {source} {tmp_path / 'out.csv'} --report {report} --as-of 2024-01-01 {hostile}"
    )
    assert run.status == 0
    for text in (run.err, report.read_text(encoding="utf-8")):
        assert not _UNSEEN.search(text)
        assert "u202e" in text


def test_the_impact_of_a_change_shows_what_labels_hide(recommend_says, hostile, folders_from, tmp_path):
    velo = Path(__file__).parents[1] / "knowledge" / "bicycles" / "facts" / "providers" / "velo.yaml"
    without = "".join(line for line in velo.read_text("utf-8").splitlines(keepends=True) if "test-rides" not in line)
    folders_from(tmp_path / "before", facts={"providers/velo.yaml": without})
    source = tmp_path / "teams.csv"
    source.write_text("team,needs\nA\u202eb,test-rides\n", encoding="utf-8")
    run = recommend_says(f"recommend impact {source} --before {tmp_path / 'before'} --as-of 2024-01-01 {hostile}")
    assert run.status == 0
    assert "Changed verdicts: 1 of 1 team" in run.out
    assert not _UNSEEN.search(run.out)
    assert "u202e" in run.out


@pytest.mark.parametrize("name", ["letters.txt", "letters.md"])
def test_letters_show_what_labels_hide(name, recommend_says, hostile, tmp_path):
    path = tmp_path / name
    run = recommend_says(f"{_ASKED} --format questions --output {path} {hostile}")
    assert run.status == 0
    assert not _UNSEEN.search(path.read_text(encoding="utf-8"))
    assert "u202e" in path.read_text(encoding="utf-8")


def _drawn(ask, keys: str) -> str:
    """What a prompt draws on a terminal until the keys end it."""
    screen = io.StringIO()
    output = Vt100_Output(screen, lambda: Size(rows=40, columns=100), term="xterm", enable_cpr=False)
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        pipe.send_text(keys)
        ask()
    return screen.getvalue()


def test_lists_and_typed_lines_of_a_terminal_show_what_labels_hide():
    row = Row("a", _HOSTILE, details=[_HOSTILE], keys=[_HOSTILE])
    drawn = _drawn(
        lambda: ask_rows([_HOSTILE], lambda _: [row], [{"enter": ListKey(_HOSTILE, lambda _: "done")}]), "\r"
    )
    drawn += _drawn(lambda: ask_text([_HOSTILE], _HOSTILE, [_HOSTILE], [_HOSTILE]), "\r")
    assert drawn.count(_SHOWN) >= 7
    assert not re.search("[\x9b\u202e\u200b\u2066\ufeff\u2028]", drawn)
    assert "\x1b[2J" not in drawn


def test_a_conversation_line_by_line_shows_what_labels_hide(recommend_says, hostile, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{_HOSTILE}\n1\n?\n\n".encode())))
    run = recommend_says(f"recommend ask --plain --as-of 2024-01-01 {hostile}")
    assert not _UNSEEN.search(run.out + run.err)
    assert "u202e" in run.out
