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
from collections.abc import Iterator
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.words import criterion_label
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements import Requirement, Unlisted, bound_words
from provider_advisor.requirements.grammar import read_requirement
from provider_advisor.requirements.matching import Matcher
from provider_advisor.requirements.proposal import Proposal, read_proposal
from provider_advisor.requirements.proposal_table import is_column_name

PASTED_FIELD = "list"
_MOST_LINES = 500
_BULLET = re.compile(r"""\A[^\w("'#+<>=]+""")
_ROW = re.compile(r"\Alist\.csv, row (\d+): ")


class ReadLine(NamedTuple):
    """A line of a list, and the labels of the criteria that it was read as; none if it is not judged."""

    words: str
    labels: tuple[str, ...]


def read_list(text: str, knowledge: KnowledgeBase) -> Proposal:
    """Return what a pasted list asks. Raises RequirementsError."""
    # Cells copied from a spreadsheet are separated by tabs. Only a row of known names tells what each column is; alone
    # in its line, "Must have" is the title of a list.
    cells = (line.split("\t") for line in text.strip().splitlines())
    rows = [[_BULLET.sub("", first), *others] for first, *others in cells]
    if len(rows) > _MOST_LINES:
        raise RequirementsError(f"The list has {len(rows):,} lines; at most {_MOST_LINES} are read.")
    has_names = any(map(is_column_name, rows[0])) and (len(rows[0]) > 1 or "requirement" in rows[0][0].lower())
    if not has_names:
        rows = [["Requirement"], *([" ".join(row)] for row in rows)]
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    try:
        return read_proposal(table.getvalue().encode(), "list.csv", knowledge, unlist=True)
    except RequirementsError as error:
        first = 1 if has_names else 2

        def name_line(place: re.Match[str]) -> str:
            return f"line {int(place[1]) - first + 1} of the list: "

        raise RequirementsError(*(_ROW.sub(name_line, problem) for problem in error.problems)) from error


def explain_reading(text: str, knowledge: KnowledgeBase) -> list[ReadLine]:
    """Return how each line of a list was read; nothing for a list that cannot be."""
    try:
        matches = read_list(text, knowledge).matches if text.strip() else ()
    except RequirementsError:  # somebody changed the address
        return []
    return [
        ReadLine(
            match.word,
            tuple(name_requirement(read_requirement(target, "must", knowledge), knowledge) for target in match.targets)
            if match.is_requirement
            else (),
        )
        for match in matches
    ]


def suggest_requirements(wish: Unlisted, matcher: Matcher, knowledge: KnowledgeBase) -> Iterator[Requirement]:
    """Yield the requirements that a wish in own words may mean, as important as it is."""
    match = matcher.find(wish.text)
    for target in match.targets if match.is_requirement else match.candidates:
        yield read_requirement(f"{target}:{wish.priority}", "must", knowledge)


def name_requirement(part: Requirement, knowledge: KnowledgeBase) -> str:
    """Return the label of a requirement with its bound, without saying that it must be absent."""
    bound = bound_words(part.bound, knowledge.criteria[part.criterion])
    return criterion_label(part.criterion, None if part.is_absence else bound or None, knowledge)
