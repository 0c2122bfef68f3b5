"""Which files make up a knowledge base, and their bytes."""

import os
import stat
from collections.abc import Iterator
from os import path
from typing import BinaryIO, Literal, NamedTuple

from provider_advisor.errors import KnowledgeError, explain_unread
from provider_advisor.safe_text import join_words

Role = Literal[
    "base", "sources", "team", "rates", "criteria", "members", "provider", "weights", "rules", "questions", "cases"
]
Folder = str | os.PathLike[str]

# A user may name `/` by mistake, or a folder nested without end. Beyond these limits the program stops with a sentence,
# instead of reading on for minutes.
MAX_BYTES = 4_000_000
_MOST_FILES = 5_000
_MOST_ENTRIES = 50_000
_DEEPEST = 40
_LONGEST = 300
_LAYOUT: dict[str, dict[str, Role]] = {
    "facts": {
        "base.yaml": "base",
        "sources.yaml": "sources",
        "team.yaml": "team",
        "rates.yaml": "rates",
        "criteria/<area>.yaml": "criteria",
        "members/<list>.yaml": "members",
        "providers/<id>.yaml": "provider",
    },
    "rules": {
        "weights.yaml": "weights",
        "questions.yaml": "questions",
        "<area>.yaml": "rules",
        "cases/<area>.yaml": "cases",
    },
}
"""Every file of the two folders, with its role. In angle brackets may be any name."""
_EXPECTED = {kind: join_words(list(names)) for kind, names in _LAYOUT.items()}
_NEEDED: dict[Role, str] = {
    role: name.partition("<")[0]
    for names in _LAYOUT.values()
    for name, role in names.items()
    if role in {"criteria", "provider", "sources", "weights"}
}
"""The files and folders without which there is no knowledge base, by role."""


class File(NamedTuple):
    """A file's role in the knowledge base, the name by which messages call it, and its bytes."""

    role: Role
    name: str
    content: bytes


class FoundFiles(NamedTuple):
    """The readable files, the problems of folders and other files, and the roles of the unreadable ones."""

    files: tuple[File, ...]
    problems: tuple[str, ...]
    unread: frozenset[Role]


def find_files(facts: Folder | None, rules: Folder | None) -> FoundFiles:
    """Return all files of both folders that can be read, and what is wrong with the rest."""
    problems: list[str] = []
    unread: set[Role] = set()
    files = [*_find_in("facts", facts, problems, unread), *_find_in("rules", rules, problems, unread)]
    return FoundFiles(tuple(files), tuple(problems), frozenset(unread))


def _find_in(kind: str, given: Folder | None, problems: list[str], unread: set[Role]) -> list[File]:
    """Return the files of a folder that can be read; add what is wrong with the others, and their possible roles."""
    folder, every = shipped_folder(kind) if given is None else os.fspath(given), _guess_roles(kind, "")
    shown = kind if given is None else _escape(folder.rstrip("/") or folder[:1])
    if not path.isdir(folder):
        shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
        what = ("is not a folder" if path.exists(folder) else "does not exist") if folder else "an empty name"
        problems.append(f"{shown or kind}: {what}; expected a folder with {_EXPECTED[kind]}.")
        unread |= every
        return []
    files = list(_read_all(kind, folder, shown, problems, unread))
    lacking = _NEEDED.keys() & every - unread - {file.role for file in files}
    if lacking:
        names = sorted(_NEEDED[role] for role in lacking)
        problems.append(f"{shown}: the folder lacks {', '.join(names)}; expected {_EXPECTED[kind]}.")
    unread |= lacking if files else every
    return files


def _read_all(kind: str, folder: str, shown: str, problems: list[str], unread: set[Role]) -> Iterator[File]:
    """Yield the files that can be read; add what is wrong with the others, and their possible roles."""
    for name, refusal in sorted(_list_yaml(folder), key=lambda entry: entry[0]):
        role, called = _get_role(kind, name), path.join(shown, _escape(name)) if name else shown
        if isinstance(refusal, OSError):
            problems.append(explain_unread(f"{called}:", refusal))
        elif refusal is not None:
            problems.append(f"{called}: {refusal}")
        elif role is not None and name.endswith(".yaml"):
            try:
                yield File(role, called, read_bytes(path.join(folder, name), called))
                continue
            except KnowledgeError as error:
                problems += error.problems
        else:
            problems.append(f"{called}:1: unexpected file; expected {_EXPECTED[kind]}.")
        unread |= _guess_roles(kind, name)


