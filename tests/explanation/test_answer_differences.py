"""Whether and why an answer differs: every kind of change to facts and rules is named."""

import copy
import datetime as dt
import json
from pathlib import Path

import pytest

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.answer_differences import CONTEXT, compare_records, find_differences
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Statement, read_team

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"
_DAY = dt.date(2024, 1, 1)
_ASKED = {
    "needs": ["repairs"],
    "wants": ["advice>=good", "rental-price", "cargo-bikes"],
    "situation": {"skill": "beginner", "purposes": ["commuting"]},
    "usage": {"inspections": 2, "rental-days": 3},
}
_CICLO = """\
id: ciclo
name: Ciclo
claims:
- {criterion: repairs, value: present, source: survey-2023, line: 41}
- {criterion: rental-price, from: 9, unit: EUR/day, source: survey-2023, line: 42}
- {criterion: inspection-price, by_quote: true, unit: EUR/inspection, source: survey-2023, line: 43}
- {criterion: lightest-frame, at_most: 0.9, unit: kg, source: survey-2023, line: 44}
- {criterion: advice, value: excellent, evidence: ambiguous, source: survey-2023, line: 45}
"""


def _record(knowledge, day=_DAY, **asked):
    return answer(knowledge, Statement(read_team(knowledge, **(asked or _ASKED)), day)).record


@pytest.fixture(scope="module")
def old(bicycles):
    return _record(bicycles)


@pytest.fixture
def changed(knowledge_from, tmp_path):
    """A function from (file, text before, text after) of the bicycle shops to the record of the changed ones."""

    def record(name, before, after, **asked):
        room, _, path = name.partition("/")
        source = (_BICYCLES / name).read_text(encoding="utf-8")
        assert before in source
        return _record(knowledge_from(tmp_path, **{room: {path: source.replace(before, after)}}), **asked)

    return record


def _about(found, kind):
    return [part for part in found if part["about"] == kind]


def _text(found):
    return "\n".join(part["says"] for part in found)


def test_the_same_record_differs_in_nothing(old):
    assert find_differences(old, old) == []
    compared = compare_records(old, old)
    assert compared["says"] == "The answer is the same."
    assert not compared["differs"]


def test_a_record_that_went_through_json_is_the_same(old):
    assert find_differences(json.loads(json.dumps(old)), old) == []


def test_another_fingerprint_alone_is_said_to_touch_nothing(old, changed):
    new = changed("facts/providers/rad.yaml", "exactly: 240", "exactly: 241")
    found = find_differences(old, new)
    assert [part["about"] for part in found] == ["knowledge"]
    compared = compare_records(old, new)
    assert not compared["differs"]
    assert compared["says"] == "The answer is the same: facts or rules changed, but nothing in this answer did."


def test_another_day_alone_is_no_difference_of_the_answer(old, bicycles):
    found = find_differences(old, _record(bicycles, dt.date(2024, 1, 2)))
    assert {part["about"] for part in found} <= set(CONTEXT)
    assert "Facts counted as of 2024-01-01 before, and as of 2024-01-02 now." in _text(found)


def test_a_claim_read_otherwise_is_named_with_its_line_and_what_it_says_then_and_now(old, changed):
    new = changed(
        "facts/providers/velo.yaml",
        "repairs, product: shop, value: present, source: survey-2023, line: 9",
        "repairs, product: shop, value: absent, source: survey-2023, line: 9",
    )
    found = find_differences(old, new)
    (finding,) = _about(found, "finding")
    assert (finding["provider"], finding["criterion"]) == ("velo", "repairs")
    assert (finding["old"]["outcome"], finding["new"]["outcome"]) == ("met", "unmet")
    assert [claim["line"] for claim in finding["claims"]] == [9]
    assert "before yes" in finding["says"]
    assert "line 9 of survey-2023" in finding["says"]
    assert _about(found, "standing")[0]["says"] == "Velo & Sons was qualified and is now ruled out."


