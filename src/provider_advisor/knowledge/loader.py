"""Load a knowledge base, or its decision cases, from its two folders or from the cache.

Reading YAML and checking it takes longer than answering. A result (a checked base, its cases, what looks wrong with it,
the JSON Schemas) is kept under a key that names everything it was made from: the bytes of the files, the version of the
package and of Python, and the code. It is kept in a private file of the user; what somebody else owns or may write, and
what is not a plain file, is not read. A base is kept as a pickle, and read by a reader that knows our records and
nothing else, so that no kept file can run code. The environment variable RECOMMEND_CACHE names another folder, or,
empty, turns this off.
"""

import contextlib
import dataclasses
import datetime as dt
import gc
import io
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, pairwise
from os import path
from typing import Any, NamedTuple, TypeVar

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge import conditions, criteria, records, rules
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.facts import facts_as_of
from provider_advisor.knowledge.files import File, Folder, Found, find_files, gather_files, name_folders
from provider_advisor.knowledge.rules import Case
from provider_advisor.logic import Interval
from provider_advisor.version import __version__
from provider_advisor.whole_file import write_whole

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

# The folders of all modules that say what a base holds; "" has those that are in no folder.
_CODE = ("", "knowledge", "knowledge/shapes")
_MOST_KEPT = 16
_LARGEST = 100_000_000
_OURS = re.compile(r"[0-9a-f]{64}\.(kept|json|pickle)")  # .json and .pickle: earlier versions
_RECORDS: Mapping[tuple[str, str], type] = {
    (record.__module__, record.__name__): record
    for module in (records, criteria, rules, conditions)
    for record in (dt.date, Interval, *vars(module).values())
    if isinstance(record, type) and (record is dt.date or hasattr(record, "_field_defaults"))
}

T = TypeVar("T")


def load(facts: Folder | None = None, rules: Folder | None = None) -> KnowledgeBase:
    """Return the knowledge base in the folders `facts` and `rules`; None means the shipped one.

    Raises KnowledgeError with every problem of every file, each as `file:line: what is wrong; what was expected`.
    """
    return dataclasses.replace(_load(find_files(facts, rules)), read_from=name_folders(facts, rules))


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Pause garbage collection: reading creates objects that stay, and scanning them would be slow."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collection()
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
        fields[names.index("criteria")] = dict(knowledge.criteria)  # without the lists of members, which are a part
        remember(key, _pack(fields), _pack(knowledge.criteria.lists), _pack(knowledge.questionnaire))
    return knowledge


def read_cases(facts: Folder | None = None, rules: Folder | None = None) -> list[Case]:
    """Return all decision cases of the folder `rules`, in the order of files.

    Raises KnowledgeError with every problem of the files of cases.
    """
    return _read_cases(gather_files(facts, rules))


def _read_cases(every: Iterable[File]) -> list[Case]:
    files = [file for file in every if file.role == "cases"]
    key = _name_result("cases", files)
    cases: list[Case] | None = _recall_made(key, _unpack)
    if cases is None:
        from provider_advisor.knowledge.build import build_cases  # noqa: PLC0415 (as above)

        cases = build_cases(files)
        remember(key, _pack(cases))
    return cases


class Review(NamedTuple):
    """The number of records of each kind, and a warning for each thing that the keeper should check."""

    counts: dict[str, int]
    warnings: list[str]


def review(facts: Folder | None, rules: Folder | None, day: dt.date, today: dt.date) -> Review:
    """Return what a base with its cases looks like on a day.

    Raises KnowledgeError with every problem of every file, and with what is dated after `day` and `today`.
    """
    found = find_files(facts, rules)
    # Where something is wrong nothing is kept, so that what is found was fine. The key is made of the bytes that are
    # judged below: a file that changes meanwhile is not taken for one that was looked at.
    latest = max(day, today)
    key = _name_result(f"review {day} {latest}", found.files)
    kept = None if found.problems else _recall_made(key, lambda part: Review(**json.loads(part)))
    if kept is not None:
        return kept
    from provider_advisor.knowledge.suspicions import find_future_claims, find_suspicions  # noqa: PLC0415 (as above)

    knowledge = dataclasses.replace(_load(found), read_from=name_folders(facts, rules))
    if ahead := list(find_future_claims(knowledge, latest)):
        raise KnowledgeError(ahead)
    _read_cases(found.files)
    counts = {name: len(getattr(knowledge, name)) for name in ("criteria", "providers", "rules")}
    counts["claims"] = sum(len(provider.claims) for provider in knowledge.providers.values())
    made = Review(counts, list(find_suspicions(facts_as_of(knowledge, day))))
    remember(key, json.dumps(made._asdict()).encode())
    return made


def _name_result(kind: str, files: Sequence[File]) -> str:
    parts = (part for file in files for part in (file.role.encode(), file.name.encode(), file.content))
    return make_key(kind, stamp_code(*_CODE), parts)


def _recall_made(key: str, make: Callable[..., T]) -> T | None:
    """Return what is made of the parts that are kept under the key; None without them, or if they are not as made."""
    parts = recall(key)
    try:
        return None if parts is None else make(*parts)
    except Exception:  # noqa: BLE001 (whatever is wrong with a kept file, reading the YAML is right)
        return None


def _recall_base(key: str) -> KnowledgeBase | None:
    def make(fields: bytes, lists: bytes, questionnaire: bytes) -> KnowledgeBase:
        # Few commands need the lists of members and the questionnaire, so that each waits until it is asked for.
        sources, of_files, *rest = _unpack(fields)
        finding = criteria.Criteria(of_files)
        finding.given = partial(_unpack, lists)
        values: list[Any] = [*rest, partial(_unpack, questionnaire)]
        return KnowledgeBase(sources, finding, *values)

    return _recall_made(key, make)


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
        # Somebody may have put a pipe or a link in its place: a pipe would block, and a link leads elsewhere.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        # Without a buffer, because all is read at once, and the buffer would be filled first and copied then.
        with open(os.open(path.join(folder, f"{key}.kept"), flags), "rb", buffering=0) as file:
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


def remember(key: str, *parts: bytes) -> None:
    """Keep the parts under the key, if the folder is writable; drop the least recently used beyond a few."""
    folder = _find_folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _is_private(os.lstat(folder)):
            return
        with write_whole(path.join(folder, f"{key}.kept"), mode=0o600) as file:
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


def _pack(value: object) -> bytes:
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


def _unpack(packed: bytes) -> Any:  # noqa: ANN401 (what was packed)
    """Return what was packed; raises anything if the bytes do not come from `_pack`."""
    return _RecordReader(io.BytesIO(packed)).load()


class _RecordReader(Unpickler):
    """Reads what `_pack` wrote, in a third of the time of building records from JSON."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (a class)
        """Return a class of records. Whatever else a pickle names, such as a function to call, raises KeyError."""
        return _RECORDS[module, name]
