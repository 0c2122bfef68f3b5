"""What to confirm: every answer that is said to change the verdict does, and no fact that could is left out."""

import itertools
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from worlds import (
    DAY,
    SAME_EVERY_RUN,
    Frame,
    Said,
    capability,
    decided,
    knowledge_bases,
    knowledge_of,
    make_consistent,
    price,
    quantity,
    rating,
    requirements,
    rule,
    worlds,
)
from worlds import finding as criteria_of

from provider_advisor.decision import judge_team
from provider_advisor.decision.decide import reassess
from provider_advisor.decision.robustness import confirm as module
from provider_advisor.decision.robustness import joint_answers
from provider_advisor.decision.robustness.confirm import find_questions
from provider_advisor.decision.robustness.joint_answers import find_contenders
from provider_advisor.decision.robustness.open_facts import find_askable_facts, find_open_facts, list_answers
from provider_advisor.decision.robustness.what_if import Supposing
from provider_advisor.decision.robustness.worlds import calculate_provider_shares
from provider_advisor.decision.verdict import can_lead, list_criteria_behind, rank
from provider_advisor.explanation.questions_in_words import record_confirm
from provider_advisor.explanation.record_answer import record_answer
from provider_advisor.knowledge import Fact, Facts
from provider_advisor.knowledge.conditions import AnyOf, FactHolds, Need, split_member
from provider_advisor.knowledge.records import UsageItem
from provider_advisor.knowledge.rules import Policy
from provider_advisor.logic import ABSENT, Interval, Truth
from provider_advisor.requirements import Requirement, Statement, Team
from provider_advisor.requirements.statement import Volume

REPEATED = settings(derandomize=True, deadline=None)
HAS, LACKS = Said("present"), Said("absent")


def must(criterion, bound=None):
    return Requirement(criterion, "must", bound)


def should(criterion, bound=None, weight=None):
    return Requirement(criterion, "should", bound, weight)


def confirmed(claims, asked, criteria):
    decision = decided(knowledge_of(criteria, claims), Team(tuple(asked)))
    return find_questions(decision.outcome)


@settings(REPEATED, max_examples=80)
@given(worlds())
def test_each_answer_leads_to_the_verdict_that_is_said(world):
    decision = decided(world.knowledge, world.team)
    found = find_questions(decision.outcome)
    for question in found.questions:
        assert any(answer.verdict != decision.outcome.verdict for answer in question.answers)
        assert abs(sum(answer.share for answer in question.answers) - 1) < 1e-9
        for answer in question.answers:
            assert judge_team(world.team, decision.facts.supposing(answer.fact)).verdict == answer.verdict
    for part in found.sets:
        settled = part.verdict.kind in {"none", "tie"} or part.verdict.strength in {"firm", "dated"}
        assert settled or not found.questions
        assert len(part.questions) > 1
        assert judge_team(world.team, decision.facts.supposing(*part.answers)).verdict == part.verdict
        assert part.verdict != decision.outcome.verdict


@settings(REPEATED, max_examples=80)
@given(worlds())
def test_a_capability_that_is_not_listed_alone_changes_nothing(world):
    decision = decided(world.knowledge, world.team)
    found = find_questions(decision.outcome)
    listed = {(question.provider, question.criterion) for question in found.questions}
    asked = {
        (assessment.provider, criterion)
        for assessment in decision.outcome.assessments
        for finding in assessment.findings
        if finding.requirement is not None
        for criterion in list_criteria_behind(finding, world.knowledge)  # of a choice its parts, which have facts
    }
    for provider, criterion in asked - listed:
        fact = decision.facts(provider, criterion)
        if (provider, split_member(criterion)[0]) in listed:
            continue  # who has chat in Peru has chat, which is asked about
        if world.knowledge.criteria[criterion].kind == "capability" and fact.truth is Truth.UNKNOWN:
            for truth in (Truth.YES, Truth.NO):
                supposed = decision.facts.supposing(fact._replace(truth=truth))
                assert judge_team(world.team, supposed).verdict == decision.outcome.verdict


@settings(REPEATED, max_examples=80)
@given(worlds())
def test_an_amount_that_is_not_listed_changes_nothing_at_any_whole_number(world):
    decision = decided(world.knowledge, world.team)
    found = find_questions(decision.outcome)
    listed = {(question.provider, question.criterion) for question in found.questions}
    for assessment in decision.outcome.assessments:
        for finding in assessment.findings:
            fact = finding.degree.fact
            alone = (
                finding.requirement is not None
                and finding.degree.truth is Truth.UNKNOWN
                and finding.requirement.bound is not None
                and (fact.provider, fact.criterion) not in listed
                and world.knowledge.criteria[fact.criterion].whole
            )
            for amount in range(11) if alone else ():
                point = Interval(amount, amount)
                if fact.amount is None or fact.amount.holds(point):
                    supposed = decision.facts.supposing(fact._replace(amount=point))
                    verdict = judge_team(world.team, supposed).verdict
                    assert verdict._replace(strength=None) == decision.outcome.verdict._replace(strength=None)


@settings(REPEATED, max_examples=60)
@given(worlds())
def test_an_amount_whose_answers_change_nothing_changes_nothing_anywhere_between(world):
    decision = decided(world.knowledge, world.team)
    before = decision.outcome.verdict
    listed = {(each.provider, each.criterion) for each in find_questions(decision.outcome).questions}
    for assessment in decision.outcome.assessments:
        for asked in find_open_facts(assessment, decision.facts):
            fact, criterion = decision.facts(asked.provider, asked.criterion), world.knowledge.criteria[asked.criterion]
            if criterion.scale is None or criterion.whole or (asked.provider, asked.criterion) in listed:
                continue
            for amount in (0, 0.001, 1.7, 2.999, 3, 3.001, 4.999, 5.001, 5.999, 6, 6.001, 7.999, 8.001, 10):
                point = Interval(amount, amount)
                supposed = decision.facts.supposing(fact._replace(amount=point))
                if fact.amount is None or fact.amount.holds(point):
                    verdict = judge_team(world.team, supposed).verdict
                    assert verdict._replace(strength=None) == before._replace(strength=None)


