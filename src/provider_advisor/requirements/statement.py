"""A team's statement as it came in, and two of them put together: a file's, and the command line's, which wins."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from provider_advisor.knowledge.records import KnowledgeBase, Scope
from provider_advisor.requirements.model import Requirement, Team, bound_words, in_order, list_unwanted
from provider_advisor.requirements.team import checked

__all__ = ["Statement", "combined", "statement_record"]


class Statement(NamedTuple):
    """What a team asks, and the day whose facts count: `as_of` None is today, `max_age` in days None is any age.

    `notes` say what was overruled on the way here; `unsure` are criteria, situation and usage of which the team could
    not say whether they matter; `scope` is the part of the knowledge base that is looked at.
    """

    team: Team
    as_of: dt.date | None = None
    max_age: int | None = None
    notes: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    scope: Scope = Scope()


def combined(file: Statement, line: Statement, knowledge: KnowledgeBase) -> Statement:
    """Return both statements together; where both name one thing, the second wins and a note says so.

    Either may be a part, read with `whole=False`. Raises RequirementsError for what is wrong with the whole.
    """
    asked = line.team.stated | {*line.team.unwanted}
    kept = tuple(part for part in file.team.requirements if part.criterion not in asked)
    overruled = [part.criterion for part in file.team.requirements if part not in (*kept, *line.team.requirements)]
    overruled += [name for name in file.team.unwanted if name in line.team.stated]
    team = Team(
        in_order((*kept, *line.team.requirements)),
        {**file.team.situation, **line.team.situation},
        {**file.team.usage, **line.team.usage},
        line.team.name or file.team.name,
        tuple(sorted({*file.team.unwanted, *line.team.unwanted} - line.team.stated)),
    )
    overruled += _find_changed(file.team.situation, line.team.situation) + _find_changed(
        file.team.usage, line.team.usage
    )
    overruled += [
        name
        for name, first, second in zip(Scope._fields, file.scope, line.scope, strict=True)
        if first and second and first != second
    ]
    scope = Scope(*(second or first for first, second in zip(file.scope, line.scope, strict=True)))
    notes = tuple(f"The command line overrides the file for '{name}'." for name in dict.fromkeys(overruled))
    said = {*asked, *line.team.situation, *line.team.usage}
    unsure = tuple(name for name in dict.fromkeys((*file.unsure, *line.unsure)) if name not in said)
    as_of, max_age = line.as_of or file.as_of, line.max_age or file.max_age
    return Statement(checked(team, knowledge), as_of, max_age, notes, unsure, scope)


def _find_changed(first: Mapping[str, object], second: Mapping[str, object]) -> list[str]:
    return [name for name in first if name in second and first[name] != second[name]]


def statement_record(statement: Statement, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return the statement with the keys of a requirements file, JSON-ready; it can be asked again."""
    team = statement.team
    musts = [part for part in team.requirements if part.priority == "must"]
    wishes = [part for part in team.requirements if part.priority != "must"]
    wishes += list_unwanted(team)
    record: dict[str, Any] = {
        "team": team.name,
        "needs": [_record_requirement(part, knowledge) for part in musts],
        "wants": [_record_requirement(part, knowledge) for part in wishes],
        "situation": {topic: list(values) for topic, values in team.situation.items()},
        "usage": dict(team.usage),
        "as_of": statement.as_of.isoformat() if statement.as_of else None,
        "max_age": f"{statement.max_age}d" if statement.max_age else None,
        "unsure": list(statement.unsure),
        **{name: list(names) for name, names in statement.scope._asdict().items()},
    }
    return {key: value for key, value in record.items() if value not in (None, [], {})}


def _record_requirement(requirement: Requirement, knowledge: KnowledgeBase) -> dict[str, Any]:
    record: dict[str, Any] = {"criterion": requirement.criterion}
    if requirement.priority in {"could", "wont"}:
        record["priority"] = requirement.priority
    record |= bound_words(requirement.bound, knowledge.criteria[requirement.criterion])
    return record if requirement.weight is None else {**record, "weight": requirement.weight}
