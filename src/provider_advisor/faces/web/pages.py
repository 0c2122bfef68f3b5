"""The pages: each shows what its address says, works without scripts, and keeps nothing on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.faces.cli.compare import fact_text
from provider_advisor.faces.report.html import report_values
from provider_advisor.faces.report.markdown import markdown_report
from provider_advisor.faces.web.address import AddressQuestion, read_address, write_address
from provider_advisor.faces.web.api import JsonResponse, compare_records, read_day, split_names
from provider_advisor.faces.web.ask_address import (
    answer_form,
    list_changed,
    read_answers_address,
    read_change,
    write_answers_address,
)
from provider_advisor.faces.web.ask_view import make_catalogue, show_ask
from provider_advisor.faces.web.choose_view import list_asked, show_choose, show_ranking
from provider_advisor.faces.web.facts_view import list_areas, show_claims, show_row, write_csv
from provider_advisor.faces.web.problems import FieldError, list_mistakes, read_fields
from provider_advisor.faces.web.service import KnowledgeService, describe_place
from provider_advisor.faces.web.templating import render, show_page
from provider_advisor.inference.infer import infer
from provider_advisor.knowledge import Criterion, Fact
from provider_advisor.questionnaire.screens import Screen, choose_screen
from provider_advisor.recommendation import Recommendation

__all__ = ["EXAMPLES", "make_pages", "show_error"]

_OWN = {"q", "sure"}
"""Names in the query of a question that a page reads itself."""


_MOST_FIELDS = 10_000

_ROUTES = (
    ("/", "home"),
    ("/choose", "choose"),
    ("/answer", "answer"),
    ("/answer{form}", "answer"),
    ("/compare", "compare"),
    ("/compare{form}", "compare"),
    ("/criteria", "criteria"),
    ("/criteria/{name}", "criterion"),
    ("/providers/{name}", "provider"),
    ("/sources/{name}", "source"),
    ("/rules", "rules"),
    ("/ask", "ask"),
    ("/ask/next", "ask_next"),
)


def make_pages(service: KnowledgeService) -> APIRouter:
    """Return the routes of all pages."""
    router, pages = APIRouter(include_in_schema=False), Pages(service)
    for path, name in _ROUTES:
        router.add_api_route(path, getattr(pages, name), response_model=None)
    router.add_api_route("/choose", pages.fill_choose, methods=["POST"], response_model=None)
    return router


class Pages:
    """All pages, on one service."""

    def __init__(self, service: KnowledgeService) -> None:
        self._service = service

    def show(self, name: str, title: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
        """Return a page from the template of that name, with what every page says."""
        return show_page(self._service, name, title, status, **values)

    def _read(self, request: Request) -> AddressQuestion:
        return read_address(request.query_params.multi_items(), self._service.knowledge, _OWN)

    def _canonical(self, request: Request, asked: AddressQuestion) -> str:
        """Return the one query for what is asked, with what the page reads itself."""
        own = [(name, text) for name, text in request.query_params.multi_items() if name in _OWN and text]
        parts = (write_address(asked.statement, self._service.knowledge), urlencode(own))
        return "&".join(filter(None, parts))

    def home(self) -> Response:
        """Show the three ways in."""
        return self.show("home.html.j2", "Which communications provider fits?", indexed=True, examples=EXAMPLES)

    def choose(self, request: Request) -> Response:
        """Show what can be asked for, and the ranking for what is ticked."""
        is_part, is_sure = _is_fragment(request), request.query_params.get("sure") == "1"
        try:
            asked = self._read(request)
        except AdvisorError as error:
            if is_part:
                values = show_ranking(self._service, None, list_mistakes(error), is_sure=False)
                return HTMLResponse(render("live.html.j2", **values), 422)
            values = show_choose(self._service, None, request, list_mistakes(error))
            return self.show("choose.html.j2", "Choose", 422, **values)
        address = self._canonical(request, asked)
        if is_part:
            values = show_ranking(self._service, asked.statement, (), is_sure=is_sure)
            page = render("sure_line.html.j2" if is_sure else "live.html.j2", **values)
            return HTMLResponse(page, headers={"X-Address": f"/choose?{address}"})
        if not _is_canonical(address, request):
            return RedirectResponse(f"/choose?{address}", 303)
        return self.show("choose.html.j2", "Choose", **show_choose(self._service, asked.statement, request, ()))

    async def fill_choose(self, request: Request) -> Response:
        """Lead from the form, which has a field for each criterion, to the address with those that say something."""
        fields = parse_qsl((await request.body()).decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
        return RedirectResponse(f"/choose?{urlencode(fields)}", 303)

    def answer(self, request: Request, form: str = "") -> Response:
        """Show an answer, or return it as JSON or Markdown."""
        if form not in {"", ".json", ".md"}:
            return show_error(self._service, 404)
        try:
            asked = self._read(request)
        except AdvisorError as error:
            return self.show(
                "plain.html.j2",
                "The question cannot be answered",
                422,
                mistakes=list_mistakes(error),
                heading="The question cannot be answered",
                mend=f"/choose?{request.url.query}",
            )
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
        return self.show("answer.html.j2", **values, address=address, is_sure=found.robustness)

    def compare(self, request: Request, form: str = "") -> Response:
        """Show providers side by side, or return the same rows as JSON or CSV."""
        if form not in {"", ".json", ".csv"}:
            return show_error(self._service, 404)
        query = request.query_params
        names = [*query.getlist("p"), *split_names(query.get("providers", ""))]
        area, only = query.get("area") or None, query.get("only", "")
        chosen: list[str] = []
        rows: list[tuple[Criterion, list[Fact]]] = []
        mistakes: Sequence[str] = ()
        faults: Mapping[str, Sequence[str]] = {}
        try:
            asked = read_fields(
                {
                    "providers": lambda: [self._service.find_provider(name) for name in names],
                    "area": lambda: self._service.check_area(area),
                    "as_of": lambda: read_day(query.get("as_of")),
                }
            )
            if form == ".json":
                return JsonResponse(compare_records(self._service, names, area, asked["as_of"], only))
            chosen, rows = self._service.compare(names, area, asked["as_of"], differences=only == "differences")
        except RequirementsError as error:
            if form:
                raise
            mistakes, faults = list_mistakes(error), getattr(error, "faults", {})
        knowledge = self._service.knowledge
        labels = [knowledge.providers[name].name for name in chosen]
        if form:
            table = [[criterion.id, *(fact_text(fact, criterion) for fact in found)] for criterion, found in rows]
            return write_csv([["criterion", *chosen], *table])
        fields = {"providers": ",".join(names), "area": area or "", "only": only, "as_of": query.get("as_of", "")}
        return self.show(
            "compare.html.j2",
            "Compare",
            422 if mistakes else 200,
            mistakes=mistakes,
            faults=faults,
            options=[
                (one.id, one.name, bool(names) and one.id in {*names, *chosen}) for one in knowledge.providers.values()
            ],
            areas=list_areas(knowledge),
            area=area,
            given_day=query.get("as_of", ""),
            differences=only == "differences",
            names=labels,
            rows=[show_row(criterion, found, self._service) for criterion, found in rows],
            address=urlencode({name: text for name, text in fields.items() if text}),
        )

    def criteria(self, q: str = "", area: str = "") -> Response:
        """Show what can be asked for, or what words may mean, in all areas or in one."""
        knowledge, mistakes = self._service.knowledge, tuple[str, ...]()
        try:
            self._service.check_area(area)
        except RequirementsError as error:
            mistakes, area = list_mistakes(error), ""
        anywhere = self._service.search(q[:200])
        found = [one for one in anywhere if area in {"", one.area}]
        unfound = "Nothing is found in this area." if anywhere else self._service.explain_unfound(q[:200])
        return self.show(
            "criteria.html.j2",
            "Criteria",
            422 if mistakes else 200,
            mistakes=mistakes,
            q=q,
            area=area,
            areas=list_areas(knowledge),
            found=found,
            unfound="" if found else unfound,
        )

    def criterion(self, name: str) -> Response:
        """Show a criterion and what is known of each provider."""
        try:
            one = self._service.find_criterion(name)
        except RequirementsError as error:
            return self.show(
                "plain.html.j2", "Criterion", 404, mistakes=list_mistakes(error), heading="There is no such criterion"
            )
        knowledge, name = self._service.knowledge, one.id.partition("@")[0]
        kind = f"{one.kind}{f', in {one.unit}' if one.unit else ''}"
        lines = [one.question, f"Area: {one.area.replace('-', ' ')}. Kind: {kind}. Weight: {one.weight:g}."]
        lines += [f"Also called: {', '.join(one.aliases)}."] if one.aliases else []
        claims = list(show_claims(self._service, lambda claim: claim.criterion == name))
        told = {claim["provider"] for claim in claims}
        implied_by = [rule for rule in knowledge.rules.values() if one.id in {part.criterion for part in rule.implies}]
        return self.show(
            "facts.html.j2",
            one.label,
            heading=one.label,
            about="criterion",
            here="criteria",
            lines=lines,
            links=[("Ask for it", f"/choose?wants={quote(one.id)}")],
            rules=[(rule.id, rule.because) for rule in implied_by],
            claims=claims,
            silent=[known.name for known in knowledge.providers.values() if known.id not in told] if claims else [],
        )

    def provider(self, name: str) -> Response:
        """Show a provider and all that is claimed of it."""
        try:
            found = self._service.find_provider(name)
        except RequirementsError as error:
            return self.show(
                "plain.html.j2", "Provider", 404, mistakes=list_mistakes(error), heading="There is no such provider"
            )
        one = self._service.knowledge.providers[found]
        products = ", ".join(part.name for part in one.products.values())
        return self.show(
            "facts.html.j2",
            one.name,
            heading=one.name,
            about="provider",
            here="providers",
            lines=[f"Products: {products}."] if products else [],
            links=[
                ("Facts that are out of date", f"/facts?provider={quote(found)}&state=stale"),
                ("What is not known", f"/facts?provider={quote(found)}&state=unknown"),
            ],
            rules=(),
            silent=(),
            claims=list(show_claims(self._service, lambda claim: claim.provider == found)),
        )

    def source(self, name: str) -> Response:
        """Show a source and what it says."""
        one = self._service.knowledge.sources.get(name)
        if one is None:
            return self.show("plain.html.j2", "Source", 404, heading="There is no such source")
        published = f"published {one.published}" if one.published else "without a date"
        lines = [f"{one.publisher or 'No publisher named'}; {published}, read on {one.retrieved}."]
        lines += [f"Note: {one.note}."] if one.note else []
        lines += [f"No URL: {one.no_url}."] if one.no_url else []
        return self.show(
            "facts.html.j2",
            one.title,
            heading=one.title,
            about="source",
            here="sources",
            lines=lines,
            links=[("Open the source", one.url)] if one.url else [],
            rules=[
                (rule.id, rule.because)
                for rule in self._service.knowledge.rules.values()
                if name in {part.source for part in rule.rests_on}
            ],
            silent=(),
            claims=list(show_claims(self._service, lambda claim: claim.source == name)),
        )

    def rules(self, request: Request) -> Response:
        """Show the rules, and for a team in the address which of them fire."""
        knowledge, fired, address = self._service.knowledge, set(), ""
        if request.query_params:
            try:
                statement = self._read(request).statement
            except RequirementsError as error:
                heading = "The question cannot be read"
                return self.show("plain.html.j2", heading, 422, mistakes=list_mistakes(error), heading=heading)
            address = write_address(statement, knowledge)
            fired = {firing.rule.id for firing in infer(knowledge, statement.team).firings}
        found = [
            {
                "id": rule.id,
                "area": rule.area,
                "because": rule.because,
                "fires": rule.id in fired,
                "rests_on": [(part.source, f", {describe_place(part)}") for part in rule.rests_on],
            }
            for rule in sorted(knowledge.rules.values(), key=lambda rule: rule.id not in fired)
        ]
        return self.show("rules.html.j2", "Rules", rules=found, address=address, count=len(fired))

    def ask(self, a: str = "", change: str = "") -> Response:
        """Show the next screen of the questionnaire or its end, or the question whose answer is to be changed."""
        try:
            state = read_answers_address(a, make_catalogue(self._service))
            key = read_change(change, state)
        except RequirementsError as error:
            return self.show(
                "plain.html.j2",
                "Questionnaire",
                422,
                mistakes=list_mistakes(error),
                heading="The answers cannot be read",
            )
        return self.show("ask.html.j2", "Questionnaire", **show_ask(state, self._service, change=key))

    def ask_next(self, request: Request) -> Response:
        """Add the answers of a form, and go on to the address that holds them."""
        fields: dict[str, list[str]] = {}
        for name, text in request.query_params.multi_items():
            fields.setdefault(name, []).append(text)
        state = read_answers_address(fields.get("a", [""])[-1], make_catalogue(self._service))
        key = read_change(fields.get("change", [""])[-1], state)
        try:
            screen = Screen("list", list_changed(state, key)) if key else choose_screen(state)
            after = answer_form(state, screen, fields) if isinstance(screen, Screen) else state
        except FieldError as error:
            values = show_ask(state, self._service, fields, key)
            told = {"mistakes": error.problems, "faults": error.faults}
            return self.show("ask.html.j2", "Questionnaire", 422, **told, **values)
        return RedirectResponse(f"/ask?a={quote(write_answers_address(after), safe=':,~_.-')}", 303)


_HEADINGS = {
    403: "The form was not accepted",
    404: "There is no such page",
    405: "This page cannot be used like that",
    408: "The request took too long",
    413: "That is too much at once",
    414: "The address is too long",
    421: "Nothing is here under that name",
    422: "The request cannot be answered",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Try again later",
}
"""What a page says of a status."""

EXAMPLES = (
    ("A support team that texts and calls", "needs=sms,voice-api&wants=whatsapp,call-recording"),
    ("A school that teaches by video", "needs=video-api&wants=whiteboard&situation.use-cases=tutoring"),
    (
        "A company that sends 100,000 login codes a month",
        "needs=sms&situation.use-cases=authentication&usage.sms-outbound=100000",
    ),
)


def show_error(service: KnowledgeService, status: int, sentences: Sequence[str] = ()) -> HTMLResponse:
    """Return a page for a request that leads to none."""
    heading = _HEADINGS.get(status) or HTTPStatus(status).phrase
    said = () if status == HTTPStatus.NOT_FOUND else sentences
    is_missing = status == HTTPStatus.NOT_FOUND
    return show_page(service, "plain.html.j2", heading, status, mistakes=said, heading=heading, is_missing=is_missing)


def _is_fragment(request: Request) -> bool:
    """Return whether a script asks for the part of a page that follows what is ticked."""
    return request.headers.get("x-fragment") == "1"


def _is_canonical(address: str, request: Request) -> bool:
    """Return whether a request came to the one address of its question, however its characters are written."""
    return parse_qsl(address) == request.query_params.multi_items()
