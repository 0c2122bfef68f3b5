"""Two knowledge bases over the same teams: which verdicts change, from what to what, because of what.

Names are imported when they are first used: the schema of an impact needs no columns, which take long to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provider_advisor.batch.impact.compare import Asked, measure_impact
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
    "impact_record",
    "is_folder",
    "load_folder",
    "load_revision",
    "load_working_tree",
    "measure_impact",
    "merge_readable",
]

_HOMES = {"Asked": "compare", "measure_impact": "compare", "impact_record": "record"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'versions')}"), name)
