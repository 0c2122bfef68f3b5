"""Sources without a date or an address, and places in them that are no lines."""

import datetime as dt

import pytest

from provider_advisor.faces.knowledge_records import record_claim
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.suspicions import find_future_claims, find_suspicions
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_GUIDE = "- {id: guide-2020, title: G, language: en, published: 2020-05-01, retrieved: 2024-01-15, no_url: printed}\n"
_SURVEY = "- {id: survey-2023, title: S, language: en, published: 2023-03-01, retrieved: 2024-01-15, no_url: printed}\n"
_DAY = dt.date(2024, 2, 1)


def _claim(place, source="page"):
    return (
        f"id: more\nname: More Wheels\nclaims:\n- {{criterion: repairs, value: present, source: {source}, {place}}}\n"
    )


@pytest.fixture
def base(tmp_path, knowledge_from):
    """A function from a source and the place of a claim in it to the bicycle shops with one more."""

    def make(source="published: undated, retrieved: 2024-01-20, no_url: gone", place="line: 3"):
        sources = f"sources:\n{_GUIDE}{_SURVEY}- {{id: page, title: Page, language: en, {source}}}\n"
        facts = {"sources.yaml": sources, "providers/more.yaml": _claim(place)}
        return knowledge_from(tmp_path, facts=facts)

    return make


def _suspicious(knowledge):
    return [said for said in find_suspicions(Facts(knowledge, _DAY)) if said.startswith("source ")]


def test_an_undated_source_counts_from_the_day_it_was_retrieved(base):
    knowledge = base()
    assert knowledge.sources["page"].published is None
    assert [str(claim.stated) for claim in knowledge.providers["more"].claims] == ["2024-01-20"]
    found = answer(knowledge, Statement(read_team(knowledge, needs=["repairs"]), _DAY)).record
    (source,) = [part for part in found["sources"] if part["id"] == "page"]
    assert (source["published"], source["retrieved"], source["no_url"]) == ("undated", "2024-01-20", "gone")


@pytest.mark.parametrize(
    ("place", "line", "said"),
    [
        ("line: 3", 3, None),
        ("page: 12", None, "page 12"),
        ("section: Prices for teams", None, "section Prices for teams"),
        ("anchor: pricing", None, "anchor pricing"),
    ],
)
def test_a_place_is_a_line_a_page_a_section_or_an_anchor(base, place, line, said):
    knowledge = base(place=place)
    (claim,) = knowledge.providers["more"].claims
    assert (claim.line, claim.place) == (line, said)
    assert (record_claim(claim)["line"], record_claim(claim)["place"]) == (line, said)
    found = answer(knowledge, Statement(read_team(knowledge, needs=["repairs"]), _DAY)).record
    (evidence,) = next(part["evidence"] for part in found["findings"] if part["provider"] == "more")
    assert (evidence["line"], evidence["place"]) == (line, said)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("published: 2024-01-01, retrieved: 2024-01-20, url: https://a.example/b?c=d#e", []),
        ("published: 2024-01-01, retrieved: 2024-01-20",
         ["source 'page': no URL; add `url`, or `no_url: <why there is none>`."]),
        ("published: 2024-01-01, retrieved: 2024-01-20, url: https://nodots",
         ["source 'page': the URL 'https://nodots' is not well-formed; expected https://host/path."]),
        ("published: 2024-01-20, retrieved: 2024-01-01, no_url: gone",
         ["source 'page': retrieved on 2024-01-01, before it was published on 2024-01-20; correct one of them."]),
    ],
)  # fmt: skip
def test_sources_that_look_wrong(base, source, said):
    assert _suspicious(base(source)) == said


def test_a_source_that_nothing_cites(tmp_path, knowledge_from):
    sources = f"sources:\n{_GUIDE}{_SURVEY}{_GUIDE.replace('guide-2020', 'other')}"
    assert _suspicious(knowledge_from(tmp_path, facts={"sources.yaml": sources})) == [
        "source 'other': no claim and no rule cites it; cite it, or remove it."
    ]


def test_a_source_dated_after_today_is_a_problem_once_and_not_for_each_claim(base):
    knowledge = base("published: 2062-01-01, retrieved: 2062-01-02, no_url: gone")
    assert list(find_future_claims(knowledge, _DAY)) == [
        f"source 'page': {word}, which is after today, 2024-02-01; correct it."
        for word in ("published on 2062-01-01", "retrieved on 2062-01-02")
    ]


def test_claims_that_contradict_one_another_are_named_with_their_places(tmp_path, knowledge_from):
    text = _claim("line: 3", "survey-2023") + "- {criterion: repairs, value: absent, source: survey-2023, line: 9}\n"
    knowledge = knowledge_from(tmp_path, facts={"providers/more.yaml": text})
    found = [
        said.replace(f"{tmp_path}/", "") for said in find_suspicions(Facts(knowledge, _DAY)) if "contradict" in said
    ]
    (said,) = found
    assert said == (
        "provider 'more', criterion 'repairs': the source 'survey-2023' contradicts itself, at "
        "facts/providers/more.yaml:4, facts/providers/more.yaml:5; keep the ones that are right."
    )


def test_an_absence_that_a_list_implies_says_which_list(knowledge):
    # The comparison of 2022 has numbered lines, and its sentences are the contrast; a list has sections.
    claims = [claim for provider in knowledge.providers.values() for claim in provider.claims if claim.line is None]
    implied = [claim for claim in claims if claim.evidence == "contrast" and claim.value == "absent"]
    assert implied
    assert [claim.where for claim in implied if not claim.note] == []
