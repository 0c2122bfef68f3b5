"""The results of many teams as one self-contained page with charts: no scripts, no requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from provider_advisor.explanation.words import STRENGTHS, counted, joined, percent
from provider_advisor.faces.report.html import render_page
from provider_advisor.faces.text import clean_texts

_MOST = 12
_MOST_MUSTS = 5
_MOST_NAMED = 3
_MOST_SINGLE = 6
"""Up to this many providers, each has a bar."""

Record = Mapping[str, Any]


class BarPart(NamedTuple):
    """A part of a bar: its style, start and length, in percent of the whole."""

    style: str
    start: float
    length: float


class Bar(NamedTuple):
    """A bar with its label, its number and a remark."""

    label: str
    value: str
    note: str
    parts: tuple[BarPart, ...]


class Chart(NamedTuple):
    """Bars on one scale from 0 to `end`, and how many more were left out."""

    bars: Sequence[Bar]
    end: str
    left_out: int


class Choice(NamedTuple):
    """One provider if all teams chose it: teams by standing, and the musts that they would miss.

    A list has a title, labels with numbers, and the number of further entries.
    """

    bar: Bar
    lists: Sequence[tuple[str, Sequence[tuple[str, str]], int]]


def batch_report(summary: Record) -> str:
    """Return the summary of a run, as `make_summary` gives it, as an HTML page; equal bytes for equal summaries."""
    return render_page("batch.html.j2", batch_values(summary))


def batch_values(summary: Record) -> dict[str, Any]:
    """Return the variables of the page's templates; all their texts are safe to show."""
    values = {
        "title": f"Recommendations for {counted(summary['scored'], 'team')}",
        "lede": _write_lede(summary),
        "summary": summary,
        "counted_rows": counted(summary["rows"], "row"),
        "rejected": f"{counted(summary['rejected'], 'row')} of {summary['rows']:,} could not be read and "
        f"{'is' if summary['rejected'] == 1 else 'are'} not counted.",
        "verdicts": Chart(_make_verdict_bars(summary), "100%", 0),
        "nowhere": joined(_list_nowhere(summary)),
        "nobody": _make_chart(summary["nobody_meets"], lambda part: (part["label"], ""), summary["scored"]),
        "unknown": _make_chart(summary["unknown_facts"], _write_question, summary["scored"]),
        "changes": [
            (part["says"].removesuffix("."), counted(part["teams"], "team")) for part in summary["changes"][:_MOST]
        ],
        "more_changes": max(0, len(summary["changes"]) - _MOST),
        "choices": [_make_choice(part) for part in summary["providers"]],
        "wanted": _chart_wanted(summary),
        "known": summary["knowledge"],
    }
    return clean_texts(values)


def _write_lede(summary: Record) -> str:
    """Return the verdicts in a sentence or two."""
    if not summary["scored"]:
        return "No teams were scored."
    chosen = sorted(summary["providers"], key=lambda part: (-part["recommended"]["teams"], part["provider"]))
    said = [
        f"{part['name']} to {percent(part['recommended']['share'])}"
        for part in chosen[:_MOST_NAMED]
        if part["recommended"]["teams"]
    ]
    shares = {part["kind"]: percent(part["share"]) for part in summary["verdicts"] if part["teams"]}
    compared = len(summary["providers"])
    rest = {
        "tie": "{} are ties",
        "undetermined": "{} are undetermined",
        "none": f"for {{}} none of the {compared} providers compared meets every must",
    }
    more = joined([text.format(shares[kind]) for kind, text in rest.items() if kind in shares])
    return f"{'; '.join(filter(None, [f'Recommended: {joined(said)}' if said else '', more]))}."


def _make_verdict_bars(summary: Record) -> list[Bar]:
    """Return a bar for each provider and for each outcome without one; together they are all teams.

    Many providers are sorted by recommendations, and those without any have no bar.
    """
    providers = summary["providers"]
    if len(providers) > _MOST_SINGLE:
        providers = sorted(filter(lambda part: any(_count_led(part)), providers), key=_count_led, reverse=True)
    bars = [_make_provider_bar(part, summary["scored"]) for part in providers]
    kinds = {part["kind"]: part for part in summary["verdicts"]}
    others = (
        ("Tie", kinds["tie"], "several providers are equal, and nothing is unknown"),
        ("Undetermined, with no leader", summary["nobody_leads"], "too much is unknown, or nothing was asked"),
        ("None", kinds["none"], f"each of the {len(summary['providers'])} providers compared fails a must"),
    )
    return bars + [_make_bar(label, part, note, "rest", summary["scored"]) for label, part, note in others]


