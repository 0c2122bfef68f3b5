"""What rules add to a team's requirements, worked out by hand."""

import pytest
from examples import ALWAYS, CRITERIA, could, must, should
from worlds import answer_of, decided, knowledge_of, rule

from provider_advisor.inference import infer
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Need, Situation
from provider_advisor.knowledge.rules import Implied
from provider_advisor.logic import Interval
from provider_advisor.requirements import Requirement, Team

# (rules, asked, [(criterion, priority, bound, whole weight but for the priority's, origins)])
IMPLIED = {
    "a should, with the rule's weight": (
        [rule("r", Need("board"), Implied("chat", "should"), weight=7)],
        [must("board")],
        [("chat", "should", None, 7, "r")],
    ),
    "the criterion's weight where the rule has none": (
        [rule("r", Need("board"), Implied("phone", "should"))],
        [must("board")],
        [("phone", "should", None, 3, "r")],
    ),
    "never above the need that fired it": (
        [rule("r", Need("board"), Implied("chat", "must"))],
        [could("board")],
        [("chat", "could", None, 1, "r")],
    ),
    "the cap goes down the chain": (
        [rule("r", Need("board"), Implied("chat", "must")), rule("s", Need("chat"), Implied("fax", "must"))],
        [should("board")],
        [("chat", "should", None, 1, "r"), ("fax", "should", None, 1, "s")],
    ),
    "the priority goes down the chain, not up again": (
        [rule("r", Need("board"), Implied("chat", "could")), rule("s", Need("chat"), Implied("fax", "must"))],
        [must("board")],
        [("chat", "could", None, 1, "r"), ("fax", "could", None, 1, "s")],
    ),
    "under all the lowest": (
        [rule("r", AllOf((Need("board"), Need("chat"))), Implied("fax", "must"))],
        [must("board"), could("chat")],
        [("fax", "could", None, 1, "r")],
    ),
    "under any the highest": (
        [rule("r", AnyOf((Need("board"), Need("chat"))), Implied("fax", "must"))],
        [must("board"), could("chat")],
        [("fax", "must", None, 1, "r")],
    ),
    "under any, what does not hold caps nothing": (
        [rule("r", AnyOf((AllOf((Need("board"), ALWAYS)), Need("chat"))), Implied("fax", "must"))],
        [must("board"), could("chat")],
        [("fax", "could", None, 1, "r")],
    ),
    "a situation caps nothing": (
        [rule("r", AnyOf((Need("board"), Situation("staff", "some"))), Implied("fax", "must"))],
        [could("board"), {"staff": ("some",)}],
        [("fax", "must", None, 1, "r")],
    ),
    "a need that is asked at two priorities counts at the higher": (
        [rule("r", Need("seats"), Implied("fax", "must"))],
        [must("seats", at_least=3), should("seats", at_least=8)],
        [("fax", "must", None, 1, "r")],
    ),
    "absorbed by a stated one of the same priority": (
        [rule("r", Need("board"), Implied("chat", "should"))],
        [must("board"), should("chat")],
        [],
    ),
    "absorbed by a stated one of a higher priority": (
        [rule("r", Need("board"), Implied("chat", "should"))],
        [must("board"), must("chat")],
        [],
    ),
    "absorbed by a tighter stated bound": (
        [rule("r", Need("board"), Implied("seats", "must", Interval(5)))],
        [must("board"), must("seats", at_least=5)],
        [],
    ),
    "a looser stated bound does not absorb": (
        [rule("r", Need("board"), Implied("seats", "must", Interval(5)))],
        [must("board"), should("seats", at_least=4)],
        [("seats", "must", Interval(5), 1, "r")],
    ),
    "an implied need without a bound takes in a stated want without one": (
        [rule("r", Need("board"), Implied("chat", "must"))],
        [must("board"), should("chat")],
        [("chat", "must", None, 1, "r")],
    ),
    "an implied need takes in the larger weight of a stated want": (
        [rule("r", Need("board"), Implied("phone", "must"), weight=2)],
        [must("board"), could("phone")],
        [("phone", "must", None, 3, "r")],
    ),
    "an implied need with a bound leaves a stated want for the more the better": (
        [rule("r", Need("board"), Implied("seats", "must", Interval(5)))],
        [must("board"), should("seats")],
        [("seats", "must", Interval(5), 1, "r")],
    ),
    "bounds at two priorities both stand, one stated and one implied": (
        [rule("r", Need("board"), Implied("seats", "should", Interval(8)))],
        [must("board"), must("seats", at_least=5)],
        [("seats", "should", Interval(8), 1, "r")],
    ),
    "a stated one without a bound does not absorb a bound": (
        [rule("r", Need("board"), Implied("seats", "should", Interval(5)))],
        [must("board"), must("seats")],
        [("seats", "should", Interval(5), 1, "r")],
    ),
    "contradicting a stated bound: dropped": (
        [rule("r", Need("board"), Implied("seats", "must", Interval(5)))],
        [must("board"), must("seats", at_most=4)],
        [],
    ),
    "meeting a stated bound in one point does not contradict it": (
        [rule("r", Need("board"), Implied("seats", "must", Interval(5)))],
        [must("board"), must("seats", at_most=5)],
        [("seats", "must", Interval(5, 5), 1, "r")],
    ),
    "asking more than a stated bound at its priority: one requirement with both bounds": (
        [rule("r", Need("board"), Implied("seats", "must", Interval(5)), weight=2)],
        [must("board"), must("seats", at_least=4, at_most=9)],
        [("seats", "must", Interval(5, 9), 2, "r")],
    ),
    "asking more than a stated bound at its priority: what is stated may weigh more": (
        [rule("r", Need("board"), Implied("seats", "must", Interval(5)), weight=0.5)],
        [must("board"), must("seats", at_least=4)],
        [("seats", "must", Interval(5), 1, "r")],
    ),
    "implied twice: the larger weight, both origins": (
        [
            rule("r", Need("board"), Implied("chat", "should"), weight=2),
            rule("s", Need("board"), Implied("chat", "should"), weight=5),
        ],
        [must("board")],
        [("chat", "should", None, 5, "rs")],
    ),
    "implied twice: the criterion's weight may be the larger": (
        [
            rule("r", Need("board"), Implied("phone", "should")),
            rule("s", Need("board"), Implied("phone", "should"), weight=2),
        ],
        [must("board")],
        [("phone", "should", None, 3, "rs")],
    ),
    "implied twice: the tighter bound at each end": (
        [
            rule("r", Need("board"), Implied("seats", "should", Interval(3, 9))),
            rule("s", Need("board"), Implied("seats", "should", Interval(4))),
        ],
        [must("board")],
        [("seats", "should", Interval(4, 9), 1, "rs")],
    ),
    "implied twice at two priorities: the higher takes in what it asks as much as": (
        [
            rule("r", Need("board"), Implied("chat", "must"), weight=2),
            rule("s", Need("board"), Implied("chat", "should"), weight=5),
        ],
        [must("board")],
        [("chat", "must", None, 5, "rs")],
    ),
    "implied twice at two priorities: a want for more stands beside": (
        [
            rule("r", Need("board"), Implied("seats", "must", Interval(3))),
            rule("s", Need("board"), Implied("seats", "should", Interval(8))),
        ],
        [must("board")],
        [("seats", "must", Interval(3), 1, "r"), ("seats", "should", Interval(8), 1, "s")],
    ),
    "bounds of two rules that exclude one another: both stand": (
        [
            rule("r", Need("board"), Implied("seats", "should", Interval(8))),
            rule("s", Need("board"), Implied("seats", "should", Interval(None, 3))),
        ],
        [must("board")],
        [("seats", "should", Interval(8), 1, "r"), ("seats", "should", Interval(None, 3), 1, "s")],
    ),
}


