"""The names of the columns that are read, and other spellings of them.

A file from a spreadsheet or a database calls a column `Needs`, `situation_developers` or `Usage SMS outbound`, where we
say `needs`, `situation.developers` and `usage.sms-outbound`. How names are compared (`fold_name`) and
which everyday names get a hint ("nice to have") is in `kernel/layout`, which needs both and imports nothing from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import pyarrow as pa

from provider_advisor.batch.kernel.layout import (
    REQUIREMENTS,
    SITUATION,
    UNLISTED,
    USAGE,
    WEIGHTS,
    describe_everyday,
    fold_name,
)
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.records import UsageItem
from provider_advisor.knowledge.scope import Scope
from provider_advisor.knowledge.suggest import did_you_mean, list_known
from provider_advisor.requirements.read_team import list_areas

SCOPE_COLUMNS = ("as_of", "max_age", *Scope._fields)
"""The columns that choose the facts of a row: a day, a maximum age, providers and sources."""

ANSWERS = (SITUATION, USAGE, WEIGHTS)
"""How columns begin that have an answer each, such as `usage.sms-outbound`."""

TOPICS = tuple(prefix.removesuffix(".") for prefix in ANSWERS)
"""The names of structs with all answers of a kind."""


def list_columns(knowledge: KnowledgeBase) -> dict[str, pa.DataType]:
    """Return all columns that are read, with the types of their values; a text is read in place of any."""
    words, number, text = pa.list_(pa.string()), pa.float64(), pa.string()
    return {
        "team": text,
        **dict.fromkeys(REQUIREMENTS, words),
        **{f"{SITUATION}{topic}": words for topic in knowledge.topics},
        **{f"{USAGE}{item}": number for item in knowledge.usage},
        UNLISTED: words,
        **{f"{WEIGHTS}{area}": number for area in list_areas(knowledge)},
        **dict.fromkeys(SCOPE_COLUMNS, text),
    }


class Spelling:
    """Finds our name for a column with another spelling.

    >>> Spelling(["needs", "usage.sms-outbound"]).find("Usage_SMS outbound")
    'usage.sms-outbound'
    """

    def __init__(self, names: Iterable[str], find_usage: Callable[[str], UsageItem | None] = lambda _: None) -> None:
        self._names = {fold_name(name): name for name in names}
        self._find_usage = find_usage

    @classmethod
    def make_for(cls, knowledge: KnowledgeBase, *, id_column: str | None = None) -> Spelling:
        """Return the spelling of all columns that are read; `team` is one unless another column has the ids."""
        names = [name for name in [*list_columns(knowledge), *TOPICS] if name != "team" or not id_column]
        return cls(names, knowledge.find_usage)

    def find(self, name: str) -> str | None:
        """Return our name, or None. Case, spaces, `_`, `.` and `-` are ignored."""
        start, at, member = name.partition(AT)
        ours = self._names.get(fold_name(start))
        if not at:
            return ours
        item = self._find_usage(f"{ours.removeprefix(USAGE)}{AT}{member}") if ours and ours.startswith(USAGE) else None
        return None if item is None else f"{USAGE}{item.id}"

    def find_example(self, topic: str) -> str:
        """Return the name of a column on the situation or usage."""
        return next((name for name in self._names.values() if name.startswith(f"{topic}.")), f"{topic}.…")

    def refuse_similar(self, name: str, what: str = "column") -> None:
        """Raise BatchError if a name is not ours, but was surely meant to be."""
        folded = fold_name(name)
        if f"{folded}s" in self._names and f"{folded}s" not in Scope._fields:
            near: str = f" Did you mean {self._names[f'{folded}s']}?"
        elif everyday := describe_everyday(name):
            near = everyday
        elif (topic := folded.partition("-")[0]) in TOPICS:
            known = [ours for ours in self._names.values() if ours.startswith(f"{topic}.")]
            near = did_you_mean(name, known) or list_known(known)
        else:
            return
        raise BatchError(
            f"the {what} '{name[:200]}' looks like input but cannot be read.{near} {describe_rename(name[:200])}"
        )


def describe_rename(name: str) -> str:
    """Return the advice on a column that was not meant as input."""
    return f'If it is something else, rename it: --rename "{name}=…".'


def rename_all(names: Iterable[str], renames: Mapping[str, str]) -> list[str]:
    """Return the new names. Raises BatchError if an old one does not exist."""
    found = list(names)
    for old in renames:
        if old not in found:
            hint = did_you_mean(old, found) or f" Found: {', '.join(found[:20])}."
            raise BatchError(f"there is no column '{old}' to rename.{hint}")
    return [renames.get(name, name) for name in found]


def refuse_repeated(names: Iterable[str], has: str, advice: str = "rename all but one") -> None:
    """Raise BatchError if a column name occurs twice; `has` is the start of the sentence, such as "teams.csv has"."""
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise BatchError(f"{has} more than one column '{repeated[0]}'; {advice}.")


def refuse_other_columns(files: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
    """Raise BatchError if a file does not have the columns of the first one; their order may differ."""
    first, names = files[0], columns[0]
    for file, others in zip(files, columns, strict=True):
        known, found = frozenset(names), frozenset(others)
        if missing := next((column for column in names if column not in found), None):
            raise BatchError(f"{file} has no column '{missing}', which {first} has; expected the same columns.")
        if added := next((column for column in others if column not in known), None):
            raise BatchError(f"{file} has a column '{added}', which {first} does not have; expected the same columns.")
