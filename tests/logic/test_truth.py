"""Kleene's strong logic, compared with its published tables (Kleene 1952, §64)."""

import itertools

import pytest

from provider_advisor.logic import Truth, all_of, any_of, negate

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN

# An unknown stands for either answer: what both lead to is known, and nothing else.
ANSWERS = {YES: {True}, NO: {False}, UNKNOWN: {True, False}}


def from_answers(answers):
    return UNKNOWN if len(answers) == 2 else YES if answers == {True} else NO


@pytest.mark.parametrize("parts", [parts for count in range(4) for parts in itertools.product(Truth, repeat=count)])
def test_all_and_any_know_what_every_answer_to_the_unknowns_agrees_on(parts):
    worlds = list(itertools.product(*(ANSWERS[part] for part in parts)))
    assert all_of(parts) is from_answers({all(world) for world in worlds})
    assert any_of(parts) is from_answers({any(world) for world in worlds})


@pytest.mark.parametrize(("part", "expected"), [(YES, NO), (NO, YES), (UNKNOWN, UNKNOWN)])
def test_negation_leaves_the_unknown_unknown(part, expected):
    assert negate(part) is expected


@pytest.mark.parametrize("parts", list(itertools.product(Truth, repeat=3)))
def test_de_morgan_holds(parts):
    assert negate(all_of(parts)) is any_of(negate(part) for part in parts)


@pytest.mark.parametrize("truth", list(Truth))
def test_a_truth_cannot_be_taken_for_a_bool(truth):
    with pytest.raises(TypeError, match="three-valued"):
        bool(truth)


def test_nor_can_it_in_a_condition():
    with pytest.raises(TypeError, match=r"is Truth\.YES"):
        assert not UNKNOWN


def test_parts_may_come_from_an_iterator():
    assert all_of(iter([YES, UNKNOWN])) is UNKNOWN
