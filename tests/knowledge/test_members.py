"""Members: one criterion asked of each of several things, in facts and in the knowledge base that holds them."""

import datetime as dt
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider_advisor import KnowledgeError, load, recommend
from provider_advisor.knowledge import Fact, Facts
from provider_advisor.knowledge.build import build
from provider_advisor.knowledge.files import File, find_files
from provider_advisor.knowledge.records import MemberOf
from provider_advisor.knowledge.suspicions import find_suspicions
from provider_advisor.logic import Interval, Truth, any_of, compare

BICYCLES = Path(__file__).parent / "bicycles"
YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN
OTHERS = [
    file for file in find_files(BICYCLES / "facts", BICYCLES / "rules").files if file.role not in {"provider", "cases"}
]
MEMBERS = ("north", "south", "east", "west")
EXTRA = """area: extra
label: Extra
criteria:
- {id: vans, label: Vans, kind: quantity, unit: vans, question: How many?, weight: 1, of_each: region,
   scale: {worst: 0, best: 50, because: a fleet}}
- {id: wait, label: Wait, kind: quantity, unit: days, better: lower, question: How long?, weight: 1, of_each: region,
   scale: {worst: 50, best: 0, because: a season}}
- {id: delivery-price, label: Price of a delivery, kind: price, unit: EUR/delivery, of: delivery, of_each: region,
   question: How dear?, weight: 1, scale: {worst: 90, best: 0, because: as a taxi}}
- {id: hire-price, label: Price of hire, kind: price, unit: EUR/hour, of: rental, of_each: region,
   question: How dear?, weight: 1, scale: {worst: 90, best: 0, because: as a taxi},
   member_scale: {worst: 200, best: 0, because: the north is far}}
"""


def base(*claims):
    lines = "\n".join(f"- {{{claim}, source: {'guide-2020'}, line: {at}}}" for at, claim in enumerate(claims, 1))
    shop = f"id: shop\nname: A shop\nproducts: [{{id: one, name: One}}, {{id: two, name: Two}}]\nclaims:\n{lines}\n"
    return build(
        [*OTHERS, File("criteria", "extra.yaml", EXTRA.encode()), File("provider", "shop.yaml", shop.encode())]
    )


def facts_of(*claims, day="2024-01-01", max_age=None):
    return Facts(base(*claims), dt.date.fromisoformat(day), max_age)


