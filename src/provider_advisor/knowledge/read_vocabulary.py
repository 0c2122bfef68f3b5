"""Make the vocabulary of its checked shapes, and say what is wrong with it.

It is what files may refer to: criteria, the members that they can be asked of, sources, rates, situation and usage.
Each shape becomes a record, whatever it refers to; then the records are checked together:

    facts/criteria/video.yaml     - {id: video-price, kind: price, of: video-cals, …}
    the shape, then the record    Criterion("video-price", kind="price", of="video-cals", …)
    together with the others      facts/criteria/video.yaml:9: criterion 'video-price': 'of' must name a capability;
                                  found 'video-cals'. Did you mean 'video-calls'?
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from provider_advisor.knowledge.conditions import AT, split_member
from provider_advisor.knowledge.criteria import Criteria, Member, MemberList, list_member_words
from provider_advisor.knowledge.files import Role
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.records import (
    EVERY_AREA,
    Caution,
    Criterion,
    Provider,
    Rate,
    Scale,
    Source,
    Topic,
    UsageItem,
)
from provider_advisor.knowledge.shapes.facts_files import (
    CriteriaFile,
    CriterionShape,
    MembersFile,
    RatesFile,
    ScaleShape,
    SourceShape,
    TeamFile,
    TopicShape,
)
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.safe_text import fold
from provider_advisor.written_values import find_singular, number_text, parse_age, plain

# Units of volumes, for `_check_volume_unit`.
_SHORT = {"h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "sec": "second", "yr": "year"}
_TIMES = ("second", "minute", "hour", "day", "week", "quarter", "year")
_SIZES = ("byte", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "tib")
# Whatever else a unit names is something counted: users, agents, messages.
_MEASURES = frozenset({*_TIMES, *_SIZES, "thousand", "million"})

T = TypeVar("T", Criterion, Source, Topic, UsageItem, Provider)


class Vocabulary(NamedTuple):
    """Everything that files may refer to; `members` are those of each list, by the list's id."""

    criteria: Defined[Criterion]
    topics: Defined[Topic]
    usage: Defined[UsageItem]
    sources: Defined[Source]
    lists: Defined[MemberList]
    members: Mapping[str, Defined[Member]]

    def find_unknown_criterion(self, name: str) -> Iterator[str]:
        """Yield a problem if there is no such criterion, or if it lacks the member in `phone-numbers@de`."""
        parent, member = split_member(name)
        yield from self.criteria.find_unknown(parent, f"unknown criterion '{parent}'", " Add it to criteria/ first.")
        criterion = self.criteria.records.get(parent)
        if member is not None and criterion is not None:
            if criterion.of_each is None:
                yield f"'{parent}' has no members; write '{parent}', or add `of_each` to the criterion."
            else:
                yield from self.find_unknown_member(member, criterion.of_each)

    def find_unknown_member(self, name: str, of: str) -> Iterator[str]:
        """Yield a problem if the list `of` lacks a member; nothing is known of a list that could not be read."""
        if of in self.members:
            sentence, advice = f"unknown member '{name}' of {of}", f" Add it to members/{of}.yaml first."
            yield from self.members[of].find_unknown(name, sentence, advice)


def read_vocabulary(
    files: Mapping[Role, Sequence[Reading[Any]]], unread: AbstractSet[Role], problems: list[str]
) -> Vocabulary:
    """Return what files define, without those of the roles `unread`; add what is wrong with the vocabulary."""

    def define(role: Role, key: str, citable: Sequence[Reading[Any]], make: Callable[[Any], T]) -> Defined[T]:
        records = sort_by_id(make(shape) for file in citable for shape in getattr(file.shape, key))
        return collect_defined(citable, key, records, is_open=role in unread)

    made = (make_criterion(shape, file.shape.area) for file in files["criteria"] for shape in file.shape.criteria)
    criteria = Criteria(sort_by_id(made))
    criteria.given = lists = {
        file.shape.id: file.shape.make(MemberList, members={part.id: part.make(Member) for part in file.shape.members})
        for file in files["members"]
    }
    members = {}
    for file in files["members"]:
        of = lists[file.shape.id]
        known = collect_defined([file], "members", of.members)
        # Labels are words for members too.
        members[of.id] = known._replace(meaning={**dict(list_member_words(of)), **known.meaning})
    # Most providers have no sources of their own. If such a file has a mistake, `collect_defined` would suppose that
    # it has sources that could not be read, and then would not report an unknown source in any file.
    own = [file for file in files["provider"] if "sources" in file.whole.data]
    vocabulary = Vocabulary(
        collect_defined(files["criteria"], "criteria", criteria, is_open="criteria" in unread),
        define("team", "situation", files["team"], _make_topic),
        define("team", "usage", files["team"], lambda shape: shape.make(UsageItem)),
        define("sources", "sources", [*files["sources"], *own], _make_source),
        Defined(lists, {name: name for name in lists}, is_open="members" in unread),
        members,
    )
    problems += _check_vocabulary(files, vocabulary)
    return vocabulary