def test_an_amount_in_one_place_is_asked_about_up_to_the_bounds_in_any_place():
    seats = quantity("seats", worst=10, best=0, whole=False)._replace(of_each="place")
    team = Team((must("seats", Interval(None, 3)), should("seats@there", Interval(6))))
    decision = decided(knowledge_of([seats], {"ada": {}, "bob": {}}), team)
    found = {part.criterion: part for part in find_askable_facts(decision.outcome.assessments[0], decision.facts)}
    answers = list_answers(found["seats@there"], decision.facts)
    # With three in one place, or fewer, it has at most three somewhere.
    assert [answer.fact.amount.low for answer in answers] == [3, 3.00001, 5.99999, 6]


def test_what_turns_the_verdict_for_sure_is_asked_first_then_what_weighs_more():
    criteria = [capability("board"), capability("chat", 3), capability("fax", 9)]
    claims = {"ada": {"chat": HAS, "fax": LACKS}, "bob": {"fax": LACKS}}
    found = confirmed(claims, [must("board"), should("chat"), should("fax")], criteria)
    # Undetermined, leaning to ada by the chat: her board decides either way; bob's chat would make them level.
    assert [
        (question.provider, question.criterion, question.turns, question.weight) for question in found.questions
    ] == [
        ("ada", "board", 1.0, 4),
        ("bob", "chat", 0.5, 6),
        ("bob", "board", 0.5, 4),
    ]


def test_what_turns_the_verdict_is_asked_before_what_only_makes_it_firm():
    criteria = [capability("board"), capability("chat", 9), capability("fax", 2)]
    claims = {"ada": {"board": HAS, "fax": HAS, "chat": LACKS}, "bob": {"board": HAS, "chat": LACKS}}
    claims["cyd"] = {"board": HAS, "fax": LACKS}
    found = confirmed(claims, [must("board"), should("chat"), should("fax")], criteria)
    # ada 8 of 26, bob 4 to 8, cyd 4 to 22, expected 13: cyd leads; her chat decides, bob's fax never.
    assert [(question.provider, question.criterion) for question in found.questions] == [("cyd", "chat")]


def test_an_unlikely_answer_counts_as_little_as_the_policy_says():
    criteria = [capability("board"), capability("chat")]
    knowledge = knowledge_of(criteria, {"ada": {"board": HAS, "chat": LACKS}, "bob": {"chat": LACKS}})
    decision = decided(knowledge, Team((must("board"), should("chat"))))
    (question,) = find_questions(decision.outcome).questions
    assert (question.provider, question.criterion) == ("bob", "board")
    p = knowledge.policy.unknown
    by_truth = {answer.fact.truth: answer for answer in question.answers}
    assert by_truth[Truth.NO].verdict.strength == "firm"
    assert by_truth[Truth.NO].share == 1 - p
    assert by_truth[Truth.YES].verdict.kind == "tie"
    assert (question.turns, question.changes) == (p, 1.0)


def test_where_no_single_answer_would_do_the_smallest_sets_are_named():
    names = ("board", "chat", "desk", "fax")
    criteria = [capability(name) for name in (*names, "phone")]
    claims = {"ada": {**dict.fromkeys(names, HAS), "phone": LACKS}, "bob": {"phone": HAS}}
    found = confirmed(claims, [should(criterion.id) for criterion in criteria], criteria)
    # ada 8 of 10; bob 2 to 10, expected 6: with two more he is level, with two fewer he cannot be.
    assert not found.questions
    assert found.complete
    pairs = [tuple(question.criterion for question in part.questions) for part in found.sets]
    assert pairs == list(itertools.combinations(names, 2))


def test_good_answers_about_both_may_make_a_tie_where_a_bad_one_settles_nothing():
    # Either of two things is enough. One yes leads, but the other provider may still have the second thing.
    criteria = [capability("chat"), capability("fax")]
    found = confirmed({"ada": {}, "bob": {}}, [should("chat|fax")], criteria)
    assert {answer.verdict.strength for question in found.questions for answer in question.answers} <= {"leaning", None}
    asked = [[(each.provider, each.criterion) for each in part.questions] for part in found.sets]
    assert sorted(map(sorted, asked)) == [
        [("ada", one), ("bob", other)] for one in ("chat", "fax") for other in ("chat", "fax")
    ]
    assert {part.verdict.kind for part in found.sets} == {"tie"}


def test_a_rival_that_only_joint_answers_put_ahead_is_a_contender():
    criteria = [capability(name) for name in ("board", "desk", "fax", "phone")]
    unless = AnyOf((FactHolds("fax", present=False), FactHolds("phone")))
    rules = [
        rule("r", Need("board"), favours=unless, weight=5),
        rule("s", Need("board"), favours=FactHolds("fax"), weight=2),
    ]
    claims = {"ada": {"board": HAS, "desk": HAS, "fax": HAS, "phone": LACKS}, "bob": {"board": HAS, "desk": LACKS}}
    decision = decided(knowledge_of(criteria, claims, rules), Team((should("board"), should("desk", weight=2))))
    # Beside the board ada has 4 for the desk and 2 for the fax. bob has 5 at most without a fax, which by itself is
    # better than 4.5 with one, while nothing is known of the phone; but with both he has 7.
    assert decision.outcome.verdict.provider == "ada"
    assert find_contenders(decision.outcome) == (("bob",), ())


