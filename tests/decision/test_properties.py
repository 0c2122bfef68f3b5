"""What holds of every decision: how it may change when facts or requirements do, and what "firm" promises.

Where a property fails by the definitions themselves, the smallest world in which it does is at the end.
"""

import random

import reference
from examples import CRITERIA, HAS, LACKS, must, recommended, should
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from worlds import (
    DAY,
    SAME_EVERY_RUN,
    Said,
    answer_of,
    base_of,
    capability,
    claim,
    claims_on,
    decided,
    knowledge_of,
    requirements,
    rule,
    verdict_of,
    with_providers,
    worlds,
)

from provider_advisor.decision import decide
from provider_advisor.inference import infer
from provider_advisor.knowledge import Fact, Facts
from provider_advisor.knowledge.build import compute_fingerprint
from provider_advisor.knowledge.conditions import AllOf, AnyOf, FactHolds, Need, Not, leaves
from provider_advisor.knowledge.rules import Implied
from provider_advisor.logic import ABSENT, Interval, Truth
from provider_advisor.requirements import Requirement, Team

KNOWN = (Truth.YES, Truth.NO)


# A better fact never hurts


@st.composite
def improvements(draw):
    """A world, and a better fact for one of its providers."""
    world = draw(worlds())
    facts = Facts(world.knowledge, DAY)
    provider = draw(st.sampled_from(list(world.knowledge.providers)))
    criterion = draw(st.sampled_from(list(world.knowledge.criteria.values())))
    fact = facts(provider, criterion.id)
    if criterion.kind == "capability":
        assume(fact.truth is not Truth.YES)
        better = [Truth.YES] if fact.truth is Truth.UNKNOWN else [Truth.YES, Truth.UNKNOWN]
        return world, facts, fact._replace(truth=draw(st.sampled_from(better)))
    return world, facts, fact._replace(amount=draw(_better_amounts(criterion, fact.amount)))


def _better_amounts(criterion, amount):
    """Both ends no worse than they were; an unknown amount, whose good end is open, keeps that end open or best."""
    worst, best = (10, 0) if criterion.lower_is_better else (0, 3 if criterion.kind == "rating" else 10)
    worse, better = (None, None) if amount is None else (amount.low, amount.high)
    if criterion.lower_is_better:
        worse, better = better, worse
    from_worse = worst if worse is None else worse
    to_better = best if better is None else better
    betters = st.just(None) if better is None else st.integers(*sorted((int(to_better), best)))
    worses = st.integers(*sorted((int(from_worse), int(to_better)))) if worse is None or amount else st.just(from_worse)

    def made(ends):
        new_worse, new_better = ends
        low, high = (new_better, new_worse) if criterion.lower_is_better else (new_worse, new_better)
        above = amount is not None and amount.above and low == amount.low and low != high
        return Interval(low, high, above)

    return st.tuples(worses, betters).map(made)


def _wants_the_better_end(bound, criterion):
    if criterion.kind == "capability" or bound is None:
        return bound != ABSENT
    return bound.low is None if criterion.lower_is_better else bound.high is None


def _is_plain(condition, touched, criteria):
    """Whether a condition asks for more of what is touched, and never for less."""
    if isinstance(condition, Not):
        return not touched & {leaf.criterion for leaf in leaves(condition)}
    if isinstance(condition, AllOf | AnyOf):
        return all(_is_plain(part, touched, criteria) for part in condition.parts)
    if condition.criterion not in touched:
        return True
    return condition.present and _wants_the_better_end(condition.bound, criteria[condition.criterion])


@given(improvements())
@settings(SAME_EVERY_RUN, max_examples=200)
def test_a_better_fact_never_hurts_its_provider(improvement):
    world, facts, fact = improvement
    criteria = world.knowledge.criteria
    touched = {fact.criterion} | {each.id for each in criteria.values() if each.of == fact.criterion}
    assume(fact.provider in facts.knowledge.providers)  # others take no part yet
    inference = infer(world.knowledge, world.team)
    assume(
        all(
            _wants_the_better_end(req.bound, criteria[req.criterion])
            for req in inference.requirements
            if req.criterion in touched
        )
    )
    choices = [criteria[req.criterion].any_of for req in inference.requirements]
    assume(all(_is_plain(part, touched, criteria) for parts in choices for part in parts))
    assume(all(_is_plain(part.favours, touched, criteria) for part in inference.favours))
    before = answer_of(decide(world.team, facts))
    after = answer_of(decide(world.team, facts.supposing(fact)))
    name = fact.provider
    if before.scores[name] is not None:
        assert all(new >= old for new, old in zip(after.scores[name], before.scores[name], strict=True))
    order = reference.STANDINGS.index
    assert order(after.standings[name]) <= order(before.standings[name])
    if before.verdict.provider == name:
        assert after.verdict.provider == name
        assert (before.verdict.strength, after.verdict.strength) != ("firm", "leaning")
    if before.verdict.lean == name:
        assert name in {after.verdict.lean, after.verdict.provider}


