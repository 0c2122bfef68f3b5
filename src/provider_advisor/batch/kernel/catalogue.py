"""From the words of a table to the cells that they state, each distinct word read once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.row import item_of
from provider_advisor.batch.kernel.types import Ints
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.knowledge.records import Priority
from provider_advisor.logic import Interval, Number, plain
from provider_advisor.requirements import PRIORITIES, Requirement, Team, read_requirement
from provider_advisor.requirements.team import checked, merged

__all__ = ["BAD", "Catalogue", "Looked", "Wrong"]

BAD = -1
_MOST_WORDS = 200_000
_MOST_SUGGESTIONS = 20
# A bound as most are written; every such number is one that a bound may have.
_NUMBERED = re.compile(
    r"(?P<before>[^<>=!:≥≤{]+[<>]=)(?P<number>[0-9]{1,12}(\.[0-9]{1,9})?)(?P<behind>(:.*)?)", re.DOTALL
)


class Looked(NamedTuple):
    """The cell of each word, BAD where it cannot be read; the bound of each word on a computed criterion."""

    cells: Ints
    bounds: Mapping[int, Interval | None]


class Wrong(NamedTuple):
    """Why a word cannot be read; `early` if that shows before its neighbours are looked at, as with an empty one."""

    sentence: str
    early: bool


class Catalogue:
    """Reads words. May be used by several threads: who meets a new word holds the lock of the cells meanwhile."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._knowledge = cells.facts.knowledge
        self._ends = _ends(cells.facts)
        self._words: dict[Priority, dict[str, int]] = {priority: {} for priority in PRIORITIES}
        self._stated: dict[tuple[Priority, str], Requirement] = {}
        self._like: dict[Requirement, Requirement] = {}
        self._forms: dict[tuple[Priority, str, str], Requirement] = {}
        self._wrong: dict[tuple[Priority, str], Wrong] = {}
        self._together: dict[tuple[tuple[Priority, str], ...], int | None] = {}

    def look_up(self, words: list[str], default: Priority) -> Looked:
        """The cells that words state, each where the word stands; `default` is their priority if they name none."""
        with self._cells.lock:
            self._forget_the_many()
            known = list(map(self._words[default].get, words))
            cells = [self._read(words[at], default) if cell is None else cell for at, cell in enumerate(known)]
            found = np.array(cells, np.int32)
            places = np.where(found == BAD, BAD, self._cells.places[found])
            computed = [at for place in self._cells.computed for at in np.flatnonzero(places == place).tolist()]
            bounds = {at: self._stated[default, words[at]].bound for at in computed}
        return Looked(found, bounds)

    def _forget_the_many(self) -> None:
        if len(self._stated) > _MOST_WORDS or len(self._wrong) > _MOST_WORDS:
            memos: list[dict[Any, Any]] = [*self._words.values(), self._stated, self._forms, self._wrong]
            for memo in memos:
                memo.clear()
        if len(self._together) > _MOST_WORDS:
            self._together.clear()

    def together(self, words: tuple[tuple[Priority, str], ...]) -> int | None:
        """The cell of words that speak of one criterion in one row; None where a row has to be judged by itself.

        That is so where the words exclude each other, and where they speak of a computed criterion.
        """
        with self._cells.lock:
            if words not in self._together:
                self._together[words] = self._put_together(words)
            return self._together[words]

    def wrong(self, default: Priority, word: str) -> Wrong:
        """Why a word that `look_up` calls BAD cannot be read, with suggestions for the first twenty such words."""
        with self._cells.lock:
            if (default, word) not in self._wrong:
                self._wrong[default, word] = self._refused(default, word)
            return self._wrong[default, word]

    def _put_together(self, words: tuple[tuple[Priority, str], ...]) -> int | None:
        read = [self._requirement(default, word) for default, word in words]
        if self._knowledge.criteria[read[0].criterion].computed:
            return None
        try:
            team = checked(Team(merged(read)), self._knowledge)
        except RequirementsError:
            return None
        return self._cells.of_stated(tuple(self._alike(part) for part in team.requirements))

    def _requirement(self, default: Priority, word: str) -> Requirement:
        found = self._stated.get((default, word))
        return found or read_requirement(item_of(word), default, self._knowledge)

    def _refused(self, default: Priority, word: str) -> Wrong:
        try:
            item = item_of(word)
        except RequirementsError as error:
            return Wrong(str(error), early=True)
        try:
            read_requirement(item, default, self._knowledge, suggest=len(self._wrong) < _MOST_SUGGESTIONS)
        except RequirementsError as error:
            return Wrong(str(error), early=False)
        raise ValueError(f"{word!r} can be read")

    def _read(self, word: str, default: Priority) -> int:
        try:
            requirement = self._like_another(word, default)
        except RequirementsError:
            cell = BAD
        else:
            self._stated[default, word] = requirement
            computed = self._knowledge.criteria[requirement.criterion].computed
            alike = requirement._replace(bound=None) if computed else self._alike(requirement)
            cell = self._cells.of_stated((alike,))
        self._words[default][word] = cell
        return cell

    def _like_another(self, word: str, default: Priority) -> Requirement:
        """The requirement in a word; of words that differ only in a plain number, one is read in full."""
        match = _NUMBERED.fullmatch(word)
        if match is None:
            return read_requirement(item_of(word), default, self._knowledge, suggest=False)
        key = (default, match["before"], match["behind"])
        if key not in self._forms:
            self._forms[key] = read_requirement(word, default, self._knowledge, suggest=False)
        number = plain(float(match["number"]))
        bound = Interval(high=number) if match["before"].endswith("<=") else Interval(low=number)
        return self._forms[key]._replace(bound=bound)

    def _alike(self, requirement: Requirement) -> Requirement:
        """The first requirement met that every fact and every rule answers as they answer this one.

        Bounds that lie between the same two amounts of facts and rules are alike: a table of a million different
        bounds has few cells.
        """
        bound = requirement.bound
        if bound is None:
            return requirement
        ends = self._ends[requirement.criterion]
        places = Interval(_place(bound.low, ends), _place(bound.high, ends), bound.above)
        return self._like.setdefault(requirement._replace(bound=places), requirement)


def _place(end: Number | None, ends: list[Number]) -> int | None:
    """Even numbers between two ends, odd ones on an end."""
    if end is None:
        return None
    at = bisect_left(ends, end)
    return 2 * at + (at < len(ends) and ends[at] == end)


def _ends(facts: Facts) -> dict[str, list[Number]]:
    """By criterion, every amount with which a team's bound is compared."""
    knowledge = facts.knowledge
    found: dict[str, set[Number]] = {name: set() for name in knowledge.criteria}
    for name, ends in found.items():
        amounts = [facts(provider, name).amount for provider in knowledge.providers]
        ends |= {end for amount in amounts if amount for end in (amount.low, amount.high) if end is not None}
    for rule in knowledge.rules.values():
        parts: list[tuple[str, Interval | None]] = [(part.criterion, part.bound) for part in rule.implies]
        conditions = leaves(rule.favours) if rule.favours else ()
        parts += [(leaf.criterion, leaf.bound) for leaf in conditions if isinstance(leaf, FactHolds)]
        for name, bound in parts:
            found[name] |= {end for end in (bound.low, bound.high) if end is not None} if bound else set()
    return {name: sorted(ends) for name, ends in found.items()}