def test_a_rival_is_rather_named_than_left_out_where_too_much_is_tied_together(monkeypatch):
    monkeypatch.setattr(joint_answers, "MOST_JOINT", 1)
    criteria = [capability("board"), capability("chat")]
    claims = {"ada": {"board": HAS, "chat": HAS}, "bob": {"board": HAS}}
    decision = decided(knowledge_of(criteria, claims), Team((should("board"), should("chat"))))
    assert find_contenders(decision.outcome) == ((), ("bob",))


@pytest.mark.parametrize(
    ("asked", "standings"),
    [
        ([must("board"), should("chat")], ("ruled-out", "qualified")),
        ([should("chat"), must("seats")], ("qualified", "qualified")),  # an amount without a bound fails nobody
    ],
)
def test_where_too_much_is_tied_together_ranks_and_answers_are_bounded_by_their_ends(monkeypatch, asked, standings):
    # Each question here is about a finding of its own, so that its ends are what its answers lead to.
    criteria = [capability("board"), capability("chat"), quantity("seats")]
    decision = decided(knowledge_of(criteria, {"ada": {}, "bob": {}}), Team(tuple(asked)))
    ada = decision.outcome.assessments[0]
    questions = find_askable_facts(ada, decision.facts)
    answers = [[answer.fact for answer in list_answers(fact, decision.facts)] for fact in questions]

    def bound():
        joint = joint_answers.JointAnswers(questions, answers, Supposing(decision.outcome))
        return joint.bound_ranks(ada), joint.find_ends(range(len(questions)))

    exact, (worst, best) = bound(), bound()[0]
    assert tuple(("qualified", "unconfirmed", "ruled-out")[each[0]] for each in (worst, best)) == standings
    monkeypatch.setattr(joint_answers, "MOST_JOINT", 1)
    assert bound() == exact


def test_the_search_for_sets_says_when_it_gave_up(monkeypatch):
    monkeypatch.setattr(module, "MOST_TRIED", 1)
    names = ("board", "chat", "desk", "fax")
    criteria = [capability(name) for name in (*names, "phone")]
    claims = {"ada": {**dict.fromkeys(names, HAS), "phone": LACKS}, "bob": {"phone": HAS}}
    found = confirmed(claims, [should(criterion.id) for criterion in criteria], criteria)
    assert not found.complete
    assert [len(part.questions) for part in found.sets] == [2]


def test_a_firm_verdict_leaves_nothing_to_ask():
    criteria = [capability("board"), capability("chat")]
    found = confirmed({"ada": {"board": HAS}, "bob": {"board": LACKS}}, [must("board"), should("chat")], criteria)
    assert found == ((), (), True)


def test_a_bound_is_answered_by_amounts_that_the_claims_leave_open():
    criteria = [quantity("seats", worst=0, best=200)]
    found = confirmed(
        {"ada": {"seats": Said(100, "exactly")}, "bob": {"seats": Said(65, "more_than")}},
        [must("seats", Interval(90))],
        criteria,
    )
    (question,) = found.questions
    assert [answer.fact.amount.low for answer in question.answers] == [89, 90]
    assert [answer.verdict.kind for answer in question.answers] == ["recommended", "tie"]


def test_behind_a_monthly_cost_it_is_the_price_that_is_asked():
    calls = UsageItem("calls", "Calls", "How many calls?", "calls")
    call_price = price("call-price")._replace(usage=("calls",))
    cost = price("monthly-cost")._replace(computed=True, unit="USD/month", scale=None)
    knowledge = knowledge_of([call_price, cost], {"ada": {"call-price": Said(5, "exactly")}, "bob": {}})
    knowledge = type(knowledge)(**{**vars(knowledge), "usage": {"calls": calls}, "fingerprint": "cost"})
    team = Team((should("monthly-cost"),), {}, {"calls": 100})
    outcome = judge_team(team, Facts(knowledge, DAY))
    (question,) = find_questions(outcome).questions
    assert (question.provider, question.criterion) == ("bob", "call-price")
    assert sorted(answer.fact.amount.low for answer in question.answers) == [0, 10]
    assert {answer.verdict.provider for answer in question.answers} == {"ada", "bob"}


def priced(bound, hours, claims, **more):
    """A decision on a monthly cost within a bound, for hours whose price is at worst 10 on its scale."""
    items = {name: UsageItem(name, name, f"How many {name}?", "h") for name in ("hours", "loans")}
    hourly = price("hourly")._replace(usage=("hours",))
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    knowledge = knowledge_of([capability("board"), hourly, cost], claims)
    knowledge = type(knowledge)(**{**vars(knowledge), "usage": items, "fingerprint": "priced"})
    asked = Requirement("monthly-cost", "should", bound, weight=3), Requirement("board", "should")
    return decided(knowledge, Team(asked, usage={"hours": hours, **more}))


def test_a_cost_without_a_bound_stays_open_alike_for_all_so_that_it_makes_no_contender():
    # How many hours it will be is not known, but they are as many with either provider.
    claims = {"ada": {"board": HAS, "hourly": Said(5, "exactly")}, "bob": {"board": HAS, "hourly": Said(6, "exactly")}}
    decision = priced(None, Volume(50, 100, "50..100"), claims)
    assert (decision.outcome.verdict.provider, decision.outcome.verdict.strength) == ("ada", "leaning")
    assert find_contenders(decision.outcome) == ((), ())


def test_a_price_in_one_place_says_nothing_of_the_price_without_a_place():
    call_price = price("call-price")._replace(usage=("calls",), of_each="place")
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    knowledge = knowledge_of([call_price, cost], {"ada": {}, "bob": {"call-price": Said(6, "exactly")}})
    calls = UsageItem("calls", "Calls", "How many calls?", "calls")
    knowledge = type(knowledge)(**{**vars(knowledge), "usage": {"calls": calls}, "fingerprint": "in one place"})
    asked = must("call-price", Interval(None, 5)), should("monthly-cost")
    decision = decided(knowledge, Team(asked, usage={"calls@here": 50}))
    (ada,) = (part for part in decision.outcome.assessments if part.provider == "ada")
    anywhere, here = find_askable_facts(ada, decision.facts)
    assert (anywhere.criterion, here.criterion) == ("call-price", "call-price@here")
    assert not {use.finding for use in anywhere.uses} & {use.finding for use in here.uses}


