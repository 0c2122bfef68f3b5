"""`recommend compare`: two or more providers side by side, with evidence and lines."""

from __future__ import annotations

from collections.abc import Mapping

import click

from provider_advisor.explanation.words import joined
from provider_advisor.faces.cli.options import FactOptions, complete_by, format_option, option, take_options
from provider_advisor.faces.compared_facts import (
    ComparedFact,
    ComparedRow,
    check_area,
    compare_facts,
    find_provider,
    refuse_absent,
)
from provider_advisor.faces.text import Page, show_json
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.written_values import today

_MOST_COLUMNS = 4


class CompareOptions(FactOptions):
    """The options of the command."""

    area: str | None = option(
        "--area", shell_complete=complete_by("areas"), help="Show only criteria in this area, such as video."
    )
    every: bool = option("--all", is_flag=True, help="Show all criteria, even for five or more providers.")
    form: str = format_option("text", "json")


@click.command("compare")
@click.argument("providers", nargs=-1, shell_complete=complete_by("providers"))
@take_options(CompareOptions)
def compare_command(providers: tuple[str, ...], options: CompareOptions) -> None:
    """Show providers side by side.

    Shows what is known about PROVIDERS, or about all providers in scope, with evidence and sources. For five or more
    providers, shows only the criteria on which they are known to differ.
    """
    knowledge = options.load()
    if not (providers or options.only or options.without or options.sources or options.customer_of):
        raise click.UsageError("give the providers to compare, or use --only, --without or --sources")
    named = [*dict.fromkeys(find_provider(name, knowledge) for name in providers)]
    knowledge = options.limit(knowledge)
    check_area(options.area, knowledge)
    facts = facts_as_of(knowledge, options.day or today())
    chosen = named or list(facts.knowledge.providers)
    refuse_absent(chosen, facts)
    rows = compare_facts(facts, chosen, options.area)
    if options.form == "json":
        show_json([row.record(knowledge) for row in rows])
    else:
        _show(rows, chosen, facts, every=options.every)


def _show(found: list[ComparedRow], chosen: list[str], facts: Facts, *, every: bool) -> None:
    """Print the facts of a few providers side by side; of more, only their differences in several tables."""
    page, knowledge = Page(), facts.knowledge
    if not found:
        names = joined([knowledge.providers[provider].name for provider in chosen])
        page.line(f"Nothing is known about {names} on {facts.as_of} that could be compared.")
        page.show()
        return
    rows = [row for row in found if every or len(chosen) <= _MOST_COLUMNS or row.tells_apart(knowledge)]
    shown = [fact for row in rows for cell in row.cells for fact in cell.facts]
    numbers = {
        source: number
        for number, source in enumerate(dict.fromkeys(claim.source for fact in shown for claim in fact.claims), 1)
    }
    lines = [
        [_cite(text, cell, numbers, facts) for text, cell in zip(row.list_texts(knowledge), row.cells, strict=True)]
        for row in rows
    ]
    for start in range(0, len(chosen), _MOST_COLUMNS):
        part = slice(start, start + _MOST_COLUMNS)
        page.gap()
        headers = ["Criterion", *(knowledge.providers[provider].name for provider in chosen[part])]
        page.table(headers, [[row.criterion.label, *cells[part]] for row, cells in zip(rows, lines, strict=True)])
    if len(rows) < len(found):
        page.gap()
        page.line(f"({len(found) - len(rows)} more criteria on which they are not known to differ: --all)")
    if any(map(facts.is_stale, shown)):
        page.gap()
        page.line("A year in parentheses marks a fact that is out of date: check it again before you sign.")
    cited = ((number, knowledge.sources[source]) for source, number in numbers.items())
    page.section("Sources", (f"[{number}] {one.title} ({one.published or 'undated'})" for number, one in cited))
    page.gap()
    page.line("For the URLs of the sources and the sections cited: recommend facts PROVIDER")
    page.show(paged=True)


def _cite(text: str, cell: ComparedFact, numbers: Mapping[str, int], facts: Facts) -> str:
    """Return a cell with the year of a fact that is out of date, and the numbers and lines of its sources."""
    # For a claim in line 104 of source 4 and one without a line in source 6: "yes (2022) [4, line 104; 6]".
    lines: dict[int, set[int]] = {}
    for claim in (claim for fact in cell.facts for claim in fact.claims):
        lines.setdefault(numbers[claim.source], set()).update([claim.line] if claim.line else [])
    places = [
        f"{number}{', line ' if len(some) == 1 else ', lines ' if some else ''}{', '.join(map(str, sorted(some)))}"
        for number, some in sorted(lines.items())
    ]
    year = f" ({str(cell.fact.newest)[:4]})" if facts.is_stale(cell.fact) else ""
    return f"{text}{year} [{'; '.join(places)}]" if places else f"{text}{year}"
