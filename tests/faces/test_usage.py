"""What is said of a command line that cannot be read: one sentence, what is near, and where help is."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--frmat json", "No such option '--frmat'. Did you mean '--format', '--facts' or '--matches'? Try `recommend"),
        ("--zzzz", "No such option '--zzzz'. Try `recommend --help`."),
        ("btch", "No such command 'btch'. Did you mean 'batch'? Try `recommend --help`."),
        (
            "fax",
            "What you need goes after --needs, as in `recommend --needs whiteboard,ucaas`. Try `recommend --help`.",
        ),
        ("decisions", "recommend: Missing command. Try `recommend decisions --help`."),
        ("decisions lst", "No such command 'lst'."),
        ("batch a b --threads x", "'x' is not a whole number. Try `recommend batch --help`."),
        ("--needs fax --sheet New", "--sheet is for spreadsheets (.xlsx, .csv); give one with --file."),
        ("ask --needs fax --scale 5=must", "--scale is for spreadsheets (.xlsx, .csv); give one with --file."),
        ("--needs fax --usage sms-outbound=5;6", "the usage 'sms-outbound' has 2 values: 5 and 6; give one."),
        ("--needs fax --only twilio,,zoom", "'twilio,,zoom' after --only has an empty name; expected names"),
        ("criteria fax --format xml", "Invalid value for '--format'"),
        ("--needs fax --usage sms-outbound=5/week", "without a unit, such as 5000, 60000/year or 40000..60000."),
    ],
)
def test_a_wrong_command_line_gets_one_sentence(recommend_says, line, said):
    run = recommend_says(f"recommend {line}")
    assert (run.status, run.out) == (2, "")
    assert said in run.err
    assert run.err.count("\n") == 1


@pytest.mark.parametrize("command", ["batch", "impact"])
def test_the_help_lists_options_and_no_arguments_under_them(recommend_says, command):
    out = recommend_says(f"recommend {command} --help").out
    assert "\n  IN... OUT\n" not in out
    assert "\n  TEAMS...\n" not in out
