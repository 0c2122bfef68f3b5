"""Build the output columns of a batch: their names, their types and their values."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from provider_advisor.batch.kernel import arrays
from provider_advisor.batch.kernel.arrays import Flags, Floats, GrowingArray, Ints
from provider_advisor.batch.kernel.cells import FAILED, FIRST, PER_PROVIDER, UNKNOWN, Cell, Cells, Entries, list_notices
from provider_advisor.batch.kernel.scores import KINDS, RULED_OUT, STANDINGS, STRENGTHS, Scores, Verdicts
from provider_advisor.batch.native import NO_ROOM, check_memory, load_loops, make_structure
from provider_advisor.decision.findings import Finding
from provider_advisor.knowledge import Facts
from provider_advisor.logic import Truth
from provider_advisor.requirements import Unlisted

_WORD = pa.dictionary(pa.int16(), pa.string())
_WORDS = pa.list_(pa.dictionary(pa.int32(), pa.string()))


GAPS, RANKING, CHANGES = "other_product", "ranking", "changes"
VERDICT_COLUMNS = ("verdict", "strength", "provider", "lean", GAPS)
_SCORES = ("proven", "expected", "possible")
_COSTS = ("monthly_cost_low", "monthly_cost_high")
_LISTS = ("unmet", "unknown")
_NINTH, _ALL_POINTS = 1e9, 10**11  # scores have nine decimals and are at most 100
OF_PROVIDERS = ("standing", *_SCORES, *_COSTS, *_LISTS)
"""The columns of each provider, prefixed with its name and a dot."""


def list_reason_columns(providers: Iterable[str]) -> list[str]:
    """Return the names of the columns that the option `reasons` adds, in order."""
    of_providers = [f"{provider}.{name}" for provider in providers for name in _LISTS]
    return ["among", RANKING, "reasons", CHANGES, *of_providers, "unlisted"]


def make_fields(
    providers: Sequence[str], *, priced: Container[str], gaps: bool, reasons: bool, explain: bool
) -> list[pa.Field]:
    """Return the fields of the output columns, in order.

    Only providers in `priced` have columns of monthly costs. Without `gaps` there is no column of musts that another
    product meets. Words are dictionaries, scores are floats from 0 to 100, and costs are floats in the unit of the
    knowledge base's computed criterion; null means none.
    """
    fields = [pa.field(name, _WORD) for name in VERDICT_COLUMNS if name != GAPS]
    if gaps:
        fields.append(pa.field(GAPS, _WORDS))
    for provider in providers:
        fields.append(pa.field(f"{provider}.standing", _WORD))
        fields += [
            pa.field(f"{provider}.{name}", pa.float64()) for name in (*_SCORES, *(_COSTS if provider in priced else ()))
        ]
    if reasons:
        fields += [pa.field(name, _WORDS) for name in list_reason_columns(providers)]
    if explain:
        fields.append(pa.field("explain", pa.string()))
    return fields


def make_own_words(unlisted: Mapping[int, Sequence[Unlisted]], kept: Flags) -> pa.ListArray:
    """Return for each kept row the requirements in the team's own words, which rarely repeat."""
    found = [(row, part.text) for row in sorted(unlisted) if kept[row] for part in unlisted[row]]
    counts = np.bincount(np.array([row for row, _ in found], np.int64), minlength=len(kept))
    words = arrays.make_dictionary(np.arange(len(found), dtype=np.int32), [text for _, text in found])
    return arrays.make_lists(arrays.find_ends(counts), words, kept)


def make_verdict_columns(providers: Sequence[str], verdicts: Verdicts, kept: Flags) -> dict[str, pa.Array]:
    """Return the verdict columns of the kept rows by name."""
    keep = _make_filter(kept)
    return {
        "verdict": _make_words(keep(verdicts.kind), KINDS),
        "strength": _make_words(keep(verdicts.strength), STRENGTHS),
        "provider": _make_words(keep(verdicts.provider), providers),
        "lean": _make_words(keep(verdicts.lean), providers),
    }


def make_provider_columns(
    providers: Sequence[str], scores: Scores, costs: Mapping[str, Sequence[Floats]], kept: Flags
) -> dict[str, pa.Array]:
    """Return the columns of each provider for the kept rows by name.

    `costs` holds the lowest and the highest costs of the rows by provider.
    """
    keep = _make_filter(kept)
    asked = arrays.pack_bits(keep(scores.asked))
    columns: dict[str, pa.Array] = {}
    for place, provider in enumerate(providers):
        # Standing depends on musts only, so it exists even without scores.
        columns[f"{provider}.standing"] = _make_words(keep(scores.standing[place]), STANDINGS)
        for name, part in zip(_SCORES, (scores.proven, scores.expected, scores.possible), strict=True):
            columns[f"{provider}.{name}"] = arrays.make_numbers(keep(part[place]), asked)
        for name, ends in zip(_COSTS, costs.get(provider, ()), strict=False):
            found = keep(ends)
            columns[f"{provider}.{name}"] = arrays.make_numbers(found, arrays.pack_bits(np.isfinite(found)))
    return columns


