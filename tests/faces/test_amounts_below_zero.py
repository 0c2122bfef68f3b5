"""Amounts below 0, where the scale of a criterion has them: temperatures, margins, years before an event."""

import csv
import datetime as dt
import json

import pyarrow as pa
import pytest
from single import agrees
from worlds import DAY, Said, capability, decided, knowledge_of, quantity

from provider_advisor import load
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.decision import decide
from provider_advisor.decision.degrees import grade_requirement
from provider_advisor.decision.robustness.confirm import find_questions
from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.logic import ABSENT, Interval
from provider_advisor.requirements import Requirement, Team, read_team

_CRITERIA = """\
area: winter
label: Winter
criteria:
- id: coldest-ride
  label: Coldest day of a ride
  kind: quantity
  unit: °C
  better: lower
  question: How cold may it be?
  weight: 1
  scale: {worst: 10, best: -30, because: nobody rides below}
"""
_CLAIM = "source: survey-2023, line: 1, unit: °C"
_RULES = "area: winter\nrules: []\n"


@pytest.fixture
def shops(tmp_path, folders_from):
    """The folders of two shops: one rides down to -20 °C, the other down to 5 °C or somewhat lower."""

    def make(claim="exactly: -20", criteria=_CRITERIA, rules=_RULES):
        left_out = {f"providers/{name}.yaml": None for name in ("velo", "rad", "ciclo")}
        said = {"cold": claim, "mild": "between: [-3, 5]"}
        files = {
            f"providers/{name}.yaml": f"id: {name}\nname: {name.title()}\nclaims:\n"
            f"- {{criterion: coldest-ride, {value}, {_CLAIM}}}\n"
            for name, value in said.items()
        }
        facts = {**left_out, **files, "criteria/winter.yaml": criteria}
        return folders_from(tmp_path, facts, {"riding.yaml": _RULES, "winter.yaml": rules})

    return make


@pytest.fixture
def shops_known(shops):
    """A function from what is changed to the knowledge of the two shops."""
    return lambda **changes: load(*shops(**changes))


def test_a_bound_below_zero_is_a_bound_and_never_a_must_not(shops_known):
    knowledge = shops_known()
    team = read_team(knowledge, needs=["coldest-ride<=-1"])
    assert team.requirements == (Requirement("coldest-ride", "must", Interval(high=-1)),)
    assert not team.refused
    assessments = decide(team, facts_as_of(knowledge, dt.date(2024, 1, 1))).outcome.assessments
    assert {each.provider: each.standing for each in assessments} == {"cold": "qualified", "mild": "unconfirmed"}
    assert read_team(knowledge, needs=[{"criterion": "coldest-ride", "at_most": -1}]) == team


def test_without_a_bound_the_place_on_the_scale_counts(shops_known):
    knowledge = shops_known()
    facts = facts_as_of(knowledge, dt.date(2024, 1, 1))
    degrees = [grade_requirement(facts, name, knowledge.criteria["coldest-ride"], None) for name in ("cold", "mild")]
    assert [(degree.low, degree.high) for degree in degrees] == [(0.75, 0.75), (0.125, 0.325)]


def test_at_most_leaves_open_what_lies_below_zero_only_where_the_scale_does(shops_known):
    claims = {"ada": {"seats": Said(4, "exactly")}}
    assert knowledge_of([quantity("seats")], claims).criteria["seats"].floor == 0
    knowledge = shops_known(claim="at_most: -2")
    assert facts_as_of(knowledge, dt.date(2024, 1, 1))("cold", "coldest-ride").amount == Interval(None, -2)


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ("bikes-in-stock>=-5", "the bound of 'bikes-in-stock' is -5; expected 0 to 1000000000000 bikes."),
        ("coldest-ride<=-5.000", "'coldest-ride<=-5.000' can be read as -5 or -5000"),
        ("coldest-ride<=-1,000", "'coldest-ride<=-1,000' can be read as -1 or -1000"),
        ("coldest-ride<=-9e12", "expected -1000000000000 to 1000000000000 °C."),
    ],
)
def test_what_cannot_be_is_refused(shops_known, need, said):
    with pytest.raises(RequirementsError) as caught:
        read_team(shops_known(), needs=[need])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"claim": "exactly: -40"}, "-40 is outside the scale of the criterion, -30 to 10; correct one of them."),
        (
            {"criteria": _CRITERIA.replace("kind: quantity", "kind: price\n  of: repairs")},
            "the scale of a price begins at -30; no price is below 0.",
        ),
        (
            {
                "rules": "area: winter\nrules:\n- id: r\n  when: {need: repairs}\n"
                "  implies: [{criterion: bikes-in-stock, at_least: -5}]\n  because: So.\n"
                "  rests_on: [{source: survey-2023, lines: [1]}]\n"
            },
            "rule 'r': the bound -5 of 'bikes-in-stock' is below 0, and its scale is not; correct one of them.",
        ),
    ],
)
def test_files_with_amounts_that_cannot_be_are_refused(shops_known, changes, said):
    with pytest.raises(KnowledgeError) as caught:
        shops_known(**changes)
    assert said in str(caught.value)