# Bob's 12 an hour are 600 a month, more than 550, and he has a board. What ada asks for is not known.
DEAR = {"ada": {}, "bob": {"board": HAS, "hourly": Said(12, "exactly")}}


def test_a_missing_price_may_be_dearer_than_the_end_of_its_scale():
    # At the worst price of the scale, 50 hours cost ada 500.
    decision = priced(Interval(None, 550), 50, {**DEAR, "ada": {"board": LACKS}})
    assert decision.outcome.verdict.provider == "ada"
    assert find_contenders(decision.outcome).ahead == ("bob",)
    (question,) = find_questions(decision.outcome).questions
    answers = {answer.fact.amount.low: answer.verdict.provider for answer in question.answers}
    assert answers == {0: "ada", 10: "ada", 11: "ada", 11.00001: "bob"}


def test_a_price_whose_scale_breaks_the_limit_is_asked_about_within_it():
    decision = priced(Interval(None, 450), 50, {**DEAR, "ada": {"board": LACKS}})
    (question,) = find_questions(decision.outcome).questions
    assert [answer.fact.amount.low for answer in question.answers] == [0, 10]


@pytest.mark.parametrize(
    ("hours", "more"),
    [(Volume(10, 60, "10..60"), {}), (50, {"loans": 3})],
    ids=["a volume within limits", "usage that no price model covers"],
)
def test_a_cost_that_no_answer_settles_may_turn_out_either_way(hours, more):
    claims = {
        "ada": {"board": LACKS, "hourly": Said(10, "exactly")},
        "bob": {"board": HAS, "hourly": Said(70, "exactly")},
    }
    decision = priced(Interval(None, 550), hours, claims, **more)
    assert decision.outcome.verdict.provider == "ada"
    shares = calculate_provider_shares(decision.outcome).alternatives
    assert {share.name: share.given for share in shares} == {"ada": 0.5, "bob": 0.5}
    assert find_contenders(decision.outcome).ahead == ("bob",)


def test_a_volume_breaks_the_limits_of_all_whose_prices_are_known_or_of_none():
    # Ada pays 5 an hour and has a board, bob 6. Whenever ada's hours cost more than 400, bob's do.
    claims = {
        "ada": {"board": HAS, "hourly": Said(5, "exactly")},
        "bob": {"board": LACKS, "hourly": Said(6, "exactly")},
    }
    decision = priced(Interval(None, 400), Volume(50, 100, "50..100"), claims)
    assert (decision.outcome.verdict.provider, decision.outcome.verdict.strength) == ("ada", "leaning")
    assert find_contenders(decision.outcome) == ((), ())
    shares = calculate_provider_shares(decision.outcome).alternatives
    assert {share.name: share.given for share in shares} == {"ada": 1, "bob": 0}
    # What he asks for an hour is open now, and so is his limit, whatever the hours.
    decision = priced(Interval(None, 400), Volume(50, 100, "50..100"), {**claims, "bob": {"hourly": Said((3, 6))}})
    assert find_contenders(decision.outcome).ahead == ("bob",)


HOURLY = st.sampled_from(
    [(), Said(4, "exactly"), Said(12, "exactly"), Said((2, 12)), Said(3, "at_least"), Said(30, "exactly")]
)


@settings(REPEATED, max_examples=200)
@given(
    st.lists(st.tuples(HOURLY, st.sampled_from([HAS, LACKS, ()])), min_size=2, max_size=3),
    st.sampled_from([Interval(None, 100), Interval(None, 550), Interval(None, 1500)]),
    st.sampled_from([50, Volume(10, 60, "10..60"), Volume(0, 60, "0..60")]),
    st.sampled_from([{}, {"loans": 3}]),
)
def test_who_comes_first_in_some_scenario_by_its_cost_is_a_contender(said, bound, hours, more):
    claims = {name: {"hourly": price, "board": board} for name, (price, board) in zip("abc", said, strict=False)}
    decision = priced(bound, hours, claims, **more)
    leader = decision.outcome.verdict.provider
    assume(leader is not None)
    shares = calculate_provider_shares(decision.outcome)
    assert shares.given.samples == 0
    first = {share.name for share in shares.alternatives if share.given > 0}
    contenders = find_contenders(decision.outcome)
    assert first <= {leader, *contenders.ahead, *contenders.level}


@settings(REPEATED, max_examples=100)
@given(
    st.lists(st.tuples(HOURLY, st.sampled_from([HAS, LACKS, ()])), min_size=2, max_size=3),
    st.sampled_from([None, Interval(None, 100), Interval(None, 450)]),
    st.sampled_from([50, Volume(10, 60, "10..60"), Volume(0, 60, "0..60")]),
    st.sampled_from([{}, {"loans": 3}]),
)
def test_a_fact_whose_answer_changes_the_verdict_by_a_cost_is_asked_about(said, bound, hours, more):
    claims = {name: {"hourly": price, "board": board} for name, (price, board) in zip("abc", said, strict=False)}
    decision = priced(bound, hours, claims, **more)
    facts, team, before = decision.facts, decision.outcome.team, decision.outcome.verdict
    found = {(each.provider, each.criterion): each for each in find_questions(decision.outcome).questions}

    def judge(fact):
        return judge_team(team, facts.supposing(fact)).verdict

    for question in found.values():
        assert [answer.verdict for answer in question.answers] == [judge(answer.fact) for answer in question.answers]
    for provider in claims:
        board, hourly = facts(provider, "board"), facts(provider, "hourly")
        possible = hourly.amount or Interval()
        amounts = [each for each in (0.01, 1.9, 2.1, 5, 7.4, 7.6, 9, 10) if possible.holds(Interval(each, each))]
        supposed = [hourly._replace(amount=Interval(each, each)) for each in amounts]
        if board.truth is Truth.UNKNOWN:
            supposed += [board._replace(truth=truth) for truth in (Truth.YES, Truth.NO)]
        changing = {(fact.provider, fact.criterion) for fact in supposed if judge(fact) != before}
        assert changing <= found.keys()


