"""The form with all criteria; beside it stands what `question_so_far` shows."""

# The form has a field for each of these, and nothing else:
#
#     in an address            holds          its mistakes are at the element
#     c.number-countries       must           c-number-countries, or its limit if that is filled in
#     b.number-countries       >=90           b-number-countries
#     situation.developers     none           situation.developers
#     usage.sms-outbound       500            usage.sms-outbound
#
# What has no field, such as a choice between criteria or the scope, is kept in hidden ones (`needs=fax|whatsapp`), so
# that ticking a box loses nothing. If an address has a mistake, nothing is known of what it asks: its fields are shown
# as they were filled in, and what has no field as text to correct, with its mistakes at `written-1`, `written-2`, …

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
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
from provider_advisor.requirements import Statement
from provider_advisor.requirements.statement import say_volume
from provider_advisor.requirements.word_mistakes import explain_unfound

_FIND = "find"
"""The button that searches. It is the first of the form, so that Enter in a field means it and adds no list."""

_COST_CENTS = ("/message", "minute", "/lookup", "/verification")
_FIELDS = ("c.", "b.", "situation.", "usage.")
_MOST_FIELDS = 10_000
_ROOM_TO_ADD = 500
"""Characters left for what is added to a question by links, without the loss of its lists."""

router = APIRouter(include_in_schema=False)


class _Form(NamedTuple):
    """What the visible fields hold, the hidden ones, those to correct as text, and mistakes by element."""

    fields: Mapping[str, Sequence[str]]
    kept: Sequence[tuple[str, str]] = ()
    written: Sequence[tuple[str, str]] = ()
    faults: Mapping[str, Sequence[str]] = MappingProxyType({})


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
        shown = _show_form(service, _refill_form(query, FieldReader(request), service.knowledge), query, None, mistakes)
        return show_page(service, "choose.html.j2", "Choose", 422, **shown)
    address = write_page_address(asked, service.knowledge, query)
    if is_part:
        values = show_so_far(service, asked.statement, is_sure=is_sure)
        page = render("sure_line.html.j2" if is_sure else "live.html.j2", **values, reading=_write_reading(query))
        return HTMLResponse(page, headers={"X-Address": f"/choose?{address}"})
    # A form has a field for everything, so its address is replaced by the short one before anything is computed.
    if not is_canonical(address, query):
        return RedirectResponse(f"/choose?{address}", 303)
    shown = _show_form(service, _fill_form(asked.statement, service.knowledge), query, asked.statement)
    return show_page(service, "choose.html.j2", "Choose", **shown, linked_day=asked.statement.as_of)


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
        query, mistakes = QueryParams(fields), list_mistakes(error)
        form = _keep_form(query)._replace(faults={PASTED_FIELD: mistakes})
        shown = _show_form(service, form, query, None, mistakes)
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


def _fill_form(statement: Statement, knowledge: KnowledgeBase) -> _Form:
    """Return the form of a statement."""
    team = statement.team
    # A requirement has fields if it is on one criterion, and has at most one limit; "90 to 120" has two.
    bounds = {part: write_bounds(part, knowledge) for part in team.requirements}
    shown = [part for part in bounds if not knowledge.criteria[part.criterion].any_of and len(bounds[part]) <= 1]
    fields: dict[str, Sequence[str]] = {f"situation.{topic}": tuple(words) for topic, words in team.situation.items()}
    fields |= {f"usage.{item}": [str(say_volume(used))] for item, used in team.usage.items()}
    fields |= {f"c.{part.criterion}": [ABSENT_TICK if part.is_absence else part.priority] for part in shown}
    fields |= {f"b.{part.criterion}": bounds[part] for part in shown}
    fields |= {f"c.{name}": ["wont"] for name in team.unwanted}
    rest = team._replace(
        requirements=tuple(part for part in team.requirements if part not in shown),
        unwanted=(),
        situation={},
        usage={item: used for item, used in team.usage.items() if item not in knowledge.usage},
    )
    kept = [*parse_qsl(write_address(statement._replace(team=rest), knowledge)), *list_weights(shown)]
    return _Form(fields, kept)


def _keep_form(query: QueryParams) -> _Form:
    """Return the form of an address with mistakes, as it was filled in."""
    written = [
        (name, text)
        for name, text in query.multi_items()
        if text and name not in PAGE_FIELDS and not name.startswith(_FIELDS)
    ]
    return _Form({name: query.getlist(name) for name in query}, written=written)


def _refill_form(query: QueryParams, reader: FieldReader, knowledge: KnowledgeBase) -> _Form:
    """Return the form of an address with mistakes, with each beside its field."""
    # c.number-countries=must  b.number-countries=many  ->  b-number-countries: the limit is not a number
    # c.fax=must  b.fax=>=3                             ->  c-fax: a capability has no field for a limit
    # needs=smz                                         ->  written-1: the form shows it as it was written
    form = _keep_form(query)
    places = {pair: f"written-{place}" for place, pair in enumerate(form.written, start=1)}
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
        reader.note(place, read_address, [(name, text), (f"b.{rest}", bound)], knowledge)
    return form._replace(faults=reader.faults)


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
    form: _Form,
    query: QueryParams,
    statement: Statement | None,
    mistakes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what the page shows: the form, and what is asked so far, or the `mistakes` if that is not known."""
    knowledge, words, fields = service.knowledge, query.get("q", ""), form.fields
    # Ids are not shown, so an order by id would look like none: `alert-channel` is "Alerts over other channels".
    by_label = sorted(knowledge.criteria.values(), key=lambda one: (one.area, one.label.casefold()))
    found = service.search(words) if words.strip() else by_label
    # What is asked for stays on the form although a search does not find it: the next update would drop it otherwise.
    asked = (name.removeprefix("c.") for name, texts in fields.items() if name.startswith("c.") and any(texts))
    readings = [explain_reading(text, knowledge) for text in query.getlist(READ_FIELD)]
    ticked = [knowledge.criteria[name] for name in asked if name in knowledge.criteria]
    shown = {criterion.id: criterion for criterion in (*found, *ticked)}
    # A mistake in one field can prevent others from being read, so their mistakes are listed here too.
    mistakes = tuple(dict.fromkeys([*mistakes, *(one for sentences in form.faults.values() for one in sentences)]))
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
        "kept": form.kept,
        "written": form.written,
        "pasted": query.get(PASTED_FIELD, ""),
        "lists": query.getlist(READ_FIELD),
        "read": [line for lines, _ in readings for line in lines],
        "headings": [heading for _, headings in readings for heading in headings],
        "reading": _write_reading(query),
        "says": dict(CHOICES),
        **show_so_far(service, statement, mistakes),
        "is_page": True,
        "faults": form.faults,
    }


def _find_situations(words: str, knowledge: KnowledgeBase) -> list[str]:
    """Return the labels of situation answers that words may mean."""
    found = knowledge.search_index.search(words) if words.strip() else ()
    answers = [(entry.label, entry.id.partition("=")[2]) for entry in found if entry.kind == "situation"]
    return [f"{label}: {knowledge.spell_id(value)}" for label, value in answers]
