"""Read the situation and the usage of teams as columns."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints
from provider_advisor.batch.kernel.layout import SITUATION, USAGE
from provider_advisor.batch.kernel.numbered_words import fill_texts, number_texts
from provider_advisor.batch.kernel.read_row import split_values
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.conditions import AT, Leaf, Situation, Usage
from provider_advisor.knowledge.records import Topic, UsageItem
from provider_advisor.logic import Interval
from provider_advisor.requirements.read_team import read_situation
from provider_advisor.requirements.statement import LARGEST, get_ends
from provider_advisor.requirements.usage import check_volume, read_volume

_DIGITS_AND_POINT = np.frombuffer(b"0123456789.", np.uint8)
_MOST_ANSWERS = 50_000
_GIVEN, _WRONG, _VALUES = range(3)  # rows of `_Met._flags`; the values of the topic follow
_Answer = str | tuple[str | None, ...]


class Answers(NamedTuple):
    """A topic's column: the number of each row's answer among all answers so far.

    By answer number, `given` marks the answers that are not empty, and `holding` those that name each value.
    """

    codes: Ints
    given: Flags
    holding: Mapping[str, Flags]


class Volumes(NamedTuple):
    """The lowest and the highest monthly volume of each row (NaN for none); one array if none is a range."""

    low: Floats
    high: Floats

    @property
    def given(self) -> Flags:
        """Mark the rows that state a volume."""
        return ~np.isnan(self.low)

    def take(self, rows: Ints) -> Volumes:
        """Select the volumes of some rows."""
        low = self.low[rows]
        return Volumes(low, low if self.high is self.low else self.high[rows])


class Said(NamedTuple):
    """What the rows state: answers by topic, and volumes by usage item.

    `wrong` says by row why an answer cannot be read; `alone` marks the rows whose volumes must be read one by one.
    """

    rows: int
    answers: Mapping[str, Answers]
    usage: Mapping[str, Volumes]
    wrong: Mapping[int, str]
    alone: Flags


class Situations:
    """Reads situations and usage, each distinct answer once; thread-safe."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._met = {topic.id: _Met(topic) for topic in knowledge.topics.values()}
        self._knowledge = knowledge

    def read_said(self, rows: pa.RecordBatch) -> Said:
        """Read the columns `situation.<topic>` and `usage.<item>`."""
        answers, usage = {}, {}
        wrong: dict[int, str] = {}
        alone = np.zeros(rows.num_rows, bool)
        for name in rows.schema.names:
            if name.startswith(SITUATION):
                topic = name.removeprefix(SITUATION)
                answers[topic], bad = self._met[topic].read_column(rows.column(name))
                wrong |= {row: f"{wrong[row]} {reason}" if row in wrong else reason for row, reason in bad.items()}
            elif name.startswith(USAGE):
                word = name.removeprefix(USAGE)
                item = self._knowledge.usage.get(word) or self._knowledge.find_usage(word)
                if item is None:
                    raise AssertionError("the columns were checked")
                usage[item.id], unread = _read_volumes(item, rows.column(name))
                alone |= unread
        return Said(rows.num_rows, answers, usage, wrong, alone)


class _Met:
    """All distinct answers on a topic so far, by number."""

    # For example, after "commuting", "" and "touring, commuting", which are the answers 0, 1 and 2, the flags are
    #
    #     answer      0  1  2
    #     given       1  0  1
    #     wrong       0  0  0
    #     commuting   1  0  1
    #     touring     0  0  1

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[_Answer, int] = {}
        self._sentences: dict[int, str] = {}
        self._flags = np.zeros((_VALUES + len(self._topic.values), 256), bool)

    def read_column(self, column: pa.Array) -> tuple[Answers, dict[int, str]]:
        """Return the answers in a column of texts or of lists of texts, and by row why some cannot be read."""
        answers, codes = _number_answers(column)
        with self._lock:
            if len(self._numbers) > _MOST_ANSWERS:
                self._forget()
            for answer in answers:
                if answer not in self._numbers:
                    self._read(answer)
            codes = np.array([*map(self._numbers.__getitem__, answers)], np.int32).take(codes)
            # The arrays of flags can be returned without a copy: later answers only add higher numbers.
            wrong = np.flatnonzero(self._flags[_WRONG].take(codes)).tolist()
            sentences = {row: self._sentences[code] for row, code in zip(wrong, codes[wrong].tolist(), strict=True)}
            holding = dict(zip(self._topic.values, self._flags[_VALUES:], strict=True))
            return Answers(codes, self._flags[_GIVEN], holding), sentences

    def _read(self, answer: _Answer) -> None:
        number = self._numbers[answer] = len(self._numbers)
        if number == self._flags.shape[1]:
            self._flags = np.hstack([self._flags, np.zeros_like(self._flags)])
        values = split_values(answer)
        try:
            answers: tuple[str, ...] = read_situation(self._topic, values) if values else ()
        except RequirementsError as error:
            self._flags[_WRONG, number] = True
            self._sentences[number] = error.reason
        else:
            self._flags[_GIVEN, number] = bool(answers)
            for value in answers:
                self._flags[_VALUES + self._topic.values.index(value), number] = True


