"""`recommend impact`: which teams a change of facts or rules affects, before it ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.commands import HeadedCommand
from provider_advisor.faces.cli.impact_summary import show_impact
from provider_advisor.faces.cli.input_options import InputOptions
from provider_advisor.faces.cli.options import format_option, option, path_name, take_options
from provider_advisor.faces.text import Page, progress_bar, show_json
from provider_advisor.knowledge import Facts
from provider_advisor.requirements.statement import today

if TYPE_CHECKING:  # importing columns takes half a second, and --help needs none
    from provider_advisor.batch.impact.versions import Version

_SIDE = "FOLDER|REVISION"


class ImpactOptions(InputOptions):
    """The options of the command."""

    before: str = option(
        "--before", type=path_name, metavar=_SIDE, required=True, help="Knowledge base before the change."
    )
    after: str | None = option(
        "--after", type=path_name, metavar=_SIDE, help="Knowledge base after the change; default: see above."
    )
    sample: int = option(
        "--sample",
        type=click.IntRange(1, 1_000_000),
        default=10_000,
        show_default=True,
        metavar="N",
        help="If more verdicts than this change, look for reasons in a random sample of this many.",
    )
    form: str = format_option("text", "json")


@click.command("impact", cls=HeadedCommand)
@click.argument("teams", nargs=-1, required=True, type=path_name, metavar="TEAMS...")
@take_options(ImpactOptions)
def impact_command(teams: tuple[str, ...], options: ImpactOptions) -> None:
    """Compare two knowledge bases on the same teams.

    Shows how many verdicts change, how they change, and because of which facts and rules. TEAMS are any inputs that
    `recommend batch` reads. --before and --after each take a folder that contains facts/ and rules/, or a revision of
    the current git repository. Without --after, the comparison is with the folders given by --facts and --rules, or
    else with the working tree if --before is a revision, or the shipped knowledge base if --before is a folder.

    \b
    Examples:
      recommend impact teams.csv --before HEAD
      recommend impact "teams-*.jsonl" --before v1.4 --after v1.5 --format json
      recommend impact teams.parquet --before ../last-month
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    record, names = _compare(teams, options)
    if options.form == "json":
        show_json(record)
        return
    page = Page()
    show_impact(record, names, page)
    page.show()


def _compare(teams: tuple[str, ...], options: ImpactOptions) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the impact as data, and the names of all providers by their ids."""
    from provider_advisor.batch.impact.measure import Asked, measure_impact  # noqa: PLC0415
    from provider_advisor.batch.impact.mixed_bases import merge_readable  # noqa: PLC0415
    from provider_advisor.batch.impact.record_impact import record_impact  # noqa: PLC0415

    day, age = options.day or today(), options.age
    before, after = _limit(_read_side(options.before), _read_after(options), options)
    both = merge_readable(before.knowledge, after.knowledge)
    inputs = options.open_inputs(teams, both)
    options.show_reading(inputs)
    asked = Asked(
        Facts(before.knowledge, day, age),
        Facts(after.knowledge, day, age),
        inputs.schema,
        dated=inputs.is_dated,
        id_column=options.id_column,
        sample=options.sample,
    )
    with progress_bar(inputs.size, quiet=False) as advance:
        impact = measure_impact(asked, inputs.pieces(), advance)
    providers = {**before.knowledge.providers, **after.knowledge.providers}
    names = {name: provider.name for name, provider in providers.items()}
    return record_impact(impact, before.name, after.name), names


def _limit(before: Version, after: Version, options: ImpactOptions) -> tuple[Version, Version]:
    """Return both sides limited to the scope of the options, as far as each side knows its names."""
    from provider_advisor.batch.impact.mixed_bases import keep_known, merge_named  # noqa: PLC0415

    given = options.read_scope(merge_named(before.knowledge, after.knowledge))._asdict()
    limited = []
    for side in (before, after):
        known = keep_known(given, side.knowledge)
        if known is None:
            raise BatchError(f"{side.name} has nothing that --only and --sources name, so there is nothing to compare.")
        limited.append(side._replace(knowledge=side.knowledge.restrict(**known)))
    return limited[0], limited[1]


def _read_side(name: str) -> Version:
    """Return the knowledge base of a folder or a revision."""
    from provider_advisor.batch.impact.versions import is_folder, load_folder, load_revision  # noqa: PLC0415

    return load_folder(name) if is_folder(name) else load_revision(name, Path.cwd())


def _read_after(options: ImpactOptions) -> Version:
    """Return the second side. Raises BatchError if it is given twice."""
    from provider_advisor.batch.impact.versions import Version, is_folder, load_working_tree  # noqa: PLC0415

    given = [name for name in (options.facts, options.rules) if name]
    if options.after is not None:
        if given:
            raise BatchError("--after cannot be combined with --facts or --rules; give one of them.")
        return _read_side(options.after)
    if given or is_folder(options.before):
        name = " and ".join(given) or "the shipped knowledge base"
        return Version(name, options.load())
    return load_working_tree(options.before, Path.cwd())
