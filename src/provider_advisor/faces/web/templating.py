"""The templates of the pages; parts of an answer are those of the report that `recommend --format html` writes."""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from provider_advisor.faces.web.service import KnowledgeService

__all__ = ["render", "root_path", "show_page"]

root_path: ContextVar[str] = ContextVar("root_path", default="")
"""The path under which a proxy offers the pages; each link of a page begins with it, and no template has to know."""

_LINK = re.compile(r'(\s(?:href|action|src|data-address)=")/')


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


def render(template: str, /, **values: Any) -> str:  # noqa: ANN401 (whatever a template shows)
    """Return a page."""
    page, root = _environment().get_template(template).render(**values), root_path.get()
    return _LINK.sub(rf"\1{root}/", page) if root else page


def show_page(
    service: KnowledgeService,
    template: str,
    /,
    title: str,
    status: int = 200,
    **values: Any,  # noqa: ANN401 (as above)
) -> HTMLResponse:
    """Return a template as a response, with what the frame of every page shows."""
    shared = {"mistakes": (), "mend": "", "indexed": False, "scope": service.describe_scope()}
    here = template.partition(".")[0]
    values = {**shared, "fingerprint": service.knowledge.fingerprint, "title": title, "here": here, **values}
    return HTMLResponse(render(template, **values), status)
