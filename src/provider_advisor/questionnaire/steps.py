"""What a person can do at a questionnaire: answer a screen, go back, change an answer, find a question, end it."""

from __future__ import annotations

from collections.abc import Mapping

from provider_advisor.errors import RequirementsError
from provider_advisor.questionnaire.keys import checked_key, checked_value
from provider_advisor.questionnaire.proof import survey_of
from provider_advisor.questionnaire.screens import Screen, order_at
from provider_advisor.questionnaire.state import PRIORITY_WORDS, Answer, State, Value, put, silence_on
from provider_advisor.requirements.grammar import shown

__all__ = ["answered", "back", "changed", "declared", "further", "numbers_with", "stopped"]


def answered(state: State, screen: Screen, values: Mapping[str, object]) -> State:
    """The state after a screen was answered, with a value for each key that matters; the others mean no.

    An unanswered number means that there is no bound or no answer, and without any topic all stay closed. A criterion
    that is ticked may bring its bound along; if it does not, the bound is asked later, should it matter. Raises
    RequirementsError for a key that is not on the screen or a value that does not fit.
    """
    along = _bounds_of(screen, values)
    for key in values:
        if key not in screen.keys and key not in along:
            raise RequirementsError(f"{shown(key)} is not asked here; expected {', '.join(screen.keys)}.")
    step = state.steps + 1
    keys = (*screen.keys, *(key for key in along if key in values and key not in screen.keys))
    return put(state, [Answer(key, _value(key, values, state), step) for key in keys])


def _value(key: str, values: Mapping[str, object], state: State) -> Value:
    return checked_value(key, values[key], state.catalogue) if key in values else silence_on(key)


def _bounds_of(screen: Screen, values: Mapping[str, object]) -> tuple[str, ...]:
    """The bounds of what is ticked on a screen, whether it takes one or not."""
    ticked = [key for key in screen.keys if key.startswith("criterion:") and values.get(key) in PRIORITY_WORDS]
    return tuple(key.replace("criterion:", "bound:", 1) for key in ticked)


def numbers_with(state: State, screen: Screen, values: Mapping[str, object]) -> tuple[str, ...]:
    """The bounds to ask on the same screen, for what is ticked there: those on which the verdict hangs.

    A bound that is among the values is named in any case.
    """
    knowledge = state.catalogue.knowledge
    bounds = [key for key in _bounds_of(screen, values) if knowledge.criteria[_name(key)].kind != "capability"]
    if not bounds:
        return ()
    after = answered(state, screen, {key: value for key, value in values.items() if key in screen.keys})
    wanted = order_at(after).wanted
    return tuple(key for key in bounds if key in values or key in wanted)


def _name(key: str) -> str:
    return key.partition(":")[2]


def changed(state: State, key: str, value: object, *, searched: bool = False) -> State:
    """The state with one answer more, or another answer in place of an earlier one; all others are kept.

    `searched` says that the person looked for the question, which is then answered though it would not be asked.
    Raises RequirementsError for a question that there is not or that does not apply, or a value that does not fit.
    """
    key = checked_key(key, state.catalogue)
    answer = Answer(key, checked_value(key, value, state.catalogue), state.steps + 1, searched)
    if not searched:
        _refuse_idle(key, state)
    after = put(state, [answer])
    return after._replace(phase="asking") if after.phase != "further" else after


def _refuse_idle(key: str, state: State) -> None:
    """Raise RequirementsError where the question does not apply to the answers so far."""
    kind, _, name = key.partition(":")
    view = survey_of(state).view
    if kind == "bound" and name not in view.said.priorities:
        raise RequirementsError(
            f"'{name}' is not asked for, so that it takes no bound; answer 'criterion:{name}' first."
        )
    if kind in {"criterion", "situation", "usage"} and key not in view.reach.sure:
        raise RequirementsError(
            f"the question about '{name}' does not apply to the answers so far; open one of its topics "
            f"({', '.join(state.catalogue.questions[key].subjects)}), or ask for what it depends on, first."
        )


def back(state: State) -> State:
    """The state before the last screen was answered; after an end, the state from which to go on."""
    if state.phase in {"declared", "stopped"}:
        return state._replace(phase="asking")
    last = state.steps
    return state._replace(answers=tuple(answer for answer in state.answers if answer.step != last), phase="asking")


def declared(state: State) -> State:
    """The end that a person declares: that is all."""
    return state._replace(phase="declared")


def stopped(state: State) -> State:
    """The end of somebody who stops: what is not answered stays open."""
    return state._replace(phase="stopped")


def further(state: State) -> State:
    """The state that goes on after any end: if the verdict is settled, with whatever is left to ask."""
    if state.phase in {"declared", "stopped"}:
        return state._replace(phase="asking")
    return state._replace(phase="further")