# A requirement that all meet


@given(worlds(), st.sampled_from(["must", "should", "could"]), st.sampled_from([0.5, 1, 40]))
@settings(SAME_EVERY_RUN, max_examples=150)
def test_a_requirement_that_all_meet_for_certain_changes_nothing(world, priority, weight):
    before = answer_of(decided(*world))
    assume(None not in before.scores.values())  # with nothing asked, nobody is compared
    assume(before.scores.keys() == world.knowledge.providers.keys())  # one more claim would let the others take part
    common = capability("common", weight)
    criteria = {**world.knowledge.criteria, "common": common}
    providers = {
        name: provider._replace(claims=(*provider.claims, claim(name, common, Said("present", as_of=DAY), 99)))
        for name, provider in world.knowledge.providers.items()
    }
    knowledge = base_of(criteria, providers, world.knowledge.rules.values(), world.knowledge.policy)
    team = world.team._replace(requirements=(*world.team.requirements, Requirement("common", priority)))
    after = answer_of(decided(knowledge, team))
    assert (after.verdict, after.standings) == (before.verdict, before.standings)
    assert {given_up for given_up, _ in after.concessions} == {given_up for given_up, _ in before.concessions}


# Providers beside one another


@given(worlds(), st.data())
@settings(SAME_EVERY_RUN, max_examples=150)
def test_dropping_a_provider_that_leads_nowhere_changes_nothing(world, data):
    whole = answer_of(decided(*world))
    before = whole.verdict
    named = {before.provider, before.lean, *before.among}
    dominated = [name for name in world.knowledge.providers if name not in named]
    assume(dominated and len(world.knowledge.providers) > 1)
    dropped = data.draw(st.sampled_from(dominated))
    left = {name: provider for name, provider in world.knowledge.providers.items() if name != dropped}
    after = answer_of(decided(with_providers(world.knowledge, left), world.team)).verdict
    sure = ["leaning", "dated", "firm"]
    if before.strength and after.strength and sure.index(after.strength) > sure.index(before.strength):
        before = before._replace(strength=after.strength)  # one rival less to fear
    if after.kind == "tie" and before.kind == "undetermined":  # that one could still have come out on top
        assert whole.standings[dropped] != "ruled-out"
        assert whole.scores[dropped][2] >= whole.scores[min(before.among)][0]
        before = before._replace(kind="tie")
    assert after == before


@given(worlds(most=4), st.data())
@SAME_EVERY_RUN
def test_adding_a_provider_leaves_the_scores_and_standings_of_all_others(world, data):
    before = answer_of(decided(*world))
    new = data.draw(claims_on("zoe", world.knowledge.criteria))
    after = answer_of(decided(with_providers(world.knowledge, {**world.knowledge.providers, "zoe": new}), world.team))
    assert {name: after.scores[name] for name in before.scores} == before.scores
    assert {name: after.standings[name] for name in before.standings} == before.standings


# Wishes and musts


def _refused(condition):
    """The criteria under a `not`."""
    if isinstance(condition, Not):
        return {leaf.criterion for leaf in leaves(condition) if isinstance(leaf, Need)}
    return set().union(*map(_refused, condition.parts)) if isinstance(condition, AllOf | AnyOf) else set()


