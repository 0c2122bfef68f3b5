"""What an answer says of products: which to choose, what only another product has (gaps), and cautions.

For each provider, an answer names the products that meet the musts, and further ones for the wishes. An example: Acme's
phone app has fax and calls, its video app has calls and a whiteboard. A team that needs calls and fax takes the phone
app alone; one that needs a whiteboard as well takes both, and the video app is "for Whiteboard". A team that only
wishes for a whiteboard takes the phone app, and reads apart which product has one. Statements about the provider as a
whole need no product.

A gap is a quality that the provider states for one product where the musts are met by another. An example: Acme's video
is by Acme Meet, and data in the EU is stated for Acme Text alone. Acme meets both musts, but nothing says where the
data of a video call are. If a text about Acme Meet can be read that way, the gap is doubtful. The files define the
criteria: `same_product` of data-region names the areas whose musts the same product has to meet. Gaps never change a
verdict, because a provider has what one of its products has; answers mention them beside the verdict.
"""

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision import Assessment, Decision, Finding
from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    BesideRecord,
    CautionRecord,
    ChosenRecord,
    ProductGapRecord,
)
from provider_advisor.explanation.words import counted, join_any, joined, keep_few, requirement_text, shortened
from provider_advisor.knowledge import Criterion, Facts, KnowledgeBase
from provider_advisor.knowledge.records import EVERY_AREA, Caution
from provider_advisor.logic import Truth
from provider_advisor.requirements import Requirement

_MOST_TRIED = 20_000
_MOST_NAMED = 3
_MOST_GAPS = 2
_MOST_MISSING = 4


class MetBy(NamedTuple):
    """A requirement that is met: the products that each meet it, and those of them that a clear text names.

    There are no `products` if it is stated for the provider as a whole.
    """

    finding: Finding
    requirement: Requirement
    criterion: Criterion
    products: frozenset[str]
    stated: frozenset[str]

    @property
    def is_must(self) -> bool:
        """Return whether it is a must, also one that cannot fail."""
        return self.requirement.priority == "must"


def list_met(findings: Iterable[Finding], knowledge: KnowledgeBase) -> tuple[MetBy, ...]:
    """Return the findings that products meet, with these products."""
    return tuple(
        MetBy(finding, finding.requirement, knowledge.criteria[finding.requirement.criterion], finding.products, stated)
        for finding in findings
        if finding.requirement is not None and (stated := finding.stated_products)
    )


# The products to choose


def find_products(decision: Decision) -> dict[str, list[list[str]]]:
    """Return the smallest sets of products by provider; none if nothing that it meets names a product."""
    return {
        part.provider: _find_smallest(finding.products for finding in part.findings)
        for part in decision.outcome.assessments
    }


def _find_smallest(accepted: Iterable[frozenset[str]]) -> list[list[str]]:
    """Return the smallest sets that have a product of each set that is accepted; an empty one accepts anything."""
    choices = [choice for choice in set(accepted) if choice]
    products = sorted(frozenset().union(*choices))
    # The smallest hitting sets: sets of one product are tried first, then sets of two, … For example, fax is by Phone,
    # calls are by Phone or Video, and a whiteboard by Video: no product alone meets all three, Phone and Video do.
    # Beyond the limit a larger set is found, which meets everything too.
    for size in range(1, len(products) + 1):
        tried = itertools.islice(itertools.combinations(products, size), _MOST_TRIED)
        found = [list(group) for group in tried if all(choice & frozenset(group) for choice in choices)]
        if found:
            return found
    return [products] if products else []