# From shapes to records


def sort_by_id(records: Iterable[T]) -> dict[str, T]:
    """Return records by their ids, in the order of the alphabet."""
    return dict(sorted(((record.id, record) for record in records), key=itemgetter(0)))


def _make_source(shape: SourceShape) -> Source:
    """Return a source as a record."""
    return shape.make(Source, published=None if shape.published == "undated" else shape.published)


def make_criterion(shape: CriterionShape, area: str) -> Criterion:
    """Return a criterion as a record; quantities are whole unless it says `whole: false`."""
    return shape.make(
        Criterion,
        area=area,
        scale=_make_scale(shape.scale) if shape.scale else None,
        member_scale=_make_scale(shape.member_scale) if shape.member_scale else None,
        lower_is_better=shape.lower_is_better,
        whole=shape.kind == "quantity" and shape.whole is not False,
        stale_after=parse_age(shape.stale_after) if shape.stale_after else None,
    )


def _make_scale(shape: ScaleShape) -> Scale:
    # A point at an end replaces its degree: with 20 as the target, and 0 and 100 as bad as each other, the points are
    # (0, 0), (20, 1) and (100, 0).
    points = {plain(shape.worst): 0.0, plain(shape.best): 1.0} | {plain(part.at): part.degree for part in shape.points}
    bends = tuple(sorted(points.items())) if shape.points else ()
    return Scale(plain(shape.worst), plain(shape.best), shape.because, bends)


def _make_topic(shape: TopicShape) -> Topic:
    """Return a topic of the situation as a record."""
    cautions = (part.make(Caution, value=part.is_, has=tuple(part.product_has)) for part in shape.cautions)
    return shape.make(Topic, cautions=tuple(cautions))


def make_rates(shape: RatesFile, sources: Mapping[str, Source]) -> tuple[Rate, ...]:
    """Return the rates whose sources are known, in an order that does not depend on that of the file."""
    return tuple(
        sorted(
            part.make(Rate, into=shape.base, stated=part.stated or source.counts_from)
            for part in shape.rates
            if (source := sources.get(part.source)) is not None
        )
    )


# What is wrong with the records together


def find_repeated(named: Iterable[tuple[str, str]], what: str) -> Iterator[str]:
    """Return a problem for each repeated name, ignoring case, given pairs of name and place."""
    first: dict[str, str] = {}
    for name, where in named:
        folded = name.casefold()  # as words are looked up
        if folded in first:
            yield f"{where}: {what} '{name}' is already defined at {first[folded]}; rename or remove one."
        first.setdefault(folded, where)


class _Fitting(NamedTuple):
    """What a key may name, in words and by id, `among` all that is defined."""

    what: str
    ids: Collection[str]
    among: Defined[Any]

    def find_unfit(self, key: str, words: Iterable[str | None]) -> Iterator[str]:
        """Yield a problem for each word of a key that does not fit, unless its own entry could not be read."""
        # Only the name of an entry with a mistake is known, so it may well be what is expected here.
        for word in words:
            if word is not None and word not in self.ids and not self.among.is_unread(word):
                hint = did_you_mean(self.among.meaning.get(word, word), self.ids)
                yield f"'{key}' must name {self.what}; found '{word}'.{hint}"


