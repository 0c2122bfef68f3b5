"""Combinations and concessions, worked out by hand: the ways on where nobody will do."""

from typing import NamedTuple

import pytest
from examples import ALWAYS, CRITERIA, HAS, LACKS, NONE, must, recommended, should, tie, undetermined
from reference import Verdict
from worlds import Said, decided, knowledge_of, rule, verdict_of

from provider_advisor.knowledge.conditions import AllOf, AnyOf, Need, Not
from provider_advisor.knowledge.rules import Implied
from provider_advisor.logic import Interval
from provider_advisor.requirements import Requirement, Team


class Way(NamedTuple):
    """What is known and asked, and how it could go on: combinations, and concessions with their verdicts."""

    claims: dict
    asked: list
    verdict: Verdict
    combinations: set
    concessions: dict
    rules: tuple = ()


WAYS = {
    "each fails one: the two together, or one must less": Way(
        {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": LACKS, "chat": HAS}},
        [must("board"), must("chat")],
        NONE,
        {"ada bob"},
        {"board": recommended("bob"), "chat": recommended("ada")},
    ),
    "three of which any two will not do": Way(
        {
            "ada": {"board": HAS, "chat": LACKS, "fax": LACKS},
            "bob": {"board": LACKS, "chat": HAS, "fax": LACKS},
            "cyd": {"board": LACKS, "chat": LACKS, "fax": HAS},
        },
        [must("board"), must("chat"), must("fax")],
        NONE,
        {"ada bob cyd"},
        {"board chat": recommended("cyd"), "board fax": recommended("bob"), "chat fax": recommended("ada")},
    ),
    "two pairs, and never three": Way(
        {
            "ada": {"board": HAS, "chat": LACKS},
            "bob": {"chat": HAS, "board": LACKS},
            "cyd": {"chat": HAS, "board": LACKS},
        },
        [must("board"), must("chat")],
        NONE,
        {"ada bob", "ada cyd"},
        {"board": tie("bob", "cyd"), "chat": recommended("ada")},
    ),
    "a combination proves; what may be proves nothing": Way(
        {"ada": {"board": HAS}, "bob": {"board": LACKS}},
        [must("board"), must("chat")],
        undetermined(lean="ada"),
        set(),
        {},
    ),
    "undetermined, and yet two together prove it": Way(
        {"ada": {"board": HAS}, "bob": {"chat": HAS}},
        [must("board"), must("chat")],
        undetermined(among=["ada", "bob"]),
        {"ada bob"},
        {},
    ),
    "a concession may end undetermined": Way(
        {"ada": {"board": LACKS}},
        [must("board"), must("chat")],
        NONE,
        set(),
        {"board": undetermined(lean="ada")},
    ),
    "giving up all that was asked leaves nothing to recommend by": Way(
        {"ada": {"board": LACKS}}, [must("board")], NONE, set(), {"board": undetermined()}
    ),
    "a must without a bound is never given up, nor combined for": Way(
        {"ada": {"board": LACKS, "chat": HAS}, "bob": {"board": HAS, "chat": LACKS}},
        [must("board"), must("chat"), must("seats")],
        NONE,
        {"ada bob"},
        {"board": recommended("ada"), "chat": recommended("bob")},
    ),
    "no concession without a none": Way(
        {"ada": {"board": HAS, "chat": HAS}, "bob": {"board": HAS, "chat": HAS}},
        [must("board"), should("fax")],
        undetermined(among=["ada", "bob"]),
        set(),
        {},
    ),
    "an implied must goes with the stated one that it comes from": Way(
        {"ada": {"board": HAS, "chat": LACKS, "fax": HAS}},
        [must("board"), must("fax")],
        NONE,
        set(),
        {"board": recommended("ada")},
        (rule("r", Need("board"), Implied("chat", "must")),),
    ),
    "however long the chain": Way(
        {"ada": {"board": HAS, "chat": HAS, "phone": LACKS, "fax": HAS}},
        [must("board"), must("fax")],
        NONE,
        set(),
        {"board": recommended("ada")},
        (rule("r", Need("board"), Implied("chat", "must")), rule("s", Need("chat"), Implied("phone", "must"))),
    ),
    "either of two that fire it together": Way(
        {"ada": {"board": HAS, "chat": LACKS, "fax": HAS}},
        [must("board"), must("fax")],
        NONE,
        set(),
        {"board": recommended("ada"), "fax": recommended("ada")},
        (rule("r", AllOf((Need("board"), Need("fax"))), Implied("chat", "must")),),
    ),
    "both of two that fire it each": Way(
        {"ada": {"board": HAS, "chat": LACKS, "fax": HAS, "phone": HAS}},
        [must("board"), must("fax"), must("phone")],
        NONE,
        set(),
        {"board fax": recommended("ada")},
        (rule("r", AnyOf((Need("board"), Need("fax"))), Implied("chat", "must")),),
    ),
    "a stated must that is implied too goes with its cause": Way(
        {"ada": {"board": HAS, "chat": LACKS, "fax": HAS}},
        [must("board"), must("chat"), must("fax")],
        NONE,
        set(),
        {"board chat": recommended("ada")},
        (rule("r", Need("board"), Implied("chat", "must")),),
    ),
    "a need given up, a want for it stays": Way(
        # the want fires the rule too, but then only as a want
        {"ada": {"seats": Said(9, "exactly"), "chat": LACKS}},
        [must("seats", at_least=5), should("seats", at_least=8)],
        NONE,
        set(),
        {"seats": recommended("ada")},
        (rule("r", Need("seats"), Implied("chat", "must")),),
    ),
    "what the situation implies cannot be given up": Way(
        {"ada": {"board": HAS, "chat": LACKS}},
        [must("board"), {"staff": ("none",)}],
        NONE,
        set(),
        {},
        (rule("r", ALWAYS, Implied("chat", "must")),),
    ),
    "implied bounds that exclude one another: nobody proves both": Way(
        {"ada": {"seats": Said(9, "exactly"), "board": HAS}, "bob": {"seats": Said(1, "exactly"), "board": HAS}},
        [must("board")],
        NONE,
        {"ada bob"},
        {"board": undetermined()},
        (
            rule("r", Need("board"), Implied("seats", "must", Interval(8))),
            rule("s", Need("board"), Implied("seats", "must", Interval(None, 3))),
        ),
    ),
    "any of six that fire it: all six go": Way(
        {"ada": dict.fromkeys("abcdef", HAS) | {"chat": LACKS}},
        [must(name) for name in "abcdef"],
        NONE,
        set(),
        {"a b c d e f": undetermined()},
        (rule("r", AnyOf(tuple(Need(name) for name in "abcdef")), Implied("chat", "must")),),
    ),
    "what fires a rule by a double negation": Way(
        {"ada": {"board": HAS, "chat": LACKS}},
        [must("board")],
        NONE,
        set(),
        {"board": undetermined()},
        (rule("r", Not(Not(Need("board"))), Implied("chat", "must")),),
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_ways_on(way):
    situation = {topic: words for part in way.asked if isinstance(part, dict) for topic, words in part.items()}
    team = Team(tuple(part for part in way.asked if isinstance(part, Requirement)), situation)
    decision = decided(knowledge_of(CRITERIA, way.claims, way.rules), team)
    assert verdict_of(decision.outcome.verdict) == way.verdict
    assert {" ".join(group) for group in decision.combinations} == way.combinations
    found = {
        " ".join(sorted(req.criterion for req in part.dropped)): verdict_of(part.verdict)
        for part in decision.concessions
    }
    assert found == way.concessions
