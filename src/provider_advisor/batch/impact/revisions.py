"""Files of a knowledge base as they were at a revision of a git repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from provider_advisor.errors import BatchError

__all__ = ["Revision", "revision_of", "write_files"]

_NAMED_BY = {"facts": "sources.yaml", "rules": "weights.yaml"}
_LONGEST = 80


class Revision(NamedTuple):
    """A commit of the repository in a folder: `root` is the repository's, `inner` the part that holds facts and rules.

    `files` are the paths in it of all files of facts and rules.
    """

    name: str
    commit: str
    root: Path
    inner: str
    files: tuple[str, ...]


def revision_of(name: str, folder: Path) -> Revision:
    """The revision of that name of the repository in a folder. Raises BatchError, if there is none to be had."""
    shown = name[:_LONGEST]
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise BatchError(f"'{shown}' is no folder, and there is no git repository here to look for a revision in.")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit is None:
        raise BatchError(f"'{shown}' is neither a folder nor a revision of the git repository here; check its name.")
    root = Path(os.fsdecode(top).rstrip("\n"))
    prefix = os.fsdecode(_git(folder, "rev-parse", "--show-prefix") or b"").strip("\n/")
    found = os.fsdecode(commit).strip()
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", found) or b""
    files = [os.fsdecode(path) for path in listed.split(b"\0") if path]
    inner = _inner(files, prefix, shown)
    within = tuple(path for path in files if _is_ours(path, inner))
    return Revision(name, found, root, inner, within)


def write_files(revision: Revision, folder: Path) -> None:
    """Write the facts and rules of the revision into `facts` and `rules` below the folder. Raises BatchError."""
    for path in revision.files:
        content = _git(revision.root, "cat-file", "blob", f"{revision.commit}:{path}")
        if content is None:  # a module of another repository, say
            continue
        target = folder / PurePosixPath(path).relative_to(revision.inner or ".")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _inner(files: Iterable[str], prefix: str, shown: str) -> str:
    """The folder that holds both; where the user stands goes before the root, and that before any other."""
    paths = set(files)
    found = {str(PurePosixPath(path).parent.parent) for path in paths if path.endswith(f"facts/{_NAMED_BY['facts']}")}
    whole = sorted(one for one in found if str(PurePosixPath(one, "rules", _NAMED_BY["rules"])) in paths)
    for wanted in (prefix or ".", "."):
        if wanted in whole:
            return "" if wanted == "." else wanted
    if not whole:
        raise BatchError(f"the revision '{shown}' has no facts/ and rules/ beside each other; name another one.")
    if len(whole) > 1:
        raise BatchError(f"the revision '{shown}' has facts/ in {', '.join(whole)}; go into the folder that you mean.")
    return whole[0]


def _is_ours(path: str, inner: str) -> bool:
    parts = PurePosixPath(path).parts
    outer = PurePosixPath(inner).parts if inner else ()
    is_inside = parts[: len(outer)] == outer and parts[len(outer)] in _NAMED_BY
    return is_inside and ".." not in parts and path.lower().endswith((".yaml", ".yml"))


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints, None if it fails. Raises BatchError if there is no git."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 (no shell)
    except FileNotFoundError as error:
        raise BatchError("git is not installed, and revisions cannot be read without it; name a folder.") from error
    except (OSError, ValueError) as error:
        raise BatchError(f"git cannot be run ({error}); name a folder.") from error
    return done.stdout if done.returncode == 0 else None
