"""`python -m benchmarks.teams OUT.csv --rows N --seed S [--clean] [--special]`: made-up teams, as a batch reads them.

A team has a hidden profile and prefers the criteria of one area; it states 4 to 13 needs and wants, a third of the
teams with thresholds, half with a situation, a fifth with usage. One row in a hundred is bad, unless `--clean`. With
`--special`, three rows in ten have a member, a choice or a must-not in place of a wish.
The same seed gives the same rows, however many are asked for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.vocabulary import Ints, Profiles, Tokens, make_profiles, make_tokens
from provider_advisor import KnowledgeBase, load
from provider_advisor.knowledge.records import Topic

_BLOCK = 100_000
_FEWEST, _MOST = 4, 13
# With so many draws, one row in a hundred has fewer than 13 different criteria; every row has at least four, on which
# `_find_place` relies.
_DRAWS = 26
_NEEDS = 2 / 3
_THRESHOLDS, _TWO_THRESHOLDS, _COST = 0.29, 0.3, 0.3
_NEW_NUMBERS = 2_000
_ALIAS, _COULD, _TWICE = 0.04, 0.1, 0.02
_SITUATION, _USAGE, _BOTH_USAGES, _BAD = 0.5, 0.2, 0.3, 0.01
_TOPICS = ("developers", "use-cases", "staffing")
_ITEMS = ("sms-outbound", "voice-inbound-minutes")
_COMBINATIONS = 3_000
_SPECIAL, _SPECIAL_WORDS = 0.3, 400


class _Plan(NamedTuple):
    knowledge: KnowledgeBase
    profiles: Profiles
    topics: tuple[Topic, ...]
    items: tuple[str, ...]
    seed: int
    clean: bool
    special: tuple[str, ...]


class _Block(NamedTuple):
    """The team's wishes by place: numbers of tokens, whether each is there, and whether it is a need."""

    tokens: Ints
    there: np.ndarray
    need: np.ndarray


def make_blocks(
    knowledge: KnowledgeBase, rows: int, seed: int = 1, *, clean: bool = False, special: bool = False
) -> Iterator[pl.DataFrame]:
    """Yield the teams in tables of at most 100,000 rows: team, needs, wants, situation.<topic>, usage.<item>."""
    profiles = make_profiles(knowledge, np.random.default_rng(seed))
    words = tuple(_list_special(knowledge, np.random.default_rng(seed))) if special else ()
    plan = _Plan(knowledge, profiles, _choose_topics(knowledge), _choose_items(knowledge), seed, clean, words)
    for number, first in enumerate(range(0, rows, _BLOCK)):
        yield _make_block(plan, number).head(rows - first)


def write(  # noqa: PLR0913 (what the teams depend on)
    target: Path,
    rows: int,
    seed: int = 1,
    *,
    clean: bool = False,
    special: bool = False,
    knowledge: KnowledgeBase | None = None,
) -> None:
    """Write the teams of a base, the shipped one if none is given, as CSV, one block after the other."""
    with target.open("wb") as file:
        tables = make_blocks(knowledge or load(), rows, seed, clean=clean, special=special)
        for number, table in enumerate(tables):
            table.write_csv(file, include_header=number == 0)


def _choose_topics(knowledge: KnowledgeBase) -> tuple[Topic, ...]:
    chosen = [name for name in _TOPICS if name in knowledge.topics] or list(knowledge.topics)[: len(_TOPICS)]
    return tuple(knowledge.topics[name] for name in chosen)


