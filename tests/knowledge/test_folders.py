"""What is said of folders and files as a whole, and that all problems of all files are said at once."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from provider_advisor import KnowledgeError, load
from provider_advisor.knowledge import files
from provider_advisor.knowledge.files import MAX_BYTES
from provider_advisor.knowledge.loader import read_cases

IN_FACTS = (
    "base.yaml, sources.yaml, team.yaml, rates.yaml, criteria/<area>.yaml, members/<list>.yaml and providers/<id>.yaml."
)
IN_RULES = "weights.yaml, questions.yaml, <area>.yaml and cases/<area>.yaml."

RULE_ENDS = "  because: So it is.\n  rests_on: [{source: guide-2020, lines: [3]}]\n"


def rules_text(*rules):
    """A file of rules that each need the first criterion and imply the second."""
    texts = [
        f"- id: {name}\n  when: {{need: {needed}}}\n  implies: [{{criterion: {implied}}}]\n{RULE_ENDS}"
        for name, needed, implied in rules
    ]
    return "area: bad\nrules:\n" + "".join(texts)


def provider_text(*claims):
    return "id: bad\nname: Bad Wheels\nclaims:\n" + "".join(f"- {{{claim}}}\n" for claim in claims)


def _listen(path):
    """Leave a socket there."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.fixture
def problems_of(tmp_path, folders_from):
    """A function from files to what is said of them; `change` may first do something to the two folders."""

    def run(facts=(), rules=(), change=None):
        folders = folders_from(tmp_path, dict(facts), dict(rules))
        if change:
            change(*folders)
        try:
            load(*folders)
        except KnowledgeError as error:
            return [problem.replace(f"{tmp_path}/", "") for problem in error.problems]
        return []

    return run


def test_the_bicycle_shops_have_no_problem(problems_of):
    assert problems_of() == []


@pytest.mark.parametrize(
    ("facts", "rules", "sentence"),
    [
        ({"sources.yaml": None}, {}, f"facts: the folder lacks sources.yaml; expected {IN_FACTS}"),
        (
            {"criteria/services.yaml": None, "criteria/prices.yaml": None},
            {},
            f"facts: the folder lacks criteria/; expected {IN_FACTS}",
        ),
        (
            {"providers/velo.yaml": None, "providers/rad.yaml": None, "providers/ciclo.yaml": None},
            {},
            f"facts: the folder lacks providers/; expected {IN_FACTS}",
        ),
        ({}, {"weights.yaml": None}, f"rules: the folder lacks weights.yaml; expected {IN_RULES}"),
        ({"velo.yaml": ""}, {}, f"facts/velo.yaml:1: unexpected file; expected {IN_FACTS}"),
        ({"shops/velo.yaml": ""}, {}, f"facts/shops/velo.yaml:1: unexpected file; expected {IN_FACTS}"),
        ({"providers/x.yml": ""}, {}, f"facts/providers/x.yml:1: unexpected file; expected {IN_FACTS}"),
        ({}, {"more/x.yaml": ""}, f"rules/more/x.yaml:1: unexpected file; expected {IN_RULES}"),
        (
            {"providers/x.yaml": b"#" * (MAX_BYTES + 1)},
            {},
            "facts/providers/x.yaml:1: larger than 4 MB; split the file into several.",
        ),
    ],
)
def test_a_file_that_is_missing_misplaced_or_too_large(problems_of, facts, rules, sentence):
    assert problems_of(facts, rules) == [sentence]


@pytest.mark.parametrize("name", ["providers/old/x.yaml", "providers/x.YAML"])
def test_no_file_of_facts_is_passed_over_in_silence(problems_of, name):
    [problem] = problems_of({name: "id: x\n"})
    assert problem.startswith(f"facts/{name}:1: unexpected file;")


def test_a_file_as_large_as_allowed_is_read(problems_of):
    text = "id: x\nname: X\nclaims: []\n#"
    assert problems_of({"providers/x.yaml": text + "x" * (MAX_BYTES - len(text))}) == []