def test_what_was_asked_reads_as_in_an_answer(bicycles, changed):
    asked = {"needs": ["repairs=no"], "wants": ["advice=good"]}
    after = "repairs, product: shop, value: absent, source: survey-2023, line: 9"
    new = changed("facts/providers/velo.yaml", after.replace("absent", "present"), after, **asked)
    (finding,) = _about(find_differences(_record(bicycles, **asked), new), "finding")
    assert finding["says"].startswith("Velo & Sons on Repairs, absent: ")
    new = changed("rules/weights.yaml", "should: 2", "should: 3", **asked)
    (weight,) = _about(find_differences(_record(bicycles, **asked), new), "weight")
    assert weight["says"].startswith("The weight of Advice, exactly good (should)")


def test_a_claim_that_came_is_named(old, changed):
    added = "- {criterion: cargo-bikes, value: present, source: survey-2023, line: 46}\n"
    found = find_differences(old, changed("facts/providers/ciclo.yaml", _CICLO[-20:], _CICLO[-20:] + added))
    (finding,) = _about(found, "finding")
    assert [(claim["change"], claim["source"], claim["line"]) for claim in finding["claims"]] == [
        ("added", "survey-2023", 46)
    ]
    assert "added: line 46 of survey-2023 (stated, 2023-03-01)" in finding["says"]


def test_a_claim_that_went_is_named(old, changed):
    gone = "- {criterion: advice, value: good, source: survey-2023, line: 12}\n"
    (finding,) = _about(find_differences(old, changed("facts/providers/velo.yaml", gone, "")), "finding")
    assert [(claim["change"], claim["line"]) for claim in finding["claims"]] == [("removed", 12)]
    assert "now not known" in finding["says"]


def test_a_claim_whose_evidence_changed_is_named_though_the_answer_to_it_stays(old, changed):
    new = changed("facts/providers/ciclo.yaml", ", evidence: ambiguous", "")
    (finding,) = _about(find_differences(old, new), "finding")
    assert [(claim["change"], claim["line"]) for claim in finding["claims"]] == [("changed", 45)]
    assert "(stated, 2023-03-01, was ambiguous, 2023-03-01)" in finding["says"]


def test_a_rule_that_went_is_named_with_what_it_asked(old, changed):
    rules = (_BICYCLES / "rules/riding.yaml").read_text(encoding="utf-8")
    start, end = rules.index("- id: beginners-try-first"), rules.index("- id: commuters-need-repairs")
    found = find_differences(old, changed("rules/riding.yaml", rules[start:end], ""))
    (asked,) = [part for part in _about(found, "requirement") if part["new"] is None]
    assert asked["rules"] == ["beginners-try-first"]
    assert (
        asked["says"]
        == "No longer asked for: Test rides (should), which was asked for by the rule beginners-try-first."
    )


def test_a_rule_that_came_is_named_with_its_reason(changed, bicycles):
    rule = """\
- id: beginners-carry-little
  when: {situation: skill, is: beginner}
  implies: [{criterion: child-seats, priority: could}]
  because: Somebody has to come along.
  rests_on: [{source: guide-2020, lines: [5]}]
"""
    asked = {"wants": ["rental"], "situation": {"skill": "beginner"}}
    new = changed("rules/riding.yaml", "rules:\n", "rules:\n" + rule, **asked)
    (part,) = _about(find_differences(_record(bicycles, **asked), new), "requirement")
    assert part["says"] == (
        "Newly asked for by the rule beginners-carry-little: Child seats (could). Somebody has to come along."
    )


def test_a_rule_that_asks_otherwise_is_told_as_one_change(old, changed):
    new = changed("rules/riding.yaml", "[{criterion: test-rides}", "[{criterion: test-rides, priority: could}")
    (part,) = _about(find_differences(old, new), "requirement")
    assert "Before: Test rides (should)" in part["says"]
    assert "Now: Test rides (could)" in part["says"]


