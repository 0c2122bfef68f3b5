"""`recommend schema`: JSON Schemas of the files and of the answers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import click

from provider_advisor.faces.text import show_json

__all__ = ["schema_command"]

# Models take long to build, and mostly one schema is asked for.
_ANSWERS = {
    "recommendation": "explanation.model:answer_schema",
    "batch-summary": "batch.summary:summary_schema",
    "impact": "batch.impact.schema:impact_schema",
}


@click.command("schema")
@click.argument("kind", required=False)
def schema_command(kind: str | None) -> None:
    """Print JSON Schemas.

    KIND is a kind of file (criteria, provider, rules, …) or of answer (recommendation, batch-summary, impact). Without
    KIND, all schemas are printed.
    """
    if kind in _ANSWERS:
        show_json(_schema_of_answer(kind))
        return
    files = import_module("provider_advisor.knowledge.shapes").file_schemas()
    if kind is None:
        show_json({**files, **{name: _schema_of_answer(name) for name in _ANSWERS}})
    elif kind in files:
        show_json(files[kind])
    else:
        kinds = [*files, *_ANSWERS]
        raise click.UsageError(f"Unknown kind '{kind}'; expected one of {', '.join(kinds)}")


def _schema_of_answer(kind: str) -> dict[str, Any]:
    module, name = _ANSWERS[kind].split(":")
    make: Callable[[], dict[str, Any]] = getattr(import_module(f"provider_advisor.{module}"), name)
    return make()
