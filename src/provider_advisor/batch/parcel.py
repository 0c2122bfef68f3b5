"""A knowledge base on its way to other processes: packed once, unpacked once in each of them."""

from __future__ import annotations

import pickle
from typing import NamedTuple

from provider_advisor.knowledge import KnowledgeBase

__all__ = ["Parcel", "packed"]

_MOST_KEPT = 4
_unpacked: dict[str, KnowledgeBase] = {}


class Parcel(NamedTuple):
    """A knowledge base as bytes, for processes that run the same version of this package."""

    fingerprint: str
    data: bytes

    def unpacked(self) -> KnowledgeBase:
        """The knowledge base, kept for the next time that this process is asked for it."""
        found = _unpacked.get(self.fingerprint)
        if found is None:
            found = pickle.loads(self.data)  # noqa: S301 (from whoever sent the program that calls this)
            for old in list(_unpacked)[: max(0, len(_unpacked) + 1 - _MOST_KEPT)]:
                _unpacked.pop(old, None)
            _unpacked[self.fingerprint] = found
        return found


def packed(knowledge: KnowledgeBase) -> Parcel:
    """The parcel of a knowledge base."""
    return Parcel(knowledge.fingerprint, pickle.dumps(knowledge, pickle.HIGHEST_PROTOCOL))
