"""Put what is known and not known about each provider into words: findings, ends of facts, what nothing says or judges.

Two examples of what a finding says. "has it (Acme Meet); ends on 2027-01-31 (announced on 2026-09-01)": a capability,
its product and an end that lies ahead. "more than 65 countries; not enough to tell": an amount that leaves its bound
open.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from provider_advisor.decision import Finding
from provider_advisor.decision.degrees import GradedPart
from provider_advisor.explanation.answer_records import AnswerRecord, FindingRecord, group_findings
from provider_advisor.explanation.costs_in_words import describe_cost, record_cost
from provider_advisor.explanation.words import (
    claim_text,
    claims_text,
    criterion_label,
    degree_text,
    joined,
    list_doubts,
    member_label,
    rule_label,
    shortened,
    sort_by_standing,
)
from provider_advisor.knowledge import Claim, Fact, Facts, KnowledgeBase
from provider_advisor.knowledge.conditions import AT, EITHER
from provider_advisor.knowledge.criteria import get_bound
from provider_advisor.knowledge.records import Notice
from provider_advisor.logic import Truth
from provider_advisor.requirements import Requirement
from provider_advisor.written_values import number_text

_CONDITION: dict[Truth | None, str] = {
    Truth.YES: "meets the condition",
    Truth.NO: "does not meet the condition",
}
_HAS = {
    "stated": ("has it", "does not have it"),
    "contrast": ("has it (implied)", "does not have it (implied)"),
    "ambiguous": ("probably has it", "probably does not have it"),
}
"""The words for a capability's strongest evidence, if present and if absent."""

_OF_PRODUCTS = {
    "renamed": "has been called {new} since {day}",
    "renames": "will be called {new} from {day}",
    "closed-to-new": "has been closed to new customers since {day}",
    "closes-to-new": "will be closed to new customers from {day}",
    "product-ended": "ended on {day}",
    "product-ends": "ends on {day}",
}
"""What happens to a product, by the kind of notice."""

_CLOSED = frozenset({"closed-to-new", "closes-to-new"})
RENAMED = frozenset({"renamed", "renames"})
"""The kinds of notices on a new name, which belongs to the product, whatever its criteria."""

_OF_THE_ANSWER = RENAMED | {"withdrawn"}
_MOST_NAMED = 5
_ENDS = {"at_least", "at_most"}
_AMBIGUOUS = "the source can be read in another way"
_DOUBTED = " (the source is ambiguous)"


def explain_presence(finding: Finding, knowledge: KnowledgeBase) -> str:
    """Return why the requirement or rule counts: the rule's reason, or that it is asked for."""
    if finding.rule is not None:
        return finding.rule.because
    if finding.requirement is not None and finding.requirement.implied_by:
        return " ".join(knowledge.rules[rule].because for rule in finding.requirement.implied_by)
    return "You ask for it."


def explain_finding(finding: Finding, facts: Facts) -> str:
    """Return what is known about the provider here: "has it (Twilio Video API)", "not known: …"."""
    fact, knowledge = finding.degree.fact, facts.knowledge
    # Of a cost, a rule or a choice, no single fact says everything.
    if finding.cost is not None:
        return describe_cost(record_cost(finding.cost, facts), knowledge)
    if fact is None:
        parts = [_explain_part(part, finding, facts) for part in finding.degree.parts]
        return "; ".join(parts) or _CONDITION.get(finding.degree.truth, "not known whether the condition is met")
    if not fact.claims:
        silent = "the claims are older than you allow" if fact.aged else _say_priced_members(fact, facts)
        return f"not known: {describe_notices(fact, knowledge) or silent}"
    requirement = finding.requirement
    if requirement is not None and fact.criterion != requirement.criterion:
        # The price, or another amount, of something that the provider does not offer.
        label = knowledge.criteria[fact.criterion].label
        return f"cannot meet this without {label}: {_say_capability(fact, knowledge)}"
    if knowledge.criteria[fact.criterion].kind == "capability":
        return _say_capability(fact, knowledge)
    return _say_amount(fact, finding, knowledge)