def _make_filter(kept: Flags) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return a function that drops what belongs to rows that are not kept."""
    # Arrays are filtered before they become Arrow's, because Arrow filters columns with nulls much more slowly.
    return (lambda array: array) if kept.all() else (lambda array: array[kept])


def make_rankings(there: Sequence[str], scores: Scores, kept: Flags) -> pa.ListArray:
    """Return for each kept row the providers that are not ruled out, best first."""
    # Combine standing, unknown musts, points lost (as integers of the ninth decimal) and the provider's index into one
    # number; the smallest leads. Sorting one number is much cheaper than sorting by four columns.
    bits = len(there).bit_length()
    ranks = scores.standing * np.int64(scores.unknown.max(initial=0) + 1) + scores.unknown
    lost = _ALL_POINTS - np.rint(scores.expected * _NINTH).astype(np.int64)
    keys = (ranks * (_ALL_POINTS + 1) + lost << bits) + np.arange(len(there))[:, np.newaxis]
    order = np.sort(np.ascontiguousarray(keys.T), axis=1) & (1 << bits) - 1
    counts = np.where(scores.asked & kept, np.count_nonzero(scores.standing < RULED_OUT, axis=0), 0)
    ranked = order[np.arange(len(there)) < counts[:, np.newaxis]]  # ruled-out providers come last in each row
    return arrays.make_lists(arrays.find_ends(counts), arrays.make_dictionary(ranked.astype(np.int32), there), kept)


def _make_words(places: Ints, dictionary: Sequence[str]) -> pa.DictionaryArray:
    """Return words by their indexes in a dictionary; -1 becomes null."""
    return arrays.make_dictionary(places.astype(np.int16), dictionary)


def make_word_lists(flags: Flags, dictionary: Sequence[str], kept: Flags) -> pa.ListArray:
    """Return the words that flags (words by rows) mark, for kept rows; other rows must have none."""
    rows, places = np.nonzero(flags.T)
    ends = arrays.find_ends(np.bincount(rows, minlength=flags.shape[1]))
    return arrays.make_lists(ends, arrays.make_dictionary(places.astype(np.int32), dictionary), kept)


_Weighed = Iterator[tuple[float, str]]


def spell_code(finding: Finding) -> str:
    """Return the reason code of a finding, such as `whiteboard`.

    - `whiteboard`: required by the team
    - `whiteboard<rule`: implied by a rule; several rules are joined by `+`
    - `whiteboard=no`: must be absent
    - `sms|whatsapp`: a choice
    - `rule:<id>`: a rule that favours providers
    """
    if finding.requirement is None:
        return f"rule:{finding.rule.id}" if finding.rule else ""
    origins = "+".join(finding.requirement.implied_by)
    return f"{finding.requirement.code}<{origins}" if origins else finding.requirement.code


def find_decisive(cell: Cell) -> _Weighed:
    """Yield weight and code of findings whose degree is not the same for all providers."""
    for beside in zip(*cell.findings, strict=True):
        if cell.telling or len({(finding.degree.low, finding.degree.high) for finding in beside}) > 1:
            yield beside[0].weight, spell_code(beside[0])


class CodeList(NamedTuple):
    """A list column: `find` returns the weights and codes that a cell adds to it.

    If `counted` is given, cells with 0 in that column of their numbers add none, and are skipped.
    """

    find: Callable[[Cell], Iterable[tuple[float, str]]]
    counted: int | None = None


class Codes:
    """The codes that each cell adds to the list columns, found when a cell is first seen; thread-safe."""

    def __init__(self, lists: Mapping[str, CodeList]) -> None:
        self._lists = lists
        self._places: dict[_Code, int] = {}
        self._of, self._ends = GrowingArray(np.int32), GrowingArray(np.int32)
        self._ends.extend([0])
        self._shares = np.full(len(lists), 0.1)
        self._table, self._texts = self._sort_codes()

    def make_columns(self, entries: Entries, kept: Flags, cells: Cells) -> dict[str, pa.ListArray]:
        """Return by name a list for each kept row, sorted by descending weight, then alphabetically.

        Rows that are not kept must have no codes.
        """
        with cells.lock:
            if len(self._ends.array) <= len(cells.known):
                self._gather(cells)
            table, texts = self._table, self._texts
        columns, parts = {}, _list_codes(entries, table, self._shares)
        for name, words, (ends, codes) in zip(self._lists, texts, parts, strict=True):
            found = pa.DictionaryArray.from_arrays(arrays.make_numbers(codes), words, safe=False)
            columns[name] = arrays.make_lists(ends, found, kept)
        return columns

    def _gather(self, cells: Cells) -> None:
        """Add the codes of new cells, and sort all codes again if one is new."""
        new, before = cells.known[len(self._ends.array) - 1 :], len(self._places)
        lists = [*self._lists.values()]
        has_some = np.ones((len(new), len(lists)), bool)
        for at, column in enumerate(lists):
            if column.counted is not None:
                has_some[:, at] = cells.numbers[-len(new) :, column.counted] > 0
        counts, places = [0] * len(new), list[int]()
        for cell, at in np.argwhere(has_some).tolist():
            found = list(lists[at].find(new[cell]))
            heaviest = {code: (weight, code) for weight, code in sorted(found)} if len(found) > 1 else {}
            codes = [(at, -weight, code) for weight, code in heaviest.values() or found]
            places += [self._places.setdefault(code, len(self._places)) for code in codes]
            counts[cell] += len(codes)
        self._ends.extend(np.cumsum(counts) + len(self._of.array))
        self._of.extend(places)
        if len(self._places) > before:
            self._table, self._texts = self._sort_codes()
        else:  # most new cells have only known codes
            self._table = self._table._replace(begins=self._ends.array, places=self._order.take(self._of.array))

    def _sort_codes(self) -> tuple[_CodeTable, list[pa.StringArray]]:
        ordered = sorted(self._places)
        self._order = np.empty(len(ordered), np.int32)
        self._order[[self._places[code] for code in ordered]] = np.arange(len(ordered))
        distinct: list[dict[str, int]] = [{} for _ in self._lists]
        words = [distinct[at].setdefault(word, len(distinct[at])) for at, _, word in ordered]
        list_of = np.array([at for at, *_ in ordered], np.int32)
        table = _CodeTable(self._ends.array, self._order.take(self._of.array), list_of, np.array(words, np.int32))
        return table, [arrays.make_texts([*each]) for each in distinct]


_Code = tuple[int, float, str]
"""The index of a list, a weight (negated, so that the heaviest comes first), and a word."""


class _CodeTable(NamedTuple):
    """The sorted codes of all lists and cells: the arrays of `code_table` in `loops.h`."""

    begins: Ints
    places: Ints
    list_of: Ints
    words: Ints


def _list_codes(entries: Entries, table: _CodeTable, shares: Floats) -> list[tuple[Ints, Ints]]:
    """Return for each list the ends of the rows, and the words of all rows.

    `shares` guesses how long each list is beside the entries, and is corrected where it is too low.
    """
    given = make_structure("code_table", codes=len(table.words), lists=len(shares), **table._asdict())
    teams = len(entries.ends) - 1
    ends = np.empty((len(shares), teams + 1), np.int32)
    while True:
        # All lists with room for every entry would be many times as large as what is used.
        starts = np.concatenate([[0], np.cumsum(np.ceil(shares * len(entries.cells)).astype(np.int64))])
        codes = np.empty(starts[-1], np.int32)
        found = load_loops().list_codes(given, entries.ends, entries.cells, teams, starts, ends, codes)
        if found != NO_ROOM:
            check_memory(found)
            return [(of, codes[first : first + of[-1]]) for of, first in zip(ends, starts[:-1], strict=True)]
        np.maximum(shares, 1.2 * ends[:, -1] / len(entries.cells), out=shares)


def make_code_lists(facts: Facts) -> Codes:
    """Return the codes of the list columns."""
    lists = {"reasons": CodeList(find_decisive), CHANGES: CodeList(lambda cell: _list_changes(cell, facts))}
    for place, provider in enumerate(facts.knowledge.providers):
        first = FIRST + PER_PROVIDER * place
        lists[f"{provider}.unmet"] = CodeList(_list_musts(place, Truth.NO), first + FAILED)
        lists[f"{provider}.unknown"] = CodeList(_list_musts(place, Truth.UNKNOWN), first + UNKNOWN)
    return Codes(lists)


def _list_changes(cell: Cell, facts: Facts) -> _Weighed:
    """Yield the notices of the facts that a cell uses, such as `acme:fax:ends:2027-01-31`."""
    for notice in list_notices(cell, facts):
        # All have weight 0, so that a fact used by two cells of a row is listed once.
        yield 0, f"{notice.provider}:{notice.criterion}:{notice.kind}:{notice.day}"


def _list_musts(place: int, truth: Truth) -> Callable[[Cell], _Weighed]:
    def find_musts(cell: Cell) -> _Weighed:
        for finding in cell.findings[place]:
            # Check the truth first: it excludes most findings.
            if finding.degree.truth is truth and finding.requirement is not None and finding.decides_standing:
                yield finding.weight, finding.requirement.code

    return find_musts
