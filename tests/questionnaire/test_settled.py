"""An end that is settled is right: whatever the person could still answer, the verdict stays."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teams import answer_all, bases, complete_at_random, fresh, said_at_random
from worlds import DAY, SAME_EVERY_RUN, Said, capability, knowledge_of

from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.rules import Key, Policy
from provider_advisor.questionnaire import Catalogue, GivenAnswer, State, begin, survey_answers
from provider_advisor.requirements import Requirement, Statement, Team, Unlisted

_COMPLETIONS = 6
_HAS, _LACKS = Said("present"), Said("absent")
_HAD, _LACKED = (said._replace(as_of=dt.date(2021, 1, 1)) for said in (_HAS, _LACKS))
_BOARD, _CHAT = Requirement("board", "must"), Requirement("chat", "should")
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


def _survey(claims, *asked, policy=None, **more):
    names = {name for part in claims.values() for name in part} | {part.criterion for part in asked}
    criteria = [capability(name) for name in sorted(names)]
    knowledge = knowledge_of(criteria, claims, (), policy)
    return survey_answers(begin(Catalogue(Facts(knowledge, DAY)), given=Statement(Team(asked, **more))))


def test_a_must_that_is_not_judged_leaves_the_rest_as_proved_as_it_was():
    claims = {"ada": {"board": _HAS, "chat": _HAS}, "bob": {"board": _LACKS, "chat": _LACKS}}
    alone, beside = _survey(claims, _BOARD), _survey(claims, _BOARD, unlisted=(Unlisted("a pool", "must"),))
    assert (alone.outcome.verdict.strength, beside.outcome.verdict.strength) == ("firm", "leaning")
    assert alone.proof == beside.proof


def test_a_question_that_can_make_a_dated_verdict_firm_decides():
    claims = {"ada": {"chat": _HAD, "fax": _HAS}, "bob": {"chat": _LACKED, "fax": _LACKS}}
    found = _survey(claims, _CHAT, policy=_POLICY)
    assert (found.outcome.verdict.provider, found.outcome.verdict.strength) == ("ada", "dated")
    assert set(found.proof.deciding) == {Key("criterion", "fax")}


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
    assert (found.proof.hanging, found.proof.deciding) == ((), {})
    assert "stated" in found.proof.proved


def test_a_tie_lasts_only_while_no_rival_reaches_up():
    claims = {name: {"board": _HAS, "chat": _LACKS} for name in ("ada", "bob")} | {"cyd": {"board": _LACKS}}
    found = _survey(claims, Requirement("board", "should"))
    assert found.outcome.verdict.kind == "tie"
    assert {"level", "behind"} <= set(found.proof.hanging)


def test_of_unconfirmed_providers_the_one_with_fewer_unknown_musts_may_come_to_lead():
    # Ada leads by the chat, whatever a fax weighs. As a must it would leave her two unknown musts, and Bob one.
    claims = {"ada": {"chat": _HAS}, "bob": {"chat": _LACKS, "fax": _HAS}}
    found = _survey(claims, _BOARD, _CHAT._replace(weight=9))
    assert (found.outcome.verdict.kind, found.outcome.verdict.lean) == ("undetermined", "ada")
    assert "behind" in found.proof.hanging
    assert set(found.proof.deciding) == {Key("criterion", "fax")}
