"""Shares of worlds: against published results, against brute force, exact against drawn."""

import itertools
import math
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from worlds import DAY, Said, capability, decided, knowledge_of, price, quantity, rule, worlds

from provider_advisor.decision.findings import assess_providers
from provider_advisor.decision.robustness import monte_carlo
from provider_advisor.decision.robustness.alternatives import Alternative, Drawn, VolumeCase, Way, count_scores
from provider_advisor.decision.robustness.duel import chance_of_losing, duel
from provider_advisor.decision.robustness.monte_carlo import draw_worlds
from provider_advisor.decision.robustness.open_facts import find_open_facts
from provider_advisor.decision.robustness.simplices import (
    find_acceptabilities,
    find_ordered_first_places,
    group_by_weight,
)
from provider_advisor.decision.robustness.world_model import model_worlds
from provider_advisor.decision.robustness.worlds import _WorldShares, calculate_provider_shares
from provider_advisor.inference import Inference
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import AllOf, FactHolds, Need, split_member
from provider_advisor.knowledge.records import UsageItem
from provider_advisor.knowledge.rules import Policy
from provider_advisor.logic import Interval, Truth, compare
from provider_advisor.requirements import Requirement, Team
from provider_advisor.requirements.statement import Volume

REPEATED = settings(derandomize=True, deadline=None)
HAS, LACKS = Said("present"), Said("absent")
SIX = [
    (5, -1.5, 15, 4),
    (2.5, -3.8, 25, 2.5),
    (3, -2.8, 10, 2.8),
    (3, -3.2, 16, 3.2),
    (2, -6.7, 0, 1),
    (4, -3.4, 30, 3.5),
]


def build_alternatives(matrix):
    """Alternatives from a plain matrix: a row of degrees each; a pair is drawn uniformly between its ends."""
    found = []
    for name, row in matrix.items():
        blocks = tuple((Way(1.0, (Drawn(place, *cell),)),) for place, cell in enumerate(row) if isinstance(cell, tuple))
        known = tuple(0.0 if isinstance(cell, tuple) else float(cell) for cell in row)
        found.append(Alternative(name, known, blocks))
    return found


def calculate_shares(alternatives, weights, samples=10_000):
    return _WorldShares((VolumeCase(1.0, tuple(alternatives)),), weights, samples).calculate()


def published_matrix():
    """Lahdelma, Hokkanen and Salminen 1998, European Journal of Operational Research 106:137-143, section 5."""
    worst, best = [min(column) for column in zip(*SIX, strict=True)], [max(column) for column in zip(*SIX, strict=True)]

    def cell(place, value):
        half = (0.5, abs(value) / 10, 10, 0.5)[place]
        return tuple((end - worst[place]) / (best[place] - worst[place]) for end in (value - half, value + half))

    return {str(number): [cell(*pair) for pair in enumerate(row)] for number, row in enumerate(SIX, start=1)}


def test_first_ranks_and_confidence_are_those_published():
    found = calculate_shares(build_alternatives(published_matrix()), [1] * 4, samples=40_000)
    firsts = [100 * share.ranks[0] for share in found.alternatives]
    assert firsts == pytest.approx([74, 1, 0, 0, 0, 25], abs=1)
    for share, confidence in zip(found.alternatives, [99, 12, 0, 1, None, 71], strict=True):
        # The third came first in none or hardly any of our worlds, the fifth in none.
        assert share.confidence is None or 100 * share.confidence == pytest.approx(confidence, abs=2)
    assert found.alternatives[4].confidence is None
    assert found.uniform.samples == 40_000
    assert found.uniform.error < 0.0025
    for share in found.alternatives:
        assert share.central is None or sum(share.central) == pytest.approx(1)


# The race


@pytest.mark.parametrize(
    ("ahead", "behind", "chance"),
    [
        ((1,), (1,), 1 / 2),
        ((3,), (1,), 1 / 4),  # the weight of the first must be a quarter of both at least
        ((1,), (1, 1), 3 / 4),
        ((1, 1), (1, 1), 1 / 2),
        ((2,), (1, 1), 1 - (2 / 3) ** 2),  # P(2a > b + c), for a, b and c exponential
        ((), (1,), 1),
        ((1,), (), 0),
        ((), (), 1 / 2),
    ],
)
def test_the_race_by_hand(ahead, behind, chance):
    assert chance_of_losing(tuple(map(float, ahead)), tuple(map(float, behind))) == pytest.approx(chance)


