"""From answers to the next question or the end, without input or output of its own.

A state is a value; every function that changes one returns a new one. `choose_screen` says what to ask next,
`answer_screen` takes the answers, and `survey_answers` holds all that is known and proved at a state.
"""

from provider_advisor.knowledge.rules import Key
from provider_advisor.questionnaire.answer_files import (
    make_statement,
    read_answers,
    record_answers,
    record_requirements,
)
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.next_screen import (
    End,
    answer_screen,
    change_answer,
    choose_screen,
    list_bounds,
    list_members,
    still_applies,
)
from provider_advisor.questionnaire.prompts import (
    Prompt,
    find_members,
    make_prompt,
    read_wish,
    search_questions,
)
from provider_advisor.questionnaire.proof import Survey, survey_answers
from provider_advisor.questionnaire.state import (
    GivenAnswer,
    Screen,
    State,
    go_back,
    go_on,
    put_answers,
)
from provider_advisor.questionnaire.why import (
    Coverage,
    Known,
    TriedAnswer,
    Why,
    explain_question,
    list_met_by_all,
    measure_progress,
    sum_up_known,
)

__all__ = [
    "Catalogue",
    "Coverage",
    "End",
    "GivenAnswer",
    "Key",
    "Known",
    "Prompt",
    "Screen",
    "State",
    "Survey",
    "TriedAnswer",
    "Why",
    "answer_screen",
    "change_answer",
    "choose_screen",
    "explain_question",
    "find_members",
    "go_back",
    "go_on",
    "list_bounds",
    "list_members",
    "list_met_by_all",
    "make_prompt",
    "make_statement",
    "measure_progress",
    "put_answers",
    "read_answers",
    "read_wish",
    "record_answers",
    "record_requirements",
    "search_questions",
    "still_applies",
    "sum_up_known",
    "survey_answers",
]
