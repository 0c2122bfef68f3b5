"""An answer among a dozen or more providers is read at a glance: a short list, and a line on each other provider."""

from __future__ import annotations

import json
import re

import pytest
from benchmarks.many import MadeUp, write_base
from worlds import DAY, Said, capability, knowledge_of

from provider_advisor.explanation.answer_differences import compare_records
from provider_advisor.explanation.verdict_in_words import group_questions
from provider_advisor.explanation.words import joined, shortened
from provider_advisor.faces.cli.text_answer import render_recommendation
from provider_advisor.faces.report.html import html_report
from provider_advisor.faces.report.markdown import markdown_report
from provider_advisor.recommendation import answer
from provider_advisor.requirements import Requirement, Statement, Team

HAS, LACKS = Said("present"), Said("absent")
NAMES = ("board", "chat", "desk", "fax", "page")
RULED_OUT = "Ruled out: musts that fail"
TO_ASK = "Unconfirmed: what to ask"


def _answered(count, *, known=True):
    """Of each five providers two lack the board, one may have it, and two have all; the first is the best."""
    claims = {}
    for number in range(count):
        board = (HAS, LACKS, None, LACKS, HAS)[number % 5] if known else None
        said = {"desk": HAS} if number else {name: HAS for name in NAMES if name != "board"}
        claims[f"p{number:02}"] = {**said, **({"board": board} if board else {})}
    knowledge = knowledge_of([capability(name) for name in NAMES], claims)
    asked = (Requirement("board", "must"), *(Requirement(name, "should") for name in NAMES[1:]))
    return answer(knowledge, Statement(Team(asked), DAY, None), robustness=not known), knowledge


def _lines_under(heading, text):
    found = text.split(f"\n{heading}\n", 1)[1].split("\n\n", 1)[0]
    return [line.strip() for line in found.splitlines()]


@pytest.mark.parametrize("count", [12, 47])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_a_terminal_of_80_columns(count, verbose):
    found, knowledge = _answered(count)
    text = render_recommendation(found, knowledge, "text", verbose=verbose)
    assert max(map(len, text.splitlines())) <= 80
    header = next(line for line in text.splitlines() if "Asked for" in line)
    assert header.count("P0") + header.count("P1") <= 4
    if not verbose:
        assert len(text.splitlines()) <= 80


def test_json_has_only_the_failed_musts_of_the_ruled_out_unless_all_is_asked_for():
    found, _ = _answered(12)
    short, whole = json.loads(found.to_json()), json.loads(found.to_json(every=True))
    out = [each["id"] for each in whole["providers"] if each["standing"] == "ruled-out"]
    of_them = [part for part in whole["findings"] if part["provider"] in out]
    listed = [part for part in short["findings"] if part["provider"] in out]
    assert [(part["provider"], part["criterion"], part["outcome"]) for part in listed] == [
        (name, "board", "unmet") for name in out
    ]
    assert short["left_out"] == {"providers": out, "findings": len(of_them) - len(listed)}
    assert [part for part in short["findings"] if part not in listed] == [
        part for part in whole["findings"] if part not in of_them
    ]
    assert {**short, "findings": whole["findings"], "left_out": None} == whole
    assert compare_records(short, whole)["says"] == "The answer is the same."
    older = {name: part for name, part in whole.items() if name != "left_out"}  # written before it existed
    assert compare_records(older, whole)["says"] == "The answer is the same."
    few, _ = _answered(4)
    assert few.to_json() == few.to_json(every=True)


def test_the_ruled_out_have_a_line_for_each_must_that_fails():
    found, knowledge = _answered(12)
    text = render_recommendation(found, knowledge, "text", verbose=False)
    ruled_out = [each.name for each in found.explanation.providers if each.standing == "ruled-out"]
    assert len(ruled_out) == 5
    assert _lines_under(RULED_OUT, text) == [f"{joined(ruled_out)}: board"]


def test_of_those_who_are_not_known_to_meet_a_must_it_is_said_what_to_ask():
    found, knowledge = _answered(47)
    text = render_recommendation(found, knowledge, "text", verbose=True)
    unknown = {each.name for each in found.explanation.providers if each.standing == "unconfirmed"}
    (line,) = [" ".join(_lines_under(TO_ASK, text))]
    names, _, asked = line.partition(": ")
    assert asked == "board"
    assert set(names.replace(" and ", ", ").split(", ")) == unknown


