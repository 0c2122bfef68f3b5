"""End dates and changes are named in every answer that uses the fact, in words, as data and in replay."""

import datetime as dt

import pytest

from provider_advisor.explanation.answer_differences import find_differences
from provider_advisor.faces.report.html import html_report
from provider_advisor.faces.report.markdown import markdown_report
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_SHOP = """\
id: ciclo
name: Ciclo
products: [{id: shop, name: The shop}]
claims:
- {criterion: repairs, product: shop, value: present, source: survey-2023, line: 41, until: 2024-06-30}
"""
_ADVICE = "- {criterion: advice, value: excellent, source: survey-2023, line: 45, from: 2024-06-01}\n"
_REPAIRS = "Ciclo, Repairs: ends on 2024-06-30 (announced on 2023-03-01)."


@pytest.fixture
def shops(knowledge_from, tmp_path):
    return knowledge_from(tmp_path, facts={"providers/ciclo.yaml": _SHOP})


def _answer(shops, day, **asked):
    return answer(shops, Statement(read_team(shops, **(asked or {"needs": ["repairs"]})), dt.date.fromisoformat(day)))


def _says(found):
    return next(part["says"] for part in found.record["findings"] if part["provider"] == "ciclo")


def _told(found):
    return [part["says"] for part in found.record["notices"] if part["provider"] == "ciclo"]


def test_an_end_that_lies_ahead_is_named_with_its_source(shops):
    found = _answer(shops, "2024-01-01")
    assert _says(found) == "has it (The shop); ends on 2024-06-30 (announced on 2023-03-01)"
    assert found.record["notices"] == [
        {
            "provider": "ciclo", "product": "shop", "criterion": "repairs", "kind": "ends", "day": "2024-06-30",
            "stated": "2023-03-01", "source": "survey-2023", "line": 41, "says": _REPAIRS,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("needs", "day", "said"),
    [
        (["repairs"], "2024-01-01", True),
        (["rental"], "2024-01-01", False),
        (["repairs"], "2024-07-01", False),  # it has ended, and Ciclo is not recommended
    ],
)
def test_the_verdict_says_until_when_the_provider_has_what_it_must(shops, needs, day, said):
    found = answer(shops.restrict(only=["ciclo"]), Statement(read_team(shops, needs=needs), dt.date.fromisoformat(day)))
    assert ("; but Ciclo has Repairs only until 2024-06-30." in found.record["verdict"]["reason"]) is said


def test_what_ended_is_absent_for_that_reason(shops):
    found = _answer(shops, "2024-07-01")
    assert _says(found) == "no longer has it (The shop): ended on 2024-06-30 (announced on 2023-03-01)"
    assert _told(found) == ["Ciclo, Repairs: ended on 2024-06-30 (announced on 2023-03-01)."]


def test_the_end_of_an_absence_is_no_end_of_an_offer(knowledge_from, tmp_path):
    shop = _SHOP.replace("value: present", "value: absent")
    shops = knowledge_from(tmp_path, facts={"providers/ciclo.yaml": shop})
    before, after = _answer(shops, "2024-01-01"), _answer(shops, "2024-07-01")
    assert _says(before) == "does not have it (The shop); absent until 2024-06-30 (announced on 2023-03-01)"
    assert _says(after) == "not known: was absent until 2024-06-30 (announced on 2023-03-01)"
    assert _told(after) == ["Ciclo, Repairs: was absent until 2024-06-30 (announced on 2023-03-01)."]


def test_what_starts_later_is_not_known_yet_and_says_from_when(knowledge_from, tmp_path):
    shops = knowledge_from(tmp_path, facts={"providers/ciclo.yaml": _SHOP + _ADVICE})
    found = _answer(shops, "2024-01-01", needs=["advice>=good"])
    assert _says(found) == "not known: excellent from 2024-06-01 (announced on 2023-03-01)"
    assert "survey-2023" in [source["id"] for source in found.record["sources"]], "what a notice cites is listed"
    assert _says(_answer(shops, "2024-06-01", needs=["advice>=good"])) == "excellent"


_ABSENT = _SHOP.replace("value: present", "value: absent").replace(", until: 2024-06-30", "")
_PRICED = _SHOP.partition("claims:")[0] + (
    "claims: [{criterion: inspection-price, unit: EUR/inspection, exactly: 90, source: survey-2023, line: 41}]"
)


@pytest.mark.parametrize(
    ("shop", "says"),
    [
        (_SHOP, "cannot meet this without Repairs: no longer has it (The shop): ended on 2024-06-30"),
        (_ABSENT, "cannot meet this without Repairs: does not have it (The shop)"),
        (_PRICED, "90 EUR/inspection; not known whether it offers Repairs"),
    ],
    ids=["ended", "absent", "not-known"],
)
def test_a_price_names_what_it_pays_for_where_that_ended_is_absent_or_not_known(knowledge_from, tmp_path, shop, says):
    shops = knowledge_from(tmp_path, facts={"providers/ciclo.yaml": shop})
    said = _says(_answer(shops, "2024-07-01", needs=["inspection-price<=100"]))
    assert said.partition(" (announced")[0] == says


def test_reports_name_ends_with_their_place(shops):
    explanation = _answer(shops, "2024-01-01").explanation
    assert f"## End dates and changes\n\n- {_REPAIRS} \\[2, line 41; 2023-03-01\\]" in markdown_report(
        explanation, shops
    )
    page = html_report(explanation, shops)
    assert '<h2 id="ends">End dates and changes</h2>' in page
    assert _REPAIRS in page


def test_replay_tells_of_an_end_that_was_not_known_and_reads_records_without_notices(shops):
    new = _answer(shops, "2024-01-01").record
    old = {name: part for name, part in new.items() if name != "notices"}
    assert [part for part in find_differences(old, new) if part["about"] == "notice"] == [
        {
            "about": "notice", "provider": "ciclo", "criterion": "repairs", "old": None, "new": "2024-06-30",
            "says": f"Also new: {_REPAIRS}",
        }
    ]  # fmt: skip
    assert find_differences(new, new) == []
