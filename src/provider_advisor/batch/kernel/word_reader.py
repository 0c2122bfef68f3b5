"""From the words of a table to the cells that they state, each distinct word read once."""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Floats, Ints
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.table import is_item, read_item
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.knowledge.records import Priority
from provider_advisor.logic import Interval, Number, plain
from provider_advisor.requirements import PRIORITIES, Requirement, read_requirement
from provider_advisor.requirements.grammar import find_unknown, get_name, prepare_words
from provider_advisor.requirements.read_team import make_team, refuse_contradictions
from provider_advisor.requirements.statement import list_unwanted
from provider_advisor.safe_text import fold

BAD = -1
DIGITS, LOOSE = 1, 2
APART = -1
_MOST_WORDS = 50_000
_WORDS_AT_ONCE = 4_096
_NONE = float("nan")
# A bound as most are written: before, the number, behind; 5.000 has two readings, and is read in full.
# Every such number is one that a bound may have.
_NUMBERED = re.compile(
    r"([^<>=!:≥≤{|]+[<>]=)(?![1-9][0-9]{0,2}\.[0-9]{3}(?:$|:))([0-9]{1,12}(?:\.[0-9]{1,9})?)((?::.*)?)", re.DOTALL
)

Stands = tuple[Priority, str]
"""A word, and the priority that it has where it stands, if it names none itself."""


class Looked(NamedTuple):
    """For each word its cell, BAD where it cannot be read, and the ends of its bound, NaN where there is none.

    `doubts` marks what only its row explains: LOOSE words, and DIGITS alone; 0 is any other word.
    """

    cells: Ints
    low: Floats
    high: Floats
    doubts: Ints


class _Form(NamedTuple):
    """What words share that differ only in a plain number: `cells` by the place of the number among the `ends`."""

    requirement: Requirement
    ends: list[Number]
    cells: dict[int, int]
    doubt: int


_Read = tuple[int, float, float, int]
"""What one word states, in the order of `Looked`."""


