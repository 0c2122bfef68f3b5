"""How sure a recommendation is, in process: everything beside the recommendation without it, on the shipped facts."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from benchmarks.timing import median_ms
from provider_advisor import KnowledgeBase, load
from provider_advisor.decision import Decision, decide
from provider_advisor.decision.robustness import measure_robustness
from provider_advisor.explanation.robustness_in_words import record_confirm, record_robustness
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.logic import Truth
from provider_advisor.requirements import Team, read_team

_TEAMS = 200
_ASKED = 20
_DAY = dt.date(2022, 12, 31)
_AMOUNTS = ["sms-outbound-price", "number-countries", "video-price"]


def rows() -> list[str]:
    """Three rows: nothing unknown, unknowns, and unknown amounts too (which are drawn); 20 requirements each."""
    knowledge = load()
    facts = facts_as_of(knowledge, _DAY)
    known = [name for name in _capabilities(knowledge) if _is_known(name, facts)]
    return [
        _row("20 requirements, all facts known", known, [], facts),
        _row("20 requirements, unknown facts among them", _capabilities(knowledge), [], facts),
        _row("the same with amounts that are known roughly", _capabilities(knowledge), _AMOUNTS, facts),
    ]


def _row(name: str, words: Sequence[str], amounts: Sequence[str], facts: Facts) -> str:
    teams = [_team(random.Random(seed), words, amounts, facts.knowledge) for seed in range(_TEAMS)]
    for team in teams[:5]:
        _whole(team, facts)
    alone = median_ms([lambda team=team: decide(team, facts) for team in teams])
    whole = median_ms([lambda team=team: _whole(team, facts) for team in teams])
    beside = f"the same without, {alone:.2f} ms"
    return f"| how sure, {name} | {whole:.2f} ms | {beside} | {whole / alone:.1f} | 20 ms |"


def _whole(team: Team, facts: Facts) -> Decision:
    decision = decide(team, facts)
    found = measure_robustness(decision)
    record_confirm(found, facts.knowledge)
    record_robustness(found, facts.knowledge)
    return decision


def _capabilities(knowledge: KnowledgeBase) -> list[str]:
    return [name for name, criterion in knowledge.criteria.items() if criterion.kind == "capability"]


def _is_known(name: str, facts: Facts) -> bool:
    return all(facts(provider, name).truth is not Truth.UNKNOWN for provider in facts.knowledge.providers)


def _team(random_: random.Random, words: Sequence[str], amounts: Sequence[str], knowledge: KnowledgeBase) -> Team:
    asked = random_.sample(words, min(len(words), _ASKED - len(amounts)))
    cut = random_.randint(1, 6)
    return read_team(knowledge, needs=asked[:cut], wants=[*asked[cut:], *amounts])