def _say_priced_members(fact: Fact, facts: Facts) -> str:
    """Return how many members have a price where the price without a member is unknown, or that no claim says it."""
    name, silent = fact.criterion, "no claim confirms or denies it"
    if facts.knowledge.criteria[name].kind != "price" or (of := facts.knowledge.criteria.list_of(name)) is None:
        return silent
    members = facts.knowledge.claimed_members(fact.provider, name)
    priced = [member for member in members if facts(fact.provider, f"{name}{AT}{member}").amount is not None]
    if not priced:
        return silent
    known = "one price is" if len(priced) == 1 else f"{len(priced)} prices are"
    return f"it depends on the {of.id}; {known} known, such as {name}{AT}{priced[0]}"


def _explain_part(part: GradedPart, finding: Finding, facts: Facts) -> str:
    """Return what is known of one part of a choice: "WhatsApp: has it (Twilio Messaging)"."""
    asked, label = part.asked, facts.knowledge.criteria[part.asked.criterion].label
    requirement = Requirement(asked.criterion, "should", get_bound(asked))
    return f"{label}: {explain_finding(finding._replace(requirement=requirement, degree=part.degree), facts)}"


def list_deciding(finding: Finding) -> list[Fact]:
    """Return the facts that decide a finding: for a choice those of its parts; none for a condition or a cost."""
    degrees = [finding.degree, *(part.degree for part in finding.degree.parts)]
    return [degree.fact for degree in degrees if degree.fact is not None]


def _say_capability(fact: Fact, knowledge: KnowledgeBase) -> str:
    if fact.disputed:
        return "disputed: the sources contradict each other"
    notices = describe_notices(fact, knowledge)
    if has_ended(fact):
        return f"no longer has it{_name_products(fact, knowledge)}: {notices}"
    present, absent = _HAS[_find_strongest_evidence(fact.claims)]
    said = (present if fact.truth is Truth.YES else absent) + _name_products(fact, knowledge)
    return f"{said}; {notices}" if notices else said


def _find_strongest_evidence(claims: Sequence[Claim]) -> str:
    found = {claim.evidence for claim in claims}
    return next((kind for kind in ("stated", "contrast") if kind in found), "ambiguous")


def _name_products(fact: Fact, knowledge: KnowledgeBase) -> str:
    """Return the products in brackets; those named only in ambiguous texts follow: " (Talk; probably also Text)".

    If everything is ambiguous, the words before the brackets say so.
    """
    provider = knowledge.providers[fact.provider]
    plain = [claim for claim in fact.claims if claim.evidence != "ambiguous"]
    # A product that a clear text names is not doubted, even if an ambiguous one names it too.
    named, every = (
        dict.fromkeys(provider.products[claim.belongs_to].name for claim in claims if claim.belongs_to)
        for claims in (plain or fact.claims, fact.claims)
    )
    probable = [name for name in every if name not in named]
    said = [joined(list(named)), f"probably also {joined(probable)}" if probable else ""]
    return f" ({'; '.join(filter(None, said))})" if every else ""


def _say_amount(fact: Fact, finding: Finding, knowledge: KnowledgeBase) -> str:
    said = claims_text(fact.claims)
    if fact.price_of is not None:
        said += f" ({member_label(fact.criterion, fact.price_of, knowledge)} price)"
    if fact.disputed:
        return f"disputed: {said}"
    doubt = _DOUBTED if _find_strongest_evidence(fact.claims) == "ambiguous" else ""
    paid_for = finding.degree.paid_for
    if paid_for is not None:
        return f"{said}{doubt}; not known whether it offers {knowledge.criteria[paid_for.criterion].label}"
    open_end = "; not enough to tell" if finding.degree.truth is Truth.UNKNOWN else ""
    notices = describe_notices(fact, knowledge)
    return f"{said}{doubt}{open_end}{f'; {notices}' if notices else ''}"


# Changes of facts over time: ends, beginnings, new names


