"""Closed, renamed and ended products, and ends that were withdrawn, are told in every form of an answer."""

import json

import pytest

_SOURCES = """\
sources:
- {id: guide-2020, no_url: printed, title: The guide, language: en, published: 2020-05-01, retrieved: 2024-01-15}
- {id: survey-2023, no_url: printed, title: The survey, language: en, published: 2023-03-01, retrieved: 2024-01-15}
- {id: news-2023, no_url: printed, title: The news, language: en, published: 2023-06-01, retrieved: 2024-01-15}
- {id: news-2024, no_url: printed, title: More news, language: en, published: 2024-01-10, retrieved: 2024-01-15}
"""
_CICLO = """\
id: ciclo
name: Ciclo
products:
- {id: shop, name: The shop, closed_to_new: 2023-07-01, source: news-2023, line: 2}
- {id: school, name: The school, renamed: {to: The academy, from: 2023-08-01, source: news-2023, line: 3}}
claims:
- {criterion: rental, product: shop, value: present, source: survey-2023, line: 1}
- {criterion: test-rides, product: school, value: present, source: survey-2023, line: 2}
- {criterion: repairs, product: school, value: present, source: survey-2023, line: 3}
- {criterion: repairs, product: school, value: present, until: 2025-12-31, source: news-2023, line: 4}
- {criterion: repairs, product: school, value: present, source: news-2024, line: 5}
"""
_ASKED = "recommend --facts facts --rules rules --only ciclo --no-robustness --as-of"
_CLOSED = "Ciclo, Rental: The shop has been closed to new customers since 2023-07-01 (announced on 2023-06-01)"
_RENAMED = "Ciclo: The school has been called The academy since 2023-08-01 (announced on 2023-06-01)."
_WITHDRAWN = "Ciclo, Repairs: the end on 2025-12-31, announced on 2023-06-01, was withdrawn on 2024-01-10."


@pytest.fixture(autouse=True)
def here(here):
    (here / "facts" / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    (here / "facts" / "providers" / "ciclo.yaml").write_text(_CICLO, encoding="utf-8")


@pytest.fixture
def told(recommend_says):
    """A function from the end of a command to all it printed, in one line."""
    return lambda rest: " ".join(recommend_says(f"{_ASKED} {rest}").out.split())


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_tells_them(form, told):
    page = told(f"2024-02-01 --needs rental,test-rides,repairs --format {form}")
    for sentence in (_CLOSED, _RENAMED, _WITHDRAWN):
        assert sentence in page


def test_the_record_has_each_with_its_day_and_source(told):
    record = json.loads(told("2024-02-01 --needs rental,test-rides,repairs --format json"))
    notices = {part["kind"]: part for part in record["notices"]}
    assert set(notices) == {"closed-to-new", "renamed", "withdrawn"}
    assert (notices["renamed"]["day"], notices["renamed"]["source"], notices["renamed"]["line"]) == (
        "2023-08-01", "news-2023", 3,
    )  # fmt: skip
    assert (notices["withdrawn"]["day"], notices["withdrawn"]["stated"]) == ("2025-12-31", "2024-01-10")
    assert "news-2024" in [source["id"] for source in record["sources"]]


def test_a_new_team_cannot_choose_what_is_closed_and_a_customer_can(told):
    new = json.loads(told("2024-02-01 --needs rental --format json"))
    assert [part["standing"] for part in new["providers"]] == ["ruled-out"]
    own = json.loads(told("2024-02-01 --needs rental --customer-of ciclo --format json"))
    assert [part["standing"] for part in own["providers"]] == ["qualified"]
    assert "it stays open to existing customers" in own["notices"][0]["says"]


def test_the_products_to_take_have_their_new_names(told):
    assert "Ciclo: The school (now The academy)." in told("2024-02-01 --needs test-rides")
    assert "Ciclo: The school." in told("2023-07-31 --needs test-rides")


def test_before_their_day_they_are_announced_and_before_that_not_known(told):
    ahead = told("2023-06-15 --needs rental,test-rides")
    assert "The shop will be closed to new customers from 2023-07-01 (announced on 2023-06-01)" in ahead
    assert "The school will be called The academy from 2023-08-01 (announced on 2023-06-01)" in ahead
    assert "End dates and changes" not in told("2023-05-01 --needs rental,test-rides")


def test_what_other_sources_say_of_products_is_out_of_scope(told):
    limited = told("2024-02-01 --needs rental,test-rides --sources survey-2023")
    assert "End dates and changes" not in limited
    assert "The academy" not in limited
