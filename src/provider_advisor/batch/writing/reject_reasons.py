"""Why rows were rejected, counted by kind of reason, with an example of each.

`unknown criterion 'fxa'. Did you mean 'fax'?` and `unknown criterion 'smss'. …` are of one kind: what stands in quotes,
numbers, and what follows the first sentence make no difference.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path
from typing import NamedTuple

__all__ = ["ReasonCount", "count_reasons"]

_QUOTED = re.compile(r"'[^']*'")
_NUMBER = re.compile(r"[0-9][0-9,.]*")
_END = re.compile(r"[.;:?](\s|$)")
_MOST_KINDS = 1_000


class ReasonCount(NamedTuple):
    """How many rows were rejected for a kind of reason, and the first of them."""

    rows: int
    file: str
    row: int
    reason: str


def count_reasons(rejects: Path) -> list[ReasonCount]:
    """Return the kinds of reasons in a file of rejects, the most frequent first. Raises OSError.

    At most 1,000 kinds are told apart; rows of further ones count as the last of them.
    """
    csv.field_size_limit(sys.maxsize)
    found: dict[str, ReasonCount] = {}
    with rejects.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader, None)
        for name, row, reason, _ in reader:
            kind = _find_kind(reason)
            if kind not in found and len(found) >= _MOST_KINDS:
                kind = "others"
            before = found.get(kind, ReasonCount(0, name, int(row), reason))
            found[kind] = before._replace(rows=before.rows + 1)
    return sorted(found.values(), key=lambda count: -count.rows)


def _find_kind(reason: str) -> str:
    return _END.split(_NUMBER.sub("0", _QUOTED.sub("''", reason)), maxsplit=1)[0]
