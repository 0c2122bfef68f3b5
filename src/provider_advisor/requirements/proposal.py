"""Read a request for proposals: one requirement per row, for one team.

    Requirement          | Priority  | Weight | Category
    Voicemail            | mandatory | 3      | Telephony
    Single sign-on       | desired   |        | Security

The priorities may also be columns of their own, with a cross in one of them: Mandatory | Desirable.

Each text is matched with a criterion; a text in doubt is refused with what it may mean, until a file of matches
decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import EITHER
from provider_advisor.requirements.grammar import read_requirement
from provider_advisor.requirements.matching import (
    LEAVE_OUT,
    UNLISTED,
    DoubtfulMatchesError,
    Match,
    Matcher,
    Targets,
    explain_doubt,
)
from provider_advisor.requirements.priority_words import (
    NOTHING,
    Scale,
    Wish,
    explain_cell,
    find_heading_wish,
    find_stated_wish,
    find_wish,
    says_no,
    split_priority,
)
from provider_advisor.requirements.proposal_table import (
    MARKED,
    Columns,
    asks_for_must,
    find_columns,
    name_priority_column,
    read_grid,
    simplify,
)
from provider_advisor.requirements.read_team import make_team
from provider_advisor.requirements.sheets import Grid, describe_skipped, write_cell
from provider_advisor.requirements.statement import HEAVIEST, Requirement, Statement, Unlisted, join_unlisted
from provider_advisor.requirements.unlisted import read_unlisted
from provider_advisor.safe_text import is_error_value, join_words, reveal_line, shown
from provider_advisor.written_values import write_plainly

_SHOWN = 5
_TITLE = re.compile(
    r"(?:(?:additional|business|core|detailed|functional|general|key|main|minimum|other|our|system|technical|the)\s+)*"
    r"(?:requirements?|specifications?|features|functionality|capabilities|(?:what\s+)?we\s+need|scope(?:\s+of\s+work)?)"
    # "2. Integration Requirements", but not "data kept as GDPR requires" nor "GDPR requirements"
    r"|(?-i:(?:[0-9]{1,2}[.)]?\s+)?(?:[A-Z]\w+\s+){1,4}Requirements)(?:\s*\(.*\))?",
    re.IGNORECASE,
)
_EMPTY = (
    "is empty; expected must, should, could or wont, or mandatory or desired. If the row is a heading, leave it out in "
    "a file of matches (--matched)."
)


class Proposal(NamedTuple):
    """A request for proposals: the statement in it, the criteria of its texts, and notices about its file.

    `asked` is what each text asks, in the order of `matches`: nothing if it is not required. `headings` were skipped.
    """

    statement: Statement
    matches: tuple[Match, ...]
    notices: tuple[str, ...]
    asked: tuple[tuple[Requirement | Unlisted, ...], ...]
    headings: tuple[str, ...]


class _PriorityCell(NamedTuple):
    """A cell that says how important a row is, the column that it is in, and what it says."""

    cell: str
    column: str
    wish: Wish


class _SheetRow(NamedTuple):
    """A row that asks for something; `more` is what it says beside its text, and `above` what its heading says."""

    number: int
    cells: Sequence[str]
    text: str
    more: str
    above: Wish | None = None


def read_proposal(  # noqa: PLR0913 (what the options say of it)
    content: bytes,
    file: str,
    knowledge: KnowledgeBase,
    *,
    sheet: str | None = None,
    scale: Scale | None = None,
    matches: Mapping[str, Targets] | None = None,
    decimal: str | None = None,
    unlist: bool = False,  # take texts in doubt for requirements in the team's own words
    encoding: str | None = None,  # of a CSV file that is not UTF-8
    renames: Mapping[str, str] | None = None,  # new names of columns by old ones
) -> Proposal:
    """Return the requirements in a workbook or CSV file with one of them in each row.

    Raises RequirementsError with every mistake, and DoubtfulMatchesError if texts are in doubt.
    """
    grid, scale = read_grid(content, file, sheet, encoding, renames or {}), scale or {}
    matcher = Matcher(knowledge, matches, sentences=True)
    reader = _RowReader(grid, find_columns(grid, scale), decimal, scale, matcher)
    rows = list(reader.read())
    found = [
        _settle_doubt(match, row.more, matcher, unlist=unlist)
        for row, match in zip(rows, matcher.find_all(row.text for row in rows), strict=True)
    ]
    asked = _read_rows(grid.file, rows, found, reader, knowledge)
    items = [item for of_row in asked for item in of_row]
    team = make_team([item for item in items if isinstance(item, Requirement)])
    team = team._replace(unlisted=join_unlisted(item for item in items if isinstance(item, Unlisted)))
    notice = f"{grid.file}: {_describe_counts(found, len(grid.rows) - len(reader.headings) - len(rows))}."
    notices = (*describe_skipped(grid), notice, *reader.describe())
    return Proposal(Statement(team), tuple(found), notices, tuple(asked), tuple(reader.headings.values()))


def _describe_counts(found: Sequence[Match], empty: int) -> str:
    listed, judged = sum(match.is_unlisted for match in found), sum(match.is_requirement for match in found)
    left_out = len(found) - listed - judged
    counted = [f"{judged:,} of {len(found):,} rows with a requirement {'is' if judged == 1 else 'are'} judged"]
    counted += [f"{listed:,} listed and not judged"] if listed else []
    counted += [f"{left_out:,} left out"] if left_out else []
    counted += [f"{'1 row' if empty == 1 else f'{empty:,} rows'} without a requirement skipped"] if empty else []
    return ", ".join(counted)


class _RowReader:
    """Reads the rows of a table that ask for something, and says what people should know of the others.

    `headings` are the texts of rows that are headings, by the numbers of the rows.
    """

    def __init__(self, grid: Grid, columns: Columns, decimal: str | None, scale: Scale, matcher: Matcher) -> None:
        self._grid, self._columns, self._decimal, self._scale = grid, columns, decimal, scale
        texts = ([reveal_line(write_cell(cell, decimal or ".")) for cell in row] for row in grid.rows)
        self._filled = {number: row for number, row in enumerate(texts, grid.first) if any(row)}
        self._weight = columns.places.get("weight")
        weights = [] if self._weight is None else [self._weight]
        self._asking = [*columns.priorities, *columns.marks, *weights]
        self.headings = dict(self._find_headings() if columns.has_priorities else self._find_titles(matcher))
        self._softened = Counter[str]()

    def read(self) -> Iterator[_SheetRow]:
        """Yield the rows that ask for something. Raises RequirementsError for one without a text."""
        columns, above = self._columns, None
        for number, row in self._filled.items():
            text, more = row[columns.places["text"]], " ".join(filter(None, (row[place] for place in columns.more)))
            is_asked = any(row[place] for place in self._asking)
            if is_asked or not columns.has_priorities:  # else it may be a heading
                text = text or more
            if not text and is_asked:
                raise RequirementsError(
                    f"{self._grid.file}, row {number}: the requirement has no text; add it, or clear the row."
                )
            if number in self.headings:
                above = None if columns.has_priorities else find_stated_wish(text) or above
            elif text:
                yield _SheetRow(number, row, text, more, above)

    def _find_headings(self) -> Iterator[tuple[int, str]]:
        """Yield the rows that are headings of those below: their numbers and texts."""
        # A heading has neither priority nor weight, and in two kinds of sheets something else shows it too:
        #
        #     No    Requirement    Priority            Requirement    Priority    Comment
        #     2     Telephony                          Telephony
        #     2.1   Voicemail      must                Voicemail      must        as today
        #
        # Its number begins the next one; or nothing stands beside it, where something does in all rows with a
        # priority. A text that lacks only its priority may be a requirement, so it stays one and is refused.
        beside = [*self._columns.unread, *self._columns.more]
        asked = [row for row in self._filled.values() if any(row[place] for place in self._asking)]
        have_more = bool(asked) and all(any(row[place] for place in beside) for row in asked)
        for number, following in pairwise(self._filled):
            row = self._filled[number]
            text = row[self._columns.places["text"]]
            if not text or any(row[place] for place in self._asking):
                continue
            # Numbers are compared with a decimal point, whatever separator the weights use.
            upper, lower = (self._grid.rows[each - self._grid.first] for each in (number, following))
            numbers = [(write_cell(upper[place]), write_cell(lower[place])) for place in self._columns.unread]
            begins = any(this and after.startswith(this.rstrip(".") + ".") for this, after in numbers)
            if begins or (have_more and not any(row[place] for place in beside)):
                yield number, text

    def _find_titles(self, matcher: Matcher) -> Iterator[tuple[int, str]]:
        """Yield the rows of a plain list that are headings of those below: "Nice to have", "Voice:"."""
        texts = {number: row[self._columns.places["text"]] for number, row in self._filled.items()}
        following = dict(pairwise(texts))
        for number, text in texts.items():
            after = texts[following[number]] if number in following else ""
            may_be = after and (text.endswith(":") or _TITLE.fullmatch(text))
            # In a list of names with colons, the last of them has lines below it.
            is_name = after.endswith(":") and not find_heading_wish(after) and matcher.find(text).targets
            if find_heading_wish(text) or (may_be and not is_name):
                yield number, text

    def read_wish(self, row: _SheetRow) -> Wish:
        """Return how important a row is. Raises RequirementsError if no cell says so, or several do not agree."""
        # With a column Mandatory, whose "no" only says that it is no must:
        #
        #     Mandatory    Priority
        #     yes          must         must
        #     no           could        could: it says more
        #     no                        should
        #     no           must         they do not agree
        #     yes          could        they do not agree
        if not self._columns.has_priorities:
            return find_stated_wish(row.text) or row.above or "must"
        said = list(self._read_priorities(row.cells))
        said = [one for one in said if one.wish != NOTHING] or said
        # A no in a column that asks for a must makes it a should, not something unwanted.
        firm = [one for one in said if not (asks_for_must(one.column) and says_no(one.cell, self._scale))]
        wishes = {one.wish for one in firm}
        if split_priority(row.text)[1] in {NOTHING, "wont"} and not wishes <= {NOTHING, "wont"}:
            raise RequirementsError(
                f"{shown(row.text)} is not asked for, but has a priority; correct one, or clear the row."
            )
        if len(wishes) > 1 or (len(firm) < len(said) and "must" in wishes):
            listed = " and ".join(f"'{one.column}' says {shown(one.cell)}" for one in said)
            raise RequirementsError(f"{listed}, which do not agree; correct one, or clear it.")
        if firm:
            return firm[0].wish
        self._softened[said[0].column] += 1
        return "should"

    def _read_priorities(self, cells: Sequence[str]) -> Iterator[_PriorityCell]:
        """Yield the cells that say how important a row is, at least one; a cross says what its column does."""
        names, scale = self._grid.names, self._scale
        filled = [(cells[place], names[place]) for place in self._columns.priorities if cells[place]]
        for cell, column in filled:
            wish = find_wish(cell, scale)
            if wish is None:
                raise RequirementsError(f"{name_priority_column(column)} {explain_cell(cell, scale)}")
            yield _PriorityCell(cell, column, wish)
        marks = {names[place]: cells[place] for place in self._columns.marks}
        if marks and (not filled or any(marks.values())):
            wish = _read_marks(marks, scale)
            yield _PriorityCell(wish, ", ".join(column for column, mark in marks.items() if mark), wish)
        elif not filled:
            places = self._columns.priorities
            raise RequirementsError(
                f"{name_priority_column(names[places[0]] if len(places) == 1 else 'priority')} {_EMPTY}"
            )

    def read_weight(self, row: _SheetRow) -> float | None:
        """Return the weight of a row, None without one. Raises RequirementsError."""
        text = "" if self._weight is None else row.cells[self._weight]
        if not text:
            return None
        try:
            weight = float((write_plainly(text, self._decimal) if self._decimal else text).rstrip("% "))
        except ValueError:
            weight = -1.0
        if not 0 < weight <= HEAVIEST:
            is_comma = "," in text and not self._decimal
            hint = " If its comma is a decimal comma, add --decimal ,." if is_comma else ""
            raise RequirementsError(f"the weight is {shown(text)}; expected a number above 0, up to {HEAVIEST}.{hint}")
        return weight

    def describe(self) -> Iterator[str]:
        """Yield notices on what was not read, or was read in a way that may surprise."""
        grid, columns = self._grid, self._columns
        if columns.more:
            yield (
                f"{grid.file}: requirements are read from '{grid.names[columns.places['text']]}', and from "
                f"{_list_names(grid, columns.more)} only where that is empty, or to suggest what a row in doubt may "
                "mean."
            )
        if columns.priorities and len(sources := [*columns.priorities, *columns.marks]) > 1:
            listed = _list_names(grid, sources)
            yield f"{grid.file}: priorities are read from {listed}, which have to agree in each row."
        if self.headings:
            headings = [f"'{text}' (row {row})" for row, text in self.headings.items()]
            yield f"{grid.file}: skipped as headings: {_list_few(headings)}."
        if not columns.has_priorities:
            yield (
                f"{grid.file}: no column says how important a requirement is, so all are musts whose text or heading "
                "does not say otherwise."
            )
        for column, count in self._softened.items():
            rows = "1 row" if count == 1 else f"{count:,} rows"
            where = name_priority_column(column)
            yield f'{grid.file}: {where} says no in {rows}, read as should; --scale "no=wont" says otherwise.'
        if filled := [place for place in columns.unread if any(row[place] for row in self._filled.values())]:
            yield f"{grid.file}: columns not read: {_list_names(grid, filled)}."


def _list_names(grid: Grid, places: Iterable[int]) -> str:
    return _list_few([f"'{grid.names[place]}'" for place in places])


def _list_few(parts: Sequence[str]) -> str:
    more = [f"{len(parts) - _SHOWN} more"] if len(parts) > _SHOWN else []
    return join_words([*parts[:_SHOWN], *more])


def _read_marks(cells: Mapping[str, str], scale: Scale) -> Wish:
    """Return the priority whose column is marked. Raises RequirementsError if it is not just one."""
    wishes = {name: find_wish(cell, scale) for name, cell in cells.items()}
    if unread := next((name for name, wish in wishes.items() if wish is None), None):
        raise RequirementsError(f"the column '{unread}' {explain_cell(cells[unread], scale)}")
    marked = [name for name, wish in wishes.items() if wish not in {NOTHING, "wont"}]
    listed = ", ".join(f"'{name}'" for name in marked or cells)
    if not marked:
        raise RequirementsError(f"no priority is marked; put an x into one of the columns {listed}.")
    if len(marked) > 1:
        raise RequirementsError(f"more than one priority is marked ({listed}); keep one.")
    return MARKED[simplify(marked[0])]


def _settle_doubt(match: Match, more: str, matcher: Matcher, *, unlist: bool) -> Match:
    """Return a match in doubt with what the text beside it may mean too, in the team's own words if they `unlist`."""
    if match.targets:
        return match
    if more and more != match.word:
        beside = matcher.find(more)
        asked = beside.targets if beside.is_requirement else ()
        meant = dict.fromkeys([*match.candidates, *asked, *beside.candidates])
        match = match._replace(candidates=tuple(meant)[:_SHOWN])
    # A spreadsheet error such as #N/A is a mistake even where unknown words are listed.
    return match.unlist() if unlist and not is_error_value(match.word) else match


