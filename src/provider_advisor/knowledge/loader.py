"""Load a knowledge base, or its decision cases, from its two folders, or as an earlier run kept them.

Reading YAML and checking it takes longer than answering. A result (a checked base, its cases, the JSON Schemas) is kept
under a key that names everything it was made from: the bytes of the files, the version of the package and of Python,
and the code. It is kept as JSON, which cannot run code, in a private file of the user; what somebody else owns or may
write, and what is not a plain file, is not read. The environment variable RECOMMEND_CACHE names another folder, or,
empty, turns this off.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import gc
import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from os import path
from typing import Any

from provider_advisor.knowledge import conditions, members, questions, records, rules
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.files import File, Folder, Found, find_files, gather_files, name_folders
from provider_advisor.knowledge.rules import Case
from provider_advisor.logic import Interval
from provider_advisor.version import __version__
from provider_advisor.whole_file import write_whole

__all__ = ["load", "make_key", "read_cases", "recall", "remember", "stamp_code"]

# The folders of all modules that say what a base holds; "" has those that are in no folder.
_CODE = ("", "knowledge", "knowledge/checks", "knowledge/shapes")
# A kept base has three lines below its digest: its fields, the lists of members, and the questionnaire. Few commands
# need the last two, and unpacking these takes as long as all the rest, so that each waits until it is asked for.
_PARTS = 3
_MOST_KEPT = 8
_LARGEST = 100_000_000
_OURS = re.compile(r"[0-9a-f]{64}\.(json|pickle)")  # .pickle: earlier versions
_RECORDS: Mapping[str, Any] = {
    name: record
    for module in (records, members, rules, questions, conditions)
    for name, record in {**vars(module), "Interval": Interval}.items()
    if isinstance(record, type) and hasattr(record, "_field_defaults")
}
_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    name: tuple(record._field_defaults.get(field) for field in record._fields) for name, record in _RECORDS.items()
}
_AS_IS = frozenset({str, int, float, bool, type(None)})
"""What JSON has as it is; most parts of records are, and a set is asked sooner than `isinstance`."""


def load(facts: Folder | None = None, rules: Folder | None = None) -> KnowledgeBase:
    """Return the knowledge base in the folders `facts` and `rules`; None means the shipped one.

    Raises KnowledgeError with every problem of every file, each as `file:line: what is wrong; what was expected`.
    """
    with _without_collection():
        knowledge = _load(find_files(facts, rules))
    return dataclasses.replace(knowledge, read_from=name_folders(facts, rules))


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: reading makes objects that stay, and looking through them takes longer."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load(found: Found) -> KnowledgeBase:
    key = _name_result("base", found.files)
    knowledge = None if found.problems else _recall_base(key)
    if knowledge is None:
        # The checking library takes longer to import than an answer takes, and a kept base needs none of it.
        from provider_advisor.knowledge.build import build  # noqa: PLC0415

        knowledge = build(found.files, found.problems, found.unread)
        # The fields behind `written` are set for each call (`read_from`), or only in parts of a base.
        names = [field.name for field in dataclasses.fields(knowledge)]
        fields = [getattr(knowledge, name) for name in names[: names.index("written")]]
        remember(key, _pack(fields), _pack(knowledge.criteria.lists), _pack(knowledge.questionnaire))
    return knowledge


def read_cases(facts: Folder | None = None, rules: Folder | None = None) -> list[Case]:
    """Return all decision cases of the folder `rules`, in the order of files.

    Raises KnowledgeError with every problem of the files of cases.
    """
    files = [file for file in gather_files(facts, rules) if file.role == "cases"]
    key = _name_result("cases", files)
    cases = _recall_cases(key)
    if cases is None:
        from provider_advisor.knowledge.build import build_cases  # noqa: PLC0415 (as above)

        cases = build_cases(files)
        remember(key, _pack(cases))
    return cases


def _name_result(kind: str, files: Sequence[File]) -> str:
    parts = (part for file in files for part in (file.role.encode(), file.name.encode(), file.content))
    return make_key(kind, stamp_code(*_CODE), parts)


def _recall_base(key: str) -> KnowledgeBase | None:
    lines = recall(key)
    if lines is None or len(lines) != _PARTS:
        return None
    fields, lists, questionnaire = lines
    try:
        sources, criteria, *rest = _unpack(fields)
        finding = members.Criteria(criteria)
        finding.given = partial(_unpack, lists)
        values: list[Any] = [*rest, partial(_unpack, questionnaire)]
        return KnowledgeBase(sources, finding, *values)
    except Exception:  # noqa: BLE001 (whatever is wrong with a kept file, reading the YAML is right)
        return None


def _recall_cases(key: str) -> list[Case] | None:
    lines = recall(key)
    if lines is None or len(lines) != 1:
        return None
    try:
        return list(_unpack(lines[0]))
    except Exception:  # noqa: BLE001 (as above)
        return None


def make_key(kind: str, code: str, parts: Iterable[bytes] = ()) -> str:
    """Return a name for a kind of result, made of exactly these parts by exactly this program."""
    digest = hashlib.sha256(f"{kind} {__version__} {sys.version} {code}".encode())
    for part in parts:
        digest.update(f"\0{len(part)}\0".encode())
        digest.update(part)
    return digest.hexdigest()


def stamp_code(*folders: str) -> str:
    """Return what changes when a module in one of the folders of this package does.

    In a source tree the version stays the same while the code changes.
    """
    package = path.dirname(path.dirname(path.abspath(__file__)))
    entries = (entry for folder in folders for entry in os.scandir(path.join(package, folder)))
    return str(sorted((entry.path, entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(".py")))


def recall(key: str) -> list[bytes] | None:
    """Return the lines that are kept under the key; None if there are none, or if they cannot be trusted."""
    folder = _find_folder()
    if folder is None:
        return None
    try:
        if not _is_private(os.lstat(folder)):
            return None
        # Somebody may have put a pipe or a link in its place: the one would make us wait, the other lead elsewhere.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(path.join(folder, f"{key}.json"), flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or not _is_private(status) or status.st_size > _LARGEST:
                return None
            digest, *lines = file.read().split(b"\n")
            with contextlib.suppress(OSError):  # somebody may only read here
                os.utime(file.fileno())  # what is used stays longest
    except OSError:
        return None
    return lines if digest == _compute_digest(lines) else None


def remember(key: str, *lines: bytes) -> None:
    """Keep the lines under the key, if the folder can be written; drop what was not used for longest beyond a few."""
    folder = _find_folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _is_private(os.lstat(folder)):
            return
        with write_whole(path.join(folder, f"{key}.json"), mode=0o600) as file:
            file.write(b"\n".join((_compute_digest(lines), *lines)))
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


def _compute_digest(lines: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"\n".join(lines)).hexdigest().encode()


def _pack(value: object) -> bytes:
    """Return records, however nested, as one line of JSON."""
    return json.dumps(_make_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def _unpack(packed: bytes) -> Any:  # noqa: ANN401 (what was packed)
    """Return what was packed; raises anything if the line does not come from `pack`."""
    return _restore(json.loads(packed))


def _make_plain(value: Any) -> Any:  # noqa: ANN401 (any record, however nested)
    """Return a record as JSON has it: each list begins with the kind of thing that it holds.

    Values at the end of a record that are its defaults are left out: most of a claim's are.
    """
    if type(value) in _AS_IS:
        return value
    if hasattr(value, "_field_defaults"):
        defaults, own = value._field_defaults, len(value)
        while own and (field := value._fields[own - 1]) in defaults and value[own - 1] == defaults[field]:
            own -= 1
        return [type(value).__name__, *(part if type(part) in _AS_IS else _make_plain(part) for part in value[:own])]
    if isinstance(value, tuple | list):
        return ["tuple" if isinstance(value, tuple) else "list", *map(_make_plain, value)]
    if isinstance(value, Mapping):
        return ["map", *([_make_plain(key), _make_plain(part)] for key, part in value.items())]
    return ["day", value.toordinal()] if isinstance(value, dt.date) else value


def _restore(value: Any) -> Any:  # noqa: ANN401 (as above)
    if type(value) is not list:
        return value
    kind = value[0]
    if kind == "day":
        return _day(value[1])
    if kind == "map":
        return {_restore(name): _restore(part) for name, part in value[1:]}
    parts = [_restore(part) if type(part) is list else part for part in value[1:]]
    if kind == "list":
        return parts
    if kind == "tuple":
        return tuple(parts)
    # Without the check of `_make` for the number of values: the digest says that they are those that were written.
    return tuple.__new__(_RECORDS[kind], (*parts, *_DEFAULTS[kind][len(parts) :]))


_day = cache(dt.date.fromordinal)  # a base has few days, and thousands of mentions of them
