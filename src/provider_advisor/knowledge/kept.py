"""Keep what takes long to compute between processes: a checked base, its cases, the JSON Schemas.

Reading YAML and checking it takes longer than answering. A result is kept under a key that names everything it was made
from: the bytes of the files, the version of the package and of Python, and the code. It is kept as JSON, which cannot
run code, in a private file of the user; what somebody else owns or may write, and what is not a plain file, is not
read. The environment variable RECOMMEND_CACHE names another folder, or, empty, turns this off.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from os import path
from typing import Any

from provider_advisor.knowledge import conditions, members, questions, records, rules
from provider_advisor.logic import Interval
from provider_advisor.version import __version__
from provider_advisor.whole_file import write_whole

__all__ = ["AS_IS", "make_key", "pack", "recall", "remember", "stamp_code", "unpack"]

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
AS_IS = frozenset({str, int, float, bool, type(None)})
"""What JSON has as it is; most parts of records are, and a set is asked sooner than `isinstance`."""


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
        # A pipe or a link may lie in its place: the one would make us wait, the other lead elsewhere.
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


def pack(value: object) -> bytes:
    """Return records, however nested, as one line of JSON."""
    return json.dumps(_make_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def unpack(packed: bytes) -> Any:  # noqa: ANN401 (what was packed)
    """Return what was packed; raises anything if the line does not come from `pack`."""
    return _restore(json.loads(packed))


def _make_plain(value: Any) -> Any:  # noqa: ANN401 (any record, however nested)
    """Return a record as JSON has it: each list begins with the kind of thing that it holds.

    Values at the end of a record that are its defaults are left out: most of a claim's are.
    """
    if type(value) in AS_IS:
        return value
    if hasattr(value, "_field_defaults"):
        defaults, own = value._field_defaults, len(value)
        while own and (field := value._fields[own - 1]) in defaults and value[own - 1] == defaults[field]:
            own -= 1
        return [type(value).__name__, *(part if type(part) in AS_IS else _make_plain(part) for part in value[:own])]
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
