"""Files of answers: what is wrong with them is said with file and line, all at once."""

from __future__ import annotations

import pytest
from teams import fresh

from provider_advisor.errors import KnowledgeError
from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire import choose_screen, read_answers, record_answers, survey_answers
from provider_advisor.questionnaire.state import TOPICS

HEAD = "version: 1\nanswers:\n"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "- {criterion: repair, answer: must}\n",
            ["there is no question about the criterion 'repair'. Did you mean 'repairs'?"],
        ),
        ("- {weather: rain, answer: must}\n", ["unknown key 'weather'"]),
        (
            "- {criterion: repairs, answer: perhaps}\n",
            ["the answer about 'repairs' is 'perhaps'; expected one of must, good,"],
        ),
        ("- {criterion: repairs, answer: 5}\n", ["the answer about 'repairs' is '5.0'; expected one of must, good,"]),
        ("- {criterion: repairs}\n", ["'answer' is missing; add it"]),
        ("- {criterion: repairs, answer: must, bound: 5}\n", ["'repairs' is a capability, which takes no bound;"]),
        (
            "- {criterion: advice, answer: must, bound: great}\n",
            ["the bound of 'advice' is 'great'; expected one of poor,"],
        ),
        (
            "- {usage: inspections, answer: many}\n",
            ["'many' is not an amount of the usage 'inspections'; expected a number"],
        ),
        (
            "- {situation: skill, answer: [racer, regular]}\n",
            ["the situation 'skill' takes one value; expected one of beginner, regular, racer."],
        ),
        (
            "- {situation: skill, answer: pro}\n",
            ["'pro' is not a value of the situation 'skill'; expected one of "],
        ),
        ("- {topics: [nowhere]}\n", ["'nowhere' is not a value of 'topics'; expected one of "]),
        ("- {usage: inspections, answer: -5}\n", ["'answer': expected at least 0; found -5."]),
        ("- {usage: inspections, answer: 5.000}\n", ["5.000 can be read as 5 or 5000; write the one you mean"]),
        ("- {usage: inspections, answer: 1, bound: 2}\n", ["'bound' is only allowed with 'criterion'; remove it"]),
        ("- {criterion: advice, answer: must, bound_screen: 2}\n", ["'bound_screen' is only allowed with 'bound';"]),
        ("- {usage: inspections, answer: 1, screen: 0}\n", ["screen"]),
        (
            "- {criterion: repairs, answer: must}\n- {criterion: repairs, answer: no-thanks}\n",
            ["the answer about 'repairs' is 'no-thanks'"],
        ),
        (
            "- {criterion: repairs, answer: must}\n- {criterion: repairs, answer: must}\n",
            ["'repairs' is already answered at answers.yaml:3; keep one."],
        ),
        (
            "- {topics: []}\n- {criterion: repairs, answer: must}\n",
            ["the answer about 'repairs' does not apply: its topic is closed, or what it depends on is not asked for;"],
        ),
        (
            "- {criterion: advice, answer: 'no', bound: good}\n",
            ["the answer about 'advice' does not apply: the criterion that it bounds is not asked for; remove it."],
        ),
    ],
)
def test_a_bad_answer_is_named_with_its_line(bicycles, text, sentences):
    with pytest.raises(KnowledgeError) as refused:
        read_answers((HEAD + text).encode(), "answers.yaml", fresh(bicycles))
    assert len(refused.value.problems) == len(sentences)
    for problem, sentence in zip(refused.value.problems, sentences, strict=True):
        assert problem.startswith("answers.yaml:")
        assert sentence in problem


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"version: 0\nanswers: []\n",
            "answers.yaml:1: 'version': expected 1, the version that this program reads and `recommend ask` writes",
        ),
        (b"answers: []\n", "answers.yaml:1: 'version' is missing; add it."),
        (b"version: 1\nanswers:\n- \xff\n", "answers.yaml:3: the file is not UTF-8; save it as UTF-8."),
        (b"", "answers.yaml:1: the file is empty; expected answers, as `recommend ask` saves them."),
        (b"#" * 4_000_001, "answers.yaml:1: the file is larger than 4 MB; it is not a file of answers."),
        (b"x" * 1_000_000, "answers.yaml:1: "),
    ],
)
def test_a_file_of_another_form_is_refused_in_a_sentence(bicycles, content, sentence):
    with pytest.raises(KnowledgeError) as refused:
        read_answers(content, "answers.yaml", fresh(bicycles))
    assert refused.value.problems[0].startswith(sentence)
    assert len(refused.value.problems[0]) < 500


