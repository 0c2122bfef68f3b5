"""What was said before the first question, in a file or by options: it counts, and it is not asked again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from teams import answer_all, bases, complete_at_random, said_at_random
from worlds import DAY, SAME_EVERY_RUN, decided, teams

from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import list_needed
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import ABSENT
from provider_advisor.questionnaire import (
    Catalogue,
    State,
    change_answer,
    choose_screen,
    make_statement,
    read_answers,
    record_answers,
    record_requirements,
    survey_answers,
)
from provider_advisor.requirements import Requirement, Statement, Team, Unlisted, combine
from provider_advisor.requirements.read_team import make_team
from provider_advisor.requirements.requirements_file import read_requirements

_HERE = "delivery@north"
_FEW = settings(SAME_EVERY_RUN, max_examples=25)


def _start(knowledge: KnowledgeBase, team: Team) -> State:
    return State(Catalogue(Facts(knowledge, DAY)), given=Statement(team))


def _draw_team(data: st.DataObject, knowledge: KnowledgeBase) -> Team:
    """A team that a file can state: each priority counts once, weights are of areas, no choice has a computed cost."""
    team, areas = data.draw(teams(knowledge, weighed=True)), {part.area for part in knowledge.criteria.values()}
    weights = {area: percent for area, percent in team.weights.items() if area in areas}
    stated = [part for part in team.requirements if part.criterion == "bill" or "bill" not in part.criterion]
    return team._replace(requirements=make_team(stated).requirements, weights=weights if sum(weights.values()) else {})


def _list_keys(team: Team) -> set[Key]:
    """The questions that a team's statement answers; a member that is asked for answers that on its criterion too."""
    names = {part.criterion for part in team.requirements} | {*team.unwanted}
    names |= {name for part in team.requirements if not part.is_absence for name in list_needed(part.criterion)}
    keys = {Key("criterion", name) for name in names} | {Key("situation", name) for name in team.situation}
    return keys | {Key("usage", name) for name in team.usage}


@given(bases(), st.data(), st.randoms(use_true_random=False))
@_FEW
def test_what_was_given_counts_and_is_not_asked_and_the_end_is_right(knowledge, data, pick):
    team, seen = _draw_team(data, knowledge), set[Key]()
    start = _start(knowledge, team)
    state, end = answer_all(
        start, lambda key: said_at_random(key, knowledge, pick), lambda _, screen: seen.update(screen.keys)
    )
    assert not seen & _list_keys(team)
    meaning = survey_answers(state).meaning
    # A member that must not be there, and is then ticked, is asked for.
    ticked = {part.criterion for part in meaning.team.requirements if not part.is_absence}
    kept = {part for part in team.requirements if not (part.is_absence and part.criterion in ticked)}
    assert kept <= {*meaning.team.requirements, *meaning.waiting}
    # Saved and asked again it is answered alike, and a session that is read again ends alike.
    saved = read_requirements(json.dumps(record_requirements(state)).encode(), "team.json", knowledge)
    assert decided(knowledge, saved.team).outcome.verdict == end.verdict
    read = read_answers(json.dumps(record_answers(state)).encode(), "answers.json", _start(knowledge, Team()))
    assert choose_screen(read) == end
    if end.kind == "settled":
        for _ in range(3):
            survey = survey_answers(complete_at_random(state, pick))
            # Whoever ticks a member that must not be there takes back what the end was proved from.
            if {part for part in kept if part.is_absence} <= {*survey.meaning.team.requirements}:
                assert survey.outcome.verdict == end.verdict


@given(bases(), st.data(), st.randoms(use_true_random=False))
@_FEW
def test_the_team_is_that_of_the_file_with_the_answers_added(knowledge, data, pick):
    team = _draw_team(data, knowledge)
    state, _ = answer_all(_start(knowledge, team), lambda key: said_at_random(key, knowledge, pick))
    alone = state._replace(given=Statement(Team()))
    answered = survey_answers(alone).meaning.team
    together = combine(Statement(team), Statement(answered), knowledge, complete=False).team
    found = survey_answers(state).meaning
    # What is computed from volumes waits for one, which the file may have.
    waiting = {part.criterion for part in found.waiting} | {"bill"}

    def leave(parts: tuple[Requirement, ...]) -> set[Requirement]:
        return {part for part in parts if part.criterion not in waiting}

    assert leave(found.team.requirements) >= leave(together.requirements)
    assert found.team.unwanted == together.unwanted
    # A question may apply only because of what the file asks for: its answer counts beside that alone.
    apart = {part.answer.key.name for part in survey_answers(alone).meaning.unused}
    assert {name: found.team.situation[name] for name in found.team.situation.keys() - apart} == together.situation


def test_an_answer_takes_the_place_of_what_was_given_and_the_result_says_so(bicycles):
    names = [name for name, part in bicycles.criteria.items() if part.kind == "capability"][:3]
    first, second, third = names
    team = Team(
        (Requirement(first, "must"), Requirement(second, "should", weight=3)),
        unwanted=(third,),
        unlisted=(Unlisted("in our words"), Unlisted("and more", "could")),
    )
    state = _start(bicycles, team)
    state = change_answer(state, Key("criterion", first), "nice", searched=True)
    state = change_answer(state, Key("criterion", second), "no-answer", searched=True)
    state = change_answer(state, Key("unlisted", "in our words"), "no-answer", searched=True)
    state = change_answer(state, Key("unlisted", "something new"), "must", searched=True)
    found = make_statement(state)
    assert found.team.requirements == (Requirement(first, "could"),)
    assert found.team.unwanted == (third,)
    assert found.team.unlisted == (Unlisted("something new"), Unlisted("and more", "could"))
    assert (
        f"The questionnaire adds 'something new' to what you started with, overrides {first} in it and leaves out "
        f"{second}, 'in our words'."
    ) in found.notes
    read = read_answers(json.dumps(record_answers(state)).encode(), "answers.json", _start(bicycles, Team()))
    assert make_statement(read) == found


@pytest.mark.parametrize("given", [{"requirements": (Requirement(_HERE, "must", ABSENT),)}, {"unwanted": (_HERE,)}])
def test_who_names_a_member_takes_back_that_it_is_not_wanted(bicycles, given):
    state = _start(bicycles, Team(**given))
    state = change_answer(state, Key("criterion", "delivery"), "must", searched=True)
    assert _HERE not in {
        part.criterion for part in survey_answers(state).meaning.team.requirements if not part.is_absence
    }
    state = change_answer(state, Key("members", "delivery"), ("north",), searched=True)
    found = make_statement(state)
    assert found.team.requirements == (Requirement(_HERE, "must"),)
    assert not found.team.unwanted
    assert any(_HERE in note for note in found.notes)


def test_what_is_computed_waits_for_a_volume_that_is_asked_for(bicycles):
    """A cost without volumes is an error of a file that is answered; the questionnaire asks for the volumes."""
    computed = next((name for name, part in bicycles.criteria.items() if part.computed), None)
    if computed is None:
        return
    state = _start(bicycles, Team((Requirement(computed, "must"),)))
    assert [part.criterion for part in survey_answers(state).meaning.waiting] == [computed]
