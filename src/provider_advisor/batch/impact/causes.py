"""Find which changes change which verdicts, by judging again with only some of the changes made.

Each change is made alone to the base before, and undone alone in the base after, and the teams whose verdict changes
are judged again. Say that a claim and a weight have changed, and that three teams turned. If the claim alone turns two
of them, `alone` of the claim is 2; if the third turns only with both, it is counted as turned together.

With many teams, a random sample of those whose verdict changes is examined (`sample`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.impact.base_changes import BaseChange, ChangeKey
from provider_advisor.batch.impact.encoded_verdicts import EncodedVerdicts, Judge
from provider_advisor.batch.impact.mixed_bases import BaseMixer
from provider_advisor.batch.impact.sample import Sample
from provider_advisor.batch.kernel.arrays import Ints
from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.knowledge import Facts

MOST_CHANGES = 300
_MOST_KEPT = 16


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
        return kept.get_or_make(facts.knowledge.fingerprint, lambda: Judge(facts, providers)(sample.rows))

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
