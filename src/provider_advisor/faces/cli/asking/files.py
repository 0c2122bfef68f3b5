"""Files in YAML, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from provider_advisor.errors import RequirementsError

__all__ = ["check_writable", "write_yaml", "yaml_text"]


_PLAIN = re.compile(r"[a-z][a-z0-9]+(-[a-z0-9]+)*")


class _Dumper(yaml.SafeDumper):
    """Plain YAML that our strict reader reads back: no anchors, no exponents."""

    def ignore_aliases(self, data: object) -> bool:
        """Write out what stands twice."""
        return data is data  # noqa: PLR0124 (always, whatever it is)


def _number(dumper: _Dumper, number: float) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", format(Decimal(repr(number)), "f"))


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    # What is no plain word may be read as a number, a date or a truth.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _PLAIN.fullmatch(text) else '"')


_Dumper.add_representer(float, _number)
_Dumper.add_representer(str, _text)


def yaml_text(record: Mapping[str, Any]) -> str:
    """The record as YAML, in the order of its keys."""
    return yaml.dump(dict(record), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def write_yaml(path: Path, record: Mapping[str, Any], heading: str) -> None:
    """Write the record under a comment, beside its place and then renamed: a file is whole or not there.

    Raises RequirementsError if it cannot be written.
    """
    beside = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            beside = Path(file.name)
            file.write(f"# {heading}\n{yaml_text(record)}")
        beside.chmod(_mode(path))
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink()
        raise _refusal(path, error.strerror) from error


def _mode(path: Path) -> int:
    """That of the file in whose place it comes, else what the user's mask leaves."""
    with contextlib.suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def check_writable(path: Path) -> None:
    """Raise RequirementsError if no file can be put there: better before the questions than after."""
    folder = path.parent
    if path.is_dir():
        raise _refusal(path, "it is a folder")
    if not folder.is_dir():
        raise _refusal(path, "there is no such folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refusal(path, "Permission denied")


def _refusal(path: Path, reason: str | None) -> RequirementsError:
    return RequirementsError(f"{path} cannot be written ({reason}); name another place.")
