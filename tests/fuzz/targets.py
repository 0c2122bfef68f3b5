"""One target for each reader: a valid input, damaged by a seed, goes through the command as a person would give it.

A target holds if the command answers, or says what is wrong in sentences of ours, and if no row of a batch is lost.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import random
import re
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from tests.fuzz.mutation import mutate_bytes, mutate_text, mutate_tree
from tests.fuzz.web import check_web

from provider_advisor.faces.cli.run_command import run
from provider_advisor.knowledge.strict_yaml import parse_yaml

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"
_FOLDERS = ("--facts", str(_BICYCLES / "facts"), "--rules", str(_BICYCLES / "rules"))
_DAY = ("--as-of", "2024-06-01")
_ANSWERED, _FAILED, _REFUSED, _REJECTED = 0, 1, 2, 3
_OURS = ("bug in the program", "Traceback", "report it")


class Fault(AssertionError):  # noqa: N818 (the reader is at fault, not the test)
    """A reader did what it must not; the words say what, and how to see it again."""


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


Target = Callable[[random.Random, Path], None]


def check(name: str, seed: int, folder: Path) -> None:
    """Run a target with a seed, in an empty folder. Raises Fault, with the command that shows it again."""
    work = folder / f"{name}-{seed}"
    work.mkdir()
    try:
        TARGETS[name](random.Random(f"{name} {seed}"), work)  # noqa: S311 (no secret)
    except Fault as fault:
        raise Fault(f"{fault}; again: python -m tests.fuzz {name} --seed {seed} --runs 1 --keep") from fault
    except Exception as error:
        again = f"python -m tests.fuzz {name} --seed {seed} --runs 1 --keep"
        raise Fault(f"{type(error).__name__}: {error}; again: {again}") from error
    shutil.rmtree(work)


def say(*arguments: str) -> Said:
    """Run the command in this process. Raises Fault unless it answers, or says in a sentence what is wrong."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace") for _ in range(2))
    before = sys.argv
    sys.argv = ["recommend", *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run()
    finally:
        sys.argv = before
    for stream in (out, err):
        stream.flush()
    said = Said(status, *(stream.buffer.getvalue().decode() for stream in (out, err)))
    if said.status not in {_ANSWERED, _FAILED, _REFUSED, _REJECTED}:
        raise Fault(f"exit status {said.status}")
    if said.status in {_FAILED, _REFUSED} and not said.err.strip():
        raise Fault(f"exit status {said.status} without a sentence")
    if any(words in said.err for words in _OURS):
        raise Fault(said.err.strip()[-2000:])
    return said


# Words of the command line.

_WORDS = (
    ("--needs", "repairs,bikes-in-stock>=50", "advice=good", "lightest-frame<=8 kg"),
    ("--wants", "test-rides:could,rental", "inspection-price<=40", "rental-price<=30"),
    ("--situation", "skill=beginner", "purposes=commuting"), ("--usage", "inspections=3", "rental-days=5"),
    ("--as-of", "2024-06-01"), ("--max-age", "365d", "90"),
)  # fmt: skip


def _check_words(draw: random.Random, _folder: Path) -> None:
    among = [_WORDS[0], *draw.sample(_WORDS[1:], draw.randrange(len(_WORDS)))]
    chosen = [(option, draw.choice(values)) for option, *values in among]
    damaged = draw.randrange(len(chosen))
    arguments = []
    for place, (option, value) in enumerate(chosen):
        arguments += [option, mutate_text(draw, value).replace("\0", "") if place == damaged else value]
    say(*arguments, *_FOLDERS, "--format", draw.choice(("text", "json", "markdown", "html")))


# YAML: a knowledge base with one damaged file, and requirements.


def _check_yaml(draw: random.Random, folder: Path) -> None:
    shutil.copytree(_BICYCLES, folder / "base")
    path = draw.choice(sorted((folder / "base").rglob("*.yaml")))
    path.write_bytes(mutate_bytes(draw, path.read_bytes()))
    say("check", "--facts", str(folder / "base" / "facts"), "--rules", str(folder / "base" / "rules"))


_PROBLEM = re.compile(r".*(\.yaml:[0-9]+|facts|rules): .+[.?]")
_ASKED = (
    "--needs", "repairs,bikes-in-stock>=50,inspection-price", "--wants", "advice=good,monthly-cost,lightest-frame",
    "--usage", "inspections=3", "--usage", "rental-days=5", "--situation", "skill=beginner",
)  # fmt: skip


def _check_base(draw: random.Random, folder: Path) -> None:
    """Change one value of a base, so that the file is still YAML; each problem has a place, or the base can be used."""
    shutil.copytree(_BICYCLES, folder / "base")
    path = draw.choice(sorted((folder / "base").rglob("*.yaml")))
    tree = mutate_tree(draw, parse_yaml(path.read_bytes(), path.name).data)
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    folders = ("--facts", str(folder / "base" / "facts"), "--rules", str(folder / "base" / "rules"))
    said = say(*_ASKED, *folders, "--format", draw.choice(("text", "json", "markdown", "html")))
    if said.status == _ANSWERED:
        say("compare", "velo", "rad", *folders)
        return
    for line in said.err.splitlines():
        # The example of a file that holds something else follows on lines of its own.
        if not (line.startswith(("    ", "recommend: ")) or _PROBLEM.fullmatch(line)):
            raise Fault(f"a problem without a place or an end: {line}")
        if "None" in line:
            raise Fault(f"a problem in words of Python: {line}")


_REQUIREMENTS = b"""\
# A club
needs: [repairs, "bikes-in-stock>=50"]
wants: [test-rides]
situation: {skill: beginner}
usage: {inspections: 3}
as_of: 2024-06-01
max_age: 3650d
"""


def _check_requirements(draw: random.Random, folder: Path) -> None:
    path = folder / draw.choice(("team.yaml", "team.json"))
    path.write_bytes(mutate_bytes(draw, _REQUIREMENTS))
    say("--file", str(path), *_FOLDERS, "--no-robustness", "--format", draw.choice(("text", "json")))


# Tables.


def _rows(draw: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "team": f"team-{number}",
            "needs": draw.choice(("repairs", "repairs;bikes-in-stock>=50", "no-such-thing", "")),
            "wants": draw.choice(("test-rides:could", "", "advice=good;rental")),
            "note": draw.choice(("plain", 'a "quoted" word', "two\nlines", "ä")),
        }
        for number in range(draw.randint(1, 30))
    ]


