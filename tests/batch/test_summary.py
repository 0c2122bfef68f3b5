"""What many teams came to: its numbers add up, keep to their schema, and do not depend on how the teams were cut."""

from __future__ import annotations

import datetime as dt
import json

import jsonschema
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import bases, tables

from provider_advisor import load
from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.kernel.scorer import Scored, Scorer
from provider_advisor.batch.record_schemas import summary_schema
from provider_advisor.batch.summary import make_summary
from provider_advisor.knowledge import Facts, KnowledgeBase

_DAY = dt.date(2024, 1, 1)


def _summary(scored: Scored, facts: Facts):
    return make_summary(scored.tally.settle(), rejected=len(scored.errors), facts=facts)


@st.composite
def scored_teams(draw):
    """Facts, the rows of a table scored, and those before and behind some place scored by themselves."""
    facts = Facts(draw(bases()), _DAY)
    rows = draw(tables(facts.knowledge))
    scorer, place = Scorer(facts), draw(st.integers(0, rows.num_rows))
    return facts, *(scorer.score(part) for part in (rows, rows[:place], rows[place:]))


@settings(max_examples=30)
@given(scored_teams())
def test_two_halves_of_the_teams_added_are_all_of_them(found):
    facts, whole, first, second = found
    rejected = len(first.errors) + len(second.errors)
    assert make_summary((first.tally + second.tally).settle(), rejected=rejected, facts=facts) == _summary(whole, facts)


@settings(max_examples=30)
@given(scored_teams())
def test_the_numbers_add_up(found):
    facts, whole, *_ = found
    summary = _summary(whole, facts)
    scored = summary["scored"]
    assert summary["rows"] == scored + summary["rejected"]
    assert sum(part["teams"] for part in summary["verdicts"]) == scored
    kinds = {part["kind"]: part["teams"] for part in summary["verdicts"]}
    assert sum(part["recommended"]["teams"] for part in summary["providers"]) == kinds["recommended"]
    leads = sum(part["leads_undetermined"]["teams"] for part in summary["providers"])
    assert leads + summary["nobody_leads"]["teams"] == kinds["undetermined"]
    for part in summary["providers"]:
        assert part["recommended"]["teams"] == sum(part["recommended"][name] for name in ("firm", "dated", "leaning"))
        alone = part["if_all_chose_it"]
        assert sum(alone[key]["teams"] for key in ("qualified", "unconfirmed", "ruled_out")) == scored
        # A provider that is ruled out fails a must, and a must that fails rules out.
        failing = [one["teams"] for one in alone["unmet"]]
        assert max(failing, default=0) <= alone["ruled_out"]["teams"] <= sum(failing)
    for part in (*summary["nobody_meets"], *summary["unknown_facts"]):
        assert 0 < part["share"] <= 1
    assert all(part["teams"] <= kinds["none"] for part in summary["nobody_meets"])


@settings(max_examples=30)
@given(scored_teams())
def test_the_summary_keeps_to_its_schema_and_lists_the_largest_first(found):
    facts, whole, *_ = found
    summary = json.loads(json.dumps(_summary(whole, facts)))
    jsonschema.Draft202012Validator(summary_schema()).validate(summary)
    for key in ("nobody_meets", "unknown_facts"):
        counts = [part["teams"] for part in summary[key]]
        assert counts == sorted(counts, reverse=True)
    wanted = [part["must"] + part["wish"] for part in summary["wanted"]]
    assert wanted == sorted(wanted, reverse=True)


def test_of_no_rows_nothing_is_divided(bicycles: KnowledgeBase):
    summary = make_summary(Tally.empty(), rejected=0, facts=Facts(bicycles, _DAY))
    jsonschema.Draft202012Validator(summary_schema()).validate(summary)
    assert [part["share"] for part in summary["verdicts"]] == [None] * 4
    assert (summary["rows"], summary["wanted"], summary["unknown_facts"]) == (0, [], [])


@pytest.fixture(scope="module")
def riders(bicycles):
    """A few teams that want bicycles; the last two cannot be read."""
    needs = ["repairs", "repairs,cargo-bikes", "child-seats", "child-seats", "unicycles", "repairs>=4"]
    facts = Facts(bicycles, _DAY)
    return _summary(Scorer(facts).score(pa.RecordBatch.from_pydict({"needs": needs})), facts)


def test_rows_scored_and_rejected_are_counted(riders):
    assert (riders["rows"], riders["scored"], riders["rejected"]) == (6, 4, 2)


def test_what_is_wanted_says_how_many_must_have_it(riders):
    assert {"criterion": "child-seats", "label": "Child seats", "must": 2, "wish": 0} in riders["wanted"]


def test_an_unknown_fact_comes_with_the_question_to_ask(riders):
    asked = {part["ask"]: part["teams"] for part in riders["unknown_facts"]}
    assert any(question.startswith("Does ") and question.endswith('"Child seats"?') for question in asked)
    assert max(asked.values()) == 2


def test_the_summary_says_what_it_was_drawn_from(bicycles):
    known = make_summary(Tally.empty(), rejected=3, facts=Facts(bicycles, _DAY, 90))["knowledge"]
    assert {key: known[key] for key in ("as_of", "max_age", "fingerprint", "providers")} == {
        "as_of": "2024-01-01",
        "max_age": 90,
        "fingerprint": bicycles.fingerprint,
        "providers": 3,
    }
    assert (known["sources"], known["newest"], known["oldest"]) == ([], None, None)


def test_the_summary_says_how_old_the_facts_are(bicycles):
    known = make_summary(Tally.empty(), rejected=0, facts=Facts(bicycles, _DAY))["knowledge"]
    assert known["sources"] == ["guide-2020", "survey-2023"]
    assert (known["oldest"], known["newest"]) == ("2020-05-01", "2023-03-01")
    named = "Where to buy a bicycle and The riders' survey"
    assert known["says"].startswith(f"Compared 3 providers using 2 sources ({named}); facts from ")


def test_a_fact_that_a_choice_and_another_requirement_ask_about_counts_once_a_team():
    shipped = Facts(load(), dt.date(2026, 11, 1))
    rows = pa.RecordBatch.from_pydict({"needs": ["whiteboard|fax", "whiteboard"], "wants": ["whiteboard", "fax"]})
    scored = Scorer(shipped).score(rows)
    shares = [part["share"] for part in _summary(scored, shipped)["unknown_facts"]]
    assert shares, "it protects nothing if all is known"
    assert max(shares) <= 1
