"""The bounds that the proof tries stand for every number that a person could name."""

from __future__ import annotations

import worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from provider_advisor.logic import Interval, compare
from provider_advisor.questionnaire.catalogue import list_telling_bounds, make_bound

_ENDS = st.integers(0, 6)


@st.composite
def _intervals(draw: st.DrawFn) -> Interval:
    """An amount, or a rule's bound: an end may be missing, and the lower one left out."""
    low, high = sorted((draw(_ENDS), draw(_ENDS)))
    kinds = [Interval(low, high), Interval(low), Interval(None, high), Interval(low, above=True)]
    return draw(st.sampled_from([*kinds, Interval(low, high + 1, above=True)]))


@given(st.booleans(), st.lists(_intervals(), max_size=3), st.lists(_intervals(), max_size=2), st.integers(0, 60))
@settings(worlds.SAME_EVERY_RUN, max_examples=100)
def test_whatever_number_is_named_one_that_is_tried_compares_alike(falling, amounts, others, quarters):
    criterion = worlds.quantity("size", worst=10 * falling, best=10 - 10 * falling, whole=False)
    tried = [bound for bound in list_telling_bounds(criterion, amounts, others) if bound is not None]
    named = make_bound(criterion, quarters / 4)
    assert _compare(named, amounts, others) in [_compare(bound, amounts, others) for bound in tried]


def _compare(bound: Interval, amounts: list[Interval], others: list[Interval]) -> object:
    """How it compares with amounts, alone and tightened by other bounds, and with these."""
    tightened = [bound, *(bound.intersect(other) for other in others)]
    tightened += [one.intersect(other) for one in tightened[1:] for other in others]
    truths = [compare(amount, each) for each in tightened if not each.is_empty() for amount in amounts]
    return truths, [(bound.holds(other), other.holds(bound), bound.excludes(other)) for other in others]
