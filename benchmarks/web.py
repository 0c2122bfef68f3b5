"""The server under load: `wrk` on loopback asks one and two workers, beside a bare FastAPI page with a body as large.

Both servers are granian's, so a ratio says what our own work costs. `wrk` shares the machine with what it measures. A
question that was asked before is answered from memory, so each row says which of the two is asked. A load of half the
rate of new questions is sent by `benchmarks.paced`, at even intervals. At last two workers get 100,000 different
questions: none may fail, and memory may not grow.
"""

from __future__ import annotations

# ruff: noqa: E501 (rows of tables, and commands)
import math
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode
from urllib.request import urlopen

from benchmarks import teams
from benchmarks.paced import measure_each, measure_paced
from benchmarks.timing import as_installed, median_ms
from provider_advisor import load

HEAD = [
    "| what is asked for | workers | a second | 50th, 99th percentile | CPU each | beside the bare page |",
    "|---|---|---|---|---|---|",
]

_SECONDS, _CONNECTIONS, _QUESTIONS = 5, 8, 200
_PACED_SECONDS = 20
_DIFFERENT = int(os.environ.get("BENCHMARK_WEB_QUESTIONS", "100000"))
_SETTLED = 10
"""After so many seconds of the long run its first memory is read."""
_JSON = "an answer as JSON, to a question that nobody asked before"
_AGAIN = f"answers to {_QUESTIONS} questions that were asked before"
_GZIP = "Accept-Encoding: gzip"
_BODY = "BENCHMARK_WEB_BODY"
_NEEDS = "sms voice-api video-api whiteboard call-recording ucaas whatsapp fax number-countries%3E=60".split()


class Load(NamedTuple):
    """What a run of `wrk` found: requests a second, two percentiles in milliseconds, requests that failed, CPU each in milliseconds."""

    rate: float
    median: float
    last: float
    failed: int
    processor: float


def measure_web() -> Iterator[str]:
    """Yield a row for each thing that is asked for, with one worker and with two."""
    if shutil.which("wrk") is None:
        yield "| wrk is not installed: apt-get install wrk | | | | | |"
        return
    questions, different = _list_questions(), _list_different(_DIFFERENT)
    alone, processor = _time_library(questions)
    yield f"| the same answers in process, without a server | | {1000 / alone:.0f} | {alone:.1f} ms | {processor:.1f} ms | |"
    for workers in (1, 2):
        yield from _measure_workers(workers, questions, different)
    yield _measure_kill(f"/api/v1/recommendation?{questions[0]}")
    yield from _measure_long([f"/api/v1/recommendation?{one}" for one in different])


class _Asking(NamedTuple):
    """A row of the table: what is asked for, by which paths in turn, with which header."""

    name: str
    paths: Sequence[str]
    header: str = ""


def _measure_workers(workers: int, questions: Sequence[str], different: Sequence[str]) -> Iterator[str]:
    """Yield the rows of our server with so many workers, each beside a bare page of a server with as many."""
    with serve_ours(workers) as (port, process):
        size, etag = _look(port, f"/api/v1/recommendation?{questions[0]}")
        with serve_bare(workers, size) as (bare_port, beside):
            bare = measure(bare_port, beside.pid, ["/"])
            yield _make_row("a bare page of FastAPI", workers, bare, bare)
            new = (f"/api/v1/recommendation?{one}" for one in different)
            first_memory, rate = 0, 0.0
            for asking in _list_askings(workers, questions, different, new, etag):
                if asking.name.startswith(_AGAIN):
                    measure(port, process.pid, asking.paths, asking.header)  # they are computed, and kept
                found = measure(port, process.pid, asking.paths, asking.header)
                rate = found.rate if asking.name == _JSON else rate
                first_memory = first_memory or read_memory(process.pid)
                yield _make_row(asking.name, workers, found, bare)
            yield from _pace(port, [*islice(new, math.ceil(rate * _PACED_SECONDS))], rate / 2, workers)
            memory = read_memory(process.pid)
            yield f"| memory of all processes: after the first run {first_memory} MB, at the end {memory} MB | {workers} | | | | |"


