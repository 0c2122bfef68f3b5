"""A plain loop over durable-rules: assert a team's facts, let the rules chain, take down what fired; Python adds up.

Left out, for rules here join facts that are equal: what is unknown, numbers and `not` (settled before), degrees,
reasons. At most 64 joins fit a ruleset, so there are several, and a round for each layer of rules.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from benchmarks.peers.contract import Favour, Implication, Tables, choose_provider
from provider_advisor.inference.engine import Host
from provider_advisor.inference.infer import holds_for
from provider_advisor.knowledge.conditions import Condition, Need, list_conjunctions, text_of
from provider_advisor.logic import Truth
from provider_advisor.requirements import Team

_MOST_JOINS = 64
_Rule = Implication | Favour


class _Prepared(NamedTuple):
    """`waiting` has, for each atom, the rulesets that wait for it; `fired` is where the actions write."""

    tables: Tables
    host: Host
    waiting: dict[str, list[str]]
    fired: list[_Rule]
    teams: list[tuple[Team, set[str]]]


class _Quiet(Host):  # type: ignore[misc]  # durable has no stubs
    """Without the two threads that a host starts to dispatch timers."""

    def _run(self) -> None:
        pass


def prepare(teams: Sequence[Team], tables: Tables) -> _Prepared:
    """Return the registered rulesets, and the teams with their facts: needs, answers, and what is settled before."""
    host, fired = _Quiet(), []
    waiting: dict[str, list[str]] = {}
    joins = [
        (rule, sorted(text_of(part) for part in conjunction))
        for rule in (*tables.implications, *tables.favours)
        for conjunction in list_conjunctions(rule.when) or ()
    ]
    for number, first in enumerate(range(0, len(joins), _MOST_JOINS)):
        name, part = f"teams{number}", joins[first : first + _MOST_JOINS]
        host.register_rulesets({name: _make_ruleset(part, fired)})
        for atom in dict.fromkeys(atom for _, atoms in part for atom in atoms):
            waiting.setdefault(atom, []).append(name)
        # The first session of a ruleset must run an action.
        _run(host, [name], {name: part[0][1]}, "s0")
    settled = _collect_settled(tables)
    return _Prepared(tables, host, waiting, fired, [(team, _list_atoms(team, settled)) for team in teams])


def answer(prepared: _Prepared) -> list[str | None]:
    """Return the provider of each team."""
    sids = itertools.cycle([f"s{number}" for number in range(1000)])
    return [_answer_team(team, atoms, next(sids), prepared) for team, atoms in prepared.teams]


def _answer_team(team: Team, atoms: set[str], sid: str, prepared: _Prepared) -> str | None:
    seen, fresh = set(), {atom for atom in atoms if atom in prepared.waiting}
    prepared.fired.clear()
    touched = set()
    while fresh:
        seen |= fresh
        dealt: dict[str, list[str]] = {}
        for atom in fresh:
            for name in prepared.waiting[atom]:
                dealt.setdefault(name, []).append(atom)
        touched |= dealt.keys()
        for name, part in dealt.items():
            prepared.host.assert_facts(name, [{"sid": sid, "id": atom, "atom": atom} for atom in part])
        added = {text_of(Need(rule.criterion)) for rule in prepared.fired if isinstance(rule, Implication)}
        fresh = {atom for atom in added if atom in prepared.waiting} - seen
    for name in touched:
        prepared.host.delete_state(name, sid)
    fired = dict.fromkeys(prepared.fired)
    return choose_provider(
        team,
        [rule for rule in fired if isinstance(rule, Implication)],
        [rule for rule in fired if isinstance(rule, Favour)],
        prepared.tables,
    )


def _make_ruleset(joins: Iterable[tuple[_Rule, list[str]]], fired: list[_Rule]) -> dict[str, Any]:
    def action(rule: _Rule) -> Callable[[object], None]:
        return lambda _: fired.append(rule)

    return {
        f"r{number}": {"all": [{f"m{at}": {"atom": atom}} for at, atom in enumerate(atoms)], "run": action(rule)}
        for number, (rule, atoms) in enumerate(joins)
    }


def _run(host: Host, names: Iterable[str], atoms: dict[str, list[str]], sid: str) -> None:
    for name in names:
        host.assert_facts(name, [{"sid": sid, "id": atom, "atom": atom} for atom in atoms[name]])
        host.delete_state(name, sid)


def _collect_settled(tables: Tables) -> dict[str, Condition]:
    found = [
        part
        for rule in (*tables.implications, *tables.favours)
        for conjunction in list_conjunctions(rule.when) or ()
        for part in conjunction
        if not isinstance(part, Need)
    ]
    return {text_of(part): part for part in found}


def _list_atoms(team: Team, settled: dict[str, Condition]) -> set[str]:
    stated = team.stated
    true = {atom for atom, condition in settled.items() if holds_for(condition, team, stated) is Truth.YES}
    return true | {text_of(Need(criterion)) for criterion in stated}
