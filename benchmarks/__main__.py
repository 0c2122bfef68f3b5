"""`python -m benchmarks [start|answer|sure|ask]`: print figures as Markdown; `--write` puts them into the README."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import answer, questionnaire, start, sure

_PARTS = {"start": start.rows, "answer": answer.rows, "sure": sure.rows}
_TABLES = {"ask": (questionnaire.HEAD, questionnaire.rows)}
"""Parts with columns of their own."""
_HEADS = 2
_README = Path(__file__).parents[1] / "README.md"
_BEGIN, _END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def main(arguments: list[str]) -> int:
    """Measure the parts named, or all; exit status 2 for a part that there is not."""
    write = "--write" in arguments
    names = [name for name in arguments if name != "--write"] or [*_PARTS, *_TABLES]
    if unknown := [name for name in names if name not in _PARTS | _TABLES]:
        print(f"no benchmark {unknown[0]!r}; expected some of {', '.join([*_PARTS, *_TABLES])}", file=sys.stderr)
        return 2
    lines = ["| what | median | beside | ratio | target |", "|---|---|---|---|---|"]
    for name in names:
        lines += _PARTS[name]() if name in _PARTS else []
    lines = lines if len(lines) > _HEADS else []
    for name in names:
        if name in _TABLES:
            head, rows = _TABLES[name]
            lines += [*([""] if lines else []), *head, *rows()]
    print("\n".join(lines))
    if write:
        _write(lines)
    return 0


def _write(lines: list[str]) -> None:
    before, _, rest = _README.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    table = "\n".join(lines)
    _README.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
