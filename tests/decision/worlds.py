"""Random knowledge bases and teams, made of records; no YAML.

The vocabulary and the rules come from a pool that is drawn once, with seeds: durable-rules never frees a ruleset. The
claims, the policy and the team are Hypothesis's to draw, each from a menu, so that they shrink to nothing claimed and
nothing asked. Hypothesis takes longer to draw one choice than a decision takes to look at it, so what belongs together
is drawn as one number or one string of bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import math
import random
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

import reference
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from provider_advisor.decision import Decision, Verdict, decide
from provider_advisor.knowledge import Facts
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.check_structure import sort_rules
from provider_advisor.knowledge.conditions import (
    AllOf,
    AnyOf,
    Condition,
    FactHolds,
    Need,
    Not,
    Situation,
    Usage,
    text_of,
)
from provider_advisor.knowledge.criteria import Criteria, Member, MemberList, name_choice
from provider_advisor.knowledge.records import (
    Claim,
    Criterion,
    Evidence,
    Priority,
    Product,
    Provider,
    Scale,
    Source,
    Tier,
    Topic,
    UsageItem,
)
from provider_advisor.knowledge.rules import Implied, Policy, Rule
from provider_advisor.logic import ABSENT, Interval, Number
from provider_advisor.requirements import PRIORITIES, Requirement, Team, Unlisted
from provider_advisor.requirements.statement import Volume

T = TypeVar("T")

SAME_EVERY_RUN = settings(
    derandomize=True,
    deadline=None,
    print_blob=True,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
DAY = dt.date(2022, 12, 31)
SOURCE = Source("paper", "A paper", "en", dt.date(2022, 6, 1), dt.date(2022, 6, 2))
TOPICS = (
    Topic("staff", "Staff", "Who?", ("none", "some", "many")),
    Topic("uses", "Uses", "What for?", ("school", "clinic", "shop"), many=True),
)
CALLS = Volume(50, 500, "50..500")
USAGE = (UsageItem("calls", "Calls", "How many calls?", "calls"),)
PLACES = MemberList(
    "place", "Places", "Where?", {name: Member(name, name.title()) for name in ("here", "there", "far")}
)
AREA_WEIGHTS = (
    {},
    {"area": 40},
    {"sizes": 100},
    {"area": 0, "sizes": 30},
    {"area": 70, "sizes": 30},
    {"area": 12.5, "sizes": 0.5},
)
"""Percents of the total weight: ratings and prices are of `sizes`, all else is of `area`."""
WORDS = ("poor", "fair", "good", "superb")


# Records in few words, for worked examples too


def capability(name: str, weight: float = 1) -> Criterion:
    """Something that a provider has or lacks."""
    return Criterion(name, name, "area", "capability", f"{name}?", weight)


def quantity(name: str, weight: float = 1, *, worst: Number = 0, best: Number = 10, whole: bool = True) -> Criterion:
    """An amount; the less the better if `best` is the smaller end."""
    scale = Scale(worst, best, "")
    lower = best < worst
    return Criterion(
        name,
        name,
        "area",
        "quantity",
        f"{name}?",
        weight,
        unit="things",
        scale=scale,
        lower_is_better=lower,
        whole=whole,
    )


def price(name: str, of: str | None = None, weight: float = 1) -> Criterion:
    """A price between 10, the worst, and 0."""
    scale = Scale(10, 0, "")
    return Criterion(
        name, name, "sizes", "price", f"{name}?", weight, unit="USD/thing", scale=scale, lower_is_better=True, of=of
    )


def rating(name: str, weight: float = 1) -> Criterion:
    """Four words, from poor to superb."""
    return Criterion(name, name, "sizes", "rating", f"{name}?", weight, values=WORDS)


class Said(NamedTuple):
    """A claim without its provider and criterion."""

    value: str | Number | tuple[Number, Number]
    bound: str | None = None
    evidence: Evidence = "stated"
    as_of: dt.date = SOURCE.published
    until: dt.date | None = None
    product: str | None = "basic"
    tiers: tuple[Tier, ...] = ()
    plus: str | None = None


def claim(provider: str, criterion: Criterion, said: Said, line: int = 1) -> Claim:
    """The claim, with the interval that its words leave open."""
    amount = _amount(criterion, said.value, said.bound)
    if amount is not None and said.plus is not None:
        amount = amount._replace(high=None)
    return Claim(
        provider=provider,
        product=said.product,
        criterion=criterion.id,
        value=said.value,
        bound=said.bound,
        unit=criterion.unit,
        evidence=said.evidence,
        source=SOURCE.id,
        line=line,
        stated=said.as_of,
        starts=said.as_of,
        until=said.until,
        amount=amount,
        tiers=said.tiers,
        plus=said.plus,
    )


def _amount(criterion: Criterion, value: object, bound: str | None) -> Interval | None:
    if isinstance(value, str):
        return Interval(WORDS.index(value), WORDS.index(value)) if value in WORDS else None
    if isinstance(value, tuple):
        ends = [WORDS.index(end) if end in WORDS else end for end in value]
        return Interval(ends[0], ends[-1])
    if bound == "more_than":
        return Interval(value + 1) if criterion.whole else Interval(value, above=True)
    return {"exactly": Interval(value, value), "at_most": Interval(0, value)}.get(bound, Interval(value))


def rule(
    name: str,
    when: Condition,
    *implies: Implied,
    favours: Condition | None = None,
    weight: float | None = None,
) -> Rule:
    """A rule; one that favours weighs 1 unless it says otherwise."""
    weight = 1 if favours is not None and weight is None else weight
    return Rule(name, "area", when, implies, favours, weight, "because", ())


def knowledge_of(
    criteria: Iterable[Criterion],
    claims: Mapping[str, Mapping[str, Sequence[Said] | Said]],
    rules: Iterable[Rule] = (),
    policy: Policy | None = None,
) -> KnowledgeBase:
    """A knowledge base; `claims` by provider and criterion."""
    vocabulary = finding({criterion.id: criterion for criterion in sorted(criteria)})
    providers = {}
    for name, said in sorted(claims.items()):
        lines = itertools.count(1)
        found = tuple(
            claim(name, vocabulary[criterion], part, next(lines))
            for criterion, parts in said.items()
            for part in ([parts] if isinstance(parts, Said) else parts)
        )
        products = {product: Product(product, product) for product in ("basic", "extra")}
        providers[name] = Provider(name, name.title(), (), products, found)
    return base_of(vocabulary, providers, rules, policy or Policy({"must": 4, "should": 2, "could": 1}, 0.5))


def base_of(
    criteria: Mapping[str, Criterion], providers: Mapping[str, Provider], rules: Iterable[Rule], policy: Policy
) -> KnowledgeBase:
    """The parts put together as the loader does."""
    ordered = {rule.id: rule for rule in sort_rules(list(rules))}
    topics, usage = {topic.id: topic for topic in TOPICS}, {item.id: item for item in USAGE}
    found = criteria if isinstance(criteria, Criteria) else finding(criteria)
    # Equal for equal content, as the loader's, and quicker by far: worlds are drawn by the thousand.
    apart = getattr(found, "text", None) or repr(found), repr((providers, ordered, policy))
    fingerprint = hashlib.blake2b("".join(apart).encode()).hexdigest()
    return KnowledgeBase({SOURCE.id: SOURCE}, found, providers, topics, usage, ordered, policy, fingerprint=fingerprint)


def with_providers(knowledge: KnowledgeBase, providers: Mapping[str, Provider]) -> KnowledgeBase:
    """The same knowledge, but for its providers."""
    return base_of(knowledge.criteria, providers, knowledge.rules.values(), knowledge.policy)


# The pool of vocabularies and rules


class Frame(NamedTuple):
    """A vocabulary and the rules over it; one criterion in three can be asked of each of three places."""

    criteria: Criteria
    rules: tuple[Rule, ...]


def _frame(seed: int) -> Frame:
    draw = random.Random(seed)  # noqa: S311 (no secret)
    names = [f"c{number}" for number in range(draw.randint(3, 10))]
    criteria: dict[str, Criterion] = {}
    for name in names:
        criteria[name] = _criterion(draw, name, [c.id for c in criteria.values() if c.kind == "capability"])
    rules = [_rule(draw, f"r{number}", list(criteria.values())) for number in range(draw.choice([0, 1, 3, 5, 8]))]
    places = [name for number, name in enumerate(criteria) if number % 3 == seed % 3]
    criteria |= {name: criteria[name]._replace(of_each=PLACES.id) for name in places}
    apart = [name for name in names[seed % 4 :: 4] if criteria[name].kind == "capability"]
    criteria |= {name: criteria[name]._replace(same_product=("area" if seed % 2 else "all",)) for name in apart}
    at_places = random.Random(seed)  # noqa: S311
    return Frame(finding(criteria), tuple(_at_places(at_places, part, places) for part in rules))


def _at_places(draw: random.Random, part: Rule, of_each: Sequence[str]) -> Rule:
    """The rule, which may need or imply a criterion at one place, where it did so anywhere."""

    def put(name: str) -> str:
        return f"{name}@{draw.choice(list(PLACES.members))}" if name in of_each and draw.random() < 0.3 else name

    def put_needs(condition: Condition) -> Condition:
        if isinstance(condition, AllOf | AnyOf):
            return type(condition)(tuple(put_needs(each) for each in condition.parts))
        if isinstance(condition, Not):
            return Not(put_needs(condition.part))
        return Need(put(condition.criterion)) if isinstance(condition, Need) else condition

    implies = {put(each.criterion): each for each in part.implies}
    return part._replace(
        when=put_needs(part.when),
        implies=tuple(each._replace(criterion=name) for name, each in implies.items()),
    )


def finding(criteria: Mapping[str, Criterion]) -> Criteria:
    """The criteria, which find the places that they can be asked of."""
    found = Criteria(criteria)
    found.given = {PLACES.id: PLACES}
    found.text = repr(found)
    return found


def _criterion(draw: random.Random, name: str, capabilities: Sequence[str]) -> Criterion:
    weight = draw.choice([0.5, 1, 1, 2, 3])
    kind = draw.choice(["capability"] * 4 + ["quantity", "fewer", "price", "price", "rating"])
    if kind == "capability":
        return capability(name, weight)
    if kind == "rating":
        return rating(name, weight)
    if kind == "price":
        return price(name, draw.choice([None, *capabilities]), weight)
    worst, best = (0, 10) if kind == "quantity" else (10, 0)
    found = quantity(name, weight, worst=worst, best=best, whole=draw.random() < 0.5)
    if weight < 2 or found.scale is None:
        return found
    ends = sorted([(worst, 0.0), (best, 1.0)])
    return found._replace(scale=found.scale._replace(points=(ends[0], (4, 0.75), ends[1])))


def _rule(draw: random.Random, name: str, criteria: Sequence[Criterion]) -> Rule:
    """A rule that implies only criteria behind those it needs, so that there is no circle."""
    cut = draw.randint(0, len(criteria) - 1)
    when = _team_condition(draw, [criterion.id for criterion in criteria[:cut]], [c.id for c in criteria], depth=2)
    if draw.random() < 0.4:
        return rule(name, when, favours=_fact_condition(draw, criteria, depth=2), weight=draw.choice([0.5, 1, 2]))
    parts = [_implied(draw, criterion) for criterion in draw.sample(criteria[cut:], min(2, len(criteria) - cut))]
    return rule(name, when, *parts[: draw.randint(1, 2)], weight=draw.choice([None, 0.5, 2, 4]))


def _team_condition(draw: random.Random, needed: Sequence[str], stated: Sequence[str], depth: int) -> Condition:
    word = draw.choice(["leaf", "leaf", "all", "any", "not"]) if depth else "leaf"
    if word in {"all", "any"}:
        parts = tuple(_team_condition(draw, needed, stated, depth - 1) for _ in range(draw.randint(2, 3)))
        return AllOf(parts) if word == "all" else AnyOf(parts)
    if word == "not":
        return Not(_team_condition(draw, stated, stated, depth - 1))
    kind = draw.choice(["need", "need", "need", "situation", "situation", "usage"])
    if kind == "need" and needed:
        return Need(draw.choice(needed))
    if kind == "usage":
        return Usage("calls", draw.choice([Interval(100), Interval(None, 1000), Interval(50, 500)]))
    topic = draw.choice(TOPICS)
    return Situation(topic.id, draw.choice(topic.values))


def _fact_condition(draw: random.Random, criteria: Sequence[Criterion], depth: int) -> Condition:
    word = draw.choice(["leaf", "leaf", "all", "any", "not"]) if depth else "leaf"
    if word in {"all", "any"}:
        parts = tuple(_fact_condition(draw, criteria, depth - 1) for _ in range(2))
        return AllOf(parts) if word == "all" else AnyOf(parts)
    if word == "not":
        return Not(_fact_condition(draw, criteria, depth - 1))
    criterion = draw.choice(criteria)
    if criterion.kind == "capability":
        return FactHolds(criterion.id, present=draw.random() < 0.8)
    return FactHolds(criterion.id, draw.choice(bounds_of(criterion)))


def _implied(draw: random.Random, criterion: Criterion) -> Implied:
    priority = draw.choice(["must", "must", "should", "could"])
    bounds = [] if criterion.kind == "capability" else bounds_of(criterion)
    return Implied(criterion.id, priority, draw.choice([None, *bounds]))


def bounds_of(criterion: Criterion) -> list[Interval]:
    """The bounds that a criterion is asked within: most of them towards its better end."""
    if criterion.kind == "rating":
        return [Interval(1), Interval(2), Interval(2, 2)]
    if criterion.lower_is_better:
        return [Interval(None, 3), Interval(None, 5), Interval(None, 8), Interval(6)]
    return [Interval(3), Interval(5), Interval(8), Interval(None, 6), Interval(2, 6)]


FRAMES = tuple(_frame(seed) for seed in range(40))


# Menus of claims

_DAYS = (dt.date(2021, 1, 1), dt.date(2022, 6, 1), dt.date(2022, 6, 1), dt.date(2023, 6, 1))
_EVIDENCE: tuple[Evidence, ...] = ("stated", "stated", "stated", "contrast", "ambiguous")


def _menu(kind: str) -> tuple[tuple[Said, ...], ...]:
    """Ways to speak of one cell: silence first, then one claim, then two, which may contradict each other."""
    draw = random.Random(kind)  # noqa: S311 (no secret)
    sure = [(Said(value),) for value in ("present", "absent")] if kind == "capability" else []
    one = [(_said(draw, kind),) for _ in range(24)]
    two = [(_said(draw, kind), _said(draw, kind)) for _ in range(16)]
    return ((), (), (), *sure * 8, *one, *two)


def _said(draw: random.Random, kind: str) -> Said:
    value, bound, product = _value(draw, kind)
    until = draw.choice([None, None, None, None, dt.date(2022, 10, 1)])
    said = Said(value, bound, draw.choice(_EVIDENCE), draw.choice(_DAYS), until, product)
    if kind == "price" and said.evidence == "ambiguous":
        said = said._replace(plus="fees")
    if kind == "price" and isinstance(value, tuple):
        low, high = value
        return said._replace(tiers=(Tier(10, high), Tier(draw.choice([100, 99.5]), (low + high) / 2), Tier(None, low)))
    return said


def _value(draw: random.Random, kind: str) -> tuple[str | Number | tuple[Number, Number], str | None, str | None]:
    if kind == "capability":
        return draw.choice(["present", "present", "absent"]), None, draw.choice(["basic", "extra", None])
    if kind == "rating":
        first = draw.randrange(len(WORDS))
        words = tuple(WORDS[first : first + 2])
        return words if len(words) > 1 and draw.random() < 0.3 else words[0], None, "basic"
    word = draw.choice(["exactly", "exactly", "at_least", "more_than", "at_most", "between", "quote"])
    if kind == "price" and word == "quote":
        return "by-quote", None, "basic"
    low, high = sorted(draw.sample(range(11), 2))
    if word == "between":
        return (low, high), "between", "basic"
    if kind == "price" and word == "at_least":
        word = "from"
    return low if word == "more_than" else high, "exactly" if word == "quote" else word, "basic"


MENUS = {kind: _menu(kind) for kind in ("capability", "quantity", "price", "rating")}
PROVIDERS = ("ada", "bob", "cyd", "dot", "eve")
_SOME_PLACES = tuple(
    some for count in (1, 1, 2, 3) for some in itertools.permutations(PLACES.members, count)
)  # as often one as two or three


# Strategies

AGES: tuple[dict[str, int], ...] = (
    {},
    {},
    dict.fromkeys(MENUS, 365),  # the claims of 2021 are past their time on DAY
    dict.fromkeys(MENUS, 100),  # all claims are
    {"capability": 365},
    {"capability": 730, "quantity": 100, "price": 365, "rating": 100},
)
"""After how many days facts of each kind are past their time."""


class World(NamedTuple):
    """A knowledge base and a team that asks it."""

    knowledge: KnowledgeBase
    team: Team

    def __repr__(self) -> str:
        return "\n".join(["World", *_lines(self.knowledge), f"  {self.team}"])


def _lines(knowledge: KnowledgeBase) -> Iterator[str]:
    """What a person needs to know of a knowledge base in which a test fails."""
    for criterion in knowledge.criteria.values():
        of = f" of {criterion.of}" if criterion.of else ""
        better = "fewer is better" if criterion.lower_is_better else ""
        yield f"  {criterion.id}: {criterion.kind}{of}, weight {criterion.weight} {better}"
    for part in knowledge.rules.values():
        then = text_of(part.favours) if part.favours else [tuple(each) for each in part.implies]
        yield f"  {part.id}: {text_of(part.when)} -> {then}, weight {part.weight}"
    for provider in knowledge.providers.values():
        for said in provider.claims:
            days = f"{said.stated} to {said.until}"
            yield f"  {provider.id} {said.criterion}: {said.bound} {said.value} {said.evidence} {said.product} {days}"
    yield f"  {knowledge.policy}"


_MADE: dict[tuple[Hashable, int], tuple[object, st.SearchStrategy[Any]]] = {}


def make_once(kind: Hashable, of: object, make: Callable[[], st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """The strategy of a kind for an object, made once: Hypothesis looks into a new one for longer than it draws."""
    key = (kind, id(of))
    if key not in _MADE:
        _MADE[key] = (of, make())  # the object is kept, so that its id stays its own
    return _MADE[key][1]


def choose_each(*menus: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """One of each menu, drawn as a single number."""
    count = math.prod(map(len, menus))
    assert count < 2**24, "of larger ranges Hypothesis prefers small numbers"

    def decode(number: int) -> tuple[Any, ...]:
        chosen = []
        for menu in reversed(menus):
            number, place = divmod(number, len(menu))
            chosen.append(menu[place])
        return tuple(reversed(chosen))

    return st.integers(0, count - 1).map(decode)


def claims_on(provider: str, criteria: Mapping[str, Criterion]) -> st.SearchStrategy[Provider]:
    """A provider with random claims."""
    return make_once(("claims", provider), criteria, lambda: _claims_on(provider, criteria))


def _claims_on(provider: str, criteria: Mapping[str, Criterion]) -> st.SearchStrategy[Provider]:
    of_each = [criterion for criterion in criteria.values() if criterion.of_each]
    size = len(criteria) + 3 * len(of_each)

    def made(drawn: bytes) -> Provider:
        numbers = iter(drawn)

        def pick(menu: Sequence[T]) -> T:
            return menu[next(numbers) % len(menu)]

        found = [
            claim(provider, criterion, said, line)
            for criterion in criteria.values()
            for line, said in enumerate(pick(MENUS[criterion.kind]), start=1)
        ]
        for criterion in of_each:
            parts, members, is_only = pick(MENUS[criterion.kind]), pick(_SOME_PLACES), pick((False, True))
            found += [
                claim(provider, criterion, said, line)._replace(
                    members=members, only=is_only and said.value == "present"
                )
                for line, said in enumerate(parts, start=101)
            ]
        products = {product: Product(product, product) for product in ("basic", "extra")}
        return Provider(provider, provider.title(), (), products, tuple(found))

    return st.binary(min_size=size, max_size=size).map(made)


_SHARES = (1, 2, 4, 0.3)


def policies(unknown: Sequence[float]) -> st.SearchStrategy[Policy]:
    """Weights of priorities, what an unknown counts, and after how long facts are past their time."""
    parts = choose_each(*[_SHARES] * len(PRIORITIES), unknown, AGES)
    return parts.map(lambda drawn: Policy(dict(zip(PRIORITIES, drawn, strict=False)), *drawn[len(PRIORITIES) :]))


_POLICIES = policies([0.5, 0.25, 0.9, 0, 1])


@st.composite
def knowledge_bases(draw: st.DrawFn, frames: Sequence[Frame] | None = None, most: int = 5) -> KnowledgeBase:
    """One to `most` providers with random facts, under one of the pool's vocabularies and rule sets."""
    # Hypothesis writes out the defaults of what it draws by each time, so the pool is none.
    found = FRAMES if frames is None else frames
    frame = draw(make_once("frames", found, lambda: st.sampled_from(found)))
    names = PROVIDERS[: draw(st.integers(1, most))]
    providers = {name: draw(claims_on(name, frame.criteria)) for name in names}
    return base_of(frame.criteria, providers, frame.rules, draw(_POLICIES))


