"""The pages and the API: the address is the state, nothing is kept, and every answer is that of the library."""

from __future__ import annotations

import asyncio
import csv
import gzip
import html
import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from html import unescape
from urllib.parse import parse_qsl, quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider_advisor import load, recommend

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from starlette.testclient import TestClient

from provider_advisor.explanation import robustness_in_words
from provider_advisor.faces.web.address import read_address, write_address
from provider_advisor.faces.web.app import create_app
from provider_advisor.faces.web.questionnaire_address import read_answer_text
from provider_advisor.faces.web.responses import respond_problem, write_csv
from provider_advisor.faces.web.settings import ServeSettings
from provider_advisor.faces.why_wording import describe_why
from provider_advisor.knowledge import facts_as_of
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.state import State
from provider_advisor.written_values import today

_KNOWLEDGE = load()
_QUESTIONS = [
    "needs=sms",
    "needs=number-countries>=90,sms&wants=whatsapp:could",
    "needs=sms|whatsapp,per-user-subscription=no&situation.developers=none",
    "needs=phone-numbers@de&usage.sms-outbound=500&wants=monthly-cost<=500&as_of=2022-12-31",
    "needs=video-api&unlisted=loan phones&only=twilio,vonage&max_age=3650d",
    "wants=screen-sharing:wont,whiteboard&sources=twilio-vs-vonage-2022",
]
_PAGES = [
    "/",
    "/choose",
    "/answer?needs=sms,whiteboard&sure=1",
    "/compare?area=video&only=differences",
    "/criteria?q=fax",
]


@pytest.fixture(scope="module")
def web():
    """A browser without scripts, which follows redirects."""
    with TestClient(create_app(_KNOWLEDGE), follow_redirects=True) as client:
        yield client


@pytest.mark.parametrize("query", _QUESTIONS)
def test_an_address_is_answered_as_the_library_answers(web, query):
    fields = dict(part.split("=", 1) for part in query.split("&"))
    found = web.get(f"/answer.json?{query}").json()
    assert found == web.get(f"/api/v1/recommendation?{query}").json()
    assert found["question"] == web.post("/api/v1/recommendation", json=found["question"]).json()["question"]
    scope = {name: fields[name].split(",") for name in ("only", "sources") if name in fields}
    statement = read_address(list(fields.items()), _KNOWLEDGE).statement
    alone = recommend(
        _KNOWLEDGE.restrict(**scope),
        needs=fields.get("needs", "").split(",") if "needs" in fields else (),
        wants=fields.get("wants", "").split(",") if "wants" in fields else (),
        situation=dict(statement.team.situation),
        usage=dict(statement.team.usage),
        unlisted=[fields["unlisted"]] if "unlisted" in fields else (),
        as_of=statement.as_of,
        max_age=statement.max_age,
    )
    assert json.loads(alone.to_json()) == found


@pytest.mark.parametrize("query", _QUESTIONS)
def test_every_question_has_one_address(web, query):
    address = web.get(f"/answer?{query}").url.query.decode()
    parts = query.split("&")
    assert web.get(f"/answer?{'&'.join(reversed(parts))}").url.query.decode() == address
    assert web.get(f"/answer?{address}", follow_redirects=False).status_code == 200


@pytest.mark.parametrize("page", ["/answer", "/choose"])
def test_6_what_is_not_understood_in_an_address_is_left_out_and_named(web, page):
    found = web.get(f"{page}?zz=1&wants=fax&neds=sms&sure=1")
    assert found.url.query.decode() == "wants=fax&sure=1&left_out=zz&left_out=neds"
    told = "Not understood in the address, and left out: 'zz' and 'neds' (did you mean 'needs'?)."
    assert told in html.unescape(found.text)
    assert "left_out" not in found.text
    assert web.get(str(found.url), follow_redirects=False).status_code == 200
    turned = web.get(f"{page}?left_out=zz&wants=fax&sure=1", follow_redirects=False)
    assert turned.headers["location"] == f"{page}?wants=fax&sure=1&left_out=zz"
    assert "Not understood" not in web.get(f"{page}?wants=fax&sure=1").text


@pytest.mark.parametrize(
    ("path", "name", "meant"),
    [
        ("/facts?provder=twilio", "provder", "provider"),
        ("/compare?provider=twilio", "provider", "providers"),
        ("/criteria?are=video", "are", "area"),
        ("/criteria/sms?zz=1", "zz", ""),
        ("/providers/twilio?zz=1", "zz", ""),
        ("/freshness?withn=30", "withn", "within"),
        ("/rules?ara=video", "ara", "area"),
        ("/rules/appointments-want-confirmations?neds=sms", "neds", "needs"),
        ("/questions?neds=sms", "neds", "needs"),
        ("/ask?chang=1", "chang", "change"),
        (f"/answer?{'x' * 99}=1", "x" * 40, ""),
    ],
)
def test_a_page_names_what_it_does_not_know_in_its_address(web, path, name, meant):
    hint = f" (did you mean '{meant}'?)" if meant else ""
    assert f"Not understood in the address, and left out: '{name}'{hint}." in html.unescape(web.get(path).text)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/facts?page=1&page=2", "page"),
        ("/facts.csv?provider=twilio&provider=zoom", "provider"),
        ("/compare?as_of=2026-01-01&as_of=2026-02-01", "as_of"),
        ("/criteria?q=fax&q=sms", "q"),
        ("/providers/twilio.json?as_of=2026-01-01&as_of=2026-02-01", "as_of"),
        ("/freshness?within=1&within=2", "within"),
        ("/rules?area=video&area=prices", "area"),
        ("/rules/appointments-want-confirmations?team=a&team=b", "team"),
        ("/ask?a=t:video&a=t:calls", "a"),
        ("/answer?needs=sms&as_of=2026-01-01&as_of=2026-02-01", "as_of"),
        ("/answer.json?needs=sms&usage.sms-outbound=1&usage.sms-outbound=2", "usage.sms-outbound"),
        ("/choose?needs=sms&weight.sms=1&weight.sms=2", "weight.sms"),
        ("/questions.txt?needs=sms&max_age=1d&max_age=2d", "max_age"),
        ("/api/v1/recommendation?needs=sms&as_of=2026-01-01&as_of=2026-02-01", "as_of"),
        ("/api/v1/facts?provider=twilio&provider=", "provider"),  # it listed all providers
        ("/compare.json?p=twilio&p=zoom&area=video&area=", "area"),
        ("/ask?a=t:video&a=", "a"),
    ],
)
def test_two_values_of_what_takes_one_are_refused(web, path, name):
    refused = web.get(path)
    told = f"he parameter '{name}' has 2 values; keep one."  # a sentence of a page begins with a capital
    assert (refused.status_code, told in html.unescape(refused.text)) == (422, True)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/compare?only=diff", "'only' is 'diff'; expected differences."),
        ("/compare.csv?only=diff", "'only' is 'diff'; expected differences."),
        ("/answer?needs=sms&sure=maybe", "'sure' is 'maybe'; expected 1."),
        ("/answer.json?needs=sms&sure=maybe", "'sure' is 'maybe'; expected 1."),
        ("/choose?needs=sms&sure=maybe", "'sure' is 'maybe'; expected 1."),
        ("/facts.json?page=1", "'page' is for the list of facts as pages; .json has all of them, so leave it out."),
    ],
)
def test_a_value_that_means_nothing_is_not_dropped(web, path, told):
    refused = web.get(path)
    assert (refused.status_code, told in html.unescape(refused.text)) == (422, True)


