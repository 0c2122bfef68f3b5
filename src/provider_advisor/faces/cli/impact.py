"""`recommend impact`: which teams a change of facts or rules affects, before it ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provider_advisor.errors import BatchError
from provider_advisor.faces.cli.commands import HeadedCommand
from provider_advisor.faces.cli.impact_text import show_impact
from provider_advisor.faces.cli.input_options import InputOptions, input_options
from provider_advisor.faces.cli.options import (
    evidence_options,
    format_option,
    knowledge_options,
    path_name,
    today,
)
from provider_advisor.faces.cli.progress import progress_bar
from provider_advisor.faces.text import Page, show_json

if TYPE_CHECKING:  # importing columns takes half a second, and --help needs none
    from provider_advisor.batch.impact.versions import Version

_SIDE = "FOLDER|REVISION"


class ImpactOptions(InputOptions):
    """The options of the command, as they were given."""

    before: str
    after: str | None = None
    sample: int


@click.command("impact", cls=HeadedCommand)
@click.argument("teams", nargs=-1, required=True, type=path_name, metavar="TEAMS...")
@click.option("--before", type=path_name, metavar=_SIDE, required=True, help="Knowledge base before the change.")
@click.option("--after", type=path_name, metavar=_SIDE, help="Knowledge base after the change; default: see above.")
@input_options
@click.option(
    "--sample",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    metavar="N",
    help="If more verdicts than this change, look for reasons in a random sample of this many.",
)
@evidence_options
@format_option("text", "json")
@knowledge_options
def impact_command(teams: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 (the fields of ImpactOptions)
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
    options = ImpactOptions(**given)
    record, names = _compare(teams, options)
    if options.form == "json":
        show_json(record)
        return
    page = Page()
    show_impact(record, names, page)
    page.show()


def _compare(teams: tuple[str, ...], options: ImpactOptions) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the impact as data, and the names of all providers by their ids."""
    from provider_advisor.batch.impact.measure import (  # noqa: PLC0415
        Asked,
        impact_record,
        measure_impact,
    )
    from provider_advisor.batch.impact.versions import merge_readable  # noqa: PLC0415

    day, age = options.day or today(), options.age
    before, after = _limit(_read_side(options.before), _read_after(options), options)
    both = merge_readable(before.knowledge, after.knowledge)
    inputs = options.open_inputs(teams, both)
    options.show_matches(inputs)
    asked = Asked(
        before.knowledge,
        after.knowledge,
        day,
        age,
        inputs.schema,
        dated=inputs.is_dated,
        id_column=options.id_column,
        sample=options.sample,
    )
    with progress_bar(inputs.size, quiet=False) as advance:
        impact = measure_impact(asked, inputs.pieces(), advance)
    providers = {**before.knowledge.providers, **after.knowledge.providers}
    names = {name: provider.name for name, provider in providers.items()}
    return impact_record(impact, before.name, after.name), names


def _limit(before: Version, after: Version, options: ImpactOptions) -> tuple[Version, Version]:
    """Return both sides within the scope that the options name; each is limited to what it knows of it."""
    sides = before.knowledge, after.knowledge
    both = replace(
        sides[1],
        providers={**sides[0].providers, **sides[1].providers},
        sources={**sides[0].sources, **sides[1].sources},
    )
    given = options.read_scope(both)._asdict()
    limited = []
    for side, name in zip(sides, (before.name, after.name), strict=True):
        known = {
            key: [part for part in parts if part in (side.sources if key == "sources" else side.providers)]
            for key, parts in given.items()
        }
        if any(given[key] and not known[key] for key in ("only", "sources")):
            raise BatchError(f"{name} has nothing that --only and --sources name, so there is nothing to compare.")
        limited.append(side.restrict(**known))
    return before._replace(knowledge=limited[0]), after._replace(knowledge=limited[1])


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
