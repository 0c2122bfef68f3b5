"""The files that options name: how they are read and written."""

from __future__ import annotations

import os
import sys

from provider_advisor.errors import BatchFailure, RequirementsError, explain_unread, explain_unwritten
from provider_advisor.knowledge.files import MAX_BYTES, read_limited
from provider_advisor.whole_file import write_whole


def read_input(file: str, expected: str = "expected one team's requirements.") -> bytes:
    """Return the bytes of a file that an option names, of standard input for `-`. Raises RequirementsError.

    A pipe may be read too, as in `--file <(command)`.
    """
    name = name_input(file)
    try:
        if file == "-":
            content = b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(file, "rb") as stream:  # noqa: PTH123 (a Path takes longer)
                content = read_limited(stream)
    except (OSError, ValueError) as error:
        raise RequirementsError(explain_unread(name, error)) from error
    if len(content) > MAX_BYTES:
        raise RequirementsError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB; {expected}")
    return content


def name_input(file: str) -> str:
    """Return the name of an option's file for messages."""
    return "standard input" if file == "-" else file


def write_answer(path: str, text: str | bytes, remedy: str | None = None, *, make_folder: bool = False) -> None:
    """Write an answer to a file, whole or not at all. Raises BatchFailure ending with the remedy."""
    try:
        if make_folder:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)  # noqa: PTH103, PTH120 (a Path takes longer)
        with write_whole(os.path.realpath(path)) as file:
            file.write(text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise BatchFailure(explain_unwritten(path, error, remedy)) from error