class WordReader:
    """Reads words. May be used by several threads: who meets a new word holds the lock of the cells meanwhile."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._knowledge = cells.facts.knowledge
        self._ends = _Ends(cells.facts)
        self._forget_words()
        self._stated: dict[Stands, Requirement] = {}
        self._like: dict[Requirement, Requirement] = {}
        self._forms: dict[tuple[Priority, str, str], _Form] = {}
        self._wrong: dict[Stands, tuple[str, ...]] = {}
        self._together: dict[frozenset[int], int] = {}

    def look_up(self, words: list[str], default: Priority) -> Looked:
        """Return what words state, each where the word stands; `default` is their priority if they name none."""
        with self._cells.lock:
            self._forget_the_many()
            known = self._numbers[default]
            # One look-up in a dictionary for each word (NaN for a new one), then all that is known of them at once.
            numbers = np.array([*map(known.get, words)], float)
            if len(new := np.flatnonzero(np.isnan(numbers))):
                numbers[new] = self._read_new([words[place] for place in new.tolist()], default)
            cells, low, high, doubts = self._looked.take(numbers.astype(np.int64), axis=1)
        return Looked(cells.astype(np.int32), low, high, doubts.astype(np.int32))

    def _forget_the_many(self) -> None:
        if self._count > _MOST_WORDS:
            self._forget_words()
        memos: list[dict[Any, Any]] = [self._stated, self._forms, self._wrong, self._together]
        for memo in memos:
            if len(memo) > _MOST_WORDS:
                memo.clear()

    def _forget_words(self) -> None:
        """Forget the words by number, and by number what `Looked` says of them."""
        self._numbers: dict[Priority, dict[str, int]] = {priority: {} for priority in PRIORITIES}
        self._looked, self._count = np.zeros((4, 256)), 0

    def put_together(self, groups: Sequence[frozenset[int]], words: Callable[[int], Sequence[Stands]]) -> list[int]:
        """Return the cell of each group of words that speak of one criterion in one row and do not exclude each other.

        APART where they speak of a computed criterion: then the row has to be judged by itself. A group is the cells of
        its words, in whatever order and however often; the `words` are asked for where these cells have not met before.
        """
        with self._cells.lock:
            for place, cells in enumerate(groups):
                if cells not in self._together:
                    self._together[cells] = self._join_words(words(place))
            return [*map(self._together.__getitem__, groups)]

    def read_once(self, item: str | Mapping[str, Any], default: Priority, knowledge: KnowledgeBase) -> Requirement:
        """Return the requirement as `read_requirement` reads an item, a word only once."""
        if not isinstance(item, str):
            return read_requirement(item, default, knowledge)
        with self._cells.lock:
            if (default, item) not in self._stated:
                self._stated[default, item] = read_requirement(item, default, knowledge)
            return self._stated[default, item]

    def explain_wrong(self, words: Iterable[Stands]) -> dict[Stands, tuple[str, ...]]:
        """Return why words that `look_up` calls BAD cannot be read.

        Suggestions for many words are found together, a bounded number of words at a time: `prepare_words` is four
        times as quick as one by one, and what it finds is kept for so many.
        """
        found = {stands: self._wrong.get(stands, ()) for stands in words}  # another thread may clear what is kept
        new = [stands for stands, sentences in found.items() if not sentences]
        for start in range(0, len(new), _WORDS_AT_ONCE):
            some = new[start : start + _WORDS_AT_ONCE]
            prepare_words((word for _, word in some), self._knowledge)
            found |= {stands: self._explain_refused(*stands) for stands in some}
        self._wrong |= {stands: found[stands] for stands in new}
        return found

    def explain_exclusive(self, words: Sequence[Stands]) -> str:
        """Return the sentence on words that speak of one criterion in one row and exclude each other."""
        try:
            refuse_contradictions(make_team(self._read_all(words)), self._knowledge)
        except RequirementsError as error:
            return error.reason
        raise ValueError(f"{words} exclude nothing")

    def _join_words(self, words: Sequence[Stands]) -> int:
        read = self._read_all(words)
        if self._knowledge.criteria[read[0].criterion].computed:
            return APART
        team = make_team(read)
        refuse_contradictions(team, self._knowledge)
        stated = (*team.requirements, *list_unwanted(team))
        return self._cells.get_stated(tuple(self._find_alike(part) for part in stated))

    def _read_all(self, words: Sequence[Stands]) -> list[Requirement]:
        return [self.read_once(read_item(word), default, self._knowledge) for default, word in words]

    def _explain_refused(self, default: Priority, word: str) -> tuple[str, ...]:
        try:
            read_requirement(read_item(word), default, self._knowledge)
        except RequirementsError as error:
            return error.problems
        raise ValueError(f"{word!r} can be read")

    def _find_doubt(self, word: str) -> int:
        """Return whether a word is LOOSE, or DIGITS alone, which a comma may have parted from a number."""
        item = read_item(word) if word.lstrip().startswith("{") and is_item(word) else word
        name = fold(get_name(item))
        return DIGITS if name.isdigit() else LOOSE if name in self._knowledge.loose_words else 0

    def _read_new(self, words: Sequence[str], default: Priority) -> range:
        """Read different words that were not met before, and return their numbers."""
        unknown = find_unknown((word for word in words if not word.strip().startswith("{")), self._knowledge)  # no JSON
        found = [self._read(word, default, unknown) for word in words]
        begin, self._count = self._count, self._count + len(words)
        while self._count > self._looked.shape[1]:
            self._looked = np.hstack([self._looked, np.zeros_like(self._looked)])
        self._looked[:, begin : self._count] = np.array(found, float).T
        numbers = range(begin, self._count)
        self._numbers[default].update(zip(words, numbers, strict=True))
        return numbers

    def _read(self, word: str, default: Priority, unknown: Container[str]) -> _Read:
        if word not in unknown:
            with contextlib.suppress(RequirementsError):
                return self._read_numbered(word, default) or self._read_any(word, default)
        return BAD, _NONE, _NONE, self._find_doubt(word)

    def _read_any(self, word: str, default: Priority) -> _Read:
        requirement = read_requirement(read_item(word), default, self._knowledge)
        low, high = (requirement.bound.low, requirement.bound.high) if requirement.bound else (None, None)
        doubt = self._find_doubt(word)
        return self._get_cell(requirement), _NONE if low is None else low, _NONE if high is None else high, doubt

    def _read_numbered(self, word: str, default: Priority) -> _Read | None:
        """What a word with a plain number states; of words that differ only in that number, one is read in full."""
        match = _NUMBERED.fullmatch(word)
        if match is None:
            return None
        before, written, behind = match.groups()
        form = self._forms.get((default, before, behind))
        if form is None:
            requirement = read_requirement(word, default, self._knowledge)
            ends, doubt = self._ends[requirement.criterion], self._find_doubt(word)
            form = self._forms[default, before, behind] = _Form(requirement, ends, {}, doubt)
        number, is_high = float(written), before[-2] == "<"
        place = _find_place(number, form.ends)
        if place not in form.cells:
            end = plain(number)
            bound = Interval(high=end) if is_high else Interval(low=end)
            form.cells[place] = self._get_cell(form.requirement._replace(bound=bound))
        return form.cells[place], _NONE if is_high else number, number if is_high else _NONE, form.doubt

    def _get_cell(self, requirement: Requirement) -> int:
        computed = self._knowledge.criteria[requirement.criterion].computed
        return self._cells.get_stated(
            (requirement._replace(bound=None) if computed else self._find_alike(requirement),)
        )

    def _find_alike(self, requirement: Requirement) -> Requirement:
        """Return the first requirement met that every fact and every rule answers as they answer this one.

        Bounds that lie between the same two amounts of facts and rules are alike: a table of a million different
        bounds has few cells.
        """
        bound = requirement.bound
        if bound is None:
            return requirement
        ends = self._ends[requirement.criterion]
        low, high = (None if end is None else _find_place(end, ends) for end in (bound.low, bound.high))
        return self._like.setdefault(requirement._replace(bound=Interval(low, high, bound.above)), requirement)


def _find_place(end: Number, ends: list[Number]) -> int:
    """Even numbers between two ends, odd ones on an end."""
    # With facts of 50 and 100: 40 is 0, 50 is 1, 60 to 90 are 2, 100 is 3, and what is more is 4.
    at = bisect_left(ends, end)
    return 2 * at + (at < len(ends) and ends[at] == end)


class _Ends(dict[str, list[Number]]):
    """By criterion, every amount with which a team's bound is compared; worked out when the criterion is first met."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts
        self._bounds: dict[str, set[Number]] = {}
        for rule in facts.knowledge.rules.values():
            parts: list[tuple[str, Interval | None]] = [(part.criterion, part.bound) for part in rule.implies]
            conditions = leaves(rule.favours) if rule.favours else ()
            parts += [(leaf.criterion, leaf.bound) for leaf in conditions if isinstance(leaf, FactHolds)]
            for name, bound in parts:
                self._bounds.setdefault(name, set()).update(_list_ends(bound))

    def __missing__(self, criterion: str) -> list[Number]:
        """Return the amounts of the facts and rules on a criterion."""
        amounts = [self._facts(provider, criterion).amount for provider in self._facts.knowledge.providers]
        ends = {end for amount in amounts for end in _list_ends(amount)} | self._bounds.get(criterion, set())
        self[criterion] = found = sorted(ends)
        return found


def _list_ends(amount: Interval | None) -> list[Number]:
    return [] if amount is None else [end for end in (amount.low, amount.high) if end is not None]
