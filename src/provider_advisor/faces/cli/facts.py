"""`recommend facts`: every claim with its source; with `--changes`, what was added, replaced or ended since a day."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import claim_text, counted, joined, member_label
from provider_advisor.faces.cli.options import FactOptions, complete_by, format_option, option, take_options
from provider_advisor.faces.knowledge_records import record_claim, split_claim
from provider_advisor.faces.text import Page, show_json, show_text
from provider_advisor.knowledge import Claim, KnowledgeBase
from provider_advisor.knowledge.conditions import split_member
from provider_advisor.knowledge.fact_changes import FactChange, list_changes
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.statement import read_day
from provider_advisor.requirements.word_mistakes import suggest_words
from provider_advisor.written_values import today

_HEADINGS = ["Day", "Change", "What", "Product", "Says", ""]


class FactListOptions(FactOptions):
    """The options of the command."""

    changes: bool = option("--changes", is_flag=True, help="List what changed since a date instead of the claims.")
    since: str | None = option(
        "--since", metavar="DATE", help="With --changes: the first date to include (YYYY-MM-DD)."
    )
    form: str = format_option("text", "json")


@click.command("facts")
@click.argument("names", nargs=-1, metavar="[PROVIDER|CRITERION]...", shell_complete=complete_by("names"))
@take_options(FactListOptions)
def facts_command(names: tuple[str, ...], options: FactListOptions) -> None:
    """List claims with their sources.

    Lists all claims, or those about the given providers and criteria; with --as-of, those stated by that date. With
    --changes, lists what sources added, replaced or announced since a date, and what ended or closed to new customers.

    \b
    Examples:
      recommend facts acme
      recommend facts --changes --since 2024-01-01 acme
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    if options.changes != (options.since is not None):
        raise click.UsageError("--changes and --since work only together, as in --changes --since 2024-01-01.")
    first, day = read_day(options.since), options.day
    knowledge = options.limit(options.load())
    providers, criteria = _find_named(names, knowledge)
    if first is not None:
        changes = _choose_changes(list_changes(knowledge, first, day or today()), providers, criteria)
        _show_changes(changes, knowledge, options.form)
        return
    chosen = _choose_claims(knowledge, providers, criteria)
    found = chosen if day is None else [claim for claim in chosen if claim.stated <= day]
    if options.form == "json":
        show_json([record_claim(part) for claim in found for part in split_claim(claim)])
    elif found:
        _show(found, knowledge)
    else:
        show_text("No claims found.")


def _find_named(names: tuple[str, ...], knowledge: KnowledgeBase) -> tuple[set[str], set[str]]:
    """Return the providers and criteria with these names; a name of both, such as `zoom`, is the provider."""
    providers, criteria = set[str](), set[str]()
    for name in names:
        if (provider := knowledge.find_provider(name)) is not None:
            providers.add(provider)
        elif (criterion := knowledge.find_criterion(name)) is not None:
            criteria.add(criterion)
        else:
            hint = did_you_mean(name, knowledge.providers) or suggest_words(name, knowledge)
            hint = hint or " See `recommend criteria`."
            raise RequirementsError(f"'{name}' is neither a provider nor a criterion.{hint}")
    return providers, criteria


def _choose_claims(knowledge: KnowledgeBase, providers: set[str], criteria: set[str]) -> list[Claim]:
    """Return the claims on the named providers and criteria; without names, on all.

    For `phone-numbers@de`, a claim on `phone-numbers` for Germany and France counts, as the part of it on Germany.
    """
    found: list[Claim] = []
    members = [split_member(name) for name in criteria]
    for claim in itertools.chain.from_iterable(one.claims for one in knowledge.providers.values()):
        if providers and claim.provider not in providers:
            continue
        if not criteria or claim.criterion in criteria:
            found.append(claim)
            continue
        named = [member for base, member in members if member and base == claim.criterion]
        # A claim on some members "only" denies every other member.
        found += [claim.of_member(member) for member in named if member in claim.members or claim.only]
    return found


def _choose_changes(changes: Iterable[FactChange], providers: set[str], criteria: set[str]) -> list[FactChange]:
    """Return the changes of the named providers and criteria; if criteria are named, none of whole products."""
    bases = {split_member(name)[0] for name in criteria}
    return [
        change
        for change in changes
        if (not providers or change.provider in providers) and (not bases or change.criterion in bases)
    ]


