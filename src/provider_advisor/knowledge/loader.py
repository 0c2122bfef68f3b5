"""Load a knowledge base, or its decision cases, from its two folders or from what was kept of an earlier start.

Reading YAML and checking it takes longer than answering. So a checked base, its cases, and what looks wrong with it are
kept under a key made of the bytes of all files (see `disk_cache`).
"""

import contextlib
import dataclasses
import datetime as dt
import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.disk_cache import make_key, pack, recall, remember, stamp_code, unpack
from provider_advisor.knowledge.facts import facts_as_of
from provider_advisor.knowledge.files import File, Folder, FoundFiles, find_files, name_folders
from provider_advisor.knowledge.rules import Case

# The folders of all modules that say what a base holds; "" has those that are in no folder.
_CODE = ("", "knowledge", "knowledge/shapes")

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
def _load(found: FoundFiles) -> KnowledgeBase:
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
        remember(key, *(partial(pack, part) for part in (fields, knowledge.criteria.lists, knowledge.questionnaire)))
    return knowledge


def _recall_base(key: str) -> KnowledgeBase | None:
    def make(fields: bytes, lists: bytes, questionnaire: bytes) -> KnowledgeBase:
        # Few commands need the lists of members and the questionnaire, so that each waits until it is asked for.
        sources, of_files, *rest = unpack(fields)
        known = Criteria(of_files)
        known.given = partial(unpack, lists)
        values: list[Any] = [*rest, partial(unpack, questionnaire)]
        return KnowledgeBase(sources, known, *values)

    return _recall_made(key, make)


def read_cases(facts: Folder | None = None, rules: Folder | None = None) -> list[Case]:
    """Return all decision cases of the folder `rules`, in the order of files.

    Raises KnowledgeError with every problem of the files of cases.
    """
    found = find_files(facts, rules)
    if found.problems:
        raise KnowledgeError(found.problems)
    return _read_cases(found.files)


def _read_cases(every: Iterable[File]) -> list[Case]:
    files = [file for file in every if file.role == "cases"]
    key = _name_result("cases", files)
    cases: list[Case] | None = _recall_made(key, unpack)
    if cases is None:
        from provider_advisor.knowledge.build import build_cases  # noqa: PLC0415 (as above)

        cases = build_cases(files)
        remember(key, partial(pack, cases))
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
    remember(key, lambda: json.dumps(made._asdict()).encode())
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