def test_a_file_that_leads_nowhere_cannot_be_read(problems_of):
    def change(facts, _):
        (facts / "providers" / "x.yaml").symlink_to(facts / "nowhere")

    assert problems_of(change=change) == ["facts/providers/x.yaml: does not exist; check the path."]


def test_a_folder_that_may_not_be_listed_cannot_be_read(problems_of, monkeypatch):
    scanned = os.scandir

    def refuse(folder):
        if str(folder).endswith("providers"):
            raise PermissionError(13, "Permission denied")
        return scanned(folder)

    assert problems_of(change=lambda *_: monkeypatch.setattr("os.scandir", refuse)) == [
        "facts/providers: cannot be read (Permission denied); check the path and its permissions."
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), _listen])
@pytest.mark.parametrize("name", ["providers/x.yaml", "team.yaml"])
def test_a_pipe_a_device_or_a_socket_is_refused_and_does_not_hang(problems_of, make, name):
    def change(facts, _):
        (facts / name).unlink(missing_ok=True)
        make(facts / name)

    [first, *_] = [problem for problem in problems_of(change=change) if problem.startswith(f"facts/{name}:")]
    assert re.search(r"not a regular file|No such device", first)


@pytest.mark.parametrize("name", [b"\xff\xfe.yaml", b"a\nb.yaml", b"a\x1b[31m.yaml", "a\u202eb.yaml".encode()])
@pytest.mark.parametrize("top", ["facts/providers", "rules", "rules/cases"])
def test_a_file_name_that_no_terminal_can_show_is_refused_and_shown_as_escapes(problems_of, tmp_path, top, name):
    def change(*_):
        with open(os.fsencode(tmp_path / top) + b"/" + name, "wb") as file:  # noqa: PTH123 (no text)
            file.write(b"id: x\n")

    [problem] = problems_of(change=change)
    assert re.fullmatch(
        rf"{top}/[a-z0-9.\\\[]+yaml: the file's name is not plain text in UTF-8; rename the file.", problem
    )
    assert problem.isprintable()


def test_a_folder_name_that_is_not_utf8_is_shown_as_escapes(folders_from, tmp_path):
    facts, rules = folders_from(tmp_path)
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")
    os.rename(facts, odd)  # noqa: PTH104 (no text)
    assert load(odd, rules) == load(odd, rules)
    (tmp_path / "rules" / "weights.yaml").unlink()
    with pytest.raises(KnowledgeError, match="the folder lacks"):
        load(odd, rules)
    with pytest.raises(KnowledgeError) as error:
        load(odd + "/nowhere", rules)
    assert error.value.problems[0].startswith(f"{tmp_path}/\\udcff\\udcfe/nowhere: does not exist;")