def test_an_answer_says_how_sure_it_is_if_asked_in_either_way(web):
    answers = [web.get(f"/answer.json?needs=sms&sure={text}").json()["robustness"] for text in ("1", "true", "0", "")]
    assert answers[0] == answers[1]
    assert answers[2] == answers[3] != answers[0]


def test_values_of_lists_add_up_and_equal_ones_do_not_matter(web):
    page = "/answer.json?needs=sms&needs=fax&needs=sms&as_of=2026-11-28&as_of=2026-11-28&as_of="
    assert web.get(page).json() == web.get("/answer.json?needs=fax,sms&as_of=2026-11-28").json()
    assert web.get("/compare.json?p=twilio&p=zoom&area=video&area=video").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/answer.json?neds=sms", "/answer.csv?neds=sms", "/questions.txt?neds=sms", "/facts.csv?provder=twilio",
     "/compare.json?provider=twilio", "/criteria.json?are=video", "/criteria/sms.json?zz=1", "/rules.json?ara=video"],
)  # fmt: skip
def test_data_is_not_given_for_an_address_that_is_not_understood(web, path):
    found = web.get(path)
    assert (found.status_code, found.headers["content-type"]) == (422, "application/problem+json")
    assert found.json()["detail"].startswith("unknown parameter ")


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.sampled_from(["sms", "fax", "whiteboard", "voice-api", "ucaas"]),
        st.sampled_from(["must", "should", "could", "wont", "absent"]),
        min_size=1,
    ),
    st.integers(1, 200),
)
def test_a_form_leads_to_an_address_that_says_the_same(ticks, least):
    form = [(f"c.{name}", value) for name, value in ticks.items()]
    form += [("c.number-countries", "must"), ("b.number-countries", f">={least}")]
    asked = read_address(form, _KNOWLEDGE)
    again = read_address(parse_qsl(write_address(asked.statement, _KNOWLEDGE)), _KNOWLEDGE)
    assert again == asked
    assert {part.criterion for part in asked.statement.team.requirements} | set(asked.statement.team.unwanted) == {
        *ticks,
        "number-countries",
    }


@pytest.mark.parametrize(
    "query",
    [
        [("needs", "fax|support-reputation=good")],
        [("unlisted", "loan phones:should:must"), ("unlisted", "Twinning: both ring"), ("unlisted", "porch:could")],
    ],
)
def test_an_address_says_what_was_asked(query):
    asked = read_address(query, _KNOWLEDGE)
    again = read_address(parse_qsl(write_address(asked.statement, _KNOWLEDGE)), _KNOWLEDGE)
    assert again == asked


def test_the_form_shows_what_the_address_says(web):
    page = web.get("/choose?needs=sms,number-countries>=90&wants=fax:could&situation.developers=none").text
    assert re.search(r'name="c.sms".*?<option value="must" selected>', page, re.DOTALL)
    assert re.search('name="b.number-countries"[^>]* value="&gt;=90"', page)
    assert re.search(r'name="situation.developers">.*?<option value="none" selected>None</option>', page, re.DOTALL)
    page = web.get("/choose?needs=sms|fax&as_of=2026-01-31").text
    assert '<input type="hidden" name="needs" value="fax|sms">' in page
    assert '<input type="hidden" name="as_of" value="2026-01-31">' in page
    page = web.get("/choose?needs=number-countries>=9,number-countries<=99").text
    assert '<input type="hidden" name="needs" value="number-countries&gt;=9,number-countries&lt;=99">' in page
    assert re.search('name="b.number-countries"[^>]* value=""', page)
    fragment = web.get("/choose?c.sms=must", headers={"X-Fragment": "1"})
    assert fragment.headers["x-address"] == "/choose?needs=sms"
    assert "<html" not in fragment.text


def test_every_part_of_a_question_is_shown_beside_the_form_and_can_be_removed(web):
    query = (
        "needs=sms&wants=fax:wont&unlisted=loan phones&situation.developers=none&usage.sms-outbound=500"
        "&only=twilio,zoom&as_of=2026-11-01&max_age=900d&team=Sales"
    )
    page = web.get(f"/choose?{query}")
    texts = (
        "SMS</a>, must have",
        "Fax</a>, not wanted",
        "“loan phones”, must have",
        "Developers: none",
        "Outgoing SMS: 500",
    )
    for text in (
        *texts,
        "Only these providers: Twilio, Zoom",
        "Facts as of: 2026-11-01",
        "No facts older than: 900 days",
    ):
        assert text in page.text
    whole = parse_qsl(page.url.query.decode())
    removals = [parse_qsl(html.unescape(address)) for address in re.findall(r'"/choose\?([^"]*)">Remove', page.text)]
    assert sorted(pair for rest in removals for pair in set(whole) - set(rest)) == sorted(whole)


_LIST = """\
• Voicemail
2. The system should offer fax

- hold music, own content
SMS or MMS
"""


def test_a_pasted_list_asks_what_its_lines_mean_and_is_told_how_they_were_read(web):
    page = web.post("/choose", data={"c.whatsapp": "could", "only": "twilio,zoom", "list": _LIST})
    asked = dict(parse_qsl(page.url.query.decode()))
    assert (asked["needs"], asked["wants"]) == ("mms|sms,voicemail", "fax,whatsapp:could")
    assert (asked["unlisted"], asked["only"]) == ("hold music, own content", "twilio,zoom")
    assert _list_read(page.text) == [
        ("Voicemail", "Voicemail"),
        ("2. The system should offer fax", "Fax"),
        ("hold music, own content", "Not judged: see "),
        ("SMS or MMS", "MMS or SMS"),
    ]
    [meant] = re.findall(r'<a href="/choose\?([^"]*)">Custom hold music</a>', page.text)
    chosen = dict(parse_qsl(html.unescape(meant)))
    assert "custom-hold-music" in chosen["needs"]
    assert "unlisted" not in chosen


_PRIORITIES = """\
## Telephones
Must have:
- [ ] SMS; and
a) call recording (preferred)
Fax is not required
o MMS not wanted
Nice to have
REQ-7: Voicemail
The system must provide hold music
"""


def test_the_lines_of_a_pasted_list_and_the_headings_above_them_say_how_important_they_are(web):
    page = web.post("/choose", data={"list": _PRIORITIES})
    asked = dict(parse_qsl(page.url.query.decode()))
    assert asked["needs"].split(",") == ["hold-music", "sms"]
    assert sorted(asked["wants"].split(",")) == ["call-recording", "mms:wont", "voicemail:could"]
    assert "unlisted" not in asked
    assert "Skipped, because they ask for nothing: Telephones; Must have; Nice to have" in page.text
    assert dict(_list_read(page.text))["Fax is not required"] == "Nothing"
    assert re.search(r"Voicemail</td><td>Nice to have</td>", page.text)


def test_what_an_email_says_around_a_list_asks_for_nothing(web):
    mail = "Dear Ms Roe,\n\n- Voicemail\n- thank you messages after calls\n\nKind regards,\nJo Doe\n+49 151 000\n"
    page = web.post("/choose", data={"list": mail})
    assert [words for words, _ in _list_read(page.text)] == ["Voicemail", "thank you messages after calls"]
    assert "because they ask for nothing: Dear Ms Roe; Kind regards; Jo Doe; +49 151 000</p>" in page.text


