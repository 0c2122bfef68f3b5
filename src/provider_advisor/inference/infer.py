"""From what a team stated to all it requires, and to the rules that speak for a provider.

A team's situation, usage and `not` conditions are settled as yes, no or unknown before any rule fires. What is
certainly true becomes an atom, a plain text, for the rule engine; numbers and unknowns never reach it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.inference.engine import Production, Program, fire
from provider_advisor.inference.implied import SetAside, imply
from provider_advisor.knowledge.alternatives import alternatives
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import (
    Condition,
    FactHolds,
    Leaf,
    Need,
    Not,
    Situation,
    Usage,
    evaluate,
    fold,
    leaves,
    list_needed,
    text_of,
)
from provider_advisor.knowledge.rules import Rule
from provider_advisor.logic import Truth, compare
from provider_advisor.requirements import RANK, Requirement, Team
from provider_advisor.requirements.volumes import add_up

__all__ = [
    "CompiledRules",
    "Firing",
    "Inference",
    "compile_rules",
    "consequences",
    "holds_for",
    "infer",
    "judged_by",
    "need_atom",
    "settled_atoms",
]


class Firing(NamedTuple):
    """A rule that fired, and the texts of what it fired on: `need:video-api`, `situation:developers=none`."""

    rule: Rule
    antecedents: tuple[str, ...]


class Inference(NamedTuple):
    """What follows from a team's statement.

    `requirements` are the stated and the implied ones, musts first; `firings` all rules that fired; `favours` those
    among them that count for providers; `set_aside` what fired and does not count.
    """

    requirements: tuple[Requirement, ...]
    firings: tuple[Firing, ...]
    favours: tuple[Rule, ...]
    set_aside: tuple[SetAside, ...]


class CompiledRules(NamedTuple):
    """The productions, the rule that each belongs to, and the conditions to settle beforehand, with their atoms."""

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
        consequent = tuple(need_atom(name) for part in rule.implies for name in list_needed(part.criterion))
        for number, alternative in enumerate(alternatives(rule.when) or ()):
            antecedent = {text_of(condition): condition for condition in alternative}
            to_settle |= {atom: condition for atom, condition in antecedent.items() if not isinstance(condition, Need)}
            production = Production(f"{rule.id}#{number}", tuple(sorted(antecedent)), consequent)
            rule_of[production.name] = rule.id
            productions.append(production)
    return CompiledRules(Program(productions), rule_of, tuple(to_settle.items()))


def need_atom(criterion: str) -> str:
    """Return the atom for a requirement of the criterion, at any priority."""
    return text_of(Need(criterion))


def settled_atoms(conditions: Iterable[tuple[str, Condition]], team: Team) -> set[str]:
    """Return the atoms of those conditions, given with their texts, that are certainly true of the team."""
    stated = team.needed
    return {atom for atom, condition in conditions if holds_for(condition, team, stated) is Truth.YES}


def holds_for(condition: Condition, team: Team, stated: frozenset[str]) -> Truth:
    """Return the condition's truth from what the team stated itself; what it did not answer is unknown."""

    def truth_of(leaf: Leaf) -> Truth:
        if isinstance(leaf, Need):
            return Truth.YES if leaf.criterion in stated else Truth.NO
        if isinstance(leaf, Situation) and leaf.topic in team.situation:
            return Truth.YES if leaf.value in team.situation[leaf.topic] else Truth.NO
        if isinstance(leaf, Usage) and team.usage and (used := add_up(team.usage, leaf.item)) is not None:
            return compare(used, leaf.bound)
        return Truth.UNKNOWN

    return evaluate(condition, truth_of)


def infer(knowledge: KnowledgeBase, team: Team) -> Inference:
    """Return everything that follows from a team's statement by the rules, chained to the end.

    Raises EngineError if the rule engine fails.
    """
    rules = compile_rules(knowledge)
    settled = settled_atoms(rules.to_settle, team)
    atoms = settled | {need_atom(criterion) for criterion in team.needed}
    fired = {rules.rule_of[name] for name in fire(rules.program, atoms)}
    in_order = [rule for rule in knowledge.rules.values() if rule.id in fired]
    return consequences(in_order, team, settled, knowledge)


def consequences(rules: Sequence[Rule], team: Team, settled: set[str], knowledge: KnowledgeBase) -> Inference:
    """Return what follows if the engine fired just these rules, in the order of the base, and these atoms hold."""
    found = imply(rules, team, settled, knowledge)
    requirements = sorted(found.requirements, key=_get_rank)
    required = {requirement.criterion for requirement in requirements}
    required |= {name for part in requirements if not part.is_absence for name in list_needed(part.criterion)}
    favours: list[Rule] = []
    uncounted: list[SetAside] = []
    for rule in found.rules:
        # No evidence counts twice: the facts of a required criterion are judged already.
        if again := sorted(judged_by(rule) & required):
            uncounted.append(SetAside(rule.id, again[0], "it is based on what is already required"))
        elif unwanted := sorted(judged_by(rule).intersection(team.unwanted)):
            uncounted.append(SetAside(rule.id, unwanted[0], "you said that you do not want it"))
        elif rule.favours is not None:
            favours.append(rule)
    true = settled | {need_atom(criterion) for criterion in required - team.refused}
    firings = tuple(Firing(rule, tuple(_find_antecedents(rule.when, true))) for rule in found.rules)
    return Inference(tuple(requirements), firings, tuple(favours), (*found.aside, *uncounted))


def _get_rank(requirement: Requirement) -> tuple[int, str, bool, str]:
    return -RANK[requirement.priority], requirement.criterion, bool(requirement.implied_by), str(requirement.bound)


def judged_by(rule: Rule) -> set[str]:
    """Return the criteria by whose facts the rule favours providers; none for a rule that implies."""
    return {leaf.criterion for leaf in leaves(rule.favours) if isinstance(leaf, FactHolds)} if rule.favours else set()


def _find_antecedents(condition: Condition, true: set[str]) -> list[str]:
    """Return the texts, among those that are true, that make the condition hold; none if it does not."""

    def own(part: Leaf | Not) -> list[str]:
        return [text] if (text := text_of(part)) in true else []

    def every(found: Iterator[list[str]]) -> list[str]:
        parts = list(found)
        return _merge_once(parts) if all(parts) else []

    return fold(condition, own, every=every, some=_merge_once, negated=own)


def _merge_once(parts: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(chain.from_iterable(parts)))
