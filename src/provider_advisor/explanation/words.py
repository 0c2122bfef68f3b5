"""The words for lists, numbers, claims, what is asked, results and sources, shared by all faces."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from provider_advisor.explanation.answer_records import ProviderRecord, ScoreRecord, SourceRecord
from provider_advisor.knowledge import Claim, Criterion, Facts, KnowledgeBase, Rule
from provider_advisor.knowledge.records import Source, Tier
from provider_advisor.logic import Interval, Number
from provider_advisor.requirements import Requirement, bound_words
from provider_advisor.safe_text import join_words
from provider_advisor.written_values import count_unit, number_text

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MOST_SOURCES = 3
_LONGEST_TITLE = 60
_DAYS_A_YEAR, _DAYS_A_MONTH = 365.2425, 30.436875

STANDINGS = {"qualified": "qualified", "unconfirmed": "unconfirmed", "ruled-out": "ruled out"}
STRENGTHS = {"firm": "firm", "dated": "on facts that are out of date", "leaning": "leaning"}
_OUTCOMES = {"met": "yes", "unmet": "no", "unknown": "not known"}

GAPS_HEADING = "Ask first: stated for another product"
CAUTIONS_HEADING = "Before you choose"
GAP_FOOTNOTE = "* stated for a product other than the one that meets the musts: ask."

# Lists


def joined(words: Sequence[str], last: str = "and") -> str:
    """Return a list as people write it; with semicolons between three words or more if one of them has a comma.

    >>> joined(["a", "b", "c"]), joined(["a, x", "b", "c"])
    ('a, b and c', 'a, x; b; and c')
    """
    if len(words) > 2 and any(", " in word for word in words):  # noqa: PLR2004 (English)
        return f"{'; '.join(words[:-1])}; {last} {words[-1]}"
    return join_words(words, last)


def join_any(words: Sequence[str]) -> str:
    """Return alternatives as people write them.

    >>> join_any(["a", "b", "c"]), join_any(["SMS, Kenya", "Fax", "MMS"])
    ('a, b or c', 'SMS, Kenya; Fax; or MMS')
    """
    return joined(words, "or")


def ask_how_much(criterion: Criterion) -> str:
    """Return the end of a question: "how many seats exactly", "what exactly is it, in USD/message", "poor or good"."""
    if criterion.values:
        return join_any(criterion.values)
    return f"how many {criterion.unit} exactly" if criterion.whole else f"what exactly is it, in {criterion.unit}"


def shortened(words: Sequence[str], most: int = 4) -> str:
    """Return a long list with its first few words and the number of the others; one other is named.

    >>> shortened(["a", "b", "c", "d"], 2), shortened(["a", "b", "c"], 2)
    ('a, b and 2 more', 'a, b and c')
    """
    return joined(keep_few(words, most))


def keep_few(words: Sequence[str], most: int, rest: str = "more") -> list[str]:
    """Return the first few words, and the number of the others with what they are; one other is named.

    >>> keep_few(["a", "b", "c", "d"], 2, "more fail a must")
    ['a', 'b', '2 more fail a must']
    """
    left = len(words) - most
    return [*words[:most], f"{left:,} {rest}"] if left > 1 else [*words]


def counted(count: int, what: str) -> str:
    """Return a number of things: "1 provider", "2 providers"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def capital(text: str) -> str:
    """Return the text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def begin_sentence(error: object) -> str:
    """Return an error as a sentence: with a capital letter, unless it begins with the name of a file.

    >>> begin_sentence("unknown area 'x'."), begin_sentence("team.yaml does not exist.")
    ("Unknown area 'x'.", 'team.yaml does not exist.')
    """
    text = str(error)
    return capital(text) if text.partition(" ")[0].isalpha() else text


# Numbers


def weight_text(weight: Number) -> str:
    """Return a weight with six digits; with weights of areas it is the result of a division.

    >>> weight_text(10 / 3), weight_text(1_000_000)
    ('3.33333', '1,000,000')
    """
    return number_text(float(f"{weight:g}"))


def quantity_text(number: Number, unit: str | None) -> str:
    """Return a number with its unit, if it has one: "65 countries"."""
    return number_text(number) if unit is None else f"{number_text(number)} {count_unit(number, unit)}"


def amount_text(low: float, high: float | None) -> str:
    """Return an amount between two ends; where there is no high end, there is no upper limit."""
    if high is None:
        return f"at least {number_text(low)}"
    return number_text(low) if low == high else f"{number_text(low)} to {number_text(high)}"


def volume_text(volume: float | Sequence[float]) -> str:
    """Return a volume a month, or the two ends of a range; of a twelfth of a year two digits are enough."""
    low, high = volume if isinstance(volume, Sequence) else (volume, volume)
    return amount_text(round(low, 2), round(high, 2))


def percent(share: float) -> str:
    """Return a share in whole percent; it is never rounded to 0% or 100%.

    >>> percent(0.5), percent(0.0004), percent(0.9996), percent(1)
    ('50%', 'under 1%', 'over 99%', '100%')
    """
    if 0 < share < 0.01:  # noqa: PLR2004 (one percent)
        return "under 1%"
    if 0.99 < share < 1:  # noqa: PLR2004
        return "over 99%"
    return f"{round(100 * share)}%"


def round_share(share: float) -> float:
    """Return a share in nine digits, as precise as scores are."""
    return round(share, 9)


def age_text(days: int) -> str:
    """Return an age in its largest whole unit, rounded down.

    >>> age_text(1461), age_text(400), age_text(39), age_text(1)
    ('four years', 'one year', 'one month', 'one day')
    """
    for length, unit in ((_DAYS_A_YEAR, "year"), (_DAYS_A_MONTH, "month"), (1, "day")):
        # A day of grace: four calendar years may be 1460 or 1461 days.
        if (count := int((days + 1 if length > 1 else days) / length)) >= 1:
            number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
            return f"{number} {unit}{'s' if count > 1 else ''}"
    return "less than a day"


def stale_text(count: int) -> str:
    """Return the sentence on facts that are out of date: "2 of the facts used are out of date."."""
    return f"{count} of the facts used {'is' if count == 1 else 'are'} out of date."


# Claims


def claim_text(claim: Claim) -> str:
    """Return what a claim says: "present", "more than 100 countries", "4 to 8 USD/GB", "good or excellent"."""
    if isinstance(claim.value, str):
        return "by quote only" if claim.value == "by-quote" else claim.value
    return _amount_text_of(claim, claim.value) + _terms_text(claim) + _rates_text(claim)


def claims_text(claims: Iterable[Claim]) -> str:
    """Return what claims say, each once: "65 countries and more than 60 countries"."""
    return joined(list(dict.fromkeys(map(claim_text, claims))))


def _amount_text_of(claim: Claim, value: Number | tuple[Number | str, ...]) -> str:
    unit = f" {claim.unit}" if claim.unit else ""
    if claim.tiers:
        return _tiers_text(claim.tiers) + unit
    if isinstance(value, tuple):
        parts = [part if isinstance(part, str) else number_text(part) for part in value]
        return " to ".join(parts) + unit if claim.bound else " or ".join(parts)
    word = "" if claim.bound in {None, "exactly"} else f"{claim.bound} ".replace("_", " ")
    return f"{word}{quantity_text(value, claim.unit or None)}"


def _tiers_text(tiers: Sequence[Tier]) -> str:
    """Return tiers in words: "0.0079 up to 150,000 a month, then 0.0075"."""
    said = [f"{number_text(tier.price)} up to {number_text(tier.up_to)}" for tier in tiers if tier.up_to is not None]
    return f"{', then '.join(said)} a month, then {number_text(tiers[-1].price)}"


def _terms_text(claim: Claim) -> str:
    """Return the further terms of a price: ", billed for at least 5, plus 300 EUR once"."""
    currency = str(claim.unit).partition("/")[0]
    least, minimum, fee, setup = claim.terms
    parts = [f"billed for at least {number_text(least)}"] if least else []
    parts += [f"at least {number_text(minimum)} {currency} a month"] if minimum else []
    parts += [f"plus {number_text(fee)} {currency} a month"] if fee else []
    parts += [f"plus {number_text(setup)} {currency} once, not included in monthly costs"] if setup else []
    parts += [f"plus {claim.plus}"] if claim.plus else []
    return "".join(f", {part}" for part in parts)


def _rates_text(claim: Claim) -> str:
    """Return by which rates a price was converted: " (1 EUR = 1.08 USD on 2024-05-02)"."""
    if claim.is_unconverted:
        return f" (no exchange rate for {str(claim.unit).partition('/')[0]} is recorded)"
    if not claim.rates:
        return ""
    first = claim.rates[0]
    worths = sorted({rate.worth for rate in claim.rates})
    worth = amount_text(worths[0], worths[-1])
    return f" (1 {first.currency} = {worth} {first.into} on {first.stated})"


def included_text(claims: Sequence[Claim]) -> str:
    """Return what the latest price leaves out, so that a new one has to include it: ", carrier fees included"."""
    plus = max(claims, key=lambda claim: claim.stated).plus if claims else None
    return f", {plus} included" if plus else ""


# What is asked


def requirement_text(requirement: Requirement, criterion: Criterion) -> str:
    """Return a requirement's criterion by its label, with its bound."""
    bound = bound_text(requirement.bound, criterion)
    return f"{criterion.label}, {bound}" if bound else criterion.label


