"""The pages that answer a team: the start page, the form, answers, the questionnaire and the card to embed.

Each shows what its URL says, works without scripts, and stores nothing on the server.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.faces.report.html import report_values
from provider_advisor.faces.report.markdown import markdown_report
from provider_advisor.faces.web.address import AddressQuestion, read_address, write_address
from provider_advisor.faces.web.choose import list_asked, show_choose, show_ranking
from provider_advisor.faces.web.guard import POLICY, wants_page
from provider_advisor.faces.web.questionnaire_page import (
    answer_form,
    list_changed,
    make_catalogue,
    quote_answers,
    read_answers_address,
    read_change,
    show_ask,
    write_fields,
)
from provider_advisor.faces.web.responses import (
    FieldError,
    JsonResponse,
    list_mistakes,
    render,
    respond_problem,
    show_error,
    show_page,
    show_refusal,
)
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.questionnaire import Screen, choose_screen, go_on
from provider_advisor.questionnaire.state import State
from provider_advisor.recommendation import Recommendation

_OWN = {"q", "sure"}
"""Query parameters that only the page reads, not the question."""


_MOST_FIELDS = 10_000

_ROUTES = (
    ("/", "home"),
    ("/choose", "choose"),
    ("/answer", "answer"),
    ("/answer{form}", "answer"),
    ("/ask", "ask"),
    ("/ask/next", "ask_next"),
    ("/embed", "card"),
)


def make_answer_pages(service: KnowledgeService) -> APIRouter:
    """Return the routes of these pages."""
    router, pages = APIRouter(include_in_schema=False), AnswerPages(service)
    for path, name in _ROUTES:
        router.add_api_route(path, getattr(pages, name), response_model=None)
    router.add_api_route("/choose", pages.fill_choose, methods=["POST"], response_model=None)
    return router


class AnswerPages:
    """The start page, the form, answers and the questionnaire, for one service."""

    def __init__(self, service: KnowledgeService) -> None:
        self._service, self._show = service, partial(show_page, service)

    def _read(self, request: Request) -> AddressQuestion:
        return read_address(request.query_params.multi_items(), self._service.knowledge, _OWN)

    def _canonical(self, request: Request, asked: AddressQuestion) -> str:
        """Return the canonical query of a question, with the parameters that only the page reads."""
        own = [(name, text) for name, text in request.query_params.multi_items() if name in _OWN and text]
        parts = (write_address(asked.statement, self._service.knowledge), urlencode(own))
        return "&".join(filter(None, parts))

    def home(self) -> Response:
        """Show the start page with its three entry points."""
        return self._show("home.html.j2", "Which communications provider fits?", indexed=True, examples=EXAMPLES)

    def choose(self, request: Request) -> Response:
        """Show the form with all criteria, and the ranking for those ticked."""
        is_part, is_sure = _is_fragment(request), request.query_params.get("sure") == "1"
        try:
            asked = self._read(request)
        except AdvisorError as error:
            if is_part:
                values = show_ranking(self._service, None, list_mistakes(error), is_sure=False)
                return HTMLResponse(render("live.html.j2", **values), 422)
            values = show_choose(self._service, None, request, list_mistakes(error))
            return self._show("choose.html.j2", "Choose", 422, **values)
        address = self._canonical(request, asked)
        if is_part:
            values = show_ranking(self._service, asked.statement, (), is_sure=is_sure)
            page = render("sure_line.html.j2" if is_sure else "live.html.j2", **values)
            return HTMLResponse(page, headers={"X-Address": f"/choose?{address}"})
        if not _is_canonical(address, request):
            return RedirectResponse(f"/choose?{address}", 303)
        return self._show("choose.html.j2", "Choose", **show_choose(self._service, asked.statement, request, ()))

    async def fill_choose(self, request: Request) -> Response:
        """Redirect a submitted form, which has a field for each criterion, to a URL with only the filled-in ones."""
        fields = parse_qsl((await request.body()).decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
        return RedirectResponse(f"/choose?{urlencode(fields)}", 303)

    def answer(self, request: Request, form: str = "") -> Response:
        """Show an answer, or return it as JSON or Markdown."""
        if form not in {"", ".json", ".md"}:
            return show_error(self._service, 404)
        try:
            asked = self._read(request)
        except AdvisorError as error:
            if form and not wants_page(request.scope):
                return respond_problem(HTTPStatus.UNPROCESSABLE_ENTITY, list_mistakes(error))
            mend = f"/choose?{request.url.query}"
            return show_refusal(self._service, "The question cannot be answered", wrong=error, mend=mend)
        address = self._canonical(request, asked)
        if not _is_canonical(address, request):
            return RedirectResponse(f"/answer{form}?{address}", 303)
        found = self._service.recommend(asked.statement, sure=request.query_params.get("sure") == "1")
        return self._show_answer(found, form, is_part=_is_fragment(request))

    def _show_answer(self, found: Recommendation, form: str, *, is_part: bool) -> Response:
        """Return an answer in one of its forms, or the part of its page that says how sure it is."""
        if form == ".json":
            return JsonResponse(found.short_record)
        knowledge = found.decision.facts.knowledge
        if form == ".md":
            return Response(markdown_report(found.explanation, knowledge), media_type="text/markdown; charset=utf-8")
        values = report_values(found.explanation, knowledge)
        if is_part:
            return HTMLResponse(render("sure_part.html.j2", **values))
        address = write_address(found.statement, self._service.knowledge)
        wanted = [f"{part.label} ({part.says})" for part in list_asked(found.statement, self._service)]
        values["context"] = [*([("Asked for", wanted)] if wanted else []), *values["context"]]
        return self._show("answer.html.j2", **values, address=address, is_sure=found.robustness)

    def card(self, request: Request) -> Response:
        """Show only the verdict, for a frame on another page; no other page of ours may be framed."""
        try:
            statement = self._read(request).statement
        except RequirementsError as error:
            return show_refusal(self._service, "The question cannot be read", wrong=error)
        found = self._service.recommend(statement)
        values = report_values(found.explanation, found.decision.facts.knowledge)
        page = self._show("embed.html.j2", **values, address=write_address(statement, self._service.knowledge))
        page.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
        return page

    def ask(self, a: str = "", change: str = "", was: str = "", more: str = "") -> Response:
        """Show the next screen of the questionnaire or its end, or the question whose answer is to be changed.

        `was` are the answers of a screen that somebody went back to; with `more`, questions continue although no answer
        can change the verdict.
        """
        try:
            state = self._read_answers(a, more)
            key, fields = read_change(change, state), write_fields(read_answers_address(was, state.catalogue))
        except RequirementsError as error:
            return show_refusal(self._service, "The answers cannot be read", wrong=error)
        return self._show("ask.html.j2", "Questionnaire", **show_ask(state, self._service, fields, key))

    def _read_answers(self, a: str, more: str) -> State:
        state = read_answers_address(a, make_catalogue(self._service))
        return go_on(state) if more else state

    def ask_next(self, request: Request) -> Response:
        """Add the answers of a form, and redirect to the URL that contains them."""
        fields: dict[str, list[str]] = {}
        for name, text in request.query_params.multi_items():
            fields.setdefault(name, []).append(text)
        state = self._read_answers(fields.get("a", [""])[-1], more := fields.get("more", [""])[-1])
        key = read_change(fields.get("change", [""])[-1], state)
        try:
            screen = Screen("list", list_changed(state, key)) if key else choose_screen(state)
            after = answer_form(state, screen, fields) if isinstance(screen, Screen) else state
        except FieldError as error:
            values = show_ask(state, self._service, fields, key)
            return self._show("ask.html.j2", "Questionnaire", wrong=error, **values)
        return RedirectResponse(f"/ask?a={quote_answers(after)}{'&more=1' if more else ''}", 303)


EXAMPLES = (
    ("A support team that texts and calls", "needs=sms,voice-api&wants=whatsapp,call-recording"),
    ("A school that teaches by video", "needs=video-api&wants=whiteboard&situation.use-cases=tutoring"),
    (
        "A company that sends 100,000 login codes a month",
        "needs=sms&situation.use-cases=authentication&usage.sms-outbound=100000",
    ),
)


def _is_fragment(request: Request) -> bool:
    """Return whether a script requests only the part of a page that changes with each tick."""
    return request.headers.get("x-fragment") == "1"


def _is_canonical(address: str, request: Request) -> bool:
    """Return whether a request used the canonical address of its question, however it is escaped."""
    return parse_qsl(address) == request.query_params.multi_items()
