"""What is said but does not count shows in every form of an answer: what is not wanted."""

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
