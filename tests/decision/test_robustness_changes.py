"""Changes of what is asked: each that is named turns the verdict, and none that is smaller does."""

import itertools
import math

import pytest
from hypothesis import given, settings
from worlds import DAY, Said, capability, decided, knowledge_of, price, quantity, rule, worlds

from provider_advisor.decision import judge_team
from provider_advisor.decision.robustness import requirement_changes as module
from provider_advisor.decision.robustness.requirement_changes import RequirementChange, find_changes
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import FactHolds, Need, Not, Situation
from provider_advisor.knowledge.rules import Implied
from provider_advisor.logic import Interval
from provider_advisor.requirements import PRIORITIES, Requirement, Team

REPEATED = settings(derandomize=True, deadline=None)
HAS, LACKS = Said("present"), Said("absent")


def turned(team, facts, changes):
    """The verdict after the changes, by the whole way from the team's statement."""
    instead = {change.requirement: change.instead for change in changes}
    kept = tuple(after for before in team.requirements if (after := instead.get(before, before)) is not None)
    return judge_team(team._replace(requirements=kept), facts).verdict


def is_allowed(team, change):
    kept = [part for part in team.requirements if part != change.requirement]
    kept += [] if change.instead is None else [change.instead]
    return bool(kept) and len({(part.criterion, part.priority) for part in kept}) == len(kept)


def simple_changes(team):
    """Drops and priorities, by brute force."""
    for part in team.requirements:
        yield RequirementChange(part, None)
        yield from (RequirementChange(part, part._replace(priority=new)) for new in PRIORITIES if new != part.priority)


@settings(REPEATED, max_examples=100)
@given(worlds())
def test_what_is_named_turns_the_verdict(world):
    decision = decided(world.knowledge, world.team)
    before = decision.outcome.verdict
    for turn in find_changes(decision.outcome).turns:
        after = turned(world.team, decision.facts, turn.changes)
        assert after == turn.verdict
        assert (after.kind, after.provider) != (before.kind, before.provider)


@settings(REPEATED, max_examples=100)
@given(worlds())
def test_no_smaller_change_of_the_same_requirement_turns_it(world):
    decision = decided(world.knowledge, world.team)
    before = decision.outcome.verdict
    found = find_changes(decision.outcome)
    named = {
        (turn.changes[0].requirement, turn.verdict.kind, turn.verdict.provider): turn.changes[0].size
        for turn in found.turns
        if len(turn.changes) == 1
    }
    for change in simple_changes(world.team):
        after = turned(world.team, decision.facts, [change]) if is_allowed(world.team, change) else before
        if (after.kind, after.provider) != (before.kind, before.provider) and found.complete:
            assert named[change.requirement, after.kind, after.provider] <= change.size


def is_more_than(change, decision):
    """Whether some provider's amount is more than one that it does not reach: then there is no nearest end."""
    amounts = [decision.facts(name, change.requirement.criterion).amount for name in decision.facts.knowledge.providers]
    return any(amount is not None and amount.above for amount in amounts)


JUST_PAST = 1e-4
"""Amounts that need not be whole have no nearest one; the one "just past" an amount is nearer to it than this."""


def between(old, new, *, whole):
    """Bounds on the way from one to the other, up to the last before the new one."""
    moved = next(place for place in (0, 1) if old[place] != new[place])
    start, end = old[moved], new[moved]
    nearest = 1 if whole else JUST_PAST
    for part in range(1, 8):
        amount = start + (end - start) * part / 8
        yield old._replace(**{old._fields[moved]: round(amount) if whole else amount})
    yield old._replace(**{old._fields[moved]: end - math.copysign(nearest, end - start)})


def is_nearer(bound, old, new, *, whole):
    """Whether a bound lies between two others, and not just beside the new one."""
    nearest = 1 if whole else JUST_PAST
    far = [abs(one - two) for one, two in zip(bound[:2], new[:2], strict=True) if one is not None]
    return bound != old and max(far) >= nearest * 0.99 and (new.holds(bound) or bound.holds(new))


@settings(REPEATED, max_examples=80)
@given(worlds())
def test_a_bound_is_moved_no_further_than_it_must_be(world):
    decision = decided(world.knowledge, world.team)
    for turn in find_changes(decision.outcome).turns:
        change = turn.changes[0]
        if len(turn.changes) > 1 or change.kind != "bound" or is_more_than(change, decision):
            continue
        if any(
            part.criterion == change.requirement.criterion
            for rule in world.knowledge.rules.values()
            for part in rule.implies
        ):
            continue  # where the team asks for less, what the rule adds may come to count, at the rule's own bound
        old, new = change.requirement.bound, change.instead.bound
        assert new.holds(old) or old.holds(new)
        criterion = world.knowledge.criteria[change.requirement.criterion]
        whole = criterion.whole or criterion.kind == "rating"
        for bound in between(old, new, whole=whole):  # nothing there leads to the same
            if not is_nearer(bound, old, new, whole=whole) or not (old.holds(bound) or bound.holds(old)):
                continue
            nearer = RequirementChange(change.requirement, change.requirement._replace(bound=bound))
            after = turned(world.team, decision.facts, [nearer])
            assert (after.kind, after.provider) != (turn.verdict.kind, turn.verdict.provider)


