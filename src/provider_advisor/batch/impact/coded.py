"""Verdicts of many teams as rows of numbers, alike for bases whose providers differ, so that they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.kernel.scores import KINDS, STRENGTHS
from provider_advisor.batch.kernel.table import layout_of
from provider_advisor.decision import Verdict
from provider_advisor.knowledge import Facts

__all__ = ["Coded", "Judge", "decoded"]

_WORDS = 4


class Coded(NamedTuple):
    """A row of numbers for each team: places of kind, strength, provider and lean, then the bits of `among`.

    `errors` says, by row, why some have no verdict; their numbers mean nothing.
    """

    codes: Ints
    errors: dict[int, str]


class Judge:
    """Gives the coded verdicts of rows by the facts of a day.

    `providers` are those of all bases that are compared.
    """

    def __init__(self, facts: Facts, providers: Sequence[str]) -> None:
        self._facts, self._providers = facts, tuple(providers)
        self._scorer = Scorer(facts, reasons=True)

    def readable(self, schema: pa.Schema) -> list[str]:
        """The columns that are read. Raises BatchError if they cannot be."""
        return list(layout_of(schema, self._facts.knowledge, (), None).read)

    def __call__(self, rows: pa.RecordBatch) -> Coded:
        """The verdicts of rows with columns as `readable` names them."""
        scored = self._scorer.score(rows)
        answered = np.ones(rows.num_rows, bool)
        answered[list(scored.errors)] = False
        codes = np.full((rows.num_rows, _WORDS + -(-len(self._providers) // 8)), -1, np.int16)
        codes[answered] = self._codes(scored.batch)
        return Coded(codes, scored.errors)

    def _codes(self, scored: pa.RecordBatch) -> Ints:
        lists = {"verdict": KINDS, "strength": STRENGTHS, "provider": self._providers, "lean": self._providers}
        words = [_places(scored.column(name), listed) for name, listed in lists.items()]
        among = np.zeros((scored.num_rows, len(self._providers)), bool)
        several = scored.column("among")
        among[pc.list_parent_indices(several).to_numpy(), _places(several.flatten(), self._providers)] = True
        return np.column_stack([*words, np.packbits(among, axis=1)]).astype(np.int16)


def _places(words: pa.DictionaryArray, listed: Sequence[str]) -> Ints:
    """The place of each word in a list; -1 for null."""
    found = np.array([*(listed.index(word) for word in words.dictionary.to_pylist()), -1], np.int16)
    return np.asarray(found[words.indices.fill_null(len(found) - 1).to_numpy(zero_copy_only=False)])


def decoded(code: Sequence[int], providers: Sequence[str]) -> Verdict:
    """The verdict of one row of numbers."""
    kind, strength, provider, lean = (int(number) for number in code[:_WORDS])
    flags: Flags = np.unpackbits(np.array(code[_WORDS:], np.uint8), count=len(providers)).astype(bool)
    return Verdict(
        KINDS[kind],
        None if strength < 0 else STRENGTHS[strength],
        None if provider < 0 else providers[provider],
        None if lean < 0 else providers[lean],
        tuple(name for name, is_there in zip(providers, flags, strict=True) if is_there),
    )
