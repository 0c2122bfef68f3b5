"""The two sides of a comparison: a knowledge base each, from a folder or from a git revision."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import NamedTuple

from provider_advisor.batch.impact.revisions import Revision, revision_of, write_files
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.build import build
from provider_advisor.knowledge.files import look

__all__ = ["Side", "folder_side", "is_folder", "readable_by_either", "revision_side", "working_side"]

_PARTS = ("facts", "rules")


class Side(NamedTuple):
    """A knowledge base, and how it is called."""

    name: str
    knowledge: KnowledgeBase


def is_folder(name: str) -> bool:
    """Whether a name is to be taken as a folder's: there is one, or it is written like one."""
    return Path(name).is_dir() or name.startswith(("/", "./", "../", "~")) or name.endswith("/")


def folder_side(name: str) -> Side:
    """The knowledge base in the folders `facts` and `rules` of a folder. Raises BatchError, KnowledgeError."""
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise BatchError(f"there is no folder '{name}'; expected one with facts/ and rules/ in it.")
    for part in _PARTS:
        if not (folder / part).is_dir():
            raise BatchError(f"{name} has no {part}/ in it; expected a folder with facts/ and rules/.")
    return Side(name, load(folder / "facts", folder / "rules"))


def revision_side(name: str, here: Path) -> Side:
    """The knowledge base at a revision of the repository around a folder. Raises BatchError, KnowledgeError."""
    revision = revision_of(name, here)
    with tempfile.TemporaryDirectory() as folder:
        write_files(revision, Path(folder))
        return Side(f"{name} ({revision.commit[:10]})", _built(Path(folder), revision))


def _built(folder: Path, revision: Revision) -> KnowledgeBase:
    """The knowledge base of the written files, whose problems call them by revision and path.

    Nothing of it is kept between runs, as `load` would: what is kept goes by these passing paths.
    """
    found = look(folder / "facts", folder / "rules")
    before, after = f"{folder}/", f"{revision.name}:{f'{revision.inner}/' if revision.inner else ''}"
    files = [file._replace(name=file.name.replace(before, after)) for file in found.files]
    return build(files, [problem.replace(before, after) for problem in found.problems], found.unread)


def working_side(name: str, here: Path) -> Side:
    """The knowledge base as it lies in the working tree, where the revision of that name has its own."""
    revision = revision_of(name, here)
    folder = revision.root / revision.inner
    for part in _PARTS:
        if not (folder / part).is_dir():
            raise BatchError(f"the working tree has no {part}/ where '{name}' has it; say --after FOLDER.")
    return Side("the working tree", load(folder / "facts", folder / "rules"))


def readable_by_either(before: KnowledgeBase, after: KnowledgeBase) -> KnowledgeBase:
    """A base by which to read tables: it knows what either of them can be told of a team. It answers nothing."""
    topics, usage = {**before.topics, **after.topics}, {**before.usage, **after.usage}
    return dataclasses.replace(after, topics=topics, usage=usage)