def test_a_batch_answers_bounds_below_zero_as_they_are_answered_alone():
    claims = {
        "ada": {"cold": Said(-4, "exactly")},
        "bob": {"cold": Said(-6, "more_than")},
        "cyd": {"fax": Said("present")},
    }
    knowledge = knowledge_of([quantity("cold", worst=5, best=-10, whole=False), capability("fax")], claims)
    rows = [
        {"needs": "cold<=-1"},
        {"needs": "cold<=-5:should, fax=no"},
        {"needs": "cold>=-8, cold<=-2.5:should"},
        {"needs": "cold:could"},
        {"needs": "fax", "wants": "cold<=-4|fax"},
        {"needs": "fax>=-1"},
    ]
    agrees(
        Scorer(Facts(knowledge, DAY), reasons=True),
        pa.RecordBatch.from_pylist([{"team": "t", "wants": None, **row} for row in rows]),
    )


def test_what_to_ask_tries_amounts_below_zero():
    claims = {"ada": {}, "bob": {"cold": Said(5, "exactly")}}
    knowledge = knowledge_of([quantity("cold", worst=5, best=-10)], claims)
    outcome = decided(knowledge, Team((Requirement("cold", "must", Interval(high=-3)),))).outcome
    (question,) = find_questions(outcome).questions
    assert [answer.fact.amount.low for answer in question.answers] == [-3, -2]


def test_no_amount_is_the_mark_of_a_must_not():
    assert ABSENT not in {Interval(high=-1), Interval(high=-1e12), Interval()}


def test_people_type_them_at_every_face(shops, recommend_says, tmp_path):
    facts, rules = shops()
    where = f"--facts {facts} --rules {rules} --as-of 2024-01-01"
    asked = json.loads(recommend_says(f"recommend {where} --needs coldest-ride<=-10 --format json").out)
    assert asked["verdict"]["provider"] == "cold"
    assert asked["requirements"][0]["bound"] == {"at_most": -10}
    (tmp_path / "team.yaml").write_text("needs: [{criterion: coldest-ride, at_most: -10}]\n")
    filed = json.loads(recommend_says(f"recommend {where} --file {tmp_path / 'team.yaml'} --format json").out)
    assert filed["providers"] == asked["providers"]
    (tmp_path / "answers.yaml").write_text(
        "version: 1\nanswers:\n- {criterion: coldest-ride, answer: must, bound: -10}\n"
    )
    answered = recommend_says(f"recommend ask {where} --answers {tmp_path / 'answers.yaml'} --format json")
    assert json.loads(answered.out)["verdict"]["provider"] == "cold"
    (tmp_path / "teams.csv").write_text("needs\ncoldest-ride<=-10\n")
    out = tmp_path / "out.csv"
    assert recommend_says(f"recommend batch {where} {tmp_path}/teams.csv {out} --quiet").status == 0
    assert [row["provider"] for row in csv.DictReader(out.read_text().splitlines())] == ["cold"]
    comma = recommend_says(f"recommend {where} --decimal , --needs coldest-ride<=-10,5 --format json")
    assert json.loads(comma.out)["requirements"][0]["bound"] == {"at_most": -10.5}
