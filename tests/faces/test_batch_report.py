"""What many teams came to, as a page and as text: well formed, accessible, and never fooled by what a label says."""

import copy
import datetime as dt
import itertools
import re

import pyarrow as pa
import pytest
from test_report_html import Page as Html

from provider_advisor.batch.kernel.counts import Tally
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.batch.summary import make_summary
from provider_advisor.faces.cli.batch_summary import show_summary
from provider_advisor.faces.report.batch_page import batch_report
from provider_advisor.faces.text import Page
from provider_advisor.knowledge import Facts

_DAY = dt.date(2024, 1, 1)
_HOSTILE = "<script>alert(1)</script> \"y\" 'z' & <img src=https://evil.example/x onerror=alert(1)>\x1b[31m\u202e"
_ASKED = {
    "nothing": [],
    "one team": ["repairs"],
    "many teams": ["repairs", "repairs,cargo-bikes", "child-seats,lightest-frame<=1", "advice>=good", "", "unicycles"],
    "only bad rows": ["unicycles"],
}


def _summary(bicycles, asked):
    facts = Facts(bicycles, _DAY)
    scored = Scorer(facts).score(pa.RecordBatch.from_pydict({"needs": pa.array(asked, pa.string())}))
    return make_summary(scored.tally.settle(), rejected=len(scored.errors), facts=facts)


@pytest.fixture(params=_ASKED, scope="module")
def summary(request, bicycles):
    return _summary(bicycles, _ASKED[request.param])


@pytest.fixture(scope="module")
def many(bicycles):
    return _summary(bicycles, _ASKED["many teams"])


def _with_hostile_texts(data):
    """The data with a hostile text in place of every name, label and question."""
    if isinstance(data, dict):
        hostile = {key: _HOSTILE for key in ("name", "label", "ask") if key in data}
        return {key: _with_hostile_texts(value) for key, value in data.items()} | hostile
    return [_with_hostile_texts(part) for part in data] if isinstance(data, list) else data


def _text(page):
    return " ".join(page.all("body")[0]["text"].split())


def test_the_page_is_well_formed_and_can_be_read_by_ear(summary):
    page = Html(batch_report(summary))
    assert page.all("html")[0]["attrs"]["lang"] == "en"
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    levels = [int(heading["tag"][1]) for heading in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [element["attrs"]["id"] for element in page.elements if "id" in element["attrs"]]
    assert len(ids) == len(set(ids))
    named = {element["attrs"]["aria-labelledby"] for element in page.all("section")}
    assert named <= set(ids)


def test_every_chart_has_words_beside_it(summary):
    for chart in Html(batch_report(summary)).all("svg"):
        attributes = chart["attrs"]
        assert attributes.get("aria-hidden") == "true" or (attributes["role"] == "img" and attributes["aria-label"])


def test_no_bar_is_longer_than_its_chart(summary):
    parts = [part["attrs"] for part in Html(batch_report(summary)).all("rect") if part["attrs"].get("x")]
    for part in parts:
        start, length = (float(part[key].removesuffix("%")) for key in ("x", "width"))
        assert start >= 0
        assert length > 0
        assert start + length <= 100.01


def test_nothing_is_requested_and_nothing_runs(summary):
    page = Html(batch_report(summary))
    assert not page.all("script", "link", "img", "iframe", "form")
    (policy,) = [meta for meta in page.all("meta") if meta["attrs"].get("http-equiv") == "Content-Security-Policy"]
    assert policy["attrs"]["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_the_page_answers_its_four_questions(many):
    text = _text(Html(batch_report(many)))
    for part in (
        "Recommendations for 5 teams",
        "1 row of 6 could not be read",
        "Which provider fits how many teams",
        "Needs that none of the 3 providers compared meets",
        "Unknown facts that matter to most teams",
        "If all teams chose the same provider",
        'Does Velo & Sons offer "Child seats"?',
    ):
        assert part in text


def test_the_first_sentence_leaves_out_verdicts_that_no_team_has(bicycles, many):
    assert "0%" not in re.search('<p class="lede">(.*?)</p>', batch_report(_summary(bicycles, ["repairs"])))[1].replace(
        "100%", ""
    )
    assert re.search('<p class="lede">.*20%.*</p>', batch_report(many))


def test_without_a_team_the_page_says_so(bicycles):
    text = _text(Html(batch_report(make_summary(Tally.empty(), rejected=0, facts=Facts(bicycles, _DAY)))))
    assert "No teams were scored" in text
    assert "Which provider fits how many teams" not in text


def test_texts_are_shown_and_never_obeyed(many):
    hostile = _with_hostile_texts(copy.deepcopy(many))
    written = batch_report(hostile)
    page = Html(written)
    assert not page.all("script", "img")
    assert not [sign for sign in written if sign != "\n" and not sign.isprintable()]
    assert "<script>alert(1)</script>" in _text(page)


def test_equal_summaries_give_equal_pages(many):
    assert batch_report(many) == batch_report(copy.deepcopy(many))


def _lines(summary, capsys):
    page = Page()
    show_summary(summary, page)
    page.show()
    return capsys.readouterr().out.splitlines()


def test_the_text_is_short_and_narrow(summary, capsys):
    lines = _lines(summary, capsys)
    assert len(lines) <= 28
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)


def test_the_text_says_what_came_of_the_rows(many, capsys):
    lines = _lines(many, capsys)
    assert lines[:3] == [
        "6 rows: 5 scored, 1 rejected.",
        "Compared 3 providers using 2 sources (Where to buy a bicycle and The riders'",
        "survey); facts from 2020-05-01 to 2023-03-01, the oldest three years old.",
    ]
    assert [line for line in lines[lines.index("") :] if line and not line.startswith((" ", *"0123456789"))] == [
        "Teams  Share  Verdict",
        "Most wanted",
        "Worth asking",
        "If all teams chose the same provider",
    ]


def test_the_text_names_the_folders_that_were_read(many, capsys):
    many["knowledge"]["read_from"] = "Facts: here/facts. Rules: here/rules."
    assert "Facts: here/facts. Rules: here/rules." in " ".join(_lines(many, capsys))


def test_verdicts_that_no_team_has_get_no_row(many, capsys):
    lines = _lines(many, capsys)
    rows = [line.split() for line in lines[3:] if line[:1].isdigit()]
    assert [row for row in rows if row[0] == "0"] == []
    assert "leads 0" not in " ".join(lines)
    assert "(0 " not in " ".join(lines)


def test_the_shares_of_the_verdicts_are_of_all_teams(many, capsys):
    counts = [int(line.split()[0]) for line in _lines(many, capsys)[3:] if line[:1].isdigit()]
    assert sum(counts) == 5


def test_what_is_asked_of_several_providers_is_told_once(many, capsys):
    fact = {"label": "Repairs", "disputed": False, "ask": 'Does X offer "Repairs"?', "teams": 2}
    many["unknown_facts"] = [{**fact, "name": name} for name in ("A", "B")] + [{**fact, "name": "C", "teams": 1}]
    assert "  Repairs: A and B (2); Repairs: C (1)" in _lines(many, capsys)


def test_no_text_steers_the_terminal(many, capsys):
    text = "".join(_lines(_with_hostile_texts(copy.deepcopy(many)), capsys))
    assert all(sign.isprintable() for sign in text)
