"""`recommend replay`: the same question, asked again."""

import datetime as dt
import io
import json
import os
import sys
from pathlib import Path

import pytest

from provider_advisor.faces.replaying import group_differences

_HEAD = '{"schema": "provider-advisor/recommendation/1", "question": '
_PARTS = "verdict providers findings requirements set_aside combinations concessions knowledge".split()
_ASK = "recommend --needs whiteboard,ucaas --wants fax --as-of 2023-01-01 --format json"


@pytest.fixture(scope="module")
def said():
    """What the command says, once it was asked: `record` fills it."""
    return {}


@pytest.fixture
def record(recommend_says, said, tmp_path):
    """The record of an answer, in a file of the test's own."""
    if _ASK not in said:
        said[_ASK] = recommend_says(_ASK).out
    path = tmp_path / "record.json"
    path.write_text(said[_ASK], encoding="utf-8")
    return path


def _changed(record, **parts):
    data = json.loads(record.read_text(encoding="utf-8"))
    for key, value in parts.items():
        data[key] = value
    record.write_text(json.dumps(data), encoding="utf-8")
    return record


def test_with_the_same_knowledge_the_answer_is_the_same(recommend_says, record):
    run = recommend_says(f"recommend replay {record}")
    assert (run.status, run.err) == (0, "")
    assert run.out == "The answer is the same.\n\nAnswered as of 2023-01-01, before and now.\n"


def test_a_record_from_before_thousands_separators_has_the_same_facts(recommend_says, tmp_path):
    path = tmp_path / "record.json"
    found = recommend_says("recommend --needs video-viewers>=50000 --as-of 2026-11-29 --format json").out
    assert "100,000 viewers" in found
    path.write_text(found.replace("0,000 viewers", "0000 viewers"), encoding="utf-8")
    assert recommend_says(f"recommend replay {path}").out.startswith("The answer is the same.")


def test_a_record_that_says_of_a_cost_that_it_is_at_least_nothing_has_the_same_facts(recommend_says, tmp_path):
    path = tmp_path / "record.json"
    asked = "--needs monthly-cost<=100 --usage sms-outbound@us=1000"
    found = recommend_says(f"recommend {asked} --as-of 2026-11-29 --format json").out
    older = found.replace('"says": "no price', '"says": "at least 0 USD/month; no price')
    assert older != found
    path.write_text(older, encoding="utf-8")
    assert recommend_says(f"recommend replay {path}").out.startswith("The answer is the same.")


def test_another_day_can_be_named(recommend_says, record):
    run = recommend_says(f"recommend replay {record} --as-of 2022-11-01")
    assert run.status == 0
    assert run.out.startswith("The verdict changed.\n\nWhat differs\n")
    assert "as of 2022-11-01 now" in run.out


@pytest.mark.parametrize(
    ("file", "change", "cause"),
    [
        ("weights.yaml", ("must: 4", "must: 5"), "The weight of Cargo bikes (must) was 4 and is now 5."),
        ("riding.yaml", ("A light frame climbs faster.", "It climbs."), "The reason given for the rule"),
        ("riding.yaml", ("- id: racers-like", "- id: racers-love"), "The rule racers-love"),
    ],
)
def test_a_changed_weight_or_rule_is_why_the_answer_differs(file, change, cause, here, recommend_says):
    asked = (
        "recommend --needs cargo-bikes --wants rental-price --situation skill=racer,purposes=racing --as-of 2024-01-01"
    )
    (here / "record.json").write_text(
        recommend_says(f"{asked} --format json --facts facts --rules rules").out, encoding="utf-8"
    )
    rules = here / "rules" / file
    rules.write_text(rules.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    out = recommend_says("recommend replay record.json --facts facts --rules rules").out
    effects, _, causes = out.replace("What changed in facts and rules", "Why it differs").partition("Why it differs")
    assert cause in " ".join(causes.split())
    assert cause not in " ".join(effects.split())


def test_without_a_day_in_the_question_it_is_asked_of_today(recommend_says, record):
    data = json.loads(record.read_text(encoding="utf-8"))
    del data["question"]["as_of"]
    record.write_text(json.dumps(data), encoding="utf-8")
    run = recommend_says(f"recommend replay {record} --format json")
    assert json.loads(run.out)["now"]["as_of"] == dt.date.today().isoformat()  # noqa: DTZ011 (the user's own day)


def test_the_text_fits_its_screen(recommend_says, record):
    run = recommend_says(f"recommend replay {record} --as-of 2022-11-01")
    assert max(len(line) for line in run.out.splitlines()) <= 80


def test_the_json_says_whether_and_why(recommend_says, record):
    compared = json.loads(recommend_says(f"recommend replay {record} --as-of 2022-11-01 --format json").out)
    assert compared["schema"] == "provider-advisor/replay/1"
    assert compared["verdict_differs"]
    assert compared["then"]["as_of"] == "2023-01-01"
    assert all(part["says"].endswith(".") for part in compared["differences"])


def test_a_record_is_read_from_standard_input(recommend_says, record, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(record.read_bytes())))
    assert recommend_says("recommend replay -").out.startswith("The answer is the same.")


