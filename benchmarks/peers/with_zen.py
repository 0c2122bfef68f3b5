"""ZEN: one decision graph of decision tables and expressions, and `evaluate_batch` for all teams at once.

Left out, for ZEN compares numbers and nothing else: what is unknown (null raises), intervals of degrees, reasons.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import zen

from benchmarks.peers.contract import Implication, Tables, list_layers, list_leaves, list_topics
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, Not, Situation, Usage
from provider_advisor.requirements import Team

_NO_CEILING = 1e18
_COST = "-2"  # in place of an amount that the team's usage makes
_KEY = "recommend"


def prepare(teams: Sequence[Team], tables: Tables) -> tuple[zen.ZenEngine, list[dict[str, Any]]]:
    """Return the engine with its graph, and a request for each team; ZEN reads a dict sooner than its JSON."""
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {_KEY: _make_graph(tables)}}})
    topics = list_topics(tables)
    return engine, [{"key": _KEY, "context": _make_context(team, topics, tables)} for team in teams]


def answer(prepared: tuple[zen.ZenEngine, list[dict[str, Any]]]) -> list[str | None]:
    """Return the provider of each team."""
    engine, requests = prepared
    return [result["data"]["result"].get("provider") for result in engine.evaluate_batch(requests)]


def _make_context(team: Team, topics: Sequence[str], tables: Tables) -> dict[str, Any]:
    asked = [
        {
            "criterion": part.criterion,
            "must": part.priority == "must",
            "points": tables.priorities[part.priority] * tables.weights[part.criterion],
            **_write_bound(*((None, None) if part.bound is None else part.bound[:2])),
        }
        for part in team.requirements
    ]
    situation = {topic: list(team.situation.get(topic, ())) for topic in topics}
    return {"asked": asked, "stated": sorted(team.stated), "situation": situation, "usage": dict(team.usage)}


def _write_bound(at_least: float | None, at_most: float | None) -> dict[str, Any]:
    """Return both ends as numbers, because ZEN compares no null."""
    bounded = at_least is not None or at_most is not None
    return {
        "bounded": bounded,
        "from": -1 if at_least is None else at_least,
        "to": _NO_CEILING if at_most is None else at_most,
    }


def _make_graph(tables: Tables) -> dict[str, Any]:
    nodes = [{"id": "in", "name": "in", "type": "inputNode"}]
    feeding = {leaf.criterion for leaf in list_leaves(tables) if isinstance(leaf, Need)}
    names = "stated"
    for number, layer in enumerate(list_layers(tables)):
        if fed := [part for part in layer if part.criterion in feeding]:
            rows = [{"in": _write_test(part.when, names), "criterion": _quote(part.criterion)} for part in fed]
            nodes.append(_make_table(f"fed{number}", "in", ["criterion"], rows))
            nodes.append(
                _make_node(f"join{number}", {f"names{number}": f"flatMap([{names}, map(fed{number}, #.criterion)], #)"})
            )
            names = f"names{number}"
    nodes.append(
        _make_table(
            "implied", "in", ["criterion", "must", "points", "bounded", "from", "to"], _list_implied(tables, names)
        )
    )
    required = "flatMap([asked, implied], #)"
    nodes.append(_make_node("costs", _write_costs(tables)))
    nodes.append(
        _make_node("join", {"required": required, "names": f"flatMap([{names}, map(implied, #.criterion)], #)"})
    )
    nodes.append(
        _make_table("favours", "in", [f"to_{at}" for at in range(len(tables.providers))], _list_favours(tables))
    )
    nodes.append(_make_known(tables))
    nodes.append(_make_node("last", _write_last(tables), through=False))
    nodes.append({"id": "out", "name": "out", "type": "outputNode"})
    ids = [str(node["id"]) for node in nodes]
    edges = [{"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"} for a, b in itertools.pairwise(ids)]
    return {"nodes": nodes, "edges": edges}


def _list_implied(tables: Tables, names: str) -> list[dict[str, str]]:
    """Return a row for each implication; of two that imply the same, only the one with more points fires."""
    rows = []
    stronger: dict[str, list[Implication]] = {}
    for part in sorted(tables.implications, key=lambda part: -part.points):
        others = "".join(f" and not {_write_test(other.when, names)}" for other in stronger.get(part.criterion, []))
        stronger.setdefault(part.criterion, []).append(part)
        bound = {key: json.dumps(value) for key, value in _write_bound(part.at_least, part.at_most).items()}
        condition = f"{_write_test(part.when, names)} and not ({_quote(part.criterion)} in stated){others}"
        row = {"in": condition, "criterion": _quote(part.criterion), "must": "false", "points": repr(part.points)}
        rows.append(row | bound)
    return rows


def _list_favours(tables: Tables) -> list[dict[str, str]]:
    rows = []
    for rule in tables.favours:
        free = f"not some(names, # in {_write_list(rule.rests_on)})"
        points = [repr(rule.points if provider in rule.providers else 0) for provider in tables.providers]
        row = {"in": f"{_write_test(rule.when, 'names')} and {free}"}
        rows.append(row | {f"to_{at}": text for at, text in enumerate(points)})
    return rows


def _make_known(tables: Tables) -> dict[str, Any]:
    """Return the facts by criterion, looked up for each requirement."""
    columns = [f"{word}_{at}" for at in range(len(tables.providers)) for word in ("degree", "meets", "low", "high")]
    rows = []
    for criterion in tables.weights:
        row = {"criterion": _quote(criterion)}
        for at, provider in enumerate(tables.providers):
            known = tables.known[provider][criterion]
            row[f"degree_{at}"] = repr(float(known.degree))
            row[f"meets_{at}"] = json.dumps(known.meets)
            row[f"low_{at}"] = repr(-1 if known.low is None else known.low)
            high = repr(_NO_CEILING if known.high is None else known.high)
            row[f"high_{at}"] = _COST if criterion in tables.computed else high
        rows.append(row)
    node = _make_table("found", "criterion", columns, rows, field="criterion", policy="first")
    node["content"] |= {"executionMode": "loop", "inputField": "required"}
    return node


def _write_costs(tables: Tables) -> dict[str, str]:
    """Return what the team's usage costs at most with each provider."""
    texts = {}
    for at, provider in enumerate(tables.providers):
        prices = tables.prices[provider]
        terms = [f"(usage[{_quote(item)}] ?? 0) * {price!r}" for item, price in prices.items()]
        priced = f"all(keys(usage), # in {_write_list(frozenset(prices))})"
        texts[f"cost_{at}"] = f"{priced} ? {' + '.join(terms) or '0'} : {_NO_CEILING:.0f}"
    return texts


