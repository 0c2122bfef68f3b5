"""One recommendation in process: different teams in turn, on the shipped knowledge base."""

from __future__ import annotations

import datetime as dt
import json
import random

from benchmarks.timing import median_ms
from provider_advisor import KnowledgeBase, load, recommend

_TEAMS = 400
_DAY = dt.date(2022, 12, 31)
_DEVELOPERS = ("none", "some", "experienced")


def rows() -> list[str]:
    """Two rows: the answer alone, and with its whole record, each beside writing that record as JSON."""
    knowledge = load()
    teams = [_team(random.Random(seed), knowledge) for seed in range(_TEAMS)]
    answers = [recommend(knowledge, as_of=_DAY, **team) for team in teams]
    records = [answer.record for answer in answers]
    alone = median_ms([lambda team=team: recommend(knowledge, as_of=_DAY, **team) for team in teams])
    whole = median_ms([lambda team=team: recommend(knowledge, as_of=_DAY, **team).record for team in teams])
    dump = median_ms([lambda record=record: json.dumps(record) for record in records])
    beside = f"writing its record as JSON, {dump:.2f} ms"
    return [
        f"| one answer in process, 3 to 20 requirements | {alone:.2f} ms | {beside} | {alone / dump:.2f} | 1 ms |",
        f"| the same with its whole record | {whole:.2f} ms | {beside} | {whole / dump:.2f} | |",
    ]


def _team(random_: random.Random, knowledge: KnowledgeBase) -> dict[str, object]:
    words = [name for name, criterion in knowledge.criteria.items() if criterion.kind == "capability"]
    asked = random_.sample(words, random_.randint(3, 19))
    cut = random_.randint(1, len(asked))
    bounded = [f"number-countries>={random_.choice([50, 66, 90, 120])}"]
    situation = {"developers": random_.choice(_DEVELOPERS)}
    return {"needs": asked[:cut] + bounded, "wants": asked[cut:], "situation": situation}
