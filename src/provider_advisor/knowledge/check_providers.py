"""Problems of providers and their claims."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from provider_advisor.knowledge.check_vocabulary import check_member, find_repeated
from provider_advisor.knowledge.criteria import Member
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.records import Claim, Criterion, Product, Source
from provider_advisor.knowledge.shapes.facts_files import TERM_KEYS, ClaimShape, ProviderFile, RatesFile
from provider_advisor.knowledge.strict_yaml import Document


def check_providers(
    files: Sequence[Reading[ProviderFile]],
    claims: Sequence[Sequence[Claim]],
    criteria: Defined[Criterion],
    sources: Defined[Source],
    lists: Mapping[str, Defined[Member]],
) -> Iterator[str]:
    """Return everything wrong with the providers of all files, given their claims and what these may refer to."""
    names = ((name, document.where("id")) for file, document, _ in files for name in (file.id, *file.aliases))
    yield from find_repeated(names, "the provider or alias")
    for reading, made in zip(files, claims, strict=True):
        file, document, _ = reading
        placed = ((product.id, document.where("products", index)) for index, product in enumerate(file.products))
        yield from find_repeated(placed, "the product")
        for index, product in enumerate(file.products):
            named = [product.source, product.renamed.source if product.renamed is not None else None]
            for source in [name for name in named if name is not None]:
                unknown = f"product '{product.id}': unknown source '{source}'"
                for problem in sources.unknown(source, unknown, " Add it to `sources` first."):
                    yield f"{document.where('products', index)}: {problem}"
        products: Defined[Product] = collect_defined([reading], "products")
        for index, claim in enumerate(file.claims):
            of_references = _check_references(claim, products, criteria, sources)
            criterion = criteria.records.get(claim.criterion)
            of_members = _check_members(claim, criterion, lists)
            for problem in (*of_references, *of_members, *_check_value(claim, criteria.records)):
                yield f"{document.where('claims', index)}: claim on '{claim.criterion}': {problem}"
            if criterion is not None and criterion.kind == "quantity":
                yield from _check_readings(document, ("claims", index))
        yield from _find_contradicting(made)
        yield from _check_products(made, criteria.records)


def _check_readings(document: Document, path: tuple[str | int, ...]) -> Iterator[str]:
    """Refuse amounts of what is counted that are written like 5.000."""
    for key in (("exactly",), ("at_least",), ("more_than",), ("at_most",), ("from",), ("between", 0), ("between", 1)):
        if doubt := document.describe_doubt(*path, *key):
            yield f"{document.where(*path)}: '{key[0]}': {doubt}"


def _check_references(
    claim: ClaimShape, products: Defined[Product], criteria: Defined[Criterion], sources: Defined[Source]
) -> Iterator[str]:
    yield from criteria.unknown(claim.criterion, "unknown criterion", " Add it to criteria/ first.")
    for product in (claim.product, claim.meant):
        if product is not None:
            yield from products.unknown(product, f"unknown product '{product}'", " Add it to products first.")
    yield from sources.unknown(claim.source, f"unknown source '{claim.source}'", " Add it to `sources` first.")
    source = sources.records.get(claim.source)
    if source is not None and claim.until is not None:
        # The day that `_make_claim` in `convert` will take.
        starts = claim.starts or claim.as_of or claim.stated or source.counts_from
        if claim.until < starts:
            yield "'until' is before the day from which the claim is true; correct one of them."


def _check_members(
    claim: ClaimShape, criterion: Criterion | None, lists: Mapping[str, Defined[Member]]
) -> Iterator[str]:
    """Return what is wrong with the members that a claim names."""
    named = claim.members if claim.price_of is None else (claim.price_of,)
    if criterion is None or not named:
        return
    if criterion.of_each is None:
        yield "the criterion has no members; remove the keys that name them, or add `of_each` to the criterion."
        return
    if claim.price_of is not None and criterion.kind != "price":
        yield "'price_of' belongs to a price; remove it."
    for name in named if criterion.of_each in lists else ():
        yield from check_member(name, criterion.of_each, lists[criterion.of_each])
    if claim.only is not None and (criterion.kind != "capability" or claim.value != "present"):
        yield "'only' says that other members are absent, so it needs `value: present` of a capability; use 'includes'."


def _check_value(claim: ClaimShape, criteria: Mapping[str, Criterion]) -> Iterator[str]:
    criterion = criteria.get(claim.criterion)
    if criterion is None:
        return
    if criterion.silent:
        yield "the criterion is marked `silent`, so there must be no claim; remove one of them."
    if criterion.computed:
        yield "it is computed from prices and usage; remove the claim."
    elif criterion.kind in {"capability", "rating"}:
        yield from _check_word(claim, criterion)
    else:
        yield from _check_amount(claim, criterion)


def _check_word(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    words = criterion.values or ("present", "absent")
    if claim.value is None:
        yield f"a {criterion.kind} takes 'value'; expected {' or '.join(words)}."
    elif isinstance(claim.value, list):
        yield from _check_words(claim.value, criterion)
    elif claim.value not in words:
        yield f"'{claim.value}' is not a value of this {criterion.kind}; expected {' or '.join(words)}."
    if claim.unit is not None:
        yield f"a {criterion.kind} has no unit; remove it."


def _check_words(given: Sequence[str], criterion: Criterion) -> Iterator[str]:
    """Refuse all but neighbouring words of a rating: what is known of one is the range in which its rank lies."""
    if criterion.kind == "capability":
        yield "a capability is present or absent; if the source leaves that open, leave the claim out."
        return
    for word in given:
        if word not in criterion.values:
            yield f"'{word}' is not a value of this rating; expected {' or '.join(criterion.values)}."
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
    if claim.unit is None:
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


def check_rates(files: Sequence[Reading[RatesFile]], sources: Defined[Source]) -> Iterator[str]:
    """Return everything wrong with the rates of currencies."""
    for file, document, _ in files:
        first: dict[tuple[object, ...], str] = {}
        for index, rate in enumerate(file.rates):
            where = document.where("rates", index)
            unknown = f"rate of '{rate.currency}': unknown source '{rate.source}'"
            yield from (f"{where}: {problem}" for problem in sources.unknown(rate.source, unknown, " Add it first."))
            if rate.currency == file.base:
                yield f"{where}: {rate.currency} is the base itself, worth 1; remove the rate."
            key = (rate.currency, rate.source, rate.stated)
            if key in first:
                yield f"{where}: this rate of '{rate.currency}' is also at {first[key]}, of the same day; keep one."
            first.setdefault(key, where)


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
                f"tier {number + 1} ends at {following:g}, but tier {number} already reaches up to {end:g}; "
                "list tiers by rising 'up_to'."
            )
    if ends[-1] is not None:
        yield f"there is no price for use above {ends[-1]:g}; add a last tier without 'up_to'."


def _check_scale(claim: ClaimShape, criterion: Criterion) -> Iterator[str]:
    tiers = [tier.price for tier in claim.tiers or ()]
    single = (claim.exactly, claim.at_least, claim.more_than, claim.at_most, claim.from_)
    given = (*single, *(claim.between or ()), *tiers)
    amounts = [amount for amount in given if isinstance(amount, int | float)]
    # The scale is in the criterion's currency, and what another is worth depends on the day.
    if criterion.scale is not None and not _is_foreign(claim, criterion):
        low, high = criterion.scale.ends
        for amount in amounts:
            if not low <= amount <= high:
                yield f"{amount:g} is outside the scale of the criterion, {low:g} to {high:g}; correct one of them."
    elif any(amount < 0 for amount in amounts):
        yield "an amount below 0 cannot be a price; correct it."
    if criterion.whole and any(not float(amount).is_integer() for amount in amounts):
        yield "expected a whole number, because the criterion counts things; or set `whole: false` there."
    if claim.between is not None and claim.between[0] > claim.between[1]:
        yield "'between' starts with the higher number; swap the two."


def _check_products(claims: Sequence[Claim], criteria: Mapping[str, Criterion]) -> Iterator[str]:
    """Refuse numbers of different products: 250 callers of one are not 3000 viewers of another."""
    first: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        if criteria[claim.criterion].kind == "capability":
            continue
        others = [first.setdefault((claim.criterion, member), claim) for member in claim.members or [""]]
        before = next((other for other in others if other.belongs_to != claim.belongs_to), None)
        if before is not None:
            yield (
                f"{claim.where}: claim on '{claim.criterion}': it belongs to {_name_product(claim)}, "
                f"the one at {before.where} to {before.belongs_to or 'no product'}; "
                "numbers of different products need different criteria."
            )


def _name_product(claim: Claim) -> str:
    return f"product {claim.belongs_to}" if claim.belongs_to else "no product"


def _find_contradicting(claims: Sequence[Claim]) -> Iterator[str]:
    """Yield claims on members that `only` of the same source, day and product calls absent."""
    limiting = [claim for claim in claims if claim.only]
    for claim in claims:
        for other in limiting:
            is_beside = (claim.criterion, claim.belongs_to, claim.source, claim.stated, claim.starts) == (
                other.criterion, other.belongs_to, other.source, other.stated, other.starts
            )  # fmt: skip
            beyond = [name for name in claim.members if name not in other.members]
            if is_beside and beyond and claim.value == "present":
                yield (
                    f"{claim.where}: claim on '{claim.criterion}': it says that {beyond[0]} is present, and `only` at "
                    f"{other.where} says that it is absent; correct one of them."
                )
