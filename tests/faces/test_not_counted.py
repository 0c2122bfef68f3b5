"""What is said but does not count shows in every form of an answer: what is not wanted, not sure, or not yet."""

from __future__ import annotations

import json

import pytest

_UNWANTED = (
    "recommend --needs sms-api --wants message-alerts:wont,fax:wont --situation use-cases=notifications "
    "--as-of 2022-12-31 --no-robustness"
)
_WOULD = "Alerts and notifications by message (the rule notifications-want-message-alerts would have added it)"


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_is_not_wanted_is_told_with_the_rule_that_would_have_added_it(recommend_says, form):
    said = " ".join(recommend_says(f"{_UNWANTED} --format {form}").out.split())
    assert "Not wanted" in said
    assert _WOULD in said
    assert "Fax" in said
    assert "Not counted" not in said


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_it_is_told_also_where_nothing_is_asked_for(recommend_says, form):
    said = recommend_says(f"recommend --wants fax:wont --format {form}").out
    assert "Not wanted" in said
    assert "Fax" in said


def test_it_is_a_requirement_of_the_record_without_any_finding(recommend_says):
    record = json.loads(recommend_says(f"{_UNWANTED} --format json").out)
    unwanted = [part for part in record["requirements"] if part["priority"] == "wont"]
    assert [(part["criterion"], part["bound"], part["implied_by"]) for part in unwanted] == [
        ("fax", None, []),
        ("message-alerts", None, []),
    ]
    assert {part["criterion"] for part in record["findings"]} == {"sms-api"}
    assert record["set_aside"] == [
        {
            "rule": "notifications-want-message-alerts",
            "criterion": "message-alerts",
            "because": "you said that you do not want it",
        }
    ]


def test_a_record_with_something_that_is_not_wanted_replays_to_the_same_answer(recommend_says, tmp_path):
    place = tmp_path / "then.json"
    place.write_text(recommend_says(f"{_UNWANTED} --format json").out, encoding="utf-8")
    assert "The answer is the same" in recommend_says(f"recommend replay {place} --as-of 2022-12-31").out


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_the_team_is_not_sure_about_is_told(recommend_says, tmp_path, form):
    place = tmp_path / "team.yaml"
    place.write_text("needs: [sms-api]\nunsure: [fax, developers]\n", encoding="utf-8")
    said = " ".join(recommend_says(f"recommend --file {place} --format {form} --no-robustness").out.split())
    assert "Not sure, or not counted yet" in said
    assert "Fax" in said


def _ask(recommend_says, tmp_path, answers):
    place = tmp_path / "answers.yaml"
    place.write_text(f"version: 1\nanswers:\n{answers}declared: true\n", encoding="utf-8")
    saved = tmp_path / "saved.yaml"
    said = recommend_says(f"recommend ask --answers {place} --save {saved} --as-of 2022-12-31 --no-robustness").out
    return " ".join(said.split()), saved


_NOTIFIED = (
    "- {criterion: sms-api, answer: must, searched: true}\n"
    "- {situation: use-cases, answer: notifications, searched: true}\n"
)


def test_a_no_in_the_questionnaire_is_not_overruled_by_a_rule_and_is_saved(recommend_says, tmp_path):
    answers = f"{_NOTIFIED}- {{criterion: message-alerts, answer: 'no', searched: true}}\n"
    said, saved = _ask(recommend_says, tmp_path, answers)
    assert _WOULD in said
    assert "priority: wont" in saved.read_text(encoding="utf-8")
    assert _WOULD in " ".join(recommend_says(f"recommend --file {saved} --no-robustness").out.split())


def test_what_is_left_blank_is_no_no_and_a_rule_that_adds_it_is_told(recommend_says, tmp_path):
    answers = f"{_NOTIFIED}- {{criterion: message-alerts, answer: no-answer, searched: true}}\n"
    said, saved = _ask(recommend_says, tmp_path, answers)
    assert "was left blank, and counts because of the rule notifications-want-message-alerts" in said
    assert "wont" not in saved.read_text(encoding="utf-8")


def test_a_must_that_cannot_count_yet_is_told_saved_and_not_called_settled(recommend_says, tmp_path):
    answers = (
        "- {topics: [messages, money]}\n- {criterion: sms, answer: must}\n"
        "- {criterion: monthly-cost, answer: must, bound: 270, aside: true}\n"
    )
    said, saved = _ask(recommend_says, tmp_path, answers)
    told = "Monthly cost (must) cannot count yet: it is computed from monthly volumes, and none is stated. Give usage."
    assert told in said
    assert "Done: " not in said
    assert "Monthly cost, at most 270 USD/month (must): not counted until you give a monthly volume" in said
    kept = "uncounted:\n- criterion: monthly-cost\n  priority: must\n  at_most: 270\n"
    assert kept in saved.read_text(encoding="utf-8")
    assert told in " ".join(recommend_says(f"recommend --file {saved} --no-robustness").out.split())


def test_what_waited_for_usage_counts_once_usage_is_given(recommend_says, tmp_path):
    place = tmp_path / "team.yaml"
    place.write_text(
        "needs: [sms]\nuncounted: [{criterion: monthly-cost, priority: should, at_most: 270}]\n", encoding="utf-8"
    )
    line = f"recommend --file {place} --usage sms-outbound=500 --format json --no-robustness"
    record = json.loads(recommend_says(line).out)
    assert {"criterion": "monthly-cost", "at_most": 270} in record["question"]["wants"]
    assert "uncounted" not in record["question"]
    assert record["notes"] == ["The command line adds sms-outbound to the file."]


def test_what_waits_for_usage_replays_and_can_be_overridden(recommend_says, tmp_path):
    place, then = tmp_path / "team.yaml", tmp_path / "then.json"
    place.write_text("needs: [sms]\nuncounted: [monthly-cost<=270]\n", encoding="utf-8")
    then.write_text(recommend_says(f"recommend --file {place} --format json").out, encoding="utf-8")
    assert "The answer is the same" in recommend_says(f"recommend replay {then}").out
    over = recommend_says(f"recommend --file {place} --needs 'monthly-cost<=100' --usage sms-outbound=500")
    assert "The command line adds sms-outbound to the file and overrides monthly-cost in it." in " ".join(
        over.out.split()
    )


def test_only_what_is_computed_may_wait_for_usage(recommend_says, tmp_path):
    place = tmp_path / "team.yaml"
    place.write_text("uncounted: [fax]\n", encoding="utf-8")
    found = recommend_says(f"recommend --file {place}")
    assert (found.status, found.out) == (2, "")
    assert "'fax' in 'uncounted' needs no usage to count; move it to 'needs' or 'wants'." in found.err


@pytest.mark.parametrize("usage", ["", ', "usage": {"sms-outbound": 500}'])
def test_a_row_of_json_lines_counts_it_as_a_file_does(recommend_says, tmp_path, usage):
    row = '{"needs": ["sms"], "uncounted": [{"criterion": "monthly-cost", "at_most": 270}]' + usage + "}"
    place, rows, out = tmp_path / "team.yaml", tmp_path / "teams.jsonl", tmp_path / "out.jsonl"
    place.write_text(row, encoding="utf-8")
    rows.write_text(row + "\n", encoding="utf-8")
    alone = json.loads(recommend_says(f"recommend --file {place} --format json --as-of 2022-12-31").out)
    assert recommend_says(f"recommend batch {rows} {out} --as-of 2022-12-31").status == 0
    (scored,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert (scored["verdict"], scored["strength"]) == (alone["verdict"]["kind"], alone["verdict"]["strength"])
