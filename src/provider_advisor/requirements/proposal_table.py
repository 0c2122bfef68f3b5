"""Find the columns of a request for proposals by their names: texts, priorities, crosses, weights and others.

Names are read with some freedom: "Functional requirement", "Mandatory (Y/N)", "Must / should / could", "Weighting %". A
column that seems to hold priorities but has another name is refused: ignoring it would silently make every requirement
a must.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.requirements.priority_words import NOTHING, Scale, Wish, find_wish, is_number, is_rank
from provider_advisor.requirements.sheets import (
    Cell,
    Grid,
    find_header,
    is_workbook_name,
    read_csv_sheet,
    refuse_other_sheets,
    rename_header,
    take_header,
    write_cell,
)
from provider_advisor.requirements.workbook import read_sheet
from provider_advisor.safe_text import fold, reveal_line

# What the tables of names below are for:
#   _TEXTS   the usual names of a column of texts; of two such columns, that with a name of an earlier group holds them,
#            and the other only says more about them
#   _WORDS   the usual names of a column, by what it means
#   _LONGER  patterns of longer names with the same meaning
#   _VAGUE   names that mean a priority only if the cells do
#   MARKED   columns of crosses, and the priority that each stands for
#   _MUSTS   those of them that may instead ask "a must, yes or no?"
_TEXTS = (
    "requirement requirements requirement-text",
    "feature features functionality capability",
    "criterion criteria",
    "specification",
    "need",
    "question",
    "item",
    "text",
    "description",
)
_RANKS = {word: rank for rank, words in enumerate(_TEXTS) for word in words.split()}
_WORDS: Mapping[str, str] = {
    "text": " ".join(_TEXTS),
    "priority": "priority prio importance mandatory required obligation moscow level type",
    "weight": "weight weighting points",
    "category": "category section area group topic chapter",
}
# "Functional requirement", "Priority level", "Weighting factor".
_LONGER: Mapping[str, re.Pattern[str]] = {
    "text": re.compile("(.+-)?(requirements?|features?)(-(description|name|statement|text|title))?"),
    "priority": re.compile("(.+-)?(priority|importance)(-(level|rating))?"),
    "weight": re.compile("weight(ing)?-.+|.+-weight(ing)?"),
}
_VAGUE = frozenset(["level", "type"])  # read as priorities only where a cell says one
# Columns of crosses: what each one says of the rows that it marks.
MARKED: Mapping[str, Wish] = {
    **dict.fromkeys(("must", "must-have", "must-haves", "mandatory", "required", "essential"), "must"),
    **dict.fromkeys(("should", "should-have", "should-haves", "desired", "desirable", "preferred"), "should"),
    **dict.fromkeys(("could", "could-have", "could-haves", "nice-to-have", "nice-to-haves", "optional"), "could"),
    **dict.fromkeys(("wont", "won't", "wont-have", "won't-have", "not-wanted"), "wont"),
}
_MEANINGS = {word: name for name, words in _WORDS.items() for word in words.split()}
# Columns that ask whether a requirement is a must: "no" makes it a wish there, not something that is not wanted.
_MUSTS = frozenset(word for word, wish in MARKED.items() if wish == "must")
_REMARKS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[%?:*#]")
_NUMBERING = re.compile(r"[A-Za-z]{0,4}[-. ]?[0-9]+([.-][0-9]+)*[.)]?|[A-Za-z][.)]?")
_EITHER = re.compile("/|-or-|,-?|[|]")


class Columns(NamedTuple):
    """The places of a table's columns."""

    places: Mapping[str, int]  # by meaning: of texts, weights and categories
    priorities: Sequence[int]
    marks: Sequence[int]  # of crosses, each for one priority
    more: Sequence[int]  # what says more about the texts, which only helps to suggest what one in doubt may mean
    unread: Sequence[int]

    @property
    def has_priorities(self) -> bool:
        """Return whether a column says how important a requirement is."""
        return bool(self.priorities or self.marks)


