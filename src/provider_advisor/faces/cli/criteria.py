"""`recommend criteria`: list what a team can ask for and say about itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from provider_advisor.faces.cli.options import FormOptions, take_options
from provider_advisor.faces.knowledge_records import record_criterion
from provider_advisor.faces.text import Page, clean, show_json, show_line, show_text
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.search import SearchEntry
from provider_advisor.knowledge.sentences import drop_bound
from provider_advisor.requirements.word_mistakes import explain_unfound

_MOST_BOUND = 3
_HEADINGS = {"criterion": "Criterion", "situation": "Situation", "usage": "Usage"}


@click.command("criteria")
@click.argument("words", nargs=-1)
@take_options(FormOptions)
def criteria_command(words: tuple[str, ...], options: FormOptions) -> None:
    """List what you can ask for.

    Lists all criteria, situation answers and usage items, or those that match WORDS, best match first. In a pipe,
    prints one per line, with tabs between its name, its kind or unit, and its description. JSON lists only criteria.

    \b
    Examples:
      recommend criteria recorded calls
      recommend criteria | cut -f1
    """  # noqa: D301 (click's mark for lines to leave as they are is the character itself)
    knowledge, query = options.load(), " ".join(words)
    entries = knowledge.search(query) if words else knowledge.search_index.entries
    if options.form == "json":
        show_json([record_criterion(knowledge.criteria[entry.id]) for entry in entries if entry.kind == "criterion"])
    elif not entries:
        show_text(explain_unfound(query, knowledge), err=True)
    elif sys.stdout.isatty():
        _show(entries, knowledge, ordered=bool(words))
    else:
        lines = ["\t".join(map(clean, (entry.id, *_describe(entry, knowledge)))) for entry in entries]
        show_text("\n".join(lines))
    if options.form == "text" and entries and words:
        _say_bounds(query, entries, knowledge)


def _say_bounds(query: str, entries: Iterable[SearchEntry], knowledge: KnowledgeBase) -> None:
    """Say on standard error how to use the numbers of a query such as "99.99 % uptime"."""
    found = [entry.id for entry in entries if entry.kind == "criterion"][:_MOST_BOUND]
    bounds = [f"'{one}'" for one in knowledge.sentences.suggest(query, found) if drop_bound(one) != one]
    if bounds:
        show_line(f"With your numbers: {', '.join(bounds)}.", err=True)


def _show(entries: Iterable[SearchEntry], knowledge: KnowledgeBase, *, ordered: bool) -> None:
    page = Page()
    for kind, heading in _HEADINGS.items():
        found = [entry for entry in entries if entry.kind == kind]
        if kind == "criterion" and not ordered:
            found.sort(key=lambda entry: (knowledge.criteria[entry.id].area, entry.id))
        if found:
            page.gap()
            page.table([heading, "Kind", "What it is"], [[one.id, *_describe(one, knowledge)] for one in found])
    page.show(paged=True)


def _describe(entry: SearchEntry, knowledge: KnowledgeBase) -> tuple[str, str]:
    """Return its kind or unit, and what it is."""
    if entry.kind == "situation":
        return "situation", entry.label
    if entry.kind == "usage":
        return knowledge.usage[entry.id].unit, entry.label
    criterion = knowledge.criteria[entry.id]
    aliases = f" (also {', '.join(criterion.aliases)})" if criterion.aliases else ""
    return criterion.unit or " < ".join(criterion.values) or criterion.kind, criterion.label + aliases
