"""A team's statement as it came in, and two of them put together: a file's, and the command line's, which wins."""

import datetime as dt
from collections.abc import Hashable
from typing import Any, NamedTuple, cast

from provider_advisor.knowledge.base import KnowledgeBase, Scope
from provider_advisor.knowledge.choices import get_bound
from provider_advisor.knowledge.conditions import FactHolds
from provider_advisor.requirements.model import RANK, Requirement, Team, Unlisted, bound_words, in_order, list_unwanted
from provider_advisor.requirements.team import checked, make_team
from provider_advisor.requirements.volumes import say_volume

__all__ = ["Statement", "combined", "count_waiting", "describe_changes", "record_part", "statement_record"]


class Statement(NamedTuple):
    """What a team asks, and the day whose facts count: `as_of` None is today, `max_age` in days None is any age.

    `notes` say what was overruled on the way here; `unsure` are criteria, situation and usage of which the team could
    not say whether they matter; `scope` is the part of the knowledge base that is looked at. `uncounted` is asked for
    but cannot count yet: it is computed from usage, and none is stated.
    """

    team: Team
    as_of: dt.date | None = None
    max_age: int | None = None
    notes: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    scope: Scope = Scope()
    uncounted: tuple[Requirement, ...] = ()


def combined(file: Statement, line: Statement, knowledge: KnowledgeBase, *, complete: bool = True) -> Statement:
    """Return both statements together; a note says what the second adds, and where it wins over the first.

    Either may be a part, read with `whole=False`. Raises RequirementsError for what is wrong with the whole; usage may
    be missing where more is still to be said, so that it is not `complete`.
    """
    required = {part.criterion for part in line.team.requirements}
    asked = required | {*line.team.unwanted}
    kept = tuple(part for part in file.team.requirements if part.criterion not in asked)
    team = Team(
        in_order((*kept, *line.team.requirements)),
        {**file.team.situation, **line.team.situation},
        {**file.team.usage, **line.team.usage},
        line.team.name or file.team.name,
        tuple(sorted({*file.team.unwanted, *line.team.unwanted} - required)),
        _join_unlisted(file.team.unlisted, line.team.unlisted),
        line.team.weights or file.team.weights,
    )
    scope = Scope(*(second or first for first, second in zip(file.scope, line.scope, strict=True)))
    said = {*asked, *line.team.situation, *line.team.usage}
    unsure = tuple(name for name in dict.fromkeys((*file.unsure, *line.unsure)) if name not in said)
    as_of, max_age = line.as_of or file.as_of, line.max_age or file.max_age
    waiting = tuple(part for part in file.uncounted if part.criterion not in asked)
    whole = Statement(team, as_of, max_age, describe_changes(file, line), unsure, scope, waiting)
    found = count_waiting(whole, knowledge) if complete else whole
    checked(found.team, knowledge, complete=complete)
    return found


def describe_changes(
    first: Statement, second: Statement, who: str = "The command line", to: str = "the file", *, whole: bool = False
) -> tuple[str, ...]:
    """Return the sentence on what a second statement adds to a first one and overrides in it, if it does either.

    Where the second is the `whole` of what counts, what only the first says is left out.
    """
    before, after = _list_said(first), _list_said(second)
    added = [name for name in after if name not in before]
    changed = [name for name, said in after.items() if before.get(name, said) != said]
    # As in `join_unlisted`: a text counts once, with the higher priority.
    own = {part.text.casefold(): part.priority for part in first.team.unlisted}
    for part in second.team.unlisted:
        known = own.get(part.text.casefold())
        if known is None:
            added.append(f"'{part.text}'")
        elif RANK[part.priority] > RANK[known] or (whole and part.priority != known):
            changed.append(f"'{part.text}'")
    gone = [name for name in before if name not in after] if whole else []
    kept = {part.text.casefold() for part in second.team.unlisted}
    gone += [f"'{part.text}'" for part in first.team.unlisted if whole and part.text.casefold() not in kept]
    before, after = _list_limits(first), _list_limits(second)
    changed += [name for name, limit in after.items() if limit and before[name] not in {limit, None, ()}]
    parts = [f"adds {', '.join(added)} to {to}"] if added else []
    parts += [f"overrides {', '.join(changed)} in {'it' if added else to}"] if changed else []
    parts += [f"leaves out {', '.join(gone)}{'' if parts else f' of {to}'}"] if gone else []
    return (f"{who} {' and '.join([', '.join(parts[:-1]), parts[-1]] if parts[1:] else parts)}.",) if parts else ()


def _list_said(statement: Statement) -> dict[str, object]:
    """Return what a statement says of each criterion, situation and usage, with the musts first."""
    team = statement.team
    found: dict[str, object] = {}
    for part in (*in_order((*team.requirements, *statement.uncounted)), *list_unwanted(team)):
        found[part.criterion] = {part, *cast("set[Requirement]", found.get(part.criterion, set()))}
    return found | dict(team.situation) | dict(team.usage)


def _list_limits(statement: Statement) -> dict[str, Hashable]:
    return {"as-of": statement.as_of, "max-age": statement.max_age, **statement.scope._asdict()}


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


def _join_unlisted(first: tuple[Unlisted, ...], second: tuple[Unlisted, ...]) -> tuple[Unlisted, ...]:
    if not (first and second):
        return first or second
    from provider_advisor.requirements.unlisted import join_unlisted  # noqa: PLC0415 (seldom needed)

    return join_unlisted((*first, *second))


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
        "usage": {item: say_volume(used) for item, used in team.usage.items()},
        "unlisted": [part._asdict() for part in team.unlisted],
        "weights": dict(team.weights),
        "as_of": statement.as_of.isoformat() if statement.as_of else None,
        "max_age": f"{statement.max_age}d" if statement.max_age else None,
        "uncounted": [_record_waiting(part, knowledge) for part in statement.uncounted],
        "unsure": list(statement.unsure),
        **{name: list(names) for name, names in statement.scope._asdict().items()},
    }
    return {key: value for key, value in record.items() if value not in (None, [], {})}


def _record_waiting(requirement: Requirement, knowledge: KnowledgeBase) -> dict[str, Any]:
    record = _record_requirement(requirement, knowledge)
    return {"criterion": record.pop("criterion"), "priority": requirement.priority} | record


def _record_requirement(requirement: Requirement, knowledge: KnowledgeBase) -> dict[str, Any]:
    criterion = knowledge.criteria[requirement.criterion]
    parts = [record_part(part, knowledge) for part in criterion.any_of]
    record: dict[str, Any] = {"any": parts} if parts else {"criterion": criterion.id}
    if requirement.priority in {"could", "wont"}:
        record["priority"] = requirement.priority
    record |= bound_words(requirement.bound, criterion)
    return record if requirement.weight is None else {**record, "weight": requirement.weight}


def record_part(part: FactHolds, knowledge: KnowledgeBase) -> str | dict[str, Any]:
    """Return a part of a choice as in a requirements file: its criterion, or a mapping with its bound."""
    words = bound_words(get_bound(part), knowledge.criteria[part.criterion])
    return {"criterion": part.criterion, **words} if words else part.criterion
