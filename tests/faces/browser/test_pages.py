"""Every page and state in Chromium: for everybody (WCAG 2.2 AA), at every width, in light and dark, and on paper.

The numbers are those of the promises in tests/README.md.
"""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from provider_advisor import load, recommend
from provider_advisor.faces.report.html import html_report

pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_PAGES = {
    "start": "/",
    "choose": "/choose",
    "choose with ticks": "/choose?needs=sms,number-countries>=90&wants=whatsapp&situation.developers=none",
    "choose with a mistake": "/choose?c.sms=must&c.fax=must&b.fax=>=3&needs=smz",
    "choose with a pasted list": "/choose?needs=voicemail&unlisted=hold music&only=twilio&read=Voicemail%0Ahold music",
    "a search that finds nothing": "/choose?q=zzzz",
    "answer": "/answer?needs=sms,voice-api&wants=whatsapp&usage.sms-outbound=1000",
    "answer with how sure": "/answer?needs=sms,whiteboard&only=twilio,vonage&sure=1",
    "answer of nobody": "/answer?needs=whiteboard,ucaas&only=twilio,vonage&as_of=2022-12-31",
    "what to ask": "/questions?needs=sms,whiteboard&unlisted=loan phones&only=twilio,vonage",
    "answer to nothing": "/answer",
    "answer with a mistake": "/answer?needs=smz",
    "topics": "/ask",
    "topics of a question": "/ask?needs=sms&wants=fax&situation.developers=none",
    "questions": "/ask?a=t:messages",
    "questions that are searched for": "/ask?needs=sms&a=t:messages&find=fax",
    "an answer that cannot be read": "/ask/next?a=t:messages&topics=x&criterion:sms=perhaps",
    "why a question is asked": "/ask?a=t:messages&why=criterion:sms",
    "no more questions": "/ask?a=t:",
    "an answer to be changed": "/ask?a=t:calls~phone-numbers:must_m:phone-numbers:de&change=criterion:phone-numbers",
    "questions about the team": "/ask?a=t:team",
    "compare": "/compare?providers=twilio,vonage,zoom&area=video&only=differences",
    "compare with a mistake": "/compare?p=twilio&area=vidoe",
    "criteria": "/criteria?q=fax",
    "criterion": "/criteria/fax",
    "provider": "/providers/daily",
    "source": "/sources/gdpr-46",
    "rules": "/rules",
    "rules for a team": "/rules?needs=sms&situation.developers=none",
    "rule for a team": "/rules/appointments-want-confirmations?needs=sms",
    "many teams": "/batch",
    "decisions": "/decisions",
    "freshness": "/freshness?within=30",
    "facts": "/facts?state=current",
    "facts on several pages": "/facts?page=2",
    "an address that is not understood": "/answer?needs=sms&neds=fax",
    "no such fact": "/facts?provider=daily&state=disputed",
    "save a decision": "/decisions/new?needs=sms",
    "contract": "/api",
    "card": "/embed?needs=sms",
    "not found": "/nowhere",
}


def _shorten(page):
    """Leave of each list, table and set of alike sections the first few: axe takes 10 s for 850 alike rows."""
    page.evaluate(
        """() => {
            for (const many of document.querySelectorAll("tbody, ul, ol, select"))
                for (const one of [...many.children].slice(8)) one.remove();
            for (const one of [...document.querySelectorAll(".asked > details:not([open])")].slice(2, -2)) one.remove();
            for (const one of [...document.querySelectorAll("form > fieldset")].slice(8)) one.remove();
        }"""
    )


def _list_violations(page, only):
    """Return what axe finds, with the element and the reason."""
    found = page.evaluate(
        "only => axe.run({runOnly: only, resultTypes: ['violations']}).then(found => found.violations)", only
    )
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("name", _PAGES)
def test_12_and_13_a_page_is_for_everybody_at_every_width_in_light_and_dark(look, name):
    _check_everybody(look(_PAGES[name]))


