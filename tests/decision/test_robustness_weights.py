"""Ranges of weights: just inside the verdict holds, just outside it does not."""

import pytest
from hypothesis import given, settings
from worlds import Said, capability, decided, knowledge_of, quantity, worlds

from provider_advisor.decision.robustness.weights import find_weight_ranges
from provider_advisor.decision.robustness.what_if import sum_up
from provider_advisor.decision.verdict import judge
from provider_advisor.requirements import Requirement, Team

REPEATED = settings(derandomize=True, deadline=None)
HAS, LACKS = Said("present"), Said("absent")
TINY = 1e-4


def with_weight(outcome, place, weight):
    """Kind and provider with another weight for one finding, by the sums that every verdict rests on."""
    assessments = []
    for each in outcome.assessments:
        findings = [
            finding._replace(weight=weight) if index == place else finding
            for index, finding in enumerate(each.findings)
        ]
        assessments.append(sum_up(each.provider, findings, each.cost))
    verdict = judge(assessments)
    return verdict.kind, verdict.provider


def other(outcome):
    return outcome.verdict.kind, outcome.verdict.provider


@settings(REPEATED, max_examples=300)
@given(worlds())
def test_inside_the_range_it_holds_and_outside_it_does_not(world):
    outcome = decided(world.knowledge, world.team).outcome
    found = find_weight_ranges(outcome)
    for part in found.ranges:
        now = other(outcome)
        assert part.low <= part.weight
        assert part.high is None or part.weight <= part.high
        high = part.high if part.high is not None else 100 * part.weight + 1000
        for inside in (part.low + (part.weight - part.low) * TINY, part.weight + (high - part.weight) * (1 - TINY)):
            if part.low < inside < high:
                assert with_weight(outcome, part.finding, inside) == now
        if part.low > 0:
            assert with_weight(outcome, part.finding, part.low * (1 - TINY)) != now
            assert (with_weight(outcome, part.finding, part.low) == now) == part.holds_at_low
        if part.high is not None:
            assert with_weight(outcome, part.finding, part.high * (1 + TINY)) != now
            assert (with_weight(outcome, part.finding, part.high) == now) == part.holds_at_high


@settings(REPEATED, max_examples=150)
@given(worlds())
def test_where_nothing_depends_on_weights_none_changes_kind_or_provider(world):
    outcome = decided(world.knowledge, world.team).outcome
    if outcome.assessments[0].findings and not find_weight_ranges(outcome).depends:
        for place, finding in enumerate(outcome.assessments[0].findings):
            for factor in (1e-6, 0.1, 10, 1e6):
                assert with_weight(outcome, place, finding.weight * factor) == other(outcome)


def test_the_weight_at_which_two_are_level_by_hand():
    criteria = [capability("board"), capability("chat", 3)]
    knowledge = knowledge_of(criteria, {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": LACKS, "chat": HAS}})
    outcome = decided(knowledge, Team((Requirement("board", "should"), Requirement("chat", "should")))).outcome
    board, chat = find_weight_ranges(outcome).ranges
    assert outcome.verdict.provider == "bob"  # 6 against 2
    assert (board.low, board.high, board.above) == (0.0, 6.0, ("ada",))
    assert (chat.low, chat.high, chat.below) == (2.0, None, ("ada",))
    assert not board.holds_at_high
    assert not chat.holds_at_low


def test_a_tie_of_different_findings_holds_at_one_weight_only():
    knowledge = knowledge_of(
        [capability("board"), capability("chat")],
        {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": LACKS, "chat": HAS}},
    )
    outcome = decided(knowledge, Team((Requirement("board", "should"), Requirement("chat", "should")))).outcome
    board = find_weight_ranges(outcome).ranges[0]
    assert outcome.verdict.kind == "tie"
    assert (board.low, board.high, board.holds_at_low, board.holds_at_high) == (2, 2, True, True)
    assert (board.below, board.above) == (("bob",), ("ada",))


def test_a_degree_between_nothing_and_all_moves_the_end():
    knowledge = knowledge_of(
        [capability("board"), quantity("seats")],
        {
            "ada": {"board": LACKS, "seats": Said(8, "exactly")},
            "bob": {"board": HAS, "seats": Said(3, "exactly")},
        },
    )
    outcome = decided(knowledge, Team((Requirement("board", "should"), Requirement("seats", "should")))).outcome
    board, seats = find_weight_ranges(outcome).ranges
    assert outcome.verdict.provider == "bob"
    assert board.low == pytest.approx(2 * 0.5)  # the seats are half the scale apart
    assert seats.high == pytest.approx(4)
