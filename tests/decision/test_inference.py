"""`infer`: from what a team states to all that follows from it, by way of the rule engine."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import reference
from examples import ALWAYS, ALWAYS_SO, CRITERIA, could, must, should
from worlds import PLACES, capability, knowledge_of, rule

from provider_advisor.inference import infer
from provider_advisor.knowledge.conditions import AllOf, AnyOf, FactHolds, Need, Not, Situation, Usage
from provider_advisor.knowledge.rules import Implied
from provider_advisor.logic import Interval
from provider_advisor.requirements import Requirement, Team


def inferred(rules, *asked, situation=None, usage=None, criteria=CRITERIA):
    return infer(knowledge_of(criteria, {}, rules), Team(asked, situation or {}, usage or {}))


def fired(inference):
    return {rule.id for rule in inference.fired}


def chain(length, prefix="c"):
    names = [f"{prefix}{number:04}" for number in range(length + 1)]
    rules = [rule(f"r-{one}", Need(one), Implied(two, "should")) for one, two in itertools.pairwise(names)]
    return [capability(name) for name in names], rules


# Chains


def test_nothing_stated_fires_nothing():
    assert inferred([rule("r", Need("board"), Implied("chat", "must"))]) == ((), (), (), ())


def test_without_rules_what_was_stated_is_all():
    assert inferred([], must("board")).requirements == (must("board"),)


@pytest.mark.parametrize("length", [1, 2, 70, 200])
def test_a_chain_runs_to_its_end(length):
    criteria, rules = chain(length)
    inference = inferred(rules, must("c0000"), criteria=criteria)
    assert len(inference.fired) == length
    assert {req.criterion for req in inference.requirements} == {criterion.id for criterion in criteria}


def test_a_join_waits_for_the_ends_of_two_chains():
    rules = [
        rule("both", AllOf((Need("chat"), Need("phone"))), Implied("fax", "could")),
        rule("one", Need("board"), Implied("chat", "should")),
        rule("two", Need("seats"), Implied("phone", "should")),
    ]
    assert fired(inferred(rules, must("board"))) == {"one"}
    assert fired(inferred(rules, must("board"), must("seats"))) == {"one", "two", "both"}


CONDITIONS = {
    "a need": Need("board"),
    "all": AllOf((Need("board"), ALWAYS)),
    "any": AnyOf((Need("phone"), ALWAYS)),
    "what is implied": Need("chat"),
    "usage": Usage("calls", Interval(5)),
    "not": Not(Situation("staff", "some")),
    "an all that does not hold, under any": AnyOf((AllOf((Need("board"), Need("phone"))), ALWAYS)),
}


@pytest.mark.parametrize("when", CONDITIONS.values(), ids=CONDITIONS)
def test_a_rule_fires_on_each_kind_of_condition(when):
    rules = [rule("r", when, Implied("fax", "could")), rule("s", Need("board"), Implied("chat", "should"))]
    assert "r" in fired(inferred(rules, must("board"), situation=ALWAYS_SO, usage={"calls": 9}))


def test_a_rule_that_is_absorbed_fires_all_the_same():
    rules = [rule("r", Need("board"), Implied("chat", "should")), rule("s", Need("chat"), Implied("fax", "should"))]
    inference = inferred(rules, must("board"), must("chat"))
    assert fired(inference) == {"r", "s"}
    assert [req.criterion for req in inference.requirements if req.implied_by] == ["fax"]


# What the team did not say


SOME = Situation("staff", "some")
UNSAID = {
    "a situation": (SOME, {}, {}, False),
    "its negation": (Not(SOME), {}, {}, False),
    "either of a situation and its negation": (AnyOf((SOME, Not(SOME))), {}, {}, False),
    "a situation, answered so": (SOME, {"staff": ("some",)}, {}, True),
    "a situation, answered otherwise": (SOME, {"staff": ("none",)}, {}, False),
    "its negation, answered otherwise": (Not(SOME), {"staff": ("none",)}, {}, True),
    "one of several answers": (Situation("uses", "shop"), {"uses": ("clinic", "shop")}, {}, True),
    "usage": (Usage("calls", Interval(10)), {}, {}, False),
    "usage, negated": (Not(Usage("calls", Interval(10))), {}, {}, False),
    "usage at its bound": (Usage("calls", Interval(10)), {}, {"calls": 10}, True),
    "usage just below": (Usage("calls", Interval(10)), {}, {"calls": 9.999}, False),
    "usage just below, negated": (Not(Usage("calls", Interval(10))), {}, {"calls": 9.999}, True),
    "usage at both bounds": (Usage("calls", Interval(10, 10)), {}, {"calls": 10.0}, True),
    "usage of none is an answer": (Usage("calls", Interval(None, 0)), {}, {"calls": 0}, True),
    "usage as small as durable-rules refuses it": (Usage("calls", Interval(0.00001)), {}, {"calls": 0.00001}, True),
    "the unknown beside what holds": (AnyOf((SOME, ALWAYS)), {"staff": ("none",)}, {}, True),
    "not both, one certainly not": (Not(AllOf((SOME, Usage("calls", Interval(1))))), {"staff": ("none",)}, {}, True),
    "not both, one unsaid": (Not(AllOf((SOME, Usage("calls", Interval(1))))), {"staff": ("some",)}, {}, False),
    "not either, one unsaid": (Not(AnyOf((SOME, Usage("calls", Interval(1))))), {"staff": ("none",)}, {}, False),
}


@pytest.mark.parametrize(("when", "situation", "usage", "fires"), UNSAID.values(), ids=UNSAID)
def test_a_rule_fires_only_where_it_certainly_holds(when, situation, usage, fires):
    rules = [rule("r", when, Implied("fax", "must"))]
    assert bool(inferred(rules, must("board"), situation=situation, usage=usage).fired) is fires


def test_not_need_asks_only_what_was_stated():
    rules = [
        rule("adds", Need("board"), Implied("chat", "must")),
        rule("lacks", Not(Need("chat")), Implied("fax", "could")),
    ]
    assert fired(inferred(rules, must("board"))) == {"adds", "lacks"}
    assert fired(inferred(rules, must("board"), could("chat"))) == {"adds"}


def test_not_need_alone_fires_for_a_team_that_states_nothing():
    assert fired(inferred([rule("r", Not(Need("chat")), Implied("fax", "could"))])) == {"r"}


# Favours


def test_a_rule_that_favours_counts_unless_its_facts_are_required():
    rules = [
        rule("counts", Need("board"), favours=FactHolds("chat")),
        rule("stated", Need("board"), favours=AnyOf((FactHolds("chat"), FactHolds("board")))),
        rule("implied", Need("board"), favours=Not(FactHolds("fax"))),
        rule("adds", Need("board"), Implied("fax", "could")),
        rule("silent", Need("phone"), favours=FactHolds("chat")),
    ]
    inference = inferred(rules, must("board"))
    assert [part.id for part in inference.favours] == ["counts"]
    assert {(part.rule, part.criterion) for part in inference.set_aside} == {("stated", "board"), ("implied", "fax")}
    assert fired(inference) == {"counts", "stated", "implied", "adds"}


def test_no_rule_adds_what_is_not_wanted_nor_fires_on_it():
    rules = [
        rule("adds", Need("board"), Implied("chat", "must")),
        rule("goes-on", Need("chat"), Implied("fax", "should")),
        rule("favours", Need("chat"), favours=FactHolds("phone")),
        rule("either", AnyOf((Need("chat"), Need("board"))), Implied("phone", "should")),
        rule("judges", Need("board"), favours=FactHolds("chat")),
    ]
    inference = infer(knowledge_of(CRITERIA, {}, rules), Team((must("board"),), unwanted=("chat",)))
    assert [part.criterion for part in inference.requirements] == ["board", "phone"]
    because = "you said that you do not want it"
    assert inference.set_aside == (("adds", "chat", because), ("judges", "chat", because))
    assert fired(inference) == {"adds", "either", "judges"}
    assert not inference.favours  # what is not wanted weighs nothing, for a rule that favours by it too


def test_a_wish_without_a_bound_counts_once_beside_an_implied_must_without_one():
    rules = [
        rule("more", Need("board"), Implied("chat", "must"), weight=2),
        rule("bound", Need("board"), Implied("seats", "must", Interval(low=5))),
    ]
    wishes = (Requirement("chat", "should", weight=3), Requirement("seats", "should"))
    found = infer(knowledge_of(CRITERIA, {}, rules), Team((must("board"), *wishes))).requirements
    assert [
        (part.criterion, part.priority, part.weight, part.implied_by) for part in found if part.criterion == "chat"
    ] == [("chat", "must", 3, ("more",))]
    assert [part.priority for part in found if part.criterion == "seats"] == ["must", "should"]


# Order and size


def test_the_order_of_rules_never_matters():
    criteria, rules = chain(12, "o")
    rules += [
        rule("join", AllOf((Need("o0012"), Need("o0003"))), Implied("fax", "must")),
        rule("again", Need("o0007"), Implied("fax", "must"), weight=9),
    ]
    draw = random.Random(0)  # noqa: S311 (no secret)
    found = set()
    for _ in range(10):
        names = draw.sample(range(100), len(rules))
        renamed = [part._replace(id=f"n{name}") for name, part in zip(names, rules, strict=True)]
        back = {new.id: old.id for new, old in zip(renamed, rules, strict=True)}
        inference = inferred(renamed, must("o0000"), criteria=[*criteria, *CRITERIA])
        found.add(
            frozenset(
                req._replace(implied_by=tuple(sorted(map(back.get, req.implied_by)))) for req in inference.requirements
            )
        )
    assert len(found) == 1
    assert Requirement("fax", "should", None, 9, ("again", "join")) in next(iter(found))


def test_2000_rules_fire_through_a_chain_of_1000_and_only_from_where_it_is_entered():
    criteria, rules = chain(1000, "k")
    rules += [
        rule(f"side-{number}", AllOf((Need(f"k{number:04}"), ALWAYS)), favours=FactHolds("board"))
        for number in range(1000)
    ]
    inference = inferred(rules, must("k0000"), situation=ALWAYS_SO, criteria=[*criteria, *CRITERIA])
    assert len(inference.requirements) == 1001
    assert len(inference.favours) == 1000
    assert len(inferred(rules, must("k0990"), criteria=[*criteria, *CRITERIA]).requirements) == 11


def test_200_rules_on_the_same_need_all_fire():
    rules = [
        rule(f"r{number}", Need("board"), Implied("chat" if number % 2 else "fax", "should"), weight=number + 1)
        for number in range(200)
    ]
    inference = inferred(rules, must("board"))
    assert len(inference.fired) == 200
    odd, even = ({f"r{number}" for number in range(start, 200, 2)} for start in (1, 0))
    implied = {req.criterion: (req.weight, set(req.implied_by)) for req in inference.requirements if req.implied_by}
    assert implied == {"chat": (200, odd), "fax": (199, even)}


def test_of_200_rules_on_the_same_need_those_fire_whose_other_need_is_stated():
    criteria = [capability(f"m{number:03}") for number in range(200)]
    rules = [
        rule(f"r{number}", AllOf((Need("board"), Need(f"m{number:03}"))), favours=FactHolds("fax"))
        for number in range(200)
    ]
    asked = [must(criterion.id) for criterion in criteria[::3]]
    inference = inferred(rules, must("board"), *asked, criteria=[*criteria, *CRITERIA])
    assert {part.id for part in inference.favours} == {f"r{number}" for number in range(0, 200, 3)}


def test_eight_threads_get_the_same_as_one():
    rules = [
        rule("r", Need("board"), Implied("chat", "should")),
        rule("s", AllOf((Need("chat"), ALWAYS)), Implied("fax", "could")),
        rule("t", Need("fax"), favours=FactHolds("repute", Interval(2))),
    ]
    knowledges = [knowledge_of([*CRITERIA, capability(f"own{number}")], {}, rules) for number in range(4)]
    teams = [
        Team(asked, situation)
        for asked in [(), (must("board"),), (should("chat"),), (could("fax"), must("board"))]
        for situation in [{}, ALWAYS_SO]
    ]
    work = list(itertools.product(knowledges, teams)) * 10
    alone = [infer(*each) for each in work]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda each: infer(*each), work)) == alone


@pytest.mark.parametrize("seed", range(5))
def test_many_rules_add_what_the_reference_adds(seed):
    draw = random.Random(seed)  # noqa: S311 (no secret)
    criteria = [capability(f"z{number:02}") for number in range(40)]
    rules = []
    for number in range(150):
        first, second, target = sorted(draw.sample(range(40), 3))
        needs = (Need(f"z{first:02}"), Need(f"z{second:02}"))
        when = AllOf(needs) if draw.random() < 0.5 else AllOf((*needs, AnyOf((ALWAYS, Need(f"z{first:02}")))))
        part = Implied(f"z{target:02}", draw.choice(["must", "should", "could"]))
        rules.append(rule(f"r{number}", when, part, weight=draw.choice([None, 2, 3])))
    knowledge = knowledge_of(criteria, {}, rules)
    asked = [(must, should, could)[number % 3](f"z{number:02}") for number in range(6)]
    team = Team(tuple(asked))
    wanted, _ = reference.settled(knowledge, team)
    found = infer(knowledge, team).requirements
    assert {(req.criterion, req.priority, req.weight or 1, frozenset(req.implied_by)) for req in found} == {
        (each.criterion, each.priority, each.weight, each.origins) for each in wanted
    }


# Members


def test_who_asks_for_a_member_needs_the_criterion():
    whole = rule("whole", Need("board"), Implied("chat", "must"))
    beside = rule("beside", Not(Need("board")), Implied("chat", "must"))
    kinds = rule("kinds", Need("board"), favours=FactHolds("board"))
    inference = inferred([whole, beside, kinds], could("board@here"), criteria=finding_board())
    assert fired(inference) == {"whole", "kinds"}
    assert inference.requirements[1:] == (Requirement("chat", "could", None, 1, ("whole",)),)
    assert not inference.favours, "the evidence on board would count twice"


def test_a_rule_may_imply_a_member_of_what_it_needs_and_others_that_need_the_criterion_fire():
    one = rule("one", Need("board"), Implied("board@here", "must"))
    other = rule("other", Need("call"), Implied("board@here", "should"))
    last = rule("last", Need("board"), Implied("chat", "must"))
    inference = inferred([one, other, last], must("call"), criteria=finding_board())
    assert fired(inference) == {"one", "other", "last"}
    assert [(part.criterion, part.priority) for part in inference.requirements] == [
        ("call", "must"), ("board@here", "should"), ("chat", "should"),
    ]  # fmt: skip


def finding_board():
    board, *rest = (capability(name) for name in ("board", "call", "chat"))
    return board._replace(of_each=PLACES.id), *rest
