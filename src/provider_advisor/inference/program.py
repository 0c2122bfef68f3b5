"""The rules of a knowledge base as productions for the rule engine, made once."""

import threading
from typing import NamedTuple

from provider_advisor.inference.engine import Production, Program
from provider_advisor.inference.settle import need_atom
from provider_advisor.knowledge.alternatives import alternatives
from provider_advisor.knowledge.conditions import Condition, Need, text_of
from provider_advisor.knowledge.records import KnowledgeBase, Rule

__all__ = ["Compiled", "compiled"]

_MOST_KEPT = 64


class Compiled(NamedTuple):
    """The productions, the rule that each belongs to, and the conditions to settle beforehand, with their atoms."""

    program: Program
    rule_of: dict[str, str]
    to_settle: tuple[tuple[str, Condition], ...]


_kept: dict[str, Compiled] = {}
_lock = threading.Lock()


def compiled(knowledge: KnowledgeBase) -> Compiled:
    """The knowledge base's rules, ready for the engine; kept by the fingerprint of the base.

    May be called from any thread.
    """
    with _lock:
        if knowledge.fingerprint not in _kept:
            while len(_kept) >= _MOST_KEPT:
                _kept.pop(next(iter(_kept)))
            _kept[knowledge.fingerprint] = _compile(list(knowledge.rules.values()))
        return _kept[knowledge.fingerprint]


def _compile(rules: list[Rule]) -> Compiled:
    productions: list[Production] = []
    rule_of: dict[str, str] = {}
    to_settle: dict[str, Condition] = {}
    for rule in rules:
        consequent = tuple(need_atom(part.criterion) for part in rule.implies)
        for number, alternative in enumerate(alternatives(rule.when) or ()):
            antecedent = {text_of(condition): condition for condition in alternative}
            to_settle |= {atom: condition for atom, condition in antecedent.items() if not isinstance(condition, Need)}
            production = Production(f"{rule.id}#{number}", tuple(sorted(antecedent)), consequent)
            rule_of[production.name] = rule.id
            productions.append(production)
    return Compiled(Program(productions), rule_of, tuple(to_settle.items()))
