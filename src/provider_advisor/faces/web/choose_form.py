"""What the form on /choose holds: the criteria by area, the team, its volumes, and the rest of the question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.datastructures import QueryParams

from provider_advisor.errors import AdvisorError
from provider_advisor.faces.web.address import ABSENT_TICK, read_address, write_address
from provider_advisor.faces.web.problems import list_mistakes
from provider_advisor.knowledge import Criterion, KnowledgeBase
from provider_advisor.requirements import Statement, bound_words
from provider_advisor.requirements.model import say_volume

CHOICES = (
    ("", "Not asked for"),
    ("must", "Must have"),
    ("should", "Should have"),
    ("could", "Nice to have"),
    ("wont", "Not wanted"),
    (ABSENT_TICK, "Must not have"),
)
"""What can be asked of a criterion: the value that a form sends, and its words."""

_COST_CENTS = ("/message", "minute", "/lookup", "/verification")
_EDITED_ELSEWHERE = ("c.", "b.", "situation.", "usage.")


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
    limited: bool


class TeamField(NamedTuple):
    """A topic of the situation or a volume: its field, what can be answered (nothing for a number), what is."""

    name: str
    label: str
    question: str
    values: Sequence[str]
    many: bool
    held: Sequence[str]


def read_ticks(statement: Statement | None, query: QueryParams, knowledge: KnowledgeBase) -> dict[str, tuple[str, str]]:
    """Return the priority and the bound of each criterion, from the fields of the form if there is no statement."""
    if statement is None:
        return {
            name[2:]: (text, query.get(f"b.{name[2:]}", ""))
            for name, text in query.items()
            if name.startswith("c.") and text
        }
    ticks: dict[str, tuple[str, str]] = {}
    for part in statement.team.requirements:
        words = bound_words(part.bound, knowledge.criteria[part.criterion])
        if "is" in words:
            ticks[part.criterion] = (ABSENT_TICK, "")
            continue
        signs = {"at_least": ">=", "at_most": "<="}
        bounds = [f"{signs[key]}{amount}" for key, amount in words.items()]
        ticks.setdefault(part.criterion, (part.priority, bounds[0] if bounds else ""))
    return ticks | dict.fromkeys(statement.team.unwanted, ("wont", ""))


def list_team(statement: Statement | None, query: QueryParams, knowledge: KnowledgeBase) -> list[list[TeamField]]:
    """Return the fields of the situation, and those of the usage, each with what it holds."""
    held: dict[str, Sequence[str]] = {name: query.getlist(name) for name in query}
    if statement is not None:
        held = {f"situation.{topic}": tuple(words) for topic, words in statement.team.situation.items()}
        held |= {f"usage.{item}": (str(say_volume(used)),) for item, used in statement.team.usage.items()}
    topics = [
        TeamField(f"situation.{one.id}", one.label, one.question, one.values, one.many, ())
        for one in knowledge.topics.values()
    ]
    items = [
        TeamField(f"usage.{one.id}", one.label, _say_unit(one.unit), (), many=False, held=())
        for one in knowledge.usage.values()
    ]
    return [[one._replace(held=held.get(one.name, ())) for one in fields] for fields in (topics, items)]


def _say_unit(unit: str) -> str:
    """Return the unit of a volume in words: `hours/agent/month` is "hours/agent a month"."""
    return f"{unit.removesuffix('/month').replace('-', ' ')} a month"


def list_kept(statement: Statement, knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Return the fields of what is asked and has no field of its own: choices, own words, days and scope."""
    team = statement.team
    own = tuple(part for part in team.requirements if knowledge.criteria[part.criterion].any_of)
    usage = {item: used for item, used in team.usage.items() if item not in knowledge.usage}
    rest = team._replace(requirements=own, unwanted=(), situation={}, usage=usage)
    return parse_qsl(write_address(statement._replace(team=rest), knowledge))


def find_faults(query: QueryParams, knowledge: KnowledgeBase) -> dict[str, Sequence[str]]:
    """Return what is wrong with each field of the form that cannot be read by itself, by the id of its element."""
    found: dict[str, Sequence[str]] = {}
    written = {pair: f"written-{place}" for place, pair in enumerate(list_written(query), start=1)}
    for name, text in query.multi_items():
        if name.startswith("b.") or not text.strip() or name in {"q", "sure"}:
            continue
        head, _, rest = name.partition(".")
        bound = query.get(f"b.{rest}", "") if head == "c" else ""
        try:
            read_address([(name, text), (f"b.{rest}", bound)], knowledge)
        except AdvisorError as error:
            place = written.get((name, text), name)
            if head == "c":
                criterion = knowledge.criteria.get(rest)
                is_limit = bound and criterion is not None and criterion.kind != "capability"
                place = f"b-{rest}" if is_limit else f"c-{rest}"
            found[place] = list_mistakes(error)
    return found


def list_written(query: QueryParams) -> list[tuple[str, str]]:
    """Return what an address that cannot be read says beside the fields of the form, to be mended as it is written."""
    return [
        (name, text)
        for name, text in query.multi_items()
        if text and name not in {"q", "sure"} and not name.startswith(_EDITED_ELSEWHERE)
    ]


def group_by_area(
    criteria: Iterable[Criterion], ticks: Mapping[str, tuple[str, str]], *, is_open: bool
) -> Iterator[TickArea]:
    """Yield the criteria by area; an area in which something is asked for is open."""
    by_area: dict[str, list[TickRow]] = {}
    for one in criteria:
        if one.any_of:
            continue
        value, bound = ticks.get(one.id, ("", ""))
        row = TickRow(one.id, one.label, one.kind, one.unit or "", value, bound, _give_example(one))
        by_area.setdefault(one.area, []).append(row)
    for area, rows in sorted(by_area.items()):
        ticked = sum(bool(row.value) for row in rows)
        limited = any(row.kind != "capability" for row in rows)
        yield TickArea(area.replace("-", " ").capitalize(), rows, ticked, is_open or bool(ticked), limited)


def _give_example(criterion: Criterion) -> str:
    """Return a limit that somebody could ask for: a text or a minute costs cents, and not dollars."""
    if criterion.values:
        return criterion.values[-1]
    if criterion.lower_is_better:
        return "0.05" if (criterion.unit or "").endswith(_COST_CENTS) else "5"
    return "10"
