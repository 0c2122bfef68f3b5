"""Choose the next screen, or say why there is none, and take the answers to it.

Questions likeliest to change the verdict come first. If the verdict depends on "fax" and "recording", which needs
"video", a first list has "fax" and "video"; what is left when the screen is answered decides the next one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from provider_advisor.decision import Verdict
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.deciding_questions import QuestionOrder
from provider_advisor.questionnaire.interpret_answers import interpret_answers
from provider_advisor.questionnaire.proof import survey_answers
from provider_advisor.questionnaire.state import (
    ALONG,
    PRIORITY_WORDS,
    TOPICS,
    GivenAnswer,
    Screen,
    ScreenKind,
    State,
    check_key,
    check_value,
    get_silence,
    put_answers,
    to_question,
)
from provider_advisor.safe_text import shown

CLOSING = 12
"""This many criteria, or fewer, come as one closing list; this many lines of all kinds fit on one screen."""

_KINDS = (*ALONG, "criterion", "situation", "usage")
"""The kinds of keys, in the order in which a screen has them."""
_DETAILS: Mapping[str, ScreenKind] = {
    "bound": "numbers",
    "members": "members",
    "situation": "situation",
    "usage": "volumes",
}
"""What a screen is called that has keys of one of these kinds alone."""

EndKind = Literal["settled", "settled-unless", "declared", "stopped"]


class End(NamedTuple):
    """The end of the questionnaire, and the reason for it.

    `unless` are keys answered with "not sure" that the verdict still depends on, and those of what is asked for but
    cannot count yet, such as a monthly cost without volumes; `complete` means that nothing is left to ask.
    """

    kind: EndKind
    verdict: Verdict
    unless: tuple[Key, ...] = ()
    complete: bool = False


# The next screen


def choose_screen(state: State) -> Screen | End:
    """Return the screen to show after the answers so far, or the end."""
    if state.phase in {"declared", "stopped"}:
        return _make_end(state, "declared" if state.phase == "declared" else "stopped")
    # The topics always come first, so that the first screen does not need all facts.
    if state.catalogue.subjects and all(answer.key != TOPICS for answer in state.answers):
        return Screen("topics", (TOPICS,))
    return _choose_next(state, order_questions(state)) or _make_end(state)


def order_questions(state: State, deciding: frozenset[Key] | None = None) -> QuestionOrder:
    """Return the questions that affect the verdict; in the phase `further`, all that are worth asking.

    `deciding` are other questions to begin with.
    """
    survey = survey_answers(state)
    if deciding is None:
        deciding = survey.proof.deciding if state.phase != "further" else _list_further(state)
    return QuestionOrder(state.catalogue, survey.meaning, survey.outcome, survey.findings, deciding)


def _list_further(state: State) -> frozenset[Key]:
    """Return all questions that are worth asking although the verdict is settled."""
    catalogue, meaning = state.catalogue, survey_answers(state).meaning
    said, open_ = meaning.said, meaning.possible.open
    places = tuple(range(len(catalogue.providers)))
    criteria = catalogue.knowledge.criteria
    bounds = {said.get_bound_key(name) for name in said.priorities if criteria[name].kind != "capability"}
    bounds |= {Key("members", name) for name in said.priorities if name in catalogue.claimed_members}
    skipped = {key for key in open_ if key.kind == "criterion" and catalogue.is_met(key.name, places)}
    return (open_ | bounds) - skipped - said.final


def _choose_next(state: State, order: QuestionOrder) -> Screen | None:
    """Return the next screen, or None if nothing is left to ask."""
    # Each step leaves to the next what it does not take: first the team's situation, then single questions if that is
    # how they are asked, then all that is left on one closing screen, then details once no criterion is left (or they
    # are too many to go with the last list), and else a list.
    possible, waiting = order.meaning.possible, order.waiting
    # A bound or members belong to a criterion that is asked for, and need nothing else to apply.
    askable: Iterable[Key] = [key for key in waiting if key in possible.sure or key.kind in ALONG]
    if waiting and not askable:
        askable = _find_other_ways(state, order)
    by_kind = {kind: [key for key in sort_keys(askable, state) if key.kind == kind] for kind in _KINDS}
    # The situation comes before needs, because rules that depend on it leave fewer criteria to ask.
    is_begun = any(not answer.searched and answer.key != TOPICS for answer in state.answers)
    if by_kind["situation"] and not is_begun:
        return _show_details(by_kind["situation"])
    criteria, details = by_kind.pop("criterion"), list(itertools.chain(*by_kind.values()))
    firsts = _choose_worth_asking(criteria, state, order)
    along = [*by_kind["bound"], *by_kind["members"]]
    if state.most == 1 and criteria:
        return _show_details(along) if along else _show_list(firsts, (), state, order)
    is_last = sum(key.kind == "criterion" for key in waiting) <= CLOSING
    keys = (*criteria, *details)
    fits = len(keys) <= CLOSING
    if criteria and is_last and fits and _closes(keys, state):
        return Screen("closing", keys)
    if details and (not criteria or (is_last and not fits)):
        return _show_details(details)
    return _show_list(firsts, details, state, order) if criteria else None


def _find_other_ways(state: State, order: QuestionOrder) -> list[Key]:
    """Return what can be asked where nothing that opens the waiting questions can: it may lead there another way."""
    meaning, depended_on = order.meaning, state.catalogue.depended_on
    open_ = (meaning.possible.open & meaning.possible.sure) - meaning.said.unsure
    return [key for key in open_ if key.kind != "criterion" or key.name in depended_on]


def _closes(keys: Sequence[Key], state: State) -> bool:
    """Return whether nothing is left to ask without answers to these: a no may also open other questions."""
    return not order_questions(put_answers(state, [GivenAnswer(key, get_silence(key)) for key in keys])).waiting


def _choose_worth_asking(criteria: Sequence[Key], state: State, order: QuestionOrder) -> Sequence[Key]:
    """Return those that some provider still in may not meet, or that questions or rules depend on; all if none is."""
    gates = frozenset[Key]().union(*order.gates.values())
    catalogue, inside = state.catalogue, survey_answers(state).inside
    firsts = [
        key
        for key in criteria
        if key in gates or key.name in catalogue.needing or not catalogue.is_met(key.name, inside)
    ]
    return firsts or criteria


def _show_list(criteria: Sequence[Key], details: Sequence[Key], state: State, order: QuestionOrder) -> Screen:
    """Return the next list, together with everything else to ask if that fits.

    Its subject is the one whose best criteria are the likeliest to change the verdict. If that cannot fill a list of
    its own, what is left of several subjects comes together.
    """
    catalogue = state.catalogue
    if details and len(criteria) <= state.most and len(criteria) + len(details) <= CLOSING:
        return Screen("list", (*criteria, *details))
    opened = [name for name in catalogue.subjects if name in (order.meaning.said.opened or ())]
    under = {name: [key for key in criteria if name in catalogue.questions[key].subjects] for name in opened}
    best = {name: order.sort_by_chance(keys)[: state.most] for name, keys in under.items()}
    subject = max(best, key=lambda name: sum(order.chances.get(key, 0.0) for key in best[name]), default=None)
    if subject is not None and len(best[subject]) == state.most:
        keys = best[subject]
    else:
        keys = order.sort_by_chance(criteria)[: state.most]
        subject = next((name for name in opened if set(keys) <= set(under[name])), None)
    return Screen("list", tuple(sort_keys(keys, state)), subject)


def _show_details(keys: Sequence[Key]) -> Screen:
    """Return a screen of limits, members, situation and volumes, in this order."""
    here = tuple(keys[:CLOSING])
    kinds = {key.kind for key in here}
    return Screen(_DETAILS[kinds.pop()] if len(kinds) == 1 else "details", here)


def sort_keys(keys: Iterable[Key], state: State) -> list[Key]:
    """Return the keys in the order of the file of questions, a bound at the place of its criterion."""
    places = state.catalogue.places
    return sorted(keys, key=lambda key: (places[to_question(key)], key))


def _make_end(state: State, kind: EndKind | None = None) -> End:
    """Return an end of this kind, else that of a questionnaire whose verdict is settled."""
    survey = survey_answers(state)
    meaning, order = survey.meaning, order_questions(state, survey.proof.deciding)
    unless = sort_keys((order.wanted & meaning.said.unsure) | meaning.uncounted, state)
    waiting = (meaning.possible.open & meaning.possible.sure) - meaning.said.unsure
    kind = kind or ("settled-unless" if unless else "settled")
    return End(kind, survey.outcome.verdict, tuple(unless), state.phase == "further" or not waiting)


# What is asked along with what is ticked


def list_bounds(state: State, screen: Screen, values: Mapping[Key, object]) -> tuple[Key, ...]:
    """Return the bounds to ask for on the same screen, for what is ticked there: those that the verdict depends on.

    A bound that is among the values is returned in any case. Without a bound on one, the verdict may depend on that of
    another; then both are returned, so that no screen follows that asks for more bounds.
    """
    criteria = state.catalogue.knowledge.criteria
    ticked = list_ticked(screen, values)
    bounds = [Key("bound", key.name) for key in ticked if criteria[key.name].kind != "capability"]
    if not bounds:
        return ()
    given = {key: value for key, value in values.items() if key in screen.keys}
    named = {key for key in bounds if key in values}
    # Each round assumes that the bounds found so far stay empty, and finds the others that the verdict then depends on.
    while True:
        after = answer_screen(state, screen, given | dict.fromkeys(named - values.keys(), "none"))
        further = order_questions(after).wanted.intersection(bounds) - named
        if not further:
            return tuple(key for key in bounds if key in named)
        named |= further


def list_members(state: State, screen: Screen, values: Mapping[Key, object]) -> tuple[Key, ...]:
    """Return the keys of the members to ask for on the same screen, for what is ticked there: those that have any.

    Members that do not tell providers apart need no answer, and no screen asks for them.
    """
    criteria = state.catalogue.knowledge.criteria
    return tuple(Key("members", key.name) for key in list_ticked(screen, values) if criteria[key.name].of_each)


# The answers to a screen, or to a single question


def answer_screen(state: State, screen: Screen, values: Mapping[Key, object]) -> State:
    """Return the state after a screen was answered, with a value for each key that matters; the others mean no.

    An unanswered number means that there is no bound or no answer, and without any topic all stay closed. A ticked
    criterion may bring its bound and members along; otherwise they are asked later if they matter. Raises
    RequirementsError for a key that is not on the screen or a value that does not fit.
    """
    along = [Key(kind, ticked.name) for kind in ALONG for ticked in list_ticked(screen, values)]
    for key in values:
        if key not in screen.keys and key not in along:
            expected = ", ".join(map(str, screen.keys))
            raise RequirementsError(f"{shown(str(key))} is not asked here; expected {expected}.")
    step = state.steps + 1
    keys = (*screen.keys, *(key for key in along if key in values and key not in screen.keys))
    given = {key: check_value(key, values[key], state.catalogue) if key in values else get_silence(key) for key in keys}
    return put_answers(state, [GivenAnswer(key, value, step) for key, value in given.items()])


def list_ticked(screen: Screen, values: Mapping[Key, object]) -> list[Key]:
    """Return the criteria that are ticked on a screen."""
    return [key for key in screen.keys if key.kind == "criterion" and values.get(key) in PRIORITY_WORDS]


def change_answer(state: State, key: Key, value: object, *, searched: bool = False) -> State:
    """Return the state with one answer added or replaced; all others are kept.

    `searched` means that the person looked for the question, which is then answered although it would not be asked.
    Raises RequirementsError for a question that does not exist or does not apply, or a value that does not fit.
    """
    key = check_key(key, state.catalogue)
    answer = GivenAnswer(key, check_value(key, value, state.catalogue), state.steps + 1, searched)
    if not searched and not interpret_answers(state).possible.applies(key):
        raise RequirementsError(_explain_idle(key, state.catalogue))
    after = put_answers(state, [answer])
    return after._replace(phase="asking") if after.phase != "further" else after


def still_applies(screen: Screen, state: State) -> bool:
    """Return whether all questions of a screen apply after an answer was changed, which may have closed their topic."""
    return all(map(interpret_answers(state).possible.applies, screen.keys))


def _explain_idle(key: Key, catalogue: Catalogue) -> str:
    if key.kind in ALONG:
        return f"'{key.name}' is not asked for, so it takes no {key.kind}; answer 'criterion:{key.name}' first."
    return (
        f"the question about '{key.name}' does not apply to the answers so far; open one of its topics "
        f"({', '.join(catalogue.questions[key].subjects)}), or ask for what it depends on, first."
    )
