"""The built knowledge base, kept between processes: reading YAML and checking it takes longer than answering.

A kept base is used only for exactly the same bytes of files and the same version of the package and of Python; like
Python's own compiled modules it is a private file of the user. The environment variable RECOMMEND_CACHE names another
folder, or, empty, turns it off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
from collections.abc import Sequence
from os import path

from provider_advisor.knowledge.files import File
from provider_advisor.knowledge.records import KnowledgeBase
from provider_advisor.version import __version__

__all__ = ["key_of", "recall", "remember"]

_MOST_KEPT = 8


def key_of(files: Sequence[File]) -> str:
    """A name for exactly these files, read by exactly this program."""
    digest = hashlib.sha256(f"{__version__} {sys.version} {_code_stamp()}".encode())
    for file in files:
        digest.update(f"\0{file.role}\0{file.name}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    return digest.hexdigest()


def recall(key: str) -> KnowledgeBase | None:
    """The knowledge base kept under the key, if there is one that can be read."""
    folder = _folder()
    if folder is None:
        return None
    try:
        kept = path.join(folder, f"{key}.pickle")
        if not _is_private(kept):
            return None
        with open(kept, "rb") as file:
            found = pickle.load(file)  # noqa: S301 (a private file of this user, as a .pyc is)
    except Exception:  # noqa: BLE001 (whatever is wrong with a kept file, reading the YAML is right)
        return None
    return found if isinstance(found, KnowledgeBase) else None


def remember(key: str, knowledge: KnowledgeBase) -> None:
    """Keep the knowledge base under the key, where the user's folder can be written; drop the oldest beyond a few."""
    import tempfile  # noqa: PLC0415 (dear to import, and needed only when files have changed)

    folder = _folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=folder, delete=False)  # noqa: SIM115 (it is closed, then moved)
        try:
            with file:
                pickle.dump(knowledge, file, protocol=pickle.HIGHEST_PROTOCOL)
            os.replace(file.name, path.join(folder, f"{key}.pickle"))
        except OSError:
            os.unlink(file.name)
            raise
        kept = [entry.path for entry in sorted(os.scandir(folder), key=_changed) if entry.name.endswith(".pickle")]
        for old in kept[:-_MOST_KEPT]:
            os.unlink(old)


def _changed(entry: os.DirEntry[str]) -> float:
    return entry.stat().st_mtime


def _folder() -> str | None:
    given = os.environ.get("RECOMMEND_CACHE")
    if given is not None:
        return given or None
    base = os.environ.get("XDG_CACHE_HOME") or path.join(path.expanduser("~"), ".cache")
    return path.join(base, "provider-advisor") if path.isabs(base) else None


def _is_private(file: str) -> bool:
    """Nobody else may have written it."""
    status = os.stat(file)
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def _code_stamp() -> str:
    """Changes when a module of these rooms does: in a source tree the version stays while the records change."""
    room = path.dirname(path.abspath(__file__))
    folders = (room, path.join(room, "checks"), path.join(path.dirname(room), "logic"))
    modules = sorted((entry.path, entry.stat().st_mtime_ns) for folder in folders for entry in os.scandir(folder))
    return str([stamp for name, stamp in modules if name.endswith(".py")])
