"""What counts as out of date here is what counts as out of date in answers."""

import datetime as dt

from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.conditions import split_member
from provider_advisor.knowledge.freshness import Ageing, group_ageing, list_ageing


def test_what_is_listed_is_exactly_what_is_stale(article):
    for day in (dt.date(2023, 11, 22), dt.date(2023, 11, 23), dt.date(2024, 11, 22)):
        facts = facts_as_of(article, day)
        stale = {
            (provider, split_member(criterion)[0])
            for provider, criterion in article.list_claimed()
            if facts.is_stale(facts(provider, criterion))
        }
        assert {(part.provider, part.criterion) for part in list_ageing(facts)} == stale


def test_looking_ahead_lists_what_is_stale_by_then(article):
    now, then = (facts_as_of(article, dt.date(2023, 11, day)) for day in (1, 23))
    assert list_ageing(now) == []
    assert list_ageing(now, within=22) == list_ageing(then)
    groups = group_ageing(list_ageing(now, within=22))
    assert sum(len(group.facts) for group in groups) == len(list_ageing(then))
    assert [group.count_past(now.as_of) for group in groups] == [0] * len(groups)


def test_of_a_provider_the_facts_that_are_past_their_time_first_come_first():
    stated, days = dt.date(2023, 1, 1), [dt.date(2024, 1, day) for day in (3, 1, 2)]
    found = [
        Ageing("acme", area, "fax", "guide", stated, good_until) for area, good_until in zip("abc", days, strict=True)
    ]
    other = Ageing("aaa", "z", "fax", "guide", stated, dt.date(2025, 1, 1))
    groups = group_ageing([*found, other])
    order = [(group.provider, group.area) for group in groups]
    assert order == [("aaa", "z"), ("acme", "b"), ("acme", "c"), ("acme", "a")]


def test_of_a_price_with_an_old_exchange_rate_the_rate_is_looked_up(knowledge_from, tmp_path):
    rates = "base: EUR\nrates: [{currency: USD, worth: 0.9, source: guide-2020, stated: 2020-05-01}]\n"
    shop = (
        "id: shop\nname: A shop\nclaims:\n"
        "- {criterion: inspection-price, exactly: 40, unit: USD/inspection, source: survey-2023, line: 1}\n"
    )
    knowledge = knowledge_from(tmp_path, facts={"rates.yaml": rates, "providers/shop.yaml": shop})
    facts = facts_as_of(knowledge, dt.date(2023, 4, 1))
    assert [part for part in list_ageing(facts) if part.provider == "shop"] == [
        Ageing("shop", "prices", "inspection-price", "guide-2020", dt.date(2020, 5, 1), dt.date(2021, 5, 1))
    ]
    (claim,) = knowledge.providers["shop"].claims
    assert facts.is_claim_stale(claim)
