"""The next screen of a questionnaire, or its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from provider_advisor.decision import Verdict
from provider_advisor.knowledge.questions import Question
from provider_advisor.questionnaire.answers import Answer, State, put
from provider_advisor.questionnaire.order import Order, order_of
from provider_advisor.questionnaire.survey import Survey, survey_of

__all__ = ["CLOSING", "End", "EndKind", "Screen", "ScreenKind", "met_by_all", "screen_after"]

CLOSING = 12
"""So many criteria, or fewer, come as one closing list."""

_FEW = 8
"""A topic with fewer criteria left gets no list of its own: the rests of several topics come together."""

ScreenKind = Literal["topics", "list", "numbers", "situation", "volumes", "closing"]
EndKind = Literal["settled", "settled-unless", "declared", "stopped"]


class Screen(NamedTuple):
    """What to ask next: the keys, and for a list the subject that they belong to.

    `topics` has one key, `topics`; `list` and `closing` keys of criteria, each answered by must, good, nice, no or
    not-sure; `numbers` keys of bounds; `situation` and `volumes` keys of what a team says of itself.
    """

    kind: ScreenKind
    keys: tuple[str, ...]
    subject: str | None = None


class End(NamedTuple):
    """Why nothing more has to be asked.

    `unless` are keys answered with "not sure" on which the verdict still hangs; `complete` says that there is nothing
    left that could be asked.
    """

    kind: EndKind
    verdict: Verdict
    unless: tuple[str, ...] = ()
    complete: bool = False


def screen_after(state: State) -> Screen | End:
    """The screen to show after the answers given so far, or the end."""
    survey = survey_of(state)
    if state.phase in {"declared", "stopped"}:
        return _end(state, survey, "declared" if state.phase == "declared" else "stopped")
    if survey.view.said.opened is None and state.catalogue.subjects:
        return Screen("topics", ("topics",))
    order = order_of(state, survey, _deciding(state, survey))
    return _next(state, survey, order) or _end(state, survey, _kind(state, survey))


def _kind(state: State, survey: Survey) -> EndKind:
    """Settled, unless the verdict hangs on something that the person was not sure of."""
    return "settled-unless" if _unless(state, survey) else "settled"


def _deciding(state: State, survey: Survey) -> frozenset[str]:
    """The questions on which the verdict hangs; all that are worth asking, if the person goes on further."""
    if state.phase != "further":
        return frozenset(survey.proof.deciding)
    places = tuple(range(len(state.catalogue.providers)))
    reach = survey.view.reach
    bounds = [f"bound:{name}" for name in survey.view.said.priorities if _takes_bound(state, name)]
    skipped = {key for key in reach.open if key.startswith("criterion:") and _is_met(state, key, places)}
    return (reach.open | frozenset(bounds)) - skipped - survey.view.said.final


def _takes_bound(state: State, name: str) -> bool:
    return state.catalogue.knowledge.criteria[name].kind != "capability"


def _is_met(state: State, key: str, places: tuple[int, ...]) -> bool:
    return state.catalogue.met_by(key.partition(":")[2], places)


def met_by_all(state: State) -> tuple[str, ...]:
    """The criteria that could be asked, were not, and are met for certain by every provider still in."""
    survey = survey_of(state)
    waiting = [key for key in survey.view.reach.open - survey.view.said.unsure if key.startswith("criterion:")]
    found = [key.partition(":")[2] for key in _placed(waiting, state) if _is_met(state, key, survey.inside)]
    return tuple(found)


def _next(state: State, survey: Survey, order: Order) -> Screen | None:
    waiting = _waiting(survey, order)
    askable = [key for key in waiting if key in survey.view.reach.sure or key.startswith("bound:")]
    if waiting and not askable:
        # What could open them is itself shut; whatever can be asked at all may lead there another way.
        askable = list((survey.view.reach.open & survey.view.reach.sure) - survey.view.said.unsure)
    bounds, criteria, situation, usage = (_of(kind, askable, state) for kind in _KINDS)
    if bounds:
        return Screen("numbers", tuple(bounds))
    left = sum(key.startswith("criterion:") for key in waiting)
    if criteria and (state.most == 1 or left > CLOSING):
        return _list(criteria, state, survey, order)
    if situation:
        return Screen("situation", tuple(situation))
    if usage:
        return Screen("volumes", tuple(usage))
    if criteria and _closes(criteria, state):
        return Screen("closing", tuple(criteria))
    return _list(criteria, state, survey, order) if criteria else None


def _waiting(survey: Survey, order: Order) -> frozenset[str]:
    return order.wanted - survey.view.said.unsure - survey.view.said.final


def _closes(criteria: Sequence[str], state: State) -> bool:
    """Whether nothing is left to ask if none of these is needed: a no may also let something else be asked."""
    after = put(state, [Answer(key, "no") for key in criteria])
    survey = survey_of(after)
    return len(criteria) <= CLOSING and not _waiting(survey, order_of(after, survey, _deciding(after, survey)))


_KINDS = ("bound", "criterion", "situation", "usage")


def _of(kind: str, keys: Iterable[str], state: State) -> list[str]:
    return _placed([key for key in keys if key.startswith(f"{kind}:")], state)


def _placed(keys: Iterable[str], state: State) -> list[str]:
    places = state.catalogue.places
    return sorted(keys, key=lambda key: places[key.replace("bound:", "criterion:", 1)])


def _list(criteria: Sequence[str], state: State, survey: Survey, order: Order) -> Screen:
    """The list whose ten best are the likeliest to change the verdict."""
    firsts = _worth_asking(criteria, state, survey, order)
    best = [(subject, _best(_under(subject, firsts, state), state, order)) for subject in _subjects(state, survey)]
    best = [(subject, keys) for subject, keys in best if keys] or [(None, _best(firsts, state, order))]
    subject, keys = max(best, key=lambda pair: sum(order.chances.get(key, 0.0) for key in pair[1]))
    if state.most > len(keys) < _FEW:
        subject, keys = None, _best(firsts, state, order)
    return Screen("list", tuple(_placed(keys, state)), subject)


def _worth_asking(criteria: Sequence[str], state: State, survey: Survey, order: Order) -> Sequence[str]:
    """Those that somebody still in may not meet, or on which questions or rules hang; all if there is none."""
    gates = frozenset[str]().union(*order.gates.values())
    ruled = state.catalogue.needing
    firsts = [
        key
        for key in criteria
        if key in gates or key.partition(":")[2] in ruled or not _is_met(state, key, survey.inside)
    ]
    return firsts or criteria


def _subjects(state: State, survey: Survey) -> list[str | None]:
    opened = survey.view.said.opened or ()
    return [subject for subject in state.catalogue.subjects if subject in opened]


def _under(subject: str | None, keys: Iterable[str], state: State) -> list[str]:
    return [key for key in keys if subject in _question(key, state).subjects]


def _question(key: str, state: State) -> Question:
    return state.catalogue.questions[key]


def _best(keys: Iterable[str], state: State, order: Order) -> list[str]:
    places = state.catalogue.places
    return sorted(keys, key=lambda key: (-order.chances.get(key, 0.0), places[key]))[: state.most]


def _end(state: State, survey: Survey, kind: EndKind) -> End:
    waiting = (survey.view.reach.open & survey.view.reach.sure) - survey.view.said.unsure
    complete = state.phase == "further" or not waiting
    return End(kind, survey.outcome.verdict, tuple(_unless(state, survey)), complete)


def _unless(state: State, survey: Survey) -> list[str]:
    order = order_of(state, survey, frozenset(survey.proof.deciding))
    return _placed(order.wanted & survey.view.said.unsure, state)