def read_grid(content: bytes, file: str, wanted: str | None, encoding: str | None, renames: Mapping[str, str]) -> Grid:
    """Return the table in a workbook or CSV file. Raises RequirementsError."""
    refuse_other_sheets(file)
    if not content.strip():
        raise RequirementsError(f"{file} is empty; expected the column names in the first row.")
    if is_workbook_name(file):
        if encoding is not None:
            raise RequirementsError(f"--encoding is for CSV, but {file} is a workbook; leave it out.")
        sheet = read_sheet(content, file, wanted)
    else:
        if wanted is not None:
            raise RequirementsError(f"--sheet is for workbooks, but {file} is CSV; leave it out.")
        sheet = read_csv_sheet(content, file, encoding, is_column_or_cross_name)
    sheet = rename_header(sheet, renames)
    header = find_header(sheet.rows, is_column_name)  # not by Must and Should, which cells below the header say too
    if header + 1 < len(sheet.rows) and _is_second_row(sheet.rows[header], sheet.rows[header + 1]):
        header += 1
    return take_header(sheet, header, is_column_or_cross_name)


def _is_second_row(upper: Sequence[Cell], row: Sequence[Cell]) -> bool:
    """Return whether a row continues the header above: Must and Should below Priority, nothing below Requirement."""
    names = [cell for cell in row if cell is not None]
    are_known = len(names) > 1 and all(isinstance(name, str) and is_column_or_cross_name(name) for name in names)
    return are_known and any(cell is None and above is not None for above, cell in zip(upper, row, strict=True))


def is_column_name(name: str) -> bool:
    """Return whether a name is that of a column of such a table."""
    return _find_meaning(name) is not None


def is_text_name(name: str) -> bool:
    """Return whether a name is that of a column of requirements."""
    return _find_meaning(name) == "text"


def simplify(name: str) -> str:
    """Return a column's name as names are compared, without remarks in brackets.

    >>> [simplify(name) for name in ("Mandatory (Y/N)?", "Weighting %", "Must / should")]
    ['mandatory', 'weighting', 'must/should']
    """
    plain = fold(" ".join(_REMARKS.sub(" ", name).replace("\n", " ").split()))
    return plain.replace("-/-", "/").strip("-")


def asks_for_must(name: str) -> bool:
    """Return whether a column of this name asks for a must, yes or no."""
    return simplify(name) in _MUSTS


def name_priority_column(name: str) -> str:
    """Return how the sentences about the cells of a column of priorities call it."""
    return "the priority" if simplify(name) == "priority" else f"the column '{name}'"


def _find_meaning(name: str) -> str | None:
    word = simplify(name)
    if word in _MEANINGS:
        return _MEANINGS[word]
    parts = _EITHER.split(word)
    if len(parts) > 1 and all(find_wish(part, {}) not in {None, NOTHING} or is_rank(part) for part in parts):
        return "priority"
    return next((meaning for meaning, names in _LONGER.items() if names.fullmatch(word)), None)


def is_column_or_cross_name(name: str) -> bool:
    """Return whether a name is that of a column, columns of crosses among them."""
    return is_column_name(name) or simplify(name) in MARKED


def refuse_requirement_rows(names: Iterable[str], file: str, path: str) -> None:
    """Raise RequirementsError if the columns are those of one team's requirements, one a row; `path` names the file."""
    words = [simplify(name) for name in names]
    found = {_find_meaning(word) for word in words}
    if "text" in found and ("priority" in found or not MARKED.keys().isdisjoint(words)):
        raise RequirementsError(
            f"{file} has one requirement in each row, for one team; answer it with: recommend --file {path}."
        )


def find_columns(grid: Grid, scale: Scale) -> Columns:
    """Return the meanings of the columns. Raises RequirementsError if they are not clear."""
    # Step 1, crosses: "Mandatory" may be one of several columns of crosses, or a column of priorities.
    marks = _find_marks(grid.names)
    # Step 2, the meaning of each other column by its name, and of each meaning the best columns.
    named = {place: _find_meaning(name) for place, name in enumerate(grid.names) if place not in marks}
    meanings, more = _keep_best(grid, named, scale)
    # Step 3, priorities: a lone column "Must-have" is answered by yes and no in each row, and has no crosses.
    priorities = [place for place, meaning in meanings.items() if meaning == "priority"]
    if len(marks) == 1 and simplify(grid.names[marks[0]]) in _MUSTS:
        priorities, marks = sorted([*priorities, *marks]), []
    # Step 4, one place for each meaning; without priorities, no column that is left may look like some.
    places = _place_meanings(grid, meanings)
    unread = [place for place, meaning in meanings.items() if meaning is None and place not in more]
    columns = Columns(places, priorities, marks, more, unread)
    if not columns.has_priorities:
        _refuse_priorities(grid, unread, scale)
    return columns