def describe_notices(fact: Fact, knowledge: KnowledgeBase) -> str:
    """Return the ends and changes behind a fact as a list in words; empty if there are none.

    A new product name and a withdrawn end do not change the fact, so the answer lists them separately.
    """
    # Two sources may state one end: it is said once.
    ends = (notice for notice in fact.notices if notice.kind not in _OF_THE_ANSWER)
    return joined(list(dict.fromkeys(_describe_notice(notice, knowledge) for notice in ends)))


def has_ended(fact: Fact) -> bool:
    """Return whether a capability is absent because it, or the product that had it, ended."""
    return fact.truth is Truth.NO and any(
        notice.kind in {"ended", "product-ended", "closed-to-new"} for notice in fact.notices
    )


def _describe_notice(notice: Notice, knowledge: KnowledgeBase) -> str:
    if notice.kind == "withdrawn" and notice.claim is not None:
        return f"the end on {notice.day}, announced on {notice.claim.stated}, was withdrawn on {notice.stated}"
    if notice.claim is not None:
        said = _describe_noticed_claim(notice, notice.claim)
    else:
        product = knowledge.providers[notice.provider].products[str(notice.product)]
        new = "" if product.renamed is None else product.renamed.name
        said = f"{product.name} {_OF_PRODUCTS[notice.kind].format(day=notice.day, new=new)}"
    if notice.stated is not None:
        said += f" ({'announced' if notice.stated < notice.day else 'stated'} on {notice.stated})"
    if notice.kind in _CLOSED and notice.provider in knowledge.scope.customer_of:
        said += "; it stays open to existing customers"
    return said


def _describe_noticed_claim(notice: Notice, claim: Claim) -> str:
    if notice.kind == "starts":
        return f"{claim_text(claim)} from {notice.day}"
    if claim.value != "present":  # an absence or a price cannot end like an offer
        return f"{'was ' if notice.kind == 'ended' else ''}{claim_text(claim)} until {notice.day}"
    return f"{notice.kind} on {notice.day}"


def say_notice(notice: Notice, knowledge: KnowledgeBase) -> str:
    """Return an end or a change as a sentence: "Acme, Fax: ends on 2027-01-31 (announced on 2026-09-01)."."""
    name, label = knowledge.providers[notice.provider].name, knowledge.criteria[notice.criterion].label
    about = name if notice.kind in RENAMED else f"{name}, {label}"
    return f"{about}: {_describe_notice(notice, knowledge)}."


# What is not known


class Unknown(NamedTuple):
    """A requirement with its priority, and the providers for which it is unknown, in words."""

    label: str
    priority: str
    providers: str