def test_one_question_to_several_providers_is_asked_once():
    claims = {"p0": {"board": HAS}, "p1": {"board": HAS}, **{name: {} for name in ("p2", "p3", "p4")}}
    knowledge = knowledge_of([capability("board")], {**claims, "p5": {"board": LACKS}})
    found = answer(knowledge, Statement(Team((Requirement("board", "must"),)), DAY, None), robustness=True)
    asked = [group.says for group in group_questions(found.explanation)]
    assert sum(len(part.facts) == 1 for part in found.explanation.confirm) == 3
    then = (
        "If yes, the answer would still be undetermined, but between other providers; "
        "if no, the answer would stay the same."
    )
    assert asked[0] == f'Does P2, P3 or P4 offer "board"? {then}'
    assert sum('offer "board"' in line for line in asked) == 1
    for form in ("text", "markdown", "html"):
        text = " ".join(render_recommendation(found, knowledge, form, verbose=False).split())
        assert text.count("P2, P3 or P4 offer") == 1


def test_a_provider_of_which_no_must_is_known_has_no_column():
    claims = {"p0": {"board": HAS}, **{f"p{number}": {"desk": HAS} for number in range(1, 9)}}
    knowledge = knowledge_of([capability("board"), capability("desk")], claims)
    team = Team((Requirement("board", "must"), Requirement("desk", "could")))
    text = render_recommendation(answer(knowledge, Statement(team, DAY, None)), knowledge, "text", verbose=False)
    header = next(line for line in text.splitlines() if "Asked for" in line)
    assert header.split() == ["Asked", "for", "P0"]
    assert "P1, P2, P3, P4, P5, P6, P7 and P8: board" in " ".join(_lines_under(TO_ASK, text))


def test_whom_the_verdict_names_is_in_the_table_of_every_face():
    found, knowledge = _answered(47)
    name = next(each.name for each in found.explanation.providers if each.id == found.explanation.verdict.provider)
    text = render_recommendation(found, knowledge, "text", verbose=False)
    assert name in next(line for line in text.splitlines() if "Asked for" in line)
    markdown = markdown_report(found.explanation, knowledge)
    assert f"| {name} |" in next(line for line in markdown.splitlines() if line.startswith("| Priority | Requirement"))
    page = html_report(found.explanation, knowledge)
    heads = re.findall(r'<th scope="col">([^<]*)</th>', page.split('<table class="matrix">', 1)[1].split("</tr>", 1)[0])
    assert name in heads
    assert len(heads) == 6
    for each in (markdown, page):
        assert RULED_OUT in each
        assert TO_ASK in each


def test_reports_say_why_each_is_ruled_out_and_where_that_is_said():
    found, knowledge = _answered(12)
    ruled_out = [each.name for each in found.explanation.providers if each.standing == "ruled-out"]
    reasons = markdown_report(found.explanation, knowledge).split("### board", 1)[1].split("\n### ", 1)[0]
    for name in ruled_out:
        line = next(line for line in reasons.splitlines() if line.startswith(f"- **{name}:** no"))
        assert re.search(r"\[1, line", line)
    others = markdown_report(found.explanation, knowledge).split("### desk", 1)[1].split("\n### ", 1)[0]
    assert not any(f"**{name}:**" in others for name in ruled_out)


def test_reports_name_products_of_the_providers_in_the_table_alone():
    claims = {f"p{number:02}": {"desk": Said("present", product="extra")} for number in range(12)}
    knowledge = knowledge_of([capability("desk")], claims)
    found = answer(knowledge, Statement(Team((Requirement("desk", "must"),)), DAY, None), robustness=False)
    for page, item in (
        (html_report(found.explanation, knowledge), "<li>"),
        (markdown_report(found.explanation, knowledge), "- "),
    ):
        listed = page.split("Products to choose", 1)[1].split("Why" if item == "<li>" else "## ", 1)[0]
        assert [name for name in claims if f"{item}{name.upper()}" in listed] == list(claims)[:5]


