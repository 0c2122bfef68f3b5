"""Two knowledge bases over the same teams: what changes, and because of what."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from single import answered
from tables import bases, tables

from provider_advisor import recommend
from provider_advisor.batch.blocks import Block, Piece, Position
from provider_advisor.batch.impact import causes
from provider_advisor.batch.impact.base_changes import find_base_changes
from provider_advisor.batch.impact.causes import MOST_CHANGES, Sample, Sampler
from provider_advisor.batch.impact.encoded_verdicts import VerdictEncoder, decode_verdict
from provider_advisor.batch.impact.measure import Asked, measure_impact
from provider_advisor.batch.impact.mixed_bases import BaseMixer, merge_readable
from provider_advisor.batch.impact.record_impact import record_impact
from provider_advisor.batch.record_schemas import impact_schema
from provider_advisor.decision.decide import Outcome
from provider_advisor.errors import BatchError
from provider_advisor.knowledge import Facts, load

_DAY = dt.date(2024, 1, 1)
_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"


def _pieces(rows, size):
    """The rows as the blocks of a file."""
    for start in range(0, rows.num_rows, size):
        part = rows.slice(start, size)
        numbers = np.arange(start + 1, start + 1 + part.num_rows)
        block = Block("teams.csv", part, numbers, (), part.num_rows, Position(0, start), str)
        yield Piece(lambda block=block: block, start + part.num_rows)


def _record(before, after, rows, size=5, **options):
    asked = Asked(Facts(before, _DAY, None), Facts(after, _DAY, None), rows.schema, **options)
    record = record_impact(measure_impact(asked, _pieces(rows, size), lambda *_: None), "before", "after")
    jsonschema.Draft202012Validator(impact_schema()).validate(json.loads(json.dumps(record)))
    return record


@st.composite
def pairs(draw):
    """Facts of two bases, which may differ in everything, and teams of the first."""
    before, after = Facts(draw(bases()), _DAY), Facts(draw(bases()), _DAY)
    return before, after, draw(tables(before.knowledge))


def _select_known(facts, rows):
    """The columns without the volumes of members that a base does not know, which it does not read."""
    find = facts.knowledge.find_usage
    return rows.select([name for name in rows.schema.names if "@" not in name or find(name.removeprefix("usage."))])


def _codes(facts, rows, providers):
    """How a base answers."""
    coded = VerdictEncoder(facts, providers)(_select_known(facts, rows))
    return [None if row in coded.errors else tuple(code) for row, code in enumerate(coded.codes.tolist())]


@settings(max_examples=80)
@given(pairs())
def test_the_base_before_with_all_changes_answers_as_the_base_after(found):
    before, after, rows = found
    providers = sorted({*before.knowledge.providers, *after.knowledge.providers})
    mixer = BaseMixer(before, after)
    mixed = mixer.mix_only(mixer.changes)
    assert mixed is not None
    assert not find_base_changes(mixed.facts, after)
    assert _codes(mixed.facts, rows, providers) == _codes(after, rows, providers)


@settings(max_examples=80)
@given(pairs(), st.randoms(use_true_random=False))
def test_every_change_alone_leaves_a_base_that_answers(found, pick):
    before, after, rows = found
    providers = sorted({*before.knowledge.providers, *after.knowledge.providers})
    mixer = BaseMixer(before, after)
    answering = {}
    for key, change in pick.sample(list(mixer.changes.items()), len(mixer.changes)):
        mixed = mixer.mix_only([key])
        if mixed is not None:
            assert key in mixed.made
            assert {change.key for change in find_base_changes(before, mixed.facts)} <= set(mixed.made)
            answering.setdefault(change.kind, mixed.facts)
    for facts in answering.values():  # one of each kind, because to answer takes longest
        _codes(facts, rows, providers)


@settings(max_examples=60)
@given(pairs())
def test_a_fact_changed_alone_is_that_fact_supposed(found):
    before, after, rows = found
    mixer = BaseMixer(before, after)
    for change in [part for part in mixer.changes.values() if part.kind == "fact"][:5]:
        mixed = mixer.mix_only([change.key])
        assert mixed.made == {change.key}
        # What is said of a criterion and what is said of its members is one change: a claim may be on both.
        of = before.knowledge.criteria.list_of(change.name)
        names = [change.name, *(f"{change.name}@{member}" for member in (of.members if of else ()))]
        supposed = before.supposing(*(after(change.provider, name) for name in names))
        is_stale = any(mixed.facts.is_stale(mixed.facts(change.provider, name)) for name in names)
        for row in rows.to_pylist():
            one, other = answered(row, mixed.facts), answered(row, supposed)
            same = one == other if isinstance(one, str) else _verdict(one, is_stale) == _verdict(other, is_stale)
            assert same, (change, row)


def _verdict(outcome, is_stale):
    """The verdict; what is supposed is never past its time, so where the change is, a dated proof counts as firm."""
    verdict = outcome.verdict
    return verdict._replace(strength="firm") if is_stale and verdict.strength == "dated" else verdict


@settings(max_examples=80)
@given(pairs())
def test_the_codes_are_the_verdicts_of_single_answers(found):
    before, after, rows = found
    providers = sorted({*before.knowledge.providers, *after.knowledge.providers})
    coded = VerdictEncoder(before, providers)(rows)
    for row, record in enumerate(rows.to_pylist()):
        alone = answered(record, before)
        if isinstance(alone, Outcome):
            assert decode_verdict(coded.codes[row].tolist(), providers) == alone.verdict
        else:
            assert coded.errors[row] == alone


@settings(max_examples=40)
@given(pairs(), st.integers(1, 12), st.sampled_from([1, 2, 3, 4, 200]), st.sampled_from([4, 4, 4, MOST_CHANGES]))
def test_the_counts_are_those_of_single_answers(found, size, sample, most):
    """In most worlds only the first few of fifty changes are tried alone: that takes longest by far."""
    before, after, rows = found
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(causes, "MOST_CHANGES", most)
        record = _record(before.knowledge, after.knowledge, rows, size, sample=sample)
    transitions, rejected = Counter(), Counter()
    for old, new in zip(*(_select_known(facts, rows).to_pylist() for facts in (before, after)), strict=True):
        then, now = answered(old, before), answered(new, after)
        if isinstance(then, Outcome) and isinstance(now, Outcome):
            transitions[then.verdict, now.verdict] += then.verdict != now.verdict
        else:
            both = not isinstance(then, Outcome) and not isinstance(now, Outcome)
            rejected["both" if both else "after" if isinstance(then, Outcome) else "before"] += 1
    expected = [{"before": a.record(), "after": b.record(), "teams": n} for (a, b), n in transitions.items() if n]
    shown = [{key: part[key] for key in ("before", "after", "teams")} for part in record["transitions"]]
    assert sorted(shown, key=str) == sorted(expected, key=str)
    assert {key: count for key, count in record["rejected"].items() if count} == dict(rejected)
    assert record["rows"] == record["compared"] + sum(rejected.values()) == rows.num_rows
    found = record["because"]
    assert found["by_one"] + found["by_any"] + found["together"] == found["looked_at"]
    assert found["looked_at"] == min(sample, record["changed"]["teams"])
    assert found["sampled"] is (record["changed"]["teams"] > sample)
    assert found["untried"] == (max(0, len(record["changes"]) - most) if found["looked_at"] else len(record["changes"]))


def _teams(**columns):
    return pa.RecordBatch.from_pydict({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


_RIDERS = _teams(
    team=[f"t{number}" for number in range(8)],
    needs=[
        "repairs",
        "repairs,child-seats",
        "child-seats",
        "cargo-bikes",
        "",
        "unicycles",
        "test-rides",
        "child-seats",
    ],
    wants=["", "advice>=good", "", "repairs", "advice", "", "cargo-bikes", "repairs:could"],
)


def test_between_equal_bases_nothing_changes(bicycles):
    record = _record(bicycles, bicycles, _RIDERS)
    assert (record["changed"]["teams"], record["transitions"], record["changes"]) == (0, [], [])
    assert (record["compared"], record["rejected"]) == (7, {"both": 1, "before": 0, "after": 0})


@pytest.fixture
def changed(knowledge_from, tmp_path):
    """A function that gives the bicycle shops with some texts of a file replaced, or with more at its end."""

    def change(*changes):
        files = {"facts": {}, "rules": {}}
        for name, old, new in changes:
            part, _, inner = name.partition("/")
            text = files[part].get(inner) or (_BICYCLES / name).read_text(encoding="utf-8")
            assert old in text
            files[part][inner] = text.replace(old, new) if old else text + new
        return knowledge_from(tmp_path / "changed", **files)

    return change


_VELO, _RULES = "facts/providers/velo.yaml", "rules/riding.yaml"


def _claim(criterion):
    return "", f"- {{criterion: {criterion}, product: shop, value: present, source: survey-2023, line: 14}}\n"


def _shown(record):
    return {part["says"]: (part["alone"], part["needed"]) for part in record["changes"]}


def test_a_new_claim_turns_the_teams_that_must_have_it(bicycles, changed):
    record = _record(bicycles, changed((_VELO, *_claim("cargo-bikes"))), _RIDERS)
    turned = record["changed"]["teams"]
    assert turned > 0
    assert _shown(record) == {"Velo & Sons, Cargo bikes: not known, now present": (turned, turned)}
    assert record["because"] == {
        "looked_at": turned, "sampled": False, "by_one": turned, "by_any": 0, "together": 0, "untried": 0,
    }  # fmt: skip
    assert {place["team"] for part in record["changes"] for place in part["examples"]} <= {"t3", "t6"}
    assert any("Cargo bikes: before not known" in line for line in record["examples"][0]["differences"])


def test_two_claims_that_only_together_prove_a_must_are_said_to_do_so(changed):
    rows = _teams(team=["both", "either"], needs=["child-seats,cargo-bikes,test-rides", "cargo-bikes"])
    silent = ("facts/criteria/services.yaml", "  silent: neither source speaks of them\n", "")
    before = changed(silent)
    after = changed(silent, (_VELO, *_claim("cargo-bikes")), (_VELO, *_claim("child-seats")))
    record = _record(before, after, rows)
    assert record["because"]["together"] == 1
    assert record["because"]["by_one"] == record["changed"]["teams"] - 1
    assert "velo" in {part["after"]["provider"] for part in record["transitions"]}
    assert _shown(record)["Velo & Sons, Child seats: not known, now present"] == (0, 1)


def test_another_weight_of_a_rule_is_named(bicycles, changed):
    rows = _teams(
        wants=["test-rides"] * 2, **{"situation.skill": ["racer", "beginner"], "situation.purposes": ["racing"] * 2}
    )
    record = _record(bicycles, changed((_RULES, "weight: 1.5", "weight: 0.1")), rows)
    assert record["changed"]["teams"] == 1
    assert [(part["kind"], part["name"]) for part in record["changes"]] == [("rule", "racers-like-light-frames")]
    assert record["changes"][0]["says"].endswith("weight 1.5, now 0.1")


def test_what_only_reads_otherwise_is_no_change(bicycles, changed):
    after = changed((_RULES, "A light frame climbs faster.", "Less to carry."), (_VELO, "line: 9", "line: 8"))
    assert after.fingerprint != bicycles.fingerprint
    assert _record(bicycles, after, _RIDERS)["changes"] == []


def test_a_rule_brings_the_criterion_that_it_speaks_of(bicycles, changed):
    service = "- {id: tea, label: Tea, kind: capability, question: Tea?, weight: 9, silent: nobody says}\n"
    rule = (
        "- {id: tea-for-all, when: {need: repairs}, implies: [{criterion: tea}], because: Tea., "
        "rests_on: [{source: guide-2020, lines: [3]}]}\n"
    )
    after = changed(("facts/criteria/services.yaml", "", service), (_RULES, "", rule))
    parts = {part["kind"]: part for part in _record(bicycles, after, _RIDERS)["changes"]}
    assert parts["rule"]["brings"] == ["the criterion Tea is new"]
    assert parts["criterion"]["brings"] == []
    gone = {part["kind"]: part for part in _record(after, bicycles, _RIDERS)["changes"]}
    assert gone["criterion"]["brings"] == ["the rule tea-for-all was removed"]


def test_a_column_that_only_one_side_knows_is_read_by_that_side_alone(bicycles, changed):
    topic = "- {id: hill, label: Hills, question: Hilly?, values: [hilly, flat]}\n"
    rule = (
        "- {id: hills-need-repairs, when: {situation: hill, is: hilly}, implies: [{criterion: cargo-bikes}], "
        "weight: 9, because: Brakes., rests_on: [{source: guide-2020, lines: [3]}]}\n"
    )
    after = changed(("facts/team.yaml", "usage:\n", f"{topic}usage:\n"), (_RULES, "", rule))
    rows = _teams(wants=["repairs", "repairs"], **{"situation.hill": ["hilly", "flat"]})
    record = _record(bicycles, after, rows)
    assert record["unread"] == ["situation.hill"]
    assert record["changed"]["teams"] == 1
    assert next(part for part in record["changes"] if part["kind"] == "rule")["brings"]
    assert "hill" in merge_readable(bicycles, after).topics
    with pytest.raises(BatchError, match=r"situation\.mood"):
        _record(bicycles, after, _teams(wants=["repairs"], **{"situation.mood": ["good"]}))


def test_a_row_that_one_side_alone_rejects_is_counted_there(bicycles, changed):
    alias = ("facts/criteria/services.yaml", "aliases: [stock]", "aliases: [stock, unicycles]")
    record = _record(bicycles, changed(alias), _RIDERS)
    assert record["rejected"] == {"both": 0, "before": 1, "after": 0}
    assert record["compared"] == 7


def test_of_many_teams_a_sample_is_looked_at(bicycles, changed):
    rows = _teams(needs=["cargo-bikes,test-rides"] * 100)
    record = _record(bicycles, changed((_VELO, *_claim("cargo-bikes"))), rows, 7, sample=10)
    assert record["changed"]["teams"] == 100
    assert (record["because"]["looked_at"], record["because"]["sampled"]) == (10, True)
    assert record["changes"][0]["alone"] == 10


def test_every_row_is_as_likely_to_be_looked_at():
    counts = np.zeros(40)
    for seed in range(300):
        sampler = Sampler(10)
        sampler._random = np.random.default_rng(seed)
        for start in range(0, 40, 8):
            rows = pa.RecordBatch.from_pydict({"row": list(range(start, start + 8))})
            codes = np.arange(start, start + 8).reshape(-1, 1)
            sampler.add(Sample(rows, codes, codes, rows))
        drawn = sampler.get_sample()
        assert drawn.rows["row"].to_pylist() == drawn.before[:, 0].tolist() == sorted(drawn.after[:, 0].tolist())
        assert drawn.rows.num_rows == 10
        counts[drawn.before[:, 0]] += 1
    # 75 times each is expected, with a deviation of 7.5.
    assert counts.min() > 40
    assert counts.max() < 110


def test_days_of_rows_are_counted_and_passed_over(bicycles):
    rows = _teams(needs=["repairs"] * 3, as_of=["2023-01-01", None, None])
    assert _record(bicycles, bicycles, rows, dated=True)["dated"] == 1
    assert _record(bicycles, bicycles, rows)["dated"] == 0


def test_rows_of_several_days_and_ages_are_counted_once_each(bicycles):
    rows = _teams(needs=["repairs"] * 4, as_of=["2023-01-01", None, None, None], max_age=["9d", "9d", None, None])
    rows = rows.append_column("only", pa.array([None, None, None, next(iter(bicycles.providers))]))
    assert _record(bicycles, bicycles, rows, dated=True)["dated"] == 2


def _answer_within(knowledge, needs, names):
    """The verdict of a single answer within what a row looks at, without names that the base does not know."""
    known = knowledge.sources if "sources" in names else knowledge.providers
    scope = {key: [name for name in text.split(",") if name in known] for key, text in names.items()}
    return recommend(knowledge.restrict(**scope), needs=needs, as_of=_DAY).verdict


def test_rows_are_compared_within_the_providers_and_sources_that_they_name(bicycles):
    first, second, third, *_ = sorted(bicycles.providers)
    providers = {name: part for name, part in bicycles.providers.items() if name != first}
    after = replace(bicycles, providers=providers, fingerprint="without the first")
    names = [
        {}, {"only": f"{first},{second}"}, {"only": f"{second},{third}"}, {"without": first}, {"only": second},
        {"without": second}, {"sources": next(iter(bicycles.sources))}, {"customer_of": third},
    ]  # fmt: skip
    needs = ["repairs", "rental"]
    columns = {key: [row.get(key) for row in names] for key in ("only", "without", "sources", "customer_of")}
    rows = _teams(needs=[",".join(needs)] * len(names), **columns)
    record = _record(bicycles, after, rows, dated=True)
    assert record["compared"] == len(names)
    pairs = [[_answer_within(base, needs, row) for base in (bicycles, after)] for row in names]
    changed = Counter(json.dumps([then.record(), now.record()]) for then, now in pairs if then != now)
    assert changed, "the removed provider was in front somewhere"
    found = {json.dumps([part["before"], part["after"]]): part["teams"] for part in record["transitions"]}
    assert found == changed
    assert record["because"]["by_one"] == changed.total()
    assert all(part["differences"] for part in record["examples"])


def test_blocks_of_different_columns_are_compared_together(bicycles):
    """In JSON Lines a volume is a number in one block and a text in another, and one of a member may be anywhere."""
    _, *others = sorted(bicycles.providers)
    after = replace(
        bicycles, providers={name: bicycles.providers[name] for name in others}, fingerprint="without the first"
    )
    item = next(iter(bicycles.usage))
    plain = _teams(needs=["repairs"] * 2).append_column(f"usage.{item}", pa.array([5.125, None], pa.float64()))
    texts = _teams(needs=["repairs"] * 2).append_column(f"usage.{item}", pa.array(["60..70", "7"], pa.string()))
    pieces = [next(iter(_pieces(rows, 2))) for rows in (plain, texts)]
    asked = Asked(Facts(bicycles, _DAY, None), Facts(after, _DAY, None), plain.schema)
    impact = measure_impact(asked, pieces, lambda *_: None)
    assert (impact.compared, sum(impact.transitions.values())) == (4, 4)
    assert impact.sample.rows[f"usage.{item}"].to_pylist() == ["5.1250", None, "60..70", "7"]
    assert impact.causes.by_one == 4


def test_volumes_of_members_are_read_where_only_some_blocks_have_them():
    shipped = load()
    rows = _teams(needs=["sms-api,monthly-cost<=500"])
    (piece,) = _pieces(rows.append_column("usage.sms-outbound@de", pa.array([5000.0])), 1)
    facts = Facts(shipped, _DAY, None)
    impact = measure_impact(Asked(facts, facts, rows.schema), [piece], lambda *_: None)
    assert (impact.compared, impact.rejected.total()) == (1, 0)  # without it no cost can be worked out


def test_rows_that_name_what_is_unknown_or_gone_are_rejected(bicycles):
    first, second, *_ = sorted(bicycles.providers)
    providers = {name: part for name, part in bicycles.providers.items() if name != first}
    after = replace(bicycles, providers=providers, fingerprint="without the first")
    rows = _teams(needs=["repairs"] * 4, only=[first, "nobody", second, None])
    record = _record(bicycles, after, rows, dated=True)
    assert (record["rows"], record["compared"]) == (4, 2)
    assert record["rejected"] == {"both": 1, "before": 0, "after": 1}


def test_an_id_column_that_is_not_there_is_refused(bicycles):
    with pytest.raises(BatchError, match="there is no column 'name'"):
        _record(bicycles, bicycles, _RIDERS, id_column="name")


def test_a_change_of_the_scale_of_members_is_a_change_of_the_criterion(knowledge_from, tmp_path):
    services = (_BICYCLES / "facts" / "criteria" / "services.yaml").read_text("utf-8")
    scale = "  scale: {worst: 0, best: 1000, because: a hall holds a thousand}\n"
    bases = []
    for best in (50, 70):
        more = f"{scale}  of_each: region\n  member_scale: {{worst: 0, best: {best}, because: a branch is small}}\n"
        bases.append(
            knowledge_from(tmp_path / str(best), facts={"criteria/services.yaml": services.replace(scale, more)})
        )
    (change,) = find_base_changes(*(Facts(base, _DAY) for base in bases))
    assert (change.kind, change.says.partition(": ")[2]) == ("criterion", "another member scale")


def test_a_change_of_what_is_claimed_of_members_names_the_members(knowledge_from, tmp_path):
    """The claims on a criterion and on its members change together; with `only` one of the others stands for all."""
    velo = (_BICYCLES / "facts" / "providers" / "velo.yaml").read_text("utf-8")
    before = knowledge_from(tmp_path / "before")
    more = velo.replace("includes: [north, west]", "includes: [north, east]")
    after = knowledge_from(tmp_path / "after", facts={"providers/velo.yaml": more})
    (change,) = find_base_changes(Facts(before, _DAY), Facts(after, _DAY))
    assert (change.kind, change.name, change.provider) == ("fact", "delivery", "velo")
    assert change.says == (
        "Velo & Sons, Delivery, The east: not known, now present; Delivery, The west: present, now not known"
    )
    only = velo.replace("includes: [north, west]", "only: [north, west]")
    after = knowledge_from(tmp_path / "only", facts={"providers/velo.yaml": only})
    (change,) = find_base_changes(Facts(before, _DAY), Facts(after, _DAY))
    assert change.says == "Velo & Sons, Delivery, The south: not known, now absent"
    assert find_base_changes(Facts(before, _DAY), Facts(before, _DAY)) == []


def test_claims_on_members_of_either_base_can_be_mixed(knowledge_from, tmp_path):
    velo = (_BICYCLES / "facts" / "providers" / "velo.yaml").read_text("utf-8")
    before = knowledge_from(tmp_path / "before")
    after = knowledge_from(tmp_path / "after", facts={"providers/velo.yaml": velo.replace("west]", "east]")})
    rows = pa.RecordBatch.from_pydict({"team": ["one", "two"], "needs": ["delivery@west", "delivery@east"]})
    record = _record(before, after, rows)
    assert record["changed"]["teams"] == 2
