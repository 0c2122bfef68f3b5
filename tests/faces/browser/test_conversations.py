"""Whole conversations in Chromium: by keyboard alone, with and without scripts, back and forward, and by a link.

The numbers are those of the promises in tests/README.md.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

_TICKED = [
    "sms",
    "fax",
    "mms",
    "rcs",
    "whatsapp",
    "viber",
    "telegram",
    "email-api",
    "kakaotalk",
    "team-chat",
    "sms-api",
    "messaging-api",
]


def _read_ticks(page):
    """Return what is asked of each criterion on /choose."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".ticks select")]
            .filter(one => one.value).map(one => [one.name.slice(2), one.value]))"""
    )


def _read_ranking(page):
    return page.locator("#live ol.ranking strong").all_text_contents()


def _tick(page, name, value="must"):
    """Ask for a criterion, and wait until the ranking and the address have followed."""
    page.locator(f"#c-{name}").select_option(value)
    page.wait_for_function("(name) => document.querySelector(`#live a[href='#c-${name}']`)", arg=name)
    page.wait_for_url(lambda url: name in unquote(url))


def test_4_each_tick_changes_ranking_and_address_and_back_unticks_one_by_one(visit):
    page = visit("/choose?q=")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    rankings = []
    for name in _TICKED:
        _tick(page, name)
        rankings.append((unquote(page.url), _read_ticks(page), _read_ranking(page)))
    assert [len(ticks) for _, ticks, _ in rankings] == list(range(1, len(_TICKED) + 1))
    for address, ticks, ranking in reversed(rankings[:-1]):
        page.go_back()
        page.wait_for_function("(count) => document.querySelectorAll('.asked-for li').length === count", arg=len(ticks))
        assert (unquote(page.url), _read_ticks(page), _read_ranking(page)) == (address, ticks, ranking)
    page.go_back()
    page.wait_for_function("() => document.querySelectorAll('.asked-for li').length === 0")
    assert _read_ticks(page) == {}
    page.go_forward()
    page.wait_for_function("() => document.querySelectorAll('.asked-for li').length === 1")
    assert _read_ticks(page) == rankings[0][1]


def test_3_a_link_shows_the_same_ticks_and_ranking_to_somebody_else(visit):
    page = visit("/choose")
    page.locator("summary").filter(has_text=re.compile("^Channels")).click()
    _tick(page, "sms")
    _tick(page, "fax", "could")
    other = visit(page.url, java_script_enabled=True)
    assert _read_ticks(other) == _read_ticks(page) == {"sms": "must", "fax": "could"}
    assert _read_ranking(other) == _read_ranking(page)


def test_how_sure_an_answer_is_comes_after_it(visit):
    page = visit("/answer?needs=sms,whiteboard&only=twilio,vonage")
    page.get_by_role("heading", name="How sure the answer is").wait_for()
    assert "sure" not in page.url
    page = visit("/choose?needs=sms,whiteboard,fax&only=twilio,vonage")
    page.wait_for_function("() => !document.querySelector('#how-sure a')")
    assert page.locator("#how-sure").inner_text().strip()


def test_a_list_that_was_not_added_yet_is_no_part_of_the_question(visit):
    page = visit("/choose")
    page.get_by_label("Your list").fill("Voicemail\nhold music, own content")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    _tick(page, "sms")
    page.wait_for_url("**/choose?needs=sms")
    page.get_by_role("button", name="Add the list").click()
    page.get_by_role("heading", name="How your list was read").wait_for()
    assert "needs=sms,voicemail" in page.url
    page.get_by_role("link", name="Custom hold music", exact=True).click()
    page.wait_for_url("**/choose?needs=custom-hold-music,sms,voicemail&read=**")
    _tick(page, "sms", "should")
    page.wait_for_url("**/choose?needs=custom-hold-music,voicemail&wants=sms&read=**")
    page.reload()
    assert page.get_by_role("rowheader", name="Voicemail", exact=True).is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_in_the_search_finds_criteria_and_leaves_a_list_that_is_being_typed(visit, scripts):
    page = visit("/choose", java_script_enabled=scripts)
    page.get_by_label("Your list").fill("Voicemail\nhold music")
    page.get_by_label("Find criteria").fill("fax")
    page.keyboard.press("Enter")
    page.wait_for_url("**/choose?q=fax**")
    assert page.get_by_label("Your list").input_value() == "Voicemail\nhold music"
    assert page.get_by_label("Fax", exact=True).is_visible()
    page.get_by_role("button", name="Add the list").click()
    page.get_by_role("heading", name="How your list was read").wait_for()
    assert page.url.partition("?")[2] == "needs=hold-music,voicemail&q=fax&read=Voicemail%0D%0Ahold+music"


def test_a_limit_that_cannot_be_read_is_told_beside_the_form(visit):
    page = visit("/choose?needs=number-countries")
    page.get_by_label("Limit for Countries where numbers").fill("many")
    page.keyboard.press("Tab")
    page.locator("#live .mistakes").wait_for()
    assert "number-countries" in page.locator("#live .mistakes").inner_text()
    assert page.url.endswith("/choose?needs=number-countries")
    page.get_by_label("Limit for Countries where numbers").fill("90")
    page.keyboard.press("Tab")
    page.wait_for_url(lambda url: unquote(url).endswith("/choose?needs=number-countries>=90"))


@pytest.mark.parametrize("width", [360, 1280])
def test_5_without_scripts_the_whole_way_is_links_and_buttons(visit, width):
    page = visit("/", java_script_enabled=False, size=(width, 800))
    page.get_by_role("link", name="I know what I need").click()
    page.get_by_label("Find criteria").fill("fax")
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("#c-fax").select_option("must")
    page.get_by_role("button", name="Update").click()
    assert "needs=fax" in page.url
    page.get_by_role("link", name="See the full answer").click()
    page.get_by_role("link", name="How sure is this?").click()
    page.get_by_role("heading", name="What is not known").wait_for()
    page.get_by_role("link", name="Compare", exact=True).click()
    page.locator(".compared td a").first.click()
    assert re.search(r"/sources/[^#]+#.", page.url)
    row = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert re.search(r"\d{4}-\d{2}-\d{2}", row.inner_text())


@pytest.mark.parametrize("scripts", [True, False])
def test_7_what_is_wrong_is_told_first_and_the_form_keeps_what_was_filled_in(visit, scripts):
    page = visit("/choose?c.sms=must&c.fax=must&b.fax=>=3&needs=smz,whiteboard", java_script_enabled=scripts)
    assert page.title().startswith("Error: ")
    assert _read_ticks(page) == {"sms": "must", "fax": "must"} if scripts else True
    assert page.get_by_label("needs").input_value() == "smz,whiteboard"
    assert "smz" in page.get_by_role("alert").inner_text()
    if scripts:
        assert page.evaluate("document.activeElement.className") == "mistakes summary"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.name") in {"needs", "c.fax"}


def test_a_conversation_by_keyboard_alone_ends_in_an_answer(visit):
    page = visit("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    _press_until(page, "Tab", "Ask me")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ask")
    _press_until(page, "Tab", "Messages")
    page.keyboard.press("Space")
    _press_until(page, "Tab", "Continue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ask?a=t:messages")
    for _ in range(30):
        if page.get_by_role("link", name="See the answer", exact=True).count():
            break
        before = page.url
        _press_until(page, "Tab", "Must have", "Any will do", "Continue")
        if page.evaluate("document.activeElement.type") == "radio":
            page.keyboard.press("Space")
            _press_until(page, "Tab", "Continue")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, before=before: url != before)
    _press_until(page, "Tab", "See the answer", "I am done: see the answer")
    page.keyboard.press("Enter")
    page.wait_for_url("**/answer?**")
    page.get_by_role("heading", name="Standing of the providers").wait_for()


def _press_until(page, key, *names):
    """Press a key until what has the focus is called so; a conversation in which it never is cannot be had."""
    for _ in range(400):
        page.keyboard.press(key)
        if (
            page.evaluate("(document.activeElement.closest('label') ?? document.activeElement).textContent.trim()")
            in names
        ):
            return
    pytest.fail(f"{key} never led to {names}")


@pytest.mark.parametrize("scripts", [True, False])
def test_8_why_a_question_is_asked_is_told_beside_it(visit, scripts):
    page = visit("/ask?a=t:messages", java_script_enabled=scripts)
    first, second = page.locator("fieldset").nth(0), page.locator("fieldset").nth(1)
    first.get_by_label("Must have").check()
    second.locator("summary").click()
    second.get_by_role("link", name="Why is this asked?").click()
    second.get_by_text("So far: ").wait_for()
    assert second.get_by_text("Proved: ").is_visible()
    if scripts:  # without them, the page is a new one
        assert first.get_by_label("Must have").is_checked()


def test_8_an_early_answer_can_be_changed_and_back_goes_back(visit):
    page = visit("/ask?a=t:messages")
    first = page.locator("fieldset").first
    first.get_by_label("Must have").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda url: "must" in url)
    second = page.url
    page.go_back()
    assert page.url.endswith("/ask?a=t:messages")
    page.go_forward()
    assert page.url == second
    page.get_by_role("link", name="Change SMS").first.click()
    page.get_by_label("Should have").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda url: "good" in url)
    assert page.url == second.replace("must", "good")
    page.get_by_role("link", name="Back", exact=True).click()
    assert "/ask?a=t:messages&was=" in page.url
    assert page.locator("fieldset").first.get_by_label("Should have").is_checked()


def test_9_each_cell_of_an_answer_and_of_a_comparison_leads_to_its_source_by_keyboard(visit):
    page = visit("/answer?needs=sms,whiteboard&only=twilio,vonage")
    page.locator(".matrix tbody th a").first.focus()
    page.keyboard.press("Enter")
    reason = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert re.search(r"\d{4}-\d{2}-\d{2}", reason.locator(".cite").first.inner_text())
    reason.locator(".cite a").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(":target").inner_text()


def test_9_a_cell_of_a_comparison_leads_to_source_place_and_day_by_keyboard_and_without_styles(visit):
    page = visit("/compare?providers=twilio,vonage&area=video")
    page.evaluate("for (const one of document.querySelectorAll('link[rel=stylesheet]')) one.disabled = true")
    cell = page.locator(".compared td a").first
    assert re.search(r"(line|section) .*\d{4}-\d{2}-\d{2}", cell.get_attribute("title"))
    cell.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sources/**")
    row = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert re.search(r"\d{4}-\d{2}-\d{2}", row.inner_text())


def test_9_nothing_is_told_by_colour_alone(visit):
    page = visit("/answer?needs=sms,whiteboard,fax&only=twilio,vonage,zoom")
    marks = page.locator(".mark").all_inner_texts()
    words = {re.sub(r" \(20\d\d\)$", "", mark.strip("✓✕?◐ \n")) for mark in marks}  # with the year of an old fact
    words = {word.removesuffix(", ambiguous") for word in words}
    assert words <= {"yes", "no", "not known", "partly", "yes, by another product"}


def test_20_a_file_is_uploaded_and_its_bad_row_comes_back(visit, tmp_path):
    teams = tmp_path / "teams.csv"
    teams.write_text("team,needs\nfirst,sms\nsecond,smz\n", encoding="utf-8")
    page = visit("/batch", accept_downloads=True)
    page.get_by_label("File", exact=True).set_input_files(teams)
    page.get_by_role("button", name="Score the teams").click()
    page.get_by_role("link", name="Rejected rows as CSV").wait_for(timeout=60_000)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Rejected rows as CSV").click()
    rejects = waiting.value.path().read_text(encoding="utf-8")
    assert "second" in rejects
    assert "smz" in rejects


def test_21_an_answer_is_kept_and_opened_again_by_its_address(visit):
    page = visit("/answer?needs=sms,whiteboard&only=twilio,vonage")
    headline = page.get_by_role("heading", level=1).inner_text()
    page.locator("[href*='/decisions'], [action*='/decisions'], [href*='/keep']").first.click()
    page.locator("main button").first.click()
    page.wait_for_url("**/d/*")
    other = visit(page.url)
    assert headline in other.locator("main").inner_text()
