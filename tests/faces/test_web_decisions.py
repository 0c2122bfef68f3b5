"""Decisions that are kept in the browser: as they were, beside the answer of today, and seen only by who knows them."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from html import unescape
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")
pytest.importorskip("alembic", reason="the extra 'web' is not installed")

import sqlalchemy as sa
from starlette.testclient import TestClient

from provider_advisor import load, recommend
from provider_advisor.faces.web.app import create_app
from provider_advisor.store import make_secret, open_store

_CICLO = "tests/knowledge/bicycles/facts/providers/ciclo.yaml"
_ASKED = "needs=rental,repairs"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "decisions.db"


@pytest.fixture
def serve(place):
    """A function from a knowledge base to a browser on it; all have one store."""
    with contextlib.closing(open_store(str(place))) as store:
        yield lambda knowledge: TestClient(create_app(knowledge, store=store))


@pytest.fixture(scope="module")
def changed_folders(folders_from, tmp_path_factory, pytestconfig):
    """The folders of the bicycle shops, where the leader no longer hires bicycles out."""
    text = (pytestconfig.rootpath / _CICLO).read_text(encoding="utf-8")
    text = text.replace("{criterion: rental, value: present", "{criterion: rental, value: absent")
    return folders_from(tmp_path_factory.mktemp("changed"), {"providers/ciclo.yaml": text})


@pytest.fixture(scope="module")
def changed(changed_folders):
    return load(*changed_folders)


def _read_form(page):
    """The fields of the form that keeps a decision."""
    found = dict(re.findall(r'<input type="hidden" name="(question|key)" value="([^"]*)"', page.text))
    return {name: unescape(text) for name, text in found.items()}


def _keep(web, query=_ASKED, title=""):
    """Keep a decision; return its address and its key."""
    fields = _read_form(web.get(f"/decisions/new?{query}"))
    found = web.post("/decisions", data={**fields, "title": title}, follow_redirects=False)
    assert found.status_code == 303, found.text
    return found.headers["location"], fields["key"]


def test_an_answer_is_kept_by_its_link_and_its_key_is_shown_once(serve, bicycles, place):
    web = serve(bicycles)
    assert f'href="/decisions/new?{_ASKED}"' in web.get(f"/answer?{_ASKED}").text
    form = web.get(f"/decisions/new?{_ASKED}")
    assert form.headers["cache-control"] == "no-store"
    assert form.text.count(_read_form(form)["key"]) == 2
    address, key = _keep(web, title="Which <shop>?")
    assert re.fullmatch(r"/d/[0-9a-f]{32}", address)
    page = web.get(address)
    assert page.headers["cache-control"] == "no-store"
    assert key not in page.text
    assert "Which &lt;shop&gt;?" in page.text
    assert "The answer is the same." in page.text
    with contextlib.closing(sqlite3.connect(place)) as raw:
        assert key not in "\n".join(raw.iterdump())


def test_a_decision_shows_its_record_unchanged_and_why_the_answer_of_now_differs(serve, bicycles, changed):
    address, _ = _keep(serve(bicycles))
    before, after = (serve(each).get(f"{address}.json").json() for each in (bicycles, changed))
    asked = serve(bicycles).get(f"/answer.json?{_ASKED}&sure=1", follow_redirects=True).json()
    assert before["record"] == after["record"] == asked
    assert not before["now"]["differs"]
    assert after["now"]["verdict_differs"]
    page = serve(changed).get(address)
    assert "It would be different now" in page.text
    assert "Ciclo was qualified and is now ruled out." in page.text
    assert serve(changed).get(f"/d/{address[3:]}").text.count("<h1>") == 1


def test_of_those_that_somebody_knows_it_says_how_many_would_be_different(serve, bicycles, changed):
    addresses = [_keep(serve(bicycles), query)[0] for query in (_ASKED, "needs=repairs", "wants=rental", _ASKED)]
    page = serve(changed).get("/decisions", params={"d": f"see https://x.example{addresses[0]}, {addresses[1]}\n"})
    assert "1 of your 2 decisions would be different now." in page.text
    assert addresses[2] not in page.text
    assert all(one not in serve(changed).get("/decisions").text for one in addresses)


def test_folders_given_before_a_command_hold_for_its_subcommands_too(serve, bicycles, place, recommend_says):
    _keep(serve(bicycles))
    folder = Path(__file__).parents[1] / "knowledge" / "bicycles"
    for line in (
        "--facts {0}/facts --rules {0}/rules decisions list --store {1}",
        "decisions list --facts {0}/facts --rules {0}/rules --store {1}",
    ):
        run = recommend_says("recommend " + line.format(folder, place))
        assert run.out.endswith("Your decision would be the same now.\n"), run.out


def test_a_question_that_cannot_be_asked_again_is_shown_as_it_was(place, serve, bicycles):
    record = recommend(bicycles, needs=["repairs"]).to_json().replace('"repairs"', '"wings"')
    with contextlib.closing(open_store(str(place))) as store:
        kept = store.keep(json.loads(record), "", make_secret())
    page = serve(bicycles).get(f"/d/{kept.id}")
    assert page.status_code == 200
    assert "no longer has the criterion &#39;wings&#39;" in page.text
    assert "Today's answer" not in page.text
    data = serve(bicycles).get(f"/d/{kept.id}.json").json()
    assert data["record"] == json.loads(record)
    assert data["now"] is None


def test_only_the_key_deletes_a_decision(serve, bicycles):
    web = serve(bicycles)
    (address, key), (other, wrong) = _keep(web), _keep(web)
    refused = web.post(f"{address}/delete", data={"key": wrong})
    assert refused.status_code == 403
    assert "not the key" in refused.text
    assert '<a href="#delete-key">' in refused.text
    assert web.post(f"{address}/delete", data={"key": f" {key} "}).status_code == 200
    assert web.get(address).status_code == 404
    assert web.get(f"{address}.json").status_code == 404
    assert web.post(f"{address}/delete", data={"key": key}).status_code == 404
    assert web.get(other).status_code == 200


def test_a_form_sent_twice_keeps_one(serve, bicycles):
    web = serve(bicycles)
    fields = _read_form(web.get(f"/decisions/new?{_ASKED}"))
    first, second = (web.post("/decisions", data=fields, follow_redirects=False) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"question": "needs=wings", "key": "a" * 32}, "wings"),
        ({"question": "needs=repairs", "key": "k", "title": "kept <words>"}, "key does not fit"),
        ({"question": "needs=repairs", "key": "a" * 32, "title": "x" * 201}, "201 characters"),
        ({}, "key does not fit"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(serve, bicycles, fields, says):
    found = serve(bicycles).post("/decisions", data=fields)
    assert found.status_code == 422
    assert says in found.text
    assert "<title>Error: " in found.text
    if "kept" in fields.get("title", ""):
        assert 'value="kept &lt;words&gt;"' in found.text


def test_without_a_store_there_is_no_button_and_no_page(bicycles):
    web = TestClient(create_app(bicycles))
    assert "Save this" not in web.get(f"/answer?{_ASKED}", follow_redirects=True).text
    assert web.get("/decisions").status_code == web.get(f"/d/{'0' * 32}").status_code == 404
    assert web.post("/decisions", data={}).status_code == 404
    assert "/api/v1/decisions" not in web.get("/api/v1/openapi.json").json()["paths"]


def test_a_full_disk_is_told_and_nothing_is_half_kept(place, bicycles):
    with contextlib.closing(open_store(str(place))) as store:
        web = TestClient(create_app(bicycles, store=store))
        fields = _read_form(web.get(f"/decisions/new?{_ASKED}"))

        @sa.event.listens_for(store._engine, "engine_connect")
        def fill(connection):
            connection.connection.cursor().execute("PRAGMA max_page_count = 1")

        page = web.post("/decisions", data=fields, headers={"Accept": "text/html"})
        problem = web.post("/decisions", data=fields)
        assert page.status_code == problem.status_code == 503
        assert "nothing was changed" in page.text
        assert problem.json()["title"] == "Service Unavailable"
        assert list(store.list_all()) == []


def test_the_keeper_sees_all_of_them_at_the_terminal(serve, bicycles, changed_folders, place, recommend_says, tmp_path):  # noqa: PLR0917
    asked = ((_ASKED, "Rentals"), ("needs=repairs", ""))
    addresses = [_keep(serve(bicycles), query, title)[0] for query, title in asked]
    facts, rules = changed_folders
    base = f"--store {place} --facts {facts} --rules {rules}"

    listed = recommend_says(f"recommend decisions list {base}")
    assert (listed.status, listed.err) == (0, "")
    assert listed.out.endswith("1 of your 2 decisions would be different now.\n")
    assert "Rentals" in listed.out
    data = json.loads(recommend_says(f"recommend decisions list {base} --format json").out)
    assert [one["now"]["verdict_differs"] for one in data] == [True, False]

    replayed = recommend_says(f"recommend decisions replay {addresses[0]} {base}")
    assert "Ciclo was qualified and is now ruled out." in replayed.out
    shown = json.loads(recommend_says(f"recommend decisions show {addresses[0][3:]} {base} --format json").out)
    assert shown == data[0]["record"]
    assert recommend_says(f"recommend decisions show {addresses[0][3:]} {base}").out.startswith("# ")

    lines = recommend_says(f"recommend decisions export --store {place}").out.splitlines()
    assert [json.loads(line)["record"] for line in lines] == [one["record"] for one in data]
    recommend_says(f"recommend decisions export --store {place} --output {tmp_path / 'kept.jsonl'}")
    assert (tmp_path / "kept.jsonl").read_text(encoding="utf-8").splitlines() == lines

    unknown = recommend_says(f"recommend decisions delete {addresses[0]} {'0' * 32} --store {place}")
    assert (unknown.status, unknown.out) == (2, "")
    assert recommend_says(f"recommend decisions delete {addresses[0]} --store {place}").out == "Deleted 1 decision.\n"
    assert len(recommend_says(f"recommend decisions export --store {place}").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("decisions list", "--store"),
        ("decisions list --store nowhere.db", "does not exist"),
        ("decisions list --store ftp://x", "not a store"),
        ("serve --store nowhere/decisions.db", "folder nowhere does not exist; create it first"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_sentence(recommend_says, monkeypatch, tmp_path, line, says):
    monkeypatch.chdir(tmp_path)
    found = recommend_says(f"recommend {line}")
    assert (found.status, found.out) == (2, "")
    assert says in found.err
    assert found.err.count("\n") == 1


@pytest.mark.parametrize("path", ["/decisions", "/choose", "/api/v1/recommendation"])
def test_a_form_that_a_page_of_another_site_sends_is_refused(serve, bicycles, path):
    web = serve(bicycles)
    refused = web.post(path, data={"question": _ASKED}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert "A page of another site sent this form" in refused.text
    assert web.post(path, data={"question": _ASKED}, headers={"Sec-Fetch-Site": "same-origin"}).status_code != 403
    assert web.get("/choose", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200, (
        "a link may come from anywhere"
    )
