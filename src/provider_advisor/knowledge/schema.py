"""JSON Schemas of every kind of file, so that editors complete and check while typing."""

from __future__ import annotations

from typing import Any

from provider_advisor.knowledge.shapes import FILE_SHAPES

__all__ = ["file_schemas"]


def file_schemas() -> dict[str, dict[str, Any]]:
    """A JSON Schema (draft 2020-12) for each kind of file, by the kind's name: sources, team, criteria and so on."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape.model_json_schema(by_alias=True)}
        for name, shape in FILE_SHAPES.items()
    }
