"""`recommend criteria`: what can be asked for."""

from __future__ import annotations

import click

from provider_advisor.faces.cli.options import format_option, knowledge_options, load_knowledge
from provider_advisor.faces.text import Page, show_json, show_text
from provider_advisor.knowledge import Criterion
from provider_advisor.knowledge.suggest import did_you_mean

__all__ = ["criteria_command"]


@click.command("criteria")
@click.argument("words", nargs=-1)
@format_option("text", "json")
@knowledge_options
def criteria_command(words: tuple[str, ...], form: str, facts: str | None, rules: str | None) -> None:
    """List what can be asked for.

    All criteria, or those that contain every one of the WORDS.
    """
    knowledge = load_knowledge(facts, rules)
    found = [
        criterion for criterion in knowledge.criteria.values() if all(_mentions(criterion, word) for word in words)
    ]
    if form == "json":
        show_json([_record(criterion) for criterion in found])
    elif not found:
        show_text(f"No criterion mentions {' '.join(words)}.{did_you_mean(' '.join(words), knowledge.words)}")
    else:
        _show(found)


def _mentions(criterion: Criterion, word: str) -> bool:
    texts = (criterion.id, criterion.label, criterion.area, criterion.kind, criterion.question, *criterion.aliases)
    return any(word.casefold() in text.casefold() for text in texts)


def _record(criterion: Criterion) -> dict[str, object]:
    return {
        "id": criterion.id,
        "label": criterion.label,
        "aliases": list(criterion.aliases),
        "area": criterion.area,
        "kind": criterion.kind,
        "unit": criterion.unit,
        "values": list(criterion.values),
        "question": criterion.question,
    }


def _show(found: list[Criterion]) -> None:
    page = Page()
    page.table(
        ["Criterion", "Kind", "What it is"],
        [_row(criterion) for criterion in sorted(found, key=lambda c: (c.area, c.id))],
    )
    page.show()


def _row(criterion: Criterion) -> list[str]:
    aliases = f" (also {', '.join(criterion.aliases)})" if criterion.aliases else ""
    return [criterion.id, criterion.unit or " < ".join(criterion.values) or criterion.kind, criterion.label + aliases]
