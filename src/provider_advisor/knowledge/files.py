"""Which files make up a knowledge base, and their bytes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from provider_advisor.errors import KnowledgeError

__all__ = ["MAX_BYTES", "File", "Role", "bytes_of", "gather", "shipped_folder"]

Role = Literal["sources", "team", "criteria", "provider", "weights", "rules", "cases"]

_FACTS: dict[str, Role] = {"sources.yaml": "sources", "team.yaml": "team"}
_FACTS_FOLDERS: dict[str, Role] = {"criteria": "criteria", "providers": "provider"}
_RULES: dict[str, Role] = {"weights.yaml": "weights"}
_RULES_FOLDERS: dict[str, Role] = {"cases": "cases"}
_MOST_FILES = 5_000
MAX_BYTES = 4_000_000


class File(NamedTuple):
    """A file's part in the knowledge base, the name by which messages call it, and its bytes."""

    role: Role
    name: str
    content: bytes


def shipped_folder(name: str) -> Path:
    """The folder `facts` or `rules` that came with the package: inside it in a wheel, at the root of a source tree."""
    package = Path(__file__).resolve().parents[1]
    inside = package / name
    return inside if inside.is_dir() else package.parents[1] / name


def gather(facts: Path | None, rules: Path | None) -> tuple[File, ...]:
    """All files of both folders; None stands for the shipped one.

    Raises KnowledgeError with all that cannot be read.
    """
    problems: list[str] = []
    files: list[File] = []
    for name, given in (("facts", facts), ("rules", rules)):
        folder = shipped_folder(name) if given is None else Path(given)
        shown = name if given is None else str(given)
        try:
            files += _files_of(name, folder, shown)
        except KnowledgeError as error:
            problems += error.problems
    if problems:
        raise KnowledgeError(problems)
    return tuple(files)


def _files_of(name: str, folder: Path, shown: str) -> list[File]:
    if not folder.is_dir():
        raise KnowledgeError([f"{shown}: there is no such folder; expected one with {_expected(name)}."])
    named, folders = (_FACTS, _FACTS_FOLDERS) if name == "facts" else (_RULES, _RULES_FOLDERS)
    problems: list[str] = []
    files: list[File] = []
    for path in _paths(folder):
        relative = path.relative_to(folder)
        shown_path = f"{shown}/{relative.as_posix()}"
        role = _role(relative, named, folders, name)
        if role is None or path.suffix != ".yaml":
            problems.append(f"{shown_path}:1: this file has no place here; expected {_expected(name)}.")
            continue
        try:
            files.append(File(role, shown_path, bytes_of(path, shown_path)))
        except KnowledgeError as error:
            problems += error.problems
    missing = {"sources", "criteria", "provider"} if name == "facts" else {"weights"}
    if absent := missing - {file.role for file in files}:
        word = {"sources": "sources.yaml", "weights": "weights.yaml", "criteria": "criteria/", "provider": "providers/"}
        lacking = ", ".join(sorted(word[role] for role in absent))
        problems.append(f"{shown}: the folder lacks {lacking}; expected {_expected(name)}.")
    if problems:
        raise KnowledgeError(problems)
    return files


def bytes_of(path: Path, name: str) -> bytes:
    """A file's bytes, if there are not too many. Raises KnowledgeError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise KnowledgeError(
                [f"{name}:1: the file is larger than {MAX_BYTES // 1_000_000} MB; split it into several."]
            )
        return path.read_bytes()
    except OSError as error:
        raise KnowledgeError(
            [f"{name}:1: cannot be read ({error.strerror}); check the path and its permissions."]
        ) from error


def _expected(name: str) -> str:
    if name == "facts":
        return "sources.yaml, team.yaml, criteria/<area>.yaml and providers/<id>.yaml"
    return "weights.yaml, <area>.yaml and cases/<area>.yaml"


def _paths(folder: Path) -> Iterator[Path]:
    found = sorted((*folder.glob("*.y*ml"), *folder.glob("*/*.y*ml")))
    if len(found) > _MOST_FILES:
        raise KnowledgeError([f"{folder}: more than {_MOST_FILES} files; is this the right folder?"])
    yield from found


def _role(relative: Path, named: dict[str, Role], folders: dict[str, Role], name: str) -> Role | None:
    if len(relative.parts) > 1:
        return folders.get(relative.parts[0])
    return named.get(relative.name, "rules" if name == "rules" else None)
