"""What two knowledge bases make of the same teams, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provider_advisor.explanation.words import capital, joined, percent
from provider_advisor.faces.text import Page, clean

__all__ = ["show_impact"]

_MOST_TRANSITIONS = 8
_MOST_CHANGES = 10
_MOST_DIFFERENCES = 3
_MOST_EXAMPLES = 2

Record = Mapping[str, Any]
Names = Mapping[str, str]


def show_impact(record: Record, names: Names, page: Page) -> None:
    """Put an impact, as `impact_record` gives it, on the page; `names` are those of providers by id."""
    page.line(_headline(record), bold=True)
    for line in _rows(record):
        page.line(line)
    if record["transitions"]:
        _show_transitions(record, names, page)
    if record["changes"]:
        _show_changes(record, page)
    _show_examples(record, names, page)
    page.gap()
    for side in ("before", "after"):
        known = record[side]
        page.line(f"{capital(side)}: {clean(known['name'])}, knowledge base {known['fingerprint'][:12]}.")
    page.line(f"Asked on {record['as_of']}.")


def _headline(record: Record) -> str:
    changed, other = record["changed"], record["other_provider"]
    if not record["compared"]:
        return "No team was compared."
    whole = f"of {_teams(record['compared'])}"
    if not changed["teams"]:
        return f"No verdict {whole} changes."
    verdicts = "1 verdict" if changed["teams"] == 1 else f"{changed['teams']:,} verdicts"
    verb = "changes" if changed["teams"] == 1 else "change"
    provider = f"for {other['teams']:,} the provider recommended is another"
    return f"{verdicts} {whole} {verb} ({percent(changed['share'])}); {provider}."


def _teams(count: int) -> str:
    return "1 team" if count == 1 else f"{count:,} teams"


def _rows(record: Record) -> Iterator[str]:
    """What became of the other rows."""
    rejected = record["rejected"]
    if total := sum(rejected.values()):
        sides = {"both": "both sides", "before": "the side before alone", "after": "the side after alone"}
        parts = [f"{rejected[key]:,} by {words}" for key, words in sides.items() if rejected[key]]
        yield f"{total:,} of {record['rows']:,} rows rejected: {joined(parts)}."
    if record["dated"]:
        own = (
            "row names a day or an age of its own" if record["dated"] == 1 else "rows name a day or an age of their own"
        )
        yield f"{record['dated']:,} {own}; all were answered as of {record['as_of']}."
    if record["unread"]:
        yield f"Not read by the side that does not know it: {', '.join(record['unread'])}."


def _show_transitions(record: Record, names: Names, page: Page) -> None:
    shown = record["transitions"][:_MOST_TRANSITIONS]
    page.gap()
    page.table(
        ["Teams", "Share", "Before", "After"],
        (
            [
                f"{part['teams']:,}",
                percent(part["share"]),
                _verdict(part["before"], names),
                _verdict(part["after"], names),
            ]
            for part in shown
        ),
    )
    if len(shown) < len(record["transitions"]):
        page.line(f"({len(record['transitions']) - len(shown)} more kinds of change: --format json)")


def _verdict(verdict: Record, names: Names) -> str:
    if verdict["kind"] == "none":
        return "none of those compared meets every must"
    if verdict["kind"] == "recommended":
        return f"{clean(names[verdict['provider']])}, {verdict['strength']}"
    if verdict["lean"]:
        return f"undetermined, {clean(names[verdict['lean']])} leads"
    among = joined([clean(names[name]) for name in verdict["among"]])
    word = "tie" if verdict["kind"] == "tie" else "undetermined"
    return f"{word}: {among}" if among else word


def _show_changes(record: Record, page: Page) -> None:
    """The changes that turn verdicts, and how many others there are."""
    turning = _apart(part for part in record["changes"] if any(part[key] for key in ("alone", "otherwise", "needed")))
    if turning:
        page.gap()
        page.table(
            ["Alone", "Needed", "Because of"],
            ([_number(part["alone"]), _number(part["needed"]), _said(part)] for part in turning[:_MOST_CHANGES]),
        )
        page.line(_because(record["because"]))
    if len(turning) > _MOST_CHANGES:
        page.line(f"({_changes(len(turning) - _MOST_CHANGES)} more: --format json)")
    idle = [part for part in record["changes"] if not any(part[key] for key in ("alone", "otherwise", "needed"))]
    if idle and record["transitions"]:
        page.line(f"{_changes(len(idle))} by themselves turn none of these verdicts: --format json.")
    elif idle:
        page.line(f"{_changes(len(idle))} between the two, which turn no verdict: --format json.")


def _apart(changes: Iterable[Record]) -> list[Record]:
    """The changes; of those that can only be made together, the first, and none that do nothing but come along."""
    seen: set[frozenset[str]] = set()
    brought: set[str] = set()
    found = []
    for part in changes:
        together = frozenset({part["says"], *part["brings"]})
        if together not in seen and (part["alone"] or part["says"] not in brought):
            found.append(part)
        seen.add(together)
        brought.update(part["brings"])
    return found


def _changes(count: int) -> str:
    return "1 change" if count == 1 else f"{count:,} changes"


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _said(part: Record) -> str:
    brings = f"; with {joined([clean(text) for text in part['brings']])}" if part["brings"] else ""
    teams = [clean(place["team"]) for place in part["examples"][:_MOST_EXAMPLES] if place["team"]]
    examples = f" (such as {', '.join(teams)})" if teams else ""
    return f"{capital(clean(part['says']))}{brings}{examples}"


def _because(found: Record) -> str:
    """How the changes share the teams."""
    looked_at = _teams(found["looked_at"])
    verb = "changes" if found["looked_at"] == 1 else "change"
    whole = f"a random sample of {looked_at} that {verb}" if found["sampled"] else f"the {looked_at} that {verb}"
    parts = [
        f"{found[key]:,} {words}"
        for key, words in (
            ("by_one", "get the new verdict by one change alone"),
            ("by_any", "by any of several alone"),
            ("together", "only by several together"),
        )
        if found[key]
    ]
    untried = f" {_changes(found['untried'])} were too many to be tried." if found["untried"] else ""
    needed = "Needed counts the teams that do not get it without this change."
    return f"Of {whole}, {joined(parts)}. {needed}{untried}"


def _show_examples(record: Record, names: Names, page: Page) -> None:
    for part in record["examples"][:1]:
        page.heading(f"For example {_whom(part)}")
        page.line(f"{capital(_verdict(part['before'], names))}; now {_verdict(part['after'], names)}.", 2)
        for line in part["differences"][:_MOST_DIFFERENCES]:
            page.line(clean(line), 2)


def _whom(place: Record) -> str:
    return clean(place["team"]) if place["team"] else f"row {place['row']:,} of {clean(place['file'])}"