@pytest.mark.parametrize(
    ("first", "is_skipped"),
    [
        ("Requirements for our new phone provider", True),
        ("Contact centre requirements:", True),
        ("RFP 2026-14", True),
        ("Requirement: fax", False),
        ("Requests for callbacks", False),
    ],
)
def test_the_headline_of_a_pasted_list_asks_for_nothing(web, first, is_skipped):
    page = web.post("/choose", data={"list": f"{first}\n\n- Voicemail\n"})
    assert (first not in [words for words, _ in _list_read(page.text)]) is is_skipped


@pytest.mark.parametrize(
    "rows",
    [
        "| Requirement | Priority |\n|---|:--|\n| Voicemail | nice to have |\n| Fax | mandatory |\n",
        "1.1\tVoicemail\tOptional\n1.2\tFax\tMandatory\n",
        "1. Voice Requirements (all sites)\n- Bonus: voicemail\n- Fax\nOut of scope: MMS\n",
    ],
)
def test_tables_without_names_of_columns_and_in_markdown_can_be_pasted(web, rows):
    asked = dict(parse_qsl(web.post("/choose", data={"list": rows}).url.query.decode()))
    assert (asked["needs"], asked["wants"]) == ("fax", "voicemail:could")


def _list_read(page):
    """The lines of pasted lists, each with what the page says of it."""
    return re.findall(r'<th scope="row">([^<]+)</th><td data-label="Asked for">(?:<span class="muted">)?([^<]+)', page)


def test_a_page_goes_on_to_say_how_lists_were_read_after_every_link_tick_and_further_list(web):
    page = web.post("/choose", data={"list": "Voicemail\nhold music, own content"})
    links = re.findall(r'<a (?:class="muted" )?href="(/choose\?[^"]+)">(?:Remove|Custom hold|Hold m)', page.text)
    assert len(links) >= 3
    for link in links:
        assert [words for words, _ in _list_read(web.get(unescape(link)).text)] == [
            "Voicemail",
            "hold music, own content",
        ]
    chosen = web.get(unescape(links[-1])).text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', chosen))
    again = web.post("/choose", data={**fields, "c.sms": "must", "list": "Fax"})
    assert [words for words, _ in _list_read(again.text)] == ["Voicemail", "hold music, own content", "Fax"]
    tick = web.get("/choose", params={**fields, "c.sms": "must"}, headers={"X-Fragment": "1"})
    assert dict(parse_qsl(tick.headers["x-address"]))["read"] == fields["read"]
    assert "&amp;read=Voicemail" in tick.text or "&read=Voicemail" in tick.text


def test_a_form_with_many_ticks_and_a_long_list_keeps_the_ticks(web, knowledge):
    ticks = {f"c.{name}": "must" for name in [*knowledge.criteria][:350] if "@" not in name and "|" not in name}
    page = web.post("/choose", data={**ticks, "read": "Voicemail " * 500})
    assert page.status_code == 200
    asked = dict(parse_qsl(page.url.query.decode()))
    assert len(asked["needs"].split(",")) == len(ticks)
    assert "read" not in asked


def test_a_requirement_keeps_its_own_weight_on_every_page(web):
    rows = "Requirement\tPriority\tWeight\nVoicemail\tmust\t0.125\nFax\tnice to have\t12\nSMS or MMS\tmust\t3\n"
    page = web.post("/choose", data={"list": rows})
    asked = dict(parse_qsl(page.url.query.decode()))
    weights = {"weight.voicemail": "0.125", "weight.fax": "12", "weight.mms|sms": "3"}
    assert {name: text for name, text in asked.items() if name.startswith("weight.")} == weights
    assert "Weight of Fax: 12" in unescape(re.sub("<[^>]+>", "", page.text))
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', page.text))
    assert {name: hidden[unescape(name)] for name in weights} == weights
    question = web.get("/answer.json", params=asked).json()["question"]
    assert [part["weight"] for part in question["wants"]] == [12]
    assert sorted(part["weight"] for part in question["needs"]) == [0.125, 3]
    without = re.search(r'href="/choose\?([^"]*)">Remove<span class="unseen"> Fax<', page.text)[1]
    assert "weight.fax" not in without
    assert "weight.voicemail=0.125" in without


@pytest.mark.parametrize("weight", ["0", "-1", "many", "1000001", "nan"])
def test_a_weight_that_is_none_is_refused_with_its_name(web, weight):
    page = web.get("/choose", params={"needs": "sms", "weight.sms": weight})
    assert page.status_code == 422
    assert "the weight of 'sms' is " in unescape(page.text).replace("The weight", "the weight")


def test_an_answer_is_a_table_for_a_spreadsheet_with_every_provider(web):
    query = "needs=sms,number-countries>=90&wants=fax:could&unlisted==1%2B1&only=twilio,vonage,daily"
    rows = list(csv.reader(io.StringIO(web.get(f"/answer.csv?{query}").text)))
    record = web.get(f"/answer.json?{query}").json()
    assert len({len(row) for row in rows}) == 1
    assert sorted(rows[0][3:]) == ["Daily", "Twilio", "Vonage"]
    assert [row[0] for row in rows[1:]] == [
        "Countries where numbers can be bought, at least 90 countries",
        "SMS",
        "Fax",
        "'=1+1",
        "Standing",
        "Score",
    ]
    by_name = dict(zip(rows[0][3:], rows[-2][3:], strict=True))
    for one in record["providers"]:
        assert by_name[one["name"]] == one["standing"].replace("-", " ")
    assert "/answer.csv?" in web.get(f"/answer?{query}").text


def test_a_weight_of_what_is_not_required_is_left_out_of_the_address(web):
    found = web.get("/answer?needs=sms&weight.fax=5", follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (303, "/answer?needs=sms&left_out=weight.fax")
    told = web.get("/api/v1/recommendation?needs=sms&weight.fax=5").json()["detail"]
    assert told == "'weight.fax' gives a weight to what is not asked for; ask for it in `needs` or `wants`."


def test_rows_of_a_spreadsheet_can_be_pasted_with_their_headings(web):
    rows = "Requirement\tPriority\nVoicemail\tnice to have\nFax\tmandatory\n"
    asked = dict(parse_qsl(web.post("/choose", data={"list": rows}).url.query.decode()))
    assert (asked["needs"], asked["wants"]) == ("fax", "voicemail:could")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Voicemail\n\n#N/A", "Line 3 of the list: the requirement contains #N/A, an error; correct it."),
        ("Requirement\tPriority\nFax\tperhaps", "Line 2 of the list: "),
        ("Voicemail\n" * 501, "The list has 501 lines; at most 500 are read."),
        ("\n".join(f"a wish of ours that is number {number}" for number in range(400)), "The list is too long for an "),
    ],
)
def test_a_pasted_list_that_cannot_be_read_is_shown_again_with_what_is_wrong(web, text, sentence):
    page = web.post("/choose", data={"c.fax": "must", "list": text})
    assert page.status_code == 422
    assert f'<a href="#list">{sentence}' in unescape(page.text)
    assert unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)[1]) == text
    assert re.search(r'<select name="c.fax".*?<option value="must" selected>', page.text, re.DOTALL)


