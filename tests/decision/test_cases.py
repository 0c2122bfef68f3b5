"""What turned a case that fails: the smallest part of the base without which it holds."""

from __future__ import annotations

import datetime as dt

import pytest

from provider_advisor.decision.cases import check_case, find_cause
from provider_advisor.knowledge.rules import Case

SOURCES = """\
sources:
- {id: old-guide, title: The old guide, language: en, published: 2024-01-01, retrieved: 2024-01-02, no_url: printed}
- {id: new-guide, title: The new guide, language: en, published: 2025-01-01, retrieved: 2025-01-02, no_url: printed}
"""
CRITERIA = """\
area: video
label: Video
criteria:
- {id: board, label: Board, kind: capability, question: Is it needed?, weight: 1}
- {id: calls, label: Calls, kind: capability, question: Are they needed?, weight: 1}
- {id: chat, label: Chat, kind: capability, question: Is it needed?, weight: 1}
"""
ACME = """\
id: acme
name: Acme
products:
- {id: app, name: App}
claims:
- {criterion: board, product: app, value: present, source: old-guide, line: 1}
- {criterion: calls, value: present, source: old-guide, line: 2}
- {criterion: chat, value: present, source: old-guide, line: 3}
"""
BETA = """\
id: beta
name: Beta
claims:
- {criterion: board, value: absent, source: old-guide, line: 4}
- {criterion: calls, value: absent, source: old-guide, line: 5}
"""
GAMMA = """\
id: gamma
name: Gamma
claims:
- {criterion: board, value: present, source: new-guide, line: 1}
- {criterion: calls, value: present, source: new-guide, line: 2}
"""
WEIGHTS = "priorities: {must: 4, should: 2, could: 1}\nunknown: 0.5\nstale_after: {capability: 730d}\n"
RULES = """\
area: video
rules:
- {id: board-needs-chat, when: {need: board}, implies: [{criterion: chat, priority: must}], because: They write.,
   rests_on: [{source: old-guide, lines: [1]}]}
"""
DAY = dt.date(2025, 2, 1)


@pytest.fixture
def base(tmp_path, knowledge_of_files):
    """A function that loads the base of two providers, with other files in place of its own or beside them."""
    own = {
        "facts/sources.yaml": SOURCES,
        "facts/criteria/video.yaml": CRITERIA,
        "facts/providers/acme.yaml": ACME,
        "facts/providers/beta.yaml": BETA,
        "rules/weights.yaml": WEIGHTS,
    }
    return lambda files={}: knowledge_of_files(tmp_path, own | files)


def case_of(needs, *, as_of=DAY, **expected):
    return Case("a case", "cases.yaml:1", {"needs": needs}, as_of, None, expected)


ACME_FIRST = case_of(["board", "calls"], kind="recommended", provider="acme")


def said(case, knowledge):
    assert check_case(case, knowledge) is not None
    return find_cause(case, knowledge).describe()


def test_a_single_claim_is_named_with_its_place(base):
    turned = BETA + "- {criterion: board, value: present, source: new-guide, line: 9}\n"
    turned = turned.replace("calls, value: absent", "calls, value: present")
    told = said(ACME_FIRST, base({"facts/providers/beta.yaml": turned}))
    assert told.startswith("It passes without the claim on 'board' of beta (")
    assert "providers/beta.yaml:6)" in told


def test_of_several_claims_any_of_which_is_enough_each_is_named(base):
    told = said(ACME_FIRST, base({"facts/providers/gamma.yaml": GAMMA}))
    assert told.count("the claim on") == 2
    assert ", or without the claim on 'calls' of gamma" in told


def test_a_provider_is_named_where_no_single_claim_of_it_is_enough(base):
    firm = case_of(["board", "calls"], kind="recommended", strength="firm", provider="acme")
    assert said(firm, base({"facts/providers/gamma.yaml": GAMMA})) == (
        "It passes without the provider 'gamma', or without the source 'new-guide'."
    )


def test_the_end_of_a_product_is_named(base):
    ended = ACME.replace("name: App}", "name: App, until: 2024-12-31, source: new-guide, line: 7}")
    told = said(ACME_FIRST, base({"facts/providers/acme.yaml": ended}))
    assert told == "It passes without the end of the product 'app' of acme."


def test_a_rule_is_named(base):
    lacks = ACME.replace("chat, value: present", "chat, value: absent")
    told = said(ACME_FIRST, base({"facts/providers/acme.yaml": lacks, "rules/video.yaml": RULES}))
    assert "without the rule 'board-needs-chat'" in told or "the claim on 'chat' of acme" in told


def test_providers_that_arrive_together_are_named_together(base):
    others = {
        f"facts/providers/{name}.yaml": GAMMA.replace("gamma", name).replace("new-", "old-")
        for name in ("gamma", "delta")
    }
    told = said(case_of(["board", "calls"], kind="recommended", strength="firm", provider="acme"), base(others))
    assert told == "It passes without the provider 'delta' and the provider 'gamma' together."


def test_many_new_providers_are_told_by_those_that_are_left(base):
    names = ("gamma", "delta", "epsilon", "zeta")
    others = {f"facts/providers/{name}.yaml": GAMMA.replace("gamma", name).replace("new-", "old-") for name in names}
    assert said(ACME_FIRST, base(others)) == "It passes with the provider 'acme' alone."


def test_facts_that_have_got_out_of_date_are_told_by_the_day_on_which_they_had_not(base):
    firm = case_of(["board"], as_of=None, kind="recommended", strength="firm")
    told = "It passes as of 2024-01-01; facts have gone out of date since. Add `as_of: 2024-01-01`."
    assert said(firm, base()) == told


def test_where_nothing_alone_turned_it_that_is_said(base):
    told = said(case_of(["board"], kind="tie"), base())
    assert told.startswith("No single provider, source, claim or rule changed it")
