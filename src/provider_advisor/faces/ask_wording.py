"""Sentences of the questionnaire, in the terminal and on the web.

`why_wording` says why a question is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provider_advisor.explanation.words import STANDINGS, capital, joined, shortened
from provider_advisor.knowledge.conditions import AT
from provider_advisor.questionnaire import (
    Catalogue,
    End,
    Key,
    Prompt,
    Screen,
    State,
    choose_screen,
    list_met_by_all,
    make_prompt,
    measure_progress,
    survey_answers,
)
from provider_advisor.questionnaire.state import (
    MUST_NOT,
    NO_ANSWER,
    NONE,
    PRIORITY_WORDS,
    TOPICS,
    UNSURE,
    UNWANTED,
    to_question,
)
from provider_advisor.requirements.statement import Volume
from provider_advisor.written_values import number_text

_SILENT = {NONE, NO_ANSWER}
_TITLES = {
    "topics": "What matters to your team? Tick the topics; you will not be asked about the rest.",
    "numbers": "What you asked for, in numbers",
    "members": "More about what you need",
    "situation": "Your team",
    "volumes": "How much per month? A rough number will do.",
    "details": "More about what you need. A rough number will do.",
    "closing": "The last ones. If you need none of these, nothing else can change the answer.",
}
_LAST = "The last questions. If you leave them all out, nothing else can change the answer."
_MOST_NAMED = 4
_MOST_LEFT_OUT = 2
"""More would take a second line for each screen that a person skips."""


# Screens and their questions


def describe_title(screen: Screen, state: State) -> str:
    """Return what a screen is about."""
    criteria = [key for key in screen.keys if key.kind == "criterion"]
    if screen.kind != "list":
        return _LAST if screen.kind == "closing" and len(criteria) < len(screen.keys) else _TITLES[screen.kind]
    how = "how important is each of these?" if len(criteria) > 1 else "how important is this?"
    subject = state.catalogue.subjects[screen.subject].label if screen.subject else "All your topics"
    return f"{subject}: {how}"


def describe_progress(screen: Screen, state: State) -> str:
    """Say how many criteria could still change the answer; empty if that would say nothing."""
    if screen.kind in {"topics", "closing"}:
        return ""
    if state.phase == "further":
        return "The answer is settled; the remaining questions only complete it."
    left = measure_progress(state).left
    return f"{capital(say_left(left))} could still change the answer" if left else "The last questions"


def say_left(left: int) -> str:
    """Return how many criteria are left at most."""
    return f"up to {write_count(left, 'criterion', 'criteria')}"


def describe_standing(state: State) -> str:
    """Return the standing of each provider by the answers so far."""
    knowledge, outcome = state.catalogue.knowledge, survey_answers(state).outcome
    parts = []
    for assessment in outcome.assessments:
        score = "" if assessment.score is None else f" {round(assessment.score.expected)}"
        parts.append(f"{knowledge.providers[assessment.provider].name} {STANDINGS[assessment.standing]}{score}")
    return f"So far: {', '.join(parts)}."


def describe_line(key: Key, value: object, state: State) -> str:
    """Return a question other than a criterion as a line of a list, with its answer if there is one."""
    prompt = make_prompt(key, state.catalogue)
    answer = "" if value is None else describe_answer(key, value, state)
    if key.kind == "members":
        return f"   {prompt.ask} {answer or '(any)'}"
    if key.kind != "bound":
        return f"{prompt.label}: {answer or '…'}"
    asked = f"at {'most' if prompt.at_most else 'least'} … {prompt.unit or ''}"
    return f"   {answer or asked.rstrip()}"


def list_heading(screen: Screen, state: State, *, standing: bool) -> list[str]:
    """Return the lines above a screen: its title, the progress, and the standings if they are shown."""
    lines = [describe_title(screen, state), describe_progress(screen, state)]
    return [line for line in (*lines, describe_standing(state) if standing else "") if line]


def describe_question(prompt: Prompt) -> str:
    """Return the question as a sentence, and its help."""
    return f"{prompt.ask} {prompt.help}" if prompt.help else prompt.ask


def describe_hint(prompt: Prompt) -> str:
    """Return what may be typed where a number is asked for."""
    return f"{describe_amount(prompt)}, or s: not sure"


def describe_amount(prompt: Prompt) -> str:
    """Return which number is asked for, with examples."""
    is_bound = prompt.key.kind == "bound"
    what = f"The {'most' if prompt.at_most else 'least'} that is acceptable, in" if is_bound else "A number of"
    typical = [_write_number(part) for part in prompt.typical if not isinstance(part, str)]
    example = f" (for example {', '.join(typical)})" if typical else ""
    return f"{what} {prompt.unit}{example}"


def describe_silence(prompt: Prompt) -> str:
    """Say what it means to leave a question unanswered."""
    if prompt.kind == "number" and prompt.key.kind == "bound":
        return f"no limit, the {'less' if prompt.at_most else 'more'} the better"
    return {"topics": "none of them", "rating": "any will do", "members": "any will do"}.get(prompt.kind, "no answer")


# Answers


def describe_answer(key: Key, value: object, state: State) -> str:
    """Return an answer in words: "must", "at least 90 countries", "training, events"."""
    catalogue = state.catalogue
    if key.kind == "members":
        return _name_members(key, value, state)
    value = value.said if isinstance(value, Volume) else value
    if isinstance(value, tuple | list):
        labels = {subject.id: subject.label for subject in catalogue.subjects.values()} if key == TOPICS else {}
        return ", ".join(labels.get(part) or catalogue.knowledge.spell_id(str(part)) for part in value) or "none"
    if isinstance(value, str) and value in {*_SILENT, UNSURE}:
        own = {("bound", NONE): "no limit", ("unlisted", NO_ANSWER): "left out"}
        return own.get((key.kind, value), value.replace("-", " "))
    if key.kind != "bound":
        return _write_number(value) if isinstance(value, int | float) else str(value).replace("-", " ")
    # The bound of a rating is the place of its word, or the word itself.
    criterion = catalogue.knowledge.criteria[key.name]
    word = "at most" if criterion.lower_is_better else "at least"
    if criterion.values:
        rank = criterion.values[value] if isinstance(value, int) else str(value)
        return f"{word} {catalogue.knowledge.spell_id(rank)}"
    return f"{word} {_write_number(value)} {criterion.unit}" if isinstance(value, int | float) else str(value)


def _write_number(number: float) -> str:
    """Return a number as it can be typed again: `500,000` is refused, because some read it as 500."""
    return number_text(number).replace(",", "")


def _name_members(key: Key, value: object, state: State) -> str:
    labels = dict(make_prompt(key, state.catalogue).choices)
    named = [labels[part] for part in value] if isinstance(value, tuple | list) else []
    return joined(named) or ("not sure" if value == UNSURE else "any will do")


def describe_summary(screen: Screen, values: Mapping[Key, object], state: State) -> str:
    """Return the answers on a screen in one line, without those left at no; if all are, what was asked."""
    told = {key: value for key, value in values.items() if value not in _SILENT}
    if told:
        return describe_answers(told, state)
    return f"Left out: {shortened([make_prompt(key, state.catalogue).label for key in screen.keys], _MOST_LEFT_OUT)}."


def describe_answers(values: Mapping[Key, object], state: State) -> str:
    """Return answers in words, each with its label; a number is shown with its criterion."""
    parts: dict[str, list[str]] = {}
    for key, value in values.items():
        parts.setdefault(make_prompt(key, state.catalogue).label, []).append(describe_answer(key, value, state))
    return "; ".join(f"{label}: {', '.join(words)}" for label, words in parts.items()) + "."


def describe_gaps(values: Mapping[Key, object], state: State) -> str:
    """Warn about criteria that are asked for but unknown for every provider; empty if there are none."""
    so_far, catalogue = get_answers(state) | dict(values), state.catalogue
    asked: dict[str, object] = {}
    for key in values:
        priority = so_far.get(to_question(key))
        if key.kind in {"criterion", "members"} and priority in PRIORITY_WORDS:
            members = so_far.get(Key("members", key.name), ())
            named = [f"{key.name}{AT}{member}" for member in members] if isinstance(members, tuple) else []
            asked |= dict.fromkeys(named or [key.name], priority)
    gaps = [name for name in asked if not _is_known(name, catalogue)]
    if not gaps:
        return ""
    labels = joined([catalogue.knowledge.criteria[name].label for name in gaps])
    is_must = any(asked[name] == "must" for name in gaps)
    means = "while it is a must, no provider can be shown to qualify" if is_must else "it cannot tell providers apart"
    return f"Nothing is known for any provider about {labels}: {means}. You could ask the providers."


def _is_known(name: str, catalogue: Catalogue) -> bool:
    """Return whether a criterion, or any part of a choice, is known for at least one provider."""
    criterion = catalogue.knowledge.criteria[name]
    names = [part.criterion for part in criterion.any_of] or [name]
    return criterion.computed or any(catalogue.facts(one, part).claims for part in names for one in catalogue.providers)


def get_answers(state: State) -> dict[Key, object]:
    """Return the answers so far, and what was given before the first question and has not changed."""
    team, found = state.given.team, dict[Key, object]()
    levels = {priority: word for word, priority in PRIORITY_WORDS.items()}
    for part in (*team.requirements, *state.given.uncounted):
        found.setdefault(Key("criterion", part.criterion), MUST_NOT if part.is_absence else levels[part.priority])
    found |= {Key("criterion", name): UNWANTED for name in team.unwanted}
    found |= {Key("situation", name): values for name, values in team.situation.items()}
    found |= {Key("usage", name): amount for name, amount in team.usage.items()}
    found |= {Key("unlisted", part.text): levels[part.priority] for part in team.unlisted}
    # An answer replaces what was given before the first question.
    return found | {answer.key: answer.value for answer in state.answers}


def describe_so_far(key: Key, state: State) -> str:
    """Return the current answer to a question in brackets; empty if there is none."""
    answers = get_answers(state)
    return f" ({describe_answer(key, answers[key], state)})" if key in answers else ""


def describe_given(state: State) -> str:
    """Count what was given before the first question, by kind."""
    team = state.given.team
    wishes = len(team.requirements) + len(state.given.uncounted) + len(team.unwanted)
    counts = [
        (wishes, "requirement", "requirements"),
        (len(team.situation), "answer about your team", "answers about your team"),
        (len(team.usage), "monthly volume", "monthly volumes"),
        (len(team.unlisted), "wish in your own words", "wishes in your own words"),
    ]
    told = joined([write_count(number, one, many) for number, one, many in counts if number])
    if not told:
        return "Nothing has been said yet."
    return f"You start with {told}, which will not be asked again. To see or change them, type / and press Enter."


def list_topics_given(state: State) -> tuple[str, ...]:
    """Return the topics of what was given before the first question, in order."""
    keys = [key for key in get_answers(state) if key.kind == "criterion"]
    named = {subject for key in keys for subject in state.catalogue.questions[key].subjects}
    return tuple(subject for subject in state.catalogue.subjects if subject in named)


# Ends, and what they leave open


def describe_end(state: State, end: End, *, continues: bool = True) -> str:
    """Return which of the four ends was reached, and what it means; `continues` if questions may follow."""
    if end.kind == "settled":
        text = "Done: no other answer in your topics could change the result."
    elif end.kind == "settled-unless":
        text = " ".join(_describe_unless(state, end))
    elif end.kind == "declared":
        text = f"You said that you are done. {_describe_still_open(state)}."
    else:
        text = f"Stopped. The answer is based on what you said so far. {_describe_still_open(state)}."
    return " ".join([text, *_add_warnings(state, end, continues=continues)])


def _describe_unless(state: State, end: End) -> Iterator[str]:
    """Yield what a settled end depends on: criteria that cannot count yet, and answers of "not sure"."""
    uncounted = survey_answers(state).meaning.uncounted
    labels = dict.fromkeys(make_prompt(key, state.catalogue).label for key in end.unless if key not in uncounted)
    if labels:
        yield f"Done, unless you need one of these (you were not sure): {', '.join(labels)}."
    for key in sorted(uncounted):
        label = make_prompt(key, state.catalogue).label
        yield (
            f"{label} needs a monthly volume before it counts. Give one, or leave {label} out"
            f"{'' if labels else '; without it, no other answer in your topics could change the result'}."
        )


def _describe_still_open(state: State) -> str:
    """Say what could still change the answer after a person ended the questionnaire early."""
    if not isinstance(choose_screen(state._replace(phase="asking")), Screen):
        return "None of the remaining questions could change the answer"
    left = measure_progress(state).left
    asked = f"{capital(say_left(left))} not asked about" if left else "Another question"
    return f"{asked} could still change the answer"


def _add_warnings(state: State, end: End, *, continues: bool) -> Iterator[str]:
    team = survey_answers(state).meaning.team
    if end.kind.startswith("settled") and end.verdict.kind != "none" and (unknown := _list_unknown_members(state)):
        yield f"Not asked, because nothing is known about them: {'; '.join(unknown)}. If one matters, search for it."
    if not (team.requirements or team.situation or team.usage):
        how = "search for a topic or a criterion" if continues else "go back and select a topic"
        yield f"You have not asked for anything yet: {how}."
    elif end.verdict.kind == "none" and not end.complete:
        more = " Continue to see everything that you would have to give up." if continues else ""
        yield f"None of the providers compared meets every must.{more}"


def _list_unknown_members(state: State) -> list[str]:
    """Return the members that were skipped with their criteria: naming one could leave a must unproven."""
    criteria, found = state.catalogue.knowledge.criteria, dict[str, list[str]]()
    for name in list_met_by_all(state):
        if (of := criteria.list_of(name)) is not None:
            found.setdefault(of.label.lower(), []).append(criteria[name].label)
    return [f"{members} for {shortened(labels, _MOST_NAMED)}" for members, labels in found.items()]


def describe_open(state: State) -> str:
    """Say what a file of answers leaves open; empty if nothing."""
    screen = choose_screen(state._replace(phase="asking"))
    if not isinstance(screen, Screen):
        return ""
    labels = [make_prompt(key, state.catalogue).label for key in screen.keys]
    return f"The file does not answer what would be asked next: {shortened(labels, _MOST_NAMED)}."


def write_count(number: int, one: str, many: str) -> str:
    """Return a number of things in words, such as "no questions"."""
    return f"{number:,} {one if number == 1 else many}" if number else f"no {many}"
