"""A recommendation as a self-contained HTML page: no scripts, no requests, made for paper and screen readers too.

The pages of the server show the same templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from provider_advisor.explanation.answer_records import AnswerRecord, VerdictRecord
from provider_advisor.explanation.words import CAUTIONS_HEADING, GAPS_HEADING, percent, stale_text
from provider_advisor.faces.report.contents import Bill, Report, make_report
from provider_advisor.knowledge import KnowledgeBase

_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def keep_days(text: object) -> Markup:
    """Return a text in which dates do not wrap."""
    return Markup(_DAY.sub(r'<span class="day">\g<0></span>', str(escape(text))))  # noqa: S704 (escaped before)


@cache
def make_environment(*packages: str) -> Environment:
    """Return the templates of packages, which include one another by name: texts are escaped, unknown names refused."""
    styles = PackageLoader("provider_advisor.faces.report", "styles")  # a page to keep has them in it
    environment = Environment(
        loader=ChoiceLoader([*map(PackageLoader, packages), styles]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"keep_days": keep_days, "percent": percent}
    return environment


def render_page(template: str, values: Mapping[str, Any]) -> str:
    """Return a template of reports as a page."""
    return make_environment("provider_advisor.faces.report").get_template(template).render(values)


def html_report(answer: AnswerRecord, knowledge: KnowledgeBase) -> str:
    """Return the record of a recommendation as an HTML page; equal bytes for equal records."""
    return render_page("report.html.j2", report_values(answer, knowledge))


def report_values(answer: AnswerRecord, knowledge: KnowledgeBase) -> dict[str, Any]:
    """Return the variables of a report's templates."""
    report = make_report(answer, knowledge)
    return report._asdict() | {
        "title": f"{report.headline}: provider recommendation{f' for {report.team}' if report.team else ''}",
        "mood": _choose_mood(answer.verdict),
        "stale_text": stale_text(len(report.stale)),
        "asked": bool(report.rows),
        "context": [part for part in report.context if part[0] != "Team"],
        "degrees": any(cell.kind == "partial" for row in report.rows for cell in row.cells),
        "gaps_heading": GAPS_HEADING,
        "cautions_heading": CAUTIONS_HEADING,
        "ceiling": _find_end_of_bars(report.bills),
        "cited_for": _find_citing(report),
    }


def _find_citing(report: Report) -> dict[int, list[tuple[str, str]]]:
    """Return the citations of each source by its number: the anchor on the page, and its label."""
    # {1: [("reason-1", "Fax"), ("cost", "Breakdown of the …")]}: the first row and the bill cite source 1.
    places = [
        (f"reason-{place}", row.label, {citation.number for cell in row.reasons for citation in cell.citations})
        for place, row in enumerate(report.rows, start=1)
    ]
    costs = {each.number for bill in report.bills for position in bill.positions for each in position.citations}
    found: dict[int, list[tuple[str, str]]] = {}
    for place, name, numbers in [*places, ("cost", "Breakdown of the monthly cost", costs)]:
        for number in sorted(numbers):
            found.setdefault(number, []).append((place, name))
    return found


def _choose_mood(verdict: VerdictRecord) -> str:
    """Return whether the verdict is settled, bad news or open, which only sets the colour of its border."""
    if verdict.strength == "firm" or verdict.kind == "tie":
        return "settled"
    return "bad" if verdict.kind == "none" else "open"


def _find_end_of_bars(bills: Sequence[Bill]) -> float:
    """Return the amount at the end of the cost bars, larger than all known ones if a cost has no upper limit."""
    # The quarter beyond the largest known amount shows that a bar without an upper limit continues.
    known = max((end for bill in bills for end in (bill.low, bill.high) if end is not None), default=0)
    return known * 1.25 if any(bill.high is None for bill in bills) else known
