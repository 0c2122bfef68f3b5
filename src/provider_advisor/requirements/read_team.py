"""Read and check what a team states as a whole, and combine two statements, such as a file's and the command line's.

What is asked twice becomes one requirement where nothing is lost, and what contradicts itself is refused:

    musts fax, seats>=90, seats>=100        fax and seats>=100
    must seats>=90, should seats>=120       both: they are two things
    must fax, should fax                    the must alone
    must seats>=90, should seats<=50        refused, as are fax beside fax:wont, and fax beside fax=no

Of two statements, the second counts where both say something of a criterion, a topic or a usage, and a note says so:

    must fax, must seats>=90    should seats>=120, wont sms     fax, should seats>=120 and wont sms; "The command line
                                                                adds sms to the file and overrides seats in it."
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations_with_replacement
from typing import Any

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.records import Priority, Topic
from provider_advisor.knowledge.scope import Scope
from provider_advisor.knowledge.suggest import did_you_mean, find_misspelt, list_known
from provider_advisor.logic import Number
from provider_advisor.requirements.grammar import explain_exclusive, get_name, read_requirement
from provider_advisor.requirements.price_models import services_used
from provider_advisor.requirements.statement import (
    RANK,
    Mistakes,
    Requirement,
    Statement,
    Team,
    Unlisted,
    Used,
    intersect_bounds,
    is_within,
    join_requirements,
    join_unlisted,
    list_unwanted,
    sort_requirements,
)
from provider_advisor.requirements.usage import read_usage
from provider_advisor.safe_text import brief, explain_error_value, fold, join_words, shown
from provider_advisor.written_values import number_text, plain

MOST_REQUIREMENTS = 1_000
_WHOLE = 100
_BETWEEN_VALUES = re.compile(r"\s*[/|&+]\s*|\s+and\s+")


def read_team(  # noqa: PLR0913 (the parts of a requirements file)
    knowledge: KnowledgeBase,
    *,
    needs: Iterable[str | Mapping[str, Any]] = (),
    wants: Iterable[str | Mapping[str, Any]] = (),
    situation: Mapping[str, str | Sequence[str]] | None = None,
    usage: Mapping[str, Used | str] | None = None,
    unlisted: Iterable[str | Mapping[str, Any] | Unlisted] = (),  # what no criterion says
    weights: Mapping[str, Number] | None = None,  # percents of the total weight, by area
    name: str | None = None,
    whole: bool = True,  # else it is put together with another part (`combine`), and checked then
    read: Callable[[Any, Priority, KnowledgeBase], Requirement] = read_requirement,  # to remember what items say
    typed: bool = False,  # by a person, so that loose ids are in doubt too
) -> Team:
    """Return what a team states: `needs` are musts and `wants` shoulds unless they name a priority.

    Each is a text of the command line's grammar or a mapping with the keys of a requirements file. Those of priority
    `wont` become `unwanted`. Raises RequirementsError with all mistakes.
    """
    given: tuple[tuple[Priority, list[Any]], ...] = (
        ("must", _check_list("needs", needs)),
        ("should", _check_list("wants", wants)),
    )
    own_words = _check_list("unlisted", unlisted)
    count = sum(len(items) for _, items in given) + len(own_words)
    if count > MOST_REQUIREMENTS:
        raise RequirementsError(
            f"{count:,} requirements were given, but at most {MOST_REQUIREMENTS:,} are allowed; keep the important "
            "ones."
        )
    situation, usage = _check_mapping("situation", situation), _check_mapping("usage", usage)
    weights = _check_mapping("weights", weights)
    mistakes = Mistakes()
    asked = [(item, mistakes.note(read, item, default, knowledge)) for default, items in given for item in items]
    mistakes.problems += _find_loose(
        asked, knowledge.loose_words | (knowledge.loose_ids if typed else set()), knowledge
    )
    answers = {key: mistakes.note(_read_topic, key, values, knowledge) for key, values in situation.items()}
    carried: tuple[Unlisted, ...] = ()
    if own_words:
        from provider_advisor.requirements.unlisted import read_unlisted  # noqa: PLC0415 (seldom needed)

        carried = join_unlisted(mistakes.note_all(read_unlisted, own_words))
    by_area = mistakes.note(read_area_weights, weights, knowledge) if weights else {}
    volumes = mistakes.note(read_usage, usage, knowledge) if usage else {}
    team = make_team([part for _, part in asked if part is not None])._replace(
        situation=dict(sorted((key, values) for key, values in answers.items() if values is not None)),
        usage=volumes or {},
        name=name,
        unlisted=carried,
        weights=by_area or {},
    )
    # Otherwise usage with a mistake would also be reported as incomplete.
    if whole and volumes is not None:
        mistakes.problems += _find_contradictions(team, knowledge)
    mistakes.raise_any()
    return team


def _check_list(key: str, given: object) -> list[Any]:
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise RequirementsError(f"'{key}' is {shown(given)}; expected a list of requirements.")
    return list(given)


def _check_mapping(key: str, given: Mapping[Any, Any] | None) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping | None):
        raise RequirementsError(f"'{key}' is {shown(given)}; expected a mapping from names to values.")
    return given or {}


def _find_loose(
    asked: Iterable[tuple[object, Requirement | None]], words: AbstractSet[str], knowledge: KnowledgeBase
) -> Iterator[str]:
    """Yield a sentence for each of the loose `words` that has nothing of its area beside it."""
    named = [(get_name(item), part.criterion) for item, part in asked if part is not None]
    if loose := [word for word, _ in named if fold(word) in words]:
        from provider_advisor.requirements.word_mistakes import explain_loose  # noqa: PLC0415 (seldom needed)

        yield from explain_loose(loose, [name for word, name in named if fold(word) not in words], knowledge)


def make_team(read: Sequence[Requirement]) -> Team:
    """Return the team with these requirements, merging duplicates; nothing is checked."""
    team = Team(_merge([part for part in read if part.priority != "wont"]))
    # What must be absent is not wanted either.
    unwanted = {part.criterion for part in read if part.priority == "wont"} - team.refused
    return team._replace(unwanted=tuple(sorted(unwanted)))


def _merge(read: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Return the requirements, each criterion once per priority, with the tighter bound at each end.

    Asked at several priorities without a bound, it is kept at the highest one only: otherwise it would count twice.
    With bounds, each stays: 90 countries as a must and 120 as a should are two things.
    """
    # "fax" and "fax=no" have keys of their own, so that both stay, to be refused together. A weight goes with the
    # requirement: of two that become one, the larger counts.
    same: dict[tuple[str, str, bool], list[Requirement]] = {}
    for requirement in read:
        same.setdefault((requirement.criterion, requirement.priority, requirement.is_absence), []).append(requirement)
    found = {key: join_requirements(parts, intersect_bounds(parts)) for key, parts in same.items()}
    highest: dict[tuple[str, bool], int] = {}
    for (name, _, is_absence), part in found.items():
        if part.bound is None or is_absence:
            highest[name, is_absence] = max(RANK[part.priority], highest.get((name, is_absence), 0))
    return sort_requirements(
        part
        for (name, _, is_absence), part in found.items()
        if RANK[part.priority] == highest.get((name, is_absence)) or not (part.bound is None or is_absence)
    )


