"""The results of many teams as one self-contained page with charts: no scripts, no requests.

The templates draw the summary of a run; here is only what takes more than looking a number up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider_advisor.explanation.words import counted, joined, percent
from provider_advisor.faces.report.html import render_page
from provider_advisor.faces.text import clean_texts

_MOST_NAMED = 3
_MOST_SINGLE = 6
"""Up to this many providers, each has a bar."""

Record = Mapping[str, Any]


def batch_report(summary: Record) -> str:
    """Return the summary of a run, as `make_summary` gives it, as an HTML page; equal bytes for equal summaries."""
    return render_page("batch.html.j2", batch_values(summary))


def batch_values(summary: Record) -> dict[str, Any]:
    """Return the variables of the page's templates; all their texts are safe to show."""
    leading, nowhere = _split_leading(summary)
    values = {
        "title": f"Recommendations for {counted(summary['scored'], 'team')}",
        "lede": _write_lede(summary),
        "summary": summary,
        "counted_rows": counted(summary["rows"], "row"),
        "rejected": f"{counted(summary['rejected'], 'row')} of {summary['rows']:,} could not be read and "
        f"{'is' if summary['rejected'] == 1 else 'are'} not counted.",
        "teams": counted(summary["scored"], "team"),
        "leading": leading,
        "nowhere": joined([part["name"] for part in nowhere]),
        "verdicts": {part["kind"]: part for part in summary["verdicts"]},
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


def _split_leading(summary: Record) -> tuple[list[Record], list[Record]]:
    """Return the providers with a bar, and those without one.

    Many providers are sorted by recommendations, and those that neither get one nor lead for any team have no bar.
    """
    providers = summary["providers"]
    if len(providers) <= _MOST_SINGLE:
        return providers, []
    ordered = sorted(providers, key=_count_led, reverse=True)
    return [part for part in ordered if any(_count_led(part))], [
        part for part in providers if not any(_count_led(part))
    ]


def _count_led(part: Record) -> tuple[int, int]:
    """Return to how many teams a provider is recommended, and how many undetermined answers it leads."""
    return part["recommended"]["teams"], part["leads_undetermined"]["teams"]
