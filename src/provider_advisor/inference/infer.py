"""Infer from a team's statement what it requires, and which rules favour providers.

An example, with rules that say "who needs `ucaas` should have `sms`" and "for a team without developers, favour who has
a `builder`":

    stated    need:ucaas (must), developers=none
    settled   situation:developers=none is certainly true, and becomes an atom beside need:ucaas
    fired     both rules; the engine chains, so that a third one with `need: sms` would fire too
    implied   sms, a should as the rule says, and never above the must that fired it
    favours   the second rule, unless the team requires `builder` itself

A team's situation, usage and `not` conditions are evaluated to yes, no or unknown before any rule fires. Those
certainly true become atoms (plain texts) for the rule engine; numbers and unknowns never reach it.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.inference.engine import Program, fire
from provider_advisor.inference.rulesets import Production
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import (
    Condition,
    Leaf,
    Need,
    Not,
    Situation,
    Usage,
    evaluate,
    fold_condition,
    judged_by,
    list_conjunctions,
    list_needed,
    text_of,
)
from provider_advisor.knowledge.records import Priority
from provider_advisor.knowledge.rules import Implied, Rule
from provider_advisor.logic import Truth, compare
from provider_advisor.requirements import PRIORITIES, RANK, Requirement, Team
from provider_advisor.requirements.statement import add_up_volumes, intersect_bounds, join_requirements, list_unwanted

_UNCAPPED = max(RANK.values())
_BY_RANK: dict[int, Priority] = {RANK[priority]: priority for priority in PRIORITIES}


class SetAside(NamedTuple):
    """A rule's consequent that does not count, and the reason in words."""

    rule: str
    criterion: str
    because: str


class Inference(NamedTuple):
    """What follows from a team's statement.

    `requirements` are the stated and the implied ones, musts first; `fired` all rules that fired; `favours` those
    that count for providers; `set_aside` consequents that do not count.
    """

    requirements: tuple[Requirement, ...]
    fired: tuple[Rule, ...]
    favours: tuple[Rule, ...]
    set_aside: tuple[SetAside, ...]

    @property
    def judged(self) -> tuple[Requirement | Rule, ...]:
        """Return what each provider is judged on, in the order of its findings."""
        return *self.requirements, *self.favours


def infer(knowledge: KnowledgeBase, team: Team) -> Inference:
    """Return everything that follows from a team's statement by the rules, chained to the end.

    Raises EngineError if the rule engine fails.
    """
    rules = compile_rules(knowledge)
    settled = settle_atoms(rules.to_settle, team)
    atoms = settled | {text_of(Need(criterion)) for criterion in team.needed}
    fired = {rules.rule_of[name] for name in fire(rules.program, atoms)}
    # The engine fires in any order; the base has rules that imply a criterion before those that need it (`_imply`).
    in_order = [rule for rule in knowledge.rules.values() if rule.id in fired]
    return draw_consequences(in_order, team, settled, knowledge)


class CompiledRules(NamedTuple):
    """The productions, the rule of each, and the conditions to evaluate first, with their atoms."""

    program: Program
    rule_of: dict[str, str]
    to_settle: tuple[tuple[str, Condition], ...]


_compiled = BoundedCache[str, CompiledRules](limit=64)


def compile_rules(knowledge: KnowledgeBase) -> CompiledRules:
    """Return the knowledge base's rules, ready for the engine; kept by the fingerprint of the base.

    All parts of a base have its rules, and share them here. May be called from any thread.
    """
    return _compiled.get_or_make((knowledge.whole or knowledge).fingerprint, lambda: _compile(knowledge.rules.values()))


def _compile(rules: Iterable[Rule]) -> CompiledRules:
    productions: list[Production] = []
    rule_of: dict[str, str] = {}
    to_settle: dict[str, Condition] = {}
    for rule in rules:
        consequent = tuple(text_of(Need(name)) for part in rule.implies for name in list_needed(part.criterion))
        # A production has no `any`, so each branch becomes a production of its own, and one that fires is enough.
        for number, conjunction in enumerate(list_conjunctions(rule.when) or ()):
            antecedent = {text_of(condition): condition for condition in conjunction}
            to_settle |= {atom: condition for atom, condition in antecedent.items() if not isinstance(condition, Need)}
            production = Production(f"{rule.id}#{number}", tuple(sorted(antecedent)), consequent)
            rule_of[production.name] = rule.id
            productions.append(production)
    return CompiledRules(Program(productions), rule_of, tuple(to_settle.items()))


def settle_atoms(conditions: Iterable[tuple[str, Condition]], team: Team) -> set[str]:
    """Return the atoms of those conditions, given with their texts, that are certainly true of the team."""
    stated = team.needed
    return {atom for atom, condition in conditions if holds_for(condition, team, stated) is Truth.YES}


