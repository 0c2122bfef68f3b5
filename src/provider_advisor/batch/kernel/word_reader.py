"""Read each distinct word of a table once, and find the cell that it states.

For example, if all amounts of countries in facts and rules are 50 and 100, then countries>=60, countries >= 75 and
countries>=99 are three words of one cell, because every provider answers them alike.
"""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from provider_advisor.batch.kernel.arrays import Floats, Ints
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.read_row import is_item, read_item
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import FactHolds, leaves
from provider_advisor.knowledge.records import Priority
from provider_advisor.logic import Interval, Number
from provider_advisor.requirements import PRIORITIES, Requirement, read_requirement
from provider_advisor.requirements.grammar import find_unknown, get_name, prepare_words
from provider_advisor.requirements.read_team import make_team, refuse_contradictions
from provider_advisor.requirements.statement import list_unwanted
from provider_advisor.safe_text import fold
from provider_advisor.written_values import plain

BAD = -1
"""The cell of a word that cannot be read."""

APART = -1
"""The cell of a group of words that is judged with its whole row. It may equal BAD: a group has no bad words."""

DIGITS, LOOSE = 1, 2
"""Words whose meaning depends on their row: digits that a comma may have split off, and loose words."""

_MOST_WORDS = 50_000
_WORDS_AT_ONCE = 4_096
_NONE = float("nan")
# The usual form of a bound: text before the number, the number, text after it. 5.000 is ambiguous and excluded, so it
# is parsed in full. Every number that matches is a valid bound.
_NUMBERED = re.compile(
    r"([^<>=!:≥≤{|]+[<>]=)(?![1-9][0-9]{0,2}\.[0-9]{3}(?:$|:))([0-9]{1,12}(?:\.[0-9]{1,9})?)((?::.*)?)", re.DOTALL
)

StatedWord = tuple[Priority, str]
"""The default priority of a word's column, which applies unless the word names its own; and the word."""


class LookedUp(NamedTuple):
    """For each word its cell (BAD if it cannot be read) and its bound (NaN for an open end).

    `doubts` marks words whose meaning depends on the row: LOOSE words, and DIGITS alone; 0 for all other words.
    """

    cells: Ints
    low: Floats
    high: Floats
    doubts: Ints


class _NumberForm(NamedTuple):
    """What words that differ only in a number share; `cells` by the position of the number in `ends`."""

    requirement: Requirement
    ends: list[Number]
    cells: dict[int, int]
    doubt: int


_Read = tuple[int, float, float, int]
"""What one word states; fields in the order of `LookedUp`."""


