"""`recommend check`: every problem in the files, what looks wrong, and decision cases: which fail, and why.

With `--accept` the new verdicts of the cases are written into their files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from provider_advisor.decision.cases import Failure, check_case, find_cause
from provider_advisor.errors import KnowledgeError
from provider_advisor.explanation.words import counted
from provider_advisor.faces.cli.freshness import show_freshness
from provider_advisor.faces.cli.options import (
    Options,
    as_of_option,
    format_option,
    knowledge_options,
    today,
    write_answer,
)
from provider_advisor.faces.text import clean, show_text
from provider_advisor.knowledge import Case, KnowledgeBase, facts_as_of, read_cases
from provider_advisor.knowledge.case_files import edit_cases
from provider_advisor.knowledge.files import find_overlooked, locate_folder, read_bytes
from provider_advisor.knowledge.suspicions import find_future_claims, suspicions

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
@click.option("--freshness", is_flag=True, help="Instead, list facts that are out of date, with the URL to look at.")
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
    day = options.day or today()
    if options.facts is None and options.rules is None and (kind := find_overlooked()) is not None:
        raise KnowledgeError([_explain_overlooked(kind)])
    knowledge = options.load()
    if ahead := list(find_future_claims(knowledge, max(day, today()))):
        raise KnowledgeError(ahead)
    if options.freshness:
        show_freshness(facts_as_of(options.limit(knowledge), day), options.within or 0, options.form)
        return
    cases = read_cases(options.facts, options.rules)
    found = list(suspicions(facts_as_of(knowledge, day)))
    for suspicion in found:
        show_text(f"warning: {clean(suspicion)}")
    failed = _check_cases(cases, knowledge, options.rules, accept=options.accept) if options.with_cases else 0
    passed = (
        f"{failed} of {len(cases)} cases fail{'s' if failed == 1 else ''}" if failed else f"all {len(cases)} cases pass"
    )
    held = f", {passed}" if options.with_cases else ""
    read_from = f"{locate_folder('facts', options.facts)} and {locate_folder('rules', options.rules)}"
    show_text(clean(f"Read from {read_from}."))
    show_text(f"{_counts(knowledge)}: no problems, {counted(len(found), 'warning')}{held}.")
    if failed:
        context.exit(1)


def _refuse_mixed(options: CheckOptions) -> None:
    """Raise UsageError for options that need another one, or exclude it."""
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


def _check_cases(cases: Sequence[Case], knowledge: KnowledgeBase, rules: str | None, *, accept: bool) -> int:
    """Show each case that fails and what turned it, on standard error; return how many still fail.

    With `accept` the verdicts of now are written into the files of cases in the folder `rules`, and shown on standard
    output. Raises BatchFailure for a file that cannot be written.
    """
    failures = [failure for case in cases if (failure := check_case(case, knowledge)) is not None]
    for failure in failures:
        for sentence in failure.describe():
            show_text(clean(sentence), err=True)
        if failure.error is None:
            show_text(f"  {clean(find_cause(failure.case, knowledge).describe())}", err=True)
    return len(failures) - (_accept(failures, rules) if accept else 0)


def _accept(failures: Iterable[Failure], rules: str | None) -> int:
    """Write what the cases come to now into their files; return of how many."""
    written, files = 0, 0
    for name, group in itertools.groupby(failures, key=_get_file):
        changes = {failure.case.name: _find_changes(failure) for failure in group if failure.error is None}
        place = str(Path(locate_folder("rules", rules), "cases", Path(name).name))
        text = read_bytes(place, name).decode()
        for case, values in list(changes.items()):
            try:
                text = edit_cases(text, {case: values})
            except ValueError as error:
                show_text(clean(f"{name}: case '{case}' is not accepted: {error}; edit it by hand."), err=True)
                del changes[case]
        if changes:
            write_answer(place, text)
            files += 1
        for case, values in changes.items():
            says = ", ".join(f"{key}: {_say(value)}" for key, value in values.items())
            show_text(clean(f"accepted: {name}: case '{case}': {says}"))
        written += len(changes)
    if written:
        what = f"{counted(written, 'case')} in {counted(files, 'file')}"
        show_text(f"Wrote the new verdicts of {what}; review them and their `why` before you commit.")
    return written


def _get_file(failure: Failure) -> str:
    return failure.case.where.rpartition(":")[0]


def _find_changes(failure: Failure) -> dict[str, Any]:
    """Return the keys of a case that are to change, with the values of now."""
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


def _counts(knowledge: KnowledgeBase) -> str:
    claims = sum(len(provider.claims) for provider in knowledge.providers.values())
    return (
        f"{len(knowledge.criteria)} criteria, {len(knowledge.providers)} providers, "
        f"{claims} claims, {counted(len(knowledge.rules), 'rule')}"
    )
