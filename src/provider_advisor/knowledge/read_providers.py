"""Make providers and their claims of their checked shapes, and say what is wrong with each.

Most fields have one name in the shape and in the record. What changes on the way is the value of a claim: `more_than:
100` of something counted is at least 101, and a rating's words become their ranks.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import cast

from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.read_vocabulary import Vocabulary, find_repeated
from provider_advisor.knowledge.records import (
    BoundWord,
    Claim,
    ClaimValue,
    Criterion,
    Product,
    Provider,
    Renaming,
    Source,
    Terms,
    Tier,
)
from provider_advisor.knowledge.shapes.facts_files import TERM_KEYS, ClaimShape, ProductShape, ProviderFile
from provider_advisor.logic import Interval, Number
from provider_advisor.safe_text import join_words
from provider_advisor.written_values import number_text, plain


def read_providers(
    files: Sequence[Reading[ProviderFile]], vocabulary: Vocabulary, problems: list[str]
) -> list[Provider]:
    """Return the providers in files, given what they may refer to; add what is wrong with them."""
    names = [(name, file.document.where("id")) for file in files for name in (file.shape.id, *file.shape.aliases)]
    problems += find_repeated(names, "the provider or alias")
    return [_read_provider(file, vocabulary, problems) for file in files]


def _read_provider(file: Reading[ProviderFile], vocabulary: Vocabulary, problems: list[str]) -> Provider:
    """Return a provider with the claims whose criterion and source are known; add what is wrong with it."""
    criteria, sources = vocabulary.criteria.records, vocabulary.sources.records
    products = file.list_entries("products")
    problems += find_repeated(((product.id, where) for product, where in products), "the product")
    for product, where in products:
        for source in (product.source, product.renamed.source if product.renamed is not None else None):
            if source is not None:
                unknown = f"product '{product.id}': unknown source '{source}'"
                found = vocabulary.sources.find_unknown(source, unknown, " Add it to `sources` first.")
                problems += (f"{where}: {problem}" for problem in found)
    defined: Defined[Product] = collect_defined([file], "products")
    claims: list[Claim] = []
    for index, (shape, where) in enumerate(file.list_entries("claims")):
        criterion, source = criteria.get(shape.criterion), sources.get(shape.source)
        said = [*_check_references(shape, defined, vocabulary)]
        if criterion is not None:
            said += [*_check_members(shape, criterion, vocabulary), *_check_value(shape, criterion)]
        problems += (f"{where}: claim on '{shape.criterion}': {problem}" for problem in said)
        if criterion is not None and criterion.kind == "quantity":
            problems += _find_doubtful(file, index)
        if criterion is not None and source is not None:
            claims.append(_make_claim(shape, file.shape.id, criterion, source, where))
    problems += _find_contradicting(claims)
    problems += _find_other_products(claims, criteria)
    made = {product.id: _make_product(product, sources) for product, _ in products}
    return file.shape.make(Provider, products=made, claims=tuple(claims))


def _make_product(shape: ProductShape, sources: Mapping[str, Source]) -> Product:
    def find_day(name: str | None) -> dt.date | None:
        """Return the day on which a source makes its statements; None for no source or an unknown one."""
        source = sources.get(name or "")
        return source.counts_from if source else None

    new = shape.renamed
    renamed = new and Renaming(new.to, new.from_, new.source, new.line, find_day(new.source))
    return shape.make(Product, stated=find_day(shape.source), renamed=renamed)


def _make_claim(shape: ClaimShape, provider: str, criterion: Criterion, source: Source, where: str) -> Claim:
    bound, value = _read_value(shape)
    stated, starts = _find_days(shape, source)
    return shape.make(
        Claim,
        provider=provider,
        value=value,
        bound=bound,
        stated=stated,
        starts=starts,
        amount=_find_amount(shape, criterion),
        where=where,
        place=_find_place(shape),
        members=shape.members,
        only=shape.only is not None,
        tiers=tuple(
            Tier(None if tier.up_to is None else plain(tier.up_to), plain(tier.price)) for tier in shape.tiers or ()
        ),
        terms=Terms(*(plain(getattr(shape, key) or 0) for key in TERM_KEYS)),
    )


def _find_days(shape: ClaimShape, source: Source) -> tuple[dt.date, dt.date]:
    """Return the day on which a claim was stated, and the first on which it is true."""
    # `as_of`, the word of earlier files, was the day from which a claim counts. If that is after its source appeared,
    # the source announced it.
    stated = shape.stated or min(shape.as_of or source.counts_from, source.counts_from)
    return stated, shape.starts or shape.as_of or stated


def _find_place(shape: ClaimShape) -> str | None:
    """Return where in its source a claim is found, if that is not a line: "page 12"."""
    # Answers cite a line by its number alone, so that it has a field of its own.
    places = ((key, getattr(shape, key)) for key in ("page", "section", "anchor"))
    return next((f"{key} {place}" for key, place in places if place is not None), None)


def _read_value(shape: ClaimShape) -> tuple[BoundWord | None, ClaimValue]:
    if shape.value is not None:
        return None, shape.value if isinstance(shape.value, str) else tuple(shape.value)
    amounts = sorted(map(plain, shape.amounts))
    if len(amounts) > 1:
        return "between", (amounts[0], amounts[-1])
    (key,) = shape.given
    return (cast("BoundWord", key), amounts[0]) if amounts else (None, "by-quote")


def _find_amount(shape: ClaimShape, criterion: Criterion) -> Interval | None:
    """Return the interval in which the amount lies; a rating's words are their ranks."""
    # exactly 100     100 to 100
    # more_than 100   101 or more of what is counted, more than 100 of what is measured
    # at_most 100     0 to 100; without a lower end if the scale has amounts below 0
    # from, at_least  that or more; a price "from 5" may be any higher one
    # between 3, 5    3 to 5, as for tiers from 3 to 5
    # fair or good    1 to 2: their ranks among poor, fair and good
    words = [shape.value] if isinstance(shape.value, str) else shape.value or []
    ranks: list[Number] = [criterion.values.index(word) for word in words if word in criterion.values]
    ends = ranks or [plain(amount) for amount in shape.amounts]
    if not ends:
        return None
    (key,), low, high = shape.given, min(ends), max(ends)
    # With `plus`, something unknown is paid on top.
    most = None if key in {"at_least", "more_than", "from"} or shape.plus is not None else high
    if key == "more_than":
        return Interval(math.floor(low) + 1) if criterion.whole else Interval(low, above=True)
    return Interval(criterion.floor if key == "at_most" else low, most)


def _find_doubtful(file: Reading[ProviderFile], index: int) -> Iterator[str]:
    """Yield the amounts of a claim on what is counted that are written like 5.000."""
    (key,) = file.shape.claims[index].given
    for path in ((key,), (key, 0), (key, 1)):
        if doubt := file.document.describe_doubt("claims", index, *path):
            yield f"{file.document.where('claims', index)}: '{key}': {doubt}"


def _check_references(claim: ClaimShape, products: Defined[Product], vocabulary: Vocabulary) -> Iterator[str]:
    yield from vocabulary.criteria.find_unknown(claim.criterion, "unknown criterion", " Add it to criteria/ first.")
    for product in (claim.product, claim.meant):
        if product is not None:
            yield from products.find_unknown(product, f"unknown product '{product}'", " Add it to products first.")
    unknown = f"unknown source '{claim.source}'"
    yield from vocabulary.sources.find_unknown(claim.source, unknown, " Add it to `sources` first.")
    source = vocabulary.sources.records.get(claim.source)
    if source is not None and claim.until is not None and claim.until < _find_days(claim, source)[1]:
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
    amounts = claim.amounts
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