def bound_text(bound: Interval | None, criterion: Criterion) -> str:
    """Return a bound in words: "at least 90 countries", "at most fair"; empty where there is none."""
    return bound_text_of(bound_words(bound, criterion), criterion.unit)


def bound_text_of(words: Mapping[str, Number | str] | None, unit: str | None) -> str:
    """Return the same for a bound with the keys and words of a requirements file, in this unit if there is one.

    >>> bound_text_of({"at_least": 5000, "at_most": 5000}, "countries"), bound_text_of({"is": "absent"}, None)
    ('exactly 5,000 countries', 'absent')
    """
    words = words or {}
    if "is" in words:
        return str(words["is"])
    ends = [end if isinstance(end, str) else quantity_text(end, unit) for end in words.values()]
    if len(ends) > 1 and len(set(ends)) == 1:
        return f"exactly {ends[0]}"
    return joined([f"{key.replace('_', ' ')} {end}" for key, end in zip(words, ends, strict=True)])


def criterion_label(criterion: str, bound: Mapping[str, Any] | None, knowledge: KnowledgeBase) -> str:
    """Return a criterion by its label, with its bound; by its id if the knowledge base no longer has it."""
    try:
        known = knowledge.criteria[criterion]
    except KeyError:
        return criterion
    words = bound_text_of(bound, known.unit)
    return f"{known.label}, {words}" if words else known.label


