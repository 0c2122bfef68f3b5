"""The decision record: tables that hold together, texts that stay texts, bytes that do not change."""

import datetime as dt
import re
from html import unescape
from pathlib import Path

import pytest
from reported import ASKED, record_of

from provider_advisor import recommend
from provider_advisor.explanation.answer_records import EstimateRecord
from provider_advisor.faces.report.html import html_report
from provider_advisor.faces.report.markdown import escape, markdown_report

_HOSTILE = "<script>x</script> | a *b* _c_ `d` [e](https://evil.example) # ![f](g) ~h~ www.evil.example &amp; \\"
_SECTIONS = [
    "Context",
    "Requirements",
    "Options",
    "Verdict",
    "Products to choose",
    "Reasons",
    "What is not known",
]
_SECTIONS += ["What would change the answer", "How sure the answer is", "Monthly cost", "Sources", "Knowledge"]


def _tables(text):
    """The tables as lists of rows, each a list of cells."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return [
        [re.split(r"(?<!\\)\|", line)[1:-1] for line in block] for block in blocks if block and block[0].startswith("|")
    ]


@pytest.fixture(scope="module")
def hostile(knowledge_from, tmp_path_factory):
    folder = Path(__file__).parents[1] / "knowledge" / "bicycles" / "facts"
    services = (folder / "criteria/services.yaml").read_text(encoding="utf-8")
    velo = (folder / "providers/velo.yaml").read_text(encoding="utf-8")
    quoted = f"'{_HOSTILE}'"
    facts = {
        "criteria/services.yaml": services.replace("label: Repairs", f"label: {quoted}"),
        "providers/velo.yaml": velo.replace("name: Velo & Sons", f"name: {quoted}"),
    }
    return knowledge_from(tmp_path_factory.mktemp("hostile"), facts=facts)


@pytest.fixture(params=ASKED, scope="module")
def text(request, bicycles):
    return markdown_report(record_of(bicycles, ASKED[request.param]), bicycles)


def _check_form(text):
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\n\n\n" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    for table in _tables(text):
        assert len({len(row) for row in table}) == 1
        assert {cell.strip() for cell in table[1]} == {"---"}
        assert len(table) > 2


def test_it_is_well_formed(text):
    _check_form(text)
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


def test_it_says_the_verdict_the_day_and_the_fingerprint_at_its_head(bicycles):
    record = record_of(bicycles, ASKED["everything"])
    head = markdown_report(record, bicycles).split("## Context")[0]
    assert head.startswith("# Provider recommendation for riders\n")
    assert f"**Status:** {record.verdict.reason}" in head
    assert "**As of:** 2024-01-01" in head
    assert f"`{bicycles.fingerprint[:12]}`" in head


def test_it_has_every_part(bicycles):
    text = markdown_report(record_of(bicycles, ASKED["everything"]), bicycles)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == _SECTIONS
    for part in (
        "| must | Repairs |  | 8 | stated |",
        "rule `beginners-try-first`: Who buys a first bicycle does not know what fits.",
        "| Velo & Sons | qualified |",
        "**Rad am Ring:** no; does not have it (Laden) \\[1, line 21; 2020-05-01\\]",
        "by quote only",
        "No price is known for ",
        "1. Where to buy a bicycle (published 2020-05-01, retrieved 2024-01-15)",
        "facts from 2020-05-01 to 2023-03-01, the oldest three years old.",
        f"`{bicycles.fingerprint}`",
    ):
        assert part in text, part


def test_nothing_asked_is_said(bicycles):
    text = markdown_report(record_of(bicycles, {}), bicycles)
    assert "Nothing was asked" in text
    assert "## Reasons" not in text


def test_hostile_texts_neither_break_a_table_nor_become_markup(hostile):
    text = markdown_report(record_of(hostile, {**ASKED["everything"], "name": f"a\n# b {_HOSTILE}"}), hostile)
    _check_form(text)
    assert escape(_HOSTILE) in text
    assert not re.search(r"(?<!\\)<(?!https?://)", text)
    assert not re.search(r"(?<!\\)\]\(|https?://evil|www\.evil", text)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a|b", r"a\|b"),
        ("a*b_c", r"a\*b\_c"),
        ("`x`", r"\`x\`"),
        ("<b>", r"\<b\>"),
        ("a\nb\r\n c", "a b c"),
        ("# x", r"\# x"),
        ("- x", r"\- x"),
        ("1. x", r"1\. x"),
        ("0.5 x", "0.5 x"),
        ("https://x", r"https\://x"),
        ("a & b &amp; c", r"a & b \&amp; c"),
        ("a\\", "a\\\\"),
        ("\x1b[31m\u202e", r"\\x1b\[31m\\u202e"),
        ("", ""),
    ],
)
def test_texts_are_escape(given, expected):
    assert escape(given) == expected


def test_the_same_record_gives_the_same_bytes(bicycles):
    first, second = (markdown_report(record_of(bicycles, ASKED["everything"]), bicycles) for _ in range(2))
    assert first.encode() == second.encode()


def test_a_change_of_facts_changes_few_lines(bicycles, knowledge_from, tmp_path):
    """What is committed is read as a diff: one fact, the lines that speak of it."""
    rad = (Path(__file__).parents[1] / "knowledge/bicycles/facts/providers/rad.yaml").read_text(encoding="utf-8")
    other = knowledge_from(tmp_path, facts={"providers/rad.yaml": rad.replace("exactly: 240", "exactly: 241")})
    asked = {"wants": ["bikes-in-stock"]}
    lines = [markdown_report(record_of(knowledge, asked), knowledge).splitlines() for knowledge in (bicycles, other)]
    assert 0 < len(set(lines[0]) ^ set(lines[1])) <= 16


def test_how_far_an_estimate_may_be_off_is_told_once(bicycles):
    found = record_of(bicycles, ASKED["undetermined"])
    worlds = found.sureness.worlds
    worlds.says = "Velo & Sons comes first in 60% of the scenarios (estimated, give or take 0.8%)."
    worlds.given = EstimateRecord(exact=False, samples=10_000, error=0.004)
    exact, worlds.uniform = worlds.uniform, worlds.given
    said = markdown_report(found, bicycles)
    assert "The shares are estimated from 10,000 scenarios." in said
    assert said.count("give or take 0.8%") == 1
    worlds.uniform = exact
    said = markdown_report(found, bicycles)
    assert "The shares with the given weights are estimated from 10,000 scenarios; with any weights" in said
    assert said.count("give or take 0.8%") == 1


def test_questions_that_only_together_settle_the_answer_are_a_list_below_what_they_settle(article):
    answer = recommend(article, needs=["sms", "whiteboard"], as_of=dt.date(2026, 11, 30), robustness=True)
    markdown, html = markdown_report(answer.explanation, article), html_report(answer.explanation, article)
    [first] = re.findall(r"^1\. (If these facts.*)\n((?:    - .*\?.*\n)+)\n?", markdown, re.MULTILINE)
    asked = re.findall(r"    - (.*)", first[1])
    assert len(asked) > 1
    [shown] = re.findall(r"<li>If these facts[^<]*<ul>(.*?)</ul>", " ".join(html.split()).replace(" <ul>", "<ul>"))
    assert [unescape(one) for one in re.findall(r"<li>(.*?)</li>", shown)] == asked
