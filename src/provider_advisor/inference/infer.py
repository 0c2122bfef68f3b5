"""From what a team stated to all it requires, and to the rules that speak for a provider."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from provider_advisor.inference.engine import fire
from provider_advisor.inference.implied import SetAside, implied_requirements
from provider_advisor.inference.program import compiled
from provider_advisor.inference.settle import need_atom, settled_atoms
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, FactHolds, leaves, text_of
from provider_advisor.knowledge.records import KnowledgeBase, Rule
from provider_advisor.requirements import RANK, Requirement, Team

__all__ = ["Firing", "Inference", "consequences", "infer", "judged_by"]


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


def infer(knowledge: KnowledgeBase, team: Team) -> Inference:
    """All that the rules make of a team's statement, chained to the end.

    Raises EngineError if the rule engine fails.
    """
    rules = compiled(knowledge)
    settled = settled_atoms(rules.to_settle, team)
    fired = {
        rules.rule_of[name]
        for name in fire(rules.program, settled | {need_atom(criterion) for criterion in team.stated})
    }
    in_order = [rule for rule in knowledge.rules.values() if rule.id in fired]
    return consequences(in_order, team, settled, knowledge)


def consequences(rules: Sequence[Rule], team: Team, settled: set[str], knowledge: KnowledgeBase) -> Inference:
    """What follows where just these rules fire, in the order of the knowledge base, and these atoms are settled."""
    implied, dropped = implied_requirements(rules, team, settled, knowledge)
    requirements = sorted((*team.requirements, *implied), key=_rank)
    required = {requirement.criterion for requirement in requirements}
    favours, uncounted = _counted([rule for rule in rules if rule.favours is not None], required)
    true = settled | {need_atom(criterion) for criterion in required}
    firings = tuple(Firing(rule, tuple(_antecedents(rule.when, true))) for rule in rules)
    return Inference(tuple(requirements), firings, tuple(favours), (*dropped, *uncounted))


def _rank(requirement: Requirement) -> tuple[int, str, bool, str]:
    return -RANK[requirement.priority], requirement.criterion, bool(requirement.implied_by), str(requirement.bound)


def _counted(rules: Iterable[Rule], required: set[str]) -> tuple[list[Rule], list[SetAside]]:
    """No evidence counts twice: a rule on facts that the team requires itself does not count."""
    counted, uncounted = [], []
    for rule in rules:
        if again := sorted(judged_by(rule) & required):
            uncounted.append(SetAside(rule.id, again[0], "it rests on what is already required"))
        else:
            counted.append(rule)
    return counted, uncounted


def judged_by(rule: Rule) -> set[str]:
    """The criteria by whose facts the rule favours providers; none for a rule that implies."""
    return {leaf.criterion for leaf in leaves(rule.favours) if isinstance(leaf, FactHolds)} if rule.favours else set()


def _antecedents(condition: Condition, true: set[str]) -> list[str]:
    """The texts, among those that are true, that make the condition hold; none if it does not."""
    if isinstance(condition, AllOf | AnyOf):
        found = [_antecedents(part, true) for part in condition.parts]
        if isinstance(condition, AllOf) and not all(found):
            return []
        return list(dict.fromkeys(text for part in found for text in part))
    text = text_of(condition)
    return [text] if text in true else []