def _list_yaml(folder: str) -> list[tuple[str, str | OSError | None]]:
    """Return the YAML files in and below a folder, and what cannot be listed, with the reason."""
    found: list[tuple[str, str | OSError | None]] = []
    waiting, seen = [""], 0
    while waiting:
        inner = waiting.pop()
        if inner.count("/") >= _DEEPEST:
            found.append((inner, f"folders nested more than {_DEEPEST} deep; is this the right folder?"))
            continue
        try:
            with os.scandir(path.join(folder, inner) if inner else folder) as entries:
                for entry in entries:
                    seen += 1
                    name = f"{inner}/{entry.name}" if inner else entry.name
                    if entry.name.startswith("."):
                        continue  # left by editors, file managers and git: .#zeta.yaml, ._zeta.yaml, .git
                    if name.lower().endswith((".yaml", ".yml")):
                        is_text = entry.name.isprintable()
                        refusal = "the file's name is not plain text in UTF-8; rename the file."
                        found.append((name, None if is_text else refusal))
                    # Links to folders are followed only at the top, because further down they could form a circle.
                    elif entry.is_dir(follow_symlinks=False) or (not inner and path.isdir(entry.path)):
                        waiting.append(name)
                    if len(found) > _MOST_FILES or seen > _MOST_ENTRIES:
                        most = f"more than {_MOST_FILES} YAML files or {_MOST_ENTRIES} files in all"
                        return [("", f"{most}; is this the right folder?")]
        except OSError as error:
            found.append((inner, error))
    return found


def _escape(name: str) -> str:
    """Return a name with characters that a terminal cannot show, such as invalid UTF-8, as escapes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def _guess_roles(kind: str, name: str) -> frozenset[Role]:
    """Return the roles that a misplaced file of this name may be meant for; without a name, all of the folder."""
    top = name.partition("/")[0]
    meant = {top, f"{path.splitext(top)[0]}.yaml"}
    return frozenset(role for each, role in _LAYOUT[kind].items() if not top or each.partition("/")[0] in meant)


def _get_role(kind: str, name: str) -> Role | None:
    """Return the role of a file by its path in the folder, None if it has no place there."""
    inner, _, _ = name.rpartition("/")
    return _LAYOUT[kind].get(name) or next(
        (role for each, role in _LAYOUT[kind].items() if "<" in each and each.rpartition("/")[0] == inner), None
    )


def read_bytes(file: Folder, name: str) -> bytes:
    """Return the bytes of a file in a folder; `name` is how messages call it.

    Only a regular file is read, because what a folder holds must not make the program wait. Raises KnowledgeError, also
    for more than `MAX_BYTES`.
    """

    def open_at_once(file: str, flags: int) -> int:
        # Otherwise opening a pipe waits until somebody writes to it.
        return os.open(file, flags | getattr(os, "O_NONBLOCK", 0))

    try:
        with open(file, "rb", opener=open_at_once) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise KnowledgeError([f"{name}:1: not a regular file; replace it with one."])
            content = read_limited(stream)
    except OSError as error:
        raise KnowledgeError([explain_unread(f"{name}:", error)]) from error
    if len(content) > MAX_BYTES:
        raise KnowledgeError([f"{name}:1: larger than {MAX_BYTES // 1_000_000} MB; split the file into several."])
    return content


def read_limited(stream: BinaryIO) -> bytes:
    """Return the bytes of an open file or pipe, at most one more than `MAX_BYTES`."""
    # Reading allocates all requested bytes: for `MAX_BYTES` this takes longer than reading a small file.
    size = min(os.fstat(stream.fileno()).st_size, MAX_BYTES)
    content = stream.read(size + 1)
    if len(content) > size:  # a pipe, which has no size, or a file that has grown since
        content += stream.read(MAX_BYTES - size)
    return content


# Where the folders are


def shipped_folder(name: str) -> str:
    """Return the folder `facts` or `rules` that came with the package.

    It is inside the package in a wheel, and at the root of a source tree.
    """
    package = path.dirname(path.dirname(path.abspath(__file__)))
    inside = path.join(package, name)
    return inside if path.isdir(inside) else path.join(path.dirname(path.dirname(package)), name)


def name_folders(facts: Folder | None, rules: Folder | None) -> str:
    """Return in sentences which folders a knowledge base is read from; None means the shipped one.

    >>> name_folders(None, None), name_folders("laptops/facts", None)
    ('Facts and rules: shipped with the program.', 'Facts: laptops/facts. Rules: shipped with the program.')
    """
    shipped = "shipped with the program"
    if facts is None and rules is None:
        return f"Facts and rules: {shipped}."
    given = (("Facts", facts), ("Rules", rules))
    return " ".join(f"{kind}: {shipped if at is None else _escape(os.fspath(at))}." for kind, at in given)


def locate_folder(kind: str, given: Folder | None) -> str:
    """Return the whole path of the folder `facts` or `rules` that is read; None means the shipped one."""
    return path.abspath(shipped_folder(kind) if given is None else os.fspath(given))


def find_overlooked() -> str | None:
    """Return the folder `facts` or `rules` inside the current folder, unless it is the shipped one; None without."""
    for kind, names in _LAYOUT.items():
        is_one = any(path.exists(path.join(kind, _NEEDED[role])) for role in names.values() if role in _NEEDED)
        if is_one and path.realpath(kind) != path.realpath(shipped_folder(kind)):
            return kind
    return None


def find_beside(folder: Folder, kind: str) -> str | None:
    """Return the folder of this kind beside a folder of the other kind, or None."""
    found = path.join(path.dirname(path.abspath(os.fspath(folder))), kind)
    return found if path.isdir(found) else None
