"""The form with all criteria; beside it stands what `question_so_far` shows.

The fields are named as in an address (`c.sms`, `b.number-countries`, `situation.developers`). Anything without a field,
such as a choice between criteria or the scope, is kept in hidden fields, so that ticking a box loses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces.web.address import (
    ABSENT_TICK,
    PAGE_FIELDS,
    PASTED_FIELD,
    READ_FIELD,
    is_canonical,
    list_weights,
    read_address,
    write_address,
    write_bounds,
    write_page_address,
)
from provider_advisor.faces.web.error_sentences import list_mistakes
from provider_advisor.faces.web.pasted_list import explain_reading, read_list
from provider_advisor.faces.web.question_so_far import CHOICES, say_unit, show_so_far
from provider_advisor.faces.web.request_reading import FieldReader, asks_how_sure, read_question
from provider_advisor.faces.web.responses import is_fragment, render, show_page
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge import Criterion, KnowledgeBase
from provider_advisor.requirements import Requirement, Statement
from provider_advisor.requirements.statement import say_volume
from provider_advisor.requirements.word_mistakes import explain_unfound

_FIND = "find"
"""The button that searches. It is the first of the form, so that Enter in a field means it and adds no list."""

_COST_CENTS = ("/message", "minute", "/lookup", "/verification")
_EDITED_ELSEWHERE = ("c.", "b.", "situation.", "usage.")
_MOST_FIELDS = 10_000
_ROOM_TO_ADD = 500
"""Characters left for what is added to a question by links, without the loss of its lists."""

_NO_FAULTS: Mapping[str, Sequence[str]] = MappingProxyType({})

router = APIRouter(include_in_schema=False)


@router.get("/choose")
def show_choose(request: Request, service: Service) -> Response:
    """Show the form with all criteria, and the ranking for those ticked."""
    query, is_part = request.query_params, is_fragment(request)
    try:
        asked, is_sure = read_question(request, service, *PAGE_FIELDS), asks_how_sure(query)
    except AdvisorError as error:
        mistakes = list_mistakes(error)
        if is_part:
            return HTMLResponse(render("live.html.j2", **show_so_far(service, None, mistakes)), 422)
        shown = _show_form(service, None, query, mistakes, _find_faults(request, service.knowledge))
        return show_page(service, "choose.html.j2", "Choose", 422, **shown)
    address = write_page_address(asked, service.knowledge, query)
    if is_part:
        values = show_so_far(service, asked.statement, is_sure=is_sure)
        page = render("sure_line.html.j2" if is_sure else "live.html.j2", **values, reading=_write_reading(query))
        return HTMLResponse(page, headers={"X-Address": f"/choose?{address}"})
    # A form has a field for everything, so its address is replaced by the short one before anything is computed.
    if not is_canonical(address, query):
        return RedirectResponse(f"/choose?{address}", 303)
    shown, day = _show_form(service, asked.statement, query), asked.statement.as_of
    return show_page(service, "choose.html.j2", "Choose", **shown, linked_day=day)


@router.post("/choose")
async def fill_choose(request: Request, service: Service) -> Response:
    """Redirect a submitted form, which has a field for each criterion, to a URL with only the filled-in ones."""
    try:
        fields = parse_qsl((await request.body()).decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError as error:  # the only one that it raises
        raise RequirementsError(f"The form has too many fields; at most {_MOST_FIELDS:,} are read.") from error
    most = request.app.state.settings.query
    return await run_in_threadpool(_take_form, fields, service, most)  # matching words takes a while


def _take_form(fields: list[tuple[str, str]], service: KnowledgeService, most: int) -> Response:
    """Redirect to the question of a form and its list; show the form again if these make no address."""
    try:
        return RedirectResponse(f"/choose?{_write_form(fields, service.knowledge, most)}", 303)
    except RequirementsError as error:
        faults = {PASTED_FIELD: list_mistakes(error)}
        shown = _show_form(service, None, QueryParams(fields), list_mistakes(error), faults)
        return show_page(service, "choose.html.j2", "Choose", 422, **shown)


def _write_form(fields: list[tuple[str, str]], knowledge: KnowledgeBase, most: int) -> str:
    """Return the address of a form and its list.

    If there is room, the lists themselves are added, so that the page says how they were read. Raises RequirementsError
    if the list cannot be read, or the address would be too long.
    """
    typed = dict(fields).get(PASTED_FIELD, "").strip()
    # A search leaves a list that is being typed as it is.
    is_search = any(name == _FIND for name, _ in fields)
    added = {READ_FIELD} if is_search else {READ_FIELD, PASTED_FIELD}
    question = [(name, text) for name, text in fields if name not in {*added, _FIND}]
    lists = [text.strip() for name, text in fields if name in added and text.strip()]
    if typed and not is_search:
        question += parse_qsl(write_address(read_list(typed, knowledge).statement, knowledge))
    try:
        address = write_page_address(read_address(question, knowledge, PAGE_FIELDS), knowledge, QueryParams(question))
    except AdvisorError:  # the form says what is wrong
        address = urlencode(question)
    explained = "&".join(filter(None, (address, urlencode([(READ_FIELD, text) for text in lists]))))
    if len(explained) + _ROOM_TO_ADD <= most:
        return explained
    if len(address) > most:
        hint = "add it first" if is_search else "paste a part of it"
        what, instead = ("The list", hint) if typed else ("The question", "ask for less")
        raise RequirementsError(f"{what} is too long for an address; {instead}.")
    return address


def _write_reading(query: QueryParams) -> str:
    """Return what the links of a page add to an address, so that it still says how lists were read."""
    return "".join(f"&{urlencode({READ_FIELD: text})}" for text in query.getlist(READ_FIELD))


def _fill_fields(statement: Statement | None, query: QueryParams, knowledge: KnowledgeBase) -> dict[str, Sequence[str]]:
    """Return what the fields of the form hold, by name; without a statement what was filled in."""
    if statement is None:
        return {name: query.getlist(name) for name in query}
    team = statement.team
    fields: dict[str, Sequence[str]] = {f"situation.{topic}": tuple(words) for topic, words in team.situation.items()}
    fields |= {f"usage.{item}": [str(say_volume(used))] for item, used in team.usage.items()}
    for part in filter(partial(_has_fields, knowledge), team.requirements):
        fields[f"c.{part.criterion}"] = [ABSENT_TICK if part.is_absence else part.priority]
        fields[f"b.{part.criterion}"] = write_bounds(part, knowledge)
    return fields | {f"c.{name}": ["wont"] for name in team.unwanted}


def _has_fields(knowledge: KnowledgeBase, part: Requirement) -> bool:
    """Return whether the form has fields for a requirement: one criterion, and at most one limit."""
    return not knowledge.criteria[part.criterion].any_of and len(write_bounds(part, knowledge)) <= 1


def _list_kept(statement: Statement, knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Return hidden fields for what has no visible field: choices, ranges, own words, weights, days and scope."""
    team = statement.team
    own = tuple(part for part in team.requirements if not _has_fields(knowledge, part))
    ticked = [part for part in team.requirements if _has_fields(knowledge, part)]
    usage = {item: used for item, used in team.usage.items() if item not in knowledge.usage}
    rest = team._replace(requirements=own, unwanted=(), situation={}, usage=usage)
    return [*parse_qsl(write_address(statement._replace(team=rest), knowledge)), *list_weights(ticked)]


