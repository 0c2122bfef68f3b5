"""Intervals, compared with the amounts that lie in them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider_advisor.logic import Interval, Truth, compare

END = 6
# Every end that can occur and, between and beyond them, one amount each: two intervals with whole ends within 0 to 6
# hold the same of these exactly if they hold the same of all amounts.
AMOUNTS = [Fraction(n, 2) for n in range(-3, 2 * END + 4)]

ends = st.none() | st.integers(0, END)
intervals = st.builds(
    lambda low, high, above: Interval(low, high, above and low is not None), ends, ends, st.booleans()
)
some_intervals = intervals.filter(lambda interval: not interval.is_empty())


def amounts_in(interval):
    return {
        amount
        for amount in AMOUNTS
        if (interval.low is None or amount > interval.low or (amount == interval.low and not interval.above))
        and (interval.high is None or amount <= interval.high)
    }


@given(intervals)
def test_an_interval_is_empty_if_no_amount_lies_in_it(interval):
    assert interval.is_empty() == (not amounts_in(interval))


@given(intervals, intervals)
def test_the_intersection_holds_what_lies_in_both(first, second):
    assert amounts_in(first.intersect(second)) == amounts_in(first) & amounts_in(second)


@given(intervals, intervals, intervals)
def test_the_order_of_intersections_does_not_matter(first, second, third):
    assert first.intersect(second) == second.intersect(first)
    assert first.intersect(second).intersect(third) == first.intersect(second.intersect(third))


@given(some_intervals, some_intervals)
def test_the_hull_holds_both_and_all_between_them_and_nothing_else(first, second):
    both = amounts_in(first) | amounts_in(second)
    assert amounts_in(first.hull(second)) == {amount for amount in AMOUNTS if min(both) <= amount <= max(both)}


@given(some_intervals, some_intervals, some_intervals)
def test_the_order_of_hulls_does_not_matter(first, second, third):
    assert first.hull(second) == second.hull(first)
    assert first.hull(second).hull(third) == first.hull(second.hull(third))


@given(some_intervals, intervals)
def test_a_comparison_is_yes_if_all_amounts_fit_and_no_if_none_does(amount, bound):
    possible, wanted = amounts_in(amount), amounts_in(bound)
    expected = Truth.YES if possible <= wanted else Truth.UNKNOWN if possible & wanted else Truth.NO
    assert compare(amount, bound) is expected
    assert bound.holds(amount) == (expected is Truth.YES)
    assert bound.excludes(amount) == (expected is Truth.NO)


@pytest.mark.parametrize(
    ("amount", "bound", "expected"),
    [
        (Interval(101), Interval(101), Truth.YES),
        (Interval(101), Interval(102), Truth.UNKNOWN),
        (Interval(101), Interval(None, 100), Truth.NO),
        (Interval(0, 5), Interval(5), Truth.UNKNOWN),
        (Interval(0, 5), Interval(6), Truth.NO),
        (Interval(250, 250), Interval(250), Truth.YES),
        (Interval(250, 250), Interval(251), Truth.NO),
        (Interval(5, above=True), Interval(5), Truth.YES),
        (Interval(5, above=True), Interval(None, 5), Truth.NO),
        (Interval(5), Interval(5, above=True), Truth.UNKNOWN),
        (Interval(5, 5), Interval(5, above=True), Truth.NO),
        (Interval(0.008, 0.008), Interval(None, 0.008), Truth.YES),
        (Interval(), Interval(1), Truth.UNKNOWN),
        (Interval(), Interval(), Truth.YES),
        (Interval(1, 2), Interval(), Truth.YES),
    ],
)
def test_comparisons_at_just_below_and_just_above_a_bound(amount, bound, expected):
    assert compare(amount, bound) is expected


def test_an_end_that_is_not_there_is_not_an_infinity():
    assert Interval().intersect(Interval(3, 4)) == Interval(3, 4)
    assert Interval(3).hull(Interval(None, 1)) == Interval()