def test_what_a_record_says_cannot_steer_the_terminal(recommend_says, record):
    data = json.loads(record.read_text(encoding="utf-8"))
    data["verdict"] |= {"kind": "tie", "reason": "\x1b[2J\x1b]0;mine\x07 gone\u202e"}
    data["knowledge"]["as_of"] = "\x1b[31m"
    record.write_text(json.dumps(data), encoding="utf-8")
    out = recommend_says(f"recommend replay {record}").out
    assert not [sign for sign in out if sign != "\n" and not sign.isprintable()]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty; expected what"),
        (b"not json", ":1: not JSON"),
        (b'{\n"schema": }', ":2: not JSON"),
        (b"\xff\xfe", "is not UTF-8 at byte 1"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"9" * 10_000, "has a number with too many digits"),
        (b'{"schema": NaN}', "contains NaN, which is not JSON"),
        (b'{"schema": 1, "schema": 2}', "has the key 'schema' twice; keep one"),
        (b"[]", "it names no schema"),
        (b"{}", "it names no schema"),
        (b'{"schema": "provider-advisor/recommendation/2"}', "its schema is 'provider-advisor/recommendation/2'"),
        (b'{"schema": 1}', "it names no schema"),
        (b'{"schema": "provider-advisor/recommendation/1"}', "contains no question to ask again"),
        (_HEAD.encode() + b"[]}", "contains no question to ask again"),
        (_HEAD.encode() + b"{}}", "damaged: 'verdict' is missing"),
        (b" " * 4_000_001, "is larger than 4 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_record_is_refused_in_one_sentence(recommend_says, tmp_path, content, sentence):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    run = recommend_says(f"recommend replay {path}")
    assert (run.status, run.out) == (2, "")
    assert sentence in run.err
    assert run.err.startswith("recommend: ")
    assert run.err.count("\n") == 1


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            {"needs": [{"criterion": "zeppelin-fleet"}]},
            "the knowledge base no longer has the criterion 'zeppelin-fleet'",
        ),
        ({"wants": [{"criterion": "whitebord"}]}, "Did you mean"),
        ({"needs": [{"criterion": "fax"}], "situation": {"mood": ["good"]}}, "no longer has the situation 'mood'"),
        ({"needs": [{"criterion": "fax"}], "usage": {"pigeons": 3}}, "no longer has the usage item 'pigeons'"),
    ],
)
def test_a_word_that_the_vocabulary_lost_is_named(recommend_says, record, question, sentence):
    run = recommend_says(f"recommend replay {_changed(record, question=question)}")
    assert run.status == 2
    assert sentence in run.err
    assert run.err.count("\n") == 1