# What contradicts itself


def refuse_contradictions(team: Team, knowledge: KnowledgeBase, *, complete: bool = True) -> None:
    """Raise RequirementsError if the team contradicts itself or, where it is `complete`, lacks usage."""
    if problems := list(_find_contradictions(team, knowledge, complete=complete)):
        raise RequirementsError(*problems)


def _find_contradictions(team: Team, knowledge: KnowledgeBase, *, complete: bool = True) -> Iterator[str]:
    """Yield a sentence for each contradiction and, if the team is complete, for missing usage."""
    for part in team.requirements:
        if part.criterion in team.unwanted:
            yield (
                f"'{part.criterion}' is asked for as {part.priority} and as wont, which means that it is not wanted; "
                "keep one of the two."
            )
    # Each with itself too: asked for twice at one priority, its bounds are one by now, and perhaps an empty one.
    for first, second in combinations_with_replacement(team.requirements, 2):
        if first.criterion != second.criterion:
            continue
        if first.is_absence is not second.is_absence:
            yield (
                f"'{first.criterion}' is asked for and must also be absent ('{first.criterion}=no'); "
                "keep one of the two."
            )
        if first.bound is not None and second.bound is not None and first.bound.excludes(second.bound):
            yield explain_exclusive(first.bound.intersect(second.bound), knowledge.criteria[first.criterion])
    if complete:
        yield from _find_missing_usage(team, knowledge)


