"""Which questions decide a condition: the example of the module, and what is asked first of several."""

from __future__ import annotations

import pytest
from teams import fresh, with_bill
from worlds import Said, capability, knowledge_of, price, rule, with_providers

from provider_advisor.knowledge.conditions import AllOf, AnyOf, FactHolds, Need, Not, Situation, Usage
from provider_advisor.knowledge.rules import Implied, Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire import GivenAnswer, State, put_answers, survey_answers
from provider_advisor.questionnaire.deciding_questions import DecidingQuestions
from provider_advisor.questionnaire.interpret_answers import CAN_BE_EITHER, CAN_BE_NO, CAN_BE_YES, interpret_answers
from provider_advisor.questionnaire.state import TOPICS

_RENTAL, _CARGO = Need("rental"), Need("cargo-bikes")
_BEGINNER, _MANY = Situation("skill", "beginner"), Usage("inspections", Interval(low=100))
_KEYS = {
    "rental": Key("criterion", "rental"),
    "cargo-bikes": Key("criterion", "cargo-bikes"),
    "skill": Key("situation", "skill"),
    "inspections": Key("usage", "inspections"),
}


@pytest.fixture
def opened(bicycles) -> State:
    """Every topic is open, and nothing else is answered."""
    state = fresh(bicycles)
    return put_answers(state, [GivenAnswer(TOPICS, tuple(state.catalogue.subjects))])


def _find(state: State, condition) -> set[str]:
    deciding = DecidingQuestions(interpret_answers(state).possible, state.catalogue, frozenset())
    by_key = {key: name for name, key in _KEYS.items()}
    return {by_key[key] for key in deciding.find_for_condition(condition)}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (_RENTAL, {"rental"}),
        (AnyOf((_RENTAL, _CARGO)), {"rental", "cargo-bikes"}),
        # Situation and usage are asked in any case, so they are cheaper than a criterion, wherever they stand.
        (AllOf((_RENTAL, _BEGINNER)), {"skill"}),
        (AllOf((_BEGINNER, _RENTAL)), {"skill"}),
        (AllOf((_RENTAL, _MANY)), {"inspections"}),
        (AllOf((_RENTAL, AnyOf((_BEGINNER, _MANY)))), {"skill", "inspections"}),
        # The example of the module: one criterion is fewer than one criterion and a situation.
        (AllOf((_RENTAL, AnyOf((_CARGO, _BEGINNER)))), {"rental"}),
        (AllOf((AnyOf((_CARGO, _BEGINNER)), _RENTAL)), {"rental"}),
        (Not(AllOf((_RENTAL, _CARGO))), {"rental", "cargo-bikes"}),
        (AnyOf((Not(_RENTAL), _CARGO)), {"rental", "cargo-bikes"}),
    ],
)
def test_the_cheapest_questions_that_can_keep_a_condition_from_holding_decide_it(opened, condition, expected):
    assert _find(opened, condition) == expected


def test_what_is_answered_decides_no_more(opened):
    beginner = put_answers(opened, [GivenAnswer(_KEYS["skill"], ("beginner",))])
    assert _find(beginner, AllOf((_RENTAL, _BEGINNER))) == {"rental"}
    regular = put_answers(opened, [GivenAnswer(_KEYS["skill"], ("regular",))])
    meaning = interpret_answers(regular)
    assert meaning.possible.may_be(AllOf((_RENTAL, _BEGINNER))) == CAN_BE_NO


def test_a_criterion_may_be_stated_until_its_question_is_answered(opened):
    key = _KEYS["rental"]
    values = {None: CAN_BE_EITHER, "must": CAN_BE_YES, "no": CAN_BE_NO, "not-sure": CAN_BE_EITHER}
    for value, truths in values.items():
        state = opened if value is None else put_answers(opened, [*opened.answers, GivenAnswer(key, value)])
        assert survey_answers(state).meaning.possible.stated["rental"] == truths


_ON_MEMBER = rule("r", Need("board@here"), favours=FactHolds("fax"), weight=5)


@pytest.fixture(scope="module")
def members() -> State:
    """Nothing is answered. A rule needs a board at one place, where Ada has one; Bob may have one."""
    criteria = [capability("board")._replace(of_each="place"), capability("fax")]
    claims = {"ada": {"board": Said("present"), "fax": Said("present")}, "bob": {}}
    knowledge = knowledge_of(criteria, claims, [_ON_MEMBER])
    ada = knowledge.providers["ada"]
    board_here, fax = ada.claims[0]._replace(members=("here",)), ada.claims[1]
    return fresh(with_providers(knowledge, {**knowledge.providers, "ada": ada._replace(claims=(board_here, fax))}))


