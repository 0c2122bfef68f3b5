"""Data flows one way: each room may import only itself and the rooms above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_PACKAGE = Path(__file__).parents[1] / "src" / "provider_advisor"
_SHARED = ["errors", "version", "bounded_cache", "days", "whole_file", "safe_text"]
_ROOMS = ["logic", "knowledge", "requirements", "inference", "decision", "explanation"]
_FRONT = ["recommendation", "questionnaire", "batch", "__init__", "faces"]
_ORDER = [*_SHARED, *_ROOMS, *_FRONT]
_MODULES = sorted(path for path in _PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def _room(path: Path) -> str:
    first = path.relative_to(_PACKAGE).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("provider_advisor"):
            parts = node.module.split(".")
            yield (parts[1] if len(parts) > 1 else "__init__"), node
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("provider_advisor"):
                    yield alias.name.split(".")[1], node


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(_PACKAGE)))
def test_a_module_imports_only_from_its_room_or_rooms_before_it(path):
    room = _room(path)
    assert room in _ORDER, f"{room} has no place in the house: add it to the README and to this test"
    later = [name for name, _ in _imports(path) if _ORDER.index(name) > _ORDER.index(room)]
    assert not later


def test_no_provider_and_nothing_of_communications_is_in_the_code():
    words = ("twilio", "vonage", "whiteboard", "ucaas", "sms")
    allowed = ("faces",)  # examples in help texts
    for path in _MODULES:
        code = "\n".join(_without_docstrings(path))
        found = [word for word in words if word in code.lower()]
        assert not found or _room(path) in allowed, f"{path.name}: {found}"


def _without_docstrings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = ""
    yield ast.unparse(tree)
