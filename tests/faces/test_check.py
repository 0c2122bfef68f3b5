"""`recommend check` says which folders it read, and never checks others than those that lie here."""

import json

import pytest

from provider_advisor.version import __version__


def test_it_says_which_folders_it_read(here, recommend_says):
    run = recommend_says("recommend check --facts facts --rules rules")
    assert (run.status, f"Read from {here}/facts and {here}/rules.\n" in run.out) == (0, True)


def test_the_folders_may_be_named_before_it(here, recommend_says):
    run = recommend_says("recommend --facts facts --rules rules check --cases")
    assert (run.status, f"Read from {here}/facts and {here}/rules.\n" in run.out) == (0, True)
    after = recommend_says("recommend check --facts facts --rules rules --cases")
    assert run.out == after.out


def test_beside_facts_that_are_not_in_use_it_refuses(here, recommend_says):
    run = recommend_says("recommend check")
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("facts: without options, check reads the facts shipped with the program, in ")
    assert f"not those in {here}/facts; to check those, add --facts facts --rules rules" in run.err
    assert run.err.count("\n") == 1


@pytest.mark.parametrize(("kind", "other"), [("facts", "rules"), ("rules", "facts")])
def test_facts_and_rules_that_do_not_belong_together_are_one_sentence(here, recommend_says, kind, other):
    run = recommend_says(f"recommend check --{kind} {kind}")
    assert run.status == 2
    assert run.err.count("\n") == 1
    assert f"the {kind} in {kind} are read with the shipped {other}, which do not match them" in run.err
    assert run.err.endswith(f"give matching ones with --{other} {here / other}.\n")


def test_a_single_rule_beside_its_own_facts_is_known_to_belong_to_them(here, recommend_says):
    (here / "rules" / "riding.yaml").write_text(
        "area: riding\nrules:\n- {id: one, when: {need: repairs}, implies: [{criterion: advice}], because: So.,"
        " rests_on: [{source: survey-2023, lines: [1]}]}\n"
    )
    run = recommend_says("recommend check --rules rules")
    assert run.status == 2
    assert run.err.startswith("facts: the rules in rules are read with the shipped facts")
    assert run.err.count("\n") == 1
    assert run.err.endswith(f"give matching ones with --facts {here}/facts.\n")


def test_a_problem_of_the_facts_themselves_is_told_beside_the_mismatch(here, recommend_says):
    (here / "facts" / "team.yaml").write_text("situation: none\n", encoding="utf-8")
    run = recommend_says("recommend check --facts facts")
    assert run.err.startswith("facts/team.yaml:1: 'situation': expected a list; found 'none'.\n")
    assert run.err.count("\n") == 2


def test_a_file_of_another_shape_is_answered_with_an_example(here, recommend_says):
    (here / "facts" / "providers" / "velo.yaml").write_text("- repairs\n", encoding="utf-8")
    run = recommend_says("recommend check --facts facts --rules rules")
    assert run.err == (
        "facts/providers/velo.yaml:1: expected a file such as this example; found a list.\n"
        "    id: acme\n"
        "    name: Acme\n"
        "    sources:\n"
        "    - {id: acme-plans, title: Plans, language: en, published: 2024-05-02, retrieved: 2024-06-01}\n"
        "    claims:\n"
        "    - {criterion: night-support, value: present, source: guide-2024, line: 12}\n"
    )


@pytest.mark.parametrize("name", ["._velo.yaml", ".#velo.yaml", ".velo.yaml.swp", ".trash/velo.yaml"])
def test_hidden_files_are_passed_over(here, recommend_says, name):
    hidden = here / "facts" / "providers" / name
    hidden.parent.mkdir(exist_ok=True)
    hidden.write_bytes(b"\0\5\7")
    assert recommend_says("recommend check --facts facts --rules rules").status == 0


def test_every_answer_says_which_folders_it_read(here, recommend_says):
    answer = "recommend --needs repairs --as-of 2024-01-01 --no-robustness"
    said = recommend_says(f"{answer} --facts facts --rules rules").out
    assert "Answered as of 2024-01-01. Facts: facts. Rules: rules." in " ".join(said.split())
    (here / "teams.csv").write_text("needs\nrepairs\n", encoding="utf-8")
    batch = "recommend batch teams.csv scores.csv --summary sums.json --report sums.html --facts facts --rules rules"
    assert recommend_says(batch).status == 0
    assert "Facts: facts. Rules: rules." in (here / "sums.html").read_text(encoding="utf-8")
    assert json.loads((here / "sums.json").read_text())["knowledge"]["read_from"] == "Facts: facts. Rules: rules."
    shipped = recommend_says("recommend --needs whiteboard --as-of 2022-12-31 --format markdown").out
    assert "- Facts and rules: shipped with the program.\n" in shipped


@pytest.mark.usefixtures("here")
def test_examples_are_of_the_base_that_is_loaded(recommend_says):
    said = recommend_says("recommend --facts facts --rules rules").out
    example = said.split("for example: ")[1].split(".")[0].split()
    assert example[:2] == ["recommend", "--needs"]
    assert recommend_says(f"{' '.join(example)} --facts facts --rules rules").status == 0


def test_facts_lists_from_when_and_until_when_a_claim_is_true(here, recommend_says):
    file = here / "facts" / "providers" / "ciclo.yaml"
    claim = "- {criterion: rental, value: present, source: survey-2023, line: 9, from: 2023-06-01, until: 2024-12-05}\n"
    file.write_text(file.read_text(encoding="utf-8") + claim, encoding="utf-8")
    run = recommend_says("recommend facts ciclo rental --facts facts --rules rules")
    assert "present from 2023-06-01 until 2024-12-05" in " ".join(run.out.split())


def test_the_versions_of_program_and_base_are_printed_together(here, recommend_says):
    assert recommend_says("recommend --version").out.startswith(f"recommend, version {__version__}\nKnowledge base ")
    (here / "facts" / "base.yaml").write_text("version: 1.4.0\ndate: 2024-01-16\n", encoding="utf-8")
    run = recommend_says("recommend --version --facts facts --rules rules")
    assert run.out.splitlines()[1] == "Knowledge base 1.4.0 of 2024-01-16. Facts: facts. Rules: rules."
    answer = "recommend --needs repairs --as-of 2024-02-01 --facts facts --rules rules"
    assert "Knowledge base 1.4.0 of 2024-01-16 (" in recommend_says(f"{answer} --verbose").out
    assert "**Knowledge base:** 1.4.0 of 2024-01-16, `" in recommend_says(f"{answer} --format markdown").out
    assert "Version 1.4.0 of 2024-01-16." in recommend_says(f"{answer} --format html").out


def test_a_name_of_a_provider_and_of_a_member_lists_the_provider(recommend_says):
    """Zoom is a provider, and a program that others work with."""
    run = recommend_says("recommend facts zoom")
    assert run.out.startswith("Zoom\n  ")
    assert "\nSources\n  [1] " in run.out