def member_label(criterion: str, member: str, knowledge: KnowledgeBase) -> str:
    """Return a member of a criterion by its label; by its id if the knowledge base no longer has it."""
    of = knowledge.criteria.list_of(criterion)
    return member if of is None or member not in of.members else of.members[member].label


def usage_label(name: str, knowledge: KnowledgeBase) -> str:
    """Return the label of a usage item, also of what falls to one member: "Outgoing SMS, Germany"."""
    item = knowledge.find_usage(name)
    return name if item is None else item.label


def rule_label(rule: str | None, because: str, knowledge: KnowledgeBase) -> str:
    """Return the name of a rule in a table; its own words where the knowledge base no longer has it."""
    known = knowledge.rules.get(rule or "")
    return because.rstrip(".") if known is None else known.short


def rests_text(rule: Rule | None, knowledge: KnowledgeBase) -> str:
    """Return the sources of a rule as a sentence, empty if none: "Based on The paper, lines 3, 5."."""
    cited = [
        f"{knowledge.sources[part.source].title}, {lines_text(part.lines) if part.lines else part.section or ''}"
        for part in (rule.rests_on if rule is not None else ())
    ]
    return f"Based on {'; '.join(part.removesuffix(', ') for part in cited)}." if cited else ""


# Results


def degree_text(outcome: str, degree: Sequence[float]) -> str:
    """Return yes, no or not known, or the degree in percent if partly met."""
    if outcome in _OUTCOMES:
        return _OUTCOMES[outcome]
    low, high = (round(100 * end) for end in degree)
    return f"{low}%" if low == high else f"{low}% to {high}%"


def score_text(score: ScoreRecord) -> str:
    """Return the expected score, with the range from proven to possible in brackets if they differ."""
    ends = (score.proven, score.expected, score.possible)
    known = [round(end, 1) for end in ends if end is not None]
    if len(known) < len(ends):
        return "none"
    # Where nothing is unknown, the three are one number.
    proven, expected, possible = known
    return f"{expected:g}" if proven == possible else f"{expected:g} ({proven:g} to {possible:g})"


def sort_by_standing(providers: Sequence[ProviderRecord]) -> list[ProviderRecord]:
    """Return providers with the best standing and the highest score first."""
    order = list(STANDINGS)  # the best is listed first
    return sorted(providers, key=lambda each: (order.index(each.standing), -(each.score.expected or 0), each.id))


# Sources and scope


