"""The columns that a batch adds to its rows: their names, their types, and how they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.types import Flags, Floats, Ints
from provider_advisor.batch.kernel.verdicts import KINDS, STANDINGS, STRENGTHS, Scores, Verdicts

__all__ = ["columns_of", "fields_of", "words_lists"]


_WORD = pa.dictionary(pa.int16(), pa.string())
_WORDS = pa.list_(pa.dictionary(pa.int32(), pa.string()))


def fields_of(providers: Iterable[str], *, reasons: bool, explain: bool) -> list[pa.Field]:
    """The fields of the columns, in order.

    Words are dictionaries, scores floats of 0 to 100, costs floats in the unit of the knowledge base's computed
    criterion; null is what there is none of.
    """
    fields = [pa.field(name, _WORD) for name in ("verdict", "strength", "provider", "lean")]
    for provider in providers:
        fields.append(pa.field(f"{provider}.standing", _WORD))
        fields += [pa.field(f"{provider}.{name}", pa.float64()) for name in _NUMBERS]
    if reasons:
        fields.append(pa.field("among", _WORDS))
        fields.append(pa.field("reasons", _WORDS))
        fields += [pa.field(f"{provider}.{name}", _WORDS) for provider in providers for name in ("unmet", "unknown")]
    if explain:
        fields.append(pa.field("explain", pa.string()))
    return fields


_NUMBERS = ("proven", "expected", "possible", "monthly_cost_low", "monthly_cost_high")


def columns_of(
    providers: Sequence[str], verdicts: Verdicts, scores: Scores, cost_low: Floats, cost_high: Floats
) -> Iterator[pa.Array]:
    """The default columns, in the order of their fields; costs are by provider and row."""
    yield _words(verdicts.kind, KINDS)
    yield _words(verdicts.strength, STRENGTHS)
    yield _words(verdicts.provider, providers)
    yield _words(verdicts.lean, providers)
    asked = arrays.bits(scores.asked)
    for place in range(len(providers)):
        yield _words(np.where(scores.asked, scores.standing[place], np.int16(-1)), STANDINGS)
        for part in (scores.proven, scores.expected, scores.possible):
            yield arrays.numbers(part[place], asked)
        for ends in (cost_low, cost_high):
            yield arrays.numbers(ends[place], arrays.bits(np.isfinite(ends[place])))


def _words(places: Ints, dictionary: Sequence[str]) -> pa.DictionaryArray:
    """Words by their places in a dictionary; null for -1."""
    return arrays.dictionary(places.astype(np.int16), dictionary)


def words_lists(flags: Flags, dictionary: Sequence[str], kept: Flags) -> pa.ListArray:
    """For each column of the flags that is kept the words that they mark; they mark none for the others."""
    rows, places = np.nonzero(flags.T)
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=flags.shape[1]))])
    return arrays.lists(ends, arrays.dictionary(places.astype(np.int32), dictionary), kept)
