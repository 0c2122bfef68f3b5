"""docs/refreshing.md tells the truth: its commands run, and its example is a provider's file."""

import re
import shutil
from pathlib import Path

from provider_advisor.knowledge.shapes.facts_files import ProviderFile
from provider_advisor.knowledge.strict_yaml import parse_yaml

_PAGE = (Path(__file__).parents[2] / "docs" / "refreshing.md").read_text(encoding="utf-8")
_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"


def test_its_commands_run(tmp_path, monkeypatch, recommend_says):
    shutil.copytree(_BICYCLES, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ (recommend .*)$", _PAGE, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        run = recommend_says(f"{command.replace('acme', 'velo')} --facts facts --rules rules")
        assert (run.status, run.err) == (0, ""), command


def test_its_example_is_read_without_a_problem():
    example = re.search(r"```yaml\n(.*?)```", _PAGE, re.DOTALL)[1]
    document = parse_yaml(f"id: acme\nname: Acme\n{example}".encode(), "acme.yaml")
    assert ProviderFile.model_validate(document.data).products[0].renamed is not None