def _check_everybody(page):
    for width in (320, 360, 640, 1280):  # 640 is what a window of 1,280 has at 200 %
        page.set_viewport_size({"width": width, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    _shorten(page)
    page.evaluate(_AXE)
    assert _list_violations(page, _RULES) == []
    page.emulate_media(color_scheme="dark")
    assert _list_violations(page, {"type": "rule", "values": ["color-contrast"]}) == []


@pytest.fixture(scope="module")
def saved(store):
    """The addresses of a decision that is the same now, and of one that would be different."""
    pytest.importorskip("sqlalchemy", reason="the extra 'web' is not installed")
    from provider_advisor.store import make_secret, open_store  # noqa: PLC0415 (of an extra)

    record = recommend(load().restrict(only=["twilio", "vonage"]), needs=["sms", "whiteboard"], robustness=True).record
    other = {**record, "verdict": {**record["verdict"], "provider": "vonage", "reason": "Vonage is recommended."}}
    opened = open_store(store)
    return {name: opened.keep(each, name, make_secret()).id for name, each in (("same", record), ("different", other))}


@pytest.mark.parametrize("name", ["same", "different"])
def test_12_13_and_21_a_saved_decision_is_for_everybody(visit, saved, name):
    page = visit(f"/d/{saved[name]}", size=(320, 640))
    since = page.get_by_role("region", name="Since it was saved")
    assert name in since.inner_text()
    assert ("It would be different now." in since.inner_text()) is (name == "different")
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_label("The key that was shown when you saved it").wait_for()
    _check_everybody(page)


def test_12_13_and_21_a_list_of_saved_decisions_is_for_everybody(visit, saved):
    page = visit(f"/decisions?d={'+'.join([*saved.values(), '0' * 32])}", size=(320, 640))
    page.get_by_role("heading", name="1 of your 2 decisions would be different now.").wait_for()
    assert "1 of them is not saved here, or was deleted." in page.locator("main").inner_text()
    page.get_by_role("rowheader", name="different").wait_for()
    _check_everybody(page)


def test_12_13_and_20_the_results_of_a_file_are_for_everybody(visit, tmp_path):
    teams = tmp_path / "teams.csv"
    teams.write_text("team,needs\nfirst,sms\nsecond,smz\n", encoding="utf-8")
    page = visit("/batch", size=(320, 640))
    page.get_by_label("File", exact=True).set_input_files(teams)
    page.get_by_role("button", name="Score the teams").click()
    page.get_by_role("heading", name="Why rows were rejected").wait_for(timeout=60_000)
    _check_everybody(page)


@pytest.mark.parametrize("path", ["/providers/daily", "/facts?provider=daily", "/freshness", "/criteria?area=video"])
def test_13_a_list_is_read_without_scrolling_sideways_on_a_telephone(look, path):
    page = look(path, size=(360, 640))
    region = page.locator(".scroll")
    assert region.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.get_by_role("rowheader").first.wait_for()


def test_13_the_names_of_a_comparison_stay_in_sight(look):
    page = look("/compare", size=(1280, 640))
    region = page.locator(".scroll")
    region.evaluate(
        "one => { one.scrollIntoView(); one.scrollTop = one.scrollHeight; one.scrollLeft = one.scrollWidth; }"
    )
    for name in (page.locator(".compared thead th").last, page.locator(".compared tbody th").last):
        assert name.evaluate(
            """one => {
                const { x, y } = one.getBoundingClientRect();
                return document.elementFromPoint(x + 5, y + 5).closest("th") === one;
            }"""
        )


def test_13_a_table_that_is_too_wide_scrolls_by_keyboard(look):
    page = look("/compare", size=(360, 640))
    region = page.get_by_role("region", name="Comparison")
    region.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.scroll').scrollLeft > 0")


@pytest.mark.parametrize("name", ["choose with ticks", "questions", "compare"])
def test_12_what_is_pressed_is_large_enough_and_focus_follows_reading(look, name):
    page = look(_PAGES[name], size=(1280, 900))
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, summary, nav a, a.go")]
            .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([text]) => text)"""
    )
    assert small == []
    # What comes first in the file, and so in the order of focus, is above or to the left of what comes next.
    turned = page.evaluate(
        """() => [...document.querySelectorAll("main, main *")]
            .filter(one => /grid|flex/.test(getComputedStyle(one).display))
            .flatMap(one => [...one.children].slice(1).map(after => [after.previousElementSibling, after]))
            .filter(pair => pair.every(one => one.getBoundingClientRect().width))
            .filter(([before, after]) => {
                const [a, b] = [before.getBoundingClientRect(), after.getBoundingClientRect()];
                return b.left < a.right - 1 && b.top < a.bottom - 1;
            })
            .map(([before]) => before.outerHTML.slice(0, 80))"""
    )
    assert turned == []
    assert (
        page.evaluate('document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length') == 0
    )


def test_14_an_answer_on_paper_has_its_sources_and_no_navigation(visit, chromium):
    page = visit("/answer?needs=sms,whiteboard&only=twilio,vonage&sure=1")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    links = page.locator(".sources a[href^=http]")
    for place in range(links.count()):
        shown = links.nth(place).evaluate("one => getComputedStyle(one, '::after').content")
        assert links.nth(place).get_attribute("href") in shown
    report = chromium.new_page()
    answer = recommend(load().restrict(only=["twilio", "vonage"]), needs=["sms", "whiteboard"], robustness=True)
    report.set_content(html_report(answer.explanation, answer.decision.facts.knowledge))
    pages = [_count_pages(one.pdf(format="A4")) for one in (page, report)]
    report.close()
    assert 1 <= pages[0] <= pages[1] + 1 <= 6


def _count_pages(paper):
    return len(re.findall(rb"/Type\s*/Page\b", paper))


def test_15_the_policy_keeps_a_page_from_asking_another_host(visit):
    page = visit("/choose")
    refused = page.evaluate(
        """() => new Promise(done => {
            document.addEventListener("securitypolicyviolation", event => done(event.violatedDirective));
            fetch("https://example.org").catch(() => {});
        })"""
    )
    assert refused == "connect-src"
    visit.faults.clear()  # this page broke its policy on purpose