@given(worlds(), st.data())
@settings(SAME_EVERY_RUN, max_examples=150)
def test_a_wish_never_overrules_a_must(world, data):
    before = answer_of(decided(*world))
    refused = set().union(*(_refused(part.when) for part in world.knowledge.rules.values()))
    # A wish whose bound contradicts an implied must, or that a rule's `not` looks at: see the end of this file.
    free = [each for each in world.knowledge.criteria.values() if each.id not in refused]
    assume(free)
    wishes = st.one_of([requirements(each, ("should", "could")) for each in free])
    asked = {(req.criterion, req.priority) for req in world.team.requirements}
    wish = data.draw(wishes)
    assume(wish.criterion not in refused)  # a rule may look at a member of a free criterion
    assume((wish.criterion, wish.priority) not in asked)
    bounds = [each.bound for each in before.requirements if each.criterion == wish.criterion and each.bound]
    assume(not any(wish.bound and wish.bound.excludes(bound) for bound in bounds))
    # Who asks for something to be absent, at whatever priority, overrules rules that would add it.
    named = {each.criterion for each in before.requirements}
    named |= {part.criterion for rule in world.knowledge.rules.values() for part in rule.implies}
    assume(not wish.is_absence or wish.criterion not in named)
    assume(wish.criterion not in world.team.refused)
    after = answer_of(decided(world.knowledge, world.team._replace(requirements=(*world.team.requirements, wish))))
    assert after.standings == before.standings
    ahead = {name for name in (after.verdict.provider, after.verdict.lean, *after.verdict.among) if name}
    best = min(map(reference.STANDINGS.index, after.standings.values()))
    assert all(reference.STANDINGS.index(after.standings[name]) == best for name in ahead)


# Order


def _shuffled(mapping, draw):
    keys = list(mapping)
    draw.shuffle(keys)
    return {key: mapping[key] for key in keys}


def _fingerprint(base):
    """What the loader calls these facts and rules."""
    return compute_fingerprint(
        base.sources, base.criteria, base.providers, base.topics, base.usage, base.rules, base.policy
    )


@given(worlds(), st.randoms(use_true_random=False))
@SAME_EVERY_RUN
def test_the_order_of_providers_claims_criteria_and_requirements_never_matters(world, draw):
    knowledge, team = world
    providers = {
        name: provider._replace(claims=tuple(draw.sample(provider.claims, len(provider.claims))))
        for name, provider in _shuffled(knowledge.providers, draw).items()
    }
    rules = list(_shuffled(knowledge.rules, draw).values())
    other = base_of(_shuffled(knowledge.criteria, draw), providers, rules, knowledge.policy)
    asked = tuple(draw.sample(team.requirements, len(team.requirements)))
    again = team._replace(
        requirements=asked,
        situation={topic: tuple(reversed(words)) for topic, words in _shuffled(team.situation, draw).items()},
    )
    assert _fingerprint(other) == _fingerprint(knowledge)
    first, second = decided(knowledge, team), decided(other, again)
    assert answer_of(second) == answer_of(first)
    assert second.outcome.inference.requirements == first.outcome.inference.requirements
    assert second.combinations == first.combinations
    assert second.concessions == first.concessions


@given(worlds())
@SAME_EVERY_RUN
def test_what_the_rules_are_called_never_matters(world):
    names = {name: f"x{99 - number}" for number, name in enumerate(world.knowledge.rules)}
    renamed = [part._replace(id=names[part.id]) for part in world.knowledge.rules.values()]
    other = base_of(world.knowledge.criteria, world.knowledge.providers, renamed, world.knowledge.policy)
    first, second = answer_of(decided(*world)), answer_of(decided(other, world.team))
    assert {part._replace(origins=frozenset(map(names.get, part.origins))) for part in first.requirements} == set(
        second.requirements
    )
    assert {names[name] for name in first.favours} == second.favours
    assert first[2:] == second[2:]


# Scores and worlds


@given(worlds())
@settings(SAME_EVERY_RUN, max_examples=150)
def test_what_is_expected_lies_between_what_is_proven_and_what_is_possible(world):
    for assessment in decided(*world).outcome.assessments:
        for finding in assessment.findings:
            degree = finding.degree
            assert 0 <= degree.low <= degree.expected <= degree.high <= 1
            assert finding.weight > 0
        if assessment.score is not None:
            proven, expected, possible = assessment.score
            assert 0 <= proven <= expected <= possible <= 100


