"""What a person can do at a questionnaire: answer a screen, go back, change an answer, end it, continue."""

from __future__ import annotations

from collections.abc import Mapping

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.questions import Key
from provider_advisor.questionnaire.proof import survey_answers
from provider_advisor.questionnaire.screens import Screen, order_questions
from provider_advisor.questionnaire.state import (
    PRIORITY_WORDS,
    GivenAnswer,
    State,
    check_key,
    check_value,
    get_silence,
    put_answers,
    to_bound,
    to_members,
)
from provider_advisor.requirements.grammar import shown

__all__ = ["answer_screen", "change_answer", "declare", "go_back", "go_on", "list_bounds", "list_members", "stop"]


def answer_screen(state: State, screen: Screen, values: Mapping[Key, object]) -> State:
    """Return the state after a screen was answered, with a value for each key that matters; the others mean no.

    An unanswered number means that there is no bound or no answer, and without any topic all stay closed. A ticked
    criterion may bring its bound and members along; otherwise they are asked later if they matter. Raises
    RequirementsError for a key that is not on the screen or a value that does not fit.
    """
    ticked = _list_ticked(screen, values)
    along = (*map(to_bound, ticked), *map(to_members, ticked))
    for key in values:
        if key not in screen.keys and key not in along:
            expected = ", ".join(map(str, screen.keys))
            raise RequirementsError(f"{shown(str(key))} is not asked here; expected {expected}.")
    step = state.steps + 1
    keys = (*screen.keys, *(key for key in along if key in values and key not in screen.keys))
    given = {key: check_value(key, values[key], state.catalogue) if key in values else get_silence(key) for key in keys}
    return put_answers(state, [GivenAnswer(key, value, step) for key, value in given.items()])


def _list_ticked(screen: Screen, values: Mapping[Key, object]) -> list[Key]:
    """Return the criteria that are ticked on a screen."""
    return [key for key in screen.keys if key.kind == "criterion" and values.get(key) in PRIORITY_WORDS]


def list_bounds(state: State, screen: Screen, values: Mapping[Key, object]) -> tuple[Key, ...]:
    """Return the bounds to ask for on the same screen, for what is ticked there: those that the verdict depends on.

    A bound that is among the values is returned in any case. Without a bound on one, the verdict may depend on that of
    another; then both are returned, so that no screen follows that asks for more bounds.
    """
    criteria = state.catalogue.knowledge.criteria
    bounds = [to_bound(key) for key in _list_ticked(screen, values) if criteria[key.name].kind != "capability"]
    if not bounds:
        return ()
    given = {key: value for key, value in values.items() if key in screen.keys}
    named = {key for key in bounds if key in values}
    while True:
        after = answer_screen(state, screen, given | dict.fromkeys(named - values.keys(), "none"))
        further = order_questions(after).wanted.intersection(bounds) - named
        if not further:
            return tuple(key for key in bounds if key in named)
        named |= further


def list_members(state: State, screen: Screen, values: Mapping[Key, object]) -> tuple[Key, ...]:
    """Return the keys of the members to ask for on the same screen, for what is ticked there: those that have any.

    Where providers cannot be told apart by them they need no answer, and no screen asks for them.
    """
    criteria = state.catalogue.knowledge.criteria
    return tuple(to_members(key) for key in _list_ticked(screen, values) if criteria[key.name].of_each)


def change_answer(state: State, key: Key, value: object, *, searched: bool = False) -> State:
    """Return the state with one answer more, or another answer in place of an earlier one; all others are kept.

    `searched` means that the person looked for the question, which is then answered although it would not be asked.
    Raises RequirementsError for a question that does not exist or does not apply, or a value that does not fit.
    """
    key = check_key(key, state.catalogue)
    answer = GivenAnswer(key, check_value(key, value, state.catalogue), state.steps + 1, searched)
    if not searched:
        _refuse_idle(key, state)
    after = put_answers(state, [answer])
    return after._replace(phase="asking") if after.phase != "further" else after


def _refuse_idle(key: Key, state: State) -> None:
    """Raise RequirementsError where the question does not apply to the answers so far."""
    replay = survey_answers(state).replay
    if key.kind in {"bound", "members"} and key.name not in replay.said.priorities:
        raise RequirementsError(
            f"'{key.name}' is not asked for, so it takes no {key.kind}; answer 'criterion:{key.name}' first."
        )
    if key.kind in {"criterion", "situation", "usage"} and key not in replay.possible.sure:
        raise RequirementsError(
            f"the question about '{key.name}' does not apply to the answers so far; open one of its topics "
            f"({', '.join(state.catalogue.questions[key].subjects)}), or ask for what it depends on, first."
        )


def go_back(state: State) -> State:
    """Return the state before the last screen was answered; after an end, the state before that end."""
    if state.phase in {"declared", "stopped"}:
        return state._replace(phase="asking")
    last = state.steps
    return state._replace(answers=tuple(answer for answer in state.answers if answer.step != last), phase="asking")


def declare(state: State) -> State:
    """Return the end of a person who says that this is all."""
    return state._replace(phase="declared")


def stop(state: State) -> State:
    """Return the end of a person who stops: what is not answered stays open."""
    return state._replace(phase="stopped")


def go_on(state: State) -> State:
    """Return the state that continues after any end: if the verdict is settled, with all the remaining questions."""
    if state.phase in {"declared", "stopped"}:
        return state._replace(phase="asking")
    return state._replace(phase="further")
