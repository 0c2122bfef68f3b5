"""The web application: pages, API and health checks behind one guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles

from provider_advisor.errors import AdvisorError
from provider_advisor.explanation.words import join_any
from provider_advisor.faces.web import (
    answer_pages,
    api,
    batch_pages,
    choose_page,
    fact_tables,
    knowledge_pages,
    questionnaire,
    questionnaire_api,
    rule_pages,
    watch,
)
from provider_advisor.faces.web.answer_cache import AnswerCache, make_sent_answers
from provider_advisor.faces.web.assistants import AssistantDoor
from provider_advisor.faces.web.error_sentences import describe_fault, list_mistakes
from provider_advisor.faces.web.guard import Guard
from provider_advisor.faces.web.responses import NOTHING_HERE, JsonResponse, get_status, refuse
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.faces.web.settings import ServeSettings
from provider_advisor.faces.web.watch import Watching
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.version import __version__

if TYPE_CHECKING:  # imports a database library that only a server with a store needs
    from provider_advisor.store import DecisionStore


_ABOUT = "Recommends a provider from sourced facts and weighted rules, proves the answer, and says what is not known."

operations = APIRouter(include_in_schema=False)


@operations.get("/-/live")
async def check_life() -> Response:
    """Answer while the process is alive."""
    return PlainTextResponse("alive\n")


@operations.get("/-/ready")
def check_readiness(service: Service) -> Response:
    """Answer a fixed question with the rule engine, so that ready means able to answer."""
    first = next(iter(service.knowledge.criteria))
    service.recommend(service.read({"needs": [first]}))
    return PlainTextResponse("ready\n")


@operations.get("/-/versions")
def show_versions(service: Service) -> Response:
    """Return the versions of the program and of the knowledge base."""
    knowledge = service.knowledge
    return JsonResponse(
        {"recommend": __version__, "fingerprint": knowledge.fingerprint, "read_from": knowledge.read_from}
    )


@operations.get("/-/settings")
def show_settings(request: Request) -> Response:
    """Return the limits and other settings of this worker."""
    return JsonResponse(request.app.state.settings._asdict())


@operations.get("/robots.txt")
def show_robots() -> Response:
    """Keep search engines away from pages that exist once for each question."""
    return PlainTextResponse(
        "User-agent: *\nDisallow: /answer\nDisallow: /questions\nDisallow: /ask\nDisallow: /choose\nDisallow: /d/\n"
    )


async def refuse_mistake(request: Request, error: AdvisorError) -> Response:
    """Answer what the library refused."""
    return refuse(request.scope, get_status(error), list_mistakes(error))


async def refuse_shape(request: Request, error: RequestValidationError) -> Response:
    """Answer a request whose fields or body have the wrong shape."""
    return refuse(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, [*map(describe_fault, error.errors())])


async def refuse_address(request: Request, error: HTTPException) -> Response:
    """Answer a request that no route takes."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = _list_methods(request)
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join((*allowed, "OPTIONS"))})
        sentence = f"{request.method} is not possible here; use {join_any(allowed)}."
        # RFC 9110 (15.5.6) demands the header.
        return refuse(request.scope, error.status_code, [sentence], {"Allow": ", ".join(allowed)})
    is_missing = error.status_code == HTTPStatus.NOT_FOUND
    sentence = NOTHING_HERE if is_missing else f"{error.detail.removesuffix('.')}."
    return refuse(request.scope, error.status_code, [sentence])


def _list_methods(request: Request) -> list[str]:
    """Return the methods that some route takes at the address of a request: one path may have several routes."""
    tried = ({**request.scope, "method": method} for method in ("GET", "POST", "DELETE"))
    routes = request.app.routes
    found = [scope["method"] for scope in tried if any(route.matches(scope)[0] is Match.FULL for route in routes)]
    if found and found[0] != "GET":
        return found
    return ["GET", "HEAD", *found[1:]]  # everything that has GET has HEAD too, but the routes of files do not say so


_ROUTERS = (
    operations,
    api.router,
    api.questions,
    questionnaire_api.router,
    batch_pages.api,
    answer_pages.router,
    choose_page.router,
    questionnaire.router,
    knowledge_pages.router,
    fact_tables.router,
    rule_pages.router,
    batch_pages.router,
    api.contract_page,
)


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
    settings = settings or ServeSettings()
    app = FastAPI(
        title="recommend",
        version=__version__,
        description=_ABOUT,
        servers=[{"url": settings.root or "/"}],
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        generate_unique_id_function=lambda route: route.name,  # the name in generated clients
        redirect_slashes=False,  # a redirect would lead to the host named in the request
        lifespan=lambda _: _limit_threads(settings.threads),
        exception_handlers={
            AdvisorError: refuse_mistake,
            RequestValidationError: refuse_shape,
            HTTPException: refuse_address,
        },
    )
    # What the parameters `Service`, `Runs` and `Store` of routes find.
    state, service = app.state, KnowledgeService(knowledge, keeps=store is not None, watches=watching is not None)
    state.service, state.settings, state.store, state.watching = service, settings, store, watching
    state.runs, state.sent = runs or RunFolder(), make_sent_answers(settings.cache)
    for router in _ROUTERS:
        app.include_router(router)
    if watching is not None:
        app.include_router(watch.router)
    if store is not None:
        from provider_advisor.faces.web import saved_decisions  # noqa: PLC0415 (as above)

        app.include_router(saved_decisions.api)
        app.include_router(saved_decisions.router)
    # On GET, the protocol's library would open a stream of events that never come, until the time limit.
    app.router.routes.append(Route("/mcp", AssistantDoor(knowledge, state.runs), methods=["POST"]))
    app.mount(
        "/static",
        StaticFiles(packages=[("provider_advisor.faces.web", "static"), ("provider_advisor.faces.report", "styles")]),
    )
    make_contract = app.openapi
    app.openapi = cache(lambda: api.complete_contract(make_contract(), knowledge))  # type: ignore[method-assign]

    # The middleware added last runs first. The cache is outside of gzip, so that each answer is compressed once.
    app.add_middleware(GZipMiddleware, minimum_size=1_000)
    edition = f"{knowledge.fingerprint} {__version__} {settings.root} {service.keeps} {service.watches}"
    app.add_middleware(AnswerCache, edition=edition, sent=state.sent)
    app.add_middleware(Guard, settings=settings)
    return app


@asynccontextmanager
async def _limit_threads(most: int) -> AsyncIterator[None]:
    """Limit the number of threads: more would only compete for the interpreter's lock."""
    current_default_thread_limiter().total_tokens = most
    yield