def _find_missing_usage(team: Team, knowledge: KnowledgeBase) -> Iterator[str]:
    if not team.usage:
        asked = dict.fromkeys(part.criterion for part in team.requirements)
        for name in (name for name in asked if knowledge.criteria[name].computed):
            yield (
                f"'{name}' is computed from monthly usage, but none is stated; "
                "state it, or ask for single prices instead."
            )
        return
    for service in services_used(team.usage, knowledge):
        if service.missing:
            given, missing = ", ".join(service.usage), ", ".join(service.missing)
            yield f"the usage '{given}' means nothing without '{missing}'; state both, or neither."


# The situation


def _read_topic(name: str, values: object, knowledge: KnowledgeBase) -> tuple[str, ...]:
    if name not in knowledge.topics:
        hint = find_misspelt(brief(name), knowledge.topics) or list_known(knowledge.topics)
        raise RequirementsError(f"unknown situation {shown(name)}.{hint}")
    return read_situation(knowledge.topics[name], values)


def read_situation(topic: Topic, values: object) -> tuple[str, ...]:
    """Return a team's answers on a topic: one of its values, or several. Raises RequirementsError."""
    several = values if isinstance(values, Iterable) and not isinstance(values, str | Mapping) else [values]
    answers = {_read_answer(value, topic) for value in several}
    if not answers or (len(answers) > 1 and not topic.many):
        takes = "at least one value" if topic.many else "one value"
        raise RequirementsError(f"the situation '{topic.id}' takes {takes}; expected one of {', '.join(topic.values)}.")
    return tuple(sorted(answers))


def _read_answer(value: object, topic: Topic) -> str:
    if isinstance(value, str):
        if value in topic.values:
            return value
        # Case, spaces and `_` are ignored, as for criteria.
        if found := {fold(each): each for each in topic.values}.get(fold(value)):
            return found
    what, hint = f"a value of the situation '{topic.id}'", find_misspelt(brief(value), topic.values)
    known = {fold(each): each for each in topic.values}
    several = [known.get(fold(part)) for part in _BETWEEN_VALUES.split(brief(value))]
    if topic.many and len(several) > 1 and all(several):
        hint = f" Separate several values with commas: {','.join(map(str, several))}."
    raise RequirementsError(
        explain_error_value(brief(value), what)
        or f"{shown(value)} is not {what}; expected one of {', '.join(topic.values)}.{hint}"
    )


# Weights of areas


def list_areas(knowledge: KnowledgeBase) -> tuple[str, ...]:
    """Return the areas of criteria and rules, in the order of the alphabet."""
    areas = {criterion.area for criterion in knowledge.criteria.values()}
    return tuple(sorted(areas | {rule.area for rule in knowledge.rules.values()}))


def read_area_weights(given: Mapping[str, object], knowledge: KnowledgeBase) -> dict[str, Number]:
    """Return a team's weights by area, such as `{video: 40, prices: 30}`. Raises RequirementsError with all mistakes.

    They are percents of the total weight. The areas that are not named share what is left of it.
    """
    areas = {fold(area): area for area in list_areas(knowledge)}
    if problems := list(_find_wrong_weights(given, areas)):
        raise RequirementsError(*problems)
    found = {areas[fold(name)]: plain(float(str(weight))) for name, weight in given.items()}
    # As floats, 33.7, 1.4 and 64.9 add up to a little more than 100.
    total = plain(round(math.fsum(found.values()), 9))
    if total > _WHOLE:
        raise RequirementsError(
            f"the weights of the areas add up to {number_text(total)} percent; expected at most {_WHOLE}."
        )
    if found and not total:
        raise RequirementsError("the weights of the areas add up to 0; give one of them more, or leave all out.")
    return dict(sorted(found.items()))


