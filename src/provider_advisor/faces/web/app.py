"""The web application: pages, API and health checks behind one guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles

from provider_advisor.errors import AdvisorError
from provider_advisor.faces.web.answer_cache import AnswerCache, make_sent_answers
from provider_advisor.faces.web.answer_pages import make_answer_pages
from provider_advisor.faces.web.api import add_schemas, make_api, make_contract_page
from provider_advisor.faces.web.api_ask import make_ask_api
from provider_advisor.faces.web.api_runs import make_run_api
from provider_advisor.faces.web.assistants import AssistantDoor
from provider_advisor.faces.web.batch_pages import make_batch_pages
from provider_advisor.faces.web.fact_pages import make_fact_pages
from provider_advisor.faces.web.guard import Guard, ProblemPages, SizeLimit, Traffic, wants_page
from provider_advisor.faces.web.knowledge_pages import make_knowledge_pages
from provider_advisor.faces.web.responses import (
    JsonResponse,
    describe_shape,
    get_status,
    list_mistakes,
    respond_problem,
    show_error,
)
from provider_advisor.faces.web.rule_pages import make_rule_pages
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.faces.web.settings import ServeSettings
from provider_advisor.faces.web.watch import Watching, make_keeper_page
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.version import __version__

if TYPE_CHECKING:  # imports a database library that only a server with a store needs
    from provider_advisor.store import DecisionStore


def create_app(
    knowledge: KnowledgeBase,
    settings: ServeSettings | None = None,
    store: DecisionStore | None = None,
    watching: Watching | None = None,
    runs: RunFolder | None = None,
) -> FastAPI:
    """Return the application on a knowledge base that `load` has read.

    It keeps nothing between requests but answers of the day, in memory; the decisions that people keep in the store,
    where there is one; and for an hour the files of many teams, which processes of their own answer from the same
    folders of facts and rules.
    """
    service = KnowledgeService(knowledge, keeps=store is not None, watches=watching is not None)
    settings = settings or ServeSettings()
    app = FastAPI(
        title="recommend",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        generate_unique_id_function=lambda route: route.name,  # the name in generated clients
        redirect_slashes=False,  # a redirect would lead to the host named in the request
        lifespan=lambda _: _limit_threads(settings.threads),
    )
    app.include_router(make_api(service))
    app.include_router(make_answer_pages(service))
    app.include_router(make_knowledge_pages(service))
    app.include_router(make_rule_pages(service))
    if watching is not None:
        app.include_router(make_keeper_page(service, watching))
    runs = runs or RunFolder()
    app.include_router(make_ask_api(service))
    app.include_router(make_run_api(service, runs))
    app.include_router(make_batch_pages(service, runs))
    # On GET, the protocol's library would open a stream of events that never come, until the time limit.
    app.router.routes.append(Route("/mcp", AssistantDoor(knowledge, runs), methods=["POST"]))
    if store is not None:
        from provider_advisor.faces.web import saved_decisions  # noqa: PLC0415 (as above)

        app.include_router(saved_decisions.make_decision_api(service, store))
        app.include_router(saved_decisions.make_decision_pages(service, store))
    app.mount("/static", _StaticFiles(directory=str(files("provider_advisor.faces.web") / "static")))
    _add_operations(app, service, settings)
    _add_errors(app, service)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes, description=_ABOUT)
            document["servers"] = [{"url": settings.root or "/"}]
            app.openapi_schema = add_schemas(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    app.include_router(make_contract_page(service, openapi))
    app.include_router(make_fact_pages(service))

    # The middleware added last runs first. From the outside in: error pages replace any refusal; the guard checks the
    # host before anything is looked up, and adds its headers to refusals too; the log and the rate limit count every
    # request; a body is read within the time limit, and its size is checked before it is parsed; the cache is outside
    # of gzip, so that each answer is compressed once.
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    edition = f"{knowledge.fingerprint} {__version__} {settings.root} {service.keeps} {service.watches}"
    app.state.sent = make_sent_answers(settings.cache)
    app.add_middleware(AnswerCache, edition=edition, sent=app.state.sent)
    app.add_middleware(SizeLimit, settings=settings)
    app.add_middleware(Traffic, settings=settings)
    app.add_middleware(Guard, fingerprint=knowledge.fingerprint, settings=settings)
    app.add_middleware(ProblemPages, show=partial(show_error, service))
    return app


@asynccontextmanager
async def _limit_threads(most: int) -> AsyncIterator[None]:
    """Limit the number of threads: more would only compete for the interpreter's lock."""
    current_default_thread_limiter().total_tokens = most
    yield