def _read_rows(
    file: str, rows: Sequence[_SheetRow], found: Sequence[Match], reader: _RowReader, knowledge: KnowledgeBase
) -> list[tuple[Requirement | Unlisted, ...]]:
    """Return what each row asks. Raises RequirementsError with every mistake, and DoubtfulMatchesError."""
    # All rows are read before any is refused: people who correct a sheet want to see every mistake at once.
    problems: list[str] = []
    asked: list[tuple[Requirement | Unlisted, ...]] = []
    for row, match in zip(rows, found, strict=True):
        try:
            asked.append(_read_row(row, match, reader, knowledge))
        except RequirementsError as error:
            problems += [f"{file}, row {row.number}: {problem}" for problem in error.problems]
    if problems:
        if any(not match.targets and not is_error_value(match.word) for match in found):
            problems.append(
                f"{file}: say what each means in a file: --matched FILE writes it, --matches FILE reads it; "
                f"'{LEAVE_OUT}' leaves a row out, '{UNLISTED}' lists it without judging it (all: --unlisted-unknown)."
            )
            raise DoubtfulMatchesError(problems, found)
        raise RequirementsError(*problems)
    return asked


def _read_row(
    row: _SheetRow, match: Match, reader: _RowReader, knowledge: KnowledgeBase
) -> tuple[Requirement | Unlisted, ...]:
    """Return what a row asks; nothing if it is left out. Raises RequirementsError."""
    if is_error_value(row.text):
        raise RequirementsError(f"the requirement {explain_cell(row.text, {})}")
    if not match.targets:
        raise RequirementsError(explain_doubt(match, "the requirement", knowledge))
    if not (match.is_requirement or match.is_unlisted):
        return ()
    # Only now: a heading that is left out has no priority.
    wish = reader.read_wish(row)
    if match.is_unlisted:  # it is not judged, so it cannot be refused either
        return () if wish in {NOTHING, "wont"} else (read_unlisted({"text": row.text, "priority": wish}),)
    weight = reader.read_weight(row)
    targets: Sequence[str] = match.targets if wish != NOTHING else ()
    if wish == "wont":  # who does not want "SMS or fax" wants neither
        targets, weight = [part for target in targets for part in target.split(EITHER)], None
    read = (read_requirement(f"{target}:{wish}", "must", knowledge) for target in targets)
    return tuple(part._replace(weight=weight) for part in read)
