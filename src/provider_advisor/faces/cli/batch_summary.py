"""The summary of a batch as text: verdicts, what is wanted most and met least, and rejected rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from provider_advisor.explanation.words import STRENGTHS, counted, keep_few, percent, shortened
from provider_advisor.faces.text import Page
from provider_advisor.safe_text import reveal_line

# Everything is counted by the batch already (`batch/summary`); this module chooses what to say in about 25 lines:
#
#     4 rows: 3 scored, 1 rejected.
#
#     Teams  Share  Verdict
#     3      100%   undetermined
#
#     Most wanted
#       Fax (1 must); Voice menu (IVR) (1 must); SMS (1 must); 1 more
#
#     If all teams chose the same provider
#       8x8: 2 qualified, 1 unconfirmed, 0 ruled out

_STANDINGS = ("qualified", "unconfirmed", "ruled_out")
_MOST_PROVIDERS = 4
_MOST = 3
_MOST_REASONS = 5
_MOST_COPIED = 12

Record = Mapping[str, Any]


def show_summary(summary: Record, page: Page) -> None:
    """Put the summary of a run, as `make_summary` gives it, on the page: at most some 25 lines."""
    scored, rejected = summary["scored"], summary["rejected"]
    empty = f" Blank rows skipped: {summary['empty_rows']:,}." if summary["empty_rows"] else ""
    page.line(f"{counted(summary['rows'], 'row')}: {scored:,} scored, {rejected:,} rejected.{empty}", bold=True)
    if summary["not_judged"]:
        page.line(f"Teams with requirements in their own words, which are not judged: {summary['not_judged']:,}.")
    known = summary["knowledge"]
    page.line(f"{known['says']} Answered as of {known['as_of']}. {known['read_from']}".rstrip())
    if not scored:
        return
    page.gap()
    rows = [[f"{teams:,}", percent(teams / scored), says] for teams, says in _list_verdicts(summary) if teams]
    page.table(["Teams", "Share", "Verdict"], rows)
    nobody = f"Met by none of the {len(summary['providers'])} providers compared"
    page.section("Most wanted", _join_first([_describe_wanted(part) for part in summary["wanted"]]))
    page.section(nobody, _join_first([_add_count(part) for part in summary["nobody_meets"]]))
    page.section("Worth asking", _join_first([*_list_questions(summary["unknown_facts"])]))
    page.section("End dates and changes", _list_changes(summary["changes"]))
    page.section("If all teams chose the same provider", map(_describe_if_all, _rank_providers(summary["providers"])))


def show_copied(columns: Sequence[Record], page: Page) -> None:
    """Say which columns were copied and not read, and how those that look like input are read."""
    if not columns:
        return
    names = keep_few([reveal_line(part["column"]) for part in columns], _MOST_COPIED, "others")
    page.section("Columns copied, not read", [", ".join(names), *(part["hint"] for part in columns if part["hint"])])


def _rank_providers(providers: Sequence[Record]) -> list[Record]:
    """Return the providers that most teams would choose; ties go to those that more teams may still choose."""

    def rank(provider: Record) -> tuple[int, int, int, str]:
        fails = provider["if_all_chose_it"]["ruled_out"]["teams"]
        return -provider["recommended"]["teams"], -provider["leads_undetermined"]["teams"], fails, provider["provider"]

    return sorted(providers, key=rank)[:_MOST_PROVIDERS]


def _list_verdicts(summary: Record) -> Iterator[tuple[int, str]]:
    """Yield the number of teams of each of the first providers, of all others, and of each reason why none is chosen.

    Some numbers may be 0.
    """
    shown = _rank_providers(summary["providers"])
    for part in shown:
        chosen = part["recommended"]
        counts = ", ".join(f"{chosen[strength]:,} {words}" for strength, words in STRENGTHS.items() if chosen[strength])
        yield chosen["teams"], f"{part['name']} recommended ({counts})"
    teams = {part["kind"]: part["teams"] for part in summary["verdicts"]}
    yield (
        teams["recommended"] - sum(part["recommended"]["teams"] for part in shown),
        "one of the other providers recommended",
    )
    yield teams["tie"], "a tie"
    yield teams["undetermined"], _describe_undetermined(summary["providers"])
    yield teams["none"], "none of the providers compared meets every must"


def _describe_undetermined(providers: Sequence[Record]) -> str:
    leading = [part for part in providers if part["leads_undetermined"]["teams"]]
    leading.sort(key=lambda part: (-part["leads_undetermined"]["teams"], part["provider"]))
    leads = [f"{part['name']} leads {part['leads_undetermined']['teams']:,}" for part in leading[:_MOST_PROVIDERS]]
    return f"undetermined ({', '.join(leads)})" if leads else "undetermined"


def _join_first(texts: Sequence[str]) -> list[str]:
    """Return the first few texts and how many more there are, as one line; no line if there are none."""
    more = [f"and {len(texts) - _MOST:,} more"] if len(texts) > _MOST else []
    return ["; ".join([*texts[:_MOST], *more])] if texts else []


def _list_questions(facts: Sequence[Record]) -> Iterator[str]:
    """Yield questions to several providers as one line: "Fax: Acme, Ciclo and 3 more (12)", 12 teams each."""
    asked: dict[tuple[str, int], list[str]] = {}
    for fact in facts:
        asked.setdefault((fact["label"], fact["teams"]), []).append(fact["name"])
    for (label, teams), names in asked.items():
        yield f"{label}: {shortened(names)} ({teams:,})"


def _list_changes(changes: Sequence[Record]) -> Iterator[str]:
    """Yield the end dates and changes that affect the most teams, a line each."""
    for part in changes[:_MOST]:
        yield f"{part['says'].removesuffix('.')}; {counted(part['teams'], 'team')}."
    if len(changes) > _MOST:
        yield f"({len(changes) - _MOST:,} more: --summary)"


def _describe_wanted(part: Record) -> str:
    wishes = f"{part['wish']:,} {'wish' if part['wish'] == 1 else 'wishes'}"
    counts = [counted(part["must"], "must") if part["must"] else "", wishes if part["wish"] else ""]
    return f"{part['label']} ({', '.join(filter(None, counts))})"


def _add_count(part: Record) -> str:
    return f"{part['label']} ({part['teams']:,})"


def _describe_if_all(provider: Record) -> str:
    found = provider["if_all_chose_it"]
    parts = [f"{found[key]['teams']:,} {key.replace('_', ' ')}" for key in _STANDINGS]
    missed = f"; fails most: {', '.join(_add_count(part) for part in found['unmet'][:2])}" if found["unmet"] else ""
    return f"{provider['name']}: {', '.join(parts)}{missed}"


def show_reasons(rejects: Path, page: Page, name: str | None) -> None:
    """Say why rows were rejected: a count and an example for each kind of reason.

    `name` is the object that holds the rejects, if they were uploaded to a store.
    """
    from provider_advisor.batch.writing.rejects import count_reasons  # noqa: PLC0415

    counts = []
    with contextlib.suppress(OSError, ValueError):  # a device, say
        counts = count_reasons(rejects) if rejects.is_file() else []
    page.heading("Rejected")
    for count in counts[:_MOST_REASONS]:
        hint = " (use --encoding if the file has another encoding)" if count.reason.startswith("is not UTF-8") else ""
        rows = "Row" if count.rows == 1 else f"{count.rows:,} rows, such as row"
        page.line(f"{rows} {count.row:,} of {count.file}: {count.reason}{hint}", 2)
    if more := counts[_MOST_REASONS:]:
        page.line(f"{sum(count.rows for count in more):,} rows for {len(more):,} other reasons", 2)
    page.line(f"All rejected rows and their reasons are in {name or _shorten(rejects)}.", 2)


def _shorten(path: Path) -> str:
    """Return a path as seen from here, if it is below."""
    with contextlib.suppress(ValueError, OSError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