def _check_csv(draw: random.Random, folder: Path) -> None:
    text = io.StringIO()
    rows = _rows(draw)
    writer = csv.DictWriter(text, list(rows[0]), lineterminator=draw.choice(("\n", "\r\n")))
    writer.writeheader()
    writer.writerows(rows)
    data = mutate_bytes(draw, text.getvalue().encode())
    plain = not set(data) & set(b'"\r\0')
    _check_batch(draw, folder / "teams.csv", data, data.strip(b"\n").count(b"\n") if plain else None)


def _check_json_lines(draw: random.Random, folder: Path) -> None:
    lines = [json.dumps(row) for row in _rows(draw)]
    place = draw.randrange(len(lines))
    if draw.random() < 0.5:
        lines[place] = json.dumps(mutate_tree(draw, json.loads(lines[place])))
        data = "\n".join(lines).encode()
    else:
        data = mutate_bytes(draw, "\n".join(lines).encode())
    blank = b"".join([b" ", b"\t", b"\r"])
    count = None if b"\r" in data else sum(bool(line.strip(blank)) for line in data.split(b"\n"))
    _check_batch(draw, folder / "teams.jsonl", data, count)


def _check_parquet(draw: random.Random, folder: Path) -> None:
    rows = _rows(draw)
    table = pa.Table.from_pylist(rows)
    odd = draw.choice((pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary(), pa.string()))
    with contextlib.suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
        table = table.set_column(1, "needs", table["needs"].cast(odd))
    if draw.random() < 0.3:
        table = table.append_column("usage.inspections", pa.array([draw.choice((1, -1, None, 2**62)) for _ in rows]))
    out = io.BytesIO()
    pq.write_table(table, out, compression=draw.choice(("none", "snappy", "zstd")), row_group_size=7)
    data = out.getvalue()
    if draw.random() < 0.8:
        # Most of a file's bytes are names; the footer, at the end, is where damage tells.
        cut = draw.choice((0, max(0, len(data) - 800)))
        data = data[:cut] + mutate_bytes(draw, data[cut:])
    try:
        count = pq.ParquetFile(io.BytesIO(data)).metadata.num_rows
    except (OSError, ValueError, pa.ArrowException):
        count = None
    _check_batch(draw, folder / "teams.parquet", data, count)


