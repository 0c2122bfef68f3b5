"""The tools for assistants below /mcp of the pages, by the protocol's streamable HTTP."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from provider_advisor.faces.web.jobs import JobFolder
from provider_advisor.knowledge import KnowledgeBase

if TYPE_CHECKING:  # the protocol takes as long to import as all the pages, and most servers are asked for pages alone
    from mcp.server import MCPServer


class AssistantDoor:
    """The server of tools as an ASGI application: each request stands for itself.

    A session would live in one worker, and its next request may reach another.
    """

    def __init__(self, knowledge: KnowledgeBase, jobs: JobFolder) -> None:
        self._knowledge, self._jobs = knowledge, jobs

    @cached_property
    def _server(self) -> MCPServer:
        from provider_advisor.faces.web.assistants import make_server  # noqa: PLC0415 (see TYPE_CHECKING above)

        return make_server(self._knowledge, self._jobs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415 (as above)

        app = self._server.streamable_http_app(
            streamable_http_path=scope["path"],
            stateless_http=True,
            json_response=True,
            # The guard of the pages knows the names under which this server may be asked.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
