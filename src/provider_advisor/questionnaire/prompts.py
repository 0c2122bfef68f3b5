"""Questions as prompts with words and choices, and what the words that a person types mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.records import Criterion, Topic, UsageItem
from provider_advisor.knowledge.rules import Key, Question
from provider_advisor.logic import Number
from provider_advisor.questionnaire.catalogue import Catalogue
from provider_advisor.questionnaire.state import (
    CRITERION_WORDS,
    MUST_NOT,
    NO_ANSWER,
    NONE,
    PRIORITY_WORDS,
    UNSURE,
    State,
    check_key,
)
from provider_advisor.requirements import read_requirement
from provider_advisor.requirements.statement import Used
from provider_advisor.requirements.usage import read_volume
from provider_advisor.safe_text import fold, shown
from provider_advisor.written_values import explain_two_readings, find_range, read_amount, unit_fits

PromptKind = Literal["topics", "criterion", "number", "rating", "members", "situation"]

_MOST_FOUND = 20
SHORT_LIST = 20
"""Up to this many members are all shown, numbered and in the order of the file; more in alphabetical order."""
_SIGNS = frozenset("|@<>=≥≤")
# Only before three digits: "500 000" is one number, while "1 20" is a mistake.
_THOUSANDS = re.compile(r"(?<=\d)[,' _](?=\d{3}(\D|$))")
_A_MONTH = re.compile(r"\s*(/|\ba|\bper)\s*month$")


class Prompt(NamedTuple):
    """One question for a person."""

    key: Key
    kind: PromptKind
    label: str
    ask: str
    help: str | None = None
    choices: tuple[tuple[str, str], ...] = ()  # values with labels to show; of a number only the words in its place
    many: bool = False  # whether several may be chosen
    unit: str | None = None
    typical: tuple[Number | str, ...] = ()
    at_most: bool = False  # whether a bound is the most, because less is better


def make_prompt(key: Key, catalogue: Catalogue) -> Prompt:
    """Return the prompt for a key of a screen. Raises KeyError for a key that does not exist."""
    own = {"topics": _ask_topics, "bound": _ask_bound, "members": _ask_members, "unlisted": _ask_unlisted}
    if key.kind in own:
        return own[key.kind](key, catalogue)
    question, knowledge = catalogue.questions[key], catalogue.knowledge
    if key.kind == "criterion":
        criterion = knowledge.criteria[key.name]
        is_capability = criterion.kind == "capability" and not criterion.any_of
        choices = _label(word for word in CRITERION_WORDS if is_capability or word != MUST_NOT)
        return Prompt(key, "criterion", *_choose_words(question, criterion), choices)
    if key.kind == "situation":
        topic = knowledge.topics[key.name]
        values = ((value, knowledge.spell_id(value)) for value in topic.values)
        choices = (*values, *_label((NO_ANSWER, UNSURE)))
        return Prompt(key, "situation", *_choose_words(question, topic), choices, topic.many)
    item, choices = knowledge.usage[key.name], _label((NO_ANSWER, UNSURE))
    return Prompt(key, "number", *_choose_words(question, item), choices, unit=item.unit, typical=question.typical)


def _label(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return our own words for answers, each with its label."""
    return tuple((word, word.replace("-", " ")) for word in words)


def _choose_words(question: Question, about: Criterion | Topic | UsageItem) -> tuple[str, str, str | None]:
    """Return the label, the question and the help; the questionnaire's own words come before those of its subject."""
    return about.label, question.ask or about.question, question.help


def _ask_topics(key: Key, catalogue: Catalogue) -> Prompt:
    choices = tuple((subject.id, subject.label) for subject in catalogue.subjects.values())
    return Prompt(key, "topics", "Topics", "What matters to your team?", choices=choices, many=True)


def _ask_unlisted(key: Key, _: Catalogue) -> Prompt:
    ask = f"How important is this: {key.name}?"
    help_ = "It is in your own words, so it is not judged: the answer lists it, so that you can ask the providers."
    choices = (*_label(PRIORITY_WORDS), (NO_ANSWER, "leave it out"))
    return Prompt(key, "criterion", key.name, ask, help_, choices)


def _ask_bound(key: Key, catalogue: Catalogue) -> Prompt:
    criterion = catalogue.knowledge.criteria[key.name]
    question, words = catalogue.get_question(key.name), criterion.values
    return Prompt(
        key,
        "rating" if words else "number",
        *_choose_words(question, criterion),
        (*((word, catalogue.knowledge.spell_id(word)) for word in words), (NONE, "any will do"), *_label((UNSURE,))),
        unit=criterion.unit,
        typical=tuple(words[int(part)] if words else part for part in question.typical),
        at_most=criterion.lower_is_better,
    )


def _ask_members(key: Key, catalogue: Catalogue) -> Prompt:
    criteria = catalogue.knowledge.criteria
    of = criteria.list_of(key.name)
    if of is None:
        raise KeyError(key)
    choices = [(member.id, member.label) for member in of.members.values()]
    if len(choices) > SHORT_LIST:
        choices.sort(key=lambda choice: fold(choice[1]))
    return Prompt(key, "members", criteria[key.name].label, of.question, None, tuple(choices), many=True)