def _find_faults(request: Request, knowledge: KnowledgeBase) -> dict[str, Sequence[str]]:
    """Return the mistakes of each field of the form, by the id of its element."""
    # c.number-countries=must  b.number-countries=many  ->  b-number-countries: the limit is not a number
    # c.fax=must  b.fax=>=3                             ->  c-fax: a capability has no field for a limit
    # needs=smz                                         ->  written-1: the form shows it as it was written
    query, fields = request.query_params, FieldReader(request)
    places = {pair: f"written-{place}" for place, pair in enumerate(_list_written(query), start=1)}
    for name, text in query.multi_items():
        head, _, rest = name.partition(".")
        if head == "b" or not text.strip() or name in PAGE_FIELDS:
            continue
        # A limit is read with its criterion, because it means nothing alone; its mistakes are shown at the limit.
        place, bound = places.get((name, text), name), ""
        if head == "c":
            criterion, bound = knowledge.criteria.get(rest), query.get(f"b.{rest}", "")
            is_limit = bound and criterion is not None and criterion.kind != "capability"
            place = f"b-{rest}" if is_limit else f"c-{rest}"
        fields.note(place, read_address, [(name, text), (f"b.{rest}", bound)], knowledge)
    return fields.faults


def _list_written(query: QueryParams) -> list[tuple[str, str]]:
    """Return the parameters without a field on the form, to be corrected as text if the address is invalid."""
    return [
        (name, text)
        for name, text in query.multi_items()
        if text and name not in PAGE_FIELDS and not name.startswith(_EDITED_ELSEWHERE)
    ]


