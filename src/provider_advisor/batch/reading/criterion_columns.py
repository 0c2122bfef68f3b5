"""Tables with a column for each criterion, and cells such as must, x or >=90.

    Team | Ring groups | Fax           Team | needs
    a    | must        | x        →    a    | ring-groups:must,fax:must
    b    | nice        |               b    | ring-groups:could

All later steps see only the result, so nothing else has to handle such tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from provider_advisor.batch.blocks import Block
from provider_advisor.batch.column_names import Spelling, rename_all
from provider_advisor.batch.input_columns import add_reasons, read_distinct
from provider_advisor.batch.kernel.layout import UNLISTED
from provider_advisor.batch.reading.input_files import ReadingOptions
from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements.grammar import get_name
from provider_advisor.requirements.matching import (
    AS_SPECIFIED,
    CARRY,
    DoubtfulMatchesError,
    Match,
    Matcher,
    explain_doubt,
)
from provider_advisor.requirements.priority_words import NOTHING, Scale, explain_cell, find_wish, is_number
from provider_advisor.safe_text import fold, reveal_line

_TEXTS = pa.list_(pa.string())
_SIGNS = (">=", "<=", "≥", "≤", "=")
_SAMPLE = 10_000
# Headers about the people and companies behind a team, in any domain. A criterion may have the same name, so such a
# header is a requirement only if cells say must or x.
_PERSONAL = re.compile(
    "account|address|city|client|comments?|company|contacts?|contact-name|contact-person|country|currency|customer|date|"
    "department|(e-?)?mail(-address)?|((first|last|team)-)?name|id|language|mobile|notes?|organi[sz]ation|owner|person|"
    "(tele)?phone(-number)?|region|remarks?|responsible|state|street|surname|title|url|website|zip"
)
_ADVICE = (
    "say what each means in a file (--matched FILE writes it, --matches FILE reads it; 'carry' copies a column, "
    "'unlisted' lists it without judging it)"
)


class _AskedColumn(NamedTuple):
    """A column of the input that contains requirements: its place, and the meaning of its header.

    `counts` means that this is an amount, so that a bare number may be meant as a bound.
    """

    place: int
    match: Match
    counts: bool

    def read(self, cell: str, scale: Scale) -> str | None:
        """Return what a cell asks for, as a list in the grammar, or in own words as JSON; None if it asks for nothing.

        Raises RequirementsError, which names the column.
        """
        text, header, targets = cell.strip(), self.match.word, self.match.targets
        wish, is_bound = find_wish(text, scale), text.startswith(_SIGNS)
        if wish == NOTHING or (wish == "wont" and self.match.is_unlisted):
            return None
        if self.match.is_unlisted and (wish or is_bound):
            own = {"text": header if wish else f"{header} {text}", "priority": wish or "must"}
            return json.dumps(own, ensure_ascii=False)
        if wish:
            return ",".join(f"{target}:{wish}" for target in targets)
        if is_bound and "," not in text and ";" not in text:
            asked = text if ":" in text else f"{text}:must"
            return ",".join(f"{target}{asked}" for target in targets)
        bound = f" If it is a bound, write >={text} or <={text}." if self.counts and is_number(text) else ""
        raise RequirementsError(f"the column '{reveal_line(header)}' {explain_cell(text, scale)}{bound}")


class CriterionColumns(NamedTuple):
    """How a table with criteria as columns is read; `matches` are what all headers stand for, for people to see."""

    columns: tuple[_AskedColumn, ...]
    kept: tuple[int, ...]
    scale: Scale
    schema: pa.Schema
    matches: tuple[Match, ...]

    def read(self, block: Block) -> Block:
        """Return a block with `needs` in place of its criteria, without the rows that have a wrong cell."""
        rows = block.rows
        wrong: dict[int, str] = {}
        lists: list[pa.Array] = []
        own: list[pa.Array] = []
        for column in self.columns:
            items, reasons = read_distinct(rows.column(column.place), partial(column.read, scale=self.scale))
            add_reasons(wrong, reasons)
            (own if column.match.is_unlisted else lists).append(items)
        # Not with Arrow: when skipping nulls, it drops rows that have nothing else (pyarrow 26).
        needs = _make_frame(lists or [pa.nulls(rows.num_rows, pa.string())]).select(
            pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
        )
        found = [*(rows.column(place) for place in self.kept), needs.to_series().to_arrow().cast(pa.string())]
        if own:
            texts = pl.concat_list(pl.all()).list.drop_nulls()
            listed = _make_frame(own).select(pl.when(texts.list.len() > 0).then(texts))
            found.append(listed.to_series().to_arrow().cast(_TEXTS))
        rows = pa.RecordBatch.from_arrays(found, schema=self.schema)
        return block._replace(rows=rows).leave_out(None, wrong)


def _make_frame(columns: Iterable[pa.Array]) -> pl.DataFrame:
    return pl.DataFrame({str(place): pl.from_arrow(column) for place, column in enumerate(columns)})


def plan_criterion_columns(
    schema: pa.Schema, sample: pa.RecordBatch | None, knowledge: KnowledgeBase, options: ReadingOptions
) -> CriterionColumns | None:
    """Return how to read a table without lists of requirements; None if no column is a criterion.

    `sample` are its first rows: a header is in doubt where nothing is found for it, but its cells say must or x, and
    where a criterion is found, but no cell says anything of that kind.

    Raises DoubtfulMatchesError with one sentence for each header in doubt, and RequirementsError for two that mean one.
    """
    spelling = Spelling.make_for(knowledge, id_column=options.id_column)
    renamed = rename_all(schema.names, dict(options.renames))
    places = [place for place, name in enumerate(renamed) if name != options.id_column and not spelling.find(name)]
    found = Matcher(knowledge, dict(options.matches)).find_all(renamed[place] for place in places)
    if not any(_is_asked(match) or match.candidates for match in found):
        return None
    scale = dict(options.scale)
    matches, problems = [], []
    for place, match in zip(places, found, strict=True):
        settled, problem = _settle(match, _list_cells(sample, place), scale, knowledge)
        if problem and options.unlist and not match.targets:
            settled, problem = match.unlist(), None
        matches.append(settled)
        problems += [problem] if problem else []
    if not any(map(_is_asked, matches)) and not problems:
        return None
    listed = [match.word for match in matches if match.is_unlisted]
    if listed and any(spelling.find(name) == UNLISTED for name in renamed):
        raise RequirementsError(
            f"the column '{reveal_line(listed[0])}' is to be listed, but there is a column '{UNLISTED}' "
            "for that; move its requirements there."
        )
    problems += _find_twice(matches, knowledge)
    if problems:
        more = "." if all(match.targets for match in matches) else ", or list all of them with --unlisted-unknown."
        raise DoubtfulMatchesError([*problems[:-1], f"{problems[-1]} To continue, {_ADVICE}{more}"], matches)
    return _place_columns(schema, dict(zip(places, matches, strict=True)), scale, knowledge)


def _place_columns(
    schema: pa.Schema, meant: dict[int, Match], scale: Scale, knowledge: KnowledgeBase
) -> CriterionColumns:
    """Return how a table is read, given the meanings of headers by place; all other columns have our names."""
    asked = {place: match for place, match in meant.items() if _is_asked(match)}
    columns = [_AskedColumn(place, match, _is_amount(match, knowledge)) for place, match in asked.items()]
    kept = [place for place in range(len(schema)) if place not in meant or meant[place].targets == (CARRY,)]
    fields = [*(schema.field(place) for place in kept), pa.field("needs", pa.string())]
    fields += [pa.field(UNLISTED, _TEXTS)] if any(match.is_unlisted for match in asked.values()) else []
    return CriterionColumns(tuple(columns), tuple(kept), scale, pa.schema(fields), tuple(meant.values()))


def _is_asked(match: Match) -> bool:
    return match.is_requirement or match.is_unlisted


def _is_amount(match: Match, knowledge: KnowledgeBase) -> bool:
    names = (knowledge.find_criterion(get_name(target)) for target in match.targets if match.is_requirement)
    return any(name is not None and knowledge.criteria[name].kind in {"quantity", "price"} for name in names)


def _list_cells(sample: pa.RecordBatch | None, place: int) -> list[str]:
    if sample is None:
        return []
    column = sample.column(place).slice(0, _SAMPLE)
    if pa.types.is_nested(column.type) or column.type in {pa.binary(), pa.large_binary()}:
        return []
    return [text.strip() for text in column.cast(pa.string()).unique().to_pylist() if text and text.strip()]


def _settle(match: Match, cells: list[str], scale: Scale, knowledge: KnowledgeBase) -> tuple[Match, str | None]:
    """Return the meaning of a header, given its cells, and a sentence if it is in doubt.

    Whiteboard   must, x       the criterion
    Whiteboard   blue, green   in doubt: cells under a criterion say how much it is wanted, and these do not
    Region       Ulm, Bonn     carried: it is about the people behind the team
    Foo          must, x       in doubt: it asks for something, and no criterion is found
    Foo          must, blue    carried: one odd cell is enough to show that it asks for nothing
    """
    says = [cell for cell in cells if find_wish(cell, scale) is not None or cell.startswith(_SIGNS)]
    if not says and cells and match.how != AS_SPECIFIED and _PERSONAL.fullmatch(fold(match.word)):
        return Match(match.word, (CARRY,), ""), None
    if match.targets:
        is_sure = match.how == AS_SPECIFIED or not match.is_requirement
        if is_sure or not cells or says or any(is_number(cell) for cell in cells):
            return match, None
        name = get_name(match.targets[0])
        doubt = (
            f"the column '{reveal_line(match.word)}' has the name of '{name}', but its cells do not say how much it is "
        )
        return Match(match.word, (), "", (name,)), f"{doubt}wanted: the first {explain_cell(cells[0], scale)}"
    if cells and len(says) == len(cells):
        return match, explain_doubt(match, "the column", knowledge)
    return Match(match.word, (CARRY,), ""), None


def _find_twice(matches: Iterable[Match], knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a sentence for each criterion with several headers."""
    by_target: dict[str, list[str]] = {}
    for match in matches:
        for target in match.targets if match.is_requirement else ():
            by_target.setdefault(knowledge.find_criterion(get_name(target)) or target, []).append(match.word)
    for name, words in by_target.items():
        if len(words) > 1:
            listed = " and ".join(f"'{reveal_line(word)}'" for word in words)
            yield f"the columns {listed} {'both ' if len(words) == 2 else ''}mean '{name}'; leave all but one out."  # noqa: PLR2004
