"""`recommend facts`: every claim, with its source."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.record import claim_record
from provider_advisor.explanation.words import claim_text
from provider_advisor.faces.cli.changes import show_changes
from provider_advisor.faces.cli.options import (
    as_of_option,
    complete_by,
    format_option,
    knowledge_options,
    load_knowledge,
    read_day,
    read_scope_options,
    scope_options,
    today,
)
from provider_advisor.faces.text import Page, show_json, show_text
from provider_advisor.knowledge import Claim, KnowledgeBase
from provider_advisor.knowledge.changes import FactChange, list_changes
from provider_advisor.knowledge.members import split_member
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.doubtful_words import suggest_words

__all__ = ["facts_command"]


@dataclass(frozen=True)
class FactsOptions:
    """The options of the command, as they were given."""

    changes: bool
    since: str | None
    as_of: str | None
    form: str
    only: tuple[str, ...]
    without: tuple[str, ...]
    sources: tuple[str, ...]
    customer_of: tuple[str, ...]
    facts: str | None
    rules: str | None


@click.command("facts")
@click.argument("names", nargs=-1, metavar="[PROVIDER|CRITERION]...", shell_complete=complete_by("names"))
@click.option("--changes", is_flag=True, help="List what changed since a date instead of the claims.")
@click.option("--since", metavar="DATE", help="With --changes: the first date to include (YYYY-MM-DD).")
@as_of_option
@format_option("text", "json")
@scope_options
@knowledge_options
def facts_command(names: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 (the fields of FactsOptions)
    """List claims with their sources.

    Lists all claims, or those about the given providers and criteria. With --changes, lists what sources added,
    replaced or announced since a date, and what ended or closed to new customers.

    \b
    Examples:
      recommend facts acme
      recommend facts --changes --since 2024-01-01 acme
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    options = FactsOptions(**given)
    if options.changes != (options.since is not None):
        raise click.UsageError("--changes and --since belong together: --changes --since 2024-01-01.")
    if options.as_of is not None and not options.changes:
        raise click.UsageError("--as-of works only with --changes --since DATE, as the last date to include.")
    since, until = read_day(options.since), read_day(options.as_of) or today()
    knowledge = load_knowledge(options.facts, options.rules)
    scope = read_scope_options(
        knowledge,
        only=options.only,
        without=options.without,
        sources=options.sources,
        customer_of=options.customer_of,
    )
    knowledge = knowledge.restrict(**scope._asdict())
    found = _chosen(names, knowledge)
    if since is not None:
        show_changes(_choose_changes(list_changes(knowledge, since, until), names, knowledge), knowledge, options.form)
        return
    form = options.form
    if form == "json":
        show_json([claim_record(part) for claim in found for part in _list_parts(claim)])
    elif found:
        _show(found, knowledge)
    else:
        show_text("No claims found: this is unknown.")


def _choose_changes(
    changes: Iterable[FactChange], names: tuple[str, ...], knowledge: KnowledgeBase
) -> list[FactChange]:
    """Return the changes of the named providers and criteria; with a criterion, none of products as a whole."""
    providers = {knowledge.find_provider(name) for name in names} - {None}
    criteria = {split_member(found)[0] for name in names if (found := knowledge.find_criterion(name)) is not None}
    return [
        change
        for change in changes
        if (not providers or change.provider in providers) and (not criteria or change.criterion in criteria)
    ]


def _chosen(names: tuple[str, ...], knowledge: KnowledgeBase) -> list[Claim]:
    providers = {name: knowledge.find_provider(name) for name in names}
    criteria = {name: knowledge.find_criterion(name) for name in names}
    for name in names:
        if providers[name] is None and criteria[name] is None:
            hint = did_you_mean(name, knowledge.providers) or suggest_words(name, knowledge)
            hint = hint or " See `recommend criteria`."
            raise RequirementsError(f"'{name}' is neither a provider nor a criterion.{hint}")
    wanted = {name for name in providers.values() if name is not None} or set(knowledge.providers)
    asked = {name for name in criteria.values() if name is not None} or set(knowledge.criteria)
    claims = [claim for provider in knowledge.providers.values() if provider.id in wanted for claim in provider.claims]
    found: list[Claim] = []
    for claim in claims:
        if claim.criterion in asked:
            found.append(claim)
            continue
        members = [member for member in map(split_member, asked) if member[0] == claim.criterion]
        found += [claim.of_member(name) for _, name in members if name in claim.members or (name and claim.only)]
    return found


def _list_parts(claim: Claim) -> list[Claim]:
    """Return a claim on several members as one on each."""
    return [claim.of_member(member) for member in claim.members] or [claim]


def _show(claims: list[Claim], knowledge: KnowledgeBase) -> None:
    page = Page()
    for provider, group in itertools.groupby(claims, key=lambda claim: claim.provider):
        page.heading(knowledge.providers[provider].name)
        page.table(["Criterion", "Claim", "Product", "Evidence", "Line"], [_row(claim) for claim in group])
    page.heading("Sources")
    for source in sorted({claim.source for claim in claims}):
        known = knowledge.sources[source]
        page.line(f"{source}: {known.title} ({known.published or 'undated'})", 2)
    page.show()


def _row(claim: Claim) -> list[str]:
    starts = f" from {claim.starts} on" if claim.starts > claim.stated else ""
    members = f" for {', '.join(claim.members)}{' only' if claim.only else ''}" if claim.members else ""
    members += f" (price of {claim.price_of})" if claim.price_of else ""
    says = claim_text(claim) + members + starts + (f" until {claim.until}" if claim.until else "")
    product = claim.product or (f"({claim.meant})" if claim.meant else "")
    return [claim.criterion, says, product, claim.evidence, str(claim.line or claim.place)]