def _list_askings(
    workers: int, questions: Sequence[str], different: Sequence[str], new: Iterator[str], etag: str
) -> list[_Asking]:
    """Return what is asked for; `new` are questions to take from, so that none is asked twice."""
    most = 300 * workers * _SECONDS  # more than are answered in a run
    again = [f"/api/v1/recommendation?{one}" for one in questions]
    return [
        _Asking("`/-/live`", ["/-/live"]),
        _Asking(_JSON, [*islice(new, most)]),
        _Asking("the same with how sure it is", [f"{one}&sure=true" for one in islice(new, most)]),
        _Asking("an answer as a page", [f"/answer?{_write_canonical(one)}" for one in islice(different, most)]),
        _Asking(f"{_AGAIN}, as JSON", again),
        _Asking(f"{_AGAIN}, as JSON in gzip", again, _GZIP),
        _Asking(f"{_AGAIN}, as a page", [f"/answer?{one}" for one in questions]),
        _Asking("an answer that the client has (ETag)", again[:1], f"If-None-Match: {etag}"),
    ]


def _make_row(name: str, workers: int, found: Load, bare: Load) -> str:
    failed = f", {found.failed} failed" if found.failed else ""
    times = f"{found.median:.1f} ms, {found.last:.0f} ms{failed}"
    return (
        f"| {name} | {workers} | {found.rate:.0f} | {times} | {found.processor:.1f} ms | {found.rate / bare.rate:.2f} |"
    )


def _pace(port: int, paths: Sequence[str], rate: float, workers: int) -> Iterator[str]:
    """Yield a row for answers at that rate, and one for a page that costs nothing: what client and machine take."""
    if not paths:
        raise SystemExit("no questions are left to ask at an even rate; set BENCHMARK_WEB_QUESTIONS to 10000 or more.")
    for name, asked in ((f"{_JSON}, at half that rate", paths), ("`/-/live` at that rate", ["/-/live"])):
        found = measure_paced(port, asked, rate, _PACED_SECONDS)
        failed = f", {found.failed} failed" if found.failed else ""
        times = f"{found.median:.1f} ms, {found.last:.0f} ms{failed}; sent up to {found.late:.0f} ms late"
        yield f"| {name} | {workers} | {found.rate:.0f} | {times} | | |"


def _measure_long(paths: Sequence[str]) -> Iterator[str]:
    """Yield the rows of a run that asks each question once: how many failed, and memory at its start and end."""
    memory = []
    with serve_ours(2) as (port, process):
        begin = read_processor(process.pid)
        found = measure_each(port, paths, _CONNECTIONS, _SETTLED, lambda: memory.append(read_memory(process.pid)))
        used = (read_processor(process.pid) - begin) / len(paths)
        memory.append(read_memory(process.pid))
    times = f"{found.median:.1f} ms, {found.last:.0f} ms"
    name = f"{len(paths):,} different questions, each once: {found.failed} failed"
    yield f"| {name} | 2 | {found.rate:.0f} | {times} | {used:.1f} ms | |"
    first, last = memory[0], memory[-1]
    yield f"| memory of that run: after {_SETTLED} s {first} MB, at the end {last} MB, {last / first:.2f} times | 2 | | | | |"


_IN_TWO_WAYS = re.compile(r"\.\d{3}(?!\d)")
"""A number that may be meant as thousands, which no face takes."""


def _list_different(count: int) -> list[str]:
    """Return so many different questions of made-up teams, as queries."""
    found: dict[str, None] = {}
    for table in teams.make_blocks(load(), 2 * count, clean=True):
        for row in table.drop("team").iter_rows(named=True):
            query = urlencode({name: value for name, value in row.items() if value is not None})
            if not _IN_TWO_WAYS.search(query):
                found[query] = None
            if len(found) == count:
                return [*found]
    raise ValueError("the made-up teams are too alike")