def test_only_providers_in_the_table_are_compared_in_pairs():
    found, knowledge = _answered(12, known=False)
    assert len(found.record["robustness"]["worlds"]["pairs"]) == 66
    text = render_recommendation(found, knowledge, "text", verbose=True)
    for shown, most in (
        (text, 4),
        *((report(found.explanation, knowledge), 5) for report in (markdown_report, html_report)),
    ):
        assert 0 < shown.count(" is ahead of ") <= most * (most - 1) / 2


def test_only_providers_in_the_table_are_named_where_weights_have_an_order():
    claims = {f"p{number}": {NAMES[number % 2]: HAS} for number in range(6)}
    knowledge = knowledge_of([capability(name) for name in NAMES[:2]], claims)
    asked = tuple(Requirement(name, "should") for name in NAMES[:2])
    found = answer(knowledge, Statement(Team(asked), DAY, None), robustness=True)
    text = " ".join(render_recommendation(found, knowledge, "text", verbose=True).split())
    said = text.split("With any weights in the same order, ")[1].split(".")[0]
    assert said.count(" in ") == 4 + 1
    assert "; none of the 2 others in more than " in said


def test_one_that_scores_higher_but_has_an_unknown_must_has_a_column():
    known = {"desk": HAS, "lamp": HAS}
    claims = {f"p{number}": known for number in range(5)} | {
        "best": {**known, "pen": HAS},
        "rival": {"lamp": HAS, "fax": HAS},
    }
    knowledge = knowledge_of([capability(name) for name in ("desk", "lamp", "pen", "fax")], claims)
    asked = [Requirement(name, "must") for name in known]
    asked += [Requirement("pen", "could"), Requirement("fax", "should")._replace(weight=90)]
    found = answer(knowledge, Statement(Team(tuple(asked)), DAY, None), robustness=False)
    text = render_recommendation(found, knowledge, "text", verbose=False)
    assert "Rival scores higher" in " ".join(text.split())
    assert "Rival" in next(line for line in text.splitlines() if "Asked for" in line)


def test_providers_of_whom_nothing_is_known_share_a_line_of_reasons():
    found, knowledge = _answered(12, known=False)
    why = render_recommendation(found, knowledge, "text", verbose=True).split("\nWhy\n")[1]
    assert " ".join(why.split()).count("no claim confirms or denies it") == len(NAMES) - 1  # of the desk all is known


def test_a_sentence_names_the_first_few_and_counts_the_others():
    found, _ = _answered(47, known=False)
    reason, says = found.explanation.verdict.reason, found.explanation.sureness.worlds.says
    assert reason.count("P") + says.count("P") < 30
    assert "others in more than" in says


@pytest.mark.parametrize(("count", "said"), [(0, ""), (1, "a"), (5, "a, b, c, d and e"), (6, "a, b, c, d and 2 more")])
def test_a_list_is_cut_only_where_more_than_one_is_left_out(count, said):
    assert shortened(list("abcdef")[:count]) == said


def test_compare_shows_what_tells_many_providers_apart_within_80_columns(tmp_path, recommend_says):
    write_base(tmp_path, MadeUp(12, 30, 120, 2))
    names = " ".join(f"p{number:03}" for number in range(12))
    asked = f"recommend compare {names} --facts {tmp_path / 'facts'} --rules {tmp_path / 'rules'}"
    found, every = recommend_says(asked).out, recommend_says(f"{asked} --all").out
    assert max(map(len, found.splitlines())) <= 80
    assert sum(line.startswith("Criterion") for line in found.splitlines()) == 3
    records = json.loads(recommend_says(f"{asked} --format json").out)
    said = [{fact["known"] for fact in each["facts"].values() if fact["claims"]} for each in records]
    apart = [each["criterion"] for each, words in zip(records, said, strict=True) if len(words) > 1]
    assert 0 < len(apart) < len(records)
    assert [each["criterion"] for each in records if each["criterion"] in found] == apart
    assert all(each["criterion"] in every for each in records)
    assert f"({len(records) - len(apart)} more criteria" in found


def test_a_sentence_does_not_name_those_who_never_come_first():
    claims = {"p00": {"desk": HAS}, "p01": {}} | {f"p{number:02}": {"desk": LACKS} for number in range(2, 12)}
    statement = Statement(Team((Requirement("desk", "must"),)), DAY, None)
    says = answer(
        knowledge_of([capability("desk")], claims), statement, robustness=True
    ).explanation.sureness.worlds.says
    assert "; the 10 others in none" in says
    assert "P02" not in says
