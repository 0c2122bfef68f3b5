"""What is allowed in a knowledge base and yet looks wrong: one sentence for each kind."""

import datetime as dt
import re

import pytest

from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.knowledge.freshness import list_ageing
from provider_advisor.knowledge.suspicions import find_suspicions

SKILL = "situation 'skill': no rule uses 'regular', so this answer changes nothing."
PURPOSES = "situation 'purposes': no rule uses 'racing', so this answer changes nothing."
# The shops say for inspections alone after how long a price is out of date, and for nothing else.
AGELESS = (
    "weights.yaml: no `stale_after` for capability, quantity, price, rating: such facts never go out of date; "
    "add, for example, `stale_after: {capability: 730d, quantity: 730d, price: 365d, rating: 365d}`."
)
USUAL = [AGELESS, PURPOSES, SKILL]

RULE_ENDS = "  weight: 1\n  because: So it is.\n  rests_on: [{source: guide-2020, lines: [3]}]\n"
CLAIM = "source: guide-2020, line: 3"


def criteria(text):
    return {"criteria/more.yaml": f"area: more\nlabel: More\ncriteria:\n- {{question: Well?, weight: 1, {text}}}\n"}


def provider(*claims):
    listed = "".join(f"- {{{claim}}}\n" for claim in claims)
    return {"providers/more.yaml": f"id: more\nname: More Wheels\nclaims:\n{listed}"}


@pytest.fixture
def suspicious(tmp_path, knowledge_from):
    """A function from files to what is suspicious of them beyond what always is, with paths as in the folder."""

    def run(facts=(), rules=(), day="2023-06-01"):
        knowledge = knowledge_from(tmp_path, dict(facts), dict(rules))
        found = [
            text.replace(f"{tmp_path}/", "") for text in find_suspicions(Facts(knowledge, dt.date.fromisoformat(day)))
        ]
        return [text for text in found if text not in USUAL]

    return run


def test_answers_that_no_rule_listens_to(bicycles):
    assert list(find_suspicions(Facts(bicycles, dt.date(2023, 6, 1)))) == USUAL


def test_a_base_whose_facts_never_get_out_of_date(suspicious):
    def found(ages):
        weights = f"priorities: {{must: 4, should: 2, could: 1}}\nunknown: 0.5\nstale_after: {ages}\n"
        return [said for said in suspicious(rules={"weights.yaml": weights}) if "never go out of date" in said]

    assert found("{capability: 9999d, quantity: 9999d, price: 9999d, rating: 9999d}") == []
    without_ratings = found("{capability: 9999d, quantity: 9999d, price: 9999d}")
    assert [said.split(":")[1] for said in without_ratings] == [" no `stale_after` for rating"]


def test_a_criterion_without_a_claim_that_is_not_silent_on_purpose(suspicious):
    assert suspicious(criteria("id: bells, label: Bells, kind: capability")) == [
        "criterion 'bells': no provider has a claim on it; add `silent: <why>` if that is intended."
    ]
    assert suspicious(criteria("id: bells, label: Bells, kind: capability, silent: so")) == []


def test_a_cost_that_no_usage_leads_to_and_usage_that_leads_to_no_cost(suspicious):
    prices = "area: prices\nlabel: Prices\ncriteria:\n" + (
        "- {id: monthly-cost, label: Cost, kind: price, computed: true, unit: EUR/month, question: Cost?, weight: 1}\n"
        + "".join(
            f"- {{id: {name}, label: Price, kind: price, of: {of}, unit: {unit}, question: What?, weight: 1, "
            "scale: {worst: 200, best: 0, because: so}}\n"
            for name, of, unit in (
                ("inspection-price", "repairs", "EUR/inspection"),
                ("rental-price", "rental", "EUR/day"),
            )
        )
    )
    assert suspicious({"criteria/prices.yaml": prices}) == [
        "criterion 'monthly-cost': no team can ask for it, because no price names a `usage` to multiply by.",
        "usage 'inspections': no price is multiplied by it, so stating it changes no cost.",
        "usage 'rental-days': no price is multiplied by it, so stating it changes no cost.",
    ]


