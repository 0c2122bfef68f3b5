"""Kept decisions beside the answers of now: which would be different, and in which words that is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.replaying import replay_record
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:  # of an extra
    from provider_advisor.store.decisions import KeptDecision

__all__ = ["ReplayedDecision", "count_changed", "describe_count", "record_decision", "replay_decision"]


class ReplayedDecision(NamedTuple):
    """A kept decision, and how today's answer compares; `refused` says why its question cannot be asked now."""

    kept: KeptDecision
    record: dict[str, Any]
    compared: dict[str, Any] | None
    refused: str

    @property
    def title(self) -> str:
        """Return its title, or the verdict of then where nobody gave it one."""
        return self.kept.title or str(self.record["verdict"]["reason"])

    @property
    def says(self) -> str:
        """Return in a sentence whether the answer would be different now."""
        return self.compared["says"] if self.compared else self.refused


def replay_decision(kept: KeptDecision, knowledge: KnowledgeBase) -> ReplayedDecision:
    """Return a decision beside today's answer to the same question."""
    record = kept.record
    try:
        return ReplayedDecision(kept, record, replay_record(record, "the decision", knowledge), "")
    except RequirementsError as error:
        return ReplayedDecision(kept, record, None, error.reason)


def count_changed(found: Sequence[ReplayedDecision]) -> int:
    """Return how many decisions would have another verdict now."""
    return sum(bool(one.compared and one.compared["verdict_differs"]) for one in found)


def describe_count(found: Sequence[ReplayedDecision]) -> str:
    """Return how many of the decisions would be different now, in a sentence or two."""
    if not found:
        return "No decision is saved."
    changed, refused = count_changed(found), sum(one.compared is None for one in found)
    says = f"{changed or 'None'} of your {len(found):,} decisions would be different now."
    if len(found) == 1:
        says = f"Your decision would {'be different' if changed else 'not be different'} now."
    return f"{says} {refused} cannot be asked again." if refused else says


def record_decision(found: ReplayedDecision) -> dict[str, Any]:
    """Return a decision as JSON-ready data: as it was kept, with the record unchanged, and how it compares now."""
    kept = found.kept
    return {
        "id": kept.id,
        "kept_at": kept.kept_at,
        "title": kept.title,
        "as_of": kept.as_of,
        "fingerprint": kept.fingerprint,
        "record": found.record,
        "now": found.compared,
        "cannot_be_answered_again": found.refused or None,
    }