def requirements(criterion: Criterion, priorities: Sequence[Priority] = PRIORITIES) -> st.SearchStrategy[Requirement]:
    """Something to ask of a criterion, or of one of its members."""
    bounds: list[Interval | None] = [None]
    if criterion.kind == "capability":
        bounds += [None, ABSENT]
    else:
        bounds += bounds_of(criterion)
    members = [f"{criterion.id}@{member}" for member in PLACES.members] if criterion.of_each else []
    parts = choose_each([criterion.id, *members], priorities, bounds, [None, None, 0.5, 3])
    return parts.map(lambda chosen: Requirement(*chosen))


@st.composite
def choices(draw: st.DrawFn, criteria: Criteria, priorities: Sequence[Priority]) -> Requirement:
    """Several things of which one will do, each perhaps of a member, with a bound, or absent."""
    names = draw(st.lists(st.sampled_from(sorted(criteria)), min_size=2, max_size=3, unique=True))
    parts = []
    for name in names:
        criterion = criteria[name]
        asked = f"{name}@{draw(st.sampled_from(list(PLACES.members)))}" if criterion.of_each else name
        if criterion.kind == "capability":
            parts.append(FactHolds(asked, present=draw(st.sampled_from([True, True, False]))))
        else:
            parts.append(FactHolds(asked, draw(st.sampled_from(bounds_of(criterion)))))
    weight = draw(st.sampled_from([None, 0.5, 3]))
    return Requirement(name_choice(parts, criteria), draw(st.sampled_from(priorities)), None, weight)


