"""Members, choices and wishes in own words: how they are asked for, found, kept and judged."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from provider_advisor import load
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import ABSENT
from provider_advisor.questionnaire import (
    Catalogue,
    End,
    Screen,
    State,
    answer_screen,
    change_answer,
    choose_screen,
    find_members,
    list_members,
    make_prompt,
    make_statement,
    read_answers,
    read_wish,
    record_answers,
    search_questions,
    survey_answers,
)
from provider_advisor.questionnaire.state import TOPICS
from provider_advisor.requirements import Requirement, Unlisted

_NUMBERS, _LIVE = Key("criterion", "phone-numbers"), Key("criterion", "live-streaming")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(facts_as_of(load(), dt.date(2022, 12, 31)))


def _said(catalogue: Catalogue, *answers: tuple[Key, object]) -> State:
    state = State(catalogue)
    for key, value in answers:
        state = change_answer(state, key, value, searched=True)
    return state


def _asked(state: State) -> dict[str, str]:
    return {part.criterion: part.priority for part in survey_answers(state).meaning.team.requirements}


def test_members_come_in_place_of_their_criterion(catalogue):
    state = _said(catalogue, (_NUMBERS, "must"))
    assert _asked(state) == {"phone-numbers": "must"}
    named = change_answer(state, Key("members", "phone-numbers"), ["Germany", "fr"])
    assert _asked(named) == {"phone-numbers@de": "must", "phone-numbers@fr": "must"}
    assert _asked(change_answer(named, Key("members", "phone-numbers"), "none")) == {"phone-numbers": "must"}
    # What is said of one member by itself wins.
    own = change_answer(named, Key("criterion", "phone-numbers@fr"), "nice", searched=True)
    assert _asked(own) == {"phone-numbers@de": "must", "phone-numbers@fr": "could"}


def test_a_bound_holds_for_each_member_that_is_named(catalogue):
    price = "sms-outbound-price"
    state = _said(catalogue, (Key("criterion", price), "good"), (Key("bound", price), 0.05))
    state = change_answer(state, Key("members", price), ["gb"])
    assert [(part.criterion, part.bound.high) for part in survey_answers(state).meaning.team.requirements] == [
        ("sms-outbound-price@gb", 0.05)
    ]


def test_a_must_on_a_member_is_another_fact_than_one_on_its_criterion(catalogue):
    anywhere = _said(catalogue, (TOPICS, []), (_NUMBERS, "must"))
    there = change_answer(anywhere, Key("members", "phone-numbers"), ["de"])
    standings = [{part.standing for part in survey_answers(state).outcome.assessments} for state in (anywhere, there)]
    assert standings == [{"qualified"}, {"unconfirmed"}]


def test_members_are_offered_on_the_screen_of_their_criterion_and_waited_for_only_where_they_tell_apart(catalogue):
    screen = Screen("list", (_NUMBERS, _LIVE, Key("criterion", "fax")))
    ticked = dict.fromkeys(screen.keys, "must")
    state = State(catalogue)
    assert list_members(state, screen, ticked) == (Key("members", "phone-numbers"), Key("members", "live-streaming"))
    assert list_members(state, screen, {}) == ()
    # A claim names platforms to which one can stream, and no claim names countries of numbers.
    open_ = {}
    for key in (_NUMBERS, _LIVE):
        state = answer_screen(State(catalogue), Screen("topics", (TOPICS,)), {TOPICS: ["calls", "video"]})
        state = change_answer(state, key, "must", searched=True)
        open_[key.name] = Key("members", key.name) in survey_answers(state).proof.deciding
    assert open_ == {"phone-numbers": False, "live-streaming": True}


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("phone numbers in Germany", "phone-numbers@de"),
        ("phone-numbers@germany", "phone-numbers@de"),
        ("slack", "integration@slack"),
        ("ISO 27001", "certificate@iso-27001"),
        ("short codes US", "short-codes@us"),
        ("what will you do with it", None),
        ("fax", "fax"),
    ],
)
def test_the_search_finds_members_too(catalogue, words, first):
    found = search_questions(State(catalogue), words)
    assert (found[0].name == first) if first else not any("@" in key.name for key in found)


@pytest.mark.parametrize(
    ("typed", "labels"),
    [("ger", {"Germany", "Algeria", "Niger", "Nigeria"}), ("US", {"United States"}), ("zzz", set())],
)
def test_a_list_of_members_is_searched_by_names_and_parts_of_them(catalogue, typed, labels):
    found = [label for _, label in find_members(make_prompt(Key("members", "sms"), catalogue), typed, catalogue)]
    assert labels <= {*found}
    assert (
        found[:1] == [next(iter(sorted(labels, key=lambda label: (label != "Germany", label))))]
        if labels
        else not found
    )


def test_choices_and_own_words_are_kept_and_read_again(catalogue):
    state = State(catalogue)
    for words, value in (("sms|whatsapp", "must"), ("own phones  during repair", "nice"), ("FAX", "good")):
        state = change_answer(state, read_wish(words, catalogue).key, value, searched=True)
    wish = read_wish("whiteboard=no", catalogue)
    state = change_answer(state, wish.key, wish.value, searched=True)
    state = change_answer(state, _NUMBERS, "must", searched=True)
    state = change_answer(state, Key("members", "phone-numbers"), ["de"], searched=True)._replace(phase="declared")
    team = make_statement(state).team
    assert team.requirements == (
        Requirement("phone-numbers@de", "must"),
        Requirement("sms|whatsapp", "must"),
        Requirement("whiteboard", "must", ABSENT),
        Requirement("fax", "should"),
    )
    assert team.unlisted == (Unlisted("own phones during repair", "could"),)
    read = read_answers(json.dumps(record_answers(state)).encode(), "answers.json", State(catalogue))
    assert {*read.answers} == {*state.answers}
    assert make_statement(read) == make_statement(state)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("sms|watsapp", "watsapp"),
        ("number-countries>=90", "has a question of its own: search with /number-countries"),
        ("phone-numbers@nowhere", "nowhere"),
        ("  ", "empty"),
        ("number-countries=no", "number-countries"),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused_in_a_sentence(catalogue, words, sentence):
    with pytest.raises(RequirementsError, match=sentence):
        read_wish(words, catalogue)


def test_a_must_in_own_words_keeps_the_answer_from_being_firm_and_the_end_from_waiting(catalogue):
    state = _said(catalogue, (TOPICS, []), (_NUMBERS, "good"), (Key("criterion", "whiteboard"), "must"))
    before = choose_screen(state)
    after = choose_screen(change_answer(state, Key("unlisted", "loan phones"), "must", searched=True))
    assert isinstance(before, End)
    assert isinstance(after, End)
    assert (before.verdict.strength, after.verdict.strength) == ("firm", "leaning")
    assert after.kind == before.kind == "settled"


def test_what_must_not_be_there_rules_out_and_a_no_does_not(catalogue):
    fax = Key("criterion", "fax")
    for value, standings in (("must-not", {"unconfirmed", "ruled-out"}), ("no", {"qualified"})):
        state = _said(catalogue, (_NUMBERS, "must"), (fax, value))
        found = survey_answers(state)
        assert {part.standing for part in found.outcome.assessments} == standings
        assert "fax" not in found.meaning.possible.said.priorities
    with pytest.raises(RequirementsError, match="is not a capability"):
        change_answer(State(catalogue), Key("criterion", "number-countries"), "must-not", searched=True)
