"""Cases are written into their files without touching anything else."""

import pytest
import yaml

from provider_advisor.knowledge.case_files import edit_case

TEXT = """\
# Decisions on repairs.
area: repairs
as_of: 2024-01-01   # the day of the survey
cases:
- name: In one line
  needs: [repairs]   # what was asked
  verdict: {kind: recommended, strength: firm, provider: velo}   # why not
  combinations: []
  why: Velo states it
# in between
- name: In lines
  verdict:
    kind: tie  # both
    among: [velo, ciclo]
    # the end of the verdict
  standings:
    velo: qualified
    # nothing is known of it
    ciclo: unconfirmed   # yet
  needs:
  - repairs
  why: "Both: 'state' it"
"""


def test_nothing_but_the_value_changes():
    changed = edit_case(TEXT, "In one line", {"verdict": {"kind": "tie", "among": ["velo", "ciclo"]}})
    line = "{kind: recommended, strength: firm, provider: velo}"
    assert changed == TEXT.replace(line, "{kind: tie, among: [velo, ciclo]}")


def test_a_value_in_lines_keeps_the_lines_and_comments_of_what_stays():
    changed = edit_case(TEXT, "In lines", {"standings": {"velo": "ruled-out", "ciclo": "unconfirmed"}})
    assert changed == TEXT.replace("velo: qualified", "velo: ruled-out")


def test_keys_come_and_go_each_with_its_line():
    verdict = {"kind": "recommended", "strength": "leaning", "provider": "velo"}
    changed = edit_case(TEXT, "In lines", {"verdict": verdict})
    assert changed == TEXT.replace(
        "    kind: tie  # both\n    among: [velo, ciclo]\n",
        "    kind: recommended  # both\n    strength: leaning\n    provider: velo\n",
    )


def test_several_cases_and_keys_are_changed():
    first = {"combinations": [["ciclo", "velo"]], "verdict": {"kind": "none"}}
    second = {"verdict": {"kind": "undetermined", "lean": None}}
    once = edit_case(edit_case(TEXT, "In one line", first), "In lines", second)
    cases = yaml.safe_load(once)["cases"]
    assert cases[0]["combinations"] == [["ciclo", "velo"]]
    assert [case["verdict"] for case in cases] == [{"kind": "none"}, {"kind": "undetermined", "lean": None}]
    assert edit_case(edit_case(once, "In one line", first), "In lines", second) == once


@pytest.mark.parametrize("word", ["no", "1.5", "8x8", "number-countries>=90", "a: b", "null", "integration@jira"])
def test_words_are_quoted_where_they_would_be_read_as_something_else(word):
    changed = edit_case(TEXT, "In one line", {"combinations": [[word]]})
    assert yaml.safe_load(changed)["cases"][0]["combinations"] == [[word]]


def test_other_line_ends_stay():
    text = TEXT.replace("\n", "\r\n")
    assert edit_case(text, "In one line", {"combinations": [["a1"]]}) == text.replace(": []", ": [[a1]]")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TEXT, "no key 'confirm'"),
        (TEXT.replace("In one line", "Another"), "no case 'In one line'"),
        (TEXT.replace("  combinations: []", "  confirm: {  # ask\n    velo: [a1]}"), "comments within the value"),
    ],
)
def test_what_cannot_be_changed_without_loss_is_refused(text, told):
    with pytest.raises(ValueError, match=told):
        edit_case(text, "In one line", {"confirm": {}})
