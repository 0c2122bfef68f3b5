"""Workbooks: `recommend batch teams.xlsx answers.xlsx` beside Polars, which reads the same workbook and writes it.

`python -m benchmarks workbook` takes 5,000 teams; both are whole processes that alternate. Both read by calamine;
Polars writes by XlsxWriter, the command by xlsxturbo. The command writes far more cells than it reads: a score and six
other figures for each provider, a sheet of reasons in sentences, and the scope. So Polars is also measured writing the
details.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import polars as pl

from benchmarks import teams
from benchmarks.batch import make_row
from benchmarks.timing import run_command

_TEAMS = 5_000
_ROUNDS = 5
_COPY = "import sys, polars; polars.read_excel(sys.argv[1]).write_excel(sys.argv[2])"
_WRITE = """import sys, polars
polars.read_excel(sys.argv[1])
polars.read_parquet(sys.argv[3]).write_excel(sys.argv[2])"""
_PROVIDERS = "twilio,vonage"


def rows() -> list[str]:
    """The copy, then the command with the two providers of the article and with all: medians, and of the ratios.

    Each is also set beside Polars, which reads the same workbook and writes the table of details alone.
    """
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
            pl.read_excel(place / "answers.xlsx", sheet_name="Details").write_parquet(place / "answers.parquet")
            write = [
                sys.executable,
                "-c",
                _WRITE,
                str(source),
                str(place / "copy.xlsx"),
                str(place / "answers.parquet"),
            ]
            runs = [tuple(map(run_command, (copy, write, command))) for _ in range(_ROUNDS)]
            copied, written = (statistics.median(run[2].seconds / run[side].seconds for run in runs) for side in (0, 1))
            what = f"`recommend batch teams.xlsx answers.xlsx`, {name}"
            beside = f"{copied:.2f} times the copy, {written:.2f} times Polars writing the details"
            found.append(make_row(what, _TEAMS, [run[2] for run in runs], beside, "3"))
    return found
