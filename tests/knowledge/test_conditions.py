"""Conditions in disjunctive normal form: the same truth in another form."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.knowledge.check_structure import can_hold
from provider_advisor.knowledge.conditions import (
    MAX_CONJUNCTIONS,
    AllOf,
    AnyOf,
    FactHolds,
    Need,
    Not,
    Situation,
    Usage,
    evaluate,
    leaves,
    list_always_needed,
    list_conjunctions,
    list_ever_needed,
    text_of,
)
from provider_advisor.knowledge.records import Topic
from provider_advisor.logic import Interval, Truth

NAMES = "abcd"
conditions = st.recursive(
    st.sampled_from([Need(name) for name in NAMES]),
    lambda inner: (
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(Not, inner)
    ),
    max_leaves=8,
)
without_not = conditions.filter(lambda condition: "not " not in text_of(condition))


def holds(condition, needed):
    """Two-valued truth for a team that needs just these."""
    return evaluate(condition, lambda leaf: Truth.YES if leaf.criterion in needed else Truth.NO) is Truth.YES


def teams():
    return [set(needed) for count in range(len(NAMES) + 1) for needed in itertools.combinations(NAMES, count)]


@given(conditions)
def test_a_condition_holds_where_one_of_its_conjunctions_does(condition):
    found = list_conjunctions(condition)
    if found is None:
        return
    for needed in teams():
        assert holds(condition, needed) == any(all(holds(part, needed) for part in parts) for parts in found)


@given(without_not)
def test_what_is_always_needed_is_in_every_team_that_fulfils_the_condition(condition):
    fulfilling = [needed for needed in teams() if holds(condition, needed)]
    assert list_always_needed(condition) == set.intersection(*fulfilling)
    assert list_ever_needed(condition) == {leaf.criterion for leaf in leaves(condition)}


@given(conditions, st.randoms(use_true_random=False))
def test_the_text_of_a_condition_does_not_depend_on_the_order_of_its_parts(condition, random):
    def shuffled(part):
        if isinstance(part, AllOf | AnyOf):
            return part._replace(parts=tuple(map(shuffled, random.sample(part.parts, len(part.parts)))))
        return Not(shuffled(part.part)) if isinstance(part, Not) else part

    assert text_of(shuffled(condition)) == text_of(condition)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Usage("days", Interval(5)), "usage:days>=5"),
        (Usage("days", Interval(5, 9)), "usage:days>=5<=9"),
        (FactHolds("rental"), "fact:rental"),
        (FactHolds("rental", present=False), "fact:rental=absent"),
        (FactHolds("stock", Interval(None, 9)), "fact:stock<=9"),
        (AnyOf((Need("b"), Need("a"))), "(need:a or need:b)"),
    ],
)
def test_each_leaf_has_its_text(condition, text):
    assert text_of(condition) == text


def two_each(count):
    return AllOf(tuple(AnyOf((Need(f"a{n}"), Need(f"b{n}"))) for n in range(count)))


def test_there_is_a_limit_to_the_number_of_conjunctions():
    assert len(list_conjunctions(two_each(6))) == MAX_CONJUNCTIONS == 64
    assert list_conjunctions(two_each(7)) is None


def test_a_thousand_pairs_are_refused_without_counting_them_out():
    assert list_conjunctions(two_each(1_000)) is None


def test_repeated_pairs_lose_no_conjunction():
    pair = AnyOf((Need("a"), Need("b")))
    assert set(list_conjunctions(AllOf((pair,) * 13))) == {
        frozenset({Need("a")}),
        frozenset({Need("b")}),
        frozenset({Need("a"), Need("b")}),
    }


SKILL = Topic("skill", "Skill", "How well?", ("beginner", "racer"))
PURPOSES = Topic("purposes", "Purposes", "What for?", ("touring", "racing"), many=True)
TOPICS = {topic.id: topic for topic in (SKILL, PURPOSES)}
BEGINNER, RACER = Situation("skill", "beginner"), Situation("skill", "racer")
TOURING, RACING = Situation("purposes", "touring"), Situation("purposes", "racing")


@pytest.mark.parametrize(
    ("parts", "possible"),
    [
        ([BEGINNER], True),
        ([BEGINNER, RACER], False),
        ([TOURING, RACING], True),
        ([BEGINNER, TOURING], True),
        ([BEGINNER, Not(BEGINNER)], False),
        ([BEGINNER, Not(RACER)], True),
        ([Not(BEGINNER)], True),
        ([Not(BEGINNER), Not(RACER)], False),
        ([TOURING, Not(TOURING)], False),
        ([TOURING, Not(RACING)], True),
        ([Not(TOURING), Not(RACING)], False),
        ([Usage("days", Interval(5)), Usage("days", Interval(None, 5))], True),
        ([Usage("days", Interval(6)), Usage("days", Interval(None, 5))], False),
        ([Usage("days", Interval(6)), Usage("nights", Interval(None, 5))], True),
        ([Need("a"), Not(Need("a"))], True),  # `not` asks what was stated, and a may have been implied
    ],
)
def test_a_conjunction_can_hold_if_some_team_could_fulfil_all_of_it(parts, possible):
    assert can_hold(frozenset(parts), TOPICS) is possible
