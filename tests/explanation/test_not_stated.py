"""What no provider states is said right below the verdict, in every form of an answer."""

from __future__ import annotations

import pytest
from worlds import DAY, Said, capability, knowledge_of

from provider_advisor.explanation.findings_in_words import say_not_stated
from provider_advisor.faces.cli.text_answer import render_recommendation
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Requirement, Statement, Team

_CALLS = {"calls": Said("present")}


def _answered(*asked, providers=("ada", "bob", "cyd"), **claims):
    known = {name: _CALLS | claims.get(name, {}) for name in providers}
    knowledge = knowledge_of([capability(name) for name in ("calls", "chat", "fax")], known)
    team = Team(tuple(Requirement(name, priority) for name, priority in asked))
    return answer(knowledge, Statement(team, DAY), robustness=False), knowledge


def _say(*asked, **claims):
    found, knowledge = _answered(*asked, **claims)
    return say_not_stated(found.explanation, knowledge)


def test_musts_come_first_and_are_called_so():
    asked = (("calls", "must"), ("chat", "could"), ("fax", "must"))
    assert _say(*asked) == "Not stated by any of the 3 providers: fax (a must); chat (a wish)."
    assert _say(*asked, providers=("ada", "bob")) == "Not stated by either provider: fax (a must); chat (a wish)."


def test_one_wish_alone_is_left_to_the_list_of_what_is_not_known():
    assert _say(("calls", "must"), ("chat", "should")) == ""
    assert _say(("calls", "must"), ("chat", "should"), ("fax", "could")).endswith(": chat and fax (wishes).")


def test_what_one_provider_states_or_disputes_is_not_named():
    assert _say(("chat", "must"), bob={"chat": Said("absent")}) == ""
    disputed = [Said("absent"), Said("present")]
    assert _say(("chat", "must"), bob={"chat": disputed}) == ""
    assert _say(("chat", "must"), providers=("ada",)) == ""


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_says_it_before_the_table(form):
    found, knowledge = _answered(("calls", "should"), ("fax", "must"))
    text = render_recommendation(found, knowledge, form, verbose=False)
    assert "Not stated by any of the 3 providers: fax (a must)." in text
    assert text.index("Not stated by any") < text.index("calls")
