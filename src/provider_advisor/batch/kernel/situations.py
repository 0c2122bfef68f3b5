"""What teams say of their situation and usage, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.row import values_of
from provider_advisor.batch.kernel.table import SITUATION, USAGE
from provider_advisor.batch.kernel.texts import distinct, plain
from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements import read_team, read_volume

__all__ = ["Answers", "Said", "Situations"]

_DIGITS_AND_POINT = np.frombuffer(b"0123456789.", np.uint8)
_LARGEST = 2.0**52
_MOST_ANSWERS = 200_000
_Reads = Callable[[str, str], tuple[str, ...] | None]


class Answers(NamedTuple):
    """A topic's column: the place of each row's answer among the different ones.

    `given` marks the different answers that say something, `holding` by value those that name it; `bad` marks the rows
    whose answer cannot be read.
    """

    codes: Ints
    given: Flags
    holding: Mapping[str, Flags]
    bad: Flags


class Said(NamedTuple):
    """What the rows say: answers by topic, volumes by usage item (NaN where there is none).

    `alone` marks the rows of which something cannot be read as a column.
    """

    rows: int
    answers: Mapping[str, Answers]
    usage: Mapping[str, Floats]
    alone: Flags


class Situations:
    """Reads what teams say, each different answer once; may be used by several threads."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        self._read: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def said_in(self, rows: pa.RecordBatch) -> Said:
        """What the columns `situation.<topic>` and `usage.<item>` say."""
        if len(self._read) > _MOST_ANSWERS:
            self._read.clear()
        return _said_in(rows, self._answer)

    def _answer(self, topic: str, text: str) -> tuple[str, ...] | None:
        """The answer in a text; empty if there is none, None if it cannot be read."""
        try:
            return self._read[topic, text]
        except KeyError:
            return self._read.setdefault((topic, text), _answer(topic, text, self._knowledge))


def _said_in(rows: pa.RecordBatch, answer: _Reads) -> Said:
    answers, usage = {}, {}
    alone = np.zeros(rows.num_rows, bool)
    for name in rows.schema.names:
        if name.startswith(SITUATION):
            topic = name.removeprefix(SITUATION)
            answers[topic] = _answers_of(topic, rows.column(name), answer)
            alone |= answers[topic].bad
        elif name.startswith(USAGE):
            item = name.removeprefix(USAGE)
            usage[item], bad = _volumes_of(item, rows.column(name))
            alone |= bad
    return Said(rows.num_rows, answers, usage, alone)


def _answers_of(topic: str, column: pa.Array, answer: _Reads) -> Answers:
    """The answers of a column of texts, or of lists of them."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pa.array([None if row is None else ";".join(map(str, row)) for row in column.to_pylist()], pa.string())
    texts, codes = distinct(plain(column))
    read = [answer(topic, text) for text in texts]
    holding: dict[str, Flags] = {}
    for place, values in enumerate(read):
        for value in values or ():
            if value not in holding:
                holding[value] = np.zeros(len(read), bool)
            holding[value][place] = True
    bad = np.array([values is None for values in read], bool)
    return Answers(codes, np.array([bool(values) for values in read], bool), holding, bad[codes])


def _answer(topic: str, text: str, knowledge: KnowledgeBase) -> tuple[str, ...] | None:
    values = values_of(text)
    if not values:
        return ()
    try:
        given = {topic: values if len(values) > 1 else values[0]}
        return read_team(knowledge, situation=given).situation[topic]
    except RequirementsError:
        return None


def _volumes_of(item: str, column: pa.Array) -> tuple[Floats, Flags]:
    """A usage column as numbers, NaN where there is none, and the rows that must be read one by one.

    Those are the ones that no number of a table holds exactly, and what cannot be read.
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        volumes = arrays.values(column.cast(pa.float64()))
        given = ~np.isnan(volumes)
    else:
        volumes, given = _typed(item, plain(column))
    with np.errstate(invalid="ignore"):
        readable = (volumes >= 0) & (volumes <= _LARGEST)
    return volumes, given & ~readable


def _typed(item: str, texts: pa.Array) -> tuple[Floats, Flags]:
    given = arrays.values(pc.binary_length(texts)) > 0
    data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    if np.isin(data, _DIGITS_AND_POINT).all():
        try:
            numbers = arrays.only(texts, given).cast(pa.float64())
        except pa.ArrowInvalid:
            pass
        else:
            return arrays.values(numbers), given
    different, codes = distinct(texts)
    blank = np.array([not text.strip() for text in different], bool)
    read = np.array([_volume(item, text) for text in different])
    return read[codes], ~blank[codes]


def _volume(item: str, text: str) -> float:
    try:
        return float(read_volume(item, text))
    except RequirementsError:
        return np.nan