def test_answers_in_any_order_are_read_and_written_alike(bicycles):
    text = HEAD + (
        "- {criterion: advice, answer: good, bound: good}\n"
        "- {situation: purposes, answer: [touring, racing]}\n"
        "- {usage: inspections, answer: not-sure}\n"
        "- {topics: [services, prices]}\n"
        "declared: true\n"
    )
    state = read_answers(text.encode(), "answers.yaml", fresh(bicycles))
    assert choose_screen(state).kind == "declared"
    assert survey_answers(state).meaning.said.unsure == {Key("usage", "inspections")}
    assert record_answers(state) == {
        "version": 1,
        "answers": [
            {"criterion": "advice", "answer": "good", "bound": "good", "screen": 1},
            {"situation": "purposes", "answer": ["touring", "racing"], "screen": 2},
            {"usage": "inspections", "answer": "not-sure", "screen": 3},
            {"topics": ["services", "prices"], "screen": 4},
        ],
        "declared": True,
    }


def test_screens_are_read_again_and_an_answer_without_one_is_a_screen_of_its_own(bicycles):
    text = HEAD + (
        "- {topics: [services, prices], screen: 1}\n"
        "- {criterion: advice, answer: good, bound: good, screen: 2, bound_screen: 3}\n"
        "- {criterion: repairs, answer: must, screen: 2}\n"
        "- {usage: inspections, answer: 3..5}\n"
    )
    state = read_answers(text.encode(), "answers.yaml", fresh(bicycles))
    assert record_answers(state)["answers"][-1] == {"usage": "inspections", "answer": "3..5", "screen": 4}
    assert {answer.key: answer.step for answer in state.answers} == {
        TOPICS: 1,
        Key("criterion", "advice"): 2,
        Key("bound", "advice"): 3,
        Key("criterion", "repairs"): 2,
        Key("usage", "inspections"): 4,
    }


@pytest.mark.parametrize(
    ("text", "kind", "name", "value"),
    [
        ("criterion: repairs, answer: no", "criterion", "repairs", "no"),
        ("criterion: repairs, answer: No", "criterion", "repairs", "no"),
        ("criterion: repairs, answer: false", "criterion", "repairs", "no"),
        ("usage: inspections, answer: no", "usage", "inspections", "no-answer"),
        ("criterion: advice, answer: must, bound: no", "bound", "advice", "none"),
        ("criterion: advice, answer: must, bound: false", "bound", "advice", "none"),
    ],
)
def test_an_unquoted_no_is_read_by_what_the_question_takes(bicycles, text, kind, name, value):
    state = read_answers(f"{HEAD}- {{{text}, searched: true}}\n".encode(), "answers.yaml", fresh(bicycles))
    assert {answer.key: answer.value for answer in state.answers}[Key(kind, name)] == value


@pytest.mark.parametrize("word", ["yes", "true", "on"])
def test_a_yes_that_does_not_say_how_important_is_refused(bicycles, word):
    with pytest.raises(
        KnowledgeError, match=r"answers.yaml:3: the answer about 'repairs' is '(yes|on)'; expected one of must,"
    ):
        read_answers(f"{HEAD}- {{criterion: repairs, answer: {word}}}\n".encode(), "answers.yaml", fresh(bicycles))


def test_a_bound_with_two_readings_is_refused_where_it_is_counted_and_percents_are_not(knowledge):
    entry = HEAD + "- {{criterion: {}, answer: must, bound: {}, searched: true}}\n"
    state = read_answers(entry.format("uptime-commitment", "99.999").encode(), "answers.yaml", fresh(knowledge))
    assert [answer.value for answer in state.answers] == ["must", 99.999]
    for name in ("number-countries", "monthly-cost"):
        with pytest.raises(KnowledgeError, match=r"5\.000 can be read as 5 or 5000; write the one you mean"):
            read_answers(entry.format(name, "5.000").encode(), "answers.yaml", fresh(knowledge))
