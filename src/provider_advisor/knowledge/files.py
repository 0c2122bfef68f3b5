"""Which files make up a knowledge base, and their bytes."""

import os
from collections.abc import Iterator
from os import path
from typing import Literal, NamedTuple

from provider_advisor.errors import KnowledgeError

__all__ = ["MAX_BYTES", "File", "Folder", "Role", "bytes_of", "gather", "shipped_folder"]

Role = Literal["sources", "team", "criteria", "provider", "weights", "rules", "cases"]
Folder = str | os.PathLike[str]

MAX_BYTES = 4_000_000
_MOST_FILES = 5_000
_FILES: dict[str, dict[str, Role]] = {
    "facts": {"sources.yaml": "sources", "team.yaml": "team"},
    "rules": {"weights.yaml": "weights"},
}
_FOLDERS: dict[str, dict[str, Role]] = {
    "facts": {"criteria": "criteria", "providers": "provider"},
    "rules": {"cases": "cases"},
}
_EXPECTED = {
    "facts": "sources.yaml, team.yaml, criteria/<area>.yaml and providers/<id>.yaml",
    "rules": "weights.yaml, <area>.yaml and cases/<area>.yaml",
}
_NEEDED: dict[str, dict[Role, str]] = {
    "facts": {"criteria": "criteria/", "provider": "providers/", "sources": "sources.yaml"},
    "rules": {"weights": "weights.yaml"},
}


class File(NamedTuple):
    """A file's part in the knowledge base, the name by which messages call it, and its bytes."""

    role: Role
    name: str
    content: bytes


def shipped_folder(name: str) -> str:
    """The folder `facts` or `rules` that came with the package: inside it in a wheel, at the root of a source tree."""
    package = path.dirname(path.dirname(path.abspath(__file__)))
    inside = path.join(package, name)
    return inside if path.isdir(inside) else path.join(path.dirname(path.dirname(package)), name)


def gather(facts: Folder | None, rules: Folder | None) -> tuple[File, ...]:
    """All files of both folders; None stands for the shipped one.

    Raises KnowledgeError with all that cannot be read.
    """
    problems: list[str] = []
    files: list[File] = []
    for kind, given in (("facts", facts), ("rules", rules)):
        folder = shipped_folder(kind) if given is None else os.fspath(given)
        files += _files_of(kind, folder, kind if given is None else folder.rstrip("/"), problems)
    if problems:
        raise KnowledgeError(problems)
    return tuple(files)


def _files_of(kind: str, folder: str, shown: str, problems: list[str]) -> list[File]:
    if not path.isdir(folder):
        problems.append(f"{shown}: there is no such folder; expected one with {_EXPECTED[kind]}.")
        return []
    before = len(problems)
    files = list(_read(kind, folder, shown, problems))
    lacking = [name for role, name in _NEEDED[kind].items() if role not in {file.role for file in files}]
    if lacking and (len(problems) == before or not files):
        problems.append(f"{shown}: the folder lacks {', '.join(lacking)}; expected {_EXPECTED[kind]}.")
    return files


def _read(kind: str, folder: str, shown: str, problems: list[str]) -> Iterator[File]:
    for name in _yaml_names(folder):
        role = _role(kind, name)
        if role is None or not name.endswith(".yaml"):
            problems.append(f"{shown}/{name}:1: this file has no place here; expected {_EXPECTED[kind]}.")
            continue
        try:
            yield File(role, f"{shown}/{name}", bytes_of(path.join(folder, name), f"{shown}/{name}"))
        except KnowledgeError as error:
            problems += error.problems


def _yaml_names(folder: str) -> list[str]:
    """The YAML files in a folder and in its folders, by their names from there, in alphabetical order."""
    found: list[str] = []
    for name in os.listdir(folder):
        inner = path.join(folder, name)
        found += [f"{name}/{inside}" for inside in os.listdir(inner)] if path.isdir(inner) else [name]
    yaml = sorted(name for name in found if name.endswith((".yaml", ".yml")))
    if len(yaml) > _MOST_FILES:
        raise KnowledgeError([f"{folder}: more than {_MOST_FILES} files; is this the right folder?"])
    return yaml


def _role(kind: str, name: str) -> Role | None:
    inner, _, file = name.rpartition("/")
    if inner:
        return _FOLDERS[kind].get(inner)
    return _FILES[kind].get(file, "rules" if kind == "rules" else None)


def bytes_of(file: Folder, name: str) -> bytes:
    """A file's bytes, if there are not too many. Raises KnowledgeError."""
    try:
        if os.stat(file).st_size > MAX_BYTES:
            raise KnowledgeError(
                [f"{name}:1: the file is larger than {MAX_BYTES // 1_000_000} MB; split it into several."]
            )
        with open(file, "rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise KnowledgeError(
            [f"{name}:1: cannot be read ({error.strerror}); check the path and its permissions."]
        ) from error
