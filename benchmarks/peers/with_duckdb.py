"""DuckDB: one generated query that unnests the requirements, joins the facts and adds up, over an Arrow table.

What a team states becomes a bit mask, and each rule a test of bits; `unmet` adds the musts that each provider fails.
Left out, to keep the query two-valued: what is unknown, intervals of degrees, the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from benchmarks.peers.contract import Implication, Tables, list_layers, list_leaves, list_topics
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, Not, Situation, Usage
from provider_advisor.requirements import Team

_BITS = 62
_ASKED = pa.list_(
    pa.struct(
        [
            ("criterion", pa.string()),
            ("must", pa.bool_()),
            ("points", pa.float64()),
            ("at_least", pa.float64()),
            ("at_most", pa.float64()),
        ]
    )
)


class Prepared(NamedTuple):
    """A database that knows the facts, the rules and the teams, and the query to run."""

    connection: duckdb.DuckDBPyConnection
    query: str


class Bits(NamedTuple):
    """The place of each criterion that a rule is about, in one of several masks."""

    place: dict[str, int]

    @property
    def masks(self) -> range:
        """The numbers of the masks."""
        return range(len(self.place) // _BITS + 1)

    def of(self, criteria: Iterable[str]) -> dict[int, int]:
        """The bits of the criteria, by mask."""
        found: dict[int, int] = {}
        for criterion in criteria:
            mask, bit = divmod(self.place[criterion], _BITS)
            found[mask] = found.get(mask, 0) | 1 << bit
        return found

    def any_of(self, criteria: Iterable[str], word: str) -> str:
        """Whether one of the criteria is among those in the masks of this name."""
        return "(" + " OR ".join(f"({word}{mask} & {bits}) <> 0" for mask, bits in self.of(criteria).items()) + ")"


def prepare(teams: Sequence[Team], tables: Tables, *, unmet: bool = False) -> Prepared:
    """Return the query, the facts as a table of the database, and the teams as an Arrow table."""
    bits = make_bits(tables)
    connection = connect(tables, bits)
    connection.register("teams", _make_teams(teams, tables))
    return Prepared(connection, write_query(tables, bits, _write_asked(tables), unmet=unmet))


def connect(tables: Tables, bits: Bits) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with the facts and the rules."""
    connection = duckdb.connect()
    for name, table in (("facts", _make_facts(tables, bits)), ("rules", _make_rules(tables))):
        connection.register(f"{name}_given", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")  # noqa: S608
    return connection


def answer(prepared: Prepared) -> list[str | None]:
    """Return the provider of each team."""
    found = prepared.connection.sql(prepared.query).to_arrow_table()
    return found.column("provider").to_pylist()


def make_bits(tables: Tables) -> Bits:
    """Return a place for each criterion that a rule names."""
    asked = [leaf.criterion for leaf in list_leaves(tables) if isinstance(leaf, Need)]
    implied = [rule.criterion for rule in tables.implications]
    rests = [criterion for rule in tables.favours for criterion in rule.rests_on]
    return Bits({criterion: place for place, criterion in enumerate(dict.fromkeys([*asked, *implied, *sorted(rests)]))})


def _make_facts(tables: Tables, bits: Bits) -> pa.Table:
    rows = []
    for criterion in tables.weights:
        row: dict[str, Any] = {"criterion": criterion, "computed": criterion in tables.computed}
        own = bits.of([criterion]) if criterion in bits.place else {}
        row |= {f"bits{mask}": own.get(mask, 0) for mask in bits.masks}
        for at, provider in enumerate(tables.providers):
            known = tables.known[provider][criterion]
            row |= {f"degree{at}": float(known.degree), f"meets{at}": known.meets}
            row |= {f"low{at}": _convert_number(known.low), f"high{at}": _convert_number(known.high)}
        rows.append(row)
    return pa.Table.from_pylist(rows)


def _make_rules(tables: Tables) -> pa.Table:
    rows = [
        {
            **rule._asdict(),
            "rule": number,
            "at_least": _convert_number(rule.at_least),
            "at_most": _convert_number(rule.at_most),
        }
        for number, rule in enumerate(tables.implications)
    ]
    kept = ("rule", "criterion", "points", "at_least", "at_most")
    return pa.Table.from_pylist([{key: row[key] for key in kept} for row in rows])


def _convert_number(number: float | None) -> float | None:
    return None if number is None else float(number)


def _make_teams(teams: Sequence[Team], tables: Tables) -> pa.Table:
    columns: dict[str, Any] = {
        "team": pa.array(range(len(teams)), pa.int32()),
        "asked": pa.array([_list_asked(team, tables) for team in teams], _ASKED),
    }
    for topic in list_topics(tables):
        columns[topic] = pa.array(
            [list(team.situation.get(topic, ())) or None for team in teams], pa.list_(pa.string())
        )
    for item in tables.items:
        columns[item] = pa.array([team.usage.get(item) for team in teams], pa.float64())
    return pa.table(columns)


def _list_asked(team: Team, tables: Tables) -> list[dict[str, Any]]:
    return [
        {
            "criterion": part.criterion,
            "must": part.priority == "must",
            "points": tables.priorities[part.priority] * tables.weights[part.criterion],
            "at_least": None if part.bound is None else _convert_number(part.bound.low),
            "at_most": None if part.bound is None else _convert_number(part.bound.high),
        }
        for part in team.requirements
    ]


def _write_asked(tables: Tables) -> str:
    costs = ", ".join(f"cost{at}" for at in range(len(tables.providers)))
    return f"asked AS (SELECT team, {costs}, unnest(asked, recursive := true) FROM costs)"  # noqa: S608


def write_query(tables: Tables, bits: Bits, asked: str, *, teams: str = "teams", unmet: bool = False) -> str:
    """Return the whole query, given the name of the teams' table and the expression that makes `asked` of it."""
    providers = range(len(tables.providers))
    costs = ", ".join(f"{_write_cost(tables, provider)} AS cost{at}" for at, provider in enumerate(tables.providers))
    stated = ", ".join(f"bit_or(bits{mask}) AS stated{mask}" for mask in bits.masks)
    first = ", ".join(f"stated{mask} AS needs0_{mask}" for mask in bits.masks)
    steps, last = _write_layers(tables, bits)
    fired = ", ".join(_write_fired(number, rule, bits, last) for number, rule in enumerate(tables.implications))
    degrees = ", ".join(
        f"CASE WHEN at_least IS NULL AND at_most IS NULL THEN degree{at} "
        f"ELSE {_write_within(at)}::DOUBLE END AS degree{at}, "
        f"CASE WHEN at_least IS NULL AND at_most IS NULL THEN meets{at} ELSE {_write_within(at)} END AS meets{at}"
        for at in providers
    )
    sums = ", ".join(
        f"sum(points * degree{at}) AS points{at}, bool_and(meets{at} OR NOT must) AS meets{at}"
        + (f", list(criterion) FILTER (must AND NOT meets{at}) AS unmet{at}" if unmet else "")
        for at in providers
    )
    total = [
        f"CASE WHEN meets{at} THEN round(points{at} + {_write_favours(tables, at, bits, last)}, 6) ELSE -1 END"
        for at in providers
    ]
    totals = ", ".join(f"{text} AS total{at}" for at, text in enumerate(total))
    lists = "".join(f", unmet{at}" for at in providers) if unmet else ""
    return f"""
WITH costs AS (SELECT *, {costs} FROM {teams}),
{asked},
found AS (SELECT * FROM asked JOIN facts USING (criterion)),
stated AS (SELECT team, {stated} FROM found GROUP BY team),
layer0 AS (SELECT *, {first} FROM costs JOIN stated USING (team)),
{steps}
fired AS (SELECT team, unnest(list_filter([{fired}], lambda x: x IS NOT NULL)) AS rule FROM layer{last}),
implied AS (
  SELECT team, criterion, max(points) AS points, max(at_least) AS at_least, min(at_most) AS at_most
  FROM fired JOIN rules USING (rule) GROUP BY team, criterion
),
required AS (
  SELECT * FROM found
  UNION ALL BY NAME
  SELECT *, false AS must FROM implied JOIN facts USING (criterion)
),
judged AS (SELECT team, criterion, must, points, {degrees} FROM required),
summed AS (SELECT team, {sums} FROM judged GROUP BY team),
totals AS (SELECT team, {totals}{lists} FROM summed JOIN layer{last} USING (team))
SELECT team, {_write_best(tables)} AS provider{lists} FROM totals ORDER BY team
"""  # noqa: S608


def _write_cost(tables: Tables, provider: str) -> str:
    """Return an expression of the cost, NULL where an item has no price."""
    prices = tables.prices[provider]
    terms = [
        f'CASE WHEN "{item}" IS NULL THEN 0 ELSE "{item}" * {prices.get(item, "NULL")} END' for item in tables.items
    ]
    return f"round({' + '.join(terms)}, 9)" if terms else "NULL"


def _write_layers(tables: Tables, bits: Bits) -> tuple[str, int]:
    """Return what is needed once the rules of each layer have fired."""
    steps, found = "", list_layers(tables)
    for number, layer in enumerate(found):
        added = ", ".join(
            f"needs{number}_{mask}{''.join(_write_added(rule, mask, bits, number) for rule in layer)}"
            f" AS needs{number + 1}_{mask}"
            for mask in bits.masks
        )
        steps += f"layer{number + 1} AS (SELECT *, {added} FROM layer{number}),\n"  # noqa: S608
    return steps, len(found)


def _write_added(rule: Implication, mask: int, bits: Bits, number: int) -> str:
    own = bits.of([rule.criterion]).get(mask)
    return (
        ""
        if own is None
        else f" | CASE WHEN {_write_condition(rule.when, bits, f'needs{number}_')} THEN {own} ELSE 0 END"
    )


def _write_fired(number: int, rule: Implication, bits: Bits, last: int) -> str:
    stated = bits.any_of([rule.criterion], "stated")
    return f"CASE WHEN {_write_condition(rule.when, bits, f'needs{last}_')} AND NOT {stated} THEN {number} END"


def _write_favours(tables: Tables, at: int, bits: Bits, last: int) -> str:
    provider, word = tables.providers[at], f"needs{last}_"
    terms = [
        f"CASE WHEN {_write_condition(rule.when, bits, word)} AND NOT {bits.any_of(rule.rests_on, word)}"
        f" THEN {rule.points} ELSE 0 END"
        for rule in tables.favours
        if provider in rule.providers
    ]
    return f"({' + '.join(terms) or '0'})"


def _write_within(at: int) -> str:
    high = f"CASE WHEN computed THEN cost{at} ELSE high{at} END"
    return (
        f"((at_least IS NULL OR coalesce(low{at} >= at_least, false)) "
        f"AND (at_most IS NULL OR coalesce({high} <= at_most, false)))"
    )


def _write_best(tables: Tables) -> str:
    totals = [f"total{at}" for at in range(len(tables.providers))]
    most = f"greatest({', '.join(totals)})"
    cases = " ".join(f"WHEN total{at} = {most} THEN '{name}'" for at, name in enumerate(tables.providers))
    return f"CASE WHEN {most} < 0 THEN NULL {cases} END"


def _write_condition(condition: Condition, bits: Bits, word: str) -> str:
    if isinstance(condition, AllOf | AnyOf):
        joined = " AND " if isinstance(condition, AllOf) else " OR "
        return f"({joined.join(_write_condition(part, bits, word) for part in condition.parts)})"
    if isinstance(condition, Not):
        return f"(NOT {_write_condition(condition.part, bits, 'stated')})"
    if isinstance(condition, Need):
        return bits.any_of([condition.criterion], word)
    if isinstance(condition, Situation):
        return f"coalesce(list_contains(\"{condition.topic}\", '{condition.value}'), false)"
    if isinstance(condition, Usage):
        ends = ((">=", condition.bound.low), ("<=", condition.bound.high))
        tests = [f'"{condition.item}" {sign} {end}' for sign, end in ends if end is not None]
        return f"coalesce({' AND '.join(tests)}, false)"
    raise TypeError(f"no condition on teams: {condition!r}")
