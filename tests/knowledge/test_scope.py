"""A part of a knowledge base: some providers, some sources, what a customer still gets, and who is there on a day."""

import datetime as dt

import pytest

from provider_advisor import RequirementsError, recommend
from provider_advisor.inference.infer import compile_rules
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.scope import Scope
from provider_advisor.logic import Truth
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

SOURCES = """\
sources:
- {id: old-guide, title: The old guide, language: en, published: 2022-01-01, retrieved: 2022-01-02, no_url: printed}
- {id: new-guide, title: The new guide, language: en, published: 2024-01-01, retrieved: 2024-01-02, no_url: printed}
"""
CRITERIA = """\
area: video
label: Video
criteria:
- {id: board, label: Board, kind: capability, question: Is it needed?, weight: 1}
- {id: calls, label: Calls, kind: capability, question: Are they needed?, weight: 1}
"""
OLD = """\
id: old
name: Old Calls
aliases: [elder]
products:
- {id: app, name: Old App, closed_to_new: 2024-03-01, source: new-guide, line: 7}
claims:
- {criterion: board, product: app, value: present, source: old-guide, line: 1}
- {criterion: calls, value: absent, source: new-guide, line: 2}
"""
NEW = """\
id: new
name: New Calls
claims:
- {criterion: board, value: absent, source: new-guide, line: 3}
- {criterion: calls, value: present, source: new-guide, line: 4}
"""
WEIGHTS = "priorities: {must: 4, should: 2, could: 1}\nunknown: 0.5\n"
RULES = """\
area: video
rules:
- {id: board-needs-calls, when: {need: board}, implies: [{criterion: calls, priority: could}], because: They talk.,
   rests_on: [{source: old-guide, lines: [1]}]}
"""


@pytest.fixture(scope="module")
def guides(tmp_path_factory, knowledge_of_files):
    files = {
        "facts/sources.yaml": SOURCES,
        "facts/criteria/video.yaml": CRITERIA,
        "facts/providers/old.yaml": OLD,
        "facts/providers/new.yaml": NEW,
        "rules/weights.yaml": WEIGHTS,
        "rules/video.yaml": RULES,
    }
    return knowledge_of_files(tmp_path_factory.mktemp("guides"), files)


def standings(found):
    return {part["id"]: part["standing"] for part in found.record["providers"]}


@pytest.mark.parametrize("given", [{"only": "ELDER"}, {"only": ["Old Calls", "old"]}, {"without": "new"}])
def test_providers_are_named_by_id_alias_or_name_in_any_case(guides, given):
    assert list(guides.restrict(**given).providers) == ["old"]


def test_sources_limit_the_claims_and_the_ends_of_products(guides):
    part = guides.restrict(sources="old-guide")
    assert {claim.source for provider in part.providers.values() for claim in provider.claims} == {"old-guide"}
    assert list(part.providers) == ["old"]  # nothing is said there about the other
    assert part.providers["old"].products["app"].closed_to_new is None  # which another source says


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"only": "odl"}, "unknown provider 'odl' in 'only'; expected one of new, old. Did you mean 'old'?"),
        ({"sources": "old-giude"}, "unknown source 'old-giude' in 'sources'.*Did you mean 'old-guide'"),
        ({"without": ["old", "new"]}, "no provider is left to compare: 'without' names new, old"),
        ({"only": "old", "without": "Elder"}, "'old' is in both 'only' and 'without'; remove it from one of them."),
        ({"only": "x", "without": "y"}, "'x' in 'only'.* Unknown provider 'y' in 'without'"),  # all mistakes at once
        ({"only": "new", "sources": "old-guide"}, "no claim about new comes from old-guide"),
    ],
)
def test_what_leaves_nothing_or_is_unknown_is_refused(guides, given, says):
    with pytest.raises(RequirementsError, match=says):
        guides.restrict(**given)


def test_a_part_of_a_part_is_smaller_and_nothing_outside_it_comes_back(guides):
    part = guides.restrict(sources=["new-guide"]).restrict(only=["new"])
    assert part.scope == Scope(only=("new",), sources=("new-guide",))
    assert part == guides.restrict(only=["new"], sources=["new-guide"])
    with pytest.raises(RequirementsError, match="limited to new"):
        part.restrict(only=["old"])


def test_a_part_has_a_fingerprint_of_its_own_and_shares_the_rules(guides):
    parts = [guides.restrict(only=["old"]), guides.restrict(without=["old"]), guides]
    assert len({part.fingerprint for part in parts}) == len(parts)
    assert all(compile_rules(part) is compile_rules(guides) for part in parts)
    assert guides.restrict() is guides


def test_an_answer_says_its_scope_and_its_record_asks_the_same_again(guides):
    found = recommend(guides.restrict(only=["new"], sources=["new-guide"]), needs=["calls"], as_of=dt.date(2024, 6, 1))
    known = found.record["knowledge"]
    assert (known["only"], known["without"], known["sources"]) == (["new"], [], ["new-guide"])
    assert "The comparison is limited to New Calls. Only claims from new-guide count." in known["rests_on"]["says"]
    assert (found.record["question"]["only"], found.record["question"]["sources"]) == (["new"], ["new-guide"])
    again = answer(guides, found.statement)
    assert again.record == found.record


def test_a_provider_takes_part_from_the_day_of_its_first_claim_on(guides):
    ask = {"needs": ["board"]}
    assert standings(recommend(guides, **ask, as_of=dt.date(2023, 12, 31))) == {"old": "qualified"}
    assert set(standings(recommend(guides, **ask, as_of=dt.date(2024, 1, 1)))) == {"old", "new"}
    before = recommend(guides, **ask, as_of=dt.date(2021, 1, 1))
    assert set(standings(before)) == {"old", "new"}  # nothing is known yet, and a note says so
    assert before.record["notes"] == ["No fact is from 2021-01-01 or before; the first is from 2022-01-01."]
    asked = Statement(read_team(guides, **ask), dt.date(2023, 1, 1), scope=Scope(only=("new", "old")))
    assert answer(guides, asked).record["notes"] == ["New Calls is not compared: its first claim is from 2024-01-01."]


def test_what_is_closed_to_new_customers_is_there_for_a_customer_alone(guides):
    day = dt.date(2024, 6, 1)
    customer = guides.restrict(customer_of=["old calls"])
    assert facts_as_of(guides, day)("old", "board").truth is Truth.NO
    assert facts_as_of(customer, day)("old", "board").truth is Truth.YES
    found = recommend(customer, needs=["board"], as_of=day)
    assert found.verdict.provider == "old"
    assert "it stays open to existing customers" in found.record["notices"][0]["says"]
    assert "Old Calls is already in use." in found.record["knowledge"]["rests_on"]["says"]
    before = guides.restrict(customer_of=["old"]), dt.date(2024, 2, 1)
    assert facts_as_of(*before)("old", "board").truth is Truth.YES