def test_folders_nested_ever_deeper_are_refused(problems_of, tmp_path):
    def change(facts, _):
        here = os.open(facts, os.O_RDONLY)
        for _step in range(1_500):
            os.mkdir("deep", dir_fd=here)
            inner = os.open("deep", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(here)

    [problem] = problems_of(change=change)
    # What clears temporary folders goes down step by step, and not this far.
    subprocess.run(["rm", "-rf", tmp_path / "facts"], check=True)
    assert problem.endswith("/deep: folders nested more than 40 deep; is this the right folder?")


@pytest.mark.parametrize("given", ["/", "/proc"])
def test_a_folder_of_the_whole_machine_is_refused_in_sentences(given):
    if not Path(given).is_dir():
        pytest.skip("this system has no such folder")
    with pytest.raises(KnowledgeError) as error:
        load(given)
    assert all(problem.startswith(given) for problem in error.value.problems)


def test_more_files_than_a_base_can_have_are_refused(problems_of, monkeypatch):
    monkeypatch.setattr(files, "_MOST_ENTRIES", 3)
    many = "more than 5000 YAML files or 3 files in all; is this the right folder?"
    assert f"facts: {many}" in problems_of()


@pytest.mark.parametrize("position", [0, 1])
def test_an_empty_name_is_no_folder(folders_from, tmp_path, position):
    folders = list(folders_from(tmp_path))
    folders[position] = ""
    with pytest.raises(KnowledgeError) as error:
        load(*folders)
    kind = ("facts", "rules")[position]
    assert error.value.problems[0].startswith(f"{kind}: an empty name; expected a folder with ")


def test_a_name_that_is_too_long_is_cut(folders_from, tmp_path):
    with pytest.raises(KnowledgeError) as error:
        load("x" * 10_000, folders_from(tmp_path)[1])
    assert error.value.problems[0].startswith("x" * 300 + "…: does not exist; expected ")


def test_a_folder_with_the_name_of_a_file_cannot_be_read(problems_of):
    assert problems_of(change=lambda facts, _: (facts / "providers" / "x.yaml").mkdir()) == [
        "facts/providers/x.yaml: is a folder; give a file in it."
    ]


def test_an_empty_folder_lacks_everything(problems_of):
    def change(facts, _):
        shutil.rmtree(facts)
        facts.mkdir()

    assert problems_of(change=change) == [
        f"facts: the folder lacks criteria/, providers/, sources.yaml; expected {IN_FACTS}"
    ]


def test_both_folders_are_missed_at_once(problems_of):
    def change(facts, rules):
        shutil.rmtree(facts)
        shutil.rmtree(rules)

    assert problems_of(change=change) == [
        f"facts: does not exist; expected a folder with {IN_FACTS}",
        f"rules: does not exist; expected a folder with {IN_RULES}",
    ]


def test_a_file_in_place_of_a_folder_is_no_folder(problems_of):
    def change(facts, _):
        shutil.rmtree(facts)
        facts.write_text("facts")

    assert problems_of(change=change) == [f"facts: is not a folder; expected a folder with {IN_FACTS}"]


def test_without_a_team_file_nothing_can_be_asked_of_a_team(tmp_path, knowledge_from):
    knowledge = knowledge_from(
        tmp_path,
        facts={"team.yaml": None, "criteria/prices.yaml": None, "providers/rad.yaml": None}
        | {f"providers/{name}.yaml": f"id: {name}\nname: A shop\nclaims: []\n" for name in ("velo", "ciclo")},
        rules={"riding.yaml": None},
    )
    assert (knowledge.topics, knowledge.usage, knowledge.rules) == ({}, {}, {})


MANY = {
    "facts": {
        "criteria/bad.yaml": "area: bad\nlabel: Bad\ncriteria:\n"
        "- {id: bells, label: Bells, kind: quantity, question: Bells?, weight: 1}\n",
        "providers/bad.yaml": provider_text(
            *["criterion: rental, value: present, source: guide-2020, line: 3"] * 5,
            "criterion: rentals, value: present, source: guide-2020, line: 3",
            "criterion: rental, value: maybe, source: guide-2021, line: 3",
            "criterion: bikes-in-stock, exactly: 2000.5, unit: people, source: guide-2020, line: 3",
        ),
        "providers/worse.yaml": "id: worse\nname: Worse\nclaims: []\nclaims: []\n",
    },
    "rules": {
        "bad.yaml": rules_text(("one", "repair", "rental"), ("two", "rental", "rentals")),
        "worse.yaml": "area: worse\n",
    },
}
STOCK = "claim on 'bikes-in-stock':"
MANY_SENTENCES = [
    f"{file}.yaml:{line}: {sentence}"
    for file, line, sentence in (
        (
            "facts/criteria/bad",
            4,
            "criterion 'bells': 'scale' is missing; a quantity has one, with worst, best and because.",
        ),
        ("facts/criteria/bad", 4, "criterion 'bells': 'unit' is missing; a quantity has one."),
        ("facts/providers/bad", 9, "claim on 'rentals': unknown criterion. Did you mean 'rental' or 'rental-price'?"),
        (
            "facts/providers/bad",
            10,
            "claim on 'rental': 'maybe' is not a value of this capability; expected present or absent.",
        ),
        ("facts/providers/bad", 10, "claim on 'rental': unknown source 'guide-2021'. Did you mean 'guide-2020'?"),
        (
            "facts/providers/bad",
            11,
            f"{STOCK} 2,000.5 is outside the scale of the criterion, 0 to 1,000; correct one of them.",
        ),
        (
            "facts/providers/bad",
            11,
            f"{STOCK} expected a whole number, because the criterion counts things; or set `whole: false` there.",
        ),
        ("facts/providers/bad", 11, f"{STOCK} the unit 'people' does not fit; expected bikes."),
        ("facts/providers/worse", 4, "the key 'claims' appears twice in one mapping; keep one."),
        ("rules/bad", 3, "rule 'one': unknown criterion 'repair'. Did you mean 'repairs'?"),
        ("rules/bad", 8, "rule 'two': unknown criterion 'rentals'. Did you mean 'rental' or 'rental-price'?"),
        ("rules/worse", 1, "'rules' is missing; add it."),
    )
]


def test_all_problems_of_all_files_come_at_once_sorted_by_place_and_none_twice(problems_of):
    assert problems_of(**MANY) == MANY_SENTENCES


def test_one_thing_that_is_wrong_twice_in_one_rule_is_said_once(problems_of):
    twice = rules_text(("one", "repair", "rental")).replace("{need: repair}", "{any: [{need: repair}, {need: repair}]}")
    assert problems_of(rules={"bad.yaml": twice}) == [
        "rules/bad.yaml:3: rule 'one': unknown criterion 'repair'. Did you mean 'repairs'?"
    ]


def test_the_error_itself_reads_as_the_list_of_its_problems(tmp_path, folders_from):
    with pytest.raises(KnowledgeError) as caught:
        load(*folders_from(tmp_path, **MANY))
    assert str(caught.value).replace(f"{tmp_path}/", "").splitlines() == MANY_SENTENCES


def test_problems_are_sorted_by_place_in_a_folder_with_a_colon_too(tmp_path, folders_from):
    with pytest.raises(KnowledgeError) as caught:
        load(*folders_from(tmp_path / "a:b", **MANY))
    assert [problem.replace(f"{tmp_path}/a:b/", "") for problem in caught.value.problems] == MANY_SENTENCES


OWN_SOURCE = "{id: bad-plans, title: Plans, language: en, published: 2024-05-02, retrieved: 2024-06-01}"


def test_a_provider_s_file_may_hold_the_sources_that_speak_of_it_alone(knowledge_from, tmp_path):
    text = provider_text("criterion: rental, value: present, source: bad-plans, line: 3")
    facts = {"providers/bad.yaml": text.replace("claims:", f"sources:\n- {OWN_SOURCE}\nclaims:")}
    knowledge = knowledge_from(tmp_path, facts)
    assert knowledge.sources["bad-plans"].title == "Plans"
    assert str(knowledge.claims["bad", "rental"][0].stated) == "2024-05-02"


def test_the_id_of_a_source_is_unique_among_the_files(problems_of):
    text = provider_text("criterion: rental, value: present, source: guide-2021, line: 3")
    own = OWN_SOURCE.replace("bad-plans", "guide-2020")
    assert problems_of({"providers/bad.yaml": text.replace("claims:", f"sources:\n- {own}\nclaims:")}) == [
        (
            "facts/providers/bad.yaml:4: the source 'guide-2020' is already defined at facts/sources.yaml:2; "
            "rename or remove one."
        ),
        "facts/providers/bad.yaml:6: claim on 'rental': unknown source 'guide-2021'. Did you mean 'guide-2020'?",
    ]


@pytest.mark.parametrize("misplaced", [{"facts": {"velo.yaml": ""}}, {"rules": {"weights.yaml": None}}])
def test_a_problem_of_a_folder_hides_none_of_a_file(problems_of, misplaced):
    bad = {"providers/bad.yaml": provider_text("criterion: rentals, value: present, source: guide-2020, line: 3")}
    found = problems_of(misplaced.get("facts", {}) | bad, misplaced.get("rules", {}))
    assert len(found) == 2
    assert any(problem.startswith("facts/providers/bad.yaml:4: claim on 'rentals': unknown") for problem in found)


def test_one_bad_claim_hides_no_other_of_its_file(problems_of):
    text = provider_text(
        "criterion: rental, value: present, line: 3", "criterion: rentals, value: present, source: guide-2020, line: 3"
    )
    places = [problem.partition(": ")[0] for problem in problems_of({"providers/bad.yaml": text})]
    assert places == ["facts/providers/bad.yaml:4", "facts/providers/bad.yaml:5"]


def test_one_bad_criterion_makes_no_other_unknown(problems_of, folders_from, tmp_path):
    good = (folders_from(tmp_path)[0] / "criteria" / "services.yaml").read_text()
    [problem] = problems_of({"criteria/services.yaml": good.replace("limit: true", "limt: true")})
    assert "'limt'" in problem


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("criteria/services.yaml", ("id: repairs", "idd: repairs")),
        ("criteria/services.yaml", ("area:", "are:")),
        ("criteria/services.yaml", ("criteria:", "criterias:")),
        ("criteria/prices.yaml", ("usage:", "usages:")),
        ("sources.yaml", ("id: guide-2020", "id: guide_2020")),
        ("sources.yaml", ("published:", "publishd:")),
        ("team.yaml", ("situation:", "situations:")),
        ("team.yaml", ("usage:", "usages:")),
        ("team.yaml", ("id: skill", "id: skill_level")),
    ],
)
def test_one_misspelt_word_is_one_mistake_at_its_line(problems_of, folders_from, tmp_path, name, words):
    good = (folders_from(tmp_path)[0] / name).read_text()
    found = problems_of({name: good.replace(*words, 1)})
    assert len([problem for problem in found if " is missing" not in problem]) == 1, found
    assert all(problem.startswith(f"facts/{name}:") for problem in found)


