"""The templates of pages: text is escaped, and a name that is not there is an error."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["page_template"]


@cache
def page_template(name: str) -> Any:  # noqa: ANN401 (a template)
    """Return the template in the file of that name, in the folder of templates."""
    environment = Environment(
        loader=PackageLoader("provider_advisor.faces.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
