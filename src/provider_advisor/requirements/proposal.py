"""A request for proposals: one row a requirement, for one team.

    Requirement          | Priority  | Weight | Category
    Voicemail            | mandatory | 3      | Telephony
    Single sign-on       | desired   |        | Security

The priorities may also be columns of their own, with a cross in one of them: Mandatory | Desirable.

Each text is matched with a criterion; a text in doubt is refused with what it may mean, until a file of matches says
what it stands for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.logic import write_plainly
from provider_advisor.requirements.grammar import read_requirement, shown
from provider_advisor.requirements.matching import (
    LEAVE_OUT,
    UNLISTED,
    DoubtfulMatchesError,
    Match,
    Matcher,
    Targets,
    explain_doubt,
)
from provider_advisor.requirements.priority_cells import NOTHING, Scale, Wish, explain_cell, find_wish
from provider_advisor.requirements.sheets import (
    Grid,
    Sheet,
    describe_skipped,
    find_header,
    is_workbook_name,
    read_sheet,
    take_header,
    write_cell,
)
from provider_advisor.requirements.statement import Requirement, Statement, Unlisted, join_unlisted
from provider_advisor.requirements.team import make_team
from provider_advisor.requirements.unlisted import read_unlisted
from provider_advisor.safe_text import fold, is_error_value, reveal_line

_WORDS: Mapping[str, str] = {
    "text": "requirement requirements requirement-text text description feature features item need question criterion "
    "criteria specification functionality capability",
    "priority": "priority importance must-or-desired must-or-should mandatory-or-desired mandatory/desired "
    "must/desired must/should mandatory required obligation moscow level type",
    "weight": "weight weighting points",
    "category": "category section area group topic chapter",
}
# Columns of crosses: what each one says of the rows that it marks.
_MARKED: Mapping[str, Wish] = {
    **dict.fromkeys(("must", "must-have", "must-haves", "mandatory", "required", "essential"), "must"),
    **dict.fromkeys(("should", "should-have", "should-haves", "desired", "desirable", "preferred"), "should"),
    **dict.fromkeys(("could", "could-have", "could-haves", "nice-to-have", "nice-to-haves", "optional"), "could"),
    **dict.fromkeys(("wont", "won't", "wont-have", "won't-have", "not-wanted"), "wont"),
}
_MEANINGS = {word: name for name, words in _WORDS.items() for word in words.split()}
_LARGEST_CSV = 10_000_000
_SEPARATORS = (",", ";", "\t")
_HEAVIEST = 1_000_000
_NO_PRIORITY = "is empty; expected must, should, could or wont, or mandatory or desired."


class Proposal(NamedTuple):
    """A request for proposals: the statement in it, the criteria of its texts, and notices about its file."""

    statement: Statement
    matches: tuple[Match, ...]
    notices: tuple[str, ...]


class _SheetRow(NamedTuple):
    number: int
    text: str
    priority: str
    weight: str
    problem: str = ""


def is_sheet_word(name: str) -> bool:
    """Return whether a name is that of a column of such a table."""
    return fold(name) in _MEANINGS


def refuse_requirement_rows(names: Iterable[str], file: str) -> None:
    """Raise RequirementsError if the columns are those of one team's requirements, one a row."""
    words = [fold(name) for name in names]
    found = {_MEANINGS.get(word) for word in words}
    if "text" in found and ("priority" in found or not _MARKED.keys().isdisjoint(words)):
        raise RequirementsError(
            f"{file} has one requirement in each row, for one team; answer it with: recommend --file {file}."
        )


