"""A recommendation as text that a person likes to read: verdict, table, reasons, unknowns, what would change it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.explanation.words import (
    STANDINGS,
    amount_text,
    criterion_label,
    joined,
    lines_text,
    number_text,
    score_text,
)
from provider_advisor.faces.text import Page, TableCell, show_document, show_json
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.recommendation import Recommendation

__all__ = ["show_recommendation"]

_MOST_COLUMNS = 4
_MOST_LINES = 4
_OUTCOMES = {"met": "yes", "unmet": "no", "unknown": "?"}

Record = Mapping[str, Any]


def show_recommendation(recommendation: Recommendation, knowledge: KnowledgeBase, form: str) -> None:
    """Print the answer on standard output; `form` is text, json, markdown or html."""
    if form == "json":
        show_json(recommendation.record)
        return
    if form in {"markdown", "html"}:
        show_document(_report(form)(recommendation.record, knowledge))
        return
    page = Page()
    _show_answer(recommendation.record, knowledge, page)
    page.show()


def _report(form: str) -> Callable[[Mapping[str, Any], KnowledgeBase], str]:
    # A template library is dear to import, and most answers need none.
    if form == "html":
        from provider_advisor.faces.report.html import html_report  # noqa: PLC0415

        return html_report
    from provider_advisor.faces.report.markdown import markdown_report  # noqa: PLC0415

    return markdown_report


def _show_answer(record: Record, knowledge: KnowledgeBase, page: Page) -> None:
    """Print the data of a recommendation."""
    _show_verdict(record, page)
    for note in record["notes"]:
        page.line(note)
    if record["findings"]:
        _show_matrix(record, knowledge, page)
        _show_reasons(record, knowledge, page)
        _show_costs(record, knowledge, page)
        _show_unknowns(record, knowledge, page)
    else:
        page.line("Ask for something: recommend --needs whiteboard,ucaas; recommend criteria lists what there is.")
    _show_changes(record, knowledge, page)
    _show_sureness(record, page)
    _show_sources(record, page)


def _show_verdict(record: Record, page: Page) -> None:
    verdict = record["verdict"]
    colour = {"recommended": "green", "none": "red"}.get(verdict["kind"], "yellow")
    page.line(verdict["reason"], colour=colour, bold=True)


def _show_matrix(record: Record, knowledge: KnowledgeBase, page: Page) -> None:
    shown = _shown_providers(record["providers"])
    by_key = {(finding["provider"], *_key(finding)): finding for finding in record["findings"]}
    rows: list[list[str | TableCell]] = []
    for key in dict.fromkeys(_key(finding) for finding in record["findings"]):
        findings = [by_key[provider["id"], *key] for provider in shown]
        marks = [_mark(finding, page) for finding in findings]
        rows.append([findings[0]["priority"] or "rule", _label(findings[0], knowledge), *marks])
    rows.append(
        [
            "",
            TableCell("Standing", bold=True),
            *(TableCell(STANDINGS[provider["standing"]], bold=True) for provider in shown),
        ]
    )
    rows.append(["", "Score (proven to possible)", *(score_text(provider["score"]) for provider in shown)])
    page.gap()
    page.table(["", "Asked for", *(provider["name"] for provider in shown)], rows)
    if len(shown) < len(record["providers"]):
        page.line(f"({len(record['providers']) - len(shown)} more providers: --format json)")


def _mark(finding: Record, page: Page) -> TableCell:
    """Yes, no or ?; for what has a degree the degree, in percent."""
    if finding["outcome"] != "partial":
        return page.mark(_OUTCOMES[finding["outcome"]])
    low, high = (round(100 * end) for end in finding["degree"])
    return TableCell(f"{low} %" if low == high else f"{low} to {high} %")


def _shown_providers(providers: Sequence[Record]) -> Sequence[Record]:
    order = list(STANDINGS)
    ranked = sorted(providers, key=lambda p: (order.index(p["standing"]), -(p["score"]["expected"] or 0), p["id"]))
    chosen = {provider["id"] for provider in ranked[:_MOST_COLUMNS]}
    return [provider for provider in providers if provider["id"] in chosen]


def _key(finding: Record) -> tuple[Any, ...]:
    return finding["criterion"], finding["rule"], finding["priority"], str(finding["bound"])


def _label(finding: Record, knowledge: KnowledgeBase) -> str:
    if finding["criterion"] is None:
        return str(finding["because"])
    return criterion_label(finding["criterion"], finding["bound"], knowledge)


def _show_reasons(record: Record, knowledge: KnowledgeBase, page: Page) -> None:
    numbers = _source_numbers(record)
    page.heading("Why")
    names = {provider["id"]: provider["name"] for provider in record["providers"]}
    for _, group in itertools.groupby(sorted(record["findings"], key=_order_in(record)), key=_key):
        findings = list(group)
        page.line(_heading(findings[0], knowledge), 2, bold=True)
        for finding in findings:
            says = f"{names[finding['provider']]}: {finding['says']}{_cited(finding['evidence'], numbers)}"
            page.line(says, 4)


def _order_in(record: Record) -> Any:  # noqa: ANN401 (a sort key)
    places = {key: place for place, key in enumerate(dict.fromkeys(_key(finding) for finding in record["findings"]))}
    return lambda finding: places[_key(finding)]


def _heading(finding: Record, knowledge: KnowledgeBase) -> str:
    label = _label(finding, knowledge)
    if finding["criterion"] is None:
        return f"{label} (rule {finding['rule']}, weight {finding['weight']:g})"
    asked = f"{label} ({finding['priority']}, weight {finding['weight']:g})"
    rules = finding["implied_by"]
    word = "rule" if len(rules) == 1 else "rules"
    return f"{asked}, asked by the {word} {joined(rules)}: {finding['because']}" if rules else asked


def _source_numbers(record: Record) -> dict[str, int]:
    return {source["id"]: number for number, source in enumerate(record["sources"], start=1)}


def _cited(evidence: Iterable[Record], numbers: Mapping[str, int]) -> str:
    """Where it stands: "[1, lines 37, 96; 2022-11-22]"."""
    by_source: dict[tuple[str, str], set[int]] = {}
    for part in evidence:
        by_source.setdefault((part["source"], part["as_of"]), set()).add(part["line"])
    cited = [f"[{numbers[source]}, {lines_text(lines)}; {day}]" for (source, day), lines in sorted(by_source.items())]
    return f" {' '.join(cited)}" if cited else ""


def _show_costs(record: Record, knowledge: KnowledgeBase, page: Page) -> None:
    """Print what the stated usage would cost with each provider; nothing where no usage was stated."""
    costed = [provider for provider in record["providers"] if provider["monthly_cost"] is not None]
    if not costed:
        return
    page.heading("Monthly cost")
    for provider in costed:
        cost = provider["monthly_cost"]
        page.line(f"{provider['name']}: {amount_text(cost['low'], cost['high'])} {cost['unit']}", 2, bold=True)
        for item in cost["items"]:
            for text in _cost_lines(item, knowledge):
                page.line(text, 4)


def _cost_lines(item: Record, knowledge: KnowledgeBase) -> Iterator[str]:
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


def _show_unknowns(record: Record, knowledge: KnowledgeBase, page: Page) -> None:
    unknown = [finding for finding in record["findings"] if finding["outcome"] == "unknown"]
    stale = record["knowledge"]["stale"]
    page.heading("Not known")
    if not unknown:
        page.line("Everything that was asked is known.", 2)
    for _, group in itertools.groupby(sorted(unknown, key=_order_in(record)), key=_key):
        findings = list(group)
        names = joined([knowledge.providers[finding["provider"]].name for finding in findings])
        page.line(f"{_label(findings[0], knowledge)}: {names}", 2)
    for days in sorted({entry["as_of"] for entry in stale}):
        count = sum(entry["as_of"] == days for entry in stale)
        facts = "1 fact is" if count == 1 else f"{count} facts are"
        page.line(f"{facts} of {days}, older than such facts should be: ask again before you sign.", 2)


def _show_changes(record: Record, knowledge: KnowledgeBase, page: Page) -> None:
    # Where nobody will do, the concessions say the same and more.
    turns = record["robustness"]["changes"]["turns"] if record["robustness"] and not record["concessions"] else []
    asked = [part["says"] for part in record["confirm"]] or _open_lines(record, knowledge)
    lines = [
        *_concession_lines(record, knowledge),
        *_combination_lines(record, knowledge),
        *_most(asked, "questions"),
        *_most([turn["says"] for turn in turns], "changes"),
    ]
    _show_list("What would change the answer", lines, page)
    aside = [f"rule {part['rule']} on {_name(part, knowledge)}: {part['because']}." for part in record["set_aside"]]
    _show_list("Not counted", aside, page)


def _show_list(heading: str, lines: Sequence[str], page: Page) -> None:
    if lines:
        page.heading(heading)
    for line in lines:
        page.line(line, 2)


def _most(lines: Sequence[str], what: str) -> list[str]:
    """The first few, and how many more there are."""
    left = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], *([f"({left} more {what}: --format json)"] if left > 0 else [])]


def _name(part: Record, knowledge: KnowledgeBase) -> str:
    return knowledge.criteria[part["criterion"]].label


def _show_sureness(record: Record, page: Page) -> None:
    """How much of it rests on what is not known, and on the weights."""
    found = record["robustness"]
    if found and found["worlds"] is not None and record["verdict"]["kind"] != "none":
        _show_list("How sure", [found["worlds"]["says"], found["weights"]["says"]], page)


def _concession_lines(record: Record, knowledge: KnowledgeBase) -> list[str]:
    return [
        f"Without {joined([_label(part, knowledge) for part in concession['drop']])}: "
        f"{concession['verdict']['reason'][5:]}"
        for concession in record["concessions"]
    ]


def _combination_lines(record: Record, knowledge: KnowledgeBase) -> list[str]:
    groups = [joined([knowledge.providers[provider].name for provider in group]) for group in record["combinations"]]
    return [f"{group} together meet every must." for group in groups]


def _open_lines(record: Record, knowledge: KnowledgeBase) -> list[str]:
    """Which unknowns keep a verdict from being firm."""
    verdict = record["verdict"]
    if verdict["kind"] == "none" or verdict["strength"] == "firm":
        return []
    open_findings = [finding for finding in record["findings"] if finding["outcome"] == "unknown"]
    return list(
        dict.fromkeys(
            f"An answer from {knowledge.providers[finding['provider']].name} on: {_label(finding, knowledge)}."
            for finding in open_findings
        )
    )


def _show_sources(record: Record, page: Page) -> None:
    if record["sources"]:
        page.heading("Sources")
    for number, source in enumerate(record["sources"], start=1):
        publisher = f", {source['publisher']}" if source["publisher"] else ""
        link = f", {source['url']}" if source["url"] else ""
        page.line(f"[{number}] {source['title']}{publisher} ({source['published']}){link}", 2)
    known = record["knowledge"]
    page.gap()
    if record["findings"]:
        page.line(known["rests_on"]["says"])
    page.line(f"Facts as of {known['as_of']}, knowledge base {known['fingerprint'][:12]}.")
