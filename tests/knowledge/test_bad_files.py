"""One bad file for each mistake: what is said of it, where, and that nothing else is said.

A file under `bad/` begins with the expected sentences, one behind each `#!`; an `…` stands for words that may change.
It is put beside, or in place of, the good files of the bicycle shops, as its folder says.
"""

import re
from pathlib import Path

import pytest

from provider_advisor import KnowledgeError, load

BAD = Path(__file__).parent / "bad"
PLACES = {
    "sources": "facts/sources.yaml",
    "team": "facts/team.yaml",
    "criteria": "facts/criteria/bad.yaml",
    "members": "facts/members/bad.yaml",
    "rates": "facts/rates.yaml",
    "claims": "facts/providers/bad.yaml",
    "weights": "rules/weights.yaml",
    "rules": "rules/bad.yaml",
    "cases": "rules/cases/bad.yaml",
    "questions": "rules/questions.yaml",
}

OF_PYTHON = re.compile(
    r"instance of|Shape\b|dictionary|\bTrue\b|\bFalse\b|\bNone\b|\ba integer|after validation|datetime\."
    r"|(?<!expected a list); found a mapping"
)


def cases():
    for path in sorted(BAD.glob("*/*.yaml")):
        yield pytest.param(path, id=path.relative_to(BAD).with_suffix("").as_posix())


def problems_with(path, folder, folders_from):
    """What is said of the bicycle shops with this bad file, with paths as in the folder."""
    top, name = PLACES[path.parent.name].split("/", 1)
    folders = folders_from(folder, **{top: {name: path.read_bytes()}})
    try:
        load(*folders)
    except KnowledgeError as error:
        return [problem.replace(f"{folder}/", "") for problem in error.problems]
    return []


@pytest.mark.parametrize("path", list(cases()))
def test_a_bad_file_is_refused_with_its_sentences_in_no_words_of_python_and_no_others(path, tmp_path, folders_from):
    expected = [line[3:] for line in path.read_text("utf-8").splitlines() if line.startswith("#! ")]
    assert expected, "a bad file says at its head what is expected"
    found = problems_with(path, tmp_path, folders_from)
    assert len(found) == len(expected), found
    for problem, sentence in zip(found, expected, strict=True):
        assert re.fullmatch(".*".join(map(re.escape, sentence.split("…"))), problem, re.DOTALL), problem
        assert re.fullmatch(r"(facts|rules)/[a-z/-]+\.yaml:[0-9]+: .+[.?]", problem.partition("\n")[0])
        assert not OF_PYTHON.search(problem), problem


def test_terms_of_a_price_need_the_volumes_of_its_criterion(tmp_path, folders_from):
    common = "kind: price, of: rental, question: Price?, weight: 1, scale: {worst: 9, best: 0, because: so}"
    criteria = f"""area: bells
label: Bells
criteria:
- {{id: sum-price, label: Price of a sum, unit: EUR/month, usage: [inspections, rental-days], {common}}}
- {{id: bell-price, label: Price of a bell, unit: EUR/bell, {common}}}
"""
    claims = """id: bad
name: Bad Wheels
claims:
- {criterion: sum-price, exactly: 3, billed_at_least: 2, unit: EUR/month, source: guide-2020, line: 3}
- {criterion: bell-price, exactly: 3, monthly_fee: 2, unit: EUR/bell, source: guide-2020, line: 3}
"""
    with pytest.raises(KnowledgeError) as error:
        load(*folders_from(tmp_path, facts={"criteria/bells.yaml": criteria, "providers/bad.yaml": claims}))
    assert [problem.partition("': ")[2] for problem in error.value.problems if "bad.yaml" in problem] == [
        "'billed_at_least' belongs to a price with one volume, and this one has several; remove it.",
        "'monthly_fee' belongs to a price with a volume, and the criterion names no `usage`; remove it.",
    ]


def test_claims_are_not_blamed_for_a_criterion_without_a_unit(tmp_path, folders_from):
    services = (BAD.parent / "bicycles" / "facts" / "criteria" / "services.yaml").read_text(encoding="utf-8")
    assert "  unit: people\n" in services
    changed = services.replace("  unit: people\n", "")
    with pytest.raises(KnowledgeError) as error:
        load(*folders_from(tmp_path, facts={"criteria/services.yaml": changed}))
    (problem,) = error.value.problems
    assert problem.endswith("criterion 'tour-group': 'unit' is missing; a quantity has one.")


def test_each_folder_of_bad_files_has_a_place():
    assert {path.name for path in BAD.iterdir()} == set(PLACES)