_OWN_WORDS = ((), (), (Unlisted("in our words", "should"),), (Unlisted("in our words"), Unlisted("and more")))
_USES = [some for count in (0, 1, 2) for some in itertools.combinations(sorted(TOPICS[1].values), count)]
_TEAMS = {
    weighed: choose_each(
        (PRIORITIES, ("must",)),
        [(), (), (), *((value,) for value in TOPICS[0].values)],
        [(), (), *_USES],
        ({}, {"calls": 10}, {"calls": 100}, {"calls": 5000}, {"calls": CALLS}),
        _OWN_WORDS if weighed else ((),),
        AREA_WEIGHTS if weighed else ({},),
    )
    for weighed in (False, True)
}
"""What a team says beside what it asks for: its priorities, the two topics, usage, own words, weights of areas."""


@st.composite
def teams(draw: st.DrawFn, knowledge: KnowledgeBase, *, weighed: bool = False) -> Team:
    """What a team could state: nothing asked twice, no bounds that exclude one another; `weighed` perhaps by area.

    A team that is weighed may also say something in its own words.
    """
    priorities, staff, uses, usage, unlisted, weights = draw(_TEAMS[weighed])
    criteria = knowledge.criteria
    asked = make_consistent(draw(make_once(("asked", priorities), criteria, lambda: _asked(criteria, priorities))))
    situation = {topic.id: chosen for topic, chosen in zip(TOPICS, (staff, uses), strict=True) if chosen}
    names = [*[None] * len(criteria), *criteria]
    three = draw(make_once("unwanted", criteria, lambda: choose_each(names, names, names)))
    unwanted = {name for name in three if name} - {req.criterion for req in asked}
    return Team(
        asked,
        situation,
        usage,
        unwanted=tuple(sorted(unwanted)),
        unlisted=unlisted,
        weights=weights,
    )


