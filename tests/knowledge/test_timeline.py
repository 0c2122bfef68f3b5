"""End dates and changes of what claims say, before and after they come."""

import datetime as dt

import pytest

from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.build import build
from provider_advisor.knowledge.files import File
from provider_advisor.knowledge.suspicions import find_future_claims, find_suspicions
from provider_advisor.logic import Interval, Truth

_SOURCES = """\
sources:
- {id: review, title: Review, language: en, published: 2022-11-22, retrieved: 2026-11-22}
- {id: notice, title: An end is announced, language: en, published: 2023-12-05, retrieved: 2023-12-06}
- {id: moved, title: The end is moved, language: en, published: 2024-03-01, retrieved: 2024-03-02}
- {id: undone, title: It goes on, language: en, published: 2024-10-21, retrieved: 2024-10-22}
"""
_CRITERIA = """\
area: film
label: Film
criteria:
- {id: film, label: Film, kind: capability, question: "Is film needed?", weight: 3}
- id: seats
  label: Seats
  kind: quantity
  unit: seats
  question: How many?
  weight: 1
  scale: {worst: 0, best: 500, because: halls are no larger}
"""
_PRESENT, _LATER_ABSENT = "value: present, source: review", "value: absent, source: notice, from: 2024-12-06"
_UNTIL = "value: present, source: notice, until: 2024-12-05"
_MOVED, _UNDONE = "value: absent, source: moved, from: 2026-12-06", "value: present, source: undone"
YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN


def _base(claims, criterion="film", product="", sources=_SOURCES):
    hall = ["" if "product: " in said or "meant: " in said else "product: hall, " for said in claims]
    lines = [f"- {{criterion: {criterion}, line: {n}, {hall[n - 1]}{said}}}" for n, said in enumerate(claims, 1)]
    text = f"id: rex\nname: Rex\nproducts:\n- {{id: hall, name: The hall{product}}}\nclaims:\n" + "\n".join(lines)
    files = [
        File("sources", "sources.yaml", sources.encode()),
        File("criteria", "criteria/film.yaml", _CRITERIA.encode()),
        File("provider", "providers/rex.yaml", text.encode()),
        File("weights", "weights.yaml", b"priorities: {must: 4, should: 2, could: 1}\nunknown: 0.5\n"),
    ]
    return build(files)


def _fact(claims, day, criterion="film", product=""):
    return Facts(_base(claims, criterion, product), dt.date.fromisoformat(day))("rex", criterion)


def _notices(fact):
    return [(notice.kind, str(notice.day), notice.source) for notice in fact.notices]


