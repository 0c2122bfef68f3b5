"""A whole questionnaire: its order, its progress, going back, changing, ending and what it leaves behind."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teams import answer_all, bases, fresh, said_at_random, still_askable
from worlds import SAME_EVERY_RUN, decided

from provider_advisor.decision.findings import add_up
from provider_advisor.decision.verdict import judge_totals, mark_dated
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.conditions import Situation, leaves
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire import (
    Catalogue,
    End,
    GivenAnswer,
    Known,
    Screen,
    State,
    answer_screen,
    change_answer,
    choose_screen,
    explain_question,
    go_back,
    go_on,
    list_bounds,
    make_prompt,
    make_statement,
    put_answers,
    read_answers,
    record_answers,
    record_requirements,
    search_questions,
    sum_up_known,
    survey_answers,
)
from provider_advisor.questionnaire.state import TOPICS
from provider_advisor.requirements.requirements_file import read_requirements

_RANDOMS = st.randoms(use_true_random=False)
# Each example is a whole questionnaire: dozens of screens and decisions.
_FEWER = settings(SAME_EVERY_RUN, max_examples=70)


@given(bases(), _RANDOMS, st.booleans())
@_FEWER
def test_on_every_screen_the_length_the_count_of_what_is_left_and_the_proofs_are_right(knowledge, pick, along):
    known: list[Known] = []

    def look(state: State, screen: Screen) -> None:
        known.append(sum_up_known(state))
        _is_of_good_length(screen)
        assert known[-1].left >= sum(key.kind == "criterion" for key in screen.keys)
        if screen.kind == "closing":
            assert isinstance(choose_screen(answer_screen(state, screen, {})), End)

    state, end = answer_all(fresh(knowledge), lambda key: said_at_random(key, knowledge, pick), look, along=along)
    known.append(sum_up_known(state))
    left = [one.left for one in known]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert end.verdict == known[-1].verdict
    for before, after in itertools.pairwise(known):
        _stays_proved(before, after)


def _is_of_good_length(screen: Screen) -> None:
    """Ten criteria on a list, twelve lines on any screen; criteria come first."""
    criteria = [key for key in screen.keys if key.kind == "criterion"]
    assert 0 < len(screen.keys) <= 12
    assert len(criteria) <= {"list": 10, "closing": 12}.get(screen.kind, 0)
    assert screen.keys[: len(criteria)] == tuple(criteria)


def _stays_proved(before: Known, after: Known) -> None:
    assert before.out <= after.out
    assert not set(before.proved) & set(before.still_open)
    if not before.still_open:
        assert before.verdict == after.verdict
    if set(before.still_open) <= {"strength"}:
        assert _ahead(before) == _ahead(after)


@given(bases(), _RANDOMS)
@_FEWER
def test_giving_the_answers_again_gives_the_same_state_and_going_back_takes_back_one_screen(knowledge, pick):
    states: list[State] = []
    state, end = answer_all(
        fresh(knowledge), lambda key: said_at_random(key, knowledge, pick), lambda before, _: states.append(before)
    )
    again = put_answers(fresh(knowledge), state.answers)
    assert again.answers == state.answers
    assert choose_screen(again) == end
    read = read_answers(json.dumps(record_answers(state)).encode(), "answers.json", fresh(knowledge))
    assert set(read.answers) == set(state.answers)
    assert choose_screen(read) == end
    for before in reversed(states):
        state, read = go_back(state), go_back(read)
        assert state.answers == before.answers
        assert set(read.answers) == set(before.answers)


@given(bases(), _RANDOMS)
@_FEWER
def test_the_saved_requirements_are_answered_alike(knowledge, pick):
    state, end = answer_all(fresh(knowledge), lambda key: said_at_random(key, knowledge, pick))
    content = json.dumps(record_requirements(state, "a team")).encode()
    statement = read_requirements(content, "team.json", knowledge)
    assert decided(knowledge, statement.team).outcome.verdict == end.verdict
    assert set(statement.unsure) == set(make_statement(state).unsure)


@given(bases(), _RANDOMS)
@_FEWER
def test_not_sure_is_never_taken_for_no(knowledge, pick):
    state, end = answer_all(fresh(knowledge), lambda key: said_at_random(key, knowledge, pick, unsure=0.5))
    meaning = survey_answers(state).meaning
    unsure = meaning.said.unsure
    # A cost that is asked for without any volume cannot count yet, and keeps the end open as a doubt does.
    assert meaning.uncounted <= set(end.unless) <= unsure | meaning.uncounted
    assert (end.kind == "settled-unless") == bool(end.unless)
    for key in unsure & survey_answers(state).meaning.possible.sure:
        if not survey_answers(change_answer(state, key, said_at_random(key, knowledge, pick, unsure=0))).meaning.unused:
            assert key in still_askable(state) or key.kind == "bound"


@given(bases(), _RANDOMS)
@_FEWER
def test_where_nothing_is_needed_of_what_is_unsure_the_verdict_is_settled_alike(knowledge, pick):
    state, end = answer_all(fresh(knowledge), lambda key: said_at_random(key, knowledge, pick, unsure=0.3))
    for key in end.unless:
        if key in still_askable(state):
            state = change_answer(state, key, {"bound": "none", "members": "none"}.get(key.kind, "no-answer"))
    assert survey_answers(state).outcome.verdict == end.verdict


def _renamed(knowledge: KnowledgeBase) -> KnowledgeBase:
    """The same knowledge with the providers' ids in the opposite order of the alphabet."""
    old = list(knowledge.providers)
    names = dict(zip(old, reversed([f"p{number}" for number in range(len(old))]), strict=True))
    providers = {
        names[name]: part._replace(
            id=names[name], claims=tuple(claim._replace(provider=names[name]) for claim in part.claims)
        )
        for name, part in reversed(knowledge.providers.items())
    }
    return dataclasses.replace(knowledge, providers=dict(sorted(providers.items())), fingerprint=knowledge.fingerprint)


