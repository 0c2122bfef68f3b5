"""`recommend impact`: which teams a change of facts or rules affects, before it ships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from provider_advisor.requirements.statement import today

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
        _show_transitions(record, names, page)
    if record["changes"]:
        _show_changes(record, page)
    _show_examples(record, names, page)
    page.gap()
    for side in ("before", "after"):
        known = record[side]
        base = base_text(known["version"], known["date"], known["fingerprint"])
        page.line(f"{capital(side)}: {known['name']}, knowledge base {base}.")
    page.line(f"Compared as of {record['as_of']}.")


def _write_headline(record: Record) -> str:
    changed, other = record["changed"], record["other_provider"]
    if not record["compared"]:
        return "No team was compared."
    teams = counted(record["compared"], "team")
    if not changed["teams"]:
        return f"No verdict changes ({teams} compared)."
    verdicts = counted(changed["teams"], "verdict")
    verb = "changes" if changed["teams"] == 1 else "change"
    provider = f"for {other['teams']:,} the recommended provider changes"
    return f"{verdicts} of {teams} {verb} ({percent(changed['share'])}); {provider}."


def _list_rows(record: Record) -> Iterator[str]:
    """Yield a line for each kind of row that was not compared, or not on its own day."""
    rejected = record["rejected"]
    if total := sum(rejected.values()):
        sides = {"both": "by both bases", "before": "only by the old base", "after": "only by the new base"}
        parts = [f"{rejected[key]:,} {words}" for key, words in sides.items() if rejected[key]]
        yield f"{total:,} of {record['rows']:,} rows {'was' if total == 1 else 'were'} rejected: {joined(parts)}."
    if record["dated"]:
        own = "row has its own as_of or max_age" if record["dated"] == 1 else "rows have their own as_of or max_age"
        yield f"{record['dated']:,} {own}; all were compared as of {record['as_of']}."
    if record["unread"]:
        yield f"Columns that only one of the bases knows: {', '.join(record['unread'])}."


def _show_transitions(record: Record, names: Names, page: Page) -> None:
    found = record["transitions"]
    rows = []
    for part in found[:_MOST_TRANSITIONS]:
        sides = (_name_verdict(part[side], names) for side in ("before", "after"))
        rows.append([f"{part['teams']:,}", percent(part["share"]), *sides])
    page.gap()
    page.table(["Teams", "Share", "Before", "After"], rows)
    if len(found) > len(rows):
        page.line(f"({len(found) - len(rows)} more kinds of change; see --format json)")


def _name_verdict(verdict: Record, names: Names) -> str:
    if verdict["kind"] == "none":
        return "none of the providers compared meets every must"
    if verdict["kind"] == "recommended":
        return f"{names[verdict['provider']]}, {STRENGTHS[verdict['strength']]}"
    if verdict["lean"]:
        return f"undetermined, {names[verdict['lean']]} leads"
    among = joined([names[name] for name in verdict["among"]])
    word = "tie" if verdict["kind"] == "tie" else "undetermined"
    return f"{word}: {among}" if among else word


def _show_changes(record: Record, page: Page) -> None:
    """Add the changes that change verdicts to the page, and the number of the others."""
    turning = [part for part in record["changes"] if part["alone"] or part["otherwise"] or part["needed"]]
    chosen = _choose_changes(turning)
    if chosen:
        rows = [[*map(_write_number, (part["alone"], part["needed"])), _write_change(part)] for part in chosen]
        page.gap()
        page.table(["Alone", "Needed", "Because of"], rows[:_MOST_CHANGES])
        page.line(_write_because(record["because"]))
    if len(chosen) > _MOST_CHANGES:
        page.line(f"({counted(len(chosen) - _MOST_CHANGES, 'change')} more; see --format json)")
    if idle := len(record["changes"]) - len(turning):
        verb = "affects" if idle == 1 else "affect"
        alone = f"none of these verdicts on {'its' if idle == 1 else 'their'} own"
        page.line(
            f"{counted(idle, 'change')} {verb} {alone if record['transitions'] else 'no verdict'}; see --format json."
        )


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
    looked_at = counted(found["looked_at"], "team")
    verb = "changes" if found["looked_at"] == 1 else "change"
    whole = f"a random sample of {looked_at} that {verb}" if found["sampled"] else f"the {looked_at} that {verb}"
    ways = [
        (found[key], words)
        for key, words in (
            ("by_one", "from one change alone"),
            ("by_any", "from any of several"),
            ("together", "only from several together"),
        )
        if found[key]
    ]
    parts = [f"{count:,} {words}" for count, words in ways]
    if ways:
        # The verb appears once, after the first number: "3 get their new verdict from one change alone and 1 from any".
        count, words = ways[0]
        parts[0] = f"{count:,} {'gets its' if count == 1 else 'get their'} new verdict {words}"
    count = found["untried"]
    untried = f" There were too many changes: {counted(count, 'change')} not tried." if count else ""
    needed = "'Needed' counts the teams that do not get their new verdict without this change."
    return f"Of {whole}, {joined(parts)}. {needed}{untried}"


def _show_examples(record: Record, names: Names, page: Page) -> None:
    for part in record["examples"][:1]:
        team = part["team"] or f"row {part['row']:,} of {part['file']}"
        verdicts = f"{capital(_name_verdict(part['before'], names))}; now {_name_verdict(part['after'], names)}."
        page.section(f"For example {team}", [verdicts, *part["differences"][:_MOST_DIFFERENCES]])