def example(claims, asked, criteria, rules=(), situation=None):
    knowledge = knowledge_of(criteria, claims, rules)
    team = Team(tuple(asked), situation or {})
    return find_changes(judge_team(team, Facts(knowledge, DAY)))


def must(criterion, bound=None):
    return Requirement(criterion, "must", bound)


def test_a_bound_gives_way_before_a_priority_and_that_before_the_whole_wish():
    found = example(
        {"ada": {"seats": Said(100, "exactly")}, "bob": {"seats": Said(80, "exactly")}},
        [must("seats", Interval(90))],
        [quantity("seats", worst=0, best=200)],
    )
    assert [(turn.changes[0].kind, turn.verdict.kind) for turn in found.turns] == [("bound", "tie")]
    assert found.turns[0].changes[0].instead.bound == Interval(80)


def test_two_changes_are_named_only_where_one_would_not_do():
    rules = [rule("likes-fax", Situation("staff", "none"), favours=FactHolds("fax"), weight=40)]
    claims = {"ada": {"board": HAS, "chat": HAS, "fax": LACKS}, "bob": {"board": LACKS, "chat": LACKS, "fax": HAS}}
    criteria = [capability(name) for name in ("board", "chat", "fax")]
    found = example(claims, [must("board"), must("chat")], criteria, rules, {"staff": ("none",)})
    assert {len(turn.changes) for turn in found.turns} == {2}
    assert {(change.requirement.criterion, change.size) for change in found.turns[0].changes} == {
        ("board", 2),
        ("chat", 2),
    }
    assert found.turns[0].verdict.provider == "bob"


def test_rules_fire_again_where_a_criterion_goes_that_they_rest_on():
    rules = [
        rule("wants-chat", Need("board"), Implied("chat", "must")),
        rule("else-fax", Not(Need("board")), favours=FactHolds("fax")),
    ]
    names = ("board", "chat", "fax", "phone")
    ada = {"board": HAS, "chat": HAS, "fax": LACKS, "phone": HAS}
    bob = {"board": HAS, "chat": LACKS, "fax": HAS, "phone": HAS}
    criteria = [capability(name) for name in names]
    found = example({"ada": ada, "bob": bob}, [must("board"), must("phone")], criteria, rules)
    (turn,) = found.turns
    assert [(change.requirement.criterion, change.kind) for change in turn.changes] == [("board", "drop")]
    assert turn.verdict.provider == "bob"


def test_the_search_says_when_it_did_not_try_everything(monkeypatch):
    monkeypatch.setattr(module, "MOST_RUNS", 0)
    rules = [rule("wants-chat", Need("board"), Implied("chat", "must"))]
    claims = {"ada": {"board": HAS, "chat": HAS, "fax": HAS}, "bob": {"board": HAS, "fax": HAS}}
    found = example(claims, [must("board"), must("fax")], [capability(n) for n in ("board", "chat", "fax")], rules)
    assert not found.complete


def test_beyond_the_most_runs_what_needs_no_run_is_still_tried(monkeypatch):
    # As a must the board makes the chat one, and rules bob out. As a wish it fires the same rule, so no run is needed.
    monkeypatch.setattr(module, "MOST_RUNS", 0)
    rules = [rule("wants-chat", Need("board"), Implied("chat", "must"))]
    claims = {"ada": {"board": HAS, "chat": HAS, "fax": LACKS}, "bob": {"board": HAS, "chat": LACKS, "fax": HAS}}
    criteria = [capability("board"), capability("chat"), capability("fax", 3)]
    found = example(claims, [must("board"), Requirement("fax", "should")], criteria, rules)
    assert not found.complete
    turns = {
        change.requirement.criterion: (change.kind, turn.verdict) for turn in found.turns for change in turn.changes
    }
    kind, verdict = turns["board"]
    assert (kind, verdict.provider) == ("priority", "bob")


def test_nothing_stated_nothing_to_change():
    assert example({"ada": {}, "bob": {}}, [], [capability("board")]).turns == ()