def _keep_best(grid: Grid, named: Mapping[int, str | None], scale: Scale) -> tuple[dict[int, str | None], list[int]]:
    """Return the meanings, with None for columns that another one of their meaning beats; and what adds to texts."""
    meanings, more = dict(named), list[int]()
    for kind in _WORDS:
        same = [place for place, found in meanings.items() if found == kind]
        # "Requirement" holds the texts also beside "Requirement number" or "Feature title".
        exact = [place for place in same if simplify(grid.names[place]) in _MEANINGS]
        if kind == "text":
            exact, more = _choose_texts(grid, exact)
        read = [place for place in exact or same if not _is_silent(grid, place, scale)]
        meanings |= {place: None for place in same if place not in read}
    return meanings, more


def _find_marks(names: Iterable[str]) -> list[int]:
    """Return the places of columns of crosses: of several priorities, or of one that is no column of priorities."""
    marks = {place: simplify(name) for place, name in enumerate(names) if simplify(name) in MARKED}
    is_column = len(marks) == 1 and all(word in _MEANINGS for word in marks.values())
    return [] if is_column else list(marks)


def _choose_texts(grid: Grid, exact: list[int]) -> tuple[list[int], list[int]]:
    """Return the columns that hold the texts, and those that say more about them."""
    # "Item" may hold the texts, or their numbers beside "Requirement".
    worded = [place for place in exact if not are_numbers(_list_cells(grid, place))] or exact
    ranks = {place: _RANKS[simplify(grid.names[place])] for place in worded}
    best = min(ranks.values(), default=0)
    return [place for place in worded if ranks[place] == best], [place for place in worded if ranks[place] > best]


def _is_silent(grid: Grid, place: int, scale: Scale) -> bool:
    """Return whether a column "Type" or "Level" says something else: no cell of it says a priority."""
    is_vague = simplify(grid.names[place]) in _VAGUE
    return is_vague and not any(_may_rank(cell, scale) for cell in _list_cells(grid, place))


def _place_meanings(grid: Grid, meanings: Mapping[int, str | None]) -> dict[str, int]:
    """Return the column of each meaning but priorities. Raises RequirementsError if there are two, or none of texts."""
    places: dict[str, int] = {}
    for place, meaning in meanings.items():
        if meaning in places and meaning != "category":
            raise RequirementsError(
                f"{grid.file}: the columns '{grid.names[places[str(meaning)]]}' and '{grid.names[place]}' both say the "
                f"{meaning}; rename one."
            )
        if meaning not in {None, "priority"}:
            places[str(meaning)] = place
    if not grid.names:
        raise RequirementsError(f"{grid.file} is empty; expected a row with the column names.")
    if "text" not in places:
        listed = ", ".join(f"'{name}'" for name in grid.names[:10])
        raise RequirementsError(
            f"{grid.file} has no column 'requirement'; found {listed}. Call the column of requirements 'Requirement', "
            f"that of priorities 'Priority', there or by --rename \"{grid.names[0]}=Requirement\". For a "
            "table of teams, see `recommend batch`."
        )
    return places


def _list_cells(grid: Grid, place: int) -> list[str]:
    return sorted({reveal_line(write_cell(row[place])) for row in grid.rows} - {""})


def are_numbers(cells: Iterable[str]) -> bool:
    """Return whether cells number the rows: 1, 1.2, R-17 or b)."""
    return all(map(_NUMBERING.fullmatch, cells))


def _may_rank(cell: str, scale: Scale) -> bool:
    """Return whether a cell says how much something is wanted, or would with a scale."""
    return find_wish(cell, scale) is not None or is_rank(cell) or is_number(cell)


def _refuse_priorities(grid: Grid, unread: Iterable[int], scale: Scale) -> None:
    """Raise RequirementsError if a column that is not read seems to hold the priorities."""
    for place in unread:
        cells = _list_cells(grid, place)
        # Plain numbers may be anything, such as the numbers of the requirements.
        if cells and all(_may_rank(cell, scale) for cell in cells) and not all(map(is_number, cells)):
            raise RequirementsError(
                f"{grid.file}: the column '{grid.names[place]}' seems to say how important each requirement is (such "
                f"as '{cells[0]}'); call it 'Priority', or remove it if it says something else."
            )
