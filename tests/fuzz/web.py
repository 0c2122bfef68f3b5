"""A target for the pages and the API: a valid request, damaged by a seed, gets an answer or a sentence, never a fault."""

from __future__ import annotations

# ruff: noqa: E501 (lists of short things)
import asyncio
import atexit
import json
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes

from tests.fuzz.mutation import mutate_bytes, mutate_tree

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"
_ANSWERED = {200, 201, 202, 204, 206}
_REFUSED = {303, 304, 400, 403, 404, 405, 406, 408, 413, 414, 415, 416, 422}
_QUERY = b"needs=repairs,bikes-in-stock>=50&wants=test-rides:could,rental&situation.skill=beginner&usage.inspections=3"
_SCOPE = (
    b"&as_of=2024-06-01&max_age=3650d&only=velo,rad&unlisted=warm tea&weights.service=30&team=club&customer_of=velo"
)
_FORM = b"c.repairs=must&b.repairs=&c.bikes-in-stock=should&b.bikes-in-stock=>=50&q=&situation.skill=beginner&usage.inspections=3"
_TEAM = {
    "needs": ["repairs", {"criterion": "bikes-in-stock", "at_least": 50}],
    "wants": [{"criterion": "test-rides", "priority": "could"}],
    "situation": {"skill": "beginner"},
    "usage": {"inspections": 3},
    "as_of": "2024-06-01",
}
_MARK = "<fuzz-mark>"


class WrongResponse(Exception):  # noqa: N818 (the response is at fault)
    """What came back, and for which request."""


class DrawnRequest(NamedTuple):
    """A request as a server gets it."""

    method: str
    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


_READ = (
    b"/", b"/choose", b"/answer", b"/answer.json", b"/answer.md", b"/compare", b"/compare.csv", b"/compare.json", b"/criteria",
    b"/criteria/repairs", b"/providers/velo", b"/sources/guide-2020", b"/rules", b"/rules/beginners-try-first", b"/ask", b"/ask/next",
    b"/facts", b"/facts.csv", b"/facts.json", b"/freshness", b"/freshness.json", b"/embed", b"/batch", b"/keeper", b"/api",
    b"/decisions", b"/decisions/new", b"/d/" + b"0" * 32, b"/d/" + b"0" * 32 + b".json", b"/batch/" + b"0" * 32 + b"/scores",
    b"/static/web.css", b"/-/ready", b"/-/versions", b"/-/settings", b"/robots.txt", b"/api/v1/recommendation",
    b"/api/v1/criteria", b"/api/v1/providers", b"/api/v1/facts", b"/api/v1/compare", b"/api/v1/rules", b"/api/v1/sources",
    b"/api/v1/schema/provider", b"/api/v1/openapi.json", b"/api/v1/batch/" + b"0" * 32, b"/api/v1/decisions/" + b"0" * 32, b"/mcp",
)  # fmt: skip
_QUERIES = (
    _QUERY, _QUERY + _SCOPE, _FORM, b"providers=velo,rad&area=service&only=differences&as_of=2024-06-01", b"q=repair",
    b"a=t:service~repairs:must_advice:good&topics=service&criterion:repairs=must&bound:bikes-in-stock=50&usage:inspections=3",
    b"provider=velo&criterion=repairs", b"sure=1&needs=repairs", b"area=service&q=bikes",
    b"state=stale&provider=velo&criterion=repairs&as_of=2024-06-01", b"within=30&as_of=2024-06-01", b"d=" + b"0" * 32,
    b"a=t:service~repairs:must&change=criterion:repairs&was=t:service",
)  # fmt: skip