# What typed words mean: members, questions, numbers, and wishes that no question has


def find_members(prompt: Prompt, words: str, catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    """Return the members, with their labels, that a typed word or the beginning of one may mean, the nearest first.

    A member's id and aliases match only as a whole, its label also in part: `us`, `uni`, `states`.
    """
    typed, criteria = fold(words.strip()), catalogue.knowledge.criteria
    named = criteria.find_member(prompt.key.name, words.strip()) if typed else None

    def rank(choice: tuple[str, str]) -> tuple[bool, bool, bool, str]:
        # False sorts before true: exact names first, then labels that begin so, then those with such a word.
        label = fold(choice[1])
        return choice[0] != named, not label.startswith(typed), f"-{typed}" not in f"-{label}", label

    found = [choice for choice in prompt.choices if choice[0] == named or typed in fold(choice[1])]
    return tuple(sorted(found, key=rank)) if typed else prompt.choices


def search_questions(state: State, words: str) -> tuple[Key, ...]:
    """Return the keys of the criteria, situation and usage that the words may mean, the nearest first.

    Where words name a member ("numbers in Germany", "Slack"), the criteria asked of that member come first.
    """
    catalogue, named = state.catalogue, state.catalogue.knowledge.find_criterion(words)
    keys = [Key("criterion", named)] if named is not None else []  # phone-numbers@de
    keys += [Key(entry.kind, entry.id.partition("=")[0]) for entry in catalogue.knowledge.search(words)]
    return tuple(key for key in dict.fromkeys(keys) if key in catalogue.questions)[:_MOST_FOUND]


def read_number(text: str, prompt: Prompt, *, others: str = "an empty line, s or help") -> str | Used:
    """Return the number, or the word `none`, `no-answer` or `not-sure`, that a text means. Raises RequirementsError.

    Thousands may be set off by blanks or apostrophes, and the unit may follow. A volume may be a range or by the year.
    `others` names the other possible answers, for the error message.
    """
    typed = text.strip().casefold()
    if typed in {"s", "unsure", "not-sure", "not sure", "not_sure"}:
        return "not-sure"
    if typed in {"", "x", "no", "none", "no-answer", "no answer"}:
        return "none" if prompt.key.kind == "bound" else "no-answer"
    if prompt.key.kind == "usage":
        if ".." in typed or typed.endswith("year") or find_range(typed):
            return read_volume(prompt.key.name, typed)
        typed = _A_MONTH.sub("", typed)
    is_price = prompt.key.kind == "bound" and prompt.at_most
    if (not is_price or "," in typed) and (doubt := explain_two_readings(typed)):
        raise RequirementsError(f"{shown(text[:60])} {doubt}")
    if span := find_range(typed):
        raise RequirementsError(f"{shown(text[:60])} is a range; type one number: {span[prompt.at_most]}.")
    try:
        number, unit = read_amount(_THOUSANDS.sub("", typed))
    except ValueError as error:
        raise _refuse_number(text, prompt, others) from error
    if unit is not None and not unit_fits(unit, str(prompt.unit)):
        raise _refuse_number(text, prompt, others)
    return number


def _refuse_number(text: str, prompt: Prompt, others: str) -> RequirementsError:
    return RequirementsError(
        f"{shown(text[:60])} is not a number of {prompt.unit}; expected a number such as 500, {others}."
    )


class Wish(NamedTuple):
    """A requirement that a person adds."""

    key: Key
    value: str | None = None  # the answer in the words, if they have one
    own_words: Key | None = None  # the words as they are, if they only happen to be another name of the criterion


def read_wish(text: str, catalogue: Catalogue) -> Wish:
    """Read an additional need: a criterion, a choice, or a wish in the person's own words.

    `sms|whatsapp` is a choice, `numbers@Germany` a member, "fax" the criterion, and `fax=no` that it must be absent;
    what nothing answers to is kept in the person's own words. "Loan phones" is an alias of a warranty, so it may be
    either. Raises RequirementsError for text with a sign of the grammar that cannot be read.
    """
    knowledge, words = catalogue.knowledge, " ".join(text.split())
    if _SIGNS.isdisjoint(words):
        known = knowledge.find_criterion(words)
        if known is None:
            return Wish(check_key(Key("unlisted", words), catalogue))
        is_plain = fold(words) in {fold(known), fold(knowledge.criteria[known].label)}
        key = check_key(Key("criterion", known), catalogue)
        return Wish(key, own_words=None if is_plain else Key("unlisted", words))
    found = read_requirement(words, "must", knowledge)
    if found.bound is not None and not found.is_absence:
        raise RequirementsError(
            f"'{found.criterion}' has a question of its own: search with /{found.criterion}, and answer it there with "
            "a number."
        )
    return Wish(check_key(Key("criterion", found.criterion), catalogue), MUST_NOT if found.is_absence else None)
