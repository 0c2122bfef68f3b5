"""What people see, word for word: each file holds commands and their output.

After a wanted change run the tests once with UPDATE_TRANSCRIPTS=1, and read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent / "transcripts"
_FINGERPRINT = re.compile(r"(?<=Knowledge base )\S+ of \S+ \([0-9a-f]{12}\)|\b[0-9a-f]{12}\b")


@pytest.mark.parametrize("path", sorted(_FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_the_command_prints_what_the_transcript_shows(path, recommend_says):
    expected = path.read_text(encoding="utf-8")
    lines = [line for line in expected.splitlines() if line.startswith("$ ")]
    found = "".join(_session(line, recommend_says) for line in lines)
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        path.write_text(found, encoding="utf-8")
    assert found == expected


def _session(line: str, recommend_says) -> str:
    run = recommend_says(line.removeprefix("$ "))
    status = f"(exit status {run.status})\n" if run.status else ""
    return f"{line}\n{_FINGERPRINT.sub('<fingerprint>', run.out)}{run.err}{status}"


def test_no_line_is_wider_than_eighty_columns_or_ends_in_blanks():
    for path in _FOLDER.glob("*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert line == line.rstrip(), f"{path.name}: {line!r}"
            wide = path.stem.startswith("bad-") or line.startswith("$ ") or "\t" in line  # or it is for programs
            assert len(line) <= 80 or wide, f"{path.name}: {line!r}"
