"""Problems of providers and their claims."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from provider_advisor.knowledge.check_vocabulary import Vocabulary, find_repeated
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.records import Claim, Criterion, Product
from provider_advisor.knowledge.shapes.facts_files import TERM_KEYS, ClaimShape, ProviderFile
from provider_advisor.safe_text import join_words
from provider_advisor.written_values import number_text


def check_provider(reading: Reading[ProviderFile], made: Sequence[Claim], vocabulary: Vocabulary) -> Iterator[str]:
    """Return everything wrong with a provider, given its claims as records and what these may refer to."""
    products = reading.list_entries("products")
    yield from find_repeated(((product.id, where) for product, where in products), "the product")
    for product, where in products:
        for source in (product.source, product.renamed.source if product.renamed is not None else None):
            if source is not None:
                unknown = f"product '{product.id}': unknown source '{source}'"
                found = vocabulary.sources.find_unknown(source, unknown, " Add it to `sources` first.")
                yield from (f"{where}: {problem}" for problem in found)
    defined: Defined[Product] = collect_defined([reading], "products")
    for index, (claim, where) in enumerate(reading.list_entries("claims")):
        criterion = vocabulary.criteria.records.get(claim.criterion)
        problems = [*_check_references(claim, defined, vocabulary)]
        if criterion is not None:
            problems += [*_check_members(claim, criterion, vocabulary), *_check_value(claim, criterion)]
        yield from (f"{where}: claim on '{claim.criterion}': {problem}" for problem in problems)
        if criterion is not None and criterion.kind == "quantity":
            yield from _find_doubtful(reading, index)
    yield from _find_contradicting(made)
    yield from _find_other_products(made, vocabulary.criteria.records)


def _find_doubtful(reading: Reading[ProviderFile], index: int) -> Iterator[str]:
    """Yield the amounts of a claim on what is counted that are written like 5.000."""
    for key in (("exactly",), ("at_least",), ("more_than",), ("at_most",), ("from",), ("between", 0), ("between", 1)):
        if doubt := reading.document.describe_doubt("claims", index, *key):
            yield f"{reading.document.where('claims', index)}: '{key[0]}': {doubt}"


def _check_references(claim: ClaimShape, products: Defined[Product], vocabulary: Vocabulary) -> Iterator[str]:
    yield from vocabulary.criteria.find_unknown(claim.criterion, "unknown criterion", " Add it to criteria/ first.")
    for product in (claim.product, claim.meant):
        if product is not None:
            yield from products.find_unknown(product, f"unknown product '{product}'", " Add it to products first.")
    unknown = f"unknown source '{claim.source}'"
    yield from vocabulary.sources.find_unknown(claim.source, unknown, " Add it to `sources` first.")
    source = vocabulary.sources.records.get(claim.source)
    if source is not None and claim.until is not None:
        # The day that `_make_claim` in `convert` will take.
        starts = claim.starts or claim.as_of or claim.stated or source.counts_from
        if claim.until < starts:
            yield "'until' is before the day from which the claim is true; correct one of them."


def _check_members(claim: ClaimShape, criterion: Criterion, vocabulary: Vocabulary) -> Iterator[str]:
    """Return what is wrong with the members that a claim names."""
    named = claim.members if claim.price_of is None else (claim.price_of,)
    if not named:
        return
    if criterion.of_each is None:
        yield "the criterion has no members; remove the keys that name them, or add `of_each` to the criterion."
        return
    if claim.price_of is not None and criterion.kind != "price":
        yield "'price_of' belongs to a price; remove it."
    for name in named:
        yield from vocabulary.find_unknown_member(name, criterion.of_each)
    if claim.only is not None and (criterion.kind != "capability" or claim.value != "present"):
        yield "'only' says that other members are absent, so it needs `value: present` of a capability; use 'includes'."


def _check_value(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    if criterion.silent:
        yield "the criterion is marked `silent`, so there must be no claim; remove one of them."
    if criterion.computed:
        yield "it is computed from prices and usage; remove the claim."
    elif criterion.kind in {"capability", "rating"}:
        yield from _check_words(claim, criterion)
    else:
        yield from _check_amount(claim, criterion)


def _check_words(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    words = criterion.values or ("present", "absent")
    given = claim.value if isinstance(claim.value, list) else [claim.value]
    if claim.value is None:
        yield f"a {criterion.kind} takes 'value'; expected {join_words(words, 'or')}."
    elif isinstance(claim.value, list) and criterion.kind == "capability":
        yield "a capability is present or absent; if the source leaves that open, leave the claim out."
    else:
        for word in given:
            if word not in words:
                yield f"'{word}' is not a value of this {criterion.kind}; expected {join_words(words, 'or')}."
        if isinstance(claim.value, list):
            yield from _check_range(claim.value, criterion)
    if claim.unit is not None:
        yield f"a {criterion.kind} has no unit; remove it."


def _check_range(given: Sequence[str], criterion: Criterion) -> Iterator[str]:
    """Refuse all but neighbouring words of a rating: what is known of one is the range in which its rank lies."""
    ranks = sorted({criterion.values.index(word) for word in given if word in criterion.values})
    if len(given) != len(set(given)) or len(given) == 1:
        yield "a list of values needs at least two different words; write a single word without a list."
    elif ranks and ranks[-1] - ranks[0] >= len(given):
        between = criterion.values[ranks[0] : ranks[-1] + 1]
        yield f"the words of a list must be neighbours in 'values'; expected [{', '.join(between)}], or fewer of them."


def _check_amount(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    if claim.value is not None:
        yield f"a {criterion.kind} takes exactly, at_least, more_than, at_most, between or from, not 'value'."
    if claim.by_quote and criterion.kind != "price":
        yield "'by_quote' belongs to prices; leave the claim out if the amount is not known."
    if criterion.unit is None:  # a mistake of the criterion, which is reported
        pass
    elif claim.unit is None:
        yield f"'unit' is missing; expected {criterion.unit}."
    elif claim.unit != criterion.unit and not (criterion.kind == "price" and _is_foreign(claim, criterion)):
        other = ", or the same by another currency" if criterion.kind == "price" else ""
        yield f"the unit '{claim.unit}' does not fit; expected {criterion.unit}{other}."
    yield from _check_terms(claim, criterion)
    yield from _check_tiers(claim, criterion)
    yield from _check_scale(claim, criterion)


def _is_foreign(claim: ClaimShape, criterion: Criterion) -> bool:
    """Return whether a price is by the same measure, in another currency."""
    currency, _, by = str(claim.unit).partition("/")
    ours, _, our_measure = str(criterion.unit).partition("/")
    return by == our_measure and currency != ours and re.fullmatch("[A-Z]{3}", currency) is not None


def _check_terms(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    if claim.plus is not None and (criterion.kind != "price" or claim.by_quote):
        yield "'plus' belongs to a price with an amount; remove it."
    given = [key for key in TERM_KEYS if getattr(claim, key) is not None]
    if given and (criterion.kind != "price" or claim.by_quote):
        yield f"'{given[0]}' belongs to a price with an amount; remove it."
    elif given and not criterion.usage:
        yield f"'{given[0]}' belongs to a price with a volume, and the criterion names no `usage`; remove it."
    elif claim.billed_at_least is not None and len(criterion.usage) > 1:
        yield "'billed_at_least' belongs to a price with one volume, and this one has several; remove it."


def _check_tiers(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    """Yield what is wrong with tiers: each begins where the one before it ends, and the last has no end."""
    if claim.tiers is None:
        return
    if criterion.kind != "price":
        yield "'tiers' belong to prices; write one amount."
    ends = [tier.up_to for tier in claim.tiers]
    for number, (end, following) in enumerate(itertools.pairwise(ends), start=1):
        if end is None:
            yield (
                f"tier {number} has no 'up_to', so the tiers after it are never used; "
                "add it, or move this tier to the end."
            )
        elif following is not None and following <= end:
            yield (
                f"tier {number + 1} ends at {number_text(following)}, but tier {number} already reaches up to "
                f"{number_text(end)}; list tiers by rising 'up_to'."
            )
    if ends[-1] is not None:
        yield f"there is no price for use above {number_text(ends[-1])}; add a last tier without 'up_to'."


def _check_scale(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    single = (claim.exactly, claim.at_least, claim.more_than, claim.at_most, claim.from_)
    given = (*single, *(claim.between or ()), *(tier.price for tier in claim.tiers or ()))
    amounts = [amount for amount in given if isinstance(amount, int | float)]
    scale = (claim.members and criterion.member_scale) or criterion.scale
    # The scale is in the criterion's currency, and what another is worth depends on the day.
    if scale is not None and not _is_foreign(claim, criterion):
        low, high = map(number_text, scale.ends)
        for amount in amounts:
            if not scale.holds(amount):
                said = number_text(amount)
                yield f"{said} is outside the scale of the criterion, {low} to {high}; correct one of them."
    elif any(amount < 0 for amount in amounts):
        yield "an amount below 0 cannot be a price; correct it."
    if criterion.whole and any(not float(amount).is_integer() for amount in amounts):
        yield "expected a whole number, because the criterion counts things; or set `whole: false` there."
    if claim.between is not None and claim.between[0] > claim.between[1]:
        yield "'between' starts with the higher number; swap the two."


def _find_other_products(claims: Sequence[Claim], criteria: Mapping[str, Criterion]) -> Iterator[str]:
    """Refuse numbers of different products: 250 callers of one are not 3000 viewers of another."""
    first: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        if criteria[claim.criterion].kind == "capability":
            continue
        others = [first.setdefault((claim.criterion, member), claim) for member in claim.members or [""]]
        before = next((other for other in others if other.belongs_to != claim.belongs_to), None)
        if before is not None:
            ours = f"product {claim.belongs_to}" if claim.belongs_to else "no product"
            yield (
                f"{claim.where}: claim on '{claim.criterion}': it belongs to {ours}, the one at {before.where} to "
                f"{before.belongs_to or 'no product'}; numbers of different products need different criteria."
            )


# What another source says, or the same one on another day, is a newer statement or a dispute, and no mistake of a file.
_occasion_of = attrgetter("criterion", "belongs_to", "source", "stated", "starts")


def _find_contradicting(claims: Sequence[Claim]) -> Iterator[str]:
    """Yield claims on members that `only` of the same source, day and product calls absent."""
    limiting = [claim for claim in claims if claim.only]
    for claim in claims:
        for other in limiting:
            beyond = [name for name in claim.members if name not in other.members]
            if beyond and claim.value == "present" and _occasion_of(claim) == _occasion_of(other):
                yield (
                    f"{claim.where}: claim on '{claim.criterion}': it says that {beyond[0]} is present, and `only` at "
                    f"{other.where} says that it is absent; correct one of them."
                )