@settings(REPEATED, max_examples=40)
@given(st.lists(st.sampled_from([-1.0, -0.5, -0.1, 0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=7), st.integers(0, 99))
def test_the_race_is_won_as_often_as_it_is_in_drawn_weights(differences, seed):
    ahead = tuple(sorted(value for value in differences if value > 0))
    behind = tuple(sorted(-value for value in differences if value < 0))
    source, runs = random.Random(seed), 4000  # noqa: S311 (no secret)
    won = 0.0
    for _ in range(runs):
        total = sum(value * source.expovariate(1) for value in differences)
        won += 0.5 if total == 0 else total > 0
    assert won / runs == pytest.approx(1 - chance_of_losing(ahead, behind), abs=5 * 0.5 / math.sqrt(runs))


# Plain alternatives with blocks


def way(share, degrees, stands=True):  # noqa: FBT002 (reads well enough here)
    return Way(share, tuple(Drawn(place, degree, degree) for place, degree in degrees.items()), stands)


@st.composite
def alternatives(draw, count=None, criteria=4):
    number = count or draw(st.integers(1, 4))
    return tuple(_alternative(draw, f"a{place}", criteria) for place in range(number))


def _alternative(draw, name, criteria):
    degree = st.sampled_from([0.0, 0.25, 0.5, 1.0])
    places = draw(st.permutations(range(criteria)))
    blocks, drawn = [], set()
    for size in draw(st.sampled_from([(), (1,), (1, 1), (2,), (2, 1), (1, 1, 1)])):
        mine = [place for place in places if place not in drawn][:size]
        drawn |= set(mine)
        p = draw(st.sampled_from([0.5, 0.25]))
        stands = draw(st.booleans())
        blocks.append((way(p, {k: draw(degree) for k in mine}), way(1 - p, {k: draw(degree) for k in mine}, stands)))
    degrees = tuple(0.0 if place in drawn else draw(degree) for place in range(criteria))
    return Alternative(name, degrees, tuple(blocks), draw(st.sampled_from([True, True, True, False])))


def draw_cases(found, size):
    return draw_worlds((VolumeCase(1.0, tuple(found)),), size)


def every_world(found):
    """Each world with its probability: for each alternative its degrees, or None where it does not stand."""
    for ways in itertools.product(*(block for each in found for block in each.blocks)):
        rest = list(ways)
        rows = []
        for each in found:
            mine, rest = rest[: len(each.blocks)], rest[len(each.blocks) :]
            degrees = list(each.degrees)
            for part in mine:
                for draw in part.degrees:
                    degrees[draw.criterion] = draw.start
            rows.append(degrees if each.stands and all(part.stands for part in mine) else None)
        yield math.prod(part.share for part in ways), rows


def firsts(rows, weights):
    scores = [None if row is None else sum(w * d for w, d in zip(weights, row, strict=True)) for row in rows]
    best = max((score for score in scores if score is not None), default=None)
    winners = [place for place, score in enumerate(scores) if score is not None and score > best - 1e-9]
    return {place: 1 / len(winners) for place in winners}


@settings(REPEATED, max_examples=100)
@given(alternatives(), st.lists(st.sampled_from([1, 2, 3, 4, 0.5]), min_size=4, max_size=4))
def test_with_given_weights_the_sums_are_those_of_every_world(found, weights):
    expected = [0.0] * len(found)
    for share, rows in every_world(found):
        for place, part in firsts(rows, weights).items():
            expected[place] += share * part
    assert count_scores(found, weights).find_first_places() == pytest.approx(expected)
    shares = calculate_shares(found, weights, samples=1000)
    assert shares.given.samples == 0
    assert sum(share.given for share in shares.alternatives) + shares.none == pytest.approx(1)
    assert sum(share.ranks[0] for share in shares.alternatives) + shares.none == pytest.approx(1)


@settings(REPEATED, max_examples=100)
@given(alternatives(count=2))
def test_two_with_any_weights_are_the_mixture_of_their_races(found):
    expected = [0.0, 0.0]
    for share, (one, two) in every_world(found):
        if one is None or two is None:
            expected[0] += share * (one is not None)
            expected[1] += share * (two is not None)
            continue
        differences = [a - b for a, b in zip(one, two, strict=True)]
        lost = chance_of_losing(
            tuple(sorted(d for d in differences if d > 0)), tuple(sorted(-d for d in differences if d < 0))
        )
        expected[0] += share * (1 - lost)
        expected[1] += share * lost
    first, second = duel(*found)
    assert [first.ranks[0], second.ranks[0]] == pytest.approx(expected)
    for each, alternative in ((first, found[0]), (second, found[1])):
        assert each.central is None or sum(each.central) == pytest.approx(1)
        assert sum(each.ranks) == pytest.approx(alternative.chance_to_stand)


@settings(REPEATED, max_examples=15)
@given(alternatives(count=3))
def test_three_and_more_are_ranked_exactly_as_in_drawn_worlds(found):
    exact, sample = find_acceptabilities(found), draw_cases(found, 4_000)
    allowed = 5 * 0.5 / math.sqrt(sample.size)
    assume(exact is not None)
    assert sum(each.ranks[0] for each in exact) == pytest.approx(1 - math.prod(1 - a.chance_to_stand for a in found))
    for each, alternative, ranks, central in zip(exact, found, sample.ranks(), sample.central(), strict=True):
        assert each.ranks == pytest.approx(ranks, abs=allowed)
        assert sum(each.ranks) == pytest.approx(alternative.chance_to_stand)
        if each.ranks[0] > 0.1:
            assert sum(each.central) == pytest.approx(1)
            assert each.central == pytest.approx(central, abs=0.04)


@settings(REPEATED, max_examples=40)
@given(alternatives(count=2))
def test_a_race_of_two_is_the_same_by_cutting_simplices(found):
    for raced, cut in zip(duel(*found), find_acceptabilities(found), strict=True):
        assert cut.ranks == pytest.approx(raced.ranks)
        assert (raced.central is None) == (cut.central is None)
        assert raced.central is None or cut.central == pytest.approx(raced.central)


@settings(REPEATED, max_examples=40)
@given(alternatives(), st.lists(st.sampled_from([1, 2, 4]), min_size=4, max_size=4))
def test_weights_in_order_are_drawn_uniformly_among_those_of_that_order(found, weights):
    exact = find_ordered_first_places(found, weights)
    sizes, source, runs = sorted(set(weights), reverse=True), random.Random(1), 1000  # noqa: S311 (no secret)
    counts = [weights.count(size) for size in sizes]
    expected = [0.0] * len(found)
    every = [(share, rows) for share, rows in every_world(found)]
    for _ in range(runs):
        # Uniform over the order: sums, from the lightest on, of parts that each lift all weights from some size up.
        parts = [source.expovariate(1) for _ in sizes]
        lifts = [part / sum(counts[: place + 1]) for place, part in enumerate(parts)]
        drawn = [sum(lifts[sizes.index(weight) :]) for weight in weights]
        _, rows = source.choices(every, [share for share, _ in every])[0]
        for place, part in firsts(rows, drawn).items():
            expected[place] += part / runs
    assert exact == pytest.approx(expected, abs=5 * 0.5 / math.sqrt(runs))
    sample = draw_cases(found, 4_000).find_ordered_first_places(group_by_weight(weights))
    assert exact == pytest.approx(sample, abs=5 * 0.5 / math.sqrt(4_000))


@settings(REPEATED, max_examples=60)
@given(alternatives(), st.lists(st.sampled_from([1, 2, 4]), min_size=4, max_size=4))
def test_pairs_are_those_of_every_world(found, weights):
    expected = [[0.0, 0.0] for _ in itertools.combinations(found, 2)]
    for share, rows in every_world(found):
        scores = [None if row is None else sum(w * d for w, d in zip(weights, row, strict=True)) for row in rows]
        for pair, (one, two) in zip(expected, itertools.combinations(scores, 2), strict=True):
            if one is not None:
                pair[0] += share * (two is None or one > two + 1e-9)
                pair[1] += share * (two is not None and abs(one - two) < 1e-9)
    for pair, wanted in zip(count_scores(found, weights).find_pairs(), expected, strict=True):
        assert pair == pytest.approx(wanted)


def test_what_would_take_too_many_cuts_is_drawn():
    source = random.Random(5)  # noqa: S311 (no secret)
    found = build_alternatives({name: [source.random() for _ in range(12)] for name in "abcd"})
    assert find_acceptabilities(found) is None
    shares = calculate_shares(found, [1] * 12, samples=1000)
    assert shares.uniform.samples == 1000
    assert shares.given.samples == shares.ordered.samples == 0


@settings(REPEATED, max_examples=25)
@given(alternatives(count=2))
def test_what_is_exact_is_what_is_drawn_within_its_error(found):
    sample = draw_cases(found, 20_000)
    exact = calculate_shares(found, [4, 2, 2, 1])
    assert exact.uniform.samples == exact.given.samples == 0
    allowed = 5 * 0.5 / math.sqrt(sample.size)
    for share, ranks, central, first in zip(
        exact.alternatives, sample.ranks(), sample.central(), sample.find_first_places([4, 2, 2, 1]), strict=True
    ):
        assert share.ranks == pytest.approx(ranks, abs=allowed)
        assert share.given == pytest.approx(first, abs=allowed)
        if share.ranks[0] > 0.1:
            assert share.central == pytest.approx(central, abs=0.02)


@settings(REPEATED, max_examples=25)
@given(alternatives(count=2), alternatives(count=2))
def test_what_is_exact_over_several_cases_is_what_is_drawn_of_them(few, many):
    cases, weights = (VolumeCase(0.25, few), VolumeCase(0.75, many)), [4, 2, 2, 1]
    exact, sample = _WorldShares(cases, weights, 1000).calculate(), draw_worlds(cases, 20_000)
    assert exact.uniform.samples == exact.given.samples == exact.ordered.samples == 0
    assert sum(share.given for share in exact.alternatives) + exact.none == pytest.approx(1)
    allowed = 5 * 0.5 / math.sqrt(sample.size)
    firsts, ordered = sample.find_first_places(weights), sample.find_ordered_first_places(group_by_weight(weights))
    assert [share.given for share in exact.alternatives] == pytest.approx(firsts, abs=allowed)
    assert [share.ordered for share in exact.alternatives] == pytest.approx(ordered, abs=allowed)
    for place, (share, ranks, central) in enumerate(
        zip(exact.alternatives, sample.ranks(), sample.central(), strict=True)
    ):
        assert share.ranks == pytest.approx(ranks, abs=allowed)
        if share.ranks[0] > 0.1:
            assert share.central == pytest.approx(central, abs=0.02)
            assert share.confidence == pytest.approx(sample.find_first_place(place, share.central), abs=allowed)
    for pair, drawn in zip(exact.pairs, sample.find_pairs(weights), strict=True):
        assert (pair.ahead, pair.level) == pytest.approx(drawn, abs=allowed)


@settings(REPEATED, max_examples=25)
@given(alternatives(count=5))
def test_ranks_of_drawn_worlds_are_those_that_counting_gives(found):
    sample = draw_cases(found, 200)
    scores = sample._drawn_scores
    expected = [[0.0] * len(found) for _ in found]
    for world, place in itertools.product(range(sample.size), range(len(found))):
        own = scores[place, world]
        if own > -math.inf:
            better, level = (scores[:, world] > own).sum(), (scores[:, world] == own).sum()
            for rank in range(better, better + level):
                expected[place][rank] += 1 / level / sample.size
    for row, wanted in zip(sample.ranks(), expected, strict=True):
        assert row == pytest.approx(wanted)


@settings(REPEATED, max_examples=25)
@given(alternatives(count=6), st.booleans(), st.lists(st.sampled_from([1, 2, 4]), min_size=4, max_size=4))
def test_the_first_places_of_one_alternative_are_those_among_all(found, is_between, weights):
    if is_between:
        found = [*found, Alternative("between", (0.0, 0.5, 0.0, 1.0), ((Way(1.0, (Drawn(0, 0.25, 0.75),)),),))]
    sample = draw_cases(found, 500)
    for place, share in enumerate(sample.find_first_places(weights)):
        assert sample.find_first_place(place, weights) == share


def test_the_first_places_of_many_are_looked_up_in_parts(monkeypatch):
    monkeypatch.setattr(monte_carlo, "_MOST_COPIED", 500)
    source = random.Random(3)  # noqa: S311 (no secret)
    rows = {str(number): [source.choice([0, 1, (0, 1)]) for _ in range(5)] for number in range(20)}
    sample = draw_cases(build_alternatives(rows), 300)
    for place, share in enumerate(sample.find_first_places([3, 2, 1, 1, 1])):
        assert sample.find_first_place(place, [3, 2, 1, 1, 1]) == share


def test_the_first_places_of_one_alone_are_all():
    sample = draw_cases(build_alternatives({"a": [(0, 1), 0.5, 0.25]}), 100)
    assert sample.find_first_place(0, [3, 2, 1]) == 1


def test_degrees_that_run_together_are_drawn_together():
    # One fact behind both criteria: a is ahead on one by what it is behind on the other.
    both = (Way(1.0, (Drawn(0, 0.0, 1.0), Drawn(1, 1.0, 0.0))),)
    found = calculate_shares((Alternative("a", (0.0, 0.0), (both,)), Alternative("b", (0.5, 0.5))), [1, 1])
    assert [share.given for share in found.alternatives] == [0.5, 0.5]


def test_the_same_question_gives_the_same_bytes_in_every_process():
    code = (
        "from provider_advisor.decision.robustness.alternatives import Alternative, Drawn, VolumeCase, Way;"
        "from provider_advisor.decision.robustness.worlds import _WorldShares;"
        "a = Alternative('a', (0.0, 0.5), ((Way(1.0, (Drawn(0, 0.0, 1.0),)),),));"
        "b = Alternative('b', (0.4, 0.0), ((Way(1.0, (Drawn(1, 0.0, 1.0),)),),));"
        "cases = (VolumeCase(1.0, (a, b, Alternative('c', (1.0, 0.0)))),);"
        "print(_WorldShares(cases, [2, 1], 10_000).calculate())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


# Decisions


@settings(REPEATED, max_examples=80)
@given(worlds(most=3))
def test_shares_of_a_decision_add_up(world):
    decision = decided(world.knowledge, world.team)
    found = calculate_provider_shares(decision.outcome, samples=1000)
    if found is None:
        assert not decision.outcome.assessments[0].findings
        return
    for total in (sum(s.given for s in found.alternatives), sum(s.ranks[0] for s in found.alternatives)):
        assert total + found.none == pytest.approx(1)
    if decision.outcome.verdict.kind == "none":
        assert found.none == 1
    alone = calculate_provider_shares(decision.outcome, samples=1000, other_weights=False)
    assert [share.given for share in alone.alternatives] == [share.given for share in found.alternatives]
    assert (alone.none, alone.given) == (found.none, found.given)
    assert not any(share.ranks for share in alone.alternatives)


@settings(REPEATED, max_examples=150)
@given(worlds())
def test_a_firm_recommendation_comes_first_in_every_world(world):
    decision = decided(world.knowledge, world.team)
    verdict = decision.outcome.verdict
    if verdict.strength == "firm":
        found = calculate_provider_shares(decision.outcome, samples=1000)
        assert {share.name: share.given for share in found.alternatives}[verdict.provider] == pytest.approx(1)


def depends_on_two(finding):
    """Whether a bound is asked of an unknown price of what may not be sold: p is expected, p * p drawn."""
    degree = finding.degree
    if any(part.degree.paid_for is not None for part in degree.parts):
        return True
    if degree.truth is None or degree.paid_for is None:
        return False
    amount = degree.fact.amount
    return amount is None or compare(amount, finding.requirement.bound) is Truth.UNKNOWN


def are_at_odds(place, assessment, facts):
    """Whether a single amount may not meet all bounds with the policy's odds: 0.7 have 90, and 0.7 have 50 at most."""
    bounds = {}
    asked = set()
    for fact in find_open_facts(assessment, facts):
        whole = split_member(fact.criterion)[0]
        bounds.setdefault(whole, set()).update(fact.bounds)
        asked |= {whole for use in fact.uses if use.finding == place}
    for each in (bounds[whole] for whole in asked):
        ends = {(bound.low is None, bound.high is None) for bound in each}
        if len(each) > 1 and (False, False) in ends:
            return True
        if len(ends) > 1 and facts.knowledge.policy.unknown != 0.5:
            return True
    return False


@settings(REPEATED, max_examples=100)
@given(worlds())
def test_the_mean_of_a_requirement_over_its_worlds_is_what_is_expected(world):
    decision = decided(world.knowledge, world.team)
    ((_, found),), picked = model_worlds(decision.outcome.assessments, decision.facts)
    for assessment, alternative in zip(decision.outcome.assessments, found, strict=True):
        means = dict(enumerate(alternative.degrees))
        for block in alternative.blocks:
            for part in block:
                for draw in part.degrees:
                    means[draw.criterion] += part.share * (draw.start + draw.end) / 2
        for place, finding in enumerate(assessment.findings):
            requirement = finding.requirement
            if requirement is None or picked or depends_on_two(finding):
                continue
            if are_at_odds(place, assessment, decision.facts):
                continue
            if world.knowledge.criteria[requirement.criterion].any_of:
                opened = find_open_facts(assessment, decision.facts)
                if sum(use.finding == place for fact in opened for use in fact.uses) > 1:
                    # Either of two that are both unknown counts as p, as a condition of a rule does; drawn it is more.
                    assert means[place] >= finding.degree.expected - 1e-9
                    continue
            assert means[place] == pytest.approx(finding.degree.expected)


def shares(claims, asked, criteria, rules=(), policy=None):
    decision = decided(knowledge_of(criteria, claims, rules, policy), Team(tuple(asked)))
    found = calculate_provider_shares(decision.outcome)
    return {share.name: share for share in found.alternatives}, found


def test_a_fact_in_two_findings_is_drawn_once():
    criteria = [capability("board"), capability("chat")]
    policy = Policy({"must": 4, "should": 2, "could": 1}, 0.25)
    rules = [rule("coach", Need("board"), favours=AllOf((FactHolds("chat"), FactHolds("chat"))), weight=3)]
    claims = {"ada": {"board": HAS}, "bob": {"board": HAS, "chat": LACKS}}
    by_name, _ = shares(claims, [Requirement("board", "must")], criteria, rules, policy)
    # ada is ahead with the chat (1/4), else level: not 1/16, as if it were drawn twice.
    assert by_name["ada"].given == pytest.approx(0.25 + 0.75 / 2)


def test_who_has_a_member_has_its_criterion_in_every_scenario():
    criteria = [capability("numbers")._replace(of_each="place"), capability("board")]
    asked = [Requirement("numbers", "must"), Requirement("numbers@here", "must"), Requirement("board", "must")]
    by_name, found = shares({"ada": {"board": HAS}, "bob": {"numbers": HAS}}, asked, criteria)
    # ada has both or neither; bob, who has numbers somewhere, needs the place and the board.
    assert by_name["ada"].given == pytest.approx(3 / 8 + 1 / 8 / 2)
    assert by_name["bob"].given == pytest.approx(1 / 8 + 1 / 8 / 2)
    assert found.none == pytest.approx(1 - 3 / 8 - 1 / 8 - 1 / 8)


def test_an_amount_in_one_place_is_drawn_together_with_that_in_any_place():
    seats = quantity("seats", worst=0, best=500)._replace(of_each="place")
    asked = [Requirement("seats", "must", Interval(200)), Requirement("seats@here", "must", Interval(300))]
    by_name, found = shares({"ada": {}, "bob": {"seats": Said(400, "exactly")}}, asked, [seats])
    # Who has 300 here has 200 somewhere: ada meets both or neither, and bob's 400 say nothing of this place.
    assert by_name["ada"].given == by_name["bob"].given == pytest.approx(3 / 8)
    assert found.none == pytest.approx(1 / 4)


def test_a_price_in_one_place_is_drawn_without_that_of_no_place():
    texts = price("texts-price")._replace(of_each="place")
    asked = [
        Requirement("texts-price", "must", Interval(None, 2)),
        Requirement("texts-price@here", "must", Interval(None, 3)),
    ]
    by_name, found = shares({"ada": {}, "bob": {}}, asked, [texts])
    # Each meets both in 1/4 of the scenarios: what a text costs here says nothing of the list price.
    assert by_name["ada"].given == by_name["bob"].given == pytest.approx(1 / 4 * 3 / 4 + 1 / 16 / 2)
    assert found.none == pytest.approx(9 / 16)


def test_who_meets_more_is_never_drawn_to_meet_less():
    criteria = [quantity("seats", worst=0, best=500)]
    asked = [Requirement("seats", "must", Interval(200)), Requirement("seats", "should", Interval(300))]
    by_name, found = shares({"ada": {"seats": Said(100, "more_than")}, "bob": {}}, asked, criteria)
    for name in ("ada", "bob"):
        assert by_name[name].given == pytest.approx(3 / 8)  # alone in 1/4, level with the other in 1/4
    assert found.none == pytest.approx(1 / 4)


ENDS = itertools.product((None, 2, 4, 6), (None, 2, 5, 6, 8))
SEATS = st.sampled_from([Interval(*ends) for ends in ENDS if any(ends) and (ends[0] or 0) <= (ends[1] or 9)])


def favoured(bounds, claims, weights=None, *, whole=True, unknown=0.5):
    """The assessments of providers that are favoured for seats within each of the bounds, without running rules."""
    criteria = [quantity("seats", whole=whole), capability("board")]
    knowledge = knowledge_of(criteria, claims, policy=Policy({"must": 4, "should": 2, "could": 1}, unknown))
    leaves = [*(FactHolds("seats", bound) for bound in bounds), FactHolds("board")]
    favours = tuple(
        rule(f"r{place}", Need("board"), favours=leaf, weight=weight)
        for place, (leaf, weight) in enumerate(zip(leaves, weights or [1] * len(leaves), strict=True))
    )
    facts = Facts(knowledge, DAY)
    return assess_providers(Inference((), (), favours, ()), facts, Team(())), facts


@settings(REPEATED, max_examples=400)
@given(
    st.lists(SEATS, min_size=1, max_size=4),
    st.sampled_from([(), Said(3, "at_least"), Said(3, "more_than"), Said(7, "at_most"), Said((3, 7))]),
    st.booleans(),
    st.sampled_from([0.5, 0.25, 0.7, 1]),
)
def test_in_each_scenario_some_amount_meets_just_the_bounds_that_are_met(bounds, said, whole, unknown):
    (assessment,), facts = favoured(bounds, {"ada": {"seats": said}}, whole=whole, unknown=unknown)
    ((_, (alternative,)),), picked = model_worlds((assessment,), facts)
    claimed = facts("ada", "seats").amount or Interval()
    amounts = [Interval(amount, amount) for amount in ([*range(10)] if whole else [step / 4 for step in range(40)])]
    possible = {
        tuple(compare(amount, bound) is Truth.YES for bound in bounds) for amount in amounts if claimed.holds(amount)
    }
    assert not picked
    for ways in itertools.product(*alternative.blocks):
        degrees = list(alternative.degrees)
        for draw in (draw for part in ways for draw in part.degrees):
            degrees[draw.criterion] = draw.start
        assert tuple(degree == 1 for degree in degrees[: len(bounds)]) in possible


@pytest.mark.parametrize(
    ("bounds", "unknown", "met"),
    [
        ([Interval(90), Interval(40, 60)], 0.5, {(1, 0): 0.5, (0, 1): 0.5}),  # nobody has both
        ([Interval(30), Interval(40, 60)], 0.5, {(1, 1): 0.5, (0, 0): 0.5}),  # who has 40 to 60 has 30
        ([Interval(90), Interval(None, 50)], 0.75, {(1, 0): 0.5, (0, 1): 0.5}),  # whatever the odds of each
        ([Interval(50), Interval(None, 90)], 0.25, {(1, 0): 0.5, (0, 1): 0.5}),  # everybody has one
        ([Interval(50), Interval(None, 90)], 0.75, {(1, 1): 0.5, (1, 0): 0.25, (0, 1): 0.25}),
        ([Interval(None, 5), Interval(6)], 0.25, {(1, 0): 0.5, (0, 1): 0.5}),  # seats are whole
        # Three that exclude one another cannot have a half each; the middle one gets less.
        (
            [Interval(90), Interval(40, 60), Interval(None, 30)],
            0.5,
            {(1, 0, 0): 0.375, (0, 1, 0): 0.25, (0, 0, 1): 0.375},
        ),
    ],
)
def test_one_amount_decides_every_bound(bounds, unknown, met):
    assessments, facts = favoured(bounds, {"ada": {}}, unknown=unknown)
    ((_, (ada,)),), _ = model_worlds(assessments, facts)
    block = next(block for block in ada.blocks if len(block[0].degrees) == len(bounds))
    assert {tuple(draw.start for draw in part.degrees): part.share for part in block} == pytest.approx(met)


@pytest.mark.parametrize(("board", "share"), [(0.75, 1), (1, 0.5), (1.5, 0)])
def test_who_meets_one_of_two_that_exclude_one_another_has_its_points_in_each_scenario(board, share):
    # ada has 90 seats or 40 to 60, so one point; bob has neither, and a board.
    claims = {"ada": {"board": LACKS}, "bob": {"board": HAS, "seats": Said(70, "exactly")}}
    assessments, facts = favoured([Interval(90), Interval(40, 60)], claims, [1, 1, board])
    ((_, alternatives),), _ = model_worlds(assessments, facts)
    assert count_scores(alternatives, [1, 1, board]).find_first_places() == pytest.approx((share, 1 - share))


def test_an_amount_that_nobody_states_is_the_worst():
    criteria = [quantity("seats")]
    by_name, _ = shares({"ada": {"seats": Said(1, "exactly")}, "bob": {}}, [Requirement("seats", "should")], criteria)
    assert by_name["ada"].given == 1


def test_many_unknowns_are_still_counted_and_not_drawn():
    criteria = [capability(f"c{place}") for place in range(30)]
    source = random.Random(1)  # noqa: S311 (no secret)
    claims = {name: {each.id: HAS for each in criteria if source.random() < 0.5} for name in ("ada", "bob")}
    by_name, found = shares(claims, [Requirement(each.id, "should") for each in criteria], criteria)
    assert found.given.samples == found.uniform.samples == 0
    assert sum(share.given for share in by_name.values()) == pytest.approx(1)


def test_one_provider_alone_is_always_first():
    by_name, _ = shares({"ada": {"board": HAS}}, [Requirement("board", "should")], [capability("board")])
    assert by_name["ada"].ranks == (1.0,)
    assert by_name["ada"].central == (1.0,)
    assert by_name["ada"].confidence == 1.0


def test_without_providers_there_are_no_worlds():
    assert model_worlds((), Facts(knowledge_of([capability("board")], {}), DAY)) == ((VolumeCase(1, ()),), 0)


# Volumes of the team

HALF = Policy({"must": 4, "should": 2, "could": 1}, 0.5)


def paying(claims, usage, *asked, policy=HALF):
    """A decision on monthly costs, of calls and of texts; a claim is a price of each."""
    prices = [price(name)._replace(usage=(name.removesuffix("-price"),)) for name in ("calls-price", "texts-price")]
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    knowledge = knowledge_of([capability("board"), *prices, cost], claims, policy=policy)
    items = {name: UsageItem(name, name, f"How many {name}?", "a month") for name in ("calls", "texts")}
    return decided(replace(knowledge, usage=items, fingerprint=repr((claims, policy))), Team(asked, usage=usage))


def first_and_pairs(decision):
    found = calculate_provider_shares(decision.outcome)
    given = {share.name: share.given for share in found.alternatives}
    return given, [(pair.ahead, pair.level) for pair in found.pairs], found


def costs(calls, texts=None, **more):
    said = {"calls-price": calls} | ({} if texts is None else {"texts-price": texts}) | more
    return {name: Said(value, "exactly") if isinstance(value, int) else value for name, value in said.items()}


CHEAP = Requirement("monthly-cost", "should")
BETWEEN_50_AND_100 = Volume(50, 100, "50..100")


def test_whoever_is_dearer_at_any_volume_is_never_ahead():
    # Each call costs 5 or 6, however many they will be.
    given, pairs, _ = first_and_pairs(paying({"ada": costs(5), "bob": costs(6)}, {"calls": BETWEEN_50_AND_100}, CHEAP))
    assert (given, pairs) == ({"ada": 1, "bob": 0}, [(1, 0)])


def test_a_price_without_a_ceiling_is_paid_for_the_same_volume_as_the_prices_of_others():
    # Ada's calls cost from 8 each on, and so always more than bob's at 6. The fewest of hers cost less than his most.
    claims = {"ada": costs(Said(8, "from")), "bob": costs(6)}
    _, pairs, _ = first_and_pairs(paying(claims, {"calls": BETWEEN_50_AND_100}, CHEAP))
    assert pairs == [(0, 0)]


def test_the_volume_from_which_another_leads_is_the_same_for_all():
    # 50 to 100 calls, whose scale ends at 1000: ada pays 0.8 less of it, bob has the board, of weight 0.6. Bob leads as
    # long as 8 calls / 1000 < 0.6, so up to 75 calls: in half of the scenarios.
    claims = {"ada": costs(1, board=LACKS), "bob": costs(9, board=HAS)}
    decision = paying(claims, {"calls": BETWEEN_50_AND_100}, CHEAP, Requirement("board", "should", None, 0.6))
    given, _, found = first_and_pairs(decision)
    assert given["bob"] == pytest.approx(0.5, abs=4 * found.given.error)
    assert found.given.samples == 10_000


@pytest.mark.parametrize("unknown", [0.5, 0.25, 1])
def test_a_volume_meets_the_limits_on_the_costs_of_all_in_the_same_scenarios(unknown):
    limit = Requirement("monthly-cost", "must", Interval(None, 400))
    claims = {"ada": costs(5, board=LACKS), "bob": costs(6, board=HAS), "cyd": costs(7)}
    decision = paying(
        claims,
        {"calls": BETWEEN_50_AND_100},
        limit,
        Requirement("board", "could"),
        policy=HALF._replace(unknown=unknown),
    )
    given, pairs, found = first_and_pairs(decision)
    # Bob has the board, and cyd has it or not.
    level = unknown * unknown / 2
    assert given == pytest.approx({"ada": 0, "bob": unknown - level, "cyd": level})
    assert found.none == pytest.approx(1 - unknown)
    assert pairs[0] == pytest.approx((0, 0))
    assert found.given.samples == found.uniform.samples == found.ordered.samples == 0
    for share in found.alternatives:
        assert share.ranks[0] == pytest.approx(given[share.name])
        assert share.central is None or sum(share.central) == pytest.approx(1)


def test_volumes_of_different_things_are_drawn_each_by_itself():
    # Ada pays for calls and bob for texts, each from 250 to 500.
    claims = {"ada": costs(5, 0), "bob": costs(0, 5)}
    usage = {"calls": BETWEEN_50_AND_100, "texts": BETWEEN_50_AND_100}
    given, _, found = first_and_pairs(paying(claims, usage, CHEAP))
    assert given == pytest.approx({"ada": 0.5, "bob": 0.5}, abs=4 * found.given.error)
    limit = Requirement("monthly-cost", "must", Interval(None, 400))
    given, pairs, found = first_and_pairs(paying(claims, usage, limit))
    assert given == {"ada": 0.375, "bob": 0.375}
    assert (pairs, found.none) == ([(0.25, 0.25)], 0.25)


def test_where_too_many_volumes_settle_limits_their_stretches_are_drawn():
    # Each of seven providers has a price of its own for another item: 128 stretches are more than 64.
    items = [f"i{number}" for number in range(7)]
    prices = [price(f"price-{item}")._replace(usage=(item,)) for item in items]
    claims = {
        f"p{item}": {each.id: Said(5 if each.id == f"price-{item}" else 0, "exactly") for each in prices}
        for item in items
    }
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    knowledge = replace(
        knowledge_of([*prices, cost], claims),
        usage={item: UsageItem(item, item, "How many?", "a month") for item in items},
        fingerprint="seven volumes",
    )
    asked = (Requirement("monthly-cost", "must", Interval(None, 400)),)
    decision = decided(knowledge, Team(asked, usage=dict.fromkeys(items, BETWEEN_50_AND_100)))
    found = calculate_provider_shares(decision.outcome)
    assert (found.given.samples, found.given.error) == (64, 0.0625)
    assert found.none == pytest.approx(1 / 128, abs=0.05)
    assert sum(share.given for share in found.alternatives) + found.none == pytest.approx(1)


PRICES = st.sampled_from([0, 1, 4, 9, Said((2, 6)), Said((0, 9)), Said(3, "from"), ()])
VOLUMES = st.sampled_from([80, BETWEEN_50_AND_100, Volume(0, 60, "0..60"), Volume(99, 100, "99..100")])
LIMITS = st.sampled_from([None, Interval(None, 250), Interval(None, 500), Interval(200)])


@settings(REPEATED, max_examples=150)
@given(
    st.lists(st.tuples(PRICES, PRICES), min_size=2, max_size=3),
    st.tuples(VOLUMES, VOLUMES),
    st.lists(LIMITS, min_size=1, max_size=2, unique=True),
    st.sampled_from([0.5, 0.25]),
)
def test_costs_are_as_often_within_a_limit_and_on_average_as_low_as_expected(said, volumes, limits, unknown):
    claims = {name: costs(*each) for name, each in zip("abc", said, strict=False)}
    asked = [
        Requirement("monthly-cost", priority, limit)
        for priority, limit in zip(("must", "should"), limits, strict=False)
    ]
    usage = dict(zip(("calls", "texts"), volumes, strict=True))
    decision = paying(claims, usage, *asked, policy=HALF._replace(unknown=unknown))
    cases, picked = model_worlds(decision.outcome.assessments, decision.facts)
    assert not picked
    assert sum(case.share for case in cases) == pytest.approx(1)
    for place, assessment in enumerate(decision.outcome.assessments):
        means = [0.0] * len(assessment.findings)
        for case in cases:
            alternative = case.alternatives[place]
            for number, degree in enumerate(alternative.degrees):
                means[number] += case.share * degree
            for part in (part for block in alternative.blocks for part in block):
                for draw in part.degrees:
                    means[draw.criterion] += case.share * part.share * (draw.start + draw.end) / 2
        bounds = {bound for bound in limits if bound is not None}
        if len(bounds) < 2 or unknown == 0.5 or Interval(200) not in bounds:
            assert means == pytest.approx([finding.degree.expected for finding in assessment.findings])


@settings(REPEATED, max_examples=150)
@given(
    st.tuples(*2 * [st.sampled_from([1, 4, 6])]),
    st.tuples(*2 * [st.sampled_from([0, 0, 1, 3])]),
    st.tuples(VOLUMES, VOLUMES),
    st.sampled_from([None, Interval(None, 250), Interval(None, 500)]),
)
def test_whoever_is_dearer_at_all_volumes_is_ahead_in_no_scenario(cheap, more, volumes, limit):
    dear = [each + extra for each, extra in zip(cheap, more, strict=True)]
    # A limit follows one volume alone; so there is only one.
    usage = dict(zip(("calls", "texts"), volumes, strict=True)) if limit is None else {"calls": volumes[0]}
    asked = [CHEAP] if limit is None else [CHEAP, Requirement("monthly-cost", "must", limit)]
    _, ((ahead, _),), _ = first_and_pairs(paying({"ada": costs(*dear), "bob": costs(*cheap)}, usage, *asked))
    assert ahead == 0
