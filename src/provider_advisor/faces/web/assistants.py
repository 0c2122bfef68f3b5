"""The operations of the server as tools for AI assistants, over the Model Context Protocol.

Each answer includes its sources and what is not known, so that an assistant need not guess.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.faces.knowledge_records import record_criterion
from provider_advisor.faces.replaying import check_record, replay_record
from provider_advisor.faces.web.api import ImpactRequest, measure_change
from provider_advisor.faces.web.error_sentences import describe_fault, list_mistakes, tell_program
from provider_advisor.faces.web.questionnaire import ask_next
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.statement import read_day
from provider_advisor.version import __version__

if TYPE_CHECKING:  # the protocol takes as long to import as all pages, and most servers only serve pages
    from mcp.server import MCPServer

_MOST_FOUND = 20
_TOOLS = {"criteria": "`search_criteria`", "facts": "`facts`"}
"""The tools that an assistant uses in place of commands."""

_Given = ParamSpec("_Given")

_ABOUT = (
    "Recommends a provider from sourced, dated facts and weighted rules. Search criteria first: only their ids can be "
    "asked for. Say in your answer what `not_known` lists, name the sources, and claim nothing about providers that "
    "were not compared: `scope` says how many were."
)


def _tell_mistakes(tool: Callable[_Given, dict[str, Any]]) -> Callable[_Given, dict[str, Any]]:
    """Return a tool whose answer names what is wrong: an error would only tell the assistant that the call failed."""

    @wraps(tool)
    def tell(*given: _Given.args, **named: _Given.kwargs) -> dict[str, Any]:
        try:
            return tool(*given, **named)
        except AdvisorError as error:
            return _record_mistakes(error)

    return tell


def _record_mistakes(error: AdvisorError) -> dict[str, Any]:
    return {"mistakes": [tell_program(sentence, _TOOLS) for sentence in list_mistakes(error)]}


def make_server(knowledge: KnowledgeBase, runs: RunFolder | None = None) -> MCPServer:
    """Return a server with the tools recommend, ask, search_criteria, facts, compare and replay.

    With a folder for runs it also has impact, which reads changed files and takes a process of its own.
    """
    from mcp.server import MCPServer  # noqa: PLC0415 (see TYPE_CHECKING above)

    service = KnowledgeService(knowledge)
    server = MCPServer("recommend", instructions=_ABOUT, version=__version__, log_level="WARNING")

    @server.tool()
    def search_criteria(words: str) -> list[dict[str, Any]]:
        """Find criteria to ask for, by name or meaning, best match first."""
        return [record_criterion(one) for one in service.search(words)[:_MOST_FOUND]]

    @server.tool()
    @_tell_mistakes
    def recommend(  # noqa: PLR0913, PLR0917 (the parts of a requirements file)
        needs: list[str],
        wants: list[str] | None = None,
        situation: dict[str, list[str]] | None = None,
        usage: dict[str, float] | None = None,
        unlisted: list[str] | None = None,
        as_of: str | None = None,
    ) -> dict[str, Any]:
        """Recommend a provider for a team.

        `needs` are musts, `wants` are wishes, both by ids of criteria: "sms", "number-countries>=90", "fax=no" for what
        must be absent, "sms|whatsapp" for either, "integration@salesforce" for one member. `usage` are monthly volumes.
        What no criterion covers goes into `unlisted`, and is not judged.
        """
        given = {
            "needs": needs,
            "wants": wants,
            "situation": situation,
            "usage": usage,
            "unlisted": unlisted,
            "as_of": as_of,
        }
        statement = service.read({name: value for name, value in given.items() if value})
        answer = service.recommend(statement, sure=True).record
        return {
            "verdict": answer["verdict"],
            "scope": answer["knowledge"]["rests_on"],
            "providers": answer["providers"],
            "not_known": [
                {name: part[name] for name in ("provider", "criterion", "priority", "says")}
                for part in answer["findings"]
                if part["outcome"] == "unknown"
            ],
            "not_judged": answer["unlisted"],
            "confirm": answer["confirm"],
            "notices": answer["notices"],
            "notes": answer["notes"],
            "sources": answer["sources"],
        }

    @server.tool()
    @_tell_mistakes
    def facts(provider: str = "", criterion: str = "") -> dict[str, Any]:
        """List claims about a provider, a criterion or both, each with its source, place and date."""
        if not provider and not criterion:
            raise RequirementsError("give a provider, a criterion or both")
        claims = service.list_claims(provider or None, criterion or None)
        cited = {claim["source"] for claim in claims}
        known = [one._asdict() for one in service.knowledge.sources.values() if one.id in cited]
        sources = [{name: str(part) for name, part in one.items() if part} for one in known]
        return {"claims": claims, "sources": sources}

    @server.tool()
    @_tell_mistakes
    def compare(providers: list[str], area: str | None = None, as_of: str | None = None) -> dict[str, Any]:
        """Compare providers by their known differences, in one area (such as video or prices) or in all."""
        return {"rows": service.record_comparison(providers, area, read_day(as_of or None), differences=True)}

    _add_ask(server, service)
    if runs is not None:
        _add_impact(server, runs)
    return server


def _add_ask(server: MCPServer, service: KnowledgeService) -> None:
    @server.tool()
    @_tell_mistakes
    def ask(answers: dict[str, Any] | None = None, values: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask a team what it needs, a screen at a time, until no further answer could change the verdict.

        Begin without arguments. Put the questions of `screen` to the person in their own words; then call again with
        `answers` as they came back, and `values`: for each `key` one of its choices (several where `many`). What is
        left out counts as no. At the `end`, `requirements` is what to recommend for.
        """
        return ask_next(service, answers or {}, values)

    @server.tool()
    @_tell_mistakes
    def replay(record: dict[str, Any], as_of: str | None = None) -> dict[str, Any]:
        """Say whether and why the answer in a record, as `recommend --format json` prints it, is different now."""
        return replay_record(
            check_record(record, "the request"), "the request", service.knowledge, read_day(as_of or None)
        )


def _add_impact(server: MCPServer, runs: RunFolder) -> None:
    @server.tool()
    async def impact(files: dict[str, str | None], teams: list[dict[str, Any]]) -> dict[str, Any]:
        """Say which verdicts a change of facts or rules would change, and why, before you make it.

        `files` are the full contents of changed files by path, such as facts/providers/acme.yaml, null for one that is
        removed; `teams` are requirements files in JSON, 1,000 at most.
        """
        try:
            return await measure_change(ImpactRequest(files=files, teams=teams), runs)
        except AdvisorError as error:
            return _record_mistakes(error)
        except ValidationError as error:
            return {"mistakes": [describe_fault({**part, "loc": ("body", *part["loc"])}) for part in error.errors()]}


class AssistantDoor:
    """The tool server as an ASGI application without sessions.

    A session would live in one worker, but its next request may reach another.
    """

    def __init__(self, knowledge: KnowledgeBase, runs: RunFolder) -> None:
        self._knowledge, self._runs = knowledge, runs

    @cached_property
    def _server(self) -> MCPServer:
        return make_server(self._knowledge, self._runs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415 (as above)

        # Made for each request, because its session manager can run only once and ends with the request.
        app = self._server.streamable_http_app(
            streamable_http_path=scope["path"],
            stateless_http=True,
            json_response=True,
            # The guard already checks the host name.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