def holds_for(condition: Condition, team: Team, stated: frozenset[str]) -> Truth:
    """Return the condition's truth from the team's own statement; unanswered parts are unknown."""

    def truth_of(leaf: Leaf) -> Truth:
        if isinstance(leaf, Need):
            return Truth.YES if leaf.criterion in stated else Truth.NO
        if isinstance(leaf, Situation) and leaf.topic in team.situation:
            return Truth.YES if leaf.value in team.situation[leaf.topic] else Truth.NO
        if isinstance(leaf, Usage) and team.usage and (used := add_up_volumes(team.usage, leaf.item)) is not None:
            return compare(used, leaf.bound)
        return Truth.UNKNOWN

    return evaluate(condition, truth_of)


def draw_consequences(rules: Sequence[Rule], team: Team, settled: set[str], knowledge: KnowledgeBase) -> Inference:
    """Return the consequences if exactly these rules fired, in the base's order, and these atoms hold."""
    fired, added, aside = _imply(rules, team, settled, knowledge)
    requirements = sorted(
        put_together(team.requirements, added, knowledge),
        key=lambda part: (-RANK[part.priority], part.criterion, bool(part.implied_by), str(part.bound)),
    )
    required = {requirement.criterion for requirement in requirements}
    required |= {name for part in requirements if not part.is_absence for name in list_needed(part.criterion)}
    favours: list[Rule] = []
    for rule in fired:
        # No evidence counts twice: the facts on a required criterion are already judged as a requirement.
        if again := sorted(judged_by(rule.favours) & required):
            aside.append(SetAside(rule.id, again[0], "it is based on what is already required"))
        elif unwanted := sorted(judged_by(rule.favours).intersection(team.unwanted)):
            aside.append(SetAside(rule.id, unwanted[0], "you said that you do not want it"))
        elif rule.favours is not None:
            favours.append(rule)
    return Inference(tuple(requirements), tuple(fired), tuple(favours), tuple(aside))


def _imply(
    fired: Sequence[Rule], team: Team, settled: set[str], knowledge: KnowledgeBase
) -> tuple[list[Rule], list[Requirement], list[SetAside]]:
    """Return the rules that really fire, the requirements that they add, and the consequents set aside.

    An implied requirement has at most the priority of the need that fired its rule; one that the team does not want, or
    that contradicts a stated bound, is set aside. The engine knows nothing of that: it also fires the rules that need
    what is set aside here, and these are left out.
    """
    # The rank of each need so far. One pass is enough: rules that imply a criterion come before those that need it
    # (`sort_rules`), so a rank is final when it is looked up.
    ranks: dict[str, int] = {}
    for stated in team.requirements:
        if not stated.is_absence:  # requiring its absence does not mean needing it
            raise_ranks(ranks, stated.criterion, RANK[stated.priority])
    added: list[Requirement] = []
    aside: list[SetAside] = []
    firing: list[Rule] = []
    said = (*team.requirements, *list_unwanted(team))
    for rule in fired:
        cap = _cap(rule.when, ranks, settled)
        if not cap:
            continue
        firing.append(rule)
        for part in rule.implies:
            rank = min(RANK[part.priority], cap)
            requirement = added_by(rule, part, rank, knowledge)
            if contradicted := contradicts(requirement, said):
                aside.append(SetAside(rule.id, part.criterion, contradicted))
                continue
            raise_ranks(ranks, part.criterion, rank)
            added.append(requirement)
    return firing, added, sorted(aside, key=lambda part: (part.criterion, part.rule))


def _cap(condition: Condition, ranks: dict[str, int], settled: set[str]) -> int:
    """Return the highest rank that the needs under the condition allow.

    0 where it does not hold, no cap where none is asked.
    """

    def cap(part: Leaf | Not) -> int:
        if isinstance(part, Need):
            return ranks.get(part.criterion, 0)
        return _UNCAPPED if text_of(part) in settled else 0

    return fold_condition(
        condition, cap, every=lambda caps: min(list(caps)), some=lambda caps: max(list(caps)), negated=cap
    )


def raise_ranks(ranks: dict[str, int], criterion: str, rank: int) -> None:
    """Note that a criterion, and what it needs, is asked for at this rank or a higher one."""
    for name in list_needed(criterion):
        ranks[name] = max(ranks.get(name, 0), rank)


def added_by(rule: Rule, part: Implied, rank: int, knowledge: KnowledgeBase) -> Requirement:
    """Return the requirement that a part of a rule adds, at this rank; the rule's weight wins."""
    weight = knowledge.criteria[part.criterion].weight if rule.weight is None else rule.weight
    return Requirement(part.criterion, _BY_RANK[rank], part.bound, weight, (rule.id,))