def read_proposal(  # noqa: PLR0913 (what the options say of it)
    content: bytes,
    file: str,
    knowledge: KnowledgeBase,
    *,
    sheet: str | None = None,
    scale: Scale | None = None,
    matches: Mapping[str, Targets] | None = None,
    decimal: str | None = None,
    unlist: bool = False,
) -> Proposal:
    """Return the requirements in a workbook or CSV file with one of them in each row.

    `unlist` takes texts in doubt for requirements in the team's own words.

    Raises RequirementsError with every mistake, and DoubtfulMatchesError if texts are in doubt.
    """
    grid = _read_grid(content, file, sheet)
    rows, empty = _read_rows(grid, decimal or ".", scale or {})
    found = Matcher(knowledge, matches, sentences=True).find_all(row.text for row in rows)
    found = [_unlist(match) if unlist else match for match in found]
    problems: list[str] = []
    items: list[Requirement | Unlisted] = []
    for row, match in zip(rows, found, strict=True):
        try:
            items += _read_row(row, match, scale or {}, knowledge, decimal)
        except RequirementsError as error:
            problems += [f"{grid.file}, row {row.number}: {problem}" for problem in error.problems]
    if problems:
        if any(not match.targets and not is_error_value(match.word) for match in found):
            problems.append(
                f"{grid.file}: say what each means in a file: --matched FILE writes it, --matches FILE reads it; "
                f"'{LEAVE_OUT}' leaves a row out, '{UNLISTED}' lists it without judging it (all: --unlisted-unknown)."
            )
            raise DoubtfulMatchesError(problems, found)
        raise RequirementsError(*problems)
    team = make_team([item for item in items if isinstance(item, Requirement)])
    team = team._replace(unlisted=join_unlisted(item for item in items if isinstance(item, Unlisted)))
    notice = f"{grid.file}: {_describe_counts(found, empty)}."
    return Proposal(Statement(team), tuple(found), (*describe_skipped(grid), notice))


def _describe_counts(found: Sequence[Match], empty: int) -> str:
    listed, judged = sum(match.is_unlisted for match in found), sum(match.is_requirement for match in found)
    left_out = len(found) - listed - judged
    counted = [f"{judged} of {len(found)} requirements are judged"]
    counted += [f"{listed} listed and not judged"] if listed else []
    counted += [f"{left_out} left out"] if left_out else []
    counted += [f"{'1 row' if empty == 1 else f'{empty} rows'} without a requirement skipped"] if empty else []
    return ", ".join(counted)


def _read_grid(content: bytes, file: str, wanted: str | None) -> Grid:
    if is_workbook_name(file):
        sheet = read_sheet(content, file, wanted)
    else:
        if wanted is not None:
            raise RequirementsError(f"--sheet is for workbooks, but {file} is CSV; leave it out.")
        sheet = Sheet(file, "", _read_csv(content, file))
    return take_header(sheet, find_header(sheet.rows, is_sheet_word))


