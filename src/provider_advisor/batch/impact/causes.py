"""Find which changes change which verdicts, by judging again with only some of the changes made.

Each change is made alone to the base before, and undone alone in the base after, and the teams whose verdict changes
are judged again. Say that a claim and a weight have changed, and that three teams turned. If the claim alone turns two
of them, `alone` of the claim is 2; if the third turns only with both, it is counted as turned together.

A change that depends on another one brings it along: a rule on a new criterion brings the criterion.
"""

from __future__ import annotations

import dataclasses
import graphlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar, get_args

import numpy as np

from provider_advisor.batch.impact.base_changes import BaseChange, ChangeKey, find_changes, is_reshaped
from provider_advisor.batch.impact.encoded_verdicts import EncodedVerdicts, Judge, Sample
from provider_advisor.batch.kernel.arrays import Flags, Ints
from provider_advisor.knowledge import Claim, Facts, KnowledgeBase, Provider, Rule
from provider_advisor.knowledge.check_rules import sort_rules
from provider_advisor.knowledge.conditions import Condition, FactHolds, Need, Situation, Usage, leaves
from provider_advisor.knowledge.criteria import Criteria, MemberList, split_member
from provider_advisor.knowledge.records import Kind
from provider_advisor.knowledge.rules import Policy
from provider_advisor.requirements.area_weights import list_areas

T = TypeVar("T")
MOST_CHANGES = 300


class Mix(NamedTuple):
    """The facts with some changes made: the requested ones, and those that they depend on."""

    facts: Facts
    made: frozenset[ChangeKey]


class _Link(NamedTuple):
    """A part, by the key that its change would have, that names another part."""

    owner: ChangeKey
    named: ChangeKey


