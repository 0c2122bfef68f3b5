"""Load a knowledge base, or its decision cases, from its two folders, or as they were kept by an earlier run."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.files import File, Folder, Found, find_files, gather_files, name_folders
from provider_advisor.knowledge.kept import make_key, pack, recall, remember, stamp_code, unpack
from provider_advisor.knowledge.members import Criteria
from provider_advisor.knowledge.rules import Case

__all__ = ["load", "read_cases"]

_CODE = ("knowledge", "knowledge/checks", "knowledge/shapes", "logic")
_PARTS = 3


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
        names = [field.name for field in dataclasses.fields(knowledge)]
        fields = [getattr(knowledge, name) for name in names[: names.index("written")]]
        remember(key, pack(fields), pack(knowledge.criteria.lists), pack(knowledge.questionnaire))
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
        remember(key, pack(cases))
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
        # Few commands need the questionnaire or all countries, and unpacking these takes as long as all the rest.
        sources, criteria, *rest = unpack(fields)
        finding = Criteria(criteria)
        finding.given = partial(unpack, lists)
        values: list[Any] = [*rest, partial(unpack, questionnaire)]
        return KnowledgeBase(sources, finding, *values)
    except Exception:  # noqa: BLE001 (whatever is wrong with a kept file, reading the YAML is right)
        return None


def _recall_cases(key: str) -> list[Case] | None:
    lines = recall(key)
    if lines is None or len(lines) != 1:
        return None
    try:
        return list(unpack(lines[0]))
    except Exception:  # noqa: BLE001 (as above)
        return None