def _read_csv(content: bytes, file: str) -> list[list[str | None]]:
    if len(content) > _LARGEST_CSV:
        raise RequirementsError(
            f"{file} is larger than {_LARGEST_CSV // 1_000_000} MB; expected one team's requirements."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequirementsError(f"{file} is not UTF-8; save it as 'CSV UTF-8', or as .xlsx.") from error
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise RequirementsError(f"{file} cannot be read as CSV ({error}); save it again, or as .xlsx.") from error
    width = max(map(len, rows), default=0)
    return [[cell if cell.strip() else None for cell in row] + [None] * (width - len(row)) for row in rows]


def _read_rows(grid: Grid, decimal: str, scale: Scale) -> tuple[list[_SheetRow], int]:
    """Return the rows that hold something, and how many hold nothing."""
    places: dict[str, int] = {}
    marks = _find_marks(grid.names)
    for place, name in enumerate(grid.names):
        meaning = None if place in marks else _MEANINGS.get(fold(name))
        if meaning in places and meaning != "category":
            raise RequirementsError(
                f"{grid.file}: the columns '{grid.names[places[str(meaning)]]}' and '{name}' both say the {meaning}; "
                "rename one."
            )
        if meaning is not None:
            places[meaning] = place
    if "text" not in places:
        listed = ", ".join(f"'{name}'" for name in grid.names[:10])
        raise RequirementsError(
            f"{grid.file} has no column 'requirement'; found {listed}. For a table of teams, see `recommend batch`."
        )
    rows, empty = [], 0
    for number, row in enumerate(grid.rows, grid.first):
        cells = {name: reveal_line(write_cell(row[place], decimal)) for name, place in places.items()}
        if not any(cell is not None for cell in row):
            empty += 1
        elif not cells["text"] and any(cells.get(name) for name in ("priority", "weight")):
            raise RequirementsError(
                f"{grid.file}, row {number}: the requirement has no text; add it, or clear the row."
            )
        elif cells["text"]:
            marked = {grid.names[place]: reveal_line(write_cell(row[place], decimal)) for place in marks}
            priority, problem = _read_marks(marked, scale) if marks else (cells.get("priority", "must"), "")
            rows.append(_SheetRow(number, cells["text"], priority, cells.get("weight", ""), problem))
        else:
            empty += 1  # a heading of a category
    return rows, empty


def _find_marks(names: Iterable[str]) -> list[int]:
    """Return the places of columns of crosses: of several priorities, or of one that is no column of priorities."""
    marks = {place: fold(name) for place, name in enumerate(names) if fold(name) in _MARKED}
    is_column = len(marks) == 1 and all(word in _MEANINGS for word in marks.values())
    return [] if is_column else list(marks)


def _read_marks(cells: Mapping[str, str], scale: Scale) -> tuple[str, str]:
    """Return the priority whose column is marked, and what is wrong if it is not just one."""
    wishes = {name: find_wish(cell, scale) for name, cell in cells.items()}
    if unread := next((name for name, wish in wishes.items() if wish is None), None):
        return "", f"the column '{unread}' {explain_cell(cells[unread], scale)}"
    marked = [name for name, wish in wishes.items() if wish not in {NOTHING, "wont"}]
    if len(marked) == 1:
        return _MARKED[fold(marked[0])], ""
    listed = ", ".join(f"'{name}'" for name in marked or cells)
    if marked:
        return "", f"more than one priority is marked ({listed}); keep one."
    return "", f"no priority is marked; put an x into one of the columns {listed}."


def _unlist(match: Match) -> Match:
    """Return a text in doubt as one in the team's own words, unless it is a spreadsheet error."""
    return match if match.targets or is_error_value(match.word) else match.unlist()


def _read_wish(row: _SheetRow, scale: Scale) -> Wish:
    wish = find_wish(row.priority, scale) if row.priority else None
    if wish is None:
        raise RequirementsError(f"the priority {explain_cell(row.priority, scale) if row.priority else _NO_PRIORITY}")
    return wish


def _read_row(
    row: _SheetRow, match: Match, scale: Scale, knowledge: KnowledgeBase, decimal: str | None
) -> list[Requirement | Unlisted]:
    """Return what a row asks; nothing if it is left out. Raises RequirementsError."""
    if row.problem:
        raise RequirementsError(row.problem)
    if is_error_value(row.text):
        raise RequirementsError(f"the requirement {explain_cell(row.text, {})}")
    if not match.targets:
        raise RequirementsError(explain_doubt(match, "the requirement", knowledge))
    if not (match.is_requirement or match.is_unlisted):
        return []
    wish = _read_wish(row, scale)
    if match.is_unlisted:  # nothing judges it, so that it cannot be refused either
        return [] if wish in {NOTHING, "wont"} else [read_unlisted({"text": row.text, "priority": wish})]
    weight = _read_weight(row.weight, decimal)
    targets = match.targets if wish != NOTHING else ()
    read = (read_requirement(f"{target}:{wish}", "must", knowledge) for target in targets)
    return [part._replace(weight=None if wish == "wont" else weight) for part in read]


def _read_weight(text: str, decimal: str | None) -> float | None:
    if not text:
        return None
    plain = write_plainly(text, decimal) if decimal else text
    try:
        weight = float(plain.rstrip("% "))
    except ValueError:
        weight = -1.0
    if not 0 < weight <= _HEAVIEST:
        raise RequirementsError(f"the weight is {shown(text)}; expected a number above 0, up to {_HEAVIEST}.")
    return weight