@cache
def _make_app() -> Any:
    from provider_advisor import load  # noqa: PLC0415 (of an extra, as what follows)
    from provider_advisor.faces.web.app import create_app  # noqa: PLC0415
    from provider_advisor.faces.web.runs import RunFolder, StartedRun  # noqa: PLC0415
    from provider_advisor.faces.web.watch import Watching  # noqa: PLC0415
    from provider_advisor.store import open_store  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="fuzz-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    class NoRuns(RunFolder):
        """Takes runs as the other does, and starts no process: that fails in its own way, and has a target of its own."""

        def start(self, run: Any) -> Any:
            for name in run.files:
                (folder / name).relative_to(folder)
            return self.find("0" * 32)

        def find(self, name: str) -> Any:
            return StartedRun(name, folder, {"name": "teams.csv"}, 0.0, 2) if name == "0" * 32 else None

    knowledge = load(_BICYCLES / "facts", _BICYCLES / "rules")
    store, runs = open_store(str(folder / "decisions.db")), NoRuns(folder=folder)
    return create_app(knowledge, store=store, watching=Watching(knowledge), runs=runs)


@cache
def _make_record() -> dict[str, Any]:
    """Return an answer, as a program sends it to have it compared with the answer of today."""
    from provider_advisor import load, recommend  # noqa: PLC0415

    knowledge = load(_BICYCLES / "facts", _BICYCLES / "rules")
    return json.loads(recommend(knowledge, needs=["repairs"], wants=["test-rides"]).to_json())


def draw_request(draw: random.Random) -> DrawnRequest:
    """Return a valid request with one or two of its parts damaged."""
    damaged = {
        draw.choice(("path", "query", "query", "query", "body", "headers")) for _ in range(draw.choice((1, 1, 2)))
    }
    if "body" in damaged:
        return _draw_post(draw)
    path, query = draw.choice(_READ), draw.choice(_QUERIES)
    if "path" in damaged:
        path = b"/" + mutate_bytes(draw, path).lstrip(b"/")
    if "query" in damaged:
        query = mutate_bytes(draw, query)
    if draw.random() < 0.2:
        query += b"&team=" + _MARK.encode() + b"&q=" + _MARK.encode()
    if draw.random() < 0.5:
        query = quote_from_bytes(query, safe="=&+%").encode()
    headers = _draw_headers(draw) if "headers" in damaged or draw.random() < 0.2 else []
    return DrawnRequest(draw.choice(("GET", "GET", "GET", "GET", "HEAD", "OPTIONS")), path, query, headers, b"")


_FILE = b'team,needs,wants\nfirst,repairs,test-rides\nsecond,"repairs,rental",\n'
_LINES = b'{"team":"first","needs":["repairs"]}\n{"team":"second","needs":"rental"}\n'
_UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="teams.csv"\r\nContent-Type: text/csv\r\n\r\n'
    + _FILE
    + b'\r\n--x\r\nContent-Disposition: form-data; name="output"\r\n\r\nxlsx\r\n--x--\r\n'
)
_FIELDS, _MULTIPART = b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"
_SENT = (  # forms and files
    (b"/choose", _FIELDS, _FORM),
    (b"/decisions", _FIELDS, b"question=needs%3Drepairs%26wants%3Dtest-rides&title=club&key=" + b"a" * 32),
    (b"/d/" + b"0" * 32 + b"/delete", _FIELDS, b"key=" + b"a" * 32),
    (b"/batch", _MULTIPART, _UPLOAD),
    (b"/api/v1/batch", b"text/csv", _FILE),
    (b"/api/v1/batch", b"application/x-ndjson", _LINES),
)
_QUESTIONS = {"version": 1, "answers": [{"topics": ["service"], "screen": 1}]}


