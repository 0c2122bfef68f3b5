"""A recommendation in the form that was asked for: text for a terminal, JSON, Markdown or HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from provider_advisor.faces.cli.answer import show_answer
from provider_advisor.faces.cli.layout import Page
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.recommendation import Recommendation

__all__ = ["show_recommendation"]


def show_recommendation(recommendation: Recommendation, knowledge: KnowledgeBase, form: str) -> None:
    """Print the answer on standard output; `form` is text, json, markdown or html."""
    if form == "json":
        click.echo(recommendation.to_json())
        return
    if form in {"markdown", "html"}:
        click.echo(_report(form)(recommendation.record, knowledge), nl=False)
        return
    page = Page()
    show_answer(recommendation.record, knowledge, page)
    page.show()


def _report(form: str) -> Callable[[Mapping[str, Any], KnowledgeBase], str]:
    # A template library is dear to import, and most answers need none.
    if form == "html":
        from provider_advisor.faces.report.html import html_report  # noqa: PLC0415

        return html_report
    from provider_advisor.faces.report.markdown import markdown_report  # noqa: PLC0415

    return markdown_report
