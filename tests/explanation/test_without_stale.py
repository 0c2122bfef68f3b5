"""An answer says in its sentence whom it would name without facts that are out of date, if that is somebody else."""

from __future__ import annotations

import datetime as dt

import pytest
from click.testing import CliRunner

from provider_advisor.explanation.findings_in_words import find_stale_year
from provider_advisor.faces.cli.compare import compare_command
from provider_advisor.faces.cli.text_answer import render_recommendation
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_DAY = dt.date(2024, 1, 1)
_CRITERIA = """area: extra
label: Extra
criteria:
- {id: wax, label: Wax, kind: capability, question: Must they wax?, weight: 1, stale_after: 365d}
- {id: polish, label: Polish, kind: capability, question: Must they polish?, weight: 1, stale_after: 365d}
"""
_SHOP = """id: ID
name: NAME
claims:
- {criterion: wax, value: present, source: survey-2023, line: 41, stated: WAX}
- {criterion: polish, value: present, source: survey-2023, line: 42, stated: POLISH}
"""


def _write(name, wax, polish):
    shop = _SHOP.replace("ID", name.lower()).replace("NAME", name).replace("WAX", wax).replace("POLISH", polish)
    return shop if polish != "none" else "\n".join(shop.splitlines()[:-1])


@pytest.fixture
def shops(knowledge_from, tmp_path):
    files = {
        "criteria/extra.yaml": _CRITERIA,
        "providers/alt.yaml": _write("Alt", "2022-01-01", "2022-01-01"),
        "providers/neu.yaml": _write("Neu", "2023-03-01", "none"),
    }
    return knowledge_from(tmp_path, facts=files)


def _sentence(shops, **asked):
    return answer(shops, Statement(read_team(shops, **asked), _DAY)).record["verdict"]["reason"]


def test_who_leads_by_old_facts_alone_is_told_with_who_would_lead_without(shops):
    sentence = _sentence(shops, needs=["wax"], wants=["polish"])
    assert sentence.startswith("Alt is recommended (leaning)")
    assert sentence.endswith("; ignoring out-of-date facts, Neu would be recommended (leaning).")


def test_who_comes_closest_by_old_facts_alone_is_told_to_come_closest_no_more(shops):
    shops = shops.restrict(only=["alt", "neu"])
    sentence = _sentence(shops, needs=["polish", "cargo-bikes"])
    assert "and Alt comes closest" in sentence
    assert sentence.endswith("; ignoring out-of-date facts, no provider would come closest.")


def test_nothing_is_said_where_old_facts_change_nobody(shops):
    assert "out of date" not in _sentence(shops, needs=["repairs"])


def test_tables_show_the_year_of_a_fact_that_is_out_of_date(shops):
    team = Statement(read_team(shops, needs=["wax"], wants=["polish"]), _DAY)
    found = answer(shops, team)
    for form in ("text", "markdown", "html"):
        text = render_recommendation(found, shops, form, verbose=False)
        assert text.count("yes (2022)") >= 2, "Alt's two facts"
        assert "yes (2023)" not in text, "Neu's is not out of date"


def test_a_choice_has_a_year_only_if_all_that_meets_it_is_out_of_date(knowledge_from, tmp_path):
    files = {
        "criteria/extra.yaml": _CRITERIA,
        "providers/alt.yaml": _write("Alt", "2022-01-01", "2022-01-01"),
        "providers/mix.yaml": _write("Mix", "2023-03-01", "2022-01-01"),
    }
    shops = knowledge_from(tmp_path, facts=files)
    found = answer(shops, Statement(read_team(shops, needs=["polish|wax"]), _DAY)).explanation
    years = {part.provider: find_stale_year(part, found) for part in found.findings}
    assert (years["alt"], years["mix"]) == ("2022", "")


_RULES = """area: extra
rules:
- {id: waxing-favours-polish, when: {need: wax}, favours: {any: [{fact: polish}, {fact: repairs}]}, weight: 1,
   because: Who waxes polishes., rests_on: [{source: survey-2023, lines: [41]}]}
"""


def test_a_rule_that_only_facts_out_of_date_satisfy_has_their_year(knowledge_from, tmp_path):
    repairs = "\n- {criterion: repairs, value: present, source: survey-2023, line: 43}\n"
    files = {
        "criteria/extra.yaml": _CRITERIA,
        "providers/alt.yaml": _write("Alt", "2023-03-01", "2022-01-01"),
        "providers/mix.yaml": _write("Mix", "2023-03-01", "2022-01-01").rstrip() + repairs,
        "providers/neu.yaml": _write("Neu", "2023-03-01", "2023-03-01"),
    }
    shops = knowledge_from(tmp_path, facts=files, rules={"extra.yaml": _RULES})
    found = answer(shops, Statement(read_team(shops, needs=["wax"]), _DAY))
    by_rule = {part.provider: part.stale for part in found.explanation.findings if part.rule}
    assert {name: by_rule[name] for name in ("alt", "mix", "neu")} == {"alt": "2022-01-01", "mix": None, "neu": None}
    report = render_recommendation(found, shops, "markdown", verbose=False)
    rows = [line for line in report.splitlines() if line.startswith("| rule |")]
    assert sum(row.count("yes (2022)") for row in rows) == 1


def test_a_comparison_shows_the_year_too(folders_from, tmp_path):
    files = {
        "criteria/extra.yaml": _CRITERIA,
        "providers/alt.yaml": _write("Alt", "2022-01-01", "2022-01-01"),
        "providers/neu.yaml": _write("Neu", "2023-03-01", "none"),
    }
    facts, rules = folders_from(tmp_path, files)
    asked = ["alt", "neu", "--as-of", str(_DAY), "--facts", str(facts), "--rules", str(rules)]
    said = CliRunner().invoke(compare_command, asked).output
    assert "yes (2022) [1, line 41]" in said
    assert "yes [1, line 41]" in said
    assert "A year in parentheses marks a fact that is out of date" in said
