"""Make one knowledge base from two: with the names of both (`merge_…`), or with only some of the changes (`BaseMixer`).

A change that depends on another one brings it along. Say that the base after has a new criterion, `tea`, and a new rule
that asks for it. The rule alone would name a criterion that the base before does not have, so `mix_only` of the rule
makes both changes, and `mix_only` of the criterion only one.
"""

from __future__ import annotations

import dataclasses
import graphlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar, get_args

from provider_advisor.batch.impact.base_changes import BaseChange, ChangeKey, find_base_changes, is_reshaped
from provider_advisor.knowledge import Claim, Facts, KnowledgeBase, Provider, Rule
from provider_advisor.knowledge.check_structure import sort_rules
from provider_advisor.knowledge.conditions import FactHolds, Need, Situation, Usage, leaves, split_member
from provider_advisor.knowledge.criteria import Criteria, MemberList
from provider_advisor.knowledge.records import Kind
from provider_advisor.knowledge.rules import Policy

T = TypeVar("T")


def merge_readable(before: KnowledgeBase, after: KnowledgeBase) -> KnowledgeBase:
    """Return a base that only serves to read the columns and words of both; it cannot answer."""
    topics, usage = {**before.topics, **after.topics}, {**before.usage, **after.usage}
    criteria = Criteria({**before.criteria, **after.criteria})
    criteria.given = lambda: {**before.criteria.lists, **after.criteria.lists}
    return dataclasses.replace(after, topics=topics, usage=usage, criteria=criteria)


def merge_named(before: KnowledgeBase, after: KnowledgeBase) -> KnowledgeBase:
    """Return a base that only serves to look up the providers and sources of both; it cannot answer."""
    one, two = before.whole or before, after.whole or after
    return dataclasses.replace(
        two, providers={**one.providers, **two.providers}, sources={**one.sources, **two.sources}
    )


def keep_known(names: Mapping[str, Iterable[str]], knowledge: KnowledgeBase) -> dict[str, list[str]] | None:
    """Return the ids in each part of a scope that a base knows; None if it knows none of those that limit the scope.

    The other ids are known to the other base only: if a row is limited to Acme and Byte, and this base no longer has
    Acme, the row is limited to Byte.
    """
    known = {
        part: [name for name in ids if name in (knowledge.sources if part == "sources" else knowledge.providers)]
        for part, ids in names.items()
    }
    return None if any(names.get(part) and not known[part] for part in ("only", "sources")) else known


class Mix(NamedTuple):
    """The facts with some changes made: the requested ones, and those that they depend on."""

    facts: Facts
    made: frozenset[ChangeKey]


