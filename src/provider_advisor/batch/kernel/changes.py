"""What becomes of cells that rules change: worked out once for each cell, part of a rule and rank."""

from __future__ import annotations

import numpy as np

from provider_advisor.batch.kernel import firing
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.requirements import RANK

__all__ = ["Changes"]

_RANKS = max(RANK.values()) + 1


class Changes:
    """The changes met so far. May be used by several threads: what is handed out never changes."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        rules = cells.facts.knowledge.rules.values()
        self._parts = [(rule, part) for rule in rules for part in range(len(rule.implies))]
        self._known = firing.KnownChanges(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, bool))

    def with_key(self, key: int | None) -> firing.KnownChanges:
        """The changes that are known; with that of a key, where one is given, which `firing.KnownChanges` explains."""
        with self._cells.lock:
            if key is not None:
                self._learn(key)
            return self._known

    def _learn(self, key: int) -> None:
        keys, cells, refused = self._known
        at = int(np.searchsorted(keys, key))
        if at == len(keys) or keys[at] != key:  # another thread may have met it meanwhile
            cell, is_refused = self._change(*divmod(key, _RANKS))
            parts = (np.insert(keys, at, key), np.insert(cells, at, cell), np.insert(refused, at, is_refused))
            self._known = firing.KnownChanges(*parts)

    def _change(self, of: int, rank: int) -> tuple[int, bool]:
        cell, part = divmod(of, len(self._parts))
        rule, number = self._parts[part]
        return self._cells.changed(rule, number, cell, rank)