def truths(*claims, **options):
    """What is known of delivery, and of each of its members in their order."""
    facts = facts_of(*(f"criterion: delivery, {claim}" for claim in claims), **options)
    return facts("shop", "delivery").truth, *(facts("shop", f"delivery@{member}").truth for member in MEMBERS)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param(["member: north, value: present"], (YES, YES, UNKNOWN, UNKNOWN, UNKNOWN), id="one member is any"),
        pytest.param(
            ["includes: [north, west], value: present"], (YES, YES, UNKNOWN, UNKNOWN, YES), id="a claim for each"
        ),
        pytest.param(["only: [north], value: present"], (YES, YES, NO, NO, NO), id="only: all others are absent"),
        pytest.param(["value: present"], (YES, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN), id="any is no member for certain"),
        pytest.param(["value: absent"], (NO, NO, NO, NO, NO), id="not any is none of them"),
        pytest.param(
            ["member: north, value: absent"], (UNKNOWN, NO, UNKNOWN, UNKNOWN, UNKNOWN), id="one lacks: any is open"
        ),
        pytest.param(
            ["value: absent, stated: 2020-01-01", "member: north, value: present, stated: 2022-01-01"],
            (YES, YES, NO, NO, NO),
            id="newer on a member",
        ),
        pytest.param(
            ["member: north, value: present, stated: 2020-01-01", "value: absent, stated: 2022-01-01"],
            (NO, NO, NO, NO, NO),
            id="newer on all",
        ),
        pytest.param(
            ["value: absent, stated: 2020-01-01", "value: present, stated: 2022-01-01"],
            (YES, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
            id="what no longer holds says nothing of members",
        ),
        pytest.param(
            [
                "value: present, stated: 2020-01-01, until: 2021-01-01",
                "member: north, value: present, stated: 2020-01-01",
            ],
            (NO, NO, NO, NO, NO),
            id="what has ended has ended for each",
        ),
        pytest.param(
            ["only: [north], value: present, stated: 2020-01-01, until: 2021-01-01"],
            (NO, NO, NO, NO, NO),
            id="only until an end: the others never had it",
        ),
        pytest.param(
            ["member: north, value: absent, stated: 2020-01-01, until: 2021-01-01"],
            (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
            id="after an absence nothing is known",
        ),
        pytest.param(
            ["only: [north], value: present, stated: 2020-01-01", "member: south, value: present, stated: 2022-01-01"],
            (YES, YES, YES, NO, NO),
            id="a newer member beside only",
        ),
        pytest.param(
            ["only: [north], value: present, product: one", "member: south, value: present, product: two"],
            (YES, YES, YES, NO, NO),
            id="another product may have others",
        ),
        pytest.param(
            ["value: absent, product: one", "value: present, product: two"],
            (YES, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
            id="what one product lacks says nothing of another that has it",
        ),
        pytest.param(
            ["only: [north], value: present, product: one", "value: present, product: two"],
            (YES, YES, UNKNOWN, UNKNOWN, UNKNOWN),
            id="nor do the limits of one product",
        ),
        pytest.param(
            [
                "value: absent, product: one",
                "value: present, product: two",
                "only: [north], value: present, product: two",
            ],
            (YES, YES, NO, NO, NO),
            id="but one that is limited itself has no others",
        ),
        pytest.param(
            ["only: [north], value: present", "value: present, product: two"],
            (YES, YES, NO, NO, NO),
            id="limits of the provider as a whole hold for its products",
        ),
        pytest.param(
            [
                "value: absent, product: one",
                "value: present, product: two",
                "member: west, value: absent, product: two",
            ],
            (YES, UNKNOWN, UNKNOWN, UNKNOWN, NO),
            id="what another product lacks by name is absent",
        ),
    ],
)
def test_what_is_claimed_of_members_and_of_any(claims, expected):
    assert truths(*claims) == expected


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        pytest.param(["value: present", "member: north, value: present"], [1], id="what proves it is enough"),
        pytest.param(["member: north, value: present", "member: west, value: present"], [1], id="one member is enough"),
        pytest.param(
            ["value: present, product: one", "member: north, value: present, product: two"], [1, 2], id="each product"
        ),
        pytest.param(
            ["value: present, stated: 2020-01-01", "member: north, value: present, stated: 2022-01-01"],
            [1, 2],
            id="a newer one keeps the fact from being out of date",
        ),
        pytest.param(
            ["member: north, value: present, evidence: ambiguous", "member: west, value: present"],
            [2],
            id="a plain one before an ambiguous one",
        ),
        pytest.param(
            ["value: present, evidence: ambiguous", "member: north, value: present"],
            [1, 2],
            id="a plain one adds to it",
        ),
        pytest.param(
            ["value: present, evidence: contrast", "member: north, value: present"], [1, 2], id="so it is not implied"
        ),
        pytest.param(
            [
                "member: north, value: present, stated: 2020-01-01",
                "member: west, value: present, evidence: ambiguous, stated: 2022-01-01",
            ],
            [1, 2],
            id="the newest keeps it from being out of date, even if ambiguous",
        ),
    ],
)
def test_any_member_is_proved_by_few_claims(claims, told):
    fact = facts_of(*(f"criterion: delivery, {claim}" for claim in claims))("shop", "delivery")
    assert [claim.line for claim in fact.claims] == told


def test_a_note_on_a_member_is_not_told_where_any_member_will_do():
    claim = "criterion: delivery, member: north, value: present, note: after a deposit"
    facts = facts_of(claim)
    assert [facts("shop", name).claims[0].note for name in ("delivery", "delivery@north")] == [None, "after a deposit"]


def test_a_closed_product_denies_no_member_that_another_product_may_have():
    """Twilio Frontline is closed to new customers, and Twilio sends text messages by other products."""
    facts = Facts(load(), dt.date(2026, 11, 28))
    assert (facts("twilio", "sms").truth, facts("twilio", "sms@tv").truth) == (YES, UNKNOWN)


def test_a_claim_that_is_too_old_says_nothing_of_members():
    claims = ["only: [north], value: present, stated: 2020-01-01"]
    assert truths(*claims, max_age=30) == (UNKNOWN,) * 5


def test_a_member_denied_only_by_an_old_claim_on_all_is_one_with_old_claims():
    old = "value: absent, stated: 2020-01-01"
    assert facts_of(f"criterion: delivery, {old}", max_age=30)("shop", "delivery@north").aged
    assert not facts_of("criterion: delivery, value: present, stated: 2020-01-01", max_age=30)(
        "shop", "delivery@north"
    ).aged, "that it is there says nothing of a member, old or new"
    newer = "criterion: delivery, member: north, value: present, stated: 2023-12-31"
    fact = facts_of(f"criterion: delivery, {old}", newer, max_age=30)("shop", "delivery@north")
    assert (fact.truth, fact.aged) == (YES, False)


