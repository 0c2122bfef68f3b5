"""The two versions that are compared: each a knowledge base, from a folder or from a revision of a git repository."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from provider_advisor.batch.impact.git_revisions import FOLDERS, Revision, find_revision, write_files
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.build import build
from provider_advisor.knowledge.files import find_files


class Version(NamedTuple):
    """A knowledge base, and what reports call it."""

    name: str
    knowledge: KnowledgeBase


def is_folder(name: str) -> bool:
    """Return whether a name means a folder: it exists, or it is written like one."""
    return _exists(name) or name.startswith(("/", "./", "../", "~")) or name.endswith("/")


def load_folder(name: str) -> Version:
    """Load the knowledge base in `facts` and `rules` of a folder. Raises BatchError, KnowledgeError."""
    folder = Path(name).expanduser()
    if not _exists(folder):
        raise BatchError(f"folder '{name}' does not exist; expected a folder that contains facts/ and rules/.")
    for part in FOLDERS:
        if not _exists(folder / part):
            raise BatchError(f"{name} has no {part}/; expected a folder that contains facts/ and rules/.")
    return Version(name, load(folder / "facts", folder / "rules"))


def _exists(folder: str | Path) -> bool:
    return os.path.isdir(folder)  # noqa: PTH112 (a Path raises if the name is too long)


def load_revision(name: str, here: Path) -> Version:
    """Load the knowledge base at a revision of the repository around a folder. Raises BatchError, KnowledgeError."""
    revision = find_revision(name, here)
    with tempfile.TemporaryDirectory() as folder:
        write_files(revision, Path(folder))
        return Version(f"{name} ({revision.commit[:10]})", _build(Path(folder), revision))


def load_working_tree(name: str, here: Path) -> Version:
    """Load the knowledge base of the working tree, from the same place as in the revision of that name."""
    revision = find_revision(name, here)
    if revision.root is None:
        raise BatchError("this git repository is bare and has no working tree; add --after FOLDER or --after REVISION.")
    folder = revision.root / revision.inner
    for part in FOLDERS:
        if not (folder / part).is_dir():
            raise BatchError(f"the working tree has no {part}/ where '{name}' has it; add --after FOLDER.")
    return Version("the working tree", load(folder / "facts", folder / "rules"))


def _build(folder: Path, revision: Revision) -> KnowledgeBase:
    """Build the base of the written files; its problems name them by revision and path.

    Nothing is cached, unlike with `load`, because the name of this folder is temporary.
    """
    found = find_files(folder / "facts", folder / "rules")
    before, after = f"{folder}/", f"{revision.name}:{f'{revision.inner}/' if revision.inner else ''}"
    files = [file._replace(name=file.name.replace(before, after)) for file in found.files]
    return build(files, [problem.replace(before, after) for problem in found.problems], found.unread)
