"""Workbooks: `recommend batch teams.xlsx answers.xlsx` beside Polars, which reads the same workbook and writes it.

`python -m benchmarks workbook` takes 5,000 teams; both are whole processes that alternate, with the same libraries
(calamine reads, XlsxWriter writes). What is written differs: Polars writes back the columns it read, the command the
answers with the columns of each provider, a sheet of reasons in sentences, and the scope.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import polars as pl

from benchmarks import teams
from benchmarks.batch import HEAD, make_row, run_command

__all__ = ["HEAD", "rows"]

_TEAMS = 5_000
_ROUNDS = 5
_COPY = "import sys, polars; polars.read_excel(sys.argv[1]).write_excel(sys.argv[2])"
_PROVIDERS = "twilio,vonage"


def rows() -> list[str]:
    """The copy, then the command with the two providers of the article and with all: medians, and of the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        teams.write(place / "teams.csv", _TEAMS)
        source = place / "teams.xlsx"
        pl.read_csv(place / "teams.csv", infer_schema=False).write_excel(source)
        copy = [sys.executable, "-c", _COPY, str(source), str(place / "copy.xlsx")]
        found = [
            make_row("Polars: workbook to workbook untouched", _TEAMS, [run_command(copy) for _ in range(_ROUNDS)])
        ]
        for name, options in (("two providers", ["--only", _PROVIDERS]), ("all providers", [])):
            program = str(Path(sys.executable).with_name("recommend"))
            command = [program, "batch", str(source), str(place / "answers.xlsx"), "--quiet", *options]
            run_command(command)
            pairs = [(run_command(copy), run_command(command)) for _ in range(_ROUNDS)]
            ratio = statistics.median(mine.seconds / plain.seconds for plain, mine in pairs)
            what = f"`recommend batch teams.xlsx answers.xlsx`, {name}"
            found.append(make_row(what, _TEAMS, [mine for _, mine in pairs], f"{ratio:.2f} times the copy", "3"))
    return found