class _Purchase(NamedTuple):
    """The products of one provider to choose: any one of `sets` for what is `served`, and `added` for the `wishes`.

    The best set is the first. `unknown` are the musts for which it is not known whether any product meets them. Of each
    product there are its name and how many claims are about it.
    """

    sets: list[list[str]]
    served: list[MetBy]
    added: list[str]
    wishes: list[MetBy]
    unknown: list[Criterion]
    names: Mapping[str, str]
    sold: Mapping[str | None, int]

    def describe(self) -> str:
        """Return what to choose in words, and for which musts no product is known."""
        said = [self._name_sets()] if self.sets else []
        # Only capabilities: the product of an unknown amount may well be known.
        missing = list(dict.fromkeys(criterion.label for criterion in self.unknown if criterion.kind == "capability"))
        if self.unknown and not self.sets:
            said.append("no product is known to meet the musts")
        elif missing:
            said.append(f"no product is known for {join_any(keep_few(missing, _MOST_MISSING, 'others'))}")
        if self.added:
            also = "also, " if self.sets else ""
            said.append(f"{also}for the wishes: {', '.join(self._name_purposes(self.added, self.wishes))}")
        return "; ".join(said)

    def _name_sets(self) -> str:
        """Return the sets of products: "Meet or Phone (either is enough)", "Phone, plus Meet for Whiteboard"."""
        if len(self.sets[0]) == 1:
            each = [self.names[product] for (product,) in self.sets]
            enough = "either" if len(each) == 2 else "any one"  # noqa: PLR2004 (English)
            return f"{_name_any(each)} ({enough} is enough)" if len(each) > 1 else each[0]
        first, *rest = self._name_purposes(self.sets[0], self.served)
        others = len(self.sets) - 1
        more = f" ({counted(others, 'other set')} of the same size would also work)" if others else ""
        return ", plus ".join([first.partition(" for ")[0], *rest]) + more

    def _name_purposes(self, products: Sequence[str], met: Sequence[MetBy]) -> list[str]:
        """Return the products with what each is chosen for, "Phone for Calls and Fax": what meets most comes first."""
        # What two products meet is listed only under the first; otherwise both would seem necessary.
        found, left = [], list(met)
        order = {name: (-sum(name in part.products for part in met), -self.sold[name], name) for name in products}
        for product in sorted(products, key=order.__getitem__):
            labels = list(dict.fromkeys(part.criterion.label for part in left if product in part.products))
            left = [part for part in left if product not in part.products]
            found.append(f"{self.names[product]} for {joined(labels)}")
        return found


def record_choices(decision: Decision) -> tuple[list[ChosenRecord], dict[str, str]]:
    """Return the products of each provider to choose, as records and in words; nothing where they meet nothing."""
    chosen, said = [], {}
    for assessment in decision.outcome.assessments:
        choice = _choose(assessment, decision.facts)
        if choice.sets or choice.added:
            chosen.append(ChosenRecord(provider=assessment.provider, sets=choice.sets, wishes=choice.added))
            said[assessment.provider] = choice.describe()
    return chosen, said


def _choose(assessment: Assessment, facts: Facts) -> _Purchase:
    """Return the products to choose: the smallest sets that meet the musts, of these those that meet most else too.

    Nobody buys a second product just for a quality such as a certificate. So qualities only decide between sets, unless
    nothing else names a product. Without other musts the wishes choose.
    """
    # For example: calls (a must) by Phone or Video, a certificate (a must, and a quality) stated for Video, a fax (a
    # wish) by Phone. Only calls are served, by either product; the certificate decides for Video, the fax adds Phone.
    knowledge = facts.knowledge
    met = [part for part in list_met(assessment.findings, knowledge) if part.products]
    serving = [part for part in met if not _is_quality(part.criterion)]
    served = [part for part in serving if part.is_must]
    open_musts = [
        (finding, criterion)
        for finding in assessment.findings
        if finding.decides_standing and finding.outcome != "met" and finding.cost is None and finding.requirement
        if not _is_quality(criterion := knowledge.criteria[finding.requirement.criterion])
    ]
    # While a must is open, some product may turn out to meet it: then a certificate alone picks no product.
    if not (served or open_musts):
        served = [part for part in met if part.is_must] or serving or met
    sold = knowledge.claims_by_product[assessment.provider]
    sets = _sort_by_claims(_keep_best(_find_smallest(part.products for part in served), met), sold)
    taken = frozenset(sets[0]) if sets else frozenset()
    wishes = [part for part in serving if not part.is_must and part.products.isdisjoint(taken)]
    added = next(iter(_sort_by_claims(_find_smallest(part.products for part in wishes), sold)), [])
    # An amount may be stated and leave its must open: then its product is known.
    unknown = [criterion for finding, criterion in open_musts if finding.is_unknown_must and not finding.degree.claims]
    return _Purchase(sets, served, added, wishes, unknown, _name_products(assessment.provider, facts), sold)


