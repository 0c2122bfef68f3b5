"""What the web promises: the contract for programs, valid HTML, one address a question, and the same rows in each form.

The numbers are those of the promises in tests/README.md.
"""

from __future__ import annotations

# ruff: noqa: E501 (lists of addresses)
import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.counts import choose_count

from provider_advisor import load, recommend

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient

from provider_advisor.faces.web.answer_cache import make_etag
from provider_advisor.faces.web.app import create_app

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"
_KNOWLEDGE = load(_BICYCLES / "facts", _BICYCLES / "rules")
_WEB = TestClient(create_app(_KNOWLEDGE), follow_redirects=False)
_PAGES = [
    "/", "/choose", "/choose?needs=repairs&wants=test-rides:wont&situation.skill=beginner&usage.inspections=3",
    "/choose?c.repairs=must&b.repairs=>=3&needs=rapairs", "/answer?needs=repairs,bikes-in-stock>=50&usage.inspections=3&sure=1",
    "/answer?needs=repairs=no,cargo-bikes", "/answer", "/answer?needs=rapairs", "/ask", "/ask/next?a=&topics=x",
    "/compare?area=services&only=differences", "/criteria?q=repair", "/criteria/repairs", "/providers/velo", "/sources/survey-2023",
    "/rules", "/batch", "/freshness", "/facts", "/facts?state=stale", "/api", "/embed?needs=repairs", "/nowhere",
]  # fmt: skip

_teams = st.fixed_dictionaries(
    {
        "needs": st.lists(st.sampled_from(["repairs", "bikes-in-stock>=50", "advice>=good", "rental"]), unique=True),
        "wants": st.lists(st.sampled_from(["test-rides", "cargo-bikes:could", "lightest-frame<=8"]), unique=True),
    },
    optional={
        "situation": st.just({"skill": ["beginner"]}),
        "usage": st.fixed_dictionaries({"inspections": st.integers(1, 500)}),
        "unlisted": st.lists(st.text("aé <>&=;,%+\"'", min_size=1, max_size=9).filter(str.strip), max_size=1),
    },
)


def _write_query(team):
    """Return the fields of an address, as a person or a program would write them."""
    fields = [(name, ",".join(team[name])) for name in ("needs", "wants") if team[name]]
    fields += [(f"situation.{topic}", ",".join(words)) for topic, words in team.get("situation", {}).items()]
    fields += [(f"usage.{item}", str(amount)) for item, amount in team.get("usage", {}).items()]
    return fields + [("unlisted", text) for text in team.get("unlisted", [])]


@settings(max_examples=choose_count(25, 200))
@given(_teams)
def test_2_an_address_is_answered_like_the_command(team):
    found = TestClient(_WEB.app).get("/answer.json", params=_write_query(team))
    assert json.dumps(found.json()) == json.dumps(json.loads(recommend(_KNOWLEDGE, **team).to_json()))


@settings(max_examples=choose_count(25, 500))
@given(_teams, st.randoms(use_true_random=False))
def test_6_a_question_has_one_address_which_stays(team, draw):
    fields = _write_query(team)
    first = _WEB.get("/answer", params=fields)
    address = first.headers.get("location") or f"/answer?{first.url.query.decode()}"
    assert _WEB.get(address).status_code == 200
    mixed = [*fields, ("nonsense", "1"), *fields[:1]]
    draw.shuffle(mixed)
    again = _WEB.get("/answer", params=mixed)
    assert again.status_code == 303
    once = again.headers["location"]
    assert _WEB.get(once).status_code == 200
    assert parse_qsl(once.partition("?")[2]) == [*parse_qsl(address.partition("?")[2]), ("left_out", "nonsense")]


@pytest.mark.parametrize("page", _PAGES)
def test_a_page_is_valid_html_and_its_references_lead_somewhere(page):
    html5lib = pytest.importorskip("html5lib", reason="html5lib is not installed")
    text = _WEB.get(page, headers={"Accept": "text/html"}, follow_redirects=True).text
    html5lib.HTMLParser(strict=True).parse(text)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    named = re.findall(r'\s(?:for|aria-labelledby)="([^"]+)"', text) + re.findall(r'href="#([^"]+)"', text)
    assert set(named) <= set(ids)
    fields = re.findall(r"<(?:input|select)[^>]*>", text)
    labelled = re.findall(r'<label class="box">(<input[^>]*>)', text)
    for field in fields:
        told = "hidden" in field or "aria-label" in field or field in labelled
        assert told or re.search(r'\sid="([^"]+)"', field)[1] in named


