"""The page: well formed, accessible, self-contained, and never fooled by what a label says."""

import dataclasses
import datetime as dt
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from reported import ASKED, record_of

from provider_advisor import recommend
from provider_advisor.explanation.answer_records import as_data
from provider_advisor.explanation.answer_schema import read_answer
from provider_advisor.faces import report
from provider_advisor.faces.report.html import html_report

_HOSTILE = "<script>alert(1)</script> | *x* \"y\" 'z' & `w` <img src=https://evil.example/x onerror=alert(1)>"
_VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Every element with its attributes, its ancestors and its text, in reading order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "attrs": dict(attrs), "within": [one["tag"] for one in self._open], "text": ""}
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, *tags):
        return [element for element in self.elements if element["tag"] in tags]


@pytest.fixture(scope="module")
def hostile(knowledge_from, tmp_path_factory):
    """The bicycle shops with a hostile text wherever a text may stand."""
    folder = Path(__file__).parents[1] / "knowledge" / "bicycles"
    quoted = "'" + _HOSTILE.replace("'", "''") + "'"

    def with_hostile(path, *pairs):
        text = (folder / path).read_text(encoding="utf-8")
        for before in pairs:
            assert before in text
            text = text.replace(before, before.split(":")[0] + ": " + quoted)
        return text

    facts = {
        "providers/velo.yaml": with_hostile("facts/providers/velo.yaml", "name: Velo & Sons", "name: The shop"),
        "criteria/services.yaml": with_hostile("facts/criteria/services.yaml", "label: Repairs", "label: Advice"),
        "sources.yaml": with_hostile("facts/sources.yaml", "title: The riders' survey"),
        "team.yaml": with_hostile("facts/team.yaml", "label: Skill", "label: Inspections"),
    }
    rules = {
        "riding.yaml": with_hostile("rules/riding.yaml", "because: Who buys a first bicycle does not know what fits.")
    }
    return knowledge_from(tmp_path_factory.mktemp("hostile"), facts=facts, rules=rules)


@pytest.fixture(params=[(name, robust) for name in ASKED for robust in (True, False)], ids=str, scope="module")
def page(request, bicycles):
    name, robust = request.param
    return Page(html_report(record_of(bicycles, ASKED[name], robust=robust), bicycles))


def test_the_page_has_a_language_a_title_and_one_first_heading(page):
    (html,) = page.all("html")
    assert html["attrs"]["lang"] == "en"
    (title,) = page.all("title")
    assert "provider recommendation" in title["text"]
    assert len(page.all("h1")) == len(page.all("main")) == 1


