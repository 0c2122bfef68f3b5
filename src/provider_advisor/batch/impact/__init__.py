"""Two knowledge bases over the same teams: which verdicts change, from what to what, because of what."""

from provider_advisor.batch.impact.compare import Asked, impact_of
from provider_advisor.batch.impact.record import impact_record
from provider_advisor.batch.impact.sides import (
    Side,
    folder_side,
    is_folder,
    readable_by_either,
    revision_side,
    working_side,
)

__all__ = [
    "Asked",
    "Side",
    "folder_side",
    "impact_of",
    "impact_record",
    "is_folder",
    "readable_by_either",
    "revision_side",
    "working_side",
]