def _name_products(provider: str, facts: Facts) -> dict[str, str]:
    """Return the names of a provider's products on the day of the facts."""
    products = facts.knowledge.providers[provider].products.values()
    return {product.id: product.name_on(facts.as_of) for product in products}


def _is_quality(criterion: Criterion) -> bool:
    """Return whether it is a quality of whichever product meets the rest."""
    return EVERY_AREA in criterion.same_product


def _keep_best(sets: list[list[str]], met: Sequence[MetBy]) -> list[list[str]]:
    """Return the sets that most musts are stated for; of these those that meet most of the wishes, by weight."""
    if len(sets) < 2:  # noqa: PLR2004 (nothing to choose)
        return sets
    rates = []
    for products in map(frozenset, sets):
        stated = sum(not part.stated.isdisjoint(products) for part in met if part.is_must)
        wishes = [part for part in met if not part.is_must and not part.products.isdisjoint(products)]
        rates.append((stated, math.fsum(part.finding.weight for part in wishes)))
    best = max(rates)
    return [part for part, rate in zip(sets, rates, strict=True) if rate == best]


def _sort_by_claims(sets: Sequence[list[str]], sold: Mapping[str | None, int]) -> list[list[str]]:
    """Sort sets by how much their products do, most first: an add-on meets a wish and little else."""
    return sorted(sets, key=lambda part: (-sum(sold[product] for product in part), part))


def _name_any(names: Sequence[str]) -> str:
    return join_any(keep_few(names, _MOST_NAMED, "others"))


# Musts met by a product other than the chosen one


class ProductGap(NamedTuple):
    """What is stated for none of the products that meet the must `beside` it, and for others of the provider.

    It is doubtful where all that is said of those products, or of the provider as a whole, is ambiguous.
    """

    asked: MetBy
    beside: MetBy
    is_doubtful: bool = False


def find_product_gaps(findings: Sequence[Finding], knowledge: KnowledgeBase) -> tuple[ProductGap, ...]:
    """Return the gaps between the musts of one provider, in the order of the requirements."""
    musts = list_met((finding for finding in findings if finding.decides_standing), knowledge)
    return tuple(find_gaps(musts, musts, knowledge))


def find_wish_gaps(findings: Sequence[Finding], knowledge: KnowledgeBase) -> tuple[ProductGap, ...]:
    """Return the gaps of one provider's wishes to its musts, or to each other if no must names a product."""
    met = list_met(findings, knowledge)
    wishes = [part for part in met if not part.is_must]
    musts = [part for part in met if part.finding.decides_standing and part.products]
    return tuple(find_gaps(wishes, musts or wishes, knowledge))


def find_gaps(asked: Iterable[MetBy], beside: Sequence[MetBy], knowledge: KnowledgeBase) -> Iterator[ProductGap]:
    """Yield the gaps of what is asked to what is beside it, all of one provider.

    If two musts have a gap to each other, only the first by id is reported.
    """
    for part in asked:
        for other in beside if part.criterion.same_product else ():
            if other.products and part.stated.isdisjoint(other.products) and _has_gap_to(part, other, knowledge):
                is_doubtful = not part.products or not part.products.isdisjoint(other.products)
                yield ProductGap(part, other, is_doubtful)


def _has_gap_to(part: MetBy, other: MetBy, knowledge: KnowledgeBase) -> bool:
    own, beside = part.criterion, other.criterion
    if beside.id == own.id or not _is_meant(own, beside, knowledge):
        return False
    if own.id < beside.id or part.finding.decides_standing != other.finding.decides_standing:
        return True
    # If the other one also has a gap to this one, that gap is reported instead.
    has_gap_back = bool(part.products) and other.stated.isdisjoint(part.products)
    return not (has_gap_back and _is_meant(beside, own, knowledge))


def _is_meant(own: Criterion, other: Criterion, knowledge: KnowledgeBase) -> bool:
    """Return whether the other one is of an area that the same product has to serve; of a choice any part counts."""
    areas = {knowledge.criteria[part.criterion].area for part in other.any_of} or {other.area}
    return _is_quality(own) or not areas.isdisjoint(own.same_product)


