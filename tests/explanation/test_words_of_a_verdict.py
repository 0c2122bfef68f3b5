"""The words of a verdict are written down once in `decision`; shapes, records and sentences that repeat them agree."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from provider_advisor.decision.findings import FindingOutcome, Standing
from provider_advisor.decision.verdict import Kind, Strength
from provider_advisor.explanation import answer_records, words
from provider_advisor.knowledge.shapes.statement_files import VerdictShape
from provider_advisor.requirements.statement import UnlistedPriority


@pytest.mark.parametrize(
    ("repeated", "meant"),
    [
        (get_type_hints(answer_records.ThenVerdictRecord)["kind"], Kind),
        (get_type_hints(answer_records.ThenVerdictRecord)["strength"], Strength | None),
        (get_type_hints(answer_records.ProviderRecord)["standing"], Standing),
        (get_type_hints(answer_records.FindingRecord)["outcome"], FindingOutcome),
        (get_type_hints(answer_records.UnlistedRecord)["priority"], UnlistedPriority),
        (get_type_hints(VerdictShape)["kind"], Kind),
        (get_type_hints(VerdictShape)["strength"], Strength | None),
    ],
)
def test_words_that_are_repeated_are_the_same(repeated, meant):
    assert repeated == meant


def test_each_strength_and_standing_has_its_words():
    assert tuple(words.STRENGTHS) == get_args(Strength)
    assert tuple(words.STANDINGS) == get_args(Standing)