def _write_last(tables: Tables) -> dict[str, str]:
    texts: dict[str, str] = {}
    best, most = "null", "-1"
    for at, provider in enumerate(tables.providers):
        within = f"(#.low_{at} >= #.from and (#.high_{at} == {_COST} ? cost_{at} : #.high_{at}) <= #.to)"
        meets = f"all(found, not #.must or (#.bounded ? {within} : #.meets_{at}))"
        degree = f"(#.bounded ? ({within} ? 1 : 0) : #.degree_{at})"
        points = f"sum(map(found, #.points * {degree})) + sum(map(favours, #.to_{at}))"
        texts[f"points_{at}"] = f"{meets} ? {points} : -1"
        mine = f"$.points_{at}"
        best = f"({mine} > {most} ? {_quote(provider)} : {best})"
        most = f"max([{mine}, {most}])"
    return texts | {"provider": best}


def _write_test(condition: Condition, names: str) -> str:
    if isinstance(condition, AllOf | AnyOf):
        word = " and " if isinstance(condition, AllOf) else " or "
        return f"({word.join(_write_test(part, names) for part in condition.parts)})"
    if isinstance(condition, Not):
        return f"(not {_write_test(condition.part, 'stated')})"
    if isinstance(condition, Need):
        return f"({_quote(condition.criterion)} in {names})"
    if isinstance(condition, Situation):
        return f"({_quote(condition.value)} in situation[{_quote(condition.topic)}])"
    if isinstance(condition, Usage):
        low, high = condition.bound.low or 0, condition.bound.high or _NO_CEILING
        volume = f"(usage[{_quote(condition.item)}] ?? -1)"
        return f"({volume} >= {low} and {volume} <= {high})"
    raise TypeError(f"no condition on teams: {condition!r}")


def _quote(word: str) -> str:
    return f"'{word}'"


def _write_list(words: frozenset[str]) -> str:
    return f"[{', '.join(map(_quote, sorted(words)))}]"


def _make_table(  # noqa: PLR0913
    name: str, key: str, outputs: Sequence[str], rows: list[dict[str, str]], *, field: str = "", policy: str = "collect"
) -> dict[str, Any]:
    content = {
        "hitPolicy": policy,
        "inputs": [{"id": key, "name": key, "field": field}],
        "outputs": [{"id": output, "name": output, "field": output} for output in outputs],
        "rules": [{"_id": f"{name}{number}", **row} for number, row in enumerate(rows)],
        "passThrough": True,
        "outputPath": name,
    }
    return {"id": name, "name": name, "type": "decisionTableNode", "content": content}


def _make_node(name: str, texts: dict[str, str], *, through: bool = True) -> dict[str, Any]:
    expressions = [{"id": f"{name}-{key}", "key": key, "value": text} for key, text in texts.items()]
    return {
        "id": name,
        "name": name,
        "type": "expressionNode",
        "content": {"expressions": expressions, "passThrough": through},
    }
