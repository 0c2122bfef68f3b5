"""Parts of the kernel, each beside the plain way to do the same."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import worlds
from hypothesis import given, settings
from hypothesis import strategies as st
from single import agrees, answered
from tables import bases, tables
from worlds import Said, capability, knowledge_of, rule

from provider_advisor import BatchError, load
from provider_advisor.batch.kernel import cells, scores, situations, word_reader
from provider_advisor.batch.kernel import scorer as scoring_module
from provider_advisor.batch.kernel.arrays import round_exactly
from provider_advisor.batch.kernel.costs import group_alike
from provider_advisor.batch.kernel.counts import RunningTally, Tally
from provider_advisor.batch.kernel.numbered_words import number_words, split_cell
from provider_advisor.batch.kernel.scorer import Scorer
from provider_advisor.decision.decide import Outcome
from provider_advisor.knowledge import Facts, facts_as_of
from provider_advisor.knowledge.conditions import AnyOf, FactHolds, Need, Not
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.records import Scale, UsageItem
from provider_advisor.recommendation import recommend

DAY = dt.date(2022, 12, 31)


@pytest.fixture(scope="module")
def shipped():
    return facts_as_of(load(), DAY)


def table(**columns):
    return pa.RecordBatch.from_pydict({name.replace("__", "."): cells for name, cells in columns.items()})


@given(st.lists(st.one_of(st.floats(-1e16, 1e16), st.integers(-(10**15), 10**15).map(lambda n: n * 0.5e-9))))
def test_a_column_is_rounded_as_each_number_by_itself(numbers):
    assert round_exactly(np.array(numbers, float)).tolist() == [round(number, 9) for number in numbers]


def test_a_score_halfway_between_two_digits_is_summed_as_in_a_single_answer(monkeypatch):
    claims = {"ada": {"board": Said("present"), "chat": Said("absent")}}
    facts = Facts(knowledge_of([capability("board"), capability("chat", weight=4095)], claims), worlds.DAY)
    alone = answered({"wants": "board,chat"}, facts)
    assert alone.assessments[0].score.proven == 0.024414062, "100 / 4096 is 0.0244140625"
    doubted = []

    def watch(rows, *others):
        doubted.extend(rows.tolist())
        return sum_alone(rows, *others)

    sum_alone = scores._sum_alone
    monkeypatch.setattr(scores, "_sum_alone", watch)
    agrees(Scorer(facts, reasons=True), table(team=["a", "b"], wants=["board", "board,chat"]))
    assert doubted == [1]


def test_the_wider_the_error_of_a_sum_may_be_the_sooner_its_last_digit_is_in_doubt():
    # Two scores are halfway between two digits, the others nearly so. A sum of more than the numbers
    # of its cells, as in the first and the third row, may be off by more; only such rows are left to judge alone.
    facts = Facts(knowledge_of([capability("board")], {"ada": {}}), worlds.DAY)
    numbers = np.zeros((cells.FIRST + cells.PER_PROVIDER, 4))
    numbers[cells.WEIGHT] = 1
    numbers[cells.FIRST] = np.array([123456789012.5, 123456789012.5, 123456789012.4998, 123456789012.4998]) / 1e11
    nothing = np.zeros(0, np.int32)
    entries, varying = cells.Entries.sort(nothing, nothing, 4), np.array([True, False, True, False])
    sums = scores.Sums(numbers, np.ones(4, np.int32))
    _, alone = scores.score_teams(sums, entries, cells.Cells(facts), varying)
    assert alone.tolist() == [True, False, True, False]
    # As if they varied no more than the others, only the first is in doubt.
    _, alone = scores.score_teams(sums, entries, cells.Cells(facts), np.zeros(4, bool))
    assert not alone.any()


def test_a_rule_whose_condition_is_denied_twice_fires_as_in_a_single_answer():
    criteria = [capability(name) for name in ("board", "chat", "fax")]
    when = Not(AnyOf((Not(Need("board")), Need("fax"))))
    claims = {"ada": {"board": Said("present"), "chat": Said("absent")}, "bob": {"chat": Said("present")}}
    facts = Facts(knowledge_of(criteria, claims, [rule("r", when, favours=FactHolds("chat"))]), worlds.DAY)
    agrees(Scorer(facts, reasons=True), table(team=["a", "b", "c"], wants=["board", "board,fax", "fax"]))


def test_a_cost_beyond_the_ends_of_its_scale_is_graded_as_in_a_single_answer():
    # Ada costs less than the best end, Bob up to as much, Cyd more than the worst; of Dot nothing is known.
    rate = worlds.price("rate")._replace(usage=("calls",), scale=Scale(10, 2, ""))
    bill = worlds.price("bill")._replace(computed=True, unit="USD/month", scale=None)
    said = {"ada": Said(1, "exactly"), "bob": Said(2, "at_most"), "cyd": Said(12, "exactly")}
    knowledge = knowledge_of([rate, bill], {**{name: {"rate": each} for name, each in said.items()}, "dot": {}})
    scorer = Scorer(Facts(knowledge, worlds.DAY), reasons=True)
    agrees(scorer, table(team=["a", "b"], wants=["bill", "bill"], usage__calls=["10", "10..20"]))


def test_a_cost_lacks_no_price_where_the_known_one_is_nothing():
    # Calls cost nothing, whatever the plan costs; texts 1 to 3 each, and are expected in the middle.
    prices = [
        worlds.price(name)._replace(usage=(item,), scale=Scale(worst, best, ""))
        for name, item, worst, best in (("rate", "calls", 10, 0), ("plan", "calls", 6, 0), ("letter", "texts", 5, 0))
    ]
    bill = worlds.price("bill")._replace(computed=True, unit="USD/month", scale=None)
    said = {"rate": Said(0, "exactly"), "letter": Said((1, 3), "between")}
    knowledge = knowledge_of([*prices, bill], {"ada": said, "bob": {"rate": Said(5, "exactly")}})
    texts = UsageItem("texts", "Texts", "How many texts?", "texts")
    facts = Facts(replace(knowledge, usage={**knowledge.usage, "texts": texts}, fingerprint="free calls"), worlds.DAY)
    usage = {"usage__calls": ["10", "10..20"], "usage__texts": ["5", "5"]}
    agrees(Scorer(facts, reasons=True), table(team=["a", "b"], wants=["bill", "bill"], **usage))
    degree = (
        answered({"wants": "bill", "usage.calls": "10", "usage.texts": "5"}, facts).assessments[0].findings[0].degree
    )
    assert degree.low < degree.expected < degree.high


def test_providers_that_all_fail_a_must_are_level_without_being_named():
    claims = {name: {"board": Said("absent")} for name in ("ada", "bob")}
    facts = Facts(knowledge_of([capability("board")], claims), worlds.DAY)
    agrees(Scorer(facts, reasons=True), table(team=["a"], needs=["board"]))


_CELL = st.one_of(st.none(), st.text(alphabet="ab,;\n\r é", max_size=8))


@given(cells=st.lists(_CELL, min_size=1), cut=st.integers(0, 3))
def test_cells_are_cut_at_their_separators(cells, cut):
    words = number_words(pa.array(["a,b"] * cut + cells, pa.string()).slice(cut))
    parts = [split_cell(cell) if cell is not None and cell.strip() else [] for cell in cells]
    assert np.diff(words.ends).tolist() == [len(part) for part in parts]
    assert [words.distinct[number].strip() for number in words.numbers] == [word for part in parts for word in part]


def test_bounds_between_the_same_facts_share_a_cell(shipped):
    scorer = Scorer(shipped)
    scorer.score(table(needs=[f"number-countries>={1000 + number}" for number in range(5000)]))
    assert len([cell for cell in scorer._memory.cells.known if cell.stated]) < 10


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"team": ["a"]}, "no column 'needs' or 'wants'; found 'team'."),
        ({}, "no column 'needs' or 'wants'."),
        (
            {"need": ["sms"]},
            "no column 'needs' or 'wants'; found 'need'. For 'need': Did you mean 'needs'?",
        ),
        (
            {"needs": [1]},
            "the column 'needs' contains int64; expected criteria as text separated by commas, or lists of criteria.",
        ),
        ({"needs": ["sms"], "situation__developer": ["none"]}, "unknown column 'situation.developer'"),
        ({"needs": ["sms"], "usage__sms-outbound": [[1]]}, "contains list<"),
        (
            {"needs": ["sms"], "verdict": ["yes"]},
            "the column 'verdict' has the same name as a column of the result; rename it.",
        ),
    ],
)
def test_columns_that_cannot_be_read_are_refused_in_a_sentence(shipped, columns, sentence):
    with pytest.raises(BatchError) as caught:
        Scorer(shipped).score(table(**columns))
    assert sentence in str(caught.value)


def test_a_column_of_ids_that_is_not_there_is_refused(shipped):
    with pytest.raises(BatchError, match="there is no column 'customer'; expected one of team, needs"):
        Scorer(shipped, id_column="customer").score(table(team=["a"], needs=["sms"]))
    with pytest.raises(BatchError, match=r"there is no column 'customer'\.$"):
        Scorer(shipped, id_column="customer").score(table())


def test_columns_that_are_not_read_are_carried_untouched_and_the_id_comes_first(shipped):
    rows = pa.RecordBatch.from_pydict({"needs": ["sms", "odd"], "n": pa.array([7, 8], pa.uint8()), "id": ["x", "y"]})
    scored = Scorer(shipped, id_column="id").score(rows)
    assert scored.batch.schema.names[0] == "id"
    assert scored.batch.schema.names[-1] == "n"
    assert scored.batch.column("n").to_pylist() == [7]
    assert scored.batch.schema.field("n").type == pa.uint8()
    assert list(scored.errors) == [1]
    assert scored.batch.schema == Scorer(shipped, id_column="id").output_schema(rows.schema)


def test_a_row_that_is_judged_alone_has_its_gaps_between_products_too():
    """Two requirements on the cost cannot be judged in columns; the findings of such a row have a cell of their own."""
    facts = facts_as_of(load(), dt.date(2026, 11, 27))
    costs = "monthly-cost:could,monthly-cost<=900000:could"
    rows = table(needs=["rcs,hipaa,sms-api"] * 2, wants=[None, costs], usage__sms_outbound=[None, 100.0])
    rows = rows.rename_columns(["needs", "wants", "usage.sms-outbound"])
    found = Scorer(facts).score(rows).batch.column("other_product").to_pylist()
    assert found[0]
    assert found[1] == found[0]


def test_everything_known_of_an_answer_is_the_single_record(shipped):
    rows = table(team=["a"], needs=["whiteboard,ucaas"], situation__developers=["none"])
    scored = Scorer(shipped, explain=True).score(rows)
    alone = recommend(shipped.knowledge, needs=["whiteboard", "ucaas"], situation={"developers": "none"}, as_of=DAY)
    assert json.loads(scored.batch.column("explain")[0].as_py()) == alone.record


def test_a_weight_too_large_for_a_float_is_refused_in_its_row_only(shipped):
    rows = pa.RecordBatch.from_pydict({"needs": ["sms", "sms"], "weights.video": pa.array([2**60 + 1, None])})
    scored = Scorer(shipped).score(rows)
    assert scored.errors == {
        0: "the weight of the area 'video' is '1152921504606846977'; expected 0 to 100 percent of the total."
    }


def test_no_rows_are_no_answers(shipped):
    scored = Scorer(shipped, reasons=True).score(table(team=["a"], needs=["sms"]).slice(0, 0))
    assert (scored.batch.num_rows, scored.errors, scored.tally.teams) == (0, {}, 0)


def test_a_row_of_a_thousand_and_one_words_is_told_of_its_limit(shipped):
    rows = table(needs=[",".join(["sms"] * 1001), ",".join(["sms"] * 1000)])
    agrees(Scorer(shipped, reasons=True), pa.RecordBatch.from_pydict({**rows.to_pydict(), "team": ["a", "b"]}))


def test_costs_beyond_all_measure_are_those_of_a_single_answer(shipped):
    volumes = ["1000000000000", "999999999999.5", "0", "4740000", "1e11", ""]
    rows = pa.RecordBatch.from_pydict(
        {
            "team": [str(number) for number in range(len(volumes))],
            "needs": ["sms-api,monthly-cost<=100000"] * len(volumes),
            "wants": ["monthly-cost:could"] * len(volumes),
            "usage.sms-outbound": volumes,
            "usage.sms-inbound": list(reversed(volumes)),
            "usage.voice-inbound-minutes": volumes,
        }
    )
    agrees(Scorer(shipped, reasons=True), rows)


def test_tallies_add_up_and_come_back_from_json(shipped):
    rows = table(team=list("abc"), needs=["sms", "whiteboard,ucaas", "fax"], wants=[None, "sms", "mms"])
    scorer = Scorer(shipped)
    whole = scorer.score(rows).tally.settle()
    parts = (scorer.score(rows.slice(0, 1)).tally + scorer.score(rows.slice(1)).tally).settle()
    assert parts == whole
    assert Tally.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    assert whole.unmet[("twilio", "ucaas")] == 1
    assert whole.asked[("sms", "must")] == 1
    assert whole.asked[("sms", "wish")] == 1


def test_tallies_of_many_days_add_up_although_few_wait_for_their_keys():
    rows = table(team=list("ab"), needs=["sms,fax", "whiteboard"])
    found = [Scorer(facts_as_of(load(), dt.date(2024, 1, day))).score(rows).tally for day in range(1, 8)]
    total = sum(found, RunningTally.zero())
    assert len(total.by_cell) < len(found)
    assert total.settle() == sum((tally.settle() for tally in found), Tally.empty())


@pytest.mark.parametrize(
    "volumes",
    [
        pa.array([10**18, -(10**18), 2**53 + 1, 10**12 + 1, 10**12, -1, 5, None], pa.int64()),
        pa.array([2**64 - 1, 10**12 + 1, 3, None], pa.uint64()),
        pa.array([float("inf"), float("-inf"), float("nan"), 1e300, 1e12 + 1, -0.0, None], pa.float64()),
        pa.array([1.5, float("inf"), None], pa.float32()).cast(pa.float16()),
        pa.array(["1000000000001", "1e400", "9" * 400, "-5", "nan", "many", "1.", ".5", ".", "007", ""]),
        pa.array(["1000000000001", "9" * 400, "5", ""]),
    ],
    ids=lambda volumes: f"{volumes.type}-{len(volumes)}",
)
def test_volumes_that_no_team_may_state_are_told_as_in_a_single_answer(shipped, volumes):
    number = len(volumes)
    rows = table(team=["a"] * number, needs=["sms,monthly-cost<=100"] * number, wants=["monthly-cost:could"] * number)
    agrees(Scorer(shipped, reasons=True), rows.append_column("usage.sms-outbound", volumes))


def test_the_texts_of_a_list_of_answers_are_not_taken_apart(shipped):
    lists = [["tutoring", "sales"], ["tutoring;sales"], ["tutoring,sales"], ["tutoring;"], [""], [], [None], None]
    rows = table(team=["a"] * len(lists), needs=["sms"] * len(lists), situation__use_cases=lists)
    agrees(Scorer(shipped, reasons=True), rows.rename_columns(["team", "needs", "situation.use-cases"]))


@pytest.mark.parametrize("start", ['{"criterion":', '{"a":'])
def test_a_word_nested_too_deeply_is_told_of_in_its_row(shipped, start):
    rows = table(team=["a", "b"], needs=[start * 100_000, "sms"])
    agrees(Scorer(shipped, reasons=True), rows)


def test_json_in_a_list_is_as_strict_as_json_in_a_file(shipped):
    rows = table(needs=[['{"criterion": "sms", "criterion": "fax"}'], ['{"criterion": "sms", "weight": NaN}']])
    agrees(Scorer(shipped), rows)
    errors = Scorer(shipped).score(rows).errors
    assert errors[0].endswith("has the key 'criterion' twice; keep one.")
    assert "NaN" in errors[1]


def test_words_that_mean_something_only_beside_others_are_read_as_in_a_single_answer(shipped):
    needs = [
        "sms-api,encryption", "whiteboard,encryption", "encryption", "encryption,firewall", "ios:could,video-api",
        "Ios", "number-countries>=1,000", "number-countries>=90,2fa", "number-countries>=1,5,encryption", "fax,100",
        "zzz,ios", '{"criterion": "ios"}', '{"criterion": "encryption"}', "barge-in;contact-centre",
        "ios", "ios,sms", "ios,encryption", "ios,video-ios", "sms@us,encryption", "whiteboard,sms@fr,ios",
    ]  # fmt: skip
    wants = [None, "screen-sharing", "branding", "sms"]
    rows = table(team=["a"] * len(needs) * 4, needs=needs * 4, wants=[want for want in wants for _ in needs])
    agrees(Scorer(shipped, reasons=True), rows)
    lists = [[need] for need in needs]
    agrees(Scorer(shipped, reasons=True), table(team=["a"] * len(lists), needs=lists))


def test_each_unknown_word_is_suggested_what_a_single_answer_suggests(shipped):
    misspelt = [f"whiteb{chr(97 + number // 26)}{chr(97 + number % 26)}rd" for number in range(60)]
    rows = table(team=["a"] * 60, needs=[f"sms,{word}" for word in misspelt])
    used = Scorer(shipped)
    used.score(rows.slice(30))
    errors = used.score(rows).errors
    assert errors == {row: answered(record, shipped) for row, record in enumerate(rows.to_pylist())}
    assert all("Did you mean 'whiteboard'" in reason for reason in errors.values())
    odd = table(team=["a"] * 60, needs=rows["needs"].to_pylist(), usage__sms_outbound=[-1] * 60)
    odd = odd.rename_columns(["team", "needs", "usage.sms-outbound"])
    both = Scorer(shipped).score(odd).errors
    assert both == {row: answered(record, shipped) for row, record in enumerate(odd.to_pylist())}
    assert both[0].startswith(f"{errors[0]} the usage 'sms-outbound' is -1")


def test_all_mistakes_of_a_row_are_told_in_the_sentences_of_a_single_answer(shipped):
    rows = table(
        team=["a"] * 6,
        needs=[
            "faxx,sms:perhaps,faxx",
            "faxx",
            "number-countries>=90,number-countries<=80,faxx",
            "fax,,smss",
            "fax",
            "fax",
        ],
        developers=["senior", "few", "none", "none", "many", "none"],
        size=["small", "none", "tiny", "small", "huge", "small"],
    ).rename_columns(["team", "needs", "situation.developers", "situation.use-cases"])
    errors = Scorer(shipped).score(rows).errors
    assert errors == {row: answered(record, shipped) for row, record in enumerate(rows.to_pylist())}
    assert [errors[0].count(part) for part in ("'faxx'", "'perhaps'", "'senior'", "'small'")] == [1, 1, 1, 1]
    assert "exclude each other" in errors[2]


def test_rules_may_add_far_more_than_teams_state(shipped):
    topics = ",".join(shipped.knowledge.topics["use-cases"].values)
    rows = table(team=["a"] * 300, needs=["sms"] * 300, situation=[topics] * 300)
    agrees(Scorer(shipped, reasons=True), rows.rename_columns(["team", "needs", "situation.use-cases"]))


_BOUNDED = (
    "number-countries>=1000,number-countries<=1500",
    "number-countries>=1500,number-countries<=1000",
    "number-countries>=1500:could,sms,number-countries<=2000,number-countries<=1400:should",
    "number-countries>=1200,sms,number-countries<=1200:could,number-countries>=1200:should",
    "number-countries>=1200.5,number-countries<=1200.25",
    "support-reputation=good,support-reputation>=excellent:could",
    "support-reputation=good,support-reputation=good:could,support-reputation<=good:should",
    "monthly-cost<=500,monthly-cost>=600:could",
    "monthly-cost<=500,monthly-cost>=400,monthly-cost:could",
)


def test_bounds_that_share_a_cell_still_exclude_each_other(shipped):
    needs = [words for words in _BOUNDED for _ in range(3)]
    wants = [None, "number-countries<=1450,sms:could", "number-countries>=1300,number-countries<=1400:could"]
    rows = table(team=["a"] * len(needs), needs=needs, wants=wants * len(_BOUNDED), usage__calls=["5"] * len(needs))
    agrees(Scorer(shipped, reasons=True), rows.rename_columns(["team", "needs", "wants", "usage.sms-outbound"]))


@pytest.mark.parametrize("needs", ["no-such", "no-such,,sms", "{", "sms>=3,{", ",".join(["sms"] * 1001), _BOUNDED[1]])
@pytest.mark.parametrize("wants", [None, "odd", "sms,,odd", "number-countries<=1"])
def test_of_several_mistakes_in_a_row_the_one_of_a_single_answer_is_told(shipped, needs, wants):
    cases = [(said, volume) for said in (None, "odd", "none;some") for volume in (None, "5", "-1", "many", "9" * 20)]
    count = len(cases)
    columns = {
        "team": ["a"] * count,
        "needs": [needs] * count,
        "wants": pa.array([wants] * count, pa.string()),
        "situation.staffing": pa.array([said for said, _ in reversed(cases)], pa.string()),
        "situation.developers": pa.array([said for said, _ in cases], pa.string()),
        "usage.voice-inbound-minutes": pa.array([volume for _, volume in reversed(cases)], pa.string()),
        "usage.sms-outbound": pa.array([volume for _, volume in cases], pa.string()),
    }
    agrees(Scorer(shipped, reasons=True), pa.RecordBatch.from_pydict(columns))


@settings(max_examples=40)  # each forgets dozens of times
@given(data=st.data())
def test_forgetting_what_was_met_changes_no_answer(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_reader, "_MOST_WORDS", 3)
        patch.setattr(situations, "_MOST_ANSWERS", 2)
        patch.setattr(scoring_module, "_MOST_CELLS", data.draw(st.sampled_from([5, 10_000])))
        knowledge = data.draw(bases())
        scorer = Scorer(Facts(knowledge, DAY), reasons=True)
        for _ in range(3):
            agrees(scorer, data.draw(tables(knowledge)))


def _open_of(rows, facts):
    """By provider and criterion, the teams whose verdict is not proven and that ask for what is known only in part."""
    outcomes = [answered(row, facts) for row in rows.to_pylist()]
    return Counter(
        key
        for outcome in outcomes
        if isinstance(outcome, Outcome)
        and outcome.verdict.strength not in {"firm", "dated"}
        and outcome.verdict.kind != "none"
        for key in {
            (finding.provider, finding.requirement.criterion)
            for part in outcome.assessments
            for finding in part.findings
            if finding.requirement and finding.degree.low < finding.degree.high
        }
    )


def test_facts_that_leave_verdicts_open_are_counted_as_single_answers_have_them(shipped):
    needs = ["monthly-cost", "monthly-cost,sms", "sms,monthly-cost<=50", "number-countries>=150", "monthly-cost,fax"]
    volumes = ["5000", "0", "12", "5000", "700"]
    rows = table(team=list("abcde"), needs=needs, usage__calls=volumes)
    for item in ("sms-outbound", "voice-inbound-minutes", "video-participant-minutes"):
        asked = rows.rename_columns(["team", "needs", f"usage.{item}"])
        assert Scorer(shipped).score(asked).tally.settle().open == _open_of(asked, shipped)


@given(st.integers(0, 12), st.integers(1, 60), st.randoms(use_true_random=False))
def test_places_are_alike_where_every_one_of_many_columns_is(rows, count, random):
    columns = [np.array([random.choice((0, 1, 9)) for _ in range(rows)], np.int32) for _ in range(count)]
    columns[1:] = [column // (1 if random.random() < 0.05 else 10) for column in columns[1:]]  # else none are alike
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, values in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        groups.setdefault(values, []).append(place)
    assert sorted(found.tolist() for found in group_alike(columns)) == sorted(groups.values())


def test_a_name_that_appears_twice_among_thousands_of_columns_is_refused(shipped):
    columns = [pa.array(["fax"])] * 3_000
    rows = pa.RecordBatch.from_arrays(columns, names=["needs", *(f"c{number}" for number in range(2_998)), "c7"])
    with pytest.raises(BatchError, match="the column 'c7' appears twice; rename one of them"):
        Scorer(shipped).score(rows)


def test_a_base_without_usage_has_no_columns_of_costs(bicycles):
    prices = Criteria({name: each._replace(usage=()) for name, each in bicycles.criteria.items() if not each.computed})
    prices.given = bicycles.criteria.given
    rules = {name: each for name, each in bicycles.rules.items() if "monthly-cost" not in repr(each)}
    base = replace(
        bicycles,
        usage={},
        fingerprint="without-usage",
        criteria=prices,
        rules={n: r for n, r in rules.items() if "Usage(" not in repr(r)},
    )
    found = Scorer(facts_as_of(base, dt.date(2024, 6, 1))).score(table(team=["a"], needs=["repairs"])).batch
    assert [name for name in found.schema.names if "cost" in name] == []
    assert found.column("ciclo.standing").to_pylist() != [None]
