"""`recommend facts --changes --since DATE`: what sources added, replaced, announced, withdrew, and what ended."""

import json

import pytest
from test_product_lives import here  # noqa: F401 (the same shops)

_CHANGES = "recommend facts --changes --facts facts --rules rules --only ciclo"


def listed(run):
    assert (run.status, run.err) == (0, "")
    return [(part["day"], part["change"], part["criterion"] or part["product"]) for part in json.loads(run.out)]


def test_each_change_has_its_day_and_kind(recommend_says):
    run = recommend_says(f"{_CHANGES} --since 2023-03-02 --as-of 2024-02-01 --format json")
    assert listed(run) == [
        ("2023-06-01", "announced", "repairs"),
        ("2023-06-01", "confirmed", "repairs"),
        ("2023-07-01", "closed-to-new", "shop"),
        ("2023-08-01", "renamed", "school"),
        ("2024-01-10", "withdrawn", "repairs"),
    ]


def test_what_is_new_was_added_and_what_is_otherwise_replaced(recommend_says, tmp_path):
    file = tmp_path / "facts" / "providers" / "ciclo.yaml"
    more = "- {criterion: rental, product: shop, value: absent, source: news-2024, line: 9}\n"
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    added = listed(recommend_says(f"{_CHANGES} --since 2023-03-01 --as-of 2023-03-01 --format json"))
    assert added == [("2023-03-01", "added", name) for name in ("repairs", "test-rides", "rental")]
    run = recommend_says(f"{_CHANGES} --since 2024-01-01 --as-of 2024-02-01 rental")
    assert "2024-01-10  replaced  rental  shop     present → absent  [1]" in run.out
    assert "  [1] More news (2024-01-10); printed\n" in run.out


def test_two_claims_of_one_day_stand_beside_each_other(recommend_says, tmp_path):
    file = tmp_path / "facts" / "providers" / "ciclo.yaml"
    more = "- {criterion: rental, product: shop, value: absent, source: news-2024, line: LINE}\n"
    text = file.read_text(encoding="utf-8") + more.replace("LINE", "9") + more.replace("LINE", "10")
    file.write_text(text, encoding="utf-8")
    found = listed(recommend_says(f"{_CHANGES} --since 2024-01-01 --as-of 2024-02-01 rental --format json"))
    assert found == [("2024-01-10", "replaced", "rental")]


@pytest.mark.parametrize(("last_day", "change"), [("2024-01-09", "confirmed"), ("2024-01-10", "withdrawn")])
def test_only_an_end_that_was_still_ahead_is_withdrawn(last_day, change, recommend_says, tmp_path):
    file = tmp_path / "facts" / "providers" / "ciclo.yaml"
    text = file.read_text(encoding="utf-8").replace("until: 2025-12-31", f"until: {last_day}")
    file.write_text(text, encoding="utf-8")
    found = listed(recommend_says(f"{_CHANGES} --since 2024-01-10 --as-of 2024-02-01 repairs --format json"))
    assert found == [("2024-01-10", change, "repairs")]


def test_what_lies_ahead_is_announced_on_the_day_on_which_it_was_said(recommend_says):
    found = listed(recommend_says(f"{_CHANGES} --since 2023-06-01 --as-of 2023-06-30 --format json"))
    assert [part for part in found if part[1] == "announced"] == [
        ("2023-06-01", "announced", "school"),
        ("2023-06-01", "announced", "repairs"),
        ("2023-06-01", "announced", "shop"),
    ]
    run = recommend_says(f"{_CHANGES} --since 2023-06-01 --as-of 2023-06-30")
    assert "closes to new customers" in run.out
    assert "now The academy" in run.out


def test_claims_are_listed_as_of_a_day(recommend_says):
    then, now = (
        json.loads(recommend_says(f"recommend facts --facts facts --rules rules --format json {day}").out)
        for day in ("--as-of 2021-01-01", "")
    )
    assert then == [claim for claim in now if claim["as_of"] <= "2021-01-01"] != now


def test_nothing_changed_is_said(recommend_says):
    assert recommend_says(f"{_CHANGES} --since 2024-01-20 --as-of 2024-02-01").out == "Nothing changed.\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--changes", "--changes and --since work only together"),
        ("--since 2024-01-01", "--changes and --since work only together"),
        ("--as-of soon", "'soon' is not a date"),
        ("--changes --since soon", "'soon' is not a date"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, told, recommend_says):
    run = recommend_says(f"recommend facts --facts facts --rules rules {options}")
    assert (run.status, told in run.err) == (2, True)