def record_product_gaps(decision: Decision) -> list[ProductGapRecord]:
    """Return what is stated for other products than those that meet the musts, musts first.

    Providers that are ruled out have none.
    """
    knowledge = decision.facts.knowledge
    asked = [knowledge.criteria[part.criterion] for part in decision.outcome.inference.requirements]
    if not any(criterion.same_product for criterion in asked):
        return []
    return [
        _record_gap(assessment.provider, list(gaps), decision)
        for find in (find_product_gaps, find_wish_gaps)
        for assessment in decision.outcome.assessments
        if assessment.standing != "ruled-out"
        for _, gaps in itertools.groupby(find(assessment.findings, knowledge), key=lambda gap: gap.asked)
    ]


def say_product_gaps(gaps: Sequence[ProductGapRecord], named: Sequence[str], knowledge: KnowledgeBase) -> str:
    """Return what the verdict's sentence says of the gaps of the providers that it names; empty without any."""
    theirs = [gap for gap in gaps if gap.provider in named and gap.priority == "must"]
    names = [knowledge.providers[provider].name for provider in dict.fromkeys(gap.provider for gap in theirs)]
    if not theirs:
        return ""
    if len(named) > 1:
        another = "a must is stated only for a product other than the one you would choose"
        return f"for {joined(names)}, {another}, so ask first"
    said = joined(keep_few([knowledge.criteria[gap.criterion].label for gap in theirs], _MOST_GAPS, "more such musts"))
    return f"but {said} {'is' if len(theirs) == 1 else 'are'} stated only for another product, so ask {names[0]} first"


_GapGroups = Mapping[tuple[bool, tuple[str, ...]], Sequence[MetBy]]
"""The musts beside a gap, by whether it is doubtful and by the products that meet them; the doubtful ones are last."""


def _record_gap(provider: str, gaps: Sequence[ProductGap], decision: Decision) -> ProductGapRecord:
    asked, groups = gaps[0].asked, dict[tuple[bool, tuple[str, ...]], list[MetBy]]()
    for gap in sorted(gaps, key=lambda gap: gap.is_doubtful):
        groups.setdefault((gap.is_doubtful, tuple(sorted(gap.beside.products))), []).append(gap.beside)
    return ProductGapRecord(
        provider=provider,
        criterion=asked.criterion.id,
        stated_for=sorted(asked.stated),
        beside=[
            BesideRecord(criterion=part.criterion.id, products=list(products), ambiguous=doubtful)
            for (doubtful, products), found in groups.items()
            for part in found
        ],
        says=_say_gap(provider, asked, groups, decision),
        priority=asked.requirement.priority,
    )


_IS_STATED = " is stated for "


def list_gaps(answer: AnswerRecord, *, every: bool = False) -> list[str]:
    """Return the gaps of the providers that the verdict names, or of `every` one, in a sentence for those alike.

    "Acme: GDPR is stated for Text, not for Meet (Calls)." and the same of HIPAA become "GDPR and HIPAA are stated …".
    """
    together: dict[tuple[str, str], list[str]] = {}
    for gap in answer.product_gaps:
        if every or gap.provider in answer.verdict.named:
            head, _, where = gap.says.partition(_IS_STATED)
            provider, _, label = head.partition(": ")
            together.setdefault((provider, where), []).append(label)
    return [
        f"{provider}: {joined(labels)}{_IS_STATED if len(labels) == 1 else ' are stated for '}{where}"
        for (provider, where), labels in together.items()
    ]


