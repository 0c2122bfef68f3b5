"""Combine two statements of one team, such as that of a file and that of the command line, and say what differs."""

from __future__ import annotations

from collections.abc import Hashable

from provider_advisor.knowledge.base import KnowledgeBase, Scope
from provider_advisor.requirements.read_team import make_team, refuse_contradictions
from provider_advisor.requirements.statement import (
    RANK,
    Requirement,
    Statement,
    Team,
    join_unlisted,
    list_unwanted,
    sort_requirements,
)
from provider_advisor.safe_text import join_words


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
