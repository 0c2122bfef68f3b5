"""`recommend check`: every problem in the files, what looks wrong, and decision cases: which fail, and why.

With `--accept` the new verdicts of the cases are written into their files.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from provider_advisor.errors import KnowledgeError
from provider_advisor.explanation.words import counted
from provider_advisor.faces.cli.options import (
    Options,
    as_of_option,
    find_folders,
    format_option,
    knowledge_options,
    read_folders,
    today,
    write_answer,
)
from provider_advisor.faces.text import show_line
from provider_advisor.knowledge import facts_as_of, read_cases
from provider_advisor.knowledge.files import find_overlooked, locate_folder, read_bytes
from provider_advisor.knowledge.loader import review

if TYPE_CHECKING:
    from provider_advisor.decision.cases import Failure

_VERDICT = frozenset({"kind", "strength", "provider", "lean", "among"})


class CheckOptions(Options):
    """The options of the command, as they were given."""

    with_cases: bool
    accept: bool
    freshness: bool
    within: int | None


@click.command("check")
@click.option("--cases", "with_cases", is_flag=True, help="Also check the decision cases in rules/cases/.")
@click.option("--accept", is_flag=True, help="With --cases: write the new verdicts into the case files, for review.")
@click.option("--freshness", is_flag=True, help="List facts that are out of date instead, with the URL to look at.")
@click.option(
    "--within",
    type=click.IntRange(0, 10_000),
    metavar="DAYS",
    help="With --freshness: also list facts that will be out of date within this many days.",
)
@click.option("--only", multiple=True, metavar="LIST", help="With --freshness: list only these providers.")
@format_option("text", "json", "calendar")
@as_of_option
@knowledge_options
@click.pass_context
def check_command(context: click.Context, /, **given: Any) -> None:  # noqa: ANN401 (the fields of CheckOptions)
    """Check the files of a knowledge base.

    Reports every problem in every file at once, then warnings about what looks wrong. With --cases, also reports the
    decisions that changed, each with the smallest set of facts or rules behind it. Exits with 2 if a file has a
    problem, with 1 if a case fails, and with 0 otherwise, even if there are warnings.

    \b
    Examples:
      recommend check --cases
      recommend check --freshness --within 90 --only acme
      recommend check --freshness --within 365 --format calendar > facts.ics
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    options = CheckOptions(**given)
    _refuse_mixed(options)
    options.facts, options.rules = find_folders(options.facts, options.rules)
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
    show_line(f"{_describe_counts(found.counts)}: no problems, {counted(len(found.warnings), 'warning')}{passed}.")
    if failed:
        context.exit(1)


def _refuse_mixed(options: CheckOptions) -> None:
    """Raise UsageError for options that need or exclude another one."""
    if options.accept and not options.with_cases:
        click.get_current_context().fail("--accept writes the verdicts of decision cases; add --cases.")
    if options.freshness and options.with_cases:
        click.get_current_context().fail("--freshness and --cases cannot be combined; run one after the other.")
    if not options.freshness and (options.within is not None or options.only or options.form != "text"):
        click.get_current_context().fail("--within, --only and --format work only with --freshness; add it.")


def _explain_overlooked(kind: str) -> str:
    here, used = locate_folder(kind, kind), locate_folder(kind, None)
    return (
        f"{kind}: without options, check reads the {kind} shipped with the program, in {used}, not those in {here}; to "
        f"check those, add --facts facts --rules rules; to check the shipped ones, add --{kind} {used}."
    )


def _show_freshness(options: CheckOptions, day: dt.date) -> None:
    """Show which facts to look up again. Raises KnowledgeError for facts dated in the future."""
    from provider_advisor.faces.cli.check_freshness import show_freshness  # noqa: PLC0415 (most checks ask for neither)
    from provider_advisor.knowledge.suspicions import find_future_claims  # noqa: PLC0415 (as above)

    knowledge = options.load()
    if ahead := list(find_future_claims(knowledge, max(day, today()))):
        raise KnowledgeError(ahead)
    show_freshness(facts_as_of(options.limit(knowledge), day), options.within or 0, options.form)


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
    failed = len(failures) - (_accept(failures, options.rules) if options.accept else 0)
    if not failed:
        return 0, f", all {len(cases)} cases pass"
    return failed, f", {failed} of {len(cases)} cases fail{'s' if failed == 1 else ''}"


def _accept(failures: Iterable[Failure], rules: str | None) -> int:
    """Write the new verdicts of cases into their files; return the number of cases."""
    from provider_advisor.knowledge.case_files import edit_cases  # noqa: PLC0415 (as above)

    written, files = 0, 0
    for name, group in itertools.groupby(failures, key=_get_file):
        changes = {failure.case.name: _find_changes(failure) for failure in group if failure.error is None}
        place = os.path.join(locate_folder("rules", rules), "cases", os.path.basename(name))  # noqa: PTH118, PTH119 (a Path takes longer)
        text = read_bytes(place, name).decode()
        for case, values in list(changes.items()):
            try:
                text = edit_cases(text, {case: values})
            except ValueError as error:
                show_line(f"{name}: case '{case}' is not accepted: {error}; edit it by hand.", err=True)
                del changes[case]
        if changes:
            write_answer(place, text)
            files += 1
        for case, values in changes.items():
            says = ", ".join(f"{key}: {_say(value)}" for key, value in values.items())
            show_line(f"accepted: {name}: case '{case}': {says}")
        written += len(changes)
    if written:
        what = f"{counted(written, 'case')} in {counted(files, 'file')}"
        show_line(f"Wrote the new verdicts of {what}; review them and their `why` before you commit.")
    return written


def _get_file(failure: Failure) -> str:
    return failure.case.where.rpartition(":")[0]


def _find_changes(failure: Failure) -> dict[str, Any]:
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


def _say(value: Any) -> str:  # noqa: ANN401 (any value of a case)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_say(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_say(part) for part in value)}]"
    return "null" if value is None else str(value)


def _describe_counts(counts: Mapping[str, int]) -> str:
    parts = [f"{counts[name]} {name}" for name in ("criteria", "providers", "claims")]
    return ", ".join([*parts, counted(counts["rules"], "rule")])
