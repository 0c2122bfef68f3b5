"""`recommend schema`: JSON Schemas of the files and of the answer."""

from __future__ import annotations

import json

import click

from provider_advisor.explanation.schema import answer_schema
from provider_advisor.knowledge.schema import file_schemas

__all__ = ["schema_command"]


@click.command("schema")
@click.argument("kind", required=False)
def schema_command(kind: str | None) -> None:
    """Print JSON Schemas.

    That of one KIND of file (criteria, provider, rules, …) or of the answer (recommendation); or all of them.
    """
    schemas = {**file_schemas(), "recommendation": answer_schema()}
    if kind is not None and kind not in schemas:
        raise click.UsageError(f"unknown kind of file '{kind}'; expected one of {', '.join(schemas)}")
    click.echo(json.dumps(schemas if kind is None else schemas[kind], indent=2))
