"""`recommend schema`: JSON Schemas of the files and of the answers."""

from __future__ import annotations

import contextlib
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from provider_advisor.faces.text import show_json
from provider_advisor.knowledge.disk_cache import make_key, recall, remember, stamp_code

_ANSWERS = {
    "recommendation": "explanation.answer_schema:answer_schema",
    "batch-summary": "batch.record_schemas:summary_schema",
    "impact": "batch.record_schemas:impact_schema",
}
# The folders of all modules that say what schemas hold.
_CODE = ("knowledge", "knowledge/shapes", "explanation", "batch", "decision", "")


@click.command("schema")
@click.argument("kind", required=False)
def schema_command(kind: str | None) -> None:
    """Print JSON Schemas.

    KIND is a kind of file (criteria, provider, rules, …) or of answer (recommendation, batch-summary, impact). Without
    KIND, all schemas are printed.
    """
    schemas = _recall_schemas()
    if kind is None:
        show_json(schemas)
    elif kind in schemas:
        show_json(schemas[kind])
    else:
        raise click.UsageError(f"unknown kind '{kind}'; expected one of {', '.join(schemas)}")


def _recall_schemas() -> dict[str, Any]:
    """Return all schemas by kind, from the cache if possible, because making them is slow."""
    key = make_key("schemas", f"{stamp_code(*_CODE)} {_stamp_pydantic()}")
    with contextlib.suppress(ValueError):
        if kept := recall(key):
            found: dict[str, Any] = json.loads(kept[0])
            return found
    made: dict[str, Any] = import_module("provider_advisor.knowledge.shapes.every_file").file_schemas()
    for name, place in _ANSWERS.items():
        module, function = place.split(":")
        made[name] = getattr(import_module(f"provider_advisor.{module}"), function)()
    remember(key, lambda: json.dumps(made).encode())
    return made


def _stamp_pydantic() -> int:
    """Return the version of pydantic, which makes the schemas, without importing it, which is slow."""
    spec = find_spec("pydantic")
    return Path(spec.origin).stat().st_mtime_ns if spec is not None and spec.origin else 0
