"""Two knowledge bases over the same teams: which verdicts change, from what to what, because of what."""

from provider_advisor.batch.impact.compare import Asked, impact_of
from provider_advisor.batch.impact.record import impact_record
from provider_advisor.batch.impact.versions import (
    Version,
    is_folder,
    load_folder,
    load_revision,
    load_working_tree,
    merge_readable,
)

__all__ = [
    "Asked",
    "Version",
    "impact_of",
    "impact_record",
    "is_folder",
    "load_folder",
    "load_revision",
    "load_working_tree",
    "merge_readable",
]