def test_what_is_supposed_of_members_raises_their_own_criterion_with_that_provider_only():
    criteria = [quantity(name)._replace(of_each="place") for name in ("desks", "seats")]
    facts = Facts(knowledge_of(criteria, {"ada": {}, "bob": {}}), DAY)

    def suppose(provider, criterion, amount):
        return facts(provider, criterion)._replace(amount=Interval(amount, amount))

    supposed = facts.supposing(
        suppose("ada", "seats", 3),
        suppose("ada", "seats@there", 2),
        suppose("ada", "desks@here", 8),
        suppose("bob", "seats@here", 9),
    )
    assert supposed("ada", "seats").amount == Interval(3, 3)
    assert facts.supposing(suppose("ada", "seats", 3), suppose("ada", "seats@there", 5))("ada", "seats").amount == (
        Interval(5, 5)
    )


def test_supposing_a_fact_does_not_touch_the_facts_themselves():
    decision = decided(knowledge_of([capability("board")], {"ada": {}, "bob": {}}), Team((must("board"),)))
    find_questions(decision.outcome)
    assert decision.facts("ada", "board") == Fact("ada", "board")


# What can be answered at all


def possible(criterion, bound, *said):
    """The amounts that answers would give of ada's criterion, asked within a bound."""
    claims = {"ada": {criterion.id: said} if said else {}, "bob": {}}
    decision = decided(knowledge_of([criterion], claims), Team((should(criterion.id, bound),)))
    asked, _ = (find_open_facts(each, decision.facts)[0] for each in decision.outcome.assessments)
    return [answer.fact.amount.low for answer in list_answers(asked, decision.facts)]


def test_a_rating_is_one_of_its_words():
    words = {"poor": 0, "fair": 1, "good": 2, "superb": 3}
    for exactly, answers in {"poor": [0, 1], "fair": [0, 1, 2], "superb": [2, 3]}.items():
        place = words[exactly]
        assert possible(rating("repute"), Interval(place, place)) == answers
    assert possible(rating("repute"), Interval(3)) == [2, 3]
    assert possible(rating("repute"), Interval(0)) == [0]  # whatever word it is
    assert possible(rating("repute"), Interval(None, 0)) == [0, 1]
    assert possible(rating("repute"), Interval(None, 3)) == [3]


def test_no_amount_is_below_nothing():
    assert possible(quantity("seats"), Interval(0)) == [0]
    assert possible(quantity("seats"), Interval(1)) == [0, 1]
    assert possible(price("toll"), Interval(0.5)) == [0.49999, 0.5]
    assert possible(price("toll"), Interval(None, 0)) == [0, 0.00001]


def test_what_is_more_than_an_amount_is_never_answered_with_it():
    assert possible(quantity("pace", whole=False), None, Said(5, "more_than")) == [5.00001, 10]
    assert possible(quantity("pace", whole=False), Interval(5.00001), Said(5, "more_than")) == [5.000005, 5.00001]


def test_an_answer_just_outside_a_bound_is_tried_and_said_so():
    # At 4 USD Ada is ahead of Bob; just above it she misses a wish that he meets.
    asked = (should("toll", Interval(None, 4), 1), *(Requirement(name, "could", None, 1) for name in ("toll", "fax")))
    claims = {"ada": {"fax": HAS, "toll": Said((3, 6), "between")}, "bob": {"toll": Said(4, "exactly")}}
    knowledge, team = knowledge_of([price("toll"), capability("fax")], claims), Team(asked)
    found = decided(knowledge, team).outcome
    says = " ".join(entry.says for entry in record_confirm(found))
    assert "if above 4 USD/thing, Bob would be recommended (firm)" in says


def test_amounts_in_a_row_that_lead_to_the_same_verdict_are_said_as_one():
    asked = (
        Requirement("toll", "must", Interval(None, 4), 1),
        Requirement("toll", "could", None, 1),
        Requirement("fax", "could", None, 5),
    )
    claims = {"ada": {"fax": HAS}, "bob": {"toll": Said(3, "exactly"), "fax": Said("absent")}}
    knowledge = knowledge_of([price("toll"), capability("fax")], claims)
    found = decided(knowledge, Team(asked)).outcome
    says = " ".join(entry.says for entry in record_confirm(found))
    assert "If at most 4 USD/thing, Ada would be recommended" in says
    assert "; if above 4 USD/thing, Bob would be" in says


@settings(REPEATED, max_examples=80)
@given(worlds())
def test_amounts_between_two_answers_that_lead_to_one_verdict_lead_to_it_too(world):
    decision = decided(world.knowledge, world.team)
    assume(decision.outcome.findings)
    supposing = Supposing(decision.outcome)
    for question in find_questions(decision.outcome).questions:
        if world.knowledge.criteria[question.criterion].kind not in {"quantity", "price"} or question.stated:
            continue
        for one, other in itertools.pairwise(question.answers):
            middle = (one.fact.amount.low + other.fact.amount.low) / 2
            if one.verdict == other.verdict:
                assert supposing.judge([one.fact._replace(amount=Interval(middle, middle))]) == one.verdict


