"""The batch and the single answer: the same verdicts, scores, costs, reasons and refusals, to the last digit."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from single import agrees
from tables import bases, tables
from worlds import DAY

from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.knowledge import Facts


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_batch_answers_every_team_as_it_would_be_answered_alone(data):
    knowledge = data.draw(bases())
    scorer = Scorer(Facts(knowledge, DAY), reasons=True)
    # Two tables with one scorer: what it remembers of the first must not show in the second.
    for _ in range(2):
        agrees(scorer, data.draw(tables(knowledge)))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_own_words_and_weights_by_area_are_answered_as_they_would_be_alone(data):
    knowledge = data.draw(bases())
    reasons = data.draw(st.booleans())  # without them, weights by area are worked out in columns
    scorer = Scorer(Facts(knowledge, DAY), reasons=reasons)
    for _ in range(2):
        agrees(scorer, data.draw(tables(knowledge, own_words=True)), reasons=reasons)
