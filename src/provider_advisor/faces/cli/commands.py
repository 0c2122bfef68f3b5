"""The subcommands, each imported only when it is used, and help that groups long lists of options."""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar, cast

import click

from provider_advisor.knowledge.suggest import did_you_mean

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
    "mcp": "cli.serve",
    "replay": "cli.replay",
    "schema": "cli.schema",
    "serve": "cli.serve",
}


# The order of headings in every help; the options of click itself, such as --help, come last.
_HEADINGS = (
    "Conversation",
    "What the team needs",
    "Input",
    "How input is read",
    "Output",
    "Run",
    "Facts and providers",
    "Options",
)


class HeadedCommand(click.Command):
    """A command whose help lists its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings; those without one last."""
        rows: dict[str, list[tuple[str, str]]] = {heading: [] for heading in _HEADINGS}
        for parameter in self.get_params(ctx):
            # Arguments are left out: the first line of the help names them.
            if (row := parameter.get_help_record(ctx)) is not None and row[1]:
                rows[getattr(parameter, "heading", "Options")].append(row)
        for heading, found in rows.items():
            if found:
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
                or f" Known: {', '.join(self.names)}. "
                "What you need goes after --needs, as in `recommend --needs whiteboard,ucaas`."
            )
            raise click.UsageError(f"No such command '{cmd_name}'.{hint}", ctx)
        module = import_module(f"provider_advisor.faces.{_MODULES[cmd_name]}")
        return cast("click.Command", getattr(module, f"{cmd_name}_command"))
