"""How sure the answer is, as a report shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from provider_advisor.knowledge import KnowledgeBase

__all__ = ["Sureness", "sureness"]

Record = Mapping[str, Any]


class Sureness(NamedTuple):
    """What to ask, what would change the answer."""

    questions: tuple[str, ...]
    changes: tuple[str, ...]


def sureness(record: Record, knowledge: KnowledgeBase) -> Sureness:
    """Stub."""
    return Sureness((), ())
