"""That a winner's price is older than a rival's is said in the sentence of the verdict."""

from __future__ import annotations

import datetime as dt

import pytest
from worlds import DAY, Said, capability, knowledge_of, price

from provider_advisor.recommendation import answer
from provider_advisor.requirements import Requirement, Statement, Team

_TEAM = Team((Requirement("calls", "must"), Requirement("call-price", "should")), {}, {})
_HAS_CALLS = {"calls": Said("present", as_of=dt.date(2022, 6, 1))}


def _reason(ada, bob, **more):
    claims = {
        name: {**_HAS_CALLS, "call-price": Said(amount, as_of=stated)}
        for name, (amount, stated) in {"ada": ada, "bob": bob, **more}.items()
    }
    knowledge = knowledge_of([capability("calls"), price("call-price", "calls")], claims)
    return answer(knowledge, Statement(_TEAM, DAY)).explanation.verdict.reason


def test_a_winner_whose_price_is_years_older_than_the_next_ones_is_told():
    said = _reason((2, dt.date(2019, 6, 1)), (3, dt.date(2022, 6, 1)))
    assert said.startswith("Ada is recommended")
    assert said.endswith(
        "; but Ada's call-price dates from 2019-06-01, three years older than Bob's, so ask for the current price."
    )


def test_the_rival_with_the_best_score_is_the_one_that_is_named():
    said = _reason((2, dt.date(2019, 6, 1)), (9, dt.date(2022, 6, 1)), cleo=(3, dt.date(2021, 6, 1)))
    assert "two years older than Cleo's" in said


@pytest.mark.parametrize(
    ("ada", "bob"),
    [
        ((2, dt.date(2022, 1, 1)), (3, dt.date(2022, 6, 1))),  # months apart
        ((2, dt.date(2022, 6, 1)), (3, dt.date(2019, 6, 1))),  # the winner's is the newer one
    ],
)
def test_prices_of_like_age_and_older_ones_of_rivals_are_no_matter(ada, bob):
    assert "older" not in _reason(ada, bob)
