"""Answers that are sent again without being computed: never those of other facts, another day, question or host."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient

from provider_advisor import load
from provider_advisor.faces.web import answer_cache, questionnaire_api
from provider_advisor.faces.web import service as service_module
from provider_advisor.faces.web.app import create_app
from provider_advisor.faces.web.settings import ServeSettings
from provider_advisor.faces.web.watch import WatchedApplication

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"
_QUESTION = "/api/v1/recommendation?needs=repairs"
_POST = "/api/v1/recommendation"


@pytest.fixture(scope="module")
def bicycles():
    return load(_BICYCLES / "facts", _BICYCLES / "rules")


@pytest.fixture
def computed(monkeypatch):
    """How many answers were computed, as the length of a list."""
    calls, real = [], service_module.answer

    def answer(*arguments, **options):
        calls.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(service_module, "answer", answer)
    return calls


def _serve(knowledge, **settings):
    return TestClient(create_app(knowledge, ServeSettings(**settings)), follow_redirects=False)


def _count_kept(web):
    return len(web.app.state.sent)


def _show(found):
    return found.status_code, found.content, sorted(found.headers.multi_items())


@pytest.mark.parametrize(
    "path",
    [
        _QUESTION,
        f"{_QUESTION}&sure=true",
        "/answer?needs=repairs",
        "/answer.json?needs=repairs",
        "/answer.md?needs=repairs",
        "/choose?needs=repairs",
        "/embed?needs=repairs",
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "identity"}])
def test_an_answer_is_computed_once_and_sent_again_as_it_was(bicycles, computed, path, headers):
    web = _serve(bicycles, root="/advisor")
    first, again = web.get(path, headers=headers), web.get(path, headers=headers)
    assert first.status_code == 200
    assert _show(again) == _show(first)
    assert len(computed) == 1
    assert web.head(path, headers=headers).headers == first.headers
    assert len(computed) == 1


def test_a_fragment_and_its_address_are_sent_again(bicycles, computed):
    web, part = _serve(bicycles, root="/advisor"), {"X-Fragment": "1"}
    first, again = (web.get("/choose?c.repairs=must", headers=part) for _ in range(2))
    assert first.headers["x-address"] == again.headers["x-address"] == "/advisor/choose?needs=repairs"
    assert _show(again) == _show(first)
    assert len(computed) == 1
    assert web.get("/choose?needs=repairs").content != first.content


def test_what_is_compressed_is_kept_apart_from_what_is_not(bicycles, computed):
    web = _serve(bicycles)
    plain = [web.get(_QUESTION, headers={"Accept-Encoding": "identity"}) for _ in range(2)][1]
    small = [web.get(_QUESTION, headers={"Accept-Encoding": "gzip"}) for _ in range(2)][1]
    assert (plain.headers.get("content-encoding"), small.headers["content-encoding"]) == (None, "gzip")
    assert plain.json() == small.json()
    assert len(computed) == 2
    # RFC 9110 (8.8.1): bytes that differ may share an ETag only if it is weak.
    assert plain.headers["etag"] == small.headers["etag"]
    assert plain.headers["etag"].startswith('W/"')


@pytest.mark.parametrize("accepted", ["gzip;q=0", "br, GZIP; q=0.000, identity"])
def test_a_client_that_refuses_gzip_gets_none(bicycles, accepted):
    found = _serve(bicycles).get(_QUESTION, headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in found.headers
    assert found.json()["verdict"]


def test_any_answer_is_good_enough_once_it_is_certain_that_there_is_one(bicycles):
    web, anything = _serve(bicycles), {"If-None-Match": "*"}
    assert [web.get(_QUESTION, headers=anything).status_code for _ in range(2)] == [200, 304]
    assert [web.get("/criteria/none", headers=anything).status_code for _ in range(2)] == [404, 404]


def test_an_etag_is_known_as_it_was_sent_among_others_and_as_an_old_client_cuts_it(bicycles):
    web = _serve(bicycles)
    etag = web.get(_QUESTION).headers["etag"]
    for known in (etag, f'"other", {etag}', etag.removeprefix("W/")):
        assert web.get(_QUESTION, headers={"If-None-Match": known}).status_code == 304


@pytest.mark.parametrize(
    "others",
    [
        ["/api/v1/recommendation?needs=test-rides", "/api/v1/recommendation?wants=repairs"],
        [f"{_QUESTION}&only=velo", f"{_QUESTION}&without=velo"],
        [f"{_QUESTION}&as_of=2026-11-01", f"{_QUESTION}&max_age=30d"],
        [f"{_QUESTION}&team=Red", f"{_QUESTION}&team=Blue"],
        [f"{_QUESTION}&sure=true", f"{_QUESTION}&all=true"],
        ["/answer.json?needs=repairs", "/answer.md?needs=repairs", "/answer?needs=repairs"],
    ],
)
def test_another_question_scope_day_team_or_form_has_its_own_answer(bicycles, others):
    web, fresh = _serve(bicycles), [_serve(bicycles).get(path) for path in (_QUESTION, *others)]
    for _ in range(2):
        assert [_show(web.get(path)) for path in (_QUESTION, *others)] == [_show(one) for one in fresh]
    assert len({one.headers["etag"] for one in fresh}) == len(fresh)


def test_of_another_day_nothing_is_sent_and_nothing_is_held(bicycles, computed, monkeypatch):
    web = _serve(bicycles)
    web.get(_QUESTION)
    web.get("/answer?needs=repairs")
    assert _count_kept(web) == 2
    next_day = service_module.today() + dt.timedelta(days=1)
    monkeypatch.setattr(answer_cache, "today", lambda: next_day)
    web.get(_QUESTION)
    assert len(computed) == 3
    assert _count_kept(web) == 1


def test_an_answer_that_is_computed_over_midnight_is_not_kept(bicycles, computed, monkeypatch):
    web, day = _serve(bicycles), service_module.today()
    web.get("/nowhere")
    days = [day, day + dt.timedelta(days=1)]  # when it is asked, and when it is answered
    monkeypatch.setattr(answer_cache, "today", lambda: days.pop(0) if len(days) > 1 else days[0])
    web.get(_QUESTION)
    assert _count_kept(web) == 0
    web.get(_QUESTION)
    assert _count_kept(web) == 1
    assert len(computed) == 2


def test_another_host_is_refused_before_anything_is_looked_up(bicycles):
    web = _serve(bicycles, hosts=("advice.example",))
    assert web.get(_QUESTION, headers={"Host": "advice.example"}).status_code == 200
    assert web.get(_QUESTION, headers={"Host": "evil.example"}).status_code == 421
    crossed = {"Host": "advice.example", "Sec-Fetch-Site": "cross-site"}
    assert web.post(_POST, json={"needs": ["repairs"]}, headers={"Host": "advice.example"}).status_code == 200
    assert web.post(_POST, json={"needs": ["repairs"]}, headers=crossed).status_code == 403


@pytest.mark.parametrize("path", ["/", "/answer?needs=repairs", "/ask", "/compare", "/facts", _QUESTION])
def test_an_answer_depends_on_no_language_cookie_or_host(bicycles, path):
    headers = {"Accept-Language": "de", "Cookie": "a=b", "Host": "b.example", "Accept": "text/html", "X-Other": "1"}
    assert _show(_serve(bicycles).get(path)) == _show(_serve(bicycles).get(path, headers=headers))


@pytest.mark.parametrize(
    "more",
    [{"root": "/advisor"}, {"keeps": True}],
)
def test_the_key_names_what_a_page_takes_from_the_server(bicycles, more):
    store = object() if more.pop("keeps", False) else None
    found = TestClient(create_app(bicycles, ServeSettings(**more), store)).get("/answer?needs=repairs")
    assert found.headers["etag"] != _serve(bicycles).get("/answer?needs=repairs").headers["etag"]


def test_a_posted_question_is_computed_once_however_its_json_is_laid_out(bicycles, computed):
    web, headers = _serve(bicycles), {"Content-Type": "application/json"}
    team = {"team": "Red", "needs": ["repairs"], "wants": ["test-rides"]}
    first = web.post(_POST, json=team)
    again = web.post(_POST, content=json.dumps(dict(reversed(team.items())), indent=4), headers=headers)
    assert first.status_code == 200
    assert _show(again) == _show(first)
    assert len(computed) == 1
    for other in ({**team, "team": "Blue"}, {**team, "only": ["velo"]}, {**team, "needs": ["test-rides", "repairs"]}):
        assert web.post(_POST, json=other).json() == _serve(bicycles).post(_POST, json=other).json()
    assert web.post(f"{_POST}?sure=true", json=team).json()["robustness"] is not None
    assert web.post(_POST, json=team, headers={"Content-Type": "text/plain"}).status_code == 422
    assert web.post(_POST, content=b"{", headers=headers).status_code == 422
    assert web.post(_POST, content=b"[" * 100_000, headers=headers).status_code in {400, 422, 500}


def test_the_questionnaire_of_a_program_is_computed_once_for_each_state(bicycles, monkeypatch):
    web, calls, real = _serve(bicycles), [], questionnaire_api.ask_next
    monkeypatch.setattr(questionnaire_api, "ask_next", lambda *given: calls.append(given) or real(*given))
    first = web.post("/api/v1/ask", json={})
    assert web.post("/api/v1/ask", json={}).json() == first.json()
    assert len(calls) == 1
    web.post("/api/v1/ask", json={"values": {"topics": [first.json()["screen"]["questions"][0]["choices"][0][0]]}})
    assert len(calls) == 2


@pytest.mark.parametrize(
    "path", ["/answer?needs=rapairs", "/nowhere", "/batch/ab", "/decisions", "/-/ready", "/-/settings"]
)
def test_mistakes_runs_and_operations_are_not_kept(bicycles, path):
    web = _serve(bicycles)
    for _ in range(2):
        web.get(path)
    assert _count_kept(web) == 0


def test_memory_is_limited_and_zero_turns_it_off(bicycles, computed):
    size = len(_serve(bicycles).get(_QUESTION).content) + 1_200
    computed.clear()
    for most, times in ((0, 4), (size, 4), (4 * size, 2)):
        web = _serve(bicycles, cache=most)
        for path in (_QUESTION, f"{_QUESTION}&team=R") * 2:
            web.get(path, headers={"Accept-Encoding": "identity"})
        assert len(computed) == times
        computed.clear()
    assert _serve(bicycles, cache=5).get("/-/settings").json()["cache"] == 5


def test_changed_facts_are_answered_anew_and_old_answers_are_freed(folders_from, tmp_path):
    facts, rules = folders_from(tmp_path)
    made = []
    watched = WatchedApplication((facts, rules), lambda found: made.append(create_app(found.knowledge)) or made[-1])
    web = TestClient(watched)
    first = web.get(_QUESTION).json()
    provider = facts / "providers" / "ciclo.yaml"
    good = provider.read_text(encoding="utf-8")
    provider.write_text(good.replace("{criterion: repairs, value: present", "{criterion: repairs, value: absent"))
    watched.look()
    assert web.get(_QUESTION).json() != first
    assert [len(app.state.sent) for app in made] == [0, 1]


def test_screens_share_what_was_worked_out_for_a_while(bicycles, monkeypatch):
    service = service_module.KnowledgeService(bicycles)
    first = service.get_catalogue()
    assert service.get_catalogue() is first
    next_day = service_module.today() + dt.timedelta(days=1)
    monkeypatch.setattr(service_module, "today", lambda: next_day)
    second = service.get_catalogue()
    assert second.facts.as_of == next_day
    # What people type is kept with it, so it must not grow for as long as the server runs.
    assert len({id(one): one for one in [service.get_catalogue() for _ in range(250)]}) > 2
