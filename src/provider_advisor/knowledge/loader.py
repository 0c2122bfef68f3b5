"""Load a knowledge base from its two folders, or as it was kept from the last time.

Reading YAML and checking it takes longer than answering, so a checked base is kept between processes: for exactly the
same bytes of files and the same version of the package and of Python. It is kept as JSON, which cannot run code, in a
private file of the user; what somebody else owns or may write, and what is not a plain file, is not read. The
environment variable RECOMMEND_CACHE names another folder, or, empty, turns this off.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from os import path
from typing import Any

from provider_advisor.knowledge import conditions, records
from provider_advisor.knowledge.files import File, Folder, find_files, name_folders
from provider_advisor.knowledge.records import KnowledgeBase, Questionnaire
from provider_advisor.logic import Interval
from provider_advisor.version import __version__
from provider_advisor.whole_file import write_whole

__all__ = ["load"]

_MOST_KEPT = 8
_LARGEST = 100_000_000
_OURS = re.compile(r"[0-9a-f]{64}\.(json|pickle)")  # .pickle: earlier versions
# Without the check of `_make` for the number of values: the digest says that they are those that were written.
_MAKERS: Mapping[str, Callable[[list[Any]], Any]] = {
    name: partial(tuple.__new__, record)
    for name, record in {**vars(records), **vars(conditions), "Interval": Interval}.items()
    if isinstance(record, type) and hasattr(record, "_make")
}


def load(facts: Folder | None = None, rules: Folder | None = None) -> KnowledgeBase:
    """Return the knowledge base in the folders `facts` and `rules`; None stands for the shipped one.

    Raises KnowledgeError with every problem of every file, each as `file:line: what is wrong; what was expected`.
    """
    found = find_files(facts, rules)
    key = _hash_files(found.files)
    knowledge = None if found.problems else _recall(key)
    if knowledge is None:
        # The checking library takes longer to import than an answer takes, and a kept base needs none of it.
        from provider_advisor.knowledge.build import build  # noqa: PLC0415

        knowledge = build(found.files, found.problems, found.unread)
        _remember(key, knowledge)
    return dataclasses.replace(knowledge, read_from=name_folders(facts, rules))


def _hash_files(files: Sequence[File]) -> str:
    """Return a name for exactly these files, read by exactly this program."""
    digest = hashlib.sha256(f"{__version__} {sys.version} {_stamp_code()}".encode())
    for file in files:
        digest.update(f"\0{file.role}\0{file.name}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    return digest.hexdigest()


def _stamp_code() -> str:
    """Return what changes when a module of these rooms does: in a source tree the version stays."""
    room = path.dirname(path.abspath(__file__))
    folders = (room, path.join(room, "checks"), path.join(room, "shapes"), path.join(path.dirname(room), "logic"))
    modules = sorted((entry.path, entry.stat().st_mtime_ns) for folder in folders for entry in os.scandir(folder))
    return str([stamp for name, stamp in modules if name.endswith(".py")])


def _recall(key: str) -> KnowledgeBase | None:
    """Return the knowledge base that is kept under the key, if there is one that can be trusted and read."""
    folder = _find_folder()
    if folder is None:
        return None
    try:
        if not _is_private(os.lstat(folder)):
            return None
        # A pipe or a link may lie in its place: the one would make us wait, the other lead elsewhere.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(path.join(folder, f"{key}.json"), flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or not _is_private(status) or status.st_size > _LARGEST:
                return None
            digest, parts, questionnaire = file.read().split(b"\n")
        if digest.decode() != _compute_digest(parts, questionnaire):
            return None
        # Few commands need the questionnaire, and unpacking it takes half as long as all the rest.
        fields: list[Any] = [*_unpack(json.loads(parts)), partial(_unpack_questionnaire, questionnaire)]
        return KnowledgeBase(*fields)
    except Exception:  # noqa: BLE001 (whatever is wrong with a kept file, reading the YAML is right)
        return None


def _remember(key: str, knowledge: KnowledgeBase) -> None:
    """Keep the knowledge base under the key, if the folder can be written; drop the oldest beyond a few."""
    folder = _find_folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _is_private(os.lstat(folder)):
            return
        fields = [getattr(knowledge, field.name) for field in dataclasses.fields(knowledge)[:-2]]
        parts, questionnaire = _pack(fields), _pack(knowledge.questionnaire)
        with write_whole(path.join(folder, f"{key}.json"), mode=0o600) as file:
            file.write(b"\n".join((_compute_digest(parts, questionnaire).encode(), parts, questionnaire)))
        kept = [entry for entry in os.scandir(folder) if _OURS.fullmatch(entry.name)]
        for old in sorted(kept, key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)[:-_MOST_KEPT]:
            os.unlink(old.path)


def _find_folder() -> str | None:
    given = os.environ.get("RECOMMEND_CACHE")
    if given is not None:
        return given or None
    base = os.environ.get("XDG_CACHE_HOME") or path.join(path.expanduser("~"), ".cache")
    return path.join(base, "provider-advisor") if path.isabs(base) else None


def _is_private(status: os.stat_result) -> bool:
    """Return whether it is the user's own, nobody else may write to it, and it is not a link."""
    if stat.S_ISLNK(status.st_mode):
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def _compute_digest(parts: bytes, questionnaire: bytes) -> str:
    return hashlib.sha256(parts + b"\n" + questionnaire).hexdigest()


def _pack(value: object) -> bytes:
    return json.dumps(_make_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def _make_plain(value: Any) -> Any:  # noqa: ANN401 (any record, however nested)
    """Return a record as JSON has it: each list begins with the kind of thing that it stands for."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [type(value).__name__, *map(_make_plain, value)]
    if isinstance(value, tuple | list):
        return ["tuple", *map(_make_plain, value)]
    if isinstance(value, Mapping):
        return ["map", *([_make_plain(key), _make_plain(part)] for key, part in value.items())]
    return ["day", value.toordinal()] if isinstance(value, dt.date) else value


def _unpack(value: Any) -> Any:  # noqa: ANN401 (as above)
    if type(value) is not list:
        return value
    kind = value[0]
    if kind == "day":
        return _day(value[1])
    if kind == "map":
        return {_unpack(name): _unpack(part) for name, part in value[1:]}
    parts = [_unpack(part) if type(part) is list else part for part in value[1:]]
    return tuple(parts) if kind == "tuple" else _MAKERS[kind](parts)


_day = cache(dt.date.fromordinal)  # a base has few days, and thousands of mentions of them


def _unpack_questionnaire(packed: bytes) -> Questionnaire | None:
    found: Questionnaire | None = _unpack(json.loads(packed))
    return found
