"""What is recorded beside a price stands with the monthly cost: a cost that leaves out fees must not look complete."""

import datetime as dt

import pytest

from provider_advisor import load
from provider_advisor.faces.cli.text_answer import render_recommendation
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_COSTS = {
    "text": ("Monthly cost No price", "Products to choose"),
    "markdown": ("## Monthly cost", " ## "),
    "html": ('<h2 id="cost">', "</section>"),
}
"""Where the costs begin and end, by the form of an answer."""


@pytest.mark.parametrize(("form", "verbose"), [("text", False), ("text", True), ("markdown", False), ("html", False)])
def test_notes_of_a_price_are_told_with_the_cost(form, verbose):
    knowledge = load()
    team = read_team(knowledge, needs=["sms-api"], usage={"sms-outbound@us": 60_000})
    found = answer(knowledge, Statement(team, dt.date(2026, 11, 28)))
    text = " ".join(render_recommendation(found, knowledge, form, verbose=verbose).split())
    # No further than the costs: caveats may name the same note.
    begin, end = _COSTS[form]
    costs = text[text.rindex(begin) + len(begin) :]
    assert "Not included: carrier fees" in costs[: costs.index(end)]