def test_who_never_had_it_has_no_end():
    claim = "criterion: delivery, only: [north], value: present, stated: 2020-01-01, until: 2021-01-01"
    facts = facts_of(claim)
    assert [notice.kind for notice in facts("shop", "delivery@north").notices] == ["ended"]
    assert facts("shop", "delivery@south").notices == ()


def test_what_is_not_known_of_any_member_has_the_notices_of_all():
    # It ends in the north. That says nothing of other regions, so that it may still be had somewhere.
    facts = facts_of("criterion: delivery, member: north, value: present, until: 2023-06-30")
    anywhere = facts("shop", "delivery")
    assert (anywhere.truth, [notice.kind for notice in anywhere.notices]) == (UNKNOWN, ["ended"])


def test_a_member_is_a_criterion_with_what_its_criterion_has():
    knowledge = base("criterion: delivery, value: present")
    member = knowledge.criteria["vans@north"]
    assert member.label == "Vans, The north"
    assert (member.kind, member.unit, member.scale, member.whole) == (
        "quantity",
        "vans",
        knowledge.criteria["vans"].scale,
        True,
    )
    assert member.member_of == MemberOf("vans", "north")
    assert knowledge.get_stale_after("vans@north") == knowledge.get_stale_after("vans")
    assert knowledge.criteria["delivery-price@north"].of == "delivery@north", "it pays for what goes there"
    assert knowledge.criteria["hire-price@north"].of == "rental", "which is not asked of each region"


def test_members_are_found_by_every_word_and_are_not_there_before():
    knowledge = base("criterion: delivery, value: present")
    for word in ("delivery@north", "Delivery@Northern", "delivery@the north", "DELIVERY@THE_NORTH"):
        assert knowledge.find_criterion(word) == "delivery@north"
    for word in ("delivery@", "delivery@up", "repairs@north", "@north", "delivery@north@south", "fly@north"):
        assert knowledge.find_criterion(word) is None
        assert word not in knowledge.criteria
        assert knowledge.criteria.get(word) is None
    assert not any("@" in name for name in knowledge.criteria)
    assert "delivery@north" in knowledge.criteria
    assert pickle.loads(pickle.dumps(knowledge)).criteria["delivery@north"].label == "Delivery, The north"  # noqa: S301


@pytest.mark.parametrize(
    ("claims", "amount"),
    [
        pytest.param(["vans, member: north, exactly: 5"], Interval(5, None), id="another member may have more"),
        pytest.param(["vans, exactly: 3", "vans, member: north, exactly: 5"], Interval(5, 5), id="the best of both"),
        pytest.param(
            ["vans, exactly: 7", "vans, includes: [north, east], exactly: 5"], Interval(7, 7), id="its own is best"
        ),
        pytest.param(["wait, member: north, exactly: 5"], Interval(None, 5), id="less is better"),
        pytest.param(
            ["wait, exactly: 9", "wait, member: north, between: [5, 12]"], Interval(5, 9), id="perhaps better"
        ),
        pytest.param(["hire-price, member: north, exactly: 5"], None, id="where a price is paid is not known"),
        pytest.param(
            ["hire-price, member: north, exactly: 5", "hire-price, exactly: 9"],
            Interval(9, 9),
            id="a price is the one without a member",
        ),
    ],
)
def test_an_amount_without_a_member_is_that_of_the_best(claims, amount):
    units = {"vans": "vans", "wait": "days", "hire-price": "EUR/hour"}
    criterion = claims[0].partition(",")[0]
    facts = facts_of(*(f"criterion: {claim}, unit: {units[criterion]}" for claim in claims))
    assert facts("shop", criterion).amount == amount


ENDS = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


@settings(max_examples=60)
@given(
    own=st.none() | ENDS,
    members=st.dictionaries(st.sampled_from(MEMBERS[:3]), ENDS),
    end=st.integers(0, 9),
    criterion=st.sampled_from(["vans", "wait"]),
)
def test_a_bound_on_any_member_is_met_where_some_member_meets_it(own, members, end, criterion):
    """Kleene's `or` over what is said without a member (else unknown) and of each member; bounds that ask for more."""
    bound = Interval(end, None) if criterion == "vans" else Interval(None, end)
    unit = "vans" if criterion == "vans" else "days"
    claims = [f"criterion: {criterion}, between: {own}, unit: {unit}"] if own else []
    claims += [
        f"criterion: {criterion}, member: {name}, between: {ends}, unit: {unit}" for name, ends in members.items()
    ]
    if not claims:
        return
    amount = facts_of(*claims)("shop", criterion).amount
    parts = [Interval(*ends) for ends in members.values()] + [Interval(*own) if own else Interval()]
    assert compare(amount or Interval(), bound) is any_of(compare(part, bound) for part in parts)