def test_a_list_too_long_to_keep_during_a_search_is_shown_again(web):
    text = "\n".join(["Voicemail"] * 450 + ["x" * 90] * 50)
    found = web.post("/choose", data={"q": "fax", "find": "1", "list": text})
    assert found.status_code == 422
    assert "The list is too long for an address; add it first." in found.text
    assert text in found.text
    assert web.post("/choose", data={"q": "fax", "find": "1", "list": "Voicemail"}).url.query == b"q=fax&list=Voicemail"


def test_after_a_tick_only_what_is_shown_of_how_sure_is_measured(web, monkeypatch):
    for part in ("find_weight_ranges", "find_changes"):
        monkeypatch.delattr(robustness_in_words, part)
    part = web.get("/choose?needs=fax&as_of=2022-12-31&sure=1", headers={"X-Fragment": "1"}).text
    assert "Vonage comes first in 75% of the scenarios." in part
    assert "<li>Does Twilio offer" in part


def test_mistakes_are_told_all_at_once_and_keep_the_form(web):
    page = web.get("/choose?c.sms=must&c.fax=must&b.fax=>=3&needs=smz")
    assert page.status_code == 422
    assert "<title>Error: " in page.text
    assert page.text.count("<li>") >= 2
    assert 'See <a href="/criteria">the criteria</a> for what you can ask for.' in page.text
    assert "--unlisted" not in page.text
    assert '<a href="#c-fax">' in page.text
    assert '<a href="#written-1">Nothing is recorded about' in page.text
    limited = web.get("/choose?c.number-countries=must&b.number-countries=many&usage.sms-outbound=lots").text
    assert '<a href="#b-number-countries">' in limited
    assert '<a href="#usage.sms-outbound">' in limited
    assert "request:" not in limited
    assert re.search(r'name="c.sms".*?<option value="must" selected>', page.text, re.DOTALL)
    problem = web.get("/api/v1/recommendation?needs=smz,fax>=3&colour=blue")
    assert problem.status_code == 422
    assert problem.headers["content-type"] == "application/problem+json"
    assert len(problem.json()["mistakes"]) == 2
    assert "See `/api/v1/criteria` for what you can ask for." in problem.json()["detail"]
    assert "put it into `unlisted`." in problem.json()["detail"]
    assert "--" not in problem.json()["detail"]


@pytest.mark.parametrize("word", ["witheboard", "smz", "fax>=3", "no fax"])
def test_7_a_page_and_a_program_are_told_what_the_command_says(web, recommend_says, word):
    alone = recommend_says(f"recommend --needs '{word}'")
    (sentence,) = web.get("/api/v1/recommendation", params={"needs": word}).json()["mistakes"]
    assert alone.status == 2
    told, _, listing = sentence.partition(" To list it")
    assert told.replace("`/api/v1/criteria`", "`recommend criteria`") in alone.err
    assert bool(listing) is ("--unlisted" in alone.err)
    page = unescape(re.sub("<[^>]+>", "", web.get("/choose", params={"needs": word}).text))
    assert told[1:].replace("`/api/v1/criteria`", "the criteria") in page
    if word == "witheboard":
        assert "Did you mean 'whiteboard'?" in page


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/criteria/", None, 404),
        ("GET", "/criteria/nothing-like-it", None, 404),
        ("GET", "/providers/acme", None, 404),
        ("GET", "/sources/acme", None, 404),
        ("GET", "/answer.exe?needs=sms", None, 404),
        ("GET", "/compare?area=vidoe", None, 422),
        ("GET", "/ask?a=sms:perhaps", None, 422),
        ("GET", "/api/v1/compare?providers=acme", None, 422),
        ("GET", "/api/v1/compare?as_of=yesterday", None, 422),
        ("POST", "/api/v1/recommendation", b"[1]", 422),
        ("POST", "/api/v1/recommendation", b"{", 422),
        ("POST", "/api/v1/recommendation", b'{"needs": 7}', 422),
        ("POST", "/api/v1/recommendations", b"[" + b"{}," * 1000 + b"{}]", 422),
        ("POST", "/", b"", 405),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_sentence(web, method, path, body, status):
    found = web.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert found.status_code == status
    assert found.text


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "sentences"),
    [
        ("POST", "/api/v1/ask", b"", "application/json", ["The body is missing."]),
        (
            "POST",
            "/api/v1/ask",
            b"[1",
            "application/json",
            ["The body is not JSON: Expecting ',' delimiter at character 2."],
        ),
        (
            "POST",
            "/api/v1/recommendation",
            b'{"needs": ["sms"]}',
            "application/x-www-form-urlencoded",
            ["The body was not read as JSON; send JSON with the header Content-Type: application/json."],
        ),
        ("POST", "/api/v1/impact", b"{}", "application/json", ["'files' is missing.", "'teams' is missing."]),
        (
            "GET",
            "/api/v1/recommendation?sure=maybe",
            b"",
            "",
            ["'sure': expected true or false; found 'maybe'."],
        ),
        ("DELETE", "/answer", b"", "", ["DELETE is not possible here; use GET or HEAD."]),
        ("PUT", "/api/v1/recommendation", b"", "", ["PUT is not possible here; use GET, HEAD or POST."]),
        ("POST", "/api/v1/ask", b'{"answers": 5}', "application/json", ["'answers': expected a mapping; found 5."]),
        (
            "POST",
            "/api/v1/recommendations",
            b"{}",
            "application/json",
            ["The body: expected a list; found an empty mapping."],
        ),
        ("GET", "/mcp", b"", "", ["GET is not possible here; use POST."]),
        ("POST", "/api/v1/ask", b'{"more": 1}', "application/json", ["unknown key 'more'."]),
        (
            "POST",
            "/api/v1/ask",
            b'{"answers": {"x": 1}}',
            "application/json",
            ["'answers' has no list of answers; send the `answers` of the last response."],
        ),
        (
            "POST",
            "/api/v1/impact",
            b'{"files": {}, "teams": [], "as_off": "2026-01-01"}',
            "application/json",
            ["'teams': expected at least 1 in the list; found 0.", "unknown key 'as_off'."],
        ),
        (
            "POST",
            "/api/v1/recommendation",
            b'{"needs": ["sms"], "as_of": 20260101}',
            "application/json",
            ["'as_of': expected a date, YYYY-MM-DD; found 20260101."],
        ),
        (
            "GET",
            "/api/v1/compare?provider=twilio&as_of=2026-01-01&as_of=2026-02-01",
            b"",
            "",
            [
                "unknown parameter 'provider'. Did you mean 'providers'?",
                "the parameter 'as_of' has 2 values; keep one.",
            ],
        ),
        (
            "GET",
            "/api/v1/recommendation?situation.use-cases=tutoring,,&max_age=soon",
            b"",
            "",
            [
                "'situation.use-cases' is 'tutoring,,', which has an empty entry; expected values separated by commas.",
                "'max_age': expected a number of days such as 365d; found 'soon'.",
            ],
        ),
        ("GET", "/api/v1/compare?only=difference", b"", "", ["'only' is 'difference'; expected differences."]),
        (
            "GET",
            "/api/v1/recommendation?need=sms",
            b"",
            "",
            ["unknown parameter 'need'. Did you mean 'needs'?"],
        ),
        ("GET", "/nowhere", b"", "", ["There is nothing at this address."]),
    ],
)
def test_a_program_is_told_what_to_do_instead(web, method, path, body, kind, sentences):  # noqa: PLR0917 (one a column)
    found = web.request(method, path, content=body, headers={"Content-Type": kind} if kind else {})
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["mistakes"] == sentences
    if found.status_code == 405:
        assert all(method in sentences[0] for method in found.headers["allow"].split(", "))


