"""What a team should know of the products it would choose, by what it says of itself."""

from __future__ import annotations

import datetime as dt

import pytest

from provider_advisor.explanation.answer_records import CautionRecord
from provider_advisor.explanation.products import list_cautions
from provider_advisor.faces.cli.text_answer import render_recommendation
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_DAY = dt.date(2023, 6, 1)
_TEAM = """situation:
- id: skill
  label: Skill
  question: How well do you ride?
  values: [beginner, regular, racer]
  cautions:
  - {is: beginner, product_has: [rental], unless: [advice-on-site], says: "lends to racers alone"}
- {id: purposes, label: Purposes, question: What do you ride for?, many: true, values: [commuting, touring, racing]}
usage:
- {id: inspections, label: Inspections, question: How many inspections a month?, unit: inspections}
- {id: rental-days, label: Rental days, question: How many days of rental a month?, unit: days}
"""
_MORE = """area: more
label: More
criteria:
- {id: advice-on-site, label: Advice on site, kind: capability, question: Must they advise?, weight: 1}
"""
_SAID = "Rad am Ring: Verleih lends to racers alone (Skill: beginner)."


def _claim(criterion, product, evidence="stated"):
    parts = f"criterion: {criterion}, product: {product}, value: present, evidence: {evidence}"
    return f"- {{{parts}, source: guide-2020, line: 22}}\n"


def _answered(knowledge_from, tmp_path, *claims, needs=("rental",), situation=None):
    rad = (
        "id: rad\nname: Rad am Ring\nproducts:\n- {id: shop, name: Laden}\n- {id: hire-desk, name: Verleih}\nclaims:\n"
        + "".join(claims)
    )
    files = {"team.yaml": _TEAM, "criteria/more.yaml": _MORE, "providers/rad.yaml": rad}
    knowledge = knowledge_from(tmp_path, facts=files)
    team = read_team(knowledge, needs=list(needs), situation=situation or {"skill": "beginner"})
    return answer(knowledge, Statement(team, _DAY), robustness=False), knowledge


def _list(*asked, **options):
    found = _answered(*asked, **options)[0].explanation
    return [part.says for part in found.cautions if part.provider == "rad"]


_HIRE, _SHOP = _claim("rental", "hire-desk"), _claim("rental", "shop")


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_every_form_tells_the_caution(knowledge_from, tmp_path, form):
    rides = _claim("test-rides", "hire-desk")
    found, knowledge = _answered(knowledge_from, tmp_path, _HIRE, rides, needs=("rental", "test-rides"))
    assert _SAID in " ".join(render_recommendation(found, knowledge, form, verbose=True).split())


def test_what_is_true_of_two_products_is_said_once(knowledge_from, tmp_path):
    found, knowledge = _answered(knowledge_from, tmp_path, _HIRE, _claim("repairs", "shop"), needs=("rental",))
    (caution,) = (part for part in found.explanation.cautions if part.provider == "rad")
    other = CautionRecord(**{**vars(caution), "product": "shop", "says": _SAID.replace("Verleih", "Laden")})
    found.explanation.cautions = [caution, other]
    assert list_cautions(found.explanation, knowledge, every=True) == [
        f"{_SAID} The same is true of Laden (Rad am Ring)."
    ]


def test_only_the_answer_that_it_is_for_is_cautioned(knowledge_from, tmp_path):
    assert _list(knowledge_from, tmp_path, _HIRE) == [_SAID]
    assert _list(knowledge_from, tmp_path, _HIRE, situation={"skill": "racer"}) == []


def test_a_product_that_also_has_what_makes_it_fit_is_not_meant_unless_that_is_ambiguous(knowledge_from, tmp_path):
    assert _list(knowledge_from, tmp_path, _HIRE, _claim("advice-on-site", "hire-desk")) == []
    assert _list(knowledge_from, tmp_path, _HIRE, _claim("advice-on-site", "shop")) == [_SAID]
    assert _list(knowledge_from, tmp_path, _HIRE, _claim("advice-on-site", "hire-desk", "ambiguous")) == [_SAID]


def test_where_another_product_is_enough_there_is_no_caution(knowledge_from, tmp_path):
    assert _list(knowledge_from, tmp_path, _HIRE, _SHOP, _claim("advice-on-site", "shop")) == []
    assert len(_list(knowledge_from, tmp_path, _HIRE, _SHOP)) == 1


def test_what_only_a_wish_needs_is_no_reason_for_a_caution(knowledge_from, tmp_path):
    claims = (_HIRE, _claim("repairs", "shop"))
    assert _list(knowledge_from, tmp_path, *claims, needs=("repairs", "rental:should")) == []