def _completed(facts, draw):
    """The facts, with every unknown turned out one way."""
    known = []
    for provider in facts.knowledge.providers:
        for criterion in facts.knowledge.criteria.values():
            fact = facts(provider, criterion.id)
            if criterion.kind != "capability":
                point = _point(fact.amount or Interval(0, 3 if criterion.kind == "rating" else 12), criterion, draw)
                known.append(fact._replace(amount=Interval(point, point)))
            elif fact.truth is Truth.UNKNOWN:
                known.append(fact._replace(truth=draw.choice(KNOWN)))
    return facts.supposing(*known)


def _point(amount, criterion, draw):
    low = 0 if amount.low is None else amount.low
    high = low + 12 if amount.high is None else amount.high
    if criterion.kind == "rating":
        return draw.randint(low, high)
    inside = draw.choice([low, high, draw.uniform(low, high)])
    return inside if inside > low or not amount.above else high


@given(worlds(), st.integers(0, 2**32))
@settings(SAME_EVERY_RUN, max_examples=150)
def test_however_the_unknowns_turn_out_nothing_proven_is_taken_back(world, seed):
    facts, draw = Facts(world.knowledge, DAY), random.Random(seed)  # noqa: S311 (no secret)
    today = answer_of(decide(world.team, facts))
    for _ in range(8):
        then = answer_of(decide(world.team, _completed(facts, draw)))
        for name, standing in today.standings.items():
            assert standing in {then.standings[name], "unconfirmed"}
            if today.scores[name] is not None:
                proven, _, possible = today.scores[name]
                assert all(proven <= score <= possible for score in then.scores[name])
        if today.verdict.strength == "firm":
            assert then.verdict == today.verdict
        if today.verdict.kind == "none":  # a tie may turn: an unconfirmed rival may join it, or win
            assert then.verdict == today.verdict


def test_a_wish_that_contradicts_an_implied_must_does_not_overrule_it():
    rules = [rule("r", Need("board"), Implied("seats", "must", Interval(8)))]
    knowledge = knowledge_of(CRITERIA, {"ada": {"board": HAS, "seats": Said(3, "exactly")}}, rules)
    before = answer_of(decided(knowledge, Team((must("board"),))))
    after = answer_of(decided(knowledge, Team((must("board"), should("seats", at_most=5)))))
    assert after.standings == before.standings == {"ada": "ruled-out"}


# Where the definitions limit a property, in the smallest worlds: what happens, on purpose


def test_a_rule_that_asks_what_was_not_stated_steps_back_when_it_is_even_as_a_wish():
    rules = [rule("r", AllOf((Need("board"), Not(Need("fax")))), Implied("chat", "must"))]
    knowledge = knowledge_of(CRITERIA, {"ada": {"board": HAS, "chat": LACKS}}, rules)
    assert answer_of(decided(knowledge, Team((must("board"),)))).standings == {"ada": "ruled-out"}
    assert answer_of(decided(knowledge, Team((must("board"), should("fax"))))).standings == {"ada": "qualified"}


def test_a_requirement_that_all_meet_still_silences_a_rule_that_favours_with_it():
    rules = [rule("r", Need("fax"), favours=AllOf((FactHolds("board"), FactHolds("chat"))))]
    claims = {"ada": {"fax": HAS, "board": HAS, "chat": HAS}, "bob": {"fax": HAS, "board": HAS, "chat": LACKS}}
    knowledge = knowledge_of(CRITERIA, claims, rules)
    assert verdict_of(decided(knowledge, Team((must("fax"),))).outcome.verdict) == recommended("ada")
    assert decided(knowledge, Team((must("fax"), must("board")))).outcome.verdict.kind == "tie"


def test_a_stated_price_proves_nothing_where_it_is_not_known_that_what_it_pays_for_is_sold():
    claims = {"ada": {"fax-price": Said(1, "exactly")}, "bob": {"fax-price": Said(2, "exactly"), "fax": HAS}}
    facts, team = Facts(knowledge_of(CRITERIA, claims), DAY), Team((should("fax-price"),))
    assert verdict_of(decide(team, facts).outcome.verdict) == recommended("bob", "leaning")
    with_fax, without = (facts.supposing(Fact("ada", "fax", truth)) for truth in (Truth.YES, Truth.NO))
    assert verdict_of(decide(team, with_fax).outcome.verdict) == recommended("ada")
    assert verdict_of(decide(team, without).outcome.verdict) == recommended("bob")
