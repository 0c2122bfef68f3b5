"""Pages to look something up: a rule for a team, facts out of date, the contract of the API, a card to embed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import capital
from provider_advisor.faces.cli.freshness import describe_freshness, record_freshness
from provider_advisor.faces.report.html import report_values
from provider_advisor.faces.web.address import read_address, write_address
from provider_advisor.faces.web.api import JsonResponse, read_day
from provider_advisor.faces.web.guard import POLICY
from provider_advisor.faces.web.problems import FieldError, list_mistakes, read_fields
from provider_advisor.faces.web.rule_view import record_rule, show_rule
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.faces.web.templating import show_page, show_refusal
from provider_advisor.knowledge.freshness import group_ageing, list_ageing

_MOST_DAYS = 3_650


def make_reference_pages(service: KnowledgeService, openapi: Callable[[], dict[str, Any]]) -> APIRouter:
    """Return the routes of these pages; `openapi` makes the document of the API."""
    router, pages = APIRouter(include_in_schema=False), ReferencePages(service, openapi)
    for path, function in (
        ("/rules/{name}.json", pages.show_rule_data),
        ("/rules/{name}", pages.show_rule),
        ("/freshness.json", pages.show_freshness_data),
        ("/freshness", pages.show_freshness),
        ("/api", pages.show_contract),
        ("/embed", pages.show_card),
    ):
        router.add_api_route(path, function, response_model=None)
    return router


class ReferencePages:
    """The pages, on one service."""

    def __init__(self, service: KnowledgeService, openapi: Callable[[], dict[str, Any]]) -> None:
        self._service, self._openapi = service, openapi

    def show_rule(self, name: str, request: Request) -> Response:
        """Show a rule, and for the team in the address whether each condition holds."""
        if name not in self._service.knowledge.rules:
            return show_refusal(self._service, "There is no such rule", 404)
        try:
            shown, address = self._read_rule(name, request)
        except RequirementsError as error:
            return show_refusal(self._service, "The question cannot be read", 422, list_mistakes(error))
        title, sources = capital(self._service.knowledge.spell_id(name)), self._service.knowledge.sources
        return show_page(
            self._service,
            "rule.html.j2",
            title,
            rule=shown,
            address=address,
            heading=title,
            titles={id_: sources[id_].title for id_, _ in shown["rests_on"]},
            here="rules",
        )

    def show_rule_data(self, name: str, request: Request) -> Response:
        """Return the same as data."""
        if name not in self._service.knowledge.rules:
            return show_refusal(self._service, "There is no such rule", 404)
        return JsonResponse(record_rule(self._read_rule(name, request)[0]))

    def _read_rule(self, name: str, request: Request) -> tuple[dict[str, Any], str]:
        knowledge = self._service.knowledge
        statement = read_address(request.query_params.multi_items(), knowledge).statement
        return show_rule(knowledge.rules[name], statement.team, knowledge), write_address(statement, knowledge)

    def show_freshness(self, as_of: str = "", within: str = "") -> Response:
        """Show which facts are out of date, or will be soon, and where to look them up."""
        mistakes, faults = tuple[str, ...](), dict[str, Sequence[str]]()
        day, days = None, 0
        try:
            day, days = read_fields({"as_of": lambda: read_day(as_of), "within": lambda: _read_days(within)}).values()
        except FieldError as error:
            mistakes, faults = error.problems, dict(error.faults)
        facts = self._service.facts(day)
        groups = group_ageing(list_ageing(facts, days))
        knowledge = facts.knowledge
        rows = [
            {
                "provider": group.provider,
                "name": knowledge.providers[group.provider].name,
                "area": group.area.replace("-", " "),
                "past": group.count_past(facts.as_of),
                "stated": group.stated,
                "good_until": group.good_until,
                "criteria": [(part.criterion, knowledge.criteria[part.criterion].label) for part in group.facts],
                "source": group.source,
                "title": knowledge.sources[group.source].title,
                "url": knowledge.sources[group.source].url or "",
            }
            for group in groups
        ]
        says = describe_freshness(groups, facts.as_of, days)
        return show_page(
            self._service,
            "freshness.html.j2",
            "Freshness of the facts",
            422 if mistakes else 200,
            mistakes=mistakes,
            faults=faults,
            rows=rows,
            says=says,
            within=within,
            given_day=as_of,
        )

    def show_freshness_data(self, as_of: str = "", within: str = "") -> Response:
        """Return what `recommend check --freshness --format json` prints."""
        facts, days = self._service.facts(read_day(as_of)), _read_days(within)
        return JsonResponse(record_freshness(list_ageing(facts, days), facts, days))

    def show_contract(self) -> Response:
        """Show what can be asked below /api/v1, made from the document of the API."""
        document = self._openapi()
        operations = [
            {
                "method": method.upper(),
                "path": path,
                "says": operation.get("description") or operation.get("summary", ""),
                "fields": [
                    (part["name"], part.get("description", ""), bool(part.get("required")))
                    for part in operation.get("parameters", ())
                ],
                "bodies": list(operation.get("requestBody", {}).get("content", ())),
                "statuses": [(status, part["description"]) for status, part in _list_told(operation["responses"])],
            }
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        return show_page(self._service, "api.html.j2", "API", operations=operations)

    def show_card(self, request: Request) -> Response:
        """Show the verdict alone, for a frame on another page: no other page of ours may be in one."""
        knowledge = self._service.knowledge
        try:
            statement = read_address(request.query_params.multi_items(), knowledge).statement
        except RequirementsError as error:
            return show_refusal(self._service, "The question cannot be read", 422, list_mistakes(error))
        found = self._service.recommend(statement)
        values = report_values(found.explanation, found.decision.facts.knowledge)
        page = show_page(self._service, "embed.html.j2", **values, address=write_address(statement, knowledge))
        page.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
        return page


def _list_told(responses: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the responses that differ between operations."""
    return [(status, part) for status, part in responses.items() if status != "default"]


def _read_days(text: str) -> int:
    """Return a number of days, 0 for none. Raises RequirementsError."""
    text = text.strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= _MOST_DAYS):
        raise RequirementsError(f"'{text[:40]}' is not a number of days; expected 0 to {_MOST_DAYS:,}, such as 30.")
    return int(text)