def list_unknowns(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[Unknown]:
    """Return what is not known, in the order of the requirements; empty only if everything is known.

    Of many providers those with the best standing are named, and the others are counted.

    An amount that is known within a range only is listed with what is known of it: "Acme (more than 100 countries)". So
    is a monthly cost without an upper limit, even where only the usage was stated.
    """
    names = answer.names
    places = {provider.id: place for place, provider in enumerate(sort_by_standing(answer.providers))}
    found = []
    for group in group_findings([finding for finding in answer.findings if finding.is_open]):
        label, priority = label_finding(group[0], knowledge), group[0].priority or "rule"
        if len(group) > _MOST_NAMED:
            group.sort(key=lambda part: places[part.provider])
        about = [
            names[part.provider]
            if part.outcome == "unknown"
            else f"{names[part.provider]} ({say_in_table(part).partition(' (')[0]})"
            for part in group
        ]
        found.append(Unknown(label, priority, shortened(about)))
    return [*found, *_list_costs(answer, knowledge)]


def label_finding(finding: FindingRecord, knowledge: KnowledgeBase) -> str:
    """Return a requirement's criterion with its bound, or a rule's reason."""
    if finding.criterion is None:
        return rule_label(finding.rule, finding.because, knowledge)
    return criterion_label(finding.criterion, finding.bound, knowledge)


def _list_costs(answer: AnswerRecord, knowledge: KnowledgeBase) -> Iterator[Unknown]:
    """Yield the computed cost, unless it was asked for and so is listed already."""
    computed = next((criterion for criterion in knowledge.criteria.values() if criterion.computed), None)
    if computed is None or any(finding.criterion == computed.id for finding in answer.findings):
        return
    open_ended = [part.name for part in answer.providers if part.monthly_cost and part.monthly_cost.high is None]
    if open_ended:
        yield Unknown(computed.label, "usage", f"no upper limit is known for {shortened(open_ended)}")


def say_not_stated(answer: AnswerRecord, knowledge: KnowledgeBase) -> str:
    """Return what no source states for any provider, and so decides nothing; empty if it is little.

    It is little if it is a single wish, which "Not known" lists.
    """
    # What sources dispute, or a price by quote only, is unknown too, but has evidence.
    silent = [
        group[0]
        for group in group_findings([finding for finding in answer.findings if finding.criterion is not None])
        if all(finding.outcome == "unknown" and not finding.evidence for finding in group)
    ]
    musts = [label_finding(part, knowledge) for part in silent if part.priority == "must"]
    wishes = [label_finding(part, knowledge) for part in silent if part.priority != "must"]
    count = len(answer.providers)
    if count == 1 or not (musts or len(wishes) > 1):
        return ""
    said = [f"{shortened(musts)} ({'a must' if len(musts) == 1 else 'musts'})"] if musts else []
    said += [f"{shortened(wishes)} ({'a wish' if len(wishes) == 1 else 'wishes'})"] if wishes else []
    whom = "either provider" if count == 2 else f"any of the {count} providers"  # noqa: PLR2004 (English)
    return f"Not stated by {whom}: {'; '.join(said)}."


# Notes on what is known


def list_notes(finding: FindingRecord) -> list[str]:
    """Return the notes of the claims that a finding is based on, each once."""
    return list(dict.fromkeys(part.note for part in finding.evidence if part.note))


def say_in_table(finding: FindingRecord) -> str:
    """Return yes, no or not known; of what is met by degrees the amount, such as "99.95 to 99.99 percent"."""
    if finding.outcome != "partial" or finding.criterion is None or EITHER in finding.criterion:
        return degree_text(finding.outcome, finding.degree)
    # "100%" would be read as the uptime, not as how far 99.99 percent meets the wish.
    return finding.says.partition(";")[0].replace(_DOUBTED, "")


def qualify(word: str, finding: FindingRecord, answer: AnswerRecord) -> str:
    """Return the word for a finding in a table with what weakens it: "no, implied", "yes (2022)"."""
    year = find_stale_year(finding, answer)
    doubt = ", ambiguous" if finding.is_ambiguous else ", implied" if finding.is_implied else ""
    return f"{word}{doubt}{f' ({year})' if year and f'{year} price' not in word else ''}"


def find_stale_year(finding: FindingRecord, answer: AnswerRecord) -> str:
    """Return the year of the fact that a finding is based on, if it is out of date; else nothing."""
    # Three kinds of findings are dated by three parts of the record: rules by themselves, facts by the list of what is
    # out of date, the monthly cost by its prices.
    if finding.stale is not None:
        return finding.stale[:4]
    if finding.outcome == "unknown":
        return ""
    parts = str(finding.criterion).split("|")
    old = (part for part in answer.knowledge.stale if part.provider == finding.provider and part.criterion in parts)
    newest = max((part.as_of for part in finding.evidence), default="")
    # Of a choice, a part that is not out of date may meet it too.
    days = [part.as_of for part in old if len(parts) == 1 or newest <= part.as_of]
    costs = [part.monthly_cost for part in answer.providers if part.id == finding.provider]
    items = [item for cost in costs if cost and cost.criterion == finding.criterion for item in cost.items]
    days = days[:1] or sorted(item.out_of_date for item in items if item.out_of_date)
    return next(iter(days), "")[:4]


def list_caveats(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return the notes of the claims that decide, each with its provider and criterion, then those of the sources.

    Those of the providers that the verdict names come first. What every provider meets decides nothing, and is left out
    unless it is ambiguous for a provider that is named.
    """
    return list(dict.fromkeys([*_list_claims(answer, knowledge), *_list_sources(answer)]))


def _list_claims(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    found: list[tuple[bool, str]] = []
    names = answer.names
    # Notes on prices stand with the costs.
    costs = {part.monthly_cost.criterion for part in answer.providers if part.monthly_cost}
    for group in group_findings(answer.findings):
        if group[0].criterion is None or group[0].criterion in costs:
            continue
        # What all of them meet does not tell them apart.
        decides = any(finding.outcome != "met" for finding in group)
        label = criterion_label(group[0].criterion, None, knowledge)
        for finding in group:
            is_other = finding.provider not in answer.verdict.named
            is_doubtful = finding.is_ambiguous and not is_other
            notes = list_notes(finding) or ([_AMBIGUOUS] if is_doubtful else [])
            if notes and (decides or is_doubtful):
                found.append((is_other, f"{names[finding.provider]}, {label}: {'; '.join(notes)}."))
    return [sentence for _, sentence in sorted(found, key=itemgetter(0))]


def _list_sources(answer: AnswerRecord) -> Iterator[str]:
    for source in answer.sources:
        if doubts := list_doubts(source):
            publisher = f" ({source.publisher})" if source.publisher else ""
            yield f'Source "{source.title}"{publisher}: {"; ".join(doubts)}.'


# Requirements and consequents that do not count


def list_unlisted(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return requirements that no criterion covers, with priorities, and how to have one judged if possible."""
    found = []
    for part in answer.unlisted:
        known = knowledge.find_criterion(part.text)
        hint = f"; it can be judged: ask for '{known}'" if known else ""
        found.append(f"{part.text} ({part.priority}){hint}")
    return found


def describe_area_weights(answer: AnswerRecord) -> str:
    """Return how the team weighs areas: "Of the total weight, video has 40% and prices 30%."; empty if it does not."""
    weights = answer.question.get("weights") or {}
    parts = [f"{area} {number_text(weight)}%" for area, weight in weights.items()]
    left = 100 - sum(weights.values())
    rest = [f"everything else {number_text(left)}%"] if left > 0 else []
    return f"Weights by area: {joined(parts + rest)}." if parts else ""


def list_unwanted(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what the team does not want (`wont`), each with the rules that would have added it."""
    found = []
    for part in answer.unwanted:
        rules = [aside.rule for aside in answer.set_aside if aside.criterion == part]
        favouring = [name for name in rules if name in knowledge.rules and knowledge.rules[name].favours is not None]
        adding = [name for name in rules if name not in favouring]
        said = [f"the {_name_rules(adding)} would have added it"] if adding else []
        said += [f"the {_name_rules(favouring)} would have favoured providers for it"] if favouring else []
        would = f" ({'; '.join(said)})" if said else ""
        found.append(f"{criterion_label(part, None, knowledge)}{would}")
    return found


def _name_rules(names: list[str]) -> str:
    return f"{'rule' if len(names) == 1 else 'rules'} {joined(names)}"


def list_set_aside(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return the other consequents of rules that do not count, each with the reason."""
    return [
        f"{criterion_label(part.criterion, None, knowledge)}, by the rule {part.rule}: {part.because}."
        for part in answer.set_aside
        if part.criterion not in answer.unwanted
    ]


def list_unsure(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what the team was not sure about, or cannot count yet: criteria, situation and usage, by their labels."""
    parts = (knowledge.usage, knowledge.topics, knowledge.criteria)
    labels = {name: record.label for records in parts for name, record in records.items()}
    unsure = [labels.get(name, name) for name in answer.question.get("unsure", [])]
    for part in answer.question.get("uncounted", []):
        label = criterion_label(part["criterion"], {key: part[key] for key in _ENDS & part.keys()}, knowledge)
        unsure.append(f"{label} ({part['priority']}): not counted until you give a monthly volume")
    return unsure
