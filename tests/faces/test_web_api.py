"""What programs ask beside answers: the questionnaire, a replay, many teams, the effect of a change, a decision."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider_advisor import recommend

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")
pytest.importorskip("alembic", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient

from provider_advisor.faces.web.app import create_app
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.faces.web.service import today
from provider_advisor.knowledge import facts_as_of
from provider_advisor.questionnaire import Screen, State, answer_screen, choose_screen
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.store import open_store

_HALF = b'{"question": {"needs": ["repairs"], "team": "a\\ud800"}, "title": "b\\ud800"}'
"""JSON with half of a pair of characters, which UTF-8 cannot hold."""

_CSV = {"Content-Type": "text/csv"}


@pytest.fixture(scope="module")
def folders(pytestconfig):
    folder = pytestconfig.rootpath / "tests" / "knowledge" / "bicycles"
    return str(folder / "facts"), str(folder / "rules")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, folders):
    return RunFolder(folders, tmp_path_factory.mktemp("runs") / "all")


@pytest.fixture(scope="module")
def web(bicycles, runs, tmp_path_factory):
    place = tmp_path_factory.mktemp("store") / "decisions.db"
    with contextlib.closing(open_store(str(place))) as store:
        yield TestClient(create_app(bicycles, runs=runs, store=store))


_VALUES = ["must", "good", "nice", "no", "not-sure"]


@settings(max_examples=10)
@given(st.lists(st.sampled_from(_VALUES), min_size=1, max_size=30))
def test_the_questionnaire_asks_the_screens_of_the_command(web, bicycles, words):
    """Each answer is drawn from the words; what is no criterion stays unanswered."""
    state, answers, values = State(Catalogue(facts_as_of(bicycles, today(), None))), {}, None
    for step in range(40):
        found = web.post("/api/v1/ask", json={"answers": answers, "values": values}).json()
        answers, screen = found["answers"], choose_screen(state)
        if not isinstance(screen, Screen):
            assert found["end"]["kind"] == screen.kind
            assert found["end"]["verdict"]["kind"] == screen.verdict.kind
            assert web.post("/api/v1/recommendation", json=found["requirements"]).status_code == 200
            return
        assert [one["key"] for one in found["screen"]["questions"]] == [str(key) for key in screen.keys]
        given_ = {
            key: words[(step + place) % len(words)] for place, key in enumerate(screen.keys) if key.kind == "criterion"
        }
        values = {str(key): value for key, value in given_.items()}
        state = answer_screen(state, screen, given_)
    pytest.fail("it never ended")


@settings(max_examples=10)
@given(st.lists(st.sampled_from(_VALUES), min_size=1, max_size=30))
def test_8_the_pages_ask_the_screens_of_the_command_and_end_alike(web, bicycles, words):
    state = State(Catalogue(facts_as_of(bicycles, today(), None)))
    page = web.get("/ask")
    for step in range(40):
        screen = choose_screen(state)
        names = re.findall(r'name="((?:topics|criterion|bound|members|situation|usage)[^"]*)"', page.text)
        if not isinstance(screen, Screen):
            assert names == []
            address = unescape(re.search(r'class="go" href="/answer([^"]*)"', page.text)[1])
            verdict = web.get(f"/answer.json{address}").json()["verdict"]
            assert (verdict["kind"], verdict["provider"]) == (screen.verdict.kind, screen.verdict.provider)
            return
        assert list(dict.fromkeys(names)) == [str(key) for key in screen.keys]
        given_ = {
            key: words[(step + place) % len(words)] for place, key in enumerate(screen.keys) if key.kind == "criterion"
        }
        if screen.kind == "topics":
            given_ = {screen.keys[0]: tuple(state.catalogue.subjects)}
        a = unescape(re.search(r'name="a" value="([^"]*)"', page.text)[1])
        page = web.get("/ask/next", params=[("a", a), *_list_fields(given_)])
        state = answer_screen(state, screen, given_)
    pytest.fail("it never ended")


def _list_fields(values):
    """Return what a form sends for answers, each choice of several as a field of its own."""
    for key, value in values.items():
        for part in value if isinstance(value, tuple) else [value]:
            yield str(key), part


def test_the_questionnaire_refuses_what_it_did_not_ask(web):
    begun = web.post("/api/v1/ask", json={}).json()
    assert begun["screen"]["questions"]
    for body in (
        {"values": {"criterion:wings": "must"}},
        {"values": {begun["screen"]["questions"][0]["key"]: {"a": [1]}}},
        {"values": {begun["screen"]["questions"][0]["key"]: [[1], None]}},
        {"answers": {"version": 1, "answers": [{"criterion": "wings", "answer": "must"}]}},
        {"answers": {"version": 9}},
        {"answers": {"x": "\ud800"}},
        {"answers": 7},
        [],
    ):
        found = web.post("/api/v1/ask", content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert found.status_code == 422, body
        assert found.json()["mistakes"]


def test_a_record_is_replayed_as_the_command_does(web, bicycles, recommend_says, folders, tmp_path):
    record = recommend(bicycles, needs=["repairs"], as_of=today().replace(year=2023)).to_json()
    (tmp_path / "record.json").write_text(record, encoding="utf-8")
    base = f"--facts {folders[0]} --rules {folders[1]}"
    alone = recommend_says(f"recommend replay {tmp_path}/record.json --as-of 2021-01-01 --format json {base}")
    found = web.post("/api/v1/replay?as_of=2021-01-01", json=json.loads(record))
    assert found.json() == json.loads(alone.out)
    for body in ({}, {"schema": "provider-advisor/recommendation/1"}, {**json.loads(record), "findings": 3}):
        assert web.post("/api/v1/replay", json=body).status_code == 422
    assert web.post("/api/v1/replay?as_of=soon", json=json.loads(record)).status_code == 422


def test_each_of_many_teams_is_told_in_the_words_of_the_api(web):
    one, other = web.post("/api/v1/recommendations", json=[{"needs": ["repairs"]}, {"needs": ["wings"]}]).json()
    assert one["verdict"]
    (said,) = other["mistakes"]
    assert "See `/api/v1/criteria` for what you can ask for." in said
    assert said.endswith(" To list it without judging it, put it into `unlisted`.")


def test_a_file_comes_back_with_scores_and_rejects(web, runs):
    begun = web.post("/api/v1/batch", content="team,needs\n=one,repairs\ntwo,wings\n", headers=_CSV)
    assert begun.status_code == 202
    address = begun.headers["location"]
    assert asyncio.run(runs.wait(begun.json()["id"], 60)).is_done
    done = web.get(address).json()
    assert (done["state"], done["summary"]["scored"], done["summary"]["rejected"]) == ("done", 1, 1)
    assert web.get(done["scores"]).text.splitlines()[1].startswith("=one,")
    assert "wings" in web.get(done["rejects"]).text


@pytest.mark.parametrize(
    ("query", "content", "media", "status"),
    [
        ("", "team,needs\n", "application/json", 415),
        ("", "team,needs\n", "", 415),
        ("", "", "text/csv", 422),
        ("", "\0\1", "application/octet-stream", 422),
        ("", "team,needs\n", "application/vnd.apache.parquet", 422),
        ("?output=pdf", "team,needs\n", "text/csv", 422),
        ("?as_of=soon", "team,needs\n", "text/csv", 422),
        ("?reasons=perhaps", "team,needs\n", "text/csv", 422),
        ("", "x" * 11_000_000, "text/csv", 413),
    ],
)
def test_a_file_that_cannot_be_taken_is_a_problem(web, query, content, media, status):
    found = web.post(f"/api/v1/batch{query}", content=content, headers={"Content-Type": media})
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["mistakes"]


def test_a_change_of_a_file_is_compared_before_it_is_made(web, folders):
    with open(f"{folders[0]}/providers/ciclo.yaml", encoding="utf-8") as file:  # noqa: PTH123
        text = file.read().replace("{criterion: rental, value: present", "{criterion: rental, value: absent")
    teams = [{"team": "one", "needs": ["rental", "repairs"]}, {"team": "two", "needs": ["repairs"]}]
    found = web.post("/api/v1/impact", json={"files": {"facts/providers/ciclo.yaml": text}, "teams": teams})
    assert found.status_code == 200, found.text
    assert found.json()["changed"]["teams"] == 1
    assert found.json()["compared"] == 2


@pytest.mark.parametrize(
    ("files", "teams", "says"),
    [
        ({"../etc/passwd": "x"}, [{}], "not a file path"),
        ({"facts/../../x.yaml": "x"}, [{}], "not a file path"),
        ({"facts/a.py": "x"}, [{}], "not a file path"),
        ({}, [], "teams"),
        ({}, [{}] * 1001, "teams"),
        ({"facts/x.yaml": 7}, [{}], "facts/x.yaml"),
    ],
)
def test_a_change_that_cannot_be_read_is_a_problem(web, files, teams, says):
    found = web.post("/api/v1/impact", json={"files": files, "teams": teams})
    assert found.status_code == 422
    assert says in found.json()["detail"]


def test_a_decision_is_kept_read_and_deleted(web):
    kept = web.post(
        "/api/v1/decisions",
        json={"question": {"needs": ["repairs"]}, "title": "x\ud800y".encode("utf-8", "replace").decode()},
    )
    assert kept.status_code == 201
    address = kept.headers["location"]
    assert web.get(kept.json()["address"]).status_code == 200
    assert web.get(address).json()["now"]["says"] == "The answer is the same."
    assert web.delete(address).status_code == 422
    assert web.delete(address, headers={"X-Key": "0" * 32}).status_code == 403
    assert web.delete(address, headers={"X-Key": kept.json()["key"]}).status_code == 204
    assert web.get(address).status_code == web.delete(address, headers={"X-Key": "x"}).status_code == 404
    assert web.post("/api/v1/decisions", json={"question": {"needs": ["wings"]}}).status_code == 422
    assert web.post("/api/v1/decisions", json={"question": {}, "title": "x" * 201}).status_code == 422


def test_every_operation_says_what_may_go_wrong(web):
    document = web.get("/api/v1/openapi.json").json()
    assert document["paths"].keys() >= {f"/api/v1/{name}" for name in ("ask", "replay", "batch", "impact", "decisions")}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            problems = [part for status, part in operation["responses"].items() if status in {"422", "default"}]
            kinds = {kind for part in problems for kind in part["content"]}
            assert kinds == {"application/problem+json"}, (path, method)
            assert operation["tags"], (path, method)
    assert "ValidationError" not in json.dumps(document)


_TEXTS = st.text(max_size=8) | st.sampled_from(["sms", "repairs", "topics", "criterion:repairs", "\ud800", "a" * 300])
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(_TEXTS, part, max_size=3),
    max_leaves=8,
)
_KEYS = {
    "ask": ["answers", "values"],
    "replay": ["schema", "question", "knowledge", "providers", "findings", "requirements", "verdict"],
    "decisions": ["question", "title"],
    "recommendation": ["needs", "wants", "situation", "usage", "as_of", "weights", "unlisted", "only"],
}


@settings(max_examples=10)
@given(st.data())
def test_whatever_a_body_holds_is_no_fault_of_the_server(web, bicycles, data):
    record = recommend(bicycles, needs=["repairs"]).record
    for name, keys in _KEYS.items():
        body = data.draw(_ANYTHING | st.fixed_dictionaries({}, optional=dict.fromkeys(keys, _ANYTHING)), label=name)
        if name == "replay" and isinstance(body, dict):
            body = {**record, **body, "schema": record["schema"]}
        found = web.post(f"/api/v1/{name}", content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert found.status_code in {200, 201, 422}, (name, body)
        assert found.json()
