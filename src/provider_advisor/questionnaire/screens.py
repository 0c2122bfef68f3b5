"""The next screen of a questionnaire, or its end."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from provider_advisor.decision import Verdict
from provider_advisor.questionnaire.order import Order, best_list, order_of, worth_asking
from provider_advisor.questionnaire.proof import Survey, survey_of
from provider_advisor.questionnaire.state import Answer, State, put, silence_on

__all__ = [
    "CLOSING",
    "End",
    "EndKind",
    "Progress",
    "Screen",
    "ScreenKind",
    "met_by_all",
    "order_at",
    "progress_of",
    "screen_after",
]

CLOSING = 12
"""So many criteria, or fewer, come as one closing list; so many lines of all kinds may stand on one screen."""

ScreenKind = Literal["topics", "list", "numbers", "situation", "volumes", "details", "closing"]
EndKind = Literal["settled", "settled-unless", "declared", "stopped"]


class Screen(NamedTuple):
    """What to ask next: the keys, and for a list the subject that they belong to.

    `topics` has one key, `topics`; `list` and `closing` keys of criteria, each answered by must, good, nice, no or
    not-sure; `numbers` keys of bounds; `situation` and `volumes` keys of what a team says of itself; `details` keys of
    several of the last three. Where little is left, such keys follow those of a list or closing list on one screen.
    Whoever answers nothing on a closing list is at the end.
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
    order = _order(state, survey)
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
        askable = _other_ways(state, survey)
    by_kind = {kind: _of(kind, askable, state) for kind in _KINDS}
    criteria, details = by_kind.pop("criterion"), list(itertools.chain(*by_kind.values()))
    firsts = worth_asking(criteria, state, survey, order)
    if state.most == 1 and (criteria or by_kind["bound"]):
        return _details(by_kind["bound"]) if by_kind["bound"] else _list(firsts, (), state, survey, order)
    is_last = sum(key.startswith("criterion:") for key in waiting) <= CLOSING
    last = _last(criteria, details, state) if criteria and is_last else None
    if last is not None:
        return last
    if details and (not criteria or (is_last and len(criteria) + len(details) > CLOSING)):
        return _details(details)
    return _list(firsts, details, state, survey, order) if criteria else None


def _other_ways(state: State, survey: Survey) -> list[str]:
    """What can be asked where all that could open the waiting questions is shut: it may lead there another way."""
    reach = survey.view.reach
    open_ = (reach.open & reach.sure) - survey.view.said.unsure
    hinges = {f"criterion:{name}" for name in state.catalogue.hinges}
    return [key for key in open_ if key in hinges or not key.startswith("criterion:")]


def _last(criteria: Sequence[str], details: Sequence[str], state: State) -> Screen | None:
    """All that can be asked still, if there is room for it, and none of it answered is the end."""
    keys = (*criteria, *details)
    return Screen("closing", keys) if len(keys) <= CLOSING and _closes(keys, state) else None


def _list(criteria: Sequence[str], details: Sequence[str], state: State, survey: Survey, order: Order) -> Screen:
    """The next list; what else there is to ask comes with it, where all of it has room."""
    if details and len(criteria) <= state.most and len(criteria) + len(details) <= CLOSING:
        return Screen("list", (*criteria, *details))
    subject, keys = best_list(criteria, state, survey, order)
    return Screen("list", tuple(_placed(keys, state)), subject)


def _details(keys: Sequence[str]) -> Screen:
    """Numbers, situation and volumes, in this order."""
    here = tuple(keys[:CLOSING])
    kinds = {key.partition(":")[0] for key in here}
    return Screen(_DETAILS[kinds.pop()] if len(kinds) == 1 else "details", here)


def _waiting(survey: Survey, order: Order) -> frozenset[str]:
    return order.wanted - survey.view.said.unsure - survey.view.said.final


def _closes(keys: Sequence[str], state: State) -> bool:
    """Whether nothing is left to ask if none of these is answered: a no may also let something else be asked."""
    after = put(state, [Answer(key, silence_on(key)) for key in keys])
    return not _waiting(survey_of(after), order_at(after))


def order_at(state: State) -> Order:
    """The questions that bear on the verdict; all that are worth asking, if it goes on further."""
    return _order(state, survey_of(state))


def _order(state: State, survey: Survey) -> Order:
    return order_of(state, survey, _deciding(state, survey))


_KINDS = ("bound", "criterion", "situation", "usage")
_DETAILS: Mapping[str, ScreenKind] = {"bound": "numbers", "situation": "situation", "usage": "volumes"}


def _of(kind: str, keys: Iterable[str], state: State) -> list[str]:
    return _placed([key for key in keys if key.startswith(f"{kind}:")], state)


def _placed(keys: Iterable[str], state: State) -> list[str]:
    places = state.catalogue.places
    return sorted(keys, key=lambda key: places[key.replace("bound:", "criterion:", 1)])


def _end(state: State, survey: Survey, kind: EndKind) -> End:
    waiting = (survey.view.reach.open & survey.view.reach.sure) - survey.view.said.unsure
    complete = state.phase == "further" or not waiting
    return End(kind, survey.outcome.verdict, tuple(_unless(state, survey)), complete)


def _unless(state: State, survey: Survey) -> list[str]:
    order = order_of(state, survey, frozenset(survey.proof.deciding))
    return _placed(order.wanted & survey.view.said.unsure, state)


class Progress(NamedTuple):
    """How many criteria were asked, and how many are left that could matter at most; the latter never grows."""

    asked: int
    left: int


def progress_of(state: State) -> Progress:
    """How far the questionnaire is. Going back, or changing an answer, may of course bring questions back.

    None is left at an end; before, there are at least as many as the next screen asks.
    """
    asked = sum(answer.key.startswith("criterion:") for answer in state.answers)
    if isinstance(screen_after(state._replace(phase="asking")), End):
        return Progress(asked, 0)
    view = survey_of(state).view
    waiting = [key for key in view.reach.open - view.said.unsure if key.startswith("criterion:")]
    return Progress(asked, sum(_may_matter(key, state) for key in waiting))


def _may_matter(key: str, state: State) -> bool:
    """Whether it can move the verdict: nothing counts yet, somebody still in may not meet it, or others hang on it."""
    name, catalogue, survey = key.partition(":")[2], state.catalogue, survey_of(state)
    return not survey.effects or name in catalogue.hinges or not catalogue.met_by(name, survey.inside)
