"""From answers to the next question or the end, without input or output of its own."""

from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.files import answers_record, read_answers, requirements_record, statement_of
from provider_advisor.questionnaire.prompts import Prompt, found, prompt_of
from provider_advisor.questionnaire.proof import Survey, survey_of
from provider_advisor.questionnaire.replay_answers import Aside
from provider_advisor.questionnaire.screens import End, Progress, Screen, progress_of, screen_after
from provider_advisor.questionnaire.state import Answer, State, begin, put
from provider_advisor.questionnaire.steps import (
    answered,
    back,
    changed,
    declared,
    further,
    numbers_with,
    stopped,
)
from provider_advisor.questionnaire.why import Coverage, Known, Move, Why, known_at, why

__all__ = [
    "Answer",
    "Aside",
    "Catalogue",
    "Coverage",
    "End",
    "Known",
    "Move",
    "Progress",
    "Prompt",
    "Screen",
    "State",
    "Survey",
    "Why",
    "answered",
    "answers_record",
    "back",
    "begin",
    "changed",
    "declared",
    "found",
    "further",
    "known_at",
    "numbers_with",
    "progress_of",
    "prompt_of",
    "put",
    "read_answers",
    "requirements_record",
    "screen_after",
    "statement_of",
    "stopped",
    "survey_of",
    "why",
]