_ABOUT = "Recommends a provider from sourced facts and weighted rules, proves the answer, and says what is not known."


class _StaticFiles(StaticFiles):
    """The styles and scripts of the pages; the style of reports is read from its own folder."""

    async def get_response(self, path: str, scope: Any) -> Response:  # noqa: ANN401 (Starlette's)
        """Return a file."""
        if path in {"report.css", "batch.css"}:
            text = (files("provider_advisor.faces.report") / "templates" / path).read_text(encoding="utf-8")
            return Response(text, media_type="text/css; charset=utf-8")
        return await super().get_response(path, scope)


def _add_operations(app: FastAPI, service: KnowledgeService, settings: ServeSettings) -> None:
    @app.get("/-/live", include_in_schema=False)
    async def live() -> Response:
        return PlainTextResponse("alive\n")

    @app.get("/-/ready", include_in_schema=False)
    def ready() -> Response:
        """Answer a fixed question with the rule engine, so that ready means able to answer."""
        first = next(iter(service.knowledge.criteria))
        service.recommend(service.read({"needs": [first]}))
        return PlainTextResponse("ready\n")

    @app.get("/-/versions", include_in_schema=False)
    def versions() -> Response:
        knowledge = service.knowledge
        return JsonResponse(
            {"recommend": __version__, "fingerprint": knowledge.fingerprint, "read_from": knowledge.read_from}
        )

    @app.get("/-/settings", include_in_schema=False)
    def show_settings() -> Response:
        return JsonResponse(settings._asdict())

    @app.get("/robots.txt", include_in_schema=False)
    def robots() -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /answer\nDisallow: /ask\nDisallow: /choose\nDisallow: /d/\n")


def _add_errors(app: FastAPI, service: KnowledgeService) -> None:
    def respond(request: Request, status: int, sentences: Sequence[str]) -> Response:
        """Answer a program with a problem, and a person with a page."""
        show = partial(show_error, service) if wants_page(request.scope) else respond_problem
        return show(status, sentences)

    @app.exception_handler(AdvisorError)
    def refuse(request: Request, error: AdvisorError) -> Response:
        return respond(request, get_status(error), list_mistakes(error))

    @app.exception_handler(RequestValidationError)
    def refuse_shape(request: Request, error: RequestValidationError) -> Response:
        return respond(request, HTTPStatus.UNPROCESSABLE_ENTITY, [*map(describe_shape, error.errors())])

    @app.exception_handler(HTTPException)
    def refuse_other(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = _list_methods(app, request)
            sentence = f"{request.method} is not possible here; use {' or '.join(allowed)}."
            found = respond(request, error.status_code, [sentence])
            found.headers["Allow"] = ", ".join(allowed)  # RFC 9110 (15.5.6) demands it
            return found
        is_missing = error.status_code == HTTPStatus.NOT_FOUND
        sentence = "There is nothing at this address." if is_missing else f"{error.detail}."
        return respond(request, error.status_code, [sentence])


def _list_methods(app: FastAPI, request: Request) -> list[str]:
    """Return the methods that some route takes at the address of a request: one path may have several routes."""
    tried = ({**request.scope, "method": method} for method in ("GET", "POST", "DELETE"))
    found = [scope["method"] for scope in tried if any(route.matches(scope)[0] is Match.FULL for route in app.routes)]
    if found and found[0] != "GET":
        return found
    return ["GET", "HEAD", *found[1:]]  # everything that has GET has HEAD too, but the routes of files do not say so