def _number_answers(column: pa.Array) -> tuple[Sequence[_Answer], Ints]:
    """Return the distinct answers of a column, and the index of each row's answer."""
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return number_texts(fill_texts(column))[:2]
    found: dict[_Answer, int] = {}
    rows = (() if row is None else tuple(row) for row in column.to_pylist())
    codes = np.array([found.setdefault(row, len(found)) for row in rows], np.int32)
    return list(found), codes


def _read_volumes(item: UsageItem, column: pa.Array) -> tuple[Volumes, Flags]:
    """Read a usage column; return the volumes, and mark the rows that must be read one by one.

    These are rows with a volume that is not allowed or cannot be read; their volumes are NaN here.
    """
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.string()).cast(pa.float64())  # a direct cast to float does not round to nearest
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        numbers = arrays.read_values(column.cast(pa.float64(), safe=False))  # only numbers above the limit get rounded
        volumes, given = Volumes(numbers, numbers), ~np.isnan(numbers)
    else:
        volumes, given = _read_typed(item, fill_texts(column))
    with np.errstate(invalid="ignore"):  # comparisons with NaN are False, as intended
        readable = (volumes.low >= 0) & (volumes.high <= LARGEST)
    unread = given & ~readable
    if not unread.any():
        return volumes, unread
    low = np.where(unread, np.nan, volumes.low)
    is_range = volumes.high is not volumes.low
    return Volumes(low, np.where(unread, np.nan, volumes.high) if is_range else low), unread


def _read_typed(item: UsageItem, texts: pa.Array) -> tuple[Volumes, Flags]:
    given = arrays.read_values(pc.binary_length(texts)) > 0
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    if np.isin(data, _DIGITS_AND_POINT).all() and not _has_two_readings(texts, data):
        try:
            numbers = arrays.keep_only(texts, given).cast(pa.float64())
        except pa.ArrowInvalid:
            pass
        else:
            read = arrays.read_values(numbers)
            return Volumes(read, read), given
    different, codes, _ = number_texts(texts)
    blank = np.array([not text.strip() for text in different], bool)
    ends = np.array([_read_text(item, text) for text in different], float).reshape(-1, 2)  # works without texts, too
    low = ends[codes, 0]
    is_range = (ends[:, 0] < ends[:, 1]).any()
    return Volumes(low, ends[codes, 1] if is_range else low), ~blank[codes]


def _has_two_readings(texts: pa.Array, data: npt.NDArray[np.uint8]) -> bool:
    """Return whether a text like 5.000 occurs; most columns contain no point at all."""
    if not (data == ord(".")).any():
        return False
    return bool(pc.any(pc.match_substring_regex(texts, r"^[1-9][0-9]{0,2}\.[0-9]{3}$")).as_py())


def _read_text(item: UsageItem, text: str) -> tuple[float, float]:
    try:
        ends = get_ends(check_volume(read_volume(item.id, text), item))
    except RequirementsError:
        return np.nan, np.nan
    return float(ends.low or 0), float(ends.high or 0)


def find_settled(leaf: Leaf, said: Said, *, fails: bool) -> Flags:
    """Mark the rows for which the condition certainly holds, or with `fails`, for which it certainly does not."""
    if isinstance(leaf, Situation) and leaf.topic in said.answers:
        answers = said.answers[leaf.topic]
        naming = answers.holding.get(leaf.value, np.zeros_like(answers.given))
        return (answers.given & ~naming if fails else naming).take(answers.codes)
    if isinstance(leaf, Usage) and (volumes := _add_up(said.usage, leaf.item)) is not None:
        return (_find_outside if fails else _find_within)(volumes, leaf.bound)
    return np.zeros(said.rows, bool)


def _add_up(usage: Mapping[str, Volumes], item: str) -> Volumes | None:
    """Return the total usage of an item including its members, as `add_up` does for one team."""
    # Sum in sorted order, not in that of the columns, so that the last digit equals that of a single answer.
    parts = [usage[name] for name in sorted(usage) if name.partition(AT)[0] == item]
    if len(parts) < 2:  # noqa: PLR2004 (nothing to add)
        return parts[0] if parts else None
    given = np.logical_or.reduce([part.given for part in parts])
    ends = (sum(np.nan_to_num(getattr(part, end)) for part in parts) for end in Volumes._fields)
    return Volumes(*(np.where(given, end, np.nan) for end in ends))


def _find_within(volumes: Volumes, bound: Interval) -> Flags:
    """Mark the rows with a volume that is entirely within the bound."""
    found = volumes.given
    if bound.low is not None:
        found &= volumes.low > bound.low if bound.above else volumes.low >= bound.low
    if bound.high is not None:
        found &= volumes.high <= bound.high
    return found


def _find_outside(volumes: Volumes, bound: Interval) -> Flags:
    """Mark the rows with a volume that is entirely outside the bound."""
    found = np.zeros(len(volumes.low), bool)
    if bound.low is not None:
        found |= volumes.high <= bound.low if bound.above else volumes.high < bound.low
    if bound.high is not None:
        found |= volumes.low > bound.high
    return found
