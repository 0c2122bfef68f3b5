"""Which files make up a knowledge base, and their bytes."""

import itertools
import os
from collections.abc import Iterator
from os import path
from typing import Literal, NamedTuple

from provider_advisor.errors import KnowledgeError

__all__ = ["MAX_BYTES", "File", "Folder", "Found", "Role", "bytes_of", "gather", "look", "shipped_folder"]

Role = Literal["sources", "team", "criteria", "provider", "weights", "rules", "questions", "cases"]
Folder = str | os.PathLike[str]

MAX_BYTES = 4_000_000
_MOST_FILES = 5_000
_FILES: dict[str, dict[str, Role]] = {
    "facts": {"sources.yaml": "sources", "team.yaml": "team"},
    "rules": {"weights.yaml": "weights", "questions.yaml": "questions"},
}
_FOLDERS: dict[str, dict[str, Role]] = {
    "facts": {"criteria": "criteria", "providers": "provider"},
    "rules": {"cases": "cases"},
}
_EXPECTED = {
    "facts": "sources.yaml, team.yaml, criteria/<area>.yaml and providers/<id>.yaml",
    "rules": "weights.yaml, questions.yaml, <area>.yaml and cases/<area>.yaml",
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


class Found(NamedTuple):
    """The files that can be read, what is wrong with the folders and the others, and the parts that those play."""

    files: tuple[File, ...]
    problems: tuple[str, ...]
    unread: frozenset[Role]


def shipped_folder(name: str) -> str:
    """The folder `facts` or `rules` that came with the package: inside it in a wheel, at the root of a source tree."""
    package = path.dirname(path.dirname(path.abspath(__file__)))
    inside = path.join(package, name)
    return inside if path.isdir(inside) else path.join(path.dirname(path.dirname(package)), name)


def gather(facts: Folder | None, rules: Folder | None) -> tuple[File, ...]:
    """All files of both folders; None stands for the shipped one.

    Raises KnowledgeError with all that cannot be read.
    """
    found = look(facts, rules)
    if found.problems:
        raise KnowledgeError(found.problems)
    return found.files


def look(facts: Folder | None, rules: Folder | None) -> Found:
    """The same, but with what is wrong beside what can be read."""
    files: list[File] = []
    problems: list[str] = []
    unread: set[Role] = set()
    for kind, given in (("facts", facts), ("rules", rules)):
        folder = shipped_folder(kind) if given is None else os.fspath(given)
        shown = kind if given is None else folder.rstrip("/")
        part = _files_of(kind, folder, shown)
        files += part.files
        problems += part.problems
        unread |= part.unread
    return Found(tuple(files), tuple(problems), frozenset(unread))


def _files_of(kind: str, folder: str, shown: str) -> Found:
    if not path.isdir(folder):
        problem = f"{shown}: there is no such folder; expected one with {_EXPECTED[kind]}."
        return Found((), (problem,), _roles_at(kind, ""))
    problems: list[str] = []
    unread: set[Role] = set()
    files = tuple(_read(kind, folder, shown, problems, unread))
    lacking = _NEEDED[kind].keys() - unread - {file.role for file in files}
    if lacking:
        names = ", ".join(name for role, name in _NEEDED[kind].items() if role in lacking)
        problems.append(f"{shown}: the folder lacks {names}; expected {_EXPECTED[kind]}.")
    return Found(files, tuple(problems), frozenset(unread | lacking) if files else _roles_at(kind, ""))


def _read(kind: str, folder: str, shown: str, problems: list[str], unread: set[Role]) -> Iterator[File]:
    """The files that can be read; what is wrong with the others, and the parts they may play, is added."""
    listed = sorted(itertools.islice(_listed(folder), _MOST_FILES + 1))
    if len(listed) > _MOST_FILES:
        problems.append(f"{shown}: more than {_MOST_FILES} files; is this the right folder?")
        listed = [("", None)]
    for name, refusal in listed:
        role, called = _role(kind, name), f"{shown}/{name}".rstrip("/")
        if refusal is not None:
            problems.append(f"{called}: the folder cannot be read ({refusal}); check its permissions.")
        elif role is not None and name.endswith(".yaml"):
            try:
                yield File(role, called, bytes_of(path.join(folder, name), called))
                continue
            except KnowledgeError as error:
                problems += error.problems
        elif name:
            problems.append(f"{called}:1: this file has no place here; expected {_EXPECTED[kind]}.")
        unread |= _roles_at(kind, name)


def _listed(folder: str, inner: str = "") -> Iterator[tuple[str, str | None]]:
    """The YAML files in a folder and below it, and, with the reason, the folders that may not be listed."""
    try:
        names = os.listdir(path.join(folder, inner) if inner else folder)
    except OSError as error:
        yield inner, str(error.strerror)
        return
    for name in names:
        below = f"{inner}/{name}" if inner else name
        full = path.join(folder, below)
        if name.lower().endswith((".yaml", ".yml")):
            yield below, None
        elif path.isdir(full) and not (inner and path.islink(full)):
            yield from _listed(folder, below)


def _roles_at(kind: str, name: str) -> frozenset[Role]:
    """The parts that something misplaced under this name may be meant to play; all of its kind for the folder."""
    top = name.partition("/")[0]
    if not top:
        return frozenset({*_FILES[kind].values(), *_FOLDERS[kind].values()})
    role = _FOLDERS[kind].get(top) or _FILES[kind].get(f"{path.splitext(top)[0]}.yaml")
    return frozenset() if role is None else frozenset({role})


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