def test_heading_levels_do_not_jump(page):
    levels = [int(heading["tag"][1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(heading["text"].strip() for heading in page.all("h1", "h2", "h3"))


def test_tables_have_captions_and_every_header_a_scope(page):
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(header["attrs"].get("scope") in {"col", "row"} for header in page.all("th"))


def test_every_chart_has_words(page):
    for chart in page.all("svg"):
        if "svg" not in chart["within"] and chart["attrs"].get("aria-hidden") != "true":
            assert chart["attrs"]["role"] == "img"
            assert chart["attrs"]["aria-label"].strip()


def test_every_mark_has_a_word_beside_its_colour(page):
    for mark in page.all("span"):
        if mark["attrs"].get("class", "").startswith("mark"):
            # What is met by degrees has its amount: "240 USD/month", "fair".
            is_partial = mark["attrs"]["class"] == "mark partial"
            assert re.search(r"\w" if is_partial else "yes|no|not known|disputed", mark["text"])


def test_nothing_is_requested_and_nothing_runs(page):
    assert not page.all("script", "link", "img", "iframe", "object", "embed", "form", "base")
    for element in page.elements:
        assert not {"src", "srcset", "action", "data", "style", "xlink:href"} & element["attrs"].keys()
        assert not [name for name in element["attrs"] if name.startswith("on")]
        assert not re.search(r"url\(|@import|https?:", element["text"]) or element["tag"] != "style"
    (policy,) = [meta for meta in page.all("meta") if meta["attrs"].get("http-equiv") == "Content-Security-Policy"]
    assert policy["attrs"]["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_ids_are_unique_and_references_lead_somewhere(page):
    ids = [element["attrs"]["id"] for element in page.elements if "id" in element["attrs"]]
    assert len(ids) == len(set(ids))
    named = [element["attrs"]["aria-labelledby"] for element in page.elements if "aria-labelledby" in element["attrs"]]
    linked = [link["attrs"]["href"].removeprefix("#") for link in page.all("a")]
    assert {*named, *linked} <= set(ids)


def test_all_is_there_for_a_team_that_asked_for_much(bicycles):
    text = " ".join(
        Page(html_report(record_of(bicycles, ASKED["everything"]), bicycles)).all("body")[0]["text"].split()
    )
    for part in (
        "recommendation for riders",
        "as of 2024-01-01",
        "Standing of the providers",
        "Velo & Sons, qualified",
        "Requirements, and who meets them",
        "Advice, at least good should, weight 4",
        "Why",
        "Who buys a first bicycle does not know what fits.",
        "does not have it (Laden) [1, line 21; 2020-05-01]",
        "What is not known",
        "What to ask, most useful first",
        "What would change the answer",
        "How sure the answer is",
        "How far a weight could move",
        "Monthly cost",
        "no price is known",
        "by quote only",
        "Sources",
        "Where to buy a bicycle",
        "facts from 2020-05-01 to 2023-03-01, the oldest three years old.",
        bicycles.fingerprint,
    ):
        assert part in text, part


def test_without_a_look_at_robustness_the_rest_stands(bicycles):
    text = html_report(record_of(bicycles, ASKED["everything"], robust=False), bicycles)
    assert "How sure the answer is" not in text
    assert "What is not known" in text


def test_hostile_texts_are_shown_and_never_obeyed(hostile):
    asked = {**ASKED["everything"], "name": _HOSTILE}
    page = Page(html_report(record_of(hostile, asked), hostile))
    assert not page.all("script", "img", "i")
    assert not [name for element in page.elements for name in element["attrs"] if name.startswith("on")]
    assert all(link["attrs"]["href"].startswith("#") for link in page.all("a"))
    body = page.all("body")[0]["text"]
    assert body.count("<script>alert(1)</script>") >= 10


def test_a_source_of_the_web_is_a_link_that_asks_for_nothing(knowledge_from, tmp_path):
    sources = (Path(__file__).parents[1] / "knowledge/bicycles/facts/sources.yaml").read_text(encoding="utf-8")
    linked = sources.replace(
        "id: survey-2023, no_url: printed,", "id: survey-2023, url: 'https://example.org/a?b=1&c=2',"
    )
    knowledge = knowledge_from(tmp_path, facts={"sources.yaml": linked})
    page = Page(html_report(record_of(knowledge, ASKED["everything"]), knowledge))
    (link,) = [link for link in page.all("a") if not link["attrs"]["href"].startswith("#")]
    assert link["attrs"] == {"href": "https://example.org/a?b=1&c=2", "rel": "noreferrer"}


def test_of_many_providers_a_short_list_is_in_the_table_and_the_others_have_a_line(knowledge_from, tmp_path):
    rad = (Path(__file__).parents[1] / "knowledge/bicycles/facts/providers/rad.yaml").read_text(encoding="utf-8")
    more = {
        f"providers/rad-{number}.yaml": rad.replace("id: rad\n", f"id: rad-{number}\n").replace("am Ring", str(number))
        for number in range(5)
    }
    knowledge = knowledge_from(tmp_path, facts=more)
    page = Page(html_report(record_of(knowledge, {"wants": ["advice"]}, robust=False), knowledge))
    heads = [head["text"] for head in page.all("th") if head["attrs"].get("scope") == "col"]
    assert len([head for head in heads if head in {each.name for each in knowledge.providers.values()}]) == 5
    said = " ".join(part["text"] for part in page.all("li"))
    assert all(each.name in said for each in knowledge.providers.values())


def test_the_same_record_gives_the_same_bytes(bicycles):
    first, second = (html_report(record_of(bicycles, ASKED["everything"]), bicycles) for _ in range(2))
    assert first.encode() == second.encode()


def test_a_record_that_was_saved_gives_the_same_page(bicycles):
    record = record_of(bicycles, ASKED["everything"])
    assert html_report(read_answer(json.loads(json.dumps(as_data(record)))), bicycles) == html_report(record, bicycles)


def test_a_record_of_another_knowledge_base_is_shown_with_the_ids_that_it_has(bicycles, knowledge_from, tmp_path):
    facts = (Path(__file__).parents[1] / "knowledge/bicycles/facts/criteria/services.yaml").read_text(encoding="utf-8")
    lost = "".join(line for line in facts.splitlines(keepends=True) if "cargo-bikes" not in line)
    rad = (Path(__file__).parents[1] / "knowledge/bicycles/facts/providers/rad.yaml").read_text(encoding="utf-8")
    kept = "".join(line for line in rad.splitlines(keepends=True) if "cargo-bikes" not in line)
    other = knowledge_from(tmp_path, facts={"criteria/services.yaml": lost, "providers/rad.yaml": kept})
    assert "cargo-bikes" in html_report(record_of(bicycles, ASKED["everything"]), other)


def _luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "muted", "accent", "yes", "no", "open"])
def test_every_text_stands_out_from_the_paper(scheme, name):
    """WCAG 2.2, success criterion 1.4.3: a contrast of at least 4.5."""
    css = (Path(report.__file__).parent / "styles" / "report.css").read_text(encoding="utf-8")
    paper, text = (re.findall(rf"--{word}: (#[0-9a-f]{{6}});", css)[scheme] for word in ("paper", name))
    assert _contrast(paper, text) >= 4.5


def test_the_parts_of_a_bar_have_a_contrast_of_three_to_one_in_light_and_dark(bicycles):
    page = html_report(record_of(bicycles, ASKED["everything"]), bicycles)
    schemes = [
        dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    ]
    light, dark = schemes[0], {**schemes[0], **schemes[1]}
    for scheme in (light, dark):
        for one, other in (
            ("solid", "span"),
            ("span", "track"),
            ("span", "paper"),
            ("ink", "paper"),
            ("muted", "paper"),
        ):
            assert _contrast(scheme[one], scheme[other]) >= 3, (one, other)


def test_sources_lead_back_to_what_they_are_cited_for(bicycles):
    page = Page(html_report(record_of(bicycles, ASKED["everything"]), bicycles))
    ids = {tag["attrs"].get("id") for tag in page.all("div", "section", "li", "h2")}
    links = [tag["attrs"]["href"] for tag in page.all("a") if tag["attrs"]["href"].startswith("#")]
    assert any(link.startswith("#reason-") for link in links)
    assert {link[1:] for link in links} <= ids
    for tag in page.all("a"):
        if tag["attrs"]["href"].startswith("#source-"):
            assert tag["attrs"]["aria-label"].startswith("Source ")


def test_titles_in_another_language_say_so(bicycles):
    sources = {name: source._replace(language="fr") for name, source in bicycles.sources.items()}
    french = dataclasses.replace(bicycles, sources=sources, fingerprint="french")
    assert 'lang="fr"' in html_report(record_of(french, ASKED["everything"]), french)
    assert "lang=" not in html_report(record_of(bicycles, ASKED["everything"]), bicycles).partition("<body>")[2]


def test_the_title_of_a_tie_ends_where_the_differences_begin(article):
    asked = ["sms", "whatsapp", "facebook-messenger", "two-way-messaging"]
    answer = recommend(article, needs=asked, as_of=dt.date(2022, 12, 31)).explanation
    page = html_report(answer, article)
    title = "Twilio and Vonage are equal in everything that you asked for, and nothing about them is unknown"
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", page) == [title]
    assert "They are known to differ in Email API." in page