@pytest.mark.parametrize(
    ("path", "suggested"),
    [
        ("/api/v1/recommendation?needs=smss,witheboard", ["sms", "whiteboard"]),
        ("/api/v1/recommendation?need=sms", ["needs"]),
        ("/api/v1/recommendation?needs=dubbing", []),
        ("/api/v1/facts?provider=twillio", ["twilio"]),
        ("/api/v1/facts?criterion=subtitling", ["live-captions"]),
        ("/criteria/smss.json", ["sms"]),
        ("/facts.csv?provider=twillio&criterion=smss", ["twilio", "sms"]),
        ("/answer.json?needs=phone-numbers@grmany", ["germany", "romania", "iran"]),
        ("/compare.json?area=vidoe", ["video", "voice"]),
        ("/rules.json?area=vidoe", ["video", "voice"]),
    ],
)
def test_7_a_problem_lists_the_words_that_its_sentences_suggest(web, path, suggested):
    problem = web.get(path).json()
    assert problem["did_you_mean"] == suggested
    assert all(f"'{word}'" in problem["detail"] for word in suggested)


def test_7_a_team_that_cannot_be_read_has_suggestions_too(web):
    (told,) = web.post("/api/v1/recommendations", json=[{"needs": ["smss"]}]).json()
    assert told["did_you_mean"] == ["sms"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"needs": ["sms"], "needs": ["fax"]}', "The body has the key 'needs' twice; keep one."),
        (b'{"needs": ["fax"], "usage": {"a": 1, "a": 2}}', "The body has the key 'a' twice; keep one."),
        (b'{"usage": {"sms-outbound": NaN}}', "The body contains NaN, which is not JSON."),
        (b'{"needs": ["\xff"]}', "The body is not UTF-8 at byte 13."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b'{"usage": {"sms-outbound": ' + b"9" * 5_000 + b"}}", "The body has a number with too many digits."),
    ],
)
def test_json_is_read_as_strictly_as_a_file_of_requirements(web, body, sentence):
    sent = {"headers": {"Content-Type": "application/json"}}
    assert web.post("/api/v1/recommendation", content=b'{"needs": ["fax"]}', **sent).status_code == 200
    for path in ("/api/v1/recommendation", "/api/v1/replay"):
        found = web.post(path, content=body, **sent)
        assert (found.status_code, found.json()["mistakes"]) == (422, [sentence])


def test_a_compressed_body_is_refused_with_what_to_send(web):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    found = web.post("/api/v1/recommendation", content=gzip.compress(b'{"needs": ["sms"]}'), headers=headers)
    assert (found.status_code, found.headers["accept-encoding"]) == (415, "identity")
    assert found.json()["mistakes"] == ["A body with Content-Encoding: gzip is not read; send it uncompressed."]