def test_supposing_a_member_supposes_the_criterion():
    facts = facts_of("criterion: delivery, member: north, value: absent")
    assert facts("shop", "delivery").truth is UNKNOWN
    supposed = facts.supposing(Fact("shop", "delivery@east", YES))
    assert supposed("shop", "delivery").truth is YES
    assert facts("shop", "delivery").truth is UNKNOWN


SEATS_SAID = pytest.mark.parametrize(
    ("said", "there", "left"),
    [
        (("exactly: 5",), 8, Interval(5, 5)),
        (("between: [3, 6]",), 8, Interval(6, 6)),
        (("between: [3, 6]",), 5, Interval(5, 6)),
        (("between: [3, 6]",), 1, Interval(3, 6)),
        (("at_least: 5",), 8, Interval(8, None)),
        (("member: north, exactly: 5",), 8, Interval(8, None)),
        (("exactly: 5", "member: east, between: [3, 9]"), 8, Interval(8, 8)),
    ],
)


@SEATS_SAID
def test_what_is_supposed_of_an_open_member_stays_within_what_is_known_of_any(said, there, left):
    facts = facts_of(*(f"criterion: vans, {each}, unit: vans" for each in said))
    assert facts.allows(supposed := facts("shop", "vans@east")._replace(amount=Interval(there, there)))
    assert facts.supposing(supposed)("shop", "vans").amount == left
    assert facts.supposing(supposed).without_stale()("shop", "vans").amount == left


def test_a_lower_amount_than_is_known_of_any_member_lowers_nothing():
    facts = facts_of("criterion: wait, between: [3, 6], unit: days")
    assert facts.supposing(Fact("shop", "wait@east", amount=Interval(1, 1)))("shop", "wait").amount == Interval(3, 3)


def test_what_is_supposed_in_place_of_a_known_amount_may_be_better_than_what_is_known_of_any():
    facts = facts_of("criterion: vans, exactly: 2, unit: vans", "criterion: vans, member: east, exactly: 5, unit: vans")
    for there, best in ((8, Interval(8, 8)), (1, Interval(2, 2))):
        supposed = Fact("shop", "vans@east", amount=Interval(there, there))
        assert not facts.allows(supposed)
        assert facts.supposing(supposed)("shop", "vans").amount == best


def test_what_is_supposed_without_a_member_is_not_worse_than_what_is_supposed_of_one():
    facts = facts_of("criterion: vans, between: [3, 6], unit: vans")
    any_, east = (Fact("shop", name, amount=Interval(at, at)) for name, at in (("vans", 3), ("vans@east", 5)))
    assert facts.supposing(any_, east)("shop", "vans").amount == Interval(5, 5)
    assert facts.supposing(any_, east._replace(amount=Interval(1, 1)))("shop", "vans").amount == Interval(3, 3)
    nowhere, there = Fact("shop", "delivery", NO), Fact("shop", "delivery@east", YES)
    assert facts.supposing(nowhere, there)("shop", "delivery").truth is YES
    assert facts.supposing(nowhere, there._replace(truth=NO))("shop", "delivery").truth is NO


def test_what_is_supposed_to_be_there_for_none_is_there_for_no_open_member():
    facts = facts_of("criterion: rental, value: present")
    nowhere = facts.supposing(Fact("shop", "delivery", NO))
    for supposed in (nowhere, nowhere.without_stale()):
        assert [supposed("shop", f"delivery@{name}").truth for name in ("north", "east")] == [NO, NO]
        assert supposed("shop", "rental").truth is YES
    assert facts("shop", "delivery@north").truth is UNKNOWN
    assert facts.supposing(Fact("shop", "delivery", YES))("shop", "delivery@north").truth is UNKNOWN
    there = facts.supposing(Fact("shop", "delivery", NO), Fact("shop", "delivery@east", YES))
    assert [there("shop", f"delivery{at}").truth for at in ("", "@east", "@north")] == [YES, YES, UNKNOWN]