@settings(REPEATED, max_examples=80)
@given(worlds())
def test_every_answer_can_be_given(world):
    decision = decided(world.knowledge, world.team)
    for assessment in decision.outcome.assessments:
        for asked in find_askable_facts(assessment, decision.facts):
            criterion = world.knowledge.criteria[asked.criterion]
            claimed = decision.facts(asked.provider, asked.criterion).amount or Interval()
            answers = list_answers(asked, decision.facts)
            assert answers
            assert abs(sum(answer.share for answer in answers) - 1) < 1e-9
            for amount in (answer.fact.amount for answer in answers if criterion.kind != "capability"):
                assert amount.low >= 0
                assert claimed.holds(amount)
                assert criterion.kind != "rating" or criterion.values[amount.low]


# A policy that counts the unknown as impossible, or as certain


@pytest.mark.parametrize("unknown", [0, 1])
def test_an_answer_that_the_policy_counts_as_impossible_is_asked_all_the_same(unknown):
    claims = {"ada": {"chat": HAS}, "bob": {"fax": HAS, "chat": HAS}, "cyd": {"chat": HAS}}
    policy = Policy({"must": 4, "should": 2, "could": 1}, unknown)
    knowledge = knowledge_of([capability("fax"), capability("chat")], claims, (), policy)
    decision = decided(knowledge, Team((should("fax"),)))
    found = find_questions(decision.outcome)
    # With p = 0 bob leads, and ada or cyd with the fax would be alike with him. With p = 1 all three lead, and one that
    # lacks it leads no longer.
    assert [(question.provider, question.criterion) for question in found.questions] == [("ada", "fax"), ("cyd", "fax")]
    assert [(question.turns, question.changes) for question in found.questions] == [(0, 0), (0, 0)]
    # No answer alone settles it; told is the one who stands best: with p = 0 bob, if neither of the others has the fax.
    assert {group.verdict.kind for group in found.sets} == {"recommended" if unknown == 0 else "tie"}


# What a price pays for


def test_the_capability_that_a_price_pays_for_is_asked_about_and_the_known_price_is_not():
    criteria = [capability("fax"), price("fax-price", "fax")]
    claims = {"ada": {"fax-price": Said(1, "exactly")}, "bob": {"fax": HAS, "fax-price": Said(5, "exactly")}}
    found = confirmed(claims, [should("fax-price")], criteria)
    (question,) = found.questions
    assert (question.provider, question.criterion) == ("ada", "fax")
    by_truth = {answer.fact.truth: answer.verdict for answer in question.answers}
    assert (by_truth[Truth.YES].provider, by_truth[Truth.YES].strength) == ("ada", "firm")
    assert (by_truth[Truth.NO].provider, by_truth[Truth.NO].strength) == ("bob", "firm")


def two_models():
    hours = UsageItem("hours", "Hours", "How many hours?", "h")
    models = [price(name, "desk")._replace(usage=("hours",)) for name in ("hourly", "plan")]
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    claims = {
        "ada": {"desk": HAS, "plan": Said(9, "exactly")},
        "bob": {"desk": HAS, "hourly": Said(7, "exactly")},
    }
    knowledge = knowledge_of([capability("desk"), *models, cost], claims)
    return type(knowledge)(**{**vars(knowledge), "usage": {"hours": hours}, "fingerprint": "two models"})


def test_a_price_model_without_a_known_price_may_be_the_cheapest():
    team = Team((should("monthly-cost", Interval(None, 7)), should("hourly")), usage={"hours": 1})
    decision = decided(two_models(), team)
    ada, bob = decision.outcome.assessments
    assert (ada.cost.amount, bob.cost.amount) == (Interval(0, 9), Interval(0, 7))
    assert (ada.cost.items[0].missing, bob.cost.items[0].missing) == (("hourly",), ("plan",))
    assert (ada.score, bob.score) == ((0, 25, 100), (65, 65, 65))
    assert (decision.outcome.verdict.provider, decision.outcome.verdict.strength) == ("bob", "leaning")
    (question,) = find_questions(decision.outcome).questions
    assert (question.provider, question.criterion) == ("ada", "hourly")


def test_a_cost_that_lacks_a_price_is_expected_at_its_worse_end():
    decision = decided(two_models(), Team((should("monthly-cost"),), usage={"hours": 1}))
    ada, bob = decision.outcome.assessments
    assert (ada.score, bob.score) == ((10, 10, 100), (30, 30, 100))


def test_a_cost_with_usage_that_no_price_model_covers_is_expected_at_its_worse_end():
    items = {name: UsageItem(name, name, f"How many {name}?", "h") for name in ("hours", "loans")}
    hourly = price("hourly")._replace(usage=("hours",))
    cost = price("monthly-cost")._replace(scale=None, computed=True)
    knowledge = knowledge_of([hourly, cost], {"ada": {"hourly": Said(2, "exactly")}})
    knowledge = type(knowledge)(**{**vars(knowledge), "usage": items, "fingerprint": "loans"})
    decision = decided(knowledge, Team((should("monthly-cost"),), usage={"hours": 1, "loans": 3}))
    (ada, *_) = decision.outcome.assessments
    assert ada.cost.amount == Interval(2, None)
    assert ada.score.proven == ada.score.expected < ada.score.possible


@settings(REPEATED, max_examples=80)
@given(worlds())
def test_no_answer_changes_a_firm_recommendation(world):
    decision = decided(world.knowledge, world.team)
    if decision.outcome.verdict.strength == "firm":
        assert find_questions(decision.outcome).questions == ()


# Whom a leading provider has still to fear, and answers that only together settle anything


def contenders(claims, asked, criteria):
    decision = decided(knowledge_of(criteria, claims), Team(tuple(asked)))
    assert (decision.outcome.verdict.kind, decision.outcome.verdict.strength) == ("recommended", "leaning")
    return find_contenders(decision.outcome)