def lines_text(places: Iterable[int | str]) -> str:
    """Return lines and other places of a source, in order.

    >>> lines_text([96, 37]), lines_text(["page 12", 46])
    ('lines 37, 96', 'line 46, page 12')
    """
    places = list(places)
    # Sorted as numbers: as texts, line 96 would come after line 336.
    ordered = [str(line) for line in sorted(place for place in places if isinstance(place, int))]
    lines = [f"line{'s' if len(ordered) > 1 else ''} {', '.join(ordered)}"] if ordered else []
    return ", ".join([*lines, *sorted(place for place in places if isinstance(place, str))])


def remarks_text(source: SourceRecord) -> str:
    """Return notes for readers of a source: why it has no URL, and its note."""
    address = f"no URL: {source.no_url}" if source.url is None and source.no_url else None
    return "; ".join(remark for remark in (address, *list_doubts(source)) if remark)


def list_doubts(source: SourceRecord) -> list[str]:
    """Return doubts about a source: its note, and a missing publisher."""
    return [part for part in (source.note, None if source.publisher else "no publisher named") if part]


def sum_up_grounds(
    providers: int, claims: Sequence[Claim], facts: Facts
) -> tuple[list[str], str | None, str | None, str]:
    """Return what an answer is based on that compares so many providers by these claims.

    That is the ids of sources, the days of the oldest and the newest claim, and the scope in words.
    """
    cited = {claim.source for claim in claims}
    sources = [source for source in facts.knowledge.sources.values() if source.id in cited]
    days = [claim.stated for claim in claims]
    ends = (min(days), max(days)) if days else None
    oldest, newest = (None, None) if ends is None else (day.isoformat() for day in ends)
    says, limits = scope_text(providers, sources, ends, facts.as_of), limits_text(facts.base)
    return [source.id for source in sources], oldest, newest, f"{says} {limits}" if limits else says


def scope_text(providers: int, sources: Sequence[Source], days: tuple[dt.date, dt.date] | None, today: dt.date) -> str:
    """Return the scope of an answer: the number of providers, the sources, and the oldest and newest day.

    A source has the name of its publisher, or the beginning of its title.

    >>> day, paper = dt.date(2022, 11, 22), dt.date(2022, 11, 23)
    >>> source = Source("list", "A list", "en", day, paper, publisher="Acme")
    >>> scope_text(2, [source, source._replace(publisher=None)], (day, day), dt.date(2023, 12, 24))
    'Compared 2 providers using 2 sources (Acme and A list); facts from 2022-11-22, one year old.'
    """
    compared = f"Compared {counted(providers, 'provider')}"
    if days is None:
        return f"{compared}; no fact about {'it' if providers == 1 else 'them'} was used."
    oldest, newest = days
    age = age_text((today - oldest).days)
    dated = f"from {oldest}, {age} old" if oldest == newest else f"from {oldest} to {newest}, the oldest {age} old"
    names = [source.publisher or textwrap.shorten(source.title, _LONGEST_TITLE, placeholder=" …") for source in sources]
    names = list(dict.fromkeys(names))
    more = [counted(len(names) - _MOST_SOURCES, "more publisher")] if len(names) > _MOST_SOURCES else []
    named = joined([*names[:_MOST_SOURCES], *more])
    return f"{compared} using {counted(len(sources), 'source')} ({named}); facts {dated}."


def limits_text(knowledge: KnowledgeBase) -> str:
    """Return sentences on how an answer's scope was limited; empty if it was not."""
    scope, whole = knowledge.scope, knowledge.whole or knowledge

    def name(providers: Sequence[str]) -> str:
        return joined([whole.providers[provider].name for provider in providers])

    said = [
        f"The comparison is limited to {name(scope.only)}." if scope.only else "",
        f"{name(scope.without)} {'was' if len(scope.without) == 1 else 'were'} left out." if scope.without else "",
        f"Only claims from {joined(scope.sources)} count." if scope.sources else "",
        f"{name(scope.customer_of)} {'is' if len(scope.customer_of) == 1 else 'are'} already in use."
        if scope.customer_of
        else "",
    ]
    return " ".join(part for part in said if part)


def base_text(version: str | None, date: str | None, fingerprint: str) -> str:
    """Return which knowledge base it is, in words: `1.4.0 of 2024-06-01 (0123456789ab)`, or its fingerprint alone."""
    short = fingerprint[:12]
    return short if version is None else f"{version} of {date} ({short})"
