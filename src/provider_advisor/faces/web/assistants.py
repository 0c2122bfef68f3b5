"""The operations of the server as tools for AI assistants, over the Model Context Protocol.

Each answer includes its sources and what is not known, so that an assistant need not guess. It has to fit into an
assistant's memory too: long lists end with how much was left out, and how to ask for less.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from pydantic import ConfigDict, Field, ValidationError, create_model
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from provider_advisor.errors import AdvisorError, RequirementsError
from provider_advisor.faces.knowledge_records import record_criterion
from provider_advisor.faces.replaying import check_record, replay_record
from provider_advisor.faces.web.api import ImpactRequest, measure_change
from provider_advisor.faces.web.error_sentences import describe_fault, list_mistakes, tell_program
from provider_advisor.faces.web.questionnaire_api import ask_next
from provider_advisor.faces.web.responses import JsonResponse
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.faces.web.service import KnowledgeService
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.shapes.statement_files import RequirementsFile
from provider_advisor.requirements.statement import read_day
from provider_advisor.requirements.word_mistakes import explain_unfound
from provider_advisor.safe_text import JsonError, dump_json, read_json
from provider_advisor.version import __version__

if TYPE_CHECKING:  # the protocol takes as long to import as all pages, and most servers only serve pages
    from mcp.server import MCPServer
    from mcp.server.mcpserver.tools import Tool

_LONGEST_SEARCH = 1_000
_MOST_FOUND = 20
_MOST_CLAIMS = 100
_MOST_CELLS = 200
"""The most facts in a comparison: rows times providers."""

_TOOLS = {"criteria": "`search_criteria`", "facts": "`facts`"}
"""The tools that an assistant uses in place of commands."""

_ABOUT = (
    "Recommends a provider from sourced, dated facts and weighted rules. Search criteria first: only their ids can be "
    "asked for. Say in your answer what `not_known` lists, name the sources, and claim nothing about providers that "
    "were not compared: `scope` says how many were."
)


class AssistantTools:
    """The tools, one a method: their names, parameters and descriptions are what an assistant reads."""

    def __init__(self, service: KnowledgeService, runs: RunFolder) -> None:
        self._service, self._runs = service, runs

    def list_all(self) -> list[Callable[..., Any]]:
        """Return the tools."""
        return [self.recommend, self.ask, self.search_criteria, self.facts, self.compare, self.replay, self.impact]

    def search_criteria(self, words: Annotated[str, Field(max_length=_LONGEST_SEARCH)]) -> dict[str, Any]:
        """Find criteria to ask for, by name or meaning, best match first."""
        if not (found := self._service.search(words)):
            raise RequirementsError(explain_unfound(words, self._service.knowledge))
        return _shorten("criteria", [*map(record_criterion, found)], _MOST_FOUND, "use other words")

    def recommend(self, /, **question: object) -> dict[str, Any]:
        """Recommend a provider for a team; a question has the keys of a requirements file.

        `needs` are musts, `wants` are wishes, both by ids of criteria: "sms", "number-countries>=90", "fax=no" for what
        must be absent, "sms|whatsapp" for either, "integration@salesforce" for one member; {"criterion": "sms",
        "weight": 3} gives one a weight of its own. `weights` are percents by area, `usage` monthly volumes (5000,
        "60000/year", "4000..6000"). What no criterion covers goes into `unlisted`, and is not judged. `only` and
        `without` say which providers are compared, `customer_of` which ones the team uses already.
        """
        answer = self._service.recommend(self._service.read(question), sure=True).record
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

    def facts(self, provider: str = "", criterion: str = "", as_of: str | None = None) -> dict[str, Any]:
        """List claims about a provider, a criterion or both, each with its source, place and date."""
        if not provider and not criterion:
            raise RequirementsError("give a provider, a criterion or both")
        claims = self._service.list_claims(provider or None, criterion or None, day=read_day(as_of or None))
        found = _shorten("claims", claims, _MOST_CLAIMS, "name a provider and a criterion")
        cited = {claim["source"] for claim in found["claims"]}
        known = [one._asdict() for one in self._service.knowledge.sources.values() if one.id in cited]
        return found | {"sources": [{name: str(part) for name, part in one.items() if part} for one in known]}

    def compare(self, providers: list[str], area: str | None = None, as_of: str | None = None) -> dict[str, Any]:
        """Compare providers by their known differences, in one area (such as video or prices) or in all."""
        rows = self._service.record_comparison(providers, area, read_day(as_of or None), differences=True)
        most = _MOST_CELLS // len(rows[0]["facts"]) if rows else 0
        return _shorten("rows", rows, most, "name an area, or fewer providers")

    def ask(self, answers: dict[str, Any] | None = None, values: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask a team what it needs, a screen at a time, until no further answer could change the verdict.

        Begin without arguments. Put the questions of `screen` to the person in their own words; then call again with
        `answers` as they came back, and `values`: for each `key` one of its choices (several where `many`). What is
        left out counts as no. At the `end`, `requirements` is what to recommend for.
        """
        return ask_next(self._service, answers or {}, values)

    def replay(self, record: dict[str, Any], as_of: str | None = None) -> dict[str, Any]:
        """Say whether and why the answer in a record, as `recommend --format json` prints it, is different now."""
        day = read_day(as_of or None)
        return replay_record(check_record(record, "the request"), "the request", self._service.knowledge, day)

    async def impact(
        self, files: dict[str, str | None], teams: list[dict[str, Any]], as_of: str | None = None
    ) -> dict[str, Any]:
        """Say which verdicts a change of facts or rules would change, and why, before you make it.

        `files` are the full contents of changed files by path, such as facts/providers/acme.yaml, null for one that is
        removed; `teams` are requirements files in JSON, 1,000 at most.
        """
        return await measure_change(ImpactRequest(files=files, teams=teams, as_of=as_of), self._runs)


