"""`recommend check`: every problem in the files, what looks suspicious, and the decision cases."""

from __future__ import annotations

import click

from provider_advisor.decision.cases import find_failures
from provider_advisor.errors import KnowledgeError
from provider_advisor.faces.cli.options import as_of_option, knowledge_options, load_knowledge, read_day, today
from provider_advisor.faces.text import clean, show_text
from provider_advisor.knowledge import KnowledgeBase, facts_as_of, read_cases
from provider_advisor.knowledge.files import find_overlooked, locate_folder
from provider_advisor.knowledge.suspicions import find_future_claims, suspicions

__all__ = ["check_command"]


@click.command("check")
@click.option("--cases", "with_cases", is_flag=True, help="Also decide every case in rules/cases/ and compare.")
@as_of_option
@knowledge_options
@click.pass_context
def check_command(
    context: click.Context, *, with_cases: bool, as_of: str | None, facts: str | None, rules: str | None
) -> None:
    """Check the files of a knowledge base.

    Reports every problem in every file at once, then what looks suspicious, and with --cases the decisions that
    changed. Exit status: 2 if a file has a problem, 1 if a case does not hold, 0 otherwise, also for suspicions.
    """
    day = read_day(as_of) or today()
    if facts is None and rules is None and (kind := find_overlooked()) is not None:
        raise KnowledgeError([_explain_overlooked(kind)])
    knowledge = load_knowledge(facts, rules)
    if ahead := list(find_future_claims(knowledge, max(day, today()))):
        raise KnowledgeError(ahead)
    cases = read_cases(facts, rules)
    found = list(suspicions(facts_as_of(knowledge, day)))
    for suspicion in found:
        show_text(f"suspicious: {clean(suspicion)}")
    failed = [failure for case in cases for failure in find_failures(case, knowledge)] if with_cases else []
    for failure in failed:
        show_text(clean(failure), err=True)
    held = (
        f", {len(cases)} cases {'with ' + str(len(failed)) + ' failures' if failed else 'hold'}" if with_cases else ""
    )
    show_text(clean(f"Read from {locate_folder('facts', facts)} and {locate_folder('rules', rules)}."))
    show_text(f"{_counts(knowledge)}: no problems, {len(found)} suspicious{held}.")
    if failed:
        context.exit(1)


def _explain_overlooked(kind: str) -> str:
    here, used = locate_folder(kind, kind), locate_folder(kind, None)
    return (
        f"{kind}: the {kind} in use are those shipped with the program, in {used}, not those here, in {here}; to "
        f"check the ones here, write --facts facts --rules rules, to check those in use, --{kind} {used}."
    )


def _counts(knowledge: KnowledgeBase) -> str:
    claims = sum(len(provider.claims) for provider in knowledge.providers.values())
    return (
        f"{len(knowledge.criteria)} criteria, {len(knowledge.providers)} providers, "
        f"{claims} claims, {len(knowledge.rules)} rules"
    )
