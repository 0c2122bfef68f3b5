"""Rules over many teams: which fire where, and what they add; rule after rule, over whole columns.

The rules of a knowledge base stand in an order in which those that imply a criterion come before those that need it,
so that one pass chains to the end what the rule engine chains for a single team. A test holds both to one result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from provider_advisor.batch.kernel.cells import Cells, Change
from provider_advisor.batch.kernel.settling import holds
from provider_advisor.batch.kernel.situations import Said
from provider_advisor.batch.kernel.types import Flags, Ints
from provider_advisor.inference import judged_by
from provider_advisor.knowledge import KnowledgeBase, Rule
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, Need, leaves, text_of
from provider_advisor.requirements import RANK

__all__ = ["Chained", "Chaining"]

_UNCAPPED = max(RANK.values())
_RANKS = _UNCAPPED + 1


class _Needed(NamedTuple):
    """What rows require of the criteria that rules speak of: `place` is the row of a criterion in both arrays.

    `ranks` holds the highest rank at which it is required, 0 if it is not; `cells` its cell, for those that rules add,
    which come first. `words` are the words whose cells rules may change, `at` where these stand in the flat `cells`.
    """

    place: Mapping[str, int]
    ranks: Ints
    cells: Ints
    words: Ints
    at: Ints


class Chained(NamedTuple):
    """What rules added: cells of criteria that are not stated, and of rules that favour.

    `rows` and `cells` belong together. `alone` marks rows in which a rule adds a requirement on a computed criterion.
    """

    rows: Ints
    cells: Ints
    alone: Flags


class Chaining:
    """The rules of a knowledge base, ready for columns."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._rules = tuple(knowledge.rules.values())
        self._to_settle = {
            text_of(part): part for rule in self._rules for part in _parts(rule.when) if not isinstance(part, Need)
        }
        implied = sorted({part.criterion for rule in self._rules for part in rule.implies})
        others = {name for rule in self._rules for name in _criteria(rule)}.difference(implied)
        self._place = {name: place for place, name in enumerate([*implied, *sorted(others)])}
        self._implied = len(implied)
        self._computed = [self._place[name] for name in implied if knowledge.criteria[name].computed]
        self._place_of = np.array([self._place.get(name, -1) for name in knowledge.criteria] + [-1], np.int16)

    def run(self, at: Ints, found: Ints, said: Said, cells: Cells) -> Chained:
        """Fire every rule where it fires, and bring the cells of stated words up to date.

        `at` and `found` are the row and the cell of each word.
        """
        needed = self._needed(at, found, said.rows, cells)
        stated = needed.ranks > 0
        by_name = {name: stated[place] for name, place in self._place.items()}
        settled = {text: holds(part, by_name, said) for text, part in self._to_settle.items()}
        before = needed.cells[self._computed].copy()
        rows, added = self._fire(needed, stated, settled, cells)
        found[needed.words] = needed.cells.ravel().take(needed.at)
        alone = (needed.cells[self._computed] != before).any(axis=0)
        return Chained(rows, added, alone)

    def _needed(self, at: Ints, found: Ints, rows: int, cells: Cells) -> _Needed:
        """What the words require of the criteria that rules speak of.

        A word that is put together with one before it has cell 0, and no place.
        """
        place = self._place_of[cells.places].take(found)  # of long columns, twice as fast as an index
        ours = np.flatnonzero(place >= 0)
        flat = place.take(ours).astype(np.int64) * rows + at.take(ours)  # far faster than two indices at once
        ranks = np.zeros((len(self._place), rows), np.uint8)
        ranks.ravel()[flat] = cells.ranks.take(found.take(ours))
        changing = np.flatnonzero(flat < self._implied * rows)
        words, flat = ours.take(changing), flat.take(changing)
        stated = np.zeros((self._implied, rows), np.int32)
        stated.ravel()[flat] = found.take(words)
        return _Needed(self._place, ranks, stated, words, flat)

    def _fire(self, needed: _Needed, stated: Flags, settled: Mapping[str, Flags], cells: Cells) -> tuple[Ints, Ints]:
        fired_needs = stated.copy()
        favoured: list[tuple[Rule, Flags]] = []
        for rule in self._rules:
            fired = _holds(rule.when, needed.place, fired_needs, settled)
            rows = np.flatnonzero(fired)
            if not len(rows):
                continue
            for number, part in enumerate(rule.implies):
                place = needed.place[part.criterion]
                ranks = np.minimum(RANK[part.priority], _cap(rule.when, rows, needed, settled))
                fired_needs[place] |= fired
                _add(partial(cells.changed, rule, number), needed.cells[place], needed.ranks[place], rows, ranks)
            if rule.favours is not None:
                favoured.append((rule, fired))
        added = fired_needs[: len(needed.cells)] & ~stated[: len(needed.cells)]
        found = [_unstated(place, rows, needed) for place, rows in enumerate(added)]
        return _joined(found + [_counted(rule, fired, needed.place, fired_needs, cells) for rule, fired in favoured])