class BaseMixer:
    """Makes some of the changes from one base to another, and those that they depend on."""

    def __init__(self, before: Facts, after: Facts) -> None:
        self._before, self._after = before, after
        self._old, self._new = before.knowledge, after.knowledge
        self.changes: Mapping[ChangeKey, BaseChange] = {
            change.key: change for change in find_base_changes(before, after)
        }
        self._reshaped = {
            name
            for name in self._old.criteria.keys() | self._new.criteria.keys()
            if is_reshaped(name, self._old, self._new)
        }
        both = self._reshaped & self._old.criteria.keys() & self._new.criteria.keys()
        self._naming = {key: named & both for key in self.changes if (named := self._list_criteria(key))}

    def mix_only(self, wanted: Iterable[ChangeKey]) -> Mix | None:
        """Return the old base with these changes and their dependencies made; None if that is impossible."""
        made = set(wanted)
        # `made` only grows, and with all changes made it is the base after, which names nothing that is missing.
        while True:
            while more := self._find_bound(made) - made:  # a rule may bring criteria that bring other rules
                made |= more
            knowledge = self._mix_parts(made)
            missing = _find_missing(knowledge)
            if not missing:
                break
            further = set()
            for owner, named in missing:
                # Add what is missing, or else remove the part that names it.
                mending = next((key for key in (named, owner) if key in self.changes and key not in made), None)
                if mending is None:
                    return None
                further.add(mending)
            made |= further
        try:
            knowledge = self._finish(knowledge, made)
        except graphlib.CycleError:
            return None
        return Mix(Facts(knowledge, self._before.as_of, self._before.max_age), frozenset(made))

    def _find_bound(self, made: set[ChangeKey]) -> set[ChangeKey]:
        """Return the changes that belong with these: a criterion of a new shape, and what names it."""
        # Suppose `fax` becomes a quantity, and a rule now asks for `fax>=2` instead of `fax`. The old rule fits only
        # the old shape and the new rule only the new one, so neither change is made without the other.
        bound: set[ChangeKey] = {
            ("criterion", "", name) for key, named in self._naming.items() if key in made for name in named
        }
        changed = {name for kind, _, name in made | bound if kind == "criterion"}
        return bound | {key for key, named in self._naming.items() if named & changed}

    def _list_criteria(self, change: ChangeKey) -> set[str]:
        """Return the criteria named by a changed rule, or by the claims of a provider that only one base has."""
        kind, _, name = change
        if kind == "provider":
            only = self._old.providers.keys() ^ self._new.providers.keys()
            return {of for base in (self._old, self._new) for who, of in base.claims if who == name and name in only}
        rules = [base.rules[name] for base in (self._old, self._new) if kind == "rule" and name in base.rules]
        return {named for rule in rules for kind, _, named in _list_named(rule) if kind == "criterion"}

    def _mix_parts(self, made: set[ChangeKey]) -> KnowledgeBase:
        """Return the parts of both bases; rules not yet in order, and without a fingerprint of its own."""
        old, new = self._old, self._new
        criteria = Criteria(_choose("criterion", old.criteria, new.criteria, made))
        criteria.given = _join_lists(old, new)
        return KnowledgeBase(
            # All sources: none is a change of its own, and a claim without its source could not be shown.
            sources={**new.sources, **old.sources},
            criteria=criteria,
            providers=dict(self._choose_providers(made)),
            topics=_choose("situation", old.topics, new.topics, made),
            usage=_choose("usage", old.usage, new.usage, made),
            rules=_choose("rule", old.rules, new.rules, made),
            policy=self._choose_policy(made),
            fingerprint="",
            rates=new.rates,
        )

    def _finish(self, mixed: KnowledgeBase, made: set[ChangeKey]) -> KnowledgeBase:
        """Return the base with its rules in order and a fingerprint of its own. Raises CycleError."""
        rules = {rule.id: rule for rule in sort_rules(list(mixed.rules.values()))}
        # Computing the real fingerprint takes longer than judging.
        identity = f"{self._old.fingerprint} {self._new.fingerprint} {sorted(made)}"
        return dataclasses.replace(mixed, rules=rules, fingerprint=hashlib.sha256(identity.encode()).hexdigest())

    def _choose_policy(self, made: set[ChangeKey]) -> Policy:
        old, new = self._old.policy, self._new.policy
        priorities = {name: (new if ("weight", "", name) in made else old).priorities[name] for name in old.priorities}
        unknown = (new if ("weight", "", "unknown") in made else old).unknown
        sides = {kind: new if ("weight", "", f"stale-after-{kind}") in made else old for kind in get_args(Kind)}
        ages = {kind: side.stale_after[kind] for kind, side in sides.items() if kind in side.stale_after}
        return Policy(priorities, unknown, ages)

    def _choose_providers(self, made: set[ChangeKey]) -> Iterator[tuple[str, Provider]]:
        for name, provider in _choose("provider", self._old.providers, self._new.providers, made).items():
            then, now = self._old.providers.get(name), self._new.providers.get(name)
            if then is None or now is None:
                yield name, provider
                continue
            claims = [claim for claim in then.claims if not self._is_new(claim, made)]
            claims += [claim for claim in now.claims if self._is_new(claim, made)]
            yield name, provider._replace(claims=tuple(claims), products={**now.products, **then.products})

    def _is_new(self, claim: Claim, made: set[ChangeKey]) -> bool:
        """Return whether the claims on that criterion are those of the base after."""
        if claim.criterion in self._reshaped:
            return ("criterion", "", claim.criterion) in made
        return ("fact", claim.provider, claim.criterion) in made


def _choose(kind: str, old: Mapping[str, T], new: Mapping[str, T], made: set[ChangeKey]) -> dict[str, T]:
    """Return each part by id: the new one if its change is made, otherwise the old one."""
    sides = {name: new if (kind, "", name) in made else old for name in old.keys() | new.keys()}
    return {name: side[name] for name, side in sorted(sides.items()) if name in side}


def _join_lists(old: KnowledgeBase, new: KnowledgeBase) -> dict[str, MemberList]:
    """Return the members of either base, because claims of both may occur together."""
    before, after = old.criteria.lists, new.criteria.lists
    return {**before, **after} | {
        name: after[name]._replace(members={**before[name].members, **after[name].members})
        for name in before.keys() & after.keys()
    }


def _find_missing(knowledge: KnowledgeBase) -> list[tuple[ChangeKey, ChangeKey]]:
    """Return each part that names a missing part, and that part, both by the keys that their changes have."""
    links: list[tuple[ChangeKey, ChangeKey]] = [
        (("rule", "", rule.id), named) for rule in knowledge.rules.values() for named in _list_named(rule)
    ]
    for criterion in knowledge.criteria.values():
        owner: ChangeKey = ("criterion", "", criterion.id)
        links += [(owner, ("usage", "", item)) for item in criterion.usage]
        links += [(owner, ("criterion", "", criterion.of))] if criterion.of is not None else []
    links += [(("provider", "", provider), ("criterion", "", name)) for provider, name in knowledge.claims]
    parts: dict[str, Mapping[str, object]] = {
        "criterion": knowledge.criteria,
        "situation": knowledge.topics,
        "usage": knowledge.usage,
    }
    return [(owner, (kind, by, name)) for owner, (kind, by, name) in links if name not in parts[kind]]


def _list_named(rule: Rule) -> Iterator[ChangeKey]:
    """Yield the criteria, situations and usage items that a rule names."""
    for part in rule.implies:
        yield "criterion", "", split_member(part.criterion)[0]
    for condition in (rule.when, rule.favours):
        for leaf in () if condition is None else leaves(condition):
            if isinstance(leaf, Need | FactHolds):
                yield "criterion", "", split_member(leaf.criterion)[0]
            elif isinstance(leaf, Situation):
                yield "situation", "", leaf.topic
            elif isinstance(leaf, Usage):
                yield "usage", "", leaf.item
