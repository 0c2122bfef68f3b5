"""The words that made-up teams use: every requirement that can be typed for a knowledge base, and how popular it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from provider_advisor import KnowledgeBase
from provider_advisor.knowledge.records import Criterion

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SKEW = 0.8  # the exponent of Zipf's law: the nth criterion is asked 1/n**0.8 times as often as the first
_PREFERRED = 8.0
_SMALLEST_AREA = 10
_BARE = {"quantity": 0.3, "price": 0.3, "rating": 0.3}  # how often beside a capability, without a bound
_RANGE_OF_COST = (50.0, 20_000.0)
_DIGITS = (0.45, 0.4, 0.15)
_THREE = 3


class Tokens(NamedTuple):
    """Requirements as they are typed, by number.

    `plain[c]` is criterion c by its id, `alias[c]` by an alias, `could[c]` as a could; `bounded` are numbers of
    thresholds, `computed` those on a computed price, `another[t]` a threshold on the same criterion as t, or its could
    where t has no threshold; `bad` are numbers of what cannot be read.
    """

    texts: list[str]
    plain: Ints
    alias: Ints
    could: Ints
    bounded: Ints
    computed: Ints
    another: Ints
    bad: Ints


class Profiles(NamedTuple):
    """Kinds of teams: how often each occurs, and by profile the cumulated popularity of each criterion."""

    shares: Floats
    popularity: Floats


def make_profiles(knowledge: KnowledgeBase, random: np.random.Generator) -> Profiles:
    """Return one profile for each large area of the vocabulary; a team prefers the criteria of its own.

    The popularity of criteria follows Zipf's law; those that weigh most come first.
    """
    criteria = list(knowledge.criteria.values())
    order = sorted(range(len(criteria)), key=lambda at: (-criteria[at].weight, random.random()))
    popularity = np.empty(len(criteria))
    popularity[order] = 1 / np.arange(1, len(criteria) + 1) ** _SKEW
    popularity *= [_BARE.get(criterion.kind, 1.0) * (not criterion.computed) for criterion in criteria]
    areas = sorted({criterion.area for criterion in criteria})
    of_area = {area: np.array([criterion.area == area for criterion in criteria]) for area in areas}
    large = [area for area in areas if of_area[area].sum() >= min(_SMALLEST_AREA, len(criteria) / len(areas))]
    weights = np.array([popularity * np.where(of_area[area], _PREFERRED, 1) for area in large])
    shares = 1 / np.arange(1, len(large) + 1)
    return Profiles(shares / shares.sum(), np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True))


def make_tokens(knowledge: KnowledgeBase, thresholds: int, random: np.random.Generator) -> Tokens:
    """Return all plain words, and this many thresholds with random numbers."""
    criteria = list(knowledge.criteria.values())
    aliases = [[*(name for name in one.aliases if name not in one.loose), one.id][0] for one in criteria]
    texts = [criterion.id for criterion in criteria] + aliases + [f"{criterion.id}:could" for criterion in criteria]
    plain, alias, could = np.arange(len(texts)).reshape(3, -1)
    first = len(texts)
    numbered = [at for at, criterion in enumerate(criteria) if criterion.kind != "capability"]
    chosen = _choose_criteria(numbered, thresholds, random)
    texts += [_draw_threshold(criteria[at], random) for at in chosen]
    computed = np.array([criteria[at].computed for at in chosen], dtype=bool)
    bounded = np.arange(first, len(texts))
    another = np.concatenate([could, could, plain, _find_others(chosen, bounded)])
    texts += _list_bad(criteria, random)
    bad = np.arange(bounded.size + first, len(texts))
    return Tokens(texts, plain, alias, could, bounded[~computed], bounded[computed], another, bad)


def _choose_criteria(numbered: list[int], count: int, random: np.random.Generator) -> Ints:
    if not numbered:
        return np.empty(0, dtype=np.int64)
    weights = 1 / np.arange(1, len(numbered) + 1) ** _SKEW
    drawn = random.choice(np.array(numbered)[random.permutation(len(numbered))], count, p=weights / weights.sum())
    return np.sort(np.concatenate([np.repeat(numbered, 8), drawn]))


def _find_others(chosen: Ints, numbers: Ints) -> Ints:
    """Return for each threshold the next one on the same criterion; the last of each has the first."""
    if not chosen.size:
        return numbers
    following = np.append(numbers[1:], 0)
    last = np.append(chosen[1:] != chosen[:-1], True)
    firsts = numbers[np.append(True, last[:-1])]
    following[last] = firsts
    return following


def _draw_threshold(criterion: Criterion, random: np.random.Generator) -> str:
    if criterion.kind == "rating":
        values = criterion.values[:-1] if criterion.lower_is_better else criterion.values[1:]
        return f"{criterion.id}{'<=' if criterion.lower_is_better else '>='}{values[random.integers(len(values))]}"
    number = _draw_number(criterion, random)
    return f"{criterion.id}{'<=' if criterion.kind == 'price' else '>='}{number}"


def _draw_number(criterion: Criterion, random: np.random.Generator) -> str:
    """Draw a number between the ends of the scale, small ones as often as large, mostly of one or two digits."""
    low, high = _RANGE_OF_COST
    if criterion.scale is not None:
        high = float(max(criterion.scale.worst, criterion.scale.best))
        low = high / 100 if criterion.kind == "price" else 1.0
    number = math.exp(random.uniform(math.log(low), math.log(high)))
    digits = random.choice([1, 2, 4], p=_DIGITS)
    rounded = round(number, int(digits) - 1 - math.floor(math.log10(number)))
    if criterion.whole or number >= 10 ** (digits - 1):
        return f"{max(rounded, 1):.0f}"
    text = f"{rounded:.8f}".rstrip("0").rstrip(".")
    # Three digits behind the point have two readings, as in 3.175, and are refused.
    return text[:-1] if len(text.partition(".")[2]) == _THREE else text


def _list_bad(criteria: list[Criterion], random: np.random.Generator) -> list[str]:
    """Return what cannot be read: unknown and misspelt words, bounds that exclude each other, numbers that are none."""
    makers: list[Callable[[Criterion], str]] = [
        lambda criterion: f"no-such-{criterion.id}",
        lambda criterion: criterion.id[:-2] + criterion.id[-1] * 2 + criterion.id[-2],
        lambda criterion: f"{criterion.id}:perhaps",
    ]
    found = [make(criteria[at]) for make in makers for at in random.permutation(len(criteria))[:20]]
    amounts = [criterion for criterion in criteria if criterion.scale is not None]
    for criterion in islice(amounts, 20):
        found += [f"{criterion.id}>=2,{criterion.id}<=1", f"{criterion.id}>=many", f"{criterion.id}>=-5"]
    return found
