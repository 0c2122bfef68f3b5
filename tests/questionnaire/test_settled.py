"""An end that is settled is right: whatever the person could still answer, the verdict stays."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teams import answer_all, bases, complete_at_random, fresh, said_at_random
from worlds import DAY, SAME_EVERY_RUN, Said, capability, knowledge_of, quantity, rule, with_providers

from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import AnyOf, FactHolds, Need
from provider_advisor.knowledge.rules import Implied, Key, Policy
from provider_advisor.questionnaire import Catalogue, GivenAnswer, State, go_on, put_answers, survey_answers
from provider_advisor.questionnaire.next_screen import order_questions
from provider_advisor.requirements import Requirement, Statement, Team, Unlisted

_COMPLETIONS = 6
_HAS, _LACKS = Said("present"), Said("absent")
_HAD, _LACKED = (said._replace(as_of=dt.date(2021, 1, 1)) for said in (_HAS, _LACKS))
_BOARD, _CHAT = Requirement("board", "must"), Requirement("chat", "should")
_FAX = Key("criterion", "fax")
_POLICY = Policy({"must": 4, "should": 2, "could": 1}, 0.5, {"capability": 365})


@given(bases(), st.randoms(use_true_random=False), st.sampled_from([1, 3, 10]), st.booleans())
@settings(SAME_EVERY_RUN, max_examples=80)  # each is a whole questionnaire
def test_nothing_that_could_still_be_answered_changes_a_settled_verdict(knowledge, pick, most, along):
    state, end = answer_all(fresh(knowledge, most), lambda key: said_at_random(key, knowledge, pick), along=along)
    assert end.verdict == survey_answers(state).outcome.verdict
    if end.kind != "settled":
        return
    for _ in range(_COMPLETIONS):
        after = complete_at_random(state, pick)
        assert survey_answers(after).outcome.verdict == end.verdict, _told(state, after)


def _told(state: State, after: State) -> str:
    def lines(answers: tuple[GivenAnswer, ...]) -> str:
        return "\n".join(f"  {answer.key}: {answer.value}" for answer in answers)

    return f"{lines(state.answers)}\nthen\n{lines(after.answers[len(state.answers) :])}"


def _begin(criteria, claims, *asked, policy=None, **more):
    knowledge = knowledge_of(criteria, claims, (), policy)
    return State(Catalogue(Facts(knowledge, DAY)), given=Statement(Team(asked, **more)))


def _survey(claims, *asked, policy=None, **more):
    names = {name for part in claims.values() for name in part} | {part.criterion for part in asked}
    return survey_answers(_begin([capability(name) for name in sorted(names)], claims, *asked, policy=policy, **more))


def _decides(state, key, value):
    """Whether an answer gives another verdict."""
    answered = put_answers(state, [*state.answers, GivenAnswer(key, value)])
    return survey_answers(answered).outcome.verdict != survey_answers(state).outcome.verdict


def test_a_must_that_is_not_judged_leaves_the_rest_as_proved_as_it_was():
    claims = {"ada": {"board": _HAS, "chat": _HAS}, "bob": {"board": _LACKS, "chat": _LACKS}}
    alone, beside = _survey(claims, _BOARD), _survey(claims, _BOARD, unlisted=(Unlisted("a pool", "must"),))
    assert (alone.outcome.verdict.strength, beside.outcome.verdict.strength) == ("firm", "leaning")
    assert alone.proof == beside.proof


def test_a_question_that_can_make_a_dated_verdict_firm_decides():
    claims = {"ada": {"chat": _HAD, "fax": _HAS}, "bob": {"chat": _LACKED, "fax": _LACKS}}
    found = _survey(claims, _CHAT, policy=_POLICY)
    assert (found.outcome.verdict.provider, found.outcome.verdict.strength) == ("ada", "dated")
    assert found.proof.deciding == {Key("criterion", "fax")}


@pytest.mark.parametrize(
    ("strength", "claims", "asked"),
    [
        ("leaning", {"ada": {"board": _HAS, "chat": _HAS}, "bob": {"board": _HAS}}, (_BOARD, _CHAT)),
        ("dated", {"ada": {"board": _HAD}, "bob": {"board": _LACKS}}, (_BOARD,)),
        (None, {"ada": {"chat": _HAS}, "bob": {"chat": _LACKS}}, (_BOARD, _CHAT)),
    ],
)
def test_a_question_on_what_all_have_alike_leaves_everything_proved(strength, claims, asked):
    with_fax = {name: {**part, "fax": _HAS} for name, part in claims.items()}
    found = _survey(with_fax, *asked, policy=_POLICY)
    assert found.outcome.verdict.strength == strength
    assert (found.proof.still_open, found.proof.deciding) == ((), frozenset())
    assert "stated" in found.proof.proved


def test_a_tie_lasts_only_while_no_rival_reaches_up():
    claims = {name: {"board": _HAS, "chat": _LACKS} for name in ("ada", "bob")} | {"cyd": {"board": _LACKS}}
    found = _survey(claims, Requirement("board", "should"))
    assert found.outcome.verdict.kind == "tie"
    assert {"level", "behind"} <= set(found.proof.still_open)


def test_of_unconfirmed_providers_the_one_with_fewer_unknown_musts_may_come_to_lead():
    # Ada leads by the chat, whatever a fax weighs. As a must it would leave her two unknown musts, and Bob one.
    claims = {"ada": {"chat": _HAS}, "bob": {"chat": _LACKS, "fax": _HAS}}
    found = _survey(claims, _BOARD, _CHAT._replace(weight=9))
    assert (found.outcome.verdict.kind, found.outcome.verdict.lean) == ("undetermined", "ada")
    assert "behind" in found.proof.still_open
    assert found.proof.deciding == {Key("criterion", "fax")}


def test_with_weights_by_area_what_all_have_alike_may_decide():
    # Ada leads by the board, and Bob has the chat. A fax, which both have, takes weight from the board alone.
    criteria = [capability("board", 3), capability("chat")._replace(area="sizes"), capability("fax", 9)]
    claims = {"ada": {"board": _HAS, "chat": _LACKS, "fax": _HAS}, "bob": {"board": _LACKS, "chat": _HAS, "fax": _HAS}}
    asked = _BOARD._replace(priority="should"), _CHAT
    plain, weighed = _begin(criteria, claims, *asked), _begin(criteria, claims, *asked, weights={"sizes": 40})
    assert [survey_answers(state).outcome.verdict.provider for state in (plain, weighed)] == ["ada", "ada"]
    assert survey_answers(plain).proof.deciding == frozenset()
    assert survey_answers(weighed).proof.deciding == {_FAX}
    assert _decides(weighed, _FAX, "must")


def test_what_a_rule_adds_for_certain_may_be_added_as_a_must_by_another():
    # Ada leads by the board, and all have a chat. As a must, it makes the fax that she lacks one.
    rules = [
        rule("r1", Need("board"), Implied("fax", "could", None)),
        rule("r2", Need("chat"), Implied("fax", "must", None)),
    ]
    claims = {"ada": {"board": _HAS, "chat": _HAS, "fax": _LACKS}, "bob": {"board": _LACKS, "chat": _HAS, "fax": _HAS}}
    knowledge = knowledge_of([capability("board", 9), capability("chat"), capability("fax")], claims, rules)
    state = State(Catalogue(Facts(knowledge, DAY)), given=Statement(Team((_BOARD._replace(priority="should"),))))
    state = put_answers(state, [GivenAnswer(_FAX, "no-answer")])
    assert survey_answers(state).outcome.verdict.provider == "ada"
    assert survey_answers(state).proof.deciding == {Key("criterion", "chat")}
    assert _decides(state, Key("criterion", "chat"), "must")


def test_a_member_of_what_nobody_has_asked_for_may_decide():
    # All have a chat. At one place, Ada, who leads by the board, has none.
    claims = {"ada": {"board": _HAS, "chat": _HAS}, "bob": {"board": _LACKS, "chat": _HAS}}
    knowledge = knowledge_of([capability("board"), capability("chat")._replace(of_each="place")], claims)
    ada = knowledge.providers["ada"]
    not_there = ada.claims[1]._replace(value="absent", members=("there",), line=3)
    ada = ada._replace(claims=(*ada.claims, not_there))
    knowledge = with_providers(knowledge, {**knowledge.providers, "ada": ada})
    state = State(Catalogue(Facts(knowledge, DAY)), given=Statement(Team((_BOARD._replace(priority="should"),))))
    chat = Key("criterion", "chat")
    assert survey_answers(state).proof.deciding == {chat}
    state = put_answers(state, [GivenAnswer(chat, "must")])
    assert survey_answers(state).proof.deciding == {Key("members", "chat")}
    assert _decides(state, Key("members", "chat"), ("there",))


def test_a_bound_may_take_away_what_an_amount_without_one_adds_now():
    # Ada's 8 seats are worth 0.6 more than Bob's 5, and his board 0.4. With "at least 3" both have seats enough.
    criteria = [capability("board", 0.2), quantity("seats")]
    claims = {
        "ada": {"board": _LACKS, "seats": Said(8, "exactly")},
        "bob": {"board": _HAS, "seats": Said(5, "exactly")},
    }
    state = _begin(criteria, claims, _BOARD._replace(priority="should"))
    state = put_answers(state, [GivenAnswer(Key("criterion", "seats"), "good")])
    assert survey_answers(state).outcome.verdict.provider == "ada"
    assert survey_answers(state).proof.deciding == {Key("bound", "seats")}


@pytest.mark.parametrize(
    ("bob", "cyd", "decides"),
    [
        # It leans as long as one rival may still reach up. One may be ruled out by one question, the other by two.
        ({"fax": _HAS, "page": _HAS, "phone": _LACKS}, {"fax": _LACKS, "page": _LACKS, "phone": _HAS}, "phone"),
        ({"fax": _LACKS, "page": _LACKS, "phone": _HAS}, {"fax": _HAS, "page": _HAS, "phone": _LACKS}, "phone"),
        # By one question each, the earlier one is asked, whoever it is about.
        ({"fax": _HAS, "page": _HAS, "phone": _LACKS}, {"fax": _LACKS, "page": _HAS, "phone": _HAS}, "fax"),
    ],
)
def test_of_several_ways_to_keep_the_verdict_the_one_with_the_fewest_then_the_earliest_questions_counts(
    bob, cyd, decides
):
    ada = {"board": _HAS, "chat": _LACKS, "fax": _HAS, "page": _HAS, "phone": _HAS}
    claims = {"ada": ada, "bob": {"board": _LACKS, **bob}, "cyd": {"board": _LACKS, **cyd}}
    claims["dee"] = {**ada, "board": _LACKS}  # whatever is asked for, she never reaches up
    found = _survey(claims, Requirement("board", "should", weight=3), Requirement("chat", "should", weight=4))
    assert (found.outcome.verdict.provider, found.outcome.verdict.strength) == ("ada", "leaning")
    assert found.proof.still_open == ("strength",)
    assert found.proof.deciding == {Key("criterion", decides)}


def test_further_on_everything_open_is_asked_though_nothing_decides():
    # Both lack the board, and nothing can change that.
    criteria = [capability("board"), capability("chat"), capability("fax"), quantity("seats")]
    claims = {name: {"board": _LACKS, "fax": _HAS} for name in ("ada", "bob")}
    state = _begin(criteria, claims, _BOARD)
    state = put_answers(state, [GivenAnswer(Key("criterion", "seats"), "good")])
    assert survey_answers(state).outcome.verdict.kind == "none"
    assert order_questions(state).waiting == frozenset()
    # All have a fax, so that it is not worth asking about.
    assert order_questions(go_on(state)).waiting >= {Key("criterion", "chat"), Key("bound", "seats")}
    assert _FAX not in order_questions(go_on(state)).waiting


def test_a_lead_that_rounding_could_take_away_is_not_proved():
    # Ada's lead is 0.0000001 % of all weight. Beside a fax, which both have, it is less than scores are rounded to.
    criteria = [capability("board", 5e-10), capability("chat"), capability("fax", 100)]
    claims = {name: {"board": said, "chat": _HAS, "fax": _HAS} for name, said in {"ada": _HAS, "bob": _LACKS}.items()}
    state = _begin(criteria, claims, _BOARD._replace(priority="should"), _CHAT)
    assert survey_answers(state).outcome.verdict.provider == "ada"
    assert survey_answers(state).proof.deciding == {_FAX}
    assert _decides(state, _FAX, "must")


def test_a_rule_that_fires_already_is_not_counted_again_where_a_question_is_weighed():
    # Ada has 5 by the rule, and Bob 6 by the page. Counted twice, the rule would put Ada ahead.
    chat = Key("criterion", "chat")
    likes_fax = rule("r", AnyOf((Need("board"), Need("chat"))), favours=FactHolds("fax"), weight=5)
    claims = {
        "ada": {"board": _HAS, "chat": _HAS, "fax": _HAS, "page": _LACKS},
        "bob": {"board": _HAS, "chat": _HAS, "fax": _LACKS, "page": _HAS},
    }
    criteria = [capability("board"), capability("chat"), capability("fax"), capability("page", 3)]
    state = State(
        Catalogue(Facts(knowledge_of(criteria, claims, [likes_fax]), DAY)),
        given=Statement(Team((_BOARD, Requirement("page", "should")))),
    )
    assert survey_answers(state).outcome.verdict.provider == "bob"
    assert order_questions(state, frozenset({chat})).chances[chat] < 0.01
    assert not _decides(state, chat, "must")
