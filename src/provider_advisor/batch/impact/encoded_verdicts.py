"""Verdicts of many teams encoded as numbers, for fast comparison, and a random sample of those that differ.

The numbers mean the same for two bases whose providers differ: places in one list of all providers. The verdict
"undetermined, b leads; a and b" of providers a, b, c is [2, -1, -1, 1, 0b11000000]: the kind, no strength, no provider,
the second leads, and a bit for each of a and b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.kernel.arrays import Flags, Floats, Ints
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.kernel.scores import KINDS, STRENGTHS
from provider_advisor.batch.kernel.table import plan_layout
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.decision import Verdict
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.knowledge.base import Scope
from provider_advisor.knowledge.scope import split_names
from provider_advisor.requirements.sheets import write_cell

_WORDS = 4
_SEED = 20_221_122
_MOST_SCORERS = 16
NAMES = Scope._fields
"""The columns that limit a row to some providers or sources: `SCOPE_COLUMNS` without days and ages."""


class EncodedVerdicts(NamedTuple):
    """A row of numbers for each team: places of kind, strength, provider and lean, then the bits of `among`.

    `errors` says by row why some have no verdict; ignore their numbers.
    """

    codes: Ints
    errors: dict[int, str]


def limit_facts(facts: Facts, names: Mapping[str, str | None]) -> Facts:
    """Return the facts within the scope of a row: ids of providers and sources by column, joined by `;`.

    An id that this base does not know belongs to the other base, and is left out: a row limited to Acme and Byte is
    limited to Byte once Acme is gone. Raises RequirementsError if nothing is left.
    """
    base = facts.base.whole or facts.base
    given = {name: split_names(text) for name, text in names.items() if text}
    if not given:
        return facts
    known = {
        name: [part for part in parts if part in (base.sources if name == "sources" else base.providers)]
        for name, parts in given.items()
    }
    if gone := [name for name in ("only", "sources") if given.get(name) and not known[name]]:
        raise RequirementsError(f"nothing is left that '{gone[0]}' names.")
    return facts_as_of(facts.base.restrict(**known), facts.as_of, facts.max_age)


class Judge:
    """Computes encoded verdicts of rows with the facts of a day, limited by a row's columns of `NAMES`.

    `providers` are those of all bases that are compared.
    """

    def __init__(self, facts: Facts, providers: Sequence[str]) -> None:
        self._facts, self._providers = facts, tuple(providers)
        self._scorers = BoundedCache[tuple[str | None, ...], Scorer](limit=_MOST_SCORERS)

    def list_readable(self, schema: pa.Schema) -> list[str]:
        """Return the columns that are read. Raises BatchError if they cannot be."""
        return list(plan_layout(schema, self._facts.knowledge, (), None).read)

    def __call__(self, rows: pa.RecordBatch) -> EncodedVerdicts:
        """Judge rows with columns as `list_readable` names them, and perhaps those of `NAMES`."""
        there = [name for name in NAMES if name in rows.schema.names]
        names = [name for name in there if rows.column(name).null_count < rows.num_rows]
        groups: dict[tuple[str | None, ...], list[int]] = {}
        for row, key in enumerate(zip(*(rows.column(name).to_pylist() for name in names), strict=True)):
            groups.setdefault(key, []).append(row)
        rows = rows.drop_columns(there)
        if not any(any(key) for key in groups):
            return self._judge_alike(rows, ())
        codes = np.full((rows.num_rows, self._width), -1, np.int16)
        errors: dict[int, str] = {}
        for key, members in groups.items():
            try:
                found = self._judge_alike(rows.take(pa.array(members)), tuple(zip(names, key, strict=True)))
            except RequirementsError as error:
                errors |= dict.fromkeys(members, str(error))
            else:
                codes[members] = found.codes
                errors |= {members[row]: why for row, why in found.errors.items()}
        return EncodedVerdicts(codes, errors)

    @property
    def _width(self) -> int:
        return _WORDS + -(-len(self._providers) // 8)

    def _judge_alike(self, rows: pa.RecordBatch, names: tuple[tuple[str, str | None], ...]) -> EncodedVerdicts:
        """Judge rows with the same scope. Raises RequirementsError if the scope is empty."""
        make = partial(self._make_scorer, dict(names))
        scored = self._scorers.get_or_make(tuple(text for _, text in names), make).score(rows)
        answered = np.ones(rows.num_rows, bool)
        answered[list(scored.errors)] = False
        codes = np.full((rows.num_rows, self._width), -1, np.int16)
        codes[answered] = self._encode(scored.batch)
        return EncodedVerdicts(codes, scored.errors)

    def _make_scorer(self, names: Mapping[str, str | None]) -> Scorer:
        # With reasons, because `among` is one of their columns; without the counts for a summary.
        return Scorer(limit_facts(self._facts, names), reasons=True, remarks=False)

    def _encode(self, scored: pa.RecordBatch) -> Ints:
        lists = {"verdict": KINDS, "strength": STRENGTHS, "provider": self._providers, "lean": self._providers}
        words = [_find_places(scored.column(name), listed) for name, listed in lists.items()]
        among = np.zeros((scored.num_rows, len(self._providers)), bool)
        several = scored.column("among")
        among[pc.list_parent_indices(several).to_numpy(), _find_places(several.flatten(), self._providers)] = True
        return np.column_stack([*words, np.packbits(among, axis=1)]).astype(np.int16)


def _find_places(words: pa.DictionaryArray, listed: Sequence[str]) -> Ints:
    """Return the place of each word in a list; -1 for null."""
    found = np.array([*(listed.index(word) for word in words.dictionary.to_pylist()), -1], np.int16)
    return np.asarray(found[words.indices.fill_null(len(found) - 1).to_numpy(zero_copy_only=False)])


def decode_verdict(code: Sequence[int], providers: Sequence[str]) -> Verdict:
    """Return the verdict of one row of numbers."""
    kind, strength, provider, lean = (int(number) for number in code[:_WORDS])
    flags: Flags = np.unpackbits(np.array(code[_WORDS:], np.uint8), count=len(providers)).astype(bool)
    return Verdict(
        KINDS[kind],
        None if strength < 0 else STRENGTHS[strength],
        None if provider < 0 else providers[provider],
        None if lean < 0 else providers[lean],
        tuple(name for name, is_there in zip(providers, flags, strict=True) if is_there),
    )


class Sample(NamedTuple):
    """Rows of teams whose verdict changes, with their verdicts before and after, and their places.

    `places` has a column each for file, row and team.
    """

    rows: pa.RecordBatch
    before: Ints
    after: Ints
    places: pa.RecordBatch


class Sampling:
    """Draw a random key for each row and keep the rows of the smallest; the same rows give the same sample.

    So every row is equally likely, in bounded memory. Keys are drawn with a fixed seed.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = np.random.default_rng(_SEED)
        self._keys: Floats = np.zeros(0)
        self._parts: list[Sample] = []

    def add(self, part: Sample) -> None:
        """Add rows to draw from."""
        self._keys = np.concatenate([self._keys, self._random.random(part.rows.num_rows)])
        self._parts.append(part)
        # Not after each block, because all kept rows are copied.
        if len(self._keys) > 2 * self._size:
            self._keep_smallest()

    def get_sample(self) -> Sample | None:
        """Return the sample, in the order of the rows; None if there are no rows at all."""
        if not self._parts:
            return None
        self._keep_smallest()
        return self._parts[0]

    def _keep_smallest(self) -> None:
        whole = _join_samples(self._parts)
        kept = np.sort(np.argsort(self._keys, kind="stable")[: self._size])
        self._keys = self._keys[kept]
        places = pa.array(kept)
        self._parts = [
            Sample(whole.rows.take(places), whole.before[kept], whole.after[kept], whole.places.take(places))
        ]


def _join_samples(parts: list[Sample]) -> Sample:
    return Sample(
        _combine([part.rows for part in parts]),
        np.concatenate([part.before for part in parts]),
        np.concatenate([part.after for part in parts]),
        _combine([part.places for part in parts]),
    )


def _combine(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Join rows of several blocks; in JSON Lines, a volume may be a number in one and a text in another."""
    kinds: dict[str, set[pa.DataType]] = {}
    for field in (field for batch in batches for field in batch.schema):
        kinds.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, types in kinds.items() if len(types) > 1}
    tables = [pa.Table.from_batches([_write_numbers(batch, mixed)]) for batch in batches]
    return pa.concat_tables(tables, promote_options="default").combine_chunks().to_batches()[0]


def _write_numbers(batch: pa.RecordBatch, names: set[str]) -> pa.RecordBatch:
    for place, field in enumerate(batch.schema):
        if field.name in names and not pa.types.is_string(field.type):
            texts = [write_cell(cell) or None for cell in batch.column(place).to_pylist()]
            batch = batch.set_column(place, field.with_type(pa.string()), pa.array(texts, pa.string()))
    return batch