def test_a_rule_that_favours_and_went_is_named(bicycles, changed):
    asked = {"wants": ["rental"], "situation": {"skill": "racer", "purposes": ["racing"]}}
    rules = (_BICYCLES / "rules/riding.yaml").read_text(encoding="utf-8")
    start, end = rules.index("- id: racers-like-light-frames"), rules.index("- id: many-days-cheaply")
    old, new = _record(bicycles, **asked), changed("rules/riding.yaml", rules[start:end], "", **asked)
    (part,) = _about(find_differences(old, new), "rule")
    assert part["rule"] == "racers-like-light-frames"
    assert "no longer counts: A light frame climbs faster." in part["says"]
    (back,) = _about(find_differences(new, old), "rule")
    assert "now counts" in back["says"]


def test_changed_weights_are_named(old, changed):
    found = _about(find_differences(old, changed("rules/weights.yaml", "must: 4", "must: 5")), "weight")
    assert [(part["criterion"], part["old"], part["new"]) for part in found] == [("repairs", 8, 10)]
    assert found[0]["says"] == "The weight of Repairs (must) was 8 and is now 10."


def test_another_share_for_the_unknown_is_said_of_each_finding_that_it_moves(old, changed):
    found = _about(find_differences(old, changed("rules/weights.yaml", "unknown: 0.5", "unknown: 0.4")), "finding")
    assert any("counted 50% before and 40% now" in part["says"] for part in found)


def test_another_price_is_named_in_the_cost(old, changed):
    found = find_differences(old, changed("facts/providers/velo.yaml", "exactly: 49.5", "exactly: 60"))
    (cost,) = _about(found, "cost")
    assert cost["says"].startswith(
        "The monthly cost with Velo & Sons was at least 99 EUR/month and is now at least 120"
    )
    assert "for inspections 49.5 EUR/inspection before and 60 EUR/inspection now" in cost["says"]
    assert [claim["line"] for claim in cost["claims"]] == [11]


def test_another_verdict_comes_first_and_tells_both_reasons(old, changed):
    new = changed("facts/providers/velo.yaml", "id: velo", "id: velo")
    new = copy.deepcopy(new)
    new["verdict"] |= {"kind": "none", "strength": None, "provider": None, "reason": "Nobody will do."}
    first, *_ = find_differences(old, new)
    assert first["about"] == "verdict"
    assert first["old"]["kind"] == "recommended"
    assert first["says"].endswith("Now: Nobody will do.")
    assert compare_records(old, new)["verdict_differs"]


def test_what_could_be_given_up_tells_the_verdict_that_follows(old):
    drop = [{**old["requirements"][0], "bound": None}]
    before, after = (copy.deepcopy(old) for _ in range(2))
    for record, reason in ((before, "Then Ciclo would be recommended (firm)."), (after, "Then nobody leads.")):
        record["concessions"] = [{"drop": drop, "verdict": {**old["verdict"], "reason": reason}}]
    (part,) = find_differences(before, after)
    assert part["says"].endswith(
        "before Repairs (must): Ciclo would be recommended (firm); now Repairs (must): nobody leads."
    )
    assert part["old"] == part["new"] == ["Repairs (must)"]


def test_providers_that_came_and_went_are_named(old):
    new = copy.deepcopy(old)
    new["providers"][0] |= {"id": "new", "name": "Newcomer"}
    found = _text(find_differences(old, new))
    assert "Newcomer is now compared too." in found
    assert "is no longer compared." in found


@pytest.mark.parametrize("part", ["verdict", "providers", "findings", "requirements", "combinations", "knowledge"])
def test_a_record_that_lacks_a_part_is_damaged(old, part):
    with pytest.raises(RequirementsError, match=f"damaged: '{part}' is missing"):
        find_differences({key: value for key, value in old.items() if key != part}, old)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict", "kind"), "perhaps"),
        (("findings", 0, "degree"), [0, "1 or so"]),
        (("findings", 0, "weight"), "much"),
        (("providers", 0, "score", "proven"), float("inf")),
        (("providers",), {}),
    ],
)
def test_a_record_with_a_part_of_another_kind_is_damaged(old, path, value):
    damaged = copy.deepcopy(old)
    place = damaged
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(RequirementsError, match="is not of the right kind"):
        find_differences(damaged, old)