def test_one_claim_that_stands_twice(suspicious):
    claim = f"criterion: rental, value: present, {CLAIM}"
    assert suspicious(provider(claim, f"criterion: repairs, value: present, {CLAIM}", claim)) == [
        (
            "facts/providers/more.yaml:6: the claim on 'rental' is already at facts/providers/more.yaml:4, "
            "with the same source line; keep one."
        )
    ]


@pytest.mark.parametrize("other", ["line: 4", "product: shop, line: 3", "evidence: contrast, line: 3"])
def test_but_not_two_claims_that_differ(suspicious, other):
    facts = {
        "providers/more.yaml": "id: more\nname: More Wheels\nproducts: [{id: shop, name: Shop}]\nclaims:\n"
        f"- {{criterion: rental, value: present, {CLAIM}}}\n"
        f"- {{criterion: rental, value: present, source: guide-2020, {other}}}\n"
    }
    assert suspicious(facts) == []


def test_at_most_on_a_limit(suspicious):
    assert suspicious(provider(f"criterion: tour-group, at_most: 20, unit: people, {CLAIM}")) == [
        (
            "facts/providers/more.yaml:4: 'tour-group' is a limit, and `at_most` leaves every lower number open; "
            "write `exactly` if the provider supports that many."
        )
    ]


def test_at_most_on_what_is_no_limit_is_fine(suspicious):
    assert suspicious(provider(f"criterion: bikes-in-stock, at_most: 20, unit: bikes, {CLAIM}")) == []


@pytest.mark.parametrize(
    ("amount", "place", "differs"),
    [(6, "line: 3", True), (5, "line: 3", False), (6, "line: 4", False), (6, "line: 3, from: 2023-01-01", False)],
)
def test_a_price_of_a_member_that_is_not_what_the_same_place_states_for_it(suspicious, amount, place, differs):
    prices = criteria(
        "id: hire-price, label: Price of hire, kind: price, unit: EUR/hour, of: rental, of_each: region, usage: [],"
        " scale: {worst: 50, best: 0, because: bikes are cheap}"
    )
    claims = provider(
        f"criterion: rental, value: present, {CLAIM}",
        f"criterion: hire-price, price_of: north, exactly: 5, unit: EUR/hour, {CLAIM}",
        f"criterion: hire-price, member: north, exactly: {amount}, unit: EUR/hour, source: guide-2020, {place}",
        f"criterion: hire-price, member: south, exactly: 9, unit: EUR/hour, {CLAIM}",
    )
    said = (
        "facts/providers/more.yaml:5: the price 'hire-price' of 'north' is not the one at "
        "facts/providers/more.yaml:6, from the same place of the source; keep the one that is right in both."
    )
    assert [text for text in suspicious(prices | claims) if "hire-price" in text] == [said] * differs


def test_a_price_of_what_its_provider_is_not_known_to_sell(suspicious):
    price = f"criterion: rental-price, exactly: 20, unit: EUR/day, {CLAIM}"
    assert suspicious(provider(price)) == [
        (
            "facts/providers/more.yaml:4: there is a claim on 'rental-price', "
            "but none on 'rental', which it pays for; add one."
        )
    ]
    assert suspicious(provider(price, f"criterion: rental, value: present, {CLAIM}")) == []


def test_a_price_of_what_its_provider_is_said_not_to_sell(suspicious):
    price = f"criterion: rental-price, exactly: 20, unit: EUR/day, {CLAIM}"
    denied = provider(price, f"criterion: rental, value: absent, {CLAIM}")
    assert suspicious(denied) == [
        (
            "facts/providers/more.yaml:4: the price 'rental-price' is for 'rental', which is absent at "
            "facts/providers/more.yaml:5; keep the claim that is right."
        )
    ]
    ended = provider(price, f"criterion: rental, value: present, until: 2022-12-31, {CLAIM}")
    assert suspicious(ended) == [], "what ended had a price"