def _choose_items(knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return items of usage that say something alone, without a second one."""
    prices = [criterion.usage for criterion in knowledge.criteria.values()]
    alone = [item for item in knowledge.usage if (item,) in prices]
    return tuple(item for item in _ITEMS if item in alone) or tuple(alone[: len(_ITEMS)])


def _make_block(plan: _Plan, number: int) -> pl.DataFrame:
    # Each block draws by its own number, so that its rows are the same however many are asked for.
    random = np.random.default_rng([plan.seed, number])
    tokens = make_tokens(plan.knowledge, _NEW_NUMBERS, random)
    profile = random.choice(len(plan.profiles.shares), _BLOCK, p=plan.profiles.shares)
    usage = _draw_usage(plan, random)
    used = np.any([column.is_not_null().to_numpy() for column in usage], axis=0) if usage else np.zeros(_BLOCK, bool)
    block = _draw_wishes(plan.profiles, profile, tokens, random)
    block = _add_thresholds(block, tokens, used, random)
    block = _add_repeats(block, tokens, random)
    if plan.special:
        block, tokens = _add_special(block, tokens, plan.special, random)
    situation = _draw_situation(plan, profile, random)
    if not plan.clean:
        block, situation = _spoil(block, situation, tokens, random)
    ids = pl.Series("team", np.arange(number * _BLOCK, (number + 1) * _BLOCK))
    names = pl.select(pl.format("team-{}", pl.lit(ids).cast(pl.String).str.zfill(8)).alias("team"))["team"]
    needs = _join_cells("needs", tokens, block.tokens, block.there & block.need)
    wants = _join_cells("wants", tokens, block.tokens, block.there & ~block.need)
    return pl.DataFrame([names, needs, wants, *situation, *usage])


def _draw_wishes(profiles: Profiles, profile: Ints, tokens: Tokens, random: np.random.Generator) -> _Block:
    """Draw different criteria for each team, the popular ones and those of its profile most often."""
    criteria = np.empty((_BLOCK, _DRAWS), dtype=np.int64)
    for kind, popularity in enumerate(profiles.popularity):
        rows = np.flatnonzero(profile == kind)
        criteria[rows] = np.searchsorted(popularity, random.random((rows.size, _DRAWS)) * popularity[-1], side="right")
    there = _mark_first(criteria)
    wished = random.integers(_FEWEST, _MOST + 1, _BLOCK)[:, None]
    there &= np.cumsum(there, axis=1) <= wished
    need = random.random(criteria.shape) < _NEEDS
    chance = random.random(criteria.shape)
    could = ~need & (chance < _COULD)
    alias = chance > 1 - _ALIAS
    chosen = np.where(could, tokens.could[criteria], np.where(alias, tokens.alias[criteria], tokens.plain[criteria]))
    return _Block(chosen, there, need)


def _mark_first(values: Ints) -> np.ndarray:
    """Return a mask, true where a value appears in its row for the first time."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    first = np.ones(values.shape, dtype=bool)
    np.put_along_axis(first, order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
    return first


def _add_thresholds(block: _Block, tokens: Tokens, used: np.ndarray, random: np.random.Generator) -> _Block:
    """Give a third of the teams a threshold or two in place of a wish, on a computed price only beside usage."""
    if tokens.bounded.size:
        rows = np.flatnonzero(random.random(_BLOCK) < _THRESHOLDS)
        _put(block, rows, 0, random.choice(tokens.bounded, rows.size))
        rows = rows[random.random(rows.size) < _TWO_THRESHOLDS]
        _put(block, rows, 1, random.choice(tokens.bounded, rows.size))
    if tokens.computed.size:
        rows = np.flatnonzero(used & (random.random(_BLOCK) < _COST))
        _put(block, rows, 2, random.choice(tokens.computed, rows.size))
    return block


def _add_repeats(block: _Block, tokens: Tokens, random: np.random.Generator) -> _Block:
    """Have a few teams ask something twice: with another bound, or as a could."""
    rows = np.flatnonzero(random.random(_BLOCK) < _TWICE)
    _put(block, rows, 3, tokens.another[_get_token(block, rows, 0)])
    return block


def _list_special(knowledge: KnowledgeBase, random: np.random.Generator) -> Iterator[str]:
    """Yield members, choices and must-nots, as they are typed."""
    lists = {name: of for name in knowledge.criteria if (of := knowledge.criteria.list_of(name)) is not None}
    capabilities = [name for name, criterion in knowledge.criteria.items() if criterion.kind == "capability"]
    for number in range(_SPECIAL_WORDS):
        if number % 3 == 0:
            name = random.choice(list(lists))
            yield f"{name}@{random.choice(list(lists[name].members))}"
        elif number % 3 == 1:
            yield "|".join(random.choice(capabilities, 2, replace=False))
        else:
            yield f"{random.choice(capabilities)}=no"


def _add_special(
    block: _Block, tokens: Tokens, words: tuple[str, ...], random: np.random.Generator
) -> tuple[_Block, Tokens]:
    """Give some of the teams such a word in place of a wish."""
    rows = np.flatnonzero(random.random(_BLOCK) < _SPECIAL)
    _put(block, rows, 1, len(tokens.texts) + random.integers(0, len(words), rows.size))
    return block, tokens._replace(texts=[*tokens.texts, *words])


def _find_place(block: _Block, rows: Ints, nth: int) -> Ints:
    """Return the column of the nth wish of each row; every row has four."""
    return np.argmax(np.cumsum(block.there[rows], axis=1) > nth, axis=1)


def _get_token(block: _Block, rows: Ints, nth: int) -> Ints:
    return block.tokens[rows, _find_place(block, rows, nth)]


def _put(block: _Block, rows: Ints, nth: int, chosen: Ints) -> None:
    block.tokens[rows, _find_place(block, rows, nth)] = chosen


def _draw_situation(plan: _Plan, profile: Ints, random: np.random.Generator) -> list[pl.Series]:
    stated = random.random(_BLOCK) < _SITUATION
    return [_draw_answers(topic, profile, stated, plan, random) for topic in plan.topics]


def _draw_answers(
    topic: Topic, profile: Ints, stated: np.ndarray, plan: _Plan, random: np.random.Generator
) -> pl.Series:
    """Draw a column: some answers occur more often than others, and not the same with every profile."""
    kinds = len(plan.profiles.shares)
    weights = 1 / np.arange(1, len(topic.values) + 1)
    weights /= weights.sum()
    orders = np.random.default_rng(plan.seed).permuted(np.tile(np.arange(len(topic.values)), (kinds, 1)), axis=1)
    many = min(3, len(topic.values)) if topic.many else 1
    cells = [
        ";".join(topic.values[orders[at % kinds][value]] for value in _draw_several(weights, many, random))
        for at in range(_COMBINATIONS)
    ]
    drawn = profile + kinds * random.integers(0, _COMBINATIONS // kinds, _BLOCK)
    answered = stated & (random.random(_BLOCK) < (1 - 0.6 * (topic is plan.topics[-1])))
    column = pc.take(pa.array(cells), pa.array(drawn, mask=~answered))
    return pl.Series(f"situation.{topic.id}", pl.from_arrow(column))


def _draw_several(weights: np.ndarray, many: int, random: np.random.Generator) -> Ints:
    return random.choice(len(weights), random.integers(1, many + 1), replace=False, p=weights)


def _draw_usage(plan: _Plan, random: np.random.Generator) -> list[pl.Series]:
    """Draw monthly volumes of a fifth of the teams, from a hundred to some millions, half of them round."""
    stating = random.random(_BLOCK) < _USAGE
    first = random.integers(0, max(len(plan.items), 1), _BLOCK)
    columns = []
    for place, item in enumerate(plan.items):
        volume = np.exp(random.uniform(np.log(100), np.log(3e6), _BLOCK))
        step = 10 ** np.maximum(np.floor(np.log10(volume)) - 1, 0)
        volume = np.where(random.random(_BLOCK) < 1 / 2, np.round(volume / step) * step, np.round(volume))
        stated = stating & ((first == place) | (random.random(_BLOCK) < _BOTH_USAGES))
        columns.append(pl.Series(f"usage.{item}", pl.from_arrow(pa.array(volume.astype(np.int64), mask=~stated))))
    return columns


def _spoil(
    block: _Block, situation: list[pl.Series], tokens: Tokens, random: np.random.Generator
) -> tuple[_Block, list[pl.Series]]:
    """Give one row in a hundred a wish that cannot be read, or an answer that does not exist."""
    rows = np.flatnonzero(random.random(_BLOCK) < _BAD)
    answers, wishes = np.split(rows, [rows.size // 8 if situation else 0])
    _put(block, wishes, 1, random.choice(tokens.bad, wishes.size))
    if situation:
        situation[0] = situation[0].scatter(answers, ["no-such-answer"] * answers.size)
    return block, situation


def _join_cells(name: str, tokens: Tokens, numbers: Ints, there: np.ndarray) -> pl.Series:
    """Return the tokens of each row joined by commas."""
    # One array of all words, and where each row ends in it: no row is touched in Python.
    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
    words = pc.take(pa.array(tokens.texts), pa.array(numbers[there]))
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), words), ",")
    return pl.Series(name, pl.from_arrow(pc.if_else(pc.equal(joined, ""), None, joined)))


def main(arguments: list[str]) -> int:
    """Write the file; exit status 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.teams", description="Write made-up teams as CSV.")
    parser.add_argument("target", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean", action="store_true", help="no bad rows")
    parser.add_argument("--special", action="store_true", help="with members, choices and must-nots")
    options = parser.parse_args(arguments)
    write(options.target, options.rows, options.seed, clean=options.clean, special=options.special)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
