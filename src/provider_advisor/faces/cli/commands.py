"""The subcommands, each imported only when it is used, and help that groups long lists of options."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, TypeVar, cast

import click

from provider_advisor.knowledge.suggest import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])


# Where each command is. Importing all of them would take longer than an answer does, so a module is imported when its
# command is used, or when the help lists what each does.
_MODULES = {
    "ask": "cli.ask.command",
    "batch": "cli.batch",
    "check": "cli.check",
    "compare": "cli.compare",
    "criteria": "cli.criteria",
    "decisions": "cli.decisions",
    "facts": "cli.facts",
    "impact": "cli.impact",
    "mcp": "web.serve",
    "replay": "cli.replay",
    "schema": "cli.schema",
    "serve": "web.serve",
}


def join_options(heading: str, *options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return a decorator that adds the options in order, under this help heading if they have none."""

    def add(command: F) -> F:
        before = len(getattr(command, "__click_params__", ()))  # click collects here what decorators add
        for option in reversed(options):
            command = option(command)
        for parameter in command.__click_params__[before:]:  # type: ignore[attr-defined]
            vars(parameter).setdefault("heading", heading)
        return command

    return add


class HeadedCommand(click.Command):
    """A command whose help lists its options under the headings that `join_options` gave them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under headings in order of first appearance; those without a heading last."""
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            # Arguments are left out: the first line of the help names them.
            if (row := parameter.get_help_record(ctx)) is not None and row[1]:
                rows.setdefault(vars(parameter).get("heading", "Options"), []).append(row)
        rows["Options"] = rows.pop("Options", [])
        for heading, found in rows.items():
            with formatter.section(heading):
                formatter.write_dl(found)


class Commands(click.Group):
    """A group whose subcommands live in modules of their own."""

    names: ClassVar[tuple[str, ...]] = tuple(_MODULES)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under headings, then the subcommands."""
        HeadedCommand.format_options(self, ctx, formatter)  # type: ignore[arg-type]  # it asks no more than a group has
        self.format_commands(ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the names of all subcommands."""
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand of that name. Raises UsageError with the nearest name if it does not exist."""
        if cmd_name not in _MODULES:
            hint = (
                did_you_mean(cmd_name, self.names)
                or f" Known: {', '.join(self.names)}. What you need goes after --needs."
            )
            raise click.UsageError(f"No such command '{cmd_name}'.{hint}", ctx)
        module = import_module(f"provider_advisor.faces.{_MODULES[cmd_name]}")
        return cast("click.Command", getattr(module, f"{cmd_name}_command"))
