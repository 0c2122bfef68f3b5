"""An end that is settled is right: whatever the person could still answer, the verdict stays."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from teams import answer_all, bases, fresh, said_at_random, still_askable
from worlds import SAME_EVERY_RUN

from provider_advisor.questionnaire import GivenAnswer, State, change_answer, survey_answers

_COMPLETIONS = 6


def _completed(state: State, pick: random.Random) -> State:
    """The state with more answers, each to something that could be asked at that point."""
    for _ in range(pick.choice([1, 2, 5, 40])):
        askable = still_askable(state)
        if not askable:
            break
        key = pick.choice(askable)
        state = change_answer(state, key, said_at_random(key, state.catalogue.knowledge, pick, unsure=0))
    return state


@given(bases(), st.randoms(use_true_random=False), st.sampled_from([1, 3, 10]), st.booleans())
@SAME_EVERY_RUN
def test_nothing_that_could_still_be_answered_changes_a_settled_verdict(knowledge, pick, most, along):
    state, end = answer_all(fresh(knowledge, most), lambda key: said_at_random(key, knowledge, pick), along=along)
    assert end.verdict == survey_answers(state).outcome.verdict
    if end.kind != "settled":
        return
    for _ in range(_COMPLETIONS):
        after = _completed(state, pick)
        assert survey_answers(after).outcome.verdict == end.verdict, _told(state, after)


def _told(state: State, after: State) -> str:
    def lines(answers: tuple[GivenAnswer, ...]) -> str:
        return "\n".join(f"  {answer.key}: {answer.value}" for answer in answers)

    return f"{lines(state.answers)}\nthen\n{lines(after.answers[len(state.answers) :])}"