def _shorten(name: str, rows: Sequence[Any], most: int, advice: str) -> dict[str, Any]:
    """Return the first rows, with what to do about the others.

    >>> _shorten("claims", [1, 2, 3], 2, "name a criterion too")
    {'claims': [1, 2], 'left_out': '1 of 3 claims; name a criterion too.'}
    """
    left_out = len(rows) - most
    more = {"left_out": f"{left_out:,} of {len(rows):,} {name}; {advice}."} if left_out > 0 else {}
    return {name: rows[:most], **more}


def make_server(knowledge: KnowledgeBase, runs: RunFolder) -> MCPServer:
    """Return a server with the tools for assistants."""
    from mcp.server import MCPServer  # noqa: PLC0415 (see TYPE_CHECKING above)
    from mcp.server.mcpserver.exceptions import ToolError  # noqa: PLC0415 (as above)
    from mcp.shared.exceptions import MCPError  # noqa: PLC0415 (as above)
    from mcp_types import INVALID_PARAMS, CallToolResult, InputRequiredResult, TextContent  # noqa: PLC0415 (as above)

    class PlainServer(MCPServer):
        async def call_tool(
            self,
            *given: Any,  # noqa: ANN401 (the library's own)
            **named: Any,  # noqa: ANN401 (as above)
        ) -> CallToolResult | InputRequiredResult:
            try:
                return await super().call_tool(*given, **named)
            except ToolError as error:
                # An error would only tell the assistant that the call failed, so what is wrong is the answer.
                if (mistakes := _list_mistakes(error.__cause__)) is None:
                    raise
                told = {"mistakes": mistakes}
                return CallToolResult(content=[TextContent(text=dump_json(told))], structured_content=told)

        async def get_prompt(self, name: str, *_given: object, **_named: object) -> NoReturn:
            # The library logs a traceback for a prompt that does not exist, and there is none here.
            raise MCPError(INVALID_PARAMS, f"Unknown prompt: {name}")

    return PlainServer(
        "recommend",
        instructions=_ABOUT,
        version=__version__,
        log_level="WARNING",
        tools=[*map(_make_tool, AssistantTools(KnowledgeService(knowledge), runs).list_all())],
    )


def _list_mistakes(error: BaseException | None) -> list[str] | None:
    """Return what is wrong with a call, None where the program is at fault."""
    if isinstance(error, AdvisorError):
        return [tell_program(sentence, _TOOLS) for sentence in list_mistakes(error)]
    if isinstance(error, ValidationError):
        return [describe_fault({**fault, "loc": ("body", *fault["loc"])}) for fault in error.errors()]
    return None


def _make_tool(method: Callable[..., Any]) -> Tool:
    """Return a tool that refuses arguments it does not have; the library would drop them."""
    from mcp.server.mcpserver.tools import Tool  # noqa: PLC0415 (as above)
    from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase  # noqa: PLC0415 (as above)
    from mcp_types import ToolAnnotations  # noqa: PLC0415 (as above)

    tool = Tool.from_function(method, annotations=ToolAnnotations(read_only_hint=True))
    if "question" in tool.fn_metadata.arg_model.model_fields:
        fields: dict[str, Any] = dict.fromkeys(RequirementsFile.model_fields, (Any, None))

        class AnyArguments(create_model("Fields", __base__=ArgModelBase, **fields)):  # type: ignore[misc]
            """Takes everything, because the reader of requirements files says best what is wrong."""

            model_config = ConfigDict(extra="allow")

            def model_dump_one_level(self) -> dict[str, Any]:
                return {name: getattr(self, name) for name in self.model_fields_set}

        tool.fn_metadata.arg_model, tool.parameters = AnyArguments, RequirementsFile.model_json_schema()
        return tool

    class StrictArguments(tool.fn_metadata.arg_model):  # type: ignore[name-defined, misc]
        model_config = ConfigDict(extra="forbid")

    tool.fn_metadata.arg_model = StrictArguments
    tool.parameters = StrictArguments.model_json_schema()
    return tool


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
        """Answer a request; one that is no message of the protocol gets one sentence, where the library has a list."""
        body = await Request(scope, receive).body()
        if (wrong := _describe_unreadable(body)) is not None:
            await JsonResponse({"jsonrpc": "2.0", "id": None, "error": wrong}, 400)(scope, receive, send)
            return
        sent = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive_again() -> Message:
            return next(sent, None) or await receive()

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
            await app(scope, receive_again, send)


def _describe_unreadable(body: bytes) -> dict[str, Any] | None:
    """Return the protocol's error for a body that is not one of its messages, None for one that is."""
    from mcp.types import INVALID_REQUEST, PARSE_ERROR, jsonrpc_message_adapter  # noqa: PLC0415 (as above)

    try:
        jsonrpc_message_adapter.validate_python(read_json(body), by_name=False)
    except json.JSONDecodeError:
        return {"code": PARSE_ERROR, "message": "The body is not JSON."}
    except JsonError as error:
        return {"code": PARSE_ERROR, "message": f"The body {error}."}
    except ValidationError:
        expected = "a JSON-RPC 2.0 message, with `jsonrpc`, `method` and `id`"
        return {"code": INVALID_REQUEST, "message": f"The body is not {expected}."}
    return None
