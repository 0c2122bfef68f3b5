"""`recommend check`: every problem in the files, what looks suspicious, and the decision cases."""

from __future__ import annotations

from typing import Any

import click

from provider_advisor.errors import KnowledgeError
from provider_advisor.explanation.words import counted
from provider_advisor.faces.cli.check_cases import check_cases
from provider_advisor.faces.cli.freshness import show_freshness
from provider_advisor.faces.cli.options import (
    Options,
    as_of_option,
    format_option,
    knowledge_options,
    today,
)
from provider_advisor.faces.text import clean, show_text
from provider_advisor.knowledge import KnowledgeBase, facts_as_of, read_cases
from provider_advisor.knowledge.files import find_overlooked, locate_folder
from provider_advisor.knowledge.suspicions import find_future_claims, suspicions

__all__ = ["check_command"]


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
    failed = check_cases(cases, knowledge, options.rules, accept=options.accept) if options.with_cases else 0
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
        raise click.UsageError("--accept writes the verdicts of decision cases; add --cases.")
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


def _counts(knowledge: KnowledgeBase) -> str:
    claims = sum(len(provider.claims) for provider in knowledge.providers.values())
    return (
        f"{len(knowledge.criteria)} criteria, {len(knowledge.providers)} providers, "
        f"{claims} claims, {len(knowledge.rules)} rule{'' if len(knowledge.rules) == 1 else 's'}"
    )