def test_the_order_of_the_requirements_does_not_matter():
    claims = {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": LACKS, "chat": HAS}}
    asked = [must("board"), Requirement("chat", "should")]
    criteria = [capability("board"), capability("chat")]
    results = {str(example(claims, order, criteria)) for order in itertools.permutations(asked)}
    assert len(results) == 1


@pytest.mark.parametrize(("pairs", "kinds"), [(12, None), (13, {"board": "drop", "chat": "drop"})])
def test_pairs_are_tried_from_the_most_promising_on(monkeypatch, pairs, kinds):
    # A change of the phone brings cyd near but never ahead, so its three changes come first. One of the board or of the
    # chat alone leaves bob out; both together put him ahead. Pairs of the first with the fourth, the second with the
    # third and so on: twelve have the phone in them before both drops come.
    monkeypatch.setattr(module, "MOST_PAIRS", pairs)
    rules = [
        rule("likes-fax", Situation("staff", "none"), favours=FactHolds("fax"), weight=40),
        rule("likes-mail", Situation("staff", "none"), favours=FactHolds("mail"), weight=20),
    ]
    claims = {
        "ada": {"board": HAS, "chat": HAS, "phone": HAS, "fax": LACKS, "mail": HAS},
        "bob": {"board": LACKS, "chat": LACKS, "phone": HAS, "fax": HAS, "mail": LACKS},
        "cyd": {"board": HAS, "chat": HAS, "phone": LACKS, "fax": LACKS, "mail": LACKS},
    }
    asked = [must(name) for name in ("board", "chat", "phone")]
    criteria = [capability(name) for name in ("board", "chat", "phone", "fax", "mail")]
    found = example(claims, asked, criteria, rules, {"staff": ("none",)})
    assert not found.complete
    turns = [{change.requirement.criterion: change.kind for change in turn.changes} for turn in found.turns]
    assert turns == ([] if kinds is None else [kinds])


def test_where_all_are_ruled_out_what_brings_the_nearest_provider_nearer_is_tried_first(monkeypatch):
    # Ada fails two musts, and bob these and one more. So the first pair is of the two.
    monkeypatch.setattr(module, "MOST_PAIRS", 1)
    claims = {"ada": {"board": HAS, "chat": LACKS, "fax": LACKS}, "bob": dict.fromkeys(("board", "chat", "fax"), LACKS)}
    asked = [must(name) for name in ("board", "chat", "fax")]
    found = example(claims, asked, [capability(name) for name in ("board", "chat", "fax")])
    (turn,) = found.turns
    assert [change.requirement.criterion for change in turn.changes] == ["chat", "fax"]
    assert turn.verdict.provider == "ada"


def test_where_nobody_is_qualified_what_leaves_the_fewest_unknown_musts_is_tried_first(monkeypatch):
    # Of ada two musts are not known, of bob these and one more. As long as one is unknown, nobody is recommended.
    monkeypatch.setattr(module, "MOST_PAIRS", 1)
    claims = {"ada": {"board": HAS}, "bob": {}}
    asked = [must(name) for name in ("board", "chat", "fax")]
    found = example(claims, asked, [capability(name) for name in ("board", "chat", "fax")])
    (turn,) = found.turns
    assert [change.requirement.criterion for change in turn.changes] == ["chat", "fax"]
    assert turn.verdict.provider == "ada"


def test_a_tightened_bound_parts_providers_that_are_equal():
    claims = {"ada": {"seats": Said(100, "exactly")}, "bob": {"seats": Said(65, "exactly")}}
    decision = decided(knowledge_of([quantity("seats")], claims), Team((Requirement("seats", "must", Interval(60)),)))
    assert decision.outcome.verdict.kind == "tie"
    first = find_changes(decision.outcome).turns[0]
    assert [change.instead.bound for change in first.changes] == [Interval(66)]  # bob has 65
    assert (first.verdict.provider, first.verdict.strength) == ("ada", "firm")


def test_a_bound_on_what_need_not_be_whole_is_tightened_to_just_past_an_amount():
    claims = {"ada": {"rate": Said(2, "exactly")}, "bob": {"rate": Said(4, "exactly")}}
    found = example(claims, [must("rate", Interval(None, 5))], [price("rate")])
    assert [turn.changes[0].instead.bound for turn in found.turns] == [Interval(None, 3.99999)]
    assert found.turns[0].verdict.provider == "ada"


def test_an_upper_bound_is_widened_to_exactly_the_amount():
    claims = {"ada": {"rate": Said(2, "exactly"), "fax": LACKS}, "bob": {"rate": Said(4, "exactly"), "fax": HAS}}
    asked = [must("rate", Interval(None, 3)), Requirement("fax", "should")]
    found = example(claims, asked, [capability("fax"), price("rate")])
    assert found.turns[0].changes[0].instead.bound == Interval(None, 4)
    assert found.turns[0].verdict.provider == "bob"
