"""An end that is settled is right: whatever the person could still answer, the verdict stays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from teams import answer_all, bases, complete_at_random, fresh, said_at_random
from worlds import SAME_EVERY_RUN

from provider_advisor.questionnaire import GivenAnswer, State, survey_answers

_COMPLETIONS = 6


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
