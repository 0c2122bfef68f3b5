"""`recommend impact`: whom a change of facts or rules affects, before it ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.impact_text import show_impact
from provider_advisor.faces.cli.options import (
    as_of_option,
    format_option,
    knowledge_options,
    load_knowledge,
    path_name,
    read_age,
    read_day,
    read_separator,
    today,
)
from provider_advisor.faces.cli.progress import progress_bar
from provider_advisor.faces.text import Page, show_json

if TYPE_CHECKING:  # columns are dear to import, and whoever only wants help needs none
    from provider_advisor.batch.impact import Version

__all__ = ["impact_command"]

_FORMS = click.Choice(["csv", "jsonl", "parquet"])
_SIDE = "FOLDER|REVISION"


@click.command("impact")
@click.argument("teams", nargs=-1, required=True, type=path_name, metavar="TEAMS...")
@click.option("--before", type=path_name, metavar=_SIDE, required=True, help="The knowledge base as it was.")
@click.option(
    "--after", type=path_name, metavar=_SIDE, help="The knowledge base as it is to be; see above if not given."
)
@click.option("--id", "id_column", metavar="COLUMN", help="Column that names the team; 'team' if not given.")
@click.option("--input-format", type=_FORMS, help="Form of the inputs, where their names do not tell.")
@click.option("--separator", default=",", metavar="CHAR", help="What parts the cells of CSV inputs: ; or tab, say.")
@click.option(
    "--sample",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    metavar="N",
    help="Of more teams that change, look at so many for the reasons.",
)
@as_of_option
@click.option("--max-age", metavar="DAYS", help="Do not use claims older than this: 365d.")
@format_option("text", "json")
@knowledge_options
def impact_command(teams: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401
    """Compare two knowledge bases on the same teams.

    How many verdicts change, from what to what, and because of which facts and rules. TEAMS are files as `recommend
    batch` reads them. Each side is a folder with facts/ and rules/ in it, or a revision of the git repository here. If
    --after is not given, it is what --facts and --rules name; else, beside a revision, the working tree; else what is
    shipped.

    \b
    Examples:
      recommend impact teams.csv --before HEAD
      recommend impact "teams-*.jsonl" --before v1.4 --after v1.5 --format json
      recommend impact teams.parquet --before ../last-month
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    record, names = _compared(teams, options)
    if options["form"] == "json":
        show_json(record)
        return
    page = Page()
    show_impact(record, names, page)
    page.show()


def _compared(teams: tuple[str, ...], options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The impact as data, and the names of all providers by their ids."""
    from provider_advisor.batch.impact import Asked, impact_of, impact_record, merge_readable  # noqa: PLC0415
    from provider_advisor.batch.reading import Limits, open_inputs  # noqa: PLC0415

    day, age = read_day(options["as_of"]) or today(), read_age(options["max_age"])
    separator = read_separator(options["separator"])
    before, after = _before(options["before"]), _after(options)
    both = merge_readable(before.knowledge, after.knowledge)
    inputs = open_inputs(teams, both, options["input_format"], separator, Limits())
    asked = Asked(
        before.knowledge,
        after.knowledge,
        day,
        age,
        inputs.schema,
        dated=inputs.form == "jsonl",
        id_column=options["id_column"],
        sample=options["sample"],
    )
    with progress_bar(inputs.size, quiet=False) as advance:
        impact = impact_of(asked, inputs.pieces(), advance)
    providers = {**before.knowledge.providers, **after.knowledge.providers}
    names = {name: provider.name for name, provider in providers.items()}
    return impact_record(impact, before.name, after.name), names


def _before(name: str) -> Version:
    from provider_advisor.batch.impact import is_folder, load_folder, load_revision  # noqa: PLC0415

    return load_folder(name) if is_folder(name) else load_revision(name, Path.cwd())


def _after(options: dict[str, Any]) -> Version:
    from provider_advisor.batch.impact import Version, is_folder, load_working_tree  # noqa: PLC0415

    given = [options[name] for name in ("facts", "rules") if options[name]]
    if options["after"] is not None:
        if given:
            raise BatchError("--after is the whole side; give either it or --facts and --rules.")
        return _before(options["after"])
    if given or is_folder(options["before"]):
        name = " and ".join(given) or "the shipped knowledge base"
        return Version(name, load_knowledge(options["facts"], options["rules"]))
    return load_working_tree(options["before"], Path.cwd())
