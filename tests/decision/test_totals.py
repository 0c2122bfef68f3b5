"""Running totals: the same verdict as from findings, and what is added can be taken away again."""

import math

from hypothesis import given, settings
from worlds import decided, worlds

from provider_advisor.decision.findings import add_up, total_assessments, total_findings
from provider_advisor.decision.verdict import judge, judge_totals

REPEATED = settings(derandomize=True, deadline=None)


@settings(REPEATED, max_examples=200)
@given(worlds())
def test_the_verdict_on_the_sums_is_the_verdict_on_the_findings(world):
    assessments = decided(world.knowledge, world.team).outcome.assessments
    names = [assessment.provider for assessment in assessments]
    assert judge_totals(total_assessments(assessments), names) == judge(assessments)


@settings(REPEATED, max_examples=100)
@given(worlds())
def test_what_was_added_last_can_be_taken_away_again(world):
    assessments = decided(world.knowledge, world.team).outcome.assessments
    rows = [total_findings(row) for row in zip(*(each.findings for each in assessments), strict=True)]
    if len(rows) < 2:
        return
    whole, rest = add_up(rows, len(assessments)), add_up(rows[:-1], len(assessments))
    left = whole.minus(rows[-1])
    assert (left.failed, left.unknown) == (rest.failed, rest.unknown)
    assert math.isclose(left.weight, rest.weight)
    for one, other in zip(left.low + left.expected + left.high, rest.low + rest.expected + rest.high, strict=True):
        assert math.isclose(one, other, abs_tol=1e-9)


def test_nothing_required_is_undetermined_whatever_was_added_and_taken_away():
    assert judge_totals(add_up([], 2), ("ada", "bob")) == judge([])