@pytest.mark.parametrize(
    ("claims", "day", "truth", "notices"),
    [
        ([_PRESENT], "2030-01-01", YES, []),
        ([_PRESENT, _UNTIL], "2023-12-04", YES, []),
        ([_PRESENT, _UNTIL], "2023-12-06", YES, [("ends", "2024-12-05", "notice")]),
        ([_PRESENT, _UNTIL], "2024-12-05", YES, [("ends", "2024-12-05", "notice")]),
        ([_PRESENT, _UNTIL], "2024-12-06", NO, [("ended", "2024-12-05", "notice")]),
        ([_PRESENT, _LATER_ABSENT], "2023-12-06", YES, [("starts", "2024-12-06", "notice")]),
        ([_PRESENT, _LATER_ABSENT], "2024-12-06", NO, []),
        ([_PRESENT, _LATER_ABSENT, _MOVED], "2025-01-01", YES, [("starts", "2026-12-06", "moved")]),
        ([_PRESENT, _LATER_ABSENT, _MOVED], "2026-12-06", NO, []),
        ([_PRESENT, _UNTIL, _MOVED], "2025-01-01", YES, [("starts", "2026-12-06", "moved")]),
        ([_PRESENT, _LATER_ABSENT, _MOVED, _UNDONE], "2024-10-20", YES, [("starts", "2026-12-06", "moved")]),
        ([_PRESENT, _LATER_ABSENT, _MOVED, _UNDONE], "2024-10-21", YES,
         [("withdrawn", "2026-12-05", "undone")]),
        ([_PRESENT, _LATER_ABSENT, _MOVED, _UNDONE], "2030-01-01", YES,
         [("withdrawn", "2026-12-05", "undone")]),
        ([_PRESENT, _UNTIL, _UNDONE], "2025-06-01", YES, [("withdrawn", "2024-12-05", "undone")]),
        # What had come about when something later was announced is not undone by the announcement.
        ([_UNTIL, "value: present, source: undone, stated: 2025-02-01, from: 2026-01-01"], "2025-06-01", NO,
         [("ended", "2024-12-05", "notice"), ("starts", "2026-01-01", "undone")]),
        ([_UNTIL, "value: present, source: undone, stated: 2025-02-01, from: 2026-01-01"], "2026-01-01", YES, []),
        # A weaker statement does not undo an announcement.
        ([_PRESENT, _UNTIL, f"{_UNDONE}, evidence: ambiguous"], "2024-11-01", YES, [("ends", "2024-12-05", "notice")]),
        ([_PRESENT, _UNTIL, f"{_UNDONE}, evidence: ambiguous"], "2025-06-01", UNKNOWN,
         [("ended", "2024-12-05", "notice")]),
        (["value: present, source: review, from: 2062-09-01"], "2026-11-28", UNKNOWN,
         [("starts", "2062-09-01", "review")]),
        (["value: absent, source: review, until: 2023-06-30"], "2023-07-01", UNKNOWN,
         [("ended", "2023-06-30", "review")]),
    ],
)  # fmt: skip
def test_later_statements_replace_earlier_ones_with_what_they_announced(claims, day, truth, notices):
    fact = _fact(claims, day)
    assert (fact.truth, _notices(fact)) == (truth, notices)


def test_the_earlier_word_as_of_is_the_day_from_which_a_claim_is_true():
    old = [
        _PRESENT,
        "value: absent, source: notice, as_of: 2024-12-06",
        "value: present, source: undone, as_of: 2024-01-01",
    ]
    facts = [_fact(old, day).truth for day in ("2023-12-31", "2024-01-01", "2025-01-01")]
    assert facts == [YES, YES, YES], "the notice of 2024-01-01 replaces the end that still lies ahead"
    claim = _base(old).providers["rex"].claims[1]
    assert (str(claim.stated), str(claim.starts)) == ("2023-12-05", "2024-12-06")


@pytest.mark.parametrize(
    ("claims", "day", "amount", "notices"),
    [
        (["exactly: 200, source: review, until: 2024-12-31"], "2024-12-31", Interval(200, 200), ["ends"]),
        (["exactly: 200, source: review, until: 2024-12-31"], "2025-01-01", None, ["ended"]),
        (["exactly: 200, source: review", "exactly: 90, source: notice, from: 2025-01-01"], "2024-12-31",
         Interval(200, 200), ["starts"]),
        (["exactly: 200, source: review", "exactly: 90, source: notice, from: 2025-01-01"], "2025-01-01",
         Interval(90, 90), []),
        (["from: 100, source: review"], "2025-01-01", Interval(100), []),
    ],
)  # fmt: skip
def test_an_amount_is_unknown_after_its_end_and_another_comes_on_its_day(claims, day, amount, notices):
    fact = _fact([f"unit: seats, {claim}" for claim in claims], day, "seats")
    assert (fact.amount, [notice.kind for notice in fact.notices]) == (amount, notices)


