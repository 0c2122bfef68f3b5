"""`recommend schema`: JSON Schemas of the files and of the answer."""

from __future__ import annotations

import json

import click

__all__ = ["schema_command"]


@click.command(
    "schema",
    help="Print the JSON Schema of one KIND of file (criteria, provider, rules, …) or of the answer (recommendation); "
    "or all.",
)
@click.argument("kind", required=False)
def schema_command(kind: str | None) -> None:
    """The schema of one kind, or all of them by kind, as JSON on standard output."""
    # The models are dear to import, and only this command and the check of files need them.
    from provider_advisor.explanation.schema import answer_schema  # noqa: PLC0415
    from provider_advisor.knowledge.schema import file_schemas  # noqa: PLC0415

    schemas = {**file_schemas(), "recommendation": answer_schema()}
    if kind is not None and kind not in schemas:
        raise click.UsageError(f"unknown kind of file '{kind}'; expected one of {', '.join(schemas)}")
    click.echo(json.dumps(schemas if kind is None else schemas[kind], indent=2))
