"""Tables of random teams over any knowledge base: thousands at once, from a seed."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa

from provider_advisor import KnowledgeBase
from provider_advisor.knowledge import Criterion

_BAD = ("no-such-thing", "", ":must", ">=3", "no-such@thing", "@")


def teams_of(knowledge: KnowledgeBase, rows: int, seed: int = 1) -> pa.RecordBatch:
    """The teams, one in thirty with something that cannot be read, and two columns to carry: `note.of` and `place`."""
    draw = random.Random(seed)  # noqa: S311
    found = [_row(knowledge, number, draw) for number in range(rows)]
    names = list(dict.fromkeys(name for row in found for name in row))
    kinds = {"place": pa.int64()} | {name: pa.float64() for name in names if name.startswith("usage.")}
    columns = {name: pa.array([row.get(name) for row in found], kinds.get(name, pa.string())) for name in names}
    return pa.RecordBatch.from_pydict(columns)


def _row(knowledge: KnowledgeBase, number: int, draw: random.Random) -> dict[str, Any]:
    row: dict[str, Any] = {"team": f"team-{number}", "place": number, "note.of": f'a "quoted", note\nof {number}'}
    for name in ("needs", "wants"):
        words = [_word(_choose(knowledge, draw), draw) for _ in range(draw.randint(0, 5))]
        if draw.random() < 1 / 8:
            words.append("|".join({_part(_choose(knowledge, draw)) for _ in range(3)}))
        if draw.random() < 1 / 60:
            words.append(draw.choice(_BAD))
        row[name] = ",".join(words) or None
    for topic in knowledge.topics.values():
        answers = draw.sample(topic.values, draw.randint(1, 2) if topic.many else 1)
        row[f"situation.{topic.id}"] = ";".join(answers) if draw.random() < 1 / 2 else None
    for item in knowledge.usage:
        row[f"usage.{item}"] = float(draw.randint(0, 900)) if draw.random() < 1 / 3 else None
    return row


def _choose(knowledge: KnowledgeBase, draw: random.Random) -> Criterion:
    """A criterion, or one of its members where it has some."""
    criterion = draw.choice(list(knowledge.criteria.values()))
    members = knowledge.criteria.list_of(criterion.id)
    if members is None or draw.random() < 1 / 4:
        return criterion
    return knowledge.criteria[f"{criterion.id}@{draw.choice(list(members.members))}"]


def _part(criterion: Criterion) -> str:
    """A part of a choice; one that is computed cannot be read."""
    if criterion.kind == "capability":
        return criterion.id
    return f"{criterion.id}<={criterion.values[0] if criterion.values else 30}"


def _word(criterion: Criterion, draw: random.Random) -> str:
    if criterion.kind == "capability" and draw.random() < 1 / 12:
        return f"{criterion.id}=no"
    bound = ""
    if criterion.kind == "rating" and draw.random() < 1 / 2:
        bound = f">={draw.choice(criterion.values)}"
    elif criterion.scale is not None and draw.random() < 1 / 2:
        bound = f"{draw.choice(('>=', '<='))}{draw.randint(0, 100)}"
    if not bound and draw.random() < 1 / 8:
        return f"{criterion.id}:wont"
    return f"{criterion.id}{bound}{draw.choice(('', '', ':should', ':could'))}"
