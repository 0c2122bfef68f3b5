"""A recommendation as text: verdict, table, reasons, unknowns, and what would change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    CostItemRecord,
    FindingRecord,
    ProviderRecord,
    group_findings,
)
from provider_advisor.explanation.costs_in_words import (
    describe_sum,
    list_exclusions,
    list_price_remarks,
    money_text,
    name_unpriced,
)
from provider_advisor.explanation.findings_in_words import (
    describe_area_weights,
    label_finding,
    list_caveats,
    list_notes,
    list_set_aside,
    list_unknowns,
    list_unlisted,
    list_unsure,
    list_unwanted,
    qualify,
    say_in_table,
    say_not_stated,
)
from provider_advisor.explanation.products import list_cautions, list_gaps
from provider_advisor.explanation.verdict_in_words import group_questions, list_combinations, list_concessions
from provider_advisor.explanation.words import (
    CAUTIONS_HEADING,
    GAP_FOOTNOTE,
    GAPS_HEADING,
    STANDINGS,
    base_text,
    capital,
    counted,
    joined,
    percent,
    remarks_text,
    rests_text,
    score_text,
    usage_label,
    volume_text,
    weight_text,
)
from provider_advisor.faces.text import Page, TableCell, show_document, show_json
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.recommendation import Recommendation
from provider_advisor.safe_text import reveal

# The sections in their order; those in brackets are in a verbose answer only, or longer there:
#
#     Twilio is recommended (leaning): unknown facts could still put Vonage ahead.     verdict, and what it rests on
#             Asked for         Twilio              Vonage                             who meets what
#     must    SMS API           yes                 yes
#             Standing          qualified           qualified
#     [Why]                     every finding, with sources
#     Monthly cost              [item by item]
#     Products to choose
#     Not known
#     Out of date
#     Caveats                   (in a short answer; "Why" has them with each finding)
#     What would change the answer                                                     questions, then concessions
#     How sure                  [pairs, weights]
#     [Sources, by number]
#
# Lists in a short answer end after three lines with "(2 more; show with --verbose)".

_MOST_COLUMNS = 4
_MOST_ROWS = 8
_MOST_LINES = 3
_MOST_OTHERS = 12


def show_recommendation(  # noqa: PLR0913 (options of the command)
    recommendation: Recommendation,
    knowledge: KnowledgeBase,
    form: str,
    *,
    verbose: bool = True,
    every: bool = False,
    paged: bool = False,
) -> None:
    """Print the answer on standard output; `form` is text, json, markdown or html.

    Text is short unless `verbose`: the verdict, what decides it, what to ask. With `paged` a text that is longer than
    the terminal goes through a pager. JSON has all findings on the providers that are ruled out only if `every`.
    """
    if form == "json":
        show_json(recommendation.record if every else recommendation.short_record)
        return
    if form in {"markdown", "html"}:
        show_document(_load_report(form)(recommendation.explanation, knowledge))
        return
    page = Page()
    _AnswerText(recommendation, knowledge, page, verbose=verbose).write()
    page.show(paged=paged)


def render_recommendation(
    recommendation: Recommendation, knowledge: KnowledgeBase, form: str, *, verbose: bool, every: bool = False
) -> str:
    """Return the answer as `show_recommendation` prints it, for a file: without colours, 80 columns wide."""
    if form == "json":
        return recommendation.to_json(every=every) + "\n"
    if form in {"markdown", "html"}:
        return reveal(_load_report(form)(recommendation.explanation, knowledge))
    page = Page(screen=False)
    _AnswerText(recommendation, knowledge, page, verbose=verbose).write()
    return page.text()


def _load_report(form: str) -> Callable[[AnswerRecord, KnowledgeBase], str]:
    # A template library takes long to import, and most answers need none.
    if form == "html":
        from provider_advisor.faces.report.html import html_report  # noqa: PLC0415

        return html_report
    from provider_advisor.faces.report.markdown import markdown_report  # noqa: PLC0415

    return markdown_report


class _AnswerText:
    """An answer that is written on a page, short or verbose."""

    def __init__(self, recommendation: Recommendation, knowledge: KnowledgeBase, page: Page, *, verbose: bool) -> None:
        self.recommendation = recommendation
        self.answer = answer = recommendation.explanation
        self.knowledge = knowledge
        self.page = page
        self.verbose = verbose
        # The providers that fit side by side, and lines about the others under headings.
        self.shown: Sequence[ProviderRecord] = answer.providers
        self.others: Sequence[tuple[str, Sequence[str]]] = ()
        if len(answer.providers) > _MOST_COLUMNS:
            from provider_advisor.explanation.short_list import make_short_list  # noqa: PLC0415 (seldom needed)

            short_list, self.others = make_short_list(answer, knowledge, _MOST_COLUMNS)
            chosen = {provider.id for provider in short_list}
            self.shown = [provider for provider in answer.providers if provider.id in chosen]

    def write(self) -> None:
        answer, knowledge, page = self.answer, self.knowledge, self.page
        colour = {"recommended": "green", "none": "red"}.get(answer.verdict.kind, "yellow")
        page.line(answer.verdict.reason, colour=colour, bold=True)
        if silence := say_not_stated(answer, knowledge):
            page.line(silence)
        known = answer.knowledge
        page.line(f"{known.rests_on.says} Answered as of {known.as_of}. {known.read_from}")
        for note in filter(None, [*answer.notes, describe_area_weights(answer)]):
            page.line(note)
        page.section(GAPS_HEADING, list_gaps(answer, every=self.verbose))
        page.section(CAUTIONS_HEADING, list_cautions(answer, knowledge, every=self.verbose))
        if answer.findings:
            self._write_findings()
        else:
            example = f"recommend --needs {','.join(_pick_examples(knowledge))}"
            page.line(f"Ask for something, for example: {example}. List all criteria: recommend criteria.")
        page.section("Not judged: ask the providers", list_unlisted(answer, knowledge))
        page.section("Not wanted", list_unwanted(answer, knowledge))
        page.section("Not sure, or not counted yet", list_unsure(answer, knowledge))
        self._write_changes()
        self._write_sureness()
        if self.verbose:
            self._write_sources()
        if answer.findings:
            self._write_next_steps()

    def _write_next_steps(self) -> None:
        among = self.answer.verdict.among
        more = [] if self.verbose else ["Add --verbose for reasons and sources."]
        more += [f"To see how they differ: recommend compare {' '.join(among)}"] if len(among) > 1 else []
        if more:
            self.page.gap()
        for line in more:
            self.page.line(line)

    def _write_findings(self) -> None:
        self._write_matrix()
        for heading, lines in self.others:
            self.page.section(heading, self._shorten(lines, _MOST_OTHERS))
        if self.verbose:
            self._write_reasons()
        self._write_costs()
        self._write_products()
        self._write_unknowns()
        if not self.verbose:
            self.page.section("Caveats", self._shorten(list_caveats(self.answer, self.knowledge)))
        self.page.section("End dates and changes", [notice.says for notice in self.answer.notices])

    def _shorten(self, lines: Sequence[str], most: int = _MOST_LINES) -> Sequence[str]:
        """Return the lines; in a short answer only the first few, and how many more there are."""
        left = 0 if self.verbose else len(lines) - most
        return [*lines[:most], f"({left:,} more; show with --verbose)"] if left > 0 else lines

    def _write_matrix(self) -> None:
        """Print who meets what; a long table in a short answer omits the rows that all meet."""
        answer, page, shown = self.answer, self.page, self.shown
        rows: list[list[str | TableCell]] = []
        groups = kept = group_findings(answer.findings)
        if not self.verbose and len(groups) > _MOST_ROWS:
            kept = [group for group in groups if any(finding.outcome != "met" for finding in group)]
        for group in kept:
            by_provider = {finding.provider: finding for finding in group}
            marks = [self._mark(by_provider[provider.id]) for provider in shown]
            label = label_finding(group[0], self.knowledge) + (" +" if group[0].implied_by else "")
            rows.append([group[0].priority or "rule", label, *marks])
        standings = [TableCell(STANDINGS[provider.standing], bold=True) for provider in shown]
        rows.append(["", TableCell("Standing", bold=True), *standings])
        rows.append(["", "Score (proven to possible)", *(score_text(provider.score) for provider in shown)])
        page.gap()
        page.table(["", "Asked for", *(provider.name for provider in shown)], rows)
        names = {provider.id for provider in shown}
        if any(answer.has_gap(finding) for group in kept for finding in group if finding.provider in names):
            page.line(GAP_FOOTNOTE)
        if any(group[0].implied_by for group in kept):
            page.line(f"+ added by a rule, not by you{'' if self.verbose else ': --verbose says why'}.")
        if len(kept) < len(groups):
            page.line(
                f"({counted(len(groups) - len(kept), 'more row')} that every provider meets; show with --verbose)"
            )

    def _mark(self, finding: FindingRecord) -> TableCell:
        """Return the mark of a finding with its caveats: "yes, ambiguous", "yes (2022)"."""
        cell = self._mark_alone(finding)
        text = qualify(cell.text, finding, self.answer)
        return TableCell(text, "yellow" if finding.is_ambiguous else cell.colour)

    def _mark_alone(self, finding: FindingRecord) -> TableCell:
        """Return yes, no or ?; an amount; or yes* if another product meets it."""
        if finding.outcome == "partial":
            return TableCell(say_in_table(finding).replace("/", " per "))  # "messages/second" is wider than a column
        if finding.outcome == "unknown" and finding.says.startswith("by quote only"):
            return TableCell("by quote", "yellow")
        if self.answer.has_gap(finding):
            return TableCell(f"{self.page.mark('yes').text}*", "yellow")
        return self.page.mark({"met": "yes", "unmet": "no"}.get(finding.outcome, "?"))

    def _write_reasons(self) -> None:
        answer, knowledge, page = self.answer, self.knowledge, self.page
        from provider_advisor.faces.report.rows_and_sources import CitedSources  # noqa: PLC0415 (in long texts only)

        names, sources = answer.names, CitedSources(answer)
        page.heading("Why")
        for group in group_findings(answer.findings):
            page.line(_write_heading(group[0], knowledge), 2, bold=True)
            for rule in [group[0].rule] if group[0].criterion is None else group[0].implied_by:
                if rests := rests_text(knowledge.rules.get(str(rule)), knowledge):
                    page.line(rests, 4)
            for alike in _group_alike(group):
                whom, first = joined([names[finding.provider] for finding in alike]), alike[0]
                cited = "".join(f" [{each.number}, {each.lines}; {each.day}]" for each in sources.cite(first.evidence))
                page.line(f"{whom}: {first.says}{cited}", 4)
                for note in list_notes(first):
                    page.line(f"Note: {note}.", 6)

    def _write_costs(self) -> None:
        """Print what the stated usage would cost with each provider, item by item in a verbose answer."""
        answer, knowledge, page = self.answer, self.knowledge, self.page
        costs = [(provider, cost) for provider in answer.providers if (cost := provider.monthly_cost) is not None]
        if not costs:
            return
        page.heading("Monthly cost")
        for provider, cost in costs:
            if cost.is_unknown:
                continue
            page.line(f"{provider.name}: {describe_sum(cost, knowledge)}", 2, bold=True)
            notes = () if self.verbose else dict.fromkeys(note for item in cost.items for note in item.notes or ())
            for sentence in (*list_exclusions(answer, provider, knowledge), *(f"{capital(note)}." for note in notes)):
                page.line(sentence, 4)
            for item in cost.items if self.verbose else ():
                if item.criterion is not None and item.high != 0:  # the gaps name what has no price
                    for text in _list_cost_lines(item, knowledge):
                        page.line(text, 4)
        if unpriced := name_unpriced(answer):
            page.line(unpriced, 2)

    def _write_products(self) -> None:
        """Print which products to choose; in a short answer only of providers in the verdict."""
        answer, named = self.answer, self.answer.verdict.named
        shown = [
            part for part in answer.providers if part.id in named or (self.verbose and part.standing != "ruled-out")
        ]
        lines = [f"{part.name}: {answer.take[part.id]}." for part in shown if part.id in answer.take]
        self.page.section("Products to choose", lines)

    def _write_unknowns(self) -> None:
        unknown, stale = list_unknowns(self.answer, self.knowledge), self.answer.knowledge.stale
        self.page.section("Not known", [f"{part.label}: {part.providers}" for part in unknown])
        if stale:
            by_day = sorted(Counter(entry.as_of for entry in stale).items())
            said = joined([f"{counted(count, 'fact')} from {day}" for day, count in by_day])
            them = "it" if len(stale) == 1 else "them"
            self.page.section("Out of date", [f"{said}: check {them} again before you sign."])

    def _write_changes(self) -> None:
        answer, page = self.answer, self.page
        page.section("What would decide between them", self._shorten([part.says for part in answer.differences]))
        asked = [group.says for group in group_questions(answer)]
        ways = [*list_concessions(answer, self.knowledge), *list_combinations(answer)]
        if not self.verbose:
            page.section("What would change the answer", [*self._shorten(asked), *self._shorten(ways)])
            return
        # If every provider fails a must, the concessions already say this.
        turns = answer.sureness.changes.turns if answer.sureness and not answer.concessions else []
        page.section("What would change the answer", [*ways, *asked, *(turn.says for turn in turns)])
        page.section("Not counted", list_set_aside(answer, self.knowledge))

    def _write_sureness(self) -> None:
        """Print how much the answer depends on unknown facts and on the weights.

        Only the providers that are in the table are compared in pairs: fifteen would be 105 lines.
        """
        answer, found, odds = self.answer, self.answer.sureness, self.recommendation.odds
        lines = [odds] if odds else []
        if self.verbose and found and found.worlds is not None and answer.verdict.kind != "none":
            table = {part.id for part in self.shown}
            lines += [*answer.list_pairs(table), *_say_ordered(answer, table), found.weights.says]
            lines += [part.says for part in found.tipping or []]
        self.page.section("How sure", lines)

    def _write_sources(self) -> None:
        lines = []
        for number, source in enumerate(self.answer.sources, start=1):
            publisher = f", {source.publisher}" if source.publisher else ""
            link = f", {source.url}" if source.url else ""
            remarks = f"; {said}" if (said := remarks_text(source)) else ""
            dated = source.published if source.published != "undated" else f"undated, retrieved {source.retrieved}"
            lines.append(f"[{number}] {source.title}{publisher} ({dated}){link}{remarks}")
        self.page.section("Sources", lines)
        self.page.gap()
        known = self.answer.knowledge
        self.page.line(f"Knowledge base {base_text(known.version, known.date, known.fingerprint)}.")


def _pick_examples(knowledge: KnowledgeBase) -> list[str]:
    """Return two criteria of different areas as examples, preferring those on which providers differ."""
    said: dict[str, set[str]] = {}
    for provider in knowledge.providers.values():
        for claim in provider.claims:
            if not claim.members and isinstance(claim.value, str):
                said.setdefault(claim.criterion, set()).add(claim.value)
    criteria = [name for name in said if knowledge.criteria[name].kind == "capability"] or list(knowledge.criteria)
    ranked = sorted(criteria, key=lambda name: (-len(said.get(name, ())), -knowledge.criteria[name].weight, name))
    by_area: dict[str, str] = {}
    for name in ranked:
        by_area.setdefault(knowledge.criteria[name].area, name)
    return list(by_area.values())[:2]


def _group_alike(group: Sequence[FindingRecord]) -> Iterable[list[FindingRecord]]:
    """Return the findings on a requirement; equal ones without citations are grouped."""
    found: dict[tuple[str, str], list[FindingRecord]] = {}
    for finding in group:
        found.setdefault((finding.says, finding.provider if finding.evidence else ""), []).append(finding)
    return found.values()


def _write_heading(finding: FindingRecord, knowledge: KnowledgeBase) -> str:
    label = label_finding(finding, knowledge)
    if finding.criterion is None:
        why = "" if finding.because.rstrip(".") == label else f": {finding.because}"
        return f"{label} (rule {finding.rule}, weight {weight_text(finding.weight)}){why}"
    asked = f"{label} ({finding.priority}, weight {weight_text(finding.weight)})"
    rules = finding.implied_by
    word = "rule" if len(rules) == 1 else "rules"
    return f"{asked}, asked for by the {word} {joined(rules)}: {finding.because}" if rules else asked


def _list_cost_lines(item: CostItemRecord, knowledge: KnowledgeBase) -> Iterator[str]:
    used = joined([f"{usage_label(name, knowledge)} {volume_text(amount)}" for name, amount in item.usage.items()])
    at = "" if str(item.price).startswith(("from ", "at least ", "at most ", "more than ")) else "at "
    yield f"{used}, {at}{item.price}: {money_text(item.low, item.high)}"
    for other in item.instead:
        yield f"  cheaper for this usage than {other.price}"
    if item.beside:
        yield f"  not subtracted: {joined(item.beside)}"
    for note in (*list_price_remarks(item, knowledge), *(item.notes or ())):
        yield f"  {note}"


def _say_ordered(answer: AnswerRecord, table: Container[str]) -> Iterator[str]:
    """Yield how often each provider comes first with any weights of the same order, if weights matter."""
    found = answer.sureness
    shares = found.worlds.providers if found and found.worlds and found.weights.depends else []
    first = [(share.provider, share.ordered) for share in shares if share.ordered is not None]
    if answer.verdict.kind == "tie" or not first or len(first) < len(shares):
        return
    names = answer.names
    # One that is not in the table is named if it comes first more often than all that are.
    best = max(round(share, 2) for provider, share in first if provider in table)
    shown = [part for part in first if part[0] in table or round(part[1], 2) > best]
    others = [part[1] for part in first if part not in shown]
    shown = first if len(others) <= 1 else shown
    verbs = ["comes first in", *["in"] * len(shown)]
    said = joined([f"{names[one]} {verb} {percent(share)}" for (one, share), verb in zip(shown, verbs, strict=False)])
    rest = f"; none of the {len(others)} others in more than {percent(max(others))}" if len(others) > 1 else ""
    yield f"With any weights in the same order, {said}{rest}."
