"""Which criteria come on the next list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from provider_advisor.questionnaire.answers import State
from provider_advisor.questionnaire.order import Order
from provider_advisor.questionnaire.survey import Survey

__all__ = ["best_list", "worth_asking"]


def best_list(
    criteria: Sequence[str], state: State, survey: Survey, order: Order
) -> tuple[str | None, tuple[str, ...]]:
    """The subject and the keys of the list whose ten best are the likeliest to change the verdict.

    A subject that cannot fill a list of its own gets none: the rests of several come together, under None. `criteria`
    are those that are worth asking.
    """
    found = {subject: _best(_under(subject, criteria, state), state, order) for subject in _subjects(state, survey)}
    subject = max(found, key=lambda name: sum(order.chances.get(key, 0.0) for key in found[name]), default=None)
    if subject is not None and len(found[subject]) == state.most:
        return subject, tuple(found[subject])
    keys = _best(criteria, state, order)
    return next((name for name in found if len(_under(name, keys, state)) == len(keys)), None), tuple(keys)


def worth_asking(criteria: Sequence[str], state: State, survey: Survey, order: Order) -> Sequence[str]:
    """Those that somebody still in may not meet, or on which questions or rules hang; all if there is none."""
    gates = frozenset[str]().union(*order.gates.values())
    ruled = state.catalogue.needing
    firsts = [
        key
        for key in criteria
        if key in gates
        or key.partition(":")[2] in ruled
        or not state.catalogue.met_by(key.partition(":")[2], survey.inside)
    ]
    return firsts or criteria


def _subjects(state: State, survey: Survey) -> list[str]:
    opened = survey.view.said.opened or ()
    return [subject for subject in state.catalogue.subjects if subject in opened]


def _under(subject: str, keys: Iterable[str], state: State) -> list[str]:
    return [key for key in keys if subject in state.catalogue.questions[key].subjects]


def _best(keys: Iterable[str], state: State, order: Order) -> list[str]:
    places = state.catalogue.places
    return sorted(keys, key=lambda key: (-order.chances.get(key, 0.0), places[key]))[: state.most]
