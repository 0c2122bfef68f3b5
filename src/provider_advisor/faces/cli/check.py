"""`recommend check`: every mistake in the files, what looks wrong, decision cases that fail, and facts out of date."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.explanation.words import capital, counted, shortened
from provider_advisor.faces.cli.exit_status import ExitStatus
from provider_advisor.faces.cli.named_files import write_answer
from provider_advisor.faces.cli.options import FactOptions, format_option, option, read_folders, take_options
from provider_advisor.faces.knowledge_records import describe_freshness, record_freshness
from provider_advisor.faces.text import Page, show_bytes, show_json, show_line
from provider_advisor.knowledge import Facts, KnowledgeBase, facts_as_of, read_cases
from provider_advisor.knowledge.files import find_overlooked, locate_folder, read_bytes
from provider_advisor.knowledge.freshness import AgeingGroup, group_ageing, list_ageing
from provider_advisor.knowledge.loader import review
from provider_advisor.written_values import today

if TYPE_CHECKING:
    from provider_advisor.decision.cases import Failure

# Mistakes are errors and end with status 2; what is allowed but looks wrong is a warning:
#
#     warning: provider 'vonage': 1 fact is from 2022-07-05 and out of date (`stale_after`): sdk-languages.
#     813 criteria, 15 providers, 2,602 claims, 126 rules: no mistakes, 22 warnings.

_MOST_NAMED = 8
_VERDICT = frozenset({"kind", "strength", "provider", "lean", "among"})


class CheckOptions(FactOptions):
    """The options of the command; the scope is that of --only."""

    with_cases: bool = option("--cases", is_flag=True, help="Also check the decision cases in rules/cases/.")
    accept: bool = option(
        "--accept", is_flag=True, help="With --cases: write the new verdicts into the case files, for review."
    )
    freshness: bool = option(
        "--freshness", is_flag=True, help="List facts that are out of date instead, with the URL to look at."
    )
    within: int | None = option(
        "--within",
        type=click.IntRange(0, 10_000),
        metavar="DAYS",
        help="With --freshness: also list facts that will be out of date within this many days.",
    )
    only: tuple[str, ...] = option(
        "--only", multiple=True, metavar="LIST", help="With --freshness: list only these providers."
    )
    form: str = format_option("text", "json", "calendar")
    without = sources = customer_of = ()


@click.command("check")
@take_options(CheckOptions)
@click.pass_context
def check_command(context: click.Context, /, options: CheckOptions) -> None:
    """Check the files of a knowledge base.

    Reports every mistake in every file at once, then warnings about what looks wrong. With --cases, also reports the
    decisions that changed, each with the smallest set of facts or rules behind it. Exits with 2 if a file has a
    mistake, with 1 if a case fails, and with 0 otherwise, even if there are warnings.

    \b
    Examples:
      recommend check --cases
      recommend check --freshness --within 90 --only acme
      recommend check --freshness --within 365 --format calendar > facts.ics
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    _refuse_mixed(options)
    day = options.day or today()
    if options.facts is None and options.rules is None and (kind := find_overlooked()) is not None:
        raise KnowledgeError([_explain_overlooked(kind)])
    if options.freshness:
        _show_freshness(options, day)
        return
    found = read_folders(partial(review, day=day, today=today()), options.facts, options.rules)
    for suspicion in found.warnings:
        show_line(f"warning: {suspicion}")
    failed, passed = _check_cases(options) if options.with_cases else (0, "")
    read_from = f"{locate_folder('facts', options.facts)} and {locate_folder('rules', options.rules)}"
    show_line(f"Read from {read_from}.")
    counts = [f"{found.counts[name]:,} {name}" for name in ("criteria", "providers", "claims")]
    counts.append(counted(found.counts["rules"], "rule"))
    show_line(f"{', '.join(counts)}: no mistakes, {counted(len(found.warnings), 'warning')}{passed}.")
    if failed:
        context.exit(ExitStatus.FAILED)


def _refuse_mixed(options: CheckOptions) -> None:
    """Raise UsageError for options that need or exclude another one."""
    if options.accept and not options.with_cases:
        raise click.UsageError("--accept requires --cases.")
    if options.freshness and options.with_cases:
        raise click.UsageError("--freshness and --cases cannot be combined; run one after the other.")
    if not options.freshness and (options.within is not None or options.only or options.form != "text"):
        raise click.UsageError("--within, --only and --format work only with --freshness; add it.")


def _explain_overlooked(kind: str) -> str:
    here, used = locate_folder(kind, kind), locate_folder(kind, None)
    return (
        f"{kind}: without options, check reads the {kind} shipped with the program, in {used}, not those in {here}; to "
        f"check those, add --facts facts --rules rules; to check the shipped ones, add --{kind} {used}."
    )


def _check_cases(options: CheckOptions) -> tuple[int, str]:
    """Show each failing case and its cause on standard error; return how many still fail, also in words.

    With --accept, write the new verdicts into the case files of the rules folder, and show them on standard output.
    Raises BatchFailure for a file that cannot be written.
    """
    from provider_advisor.decision.cases import check_case, find_cause  # noqa: PLC0415 (the engine, for cases alone)

    knowledge, cases = options.load(), read_folders(read_cases, options.facts, options.rules)
    failures = [failure for case in cases if (failure := check_case(case, knowledge)) is not None]
    for failure in failures:
        for sentence in failure.describe():
            show_line(sentence, err=True)
        if failure.error is None:
            show_line(find_cause(failure.case, knowledge).describe(), 2, err=True)
    failed = len(failures) - (_accept_verdicts(failures, options.rules) if options.accept else 0)
    if not failed:
        return 0, f", all {len(cases):,} cases pass"
    return failed, f", {failed:,} of {len(cases):,} cases fail{'s' if failed == 1 else ''}"


