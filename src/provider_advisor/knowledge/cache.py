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
from pathlib import Path

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
        path = folder / f"{key}.pickle"
        if not _is_private(path):
            return None
        found = pickle.loads(path.read_bytes())  # noqa: S301 (a private file of this user, as a .pyc is)
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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            pickle.dump(knowledge, file, protocol=pickle.HIGHEST_PROTOCOL)
        Path(file.name).replace(folder / f"{key}.pickle")
        kept = sorted(folder.glob("*.pickle"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[_MOST_KEPT:]:
            path.unlink(missing_ok=True)


def _folder() -> Path | None:
    given = os.environ.get("RECOMMEND_CACHE")
    if given is not None:
        return Path(given) if given else None
    base = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):
        return (Path(base) if base else Path.home() / ".cache") / "provider-advisor"
    return None


def _is_private(path: Path) -> bool:
    """Nobody else may have written it."""
    status = path.stat()
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def _code_stamp() -> str:
    """Changes when a module of this room does: in a source tree the version stays while the records change."""
    folder = Path(__file__).parent
    modules = sorted((*folder.glob("*.py"), *folder.glob("checks/*.py"), folder.parent / "logic" / "interval.py"))
    return ",".join(f"{path.stat().st_mtime_ns}" for path in modules)
