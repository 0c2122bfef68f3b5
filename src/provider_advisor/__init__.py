"""Recommends a provider from sourced facts and weighted rules, proves it, and says what is not known.

Names are imported on first use, so that the command starts without loading the whole package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provider_advisor.batch.arrow import score_arrow
    from provider_advisor.batch.spark.dataframe import score_spark
    from provider_advisor.errors import AdvisorError, BatchError, EngineError, KnowledgeError, RequirementsError
    from provider_advisor.knowledge import KnowledgeBase, load
    from provider_advisor.recommendation import Recommendation, recommend
    from provider_advisor.version import __version__

__all__ = [
    "AdvisorError",
    "BatchError",
    "EngineError",
    "KnowledgeBase",
    "KnowledgeError",
    "Recommendation",
    "RequirementsError",
    "__version__",
    "load",
    "recommend",
    "score_arrow",
    "score_spark",
]

_HOMES = {
    "KnowledgeBase": "knowledge",
    "Recommendation": "recommendation",
    "__version__": "version",
    "load": "knowledge",
    "recommend": "recommendation",
    "score_arrow": "batch.arrow",
    "score_spark": "batch.spark.dataframe",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 (any public name)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
