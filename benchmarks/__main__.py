"""Measure what is named: `python -m benchmarks [start|answer|sure|many|batch|workbook|ask|house|web]`, or all.

The tables are printed; `--write` puts them into docs/benchmarks.md.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from benchmarks import answer, batch, house, many, questionnaire, start, sure, web, workbooks

_PARTS = {
    "start": start.rows,
    "answer": answer.rows,
    "sure": sure.rows,
    "many": many.rows,
    "batch": batch.rows,
    "workbook": workbooks.rows,
    "ask": questionnaire.rows,
    "house": house.rows,
    "web": web.rows,
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
    """Measure the parts named, or all; exit status 2 for a part that there is not."""
    write = "--write" in arguments
    names = [name for name in arguments if name != "--write"] or list(_PARTS)
    if unknown := [name for name in names if name not in _PARTS]:
        print(f"no benchmark {unknown[0]!r}; expected some of {', '.join(_PARTS)}", file=sys.stderr)
        return 2
    for marker, (head, parts) in _TABLES.items():
        if chosen := [part for part in parts if part in names]:
            lines = []
            for line in itertools.chain(head, *(_PARTS[part]() for part in chosen)):
                print(line, flush=True)
                lines.append(line)
            if write:
                _write(marker, lines)
    return 0


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