def _find_wrong_weights(given: Mapping[str, object], areas: Mapping[str, str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, weight in given.items():
        if (key := fold(str(name))) not in areas:
            hint = did_you_mean(brief(name), areas.values()) or list_known(areas.values())
            yield f"unknown area {shown(name)} in 'weights'.{hint}"
        elif key in seen:
            yield f"'weights' has the area '{areas[key]}' twice, as {shown(seen[key])} and {shown(name)}; keep one."
        if not is_within(weight, 0, _WHOLE):
            expected = f"0 to {_WHOLE} percent of the total"
            yield f"the weight of the area {shown(name)} is {shown(weight)}; expected {expected}."
        seen.setdefault(key, str(name))


# Two statements of one team


def combine(file: Statement, line: Statement, knowledge: KnowledgeBase, *, complete: bool = True) -> Statement:
    """Combine two statements; a note says what the second adds and overrides.

    Either may be a part, read with `whole=False`. Raises RequirementsError for what is wrong with the whole; usage may
    be missing where more is still to be said, so that it is not `complete`.
    """
    required = {part.criterion for part in line.team.requirements}
    asked = required | {*line.team.unwanted}
    kept = tuple(part for part in file.team.requirements if part.criterion not in asked)
    team = Team(
        requirements=sort_requirements((*kept, *line.team.requirements)),
        situation={**file.team.situation, **line.team.situation},
        usage={**file.team.usage, **line.team.usage},
        name=line.team.name or file.team.name,
        unwanted=tuple(sorted({*file.team.unwanted, *line.team.unwanted} - required)),
        unlisted=join_unlisted((*file.team.unlisted, *line.team.unlisted)),
        weights=line.team.weights or file.team.weights,  # of one alone: they are percents of one whole
    )
    said = {*asked, *line.team.situation, *line.team.usage}
    whole = Statement(
        team,
        line.as_of or file.as_of,
        line.max_age or file.max_age,
        notes=describe_changes(file, line),
        unsure=tuple(name for name in dict.fromkeys((*file.unsure, *line.unsure)) if name not in said),
        scope=Scope(*(second or first for first, second in zip(file.scope, line.scope, strict=True))),
        uncounted=tuple(part for part in file.uncounted if part.criterion not in asked),
    )
    found = count_waiting(whole, knowledge) if complete else whole
    refuse_contradictions(found.team, knowledge, complete=complete)
    return found


def count_waiting(statement: Statement, knowledge: KnowledgeBase) -> Statement:
    """Return the statement with what waited for usage counted, if some usage is stated; else with a note on each."""
    team, waiting = statement.team, statement.uncounted
    if team.usage and waiting:
        counted = make_team([*team.requirements, *waiting]).requirements
        return statement._replace(team=team._replace(requirements=counted), uncounted=())
    notes = tuple(
        f"{knowledge.criteria[part.criterion].label} ({part.priority}) cannot count yet: it is computed from monthly "
        "volumes, and none is stated. Give usage."
        for part in waiting
    )
    return statement._replace(notes=(*statement.notes, *notes))


def describe_changes(
    first: Statement, second: Statement, who: str = "The command line", to: str = "the file", *, whole: bool = False
) -> tuple[str, ...]:
    """Say what a second statement adds to and overrides in the first one, if anything.

    Where the second is the `whole` of what counts, what only the first says is left out.
    """
    before, after = _list_said(first), _list_said(second)
    own, theirs = ({part.text.casefold(): part for part in each.team.unlisted} for each in (first, second))
    added = [name for name in after if name not in before]
    added += [f"'{part.text}'" for text, part in theirs.items() if text not in own]
    changed = [name for name, said in after.items() if before.get(name, said) != said]
    # As in `join_unlisted`: a text counts once, at the higher priority, so that only a higher one overrides the first.
    ranks = [(part, RANK[part.priority], RANK[own[text].priority]) for text, part in theirs.items() if text in own]
    changed += [f"'{part.text}'" for part, rank, known in ranks if rank > known or (whole and rank != known)]
    limits, later = _list_limits(first), _list_limits(second)
    changed += [name for name, limit in later.items() if limit and limits[name] not in {limit, None, ()}]
    gone = [name for name in before if name not in after] if whole else []
    gone += [f"'{part.text}'" for text, part in own.items() if whole and text not in theirs]
    parts = [f"adds {', '.join(added)} to {to}"] if added else []
    parts += [f"overrides {', '.join(changed)} in {'it' if added else to}"] if changed else []
    parts += [f"leaves out {', '.join(gone)}{'' if parts else f' of {to}'}"] if gone else []
    return (f"{who} {join_words(parts)}.",) if parts else ()


def _list_said(statement: Statement) -> dict[str, object]:
    """Return what a statement says of each criterion, situation and usage, with the musts first."""
    team = statement.team
    found: dict[str, set[Requirement]] = {}
    for part in (*sort_requirements((*team.requirements, *statement.uncounted)), *list_unwanted(team)):
        found.setdefault(part.criterion, set()).add(part)
    return {**found, **team.situation, **team.usage}


def _list_limits(statement: Statement) -> dict[str, Hashable]:
    return {"as-of": statement.as_of, "max-age": statement.max_age, **statement.scope._asdict()}
