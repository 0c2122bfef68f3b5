"""`recommend replay`: whether and why an earlier question is answered differently now."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import click

from provider_advisor.errors import RequirementsError
from provider_advisor.faces.cli.named_files import name_input, read_input
from provider_advisor.faces.cli.options import FactOptions, format_option, option, path_name, take_options
from provider_advisor.faces.replaying import EXPECTED_RECORD, check_record, group_differences, replay_record
from provider_advisor.faces.text import Page, show_json
from provider_advisor.safe_text import JsonError, read_json


class ReplayOptions(FactOptions):
    """The options of the command."""

    form: str = format_option("text", "json")
    as_of: str | None = option(
        "--as-of",
        metavar="DATE",
        help="Use the facts as of this date (YYYY-MM-DD); default: that in RECORD, else today.",
    )


@click.command("replay")
@click.argument("record", type=path_name)
@take_options(ReplayOptions)
def replay_command(record: str, options: ReplayOptions) -> None:
    """Answer the question in RECORD again, and report what changed.

    RECORD is a file with the output of `recommend --format json`; - reads it from standard input. Reports whether the
    answer is different now, and why. Uses the facts as of --as-of, or else the date in the record, or else today.
    --only, --without, --sources and --customer-of replace the same limits in the record.
    """
    day, name = options.day, name_input(record)
    old, knowledge = _read(record, name), options.load()
    compared = replay_record(old, name, knowledge, day, options.read_scope(knowledge))
    if options.form == "json":
        show_json(compared)
    else:
        show_replay(compared)


def _read(record: str, name: str) -> dict[str, Any]:
    """Return the record in a file, with a question in it. Raises RequirementsError naming it."""
    # Opening a named pipe would wait for a writer; pipes that the shell makes for `<(…)` have one.
    if record != "-" and not record.startswith(("/dev/fd/", "/dev/std", "/proc/")) and Path(record).is_fifo():
        raise RequirementsError(f"{record} is a pipe, not a file; pass it as standard input: replay - < {record}")
    content = read_input(record, EXPECTED_RECORD)
    if not content.strip():
        raise RequirementsError(f"{name} is empty; {EXPECTED_RECORD}")
    try:
        return check_record(read_json(content.removeprefix(codecs.BOM_UTF8)), name)
    except json.JSONDecodeError as error:
        raise RequirementsError(f"{name}:{error.lineno}: not JSON; {EXPECTED_RECORD}") from error
    except JsonError as error:
        raise RequirementsError(f"{name} {error}; {EXPECTED_RECORD}") from error


def show_replay(compared: dict[str, Any]) -> None:
    """Show whether and why an answer is different now."""
    page = Page()
    page.line(compared["says"], bold=True)
    for title, sentences in group_differences(compared):
        page.section(title, sentences)
    page.gap()
    then, now = compared["then"], compared["now"]
    days = [then["as_of"], now["as_of"]]
    same = f"Answered as of {days[0]}, before and now."
    page.line(same if days[0] == days[1] else f"Answered as of {days[0]} before, and as of {days[1]} now.")
    page.show()
