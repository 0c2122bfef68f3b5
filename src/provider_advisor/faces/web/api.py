"""The JSON API: the same answers as the command's `--format json`, for programs.

A question comes as the query of an address, or as a requirements file in JSON. Its OpenAPI document is made from the
models that `recommend schema` publishes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Query, Request
from fastapi import Path as AddressPart
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from provider_advisor.errors import BusyError, RequirementsError
from provider_advisor.explanation.answer_schema import answer_schema
from provider_advisor.faces.compared_facts import check_area
from provider_advisor.faces.knowledge_records import record_criterion, record_provider, record_rule
from provider_advisor.faces.replaying import check_record, replay_record
from provider_advisor.faces.web.address import describe_query
from provider_advisor.faces.web.error_sentences import list_mistakes, record_mistakes
from provider_advisor.faces.web.request_reading import StrictBody, check_only, make_api_router, read_question
from provider_advisor.faces.web.responses import JsonResponse, problem_schema, show_page
from provider_advisor.faces.web.runs import Run, RunFolder, Runs
from provider_advisor.faces.web.service import KnowledgeService, Service
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.files import shipped_folder
from provider_advisor.knowledge.scope import list_names
from provider_advisor.knowledge.shapes.every_file import file_schemas
from provider_advisor.requirements.statement import read_day

Responses = dict[int | str, dict[str, Any]]

PROBLEM: dict[str, Any] = {
    "description": "what is wrong, one sentence for each mistake",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe_json(what: str, schema: dict[str, Any]) -> Responses:
    """Return the response of an operation in OpenAPI's form, for JSON that no model describes."""
    return {200: {"description": what, "content": {"application/json": {"schema": schema}}}}


_ANSWER = describe_json("the answer", {"$ref": "#/components/schemas/Recommendation"})
_LIST = describe_json("a list", {"type": "array", "items": {"type": "object"}})
_MOST_TEAMS = 1_000
_IMPACT_SECONDS = 25
_FILE = re.compile(r"(facts|rules)(/[a-z0-9][a-z0-9_-]{0,60}){1,3}\.yaml")
_EXAMPLE_TEAM: dict[str, Any] = {"a team": {"value": {"needs": ["sms"], "wants": ["whatsapp"]}}}

Sure = Annotated[bool, Query(description="also report how sure the answer is")]
All = Annotated[bool, Query(description="list all findings, even for providers that are ruled out")]
Day = Annotated[str | None, Query(description="YYYY-MM-DD: use the facts as of this date; default: today")]
Words = Annotated[str, Query(description="words to search for, such as `recorded calls`")]
Area = Annotated[str | None, Query(description="an area of criteria, such as `messaging`; default: all")]
ProviderName = Annotated[str | None, Query(description="a provider by id or name")]
CriterionName = Annotated[str | None, Query(description="a criterion by id, label or alias")]
ProviderNames = Annotated[str, Query(description="providers, separated by commas; default: all")]
Only = Annotated[str, Query(description="`differences` leaves out rows without a difference")]
Kind = Annotated[str, AddressPart(description="a kind of file, such as `provider`, or `recommendation`")]


router = make_api_router()
questions = make_api_router(declares_parameters=False)


@questions.get("/recommendation", responses=_ANSWER, tags=["answers"])
def get_recommendation(request: Request, service: Service, sure: Sure = False, all: All = False) -> Response:  # noqa: A002, FBT002
    """Answer the question in the query: `needs`, `wants`, `situation.<topic>`, `usage.<item>`, `as_of`."""
    found = service.recommend(read_question(request, service, "sure", "all").statement, sure=sure)
    return JsonResponse(found.record if all else found.short_record)


@router.post("/recommendation", responses=_ANSWER, tags=["answers"])
def post_recommendation(
    team: Annotated[dict[str, Any], Body(openapi_examples=_EXAMPLE_TEAM)],
    service: Service,
    sure: Sure = False,  # noqa: FBT002
    all: All = False,  # noqa: A002, FBT002
) -> Response:
    """Answer a requirements file in JSON; `recommend schema requirements` prints its JSON Schema."""
    found = service.recommend(service.read(team), sure=sure)
    return JsonResponse(found.record if all else found.short_record)


