"""An end that is settled is right: whatever the person could still answer, the verdict stays."""

from __future__ import annotations

import datetime as dt

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
    criteria = [capability(name) for name in sorted({name for part in claims.values() for name in part})]
    knowledge = knowledge_of(criteria, claims, (), policy)
    return survey_answers(begin(Catalogue(Facts(knowledge, DAY)), given=Statement(Team(asked, **more))))


def test_a_must_that_is_not_judged_leaves_the_rest_as_proved_as_it_was():
    claims = {"ada": {"board": _HAS, "chat": _HAS}, "bob": {"board": _LACKS, "chat": _LACKS}}
    board = Requirement("board", "must")
    alone, beside = _survey(claims, board), _survey(claims, board, unlisted=(Unlisted("a pool", "must"),))
    assert (alone.outcome.verdict.strength, beside.outcome.verdict.strength) == ("firm", "leaning")
    assert alone.proof == beside.proof


def test_a_question_that_can_make_a_dated_verdict_firm_decides():
    had, lacked = (said._replace(as_of=dt.date(2021, 1, 1)) for said in (_HAS, _LACKS))
    claims = {"ada": {"chat": had, "fax": _HAS}, "bob": {"chat": lacked, "fax": _LACKS}}
    policy = Policy({"must": 4, "should": 2, "could": 1}, 0.5, {"capability": 365})
    found = _survey(claims, Requirement("chat", "should"), policy=policy)
    assert (found.outcome.verdict.provider, found.outcome.verdict.strength) == ("ada", "dated")
    assert set(found.proof.deciding) == {Key("criterion", "fax")}