def _show(claims: list[Claim], knowledge: KnowledgeBase) -> None:
    """Print claims by provider and criterion, each with its place in the source."""
    page, sources = Page(), dict.fromkeys(claim.source for claim in claims)
    numbers = {source: number for number, source in enumerate(sources, 1)}
    for provider, theirs in itertools.groupby(claims, key=lambda claim: claim.provider):
        page.heading(knowledge.providers[provider].name)
        for criterion, group in itertools.groupby(theirs, key=lambda claim: claim.criterion):
            page.line(criterion, 2)
            for claim in group:
                place = f"line {claim.line}" if claim.line else str(claim.place).removeprefix("section ")
                page.line(f"{_describe(claim, knowledge)} [{numbers[claim.source]}, {place}]", 4)
                if claim.note:
                    page.line(f"Note: {claim.note}", 6)
    page.heading("Sources")
    for source, number in numbers.items():
        known = knowledge.sources[source]
        page.line(f"[{number}] {known.title} ({known.published or 'undated'})", 2)
        page.line(known.url or f"no URL: {known.no_url}", 6)
    page.show(paged=True)


def _describe(claim: Claim, knowledge: KnowledgeBase) -> str:
    """Return a claim in words: value, members, products, days and kind of evidence."""
    starts = f" from {claim.starts}" if claim.starts > claim.stated else ""
    price_of = f" ({member_label(claim.criterion, claim.price_of, knowledge)} price)" if claim.price_of else ""
    says = _say_members(claim, knowledge) + price_of + starts + (f" until {claim.until}" if claim.until else "")
    says += "" if claim.evidence == "stated" else f", {claim.evidence}"
    product = claim.product or (claim.meant and f"meaning {claim.meant}")
    return f"{says} ({product})" if product else says


def _show_changes(changes: Sequence[FactChange], knowledge: KnowledgeBase, form: str) -> None:
    """Show changes as a table for each provider, or as JSON; repeated claims are only counted."""
    if form == "json":
        show_json([_make_record(change) for change in changes])
        return
    page = Page()
    told = [change for change in changes if change.kind != "confirmed"]
    places = {name: at for at, name in enumerate(sorted({change.source for change in told if change.source}), start=1)}
    if not changes:
        page.line("Nothing changed.")
    for provider, group in itertools.groupby(changes, key=lambda change: change.provider):
        parts = list(group)
        page.heading(knowledge.providers[provider].name)
        rows = [_make_row(change, knowledge, places) for change in parts if change.kind != "confirmed"]
        if rows:
            page.table(_HEADINGS, rows)
        if confirmed := len(parts) - len(rows):
            page.line(f"{counted(confirmed, 'claim')} confirmed.")
    cited = ((at, knowledge.sources[name]) for name, at in places.items())
    page.section(
        "Sources",
        (f"[{at}] {one.title} ({one.published or 'undated'}); {one.url or one.no_url or one.id}" for at, one in cited),
    )
    page.show(paged=True)


def _make_record(change: FactChange) -> dict[str, Any]:
    return {
        "provider": change.provider,
        "day": change.day.isoformat(),
        "change": change.kind,
        "product": change.product,
        "criterion": change.criterion,
        "source": change.source,
        "ahead": change.ahead.isoformat() if change.ahead else None,
        "claim": record_claim(change.claim) if change.claim is not None else None,
        "before": record_claim(change.before) if change.before is not None else None,
    }


def _make_row(change: FactChange, knowledge: KnowledgeBase, places: Mapping[str, int]) -> list[str]:
    product = knowledge.providers[change.provider].products.get(change.product or "")
    what = change.criterion or (product.name if product is not None else "")
    kind = change.kind.replace("-", " ")
    cited = f"[{places[change.source]}]" if change.source is not None else ""
    return [str(change.day), kind, what, change.product or "", _describe_change(change, knowledge), cited]


def _describe_change(change: FactChange, knowledge: KnowledgeBase) -> str:
    ahead = f"on {change.ahead}" if change.ahead is not None else ""
    if change.claim is None:
        return " ".join(filter(None, (change.says, ahead)))
    says = _say_members(change.claim, knowledge)
    if change.kind == "replaced" and change.before is not None:
        return f"{_say_members(change.before, knowledge)} → {says}"
    if change.kind == "withdrawn" and change.before is not None:
        return f"the end on {change.before.until}"
    return f"{says} {'until' if change.ahead == change.claim.until else 'from'} {change.ahead}" if ahead else says


def _say_members(claim: Claim, knowledge: KnowledgeBase) -> str:
    """Return what a claim says, and of which members: "present, for Canada and Mexico only"."""
    labels = [member_label(claim.criterion, name, knowledge) for name in claim.members]
    members = f", for {joined(labels)}{' only' if claim.only else ''}" if labels else ""
    return claim_text(claim) + members