def _list_lower(priority):
    return {"must": ("should", "could"), "should": ("could",), "could": ()}[priority]


@pytest.mark.parametrize(("rules", "asked", "expected"), IMPLIED.values(), ids=IMPLIED)
def test_rules_add(rules, asked, expected):
    situation = {topic: words for part in asked if isinstance(part, dict) for topic, words in part.items()}
    stated = [part for part in asked if isinstance(part, Requirement)]
    answer = answer_of(decided(knowledge_of(CRITERIA, {"ada": {}}, rules), Team(tuple(stated), situation)))
    assert {tuple(part) for part in answer.requirements if part.origins} == {
        (criterion, priority, bound, weight, frozenset(origins))
        for criterion, priority, bound, weight, origins in expected
    }
    joined = {(criterion, priority) for criterion, priority, *_ in expected}
    # Asked at two priorities without a bound, the higher stands alone (the same evidence would count twice).
    joined |= {(name, low) for name, priority, bound, *_ in expected if bound is None for low in _list_lower(priority)}
    assert {(part.criterion, part.priority, part.bound) for part in answer.requirements if not part.origins} == {
        part[:3] for part in stated if part[:2] not in joined
    }


def test_what_contradicts_a_stated_bound_is_said_and_what_is_absorbed_is_not():
    rules = [rule("r", Need("board"), Implied("seats", "must", Interval(5)), Implied("chat", "should"))]
    inference = infer(
        knowledge_of(CRITERIA, {"ada": {}}, rules), Team((must("board"), must("chat"), must("seats", at_most=4)))
    )
    assert [(part.rule, part.criterion) for part in inference.set_aside] == [("r", "seats")]


@pytest.mark.parametrize("floors", [(9, 12), (10, 12)])
def test_of_two_compatible_bounds_the_tighter_stands_beside_one_that_excludes_both(floors):
    rules = [
        rule("r", Need("board"), Implied("seats", "must", Interval(floors[0]))),
        rule("s", Need("board"), Implied("seats", "must", Interval(floors[1]))),
        rule("t", Need("board"), Implied("seats", "must", Interval(None, 5))),
    ]
    answer = answer_of(decided(knowledge_of(CRITERIA, {"ada": {}}, rules), Team((must("board"),))))
    found = {(part.bound, part.origins) for part in answer.requirements if part.criterion == "seats"}
    assert found == {(Interval(12), frozenset("rs")), (Interval(None, 5), frozenset("t"))}
