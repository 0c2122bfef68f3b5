"""`recommend check --freshness`: what is past its time, or soon will be, and where to look it up."""

import json

import pytest

_CHECK = "recommend check --freshness --facts facts --rules rules"
_SOURCES = """\
sources:
- {id: guide-2020, title: Where to buy, language: en, published: 2020-05-01, retrieved: 2024-01-15, url: "https://guide.example"}
- {id: survey-2023, no_url: printed, title: The survey, language: en, published: 2023-03-01, retrieved: 2024-01-15}
"""


@pytest.fixture(autouse=True)
def here(here):
    """The bicycle shops, where facts get out of date: after a year."""
    weights = here / "rules" / "weights.yaml"
    ages = "stale_after: {capability: 365d, quantity: 365d, price: 365d, rating: 365d}\n"
    weights.write_text(weights.read_text(encoding="utf-8") + ages, encoding="utf-8")
    (here / "facts" / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    return here


def listed(run):
    assert (run.status, run.err) == (0, "")
    return {(part["provider"], part["criterion"]): part for part in json.loads(run.out)["facts"]}


def test_a_fact_is_good_to_the_last_day_and_past_its_time_on_the_next(recommend_says):
    inspections = ("velo", "inspection-price")
    assert inspections not in listed(recommend_says(f"{_CHECK} --as-of 2024-02-29 --format json"))
    found = listed(recommend_says(f"{_CHECK} --as-of 2024-03-01 --format json"))[inspections]
    assert found == {
        "provider": "velo",
        "area": "prices",
        "criterion": "inspection-price",
        "stated": "2023-03-01",
        "good_until": "2024-02-29",
        "past": True,
        "source": "survey-2023",
        "url": None,
    }


def test_within_adds_what_will_be_past_its_time_and_says_so(recommend_says):
    found = listed(recommend_says(f"{_CHECK} --as-of 2024-01-31 --within 30 --format json"))
    assert found["velo", "inspection-price"]["past"] is False
    assert ("velo", "inspection-price") not in listed(
        recommend_says(f"{_CHECK} --as-of 2024-01-31 --within 29 --format json")
    )


def test_the_text_groups_by_provider_area_and_source_with_the_address(recommend_says):
    run = recommend_says(f"{_CHECK} --as-of 2024-01-31 --within 30 --only velo")
    assert run.out.startswith("4 facts are out of date on 2024-01-31; 6 more will be within 30 days.\n\nVelo & Sons\n")
    assert "    https://guide.example\n" in run.out
    assert "    survey-2023: no URL (printed)\n" in run.out
    assert "Ciclo" not in run.out


def test_the_calendar_has_a_day_for_each_thing_to_look_up(recommend_says):
    icalendar = pytest.importorskip("icalendar")
    run = recommend_says(f"{_CHECK} --as-of 2024-01-31 --within 30 --only velo --format calendar")
    assert run.status == 0
    assert run.out.count("\r\n") == run.out.count("\n")
    events = {str(event["summary"]): event for event in icalendar.Calendar.from_ical(run.out).walk("VEVENT")}
    price = events["Velo & Sons, Prices: look up 1 fact"]
    assert str(price["dtstart"].dt) == "2024-03-01", "the first day on which it is past its time"
    past = events["Velo & Sons, Services: look up 4 facts"]
    assert str(past["dtstart"].dt) == "2024-01-31", "what is past its time is for today"
    assert past["url"] == "https://guide.example"
    assert len({event["uid"] for event in events.values()}) == len(events)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--freshness --cases", "--freshness and --cases cannot be combined"),
        ("--within 90", "work only with --freshness; add it"),
        ("--only velo", "work only with --freshness; add it"),
        ("--format json", "work only with --freshness; add it"),
        ("--freshness --only acme", "unknown provider 'acme'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, told, recommend_says):
    run = recommend_says(f"recommend check --facts facts --rules rules {options}")
    assert (run.status, told in run.err) == (2, True)
