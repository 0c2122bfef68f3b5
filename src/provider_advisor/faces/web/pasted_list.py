"""A list of requirements as people have it: one in each line, in their own words, or rows of a spreadsheet.

It is read like a sheet with a requirement in each row (`requirements.proposal`), and what is in doubt is not judged:

    - Voicemail                     voicemail, a must
    - The system should offer fax   fax, a should
    - hold music, own content       in these words; it may mean hold-music or custom-hold-music
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import criterion_label
from provider_advisor.faces.web.address import ABSENT_TICK
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements import Requirement, Unlisted, bound_words
from provider_advisor.requirements.grammar import read_requirement
from provider_advisor.requirements.matching import Matcher
from provider_advisor.requirements.priority_words import find_wish
from provider_advisor.requirements.proposal import Proposal, read_proposal
from provider_advisor.requirements.proposal_table import are_numbers, is_column_name, is_text_name

_MOST_LINES = 500
_BULLET = re.compile(r"""\A(?:[^\w("'#+<>=\[]*\[[ xX]?\]\s*|o\s+(?=\w)|[^\w("'#+<>=\[$€£]+)""")  # "- [ ]", "o ", "•"
_TITLE = re.compile(r"\A#{1,6}\s+(?P<text>.*\w)[\s#:*]*\Z")  # "## Voice" in Markdown
_RULE = re.compile(r":?-{2,}:?")  # between the header and the rows of a table in Markdown
_GREETING = re.compile(r"(hi|hello|hey|dear|good (morning|afternoon|evening))\b[^,:]{0,40},", re.IGNORECASE)
_CLOSING = re.compile(
    r"((many )?thanks|thank you|cheers|((best|kind|warm) )?regards|(yours )?sincerely)"
    r"( (a lot|so much|in advance))?([,.!].{0,40})?",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE = 8
# "Requirements for our new provider", "RFP 2026", "Contact centre requirements"; alone above a list.
_HEADLINE = re.compile(
    r"(.{0,40} )?(requirements|wish ?list) (for|of)\b.{0,80}|.{0,80}\b(requirements|wish ?list)( list)?:?"
    r"|(rf[ipq]|request for (proposals?|information|quotations?))\b.{0,80}",
    re.IGNORECASE,
)
_ROW = re.compile(r"\Alist\.csv, row (\d+): ")


class ReadLine(NamedTuple):
    """A line of a list, and the labels of what it asks; none if it is not judged, or asks for nothing.

    `priority` is how important that is, empty if nothing is asked.
    """

    words: str
    labels: tuple[str, ...]
    priority: str


def read_list(text: str, knowledge: KnowledgeBase) -> Proposal:
    """Return what a pasted list asks. Raises RequirementsError."""
    # Cells copied from a spreadsheet are separated by tabs. A row of known names tells what each column is, or else
    # what all cells of a column say; alone in its line, "Must have" is the title of a list.
    lines = text.strip().splitlines()
    rows = [_split_line(line) for line in lines]
    for place in _find_courtesies(lines):
        rows[place] = [""]
    if len(rows) > _MOST_LINES:
        raise RequirementsError(f"The list has {len(rows):,} lines; at most {_MOST_LINES} are read.")
    names = [] if _is_header(rows[0]) else _name_columns(rows)
    header = [names] if names else [] if _is_header(rows[0]) else [["Requirement"]]
    rows = [*header, *(rows if names or not header else ([" ".join(row)] for row in rows))]
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    try:
        return read_proposal(table.getvalue().encode(), "list.csv", knowledge, unlist=True)
    except RequirementsError as error:
        first = 1 + len(header)

        def name_line(place: re.Match[str]) -> str:
            return f"line {int(place[1]) - first + 1} of the list: "

        raise RequirementsError(*(_ROW.sub(name_line, problem) for problem in error.problems)) from error


def _is_header(row: Sequence[str]) -> bool:
    """Return whether the first line of a list names columns: `Requirement` and others."""
    return any(map(is_text_name, row)) if len(row) > 1 else is_column_name(row[0]) and "requirement" in row[0].lower()


def _name_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return names for the columns of a table without any, if one has texts, and others priorities or numbers.

    >>> _name_columns([["1", "Voicemail", "Mandatory"], ["2", "Fax", "Optional"]])
    ['No. 1', 'Requirement', 'Priority']
    """
    filled = [row for row in rows if any(row)]
    if len({len(row) for row in filled}) != 1:
        return []
    names = [_name_column(cells, place) for place, cells in enumerate(zip(*filled, strict=True), 1)]
    return [name or "Requirement" for name in names] if len(names) > 1 and names.count("") == 1 else []


def _name_column(cells: Iterable[str], place: int) -> str:
    texts = [cell.strip() for cell in cells]
    if all(text and find_wish(text, {}) for text in texts):
        return "Priority"
    return f"No. {place}" if are_numbers(texts) else ""


def _find_courtesies(lines: Sequence[str]) -> Iterator[int]:
    """Yield the places of what is said around a list: a headline, "Hi Anna,", "Best regards" with a name below."""
    closings = (place for place, line in enumerate(lines) if _CLOSING.fullmatch(line.strip()))
    end = next((place for place in closings if len(lines) - place <= _LONGEST_SIGNATURE), len(lines))
    if len(lines) > 1 and not lines[1].strip() and _HEADLINE.fullmatch(lines[0].strip()):
        yield 0
    for place, line in enumerate(lines):
        if line.strip() and (place >= end or _GREETING.fullmatch(line.strip())):
            yield place


def _split_line(line: str) -> list[str]:
    """Return the cells of a line, without what marks it as one of a list, a title or a row of a table."""
    if line.lstrip().startswith("|"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        return [""] if all(map(_RULE.fullmatch, cells)) else cells
    if title := _TITLE.match(line):
        return [f"{title['text']}:"]
    first, *others = line.split("\t")
    return [_BULLET.sub("", first).replace("**", ""), *others]


def explain_reading(text: str, knowledge: KnowledgeBase) -> tuple[list[ReadLine], tuple[str, ...]]:
    """Return how each line of a list was read, and those that ask for nothing; nothing for a list that cannot be."""
    try:
        if not text.strip():
            return [], ()
        found = read_list(text, knowledge)
    except RequirementsError:  # somebody changed the address
        return [], ()
    lines = [
        ReadLine(
            match.word,
            tuple(name_requirement(part, knowledge) for part in asked if isinstance(part, Requirement)),
            next((_name_priority(part) for part in asked), ""),
        )
        for match, asked in zip(found.matches, found.asked, strict=True)
    ]
    all_lines = text.strip().splitlines()
    return lines, (*found.headings, *(all_lines[place].strip(" ,.!") for place in _find_courtesies(all_lines)))


def _name_priority(part: Requirement | Unlisted) -> str:
    return ABSENT_TICK if isinstance(part, Requirement) and part.is_absence else part.priority


def suggest_requirements(wish: Unlisted, matcher: Matcher, knowledge: KnowledgeBase) -> Iterator[Requirement]:
    """Yield the requirements that a wish in own words may mean, as important as it is."""
    match = matcher.find(wish.text)
    for target in match.targets if match.is_requirement else match.candidates:
        yield read_requirement(f"{target}:{wish.priority}", "must", knowledge)


def name_requirement(part: Requirement, knowledge: KnowledgeBase) -> str:
    """Return the label of a requirement with its bound, without saying that it must be absent."""
    bound = bound_words(part.bound, knowledge.criteria[part.criterion])
    return criterion_label(part.criterion, None if part.is_absence else bound or None, knowledge)