def test_members_may_have_a_scale_of_their_own():
    facts = facts_of("criterion: hire-price, member: north, exactly: 100, unit: EUR/hour")
    assert facts.knowledge.criteria["hire-price@north"].scale.worst == 200
    assert facts.knowledge.criteria["hire-price"].scale.worst == 90
    assert facts.knowledge.criteria["delivery-price@north"].scale.worst == 90, "it is that of the criterion"
    found = recommend(facts.knowledge, wants=["hire-price@north"], as_of=dt.date(2024, 1, 1)).record
    (degree,) = {tuple(part["degree"]) for part in found["findings"] if part["provider"] == "shop"}
    assert degree == (0, 0.5), "half as much as the worst, if there is a rental at all"
    with pytest.raises(KnowledgeError, match="100 is outside the scale of the criterion, 0 to 90"):
        facts_of("criterion: hire-price, exactly: 100, unit: EUR/hour")


def test_a_price_without_a_member_is_not_what_is_supposed_of_a_member():
    anywhere, east = (Fact("shop", f"hire-price{at}", amount=Interval(5, 5)) for at in ("", "@east"))
    facts = facts_of("criterion: delivery, value: present")
    supposed = facts.supposing(anywhere, east._replace(amount=Interval(3, 3)))
    assert supposed("shop", "hire-price").amount == Interval(5, 5)
    assert supposed("shop", "hire-price@east").amount == Interval(3, 3)


def test_numbers_of_two_products_may_be_on_two_members_but_not_on_one(problems_of_claims):
    assert problems_of_claims("member: north, product: one", "member: south, product: two") == []
    (problem,) = problems_of_claims("includes: [north, south], product: one", "member: south, product: two")
    assert "it belongs to product two, the one at shop.yaml:5 to one" in problem


@pytest.fixture
def problems_of_claims():
    def find(*claims):
        try:
            base(*(f"criterion: vans, exactly: 3, unit: vans, {claim}" for claim in claims))
        except Exception as error:  # noqa: BLE001 (its problems are looked at)
            return list(getattr(error, "problems", [str(error)]))
        return []

    return find


def test_a_kept_base_finds_the_same_members(tmp_path, monkeypatch):
    monkeypatch.setenv("RECOMMEND_CACHE", str(tmp_path / "kept"))
    first, again = (load(BICYCLES / "facts", BICYCLES / "rules") for _ in range(2))
    assert list((tmp_path / "kept").iterdir())
    assert again.criteria["delivery@west"] == first.criteria["delivery@west"]
    assert again.fingerprint == first.fingerprint
    assert again == first
    assert Facts(again, dt.date(2024, 1, 1))("velo", "delivery@west").truth is YES


def test_lists_are_part_of_what_a_base_says(knowledge_from, tmp_path):
    text = (BICYCLES / "facts" / "members" / "region.yaml").read_text("utf-8")
    other = knowledge_from(tmp_path, facts={"members/region.yaml": text.replace("The south", "Midday")})
    assert other.fingerprint != load(BICYCLES / "facts", BICYCLES / "rules").fingerprint
    assert other.criteria["delivery@south"].label == "Delivery, Midday"


def test_a_word_that_names_a_member_alone_asks_for_the_criterion_of_its_list(knowledge_from, tmp_path):
    text = (BICYCLES / "facts" / "members" / "region.yaml").read_text("utf-8")
    shops = knowledge_from(
        tmp_path, facts={"members/region.yaml": text.replace("members:", "alone: delivery\nmembers:")}
    )
    assert shops.find_criterion("north") == shops.find_criterion("The North") == "delivery@north"
    assert shops.find_criterion("north delivery") == "delivery@north"
    assert shops.find_criterion("rental") == "rental"
    assert shops.find_criterion("nowhere") is None
    assert load(BICYCLES / "facts", BICYCLES / "rules").find_criterion("north") is None


def test_what_looks_wrong_with_members_is_told():
    disputed = [
        "criterion: delivery, member: north, value: present",
        "criterion: delivery, member: north, value: absent",
    ]
    found = list(find_suspicions(facts_of(*disputed)))
    assert any("criterion 'delivery@north': the source 'guide-2020' contradicts itself" in text for text in found)


def test_countries_currencies_and_languages_are_shipped():
    lists = load().criteria.lists
    assert len(lists["country"].members) > 240
    assert lists["country"].members["de"].label == "Germany"
    assert lists["country"].members["no"].label == "Norway", "`no` is a country, not a boolean"
    assert "uk" in lists["country"].members["gb"].aliases
    assert lists["currency"].members["eur"].label == "Euro"
    assert lists["language"].members["de"].label == "German"
