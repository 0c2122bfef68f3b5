"""Send the knowledge base to the workers of Spark: as bytes, which each process unpacks once."""

from __future__ import annotations

import pickle
from typing import NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.knowledge import KnowledgeBase

_unpacked = BoundedCache[str, KnowledgeBase](limit=4)


class PackedKnowledge(NamedTuple):
    """A knowledge base as bytes, for processes that run the same version of this package."""

    fingerprint: str
    data: bytes

    def unpack(self) -> KnowledgeBase:
        """Return the knowledge base, unpacked once per process."""
        # The bytes come from the calling program, in the same way as its code, so they are as trustworthy.
        return _unpacked.get_or_make(self.fingerprint, lambda: pickle.loads(self.data))  # noqa: S301


def pack_knowledge(knowledge: KnowledgeBase) -> PackedKnowledge:
    """Return a knowledge base as bytes."""
    return PackedKnowledge(knowledge.fingerprint, pickle.dumps(knowledge, pickle.HIGHEST_PROTOCOL))