def _list_nowhere(summary: Record) -> list[str]:
    """Return the names of the providers without a bar, because they are recommended to no team."""
    providers = summary["providers"] if len(summary["providers"]) > _MOST_SINGLE else []
    return [part["name"] for part in providers if not any(_count_led(part))]


def _count_led(part: Record) -> tuple[int, int]:
    """Return to how many teams a provider is recommended, and how many undetermined answers it leads."""
    return part["recommended"]["teams"], part["leads_undetermined"]["teams"]


def _make_provider_bar(part: Record, scored: int) -> Bar:
    chosen, leads = part["recommended"], part["leads_undetermined"]
    proven, dated = chosen["firm"] + chosen["dated"], chosen["dated"]
    counts = (("solid", proven), ("span", chosen["leaning"]), ("lead", leads["teams"]))
    said = f"firm {chosen['firm']:,}, " + (f"{STRENGTHS['dated']} {dated:,}, " if dated else "")
    note = f"{said}leaning {chosen['leaning']:,}; in the lead but undetermined {leads['teams']:,}"
    return Bar(part["name"], _write_teams(chosen), note, _stack_parts(counts, scored))


def _stack_parts(counts: Iterable[tuple[str, int]], whole: int) -> tuple[BarPart, ...]:
    # 1, 1 and 1 of 3 teams start at 0, 33.3 and 66.7 % of the bar. Starts are sums of whole numbers, divided at the
    # end: sums of rounded shares would leave gaps between the parts.
    parts, start = [], 0
    for style, count in counts:
        if count:
            parts.append(BarPart(style, 100 * start / whole, 100 * count / whole))
        start += count
    return tuple(parts)


def _make_bar(label: str, part: Record, note: str, style: str, whole: int) -> Bar:
    return Bar(label, _write_teams(part), note, _stack_parts([(style, part["teams"])], whole))


def _write_teams(part: Record) -> str:
    """Return a number of teams with its share."""
    return f"{part['teams']:,}" if part["share"] is None else f"{part['teams']:,} ({percent(part['share'])})"


def _make_chart(parts: Sequence[Record], words: Any, scored: int) -> Chart:  # noqa: ANN401 (from a record to two texts)
    """Return the first parts as bars; the first one fills the chart."""
    # The bars are shares of the longest one, not of all teams: 40 of 10,000 teams would be invisible.
    whole = max((part["teams"] for part in parts), default=0)
    bars = [_make_bar(words(part)[0], part, words(part)[1], "solid", whole) for part in parts[:_MOST]]
    return Chart(bars, f"{whole:,} of {counted(scored, 'team')}", max(0, len(parts) - _MOST))


def _write_question(part: Record) -> tuple[str, str]:
    return part["ask"], "The sources contradict each other." if part["disputed"] else ""


def _make_choice(part: Record) -> Choice:
    found = part["if_all_chose_it"]
    counts = [(style, found[style]["teams"]) for style in ("qualified", "unconfirmed", "ruled_out")]
    value = f"ruled out for {_write_teams(found['ruled_out'])}"
    note = f"qualified for {_write_teams(found['qualified'])}, unconfirmed for {_write_teams(found['unconfirmed'])}"
    lists = []
    for title, key in (("Musts it fails", "unmet"), ("Musts that are unknown", "unknown")):
        if musts := found[key]:
            first = [(one["label"], _write_teams(one)) for one in musts[:_MOST_MUSTS]]
            lists.append((title, first, max(0, len(musts) - _MOST_MUSTS)))
    return Choice(Bar(part["name"], value, note, _stack_parts(counts, sum(count for _, count in counts))), lists)


def _chart_wanted(summary: Record) -> Chart:
    parts = summary["wanted"]
    whole = max((part["must"] + part["wish"] for part in parts), default=0)
    bars = [
        Bar(
            part["label"],
            f"must {part['must']:,}, wish {part['wish']:,}",
            "",
            _stack_parts((("solid", part["must"]), ("span", part["wish"])), whole),
        )
        for part in parts[:_MOST]
    ]
    return Chart(bars, f"{whole:,}", max(0, len(parts) - _MOST))