def _asked(criteria: Criteria, priorities: Sequence[Priority]) -> st.SearchStrategy[list[Requirement]]:
    """Up to six things to ask for, of which some may be choices."""
    one = st.one_of([requirements(criterion, priorities) for criterion in criteria.values()])
    several = choices(criteria, priorities) if len(criteria) > 1 else one
    return st.lists(st.one_of(one, one, several), max_size=6)


def make_consistent(asked: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Those that a team can ask for together: nothing twice, no bounds that exclude one another."""
    kept: list[Requirement] = []
    for req in asked:
        same = [other for other in kept if other.criterion == req.criterion]
        twice = any(other.priority == req.priority for other in same)
        absent = any(other.is_absence is not req.is_absence for other in same)
        excluded = any(other.bound and req.bound and other.bound.excludes(req.bound) for other in same)
        if not (twice or absent or excluded):
            kept.append(req)
    return tuple(kept)


@st.composite
def worlds(draw: st.DrawFn, frames: Sequence[Frame] | None = None, most: int = 5, *, weighed: bool = False) -> World:
    """A knowledge base and a team."""
    knowledge = draw(knowledge_bases(frames, most))
    return World(knowledge, draw(teams(knowledge, weighed=weighed)))


# The code's answer, in the words of the reference


def decided(knowledge: KnowledgeBase, team: Team) -> Decision:
    """The decision of the code under test."""
    return decide(team, Facts(knowledge, DAY))


def answer_of(decision: Decision) -> reference.Answer:
    """A decision, as the reference puts it."""
    knowledge = decision.facts.knowledge
    inference, assessments, verdict = (
        decision.outcome.inference,
        decision.outcome.assessments,
        decision.outcome.verdict,
    )
    wanted = [
        reference.Wanted(
            req.criterion,
            req.priority,
            req.bound,
            Fraction(knowledge.criteria[req.criterion].weight if req.weight is None else req.weight),
            frozenset(req.implied_by),
        )
        for req in inference.requirements
    ]
    assert len(set(wanted)) == len(wanted), "a requirement stands twice"
    return reference.Answer(
        frozenset(wanted),
        frozenset(each.id for each in inference.favours),
        {each.provider: None if each.score is None else tuple(each.score) for each in assessments},
        {each.provider: each.standing for each in assessments},
        verdict_of(verdict),
        frozenset(frozenset(group) for group in decision.combinations),
        frozenset((frozenset(part.dropped), verdict_of(part.verdict)) for part in decision.concessions),
    )


def verdict_of(verdict: Verdict) -> reference.Verdict:
    """A verdict, without an order among those that are alike."""
    return reference.Verdict(verdict.kind, verdict.strength, verdict.provider, verdict.lean, frozenset(verdict.among))