@given(bases(), st.integers(0, 1000))
@_FEWER
def test_the_order_and_the_names_of_providers_play_no_part(knowledge, seed):
    screens: list[list[Screen]] = []
    for base in (knowledge, _renamed(knowledge)):
        pick, seen = random.Random(seed), list[Screen]()  # noqa: S311 (no secret)
        answer_all(fresh(base), lambda key: said_at_random(key, knowledge, pick), lambda _, screen: seen.append(screen))  # noqa: B023 (called at once)
        screens.append(seen)
    assert screens[0] == screens[1]


@given(bases(), _RANDOMS)
@_FEWER
def test_only_what_every_provider_still_in_meets_is_named_as_skipped(knowledge, pick):
    state, _ = answer_all(fresh(knowledge), lambda key: said_at_random(key, knowledge, pick))
    skipped = record_requirements(state)["asked"].get("skipped", [])
    asked = {answer.key for answer in state.answers}
    inside = [a.provider for a in survey_answers(state).outcome.assessments if a.standing != "ruled-out"]
    facts = state.catalogue.facts
    for name in skipped:
        assert Key("criterion", name) not in asked
        if knowledge.criteria[name].kind == "capability":
            assert all(facts(provider, name).truth.value == "yes" for provider in inside)


@pytest.fixture
def shops(bicycles) -> State:
    """A questionnaire about bicycle shops, for which there is no file of questions."""
    return fresh(bicycles)


def test_without_a_file_there_is_a_subject_for_each_area_and_a_question_for_everything(bicycles):
    made = bicycles.full_questionnaire
    assert set(made.subjects) == {criterion.area for criterion in bicycles.criteria.values()}
    assert {key for key in made.questions if key.kind == "criterion"} == {
        Key("criterion", n) for n in bicycles.criteria
    }
    assert len(made.questions) == len(bicycles.criteria) + len(bicycles.topics) + len(bicycles.usage)


def test_it_runs_to_its_end_where_nothing_is_needed(shops):
    state, end = answer_all(shops, lambda key: {"topics": [], "bound": "none"}.get(key.kind, "no-answer"))
    assert isinstance(end, End)
    assert end.verdict.kind == "undetermined"
    assert end.complete, "nothing is left to ask, not even further on"
    assert record_requirements(state)["asked"]["fingerprint"] == shops.catalogue.knowledge.fingerprint


def test_a_person_may_declare_stop_and_go_on(shops):
    assert choose_screen(shops._replace(phase="declared")).kind == "declared"
    assert choose_screen(shops._replace(phase="stopped")).kind == "stopped"
    assert choose_screen(go_on(shops._replace(phase="stopped"))) == choose_screen(shops)
    assert choose_screen(go_back(shops._replace(phase="declared"))) == choose_screen(shops)


def test_an_answer_can_be_changed_and_the_rest_is_kept(shops):
    subjects = list(shops.catalogue.subjects)
    state = answer_screen(shops, choose_screen(shops), {TOPICS: subjects})
    state = answer_screen(state, choose_screen(state), {})
    screen = choose_screen(state)
    state = answer_screen(state, screen, dict.fromkeys(screen.keys, "must"))
    assert len(survey_answers(state).meaning.team.requirements) == len(screen.keys)
    fewer = change_answer(state, TOPICS, [])
    view = survey_answers(fewer).meaning
    assert len(view.unused) == len(screen.keys)
    assert not view.team.requirements
    assert all(part.because for part in view.unused)
    assert survey_answers(change_answer(fewer, TOPICS, subjects)).meaning.team == survey_answers(state).meaning.team


def test_the_situation_that_rules_read_is_asked_about_before_any_criterion(shops):
    state = answer_screen(shops, choose_screen(shops), {TOPICS: list(shops.catalogue.subjects)})
    screen = choose_screen(state)
    read = {
        Key("situation", part.topic)
        for rule in shops.catalogue.knowledge.rules.values()
        for part in leaves(rule.when)
        if isinstance(part, Situation)
    }
    assert screen.kind == "situation"
    assert set(screen.keys) <= read
    after = choose_screen(answer_screen(state, screen, {}))
    assert after.kind == "list"
    # What somebody searched for first, or a file brought along, leaves the situation to be asked about.
    name = next(iter(shops.catalogue.knowledge.criteria))
    assert choose_screen(change_answer(state, Key("criterion", name), "good", searched=True)).kind == "situation"


