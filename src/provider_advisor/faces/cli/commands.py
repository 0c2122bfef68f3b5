"""The subcommands, each imported only when it is used: most starts of `recommend` need none of them."""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar, cast

import click

from provider_advisor.knowledge.suggest import did_you_mean

__all__ = ["Commands"]


_MODULES = {
    "ask": "cli.ask.command",
    "batch": "cli.batch",
    "check": "cli.check",
    "compare": "cli.compare",
    "criteria": "cli.criteria",
    "decisions": "cli.decisions",
    "facts": "cli.facts",
    "impact": "cli.impact",
    "mcp": "web.mcp_command",
    "replay": "cli.replay",
    "schema": "cli.schema",
    "serve": "web.serve_command",
}


class Commands(click.Group):
    """A group whose subcommands live in modules of their own."""

    names: ClassVar[tuple[str, ...]] = tuple(_MODULES)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the names of all subcommands."""
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand of that name. Raises UsageError, with the nearest name, if there is none."""
        if cmd_name not in _MODULES:
            hint = did_you_mean(cmd_name, self.names) or f" Known: {', '.join(self.names)}."
            raise click.UsageError(f"No such command '{cmd_name}'.{hint}", ctx)
        module = import_module(f"provider_advisor.faces.{_MODULES[cmd_name]}")
        return cast("click.Command", getattr(module, f"{cmd_name}_command"))
