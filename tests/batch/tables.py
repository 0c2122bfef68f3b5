"""Random tables of teams over random knowledge bases, whose prices are multiplied with monthly volumes."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from worlds import (
    FRAMES,
    PLACES,
    PROVIDERS,
    SOURCE,
    TOPICS,
    Frame,
    choose_each,
    claims_on,
    finding,
    make_once,
    policies,
    rule,
)

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.build import compute_fingerprint
from provider_advisor.knowledge.check_structure import sort_rules
from provider_advisor.knowledge.conditions import Situation
from provider_advisor.knowledge.records import Criterion, UsageItem
from provider_advisor.knowledge.rules import Implied
from provider_advisor.requirements import PRIORITIES
from provider_advisor.requirements.read_team import list_areas

USAGE = (
    UsageItem("calls", "calls", "calls?", "things/month"),
    UsageItem("hours", "hours", "hours?", "things"),
    UsageItem("seats", "seats", "seats?", "things/month"),
)
COST = Criterion("cost", "cost", "area", "price", "cost?", 2, unit="USD/month", lower_is_better=True, computed=True)
_MULTIPLIED = (("calls",), ("seats",), ("hours", "seats"), ())
_COST_RULE = rule("r-cost", Situation("staff", "none"), Implied("cost", "should"))
VOLUMES = [None, 0, 1, 10, 100, 2.5, 5000, 333_333, 10**9, 10**12]


def _costed(frame: Frame, number: int) -> Frame:
    """The frame, with volumes for its prices and a computed cost; in one of five a rule implies that."""
    criteria = dict(frame.criteria)
    prices = [name for name, criterion in criteria.items() if criterion.kind == "price"]
    for place, name in enumerate(prices):
        criteria[name] = criteria[name]._replace(usage=_MULTIPLIED[place % len(_MULTIPLIED)])
    rules = (*frame.rules, _COST_RULE) if number % 5 == 0 else frame.rules
    return Frame(finding({**criteria, COST.id: COST}), rules)


COSTED = tuple(_costed(frame, number) for number, frame in enumerate(FRAMES))


_FRAMES = st.sampled_from(COSTED)
_POLICIES = policies([0.5, 0.25, 0.9])
_PLAIN = {
    id(frame.criteria): {name: part for name, part in frame.criteria.items() if not part.computed} for frame in COSTED
}
"""The criteria that can be claimed, by the identity of all."""


@st.composite
def bases(draw: st.DrawFn) -> KnowledgeBase:
    """One to four providers with random facts."""
    frame = draw(_FRAMES)
    plain = _PLAIN[id(frame.criteria)]
    providers = {name: draw(claims_on(name, plain)) for name in PROVIDERS[: draw(st.integers(1, 4))]}
    policy = draw(_POLICIES)
    ordered = {each.id: each for each in sort_rules(list(frame.rules))}
    topics, usage = {topic.id: topic for topic in TOPICS}, {item.id: item for item in USAGE}
    parts = ({SOURCE.id: SOURCE}, frame.criteria, providers, topics, usage, ordered, policy)
    return KnowledgeBase(*parts, fingerprint=compute_fingerprint(*parts))


def words(knowledge: KnowledgeBase) -> st.SearchStrategy[str]:
    """A requirement in the grammar of the command line; now and then one that cannot be read."""
    return make_once("words", knowledge.criteria, lambda: _words(knowledge))


def _words(knowledge: KnowledgeBase) -> st.SearchStrategy[str]:
    one = st.one_of([_word(criterion) for criterion in knowledge.criteria.values()])
    good = st.one_of(one, one, one, _choice(knowledge))
    bad = st.sampled_from(["", " ", "nothing-like-it", "c0>=", "c1>=many", "c1>=-4", "c0:perhaps", "{"])
    return st.integers(0, 19).flatmap(lambda chance: bad if chance == 0 else good)


def _word(criterion: Criterion) -> st.SearchStrategy[str]:
    suffix = ["", "", "", ":must", ":should", " : could", ":wont"]
    space = ["", "", " "]
    if criterion.kind == "capability":
        bounds = ["", "", "", "=no"]
    elif criterion.kind == "rating":
        bounds = ["", ">=fair", ">=good", "<=good", "=superb"]
    else:
        numbers = [*(str(each) for each in range(12)), "2.5", "5.0", "1e1", "99", "4999.999"]
        ends = [sign + number for sign in (">=", "<=") for number in numbers]
        bounds = [*[""] * len(ends), *ends]
    return choose_each(space, _names(criterion), bounds, suffix, space).map("".join)


def _choice(knowledge: KnowledgeBase) -> st.SearchStrategy[str]:
    """Several words, of which one will do; in some a part is named twice, lacks its bound or has a priority."""
    parts = st.one_of([_bounded(criterion) for criterion in knowledge.criteria.values()])
    last = st.sampled_from(["", "", ":must", ":could", ":wont"])
    return st.tuples(st.lists(parts, min_size=2, max_size=3).map("|".join), last).map("".join)


def _bounded(criterion: Criterion) -> st.SearchStrategy[str]:
    ends = {"capability": ["", "", "", "=no", ":must"], "rating": [">=good", "<=fair", "=good", ""]}
    bounds = ends.get(criterion.kind, [">=3", "<=7.5", ">=7", ">=4", ""])
    return choose_each(_names(criterion), bounds).map("".join)


def _names(criterion: Criterion) -> list[str]:
    """The criterion, or one of its members by its id or its label."""
    members = [f"{criterion.id}@{word}" for place in PLACES.members for word in (place, place.title())]
    return [criterion.id, *(members if criterion.of_each else ())]


def _mapping(criterion: Criterion) -> st.SearchStrategy[str]:
    """The same as the JSON of a mapping, with a weight perhaps."""
    keys: dict[str, st.SearchStrategy[Any]] = {
        "weight": st.sampled_from([0.1, 1, 3, 7]),
        "priority": st.sampled_from([*PRIORITIES, "wont"]),
    }
    if criterion.kind in {"quantity", "price"}:
        keys |= {"at_least": st.integers(0, 9), "at_most": st.integers(0, 9), "exactly": st.integers(0, 9)}
    if criterion.kind == "capability":
        keys["is"] = st.just("absent")
    if criterion.of_each:
        keys["member"] = st.sampled_from(tuple(PLACES.members))
    chosen = st.fixed_dictionaries({"criterion": st.just(criterion.id)}, optional=keys)
    return chosen.map(json.dumps)


@st.composite
def tables(draw: st.DrawFn, knowledge: KnowledgeBase, *, own_words: bool = False) -> pa.RecordBatch:
    """A few rows, with texts or with lists in the columns of requirements; perhaps requirements in `own_words`.

    Then areas may be weighed too.
    """
    rows = draw(st.integers(1, 12))
    lists = draw(st.booleans())
    asked = make_once(("cells", rows, lists), knowledge.criteria, lambda: _cells(knowledge, rows, lists=lists))
    columns: dict[str, Sequence[Any]] = {"team": [f"t{number}" for number in range(rows)]}
    for name in ("needs", "wants"):
        cells = draw(asked)
        columns[name] = cells if lists else [None if cell is None else ",".join(cell) for cell in cells]
    for topic in TOPICS:
        columns[f"situation.{topic.id}"] = draw(_situations(topic.values, rows))
    for item in draw(st.lists(st.sampled_from(USAGE), max_size=3, unique=True)):
        columns[f"usage.{item.id}"] = draw(_volumes(rows))
        if draw(st.booleans()) and knowledge.find_usage(f"{item.id}@here") is not None:
            columns[f"usage.{item.id}@{draw(st.sampled_from(['here', 'There']))}"] = draw(_volumes(rows))
    if own_words:
        said = st.lists(
            st.sampled_from(["loan phones", "Loan phones:could", "tea:should", "tea:shoud", " "]), max_size=2
        )
        cells = draw(st.lists(st.one_of(st.none(), said), min_size=rows, max_size=rows))
        columns["unlisted"] = cells if lists else [None if cell is None else ";".join(cell) for cell in cells]
        for area in draw(st.lists(st.sampled_from(list_areas(knowledge)), unique=True)):
            weights = st.sampled_from([None, None, 0, 20, 62.5, 100, -1])
            columns[f"weights.{area}"] = draw(st.lists(weights, min_size=rows, max_size=rows))
    return _batch(columns, lists=lists)


def _cells(knowledge: KnowledgeBase, rows: int, *, lists: bool) -> st.SearchStrategy[list[list[str] | None]]:
    """What each row asks for, in one column."""
    word = words(knowledge)
    if lists:
        mappings = [_mapping(criterion) for criterion in knowledge.criteria.values()]
        part = st.one_of(st.sampled_from(list(knowledge.criteria)), *(each.map(json.loads) for each in mappings))
        several = st.lists(part, max_size=3).map(lambda parts: json.dumps({"any": parts, "priority": "should"}))
        word = st.one_of(word, several, *mappings)
    return st.lists(st.one_of(st.none(), st.lists(word, max_size=6)), min_size=rows, max_size=rows)


@functools.cache
def _situations(values: tuple[str, ...], rows: int) -> st.SearchStrategy[list[str | None]]:
    answer = st.lists(st.sampled_from([*values, *values, "odd"]), max_size=2).map(";".join)
    return st.lists(st.one_of(st.none(), answer), min_size=rows, max_size=rows)


@functools.cache
def _volumes(rows: int) -> st.SearchStrategy[Sequence[Any]]:
    numbers = st.lists(st.sampled_from(VOLUMES), min_size=rows, max_size=rows)
    texts = st.lists(
        st.one_of(
            st.sampled_from(VOLUMES).map(lambda each: "" if each is None else str(each)),
            st.sampled_from(["many", "-1", "5 things", " 7 ", "1200/year", "40..60", "0..5000/year", "7..3", "0.."]),
        ),
        min_size=rows,
        max_size=rows,
    )
    return st.one_of(numbers, texts)


def _batch(columns: Mapping[str, Sequence[Any]], *, lists: bool) -> pa.RecordBatch:
    arrays = {}
    for name, cells in columns.items():
        kind = pa.string()
        if lists and name in {"needs", "wants", "unlisted"}:
            kind = pa.list_(pa.string())
        elif name.startswith(("usage.", "weights.")) and not any(isinstance(cell, str) for cell in cells):
            kind = pa.float64()
        arrays[name] = pa.array(cells, kind)
    return pa.RecordBatch.from_pydict(arrays)
