"""The disk cache: results that take long to make, in a private folder of the user.

A result is kept under a key that names all that it was made from. The key of a checked knowledge base is made of the
bytes of its files, the version of the package and of Python, and the code: where one of them changes, another key is
looked for. What somebody else owns or may write, and what is not a plain file, is not read. Records are kept as a
pickle, and read by a reader that knows our records and nothing else, so that no kept file can run code. The environment
variable RECOMMEND_CACHE names another folder, or, empty, turns this off.
"""

import contextlib
import datetime as dt
import io
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate, pairwise
from os import path
from typing import Any

from provider_advisor.knowledge import conditions, criteria, records, rules
from provider_advisor.logic import Interval
from provider_advisor.version import __version__
from provider_advisor.whole_file import OPEN_SAFELY, write_whole

# Each start of the command imports the next two. `hashlib` and `pickle` would load OpenSSL and a second pickler in
# Python, which takes longer than to read and check all that is kept.
try:
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b
try:
    from _pickle import Unpickler
except ImportError:
    from pickle import Unpickler

_MOST_KEPT = 16
_LARGEST = 100_000_000
_OURS = re.compile(r"[0-9a-f]{64}\.(kept|json|pickle)")  # .json and .pickle: earlier versions
_RECORDS: Mapping[tuple[str, str], type] = {
    (record.__module__, record.__name__): record
    for module in (records, criteria, rules, conditions)
    for record in (dt.date, Interval, *vars(module).values())
    if isinstance(record, type) and (record is dt.date or hasattr(record, "_field_defaults"))
}


def make_key(kind: str, code: str, parts: Iterable[bytes] = ()) -> str:
    """Return a name for a kind of result, made of exactly these parts by exactly this program."""
    digest = blake2b(f"{kind} {__version__} {sys.version} {code}".encode(), digest_size=32)
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
    """Return the parts that are kept under the key; None if there are none, or if they cannot be trusted."""
    folder = _find_folder()
    if folder is None:
        return None
    try:
        if not _is_private(os.lstat(folder)):
            return None
        # Without a buffer, because all is read at once, and the buffer would be filled first and copied then.
        with open(os.open(path.join(folder, f"{key}.kept"), os.O_RDONLY | OPEN_SAFELY), "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or not _is_private(status) or status.st_size > _LARGEST:
                return None
            # The first line has the digest of what follows, and how long each part is.
            content = file.read(status.st_size)
            begin = content.index(b"\n") + 1
            digest, *sizes = content[:begin].split()
            ends = [*accumulate(map(int, sizes), initial=begin)]
            with contextlib.suppress(OSError):  # somebody may only read here
                os.utime(file.fileno())  # what is used stays longest
    except (OSError, ValueError):
        return None
    if digest != compute_digest(memoryview(content)[begin:]):
        return None
    return [content[begin:end] for begin, end in pairwise(ends)]


def remember(key: str, *make_parts: Callable[[], bytes]) -> None:
    """Make the parts and keep them under the key, if the folder is writable; drop the least recently used ones."""
    folder = _find_folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _is_private(os.lstat(folder)):
            return
        with write_whole(path.join(folder, f"{key}.kept"), mode=0o600) as file:
            parts = [make() for make in make_parts]
            content = b"".join(parts)
            sizes = (str(len(part)).encode() for part in parts)
            file.write(b" ".join((compute_digest(content), *sizes)) + b"\n" + content)
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


def compute_digest(content: bytes | memoryview) -> bytes:
    """Return the digest that shows that a kept file is whole; not a signature, because only the user can change it."""
    return blake2b(content, digest_size=32).hexdigest().encode()


def pack(value: object) -> bytes:
    """Return records, however nested, as bytes."""
    import pickle  # noqa: PLC0415 (as said above)

    return pickle.dumps(_share(value, {}), pickle.HIGHEST_PROTOCOL)


def _share(value: Any, seen: dict[tuple[Any, ...], Any]) -> Any:  # noqa: ANN401 (records, texts and numbers)
    """Return an equal value whose equal parts are one object.

    Such a part is written once, and made once whenever the value is read: claims repeat sources, days and terms, so
    that a base is read in half the time.
    """
    if isinstance(value, tuple):
        parts = [_share(part, seen) for part in value]
        # Parts are told apart by identity: 1, 1.0 and True are equal, and not the same.
        shared = tuple(parts) if type(value) is tuple else type(value)(*parts)
        return seen.setdefault((type(value), *map(id, parts)), shared)
    if isinstance(value, dict):
        return {_share(key, seen): _share(part, seen) for key, part in value.items()}
    if isinstance(value, list):
        return [_share(part, seen) for part in value]
    if isinstance(value, str | int | float | dt.date):
        return seen.setdefault((type(value), str(value)), value)
    return value


def unpack(packed: bytes) -> Any:  # noqa: ANN401 (what was packed)
    """Return what was packed; raises anything if the bytes do not come from `pack`."""
    return _RecordReader(io.BytesIO(packed)).load()


class _RecordReader(Unpickler):
    """Reads what `pack` wrote, in a third of the time of building records from JSON."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (a class)
        """Return a class of records. Whatever else a pickle names, such as a function to call, raises KeyError."""
        return _RECORDS[module, name]
