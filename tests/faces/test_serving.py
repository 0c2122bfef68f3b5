"""How the pages are served: limits, names and paths, logs, changed files, and processes that end and are replaced.

The numbers are those of the promises in tests/README.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient
from tests.ports import find_free_port

from provider_advisor import load
from provider_advisor.errors import EngineError
from provider_advisor.faces.web import service as service_module
from provider_advisor.faces.web.app import create_app
from provider_advisor.faces.web.guard import RequestRate
from provider_advisor.faces.web.settings import ServeSettings
from provider_advisor.faces.web.watch import WatchedApplication

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"


def _serve(bicycles, **settings):
    return TestClient(create_app(bicycles, ServeSettings(**settings)), follow_redirects=False)


@pytest.fixture(scope="module")
def bicycles():
    return load(_BICYCLES / "facts", _BICYCLES / "rules")


def test_17_a_client_that_asks_too_often_is_told_when_to_try_again(bicycles):
    web = _serve(bicycles, rate=60)
    assert {web.get("/criteria").status_code for _ in range(60)} == {200}
    refused = web.get("/criteria")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "60 requests" in refused.json()["detail"]
    assert web.get("/-/live").status_code == web.get("/static/web.css").status_code == 200


def test_the_rate_forgets_the_clients_silent_for_longest():
    rate = RequestRate(1, clients=2)
    assert [rate.take(name, 0) for name in "abc"] == [0, 0, 0]
    assert rate.take("a", 1) == 0  # forgotten
    assert rate.take("c", 1) == 59
    # Who asks again is silent no longer, even if refused: now "a" is forgotten, not "c".
    assert [rate.take("c", 2), rate.take("b", 2), rate.take("c", 3)] == [58, 0, 57]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_takes_too_long_is_refused(bicycles, monkeypatch, method):
    real = service_module.answer
    monkeypatch.setattr(service_module, "answer", lambda *given, **named: time.sleep(0.1) or real(*given, **named))
    web, address = _serve(bicycles, seconds=0.01), "/api/v1/recommendation"
    found = web.post(address, json={"needs": ["repairs"]}) if method == "POST" else web.get(f"{address}?needs=repairs")
    assert found.status_code == 503
    assert "longer than 0.01 seconds" in found.json()["detail"]


def test_a_request_that_does_not_arrive_in_time_is_refused(bicycles):
    async def ask():
        async def receive():
            await asyncio.sleep(0.001)
            return {"type": "http.request", "body": b"", "more_body": True}

        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "path": "/batch", "method": "POST", "headers": [], "query_string": b""}
        await create_app(bicycles, ServeSettings(seconds=0.01))(scope, receive, send)
        return sent

    assert asyncio.run(ask())[0]["status"] == 408


def test_a_fault_is_a_sentence_for_the_client_and_a_trace_for_the_log(bicycles, monkeypatch, capsys):
    def fail(*_arguments, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(service_module, "answer", fail)
    found = _serve(bicycles).get("/api/v1/recommendation?needs=repairs")
    assert found.status_code == 500
    assert "ZeroDivision" not in found.text
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert found.headers["content-security-policy"]


def test_a_port_that_another_server_listens_on_is_refused(recommend_says, monkeypatch):
    monkeypatch.setattr("granian.Granian", None)  # a server that started would not end
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as workers do, which share their port
        other.bind(("127.0.0.1", 0))
        other.listen()
        place = other.getsockname()[1]
        for flag in ("--port", "--metrics-port"):
            said = recommend_says(f"recommend serve --port 0 {flag} {place}")
            assert said.status == 2
            assert said.err.startswith(f"recommend: 127.0.0.1:{place} cannot be used (Address already in use); choose")


@pytest.mark.parametrize(("failures", "status"), [(1, 200), (2, 503)])
def test_23_a_failure_of_the_engine_is_tried_once_more(bicycles, monkeypatch, failures, status):
    waiting, real = [EngineError("the clock jumped")] * failures, service_module.answer

    def answer(*arguments, **options):
        if waiting:
            raise waiting.pop()
        return real(*arguments, **options)

    monkeypatch.setattr(service_module, "answer", answer)
    found = _serve(bicycles).get("/api/v1/recommendation?needs=repairs")
    assert found.status_code == status
    assert status == 200 or found.headers["retry-after"]


def test_the_log_has_a_line_of_json_for_each_request_and_no_query(bicycles, capsys):
    web = _serve(bicycles, log="json")
    web.get("/answer?needs=repairs")
    web.get("/nowhere")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [("/answer", 200), ("/nowhere", 404)]
    assert lines[0]["bytes"] > 1000
    assert lines[0]["worker"] == os.getpid()
    assert "repairs" not in json.dumps(lines)


@pytest.mark.parametrize(
    ("settings", "asked", "status", "heading"),
    [
        ({}, ("GET", f"/answer?needs={'a' * 9_000}", {}), 414, "The address is too long"),
        ({"body": 10}, ("POST", "/choose", {}), 413, "The request is too large"),
        ({"rate": 1}, ("GET", "/criteria", {}), 429, "Too many requests"),
        ({"hosts": ("advice.example",)}, ("GET", "/", {}), 421, "Unknown host name"),
        ({}, ("POST", "/choose", {"Sec-Fetch-Site": "cross-site"}), 403, "The form was not accepted"),
    ],
)
def test_7_a_person_is_refused_on_a_page_and_a_program_with_a_problem(bicycles, settings, asked, status, heading):
    web, (method, path, headers) = _serve(bicycles, **settings), asked
    if "rate" in settings:
        web.get(path)
    told = web.request(method, path, headers=headers, content=b"c.repairs=must")
    shown = web.request(method, path, headers={"Accept": "text/html,*/*;q=0.8", **headers}, content=b"c.repairs=must")
    for found in (told, shown):
        assert found.status_code == status
        assert int(found.headers["content-length"]) == len(found.content)
        assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
        assert ("retry-after" in found.headers) is (status == 429)
    assert told.headers["content-type"] == "application/problem+json"
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Error: " in shown.text
    assert f"<h1>{heading}</h1>" in shown.text
    assert told.json()["mistakes"][0].partition(";")[0] in shown.text


def test_a_server_with_a_name_answers_to_no_other(bicycles):
    web = _serve(bicycles, hosts=("advice.example",))
    assert web.get("/", headers={"Host": "evil.example"}).status_code == 421
    assert web.get("/", headers={"Host": "Advice.Example:8000"}).status_code == 200
    assert web.get("/-/live", headers={"Host": "10.0.0.7:8000"}).status_code == 200  # a load balancer's question


def test_forwarded_headers_lead_nowhere(bicycles):
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    found = _serve(bicycles).get("/answer?wants=test-rides&needs=repairs", headers=headers)
    assert found.headers["location"] == "/answer?needs=repairs&wants=test-rides"
    assert "evil" not in _serve(bicycles).get("/", headers=headers).text


@pytest.mark.parametrize("prefix", ["/advisor", ""])
def test_below_a_path_every_link_begins_with_it(bicycles, prefix):
    web = _serve(bicycles, root="/advisor")
    for path in ("/", "/choose?needs=repairs", "/answer?needs=repairs", "/ask", "/compare", "/criteria/repairs"):
        page = web.get(prefix + path)  # a proxy may leave the path on, or take it off
        assert page.status_code == 200
        links = re.findall(r'\s(?:href|action|src|data-address)="(/[^"]*)"', page.text)
        assert links
        assert [link for link in links if not link.startswith("/advisor/")] == []
    assert web.get(f"{prefix}/answer?needs=repairs&wants=").headers["location"] == "/advisor/answer?needs=repairs"
    part = web.get(f"{prefix}/choose?c.repairs=must", headers={"X-Fragment": "1"})
    assert part.headers["x-address"] == "/advisor/choose?needs=repairs"
    assert web.get(f"{prefix}/api/v1/openapi.json").json()["servers"] == [{"url": "/advisor"}]


def test_the_settings_are_shown(bicycles):
    assert _serve(bicycles, rate=60).get("/-/settings").json()["rate"] == 60


def test_changed_files_are_served_once_they_can_be_read(folders_from, tmp_path):
    facts, rules = folders_from(tmp_path)
    watched = WatchedApplication((facts, rules), lambda found: create_app(found.knowledge, watching=found))
    web = TestClient(watched)
    question = "/answer.json?needs=repairs&wants=test-rides"
    first, etag = web.get(question), web.get("/criteria").headers["etag"]
    provider = facts / "providers" / "ciclo.yaml"
    good = provider.read_text(encoding="utf-8")

    provider.write_text(f"{good}\nnonsense: 1\n", encoding="utf-8")
    watched.look()
    assert web.get(question).json() == first.json()
    assert '<a href="/keeper">Changes to the files</a>' in web.get("/").text
    keeper = web.get("/keeper").text
    line = good.count("\n") + 2
    assert f"{provider.name}:{line}" in keeper
    assert "nonsense" in keeper
    assert re.search(r'Read on <span class="day">[0-9-]{10}</span> at [0-9:]{8} UTC', keeper)

    absent = good.replace("{criterion: repairs, value: present", "{criterion: repairs, value: absent")
    assert absent != good
    provider.write_text(absent, encoding="utf-8")
    watched.look()
    assert web.get(question).json() != first.json()
    assert web.get("/criteria", headers={"If-None-Match": etag}).status_code == 200
    keeper = web.get("/keeper?needs=repairs").text
    assert "nonsense" not in keeper
    assert first.json()["knowledge"]["fingerprint"] not in keeper
    assert ">the same</td>" not in keeper
    wrong = web.get("/keeper?needs=repairs&wants=rapairs")
    assert wrong.status_code == 422
    assert '<a href="#wants">' in wrong.text
    assert 'id="wants" name="wants" value="rapairs" aria-invalid="true"' in wrong.text


def _get(port, path):
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as found:
            return found.status, found.read()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Two workers on the bicycle shops, with metrics and a log: the process, its port, that of metrics, and the log.

    The folders are given before the command.
    """
    log = tmp_path_factory.mktemp("served") / "log"
    metrics = find_free_port()
    with log.open("w") as errors:
        command = [sys.executable, "-c", "from provider_advisor.faces.cli.main import main; main()"]
        command += ["--facts", str(_BICYCLES / "facts"), "--rules", str(_BICYCLES / "rules"), "serve"]
        command += ["--port", "0", "--workers", "2", "--metrics-port", str(metrics), "--log-format", "json"]
        process = subprocess.Popen(command, stderr=errors)
    try:
        _wait(lambda: "Serving" in log.read_text(encoding="utf-8"))
        port = int(re.search(r":(\d+)/", log.read_text(encoding="utf-8"))[1])
        _wait(lambda: _get(port, "/-/ready")[0] == 200)
        yield process, port, metrics, log
    finally:
        process.terminate()  # a server that is killed leaves its workers behind
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(is_done, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if is_done():
                return
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail("it never came")


def _list_children(number):
    """Return the processes that a process started and did not yet wait for, without Python's tracker of resources."""
    lists = Path(f"/proc/{number}/task").glob("*/children")
    children = {int(child) for found in lists for child in found.read_text(encoding="ascii").split()}
    return {child for child in children if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()}


def _list_workers(log):
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return {line["worker"] for line in lines}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found as Linux tells them")
def test_workers_read_the_folders_given_before_the_command(served, bicycles):
    process, port, _, log = served

    def have_all_told():
        assert json.loads(_get(port, "/-/versions")[1])["fingerprint"] == bicycles.fingerprint
        return _list_children(process.pid) == _list_workers(log)

    _wait(have_all_told)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found as Linux tells them")
def test_beside_threads_that_gather_metrics_workers_are_not_forked(served):
    """A forked worker may wait for ever for a lock that a thread of its parent held."""
    workers = _list_children(served[0].pid)
    assert len(workers) == 2
    assert all(b"spawn_main" in Path(f"/proc/{worker}/cmdline").read_bytes() for worker in workers)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found as Linux tells them")
def test_the_last_run_of_a_server_leaves_no_process_behind(served):
    process, port, _, _ = served
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", "/api/v1/batch", "team,needs\none,repairs\n", {"Content-Type": "text/csv"})
        begun = json.loads(connection.getresponse().read())
    address = f"/api/v1/batch/{begun['id']}"
    _wait(lambda: json.loads(_get(port, address)[1])["state"] == "done")
    # A process that has ended stays in the system's table until its parent waits for it.
    _wait(lambda: not any(map(_list_children, _list_children(process.pid))), 10)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read as Linux tells it")
def test_17_large_bodies_take_no_memory(served):
    _, port, _, log = served
    for path, status in [("/api/v1/recommendation", 413), ("/batch", 413)] * 10:
        assert _post_parts(port, path, b" " * 1_000_000, 20) == status
    for worker in _list_workers(log):
        memory = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text(encoding="utf-8"))
        assert int(memory[1]) < 150_000


