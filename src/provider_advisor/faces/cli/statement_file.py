"""The file of `--file`: requirements in YAML or JSON, or a sheet with one in each row, by its name or content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.faces.cli.input_options import SHEET_ONLY, SheetOptions
from provider_advisor.faces.cli.named_files import name_input, read_input
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.requirements import Statement
from provider_advisor.requirements.statement import Mistakes
from provider_advisor.safe_text import find_content

if TYPE_CHECKING:
    from provider_advisor.requirements.unlisted import UnknownWords

_SHEETS = (".xlsx", ".xlsm", ".csv", ".tsv", ".tab", ".xls", ".xlsb", ".ods", ".fods", ".numbers")
"""Those from .xls on cannot be read; the reader of sheets says what to save them as."""
_YAML_NAMES = (".yaml", ".yml", ".json")
_YAML_START = re.compile(rb"\s|[{\[%]|#(?![,;\t])|-(-|\s)|[^,;\t]*:(\s|$)")
"""How YAML and JSON begin, up to the first key: `needs: [fax]`, `{"needs": …`, `---`, `# comment`, `- fax`."""

_WORKBOOK, _HEAD = b"PK\x03\x04", 4_096
"""How a zip archive begins."""
_MOST_TITLES = 50
"""Lines at the beginning of a file that tell whether it is a table, titles above it included."""


def read_statement_file(
    file: str | None, options: SheetOptions, knowledge: KnowledgeBase, mistakes: Mistakes, unknown: UnknownWords | None
) -> Statement | None:
    """Return the statement in a file: a sheet by its name or content, else YAML or JSON.

    Returns None without a file, and after noting mistakes.
    """
    if file is None:
        mistakes.problems += _refuse_sheet_options(options, "give one with --file")
        return None
    name = name_input(file)
    if file.lower().endswith(_SHEETS):
        return mistakes.note(_read_sheet, file, None, options, knowledge)
    content = mistakes.note(read_input, file)
    if content is None:
        return None
    try:
        if not file.lower().endswith(_YAML_NAMES) and _is_table(content):
            return mistakes.note(_read_sheet, name, content, options, knowledge)
        mistakes.problems += _refuse_sheet_options(options, f"{name} is not one")
        # Importing what reads and checks YAML takes long, and a sheet needs neither.
        from provider_advisor.requirements.requirements_file import read_requirements  # noqa: PLC0415

        return mistakes.note(read_requirements, content, name, knowledge, whole=False, unknown=unknown)
    except KnowledgeError as error:
        if not mistakes.problems:
            raise
        mistakes.problems += error.problems
        return None


def _is_table(content: bytes) -> bool:
    r"""Return whether content is a workbook, or CSV: lines with the same separator or a known header, and no key.

    >>> [_is_table(text) for text in (b"requirement;priority\nfax;must", b"needs: [fax, sms]\nwants: [api, ivr]")]
    [True, False]
    """
    lines = [line for line in content.removeprefix(b"\xef\xbb\xbf").splitlines()[:_MOST_TITLES] if line.strip()]
    if not lines or find_content(content[:_HEAD]) or _YAML_START.match(lines[0]):
        return find_content(content[:_HEAD]) is not None  # the reader of tables says what it is instead
    if any(sum(sign in line for line in lines) > 1 for sign in (b",", b";", b"\t")):
        return True
    from provider_advisor.requirements.proposal_table import is_column_name  # noqa: PLC0415 (seldom needed)

    return is_column_name(lines[0].decode("utf-8", "replace"))  # a single column has no separator


def _refuse_sheet_options(options: SheetOptions, remark: str) -> Iterator[str]:
    """Yield an error for the first option that needs a spreadsheet, if none is read."""
    given = options.write(*SHEET_ONLY)
    if (flag := next(given, None)) is not None:
        yield f"{flag} is for spreadsheets (.xlsx, .csv); {remark}."


def _read_sheet(name: str, content: bytes | None, options: SheetOptions, knowledge: KnowledgeBase) -> Statement:
    """Return the statement in a sheet with a requirement in each row, and say how it was read.

    `content` is None for a file, which is read here.
    """
    from provider_advisor.requirements.proposal import read_proposal  # noqa: PLC0415 (few requirements are sheets)
    from provider_advisor.requirements.workbook import read_sheet_file  # noqa: PLC0415 (as above)

    if content is not None and content.startswith(_WORKBOOK):
        raise RequirementsError(f"{name} is a workbook; save it as a file whose name ends in .xlsx, and give that.")
    scale, matches, encoding = options.read_scale(), options.read_matches(knowledge), options.read_encoding()
    with options.note_matches([name]):
        proposal = read_proposal(
            read_sheet_file(name) if content is None else content, name, knowledge,
            sheet=options.sheet, scale=scale, matches=matches, decimal=options.decimal, unlist=options.unlisted_unknown,
            encoding=encoding, renames=dict(options.read_renames()),
        )  # fmt: skip
    options.show_matches(proposal.matches, proposal.notices, [name])
    return proposal.statement