def put_together(
    stated: Sequence[Requirement], added: Iterable[Requirement], knowledge: KnowledgeBase
) -> tuple[Requirement, ...]:
    """Return what is stated and what rules added, merged, so that nothing counts twice at one priority.

    An implied requirement is left out if a stated one asks at least as much. If it asks for more at the same priority,
    it replaces the stated one, with the bounds of both, the larger weight, and the rules as its origin: 90 countries
    stated and 100 implied become one requirement for 100.
    """
    return merge_uncovered(stated, [part for part in added if not is_covered(part, stated)], knowledge)


def is_covered(part: Requirement, stated: Iterable[Requirement]) -> bool:
    """Return whether a stated requirement asks at least as much, so that the part is left out."""
    return any(other.asks_as_much_as(part) for other in stated)


def merge_uncovered(
    stated: Sequence[Requirement], left: Sequence[Requirement], knowledge: KnowledgeBase
) -> tuple[Requirement, ...]:
    """Return what is stated, merged with what is left of what rules added: nothing stated covers it."""
    if not left:
        return tuple(stated)
    criteria = {part.criterion for part in left}
    apart = tuple(part for part in stated if part.criterion not in criteria)
    beside = [_fill_in_weight(part, knowledge) for part in stated if part.criterion in criteria]
    by_criterion = sorted([*beside, *left], key=lambda part: part.criterion)
    groups = itertools.groupby(by_criterion, key=lambda part: part.criterion)
    merged = [part for _, group in groups for part in _merge_group(list(group))]
    # What no rule touched stays as the team stated it, without the weight that was filled in for the comparison.
    own = {_fill_in_weight(part, knowledge): part for part in stated}
    return (*apart, *(own.get(part, part) for part in merged))


def _fill_in_weight(stated: Requirement, knowledge: KnowledgeBase) -> Requirement:
    own = knowledge.criteria[stated.criterion].weight if stated.weight is None else stated.weight
    return stated._replace(weight=own)


def contradicts(requirement: Requirement, stated: Iterable[Requirement]) -> str | None:
    """Return why it does not count beside the team's statement; a wish does not overrule an added must."""
    bound = requirement.bound
    asked = [other for other in stated if other.criterion == requirement.criterion]
    if any(other.priority == "wont" for other in asked):
        return "you said that you do not want it"
    if any(other.is_absence for other in asked):
        return "you asked for it to be absent"
    if bound is None:
        return None
    if requirement.priority == "must":
        asked = [other for other in asked if other.priority == "must"]
    against = any(other.bound is not None and bound.excludes(other.bound) for other in asked)
    return "it contradicts a bound that you stated" if against else None


def _merge_group(group: list[Requirement]) -> list[Requirement]:
    """Return the tightest bound at each priority, without implied ones that another one covers."""
    parts = [
        part for priority in PRIORITIES for part in _tighten([each for each in group if each.priority == priority])
    ]
    # What the team stated at a priority stays there, even if rules imply more at a higher one. But of requirements
    # without a bound only the highest stays, as if the team had stated both: the same evidence would count twice.
    highest = max((RANK[part.priority] for part in parts if part.bound is None), default=0)
    stated = {part.priority for part in group if not part.implied_by}
    stated -= {part.priority for part in parts if part.bound is None and RANK[part.priority] < highest}
    absorbed: dict[int, list[Requirement]] = {}
    for place, part in enumerate(parts):
        absorbed.setdefault(place if part.priority in stated else _find_absorbing(place, parts), []).append(part)
    # A part that absorbs others keeps its own priority and bound: a must for 100 by one rule and a should for 50 by
    # another are a must for 100 by both.
    return [
        parts[place]
        if len(absorbed[place]) == 1
        else join_requirements([parts[place], *absorbed[place]], parts[place].bound)
        for place in sorted(absorbed)
    ]


def _find_absorbing(place: int, parts: Sequence[Requirement]) -> int:
    """Return the place of the first part that asks as much and is absorbed by no other, or its own."""
    over = [at for at, other in enumerate(parts) if at != place and other.asks_as_much_as(parts[place])]
    over = [at for at in over if not parts[place].asks_as_much_as(parts[at]) or at < place]
    return _find_absorbing(over[0], parts) if over else place


def _tighten(level: list[Requirement]) -> list[Requirement]:
    """Return one requirement with all bounds of the level; where rules exclude one another, each beside the stated."""
    if len(level) < 2:  # noqa: PLR2004 (one stays as it is)
        return level
    tightest = intersect_bounds(level)
    if tightest is None or not tightest.is_empty():
        return [join_requirements(level, tightest)]
    stated = [part for part in level if not part.implied_by]
    implied = sorted((part for part in level if part.implied_by), key=lambda part: (str(part.bound), part.implied_by))
    if not stated or len(implied) == 1:
        return [*stated, *implied]
    return [each for part in implied for each in _tighten([*stated, part])]