def _post_parts(port, path, part, count):
    """Return the status of a body that does not say how long it is; it is refused before all of it was sent."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        parts, headers = (part for _ in range(count)), {"Transfer-Encoding": "chunked"}
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", path, parts, headers, encode_chunked=True)
        return connection.getresponse().status


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found as Linux tells them")
def test_23_a_worker_that_dies_loses_at_most_the_requests_in_flight_and_is_replaced(served):
    process, port, metrics, log = served
    stop, found = threading.Event(), [[] for _ in range(8)]

    def ask_on(place):
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        while not stop.is_set():
            sent = time.monotonic()
            try:
                connection.request("GET", f"/answer.json?needs=repairs&team={place}-{len(found[place])}")
                with connection.getresponse() as response:
                    response.read()
                    found[place].append((sent, response.status))
            except (OSError, HTTPException):
                found[place].append((sent, 0))
                connection.close()
        connection.close()

    def have_all_answered():
        assert _get(port, "/answer?needs=repairs")[0] == 200
        return _list_children(process.pid) == _list_workers(log)

    _wait(have_all_answered)
    before = _list_children(process.pid)
    with ThreadPoolExecutor(len(found)) as threads:
        for place in range(len(found)):
            threads.submit(ask_on, place)
        try:
            _wait(lambda: all(len(one) > 3 for one in found))
            killed, victim = time.monotonic(), max(before)
            os.kill(victim, signal.SIGKILL)  # once: granian ends when a worker dies twice within a few seconds
            _wait(lambda: not Path(f"/proc/{victim}").exists())
            gone = time.monotonic()
            assert _get(port, "/answer?needs=repairs")[0] == 200  # whether or not it is replaced yet
            _wait(lambda: len(_list_children(process.pid) - before) == 1)
            counts = [len(one) for one in found]
            _wait(lambda: all(len(one) > count + 3 for one, count in zip(found, counts, strict=True)))
        finally:
            stop.set()
    lost = [[sent for sent, status in one if status != 200] for one in found]
    assert all(sum(sent < killed for sent in one) <= 1 for one in lost)
    # While it dies, the kernel may still put connections into its queue; see `tcp_migrate_req` in docs/web.md.
    assert [sent for one in lost for sent in one if sent >= gone] == []
    assert b"granian_" in _get(metrics, "/metrics")[1]


def test_23_what_had_begun_is_answered_when_the_server_is_told_to_stop(served):
    process, port, _, _ = served
    body = b'{"needs": ["repairs"]}'
    head = (
        "POST /api/v1/recommendation?sure=true HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with ExitStack() as open_ones:
        begun = [open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(8)]
        for connection in begun:
            connection.sendall(head.encode())
        for connection in begun:
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # so the application has begun to read
        process.send_signal(signal.SIGTERM)
        _wait(lambda: _is_refused(port))
        for connection in begun:
            connection.sendall(body)
        for connection in begun:
            with connection.makefile("rb") as found:
                assert found.read().startswith(b"HTTP/1.1 200")
    assert process.wait(timeout=10) in {0, -signal.SIGTERM}


def _is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False
