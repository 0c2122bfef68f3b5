"""What the documents name exists: files, folders, modules and the names in them, tests and functions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_HOMES = ("src", "tests", "facts", "rules", "benchmarks", "tools", "examples", "docs", ".ci", ".github")
_DOCUMENTS = sorted(
    [*_ROOT.glob("docs/*.md"), _ROOT / "README.md", _ROOT / "CONTRIBUTING.md", _ROOT / "tests" / "README.md"]
)
_EXAMPLES = frozenset(
    "facts/providers/acme.yaml column_3 vonage_proven twilio_standing situation_developers usage_fax zsh_source".split()
)
"""A provider that is not there, columns of somebody's table, and a word of click's."""

_FILES = [
    path.relative_to(_ROOT)
    for path in [*_ROOT.glob("*"), *(inner for home in _HOMES for inner in (_ROOT / home).rglob("*"))]
    if path.is_file() and path.suffix != ".pyc"
]
_PATHS = {f"/{path.as_posix()}" for path in _FILES} | {
    f"/{folder.as_posix()}/" for path in _FILES for folder in path.parents
}
_FOLDERS = {name for path in _PATHS for name in path.split("/")[1:-1]}
_WORDS = frozenset(
    word
    for home in ("src", "tests", "benchmarks", "rules", "facts")
    for path in (_ROOT / home).rglob("*")
    if path.suffix in {".py", ".c", ".h", ".yaml"} and path.name != Path(__file__).name
    for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
)


def _find_wrong(text: str) -> list[str]:
    """Return what stands between backticks and looks like a name of this tree, but is none."""
    return [span for span in re.findall(r"`([^`\n]+)`", text) if not _exists(span)]


def _exists(span: str) -> bool:
    if span in _EXAMPLES:
        return True
    if re.fullmatch(r"[\w./-]+\.(py|c|h|js|css)|\w+/|test_\w+[a-z0-9]", span) or (
        re.fullmatch(r"[\w./-]+/[\w./-]*", span) and span.split("/", maxsplit=1)[0] in _FOLDERS
    ):
        return _is_path(span)
    module, dot, name = span.partition(".")
    if dot and re.fullmatch(r"\w+", name) and _is_path(f"{module}.py"):
        return name in _WORDS
    return not re.fullmatch(r"_?[a-z]+(_[a-z0-9]+)+", span) or span in _WORDS


def _is_path(span: str) -> bool:
    """Return whether a path of the tree ends so: `kernel/`, `decision/verdict` and `proof.py` are enough."""
    return any(path.endswith((f"/{span}", f"/{span}.py", f"/{span}/")) for path in _PATHS)


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.relative_to(_ROOT).as_posix())
def test_whatever_a_document_names_exists(document):
    assert _find_wrong(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "span",
    [
        "decision/verdicts",
        "src/provider_advisor/logic/truth.py",
        "proofs.py",
        "kernels/",
        "logic.Truthiness",
        "test_no_such_test",
        "choose_no_screen",
    ],
)
def test_a_wrong_name_is_found(span):
    assert _find_wrong(f"See `{span}`.") == [span]