@pytest.mark.parametrize("name", ["criteria/services.yaml", "sources.yaml", "team.yaml"])
@pytest.mark.parametrize("content", ["- a list", "a: [1\n", "a text", ""])
def test_a_file_that_cannot_be_read_makes_nothing_unknown(problems_of, name, content):
    [problem] = problems_of({name: content})
    assert problem.startswith(f"facts/{name}:")


@pytest.mark.parametrize("name", ["criteria/services", "sources", "team"])
def test_a_file_with_another_ending_makes_nothing_unknown(problems_of, folders_from, tmp_path, name):
    content = (folders_from(tmp_path / "good")[0] / f"{name}.yaml").read_bytes()
    found = problems_of({f"{name}.yaml": None, f"{name}.yml": content})
    assert [problem.split(";")[0] for problem in found] == [f"facts/{name}.yml:1: unexpected file"]


CIRCLES = rules_text(("there", "rental", "cargo-bikes"), ("back", "cargo-bikes", "rental"))


def test_every_circle_of_rules_is_reported(problems_of):
    text = CIRCLES + rules_text(("self", "tour-group", "tour-group")).removeprefix("area: bad\nrules:\n")
    assert [problem.partition(" (")[2].partition(")")[0] for problem in problems_of(rules={"bad.yaml": text})] == [
        "cargo-bikes <- rental <- cargo-bikes",
        "tour-group <- tour-group",
    ]


def test_a_circle_is_reported_at_one_of_its_rules(problems_of):
    innocent = rules_text(("innocent", "tour-group", "rental"))
    assert problems_of(rules={"a.yaml": innocent, "bad.yaml": CIRCLES})[0].startswith("rules/bad.yaml:")


def test_cases_are_checked_like_other_files_and_two_of_one_name_are_one_too_many(tmp_path, folders_from):
    case = "- name: Once\n  needs: [repairs]\n  verdict: {kind: tie}\n  why: because\n"
    folders = folders_from(tmp_path, rules={"cases/bad.yaml": f"area: bad\ncases:\n{case}{case}"})
    with pytest.raises(KnowledgeError) as caught:
        read_cases(*folders)
    place = f"{folders[1]}/cases/bad.yaml"
    assert caught.value.problems == (
        f"{place}:7: the case 'Once' is already defined at {place}:3; rename or remove one.",
    )
