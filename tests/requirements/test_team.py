"""A team's statement as a whole: merging, situation, usage."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.errors import RequirementsError
from provider_advisor.logic import Interval
from provider_advisor.requirements import Requirement, Statement, Team, combine, read_team, services_used
from provider_advisor.requirements.statement import Volume

STOCK = "bikes-in-stock"


def refusal(bicycles, **statement):
    with pytest.raises(RequirementsError) as caught:
        read_team(bicycles, **statement)
    return str(caught.value)


def test_needs_are_musts_and_wants_are_shoulds_unless_they_say_otherwise(bicycles):
    team = read_team(
        bicycles, needs=["repairs", "rental:could"], wants=["test-rides", {"criterion": "advice", "priority": "must"}]
    )
    assert [(part.criterion, part.priority) for part in team.requirements] == [
        ("advice", "must"),
        ("repairs", "must"),
        ("test-rides", "should"),
        ("rental", "could"),
    ]
    assert team.stated == {"advice", "repairs", "test-rides", "rental"}


def test_asked_at_two_priorities_without_a_bound_the_higher_one_stands_alone(bicycles):
    team = read_team(
        bicycles, needs=["repairs", "rental:could"], wants=["repairs", "rental", "stock>=60", "stock:could"]
    )
    assert [(part.criterion, part.priority, part.bound) for part in team.requirements] == [
        ("repairs", "must", None),
        (STOCK, "should", Interval(60)),
        ("rental", "should", None),
        (STOCK, "could", None),
    ]


def test_a_team_that_states_nothing_has_stated_nothing(bicycles):
    assert read_team(bicycles) == Team((), {}, {}, None)


@pytest.mark.parametrize(
    ("needs", "bound"),
    [
        (["stock>=60", "stock>=101"], Interval(101)),
        (["stock>=101", "stock>=60"], Interval(101)),
        (["stock<=60", "stock<=101"], Interval(None, 60)),
        (["stock>=60", "stock<=101"], Interval(60, 101)),
        (["stock>=60", "stock<=60"], Interval(60, 60)),
        (["stock", "stock>=60"], Interval(60)),
        (["stock>=60", "stock"], Interval(60)),
        (["stock", "bikes-in-stock"], None),
        (["stock", {"criterion": "stock", "at_least": 60}], Interval(60)),
        (["stock>=50", "stock<=90", "stock>=60", "stock<=80", "stock>=55"], Interval(60, 80)),
    ],
)
def test_asked_twice_at_one_priority_the_tighter_bound_holds_at_each_end(bicycles, needs, bound):
    assert read_team(bicycles, needs=needs).requirements == (Requirement(STOCK, "must", bound),)


def test_at_different_priorities_both_stand(bicycles):
    team = read_team(bicycles, needs=["stock>=200"], wants=["stock>=300", "stock>=400:could"])
    assert team.requirements == (
        Requirement(STOCK, "must", Interval(200)),
        Requirement(STOCK, "should", Interval(300)),
        Requirement(STOCK, "could", Interval(400)),
    )


def test_of_two_weights_the_larger_holds(bicycles):
    needs = [{"criterion": "repairs", "weight": 2}, {"criterion": "mending", "weight": 3}, "repairs"]
    assert read_team(bicycles, needs=needs).requirements == (Requirement("repairs", "must", None, 3),)


EXCLUDE = "exclude each other: nothing is at least"


@pytest.mark.parametrize(
    ("needs", "wants", "sentence"),
    [
        (["stock>=90", "stock<=80"], [], f"the bounds of '{STOCK}' {EXCLUDE} 90 and at most 80; change one."),
        (["stock>=90"], ["stock<=80"], f"the bounds of '{STOCK}' {EXCLUDE} 90 and at most 80; change one."),
        (["stock<=80"], ["stock>=90:could"], f"the bounds of '{STOCK}' {EXCLUDE} 90 and at most 80; change one."),
        (["advice>=good", "advice<=fair"], [], f"the bounds of 'advice' {EXCLUDE} good and at most fair; change one."),
        (["advice=good"], ["advice=poor"], f"the bounds of 'advice' {EXCLUDE} good and at most poor; change one."),
        (
            ["rental-price<=0.1", "rental-price>=0.2"],
            [],
            f"the bounds of 'rental-price' {EXCLUDE} 0.2 and at most 0.1; change one.",
        ),
    ],
)
def test_bounds_that_exclude_each_other_are_an_error_at_any_priority(bicycles, needs, wants, sentence):
    assert refusal(bicycles, needs=needs, wants=wants) == sentence


PARTS = [
    "repairs",
    "rental",
    "rental:could",
    "stock>=5",
    "stock>=7",
    "stock<=9",
    "stock>=6:could",
    "advice>=fair",
    "advice=good",
]


@given(st.lists(st.sampled_from(PARTS)), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_asked_never_matters(bicycles, needs, random):
    shuffled = random.sample(needs, len(needs))
    assert read_team(bicycles, needs=needs) == read_team(bicycles, needs=shuffled)


def test_ten_thousand_needs_are_too_many(bicycles):
    assert refusal(bicycles, needs=["repairs"] * 9_000, wants=["rental"] * 1_000) == (
        "10,000 requirements were given, but at most 1,000 are allowed; keep the important ones."
    )


def test_a_thousand_are_not(bicycles):
    assert len(read_team(bicycles, needs=["repairs"] * 1_000).requirements) == 1


def test_they_may_come_from_iterators(bicycles):
    assert read_team(bicycles, needs=iter(["repairs"])).stated == {"repairs"}


@pytest.mark.parametrize("key", ["needs", "wants"])
@pytest.mark.parametrize("value", ["repairs", {"criterion": "repairs"}, 5, None])
def test_where_a_list_belongs_nothing_else_is_taken_for_one(bicycles, key, value):
    assert refusal(bicycles, **{key: value}) == f"'{key}' is '{value}'; expected a list of requirements."


@pytest.mark.parametrize("key", ["situation", "usage"])
@pytest.mark.parametrize("value", ["skill", ["skill"], 5])
def test_where_a_mapping_belongs_nothing_else_is_taken_for_one(bicycles, key, value):
    assert refusal(bicycles, **{key: value}) == f"'{key}' is '{value}'; expected a mapping from names to values."


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ({"skill": "racer"}, {"skill": ("racer",)}),
        ({"skill": ["racer"]}, {"skill": ("racer",)}),
        ({"skill": ["racer", "racer"]}, {"skill": ("racer",)}),
        ({"purposes": "touring"}, {"purposes": ("touring",)}),
        ({"purposes": ["touring", "commuting"]}, {"purposes": ("commuting", "touring")}),
        ({"skill": "racer", "purposes": ("racing",)}, {"purposes": ("racing",), "skill": ("racer",)}),
    ],
)
def test_a_situation_has_one_value_or_several_where_the_topic_allows(bicycles, situation, expected):
    assert read_team(bicycles, situation=situation).situation == expected


SKILLS = "expected one of beginner, regular, racer."
PURPOSES = "is not a value of the situation 'purposes'; expected one of commuting, touring, racing."


@pytest.mark.parametrize(
    ("situation", "sentence"),
    [
        ({"skil": "racer"}, "unknown situation 'skil'. Did you mean 'skill'?"),
        ({"xyzzy": "racer"}, "unknown situation 'xyzzy'. Known: purposes, skill."),
        ({"skill": "racr"}, f"'racr' is not a value of the situation 'skill'; {SKILLS} Did you mean 'racer'?"),
        ({"skill": "xyzzy"}, f"'xyzzy' is not a value of the situation 'skill'; {SKILLS}"),
        ({"skill": ""}, f"'' is not a value of the situation 'skill'; {SKILLS}"),
        ({5: "racer"}, "unknown situation '5'. Known: purposes, skill."),
        ({"skill": {"racer": 1}}, f"'{{'racer': 1}}' is not a value of the situation 'skill'; {SKILLS}"),
        ({"skill": [5]}, f"'5' is not a value of the situation 'skill'; {SKILLS}"),
        (
            {"skill": ["racer", "beginner"]},
            "the situation 'skill' takes one value; expected one of beginner, regular, racer.",
        ),
        (
            {"purposes": "Touring / racing"},
            f"'Touring / racing' {PURPOSES} Separate several values with commas: touring,racing.",
        ),
        ({"skill": []}, "the situation 'skill' takes one value; expected one of beginner, regular, racer."),
    ],
)
def test_what_is_wrong_with_a_situation_is_said_in_one_sentence(bicycles, situation, sentence):
    assert refusal(bicycles, situation=situation) == sentence


def test_without_situations_and_usage_no_empty_list_is_shown(bicycles):
    bare = dataclasses.replace(bicycles, topics={}, usage={})
    assert refusal(bare, situation={"skill": "racer"}) == "unknown situation 'skill'. None is known."
    assert refusal(bare, usage={"calls": 5}) == "unknown usage item 'calls'. None is known."


def test_of_several_values_there_must_be_one_at_least(bicycles):
    sentence = "the situation 'purposes' takes at least one value; expected one of "
    assert refusal(bicycles, situation={"purposes": []}).startswith(sentence)


@pytest.mark.parametrize("value", [5, None, True, [["racer"]], [{}], [10**5000]])
def test_a_situation_that_is_no_text_is_refused_in_one_sentence(bicycles, value):
    assert f"is not a value of the situation 'skill'; {SKILLS}" in refusal(bicycles, situation={"skill": value})


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"inspections": 3}, {"inspections": 3}),
        ({"inspections": 0}, {"inspections": 0}),
        ({"rental-days": 0.5, "inspections": 1}, {"inspections": 1, "rental-days": 0.5}),
        ({"inspections": 1e12}, {"inspections": 10**12}),
        ({"inspections": "3"}, {"inspections": 3}),
        ({"inspections": "40..60"}, {"inspections": Volume(40, 60, "40..60")}),
    ],
)
def test_usage_is_a_number_of_zero_or_more(bicycles, usage, expected):
    assert read_team(bicycles, usage=usage).usage == expected


def not_a_number(given_amount):
    return f"the usage 'inspections' is {given_amount}; expected a number of inspections, 0 to 1000000000000."


@pytest.mark.parametrize(
    ("usage", "sentence"),
    [
        ({"inspection": 3}, "unknown usage item 'inspection'. Did you mean 'inspections'?"),
        ({"xyzzy": 3}, "unknown usage item 'xyzzy'. Known: inspections, rental-days."),
        ({"days": 3}, "unknown usage item 'days'. Did you mean 'rental-days'?"),
        ({"hired_days": 3}, "unknown usage item 'hired_days'. Did you mean 'rental-days'?"),
        ({"inspections": -1}, not_a_number("-1")),
        ({"inspections": float("nan")}, not_a_number("nan")),
        ({"inspections": float("inf")}, not_a_number("inf")),
        ({"inspections": 1e308}, not_a_number("1e+308")),
        ({"inspections": True}, not_a_number("True")),
        ({"inspections": "-3"}, not_a_number("-3")),
        ({"inspections": "5..2e12"}, not_a_number("5..2000000000000")),
        ({"inspections": ["3"]}, not_a_number("['3']")),
        ({"inspections": None}, not_a_number("None")),
        ({"inspections": 10**400}, not_a_number("1" + "0" * 199 + "…")),
        ({"inspections": 10**5000}, not_a_number("too much to show")),
        ({5: 3, "inspections": 1}, "unknown usage item '5'. Known: inspections, rental-days."),
    ],
)
def test_what_is_wrong_with_usage_is_said_in_one_sentence(bicycles, usage, sentence):
    assert refusal(bicycles, usage=usage) == sentence


def test_a_cost_needs_usage(bicycles):
    assert refusal(bicycles, needs=["monthly-cost<=50"]) == (
        "'monthly-cost' is computed from monthly usage, but none is stated; state it, or ask for single prices instead."
    )
    team = read_team(bicycles, needs=["monthly-cost<=50"], usage={"inspections": 1})
    assert team.requirements == (Requirement("monthly-cost", "must", Interval(None, 50)),)


TOGETHER = {
    "team.yaml": "usage:\n"
    + "".join(
        f"- {{id: {name}, label: Usage, question: How many?, unit: {name}}}\n"
        for name in ("agents", "hours", "inspections")
    ),
    "criteria/prices.yaml": "area: prices\nlabel: Prices\ncriteria:\n"
    + "".join(
        f"- {{id: {name}, label: Price, kind: price, of: repairs, unit: {unit}, usage: [{usage}], question: What?, "
        "weight: 1, scale: {worst: 200, best: 0, because: so}}\n"
        for name, unit, usage in (
            ("agent-price", "EUR/agent", "agents"),
            ("hour-price", "EUR/hour", "agents, hours"),
            ("inspection-price", "EUR/inspection", "inspections"),
            ("rental-price", "EUR/day", ""),
        )
    ),
}


@pytest.fixture
def shops_with_agents(tmp_path, knowledge_from):
    """A knowledge base in which agents are paid for by the head or by the hour."""
    return knowledge_from(tmp_path, facts=TOGETHER, rules={"riding.yaml": None})


def test_hours_say_nothing_without_agents(shops_with_agents):
    assert refusal(shops_with_agents, usage={"hours": 10}) == (
        "the usage 'hours' means nothing without 'agents'; state both, or neither."
    )


def test_hours_in_a_file_go_with_agents_on_the_command_line(shops_with_agents):
    hours = Statement(read_team(shops_with_agents, usage={"hours": 10}, whole=False))
    agents = Statement(read_team(shops_with_agents, usage={"agents": 2}, whole=False))
    assert combine(hours, agents, shops_with_agents).team.usage == {"agents": 2, "hours": 10}


@pytest.mark.parametrize(
    ("usage", "models"),
    [
        ({}, []),
        ({"agents": 2}, [["agent-price"]]),
        ({"agents": 2, "hours": 10}, [["agent-price", "hour-price"]]),
        ({"agents": 2, "hours": 10, "inspections": 1}, [["agent-price", "hour-price"], ["inspection-price"]]),
    ],
)
def test_usage_is_split_into_what_is_paid_for_together(shops_with_agents, usage, models):
    read_team(shops_with_agents, usage=usage)
    services = services_used(usage, shops_with_agents)
    assert [[price.id for price in service.models] for service in services] == models
    assert {item: amount for service in services for item, amount in service.usage.items()} == usage
    assert all(service.missing == () for service in services)


def test_what_is_not_wanted_is_no_requirement_and_may_be_said_in_either_list(bicycles):
    team = read_team(
        bicycles,
        needs=["repairs", "rental:wont"],
        wants=[{"criterion": "test-rides", "priority": "wont"}, "rental:wont"],
    )
    assert team.unwanted == ("rental", "test-rides")
    assert team.stated == {"repairs"}


@pytest.mark.parametrize("other", ["repairs", "repairs:should", "repairs:could"])
def test_what_is_asked_for_and_not_wanted_is_refused(bicycles, other):
    with pytest.raises(RequirementsError, match=r"'repairs' is asked for as \w+ and as wont, .* keep one of the two\."):
        read_team(bicycles, needs=[other], wants=["repairs:wont"])


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("stock>=90:wont", "bound"),
        ({"criterion": "stock", "priority": "wont", "at_most": 5}, "bound"),
        ({"criterion": "stock", "priority": "wont", "weight": 2}, "weight"),
    ],
)
def test_what_is_not_wanted_has_no_bound_and_no_weight(bicycles, given, what):
    with pytest.raises(
        RequirementsError, match=f"'bikes-in-stock' is not wanted .wont., so it takes no {what}; write only"
    ):
        read_team(bicycles, wants=[given])


def test_a_cost_that_is_not_wanted_needs_no_usage(bicycles):
    assert read_team(bicycles, wants=["monthly-cost:wont"]).unwanted == ("monthly-cost",)
