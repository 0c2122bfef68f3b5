"""What is looked up in the browser, a card on another page, and the tools for assistants below /mcp."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import json
import re
from html import unescape

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

import httpx2
from starlette.testclient import TestClient

from provider_advisor import load, recommend
from provider_advisor.faces.web.app import create_app
from provider_advisor.faces.web.error_sentences import tell_program
from provider_advisor.faces.web.rule_pages import describe_rule
from provider_advisor.faces.web.runs import RunFolder
from provider_advisor.faces.web.settings import ServeSettings
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.conditions import Usage
from provider_advisor.logic import Interval
from provider_advisor.requirements import Team, read_team
from provider_advisor.written_values import today


@pytest.fixture(scope="module")
def web(bicycles):
    with TestClient(create_app(bicycles)) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"needs": ["repairs"]}, {"repairs-by-people-who-know"}),
        ({"situation": {"purposes": "commuting"}}, {"commuters-need-repairs", "repairs-by-people-who-know"}),
        ({"situation": {"skill": "racer"}}, set()),
        ({"situation": {"skill": "racer", "purposes": "racing"}}, {"racers-like-light-frames"}),
        ({"situation": {"skill": "racer", "purposes": ["racing", "touring"]}}, set()),
        ({"needs": ["rental"], "usage": {"rental-days": 5}}, {"many-days-cheaply"}),
        ({"needs": ["rental"], "usage": {"rental-days": 4}}, set()),
    ],
)
def test_a_rule_fires_on_its_page_where_the_engine_fires_it(bicycles, asked, expected):
    team = read_team(bicycles, **asked)
    for rule in bicycles.rules.values():
        shown = describe_rule(rule, team, bicycles)
        assert shown["fired"] is (rule.id in expected), rule.id
        assert (shown["conditions"][0]["truth"] == "yes") is shown["fired"], rule.id


def test_claims_of_another_day_are_reached_from_its_pages(web):
    for page in ("/compare?as_of=2021-01-01", "/facts?as_of=2021-01-01", "/criteria/repairs?as_of=2021-01-01"):
        links = re.findall(r'href="(/(?:criteria|providers|sources)/[^"]+)"', web.get(page).text)
        assert links
        assert all(re.fullmatch(r"/[a-z]+/[^?#]+\?as_of=2021-01-01(#.*)?", link) for link in links), links
    for page in ("criteria/repairs", "providers/velo", "sources/survey-2023"):
        then, now = (web.get(f"/{page}.json{day}").json()["facts"] for day in ("?as_of=2021-01-01", ""))
        assert len(then) < len(now)
        assert all(claim["as_of"] <= "2021-01-01" for claim in then)
        shown = web.get(f"/{page}?as_of=2021-01-01").text
        assert ": what sources had stated by then." in shown
        assert len(re.findall(r"<tr id=\"(?!area-)", shown)) <= len(then)
    assert "based on this source as of <" in web.get("/sources/survey-2023?as_of=2021-01-01").text
    assert len(web.get("/api/v1/facts?as_of=2021-01-01").json()) < len(web.get("/api/v1/facts").json())
    for ending in ("", ".json"):
        refused = web.get(f"/providers/velo{ending}?as_of=soon")
        assert (refused.status_code, "is not a date" in unescape(refused.text)) == (422, True)


def test_what_is_not_told_is_not_known(bicycles):
    team = read_team(bicycles, situation={"skill": "racer"})
    lines = describe_rule(bicycles.rules["racers-like-light-frames"], team, bicycles)["conditions"]
    assert [(line["depth"], line["truth"]) for line in lines] == [
        (0, "unknown"),
        (1, "yes"),
        (1, "unknown"),
        (2, "unknown"),
    ]


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (Interval(5), "at least 5"),
        (Interval(5, 5000), "at least 5 and at most 5,000"),
        (Interval(5, 5), "exactly 5"),
    ],
)
def test_a_volume_within_a_bound_is_said_like_other_bounds(bicycles, bound, said):
    rule = bicycles.rules["racers-like-light-frames"]._replace(when=Usage("rental-days", bound))
    (line,) = describe_rule(rule, Team(), bicycles)["conditions"]
    assert line["says"] == f"Rental days, a month: {said}"


def test_a_rule_is_shown_condition_by_condition(web, bicycles):
    for name in bicycles.rules:
        page = web.get(f"/rules/{name}")
        assert page.status_code == 200
        assert "When it applies" in page.text
        asked = web.get(f"/rules/{name}?needs=repairs")
        assert re.search("<h2>It (does not apply|applies) to this team</h2>", asked.text)
        data = web.get(f"/rules/{name}.json?needs=repairs").json()
        assert all(line["truth"] in {"yes", "no", "unknown"} for line in data["conditions"])
        assert data["fired"] == ("It applies to this team" in asked.text)
    assert f'href="/rules/{name}"' in web.get("/rules").text
    assert web.get("/rules/no-such-rule").status_code == web.get("/rules/no-such-rule.json").status_code == 404
    assert (
        web.get(f"/rules/{name}?needs=wings").status_code
        == web.get(f"/rules/{name}.json?needs=wings").status_code
        == 422
    )


@pytest.mark.parametrize("day", ["2022-01-01", "2024-01-01", "2026-11-29"])
def test_22_facts_by_state_are_those_that_answers_call_so(bicycles, web, day):
    facts = facts_as_of(bicycles, dt.date.fromisoformat(day))
    claimed = [place for place in facts.knowledge.list_claimed() if place[0] in facts.knowledge.providers]
    found = {place: facts(*place) for place in claimed}
    stale = {place for place, fact in found.items() if fact.claims and facts.is_stale(fact) and not fact.disputed}
    disputed = {place for place, fact in found.items() if fact.disputed}
    for state, expected in (("stale", stale), ("disputed", disputed)):
        rows = web.get(f"/facts.json?state={state}&as_of={day}").json()
        assert {(row["provider"], row["criterion"]) for row in rows} == expected
        assert {row["state"] for row in rows} <= {state}
    every = web.get(f"/facts.json?as_of={day}").json()
    assert {(row["provider"], row["criterion"]) for row in every} == {
        place for place, fact in found.items() if fact.claims
    }
    unknown = web.get(f"/facts.json?state=unknown&criterion=child-seats&as_of={day}").json()
    assert [row["provider"] for row in unknown] == list(facts.knowledge.providers)


def test_the_day_and_the_source_of_a_fact_are_those_of_its_newest_claim(here):
    with (here / "facts" / "providers" / "velo.yaml").open("a", encoding="utf-8") as velo:
        velo.write("- {criterion: test-rides, product: tours, value: present, source: survey-2023, line: 20}\n")
    base = load(here / "facts", here / "rules")
    (row,) = TestClient(create_app(base)).get("/facts.json?provider=velo&criterion=test-rides").json()
    assert (row["stated"], row["source"]) == ("2023-03-01", "survey-2023")


def test_facts_are_listed_by_the_labels_that_people_read(bicycles, web):
    rows = web.get("/facts.json?provider=velo").json()
    labels = [bicycles.criteria[row["criterion"]].label.casefold() for row in rows]
    assert labels == sorted(labels)
    assert [row["criterion"] for row in rows] != sorted(row["criterion"] for row in rows)


def test_facts_are_the_same_rows_as_page_json_and_csv(web, bicycles):
    rows = web.get("/facts.json?provider=velo").json()
    table = list(csv.DictReader(web.get("/facts.csv?provider=velo").text.splitlines()))
    assert [row["criterion"] for row in table] == [row["criterion"] for row in rows]
    page = web.get("/facts?provider=velo").text
    assert page.count('<th scope="row">') == len(rows) > 5
    refused = web.get("/facts?provider=acme&state=old&as_of=yesterday")
    assert refused.status_code == 422
    assert all(part in refused.text for part in ("Unknown provider", "Unknown state", "is not a date"))
    assert 'value="yesterday"' in refused.text  # the form again, as it was filled in
    assert web.get("/facts.json?provider=acme").headers["content-type"] == "application/problem+json"
    assert "There is no such fact" in web.get("/facts?provider=velo&state=disputed&as_of=1999-01-01").text
    unknown = web.get("/facts.json?state=unknown").json()
    some = web.get("/facts.json?state=unknown&provider=velo").json()
    assert some == [row for row in unknown if row["provider"] == "velo"]
    assert {row["provider"] for row in unknown} == set(bicycles.providers)


def test_many_facts_are_shown_page_by_page_and_returned_whole(bicycles):
    web = TestClient(create_app(bicycles, ServeSettings(rows=7)))
    assert web.get("/-/settings").json()["rows"] == 7
    whole = [(row["provider"], row["criterion"]) for row in web.get("/facts.json").json()]
    assert len(whole) == len(web.get("/facts.csv").text.splitlines()) - 1
    shown, address = [], "/facts"
    while address:
        page = web.get(address).text
        rows = re.findall(r'<td><a href="/providers/([^"]+)".*?href="/criteria/([^"]+)"', page)
        assert len(rows) <= 7
        assert f"{len(whole)} facts as of" in page
        shown += rows
        address = next(iter(re.findall(r'<a href="([^"]+)" rel="next">', page)), None)
    assert shown == whole
    velo = web.get("/facts?provider=velo&page=2").text
    assert '<a href="/facts?provider=velo&amp;page=1" rel="prev">' in velo
    assert 'href="/facts.csv?provider=velo"' in velo
    assert "Pages of the list" not in web.get("/facts?state=disputed").text
    assert "'99' is not a page of this list; expected 1 to " in unescape(web.get("/facts?page=99").text)


def test_freshness_is_that_of_the_command(web, recommend_says, pytestconfig):
    folder = pytestconfig.rootpath / "tests" / "knowledge" / "bicycles"
    line = f"recommend check --freshness --within 400 --format json --facts {folder}/facts --rules {folder}/rules"
    alone = json.loads(recommend_says(line).out)
    assert web.get("/freshness.json?within=400").json() == alone
    page = web.get("/freshness?within=400").text
    assert f"{sum(part['past'] for part in alone['facts'])} fact" in page
    assert all(f'href="/criteria/{part["criterion"]}"' in page for part in alone["facts"][:5])
    for query in ("within=x", "within=-1", "within=99999999999999999999", "as_of=soon", "within=²"):
        assert web.get(f"/freshness?{query}").status_code == web.get(f"/freshness.json?{query}").status_code == 422


def test_the_page_on_the_api_names_every_operation(web):
    page = web.get("/api").text
    for path, methods in web.get("/api/v1/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}</code>" in page


def test_only_the_card_may_be_framed(web, bicycles):
    card = web.get("/embed?needs=repairs")
    policy = card.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "script-src 'self'" in policy
    reason = recommend(bicycles, needs=["repairs"]).explanation.verdict.reason
    assert reason.partition(":")[0].rstrip(".") in card.text
    assert 'href="/answer?needs=repairs" target="_top"' in card.text
    for path in ("/", "/answer?needs=repairs", "/api", "/embed?needs=wings"):
        assert "frame-ancestors 'none'" in web.get(path).headers["content-security-policy"]


def test_an_assistant_asks_by_http_what_it_asks_by_standard_input(bicycles):
    from mcp.client import Client  # noqa: PLC0415 (see `meet_assistant`)
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 (as above)

    async def talk():
        app = create_app(bicycles)
        transport = httpx2.ASGITransport(app)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://advisor.example") as http,
            Client(streamable_http_client("http://advisor.example/mcp", http_client=http)) as client,
        ):
            tools = {tool.name for tool in (await client.list_tools()).tools}
            answer = await client.call_tool("recommend", {"needs": ["repairs"]})
            begun = await client.call_tool("ask", {})
            return tools, answer.structured_content, begun.structured_content

    tools, answer, begun = asyncio.run(talk())
    assert tools >= {"recommend", "ask", "replay", "impact", "facts", "compare", "search_criteria"}
    assert answer["verdict"] == recommend(bicycles, needs=["repairs"], robustness=True).record["verdict"]
    assert begun["screen"]["questions"]


def test_tools_take_the_questionnaire_to_its_end_and_replay_an_answer(bicycles, meet_assistant, tmp_path):
    record = recommend(bicycles, needs=["repairs"]).record

    async def talk():
        async with meet_assistant(bicycles, RunFolder(folder=tmp_path / "runs")) as client:

            async def call(name, **arguments):
                return (await client.call_tool(name, arguments)).structured_content

            found = await call("ask")
            for _ in range(30):
                if found["end"]:
                    break
                values = {one["key"]: "must" for one in found["screen"]["questions"][:1] if one["kind"] == "criterion"}
                found = await call("ask", answers=found["answers"], values=values)
            return (
                found,
                await call("replay", record=record),
                [await call("ask", values={"criterion:wings": "must"}), await call("replay", record={})],
                await call("recommend", needs=["wings"]),
                [await call("impact", files={"x": "y"}, teams=[{}]), await call("impact", files={}, teams=[])],
            )

    end, replayed, wrong, unknown, refused = asyncio.run(talk())
    assert end["end"]["says"]
    assert replayed["says"] == "The answer is the same."
    assert all(one["mistakes"] for one in (*wrong, *refused))
    assert "See `search_criteria` for what you can ask for." in unknown["mistakes"][0]
    assert "--unlisted" not in unknown["mistakes"][0]


def test_criteria_are_shown_by_kind_and_area(web, bicycles):
    for kind in {one.kind for one in bicycles.criteria.values()}:
        shown = re.findall(r'<th scope="row"><a href="/criteria/([^"]+)"', web.get(f"/criteria?kind={kind}").text)
        assert sorted(shown) == sorted(name for name, one in bicycles.criteria.items() if one.kind == kind)
    wrong = web.get("/criteria?kind=wings&area=wheels")
    assert wrong.status_code == 422
    assert '<a href="#kind">Unknown kind ' in wrong.text
    assert '<a href="#area">Unknown area ' in wrong.text


@pytest.mark.parametrize("kind", ["criteria", "providers", "sources", "rules"])
def test_each_page_of_the_reference_is_json_too_with_the_records_of_the_api(web, kind):
    for record in web.get(f"/api/v1/{kind}").json():
        name = record["id"]
        page, found = web.get(f"/{kind}/{name}"), web.get(f"/{kind}/{name}.json").json()
        assert f'href="/{kind}/{name}.json"' in page.text
        assert {key: found[key] for key in record} == record
        if kind in {"criteria", "providers"}:
            fact = {"criteria": "criterion", "providers": "provider"}[kind]
            assert found["facts"] == web.get("/api/v1/facts", params={fact: name}).json()
        elif kind == "sources":
            assert found["facts"] == [one for one in web.get("/api/v1/facts").json() if one["source"] == name]
    for path in (f"/{kind}/nothing", f"/{kind}/nothing.json"):
        missing = web.get(path)
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
        assert "'nothing'" in missing.json()["detail"]


@pytest.mark.parametrize("query", ["", "q=repairs", "area=services", "kind=price", "q=price&area=prices"])
def test_criteria_as_json_are_those_of_the_page(web, query):
    page = web.get(f"/criteria?{query}").text
    listed = web.get(f"/criteria.json?{query}").json()
    assert f'href="/criteria.json?{query.replace("&", "&amp;")}"' in page
    assert [one["id"] for one in listed] == re.findall(r'<th scope="row"><a href="/criteria/([^"]+)"', page)
    known = {one["id"]: one for one in web.get("/api/v1/criteria").json()}
    assert listed == [known[one["id"]] for one in listed]
    assert web.get("/criteria.json?kind=wings").status_code == 422


@pytest.mark.parametrize("query", ["", "needs=repairs", "area=riding&needs=repairs"])
def test_rules_as_json_are_those_of_the_page(web, query):
    page, listed = web.get(f"/rules?{query}").text, web.get(f"/rules.json?{query}").json()
    assert f'href="/rules.json?{query.replace("&", "&amp;")}"' in page
    assert [one["id"] for one in listed] == re.findall(r'<tr id="([^"]+)"', page)
    assert [one.pop("fired") for one in listed if "fired" in one] == [
        said == "yes" for said in re.findall('data-label="Applies">(yes|no)<', page)
    ]
    known = {one["id"]: one for one in web.get("/api/v1/rules").json()}
    assert listed == [known[one["id"]] for one in listed]
    assert web.get("/rules.json?area=wings").status_code == 422


def test_rules_are_shown_by_area_also_for_a_team(web, bicycles):
    areas = {rule.area for rule in bicycles.rules.values()}
    for area in areas:
        page = web.get(f"/rules?area={area}&needs=repairs").text
        shown = re.findall(r'<tr id="([^"]+)"', page)
        assert set(shown) == {rule.id for rule in bicycles.rules.values() if rule.area == area}
        assert '<input type="hidden" name="needs" value="repairs">' in page
        assert f"of {len(bicycles.rules)} rules" in page
    wrong = web.get("/rules?area=wings")
    assert (wrong.status_code, wrong.text.lower().count("unknown area")) == (422, 2)


def test_what_to_ask_the_providers_is_a_page_and_the_letters_of_the_command(web, recommend_says, pytestconfig):
    folder = pytestconfig.rootpath / "tests" / "knowledge" / "bicycles"
    question = "needs=repairs&wants=rental&unlisted=loan bikes"
    assert "/questions?needs=repairs" in web.get(f"/answer?{question}").text
    page = web.get(f"/questions?{question}")
    printed = recommend_says(
        f"recommend --needs repairs --wants rental --unlisted 'loan bikes' --format questions "
        f"--facts {folder / 'facts'} --rules {folder / 'rules'}"
    ).out
    letters = web.get(f"/questions.txt?{question}")
    assert letters.text.split() == printed.split()
    assert letters.headers["content-disposition"] == 'attachment; filename="questions.txt"'
    asked = re.findall(r"<dt>([^<]+)</dt>", page.text)
    assert asked
    assert all(f"{number} " in printed for number in asked)
    assert "Do you offer &#34;loan bikes&#34;?" in page.text
    assert web.get(f"/questions.xlsx?{question}").content.startswith(b"PK")
    nobody = "needs=repairs&only=velo&as_of=1999-01-01"
    assert web.get(f"/questions?{nobody}").status_code == 200


def test_an_assistant_can_say_all_of_a_question_and_nothing_that_it_sends_is_dropped(bicycles, meet_assistant):
    async def talk():
        async with meet_assistant(bicycles) as client:
            scoped = {"needs": ["repairs"], "only": ["velo"], "situation": {"skill": "beginner"}, "max_age": "9000d"}
            return (
                await client.call_tool("recommend", scoped),
                await client.call_tool("recommend", {"needs": ["repairs"], "wantz": ["rental"]}),
                await client.call_tool("search_criteria", {"words": "zzzz"}),
                (await client.list_tools()).tools,
            )

    scoped, refused, unfound, tools = asyncio.run(talk())
    assert [one["id"] for one in scoped.structured_content["providers"]] == ["velo"]
    assert refused.structured_content == {"mistakes": ["unknown key 'wantz'. Did you mean 'wants'?"]}
    assert unfound.structured_content == {"mistakes": ["Nothing is recorded about 'zzzz'."]}
    assert all(tool.input_schema["additionalProperties"] is False and tool.annotations.read_only_hint for tool in tools)


def test_an_assistant_weighs_requirements_and_areas_as_a_requirements_file_does(bicycles, meet_assistant):
    question = {
        "needs": "repairs",
        "wants": [{"criterion": "test-rides", "weight": 30}, {"any": ["test-rides", "rental"], "priority": "could"}],
        "weights": {"services": 80},
        "usage": {"rental-days": "5..60"},
    }

    async def talk():
        async with meet_assistant(bicycles) as client:
            return (await client.call_tool("recommend", question)).structured_content

    record = recommend(bicycles, **question | {"needs": ["repairs"]}, robustness=True).record
    found = asyncio.run(talk())
    assert found["verdict"] == record["verdict"]
    assert found["providers"] == record["providers"]


@pytest.mark.parametrize(
    ("call", "mistake"),
    [
        (("recommend", {"needs": 5}), "'needs': expected a list; found 5."),
        (("recommend", {"wants": [{"criterion": "rental", "weight": -1}]}), "'weight': expected "),
        (("recommend", {"x" * 90_000: 1}), "expected a file such as this example; found the key 'xxx"),
        (("recommend", {"needs": [], "x" * 90_000: 1}), "unknown key 'xxx"),
        (("recommend", {"self": 1}), "expected a file such as this example; found the key 'self'."),
        (("search_criteria", {}), "'words' is missing."),
        (("search_criteria", {"words": None}), "'words': expected text; found nothing."),
        (("search_criteria", {"words": "x" * 1_001}), "'words': expected at most 1000 characters; found 'xxx"),
        (("search_criteria", {"words": "x", "most": 5}), "unknown key 'most'."),
        (("compare", {"providers": "velo"}), "'providers': expected a list; found 'velo'."),
        (("compare", {"providers": [True]}), "'providers.0': expected text; found true."),
        (("ask", {"answers": []}), "'answers': expected a mapping; found an empty list."),
        (("replay", {"record": "x"}), "'record': expected a mapping; found 'x'."),
        (("impact", {"files": [], "teams": [{}]}), "'files': expected a mapping; found an empty list."),
        (("impact", {"files": {}, "teams": []}), "'teams': expected at least 1 in the list; found 0."),
        (("impact", {"files": {}, "teams": [{}], "as_of": "soon"}), "'soon' is not a date"),
    ],
)
def test_an_assistant_is_told_in_one_sentence_what_is_wrong_with_an_argument(
    bicycles, meet_assistant, tmp_path, call, mistake
):
    async def talk():
        async with meet_assistant(bicycles, RunFolder(folder=tmp_path)) as client:
            return (await client.call_tool(*call)).structured_content

    (told,) = asyncio.run(talk())["mistakes"]
    assert told.startswith(mistake)
    assert len(told) < 500


def test_a_prompt_that_an_assistant_asks_for_is_refused_without_a_traceback(web, caplog):
    asked = {"jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": {"name": "wings"}}
    answer = web.post("/mcp", json=asked, headers={"accept": "application/json"})
    assert answer.json()["error"]["message"] == "Unknown prompt: wings"
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b"", -32700, "The body is not JSON."),
        (b"{", -32700, "The body is not JSON."),
        (b"\xff", -32700, "The body is not UTF-8 at byte 1."),
        (b'{"id": 1, "id": 2}', -32700, "The body has the key 'id' twice; keep one."),
        *((body, -32600, "The body is not a JSON-RPC 2.0 message, with `jsonrpc`, `method` and `id`.")
          for body in (b"[]", b"5", b'{"a": 1}', b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "2.0", "method": 5, "id": 1}')),
    ],
)  # fmt: skip
def test_what_is_no_message_of_the_protocol_gets_one_sentence(web, body, code, told):
    answer = web.post("/mcp", content=body, headers={"accept": "application/json", "content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json() == {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": told}}


def test_an_assistant_is_told_what_was_left_out_of_a_long_list(meet_assistant):
    async def talk():
        async with meet_assistant(load()) as client:
            long = [
                ("compare", {"providers": []}),
                ("facts", {"provider": "twilio"}),
                ("search_criteria", {"words": ""}),
            ]
            return [(await client.call_tool(name, given)).structured_content for name, given in long]

    rows, claims, criteria = asyncio.run(talk())
    assert len(rows["rows"]) * len(rows["rows"][0]["facts"]) <= 200
    assert re.fullmatch(r"[\d,]+ of [\d,]+ rows; name an area, or fewer providers\.", rows["left_out"])
    assert len(claims["claims"]) == 100
    assert {one["id"] for one in claims["sources"]} == {one["source"] for one in claims["claims"]}
    assert claims["left_out"].endswith(" claims; name a provider and a criterion.")
    assert len(criteria["criteria"]) == 20


def test_from_an_answer_the_rules_that_fire_for_the_team_are_found(web):
    assert 'href="/rules?needs=repairs"' in web.get("/answer?needs=repairs").text
    page = web.get("/rules?needs=repairs").text
    assert "1 of 5 rules applies to this team" in page
    first = re.search(r'<tr id="([^"]+)">.*?<td data-label="Applies">(yes|no)</td>', page)
    assert first.groups() == ("repairs-by-people-who-know", "yes")
    assert 'href="/rules/repairs-by-people-who-know?needs=repairs"' in page
    assert web.get("/rules?needs=wings").status_code == 422


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "teams.xlsx has several sheets: 'A', 'B'; choose one with --sheet.",
            "teams.xlsx has several sheets: 'A', 'B'.",
        ),
        ("it has one column, 'team;needs'; try --separator ';'.", "it has one column, 'team;needs'."),
        ("'5' means nothing; use --scale \"5=must\". '3' too; use --scale \"3=could\".", "'5' means nothing. '3' too."),
        (
            "is not UTF-8 at byte 5 (use --encoding if the file has another encoding)",
            "is not UTF-8 at byte 5 (say its text encoding if the file has another encoding)",
        ),
        ("it is for one team; answer it with: recommend --file teams.csv.", "it is for one team."),
        ("It was read. To continue, use --matches FILE.", "It was read."),
        ("It was read. To continue, say it in a file (--matches FILE reads it).", "It was read."),
        (
            "To list it, put it into `unlisted` (option --unlisted, or --unlisted-unknown for all such words).",
            "To list it, put it into `unlisted`.",
        ),
        (
            "'a.b' is unknown. Put it into `unlisted` (or --unlisted-unknown).",
            "'a.b' is unknown. Put it into `unlisted`.",
        ),
    ],
)
def test_options_of_the_command_are_no_advice_on_the_web(said, told):
    assert tell_program(said) == told


def test_words_between_backticks_are_code(web):
    assert "<code>needs</code>" in web.get("/api").text
    assert "`" not in web.get("/api").text


def test_a_price_with_an_old_exchange_rate_is_out_of_date_on_every_page(knowledge_from, tmp_path):
    day = today()
    rates = "base: EUR\nrates: [{currency: USD, worth: 0.9, source: guide-2020, stated: 2020-05-01}]\n"
    shop = (
        "id: shop\nname: A shop\nsources:\n"
        f"- {{id: prices, no_url: printed, title: Prices, language: en, published: {day}, retrieved: {day}}}\n"
        "claims: [{criterion: inspection-price, exactly: 40, unit: USD/inspection, source: prices, line: 1}]\n"
    )
    web = TestClient(create_app(knowledge_from(tmp_path, {"rates.yaml": rates, "providers/shop.yaml": shop})))
    for path in ("/providers/shop", "/sources/prices", "/facts?provider=shop"):
        assert "out of date" in web.get(path).text.replace("Facts that are out of date", ""), path
    found = web.get("/freshness.json").json()["facts"]
    assert [part["source"] for part in found if part["provider"] == "shop"] == ["guide-2020"]
