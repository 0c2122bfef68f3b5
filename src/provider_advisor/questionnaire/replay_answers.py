"""Answers replayed: what the team stated, what it left open, and which answers no longer apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from provider_advisor.knowledge import Criterion
from provider_advisor.logic import Interval, Number
from provider_advisor.questionnaire.catalogue import Catalogue, natural
from provider_advisor.questionnaire.possible import Reach, Said, reach_of
from provider_advisor.questionnaire.state import NO_ANSWER, NONE, PRIORITY_WORDS, TOPICS, UNSURE, Answer, State
from provider_advisor.requirements import Requirement, Team, services_used
from provider_advisor.requirements.model import in_order

__all__ = ["Aside", "View", "view_of"]


class Aside(NamedTuple):
    """An answer that is kept and not used, and why, in words."""

    answer: Answer
    because: str


class View(NamedTuple):
    """What follows from the answers alone.

    `team` is what the team states so far; `said` the same with what it left open; `reach` what may still be asked and
    which rules may still fire; `aside` the answers that are kept and not used.
    """

    team: Team
    said: Said
    reach: Reach
    aside: tuple[Aside, ...]


def view_of(state: State) -> View:
    """The answers replayed; those to questions that can no longer be asked are kept aside, again and again."""
    catalogue, aside = state.catalogue, dict[str, Aside]()
    while True:
        used = [answer for answer in state.answers if answer.key not in aside and _asked(answer.key) not in aside]
        said = _said(used, catalogue)
        reach = reach_of(said, catalogue)
        fresh = {answer.key: Aside(answer, _why(answer, said)) for answer in used if _is_idle(answer, said, reach)}
        if not fresh:
            break
        aside |= fresh
    team, more = _team(said, catalogue, state.answers)
    return View(team, said, reach, (*aside.values(), *more))


def _asked(key: str) -> str:
    """The question on whose answer this one depends: a bound on its criterion, anything else on itself."""
    return key.replace("bound:", "criterion:", 1) if key.startswith("bound:") else key


def _is_idle(answer: Answer, said: Said, reach: Reach) -> bool:
    if answer.key == TOPICS or answer.value in {"no", NO_ANSWER, NONE}:
        return False
    if answer.key.startswith("bound:"):
        return answer.key.partition(":")[2] not in said.priorities
    return not answer.searched and answer.key not in reach.sure


def _why(answer: Answer, said: Said) -> str:
    if answer.key.startswith("bound:"):
        return "the criterion that it bounds is not asked for"
    return "its topic is closed, or what it depends on is not asked for" if said.opened is not None else "no topic yet"


def _said(answers: Iterable[Answer], catalogue: Catalogue) -> Said:
    by_key = {answer.key: answer.value for answer in answers}
    names = {kind: _of_kind(kind, by_key) for kind in ("criterion", "bound", "situation", "usage")}
    priorities = {
        name: PRIORITY_WORDS[str(value)] for name, value in names["criterion"].items() if value in PRIORITY_WORDS
    }
    bounds = {name: _bound(value, catalogue.knowledge.criteria[name]) for name, value in names["bound"].items()}
    usage = {name: cast("Number", value) for name, value in names["usage"].items() if not isinstance(value, str)}
    return Said(
        opened=cast("tuple[str, ...] | None", by_key.get(TOPICS)),
        searched=frozenset(answer.key for answer in answers if answer.searched),
        priorities=priorities,
        bounds={name: bound for name, bound in bounds.items() if names["bound"][name] != UNSURE},
        situation={name: value for name, value in names["situation"].items() if isinstance(value, tuple)},
        usage=usage,
        final=frozenset(key for key, value in by_key.items() if value != UNSURE),
        unsure=frozenset(key for key, value in by_key.items() if value == UNSURE),
        lone=frozenset(_lone(usage, catalogue)),
    )


def _lone(usage: Mapping[str, Number], catalogue: Catalogue) -> Iterator[str]:
    for service in services_used(usage, catalogue.knowledge):
        if service.missing:
            yield from service.usage


def _of_kind(kind: str, by_key: Mapping[str, object]) -> dict[str, object]:
    return {key.partition(":")[2]: value for key, value in by_key.items() if key.startswith(f"{kind}:")}


def _bound(value: object, criterion: Criterion) -> Interval | None:
    return None if value in {NONE, UNSURE, NO_ANSWER} else natural(criterion, cast("Number", value))


def _team(said: Said, catalogue: Catalogue, answers: tuple[Answer, ...]) -> tuple[Team, list[Aside]]:
    """The team, without what would be an error: a computed cost without usage, usage that needs other usage too."""
    because = "it says nothing without a volume that goes with it"
    aside = [_aside(answers, f"usage:{item}", because) for item in sorted(said.lone)]
    usage = {item: amount for item, amount in said.usage.items() if item not in said.lone}
    computed = catalogue.computed
    priorities = dict(said.priorities)
    if computed is not None and computed.id in priorities and not usage:
        del priorities[computed.id]
        because = "it is computed from monthly volumes, and none is stated"
        aside.append(_aside(answers, f"criterion:{computed.id}", because))
    requirements = [Requirement(name, priority, said.bounds.get(name)) for name, priority in priorities.items()]
    situation = {topic: tuple(sorted(values)) for topic, values in sorted(said.situation.items())}
    return Team(in_order(requirements), situation, dict(sorted(usage.items()))), aside


def _aside(answers: tuple[Answer, ...], key: str, because: str) -> Aside:
    return Aside(next(answer for answer in answers if answer.key == key), because)