def test_a_rival_that_could_pass_the_leader_but_not_a_third_is_no_contender():
    seats = {"ada": (5, 7), "bob": (2, 5), "cyd": (5.5, 5.5)}
    claims = {name: {"seats": Said(ends, "between")} for name, ends in seats.items()}
    found = contenders(claims, [should("seats")], [quantity("seats", worst=0, best=10)])
    assert (found.ahead, found.level) == (("cyd",), ())


def test_a_fact_that_two_requirements_use_is_not_at_both_of_its_ends():
    # fair: 2/3 and 1 point; good: 4/3 and none. So ada has 5/3 at most, not 7/3; bob has 2.
    claims = {
        "ada": {"repute": (Said("fair"), Said("good")), "chat": LACKS},
        "bob": {"repute": Said("poor"), "chat": HAS},
    }
    asked = [should("repute"), Requirement("repute", "could", Interval(1, 1)), should("chat")]
    found = contenders(claims, asked, [rating("repute"), capability("chat")])
    assert (found.ahead, found.level) == ((), ())


def test_a_rival_that_can_only_come_level_is_said_to():
    claims = {"ada": {"board": HAS}, "bob": {}}
    found = contenders(claims, [must("board")], [capability("board")])
    assert (found.ahead, found.level) == ((), ("bob",))


@pytest.mark.parametrize(("priority", "seats_of_ada", "chat"), [("must", 9, 0.5), ("should", 5, 1.5)])
def test_no_rival_overtakes_by_one_place_that_is_better_than_the_best_is_known_to_be(priority, seats_of_ada, chat):
    seats = quantity("seats")._replace(of_each="place")
    claims = {
        "ada": {"chat": HAS, "fax": LACKS, "seats": Said(seats_of_ada, "exactly")},
        "bob": {"chat": LACKS, "fax": LACKS, "seats": Said(5, "exactly")},
        "cyd": {"chat": LACKS},
    }
    wishes = [should("chat", None, chat), should("fax", None, chat + 0.3), should("seats@there", Interval(8))]
    asked = [Requirement("seats", priority, Interval(8)), *wishes]
    decision = decided(knowledge_of([seats, capability("chat"), capability("fax")], claims), Team(tuple(asked)))
    # Bob could have 8 seats there, but it is known that he has 5 at most: that wish, or must, fails all the same.
    found = find_contenders(decision.outcome)
    assert (decision.outcome.verdict.provider, found) == ("ada", (("cyd",), ()))
    shares = calculate_provider_shares(decision.outcome).alternatives
    assert [share.given > 0 for share in shares] == [True, False, True]


def test_an_answer_that_something_is_nowhere_settles_that_it_is_not_in_one_place():
    criteria = [capability("seats")._replace(of_each="place"), capability("chat")]
    claims = {"ada": {"seats": LACKS, "chat": HAS}, "bob": {"chat": LACKS}}
    asked = [should("seats"), should("seats@there"), should("chat")]
    found = {question.criterion: question for question in confirmed(claims, asked, criteria).questions}
    no = next(answer for answer in found["seats"].answers if answer.fact.truth is Truth.NO)
    assert (no.verdict.provider, no.verdict.strength) == ("ada", "firm")


def test_no_rival_overtakes_by_having_in_one_place_what_it_has_nowhere():
    criteria = [capability("seats")._replace(of_each="place"), capability("chat"), capability("fax")]
    claims = {
        "ada": {"chat": HAS, "fax": LACKS, "seats": LACKS},
        "bob": {"chat": LACKS, "fax": LACKS},
        "cyd": {"chat": LACKS, "seats": LACKS},
    }
    wishes = [should("chat", None, 0.5), should("fax", None, 0.8)]
    asked = (should("seats", ABSENT), should("seats@there"), *wishes)
    decision = decided(knowledge_of(criteria, claims), Team(asked))
    found = find_contenders(decision.outcome)
    assert (decision.outcome.verdict.provider, found) == ("ada", (("cyd",), ()))
    shares = calculate_provider_shares(decision.outcome).alternatives
    assert [share.given > 0 for share in shares] == [True, False, True]


def test_who_could_overtake_providers_that_are_level_is_found_from_answers_that_do_not_exclude_one_another():
    criteria = [capability("seats")._replace(of_each="place"), capability("chat"), capability("fax")]
    known = {"chat": HAS, "fax": LACKS, "seats": LACKS}
    claims = {
        "ada": known,
        "bob": {"chat": LACKS, "fax": LACKS},
        "cyd": {"chat": LACKS, "seats": LACKS},
        "dan": known,
    }
    wishes = [should("chat", None, 0.5), should("fax", None, 0.8)]
    decision = decided(knowledge_of(criteria, claims), Team((should("seats", ABSENT), should("seats@there"), *wishes)))
    assert decision.outcome.verdict.among == ("ada", "dan")
    # Bob may have seats there, or none anywhere, but not both.
    assert find_contenders(decision.outcome) == (("cyd",), ())
    said = record_answer(decision, Statement(decision.outcome.team)).verdict.reason
    assert "Ada and Dan are level for now, but unknown facts could still put Cyd ahead" in said


AT_PLACES = [part._replace(of_each="place") for part in (quantity("seats"), capability("doors"), rating("care"))]
FAVOURED = AnyOf((FactHolds("doors@here", present=False), FactHolds("care", Interval(2))))
FEW = Frame(criteria_of({part.id: part for part in AT_PLACES}), (rule("r", Need("seats"), favours=FAVOURED, weight=3),))
ASKED = st.lists(st.one_of(map(requirements, AT_PLACES)), min_size=2, max_size=4).map(make_consistent)
MOST_TOGETHER = 1500


