"""The questionnaire's file: what `check` says of what it leaves out or cannot reach, and what it does not change."""

import pickle

from provider_advisor import load
from provider_advisor.knowledge.suspicions import find_question_suspicions

TOPICS = "topics: [{id: riding, label: Riding, share: 0.5}]\nquestions:\n"


def said_of(knowledge_from, folder, questions):
    knowledge = knowledge_from(folder, rules={"questions.yaml": TOPICS + questions})
    return [sentence for sentence in find_question_suspicions(knowledge) if "no question asks" not in sentence]


def test_without_a_file_nothing_is_said(bicycles):
    assert not list(find_question_suspicions(bicycles))


def test_what_no_question_asks_about_is_named(knowledge_from, tmp_path):
    knowledge = knowledge_from(
        tmp_path, rules={"questions.yaml": TOPICS + "- {criterion: repairs, topics: [riding], share: 0.5}\n"}
    )
    found = list(find_question_suspicions(knowledge))
    assert "criterion 'rental': no question asks about it; add one to questions.yaml." in found
    assert "situation 'skill': no question asks about it; add one to questions.yaml." in found
    assert "usage 'inspections': no question asks about it; add one to questions.yaml." in found
    assert not [sentence for sentence in found if "'repairs'" in sentence]


def test_a_topic_without_questions_is_named(knowledge_from, tmp_path):
    assert said_of(knowledge_from, tmp_path, "  []\n") == [
        "topic 'riding': no question belongs to it; add one, or remove the topic."
    ]


def test_questions_that_wait_for_each_other_are_dead_ends(knowledge_from, tmp_path):
    questions = (
        "- {criterion: tour-group, topics: [riding], share: 0.5, when: {need: lightest-frame}}\n"
        "- {criterion: lightest-frame, topics: [riding], share: 0.5, when: {need: tour-group}}\n"
        "- {criterion: rental, topics: [riding], share: 0.5, when: {situation: skill, is: racer}}\n"
    )
    found = said_of(knowledge_from, tmp_path, questions)
    assert [sentence.partition("is never reached")[0] for sentence in found] == [
        f"{tmp_path}/rules/questions.yaml:3: question about 'tour-group' ",
        f"{tmp_path}/rules/questions.yaml:4: question about 'lightest-frame' ",
    ]
    assert "it waits for need:lightest-frame, which cannot be stated before" in found[0]


def test_the_question_that_older_files_have_in_a_topic_is_read_and_not_used(knowledge_from, tmp_path):
    question = "- {criterion: repairs, topics: [riding], share: 0.5}\n"
    older = TOPICS.replace("label: Riding", "label: Riding, ask: Do you ride?") + question
    now, then = (knowledge_from(tmp_path, rules={"questions.yaml": text}) for text in (TOPICS + question, older))
    assert older != TOPICS + question
    assert then.questionnaire == now.questionnaire


def test_the_wording_of_questions_changes_no_fingerprint(knowledge_from, tmp_path, bicycles):
    asked = knowledge_from(
        tmp_path, rules={"questions.yaml": TOPICS + "- {criterion: repairs, topics: [riding], share: 0.5}\n"}
    )
    assert asked.questionnaire is not None
    again = pickle.loads(pickle.dumps(asked))  # noqa: S301 (our own)
    assert again.questionnaire == asked.questionnaire
    assert asked.fingerprint == bicycles.fingerprint


def test_the_shipped_questions_ask_about_everything():
    assert not list(find_question_suspicions(load()))
