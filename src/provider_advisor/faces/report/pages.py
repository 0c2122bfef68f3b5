"""The templates of pages: text is escaped, and a name that is not there is an error."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def keep_days(text: object) -> Markup:
    """Return a text in which no day is broken over two lines."""
    return Markup(_DAY.sub(r'<span class="day">\g<0></span>', str(escape(text))))  # noqa: S704 (escaped before)


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
    environment.filters["keep_days"] = keep_days
    return environment.get_template(name)
