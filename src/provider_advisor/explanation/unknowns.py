"""What is not known, known with a note, or does not count, and what to ask: one list each for every face."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from provider_advisor.explanation.model import (
    AnswerRecord,
    ConfirmRecord,
    FindingRecord,
    group_findings,
)
from provider_advisor.explanation.words import (
    criterion_label,
    join_any,
    joined,
    list_doubts,
    number_text,
    rule_label,
    shortened,
    sort_by_standing,
)
from provider_advisor.knowledge import KnowledgeBase

_MOST_NAMED = 5
_AMBIGUOUS = "the source can be read in another way"


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
    names = {provider.id: provider.name for provider in answer.providers}
    places = {provider.id: place for place, provider in enumerate(sort_by_standing(answer.providers))}

    def about(group: Sequence[FindingRecord]) -> str:
        ordered = sorted(group, key=lambda part: places[part.provider]) if len(group) > _MOST_NAMED else group
        return shortened([_about(part, names) for part in ordered])

    found = [
        Unknown(label_finding(group[0], knowledge), group[0].priority or "rule", about(group))
        for group in group_findings([finding for finding in answer.findings if finding.is_open])
    ]
    return [*found, *_list_costs(answer, knowledge)]


def label_finding(finding: FindingRecord, knowledge: KnowledgeBase) -> str:
    """Return a requirement's criterion with its bound, or a rule's reason."""
    if finding.criterion is None:
        return rule_label(finding.rule, finding.because, knowledge)
    return criterion_label(finding.criterion, finding.bound, knowledge)


def _about(finding: FindingRecord, names: dict[str, str]) -> str:
    name = names[finding.provider]
    return name if finding.outcome == "unknown" else f"{name} ({finding.says})"


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


def list_caveats(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return the notes of the claims that decide, each with its provider and criterion, then those of the sources.

    Those of the providers that the verdict names come first. What every provider meets decides nothing, and is left out
    unless it is ambiguous for a provider that is named.
    """
    return list(dict.fromkeys([*_list_claims(answer, knowledge), *_list_sources(answer)]))


def _list_claims(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    found: list[tuple[bool, str]] = []
    names = {provider.id: provider.name for provider in answer.providers}
    for group in group_findings(answer.findings):
        if group[0].criterion is None:
            continue
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
            yield f"Source {source.title}{publisher}: {'; '.join(doubts)}."


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
        said = [f"the {_rules(adding)} would have added it"] if adding else []
        said += [f"the {_rules(favouring)} would have favoured providers for it"] if favouring else []
        would = f" ({'; '.join(said)})" if said else ""
        found.append(f"{criterion_label(part, None, knowledge)}{would}")
    return found


def _rules(names: list[str]) -> str:
    return f"{'rule' if len(names) == 1 else 'rules'} {joined(names)}"


def list_set_aside(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return the other consequents of rules that do not count, each with the reason."""
    return [
        f"{criterion_label(part.criterion, None, knowledge)}, by the rule {part.rule}: {part.because}."
        for part in answer.set_aside
        if part.criterion not in answer.unwanted
    ]


_ENDS = {"at_least", "at_most"}


def list_unsure(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what the team was not sure about, or cannot count yet: criteria, situation and usage, by their labels."""
    parts = (knowledge.usage, knowledge.topics, knowledge.criteria)
    labels = {name: record.label for records in parts for name, record in records.items()}
    unsure = [labels.get(name, name) for name in answer.question.get("unsure", [])]
    for part in answer.question.get("uncounted", []):
        label = criterion_label(part["criterion"], {key: part[key] for key in _ENDS & part.keys()}, knowledge)
        unsure.append(f"{label} ({part['priority']}), until usage is given")
    return unsure


# Concessions and combinations


def list_concessions(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what the team could do without, and the verdict that this leads to: "Without Fax: Acme would be …"."""
    return [
        f"Without {joined([criterion_label(part.criterion, part.bound, knowledge) for part in concession.drop])}: "
        f"{concession.verdict.reason.removeprefix('Then ')}"
        for concession in answer.concessions
    ]


def list_combinations(answer: AnswerRecord) -> list[str]:
    """Return the providers that meet every must only together."""
    names = {provider.id: provider.name for provider in answer.providers}
    groups = [joined([names.get(provider, provider) for provider in group]) for group in answer.combinations]
    return [f"{group} together meet every must." for group in groups]


# What to ask; equal questions are joined

_NAME = "\0"
"""A placeholder for a provider's name while comparing sentences; it occurs in no name or sentence."""


class QuestionGroup(NamedTuple):
    """What to ask, and that with what the answers lead to, in sentences; `parts` are those that are alike."""

    asked: tuple[str, ...]
    says: str
    parts: tuple[ConfirmRecord, ...]


def group_questions(answer: AnswerRecord) -> list[QuestionGroup]:
    """Return what to confirm, most useful first; what is asked alike of several providers, with like answers, is one.

    Questions whose answers name the provider stay apart: "if yes, Acme would be recommended".
    """
    names = {provider.id: provider.name for provider in answer.providers}
    alike: dict[str, list[tuple[str, ConfirmRecord]]] = {}
    for part in answer.confirm:
        name = names.get(part.facts[0].provider, "") if len(part.facts) == 1 else ""
        is_named_once = bool(name) and part.says.count(name) == part.facts[0].question.count(name) == 1
        template = part.says.replace(name, _NAME) if is_named_once else part.says
        alike.setdefault(template, []).append((name, part))
    return [_make_group(template, named) for template, named in alike.items()]


def _make_group(template: str, named: list[tuple[str, ConfirmRecord]]) -> QuestionGroup:
    name, first = named[0]
    parts = tuple(part for _, part in named)
    asked = tuple(fact.question for fact in first.facts)
    if len(parts) == 1:
        return QuestionGroup(asked, first.says, parts)
    together = join_any([each for each, _ in named])
    return QuestionGroup((asked[0].replace(name, together),), template.replace(_NAME, together), parts)
