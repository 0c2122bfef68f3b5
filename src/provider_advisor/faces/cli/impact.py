"""`recommend impact`: which teams a change of facts or rules affects, before it ships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provider_advisor.errors import BatchError
from provider_advisor.explanation.words import STRENGTHS, base_text, capital, counted, joined, percent
from provider_advisor.faces.cli.commands import HeadedCommand
from provider_advisor.faces.cli.input_options import InputOptions
from provider_advisor.faces.cli.options import format_option, option, path_name, take_options
from provider_advisor.faces.text import Page, progress_bar, show_json
from provider_advisor.knowledge import Facts
from provider_advisor.written_values import today

if TYPE_CHECKING:  # importing columns takes half a second, and --help needs none
    from provider_advisor.batch.impact.versions import Version

# What is shown of each change, from the example in docs/batch.md:
#
#     Alone  Needed  Because of
#     642    680     Vonage, Sales application: not known, now present
#
# Of the teams whose verdict changes, 642 get their new one if only this claim is added to the base before, and 680 do
# not get it if only this claim is taken from the base after.

_MOST_TRANSITIONS = 8
_MOST_CHANGES = 10
_MOST_DIFFERENCES = 3
_MOST_EXAMPLES = 2

Record = Mapping[str, Any]
Names = Mapping[str, str]


_SIDE = "FOLDER|REVISION"


class ImpactOptions(InputOptions):
    """The options of the command."""

    before: str = option(
        "--before", type=path_name, metavar=_SIDE, required=True, help="Knowledge base before the change."
    )
    after: str | None = option(
        "--after",
        type=path_name,
        metavar=_SIDE,
        help="Knowledge base after the change; default: --facts and --rules, else the working tree, or the shipped "
        "knowledge base if --before is a folder.",
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


# The impact as text


def show_impact(record: Record, names: Names, page: Page) -> None:
    """Add an impact, as `record_impact` returns it, to the page; `names` maps provider ids to names."""
    page.line(_write_headline(record), bold=True)
    for line in _list_rows(record):
        page.line(line)
    if record["transitions"]:
        _show_transitions(record["transitions"], names, page)
    _show_changes(record, page)
    for part in record["examples"][:1]:
        team = part["team"] or f"row {part['row']:,} of {part['file']}"
        verdicts = f"{capital(_name_verdict(part['before'], names))}; now {_name_verdict(part['after'], names)}."
        page.section(f"For example {team}", [verdicts, *part["differences"][:_MOST_DIFFERENCES]])
    page.gap()
    for side in ("before", "after"):
        known = record[side]
        base = base_text(known["version"], known["date"], known["fingerprint"])
        page.line(f"{capital(side)}: {known['name']}, knowledge base {base}.")
    page.line(f"Compared as of {record['as_of']}.")


def _write_headline(record: Record) -> str:
    changed, other = record["changed"], record["other_provider"]
    share = f" ({percent(changed['share'])})" if changed["teams"] else ""
    others = f"; with another recommended provider: {other['teams']:,}" if changed["teams"] else ""
    return f"Changed verdicts: {changed['teams']:,} of {counted(record['compared'], 'team')}{share}{others}."


def _list_rows(record: Record) -> Iterator[str]:
    """Yield a line for each kind of row that was not compared, or not on its own day."""
    sides = {"both": "by both bases", "before": "only by the old base", "after": "only by the new base"}
    if parts := [f"{record['rejected'][key]:,} {words}" for key, words in sides.items() if record["rejected"][key]]:
        total = sum(record["rejected"].values())
        yield f"Rejected {total:,} of {counted(record['rows'], 'row')}: {joined(parts)}."
    if record["dated"]:
        yield f"Rows with their own as_of or max_age: {record['dated']:,}; all were compared as of {record['as_of']}."
    if record["unread"]:
        yield f"Columns that only one of the bases knows: {', '.join(record['unread'])}."


def _show_transitions(found: Sequence[Record], names: Names, page: Page) -> None:
    rows = []
    for part in found[:_MOST_TRANSITIONS]:
        sides = (_name_verdict(part[side], names) for side in ("before", "after"))
        rows.append([f"{part['teams']:,}", percent(part["share"]), *sides])
    page.gap()
    page.table(["Teams", "Share", "Before", "After"], rows)
    _show_rest(len(found) - len(rows), "More kinds of change", page)


def _show_rest(count: int, what: str, page: Page) -> None:
    if count > 0:
        page.line(f"({what}: {count:,}; see --format json)")


def _name_verdict(verdict: Record, names: Names) -> str:
    if verdict["kind"] == "none":
        return "none of the providers compared meets every must"
    if verdict["kind"] == "recommended":
        return f"{names[verdict['provider']]}, {STRENGTHS[verdict['strength']]}"
    if verdict["lean"]:
        return f"undetermined, {names[verdict['lean']]} leads"
    return ": ".join(filter(None, [verdict["kind"], joined([names[name] for name in verdict["among"]])]))


def _show_changes(record: Record, page: Page) -> None:
    """Add the changes that change verdicts to the page, and the number of the others."""
    turning = [part for part in record["changes"] if part["alone"] or part["otherwise"] or part["needed"]]
    if chosen := _choose_changes(turning):
        rows = [[*map(_write_number, (part["alone"], part["needed"])), _write_change(part)] for part in chosen]
        page.gap()
        page.table(["Alone", "Needed", "Because of"], rows[:_MOST_CHANGES])
        page.line(_write_because(record["because"]))
    _show_rest(len(chosen) - _MOST_CHANGES, "More changes", page)
    _show_rest(len(record["changes"]) - len(turning), "Changes that affect no verdict on their own", page)


def _choose_changes(changes: Iterable[Record]) -> list[Record]:
    """Return the changes to show: one of each set that must be made together."""
    # If a rule names a criterion that is new, each comes with the other: {rule, criterion} is one row. If a new
    # provider brings its claims, the claims have none of their own.
    seen: set[frozenset[str]] = set()
    brought: set[str] = set()
    found = []
    for part in changes:
        together = frozenset({part["says"], *part["brings"]})
        if together not in seen and (part["alone"] or part["says"] not in brought):
            found.append(part)
        seen.add(together)
        brought.update(part["brings"])
    return found


def _write_number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _write_change(part: Record) -> str:
    brings = f"; with {joined(part['brings'])}" if part["brings"] else ""
    teams = [place["team"] for place in part["examples"][:_MOST_EXAMPLES] if place["team"]]
    examples = f" (such as {', '.join(teams)})" if teams else ""
    return f"{capital(part['says'])}{brings}{examples}"


def _write_because(found: Record) -> str:
    """Say how many verdicts change because of one change alone, any of several, or several together."""
    ways = {"by_one": "one change alone", "by_any": "any of several", "together": "only several together"}
    told = joined([f"{words} ({found[key]:,})" for key, words in ways.items() if found[key]])
    looked_at = f"{'a random sample of ' if found['sampled'] else ''}{counted(found['looked_at'], 'team')}"
    untried = f" Too many changes: {found['untried']:,} were not tried." if found["untried"] else ""
    needed = "'Needed' counts the teams that do not get their new verdict without this change."
    return f"Causes of the new verdicts of {looked_at}: {told}. {needed}{untried}"