def test_a_rule_on_a_member_may_fire_as_long_as_its_criterion_may_be_asked_for(members):
    board = Key("criterion", "board")
    for answers, truths, decides in [
        ((), CAN_BE_EITHER, {board}),
        ((GivenAnswer(board, "must"),), CAN_BE_EITHER, {Key("members", "board")}),
        ((GivenAnswer(board, "must"), GivenAnswer(Key("members", "board"), ("here",))), CAN_BE_YES, set()),
        ((GivenAnswer(board, "no"),), CAN_BE_NO, set()),
    ]:
        answered = put_answers(members, answers)
        possible = survey_answers(answered).meaning.possible
        assert possible.may_be(_ON_MEMBER.when) == truths
        assert (
            DecidingQuestions(possible, answered.catalogue, frozenset()).find_for_condition(_ON_MEMBER.when) == decides
        )


def test_what_is_said_of_a_member_says_that_its_criterion_is_needed_and_a_no_is_final(members):
    # The rule speaks of a board here; there it is asked for all the same.
    for name, value, of_it, of_any in [
        ("board@here", "must", CAN_BE_YES, CAN_BE_YES),
        ("board@here", "no", CAN_BE_NO, CAN_BE_EITHER),
        ("board@there", "must", CAN_BE_YES, CAN_BE_YES),
    ]:
        answer = GivenAnswer(Key("criterion", name), value, searched=True)
        possible = survey_answers(put_answers(members, [answer])).meaning.possible
        assert (possible.may_be(Need(name)), possible.may_be(Need("board"))) == (of_it, of_any)


def test_a_rule_may_fire_by_what_another_may_add():
    chain = [
        rule("adds", Need("board"), Implied("chat", "should")),
        rule("likes", Need("chat"), favours=FactHolds("fax")),
    ]
    criteria = [capability("board"), capability("chat"), capability("fax")]
    state = fresh(knowledge_of(criteria, {"ada": {"fax": Said("present")}, "bob": {}}, chain))
    no_chat = [GivenAnswer(Key("criterion", "chat"), "no-answer")]
    for answers, truths in [
        (no_chat, CAN_BE_EITHER),
        ([*no_chat, GivenAnswer(Key("criterion", "board"), "must")], CAN_BE_YES),
        ([*no_chat, GivenAnswer(Key("criterion", "board"), "no-answer")], CAN_BE_NO),
    ]:
        assert survey_answers(put_answers(state, answers)).meaning.possible.rules["likes"] == truths


def test_what_is_denied_is_as_open_as_what_denies_it(opened):
    for value, truths in [("must", CAN_BE_NO), ("no", CAN_BE_YES)]:
        state = put_answers(opened, [*opened.answers, GivenAnswer(_KEYS["rental"], value)])
        assert interpret_answers(state).possible.may_be(Not(_RENTAL)) == truths
    assert interpret_answers(opened).possible.may_be(Not(_RENTAL)) == CAN_BE_EITHER


def test_a_rule_that_does_not_fire_yet_is_kept_so_by_the_cheapest_questions(opened):
    both = rule("both", AllOf((_RENTAL, _BEGINNER)), favours=FactHolds("repairs"))
    possible = interpret_answers(opened).possible
    for fired, expected in [((), {_KEYS["skill"]}), (("both",), {_KEYS["skill"], _KEYS["rental"]})]:
        assert DecidingQuestions(possible, opened.catalogue, frozenset(fired)).find_for_rule(both) == expected


def test_a_cost_is_stated_for_sure_once_there_is_usage_that_it_follows_from():
    criteria = [capability("board"), price("rate")]
    state = fresh(with_bill(knowledge_of(criteria, {"ada": {"board": Said("present"), "rate": Said(2, "exactly")}})))
    asked = GivenAnswer(Key("criterion", "bill"), "must")
    for answers, truths in [((asked,), CAN_BE_EITHER), ((asked, GivenAnswer(Key("usage", "calls"), 10)), CAN_BE_YES)]:
        assert survey_answers(put_answers(state, answers)).meaning.possible.stated["bill"] == truths
