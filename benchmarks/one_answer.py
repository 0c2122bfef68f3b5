"""One answer: starting the command, answering in process, and saying how sure the answer is, on the shipped facts."""

from __future__ import annotations

import datetime as dt
import json
import random
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.timing import median_ms, run_in_turn
from provider_advisor import KnowledgeBase, load, recommend
from provider_advisor.decision import decide
from provider_advisor.decision.robustness import calculate_provider_shares, find_tippings
from provider_advisor.explanation.questions_in_words import record_confirm
from provider_advisor.explanation.robustness_in_words import record_robustness
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.logic import Truth
from provider_advisor.requirements import Team, read_team

_DAY = dt.date(2022, 12, 31)
_STARTS, _ANSWERS, _SURE = 25, 400, 200
_DEVELOPERS = ("none", "some", "experienced")
_ASKED = 20
_AMOUNTS = ["sms-outbound-price", "number-countries", "video-price"]


def measure_start() -> list[str]:
    """Return rows for whole processes of `recommend`, with what they read already kept from an earlier run.

    The answer is measured beside a process that only imports the libraries that it needs, other commands beside the
    answer.
    """
    answer = ["--needs", "whiteboard,ucaas"]
    imports = [sys.executable, "-c", "import click, yaml, durable.engine, pydantic"]
    return [
        _compare_start(answer, imports, "a process that imports click, yaml, durable.engine and pydantic"),
        *(_compare_start([name], _name_command(answer), "one answer") for name in ("schema", "check")),
    ]


def _name_command(words: Sequence[str]) -> list[str]:
    return [str(Path(sys.executable).with_name("recommend")), *words]


def _compare_start(words: Sequence[str], other: Sequence[str], beside: str) -> str:
    # The first two rounds compile byte code and fill caches of files.
    pairs = run_in_turn([_name_command(words), other], _STARTS + 2)[2:]
    ratio = statistics.median(ours.seconds / theirs.seconds for ours, theirs in pairs)
    ours, theirs = (1000 * statistics.median(run.seconds for run in runs) for runs in zip(*pairs, strict=True))
    name = " ".join(("recommend", *words))
    return f"| `{name}`, whole process | {ours:.0f} ms | {beside}, {theirs:.0f} ms | {ratio:.2f} | 1.5 |"


def measure_answers() -> list[str]:
    """Return two rows: the answer alone, and with its whole record, each beside writing that record as JSON."""
    knowledge = load()
    teams = [_draw_words(random.Random(seed), knowledge) for seed in range(_ANSWERS)]
    records = [recommend(knowledge, as_of=_DAY, **team).record for team in teams]
    alone = median_ms([lambda team=team: recommend(knowledge, as_of=_DAY, **team) for team in teams])
    whole = median_ms([lambda team=team: recommend(knowledge, as_of=_DAY, **team).record for team in teams])
    dump = median_ms([lambda record=record: json.dumps(record) for record in records])
    beside = f"writing its record as JSON, {dump:.2f} ms"
    return [
        f"| one answer in process, 3 to 20 requirements | {alone:.2f} ms | {beside} | {alone / dump:.2f} | 1 ms |",
        f"| the same with its whole record | {whole:.2f} ms | {beside} | {whole / dump:.2f} | |",
    ]


def _draw_words(random_: random.Random, knowledge: KnowledgeBase) -> dict[str, object]:
    asked = random_.sample(_list_capabilities(knowledge), random_.randint(3, 19))
    cut = random_.randint(1, len(asked))
    bounded = [f"number-countries>={random_.choice([50, 66, 90, 120])}"]
    situation = {"developers": random_.choice(_DEVELOPERS)}
    return {"needs": asked[:cut] + bounded, "wants": asked[cut:], "situation": situation}


def measure_sureness() -> list[str]:
    """Return three rows: nothing unknown, unknowns, and unknown amounts too (which are drawn); 20 requirements each."""
    knowledge = load()
    facts, every = facts_as_of(knowledge, _DAY), _list_capabilities(knowledge)
    providers = facts.knowledge.providers  # those that are compared on that day
    unknown = {name for name in every for each in providers if facts(each, name).truth is Truth.UNKNOWN}
    known = [name for name in every if name not in unknown]
    return [
        _compare_sureness("20 requirements, all facts known", known, [], facts),
        _compare_sureness("20 requirements, unknown facts among them", every, [], facts),
        _compare_sureness("the same with amounts that are known roughly", every, _AMOUNTS, facts),
    ]


def _compare_sureness(name: str, words: Sequence[str], amounts: Sequence[str], facts: Facts) -> str:
    teams = [_draw_team(random.Random(seed), words, amounts, facts.knowledge) for seed in range(_SURE)]
    for team in teams[:5]:
        answer_surely(team, facts)
    alone = median_ms([lambda team=team: decide(team, facts) for team in teams])
    whole = median_ms([lambda team=team: answer_surely(team, facts) for team in teams])
    beside = f"the same without, {alone:.2f} ms"
    return f"| how sure, {name} | {whole:.2f} ms | {beside} | {whole / alone:.1f} | 20 ms |"


def answer_surely(team: Team, facts: Facts) -> None:
    """Decide for a team, and say how sure the answer is: everything that an answer's record has about it."""
    outcome = decide(team, facts).outcome
    tippings = find_tippings(outcome) if outcome.verdict.kind != "none" else ()
    record_confirm(outcome, tippings)
    record_robustness(outcome, calculate_provider_shares(outcome), tippings)


def _list_capabilities(knowledge: KnowledgeBase) -> list[str]:
    return [name for name, criterion in knowledge.criteria.items() if criterion.kind == "capability"]


def _draw_team(random_: random.Random, words: Sequence[str], amounts: Sequence[str], knowledge: KnowledgeBase) -> Team:
    asked = random_.sample(words, min(len(words), _ASKED - len(amounts)))
    cut = random_.randint(1, 6)
    return read_team(knowledge, needs=asked[:cut], wants=[*asked[cut:], *amounts])
