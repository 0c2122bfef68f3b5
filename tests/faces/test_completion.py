"""What a shell completes: the values of options, from the base that is loaded."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from provider_advisor.faces.cli.completion import WholeWordBash
from provider_advisor.faces.cli.recommend import recommend_command

_VARIABLE = "_RECOMMEND_COMPLETE"


def _complete(*words: str) -> list[str]:
    """What may come in place of the last word."""
    shell = ShellComplete(recommend_command, {}, "recommend", _VARIABLE)
    return [item.value for item in shell.get_completions([*words[:-1]], words[-1])]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--needs", "whiteb"], ["whiteboard"]),
        (["--needs", "fax,whiteb"], ["fax,whiteboard"]),
        (["--needs", "sms|whiteb"], ["sms|whiteboard"]),
        (["--wants", "fax:"], ["fax:must", "fax:should", "fax:could", "fax:wont"]),
        (["--needs", "phone-numbers@germ"], ["phone-numbers@germany"]),
        (["--needs", "fax,certificate@iso-2700"], ["fax,certificate@iso-27001"]),
        (["--needs", "fax="], ["fax=no"]),
        (["--needs", "support-reputation>=g"], ["support-reputation>=good"]),
        (["--needs", "nowhere@"], []),
        (["--situation", "developers=no"], ["developers=none"]),
        (["--situation", "developers=none,use-c"], ["developers=none,use-cases="]),
        (["--usage", "sms-outb"], ["sms-outbound="]),
        (["--only", "twilio,von"], ["twilio,vonage"]),
        (["facts", "--sources", "twilio-vs-"], ["twilio-vs-vonage-2022"]),
        (["facts", "whiteb"], ["whiteboard"]),
        (["compare", "tw"], ["twilio"]),
        (["compare", "--area", "vid"], ["video"]),
        (["ask", "--needs", "whiteb"], ["whiteboard"]),
        (["ask", "--wants", "whiteboard:wo"], ["whiteboard:wont"]),
    ],
)
def test_the_last_part_of_a_value_is_completed(words, expected):
    assert _complete(*words)[: len(expected) or None] == expected


def test_a_criterion_with_members_can_go_on_with_one():
    assert {"phone-numbers", "phone-numbers@"} <= {*_complete("--needs", "phone-numbers")}
    # What is not typed in one word is completed by its id.
    assert all(" " not in value for value in _complete("--needs", "phone-numbers@"))


def test_another_base_is_completed_where_it_is_named(tmp_path):
    folder = Path(__file__).parents[1] / "knowledge" / "bicycles"
    named = ["--facts", str(folder / "facts"), "--rules", str(folder / "rules")]
    found = _complete(*named, "--needs", "")
    assert "cargo-bikes" in found
    assert "whiteboard" not in found
    assert (
        _complete(*named, "ask", "--needs", "cargo") == _complete("ask", *named, "--needs", "cargo") == ["cargo-bikes"]
    )
    # Where a base cannot be read, no message gets between what is typed.
    assert _complete("--facts", str(tmp_path), "--needs", "") == []


def test_files_and_folders_are_left_to_the_shell():
    shell = ShellComplete(recommend_command, {}, "recommend", _VARIABLE)
    for words, kind in ((["--file"], "file"), (["--facts"], "dir"), (["replay"], "file"), (["batch"], "file")):
        assert [item.type for item in shell.get_completions(words, "te")] == [kind]


@pytest.mark.parametrize(
    ("line", "answered"),
    [
        ("recommend --needs whiteb", ["plain,whiteboard"]),
        # bash cuts words at these signs, unless they are quoted, and puts what is answered behind the last one.
        ("recommend --needs fax,phone-numbers@germ", ["plain,germany"]),
        ("recommend --needs fax:mu", ["plain,must"]),
        ('recommend --needs "support-reputation>=g', ["plain,support-reputation>=good"]),
        ("recommend --situation=developers=no", ["plain,none"]),
        ("recommend ask --save ", ["file,"]),
    ],
)
def test_bash_gets_what_it_calls_the_word(line, answered, monkeypatch):
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    monkeypatch.setenv("COMP_WORDBREAKS", " \t\n\"'@><=;|&(:")
    shell = WholeWordBash(recommend_command, {}, "recommend", _VARIABLE)
    assert shell.complete().splitlines() == answered


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_for_bash_is_one_that_bash_can_read():
    script = WholeWordBash(recommend_command, {}, "recommend", _VARIABLE).source()
    assert subprocess.run(["bash", "-n"], input=script.encode(), check=False).returncode == 0