class WordReader:
    """Reads and caches words; thread-safe: a thread with a new word holds the lock of the cells."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._knowledge = cells.facts.knowledge
        self._ends = _Ends(cells.facts)
        self._forget_words()
        # What a word asks, in full: for rows judged alone, and for words that share a row and a criterion with others.
        self._stated: dict[StatedWord, Requirement] = {}
        # Of all requirements that facts and rules answer alike, the first one.
        self._like: dict[Requirement, Requirement] = {}
        # By priority and the text before and after the number: `("must", "countries>=", "")`.
        self._forms: dict[tuple[Priority, str, str], _NumberForm] = {}
        # Why a word cannot be read.
        self._wrong: dict[StatedWord, tuple[str, ...]] = {}
        # The merged cell of each set of cells.
        self._together: dict[bytes, int] = {}
        # The sentence on words that exclude each other.
        self._exclusive: dict[tuple[StatedWord, ...], str] = {}

    def look_up(self, words: list[str], default: Priority) -> LookedUp:
        """Return what words state, in the same order; `default` is the priority of words that name none."""
        with self._cells.lock:
            self._forget_the_many()
            known = self._numbers[default]
            # One dictionary look-up per word (NaN for a new one), then one `take` for everything known about them.
            numbers = np.array([*map(known.get, words)], float)
            if len(new := np.flatnonzero(np.isnan(numbers))):
                numbers[new] = self._read_new([words[place] for place in new.tolist()], default)
            cells, low, high, doubts = self._looked.take(numbers.astype(np.int64), axis=1)
        return LookedUp(cells.astype(np.int32), low, high, doubts.astype(np.int32))

    def _forget_the_many(self) -> None:
        if self._count > _MOST_WORDS:
            self._forget_words()
        memos: list[dict[Any, Any]] = [self._stated, self._forms, self._wrong, self._together, self._exclusive]
        for memo in memos:
            if len(memo) > _MOST_WORDS:
                memo.clear()

    def _forget_words(self) -> None:
        """Clear the numbers of all words and what `LookedUp` says about each."""
        self._numbers: dict[Priority, dict[str, int]] = {priority: {} for priority in PRIORITIES}
        self._looked, self._count = np.zeros((4, 256)), 0

    def merge_cells(self, groups: Sequence[bytes], words: Callable[[int], Sequence[StatedWord]]) -> list[int]:
        """Return the merged cell of each group of words on the same criterion in one row.

        APART means that the criterion is computed, so the row must be judged on its own. A group is a key of the set of
        its words' cells; the words must not exclude each other. `words` is called with the index of a group whose set
        of cells is new.
        """
        with self._cells.lock:
            for group, place in dict(zip(groups, count(), strict=False)).items():
                if group not in self._together:
                    self._together[group] = self._join_words(words(place))
            return [*map(self._together.__getitem__, groups)]

    def read_once(self, item: str | Mapping[str, Any], default: Priority, knowledge: KnowledgeBase) -> Requirement:
        """Return the requirement as `read_requirement` does, but read each distinct word only once."""
        if not isinstance(item, str):
            return read_requirement(item, default, knowledge)
        with self._cells.lock:
            if (default, item) not in self._stated:
                self._stated[default, item] = read_requirement(item, default, knowledge)
            return self._stated[default, item]

    def explain_wrong(self, words: Iterable[StatedWord]) -> dict[StatedWord, tuple[str, ...]]:
        """Return why words that are BAD in `look_up` cannot be read.

        Suggestions are prepared in batches of limited size: `prepare_words` is four times faster than one word at a
        time, and caches its results for that many words.
        """
        found = {word: self._wrong.get(word, ()) for word in words}  # another thread may clear the cache
        new = [word for word, sentences in found.items() if not sentences]
        for start in range(0, len(new), _WORDS_AT_ONCE):
            some = new[start : start + _WORDS_AT_ONCE]
            prepare_words((written for _, written in some), self._knowledge)
            found |= {word: self._explain_refused(*word) for word in some}
        self._wrong |= {word: found[word] for word in new}
        return found

    def explain_exclusive(self, words: tuple[StatedWord, ...]) -> str:
        """Return the sentence on words of one row that exclude each other."""
        with self._cells.lock:
            if words not in self._exclusive:
                self._exclusive[words] = self._explain_contradiction(words)
            return self._exclusive[words]

    def _explain_contradiction(self, words: Sequence[StatedWord]) -> str:
        try:
            refuse_contradictions(make_team(self._read_all(words)), self._knowledge)
        except RequirementsError as error:
            return error.reason
        raise ValueError(f"{words} exclude nothing")

    def _join_words(self, words: Sequence[StatedWord]) -> int:
        read = self._read_all(words)
        if self._knowledge.criteria[read[0].criterion].computed:
            return APART
        team = make_team(read)
        refuse_contradictions(team, self._knowledge)
        stated = (*team.requirements, *list_unwanted(team))
        return self._cells.get_stated(tuple(self._find_alike(part) for part in stated))

    def _read_all(self, words: Sequence[StatedWord]) -> list[Requirement]:
        return [self.read_once(read_item(word), default, self._knowledge) for default, word in words]

    def _explain_refused(self, default: Priority, word: str) -> tuple[str, ...]:
        try:
            read_requirement(read_item(word), default, self._knowledge)
        except RequirementsError as error:
            return error.problems
        raise ValueError(f"{word!r} can be read")

    def _find_doubt(self, word: str) -> int:
        """Return LOOSE for a loose word, DIGITS for digits that a comma may have split off, else 0."""
        item = read_item(word) if word.lstrip().startswith("{") and is_item(word) else word
        name = fold(get_name(item))
        return DIGITS if name.isdigit() else LOOSE if name in self._knowledge.loose_words else 0

    def _read_new(self, words: Sequence[str], default: Priority) -> range:
        """Read distinct new words, and return their numbers."""
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
        """Return what a word with a number states; words that differ only in the number are parsed once."""
        match = _NUMBERED.fullmatch(word)
        if match is None:
            return None
        before, written, behind = match.groups()
        form = self._forms.get((default, before, behind))
        if form is None:
            requirement = read_requirement(word, default, self._knowledge)
            ends, doubt = self._ends[requirement.criterion], self._find_doubt(word)
            form = self._forms[default, before, behind] = _NumberForm(requirement, ends, {}, doubt)
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
        """Return the first requirement so far that all facts and rules answer in the same way.

        Bounds between the same two amounts of facts and rules are equivalent, so a table with a million different
        bounds has few cells.
        """
        bound = requirement.bound
        if bound is None:
            return requirement
        ends = self._ends[requirement.criterion]
        low, high = (None if end is None else _find_place(end, ends) for end in (bound.low, bound.high))
        return self._like.setdefault(requirement._replace(bound=Interval(low, high, bound.above)), requirement)


def _find_place(end: Number, ends: list[Number]) -> int:
    """Return the position of a number: odd if it equals one of the ends, even if it is between two."""
    # With the ends 50 and 100: 40 is 0, 50 is 1, 60 to 90 are 2, 100 is 3, and anything above is 4.
    at = bisect_left(ends, end)
    return 2 * at + (at < len(ends) and ends[at] == end)


class _Ends(dict[str, list[Number]]):
    """All amounts that a bound on a criterion is compared with, found when it is first looked up."""

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
        """Collect the amounts in facts and rules on a criterion, and cache them."""
        amounts = [self._facts(provider, criterion).amount for provider in self._facts.knowledge.providers]
        ends = {end for amount in amounts for end in _list_ends(amount)} | self._bounds.get(criterion, set())
        self[criterion] = found = sorted(ends)
        return found


def _list_ends(amount: Interval | None) -> list[Number]:
    return [] if amount is None else [end for end in (amount.low, amount.high) if end is not None]