@pytest.mark.parametrize(
    "query", ["", "only=differences", "area=services", "area=prices&only=differences&providers=velo,rad"]
)
def test_10_a_comparison_has_the_same_rows_on_screen_as_csv_and_as_json(query):
    page = _WEB.get(f"/compare?{query}").text
    screen = re.findall(r'<th scope="row"><a href="/criteria/([^"]+)"', page)
    table = list(csv.reader(io.StringIO(_WEB.get(f"/compare.csv?{query}").text)))
    records = _WEB.get(f"/compare.json?{query}").json()
    assert screen
    assert screen == [row[0] for row in table[1:]] == [record["criterion"] for record in records]


_HOSTILE = "<script>alert(1)</script>\"'\u202e&=1+1"


def test_16_what_files_and_teams_say_is_shown_as_text_everywhere(knowledge_from, tmp_path):
    velo = (_BICYCLES / "facts" / "providers" / "velo.yaml").read_text(encoding="utf-8")
    velo = velo.replace("name: Velo & Sons", f"name: '=cmd<script>alert(1)</script>{'x' * 1_900}'")
    web = TestClient(create_app(knowledge_from(tmp_path, facts={"providers/velo.yaml": velo})))
    question = f"needs=repairs&unlisted={quote(_HOSTILE)}&team={quote(_HOSTILE + 'x' * 500)}"
    for page in (f"/answer?{question}", f"/choose?{question}", "/compare", "/providers/velo", f"/criteria?q={quote(_HOSTILE)}",
                 f"/ask?a={quote(_HOSTILE)}", f"/nowhere/{quote(_HOSTILE)}"):  # fmt: skip
        found = web.get(page, headers={"Accept": "text/html"})
        assert "<script>alert" not in found.text
        assert "\u202e" not in unescape(found.text) or page.startswith(("/criteria", "/choose"))
    assert "<script>" not in web.get(f"/answer.md?{question}").text
    assert all(
        not cell.startswith(("=", "+", "-", "@"))
        for row in csv.reader(io.StringIO(web.get("/compare.csv").text))
        for cell in row
    )


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in _PAGES
        if "rapairs" not in page and page not in {"/embed?needs=repairs", "/nowhere", "/ask/next?a=&topics=x"}
    ],
)
def test_19_and_22_a_page_states_day_and_facts_and_is_sent_once(page):
    first = _WEB.get(page, follow_redirects=True)
    assert _KNOWLEDGE.fingerprint in first.text
    assert first.headers["x-knowledge"] == _KNOWLEDGE.fingerprint
    assert re.search(r"the newest fact is from <span class=\"day\">\d{4}-\d{2}-\d{2}", first.text)
    again = {"If-None-Match": first.headers["etag"]}
    assert _WEB.get(str(first.url), headers=again).status_code == 304
    assert "X-Fragment" in first.headers["vary"]
    other = create_app(_KNOWLEDGE.restrict(only=["velo"]))
    assert TestClient(other).get(str(first.url), headers=again).status_code == 200


def test_19_an_etag_holds_for_a_day():
    days = [dt.date(2026, 11, 29), dt.date(2026, 11, 30)]
    assert len({make_etag("edition", "/answer", "needs=repairs", day) for day in days}) == 2


def test_25_an_answer_in_the_terminal_imports_nothing_of_the_web():
    script = (
        "import sys; from provider_advisor.faces.cli.run_command import run\n"
        "sys.argv = ['recommend', '--needs', 'sms', '--no-robustness']; run()\n"
        "print(sorted({'fastapi', 'starlette', 'granian', 'orjson', 'mcp', 'sqlalchemy'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


@pytest.mark.filterwarnings("ignore")
def test_18_every_operation_keeps_its_contract():
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: PLC0415 (as above)

    contract = schemathesis.openapi.from_asgi("/api/v1/openapi.json", _WEB.app)
    operations = [found.ok() for found in contract.get_all_operations()]
    assert len(operations) >= 10
    starting = {"POST /api/v1/batch", "POST /api/v1/impact"}  # each starts a process, and has tests of its own
    for operation in [one for one in operations if one.label not in starting]:

        @settings(max_examples=choose_count(4, 200), database=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy())
        def keep(case):
            # Names of criteria and providers are texts to a schema: unknown ones are rightly refused.
            case.call_and_validate(excluded_checks=[positive_data_acceptance])

        keep()
