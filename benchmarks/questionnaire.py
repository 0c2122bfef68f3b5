"""The questionnaire with simulated teams: how much it asks, how often it is right, how long a step takes.

A team is a full set of answers, drawn beforehand from the shares of rules/questions.yaml: topics, then what is needed
in them (more in some topics than in others), 3 to 15 requirements, bounds from what is typical, situation, usage; for
one row of the table also members of a part of what has any. It answers truthfully what it is asked, and on the same
screen the number and members of what it ticks; its verdict is compared with that of the full set. Processes share the
teams, each with a knowledge base of its own. Asking one by one takes many steps, so that every fifth team does only.

BENCHMARK_ASK_TEAMS says how many teams there are, BENCHMARK_ASK_PROCESSES how many processes;
`BENCHMARK_ASK_TEAMS=1000 python -m benchmarks ask` takes about a quarter of an hour on two cores.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple, TypeVar

from provider_advisor import KnowledgeBase, load
from provider_advisor.decision import Verdict
from provider_advisor.knowledge import Claim, Criterion, Facts, Provider
from provider_advisor.knowledge.rules import Key
from provider_advisor.logic import Interval
from provider_advisor.questionnaire import (
    Catalogue,
    End,
    GivenAnswer,
    State,
    Survey,
    answer_screen,
    change_answer,
    choose_screen,
    list_bounds,
    list_members,
    put_answers,
    survey_answers,
)
from provider_advisor.questionnaire.state import TOPICS, to_question

T = TypeVar("T")

TEAMS = 300
_COLUMNS = (
    "questionnaire", "teams", "criteria asked, of all", "of those that apply", "of file order",
    "screens (90th percentile)", "settled", "verdict of the full set, where settled", "99th percentile of a step",
)  # fmt: skip
HEAD = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
_TARGETS = (
    "targets, shipped facts, medians", "1000", "0.25 one by one", "0.55 one by one, 0.65 as lists", "0.85 one by one",
    "6 (10) as lists", "", "100 %", "50 ms",
)  # fmt: skip
_DAY = dt.date(2022, 12, 31)
_LEAST, _MOST = 3, 15
_HEAT = (0.4, 1.0, 1.0, 2.0)
_WORDS = ("must", "good", "good", "nice")
_UNSURE, _OVERLOOKED = 0.15, 0.05
_NAMED = 0.3
"""Of what is needed and has members, members are named in this share; else any will do."""

_SILENT = {
    "criterion": "no-answer",
    "bound": "none",
    "members": "none",
    "situation": "no-answer",
    "usage": "no-answer",
}

Truth = Mapping[Key, object]
Say = Callable[[Key], object]


class Way(NamedTuple):
    """A way of asking: how many criteria to a list, and how often a team is not sure, or overlooks a need."""

    words: str
    most: int = 10
    unsure: float = 0.0
    overlooked: float = 0.0


_ONE_BY_ONE = Way("one by one", 1)
_LISTS = (
    Way("as lists"),
    Way("as lists, 15 % not sure", unsure=_UNSURE),
    Way("as lists, 5 % of needs overlooked", overlooked=_OVERLOOKED),
)
_MEMBERS = "shipped, members named"
_TABLE = {
    "shipped": (_ONE_BY_ONE, *_LISTS),
    "six providers": (_ONE_BY_ONE, *_LISTS),
    _MEMBERS: _LISTS[:1],
}
"""The ways of asking that are tried on each base."""

_PROCESSES = 2
_EVERY = 5
"""Of so many teams one is asked one by one, and in the order of the file."""

_CATALOGUES: dict[str, Catalogue] = {}
"""The catalogues of a process."""


class Run(NamedTuple):
    """What one team was asked, and what came out."""

    asked: int
    screens: int
    end: str
    verdict: Verdict
    steps: list[float]


class Case(NamedTuple):
    """One team: its verdict, how many criteria apply, how many file order takes (if tried), and its runs by way."""

    verdict: Verdict
    applying: int
    filed: int | None
    runs: dict[str, Run]


def measure_questionnaire(teams: int | None = None) -> Iterator[str]:
    """Yield rows with the targets, then for the shipped base, for six providers, and for teams that name members.

    Those of a base come as soon as all its teams have answered.
    """
    number = teams or int(os.environ.get("BENCHMARK_ASK_TEAMS", TEAMS))
    yield f"| {' | '.join(_TARGETS)} |"
    processes = int(os.environ.get("BENCHMARK_ASK_PROCESSES", _PROCESSES))
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for name, ways in _TABLE.items():
            cases = list(pool.map(_ask_team, [name] * number, range(number)))
            yield from (_make_row(name, way, cases) for way in ways)


def _get_catalogue(name: str) -> Catalogue:
    if name not in _CATALOGUES:
        knowledge = load()
        base = _make_six_providers(knowledge) if name == "six providers" else knowledge
        _CATALOGUES[name] = Catalogue(Facts(base, _DAY))
    return _CATALOGUES[name]


def _ask_team(name: str, seed: int) -> Case:
    """Ask a team drawn from the seed in every way."""
    catalogue = _get_catalogue(name)
    truth = _draw_team(catalogue, random.Random(seed))
    if name == _MEMBERS:
        truth = _add_members(truth, catalogue, random.Random(seed))
    chosen = seed % _EVERY == 0 and _ONE_BY_ONE in _TABLE[name]
    runs = {
        way.words: _run_questionnaire(catalogue, way.most, _make_say(truth, random.Random(seed), way))
        for way in _TABLE[name]
        if chosen or way != _ONE_BY_ONE
    }
    filed = _count_in_file_order(truth, catalogue) if chosen else None
    return Case(_judge_fully(truth, catalogue), _count_applying(truth, catalogue), filed, runs)


def _make_row(name: str, way: Way, cases: Sequence[Case]) -> str:
    found = [(case, case.runs[way.words]) for case in cases if way.words in case.runs]
    every = len(load().criteria)
    screens = sorted(run.screens for _, run in found)
    steps = sorted(step for _, run in found for step in run.steps)
    return (
        f"| {name}, {way.words} | {len(found)} | {_find_median(run.asked / every for _, run in found)} "
        f"| {_find_median(run.asked / max(1, case.applying) for case, run in found)} "
        f"| {_find_median(run.asked / max(1, case.filed) for case, run in found if case.filed is not None)} "
        f"| {statistics.median(screens):.0f} ({screens[int(0.9 * len(screens))]}) "
        f"| {_count_settled(found)} | {1000 * steps[int(0.99 * len(steps))]:.0f} ms |"
    )


def _find_median(shares: Iterator[float]) -> str:
    found = list(shares)
    return f"{statistics.median(found):.2f}" if found else ""


def _count_settled(found: Sequence[tuple[Case, Run]]) -> str:
    """Return how many end as settled, and for how many of these the verdict is that of the full set."""
    right = [run.verdict == case.verdict for case, run in found if run.end == "settled"]
    return f"{len(right) / len(found):.0%} | {f'{sum(right) / len(right):.1%}' if right else 'none settled'}"


def _run_questionnaire(catalogue: Catalogue, most: int, say: Say) -> Run:
    """Ask one questionnaire from its beginning to its end; of what is ticked on a screen, the numbers come along."""
    state, asked, screens, steps = State(catalogue, most=most), 0, 0, list[float]()
    while True:
        screen = _time(lambda state=state: choose_screen(state), steps)  # type: ignore[misc]
        if isinstance(screen, End):
            return Run(asked, screens, screen.kind, screen.verdict, steps)
        screens += 1
        asked += sum(key.kind == "criterion" for key in screen.keys)
        values = _collect_answers(screen.keys, say)
        numbers = _time(lambda state=state, screen=screen, values=values: list_bounds(state, screen, values), steps)  # type: ignore[misc]
        members = {key: say(key) or "none" for key in list_members(state, screen, values)}
        state = answer_screen(state, screen, values | _collect_answers(numbers, say) | members)


def _collect_answers(keys: Iterable[Key], say: Say) -> dict[Key, object]:
    return {key: value for key in keys if (value := say(key)) is not None}


def _time(step: Callable[[], T], steps: list[float]) -> T:
    start = time.perf_counter()
    found = step()
    steps.append(time.perf_counter() - start)
    return found


def _make_say(truth: Truth, draw: random.Random, way: Way) -> Say:
    """Return what a team answers: the truth, but for what it is not sure of and what it overlooks."""

    def say(key: Key) -> object:
        if key != TOPICS and draw.random() < way.unsure:
            return "not-sure"
        if key.kind == "criterion" and draw.random() < way.overlooked:
            return None
        return truth.get(key)

    return say


def _draw_team(catalogue: Catalogue, draw: random.Random) -> Truth:
    """Draw a full set of answers with 3 to 15 requirements."""
    while True:
        truth = _draw_answers(catalogue, draw)
        if _LEAST <= sum(key.kind == "criterion" for key in truth) <= _MOST:
            return truth


def _add_members(truth: Truth, catalogue: Catalogue, draw: random.Random) -> Truth:
    """Return the same answers, with one or two members of a part of what has any."""
    found = dict(truth)
    for name in [key.name for key in truth if key.kind == "criterion"]:
        of = catalogue.knowledge.criteria.list_of(name)
        if of is not None and draw.random() < _NAMED:
            named = draw.sample(list(of.members), draw.choice([1, 1, 2]))
            found[Key("members", name)] = tuple(member for member in of.members if member in named)
    return found


def _draw_answers(catalogue: Catalogue, draw: random.Random) -> dict[Key, object]:
    """Draw answers in the order of the file, again and again, because what is answered lets other questions apply."""
    opened = tuple(name for name, subject in catalogue.subjects.items() if draw.random() < subject.share)
    heat = {name: draw.choice(_HEAT) for name in opened}
    truth: dict[Key, object] = {TOPICS: opened}
    seen: set[Key] = set()
    while fresh := sorted(_find_sure(truth, seen, catalogue) - seen, key=catalogue.places.__getitem__):
        for key in fresh:
            seen.add(key)
            question = catalogue.questions[key]
            warm = max((heat[name] for name in question.subjects if name in heat), default=1.0)
            if draw.random() < min(0.95, question.share * warm):
                truth |= _draw_answer(key, catalogue, draw)
    # Answers that do not apply once all are given are no part of the truth.
    aside = {part.answer.key for part in survey_answers(_make_state(truth, seen, catalogue)).meaning.unused}
    return {key: value for key, value in truth.items() if not {key, to_question(key)} & aside}


def _draw_answer(key: Key, catalogue: Catalogue, draw: random.Random) -> dict[Key, object]:
    kind, name = key
    typical = catalogue.questions[key].typical
    if kind == "situation":
        topic = catalogue.knowledge.topics[name]
        picked = draw.sample(topic.values, min(draw.choice([1, 1, 2, 3]), len(topic.values)) if topic.many else 1)
        return {key: tuple(value for value in topic.values if value in picked)}
    if kind == "usage":
        return {key: draw.choice(typical or (1000,))}
    bound = {Key("bound", name): draw.choice(typical)} if typical and draw.random() < 0.8 else {}  # noqa: PLR2004
    return {key: draw.choice(_WORDS), **bound}


def _make_state(truth: Truth, seen: set[Key], catalogue: Catalogue) -> State:
    """Return the state in which all that was drawn is answered, and the rest of it left blank."""
    bounds = {Key("bound", key.name) for key in truth if key.kind == "criterion"}
    silent = {key: _SILENT[key.kind] for key in {*seen, *bounds} - truth.keys()}
    capability: set[str] = {name for name, part in catalogue.knowledge.criteria.items() if part.kind == "capability"}
    answers = {**silent, **truth}
    return put_answers(
        State(catalogue),
        [
            GivenAnswer(key, value)  # type: ignore[arg-type]
            for key, value in answers.items()
            if not (key.kind == "bound" and key.name in capability)
        ],
    )


def _find_sure(truth: Truth, seen: set[Key], catalogue: Catalogue) -> frozenset[Key]:
    return survey_answers(_make_state(truth, seen, catalogue)).meaning.possible.sure


def _judge_fully(truth: Truth, catalogue: Catalogue) -> Verdict:
    return survey_answers(_make_state(truth, set(catalogue.questions), catalogue)).outcome.verdict


def _count_applying(truth: Truth, catalogue: Catalogue) -> int:
    """Return how many criteria apply to the team, whether it needs them or not."""
    return sum(key.kind == "criterion" for key in _find_sure(truth, set(catalogue.questions), catalogue))


def _count_in_file_order(truth: Truth, catalogue: Catalogue) -> int:
    """Return how many criteria are asked in the order of the file, after the topics, until the verdict is proved."""
    state, asked = put_answers(State(catalogue), [GivenAnswer(TOPICS, truth[TOPICS])]), 0  # type: ignore[arg-type]
    while True:
        survey = survey_answers(state)
        along = {key for key in survey.proof.deciding if key.kind in {"bound", "members"}}
        waiting = along or _choose_worth_asking(survey, catalogue)
        if not survey.proof.deciding or not waiting:
            return asked
        key = min(waiting, key=lambda key: catalogue.places[to_question(key)])
        asked += key.kind == "criterion"
        state = change_answer(state, key, truth.get(key, _SILENT[key.kind]))


def _choose_worth_asking(survey: Survey, catalogue: Catalogue) -> set[Key]:
    """Return what applies and is not answered, without what every provider still in meets and nothing depends on."""
    open_ = survey.meaning.possible.open & survey.meaning.possible.sure
    names = {key: key.name for key in open_ if key.kind == "criterion"}
    met = {
        key
        for key, name in names.items()
        if catalogue.is_met(name, survey.inside) and name not in catalogue.depended_on
    }
    return (open_ - met) or open_


def _make_six_providers(knowledge: KnowledgeBase) -> KnowledgeBase:
    """Return the same vocabulary, rules and questions, with six providers of which a good half is known."""
    draw = random.Random(6)
    providers = {f"p{number}": _make_provider(f"p{number}", knowledge, draw) for number in range(6)}
    return dataclasses.replace(knowledge, providers=providers)


def _make_provider(name: str, knowledge: KnowledgeBase, draw: random.Random) -> Provider:
    made = [_make_claim(name, criterion, draw) for criterion in knowledge.criteria.values() if not criterion.computed]
    return Provider(name, name.upper(), (), {}, tuple(claim for claim in made if claim is not None))


def _make_claim(provider: str, criterion: Criterion, draw: random.Random) -> Claim | None:
    if draw.random() < 0.4:  # noqa: PLR2004
        return None
    value: str | float = "present" if draw.random() < 0.85 else "absent"  # noqa: PLR2004
    amount = None
    if criterion.kind != "capability":
        ends = (criterion.scale.worst, criterion.scale.best) if criterion.scale else (0, len(criterion.values) - 1)
        value = round(draw.uniform(*ends)) if criterion.whole or criterion.values else draw.uniform(*ends)
        amount = Interval(value, value)
    day = dt.date(2022, 11, 22)
    return Claim(provider, None, criterion.id, value, None, criterion.unit, "stated", "", 1, day, day, amount=amount)