class Mixing:
    """Make some of the changes from one base to another, and those that they depend on."""

    def __init__(self, before: Facts, after: Facts) -> None:
        self._before, self._after = before, after
        self._old, self._new = before.knowledge, after.knowledge
        self.changes: Mapping[ChangeKey, BaseChange] = {change.key: change for change in find_changes(before, after)}
        self._reshaped = {
            name
            for name in self._old.criteria.keys() | self._new.criteria.keys()
            if is_reshaped(name, self._old, self._new)
        }

    def mix_only(self, wanted: Iterable[ChangeKey]) -> Mix | None:
        """Return the old base with these changes and their dependencies made; None if that is impossible."""
        made = set(wanted)
        # `made` only grows, and with all changes made it is the base after, which names nothing that is missing.
        while True:
            while more := self._find_bound(made) - made:  # a rule may bring criteria that bring other rules
                made |= more
            knowledge = self._mix_parts(made)
            missing = [link for link in _find_links(knowledge) if not _has_part(knowledge, link.named)]
            if not missing:
                break
            further = {self._find_mending(link, made) for link in missing}
            if None in further:
                return None
            made |= {key for key in further if key is not None}
        try:
            knowledge = self._finish(knowledge, made)
        except graphlib.CycleError:
            return None
        return Mix(Facts(knowledge, self._before.as_of, self._before.max_age), frozenset(made))

    def _find_mending(self, link: _Link, made: set[ChangeKey]) -> ChangeKey | None:
        """Return the change that adds what is missing, or else the one that removes the reference to it."""
        for key in (link.named, link.owner):
            if key in self.changes and key not in made:
                return key
        return None

    def _find_bound(self, made: set[ChangeKey]) -> set[ChangeKey]:
        """Return the changes that belong with these: a criterion of a new shape, and what names it."""
        # Suppose `fax` becomes a quantity, and a rule now asks for `fax>=2` instead of `fax`. The old rule fits only
        # the old shape and the new rule only the new one, so neither change is made without the other.
        both = self._reshaped & self._old.criteria.keys() & self._new.criteria.keys()
        owners = {key: named & both for key in self.changes if (named := self._list_criteria(key))}
        bound: set[ChangeKey] = {("criterion", "", name) for key in owners if key in made for name in owners[key]}
        reshaped = {key[2] for key in made | bound if key[0] == "criterion"} & both
        return bound | {key for key, named in owners.items() if named & reshaped}

    def _list_criteria(self, change: ChangeKey) -> set[str]:
        """Return the criteria that a changed rule names, or a provider that only one base has; none for others."""
        kind, _, name = change
        if kind == "provider":
            only = self._old.providers.keys() ^ self._new.providers.keys()
            return {of for base in (self._old, self._new) for who, of in base.claims if who == name and name in only}
        found = [base.rules[name] for base in (self._old, self._new) if kind == "rule" and name in base.rules]
        return {link.named[2] for part in found for link in _find_links_of(part) if link.named[0] == "criterion"}

    def _mix_parts(self, made: set[ChangeKey]) -> KnowledgeBase:
        """Return the parts of both bases; rules not yet in order, and without a fingerprint of its own."""
        old, new = self._old, self._new
        criteria = Criteria(_choose("criterion", old.criteria, new.criteria, made))
        criteria.given = _join_lists(old, new)
        return KnowledgeBase(
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


def _find_links(knowledge: KnowledgeBase) -> Iterator[_Link]:
    """Yield all references from parts of a base to other parts."""
    for rule in knowledge.rules.values():
        yield from _find_links_of(rule)
    for criterion in knowledge.criteria.values():
        owner: ChangeKey = ("criterion", "", criterion.id)
        yield from (_Link(owner, ("usage", "", item)) for item in criterion.usage)
        if criterion.of is not None:
            yield _Link(owner, ("criterion", "", criterion.of))
    for provider, criterion_id in knowledge.claims:
        yield _Link(("provider", "", provider), ("criterion", "", criterion_id))


def _find_links_of(rule: Rule) -> Iterator[_Link]:
    owner: ChangeKey = ("rule", "", rule.id)
    yield from (_Link(owner, ("criterion", "", split_member(part.criterion)[0])) for part in rule.implies)
    for condition in (rule.when, rule.favours):
        if condition is not None:
            yield from (_Link(owner, named) for named in _find_named(condition))


def _find_named(condition: Condition) -> Iterator[ChangeKey]:
    for leaf in leaves(condition):
        if isinstance(leaf, Need | FactHolds):
            yield "criterion", "", split_member(leaf.criterion)[0]
        elif isinstance(leaf, Situation):
            yield "situation", "", leaf.topic
        elif isinstance(leaf, Usage):
            yield "usage", "", leaf.item


def _has_part(knowledge: KnowledgeBase, key: ChangeKey) -> bool:
    kind, _, name = key
    parts: dict[str, Mapping[str, object]] = {
        "criterion": knowledge.criteria,
        "situation": knowledge.topics,
        "usage": knowledge.usage,
    }
    return name in parts[kind]


class Cause(NamedTuple):
    """A change, and its effect on the sampled teams, given as places in the sample.

    `alone` are those whose verdict becomes the new one with this change alone, `otherwise` those whose verdict becomes
    yet another; `needed` are those that keep no new verdict if this change alone is undone. None where it cannot be
    made, or undone, alone. `brings` are the changes without which it cannot be made.
    """

    change: BaseChange
    alone: Ints | None
    otherwise: Ints | None
    needed: Ints | None
    brings: tuple[BaseChange, ...] = ()


class Causes(NamedTuple):
    """The changes, those that change the most verdicts first, and the number of `teams` examined.

    For `by_one` of these teams one change alone is enough, for `by_any` any of several alone; `together` counts those
    that turn only by several together, `untried` changes that were too many to be tried.
    """

    parts: tuple[Cause, ...]
    teams: int
    by_one: int
    by_any: int
    together: int
    untried: int


def find_causes(before: Facts, after: Facts, sample: Sample | None, providers: Sequence[str]) -> Causes:
    """Find the effect of each change on the sampled teams."""
    making, undoing = Mixing(before, after), Mixing(after, before)
    changes = list(making.changes.values())
    if sample is None:
        return Causes(tuple(Cause(change, None, None, None) for change in changes), 0, 0, 0, 0, len(changes))
    trying = _Trying(sample, providers)
    found = [_find_cause(change, making, undoing, trying) for change in changes[:MOST_CHANGES]]
    # Changes that can only be made together count as one; otherwise each team would seem to need several.
    apart = {frozenset({cause.change.key, *(part.key for part in cause.brings)}): cause for cause in found}
    turned = np.zeros(len(sample.before), int)
    for cause in apart.values():
        turned[[] if cause.alone is None else cause.alone] += 1
    found += [Cause(change, None, None, None) for change in changes[MOST_CHANGES:]]
    return Causes(
        tuple(sorted(found, key=_sort_key)),
        len(turned),
        int((turned == 1).sum()),
        int((turned > 1).sum()),
        int((turned == 0).sum()),
        max(0, len(changes) - MOST_CHANGES),
    )


class _Trying:
    """Judge the sampled teams with partly changed bases; the last such base is kept."""

    def __init__(self, sample: Sample, providers: Sequence[str]) -> None:
        self.sample, self._providers = sample, providers
        self._kept: dict[str, EncodedVerdicts] = {}

    def __call__(self, mix: Mix) -> tuple[Ints, Flags]:
        """Return the codes of the verdicts, and which teams have one."""
        name = mix.facts.knowledge.fingerprint
        if name not in self._kept:
            judge = Judge(mix.facts, self._providers)
            rows = self.sample.rows
            known = [part for part in rows.schema if _is_known(part.name, mix.facts)]
            self._kept = {name: judge(rows.select([part.name for part in known]))}
        coded = self._kept[name]
        answered = np.ones(len(coded.codes), bool)
        answered[list(coded.errors)] = False
        return coded.codes, answered


def _is_known(column: str, facts: Facts) -> bool:
    kind, _, name = column.partition(".")
    if kind == "weights" and name:
        return name in list_areas(facts.knowledge)
    if kind == "usage" and name:
        return facts.knowledge.find_usage(name) is not None
    return kind != "situation" or not name or name in facts.knowledge.topics


def _find_cause(change: BaseChange, making: Mixing, undoing: Mixing, trying: _Trying) -> Cause:
    alone = otherwise = needed = None
    brings: frozenset[ChangeKey] = frozenset()
    before, after = trying.sample.before, trying.sample.after
    made = making.mix_only([change.key])
    if made is not None:
        codes, answered = trying(made)
        is_new, is_old = (codes == after).all(axis=1), (codes == before).all(axis=1)
        alone, otherwise = np.flatnonzero(answered & is_new), np.flatnonzero(answered & ~is_new & ~is_old)
        brings = made.made - {change.key}
    undone = undoing.mix_only([change.key])
    if undone is not None:
        codes, answered = trying(undone)
        needed = np.flatnonzero(answered & (codes != after).any(axis=1))
    return Cause(change, alone, otherwise, needed, tuple(making.changes[key] for key in sorted(brings)))


def _sort_key(cause: Cause) -> tuple[int, int, ChangeKey]:
    return -_count_teams(cause.alone), -_count_teams(cause.needed), cause.change.key


def _count_teams(places: Ints | None) -> int:
    return 0 if places is None else len(places)
