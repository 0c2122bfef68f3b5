"""The screens of a questionnaire: which comes next or why none does, how many questions are left, and answering one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from provider_advisor.decision import Verdict
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.order import QuestionOrder, choose_list, choose_worth_asking
from provider_advisor.questionnaire.proof import Survey, survey_answers
from provider_advisor.questionnaire.replay_answers import YES
from provider_advisor.questionnaire.state import (
    PRIORITY_WORDS,
    TOPICS,
    GivenAnswer,
    State,
    check_key,
    check_value,
    get_silence,
    put_answers,
    to_bound,
    to_members,
    to_question,
)
from provider_advisor.requirements.grammar import shown

CLOSING = 12
"""This many criteria, or fewer, come as one closing list; this many lines of all kinds fit on one screen."""

ScreenKind = Literal["topics", "list", "numbers", "members", "situation", "volumes", "details", "closing"]
EndKind = Literal["settled", "settled-unless", "declared", "stopped"]


class Screen(NamedTuple):
    """What to ask next: the keys, and for a list the subject that they belong to.

    `topics` has one key, `topics`; `list` and `closing` have keys of criteria, each answered by must, good, nice, no or
    not-sure; `numbers` keys of bounds; `members` those of members of what is asked for; `situation` and `volumes` keys
    of what a team says about itself; `details` keys of several of the last four. Where little is left, such keys follow
    those of a list or closing list on one screen. No answer on a closing list means the end.
    """

    kind: ScreenKind
    keys: tuple[Key, ...]
    subject: str | None = None


class End(NamedTuple):
    """Why nothing more has to be asked.

    `unless` are keys answered with "not sure" that the verdict still depends on, and those of what is asked for but
    cannot count yet, such as a monthly cost without volumes; `complete` means that nothing is left
    that could be asked.
    """

    kind: EndKind
    verdict: Verdict
    unless: tuple[Key, ...] = ()
    complete: bool = False


class QuestionsLeft(NamedTuple):
    """How many criteria were asked, and how many are left that could matter at most; the latter never grows."""

    asked: int
    left: int


def choose_screen(state: State) -> Screen | End:
    """Return the screen to show after the answers so far, or the end."""
    if state.phase in {"declared", "stopped"}:
        return _make_end(state, survey_answers(state), "declared" if state.phase == "declared" else "stopped")
    # Whatever was given before, the topics come first, so that the first screen needs no look at all the facts.
    if state.catalogue.subjects and all(answer.key != TOPICS for answer in state.answers):
        return Screen("topics", (TOPICS,))
    survey = survey_answers(state)
    found = _choose_next(state, survey, order_questions(state))
    if found is not None:
        return found
    return _make_end(state, survey, "settled-unless" if _list_unless(state, survey) else "settled")


def order_questions(state: State) -> QuestionOrder:
    """Return the questions that bear on the verdict; in the phase `further`, all that are worth asking."""
    survey = survey_answers(state)
    return QuestionOrder(state, survey, _list_deciding(state, survey))


def _list_deciding(state: State, survey: Survey) -> frozenset[Key]:
    if state.phase != "further":
        return frozenset(survey.proof.deciding)
    catalogue, said, open_ = state.catalogue, survey.replay.said, survey.replay.possible.open
    places = tuple(range(len(catalogue.providers)))
    criteria = catalogue.knowledge.criteria
    bounds = {said.get_bound_key(name) for name in said.priorities if criteria[name].kind != "capability"}
    bounds |= {Key("members", name) for name in said.priorities if name in catalogue.told_apart}
    skipped = {key for key in open_ if key.kind == "criterion" and catalogue.is_met(key.name, places)}
    return (open_ | bounds) - skipped - said.final


def _choose_next(state: State, survey: Survey, order: QuestionOrder) -> Screen | None:
    """Return the next screen: one list, what little is left on one screen, or details once no criterion is left."""
    waiting = _list_waiting(survey, order)
    # A bound or members belong to a criterion that is asked for, and need nothing else to apply.
    askable: Iterable[Key] = [key for key in waiting if key in survey.replay.possible.sure or key.kind in _ALONG]
    if waiting and not askable:
        askable = _find_other_ways(state, survey)
    by_kind = {kind: [key for key in sort_keys(askable, state) if key.kind == kind] for kind in _KINDS}
    # What the team is like comes before what it needs, because rules that fire by it leave fewer criteria to ask.
    if by_kind["situation"] and not _is_begun(state):
        return _show_details(by_kind["situation"])
    criteria, details = by_kind.pop("criterion"), list(itertools.chain(*by_kind.values()))
    firsts = choose_worth_asking(criteria, state, survey, order)
    along = [*by_kind["bound"], *by_kind["members"]]
    if state.most == 1 and (criteria or along):
        return _show_details(along) if along else _show_list(firsts, (), state, survey, order)
    is_last = sum(key.kind == "criterion" for key in waiting) <= CLOSING
    keys = (*criteria, *details)
    if criteria and is_last and len(keys) <= CLOSING and _closes(keys, state):
        return Screen("closing", keys)
    if details and (not criteria or (is_last and len(keys) > CLOSING)):
        return _show_details(details)
    return _show_list(firsts, details, state, survey, order) if criteria else None


def _is_begun(state: State) -> bool:
    """Return whether something but the topics was asked; what was only searched for does not count."""
    return any(not answer.searched and answer.key != TOPICS for answer in state.answers)


def _list_waiting(survey: Survey, order: QuestionOrder) -> frozenset[Key]:
    return order.wanted - survey.replay.said.unsure - survey.replay.said.final


def _find_other_ways(state: State, survey: Survey) -> list[Key]:
    """Return what can be asked where nothing that opens the waiting questions can: it may lead there another way."""
    possible, hinges = survey.replay.possible, state.catalogue.hinges
    open_ = (possible.open & possible.sure) - survey.replay.said.unsure
    return [key for key in open_ if key.kind != "criterion" or key.name in hinges]


def _closes(keys: Sequence[Key], state: State) -> bool:
    """Return whether no answer to any of these leaves nothing to ask: a no may also let something else be asked."""
    after = put_answers(state, [GivenAnswer(key, get_silence(key)) for key in keys])
    return not _list_waiting(survey_answers(after), order_questions(after))


def _show_list(
    criteria: Sequence[Key], details: Sequence[Key], state: State, survey: Survey, order: QuestionOrder
) -> Screen:
    """Return the next list; what else there is to ask comes with it, if all of it fits."""
    if details and len(criteria) <= state.most and len(criteria) + len(details) <= CLOSING:
        return Screen("list", (*criteria, *details))
    subject, keys = choose_list(criteria, state, survey, order)
    return Screen("list", tuple(sort_keys(keys, state)), subject)


def _show_details(keys: Sequence[Key]) -> Screen:
    """Return a screen of numbers, situation and volumes, in this order."""
    here = tuple(keys[:CLOSING])
    kinds = {key.kind for key in here}
    return Screen(_DETAILS[kinds.pop()] if len(kinds) == 1 else "details", here)


_ALONG = ("bound", "members")
"""What is asked along with a criterion that is asked for."""

_KINDS = (*_ALONG, "criterion", "situation", "usage")
_DETAILS: Mapping[str, ScreenKind] = {
    "bound": "numbers",
    "members": "members",
    "situation": "situation",
    "usage": "volumes",
}


def sort_keys(keys: Iterable[Key], state: State) -> list[Key]:
    """Return the keys in the order of the file of questions, a bound at the place of its criterion."""
    places = state.catalogue.places
    return sorted(keys, key=lambda key: (places[to_question(key)], key))


def _make_end(state: State, survey: Survey, kind: EndKind) -> End:
    possible, said = survey.replay.possible, survey.replay.said
    waiting = (possible.open & possible.sure) - said.unsure
    complete = state.phase == "further" or not waiting
    return End(kind, survey.outcome.verdict, tuple(_list_unless(state, survey)), complete)


def _list_unless(state: State, survey: Survey) -> list[Key]:
    """Return what the person was not sure of and the verdict still depends on, and what cannot count yet."""
    order = QuestionOrder(state, survey, frozenset(survey.proof.deciding))
    return sort_keys((order.wanted & survey.replay.said.unsure) | survey.replay.uncounted, state)


def list_met_by_all(state: State) -> tuple[str, ...]:
    """Return the criteria that were not asked because every provider still in meets them for certain."""
    survey = survey_answers(state)
    waiting = _list_open_criteria(survey)
    return tuple(key.name for key in sort_keys(waiting, state) if state.catalogue.is_met(key.name, survey.inside))


def _list_open_criteria(survey: Survey) -> list[Key]:
    return [key for key in survey.replay.possible.open - survey.replay.said.unsure if key.kind == "criterion"]


def measure_progress(state: State) -> QuestionsLeft:
    """Return how far the questionnaire is. To go back, or to change an answer, may bring questions back.

    None is left at an end; before, there are at least as many as the next screen asks.
    """
    asked = sum(answer.key.kind == "criterion" for answer in state.answers)
    if isinstance(choose_screen(state._replace(phase="asking")), End):
        return QuestionsLeft(asked, 0)
    survey, catalogue = survey_answers(state), state.catalogue
    # One matters if nothing is sure to count, if others depend on it, or if somebody still in may not meet it. What a
    # rule adds is not sure as long as the team may answer that it is not wanted.
    is_any_sure = YES in survey.replay.possible.required.values()
    # What only facts past their time prove can still decide whether the answer is firm.
    by_facts = [catalogue, *([catalogue.without_stale] if catalogue.without_stale is not None else [])]
    left = [
        key
        for key in _list_open_criteria(survey)
        if not is_any_sure
        or key.name in catalogue.hinges
        or not all(one.is_met(key.name, survey.inside) for one in by_facts)
    ]
    return QuestionsLeft(asked, len(left))


# What a person can do: answer a screen, change an answer, go back, end, continue


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
    # Each turn supposes that the bounds found so far stay empty, and looks which others the verdict then depends on.
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


def still_applies(screen: Screen, state: State) -> bool:
    """Return whether all questions of a screen apply after an answer was changed, which may have closed their topic."""
    said, possible = (replay := survey_answers(state).replay).said, replay.possible
    return all(
        key == TOPICS or (key.name in said.priorities if key.kind in _ALONG else key in possible.sure)
        for key in screen.keys
    )


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