def _check_batch(draw: random.Random, source: Path, data: bytes, count: int | None) -> None:
    """Score a damaged file; where its rows can be counted in another way, none may be missing from the outputs."""
    source.write_bytes(data)
    form = draw.choice(("csv", "jsonl", "parquet"))
    output, rejects, summary = (source.with_name(name) for name in (f"out.{form}", "rejects.csv", "summary.json"))
    options = ["--rejects", str(rejects), "--summary", str(summary), "--threads", "2", "--quiet"]
    options += draw.choice(([], ["--reasons"], ["--explain"]))
    said = say("batch", str(source), str(output), *options, *_FOLDERS, *_DAY)
    if said.status not in {_ANSWERED, _REJECTED}:
        if output.exists():
            raise Fault(f"exit status {said.status}, and yet there is an output: {said.err.strip()}")
        return
    totals = json.loads(summary.read_text(encoding="utf-8"))
    scored, rejected = _count_rows(output), _count_rows(rejects) if rejects.exists() else 0
    if (scored, rejected) != (totals["scored"], totals["rejected"]):
        raise Fault(f"{scored} rows and {rejected} rejects were written, and the summary says {totals}")
    if said.status == _ANSWERED and rejected:
        raise Fault(f"exit status 0 with {rejected} rejects")
    if count is not None and scored + rejected != count:
        raise Fault(f"{count} rows in, {scored} scored, {rejected} rejected")


def _count_rows(path: Path) -> int:
    if path.suffix == ".parquet":
        return int(pq.read_metadata(path).num_rows)
    if path.suffix == ".jsonl":
        return sum(1 for line in path.read_bytes().split(b"\n") if json.loads(line or b"0") != 0)
    with path.open(encoding="utf-8", newline="") as file:
        csv.field_size_limit(2**31 - 1)
        return sum(1 for _ in csv.reader(file)) - 1


# Records to replay, and files of answers.

_RECORDS: dict[str, Any] = {}


def _record() -> Any:
    """Return a valid record, asked for once."""
    if "replay" not in _RECORDS:
        said = say(
            "--needs", "repairs,bikes-in-stock>=50", "--wants", "test-rides", *_FOLDERS, *_DAY, "--format", "json"
        )
        _RECORDS["replay"] = json.loads(said.out)
    return _RECORDS["replay"]


def _check_record(draw: random.Random, folder: Path) -> None:
    path = folder / "record.json"
    if draw.random() < 0.7:
        path.write_text(json.dumps(mutate_tree(draw, _record())), encoding="utf-8")
    else:
        path.write_bytes(mutate_bytes(draw, json.dumps(_record()).encode()))
    say("replay", str(path), *_FOLDERS)


_ANSWERS = b"""\
version: 1
answers:
- {criterion: repairs, answer: must}
- {criterion: advice, answer: good, bound: good}
- {usage: inspections, answer: 3}
- {situation: skill, answer: [racer]}
"""


def _check_answers(draw: random.Random, folder: Path) -> None:
    path = folder / "answers.yaml"
    path.write_bytes(mutate_bytes(draw, _ANSWERS))
    say("ask", "--answers", str(path), "--no-robustness", *_FOLDERS)


TARGETS: dict[str, Target] = {
    "words": _check_words,
    "yaml": _check_yaml,
    "base": _check_base,
    "requirements": _check_requirements,
    "csv": _check_csv,
    "json-lines": _check_json_lines,
    "parquet": _check_parquet,
    "record": _check_record,
    "answers": _check_answers,
    **({"web": check_web} if find_spec("fastapi") else {}),
}
