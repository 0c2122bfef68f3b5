"""Cut productions into rulesets that durable-rules 2.0.28 can hold, and write them in its dictionary form.

In that form, a rule that waits for two atoms is
`{"r0": {"all": [{"m0": {"atom": "a0"}}, {"m1": {"atom": "a1"}}], "run": …}}`.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

MAX_JOINS = 16
"""Joins in a ruleset. More than 64 cannot match one message, and 256 crash.

Small rulesets run as fast, and one is registered only when an atom that it waits for is present. With 16 joins in
each, the first answer of a process registers half as many as with 64.
"""

MAX_ATOMS = 400
"""Distinct atoms in a ruleset, and so also facts in a session; with 512, registering the ruleset never ends."""

MAX_JOIN = 16
"""Atoms in one join; with 17 the engine returns error 304."""

Atom = str | tuple[str, ...]
"""What a join waits for: a string, or the first atoms of an antecedent too long for one join."""

_Joins = dict[tuple[Atom, ...], tuple[list[str], list[Atom]]]


class Production(NamedTuple):
    """One rule of the engine: when all its atoms are present, it fires and adds others."""

    name: str  # unique within a program
    antecedent: tuple[str, ...]  # atoms that must all be present; at least one
    consequent: tuple[str, ...] = ()  # atoms that firing adds


class Join(NamedTuple):
    """All productions of one antecedent: once its atoms are present, `names` fire and add the atoms in `adds`."""

    antecedent: tuple[Atom, ...]
    names: tuple[str, ...]
    adds: tuple[Atom, ...]


class Shard(NamedTuple):
    """Joins that make up one ruleset.

    `codes` maps each atom to a short word for the engine, so that odd atoms (quotes, NUL, "1e-05", a megabyte) never
    reach its parser. `key` is the text of all antecedents: shards with equal keys can share one ruleset.
    """

    joins: tuple[Join, ...]
    codes: dict[Atom, str]
    key: str


def cut_shards(productions: Iterable[Production]) -> tuple[Shard, ...]:
    """Cut productions into shards within the limits above, independent of their order.

    >>> [len(shard.joins) for shard in cut_shards(Production(str(n), (str(n),)) for n in range(40))]
    [16, 16, 8]
    """
    shards = []
    for joins in _pack(_make_joins(productions)):
        antecedents = [join.antecedent for join in joins]
        atoms = dict.fromkeys(atom for antecedent in antecedents for atom in antecedent)
        codes = {atom: f"a{number}" for number, atom in enumerate(atoms)}
        shards.append(Shard(tuple(joins), codes, ascii(antecedents)))
    return tuple(shards)


def write_definition(shard: Shard, action: Callable[[int], Callable[[object], None]]) -> dict[str, dict[str, object]]:
    """Return a shard as `durable.engine.Host` takes it; `action(number)` is what join `number` runs.

    It waits for messages `{"atom": code}`. Registering consumes the dictionary, so a new one is made each time.
    """
    return {
        f"r{number}": {
            "all": [{f"m{at}": {"atom": shard.codes[atom]}} for at, atom in enumerate(join.antecedent)],
            "run": action(number),
        }
        for number, join in enumerate(shard.joins)
    }


def _make_joins(productions: Iterable[Production]) -> list[Join]:
    """Make one join for each distinct antecedent; neighbours share their first atoms."""
    table: _Joins = {}
    # Sorted, so that equal programs have equal shards whatever their order, and neighbours in a shard share atoms.
    for production in sorted(productions, key=lambda production: production.name):
        steps = _split_steps(production.antecedent)
        for step, following in pairwise(steps):
            table.setdefault(step, ([], []))[1].append(following[0])
        names, adds = table.setdefault(steps[-1], ([], []))
        names.append(production.name)
        adds.extend(production.consequent)
    return [
        Join(antecedent, tuple(table[antecedent][0]), tuple(table[antecedent][1]))
        for antecedent in sorted(table, key=ascii)
    ]


def _split_steps(antecedent: Iterable[str]) -> list[tuple[Atom, ...]]:
    """Return the joins that check an antecedent in turn, each linked to the one before.

    An atom given twice counts once, because the engine never matches one message twice in a join.

    >>> [len(join) for join in _split_steps(f"a{number:02}" for number in range(20))]
    [16, 5]
    """
    # Of 20 atoms the first join waits for a00 to a15, and adds the tuple of these as an atom of its own; the second
    # waits for that one, and for a16 to a19.
    atoms = tuple(sorted(set(antecedent)))
    parts = range(MAX_JOIN, len(atoms), MAX_JOIN - 1)
    later: list[tuple[Atom, ...]] = [(atoms[:done], *atoms[done : done + MAX_JOIN - 1]) for done in parts]
    return [atoms[:MAX_JOIN], *later]


def _pack(joins: Iterable[Join]) -> Iterator[list[Join]]:
    """Yield the joins in order, in groups as large as the limits allow."""
    group: list[Join] = []
    atoms: set[Atom] = set()
    for join in joins:
        if len(group) == MAX_JOINS or len(atoms.union(join.antecedent)) > MAX_ATOMS:
            yield group
            group, atoms = [], set()
        group.append(join)
        atoms.update(join.antecedent)
    if group:
        yield group
