"""Because of which changes verdicts turn: each change made alone, and each alone undone, on the teams that change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.impact.changes import Change, Key
from provider_advisor.batch.impact.coded import Coded, Judge
from provider_advisor.batch.impact.mixing import Mix, Mixing
from provider_advisor.batch.impact.sample import Sample
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.knowledge import Facts

__all__ = ["Cause", "Causes", "causes_of"]

MOST_CHANGES = 300


class Cause(NamedTuple):
    """A change, and what it does to the teams looked at, as the places of teams in the sample.

    `alone` are those whose verdict becomes the new one with this change alone, `otherwise` those whose verdict becomes
    yet another; `needed` are those that keep no new verdict if this change alone is undone. None where it cannot be
    made, or undone, alone. `brings` are the changes without which it cannot be made.
    """

    change: Change
    alone: Ints | None
    otherwise: Ints | None
    needed: Ints | None
    brings: tuple[Change, ...] = ()


class Causes(NamedTuple):
    """The changes, those that turn most teams first, and how many `teams` were looked at.

    For `by_one` of these teams one change alone is enough, for `by_any` any of several alone; `together` counts those
    that turn only by several together, `untried` changes that were too many to be tried.
    """

    parts: tuple[Cause, ...]
    teams: int
    by_one: int
    by_any: int
    together: int
    untried: int


def causes_of(before: Facts, after: Facts, sample: Sample | None, providers: Sequence[str]) -> Causes:
    """What each change from one base to the other does to the teams of the sample."""
    making, undoing = Mixing(before, after), Mixing(after, before)
    changes = list(making.changes.values())
    if sample is None:
        return Causes(tuple(Cause(change, None, None, None) for change in changes), 0, 0, 0, 0, len(changes))
    trying = _Trying(sample, providers)
    found = [_cause(change, making, undoing, trying) for change in changes[:MOST_CHANGES]]
    # Changes that can only be made together are one.
    apart = {frozenset({cause.change.key, *(part.key for part in cause.brings)}): cause for cause in found}
    turned = np.zeros(len(sample.before), int)
    for cause in apart.values():
        turned[[] if cause.alone is None else cause.alone] += 1
    found += [Cause(change, None, None, None) for change in changes[MOST_CHANGES:]]
    return Causes(
        tuple(sorted(found, key=_order)),
        len(turned),
        int((turned == 1).sum()),
        int((turned > 1).sum()),
        int((turned == 0).sum()),
        max(0, len(changes) - MOST_CHANGES),
    )


class _Trying:
    """The teams of a sample, judged by mixed bases; each mixture once."""

    def __init__(self, sample: Sample, providers: Sequence[str]) -> None:
        self.sample, self._providers = sample, providers
        self._kept: dict[str, Coded] = {}

    def __call__(self, mix: Mix) -> tuple[Ints, Flags]:
        """The codes of the verdicts, and which teams have one."""
        name = mix.facts.knowledge.fingerprint
        if name not in self._kept:
            judge = Judge(mix.facts, self._providers)
            rows = self.sample.rows
            known = [part for part in rows.schema if _is_known(part.name, mix.facts)]
            self._kept = {name: judge(rows.select([part.name for part in known]))}
        coded = self._kept[name]
        answered = np.ones(len(coded.codes), bool)
        answered[list(coded.errors)] = False
        return coded.codes, answered


def _is_known(column: str, facts: Facts) -> bool:
    kind, _, name = column.partition(".")
    known = {"situation": facts.knowledge.topics, "usage": facts.knowledge.usage}
    return kind not in known or not name or name in known[kind]


def _cause(change: Change, making: Mixing, undoing: Mixing, trying: _Trying) -> Cause:
    alone = otherwise = needed = None
    brings: frozenset[Key] = frozenset()
    before, after = trying.sample.before, trying.sample.after
    made = making.with_only([change.key])
    if made is not None:
        codes, answered = trying(made)
        is_new, is_old = (codes == after).all(axis=1), (codes == before).all(axis=1)
        alone, otherwise = np.flatnonzero(answered & is_new), np.flatnonzero(answered & ~is_new & ~is_old)
        brings = made.made - {change.key}
    undone = undoing.with_only([change.key])
    if undone is not None:
        codes, answered = trying(undone)
        needed = np.flatnonzero(answered & (codes != after).any(axis=1))
    return Cause(change, alone, otherwise, needed, tuple(making.changes[key] for key in sorted(brings)))


def _order(cause: Cause) -> tuple[int, int, Key]:
    return -_count(cause.alone), -_count(cause.needed), cause.change.key


def _count(places: Ints | None) -> int:
    return 0 if places is None else len(places)