class _Asked(NamedTuple):
    """A request over one of the connections: when it was sent, and whether it failed."""

    sent: float
    failed: bool


def _measure_kill(path: str) -> str:
    with serve_ours(2) as (port, process), ThreadPoolExecutor(_CONNECTIONS) as threads:
        end = time.monotonic() + _SECONDS
        asking = [threads.submit(_ask_on, port, f"{path}&team=t{place}", end) for place in range(_CONNECTIONS)]
        time.sleep(_SECONDS / 2)
        before = list_children(process.pid)
        killed, victim = time.monotonic(), max(before)
        os.kill(victim, signal.SIGKILL)
        while Path(f"/proc/{victim}").exists():
            time.sleep(0.001)
        gone = time.monotonic()
        while len(now := list_children(process.pid)) < len(before) or victim in now:
            time.sleep(0.001)
        replaced = time.monotonic()
        asked = [one.result() for one in asking]
    lost = [sum(part.failed for part in one if part.sent < killed) for one in asked]
    failed = [part.sent for one in asked for part in one if part.failed]
    later = [part.sent for one in asked for part in one if gone <= part.sent]
    said = (
        f"{sum(map(bool, lost))} of {_CONNECTIONS} connections lost the request in flight, none more than {max(lost)}; "
        f"{sum(killed <= sent < gone for sent in failed)} were reset that were opened while it died; of {len(later)} "
        f"requests sent once it was gone, {sum(sent < replaced for sent in later)} of them before it was replaced, "
        f"{sum(gone <= sent for sent in failed)} failed"
    )
    return f"| one of two workers killed (`kill -9`) in mid-load: {said} | 2 | | | | |"


def _ask_on(port: int, path: str, end: float) -> list[_Asked]:
    """Return what came of requests over one connection, which is opened again when it is lost."""
    found, connection = list[_Asked](), HTTPConnection("127.0.0.1", port, timeout=30)
    while (sent := time.monotonic()) < end:
        try:
            connection.request("GET", f"{path}-{len(found)}")  # each is another question, so that each takes its time
            response = connection.getresponse()
            response.read()
            failed = response.status != HTTPStatus.OK
        except (OSError, HTTPException):
            failed = True
            connection.close()  # the next request opens it again
        found.append(_Asked(sent, failed))
    connection.close()
    return found


def _write_canonical(query: str) -> str:
    """Return a question as its one address has it; another leads there."""
    from provider_advisor.faces.web.address import read_address, write_address  # noqa: PLC0415 (of an extra)

    knowledge = load()
    return write_address(read_address(parse_qsl(query), knowledge).statement, knowledge)


def _list_questions() -> list[str]:
    draw, questions = random.Random(7), []
    for _ in range(_QUESTIONS):
        asked = draw.sample(_NEEDS, draw.randint(2, 6))
        cut = draw.randint(1, len(asked) - 1)
        questions.append(f"needs={','.join(sorted(asked[:cut]))}&wants={','.join(sorted(asked[cut:]))}")
    return questions


def _time_library(questions: Sequence[str]) -> tuple[float, float]:
    """Return how long the library takes for an answer and its JSON, and the CPU of it, in milliseconds."""
    import orjson  # noqa: PLC0415 (of an extra)

    from provider_advisor.faces.web.address import read_address  # noqa: PLC0415 (as above)
    from provider_advisor.recommendation import answer  # noqa: PLC0415

    knowledge = load()
    statements = [read_address(parse_qsl(one), knowledge).statement for one in questions]
    calls = [lambda one=one: orjson.dumps(answer(knowledge, one).record) for one in statements]
    calls[0]()
    begin = time.process_time()
    middle = median_ms(calls)
    return middle, 1000 * (time.process_time() - begin) / len(calls)


