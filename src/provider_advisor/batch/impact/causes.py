"""Find which changes change which verdicts, by judging again with only some of the changes made.

Each change is made alone to the base before, and undone alone in the base after, and the teams whose verdict changes
are judged again. Say that a claim and a weight have changed, and that three teams turned. If the claim alone turns two
of them, `alone` of the claim is 2; if the third turns only with both, it is counted as turned together.

With many teams, a random sample of those whose verdict changes is examined; it is drawn while they are judged block by
block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from provider_advisor.batch.impact.base_changes import BaseChange, ChangeKey
from provider_advisor.batch.impact.encoded_verdicts import EncodedVerdicts, VerdictEncoder
from provider_advisor.batch.impact.mixed_bases import BaseMixer
from provider_advisor.batch.kernel.arrays import Floats, Ints
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.knowledge import Facts
from provider_advisor.requirements.sheets import write_cell

MOST_CHANGES = 300
_MOST_KEPT = 16
_SEED = 20_221_122


class Cause(NamedTuple):
    """A change, and its effect on the sampled teams, given as places in the sample.

    `alone` are those whose verdict becomes the new one with this change alone, `otherwise` those whose verdict becomes
    yet another; `needed` are those that keep no new verdict if this change alone is undone. None where it cannot be
    made, or undone, alone. `brings` are the changes without which it cannot be made.
    """

    change: BaseChange
    alone: Ints | None
    otherwise: Ints | None
    needed: Ints | None
    brings: tuple[BaseChange, ...] = ()


class Causes(NamedTuple):
    """The changes, those that change the most verdicts first, and the number of `teams` examined.

    For `by_one` of these teams one change alone is enough, for `by_any` any of several alone; `together` counts those
    that turn only by several together, `untried` changes that were too many to be tried.
    """

    parts: tuple[Cause, ...]
    teams: int
    by_one: int
    by_any: int
    together: int
    untried: int


def find_causes(before: Facts, after: Facts, sample: Sample, providers: Sequence[str]) -> Causes:
    """Find the effect of each change on the sampled teams."""
    making, undoing = BaseMixer(before, after), BaseMixer(after, before)
    # Changes that can only be made together all lead to the same base.
    kept = BoundedCache[str, EncodedVerdicts](limit=_MOST_KEPT)

    def judge(facts: Facts) -> EncodedVerdicts:
        return kept.get_or_make(facts.knowledge.fingerprint, lambda: VerdictEncoder(facts, providers)(sample.rows))

    changes = list(making.changes.values())
    tried = changes[:MOST_CHANGES] if len(sample.before) else []
    found = [_find_cause(change, sample, making, undoing, judge) for change in tried]
    # Changes that can only be made together count as one; otherwise each team would seem to need several.
    apart = {frozenset({cause.change.key, *(part.key for part in cause.brings)}): cause for cause in found}
    turned = np.zeros(len(sample.before), int)
    for cause in apart.values():
        turned[[] if cause.alone is None else cause.alone] += 1
    found += [Cause(change, None, None, None) for change in changes[len(tried) :]]
    return Causes(
        tuple(sorted(found, key=_sort_key)),
        len(turned),
        int((turned == 1).sum()),
        int((turned > 1).sum()),
        int((turned == 0).sum()),
        len(changes) - len(tried),
    )


def _find_cause(
    change: BaseChange,
    sample: Sample,
    making: BaseMixer,
    undoing: BaseMixer,
    judge: Callable[[Facts], EncodedVerdicts],
) -> Cause:
    alone = otherwise = needed = None
    brings: frozenset[ChangeKey] = frozenset()
    if made := making.mix_only([change.key]):
        found = judge(made.facts)
        is_new, is_old = (found.codes == sample.after).all(axis=1), (found.codes == sample.before).all(axis=1)
        alone, otherwise = np.flatnonzero(found.answered & is_new), np.flatnonzero(found.answered & ~is_new & ~is_old)
        brings = made.made - {change.key}
    if undone := undoing.mix_only([change.key]):
        found = judge(undone.facts)
        needed = np.flatnonzero(found.answered & (found.codes != sample.after).any(axis=1))
    return Cause(change, alone, otherwise, needed, tuple(making.changes[key] for key in sorted(brings)))


def _sort_key(cause: Cause) -> tuple[int, int, ChangeKey]:
    return -_count_teams(cause.alone), -_count_teams(cause.needed), cause.change.key


def _count_teams(places: Ints | None) -> int:
    return 0 if places is None else len(places)


# The teams to examine


class Sample(NamedTuple):
    """Rows of teams whose verdict changes, with their verdicts before and after, and their places.

    `places` has a column each for file, row and team.
    """

    rows: pa.RecordBatch
    before: Ints
    after: Ints
    places: pa.RecordBatch

    def take(self, some: Ints) -> Sample:
        """Return some of the rows."""
        places = pa.array(some)
        return Sample(self.rows.take(places), self.before[some], self.after[some], self.places.take(places))


_NO_ROWS = pa.RecordBatch.from_pylist([])
_NOBODY = Sample(_NO_ROWS, np.zeros((0, 0), int), np.zeros((0, 0), int), _NO_ROWS)


class Sampler:
    """Draws a random sample of rows that are added in parts; the same rows give the same sample."""

    # Each row gets a random key, and the rows with the smallest keys are kept. So every row is equally likely, however
    # many there are, and at most twice the sample and one more part are in memory.

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

    def get_sample(self) -> Sample:
        """Return the sample, in the order of the rows."""
        if not self._parts:
            return _NOBODY
        self._keep_smallest()
        return self._parts[0]

    def _keep_smallest(self) -> None:
        rows, before, after, places = zip(*self._parts, strict=True)
        whole = Sample(_join_rows(rows), np.concatenate(before), np.concatenate(after), _join_rows(places))
        kept = np.sort(np.argsort(self._keys, kind="stable")[: self._size])
        self._keys, self._parts = self._keys[kept], [whole.take(kept)]


def _join_rows(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
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