@router.post("/recommendations", responses=_LIST, tags=["answers"])
def post_recommendations(teams: list[dict[str, Any]], service: Service) -> Response:
    """Answer up to 1,000 teams; a team that cannot be read gets `mistakes` in place of an answer."""
    if len(teams) > _MOST_TEAMS:
        raise RequirementsError(f"{len(teams)} teams were given, but at most {_MOST_TEAMS} can be sent at once.")
    return JsonResponse([_answer_one(team, service) for team in teams])


def _answer_one(team: dict[str, Any], service: KnowledgeService) -> dict[str, Any]:
    try:
        return service.recommend(service.read(team)).short_record
    except RequirementsError as error:
        return record_mistakes(list_mistakes(error))


@router.post("/replay", responses=describe_json("the comparison", {"type": "object"}), tags=["answers"])
def post_replay(record: Annotated[dict[str, Any], Body()], service: Service, as_of: Day = None) -> Response:
    """Answer the question of an earlier answer again, and say whether and why the answer is different now."""
    day = read_day(as_of or None)
    return JsonResponse(replay_record(check_record(record, "the request"), "the request", service.knowledge, day))


@router.get("/criteria", responses=_LIST, tags=["knowledge"])
def get_criteria(service: Service, q: Words = "", area: Area = None) -> Response:
    """List what you can ask for; with `q`, only what matches the words, best match first."""
    area = check_area(area or None, service.knowledge)
    return JsonResponse([record_criterion(one) for one in service.search(q) if area in {None, one.area}])


@router.get("/providers", responses=_LIST, tags=["knowledge"])
def get_providers(service: Service, as_of: Day = None) -> Response:
    """List the providers that are compared as of a day, with their products."""
    known = service.facts(read_day(as_of or None)).knowledge.providers
    return JsonResponse([*map(record_provider, known.values())])


@router.get("/facts", responses=_LIST, tags=["knowledge"])
def get_facts(
    service: Service, provider: ProviderName = None, criterion: CriterionName = None, as_of: Day = None
) -> Response:
    """List claims with source, place and date: all of them, or those about a provider or criterion."""
    return JsonResponse(service.list_claims(provider, criterion, day=read_day(as_of or None)))


@router.get("/compare", responses=_LIST, tags=["knowledge"])
def get_compare(
    service: Service, providers: ProviderNames = "", area: Area = None, only: Only = "", as_of: Day = None
) -> Response:
    """List what is known about providers side by side; `only=differences` leaves out rows without a difference."""
    if only:
        check_only(only)
    return JsonResponse(
        service.record_comparison(
            list_names(providers),
            area,
            read_day(as_of or None),
            differences=only == "differences",
        )
    )


@router.get("/rules", responses=_LIST, tags=["knowledge"])
def get_rules(service: Service) -> Response:
    """List the rules, with the sources that they are based on."""
    return JsonResponse([*map(record_rule, service.knowledge.rules.values())])


@router.get("/sources", responses=_LIST, tags=["knowledge"])
def get_sources(service: Service) -> Response:
    """List the sources of facts and rules."""
    return JsonResponse([one._asdict() for one in service.knowledge.sources.values()])


@router.get("/schema/{kind}", tags=["knowledge"], response_description="the schema")
def get_schema(kind: Kind) -> Response:
    """Return the JSON Schema of a kind of file, or of an answer (`recommendation`)."""
    schemas = {**file_schemas(), "recommendation": answer_schema()}
    if kind not in schemas:
        raise RequirementsError(f"unknown kind '{kind[:80]}'; expected one of {', '.join(schemas)}.")
    return JsonResponse(schemas[kind])


class ImpactRequest(StrictBody):
    """A change of files, and the teams to compare."""

    files: dict[str, str | None] = Field(
        description="full contents by path, such as facts/providers/acme.yaml; null removes a file", max_length=200
    )
    teams: list[dict[str, Any]] = Field(description="requirements files in JSON", max_length=_MOST_TEAMS, min_length=1)
    as_of: str | None = None


