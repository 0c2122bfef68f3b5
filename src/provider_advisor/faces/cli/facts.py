"""`recommend facts`: every claim, with its source."""

from __future__ import annotations

import itertools

import click

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.record import claim_record
from provider_advisor.explanation.words import claim_text
from provider_advisor.faces.cli.options import (
    complete_by,
    format_option,
    knowledge_options,
    load_knowledge,
    read_scope_options,
    scope_options,
)
from provider_advisor.faces.text import Page, show_json, show_text
from provider_advisor.knowledge import Claim, KnowledgeBase
from provider_advisor.knowledge.members import split_member
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.doubtful_words import suggest_words

__all__ = ["facts_command"]


@click.command("facts")
@click.argument("names", nargs=-1, metavar="[PROVIDER|CRITERION]...", shell_complete=complete_by("names"))
@format_option("text", "json")
@scope_options
@knowledge_options
def facts_command(
    names: tuple[str, ...], form: str, facts: str | None, rules: str | None, **scope: tuple[str, ...]
) -> None:
    """List claims with their sources.

    All claims, or those about the given providers and criteria.
    """
    knowledge = load_knowledge(facts, rules)
    knowledge = knowledge.restrict(**read_scope_options(knowledge, **scope)._asdict())
    found = _chosen(names, knowledge)
    if form == "json":
        show_json([claim_record(part) for claim in found for part in _list_parts(claim)])
    elif found:
        _show(found, knowledge)
    else:
        show_text("No claims found: this is unknown.")


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
    says = claim_text(claim) + members + starts + (f" until {claim.until}" if claim.until else "")
    product = claim.product or (f"({claim.meant})" if claim.meant else "")
    return [claim.criterion, says, product, claim.evidence, str(claim.line or claim.place)]