@settings(SAME_EVERY_RUN, max_examples=40)
@given(knowledge_bases((FEW,), 3), ASKED)
def test_contenders_are_those_whom_something_that_can_be_puts_first(knowledge, asked):
    """Everything that the open facts of a provider can be is tried together; amounts are whole, so there are few."""
    decision = decided(knowledge, Team(asked))
    outcome, facts = decision.outcome, decision.facts
    assume(outcome.verdict.strength == "leaning")
    open_facts = {each.provider: find_open_facts(each, facts) for each in outcome.assessments}
    can_be = {name: [list(_list_all(each, facts)) for each in found] for name, found in open_facts.items()}
    assume(all(math.prod(map(len, each)) <= MOST_TOGETHER for each in can_be.values()))
    ranks = {
        provider: [_rank(provider, outcome, facts.supposing(*each)) for each in itertools.product(*answers)]
        for provider, answers in can_be.items()
    }
    ahead, level = find_contenders(outcome)
    for rival in ranks.keys() - {outcome.verdict.provider}:
        best, lowest = min(ranks[rival]), min(max(found) for name, found in ranks.items() if name != rival)
        assert (rival in ahead) == (can_lead(best) and best < lowest)
        assert (rival in level) == (can_lead(best) and best == lowest)


def _list_all(asked, facts):
    fact, criterion = facts(asked.provider, asked.criterion), facts.knowledge.criteria[asked.criterion]
    if criterion.kind == "capability":
        yield from (fact._replace(truth=truth, disputed=False) for truth in (Truth.YES, Truth.NO))
    for amount in range({"quantity": 11, "rating": 4, "capability": 0}[criterion.kind]):
        point = fact._replace(amount=Interval(amount, amount), disputed=False)
        if facts.allows(point):
            yield point


def _rank(provider, outcome, facts):
    (found,) = (each for each in reassess(outcome, facts).assessments if each.provider == provider)
    return rank(found)


def test_where_no_answer_alone_settles_anything_two_that_do_are_named():
    claims = {"ada": {"seats": Said(100, "at_least")}, "bob": {"seats": Said(65, "at_least")}}
    found = confirmed(claims, [must("seats", Interval(120))], [quantity("seats", worst=0, best=200, whole=True)])
    assert {answer.verdict.strength for question in found.questions for answer in question.answers} <= {"leaning", None}
    (together,) = found.sets
    assert [question.provider for question in together.questions] == ["ada", "bob"]
    assert together.verdict.strength == "firm"


def test_what_could_turn_the_verdict_is_asked_first():
    claims = {"ada": {"board": HAS}, "bob": {"fax": LACKS}}
    decision = decided(knowledge_of([capability("board"), capability("fax")], claims), Team((should("board"),)))
    question = find_questions(decision.outcome).questions[0]
    turns, changes = question._replace(turns=0.5, changes=0.5), question._replace(turns=0.4, changes=0.9)
    assert sorted([changes, turns], key=module._rate) == [turns, changes]


def asked_about(claims, *asked):
    names = sorted({name for part in claims.values() for name in part} | {part.criterion for part in asked})
    decision = decided(knowledge_of([capability(name) for name in names], claims), Team(asked))
    return [(each.provider, each.criterion) for each in find_questions(decision.outcome).questions]


def test_a_rival_that_can_only_draw_level_is_asked_about():
    claims = {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": LACKS}}
    assert asked_about(claims, should("board"), should("chat")) == [("bob", "chat")]


def test_a_rival_is_asked_about_although_somebody_unconfirmed_has_more_points():
    lacks = {"chat": LACKS, "fax": LACKS}
    claims = {
        "ada": {"board": HAS, "desk": HAS, **lacks},
        "bob": {"chat": HAS, "fax": HAS, "desk": LACKS},
        "cyd": {"board": HAS, **lacks},
    }
    board = must("board")._replace(weight=0.25)
    found = asked_about(claims, board, should("chat"), should("fax"), should("desk", weight=0.5))
    assert ("cyd", "desk") in found


def test_answers_that_rule_everybody_out_settle_too():
    claims = {"ada": {"chat": HAS}, "bob": {"chat": HAS}}
    criteria = [capability(name) for name in ("board", "chat", "fax")]
    decision = decided(knowledge_of(criteria, claims), Team((must("board"), must("fax"))))
    found = find_questions(decision.outcome)
    pairs = [tuple((each.provider, each.criterion) for each in one.questions) for one in found.sets]
    assert sorted(pairs) == [(("ada", one), ("bob", other)) for one in ("board", "fax") for other in ("board", "fax")]
    assert {one.verdict.kind for one in found.sets} == {"none"}


def test_of_a_set_that_is_made_smaller_the_heaviest_questions_stay(monkeypatch):
    monkeypatch.setattr(module, "MOST_TRIED", 0)
    criteria = [capability("board"), capability("chat"), capability("fax", weight=3)]
    claims = {"ada": {"chat": HAS}, "bob": {"chat": HAS}}
    decision = decided(knowledge_of(criteria, claims), Team((must("board"), must("fax"))))
    (found,) = find_questions(decision.outcome).sets
    # Ada with both and Bob without a fax would do too, but not each alone: both without a fax is a smaller set.
    assert [(each.provider, each.criterion) for each in found.questions] == [("ada", "fax"), ("bob", "fax")]


def test_a_question_weighs_as_much_as_all_that_depends_on_it():
    criteria = [capability("fax"), price("fax-price", of="fax"), capability("board")]
    claims = {"ada": {"fax-price": Said(1, "exactly"), "board": HAS}, "bob": {"fax": LACKS, "board": HAS}}
    asked = should("fax", weight=3), should("fax-price"), should("board")
    decision = decided(knowledge_of(criteria, claims), Team(asked))
    (question,) = find_questions(decision.outcome).questions
    assert (question.provider, question.criterion, question.weight) == ("ada", "fax", 2 * (3 + 1))
