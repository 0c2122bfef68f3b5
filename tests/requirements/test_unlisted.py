"""What a team says in its own words: read, put together, counted, and never judged."""

from __future__ import annotations

import datetime as dt

import pytest

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.recommendation import recommend
from provider_advisor.requirements import Statement, Unlisted, combine, read_team, statement_record
from provider_advisor.requirements.requirements_file import read_requirements, read_requirements_data
from provider_advisor.requirements.unlisted import read_unlisted


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("loan bikes", Unlisted("loan bikes", "must")),
        (" loan\n  bikes : should ", Unlisted("loan bikes", "should")),
        ("open: 24/7", Unlisted("open: 24/7", "must")),
        ("open: day and night:could", Unlisted("open: day and night", "could")),
        ("a note: must be blue", Unlisted("a note: must be blue", "must")),
        ({"text": "open:should"}, Unlisted("open:should", "must")),
        ({"text": "loan bikes", "priority": "could"}, Unlisted("loan bikes", "could")),
    ],
)
def test_a_text_or_a_mapping_is_read(given, expected):
    assert read_unlisted(given) == expected


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "an unlisted requirement is empty; expected a few words that say what you need."),
        (":should", "an unlisted requirement is empty; expected a few words that say what you need."),
        (
            "loan bikes:shoud",
            (
                "unknown priority 'shoud' of the unlisted 'loan bikes:shoud'; expected must, should or could. "
                "Did you mean 'should'?"
            ),
        ),
        (
            "loan bikes:wont",
            "unknown priority 'wont' of the unlisted 'loan bikes:wont'; expected must, should or could.",
        ),
        ("x" * 1001, f"the unlisted requirement '{'x' * 200}…' has 1,001 characters; expected at most 1,000."),
        (3, "'3' in 'unlisted' is neither a text nor a mapping with the key 'text'."),
        ({"txt": "a"}, "unknown key 'txt' in 'unlisted'; expected text, priority."),
        ({"priority": "must"}, "'{'priority': 'must'}' in 'unlisted' has no text; add 'text: <what you need>'."),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(given, sentence):
    with pytest.raises(RequirementsError) as caught:
        read_unlisted(given)
    assert str(caught.value) == sentence


def test_a_text_given_twice_counts_once_at_its_highest_priority_and_musts_come_first(bicycles):
    team = read_team(bicycles, unlisted=["tea:could", "loan bikes:should", "Loan  bikes"])
    assert team.unlisted == (Unlisted("loan bikes", "must"), Unlisted("tea", "could"))


_FILE = """
needs: [repairs]
unlisted:
- loan bikes
- {text: tea, priority: could}
"""


def test_a_file_holds_texts_and_mappings_and_its_record_is_read_again(bicycles):
    statement = read_requirements(_FILE.encode(), "team.yaml", bicycles)
    assert statement.team.unlisted == (Unlisted("loan bikes"), Unlisted("tea", "could"))
    record = statement_record(statement, bicycles)
    assert record["unlisted"] == [{"text": "loan bikes", "priority": "must"}, {"text": "tea", "priority": "could"}]
    assert read_requirements_data(record, "again", bicycles).team == statement.team


def test_a_shape_that_is_none_is_refused_with_its_place(bicycles):
    with pytest.raises(AdvisorError, match=r"team.yaml:1: .*expected a text, or a mapping with the key 'text'"):
        read_requirements(b"unlisted: [3]\n", "team.yaml", bicycles)


def _reason(found):
    return found.explanation.verdict.reason


def test_the_sentence_of_the_verdict_counts_what_is_not_judged(bicycles):
    both = recommend(bicycles, needs=["repairs"], wants=["advice"], unlisted=["loan bikes", "tea:could"])
    assert "; 2 of your 4 requirements are not judged (1 must)." in _reason(both)
    one = recommend(bicycles, needs=["repairs"], unlisted=["tea:could"])
    assert "; 1 of your 2 requirements is not judged." in _reason(one)
    assert [vars(part) for part in both.explanation.unlisted] == [
        {"text": "loan bikes", "priority": "must"},
        {"text": "tea", "priority": "could"},
    ]


def test_where_nothing_else_is_asked_nothing_can_be_recommended(bicycles):
    found = recommend(bicycles, unlisted=["loan bikes"])
    assert found.verdict.kind == "undetermined"
    assert _reason(found) == (
        "Nothing that you ask for can be judged, so nothing can be recommended; your only requirement is not judged "
        "(1 must)."
    )


def test_with_an_unlisted_must_no_verdict_is_firm_and_a_wish_changes_none(bicycles):
    asked = {"needs": ["repairs", "rental"], "as_of": dt.date(2024, 1, 1)}
    plain = recommend(bicycles, **asked)
    assert plain.verdict.strength == "firm"
    assert recommend(bicycles, **asked, unlisted=["tea:should"]).verdict == plain.verdict
    held = recommend(bicycles, **asked, unlisted=["loan bikes"], robustness=True)
    assert held.verdict == plain.verdict._replace(strength="leaning")
    # All that is judged is proven: no rival is named, and no fact to confirm makes it firmer.
    assert "unknown facts could" not in _reason(held)
    assert held.record["confirm"] == []


def test_the_command_line_adds_to_what_a_file_says(bicycles):
    file = read_requirements(_FILE.encode(), "team.yaml", bicycles, whole=False)
    line = Statement(read_team(bicycles, unlisted=["tea:must", "coffee:should"], whole=False))
    assert combine(file, line, bicycles).team.unlisted == (
        Unlisted("loan bikes"),
        Unlisted("tea"),
        Unlisted("coffee", "should"),
    )


def test_the_note_names_own_words_that_the_command_line_adds_or_raises(bicycles):
    file = Statement(read_team(bicycles, unlisted=["Loan bikes:could", "tea:must", "a sauna"]))
    line = Statement(read_team(bicycles, unlisted=["loan bikes:must", "tea:could", "open: day and night"]))
    (note,) = combine(file, line, bicycles).notes
    assert note == "The command line adds 'open: day and night' to the file and overrides 'loan bikes' in it."
