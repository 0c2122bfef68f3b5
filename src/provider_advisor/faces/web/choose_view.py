"""What the page to choose by shows: all criteria by area with what is asked of each, and the ranking that follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from fastapi import Request

from provider_advisor.faces.report.view import rank_providers
from provider_advisor.faces.web.address import ABSENT_TICK, write_address
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.knowledge import Criterion
from provider_advisor.requirements import Statement, bound_words

__all__ = ["show_choose"]

_CHOICES = (
    ("", "-"),
    ("must", "must have"),
    ("should", "should have"),
    ("could", "nice to have"),
    ("wont", "not wanted"),
    (ABSENT_TICK, "must not have"),
)


class TickRow(NamedTuple):
    """A criterion on the page to choose by, and what is asked of it."""

    id: str
    label: str
    kind: str
    unit: str
    value: str
    bound: str
    example: str


class TickArea(NamedTuple):
    """The criteria of one area on the page to choose by."""

    label: str
    rows: Sequence[TickRow]
    ticked: int
    open: bool


def show_choose(
    service: KnowledgeService, statement: Statement | None, request: Request, mistakes: Sequence[str]
) -> dict[str, Any]:
    """Return what the page to choose by shows: the criteria by area, and the ranking for what is ticked."""
    query = request.query_params.get("q", "")
    ticks = _read_ticks(statement, service) if statement else _read_fields(request)
    found = service.search(query) if query.strip() else list(service.knowledge.criteria.values())
    shown = {criterion.id: criterion for criterion in found}
    for name in ticks:
        if name in service.knowledge.criteria:
            shown.setdefault(name, service.knowledge.criteria[name])
    areas = list(_group_by_area(shown.values(), ticks, is_open=bool(query.strip())))
    values: dict[str, Any] = {
        "q": query,
        "areas": areas,
        "choices": _CHOICES,
        "unfound": "" if found else service.explain_unfound(query),
        "kept": _list_kept(statement, service, ticks) if statement else [],
        "mistakes": mistakes,
        "ranking": (),
        "out": "",
        "headline": "",
        "address": "",
    }
    if statement is None or not (statement.team.requirements or statement.team.situation):
        return values
    answer = service.recommend(statement).explanation
    ranked = rank_providers(answer)
    values["ranking"] = [one for one in ranked if one.standing != "ruled out"]
    values["out"] = ", ".join(one.name for one in ranked if one.standing == "ruled out")
    values["headline"] = answer.verdict.reason
    return values


def _read_ticks(statement: Statement, service: KnowledgeService) -> dict[str, tuple[str, str]]:
    """Return the priority and the bound asked of each criterion, in the words of the form."""
    ticks: dict[str, tuple[str, str]] = {}
    for part in statement.team.requirements:
        criterion = service.knowledge.criteria[part.criterion]
        words = bound_words(part.bound, criterion)
        if "is" in words:
            ticks[part.criterion] = (ABSENT_TICK, "")
            continue
        signs = {"at_least": ">=", "at_most": "<="}
        bounds = [f"{signs[key]}{amount}" for key, amount in words.items()]
        ticks.setdefault(part.criterion, (part.priority, bounds[0] if bounds else ""))
    return ticks | dict.fromkeys(statement.team.unwanted, ("wont", ""))


def _read_fields(request: Request) -> dict[str, tuple[str, str]]:
    """Return the same from the fields of a form that cannot be read."""
    query = request.query_params
    return {
        name[2:]: (text, query.get(f"b.{name[2:]}", ""))
        for name, text in query.items()
        if name.startswith("c.") and text
    }


def _list_kept(statement: Statement, service: KnowledgeService, ticks: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the fields of what is asked beside the ticks: situation, usage, own words, choices, days and scope."""
    own = [
        part
        for part in statement.team.requirements
        if part.criterion not in ticks or service.knowledge.criteria[part.criterion].any_of
    ]
    rest = statement._replace(team=statement.team._replace(requirements=tuple(own), unwanted=()))
    return parse_qsl(write_address(rest, service.knowledge))


def _group_by_area(
    criteria: Iterable[Criterion], ticks: Mapping[str, tuple[str, str]], *, is_open: bool
) -> Iterator[TickArea]:
    by_area: dict[str, list[TickRow]] = {}
    for one in criteria:
        if one.any_of:
            continue
        value, bound = ticks.get(one.id, ("", ""))
        example = one.values[-1] if one.values else "<=5" if one.lower_is_better else ">=10"
        by_area.setdefault(one.area, []).append(
            TickRow(one.id, one.label, one.kind, one.unit or "", value, bound, example)
        )
    for area, rows in sorted(by_area.items()):
        ticked = sum(bool(row.value) for row in rows)
        yield TickArea(area.replace("-", " ").capitalize(), rows, ticked, is_open or bool(ticked))
