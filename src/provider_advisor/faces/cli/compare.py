"""`recommend compare`: two or more providers side by side, with evidence and lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.record import claim_record
from provider_advisor.explanation.words import claim_text, joined
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
from provider_advisor.faces.text import Page, show_json
from provider_advisor.knowledge import Criterion, Fact, Facts, KnowledgeBase, facts_as_of
from provider_advisor.knowledge.members import AT
from provider_advisor.knowledge.suggest import did_you_mean

__all__ = ["compare_command", "fact_text", "record_facts"]


_MOST_COLUMNS = 4


@click.command("compare")
@click.argument("providers", nargs=-1, shell_complete=complete_by("providers"))
@click.option("--area", shell_complete=complete_by("areas"), help="Show only criteria in this area, such as video.")
@click.option("--all", "every", is_flag=True, help="Show all criteria, even for five or more providers.")
@as_of_option
@scope_options
@format_option("text", "json")
@knowledge_options
def compare_command(  # noqa: PLR0913 (one parameter an option)
    *,
    providers: tuple[str, ...],
    area: str | None,
    as_of: str | None,
    every: bool,
    form: str,
    facts: str | None,
    rules: str | None,
    **scope: tuple[str, ...],
) -> None:
    """Show providers side by side.

    Shows what is known about PROVIDERS, or about all providers in scope, with evidence and sources. For five or more
    providers, shows only the criteria on which they are known to differ.
    """
    knowledge = load_knowledge(facts, rules)
    if not providers and not any(scope.values()):
        raise click.UsageError("give the providers to compare, or use --only, --without or --sources")
    named = _providers(providers, knowledge)
    knowledge = knowledge.restrict(**read_scope_options(knowledge, **scope)._asdict())
    criteria = _criteria(area, knowledge)
    book = facts_as_of(knowledge, (read_day(as_of) or today()))
    chosen = named or list(book.knowledge.providers)
    _refuse_absent(chosen, book)
    asked = {criterion.id for criterion in criteria}
    claimed = {name for provider, name in knowledge.list_claimed() if provider in chosen}
    members = [knowledge.criteria[name] for name in claimed if AT in name and name.partition(AT)[0] in asked]
    both = sorted([*criteria, *members], key=lambda criterion: (criterion.area, criterion.id))
    rows = [(criterion, [book(provider, criterion.id) for provider in chosen]) for criterion in both]
    known = [(criterion, found) for criterion, found in rows if any(fact.claims for fact in found)]
    if form == "json":
        show_json([record_facts(criterion, found) for criterion, found in known])
    else:
        _show(known, chosen, book, every=every)


def _providers(names: tuple[str, ...], knowledge: KnowledgeBase) -> list[str]:
    found = {name: knowledge.find_provider(name) for name in names}
    for name, provider in found.items():
        if provider is None:
            known = sorted({*knowledge.providers, *(a for part in knowledge.providers.values() for a in part.aliases)})
            raise RequirementsError(
                f"unknown provider '{name}'; expected one of {', '.join(known)}.{did_you_mean(name, known)}"
            )
    return list(dict.fromkeys(provider for provider in found.values() if provider is not None))


def _refuse_absent(chosen: list[str], book: Facts) -> None:
    """Raise RequirementsError for providers that are not in the scope, or take no part by the day yet."""
    if out := [name for name in chosen if name not in book.base.providers]:
        raise RequirementsError(f"{joined(out)} is left out by --only, --without or --sources; remove it from one.")
    if late := [name for name in chosen if name not in book.knowledge.providers]:
        first = min(claim.stated for claim in book.base.providers[late[0]].claims)
        raise RequirementsError(
            f"nothing is known about {joined(late)} on {book.as_of}; the first claim is from {first}."
        )


def _criteria(area: str | None, knowledge: KnowledgeBase) -> list[Criterion]:
    areas = sorted({criterion.area for criterion in knowledge.criteria.values()})
    if area is not None and area not in areas:
        raise RequirementsError(
            f"unknown area '{area}'; expected one of {', '.join(areas)}.{did_you_mean(area, areas)}"
        )
    return [criterion for criterion in knowledge.criteria.values() if area in {None, criterion.area}]


def record_facts(criterion: Criterion, found: Iterable[Fact]) -> dict[str, Any]:
    """Return what is known on a criterion as JSON-ready data, by provider, each with its claims."""
    facts = {
        fact.provider: {
            "known": fact_text(fact, criterion),
            "disputed": fact.disputed,
            "claims": [claim_record(claim) for claim in fact.claims],
        }
        for fact in found
    }
    return {"criterion": criterion.id, "label": criterion.label, "area": criterion.area, "facts": facts}


def fact_text(fact: Fact, criterion: Criterion) -> str:
    """Return a fact in a few words: "yes", "no, implied", "more than 100 countries", "?"."""
    if not fact.claims:
        return "?"
    doubt = "" if any(claim.evidence == "stated" for claim in fact.claims) else ", implied"
    if all(claim.evidence == "ambiguous" for claim in fact.claims):
        doubt = ", ambiguous"
    if fact.disputed:
        doubt = ", disputed"
    said = joined(list(dict.fromkeys(claim_text(claim) for claim in fact.claims)))
    said += f" (price of {fact.price_of})" if fact.price_of else ""
    word = {"yes": "yes", "no": "no", "unknown": "?"}[fact.truth.value] if criterion.kind == "capability" else said
    return word + doubt


def _tells_apart(criterion: Criterion, found: list[Fact]) -> bool:
    """Return whether two providers are known to differ in a criterion."""
    return len({fact_text(fact, criterion) for fact in found if fact.claims}) > 1


def _show(known: list[tuple[Criterion, list[Fact]]], chosen: list[str], book: Facts, *, every: bool) -> None:
    """Print the facts of a few providers beside each other; of more, in several tables, what tells them apart."""
    page, knowledge = Page(), book.knowledge
    is_long = len(chosen) > _MOST_COLUMNS
    rows = [row for row in known if every or not is_long or _tells_apart(*row)]
    for start in range(0, len(chosen), _MOST_COLUMNS):
        part = slice(start, start + _MOST_COLUMNS)
        page.gap()
        headers = ["Criterion", *(knowledge.providers[provider].name for provider in chosen[part])]
        page.table(headers, [[each.label, *(_cell(fact, each, book) for fact in found[part])] for each, found in rows])
    if len(rows) < len(known):
        page.gap()
        page.line(f"({len(known) - len(rows)} more criteria on which they are not known to differ: --all)")
    if any(book.is_stale(fact) for _, found in rows for fact in found):
        page.gap()
        page.line("A year in round brackets marks a fact that is out of date: check again before you sign.")
    page.heading("Sources (lines in brackets)")
    for source in sorted({claim.source for _, found in rows for fact in found for claim in fact.claims}):
        page.line(f"{knowledge.sources[source].title} ({knowledge.sources[source].published or 'undated'})", 2)
    page.show()


def _cell(fact: Fact, criterion: Criterion, book: Facts) -> str:
    lines = sorted({claim.line for claim in fact.claims if claim.line})
    places = [*map(str, lines), *sorted({claim.place for claim in fact.claims if claim.place})]
    year = f" ({str(fact.newest)[:4]})" if book.is_stale(fact) else ""
    return fact_text(fact, criterion) + year + (f" [{', '.join(places)}]" if places else "")
