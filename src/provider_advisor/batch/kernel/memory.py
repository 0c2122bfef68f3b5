"""What the batch has met so far, shared by all threads that score with it."""

from __future__ import annotations

from provider_advisor.batch.kernel.catalogue import Catalogue
from provider_advisor.batch.kernel.cells import Cells
from provider_advisor.batch.kernel.changes import Changes
from provider_advisor.batch.kernel.reasons import lists_of
from provider_advisor.batch.kernel.situations import Situations
from provider_advisor.batch.kernel.tally import Tallying
from provider_advisor.knowledge import Facts

__all__ = ["Memory"]

_MOST_CELLS = 300_000


class Memory:
    """Words, answers and cells, each read and judged once.

    May be used by several threads: who meets something new holds the lock of the cells meanwhile.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.cells = Cells(facts)
        self.changes = Changes(self.cells)
        self.catalogue = Catalogue(self.cells)
        self.situations = Situations(facts.knowledge)
        self.tallying = Tallying()
        self.lists = lists_of(facts.knowledge.providers)

    @property
    def is_full(self) -> bool:
        """Whether it is time to begin with an empty one."""
        return len(self.cells.known) > _MOST_CELLS