def test_a_criterion_is_found_and_answered_though_its_topic_is_closed(shops):
    state = answer_screen(shops, choose_screen(shops), {})
    name = next(iter(shops.catalogue.knowledge.criteria))
    assert Key("criterion", name) in search_questions(state, name)
    with pytest.raises(RequirementsError, match="does not apply to the answers so far; open one of its topics"):
        change_answer(state, Key("criterion", name), "must")
    assert survey_answers(change_answer(state, Key("criterion", name), "must", searched=True)).meaning.team.requirements


def test_why_tells_what_is_known_and_what_each_answer_would_move(shops):
    state = answer_screen(shops, choose_screen(shops), {TOPICS: list(shops.catalogue.subjects)})
    state = answer_screen(state, choose_screen(state), {})
    for key in choose_screen(state).keys:
        reason = explain_question(state, key)
        assert [effect.answer for effect in reason.tried] == ["must", "good", "nice", "no"]
        for effect in reason.tried:
            after = change_answer(state, key, effect.answer, searched=True)
            assert effect.verdict == survey_answers(after).outcome.verdict
        assert reason.decides
        assert reason.coverage is None or reason.coverage.has <= len(shops.catalogue.providers)


def _ahead(known: Known) -> tuple[str, ...]:
    verdict = known.verdict
    return tuple(filter(None, (verdict.provider, verdict.lean))) or verdict.among


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (Key("criterion", "frame"), "must", "there is no question about the criterion 'frame'."),
        (Key("situation", "weather"), "must", "there is no question about the situation 'weather'."),
        (Key("members", "repairs"), ["north"], "'repairs' has no members; answer only whether it is needed."),
        (Key("bound", "tour-group"), -1, "the bound of 'tour-group' is '-1'; expected a number of people, 0 to "),
        (Key("bound", "tour-group"), 5, "'tour-group' is not asked for, so it takes no bound;"),
        (TOPICS, ["nowhere"], "'nowhere' is not a value of 'topics'; expected "),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_in_a_sentence(shops, key, value, sentence):
    with pytest.raises(RequirementsError) as refused:
        change_answer(shops, key, value)
    assert str(refused.value).startswith(sentence)


def test_every_kind_of_answer_has_its_words(shops):
    catalogue: Catalogue = shops.catalogue
    for key, question in catalogue.questions.items():
        wrong: object = {"criterion": "perhaps", "usage": "many", "situation": "perhaps"}[question.about]
        with pytest.raises(RequirementsError, match="expected"):
            change_answer(shops, key, wrong, searched=True)
        assert make_prompt(key, catalogue).ask
    with pytest.raises(RequirementsError, match="is not asked here; expected topics"):
        answer_screen(shops, choose_screen(shops), {Key("criterion", "fax"): "must"})


def test_an_answer_keeps_its_place_when_it_is_changed(shops):
    state = put_answers(shops, [GivenAnswer(TOPICS, (), 1)])
    assert change_answer(state, TOPICS, list(shops.catalogue.subjects)).answers[0].step == 1


@given(bases(), _RANDOMS)
@_FEWER
def test_one_by_one_no_screen_asks_for_two_criteria(knowledge, pick):
    def look(_state: State, screen: Screen) -> None:
        assert sum(key.kind == "criterion" for key in screen.keys) <= 1

    answer_all(fresh(knowledge, 1), lambda key: said_at_random(key, knowledge, pick), look)


@given(bases(), _RANDOMS)
@_FEWER
def test_only_numbers_that_matter_come_along_with_what_is_ticked(knowledge, pick):
    def look(state: State, screen: Screen) -> None:
        values = {key: said_at_random(key, knowledge, pick) for key in screen.keys if key.kind == "criterion"}
        ticked = {key.name for key, value in values.items() if value in {"must", "good", "nice"}}
        named = list_bounds(state, screen, values)
        names = {key.name for key in named}
        assert names <= {name for name in ticked if knowledge.criteria[name].kind != "capability"}
        after = answer_screen(state, screen, {**values, **dict.fromkeys(named, "none")})
        asked = choose_screen(after)
        assert isinstance(asked, End) or not {Key("bound", name) for name in ticked - names} & set(asked.keys)

    answer_all(fresh(knowledge), lambda key: said_at_random(key, knowledge, pick), look)


@given(bases(), _RANDOMS)
@_FEWER
def test_the_quick_look_that_weighs_questions_sees_the_verdict(knowledge, pick):
    state, _ = answer_all(fresh(knowledge), lambda key: said_at_random(key, knowledge, pick))
    survey = survey_answers(state)
    total = add_up(survey.findings, len(state.catalogue.providers))
    # but for the age of facts, of which sums know nothing
    found = mark_dated(judge_totals(total, state.catalogue.providers), survey.outcome.verdict)
    assert found == survey.outcome.verdict