def _parts(when: Condition) -> Iterator[Condition]:
    """The parts that are looked at as one: needs, and what is settled before any rule fires."""
    if isinstance(when, AllOf | AnyOf):
        for part in when.parts:
            yield from _parts(part)
    else:
        yield when


def _criteria(rule: Rule) -> set[str]:
    needs = {leaf.criterion for leaf in leaves(rule.when) if isinstance(leaf, Need)}
    return needs | {part.criterion for part in rule.implies} | judged_by(rule)


def _holds(when: Condition, place: Mapping[str, int], needs: Flags, settled: Mapping[str, Flags]) -> Flags:
    if isinstance(when, AllOf | AnyOf):
        parts = [_holds(part, place, needs, settled) for part in when.parts]
        return reduce(np.logical_and if isinstance(when, AllOf) else np.logical_or, parts)
    return needs[place[when.criterion]] if isinstance(when, Need) else settled[text_of(when)]


def _cap(when: Condition, rows: Ints, needed: _Needed, settled: Mapping[str, Flags]) -> Ints:
    """The highest rank that the needs under the condition allow in each of the rows, as for a single team."""
    if isinstance(when, AllOf):
        return reduce(np.minimum, [_cap(part, rows, needed, settled) for part in when.parts])
    if isinstance(when, AnyOf):
        return reduce(np.maximum, [_cap(part, rows, needed, settled) for part in when.parts])
    if isinstance(when, Need):
        return np.asarray(needed.ranks[needed.place[when.criterion]][rows])
    return np.where(settled[text_of(when)][rows], _UNCAPPED, 0).astype(np.uint8)


def _add(changed: Callable[[int, int], Change], cells: Ints, required: Ints, rows: Ints, ranks: Ints) -> None:
    """Bring the cells and ranks of an implied criterion up to date in some rows, each different case once."""
    cases, which = _cases(cells[rows] * _RANKS + ranks)
    changes = [changed(int(case) // _RANKS, int(case) % _RANKS) for case in cases]
    cells[rows] = np.array([change.cell for change in changes], np.int32)[which]
    allowed = ~np.array([change.contradicted for change in changes], bool)[which]
    required[rows] = np.maximum(required[rows], ranks * allowed)


def _cases(keys: Ints) -> tuple[Ints, Ints]:
    """The different keys, and the place of each among them; most often there is only one."""
    if (keys == keys[0]).all():
        return keys[:1], np.zeros(len(keys), np.int32)
    places = np.zeros(int(keys.max()) + 1, np.int32)
    places[keys] = 1
    cases = np.flatnonzero(places)
    places[cases] = np.arange(len(cases))
    return cases, places[keys]


def _unstated(place: int, added: Flags, needed: _Needed) -> tuple[Ints, Ints]:
    """The rows and the cells of what rules added where its criterion is not stated."""
    rows = np.flatnonzero(added)
    return rows, needed.cells[place][rows]


def _counted(rule: Rule, fired: Flags, place: Mapping[str, int], required: Flags, cells: Cells) -> tuple[Ints, Ints]:
    """Where a rule that favours counts: not for a team that requires itself what the rule rests on."""
    again = [required[place[criterion]] for criterion in judged_by(rule)]
    rows = np.flatnonzero(fired & ~reduce(np.logical_or, again))
    return rows, np.full(len(rows), cells.of_rule(rule), np.int32)


def _joined(found: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    nothing = np.zeros(0, np.int32)
    rows, cells = zip((nothing, nothing), *found, strict=True)
    return np.concatenate(rows).astype(np.int32), np.concatenate(cells).astype(np.int32)
