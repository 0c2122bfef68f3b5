"""Many teams at once.

Names are imported when they are first used: whoever reads files of rows need not load all of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provider_advisor.batch.arrow import score_arrow
    from provider_advisor.batch.kernel.counts import Tally
    from provider_advisor.batch.kernel.scorer import Scored, Scorer

__all__ = ["Scored", "Scorer", "Tally", "score_arrow"]

_HOMES = {"Scored": "kernel.scorer", "Scorer": "kernel.scorer", "Tally": "kernel.counts", "score_arrow": "arrow"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
