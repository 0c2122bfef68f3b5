"""`recommend mcp`: the tools for assistants, over standard input and output."""

from __future__ import annotations

import click

from provider_advisor.faces.cli.options import knowledge_options, load_knowledge, need_web


@click.command("mcp")
@knowledge_options
def mcp_command(facts: str | None, rules: str | None) -> None:
    """Serve AI assistants over the Model Context Protocol (MCP).

    Uses standard input and output.

    \b
    For example, in the configuration of an assistant:
      {"command": "recommend", "args": ["mcp"]}
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    need_web("mcp", "fastapi", "orjson")
    from provider_advisor.faces.web.assistants import make_server  # noqa: PLC0415 (of an extra)
    from provider_advisor.faces.web.jobs import JobFolder  # noqa: PLC0415 (as above)

    make_server(load_knowledge(facts, rules), JobFolder((facts, rules))).run("stdio")
