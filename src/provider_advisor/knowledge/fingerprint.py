"""One number for all that is known, so that an answer can say what it rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["fingerprint"]


def fingerprint(*records: Any) -> str:  # noqa: ANN401 (any record, however nested)
    """SHA-256, in hexadecimal, of the records' content: equal for equal content in any order of claims and files."""
    content = json.dumps([_plain(record) for record in records], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        named = {name: _plain(part) for name, part in value._asdict().items() if name != "where"}
        return {"record": type(value).__name__} | named
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [_plain(part) for part in value]
        is_claims = bool(parts) and isinstance(parts[0], dict) and parts[0].get("record") == "Claim"
        return sorted(parts, key=lambda part: json.dumps(part, sort_keys=True)) if is_claims else parts
    return value if isinstance(value, str | int | float | bool | None) else str(value)
