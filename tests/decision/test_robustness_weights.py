"""Ranges of weights: just inside the verdict holds, just outside it does not."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from worlds import Said, capability, decided, knowledge_of, quantity, worlds

from provider_advisor.decision.robustness.weights import WeightRange, find_weight_ranges
from provider_advisor.decision.robustness.what_if import sum_up
from provider_advisor.decision.verdict import judge
from provider_advisor.explanation.robustness_in_words import find_least_factor
from provider_advisor.knowledge.rules import Policy
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


@settings(REPEATED, max_examples=150)
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


def test_two_equal_crossings_are_one():
    # Speed would have to weigh 12 for ada to reach bob, and for cyd to reach dot. In binary fractions these are
    # 11.999999999999998 and 12.000000000000002, between which ada and bob would be level.
    criteria = [quantity("speed", worst=0, best=1, whole=False), quantity("size", 3, worst=0, best=1, whole=False)]
    amounts = {"ada": (0.3, 0.5), "bob": (0.2, 0.7), "cyd": (0.3, 0.3), "dot": (0.2, 0.5)}
    claims = {
        name: {"speed": Said(speed, "exactly"), "size": Said(size, "exactly")}
        for name, (speed, size) in amounts.items()
    }
    asked = tuple(Requirement(criterion.id, "should") for criterion in criteria)
    outcome = decided(knowledge_of(criteria, claims), Team(asked)).outcome
    speed, size = sorted(weight_ranges(outcome), key=lambda part: part.weight)
    assert (speed.low, speed.above) == (0.0, ("ada",))
    assert speed.high == pytest.approx(12)
    assert not speed.holds_at_high
    assert size.low == pytest.approx(1)
    assert (size.high, size.below, size.holds_at_low) == (None, ("ada",), False)


def weight_ranges(outcome):
    return find_weight_ranges(outcome).ranges


def expected_in_fractions(outcome, place, weight):
    """The expected scores with another weight, exactly, from the degrees as they are."""
    scores = {}
    for each in outcome.assessments:
        weights = [
            Fraction(weight) if index == place else Fraction(finding.weight)
            for index, finding in enumerate(each.findings)
        ]
        degrees = [Fraction(finding.degree.expected) for finding in each.findings]
        points = sum(one * other for one, other in zip(weights, degrees, strict=True))
        scores[each.provider] = float(round(100 * points / sum(weights), 9))
    return scores


@settings(REPEATED, max_examples=150)
@given(worlds())
def test_who_is_said_to_lead_beyond_an_end_leads_there(world):
    outcome = decided(world.knowledge, world.team).outcome
    qualified = {each.provider for each in outcome.assessments if each.standing == "qualified"}
    for part in weight_ranges(outcome):
        for end, leaders, factor in ((part.low, part.below, 1 - TINY), (part.high, part.above, 1 + TINY)):
            if end and leaders:
                scores = expected_in_fractions(outcome, part.finding, end * factor)
                best = max(score for name, score in scores.items() if name in qualified)
                assert {name for name in qualified if scores[name] == best} == set(leaders)


def test_level_leaders_of_whom_something_is_unknown_are_no_tie_that_a_rival_could_break():
    """Here an unknown counts as met, so that their expected scores are the possible ones; what is proven is lower."""
    policy = Policy({"must": 4, "should": 2, "could": 1}, 1.0)
    facts = {"ada": {"seats": Said(1, "exactly")}, "bob": {"seats": Said(1, "exactly")}, "cyd": {"chat": LACKS}}
    knowledge = knowledge_of([quantity("seats"), capability("chat")], facts, policy=policy)
    outcome = decided(knowledge, Team((Requirement("seats", "should"), Requirement("chat", "should")))).outcome
    assert (outcome.verdict.kind, outcome.verdict.among) == ("undetermined", ("ada", "bob"))
    assert [(part.low, part.high) for part in find_weight_ranges(outcome).ranges] == [(0.0, None), (0.0, None)]


@pytest.mark.parametrize(
    ("weight", "low", "high", "factor"),
    [
        (4, 2, 12, 2),
        (4, 1, 12, 3),
        (0.4, 0.2, 1.2, 2),
        (4, 0, 12, 3),
        (4, 0, None, float("inf")),
        (0, 0, 1, float("inf")),
    ],
)
def test_a_weight_is_as_sensitive_as_the_least_factor_that_changes_the_answer(weight, low, high, factor):
    assert find_least_factor(WeightRange(0, weight, low, high)) == pytest.approx(factor)