def _check_vocabulary(files: Mapping[Role, Sequence[Reading[Any]]], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield everything wrong with the files that define the vocabulary, each by itself and together."""
    criteria, usage, lists = vocabulary.criteria, vocabulary.usage, vocabulary.lists
    every = criteria.records.values()
    # As dictionaries, because hundreds of criteria look up what they name.
    capabilities = dict.fromkeys(one.id for one in every if one.kind == "capability")
    fitting = {
        "of": _Fitting("a capability", capabilities, criteria),
        "usage": _Fitting("items of team.yaml", usage.records, usage),
        "concerns": _Fitting("prices with a usage", dict.fromkeys(one.id for one in every if one.usage), criteria),
        "of_each": _Fitting("a list of facts/members/", lists.records, lists),
        "same_product": _Fitting("areas", (EVERY_AREA, *sorted({one.area for one in every})), criteria),
    }
    yield from _check_criteria(files["criteria"], vocabulary, fitting)
    yield from _check_members(files["members"], criteria)
    for reading in files["team"]:
        yield from _check_team(reading, _Fitting("capabilities", capabilities, criteria))
    citable = (*files["sources"], *files["provider"])
    sources = [entry for reading in citable for entry in reading.list_entries("sources")]
    yield from find_repeated(((source.id, where) for source, where in sources), "the source")
    for reading in files["rates"]:
        yield from _check_rates(reading, vocabulary.sources)


# Criteria


def _check_criteria(
    files: Sequence[Reading[CriteriaFile]], vocabulary: Vocabulary, fitting: Mapping[str, _Fitting]
) -> Iterator[str]:
    placed = [entry for reading in files for entry in reading.list_entries("criteria")]
    yield from find_repeated(((file.area, document.where("area")) for file, document, _ in files), "area")
    names = ((name, where) for criterion, where in placed for name in (criterion.id, *criterion.aliases))
    yield from find_repeated(names, "the criterion or alias")
    named = {name for criterion, _ in placed for name in {criterion.id, *criterion.aliases} - {*criterion.loose}}
    # There is one computed criterion of a kind at most, the monthly cost: prices are added up in its currency.
    cost = next((one for one in vocabulary.criteria.records.values() if one.computed), None)
    for criterion, where in placed:
        problems = (
            *_check_kind(criterion),
            *_check_scale(criterion, criterion.scale),
            *_check_scale(criterion, criterion.member_scale),
            *_check_references(criterion, fitting),
            *_check_currency(criterion, cost),
            *_check_volume_unit(criterion, vocabulary.usage),
            *_check_words(criterion, named),
        )
        for problem in problems:
            yield f"{where}: criterion '{criterion.id}': {problem}"
    computed = ((criterion.kind, where) for criterion, where in placed if criterion.computed)
    yield from find_repeated(computed, "a computed criterion of kind")


def _check_kind(criterion: CriterionShape) -> Iterator[str]:
    is_number = criterion.kind in {"quantity", "price"}
    if is_number and criterion.unit is None:
        yield f"'unit' is missing; a {criterion.kind} has one."
    if is_number and criterion.scale is None and not criterion.computed:
        yield f"'scale' is missing; a {criterion.kind} has one, with worst, best and because."
    if not is_number and (criterion.unit is not None or criterion.scale is not None):
        yield f"a {criterion.kind} has neither 'unit' nor 'scale'; remove them, or make it a quantity or price."
    if (criterion.kind == "rating") != bool(criterion.values):
        yield "a rating, and only a rating, has 'values', in ascending order."
    if len(set(criterion.values)) != len(criterion.values) or len(criterion.values) == 1:
        yield "'values' needs at least two different words."
    worst = criterion.values[-1 if criterion.lower_is_better else 0] if criterion.values else None
    if criterion.absent is not None and criterion.absent != worst:
        expected = f"the worst word, {worst}" if worst else "only with the values of a rating"
        yield f"'absent' is '{criterion.absent}'; expected {expected}, because that word means absent."
    if criterion.kind != "quantity" and (criterion.limit or criterion.whole is not None):
        yield "'limit' and 'whole' belong to quantities; remove them."
    if criterion.kind != "price" and (criterion.computed or criterion.of or criterion.usage):
        yield "'of', 'usage' and 'computed' belong to prices; remove them."
    if criterion.kind == "price" and criterion.of is None and not criterion.computed:
        yield "'of' is missing; a price names the capability that it pays for."


def _check_scale(criterion: CriterionShape, scale: ScaleShape | None) -> Iterator[str]:
    if scale is None:
        return
    if (scale.worst > scale.best) is not criterion.lower_is_better or scale.worst == scale.best:
        order, better = ("above", "less") if criterion.lower_is_better else ("below", "more")
        worst, best = number_text(scale.worst), number_text(scale.best)
        yield f"'worst' ({worst}) must be {order} 'best' ({best}), because {better} is better."
    low, high = sorted((scale.worst, scale.best))
    if criterion.kind == "price" and low < 0:
        yield f"the scale of a price begins at {number_text(low)}; no price is below 0."
    amounts = [point.at for point in scale.points]
    for amount in sorted({amount for amount in amounts if not low <= amount <= high}):
        said = f"the point at {number_text(amount)} is outside the scale"
        yield f"{said}, {number_text(low)} to {number_text(high)}; move it, or an end of the scale."
    for amount in sorted({amount for amount in amounts if amounts.count(amount) > 1}):
        yield f"two points of the scale are at {number_text(amount)}; remove one."


def _check_references(criterion: CriterionShape, fitting: Mapping[str, _Fitting]) -> Iterator[str]:
    for key, fits in fitting.items():
        named = getattr(criterion, key)
        yield from fits.find_unfit(key, [named] if isinstance(named, str | None) else named)
    if criterion.same_product and criterion.kind != "capability":
        yield "'same_product' belongs to capabilities, because an amount belongs to one product; remove it."
    if criterion.computed and criterion.of_each:
        yield "a computed criterion has no members; remove 'of_each'."
    if criterion.member_scale and not (criterion.scale and criterion.of_each):
        yield "'member_scale' belongs to a criterion with 'scale' and 'of_each'; remove it, or add them."


def _check_currency(criterion: CriterionShape, cost: Criterion | None) -> Iterator[str]:
    """Refuse sums over several currencies: the part of the unit before the slash."""
    if cost is None or cost.unit is None or not criterion.usage or criterion.unit is None:
        return
    ours, theirs = criterion.unit.split("/")[0], cost.unit.split("/")[0]
    if ours != theirs:
        yield f"its unit starts with {ours}, that of '{cost.id}' with {theirs}; expected one currency for all."


def _check_volume_unit(criterion: CriterionShape, usage: Defined[UsageItem]) -> Iterator[str]:
    """Refuse a price per TB for a volume in GB, or one per year: the product would not be a monthly sum.

    Volumes are monthly whether their unit says `/month` or not. What is counted may be called by two names, users and
    agents; measures may not.
    """
    # USD/agent-hour fits agents and hours/agent/month: the price is by what its volumes measure together, here hours.
    volumes = [usage.records[item].unit for item in criterion.usage if item in usage.records]
    if criterion.unit is None or not volumes or len(volumes) < len(criterion.usage):
        return
    _, _, by = criterion.unit.partition("/")
    if _find_measures(by) != set().union(*(_find_measures(unit) for unit in volumes)):
        amounts = " and ".join(f"{item} in {unit}" for item, unit in zip(criterion.usage, volumes, strict=True))
        yield (
            f"its unit {criterion.unit} does not fit the volumes it is multiplied by, {amounts} a month; "
            "expected a price in the same measure, and a sum per month."
        )


def _find_measures(unit: str) -> set[str]:
    """Return the measures and factors in a unit: {"hour"} of "hours/agent/month", {"1000"} of "1000 messages"."""
    words = (word.casefold() for word in re.split(r"[/ -]+", unit))
    named = (_SHORT.get(word, find_singular(word)) for word in words)
    return {word for word in named if word in _MEASURES or word[:1].isdigit()}


def _check_words(criterion: CriterionShape, named: AbstractSet[str]) -> Iterator[str]:
    """Yield problems of keywords and of loose words."""
    # A name is taken for its criterion before any search begins, so that a keyword that is one leads nowhere.
    for word in criterion.keywords:
        if word in named:
            yield f"the keyword '{word}' is already the name of a criterion, so no search would ever use it; remove it."
    for word in criterion.loose:
        if word == criterion.id and not {*criterion.aliases} - {*criterion.loose}:
            yield f"its id '{word}' is loose; add an alias that means only this criterion."
        elif word not in {criterion.id, *criterion.aliases}:
            yield f"the loose word '{word}' is neither its id nor among its aliases; add it there."


# The team, members and rates


def _check_team(reading: Reading[TeamFile], capabilities: _Fitting) -> Iterator[str]:
    topics, items = reading.list_entries("situation"), reading.list_entries("usage")
    yield from find_repeated(((entry.id, where) for entry, where in (*topics, *items)), "the topic or usage item")
    for index, (topic, where) in enumerate(topics):
        if len(set(topic.values)) != len(topic.values):
            yield f"{where}: topic '{topic.id}' names a value twice; remove one."
        for place, caution in enumerate(topic.cautions):
            at = reading.document.where("situation", index, "cautions", place)
            if caution.is_ not in topic.values:
                expected = f"expected one of {', '.join(topic.values)}."
                yield f"{at}: topic '{topic.id}': '{caution.is_}' is not one of its values; {expected}"
            for key, words in (("product_has", caution.product_has), ("unless", caution.unless)):
                yield from (f"{at}: topic '{topic.id}': {said}" for said in capabilities.find_unfit(key, words))


def _check_members(files: Sequence[Reading[MembersFile]], criteria: Defined[Criterion]) -> Iterator[str]:
    """Return everything wrong with the lists of members: each word belongs to one member of its list."""
    yield from _check_alone(files, criteria)
    yield from find_repeated(((file.id, document.where("id")) for file, document, _ in files), "the list of members")
    for reading in files:
        placed = reading.list_entries("members")
        names = [(name, where) for member, where in placed for name in (member.id, *member.aliases)]
        yield from find_repeated(names, "the member or alias")
        # Labels are words for members too. Ids and aliases come first, so that the label is what has to change.
        owners = {fold(name): member.id for member, _ in placed for name in (member.id, *member.aliases)}
        for member, where in placed:
            if (other := owners.setdefault(fold(member.label), member.id)) != member.id:
                yield f"{where}: the label '{member.label}' is already a word for the member '{other}'; change one."


def _check_alone(files: Sequence[Reading[MembersFile]], criteria: Defined[Criterion]) -> Iterator[str]:
    """Yield ambiguous words that name both a member by itself and a criterion or another member."""
    owners: dict[str, str] = {}
    for reading in files:
        file = reading.shape
        if file.alone is None:
            continue  # its members are asked for beside a criterion only, so that "de" may be in several lists
        criterion = criteria.records.get(file.alone)
        if criterion is None or criterion.of_each != file.id:
            fitting = [name for name, other in criteria.records.items() if other.of_each == file.id]
            yield (
                f"{reading.document.where('alone')}: 'alone' must name a criterion with `of_each: {file.id}`; "
                f"found '{file.alone}'.{did_you_mean(file.alone, fitting)}"
            )
        for member, where in reading.list_entries("members"):
            for word in dict.fromkeys(map(fold, (member.id, *member.aliases))):
                if (owner := criteria.meaning.get(word) or owners.get(word)) is not None:
                    yield (
                        f"{where}: '{word}' alone would ask for '{member.id}', but it is already a word for "
                        f"'{owner}'; rename one."
                    )
                owners[word] = f"{file.alone}{AT}{member.id}"


def _check_rates(reading: Reading[RatesFile], sources: Defined[Source]) -> Iterator[str]:
    first: dict[tuple[object, ...], str] = {}
    for rate, where in reading.list_entries("rates"):
        unknown = f"rate of '{rate.currency}': unknown source '{rate.source}'"
        yield from (f"{where}: {problem}" for problem in sources.find_unknown(rate.source, unknown, " Add it first."))
        if rate.currency == reading.shape.base:
            yield f"{where}: {rate.currency} is the base itself, worth 1; remove the rate."
        key = (rate.currency, rate.source, rate.stated)
        if key in first:
            yield f"{where}: this rate of '{rate.currency}' is also at {first[key]}, of the same day; keep one."
        first.setdefault(key, where)