def _list_trees() -> tuple[tuple[bytes, object], ...]:
    """Return what programs send as JSON, each with where to."""
    calls = (
        {"name": "recommend", "arguments": _TEAM},
        {"name": "compare", "arguments": {"providers": ["velo"], "area": "services"}},
        {"name": "facts", "arguments": {"provider": "velo", "criterion": "repairs"}},
        {"name": "ask", "arguments": {"answers": _QUESTIONS, "values": {"criterion:repairs": "must"}}},
    )
    return (
        (b"/api/v1/recommendation", _TEAM),
        (b"/api/v1/recommendations", [_TEAM, _TEAM]),
        (b"/api/v1/ask", {"answers": _QUESTIONS, "values": {"criterion:repairs": "must"}}),
        (b"/api/v1/replay", _make_record()),
        (b"/api/v1/impact", {"files": {"facts/providers/rad.yaml": None}, "teams": [_TEAM], "as_of": "2024-06-01"}),
        (b"/api/v1/decisions", {"question": _TEAM, "title": "club"}),
        *((b"/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}) for call in calls),
    )


def _draw_post(draw: random.Random) -> DrawnRequest:
    if draw.random() < 0.3:
        path, kind, body = draw.choice(_SENT)
        body = mutate_bytes(draw, body)
    else:
        (path, tree), kind = draw.choice(_list_trees()), b"application/json"
        if draw.random() < 0.6:
            body = json.dumps(mutate_tree(draw, tree)).encode("utf-8", "replace")
        else:
            body = mutate_bytes(draw, json.dumps(tree).encode())
    if draw.random() < 0.1:
        kind = draw.choice((b"text/plain", b"", b"application/json; charset=utf-16", _MULTIPART))
    query = draw.choice((b"", b"", b"sure=true", b"sure=perhaps", b"output=xlsx&reasons=1"))
    headers = [
        (b"content-type", kind),
        (b"accept", draw.choice((b"text/html", b"application/json, text/event-stream"))),
    ]
    return DrawnRequest("POST", path, query, headers, body)


def _draw_headers(draw: random.Random) -> list[tuple[bytes, bytes]]:
    names = (b"accept", b"x-fragment", b"host", b"x-forwarded-for", b"x-forwarded-host", b"if-none-match", b"content-length",
             b"accept-encoding", b"range", b"cookie", b"content-type", b"if-modified-since", b"transfer-encoding")  # fmt: skip
    values = (
        b"1",
        b"text/html",
        b"*/*",
        b"gzip",
        b"evil.example",
        b"-1",
        b"9" * 40,
        b"bytes=0-1",
        b"\xff",
        b'"x"',
        b"",
    )
    return [(draw.choice(names), mutate_bytes(draw, draw.choice(values))[:200]) for _ in range(draw.randint(1, 4))]


async def _send(request: DrawnRequest) -> tuple[int, dict[bytes, bytes], bytes]:
    waiting, sent = [{"type": "http.request", "body": request.body, "more_body": False}], []

    async def receive() -> dict[str, Any]:
        if not waiting:  # a client that waits for its answer; one that had left would get none
            await asyncio.Event().wait()
        return waiting.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": request.path.decode("utf-8", "replace"), "raw_path": request.path, "query_string": request.query,
        "root_path": "", "headers": request.headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await _make_app()(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body


def check_web(draw: random.Random, _folder: Path) -> None:
    """Send a damaged request. Raises WrongResponse unless it is answered, or refused in sentences."""
    request = draw_request(draw)
    status, headers, body = asyncio.run(_send(request))
    kind = headers.get(b"content-type", b"")
    if status not in _ANSWERED | _REFUSED:
        raise WrongResponse(f"{status} for {request}: {body[:500]!r}")
    if b"content-security-policy" not in headers:
        raise WrongResponse(f"no policy for {request}")
    if headers.get(b"content-encoding") == b"gzip" or request.method == "HEAD":
        return
    if kind.startswith(b"text/html") and _MARK.encode() in body:
        raise WrongResponse(f"text shown as HTML for {request}")
    if kind == b"application/problem+json" and not all(map(str.strip, json.loads(body)["mistakes"] or [""])):
        raise WrongResponse(f"{status} without a sentence for {request}")
    if kind == b"application/json" and body:
        json.loads(body)
    if b"Error executing tool" in body:
        raise WrongResponse(f"no sentence for {request}: {body[:500]!r}")
