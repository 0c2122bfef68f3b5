"""Words of files that change what is offered: negotiable, combinations, a rating's word for "not there", labels."""

import datetime as dt

import pytest

from provider_advisor.decision import decide
from provider_advisor.faces.report.markdown import markdown_report
from provider_advisor.knowledge import facts_as_of
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_DAY = dt.date(2024, 1, 1)
_MORE = """\
area: more
label: More
criteria:
- {id: insured, label: Insured by law, kind: capability, question: "Must it be?", weight: 1%s}
- {id: heating, label: Heating, kind: rating, values: [none, basic, good], absent: none, question: "Warm?", weight: 1}
"""
_SHOPS = {
    "one": "- {criterion: rental, value: present, source: survey-2023, line: 1}\n"
    "- {criterion: insured, value: absent, source: survey-2023, line: 2}\n"
    "- {criterion: heating, value: none, source: survey-2023, line: 3}\n",
    "two": "- {criterion: rental, value: absent, source: survey-2023, line: 1}\n"
    "- {criterion: insured, value: present, source: survey-2023, line: 2}\n"
    "- {criterion: heating, value: basic, source: survey-2023, line: 3}\n",
}


@pytest.fixture
def shops(tmp_path, knowledge_from):
    """A function from a criterion's further keys, and a line of policy, to the knowledge of two shops."""

    def make(keys="", policy="", rules="rules: []\n"):
        left_out = {f"providers/{name}.yaml": None for name in ("velo", "rad", "ciclo")}
        shops = {
            f"providers/{name}.yaml": f"id: {name}\nname: {name}\nclaims:\n{said}" for name, said in _SHOPS.items()
        }
        facts = {**left_out, **shops, "criteria/more.yaml": _MORE % keys}
        weights = f"priorities: {{must: 4, should: 2, could: 1}}\nunknown: 0.5\n{policy}"
        return knowledge_from(tmp_path, facts, {"weights.yaml": weights, "riding.yaml": f"area: riding\n{rules}"})

    return make


def _decide(knowledge, *needs, **asked):
    return decide(read_team(knowledge, needs=list(needs), **asked), facts_as_of(knowledge, _DAY))


def _ways(decision):
    return sorted([part.criterion for part in way.dropped] for way in decision.concessions)


def test_what_is_not_negotiable_is_never_offered_as_a_concession(shops):
    needs = ("rental", "insured")
    assert _ways(_decide(shops(), *needs)) == [["insured"], ["rental"]]
    assert _ways(_decide(shops(", negotiable: false"), *needs)) == [["rental"]]


def test_nor_as_a_change_of_what_is_asked(shops):
    knowledge = shops(", negotiable: false")
    record = answer(
        knowledge, Statement(read_team(knowledge, needs=["rental", "insured"]), _DAY), robustness=True
    ).record
    changed = [part["criterion"] for turn in record["robustness"]["changes"]["turns"] for part in turn["changes"]]
    assert set(changed) == {"rental"}


def test_providers_that_exclude_one_another_are_not_combined(shops):
    needs = ("rental", "insured")
    assert _decide(shops(), *needs).combinations == (("one", "two"),)
    assert _decide(shops(policy="combinations: false\n"), *needs).combinations == ()


@pytest.mark.parametrize(
    ("need", "standings"),
    [
        ("heating", {"one": "ruled-out", "two": "qualified"}),
        ("heating>=good", {"one": "ruled-out", "two": "ruled-out"}),
        ("heating>=none", {"one": "qualified", "two": "qualified"}),
        ("advice", {"one": "qualified", "two": "qualified"}),
    ],
)
def test_a_must_on_a_rating_takes_no_word_that_says_it_is_not_there(shops, need, standings):
    assessments = _decide(shops(), need).outcome.assessments
    assert {part.provider: part.standing for part in assessments} == standings


def test_a_wish_for_the_rating_asks_for_no_bound(shops):
    assert read_team(shops(), wants=["heating"]).requirements[0].bound is None


_RULE = """\
rules:
- id: safe-first
  when: {need: rental}
  favours: {fact: insured}
  weight: 1
  because: What is rented should be insured.
  label: Insured
  rests_on: [{source: survey-2023, lines: [3]}]
"""


@pytest.mark.parametrize(
    ("label", "row"), [("  label: Insured\n", "Insured"), ("", "What is rented should be insured")]
)
def test_a_rule_stands_in_tables_by_its_label_and_never_with_a_full_stop(shops, label, row):
    knowledge = shops(rules=_RULE.replace("  label: Insured\n", label))
    explanation = answer(knowledge, Statement(read_team(knowledge, needs=["rental"]), _DAY)).explanation
    assert f"| rule | {row} | no | yes |" in markdown_report(explanation, knowledge)
