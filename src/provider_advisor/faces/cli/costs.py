"""The monthly cost as text, item by item."""

from collections.abc import Iterator, Mapping
from typing import Any

from provider_advisor.explanation.words import amount_text, joined, number_text
from provider_advisor.faces.cli.layout import Page
from provider_advisor.knowledge import KnowledgeBase

__all__ = ["show_costs"]

Record = Mapping[str, Any]


def show_costs(record: Record, knowledge: KnowledgeBase, page: Page) -> None:
    """Print what the stated usage would cost with each provider; nothing where no usage was stated."""
    costed = [provider for provider in record["providers"] if provider["monthly_cost"] is not None]
    if not costed:
        return
    page.heading("Monthly cost")
    for provider in costed:
        cost = provider["monthly_cost"]
        page.line(f"{provider['name']}: {amount_text(cost['low'], cost['high'])} {cost['unit']}", 2, bold=True)
        for item in cost["items"]:
            for text in _item(item, knowledge):
                page.line(text, 4)


def _item(item: Record, knowledge: KnowledgeBase) -> Iterator[str]:
    used = joined([f"{knowledge.usage[name].label} {number_text(amount)}" for name, amount in item["usage"].items()])
    if item["high"] == 0:
        return
    if item["criterion"] is None:
        quote = "; the price is given by quote only" if item["by_quote"] else ""
        yield f"{used}: no price is known{quote}"
        return
    yield f"{used}, at {item['price']}: {amount_text(item['low'], item['high'])}"
    for other in item["instead"]:
        yield f"  cheaper for this usage than {other['price']}"
    if item["beside"]:
        yield f"  not taken off: {joined(item['beside'])}"