_EFFECT = describe_json("the effect, as `recommend schema impact` describes it", {"type": "object"})


@router.post("/impact", responses=_EFFECT | {429: PROBLEM}, tags=["many teams"])
async def post_impact(asked: ImpactRequest, runs: Runs) -> Response:
    """Say which verdicts a change of facts or rules would change, and why, before you make it.

    Compares the files that the server reads with the same files after the change, on up to 1,000 teams.
    """
    return JsonResponse(await measure_change(asked, runs))


async def measure_change(asked: ImpactRequest, runs: RunFolder) -> dict[str, Any]:
    """Return the effect of a change as data. Raises RequirementsError, and BusyError if it takes too long."""
    started = await run_in_threadpool(lambda: runs.start(_make_impact_run(asked, runs.knowledge)))
    run = await runs.wait(started.id, _IMPACT_SECONDS)
    if run is None or run.is_running:
        raise BusyError(f"The comparison took longer than {_IMPACT_SECONDS} seconds; ask with fewer teams.")
    if not run.is_done:
        raise RequirementsError(*(mistake.removeprefix("after/") for mistake in run.list_mistakes()))
    found: dict[str, Any] = json.loads(run.read_printed())
    return found


def _make_impact_run(asked: ImpactRequest, folders: Sequence[str | None]) -> Run:
    """Return the run that compares the files with and without a change. Raises RequirementsError."""
    wrong = [name for name in asked.files if not _FILE.fullmatch(name)]
    if wrong:
        raise RequirementsError(
            *(f"'{name[:80]}' is not a file path; expected facts/….yaml or rules/….yaml." for name in wrong)
        )
    day = read_day(asked.as_of or None)
    before = {
        f"{kind}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for kind, given in zip(("facts", "rules"), folders, strict=True)
        for folder in [Path(given or shipped_folder(kind))]
        for path in sorted(folder.rglob("*.yaml"))
    }
    after = before | {name: text.encode("utf-8", "replace") for name, text in asked.files.items() if text is not None}
    for name in (name for name, text in asked.files.items() if text is None):
        after.pop(name, None)
    sides = {"before": before, "after": after}
    files = {f"{side}/{name}": content for side, parts in sides.items() for name, content in parts.items()}
    files["teams.jsonl"] = b"".join(json.dumps(team).encode() + b"\n" for team in asked.teams)
    arguments = ["impact", "teams.jsonl", "--before", "before", "--after", "after", "--format", "json"]
    return Run([*arguments, *(["--as-of", day.isoformat()] if day else [])], files, {"name": "teams.jsonl"})


def complete_contract(document: dict[str, Any], knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return FastAPI's document with what it cannot know: the parameters of a question, models, our form of errors."""
    document["paths"]["/api/v1/recommendation"]["get"]["parameters"] += describe_query(knowledge)
    answer = answer_schema()
    parts = answer.pop("$defs", {})
    # A schema has its parts under `$defs`; in OpenAPI they are components, so references are rewritten.
    text = orjson.dumps({**parts, "Recommendation": answer, "Problem": problem_schema()}).decode()
    schemas = orjson.loads(text.replace("#/$defs/", "#/components/schemas/"))
    components = document.setdefault("components", {})
    known = {name: one for name, one in components.get("schemas", {}).items() if "ValidationError" not in name}
    components["schemas"] = {**known, **schemas}
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            if "422" in responses:
                responses["422"] = PROBLEM  # our form of errors, not FastAPI's own
            responses.setdefault("default", PROBLEM)
    return document


contract_page = APIRouter(include_in_schema=False)


@contract_page.get("/api")
def show_contract(request: Request, service: Service) -> Response:
    """Show the operations under /api/v1, generated from the OpenAPI document."""
    paths = request.app.openapi()["paths"].items()
    operations = [(f"{method.upper()} {path}", one) for path, methods in paths for method, one in methods.items()]
    return show_page(service, "api.html.j2", "API", operations=operations)