def test_options_names_the_methods_of_an_address(web):
    found = web.options("/api/v1/recommendation")
    assert (found.status_code, found.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")


def test_a_busy_server_says_when_to_come_back():
    waits = {status: respond_problem(status, ["busy"]).headers.get("retry-after") for status in (422, 429, 503)}
    assert waits == {422: None, 429: "60", 503: "1"}


def test_a_form_with_too_many_fields_is_refused(web):
    headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
    found = web.post("/choose", content="&".join(["c.sms=must"] * 10_001), headers=headers)
    assert found.status_code == 422
    assert "The form has too many fields; at most 10,000 are read." in found.text


def test_all_mistakes_of_an_address_are_told_at_once(web):
    asked = "needs=fxa&usage.sms-outbound=abc&situation.devs=none&as_of=x&only=zom&max_age=1y"
    told = " ".join(web.get(f"/api/v1/recommendation?{asked}").json()["mistakes"])
    assert all(word in told for word in ("'fxa'", "'abc'", "'devs'", "'as_of' is 'x'", "'zom'", "'1y'"))


@pytest.mark.parametrize("path", ["/answer.json?needs=fxa", "/answer.md?needs=fxa", "/compare.csv?p=zom"])
def test_a_program_that_asks_for_data_gets_no_page(web, path):
    assert web.get(path).headers["content-type"] == "application/problem+json"
    assert web.get(path, headers={"Accept": "text/html"}).headers["content-type"].startswith("text/html")


def test_a_form_with_a_mistake_is_shown_again_as_it_was_filled_in(web):
    compared = web.get("/compare?p=twilio&p=vonage&area=vidoe&as_of=soon")
    for name in ("area", "as_of"):  # each sentence leads to its field, and is repeated beside it
        assert f'<li><a href="#{name}">' in compared.text
        assert re.search(f'id="{name}-wrong">.*?<(?:select|input) id="{name}"[^>]* aria-invalid="true"', compared.text)
    assert compared.status_code == 422
    assert "<title>Error: " in compared.text
    assert re.search(r'value="twilio" checked', compared.text)
    assert 'value="soon"' in compared.text
    fresh = web.get("/freshness?within=many")
    assert fresh.status_code == 422
    assert 'value="many"' in fresh.text
    assert web.get("/compare.csv?area=vidoe").headers["content-type"] == "application/problem+json"


def test_a_page_on_a_source_a_criterion_or_a_provider_says_what_rests_on_it(web):
    source = web.get("/sources/gdpr-46").text
    assert "No claim about a provider is based on this source." in source
    assert "GDPRhub (law); undated, retrieved" in source
    assert 'href="/rules/eu-data-favours-lawful-transfer">EU data favours lawful transfer</a>' in source
    assert "API without developers asks for little coding" in web.get("/rules").text
    assert "Rules that add it" in web.get("/criteria/sub-processors").text
    fax = next(claim for claim in _KNOWLEDGE.providers["sinch"].claims if claim.criterion == "fax")
    assert re.search(
        rf'<tr id="sinch-fax">.*?<td data-label="Says">yes.*?{fax.stated}', web.get("/criteria/fax").text, re.DOTALL
    )
    agreement = next(iter(_KNOWLEDGE.criteria.list_of("agreement").members.values())).label
    assert f"yes, for {agreement}" in unescape(web.get("/criteria/agreement").text)
    assert "Nothing is known about it for" in web.get("/criteria/fax").text
    assert 'href="/facts?provider=daily&amp;state=stale"' in web.get("/providers/daily").text


def test_an_answer_says_at_the_top_what_was_asked_for(web):
    page = web.get("/answer?needs=sms,number-countries>=90&wants=fax:wont").text
    numbers, fax = (_KNOWLEDGE.criteria[name].label for name in ("number-countries", "fax"))
    assert f"<dt>Asked for</dt><dd>{numbers}, at least 90 countries" in page
    assert f"{fax} (not wanted)" in page
    empty = web.get("/answer").text
    assert 'class="go" href="/choose?">Say what you need' in empty
    assert "/answer.json" not in empty


def test_what_is_too_large_is_refused_before_it_is_read(web):
    assert web.get(f"/answer?needs={'a' * 9000}").status_code == 414
    small = TestClient(create_app(_KNOWLEDGE, ServeSettings(body=100)))
    assert small.post("/api/v1/recommendation", content=b" " * 101).status_code == 413
    assert small.post("/api/v1/recommendation", content=iter([b" " * 60, b" " * 60])).status_code == 413


def test_a_second_request_for_an_address_costs_no_answer(web):
    first = web.get("/answer?needs=sms")
    etag = first.headers["etag"]
    assert web.get("/answer?needs=sms", headers={"If-None-Match": etag}).status_code == 304
    assert web.get("/answer?needs=fax").headers["etag"] != etag
    assert (
        web.get("/choose?needs=sms", headers={"X-Fragment": "1"}).headers["etag"]
        != web.get("/choose?needs=sms").headers["etag"]
    )


@pytest.mark.parametrize("path", _PAGES)
def test_a_page_asks_nothing_of_other_hosts_and_has_no_script_or_style_of_its_own(web, path):
    found = web.get(path)
    policy = found.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "set-cookie" not in found.headers
    assert not re.search(r"<style|style=|<script(?! src=\"/static/)|\son\w+=", found.text)
    assert not re.search(r'(?:src|action)="(?!/)', found.text)
    assert not re.search(r'<link[^>]*href="(?!/static/)', found.text)


def test_every_link_of_every_page_leads_somewhere(web):
    waiting, seen = list(_PAGES), set()
    while waiting and len(seen) < 60:
        path = waiting.pop(0)
        found = web.get(path)
        assert found.status_code == 200, path
        links = {unescape(link).partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', found.text)}
        # Of each kind of page a few are enough.
        for link in sorted(links - seen):
            kind = link.partition("?")[0].rsplit("/", 1)[0] if link.count("/") > 1 else link.partition("?")[0]
            if sum(one.startswith(kind) for one in seen) < 3:
                seen.add(link)
                waiting.append(link)


def test_what_a_team_writes_is_shown_as_text(web):
    page = web.get("/answer", params={"needs": "sms", "unlisted": "<script>alert(1)</script>", "team": "<b>us</b>"})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_csv_has_the_rows_of_the_page(web):
    rows = web.get("/compare.csv?providers=twilio,vonage").text.splitlines()
    assert rows[0] == "criterion,twilio,vonage"
    assert len(rows) == len(web.get("/compare.json?providers=twilio,vonage").json()) + 1


@pytest.mark.parametrize("page", ["/compare.csv?providers=twilio,vonage", "/facts.csv?provider=twilio"])
def test_numbers_in_csv_have_no_thousands_separators(web, page):
    day = "&as_of=2022-12-31"
    assert "5,000 hours" in web.get(page.replace(".csv", "") + day).text
    assert ",5000 hours," in web.get(page + day).text


@pytest.mark.parametrize("form", ["/compare", "/compare.json", "/compare.csv", "/api/v1/compare"])
def test_a_list_without_names_compares_all_providers(web, form):
    whole = web.get(f"{form}?area=video")
    assert whole.status_code == 200
    for names in (",", " , ", ";"):
        assert web.get(f"{form}?area=video&providers={names}").status_code == 200, names
    assert web.get(f"{form}?area=video&providers=,twilio,").status_code == 200


def test_11_words_that_find_nothing_together_lead_to_what_each_finds(web):
    for page in ("/criteria", "/choose"):
        found = web.get(page, params={"q": "video holograms"}).text
        assert "Nothing is recorded about" in found
        link = unescape(re.search(r'Try one word: <a href="([^"]+)">video</a> \(\d+\)</p>', found)[1])
        assert "Nothing is recorded about" not in web.get(link).text
    found = web.get("/choose", params={"q": "telehealth", "needs": "sms"}).text
    assert '<a href="#situation">the situation of your team</a>: Use cases: telehealth' in found
    assert '<details id="situation" open>' in found


def test_the_areas_of_a_search_come_in_the_order_of_its_best_finds(web):
    page = web.get("/choose?q=numbers in germany").text
    assert page.index("<summary>Voice ") < page.index("<summary>Security ")
    labels = re.findall(r"<summary>([A-Z][^<]*?) <span", web.get("/choose").text)
    areas = labels[: labels.index("Situation")]
    assert areas == sorted(areas)


def test_what_is_chosen_is_folded_so_that_rows_come_first(web):
    compared = web.get("/compare?providers=twilio,vonage&area=video&only=differences").text
    assert compared.index('<details class="fold">') < compared.index('<form method="get" action="/compare">')
    assert re.search(r"\d+ criteria in the area Video on which they differ, also", compared)
    assert '<details class="fold">' not in web.get("/compare").text
    facts = web.get("/facts?provider=zoom&state=current").text
    assert re.search(r"\d+ facts about Zoom, current, as of", facts)
    assert '<details class="fold">' in facts
    assert '<details class="fold">' not in web.get("/facts?provider=acme").text


def test_11_criteria_are_found_by_any_name_and_by_a_near_miss(web):
    for words in ("Whiteboard", "witheboard", "draw on a shared board", "text-messages"):
        assert re.search(r'href="/criteria/(whiteboard|sms)"', web.get("/criteria", params={"q": words}).text), words
    assert re.search(r'href="/criteria/whiteboard"', web.get("/criteria?q=whiteboard&area=video").text)
    assert "Nothing was found in this area" in web.get("/criteria?q=whiteboard&area=prices").text
    assert web.get("/criteria?area=vidoe").status_code == 422
    for words, name in (("SMS Germany", "sms@de"), ("numbers in Germany", "phone-numbers@de")):
        assert f'href="/criteria/{name}"' in web.get("/criteria", params={"q": words}).text
        assert f'name="c.{name}"' in web.get("/choose", params={"q": words, "needs": "fax"}).text
    assert web.get("/criteria/phone-numbers@de").status_code == 200
    assert web.get("/api/v1/criteria", params={"q": "SMS Germany"}).json()[0]["id"] == "sms@de"
    nothing = web.get("/criteria", params={"q": "xyzzyplugh"}).text
    assert "xyzzyplugh" in nothing
    assert 'href="/criteria/' not in nothing


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum(a1)"])
def test_no_cell_of_a_csv_is_a_formula(cell):
    assert write_csv([["a", cell]]).body.decode() == f"a,'{cell}\n"


def test_the_questionnaire_goes_from_its_topics_to_an_answer(web):
    page = web.get("/ask")
    for _ in range(30):
        if "See the answer</a></p>\n" in page.text and 'action="/ask/next"' not in page.text:
            break
        a = unescape(re.search(r'name="a" value="([^"]*)"', page.text)[1])
        fields = [("a", a)]
        names = list(
            dict.fromkeys(re.findall(r'name="((?:topics|criterion|bound|situation|usage|members)[^"]*)"', page.text))
        )
        for name in names:
            if name == "topics":
                fields.append((name, "messages"))
            elif name.startswith("criterion:"):
                fields.append((name, "must" if name == names[0] else "no"))
        page = web.get("/ask/next", params=fields)
        assert page.status_code == 200
    assert "Done: " in page.text or 'action="/ask/next"' not in page.text
    answer = web.get(unescape(re.search(r'href="(/answer\?[^"]*)"', page.text)[1]))
    assert answer.status_code == 200
    change = unescape(re.search(r'href="(/ask\?a=[^"]*)">Change', page.text)[1])
    assert "<form" in web.get(change).text


def test_8_a_question_says_why_it_is_asked(web):
    page = web.get("/ask?a=t:messages").text
    keys = re.findall(r'why=([^"#]+)#why" data-part="why">Why is this asked\?', page)
    assert keys == [quote(key) for key in dict.fromkeys(re.findall(r'name="(criterion:[^"]+)"', page))]
    state = read_answer_text("t:messages", State(Catalogue(facts_as_of(_KNOWLEDGE, today(), None))))
    for key in keys[:2]:
        told = re.search(r'<div id="why">(.*?)</div>', web.get(f"/ask?a=t:messages&why={key}#why").text)[1]
        _, *sentences = describe_why(state, Key("criterion", unquote(key).partition(":")[2]))
        shown = re.findall("<p>(.*?)</p>", html.unescape(told))
        assert shown[:3] == sentences[:3]
        assert len(shown) == len(sentences)
        assert not re.search("(?i)good|nice(?! to have)", told)  # the page has other words for answers
    assert 'id="why"' not in web.get("/ask?a=t:messages&why=criterion:ucaas").text


def test_a_question_is_found_by_words_and_answered(web):
    found = web.get("/ask?a=t:messages&find=white board").text
    assert re.search(r'name="criterion:whiteboard" value="must"', found)
    fields = {"criterion:whiteboard": "must", "criterion:fax": "must"}  # fax was not found, so it is not asked
    page = web.get("/ask/next", params={"a": "t:messages", "find": "white board", **fields})
    assert page.url.params["a"] == "t:messages~C:whiteboard:must"
    assert re.search(r"<dt>Whiteboard</dt><dd>must have</dd>", page.text)
    assert 'href="/answer?needs=whiteboard"' in page.text, "it counts although its topic is closed"
    again = web.get("/ask?a=t:messages~C:whiteboard:must&find=whiteboard").text
    assert re.search(r'name="criterion:whiteboard" value="must" checked', again)
    changed = {"a": "t:messages~C:whiteboard:must", "change": "criterion:whiteboard", "criterion:whiteboard": "good"}
    assert web.get("/ask/next", params=changed).url.params["a"] == "t:messages~C:whiteboard:good"
    emptied = {"a": "t:messages~U:sms-outbound:500", "change": "usage:sms-outbound", "usage:sms-outbound": ""}
    assert web.get("/ask/next", params=emptied).url.params["a"] == "t:messages~U:sms-outbound:no-answer"
    several = {"situation:developers": "none", "criterion:sip": "must"}
    kept = web.get("/ask/next", params={"a": "t:messages", "find": "developers", **several}).url.params["a"]
    assert kept.startswith("t:messages~S:developers:none")
    unfound = web.get("/ask?a=t:messages&find=zzzz").text
    assert "Nothing is recorded about 'zzzz'." in unescape(unfound)
    assert 'action="/ask/next"' in unfound, "the screen is still there"


def test_the_questionnaire_continues_from_a_question(web):
    """What the question says is shown, not asked again, and counts with the answers; an answer leads there."""
    question = "needs=sms,whatsapp&situation.developers=none&as_of=2026-11-01&only=twilio,vonage,zoom"
    answer = web.get(f"/answer?{question}").text
    asked = re.search(r'href="(/ask\?[^"]*)">Ask me more', answer)[1]
    topics = web.get(unescape(asked)).text
    assert re.search(r'name="topics" value="messages" checked', topics), "the topics of what was asked are ticked"
    assert "<dt>WhatsApp</dt><dd>must have</dd>" in topics
    screen = web.get(f"/ask/next?{question}&topics=messages&topics=calls")
    assert screen.url.params["a"] == "t:calls,messages"
    assert screen.url.params["needs"] == "sms,whatsapp"
    assert not re.search(r'name="(criterion:sms|criterion:whatsapp|situation:developers)"', screen.text)
    name = re.search(r'name="(criterion:[^"]+)" value="must"', screen.text)[1]
    after = web.get("/ask/next", params=[*screen.url.params.multi_items(), (name, "must")])
    address = unescape(re.search(r'href="/answer\?([^"]*)">', after.text)[1])
    found = dict(parse_qsl(address))
    assert found["needs"].split(",") == sorted(["sms", "whatsapp", name.partition(":")[2]])
    assert (found["as_of"], found["only"]) == ("2026-11-01", "twilio,vonage,zoom")


def test_the_claims_about_a_provider_are_found_by_area(web):
    page = web.get("/providers/twilio").text
    links = dict(re.findall(r'<a href="#(area-\d+)">([^<]+) \(\d+\)</a>', page))
    headings = dict(re.findall(r'<tr id="(area-\d+)"><th scope="rowgroup"[^>]*>([^<]+)</th>', page))
    assert links == headings
    assert len(links) > 10
    first = page[page.index('id="area-1"') : page.index('id="area-2"')]
    labels = re.findall(r'<th scope="row"><a href="/criteria/[^"]+">([^<]+)</a>', first)
    assert labels == sorted(labels, key=str.casefold)


def test_an_answer_that_does_not_choose_leads_to_a_comparison(web):
    level = web.get("/answer?needs=sms&only=twilio,vonage").text
    compared = unescape(re.search(r'href="(/compare\?[^"]*)">Compare them side by side', level)[1])
    assert compared == "/compare?providers=twilio,vonage&only=differences"
    assert web.get(compared).status_code == 200
    assert "side by side" not in web.get("/answer?needs=whiteboard&only=twilio,vonage").text


def test_an_answer_can_be_taken_back(web):
    """One radio button of a group stays chosen, so no answer has to be one of them."""
    asked = web.get("/ask?a=t:video~whiteboard:must&change=criterion:whiteboard").text
    assert re.search(r'type="radio" name="criterion:whiteboard" value="no-answer"> No answer', asked)
    after = web.get("/ask/next?a=t:video~whiteboard:must&change=criterion:whiteboard&criterion:whiteboard=no-answer")
    assert "whiteboard:must" not in str(after.url)
    situation = web.get("/ask?a=t:video,team&change=topics").text
    assert 'value="no-answer"' not in situation, "boxes can be cleared"


def test_8_a_changed_answer_keeps_all_others(web):
    a = "t:messages~sms:must_whatsapp:nice~number-countries:good_b:number-countries:90~bulk-messaging:no"
    page = web.get("/ask", params={"a": a}).text
    assert "should have, at least 90 countries" in page
    form = web.get("/ask", params={"a": a, "change": "criterion:number-countries"}).text
    assert re.search(r'name="criterion:number-countries" value="good" checked', form)
    assert re.search(r'name="bound:number-countries"[^>]*value="90"', form)
    assert form.count("<fieldset>") == 2
    fields = {"criterion:number-countries": "must", "bound:number-countries": "many"}
    wrong = web.get("/ask/next", params={"a": a, "change": "criterion:number-countries", **fields})
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.text
    assert re.search(r'name="criterion:number-countries" value="must" checked', wrong.text)
    assert "expected a number such as 500, or leave it empty." in wrong.text
    fields["bound:number-countries"] = "100"
    after = web.get("/ask/next", params={"a": a, "change": "criterion:number-countries", **fields})
    assert after.url.params["a"] == a.replace("countries:good", "countries:must").replace(
        "countries:90", "countries:100"
    )
    assert web.get("/ask", params={"a": a, "change": "criterion:fax"}).status_code == 422


def test_8_back_leads_to_the_screen_before_as_it_was_filled_in(web):
    page = web.get("/ask", params={"a": "t:messages~sms:must_whatsapp:nice"}).text
    back = unescape(re.search(r'<p class="back"><a href="([^"]*)">Back', page)[1])
    assert back == "/ask?a=t:messages&was=sms:must_whatsapp:nice"
    screen = web.get(back).text
    assert re.search(r'name="criterion:sms" value="must" checked', screen)
    assert re.search(r'name="criterion:whatsapp" value="nice" checked', screen)
    assert 'name="a" value="t:messages"' in screen
    back = unescape(re.search(r'<p class="back"><a href="([^"]*)">Back', screen)[1])
    assert back == "/ask?was=t:messages"
    assert re.search(r'name="topics" value="messages" checked', web.get(back).text)
    assert 'class="back"' not in web.get(back).text


def test_8_what_was_filled_in_stays_when_something_on_the_screen_is_wrong(web):
    page = web.get("/ask/next", params={"a": "t:messages", "criterion:sms": "must", "criterion:whatsapp": "perhaps"})
    assert page.status_code == 422
    assert re.search(r'name="criterion:sms" value="must" checked', page.text)
    assert "WhatsApp: the answer about" in page.text
    assert '<a href="#criterion-whatsapp">' in page.text
    assert 'id="criterion-whatsapp" aria-invalid="true" aria-describedby="criterion-whatsapp-wrong"' in page.text


def test_8_without_a_topic_there_is_nothing_to_ask(web):
    page = web.get("/ask/next", params={"a": ""})
    assert page.status_code == 422
    assert '<a href="#topics">Select at least one topic' in page.text
    assert "I am done" not in page.text


def _find_link(page, words):
    return unescape(re.search(rf'href="([^"]*)">{words}<', page)[1])


def test_8_after_a_settled_end_questions_can_follow_and_back_leads_to_the_end(web):
    a = "t:video~video-api:must_whiteboard:must_video-meetings:must"
    for _ in range(30):
        end = web.get("/ask", params={"a": a})
        if "No more questions" in end.text:
            break
        a = web.get("/ask/next", params={"a": a}).url.params["a"]
    assert "Done: " in end.text
    more = web.get(_find_link(end.text, "Ask me more anyway"))
    assert '<input type="hidden" name="more" value="1">' in more.text
    assert web.get(_find_link(more.text, "Back")).text == end.text
    asked = re.findall(r'name="criterion:([^"]+)" value="must"', more.text)
    after = web.get("/ask/next", params={"a": a, "more": "1", f"criterion:{asked[0]}": "nice"})
    assert (after.url.params["a"][: len(a)], after.url.params["more"]) == (a, "1")
    assert f"~{asked[0]}:nice" in after.url.params["a"]
    back = web.get(_find_link(after.text, "Back")).text
    assert re.search(rf'name="criterion:{asked[0]}" value="nice" checked', back)
    assert re.findall(r'name="criterion:([^"]+)" value="must"', back) == asked
    assert "&more=1" in _find_link(after.text, f'Change<span class="unseen"> {_say(web, asked[0])}</span>')


def _say(web, name):
    return next(one["label"] for one in web.get("/api/v1/criteria").json() if one["id"] == name)


def test_a_screen_that_cannot_be_read_is_shown_again(web):
    page = web.get("/ask/next", params=[("a", ""), ("topics", "nothing")])
    assert page.status_code == 422
    assert "<form" in page.text


def test_the_contract_is_published_with_the_models_of_the_answers(web):
    document = web.get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert {"Recommendation", "Problem"} <= schemas.keys()
    assert schemas["Problem"]["properties"].keys() == web.get("/api/v1/recommendation?needs=x").json().keys()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= schemas.keys()
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    assert all(field.get("description") for one in operations for field in one.get("parameters", ()))
    told = [part["description"] for one in operations for part in one["responses"].values()]
    assert "Successful Response" not in told
    assert document["paths"].keys() >= {"/api/v1/recommendation", "/api/v1/criteria", "/api/v1/facts"}


def test_an_operator_can_ask_whether_it_lives_and_can_answer(web):
    assert web.get("/-/live").text == "alive\n"
    assert web.get("/-/ready").text == "ready\n"
    assert web.get("/-/versions").json()["fingerprint"] == _KNOWLEDGE.fingerprint
    assert web.head("/").content == b""


def test_an_assistant_gets_answers_with_what_is_not_known(meet_assistant):
    async def talk():
        async with meet_assistant(_KNOWLEDGE) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            found = await client.call_tool("search_criteria", {"words": "recorded calls"})
            answer = await client.call_tool("recommend", {"needs": ["sms", "ucaas"]})
            wrong = await client.call_tool("recommend", {"needs": ["smz"]})
            return tools, found, answer, wrong

    tools, found, answer, wrong = asyncio.run(talk())
    assert tools == {"recommend", "search_criteria", "facts", "compare", "ask", "replay", "impact"}
    assert "call-recording" in str(found.content)
    said = answer.structured_content or json.loads(answer.content[0].text)
    findings = recommend(_KNOWLEDGE, needs=["sms", "ucaas"]).record["findings"]
    unknown = {(part["provider"], part["criterion"]) for part in findings if part["outcome"] == "unknown"}
    assert unknown >= {(part["provider"], part["criterion"]) for part in said["not_known"]} > set()
    assert said["sources"]
    assert "smz" in str(wrong.content)


def test_it_is_served(tmp_path):
    script = "from provider_advisor.faces.cli.main import main; main()"
    command = [sys.executable, "-c", script, "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=dict(os.environ)) as process:
        address = re.search(r"http://\S+", process.stderr.readline())[0]
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}-/ready", timeout=5) as found:  # noqa: S310 (our own)
                    assert found.read() == b"ready\n"
                    break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("it never became ready")
        process.terminate()
        assert process.wait(timeout=20) in {0, -15}


@pytest.mark.parametrize("path", ["/embed?needs=wings", "/rules?needs=wings", "/ask?a=wings:must"])
def test_a_page_that_cannot_be_shown_is_a_problem_for_a_program(web, path):
    program, person = web.get(path), web.get(path, headers={"accept": "text/html"})
    assert (program.status_code, person.status_code) == (422, 422)
    assert program.headers["content-type"] == "application/problem+json"
    assert "wings" in program.json()["detail"]
    assert "<title>Error: The request cannot be answered</title>" in person.text


def test_styles_are_only_read(web):
    assert [web.request(method, "/static/report.css").status_code for method in ("GET", "DELETE")] == [200, 405]


def test_the_criteria_of_an_area_are_listed_by_their_labels(web):
    shown = re.search(r"<summary>Channels.*?</table>", web.get("/choose").text, re.DOTALL)[0]
    labels = [html.unescape(label).casefold() for label in re.findall(r'<label for="c-[^"]*">([^<]*)</label>', shown)]
    assert len(labels) > 20
    assert labels == sorted(labels)
    listed = re.findall(
        r'<th scope="row"><a href="/criteria/[^"]*">([^<]*)</a>', web.get("/criteria?area=channels").text
    )
    assert [html.unescape(label).casefold() for label in listed] == labels
