"""DuckDB again, from the cells of the file as the project gets them: the query reads the requirements too."""

from __future__ import annotations

import pyarrow as pa

from benchmarks.peers.contract import Tables, list_topics
from benchmarks.peers.with_duckdb import Prepared, answer, connect, make_bits, write_query
from provider_advisor import KnowledgeBase

__all__ = ["answer", "prepare"]

_FORM = r"^\s*([^<>=:]+?)\s*(?:(>=|<=|=)([^:]*))?(?::(.*))?$"


def prepare(cells: pa.RecordBatch, tables: Tables, knowledge: KnowledgeBase) -> Prepared:
    """Return the query, the facts and the vocabulary as tables of the database, and the cells as they are, numbered."""
    bits = make_bits(tables)
    connection = connect(tables, bits)
    connection.register("names_given", _make_names(tables, knowledge))
    connection.register("ranks_given", _make_ranks(knowledge))
    connection.execute("CREATE TABLE names AS SELECT * FROM names_given")
    connection.execute("CREATE TABLE ranks AS SELECT * FROM ranks_given")
    numbers = pa.array(range(cells.num_rows), pa.int32())
    connection.register("cells", pa.table({**_take_columns(cells), "team": numbers}))
    text = write_query(tables, bits, _write_asked(tables), teams=f"({_write_teams(tables, cells.schema.names)})")
    return Prepared(connection, text)


def _take_columns(cells: pa.RecordBatch) -> dict[str, pa.Array]:
    return {name: cells.column(name) for name in cells.schema.names}


def _make_names(tables: Tables, knowledge: KnowledgeBase) -> pa.Table:
    rows = [
        {"name": name, "criterion": criterion, "weight": tables.weights[criterion]}
        for name, criterion in knowledge.words.items()
    ]
    return pa.Table.from_pylist(rows)


def _make_ranks(knowledge: KnowledgeBase) -> pa.Table:
    rows = [
        {"criterion": criterion.id, "value": value, "rank": float(rank)}
        for criterion in knowledge.criteria.values()
        for rank, value in enumerate(criterion.values)
    ]
    schema = pa.schema([("criterion", pa.string()), ("value", pa.string()), ("rank", pa.float64())])
    return pa.Table.from_pylist(rows, schema)


def _write_teams(tables: Tables, names: list[str]) -> str:
    """Return a query for the cells with a list for each topic and a number for each item of usage."""
    topics = [
        f'string_split("situation.{topic}", \';\') AS "{topic}"'
        if f"situation.{topic}" in names
        else f'NULL::VARCHAR[] AS "{topic}"'
        for topic in list_topics(tables)
    ]
    items = [
        f'"usage.{item}"::DOUBLE AS "{item}"' if f"usage.{item}" in names else f'NULL::DOUBLE AS "{item}"'
        for item in tables.items
    ]
    return f"SELECT team, needs, wants, {', '.join([*topics, *items])} FROM cells"  # noqa: S608


def _write_asked(tables: Tables) -> str:
    """Return a query that splits, reads each distinct word once, and keeps the tighter of two bounds."""
    costs = ", ".join(f"cost{at}" for at in range(len(tables.providers)))
    any_cost = ", ".join(f"any_value(cost{at}) AS cost{at}" for at in range(len(tables.providers)))
    points = " ".join(f"WHEN '{priority}' THEN {points}" for priority, points in tables.priorities.items())
    return f"""spelt AS MATERIALIZED (
  SELECT team, {costs}, 'must' AS otherwise, unnest(string_split(needs, ',')) AS word FROM costs
  UNION ALL
  SELECT team, {costs}, 'should' AS otherwise, unnest(string_split(wants, ',')) AS word FROM costs
),
read AS (
  SELECT word, unnest(regexp_extract(word, '{_FORM}', ['name', 'sign', 'value', 'priority']))
  FROM (SELECT DISTINCT word FROM spelt)
),
meant AS (
  SELECT word, criterion, weight, nullif(priority, '') AS priority,
    CASE WHEN sign IN ('>=', '=') THEN coalesce(rank, try_cast(value AS DOUBLE)) END AS at_least,
    CASE WHEN sign IN ('<=', '=') THEN coalesce(rank, try_cast(value AS DOUBLE)) END AS at_most
  FROM read JOIN names USING (name) LEFT JOIN ranks USING (criterion, value)
),
asked AS (
  SELECT team, criterion, coalesce(priority, otherwise) AS stands, {any_cost}, stands = 'must' AS must,
    any_value(weight) * CASE stands {points} END AS points, max(at_least) AS at_least, min(at_most) AS at_most
  FROM spelt JOIN meant USING (word) GROUP BY team, criterion, stands
)"""  # noqa: S608
