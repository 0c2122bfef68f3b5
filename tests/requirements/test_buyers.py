"""What buyers really ask for, and that the shipped vocabulary can say it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from provider_advisor import load
from provider_advisor.requirements import read_requirement

_LISTS = yaml.safe_load(Path(__file__).with_name("buyers.yaml").read_text("utf-8"))
_ITEMS = [
    pytest.param(item, id=f"{group['list']}: {item['asks']}".replace(" ", "-"))
    for group in _LISTS
    for item in group["items"]
]
_TYPED = yaml.safe_load(Path(__file__).with_name("typed.yaml").read_text("utf-8"))
_SHOWN = 3
_LEAST = 0.95
"""Of the items, how many are said whole, or in part without losing what qualifies them."""


@pytest.fixture(scope="module")
def shipped():
    return load()


@pytest.mark.parametrize("item", _ITEMS)
def test_an_item_is_said_in_words_of_the_vocabulary_or_is_unlisted_for_a_reason(item, shipped):
    if "unlisted" in item:
        assert item.keys() == {"asks", "unlisted"}
        assert item["unlisted"]
        return
    assert ("lacks" in item) == (item["how"] == "part")
    assert item["how"] in {"whole", "part"}
    found = [read_requirement(word, "must", shipped) for word in item["says"]]
    assert found
    for word, requirement in zip(item["says"], found, strict=True):
        ids = tuple(requirement.criterion.split("|"))
        assert all(part.startswith(ids) for part in word.split("|")), "the table names ids, not aliases"
    for name in item.get("usage", {}):
        assert name in shipped.usage


def test_nearly_all_that_buyers_ask_for_can_be_said():
    items = [item for group in _LISTS for item in group["items"]]
    said = sum("says" in item for item in items)
    assert said / len(items) >= _LEAST, f"{said} of {len(items)}"


def test_an_item_is_asked_once_in_its_list():
    for group in _LISTS:
        asked = [item["asks"] for item in group["items"]]
        assert len(asked) == len(set(asked)), group["list"]


@pytest.mark.parametrize(("typed", "meant"), _TYPED.items())
def test_what_buyers_type_is_a_name_of_what_they_mean_or_leads_to_it(typed, meant, shipped):
    found = shipped.find_criterion(typed)
    assert meant == found or (found is None and meant in [e.id for e in shipped.search(typed)[:_SHOWN]])