@pytest.mark.parametrize(
    ("favours", "idle"),
    [
        ("{fact: child-seats}", True),
        ("{not: {fact: child-seats}}", True),
        ("{any: [{fact: child-seats}, {fact: rental}]}", False),
    ],
)
def test_a_rule_that_favours_on_what_nobody_claims(suspicious, favours, idle):
    rule = f"area: more\nrules:\n- id: idle\n  when: {{situation: skill, is: racer}}\n  favours: {favours}\n{RULE_ENDS}"
    sentence = (
        "rules/more.yaml:3: rule 'idle' favours providers by facts that no provider has a claim on, "
        "so it has no effect."
        if idle
        else None
    )
    assert suspicious(rules={"more.yaml": rule}) == [sentence for _ in range(idle)]


@pytest.mark.parametrize(("day", "stale"), [("2024-02-29", False), ("2024-03-01", True)])
def test_facts_past_the_age_at_which_they_are_stale(suspicious, day, stale):
    expected = [
        f"provider '{name}': 1 fact is from 2023-03-01 and out of date (`stale_after`): inspection-price."
        for name in ("ciclo", "velo")
    ]
    assert suspicious(day=day) == (expected if stale else [])


def test_facts_out_of_date_are_counted_as_they_are_listed_to_look_up(knowledge):
    facts = facts_as_of(knowledge, dt.date(2029, 1, 1))
    warnings = [said for said in find_suspicions(facts) if "out of date (`stale_after`)" in said]
    assert not any("@" in said for said in warnings)
    counts = [int(re.search(r"': ([\d,]+) facts? ", said)[1].replace(",", "")) for said in warnings]
    assert sum(counts) == len(list_ageing(facts))
    names = [said.rpartition(": ")[2].rstrip(".").split(", ") for said in warnings]
    assert all(len(set(listed)) == len(listed) for listed in names), "each criterion is named once"


def test_a_rule_that_says_the_same_as_another(suspicious):
    rule = "- id: {}\n  when: {{situation: skill, is: racer}}\n  favours: {{fact: lightest-frame, at_most: 1}}\n"
    rules = "area: more\nrules:\n" + "".join(rule.format(name) + RULE_ENDS for name in ("light-first", "light-second"))
    assert suspicious(rules={"more.yaml": rules}) == [
        "rules/more.yaml:9: rule 'light-second' says the same as 'light-first'; keep one."
    ]


@pytest.mark.parametrize(("value", "whom"), [("present", "every"), ("absent", "no")])
def test_a_rule_that_favours_all_or_none(suspicious, value, whom):
    claims = f"claims:\n- {{criterion: repairs, value: {value}, {CLAIM}}}\n"
    facts = {f"providers/{name}.yaml": f"id: {name}\nname: {name}\n{claims}" for name in ("velo", "rad", "ciclo")}
    rule = "area: more\nrules:\n- id: mending\n  when: {situation: skill, is: racer}\n  favours: {fact: repairs}\n"
    found = suspicious(facts, {"more.yaml": rule + RULE_ENDS})
    assert f"rules/more.yaml:3: rule 'mending' favours {whom} provider, so it has no effect." in found


def test_a_price_favours_no_provider_without_what_it_pays_for(suspicious):
    def sell(name, value):
        price = f"{{criterion: rental-price, exactly: 5, unit: EUR/day, {CLAIM}}}"
        return f"id: {name}\nname: {name}\nclaims:\n- {price}\n- {{criterion: rental, value: {value}, {CLAIM}}}\n"

    has = {"velo": "absent", "rad": "present", "ciclo": "present"}
    facts = {f"providers/{name}.yaml": sell(name, value) for name, value in has.items()}
    rule = "area: more\nrules:\n- id: cheap\n  when: {situation: skill, is: racer}\n"
    rule += f"  favours: {{fact: rental-price, at_most: 20}}\n{RULE_ENDS}"
    assert not [said for said in suspicious(facts, {"more.yaml": rule}) if "rule 'cheap'" in said]


def test_a_rating_whose_worst_word_says_that_it_is_not_there(suspicious):
    text = "id: bells, label: Bells, kind: rating, values: [none, some, many], silent: so"
    (said,) = suspicious(criteria(text))
    assert said == (
        "criterion 'bells': a must without a bound accepts 'none'; "
        "if that means that it is not there, add `absent: none`."
    )
    assert suspicious(criteria(f"{text}, absent: none")) == []