def _group_by_area(
    criteria: Iterable[Criterion], fields: Mapping[str, Sequence[str]], knowledge: KnowledgeBase
) -> list[tuple[str, list[tuple[Criterion, str, str, str]]]]:
    """Return the areas, each with its criteria: what is asked of it, the limit, and an example of one."""

    def get(name: str) -> str:
        return "".join(fields.get(name, ())[-1:])

    by_area: defaultdict[str, list[tuple[Criterion, str, str, str]]] = defaultdict(list)
    for one in criteria:
        if not one.any_of:
            by_area[one.area].append((one, get(f"c.{one.id}"), get(f"b.{one.id}"), _give_example(one)))
    return [(capital(knowledge.spell_id(area)), rows) for area, rows in by_area.items()]


def _give_example(criterion: Criterion) -> str:
    """Return a realistic example of a limit: a text or a minute costs cents, not dollars."""
    if criterion.values:
        return criterion.values[-1]
    if criterion.lower_is_better:
        return "0.05" if (criterion.unit or "").endswith(_COST_CENTS) else "5"
    return "10"


def _show_form(
    service: KnowledgeService,
    statement: Statement | None,
    query: QueryParams,
    mistakes: Sequence[str] = (),
    faults: Mapping[str, Sequence[str]] = _NO_FAULTS,
) -> dict[str, Any]:
    """Return what the page shows; without a statement the fields as they were filled, `mistakes` and `faults`."""
    knowledge, words = service.knowledge, query.get("q", "")
    fields = _fill_fields(statement, query, knowledge)
    # Ids are not shown, so an order by id would look like none: `alert-channel` is "Alerts over other channels".
    by_label = sorted(knowledge.criteria.values(), key=lambda one: (one.area, one.label.casefold()))
    found = service.search(words) if words.strip() else by_label
    # What is asked for stays on the form although a search does not find it: the next update would drop it otherwise.
    asked = (name.removeprefix("c.") for name, texts in fields.items() if name.startswith("c.") and any(texts))
    readings = [explain_reading(text, knowledge) for text in query.getlist(READ_FIELD)]
    ticked = [knowledge.criteria[name] for name in asked if name in knowledge.criteria]
    shown = {criterion.id: criterion for criterion in (*found, *ticked)}
    # A mistake in one field can prevent others from being read, so their mistakes are listed here too.
    mistakes = tuple(dict.fromkeys([*mistakes, *(one for sentences in faults.values() for one in sentences)]))
    return {
        "q": words,
        "areas": _group_by_area(shown.values(), fields, knowledge),
        "choices": CHOICES,
        "team": [(one, fields.get(f"situation.{one.id}", ())) for one in knowledge.topics.values()],
        "volumes": [
            (one, say_unit(one.unit), "".join(fields.get(f"usage.{one.id}", ()))) for one in knowledge.usage.values()
        ],
        "unfound": "" if found else explain_unfound(words, knowledge),
        "by_word": [] if found else service.count_by_word(words),
        "situations": _find_situations(words, knowledge),
        "kept": _list_kept(statement, knowledge) if statement else [],
        "written": [] if statement else _list_written(query),
        "pasted": query.get(PASTED_FIELD, ""),
        "lists": query.getlist(READ_FIELD),
        "read": [line for lines, _ in readings for line in lines],
        "headings": [heading for _, headings in readings for heading in headings],
        "reading": _write_reading(query),
        "says": dict(CHOICES),
        **show_so_far(service, statement, mistakes),
        "is_page": True,
        "faults": faults,
    }


def _find_situations(words: str, knowledge: KnowledgeBase) -> list[str]:
    """Return the labels of situation answers that words may mean."""
    found = knowledge.search_index.search(words) if words.strip() else ()
    answers = [(entry.label, entry.id.partition("=")[2]) for entry in found if entry.kind == "situation"]
    return [f"{label}: {knowledge.spell_id(value)}" for label, value in answers]
