"""Verdicts of many teams encoded as numbers, for fast comparison.

The numbers mean the same for two bases whose providers differ: places in one list of all providers. The verdict
"undetermined, b leads; a and b" of providers a, b, c is [2, -1, -1, 1, 0b11000000]: the kind, no strength, no provider,
the second leads, and a bit for each of a and b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provider_advisor.batch.impact.mixed_bases import keep_known
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.batch.kernel.layout import SITUATION, USAGE, WEIGHTS, plan_layout
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.kernel.scores import KINDS, STRENGTHS
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.decision import Verdict
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import Facts, KnowledgeBase, facts_as_of
from provider_advisor.knowledge.scope import Scope, split_names
from provider_advisor.requirements.read_team import list_areas

_FIXED = 4
"""Kind, strength, provider and lean have a number each; `among` has as many as its bits need."""

_MOST_SCORERS = 16
LIMITING = Scope._fields
"""The columns that limit a row to some providers or sources: `SCOPE_COLUMNS` without days and ages."""


class EncodedVerdicts(NamedTuple):
    """A row of numbers for each team: places of kind, strength, provider and lean, then the bits of `among`.

    `errors` says by row why some have no verdict; ignore their numbers.
    """

    codes: Ints
    errors: dict[int, str]

    @property
    def answered(self) -> Flags:
        """Return which rows have a verdict."""
        found = np.ones(len(self.codes), bool)
        found[list(self.errors)] = False
        return found


class VerdictEncoder:
    """Judges rows with the facts of a day, limited by a row's columns of `LIMITING`, and encodes the verdicts.

    Columns that the base does not know are ignored. `providers` are those of all bases that are compared.
    """

    def __init__(self, facts: Facts, providers: Sequence[str]) -> None:
        self._facts, self._providers = facts, tuple(providers)
        self._scorers = BoundedCache[tuple[str | None, ...], Scorer](limit=_MOST_SCORERS)

    def __call__(self, rows: pa.RecordBatch) -> EncodedVerdicts:
        """Return the verdicts of rows that have the columns of `list_readable`, and perhaps those of `LIMITING`."""
        given = rows.schema.names
        names = [name for name in LIMITING if name in given and rows.column(name).null_count < rows.num_rows]
        groups: dict[tuple[str | None, ...], list[int]] = {}
        for row, key in enumerate(zip(*(rows.column(name).to_pylist() for name in names), strict=True)):
            groups.setdefault(key, []).append(row)
        rows = rows.select([name for name in given if name not in LIMITING and is_known(name, self._facts.knowledge)])
        # Most tables have no such columns, or leave them empty: then no row is copied.
        if not any(any(key) for key in groups):
            return self._judge_alike(rows, {})
        codes = np.full((rows.num_rows, self._width), -1, np.int16)
        errors: dict[int, str] = {}
        for key, members in groups.items():
            try:
                found = self._judge_alike(rows.take(pa.array(members)), dict(zip(names, key, strict=True)))
            except RequirementsError as error:
                errors |= dict.fromkeys(members, str(error))
            else:
                codes[members] = found.codes
                errors |= {members[row]: why for row, why in found.errors.items()}
        return EncodedVerdicts(codes, errors)

    @property
    def _width(self) -> int:
        return _FIXED + -(-len(self._providers) // 8)

    def _judge_alike(self, rows: pa.RecordBatch, scope: Mapping[str, str | None]) -> EncodedVerdicts:
        """Judge rows with the same scope. Raises RequirementsError if the scope is empty."""
        scored = self._scorers.get_or_make(
            tuple(scope.values()),
            # With reasons, because `among` is one of their columns; without the counts for a summary.
            lambda: Scorer(limit_facts(self._facts, scope), reasons=True, remarks=False),
        ).score(rows)
        found = EncodedVerdicts(np.full((rows.num_rows, self._width), -1, np.int16), scored.errors)
        found.codes[found.answered] = self._encode(scored.batch)
        return found

    def _encode(self, scored: pa.RecordBatch) -> Ints:
        lists = {"verdict": KINDS, "strength": STRENGTHS, "provider": self._providers, "lean": self._providers}
        words = [_find_places(scored.column(name), listed) for name, listed in lists.items()]
        among = np.zeros((scored.num_rows, len(self._providers)), bool)
        several = scored.column("among")
        among[pc.list_parent_indices(several).to_numpy(), _find_places(several.flatten(), self._providers)] = True
        return np.column_stack([*words, np.packbits(among, axis=1)]).astype(np.int16)


def _find_places(words: pa.DictionaryArray, listed: Sequence[str]) -> Ints:
    """Return the place of each word in a list; -1 for null."""
    # The words of the column's own dictionary are looked up once; -1 behind them is the place for null.
    found = np.array([*(listed.index(word) for word in words.dictionary.to_pylist()), -1], np.int16)
    return np.asarray(found[words.indices.fill_null(len(found) - 1).to_numpy(zero_copy_only=False)])


def decode_verdict(code: Sequence[int], providers: Sequence[str]) -> Verdict:
    """Return the verdict of one row of numbers."""
    kind, strength, provider, lean = (int(number) for number in code[:_FIXED])
    flags: Flags = np.unpackbits(np.array(code[_FIXED:], np.uint8), count=len(providers)).astype(bool)
    return Verdict(
        KINDS[kind],
        None if strength < 0 else STRENGTHS[strength],
        None if provider < 0 else providers[provider],
        None if lean < 0 else providers[lean],
        tuple(name for name, is_there in zip(providers, flags, strict=True) if is_there),
    )


# What a base reads of a row


def limit_facts(facts: Facts, names: Mapping[str, str | None]) -> Facts:
    """Return the facts within the scope of a row: ids of providers and sources by column, joined by `;`.

    Raises RequirementsError if nothing is left of those that this base knows.
    """
    given = {name: split_names(text) for name, text in names.items() if text}
    if not given:
        return facts
    known = keep_known(given, facts.base.whole or facts.base)
    if known is None:
        raise RequirementsError("nothing is left that the row names.")
    return facts_as_of(facts.base.restrict(**known), facts.as_of, facts.max_age)


def is_known(column: str, knowledge: KnowledgeBase) -> bool:
    """Return whether a base has the situation, usage item or area that a column is about, if it is about one."""
    if column.startswith(USAGE):
        return knowledge.find_usage(column.removeprefix(USAGE)) is not None
    if column.startswith(WEIGHTS):
        return column.removeprefix(WEIGHTS) in list_areas(knowledge)
    return not column.startswith(SITUATION) or column.removeprefix(SITUATION) in knowledge.topics


def list_readable(schema: pa.Schema, knowledge: KnowledgeBase, other: KnowledgeBase) -> list[str]:
    """Return the columns that a base reads, without those that only the other one knows.

    Raises BatchError if they cannot be read.
    """
    ours = [field for field in schema if is_known(field.name, knowledge) or not is_known(field.name, other)]
    return list(plan_layout(pa.schema(ours), knowledge, (), None).read)
