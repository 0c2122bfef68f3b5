"""Measure what is named: `python -m benchmarks [start|answer|sure|many|batch|workbook|ask|house|web]`, or all.

The tables are printed; `--write` puts them into docs/benchmarks.md. `batch --facts DIR --rules DIR` measures many teams
on another base, such as that of an earlier revision.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import batch, house, many, one_answer, questionnaire, web

_PARTS = {
    "start": one_answer.measure_start,
    "answer": one_answer.measure_answers,
    "sure": one_answer.measure_sureness,
    "many": many.measure_many,
    "batch": batch.measure_batch,
    "workbook": batch.measure_workbooks,
    "ask": questionnaire.measure_questionnaire,
    "house": house.measure_house,
    "web": web.measure_web,
}
_HEAD = ["| what | median | beside | ratio | target |", "|---|---|---|---|---|"]
# The tables of docs/benchmarks.md by the words of their markers: the heading, and the parts that fill it.
_TABLES = {
    "benchmarks": (_HEAD, ("start", "answer", "sure", "many")),
    "benchmarks batch": (batch.HEAD, ("batch",)),
    "benchmarks workbook": (batch.HEAD, ("workbook",)),
    "benchmarks ask": (questionnaire.HEAD, ("ask",)),
    "benchmarks house": (house.HEAD, ("house",)),
    "benchmarks web": (web.HEAD, ("web",)),
}
_TABLES_FILE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main(arguments: list[str]) -> int:
    """Measure the parts named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and print tables.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(_PARTS)}; all if none is named")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    parser.add_argument("--facts", type=Path, metavar="DIR", help="with --rules: measure `batch` on this base alone")
    parser.add_argument("--rules", type=Path, metavar="DIR")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.parts if name not in _PARTS]:
        parser.error(f"no benchmark {unknown[0]!r}; expected some of {', '.join(_PARTS)}")
    if options.facts or options.rules:
        if options.parts != ["batch"] or options.write or not (options.facts and options.rules):
            parser.error("--facts and --rules go together, with `batch` alone, whose table is not written then")
        for line in itertools.chain(batch.HEAD, batch.measure_base(options.facts, options.rules)):
            print(line, flush=True)
        return 0
    _measure(options.parts or list(_PARTS), write=options.write)
    return 0


def _measure(names: Sequence[str], *, write: bool) -> None:
    for marker, (head, parts) in _TABLES.items():
        if chosen := [part for part in parts if part in names]:
            lines = []
            for line in itertools.chain(head, *(_PARTS[part]() for part in chosen)):
                print(line, flush=True)
                lines.append(line)
            if write:
                _write(marker, lines)


def _write(marker: str, lines: list[str]) -> None:
    """Put the lines between the marker's two comments. Raises SystemExit if it lacks one."""
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    text = _TABLES_FILE.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        raise SystemExit(f"docs/benchmarks.md: the comments '{begin}' and '{end}' are not both there; add them.")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    table = "\n".join(lines)
    _TABLES_FILE.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
