"""The templates of the pages; parts of an answer are those of the report that `recommend --format html` writes."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

__all__ = ["render"]


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("provider_advisor.faces.web", "templates"),
                PackageLoader("provider_advisor.faces.report", "templates"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, **values: Any) -> str:  # noqa: ANN401 (whatever a template shows)
    """Return a page."""
    return _environment().get_template(name).render(**values)
