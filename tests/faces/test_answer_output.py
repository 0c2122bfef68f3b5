"""Where an answer goes and how much of it: short or verbose, a file, a pager, colours, exit statuses."""

from __future__ import annotations

import json
import os
import re
import sys

import click
import pytest

from provider_advisor.faces.text import Page
from provider_advisor.knowledge import load

_ASKED = "recommend --needs whiteboard,ucaas --as-of 2022-12-31"


def test_a_short_answer_says_the_verdict_the_age_and_what_would_change_it(recommend_says):
    short, whole = recommend_says(_ASKED).out, recommend_says(f"{_ASKED} --verbose").out
    assert short.splitlines()[:5] == whole.splitlines()[:5]
    assert "What would change the answer" in short.splitlines()
    assert "Why" in whole.splitlines()
    assert "Sources" in whole.splitlines()
    assert short.endswith("Add --verbose for reasons and sources.\n")
    assert len(short.splitlines()) <= 24


@pytest.mark.parametrize(
    ("needs", "status"),
    [("whiteboard", 0), ("sms,whatsapp", 10), ("voice-api,number-countries>=120", 11), ("whiteboard,ucaas", 12)],
)
def test_the_exit_status_tells_the_verdict_where_it_is_asked_for(recommend_says, needs, status):
    asked = f'recommend --needs "{needs}" --as-of 2022-12-31'
    assert recommend_says(asked).status == 0
    assert recommend_says(f"{asked} --exit-code").status == status


@pytest.mark.parametrize(
    ("name", "options", "beginning"),
    [
        ("a.html", "", "<!doctype html>"),
        ("a.MD", "", "# Provider recommendation"),
        ("a.json", "", "{"),
        ("a.txt", "", "None of the 2 providers"),
        ("a", "", "None of the 2 providers"),
        ("a.txt", "--format json", "{"),
    ],
)
def test_a_file_gets_the_form_of_its_name_unless_another_is_asked_for(
    recommend_says, tmp_path, name, options, beginning
):
    path = tmp_path / name
    run = recommend_says(f"{_ASKED} -o {path} {options}")
    assert (run.status, run.out, run.err) == (0, "", "")
    assert path.read_text(encoding="utf-8").startswith(beginning)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("a.pdf", "print it"), ("a.XLSX", "--format questions"), ("{provider}.md", "add --format questions")],
)
def test_a_file_of_another_program_or_for_letters_is_refused_and_not_written_as_text(
    recommend_says, tmp_path, name, remedy
):
    run = recommend_says(f"{_ASKED} -o {tmp_path / name}")
    assert (run.status, run.out) == (2, "")
    assert remedy in run.err
    assert not (tmp_path / name).exists()


def test_a_file_holds_what_is_printed(recommend_says, tmp_path):
    path = tmp_path / "answer.txt"
    recommend_says(f"{_ASKED} --verbose --color always -o {path}")
    assert path.read_text(encoding="utf-8") == recommend_says(f"{_ASKED} --verbose").out
    recommend_says(f"{_ASKED} --format json -o {path}")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(recommend_says(f"{_ASKED} --format json").out)


def test_a_file_that_cannot_be_written_gets_one_sentence(recommend_says, tmp_path):
    run = recommend_says(f"{_ASKED} -o {tmp_path}/nowhere/a.txt")
    assert (run.status, run.out) == (1, "")
    assert "cannot be written: folder" in run.err


@pytest.mark.parametrize("option", ["-o", "--file sheet.csv --matched", "--format questions -o"])
def test_no_pipe_or_device_is_replaced_by_a_file(recommend_says, here, option):
    (here / "sheet.csv").write_text("Requirement\nfax\n")
    os.mkfifo(here / "pipe")
    run = recommend_says(f"{_ASKED} {option} pipe")
    assert run.status == 1
    assert "pipe cannot be written (it is not a regular file)" in run.err
    assert (here / "pipe").is_fifo()