@pytest.mark.parametrize(
    ("product", "day", "truth", "notices"),
    [
        (", until: 2024-12-05", "2024-12-05", YES, [("product-ends", "2024-12-05", None)]),
        (", until: 2024-12-05", "2024-12-06", NO, [("product-ended", "2024-12-05", None)]),
        (", closed_to_new: 2024-12-05", "2024-12-04", YES, [("closes-to-new", "2024-12-05", None)]),
        (", closed_to_new: 2024-12-05", "2024-12-05", NO, [("closed-to-new", "2024-12-05", None)]),
        (", until: 2024-12-05, source: notice, line: 2", "2023-12-04", YES, []),
        (", until: 2024-12-05, source: notice, line: 2", "2023-12-05", YES, [("product-ends", "2024-12-05", "notice")]),
    ],
)
def test_all_that_a_product_has_ends_with_it(product, day, truth, notices):
    fact = _fact([_PRESENT], day, product=product)
    assert (fact.truth, _notices(fact)) == (truth, notices)


def test_an_amount_of_a_product_that_ended_is_unknown():
    fact = _fact(["exactly: 200, unit: seats, source: review"], "2025-01-01", "seats", ", until: 2024-12-05")
    assert (fact.amount, _notices(fact)) == (None, [("product-ended", "2024-12-05", None)])


def test_what_a_product_lacks_it_lacks_after_its_end_and_that_is_no_news():
    fact = _fact(["value: absent, source: review"], "2025-01-01", product=", until: 2024-12-05")
    assert (fact.truth, _notices(fact)) == (NO, [])


@pytest.mark.parametrize(
    ("said", "truth", "notices"),
    [
        (["meant: hall"], NO, ["product-ended"]),  # the review does not name the hall, but means it
        (["product: bar"], YES, []),
        (["meant: hall", "product: bar"], YES, []),
        (["meant: hall", "product: hall"], NO, ["product-ended"]),
        (["meant: bar"], YES, []),
    ],
)
def test_what_was_meant_of_a_product_ends_with_it(said, truth, notices):
    claims = [f"value: present, source: review, {about}" for about in said]
    fact = _fact(claims, "2024-12-06", product=", until: 2024-12-05}\n- {id: bar, name: The bar")
    assert (fact.truth, [kind for kind, _, _ in _notices(fact)]) == (truth, notices)
    before = _fact(claims, "2024-12-05", product=", until: 2024-12-05}\n- {id: bar, name: The bar")
    assert before.truth is YES


def test_a_later_statement_on_the_product_replaces_what_was_meant_of_it():
    assert (
        _fact(["value: present, source: review, meant: hall", "value: absent, source: notice"], "2025-01-01").truth
        is NO
    )
    # Said of the provider as a whole it does not: a product without a name is another one.
    whole = _base(
        ["value: present, source: review, meant: hall", "value: absent, source: notice, product: bar"],
        product="}\n- {id: bar, name: The bar",
    )
    assert Facts(whole, dt.date(2025, 1, 1))("rex", "film").truth is YES


def test_what_ends_is_no_news_where_another_product_has_it():
    knowledge = _base([_UNTIL, "value: present, source: review, product: bar"], product="}\n- {id: bar, name: Bar")
    fact = Facts(knowledge, dt.date(2025, 1, 1))("rex", "film")
    assert (fact.truth, _notices(fact)) == (YES, [])


def test_a_claim_that_is_stated_after_today_is_a_problem_and_one_that_lies_ahead_suspicious():
    knowledge = _base(["value: present, source: review, stated: 2062-09-01"])
    assert list(find_future_claims(knowledge, dt.date(2062, 9, 1))) == []
    (said,) = find_future_claims(knowledge, dt.date(2026, 11, 28))
    assert said == (
        "providers/rex.yaml:6: claim on 'film': stated on 2062-09-01, which is after today, 2026-11-28; "
        "expected the day on which 'review' said it."
    )
    ahead = Facts(_base(["value: present, source: review, from: 2062-09-01"]), dt.date(2026, 11, 28))
    assert [said for said in find_suspicions(ahead) if "in the future" in said] == [
        (
            "providers/rex.yaml:6: the claim on 'film' is true only from 2062-09-01, which is in the future; "
            "is the date right?"
        )
    ]
