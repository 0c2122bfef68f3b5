"""The start page, and pages on one question: the answer, what to ask the providers, the card to embed.

Each shows what its URL asks, and stores nothing on the server. The form is in `choose_page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from provider_advisor.errors import AdvisorError
from provider_advisor.explanation.answer_records import AnswerRecord
from provider_advisor.faces.report.html import report_values
from provider_advisor.faces.report.letters import ALSO, FOR_BUYER, KEEP, NOTHING_TO_ASK, make_letters, write_letters
from provider_advisor.faces.report.markdown import markdown_report
from provider_advisor.faces.report.rows_and_sources import CitedSources, build_rows, rank_providers
from provider_advisor.faces.text import clean_texts
from provider_advisor.faces.web.address import PAGE_FIELDS, is_canonical, write_address, write_page_address
from provider_advisor.faces.web.batch_files import OUTPUTS
from provider_advisor.faces.web.guard import POLICY
from provider_advisor.faces.web.question_so_far import list_asked
from provider_advisor.faces.web.request_reading import asks_how_sure, read_question
from provider_advisor.faces.web.responses import (
    JsonResponse,
    get_form,
    is_fragment,
    render,
    show_page,
    show_refusal,
    wants_page,
    write_csv,
)
from provider_advisor.faces.web.service import Service
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.recommendation import Recommendation

EXAMPLES = (
    ("A support team that texts and calls", "needs=sms,voice-api&wants=whatsapp,call-recording"),
    ("A school that teaches by video", "needs=video-api&wants=whiteboard&situation.use-cases=tutoring"),
    (
        "A company that sends 100,000 login codes a month",
        "needs=sms&situation.use-cases=authentication&usage.sms-outbound=100000",
    ),
)

_LETTER_TYPES = {".txt": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8", ".xlsx": OUTPUTS["xlsx"]}

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_home(service: Service) -> Response:
    """Show the start page with its three entry points."""
    return show_page(service, "home.html.j2", "Which communications provider fits?", indexed=True, examples=EXAMPLES)


@router.get("/answer")
@router.get("/answer.json")
@router.get("/answer.md")
@router.get("/answer.csv")
def show_answer(request: Request, service: Service) -> Response:
    """Show an answer, or return it as JSON, Markdown or CSV; a fragment is the part that says how sure it is."""
    query, form = request.query_params, get_form(request)
    try:
        asked, is_sure = read_question(request, service, *PAGE_FIELDS), asks_how_sure(query)
    except AdvisorError as error:
        if form and not wants_page(request.scope):
            raise
        mend = f"/choose?{request.url.query}"
        return show_refusal(service, "The question cannot be answered", wrong=error, mend=mend)
    address = write_page_address(asked, service.knowledge, query)
    # One question, one address: all who share, store or cache the answer find the same.
    if not is_canonical(address, query):
        return RedirectResponse(f"/answer{form}?{address}", 303)
    found = service.recommend(asked.statement, sure=is_sure)
    knowledge = found.decision.facts.knowledge
    if form:
        return _write_form(form, found, knowledge)
    values = report_values(found.explanation, knowledge)
    if is_fragment(request):
        return HTMLResponse(render("sure_part.html.j2", **values))
    wanted = [f"{part.label} ({part.says})" for part in list_asked(found.statement, knowledge)]
    values["context"] = [*([("Asked for", wanted)] if wanted else []), *values["context"]]
    address = write_address(found.statement, service.knowledge)
    compared = _write_comparison(found)
    return show_page(service, "answer.html.j2", **values, address=address, compared=compared, is_sure=found.robustness)


def _write_comparison(found: Recommendation) -> str:
    """Return the query of the page that compares the providers between which an answer does not choose, if any."""
    among, day = found.decision.outcome.verdict.among, found.statement.as_of
    if len(among) < 2:  # noqa: PLR2004
        return ""
    dated = {} if day is None else {"as_of": day.isoformat()}
    return urlencode({"providers": ",".join(among), "only": "differences"} | dated, safe=",")


def _write_form(form: str, found: Recommendation, knowledge: KnowledgeBase) -> Response:
    if form == ".json":
        return JsonResponse(found.short_record)
    if form == ".csv":
        return write_csv(_list_cells(found.explanation, knowledge))
    return Response(markdown_report(found.explanation, knowledge), media_type="text/markdown; charset=utf-8")


def _list_cells(answer: AnswerRecord, knowledge: KnowledgeBase) -> Iterator[list[str]]:
    """Yield the table of who meets what, for a spreadsheet: with all providers, where the page shows the best few."""
    providers = rank_providers(answer.providers)
    yield ["Asked for", "Priority", "Weight", *(one.name for one in providers)]
    for row in build_rows(answer, knowledge, CitedSources(answer), providers):
        cells = (f"{cell.word}: {cell.amount}" if cell.amount else cell.word for cell in row.cells)
        yield [row.label, row.priority, row.weight, *cells]
    yield from ([wish.text, wish.priority, "", *["not judged"] * len(providers)] for wish in answer.unlisted)
    yield ["Standing", "", "", *(one.standing for one in providers)]
    yield ["Score", "", "", *(one.score_text for one in providers)]


@router.get("/questions")
@router.get("/questions.txt")
@router.get("/questions.md")
@router.get("/questions.xlsx")
def show_letters(request: Request, service: Service) -> Response:
    """Show what to ask each provider, as `--format questions` writes it, or return it as a file."""
    form, knowledge = get_form(request), service.knowledge
    statement = read_question(request, service).statement
    # With a must that is not judged, no provider's reply could make the answer firm.
    judged = statement._replace(team=statement.team._replace(unlisted=()))
    unlisted = service.recommend(statement).explanation.unlisted
    letters = make_letters(service.recommend(judged, sure=True, brief=True).explanation, unlisted, knowledge)
    if form:
        headers = {"Content-Disposition": f'attachment; filename="questions{form}"'}
        return Response(write_letters(letters, form), headers=headers, media_type=_LETTER_TYPES[form])
    return show_page(
        service,
        "letters.html.j2",
        "Questions to the providers",
        letters=clean_texts(letters),
        nothing=NOTHING_TO_ASK,
        also=ALSO,
        for_buyer=FOR_BUYER,
        keep=KEEP,
        address=write_address(statement, knowledge),
    )


@router.get("/embed")
def show_card(request: Request, service: Service) -> Response:
    """Show only the verdict, for a frame on another page; no other page of ours may be framed."""
    statement = read_question(request, service).statement
    found = service.recommend(statement)
    values = report_values(found.explanation, found.decision.facts.knowledge)
    page = show_page(service, "embed.html.j2", **values, address=write_address(statement, service.knowledge))
    page.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    return page
