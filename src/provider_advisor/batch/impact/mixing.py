"""A knowledge base with only some of its changes made."""

from __future__ import annotations

import dataclasses
import graphlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from provider_advisor.batch.impact.changes import Change, Key, changes_between, is_reshaped
from provider_advisor.knowledge import Claim, Facts, KnowledgeBase, Provider, Rule
from provider_advisor.knowledge.checks import sort_rules
from provider_advisor.knowledge.conditions import Condition, FactHolds, Need, Situation, Usage, leaves
from provider_advisor.knowledge.records import Policy

__all__ = ["Mix", "Mixing"]

T = TypeVar("T")


class Mix(NamedTuple):
    """The facts with some changes made: those that were asked for, and those without which they cannot be."""

    facts: Facts
    made: frozenset[Key]


class _Link(NamedTuple):
    """A part, by the key that its change would have, that speaks of another part."""

    owner: Key
    named: Key


class Mixing:
    """Makes some of the changes from one base to another; what cannot be without another change brings it along."""

    def __init__(self, before: Facts, after: Facts) -> None:
        self._before, self._after = before, after
        self._old, self._new = before.knowledge, after.knowledge
        self.changes: Mapping[Key, Change] = {change.key: change for change in changes_between(before, after)}
        self._reshaped = {
            name
            for name in self._old.criteria.keys() | self._new.criteria.keys()
            if is_reshaped(name, self._old, self._new)
        }

    def with_only(self, wanted: Iterable[Key]) -> Mix | None:
        """The base before with these changes made, and what they need; None if they cannot be made like that."""
        made = set(wanted)
        while True:
            made |= self._bound_to(made)
            knowledge = self._mixed(made)
            missing = [link for link in _links(knowledge) if not _has(knowledge, link.named)]
            if not missing:
                break
            further = {self._mending(link, made) for link in missing}
            if None in further:
                return None
            made |= {key for key in further if key is not None}
        try:
            knowledge = self._finished(knowledge, made)
        except graphlib.CycleError:
            return None
        return Mix(Facts(knowledge, self._before.as_of, self._before.max_age), frozenset(made))

    def _mending(self, link: _Link, made: set[Key]) -> Key | None:
        """The change that brings what is missing, else the one by which nobody speaks of it."""
        for key in (link.named, link.owner):
            if key in self.changes and key not in made:
                return key
        return None

    def _bound_to(self, made: set[Key]) -> set[Key]:
        """A criterion that gets another shape, and the changed rules that speak of it, go together."""
        both = self._reshaped & self._old.criteria.keys() & self._new.criteria.keys()
        rules = [key for key in self.changes if key[0] == "rule"]
        named = {key: self._criteria_of(key[2]) & both for key in rules}
        bound: set[Key] = {("criterion", "", name) for key in rules if key in made for name in named[key]}
        reshaped = {key[2] for key in made | bound if key[0] == "criterion"} & both
        return bound | {key for key in rules if named[key] & reshaped}

    def _criteria_of(self, rule: str) -> set[str]:
        found = [base.rules[rule] for base in (self._old, self._new) if rule in base.rules]
        return {link.named[2] for part in found for link in _of_rule(part) if link.named[0] == "criterion"}

    def _mixed(self, made: set[Key]) -> KnowledgeBase:
        """The parts of both bases; rules not yet in order, and without a fingerprint of its own."""
        old, new = self._old, self._new
        return KnowledgeBase(
            sources={**new.sources, **old.sources},
            criteria=_chosen("criterion", old.criteria, new.criteria, made),
            providers=dict(self._providers(made)),
            topics=_chosen("situation", old.topics, new.topics, made),
            usage=_chosen("usage", old.usage, new.usage, made),
            rules=_chosen("rule", old.rules, new.rules, made),
            policy=self._policy(made),
            fingerprint="",
        )

    def _finished(self, mixed: KnowledgeBase, made: set[Key]) -> KnowledgeBase:
        """The base with its rules in order and a fingerprint of its own. Raises CycleError."""
        rules = {rule.id: rule for rule in sort_rules(list(mixed.rules.values()))}
        # That of the content takes longer than judging does.
        identity = f"{self._old.fingerprint} {self._new.fingerprint} {sorted(made)}"
        return dataclasses.replace(mixed, rules=rules, fingerprint=hashlib.sha256(identity.encode()).hexdigest())

    def _policy(self, made: set[Key]) -> Policy:
        old, new = self._old.policy, self._new.policy
        priorities = {name: (new if ("weight", "", name) in made else old).priorities[name] for name in old.priorities}
        return Policy(priorities, (new if ("weight", "", "unknown") in made else old).unknown)

    def _providers(self, made: set[Key]) -> Iterator[tuple[str, Provider]]:
        for name, provider in _chosen("provider", self._old.providers, self._new.providers, made).items():
            then, now = self._old.providers.get(name), self._new.providers.get(name)
            if then is None or now is None:
                yield name, provider
                continue
            claims = [claim for claim in then.claims if not self._is_new(claim, made)]
            claims += [claim for claim in now.claims if self._is_new(claim, made)]
            yield name, provider._replace(claims=tuple(claims), products={**now.products, **then.products})

    def _is_new(self, claim: Claim, made: set[Key]) -> bool:
        """Whether the claims on that criterion are those of the base after."""
        if claim.criterion in self._reshaped:
            return ("criterion", "", claim.criterion) in made
        return ("fact", claim.provider, claim.criterion) in made


def _chosen(kind: str, old: Mapping[str, T], new: Mapping[str, T], made: set[Key]) -> dict[str, T]:
    """Each part as it is after where its change is made, else as it was before; by id."""
    sides = {name: new if (kind, "", name) in made else old for name in old.keys() | new.keys()}
    return {name: side[name] for name, side in sorted(sides.items()) if name in side}


def _links(knowledge: KnowledgeBase) -> Iterator[_Link]:
    """All that parts of a base say of other parts."""
    for rule in knowledge.rules.values():
        yield from _of_rule(rule)
    for criterion in knowledge.criteria.values():
        owner: Key = ("criterion", "", criterion.id)
        yield from (_Link(owner, ("usage", "", item)) for item in criterion.usage)
        if criterion.of is not None:
            yield _Link(owner, ("criterion", "", criterion.of))
    for provider, criterion_id in knowledge.claims:
        yield _Link(("provider", "", provider), ("criterion", "", criterion_id))


def _of_rule(rule: Rule) -> Iterator[_Link]:
    owner: Key = ("rule", "", rule.id)
    yield from (_Link(owner, ("criterion", "", part.criterion)) for part in rule.implies)
    for condition in (rule.when, rule.favours):
        if condition is not None:
            yield from (_Link(owner, named) for named in _named_in(condition))


def _named_in(condition: Condition) -> Iterator[Key]:
    for leaf in leaves(condition):
        if isinstance(leaf, Need | FactHolds):
            yield "criterion", "", leaf.criterion
        elif isinstance(leaf, Situation):
            yield "situation", "", leaf.topic
        elif isinstance(leaf, Usage):
            yield "usage", "", leaf.item


def _has(knowledge: KnowledgeBase, key: Key) -> bool:
    kind, _, name = key
    parts: dict[str, Mapping[str, object]] = {
        "criterion": knowledge.criteria,
        "situation": knowledge.topics,
        "usage": knowledge.usage,
    }
    return name in parts[kind]
