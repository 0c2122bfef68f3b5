"""The examples of the contributing guide are complete: applied to the shipped files they load, and their cases hold."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from provider_advisor.knowledge.files import shipped_folder

_GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
_EXAMPLE = re.compile(r"```yaml\n# (\S+) \((new file|append)[^\n]*\n(.*?)```", re.DOTALL)


def test_the_examples_apply_one_after_the_other_and_their_cases_hold(tmp_path, recommend_says):
    for name in ("facts", "rules"):
        shutil.copytree(shipped_folder(name), tmp_path / name, ignore=shutil.ignore_patterns("cases"))
    (tmp_path / "rules" / "cases").mkdir()
    examples = _EXAMPLE.findall(_GUIDE.read_text(encoding="utf-8"))
    for path, how, text in examples:
        with (tmp_path / path).open("w" if how == "new file" else "a", encoding="utf-8") as file:
            file.write(text)
    run = recommend_says(f"recommend check --cases --facts {tmp_path / 'facts'} --rules {tmp_path / 'rules'}")
    assert run.status == 0, run.err
    assert {"/".join(path.split("/")[:2]) for path, _, _ in examples} == {
        "facts/criteria",
        "facts/members",
        "facts/sources.yaml",
        "facts/providers",
        "rules/accessibility.yaml",
        "rules/questions.yaml",
        "rules/cases",
    }


def test_the_check_of_the_examples_fails_for_a_case_that_does_not_hold(tmp_path, recommend_says):
    for name in ("facts", "rules"):
        shutil.copytree(shipped_folder(name), tmp_path / name)
    case = tmp_path / "rules" / "cases" / "wrong.yaml"
    case.write_text(
        "area: wrong\ncases:\n"
        "- {name: Wrong, needs: [whiteboard], as_of: 2022-12-31, verdict: {kind: tie}, why: it is not}\n",
        encoding="utf-8",
    )
    run = recommend_says(f"recommend check --cases --rules {tmp_path / 'rules'}")
    assert run.status == 1
    assert "case 'Wrong': kind is recommended; expected tie." in run.err