def test_colours_are_used_where_they_are_asked_for(recommend_says, monkeypatch):
    assert "\x1b[" in recommend_says(f"{_ASKED} --color always").out
    assert "\x1b[" not in recommend_says(f"{_ASKED} --color never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" in recommend_says(f"{_ASKED} --color always").out


@pytest.mark.parametrize(("lines", "paged"), [(23, False), (24, True)])
def test_only_a_text_longer_than_the_terminal_goes_through_a_pager(monkeypatch, lines, paged):
    shown = []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((80, 24)))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LESS", "-R")
    monkeypatch.setattr(click, "echo_via_pager", lambda text, **_: shown.append(text))
    page = Page()
    for number in range(lines):
        page.line(str(number))
    page.show(paged=True)
    assert bool(shown) == paged


@pytest.mark.parametrize(
    "command", ["compare twilio vonage --area video", "facts zoom", _ASKED.removeprefix("recommend ")]
)
def test_what_may_be_long_may_go_through_a_pager(recommend_says, monkeypatch, command):
    asked = []
    monkeypatch.setattr(Page, "show", lambda _, *, paged=False: asked.append(paged))
    recommend_says(f"recommend {command}")
    assert asked == [True]


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@pytest.mark.parametrize(
    "asked",
    [
        "--needs contact-centre,sms --situation developers=none,use-cases=customer-support,staffing=seasonal",
        "--needs video-api --situation developers=none,use-cases=telehealth",
    ],
)
def test_no_sentence_ends_twice(recommend_says, asked, form):
    said = recommend_says(f"recommend {asked} --as-of 2022-12-31 --verbose --format {form}").out
    assert not re.findall(r".*\.(?:\.(?!\.)|[;,:])(?:\s|<|$)", said)


def test_each_shipped_rule_that_favours_has_a_name_for_tables():
    rules = [rule for rule in load().rules.values() if rule.favours is not None]
    assert rules
    assert not [rule.id for rule in rules if rule.label is None]


@pytest.mark.parametrize(
    ("needs", "bounds"),
    [
        ("support-reputation", ["support-reputation>=good, for example."]),
        ("coding-effort,whiteboard", ["coding-effort<=medium, for example."]),
        ("number-countries", ["number-countries>= and a number."]),
        ("support-reputation>=fair", []),
        ("support-reputation:should", []),
    ],
)
def test_a_must_that_nobody_can_fail_asks_for_a_bound(recommend_says, needs, bounds):
    answer = json.loads(recommend_says(f'recommend --needs "{needs}" --as-of 2022-12-31 --format json').out)
    assert [note.partition("to set one, write ")[2] for note in answer["notes"]] == bounds
    assert all("which rules out nobody" in note for note in answer["notes"])


def test_amounts_with_the_same_outcome_are_told_together(recommend_says):
    options = "--sources twilio-vs-vonage-2022 --as-of 2022-12-31"
    said = recommend_says(f'recommend --needs number-countries --wants "number-countries>=90" {options}').out
    question = "Countries where numbers can be bought at Vonage: how many countries exactly? "
    then = "If at most 90 countries, Twilio would be recommended (firm); if 250 countries, Vonage"
    assert f"{question}{then}" in " ".join(said.split())


def test_facts_out_of_date_are_counted_by_day_in_one_sentence(recommend_says):
    said = recommend_says("recommend --needs sms@de,phone-numbers@de --wants data-region@eu --as-of 2026-11-29").out
    sentence = r"\d+ facts? from [\d-]+ and \d+ facts? from [\d-]+: check them again before you sign\."
    assert re.search(sentence, " ".join(said.split()))


def test_providers_that_fail_the_same_musts_are_named_together(recommend_says):
    said = recommend_says("recommend --needs google-business-messages --as-of 2026-11-29").out
    assert "Bandwidth and 11 more fail on Google Business Messages." in " ".join(said.split())
    assert "Twilio, Vonage and Zoom: Google Business Messages" in " ".join(said.split())


def test_one_of_a_thing_is_in_the_singular(recommend_says):
    assert "at least 1 country  " in recommend_says('recommend --needs "number-countries>=1" --only twilio').out
    assert "(at least 1 country)" in recommend_says('recommend --needs "number-countries>=1|sms" --only twilio').out
    assert "1 country (telephony)" in recommend_says("recommend facts number-countries").out