def _accept_verdicts(failures: Iterable[Failure], rules: str | None) -> int:
    """Write the new verdicts of cases into their files; return the number of cases."""
    from provider_advisor.knowledge.case_files import edit_case, write_flow  # noqa: PLC0415 (as above)

    written, files = 0, 0
    for name, group in itertools.groupby(failures, key=lambda failure: failure.case.where.rpartition(":")[0]):
        place = os.path.join(locate_folder("rules", rules), "cases", os.path.basename(name))  # noqa: PTH118, PTH119 (a Path takes longer)
        text, accepted = read_bytes(place, name).decode(), dict[str, dict[str, Any]]()
        for failure in group:
            if failure.error is not None:
                continue
            case, values = failure.case.name, _list_changed_keys(failure)
            try:
                text = edit_case(text, case, values)
            except ValueError as error:
                show_line(f"{name}: case '{case}' is not accepted: {error}; edit it by hand.", err=True)
            else:
                accepted[case] = values
        if accepted:
            write_answer(place, text)
            files += 1
        for case, values in accepted.items():
            says = ", ".join(f"{key}: {write_flow(value)}" for key, value in values.items())
            show_line(f"accepted: {name}: case '{case}': {says}")
        written += len(accepted)
    if written:
        what = f"{counted(written, 'case')} in {counted(files, 'file')}"
        show_line(f"Wrote the new verdicts of {what}; review them and their `why` before you commit.")
    return written


def _list_changed_keys(failure: Failure) -> dict[str, Any]:
    """Return the keys of a case to change, with their new values."""
    keys = {difference.key for difference in failure.differences}
    changes: dict[str, Any] = {}
    if keys & _VERDICT:
        changes["verdict"] = failure.verdict
    for key in sorted(keys - _VERDICT):
        found = failure.found[key]
        if key == "standings":
            found = {name: standing for name, standing in found.items() if standing is not None}
        changes[key] = found
    return changes


def _show_freshness(options: CheckOptions, day: dt.date) -> None:
    """Show which facts to look up again. Raises KnowledgeError for facts dated in the future."""
    from provider_advisor.knowledge.suspicions import find_future_claims  # noqa: PLC0415 (most checks do without)

    knowledge, within = options.load(), options.within or 0
    if ahead := list(find_future_claims(knowledge, max(day, today()))):
        raise KnowledgeError(ahead)
    facts = facts_as_of(options.limit(knowledge), day)
    found = list_ageing(facts, within)
    if options.form == "json":
        show_json(record_freshness(found, facts, within))
    elif options.form == "calendar":
        show_bytes(_write_calendar(group_ageing(found), facts.knowledge, day))
    else:
        _show_ageing(group_ageing(found), facts, within)


def _show_ageing(groups: Sequence[AgeingGroup], facts: Facts, within: int) -> None:
    page, knowledge, day = Page(), facts.knowledge, facts.as_of
    page.line(describe_freshness(groups, day, within))
    for provider, parts in itertools.groupby(groups, key=lambda group: group.provider):
        page.heading(knowledge.providers[provider].name)
        for group in parts:
            page.line(_describe_ageing(group, knowledge, day), 2)
            page.line(shortened([part.criterion for part in group.facts], _MOST_NAMED), 4)
            page.line(_find_address(group, knowledge), 4)
    page.show(paged=True)


def _describe_ageing(group: AgeingGroup, knowledge: KnowledgeBase, day: dt.date) -> str:
    past = group.count_past(day)
    soon = len(group.facts) - past
    said = [f"{counted(past, 'fact')} from {group.stated}, valid until {group.good_until}"] if past else []
    ahead = min((part.good_until for part in group.facts if part.good_until >= day), default=None)
    said += [f"{soon:,} {'more ' if past else ''}valid until {ahead}"] if soon else []
    return f"{capital(knowledge.spell_id(group.area))}: {'; '.join(said)}"


def _find_address(group: AgeingGroup, knowledge: KnowledgeBase) -> str:
    source = knowledge.sources[group.source]
    return source.url or f"{source.id}: no URL ({source.no_url or source.title})"


def _write_calendar(groups: Sequence[AgeingGroup], knowledge: KnowledgeBase, day: dt.date) -> bytes:
    """Return an iCalendar file, one all-day event per provider, area and source; past ones are on `day`."""
    try:
        import icalendar  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise RequirementsError(
            "a calendar needs icalendar, which is not installed; install provider-advisor[calendar], or write "
            "--format json."
        ) from error
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//provider-advisor//freshness//EN")
    calendar.add("version", "2.0")
    for group in groups:
        event = icalendar.Event()
        name = knowledge.providers[group.provider].name
        event.add("uid", f"{group.provider}-{group.area}-{group.source}-{group.good_until}@provider-advisor")
        event.add("dtstamp", dt.datetime.combine(day, dt.time(), dt.UTC))
        # The facts are out of date from the day after the last good one.
        starts = max(group.good_until + dt.timedelta(days=1), day)
        event.add("dtstart", starts)
        event.add("dtend", starts + dt.timedelta(days=1))
        area = capital(knowledge.spell_id(group.area))
        event.add("summary", f"{name}, {area}: look up {counted(len(group.facts), 'fact')}")
        lines = [f"{part.criterion}: from {part.stated}, valid until {part.good_until}" for part in group.facts]
        event.add("description", "\n".join([_find_address(group, knowledge), *lines]))
        if knowledge.sources[group.source].url:
            event.add("url", knowledge.sources[group.source].url)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
