"""Small decisions worked out by hand, one idea each; the numbers in the comments are the whole sum."""

from typing import NamedTuple

import pytest
from examples import (
    ALWAYS,
    ALWAYS_SO,
    CRITERIA,
    HAS,
    LACKS,
    NONE,
    THIRTY,
    could,
    must,
    recommended,
    should,
    tie,
    undetermined,
)
from reference import Verdict
from worlds import Said, answer_of, decided, knowledge_of, rule

from provider_advisor.knowledge.conditions import AllOf, AnyOf, FactHolds, Need, Not
from provider_advisor.knowledge.rules import Implied
from provider_advisor.logic import Interval
from provider_advisor.requirements import Team


class Example(NamedTuple):
    """What is known of each provider, what is asked, and who comes out."""

    claims: dict
    asked: list
    verdict: Verdict


VERDICTS = {
    "nothing asked, nobody recommended": Example({"ada": {"board": HAS}}, [], undetermined()),
    "the one that has it": Example(
        {"ada": {"board": HAS}, "bob": {"board": LACKS}}, [must("board")], recommended("ada")
    ),
    "silence is not absence, nor a rival's proof": Example(
        # bob is unconfirmed, with possible 100 against ada's proven 100
        {"ada": {"board": HAS}, "bob": {}},
        [must("board")],
        recommended("ada", "leaning"),
    ),
    "a rival whose possible score equals the leader's proven one": Example(
        # ada: board and chat, 6/8; bob: board, and perhaps the chat, 4/8 to 6/8
        {"ada": {"board": HAS, "chat": HAS, "fax": LACKS}, "bob": {"board": HAS, "fax": LACKS}},
        [must("board"), should("chat"), should("fax")],
        recommended("ada", "leaning"),
    ),
    "a rival whose possible score is just below": Example(
        # one could more for ada: 7/9 against at most 6/9
        {"ada": {"board": HAS, "chat": HAS, "fax": LACKS, "a": HAS}, "bob": {"board": HAS, "fax": LACKS, "a": LACKS}},
        [must("board"), should("chat"), should("fax"), could("a")],
        recommended("ada"),
    ),
    "firm although much is unknown of a weak rival": Example(
        # ada 9/9; bob lacks the fax, so 7/9 at most
        {"ada": {"board": HAS, "chat": HAS, "fax": HAS}, "bob": {"board": HAS, "fax": LACKS}},
        [must("board"), should("chat"), should("fax")],
        recommended("ada"),
    ),
    "a rival that is ruled out cannot shake a verdict": Example(
        # bob would have 10/14 against ada's 4/14
        {"ada": {"board": HAS}, "bob": {"board": LACKS, "phone": HAS}},
        [must("board"), should("phone", weight=5)],
        recommended("ada"),
    ),
    "a proven must comes before any score": Example(
        {"ada": {"board": HAS, "chat": LACKS}, "bob": {"chat": HAS}},
        [must("board"), should("chat", weight=50)],
        recommended("ada", "leaning"),
    ),
    "tie: alike, and nothing unknown": Example(
        {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": HAS, "chat": LACKS}},
        [must("board"), should("chat")],
        tie("ada", "bob"),
    ),
    "tie through different findings": Example(
        {"ada": {"board": HAS, "chat": LACKS}, "bob": {"board": LACKS, "chat": HAS}},
        [should("board"), should("chat")],
        tie("ada", "bob"),
    ),
    "no tie while a third may come to be level": Example(
        # cyd 4/8 to 6/8, as much as the others have
        {
            "ada": {"board": HAS, "chat": HAS, "fax": LACKS},
            "bob": {"board": HAS, "chat": HAS, "fax": LACKS},
            "cyd": {"board": HAS, "chat": LACKS},
        },
        [must("board"), should("chat"), should("fax")],
        undetermined(among=["ada", "bob"]),
    ),
    "a tie, for a third stays below": Example(
        # cyd 4/7 to 5/7
        {
            "ada": {"board": HAS, "chat": HAS, "a": LACKS},
            "bob": {"board": HAS, "chat": HAS, "a": LACKS},
            "cyd": {"board": HAS, "chat": LACKS},
        },
        [must("board"), should("chat"), could("a")],
        tie("ada", "bob"),
    ),
    "no tie while a third may prove its must": Example(
        {"ada": {"board": HAS}, "bob": {"board": HAS}, "cyd": {}}, [must("board")], undetermined(among=["ada", "bob"])
    ),
    "a tie, for a third is ruled out": Example(
        {"ada": {"board": HAS}, "bob": {"board": HAS}, "cyd": {"board": LACKS}}, [must("board")], tie("ada", "bob")
    ),
    "alike, but something is unknown": Example(
        {"ada": {"board": HAS}, "bob": {"board": HAS}},
        [must("board"), should("chat")],
        undetermined(among=["ada", "bob"]),
    ),
    "the same expectation of different spread": Example(
        # seats 5 of 10 for certain, against 0 to 10
        {"ada": {"seats": Said(5, "exactly")}, "bob": {"seats": Said((0, 10), "between")}},
        [must("seats")],
        undetermined(among=["ada", "bob"]),
    ),
    "unconfirmed with a lean: fewer unknown musts": Example(
        {"ada": {"board": HAS}, "bob": {}},
        [must("board"), must("chat")],
        undetermined(lean="ada"),
    ),
    "fewer unknown musts come before the expected score": Example(
        # ada 4/106 to 104/106 of which fax is unmet; bob expects more
        {"ada": {"board": HAS, "fax": LACKS}, "bob": {"fax": HAS}},
        [must("board"), must("chat"), should("fax", weight=50)],
        undetermined(lean="ada"),
    ),
    "as many unknown musts, so the expected score leads": Example(
        {"ada": {"board": HAS, "fax": HAS}, "bob": {"chat": HAS, "fax": LACKS}},
        [must("board"), must("chat"), should("fax")],
        undetermined(lean="ada"),
    ),
    "unconfirmed without a lean": Example(
        {"ada": {"board": HAS}, "bob": {"chat": HAS}},
        [must("board"), must("chat")],
        undetermined(among=["ada", "bob"]),
    ),
    "all ruled out": Example({"ada": {"board": LACKS}, "bob": {"board": LACKS}}, [must("board")], NONE),
    "a threshold exactly reached": Example(
        {"ada": {"seats": Said(5, "exactly")}, "bob": {"seats": Said(4, "exactly")}},
        [must("seats", at_least=5)],
        recommended("ada"),
    ),
    "a threshold just missed": Example({"ada": {"seats": Said(5, "exactly")}}, [must("seats", at_least=6)], NONE),
    "more than five whole seats are at least six": Example(
        {"ada": {"seats": Said(5, "more_than")}}, [must("seats", at_least=6)], recommended("ada")
    ),
    "more than five whole seats may be seven": Example(
        {"ada": {"seats": Said(5, "more_than")}}, [must("seats", at_least=7)], undetermined(lean="ada")
    ),
    "a price up to the ceiling": Example(
        {"ada": {"fax-price": Said(3, "exactly"), "fax": HAS}}, [must("fax-price", at_most=3)], recommended("ada")
    ),
    "a price above the ceiling": Example(
        {"ada": {"fax-price": Said(3, "exactly")}}, [must("fax-price", at_most=2.99)], NONE
    ),
    "a price from three may be five": Example(
        {"ada": {"fax-price": Said(3, "from")}}, [must("fax-price", at_most=5)], undetermined(lean="ada")
    ),
    "a price from three is never two": Example(
        {"ada": {"fax-price": Said(3, "from")}}, [must("fax-price", at_most=2)], NONE
    ),
    "a price by quote proves no ceiling and breaks none": Example(
        {"ada": {"fax-price": Said("by-quote")}}, [must("fax-price", at_most=2)], undetermined(lean="ada")
    ),
    "the price of what is not sold": Example(
        {"ada": {"fax-price": Said(1, "exactly"), "fax": LACKS}}, [must("fax-price", at_most=2)], NONE
    ),
    "the price of what may not be sold": Example(
        {"ada": {"fax-price": Said(1, "exactly")}}, [must("fax-price", at_most=2)], undetermined(lean="ada")
    ),
    "the price of what may not be sold, too high in any case": Example(
        {"ada": {"fax-price": Said(3, "exactly")}}, [must("fax-price", at_most=2)], NONE
    ),
    "a lower price of what may not be sold": Example(
        {"ada": {"fax-price": Said(1, "exactly")}, "bob": {"fax-price": Said(5, "exactly"), "fax": HAS}},
        [should("fax-price")],
        recommended("bob", "leaning"),  # ada 0 to 90, expected 45; bob 50
    ),
    "the price of what the sources dispute": Example(
        {
            "ada": {"fax": (HAS, LACKS), "chat": HAS, "fax-price": Said(5, "exactly")},
            "bob": {"fax": LACKS, "chat": HAS, "fax-price": Said(5, "exactly")},
        },
        [should("fax"), should("fax-price", at_most=8), should("chat")],
        recommended("ada", "leaning"),  # without the fax both come to the same
    ),
    "a rating at its threshold": Example(
        {"ada": {"repute": Said("good")}, "bob": {"repute": Said("fair")}},
        [must("repute", at_least=2)],
        recommended("ada"),
    ),
    "disputed by equal dates": Example(
        {"ada": {"board": [HAS, LACKS]}, "bob": {"board": LACKS}}, [must("board")], undetermined(lean="ada")
    ),
    "a disputed amount lies between the claims": Example(
        # 3 to 7 seats: four may be there, eight are not
        {"ada": {"seats": [Said(3, "exactly"), Said(7, "exactly")]}},
        [must("seats", at_least=4)],
        undetermined(lean="ada"),
    ),
    "a disputed amount excludes what no claim reaches": Example(
        {"ada": {"seats": [Said(3, "exactly"), Said(7, "exactly")]}}, [must("seats", at_least=8)], NONE
    ),
    "a must without a bound cannot fail, and weighs as a must": Example(
        # ada 0 seats of 10: 0/6 + chat 2/6; bob 10 seats: 4/6
        {"ada": {"seats": Said(0, "exactly"), "chat": HAS}, "bob": {"seats": Said(10, "exactly"), "chat": LACKS}},
        [must("seats"), should("chat")],
        recommended("bob"),
    ),
    "a must without a bound leaves nobody unconfirmed": Example({"ada": {}}, [must("seats")], recommended("ada")),
    "a want for more beside a need for less": Example(
        # both meet the need; only ada the want
        {"ada": {"seats": Said(8, "exactly")}, "bob": {"seats": Said(5, "exactly")}},
        [must("seats", at_least=5), should("seats", at_least=8)],
        recommended("ada"),
    ),
}


@pytest.mark.parametrize("example", VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_is(example):
    knowledge = knowledge_of(CRITERIA, example.claims)
    assert answer_of(decided(knowledge, Team(tuple(example.asked)))).verdict == example.verdict


# (claims of ada, asked, proven, expected, possible), with p = 0.3
SCORES = {
    "met": ({"board": HAS}, [must("board")], (100, 100, 100)),
    "unmet": ({"board": LACKS}, [must("board")], (0, 0, 0)),
    "unknown counts p": ({}, [must("board")], (0, 30, 100)),
    "priorities weigh 4, 2 and 1": (
        {"board": HAS, "chat": LACKS, "fax": LACKS},
        [must("board"), should("chat"), could("fax")],
        (57.142857143, 57.142857143, 57.142857143),
    ),
    "the criterion's weight": ({"phone": HAS, "chat": LACKS}, [should("phone"), should("chat")], (75, 75, 75)),
    "the requirement's own weight": (
        {"phone": HAS, "chat": LACKS},
        [should("phone", weight=1), should("chat")],
        (50, 50, 50),
    ),
    "no bound: linear between worst and best": ({"seats": Said(7, "exactly")}, [should("seats")], (70, 70, 70)),
    "no bound, an interval: its middle": ({"seats": Said((2, 6), "between")}, [should("seats")], (20, 40, 60)),
    "no bound, a floor": ({"seats": Said(6, "at_least")}, [should("seats")], (60, 80, 100)),
    "no bound, silence: the lower end": ({}, [should("seats")], (0, 0, 100)),
    "a price: the lower the better": (
        {"fax-price": Said(2, "exactly"), "fax": HAS},
        [should("fax-price")],
        (80, 80, 80),
    ),
    "a price from two: at best 80": (
        {"fax-price": Said(2, "from"), "fax": HAS},
        [should("fax-price")],
        (0, 40, 80),
    ),
    "a price of what may not be sold: p of it": (
        {"fax-price": Said(2, "exactly")},
        [should("fax-price")],
        (0, 24, 80),
    ),
    "a price range of what may not be sold: p of its middle": (
        {"fax-price": Said((2, 4), "between")},
        [should("fax-price")],
        (0, 21, 80),
    ),
    "a bounded price of what may not be sold counts p": (
        {"fax-price": Said(2, "exactly")},
        [should("fax-price", at_most=3)],
        (0, 30, 100),
    ),
    "a price by quote: the lower end": ({"fax-price": Said("by-quote")}, [should("fax-price")], (0, 0, 100)),
    "the price of what is not sold: 0": (
        {"fax-price": Said(2, "exactly"), "fax": LACKS},
        [should("fax-price")],
        (0, 0, 0),
    ),
    "a bounded amount that nobody states counts p": ({}, [should("seats", at_least=5)], (0, 30, 100)),
    "a bounded amount that may be enough counts p": (
        {"seats": Said(3, "at_least")},
        [should("seats", at_least=5)],
        (0, 30, 100),
    ),
    "a rating: equal steps": ({"repute": Said("good")}, [should("repute")], (66.666666667,) * 3),
    "a rating that nobody gives: the middle": ({}, [should("repute")], (0, 50, 100)),
    "a bounded rating that nobody gives counts p": ({}, [should("repute", at_least=2)], (0, 30, 100)),
    "a want beside a need": (
        {"seats": Said(6, "exactly")},
        [must("seats", at_least=5), should("seats", at_least=8)],
        (66.666666667, 66.666666667, 66.666666667),
    ),
}


@pytest.mark.parametrize(("claims", "asked", "score"), SCORES.values(), ids=SCORES)
def test_the_score_is(claims, asked, score):
    knowledge = knowledge_of(CRITERIA, {"ada": claims}, policy=THIRTY)
    assert answer_of(decided(knowledge, Team(tuple(asked)))).scores == {"ada": score}


BOARD, CHAT = FactHolds("board"), FactHolds("chat")
# (favours, claims of ada, proven, expected, possible), with p = 0.3 and nothing required
FAVOURS = {
    "holds": (BOARD, {"board": HAS}, (100, 100, 100)),
    "does not hold": (BOARD, {"board": LACKS}, (0, 0, 0)),
    "unknown": (BOARD, {}, (0, 30, 100)),
    "not unknown": (Not(BOARD), {}, (0, 70, 100)),
    "not absent": (Not(BOARD), {"board": LACKS}, (100, 100, 100)),
    "not of both, one absent": (Not(AllOf((BOARD, CHAT))), {"chat": LACKS}, (100, 100, 100)),
    "not of both, one present": (Not(AllOf((BOARD, CHAT))), {"chat": HAS}, (0, 70, 100)),
    "all unknown: the least": (AllOf((BOARD, Not(CHAT))), {}, (0, 30, 100)),
    "any unknown: the most": (AnyOf((BOARD, Not(CHAT))), {}, (0, 70, 100)),
    "all with one absent": (AllOf((BOARD, CHAT)), {"chat": LACKS}, (0, 0, 0)),
    "any with one present": (AnyOf((BOARD, CHAT)), {"chat": HAS}, (100, 100, 100)),
    "an amount that may be enough": (FactHolds("seats", Interval(5)), {"seats": Said(4, "at_least")}, (0, 30, 100)),
    "is absent, and so it is": (FactHolds("board", present=False), {"board": LACKS}, (100, 100, 100)),
    "the price of what is not sold": (
        FactHolds("fax-price", Interval(None, 5)),
        {"fax-price": Said(1, "exactly"), "fax": LACKS},
        (0, 0, 0),
    ),
}


@pytest.mark.parametrize(("favours", "claims", "score"), FAVOURS.values(), ids=FAVOURS)
def test_a_rule_that_favours_scores(favours, claims, score):
    knowledge = knowledge_of(CRITERIA, {"ada": claims}, [rule("r", ALWAYS, favours=favours)], THIRTY)
    assert answer_of(decided(knowledge, Team((), ALWAYS_SO))).scores == {"ada": score}


def test_an_unknown_absence_is_expected_like_the_negation_of_an_unknown_presence():
    def scores(condition):
        knowledge = knowledge_of(CRITERIA, {"ada": {}}, [rule("r", ALWAYS, favours=condition)], THIRTY)
        return answer_of(decided(knowledge, Team((), ALWAYS_SO))).scores

    assert scores(FactHolds("board", present=False)) == scores(Not(BOARD)) == {"ada": (0, 70, 100)}


def test_a_rule_that_favours_weighs_alone_beside_the_needs():
    # 4 for the board, 2 for the rule: 4/6
    knowledge = knowledge_of(
        CRITERIA, {"ada": {"board": HAS, "chat": LACKS}}, [rule("r", Need("board"), favours=CHAT, weight=2)]
    )
    assert answer_of(decided(knowledge, Team((must("board"),)))).scores == {"ada": (66.666666667,) * 3}


@pytest.mark.parametrize("asked", ["board", "chat"])
def test_no_evidence_counts_twice(asked):
    rules = [rule("r", ALWAYS, favours=AllOf((BOARD, CHAT)))]
    knowledge = knowledge_of(CRITERIA, {"ada": {asked: HAS}}, rules)
    answer = answer_of(decided(knowledge, Team((could(asked),), ALWAYS_SO)))
    assert (answer.favours, answer.scores) == (frozenset(), {"ada": (100, 100, 100)})


def test_no_evidence_counts_twice_where_the_requirement_is_implied():
    rules = [rule("f", ALWAYS, favours=BOARD), rule("i", ALWAYS, Implied("board", "could"))]
    knowledge = knowledge_of(CRITERIA, {"ada": {"board": HAS}}, rules)
    assert answer_of(decided(knowledge, Team((), ALWAYS_SO))).favours == frozenset()