@pytest.mark.parametrize(
    "question",
    [{"needs": {"fax": "must"}}, {"needs": [{"criterion": "fax", "weight": -1}]}, {"surprise": 1}, {"as_of": "soon"}],
)
def test_a_question_that_cannot_be_read_is_refused(recommend_says, record, question):
    run = recommend_says(f"recommend replay {_changed(record, question=question)}")
    assert run.status == 2
    assert "Traceback" not in run.err


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "content",
    [
        _nested(10_000),
        _HEAD + '{"needs": ' + _nested(10_000) + "}}",
        _HEAD + '{"needs": ' + _nested(900) + "}}",
        _HEAD + '{"wants": [{"criterion": "fax", "weight": NaN}]}}',
        _HEAD + '{"wants": [{"criterion": "fax", "weight": 1e999}]}}',
        _HEAD + '{"wants": [{"criterion": "fax", "weight": ' + "9" * 5000 + "}]}}",
        _HEAD + '{"usage": {"sms-outbound": -1e308}}}',
        _HEAD + '{"as_of": 5}}',
        _HEAD + '{"max_age": [1]}}',
        _HEAD + '{"team": "\\ud800"}}',
        _HEAD + '{"needs": "fax"}}',
        _HEAD + '{"situation": {"developers": {"a": 1}}}}',
        _HEAD + "[]}",
        '{"schema": ["provider-advisor/recommendation/1"], "question": {}}',
        "null",
        "\x00",
        "",
    ],
    ids=lambda content: content[:40] if len(content) < 200 else f"{content[:30]}-{len(content)}",
)
def test_an_odd_record_gets_one_sentence(content, recommend_says, tmp_path):
    path = tmp_path / "record.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    run = recommend_says(f"recommend replay {path}")
    assert (run.status, run.out) == (2, "")
    assert len(run.err.splitlines()) == 1
    assert len(run.err) < 500


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [[]], [{}], [{"id": []}], {"says": 1}, 1e999, [1, 2]])
@pytest.mark.parametrize(
    "part",
    ["verdict", "providers", "findings", "requirements", "set_aside", "combinations", "concessions", "knowledge"],
)
def test_a_record_whose_parts_are_of_a_wrong_kind_gets_one_sentence(part, value, recommend_says, record):
    data = json.loads(record.read_text(encoding="utf-8"))
    if data[part] == value or (value == [] and isinstance(data[part], list)):
        return
    data[part] = value
    record.write_text(json.dumps(data), encoding="utf-8")
    run = recommend_says(f"recommend replay {record}")
    if part == "combinations" and value == [[]]:
        assert run.status == 0
        return
    assert (run.status, run.out) == (2, "")
    assert len(run.err.splitlines()) == 1


def test_a_named_pipe_is_refused_at_once(recommend_says, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    run = recommend_says(f"recommend replay {tmp_path / 'pipe'}")
    assert run.status == 2
    assert "is a pipe, not a file" in run.err


def test_a_question_about_members_is_answered_again(recommend_says, tmp_path):
    folder = Path(__file__).parents[1] / "knowledge" / "bicycles"
    base = f"--facts {folder / 'facts'} --rules {folder / 'rules'}"
    record = tmp_path / "answer.json"
    record.write_text(recommend_says(f"recommend --needs delivery@north --as-of 2024-01-01 --format json {base}").out)
    said = recommend_says(f"recommend replay {record} {base}")
    assert said.status == 0, said.err
    assert "'delivery@north'" not in said.err


def test_a_record_of_another_base_asks_for_it(recommend_says, record):
    bicycles = Path(__file__).parents[1] / "knowledge" / "bicycles"
    folders = f"--facts {bicycles}/facts --rules {bicycles}/rules"
    record.write_text(recommend_says(f"recommend --needs repairs --format json {folders}").out, encoding="utf-8")
    run = recommend_says(f"recommend replay {record}")
    assert (run.status, run.out) == (2, "")
    assert run.err == (
        f"recommend: {record} comes from another knowledge base, which compared 'ciclo'; give that base with --facts "
        f"and --rules. Facts: {bicycles}/facts. Rules: {bicycles}/rules.\n"
    )
    assert recommend_says(f"recommend replay {record} {folders}").status == 0


def test_providers_that_joined_share_a_sentence():
    came = [{"about": "provider", "says": f"{name} is now compared too."} for name in ("Ada", "Bob", "Cyd")]
    other = {"about": "standing", "says": "Dan was qualified and is now ruled out."}
    [(_, says)] = group_differences({"differences": [*came, other]})
    assert says == ["Ada, Bob and Cyd are now compared too.", other["says"]]