def _say_gap(provider: str, asked: MetBy, groups: _GapGroups, decision: Decision) -> str:
    """Say for which products it is stated, and for which it is not, or ambiguous."""
    name, names = decision.facts.knowledge.providers[provider].name, _name_products(provider, decision.facts)
    label = asked.criterion.label if asked.is_must else f"{asked.criterion.label} (a wish)"
    says = f"{name}: {label}{_IS_STATED}{joined([names[name] for name in sorted(asked.stated)])}"
    # For example, it is stated for Acme Text, not for Acme Meet (Calls), and ambiguous for Acme Phone (Fax).
    for is_doubtful, but, more in ((False, "not for", ", nor for "), (True, "and ambiguous for", " and for ")):
        told: dict[tuple[str, ...], list[MetBy]] = {}
        # Fewest products first: if Acme Meet meets one must, and Acme Meet or Acme Phone another, the first is enough.
        for (doubtful, products), found in sorted(groups.items(), key=lambda group: len(group[0][1])):
            if doubtful == is_doubtful:
                enough = next((fewer for fewer in told if set(fewer) <= set(products)), products)
                told.setdefault(enough, []).extend(found)
        needed = [
            f"{_name_any([names[name] for name in products])} "
            f"({shortened([requirement_text(part.requirement, part.criterion) for part in found])})"
            for products, found in told.items()
        ]
        says += f", {but} {more.join(needed)}" if needed else ""
    return f"{says}."


# Cautions about the products to choose, depending on the team's situation


def record_cautions(decision: Decision, chosen: Sequence[ChosenRecord]) -> list[CautionRecord]:
    """Return the cautions about the products to choose, except those needed only for wishes.

    An example: a team without developers is told that Acme Video API "is a programming interface". Which answers and
    which products are meant is a matter of files: `cautions` of a topic in team.yaml. Where any of several products is
    enough, there is one only if there is one about each of them.
    """
    topics, said = decision.facts.knowledge.topics, decision.outcome.team.situation
    fitting = [
        (name, caution)
        for name, answers in said.items()
        if name in topics
        for caution in topics[name].cautions
        if caution.value in answers
    ]
    return [
        _record_caution(part.provider, product, topic, caution, decision.facts)
        for topic, caution in fitting
        for part in chosen
        for product in _find_meant(part, caution, decision.facts)
    ]


def list_cautions(answer: AnswerRecord, knowledge: KnowledgeBase, *, every: bool = False) -> list[str]:
    """Return the cautions about the providers that the verdict names, or about `every` one not ruled out.

    What is true of several products is said once: "Acme: Talk needs … . The same is true of Call (Brook)."
    """
    left = {part.id for part in answer.providers if part.standing != "ruled-out"}
    named, day = left if every else {*answer.verdict.named}, dt.date.fromisoformat(answer.knowledge.as_of)
    alike: dict[str, list[tuple[CautionRecord, str]]] = {}
    for part in answer.cautions:
        known = knowledge.providers.get(part.provider)
        product = known.products.get(part.product) if known is not None else None
        if part.provider in named:
            name = part.product if product is None else product.name_on(day)
            alike.setdefault(part.says.removeprefix(f"{answer.names[part.provider]}: {name}"), []).append((part, name))
    found = []
    for (first, _), *others in alike.values():
        names = joined([f"{name} ({answer.names[part.provider]})" for part, name in others])
        found.append(f"{first.says} The same is true of {names}." if others else first.says)
    return found


def _find_meant(chosen: ChosenRecord, caution: Caution, facts: Facts) -> list[str]:
    """Return the products of the first set that the caution is about; none if another set has no such product."""
    has = _list_products(chosen.provider, caution.has, facts)
    meant = has - _list_products(chosen.provider, caution.unless, facts, plainly=True)
    found = [[product for product in products if product in meant] for products in chosen.sets]
    return found[0] if found and all(found) else []


def _list_products(provider: str, criteria: Iterable[str], facts: Facts, *, plainly: bool = False) -> set[str | None]:
    """Return the products that have one of the capabilities; if `plainly`, by more than ambiguous texts."""
    known = (facts(provider, criterion) for criterion in criteria)
    claims = (claim for fact in known if fact.truth is Truth.YES for claim in fact.claims)
    return {claim.belongs_to for claim in claims if not plainly or claim.evidence != "ambiguous"}


def _record_caution(provider: str, product: str, topic: str, caution: Caution, facts: Facts) -> CautionRecord:
    name = _name_products(provider, facts)[product]
    because = f"{facts.knowledge.topics[topic].label}: {facts.knowledge.spell_id(caution.value)}"
    return CautionRecord(
        provider=provider,
        product=product,
        situation=topic,
        answer=caution.value,
        says=f"{facts.knowledge.providers[provider].name}: {name} {caution.says} ({because}).",
    )
