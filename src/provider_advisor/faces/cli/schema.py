"""`recommend schema`: JSON Schemas of the files and of the answers."""

from __future__ import annotations

import click

from provider_advisor.batch.impact.schema import impact_schema
from provider_advisor.batch.summary_schema import summary_schema
from provider_advisor.explanation.model import answer_schema
from provider_advisor.faces.text import show_json
from provider_advisor.knowledge.shapes import file_schemas

__all__ = ["schema_command"]


@click.command("schema")
@click.argument("kind", required=False)
def schema_command(kind: str | None) -> None:
    """Print JSON Schemas.

    That of one KIND of file (criteria, provider, rules, …) or of answer (recommendation, batch-summary,
    impact); or all of them.
    """
    answers = {"recommendation": answer_schema(), "batch-summary": summary_schema(), "impact": impact_schema()}
    schemas = {**file_schemas(), **answers}
    if kind is not None and kind not in schemas:
        raise click.UsageError(f"unknown kind of file '{kind}'; expected one of {', '.join(schemas)}")
    show_json(schemas if kind is None else schemas[kind])