def _look(port: int, path: str) -> tuple[int, str]:
    with urlopen(f"http://127.0.0.1:{port}{path}") as found:
        return len(found.read()), found.headers["ETag"]


def measure(port: int, parent: int, paths: Sequence[str], header: str = "") -> Load:
    """Return what `wrk` finds when it asks for the paths in turn over kept-alive connections."""
    listed = ", ".join(f"[[{path}]]" for path in paths)
    name, _, text = header.partition(": ")
    named = f"wrk.headers['{name}'] = [[{text}]]\n" if header else ""
    script = f"{named}local paths, i = {{{listed}}}, 0\nrequest = function() i = i % #paths + 1; return wrk.format('GET', paths[i]) end\n"
    begin = read_processor(parent)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        options = f"-t1 -c{_CONNECTIONS} -d{_SECONDS}s --latency --timeout 30s".split()
        command = ["wrk", *options, "-s", file.name, f"http://127.0.0.1:{port}/"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return _read_load(said, read_processor(parent) - begin)


def _read_load(said: str, processor: float) -> Load:
    """Return what `wrk` said of a run that took so much CPU time."""
    used = processor / max(1, int(re.search(r"(\d+) requests in", said)[1]))
    failed = sum(int(number) for number in re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return Load(rate, _read_time(said, "50%"), _read_time(said, "99%"), failed, used)


def _read_time(said: str, name: str) -> float:
    number, unit = re.search(rf"{name}\s+([\d.]+)(us|ms|s)", said).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


@contextmanager
def serve_ours(workers: int) -> Iterator[tuple[int, Any]]:
    """Serve the shipped facts; the port, and the process that has the workers."""
    port = _find_port()
    script = "from provider_advisor.faces.cli.main import main; main()"
    command = [sys.executable, "-c", script, "serve", "--port", str(port), "--workers", str(workers)]
    with _serve(command, port, "/-/ready", {}) as process:
        yield port, process


@contextmanager
def serve_bare(workers: int, size: int) -> Iterator[tuple[int, Any]]:
    """Serve a page that only sends so many bytes of JSON; the port and the process, as above."""
    port = _find_port()
    options = ["--interface", "asgi", "--factory", "--no-ws", "--port", str(port), "--workers", str(workers)]
    command = [sys.executable, "-m", "granian", *options, "--log-level", "error", "benchmarks.web:make_bare"]
    with _serve(command, port, "/", {_BODY: str(size)}) as process:
        yield port, process


@contextmanager
def _serve(command: Sequence[str], port: int, path: str, more: dict[str, str]) -> Iterator[Any]:
    process = subprocess.Popen(
        command, env=as_installed() | more, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[1]
    )
    try:
        for _ in range(600):
            try:
                urlopen(f"http://127.0.0.1:{port}{path}").close()
                break
            except OSError:
                time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait()


def make_bare() -> Any:  # noqa: ANN401 (an application of an extra)
    """Return the application beside which ours is measured."""
    from fastapi import FastAPI, Response  # noqa: PLC0415 (of an extra)

    app, body = FastAPI(), b"[" + b'"0123456789",' * (int(os.environ[_BODY]) // 13) + b"0]"

    @app.get("/")
    def page() -> Response:
        return Response(body, media_type="application/json")

    return app


def list_children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(number) for number in Path(f"/proc/{parent}/task/{parent}/children").read_text("utf-8").split()]


def read_processor(parent: int) -> float:
    """Return the CPU time that the processes started by a process have used, in milliseconds."""
    ticks = 0
    for number in list_children(parent):
        fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def read_memory(parent: int) -> int:
    """Return the memory of a process and of those that it started, in MB; what they share counts once (PSS)."""
    found = 0
    for number in (parent, *list_children(parent)):
        text = Path(f"/proc/{number}/smaps_rollup").read_text(encoding="utf-8")
        found += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])
    return found // 1024


def _find_port() -> int:
    load()  # the kept base is there before any worker asks for it
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
