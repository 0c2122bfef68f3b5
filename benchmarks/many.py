"""One answer among many providers, on made-up bases: without and with how sure it is, and as JSON.

`python -m benchmarks.many FOLDER PROVIDERS` writes such a base, to try the command on.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.one_answer import answer_surely
from benchmarks.timing import median_ms
from provider_advisor import KnowledgeBase, load
from provider_advisor.decision import decide
from provider_advisor.knowledge import facts_as_of
from provider_advisor.requirements import Team, read_team

_DAY = dt.date(2022, 12, 31)
_TEAMS = 8
_WORDS = ("poor", "fair", "good", "excellent")


class MadeUp(NamedTuple):
    """How large a made-up base is."""

    providers: int
    criteria: int
    claims: int
    rules: int


SIZES = {
    16: (MadeUp(16, 420, 1_800, 120), "3 ms", "50 ms"),
    50: (MadeUp(50, 420, 6_000, 120), "", "150 ms"),
    200: (MadeUp(200, 1_000, 100_000, 2_000), "", "2 s"),
}
"""The bases that are measured, by their number of providers: what is asked of an answer without and with how sure."""


def measure_many() -> list[str]:
    """Return two rows for each size but the largest, whose files alone take longer to check than all else here."""
    return [row for providers in (16, 50) for row in _measure(providers)]


def _measure(providers: int) -> Iterator[str]:
    size, without, with_sureness = SIZES[providers]
    with tempfile.TemporaryDirectory() as folder:
        write_base(Path(folder), size)
        knowledge = load(Path(folder) / "facts", Path(folder) / "rules")
    facts = facts_as_of(knowledge, _DAY)
    teams = [_make_team(random.Random(seed), knowledge) for seed in range(_TEAMS)]
    for team in teams[:2]:
        answer_surely(team, facts)
    alone = median_ms([lambda team=team: decide(team, facts) for team in teams])
    whole = median_ms([lambda team=team: answer_surely(team, facts) for team in teams])
    of = f"{size.providers} providers, {size.claims} claims"
    yield f"| one answer among {of} | {alone:.2f} ms | | | {without} |"
    yield f"| the same with how sure | {whole:.1f} ms | the same without | {whole / alone:.1f} | {with_sureness} |"


def _make_team(random_: random.Random, knowledge: KnowledgeBase) -> Team:
    """Return four to thirteen requirements, one of them with a bound."""
    capabilities = [name for name, criterion in knowledge.criteria.items() if criterion.kind == "capability"]
    quantities = [name for name, criterion in knowledge.criteria.items() if criterion.kind == "quantity"]
    asked = random_.sample(capabilities, random_.randint(3, 12))
    cut = random_.randint(1, 4)
    bound = f"{random_.choice(quantities)}>={random_.choice([20, 50])}"
    return read_team(knowledge, needs=asked[:cut], wants=[*asked[cut:], bound])


def write_base(folder: Path, size: MadeUp, seed: int = 1) -> None:
    """Write `facts/` and `rules/` of a base of this size; the same size and seed always give the same files."""
    random_ = random.Random(seed)
    kinds = [random_.choices(("capability", "quantity", "rating"), (8, 1, 1))[0] for _ in range(size.criteria)]
    names = [f"c{number:04}" for number in range(size.criteria)]
    files = {
        "facts/sources.yaml": _SOURCES,
        "facts/team.yaml": _TEAM,
        "facts/criteria/made-up.yaml": "\n".join(_write_criteria(names, kinds)),
        "rules/weights.yaml": "priorities: {must: 4, should: 2, could: 1}\nunknown: 0.5\n",
        "rules/made-up.yaml": "\n".join(_write_rules(random_, names, kinds, size.rules)),
    }
    each = size.claims // size.providers
    for number in range(size.providers):
        files[f"facts/providers/p{number:03}.yaml"] = "\n".join(_write_provider(random_, number, names, kinds, each))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


_SOURCES = """sources:
- {id: made-up, no_url: made up, title: Made up, language: en, published: 2022-05-01, retrieved: 2022-06-01}"""

_TEAM = """situation:
- {id: skill, label: Skill, question: How skilled is the team?, values: [none, some, much]}
usage: []"""


def _write_criteria(names: list[str], kinds: list[str]) -> Iterator[str]:
    yield "area: made-up\nlabel: Made up\ncriteria:"
    for name, kind in zip(names, kinds, strict=True):
        more = {
            "capability": "",
            "quantity": ", unit: things, scale: {worst: 0, best: 100, because: made up}",
            "rating": f", values: [{', '.join(_WORDS)}]",
        }[kind]
        yield f"- {{id: {name}, label: Thing {name}, kind: {kind}, question: Is it needed?, weight: 1{more}}}"


def _write_rules(random_: random.Random, names: list[str], kinds: list[str], count: int) -> Iterator[str]:
    """Yield rules: half of them imply a criterion behind the one that they need, half favour who has one."""
    yield "area: made-up\nrules:"
    # Rules imply criteria behind those that they need, so that no two of them wait for each other.
    capabilities = [name for name, kind in zip(names, kinds, strict=True) if kind == "capability"]
    for number in range(count):
        need, other = sorted(random_.sample(range(len(capabilities)), 2))
        then = (
            f"implies: [{{criterion: {capabilities[other]}, priority: should}}]"
            if number % 2
            else f"favours: {{fact: {capabilities[other]}}}, weight: 1"
        )
        cited = "rests_on: [{source: made-up, lines: [1]}]"
        yield f"- {{id: r{number:04}, when: {{need: {capabilities[need]}}}, {then}, because: It is made up., {cited}}}"


def _write_provider(
    random_: random.Random, number: int, names: list[str], kinds: list[str], count: int
) -> Iterator[str]:
    yield f"id: p{number:03}\nname: Provider {number}\nclaims:"
    for line, at in enumerate(sorted(random_.sample(range(len(names)), min(count, len(names)))), start=1):
        bound, amount = random_.choice(("exactly", "at_least", "more_than")), random_.randint(1, 99)
        said = {
            "capability": f"value: {random_.choices(('present', 'absent'), (3, 1))[0]}",
            "quantity": f"{bound}: {amount}, unit: things",
            "rating": f"value: {random_.choice(_WORDS)}",
        }[kinds[at]]
        yield f"- {{criterion: {names[at]}, {said}, source: made-up, line: {line}}}"


if __name__ == "__main__":
    write_base(Path(sys.argv[1]), SIZES[int(sys.argv[2])][0])
