"""What claims come to as of a day."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider_advisor.knowledge import Fact, Facts
from provider_advisor.knowledge.build import build
from provider_advisor.knowledge.files import File, find_files
from provider_advisor.logic import Interval, Truth, compare

BICYCLES = Path(__file__).parent / "bicycles"
WITHOUT_PROVIDERS = [
    file for file in find_files(BICYCLES / "facts", BICYCLES / "rules").files if file.role not in {"provider", "cases"}
]
HEAD = "id: shop\nname: A shop\nproducts: [{id: one, name: One}, {id: two, name: Two}]\nclaims:\n"
UNITS = {"bikes-in-stock": "bikes", "tour-group": "people", "lightest-frame": "kg", "rental-price": "EUR/day"}

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN


def knowledge_of(criterion, claims):
    """A knowledge base in which one shop has these claims; each cites the line of its place in the list, from 1."""
    unit = f"unit: {UNITS[criterion]}, " if criterion in UNITS else ""
    lines = [
        f"- {{criterion: {criterion}, {unit}{claim}{'' if 'line: ' in claim else f', line: {number}'}"
        f"{'' if 'source: ' in claim else ', source: guide-2020'}}}\n"
        for number, claim in enumerate(claims, 1)
    ]
    text = HEAD + "".join(lines) if lines else HEAD.replace("claims:\n", "claims: []\n")
    return build([*WITHOUT_PROVIDERS, File("provider", "shop.yaml", text.encode())])


def fact_of(criterion, claims, day="2024-01-01", max_age=None):
    return Facts(knowledge_of(criterion, claims), dt.date.fromisoformat(day), max_age)("shop", criterion)


def lines(fact):
    return sorted(claim.line for claim in fact.claims)


OLD_YES, OLD_NO = "value: present, stated: 2020-01-01", "value: absent, stated: 2020-01-01"
NEW_YES, NEW_NO = "value: present, stated: 2022-01-01", "value: absent, stated: 2022-01-01"


@pytest.mark.parametrize(
    ("claims", "truth", "rests_on", "disputed"),
    [
        pytest.param([], UNKNOWN, [], False, id="silence is unknown"),
        pytest.param([OLD_YES], YES, [1], False, id="present"),
        pytest.param([OLD_NO], NO, [1], False, id="absent"),
        pytest.param([OLD_YES, OLD_YES], YES, [1, 2], False, id="both who say so are cited"),
        pytest.param([OLD_NO, NEW_YES], YES, [2], False, id="the newest holds"),
        pytest.param([OLD_YES, NEW_NO], NO, [2], False, id="the newest holds, though it is worse"),
        pytest.param([OLD_YES, OLD_NO], UNKNOWN, [1, 2], True, id="of equal date, contradicting"),
        pytest.param([OLD_YES, OLD_NO, NEW_NO], NO, [3], False, id="a newer one settles a dispute"),
        pytest.param([OLD_YES, f"{NEW_NO}, evidence: contrast"], UNKNOWN, [1, 2], True, id="newer but weaker disputes"),
        pytest.param([OLD_YES, f"{NEW_NO}, evidence: ambiguous"], UNKNOWN, [1, 2], True, id="weakest disputes too"),
        pytest.param([OLD_YES, f"{NEW_YES}, evidence: contrast"], YES, [1, 2], False, id="newer but weaker may agree"),
        pytest.param([f"{OLD_YES}, evidence: contrast", NEW_NO], NO, [2], False, id="newer and stronger overturns"),
        pytest.param(
            [f"{OLD_YES}, evidence: contrast", f"{NEW_NO}, evidence: contrast"],
            NO,
            [2],
            False,
            id="as strong overturns",
        ),
        pytest.param(
            [OLD_YES, "value: absent, stated: 2021-01-01, evidence: contrast", NEW_YES],
            YES,
            [3],
            False,
            id="a dispute ends where a newer claim is as strong as the old",
        ),
        pytest.param(
            [OLD_YES, f"{OLD_NO}, evidence: contrast"], UNKNOWN, [1, 2], True, id="of equal date, weaker, contradicting"
        ),
        pytest.param(
            ["product: one, " + OLD_YES, "product: two, " + NEW_NO], YES, [1], False, id="any product suffices"
        ),
        pytest.param(["product: one, " + OLD_NO, "product: two, " + OLD_NO], NO, [1, 2], False, id="no product has it"),
        pytest.param([OLD_NO, "product: two, " + OLD_YES], YES, [2], False, id="a product beside the provider itself"),
        pytest.param(
            ["product: one, " + OLD_YES, "product: one, " + NEW_NO], NO, [2], False, id="a product loses what it had"
        ),
        pytest.param(
            ["product: one, " + OLD_NO, "product: two, " + OLD_YES, "product: two, " + OLD_NO],
            UNKNOWN,
            [2, 3],
            True,
            id="the disputed product may have it",
        ),
        pytest.param(
            ["product: one, " + OLD_YES, "product: two, " + OLD_YES, "product: two, " + OLD_NO],
            YES,
            [1],
            False,
            id="one undisputed product suffices",
        ),
    ],
)
def test_a_capability_is_there_if_any_product_has_it_and_the_newest_claim_on_each_holds(
    claims, truth, rests_on, disputed
):
    fact = fact_of("repairs", claims)
    assert (fact.truth, lines(fact), fact.disputed, fact.amount) == (truth, rests_on, disputed, None)


UNTIL = "value: present, stated: 2022-01-01, until: 2022-06-30"


@pytest.mark.parametrize(
    ("claims", "day", "truth"),
    [
        ([OLD_YES], "2019-12-31", UNKNOWN),
        ([OLD_YES], "2020-01-01", YES),
        ([OLD_YES, NEW_NO], "2021-12-31", YES),
        ([OLD_YES, NEW_NO], "2022-01-01", NO),
        ([UNTIL], "2022-06-30", YES),
        ([UNTIL], "2022-07-01", NO),
        ([OLD_NO, UNTIL], "2022-06-30", YES),
        ([OLD_NO, UNTIL], "2022-07-01", NO),
        ([OLD_YES, UNTIL], "2022-07-01", NO),
        ([UNTIL, "value: absent, stated: 2022-05-01"], "2022-07-01", NO),
        ([UNTIL, "value: absent, stated: 2022-08-01"], "2022-07-01", NO),
        ([UNTIL, NEW_YES], "2022-06-30", YES),
        ([UNTIL, NEW_YES], "2022-07-01", NO),  # of one day: "it has it" and "until June" agree, and June is over
        ([UNTIL, "value: present, stated: 2022-01-02"], "2022-07-01", YES),
        ([UNTIL, "value: absent, stated: 2022-09-01, evidence: contrast"], "2022-10-01", NO),
        (["value: present, source: survey-2023"], "2023-02-28", UNKNOWN),
        (["value: present, source: survey-2023"], "2023-03-01", YES),
    ],
)
def test_a_claim_holds_from_its_day_until_its_end_and_nothing_older_revives(claims, day, truth):
    assert fact_of("repairs", claims, day).truth is truth


ENDING_CONTRAST = "value: absent, stated: 2021-01-01, until: 2021-12-31, evidence: contrast"


@pytest.mark.parametrize(("day", "truth"), [("2021-12-31", UNKNOWN), ("2022-01-01", YES)])
def test_a_dispute_ends_with_the_weaker_claim_for_the_stronger_was_never_overturned(day, truth):
    assert fact_of("repairs", [OLD_YES, ENDING_CONTRAST], day).truth is truth


@pytest.mark.parametrize(
    ("criterion", "claim", "amount"),
    [
        ("bikes-in-stock", "exactly: 100", Interval(100, 100)),
        ("bikes-in-stock", "more_than: 100", Interval(101)),
        ("bikes-in-stock", "at_least: 100", Interval(100)),
        ("bikes-in-stock", "at_most: 100", Interval(0, 100)),
        ("bikes-in-stock", "between: [100, 200]", Interval(100, 200)),
        ("bikes-in-stock", "from: 100", Interval(100)),
        ("tour-group", "exactly: 12", Interval(12, 12)),
        ("lightest-frame", "more_than: 1.2", Interval(1.2, above=True)),
        ("lightest-frame", "more_than: 1", Interval(1, above=True)),
        ("lightest-frame", "at_most: 0.9", Interval(0, 0.9)),
        ("rental-price", "exactly: 0.00001", Interval(0.00001, 0.00001)),
        ("rental-price", "from: 9", Interval(9)),
        ("rental-price", "between: [15, 25]", Interval(15, 25)),
        ("rental-price", "by_quote: true", None),
        ("advice", "value: poor", Interval(0, 0)),
        ("advice", "value: excellent", Interval(3, 3)),
        ("advice", "value: [good, excellent]", Interval(2, 3)),
        ("advice", "value: [excellent, fair, good]", Interval(1, 3)),
        ("queue", "value: long", Interval(2, 2)),
    ],
)
def test_a_bound_leaves_the_amounts_that_it_says(criterion, claim, amount):
    fact = fact_of(criterion, [claim])
    assert (fact.amount, fact.truth, lines(fact), fact.disputed) == (amount, UNKNOWN, [1], False)


@pytest.mark.parametrize(
    ("criterion", "claim", "at_least", "expected"),
    [
        ("bikes-in-stock", "more_than: 100", 100, YES),
        ("bikes-in-stock", "more_than: 100", 101, YES),
        ("bikes-in-stock", "more_than: 100", 102, UNKNOWN),
        ("tour-group", "exactly: 12", 12, YES),
        ("tour-group", "exactly: 12", 13, NO),
        ("lightest-frame", "more_than: 1.2", 1.2, YES),
        ("lightest-frame", "more_than: 1.2", 1.21, UNKNOWN),
        ("lightest-frame", "at_most: 0.9", 0.9, UNKNOWN),
        ("lightest-frame", "at_most: 0.9", 0.91, NO),
    ],
)
def test_a_bound_is_met_at_it_and_unknown_or_unmet_beyond(criterion, claim, at_least, expected):
    assert compare(fact_of(criterion, [claim]).amount, Interval(at_least)) is expected


OLD, NEW = ", stated: 2020-01-01", ", stated: 2022-01-01"


@pytest.mark.parametrize(
    ("criterion", "claims", "amount", "rests_on", "disputed"),
    [
        pytest.param(
            "bikes-in-stock",
            ["more_than: 100" + OLD, "exactly: 180" + OLD],
            (180, 180),
            [1, 2],
            False,
            id="these agree",
        ),
        pytest.param(
            "bikes-in-stock",
            ["at_least: 100" + OLD, "at_most: 150" + OLD],
            (100, 150),
            [1, 2],
            False,
            id="from both ends",
        ),
        pytest.param(
            "bikes-in-stock",
            ["exactly: 100" + OLD, "exactly: 180" + OLD],
            (100, 180),
            [1, 2],
            True,
            id="two numbers of one day",
        ),
        pytest.param(
            "bikes-in-stock", ["more_than: 100" + OLD, "exactly: 100" + OLD], (100, None), [1, 2], True, id="just apart"
        ),
        pytest.param(
            "bikes-in-stock",
            ["between: [1, 5]" + OLD, "between: [4, 9]" + OLD, "between: [6, 7]" + OLD],
            (1, 9),
            [1, 2, 3],
            True,
            id="no two of three contradict all",
        ),
        pytest.param("bikes-in-stock", ["exactly: 100" + OLD, "exactly: 90" + NEW], (90, 90), [2], False, id="newest"),
        pytest.param(
            "bikes-in-stock",
            ["exactly: 100" + OLD, "exactly: 90, evidence: contrast" + NEW],
            (90, 100),
            [1, 2],
            True,
            id="newer but weaker disputes",
        ),
        pytest.param(
            "bikes-in-stock",
            ["more_than: 100" + OLD, "exactly: 180, evidence: ambiguous" + NEW],
            (180, 180),
            [1, 2],
            False,
            id="newer but weaker may agree, and say more",
        ),
        pytest.param(
            "rental-price", ["exactly: 10" + OLD, "by_quote: true" + NEW], None, [2], False, id="no longer published"
        ),
        pytest.param(
            "rental-price",
            ["exactly: 10" + OLD, "by_quote: true" + OLD],
            (10, 10),
            [1, 2],
            False,
            id="one source knows",
        ),
        pytest.param("advice", ["value: fair" + OLD, "value: good" + NEW], (2, 2), [2], False, id="newest word"),
        pytest.param("advice", ["value: fair" + OLD, "value: excellent" + OLD], (1, 3), [1, 2], True, id="two words"),
        pytest.param("advice", ["value: good" + OLD, "value: good" + OLD], (2, 2), [1, 2], False, id="one word twice"),
    ],
)
def test_amounts_of_one_day_are_intersected_and_disputed_ones_lie_between_the_claims(
    criterion, claims, amount, rests_on, disputed
):
    fact = fact_of(criterion, claims)
    expected = None if amount is None else Interval(*amount)
    assert (fact.amount, lines(fact), fact.disputed) == (expected, rests_on, disputed)


@pytest.mark.parametrize(
    ("max_age", "truth", "aged"), [(None, YES, False), (730, YES, False), (729, UNKNOWN, True), (0, UNKNOWN, True)]
)
def test_what_is_older_than_the_greatest_age_is_unknown_and_marked(max_age, truth, aged):
    fact = fact_of("repairs", [OLD_NO, NEW_YES], "2024-01-01", max_age)
    assert (fact.truth, fact.aged) == (truth, aged)


def test_an_age_that_reaches_back_before_the_calendar_takes_everything():
    assert fact_of("repairs", ["value: present, stated: 0100-01-01"], "0200-01-01", max_age=99_999).truth is YES


def test_silence_is_not_marked_as_aged():
    assert fact_of("repairs", [], max_age=1).aged is False


def test_a_claim_that_is_too_old_takes_no_part_in_a_dispute():
    fact = fact_of("repairs", [OLD_YES, f"{NEW_NO}, evidence: contrast"], "2022-06-01", max_age=365)
    assert (fact.truth, fact.disputed) == (NO, False)


@pytest.mark.parametrize(("day", "stale"), [("2022-12-31", False), ("2023-01-01", False), ("2023-01-02", True)])
def test_a_fact_is_stale_when_its_newest_claim_is_older_than_the_criterion_allows(day, stale, bicycles):
    assert bicycles.criteria["inspection-price"].stale_after == 365
    claims = [f"exactly: 40, unit: EUR/inspection{when}" for when in (OLD, NEW)]
    facts = Facts(knowledge_of("inspection-price", claims), dt.date.fromisoformat(day))
    assert facts.is_stale(facts("shop", "inspection-price")) is stale
    assert facts("shop", "inspection-price").amount == Interval(40, 40), "stale facts are used all the same"


def test_what_may_not_grow_old_and_what_nobody_claims_is_never_stale():
    facts = Facts(knowledge_of("repairs", [OLD_YES]), dt.date(2090, 1, 1))
    assert not facts.is_stale(facts("shop", "repairs"))
    assert not facts.is_stale(facts("shop", "inspection-price"))


def dated(knowledge, **stale_after):
    """The same knowledge, with facts of a kind past their time after so many days."""
    return dataclasses.replace(knowledge, policy=knowledge.policy._replace(stale_after=stale_after))


@pytest.mark.parametrize(("day", "stale"), [("2020-01-01", False), ("2021-12-31", False), ("2022-01-01", True)])
def test_the_policy_says_for_each_kind_after_how_long_a_fact_is_past_its_time(day, stale):
    facts = Facts(dated(knowledge_of("repairs", [OLD_YES]), capability=730, price=1), dt.date.fromisoformat(day))
    assert facts.is_stale(facts("shop", "repairs")) is facts.may_be_stale is facts.are_all_stale is stale


@pytest.mark.parametrize(
    ("said", "stale"),
    [
        ("value: present, stated: 2020-01-01, until: 2020-06-30", False),
        ("value: absent, stated: 2020-01-01, from: 2020-07-01", False),
        ("value: absent, stated: 2020-01-01", True),
        ("value: present, stated: 2020-01-01", True),
    ],
)
def test_that_something_ended_never_grows_old(said, stale):
    facts = Facts(dated(knowledge_of("repairs", [said]), capability=730), dt.date(2090, 1, 1))
    assert facts.is_stale(facts("shop", "repairs")) is stale
    assert facts.are_all_stale is stale
    assert (facts.without_stale()("shop", "repairs").truth is UNKNOWN) is stale


def test_a_criterion_that_says_how_long_its_facts_are_good_for_wins_over_the_policy():
    claims = [f"exactly: 40, unit: EUR/inspection{OLD}"]
    facts = Facts(dated(knowledge_of("inspection-price", claims), price=10), dt.date(2020, 6, 1))
    assert not facts.is_stale(facts("shop", "inspection-price"))
    assert not facts.may_be_stale


def test_without_what_is_past_its_time_only_what_is_fresh_or_supposed_is_known():
    knowledge = dated(knowledge_of("repairs", [OLD_YES]), capability=730)
    facts = Facts(knowledge, dt.date(2024, 1, 1))
    assert (facts("shop", "repairs").truth, facts.without_stale()("shop", "repairs").truth) == (YES, UNKNOWN)
    supposed = facts.supposing(Fact("shop", "rental", NO))
    for found in (supposed.without_stale(), facts.without_stale().supposing(Fact("shop", "rental", NO))):
        assert [found("shop", name).truth for name in ("repairs", "rental")] == [UNKNOWN, NO]
        assert found.without_stale()("shop", "rental").truth is NO
    fresh = Facts(knowledge, dt.date(2021, 1, 1))
    assert fresh.without_stale()("shop", "repairs") == fresh("shop", "repairs")


def test_a_supposed_fact_takes_the_place_of_what_is_known_and_changes_nothing_else():
    facts = Facts(knowledge_of("repairs", [OLD_YES]), dt.date(2024, 1, 1), max_age=5_000)
    supposed = facts.supposing(Fact("shop", "repairs", NO), Fact("shop", "rental", YES))
    assert [supposed("shop", name).truth for name in ("repairs", "rental", "test-rides")] == [NO, YES, UNKNOWN]
    assert [facts("shop", name).truth for name in ("repairs", "rental")] == [YES, UNKNOWN]


def test_a_supposition_keeps_the_greatest_age():
    facts = Facts(knowledge_of("repairs", [OLD_YES]), dt.date(2024, 1, 1), max_age=5)
    assert facts.supposing(Fact("shop", "rental", YES))("shop", "repairs").aged


DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 5))
SAYINGS = {
    "repairs": st.sampled_from(["value: present", "value: absent"]),
    "bikes-in-stock": st.sampled_from(["exactly: 5", "exactly: 7", "more_than: 5", "at_most: 7", "between: [4, 6]"]),
    "lightest-frame": st.sampled_from(["exactly: 1", "more_than: 1", "at_least: 1", "at_most: 1"]),
    "rental-price": st.sampled_from(["exactly: 5", "from: 4", "by_quote: true", "between: [4, 6]"]),
    "advice": st.sampled_from(["value: poor", "value: good", "value: excellent"]),
}


@st.composite
def some_claims(draw, *, same_line=False):
    criterion = draw(st.sampled_from(sorted(SAYINGS)))
    claims = []
    for number in range(draw(st.integers(0, 6))):
        day, end = draw(DAYS), draw(st.none() | st.integers(0, 3))
        parts = [draw(SAYINGS[criterion]), f"stated: {day}", f"line: {7 if same_line else number + 1}"]
        parts += [f"evidence: {draw(st.sampled_from(['stated', 'contrast', 'ambiguous']))}"]
        parts += [f"until: {day + dt.timedelta(days=end)}"] if end is not None else []
        parts += [f"product: {draw(st.sampled_from(['one', 'two']))}"] if criterion == "repairs" else []
        claims.append(", ".join(parts))
    return criterion, claims


def everything(knowledge, criterion):
    """The fingerprint, and the fact of every day, without the places in the files."""
    days = [dt.date(2019, 12, 31) + dt.timedelta(days=number) for number in range(12)]
    facts = [Facts(knowledge, day)("shop", criterion) for day in days]
    return knowledge.fingerprint, [
        fact._replace(claims=tuple(claim._replace(where="") for claim in fact.claims)) for fact in facts
    ]


@settings(deadline=None)
@given(some_claims(), st.randoms(use_true_random=False))
def test_the_order_of_claims_never_matters(given_claims, random):
    criterion, claims = given_claims
    shuffled = random.sample(claims, len(claims))
    assert everything(knowledge_of(criterion, claims), criterion) == everything(
        knowledge_of(criterion, shuffled), criterion
    )


@settings(deadline=None)
@given(some_claims(same_line=True), st.randoms(use_true_random=False))
def test_nor_does_it_for_claims_of_one_line(given_claims, random):
    criterion, claims = given_claims
    shuffled = random.sample(claims, len(claims))
    assert everything(knowledge_of(criterion, claims), criterion) == everything(
        knowledge_of(criterion, shuffled), criterion
    )


@settings(deadline=None)
@given(some_claims(), DAYS)
def test_a_claim_that_is_not_yet_true_changes_nothing(given_claims, day):
    criterion, claims = given_claims
    later = [claim for claim in claims if dt.date.fromisoformat(claim.split("stated: ")[1][:10]) > day]
    earlier = [claim for claim in claims if claim not in later]
    with_all, without = (fact_of(criterion, part, str(day)) for part in (claims, earlier))
    assert with_all._replace(claims=()) == without._replace(claims=())
    assert lines(with_all) == lines(without)


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_the_order_and_the_names_of_files_never_matter(order):
    files = list(find_files(BICYCLES / "facts", BICYCLES / "rules").files)
    movable = [file for file in files if file.role in {"provider", "criteria", "rules"}]
    renamed = [file._replace(name=f"{number}.yaml") for number, file in zip(order, movable, strict=True)]
    mixed = [*sorted(renamed, key=lambda file: file.name), *(file for file in files if file not in movable)]
    first, second = build(files), build(mixed)
    assert first.fingerprint == second.fingerprint
    for name in ("sources", "criteria", "providers", "topics", "usage", "rules"):
        assert list(getattr(first, name)) == list(getattr(second, name)), "records come in one order"
    day = dt.date(2024, 1, 1)
    for provider in first.providers:
        for criterion in first.criteria:
            found = [Facts(knowledge, day)(provider, criterion) for knowledge in (first, second)]
            assert found[0]._replace(claims=()) == found[1]._replace(claims=())
