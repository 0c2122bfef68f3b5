"""The words of the conversation that every face of it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provider_advisor.decision import Verdict
from provider_advisor.explanation.words import STANDINGS, capital, joined, number_text
from provider_advisor.questionnaire import (
    Coverage,
    End,
    Known,
    Move,
    Prompt,
    Screen,
    State,
    Why,
    known_at,
    progress_of,
    prompt_of,
    screen_after,
    survey_of,
    why,
)

__all__ = [
    "LEVELS",
    "answer_words",
    "choice_label",
    "detail",
    "end_sentence",
    "hint",
    "known_lines",
    "line_label",
    "open_sentence",
    "progress_line",
    "silence",
    "spoken",
    "standing_line",
    "stated_keys",
    "summary",
    "takes_bound",
    "title",
    "why_lines",
]

LEVELS = {"must": "must", "good": "good", "nice": "nice", "no": "no", "not-sure": "not sure"}
"""What is answered about a criterion, and how it is read; the most wanted first."""

_SILENT = {"no", "none", "no-answer"}
_TITLES = {
    "topics": "What matters to the team? Tick the topics; the rest is not asked about.",
    "numbers": "What you asked for, in numbers",
    "situation": "Your team",
    "volumes": "How much in a month? A rough number will do.",
    "details": "More about what you need. A rough number will do.",
    "closing": "The last ones. If you need none of these, nothing else can change the answer.",
}
_LAST = "The last questions. If you leave them all, nothing else can change the answer."
_MOST_NAMED = 4


def title(screen: Screen, state: State) -> str:
    """What a screen is about."""
    criteria = [key for key in screen.keys if key.startswith("criterion:")]
    if screen.kind != "list":
        return _LAST if screen.kind == "closing" and len(criteria) < len(screen.keys) else _TITLES[screen.kind]
    how = "how important is each of these?" if len(criteria) > 1 else "how important is this?"
    subject = state.catalogue.subjects[screen.subject].label if screen.subject else "From all your topics"
    return f"{subject}: {how}"


def progress_line(screen: Screen, state: State) -> str:
    """How many criteria are left that could change the answer; empty where that says nothing."""
    if screen.kind in {"topics", "closing"}:
        return ""
    if state.phase == "further":
        return "The answer is settled; what follows only completes it."
    left = progress_of(state).left
    return f"{left} left that could change the answer" if left else "The last questions"


def standing_line(state: State) -> str:
    """Where each provider stands on what was said so far."""
    knowledge, outcome = state.catalogue.knowledge, survey_of(state).outcome
    parts = []
    for assessment in outcome.assessments:
        score = "" if assessment.score is None else f" {round(assessment.score.expected)}"
        parts.append(f"{knowledge.providers[assessment.provider].name} {STANDINGS[assessment.standing]}{score}")
    return f"So far: {', '.join(parts)}."


def choice_label(value: str, label: str) -> str:
    """A choice as it is read: an id that stands for itself without its hyphens."""
    return value.replace("-", " ") if label == value else label


def line_label(key: str, value: object, state: State) -> str:
    """A question that is no criterion, on a line of a list, with its answer unless that is None."""
    prompt = prompt_of(key, state.catalogue)
    answer = "" if value is None else answer_words(key, value, state)
    if not key.startswith("bound:"):
        return f"{prompt.label}: {answer or '…'}"
    asked = f"at {'most' if prompt.at_most else 'least'} … {prompt.unit or ''}"
    return f"   {answer or asked.rstrip()}"


def detail(prompt: Prompt) -> str:
    """What helps to answer: the question as a sentence, and the help."""
    return f"{prompt.ask} {prompt.help}" if prompt.help else prompt.ask


def hint(prompt: Prompt) -> str:
    """What may be typed where a number is asked for."""
    is_bound = prompt.key.startswith("bound:")
    what = f"The {'most' if prompt.at_most else 'least'} that will do, in" if is_bound else "A number of"
    typical = [number_text(part) for part in prompt.typical if not isinstance(part, str)]
    example = f" (for example {', '.join(typical)})" if typical else ""
    return f"{what} {prompt.unit}{example}, or s: not sure"


def silence(prompt: Prompt) -> str:
    """What it means that nothing is answered to a question."""
    if prompt.kind == "number" and prompt.key.startswith("bound:"):
        return f"no limit, the {'less' if prompt.at_most else 'more'} the better"
    return {"topics": "none of them", "rating": "any will do", "criterion": "no"}.get(prompt.kind, "no answer")


def answer_words(key: str, value: object, state: State) -> str:
    """An answer as it is read: "must", "at least 90 countries", "training, events"."""
    catalogue = state.catalogue
    kind, _, name = key.partition(":")
    if isinstance(value, tuple | list):
        labels = {subject.id: subject.label for subject in catalogue.subjects.values()} if kind == "topics" else {}
        return ", ".join(labels.get(part, str(part).replace("-", " ")) for part in value) or "none"
    if isinstance(value, str) and value in _SILENT | {"not-sure"}:
        return {"none": "no limit" if kind == "bound" else "none"}.get(value, value.replace("-", " "))
    if kind != "bound":
        return number_text(value) if isinstance(value, int | float) else str(value).replace("-", " ")
    criterion = catalogue.knowledge.criteria[name]
    word = "at most" if criterion.lower_is_better else "at least"
    if criterion.values:
        return f"{word} {criterion.values[value] if isinstance(value, int) else value}"
    return f"{word} {number_text(value)} {criterion.unit}" if isinstance(value, int | float) else str(value)


def summary(values: Mapping[str, object], state: State) -> str:
    """What was answered on a screen, in one line; what was left at no is not listed."""
    told = {key: value for key, value in values.items() if value not in _SILENT}
    return spoken(told, state) if told else "None of these."


def spoken(values: Mapping[str, object], state: State) -> str:
    """Answers as they are read back, each with its label; a number goes with what it belongs to."""
    parts: dict[str, list[str]] = {}
    for key, value in values.items():
        label = prompt_of(key, state.catalogue).label
        parts.setdefault(label, []).append(answer_words(key, value, state))
    return f"{'; '.join(_told(label, words) for label, words in parts.items())}."


def _told(label: str, words: Sequence[str]) -> str:
    return f"{label}: {', '.join(words)}"


def stated_keys(state: State) -> tuple[str, ...]:
    """The answers that ask for something, say something or leave it open; each can be changed."""
    return tuple(answer.key for answer in state.answers if answer.value not in _SILENT)


def takes_bound(state: State, key: str) -> bool:
    """Whether the criterion of a key takes a number or a rating's word."""
    return state.catalogue.knowledge.criteria[key.partition(":")[2]].kind != "capability"


def end_sentence(state: State, end: End) -> str:
    """Which of the four ends it is, and what that means."""
    if end.kind == "settled":
        text = "Settled: within your topics nothing you could add would change the answer."
    elif end.kind == "settled-unless":
        labels = dict.fromkeys(prompt_of(key, state.catalogue).label for key in end.unless)
        text = f"Settled unless you need one of these, of which you were not sure: {', '.join(labels)}."
    elif end.kind == "declared":
        text = f"You say that is all; {_open_still(state)} the answer."
    else:
        text = f"Stopped: the answer rests on what was said so far; {_open_still(state)} it."
    return " ".join([text, *_additions(state, end)])


def _open_still(state: State) -> str:
    """What could still change the answer, where a person ended it."""
    if not isinstance(screen_after(state._replace(phase="asking")), Screen):
        return "nothing that was left could change"
    left = progress_of(state).left
    if left > 1:
        return f"up to {left} criteria that were not asked could still change"
    return "one more question could still change"


def _additions(state: State, end: End) -> Iterator[str]:
    team = survey_of(state).view.team
    if not (team.requirements or team.situation or team.usage):
        yield "But nothing is asked for, so nothing can be recommended: open a topic, or search."
    elif end.verdict.kind == "none" and not end.complete:
        yield "No provider alone will do. Going on makes the list of what you would have to give up complete."


def open_sentence(state: State) -> str:
    """What a file of answers leaves open; empty where that is nothing."""
    place = screen_after(state._replace(phase="asking"))
    if not isinstance(place, Screen):
        return ""
    labels = [prompt_of(key, state.catalogue).label for key in place.keys]
    more = ", …" if len(labels) > _MOST_NAMED else ""
    return f"The answers leave open what would be asked next: {', '.join(labels[:_MOST_NAMED])}{more}."


_SO_FAR = {
    "stated": "nothing counts yet",
    "out": "no provider alone will do",
    "standing": "how whoever is ahead stands on the musts",
    "behind": "that the others stay behind",
    "level": "that those ahead stay level",
    "strength": "how firm the advice is",
}
_MOST_LISTED = 8


def known_lines(state: State) -> list[str]:
    """What is known and what is proved so far."""
    return list(_known(known_at(state)))


def why_lines(state: State, key: str) -> list[str]:
    """Why a question is asked: its words, what is known so far, what the answer would move and how."""
    if key == "topics":
        return [*known_lines(state), *_topics(state)]
    found, prompt = why(state, key), prompt_of(key, state.catalogue)
    return [
        f"{prompt.label}: {detail(prompt)}",
        *_known(found.known),
        *_coverage(found.coverage),
        *_moves(found, state),
        *_hanging_on(found),
    ]


def _known(known: Known) -> Iterator[str]:
    unsure = f", {known.unsure} not sure" if known.unsure else ""
    yield f"So far: {_counted(known.stated, 'wish', 'wishes')}{unsure}; {_kind(known.verdict)}."
    yield " ".join(_proved(known))


def _proved(known: Known) -> Iterator[str]:
    told = [_SO_FAR[aspect] for aspect in known.proved if aspect != "stated"]
    if known.out and "out" not in known.proved:
        told.insert(0, f"{known.out} of {known.providers} providers {'is' if known.out == 1 else 'are'} out for good")
    yield f"Proved: {joined(told)}." if told else "Proved: nothing yet."
    if known.left:
        open_ = [_SO_FAR[aspect] for aspect in known.hanging if aspect not in {"stated", "out"}]
        what = f"{joined(open_)}; " if open_ else ""
        yield f"Open: {what}up to {_counted(known.left, 'criterion', 'criteria')} could still change the advice."


def _kind(verdict: Verdict) -> str:
    if verdict.kind == "recommended":
        return f"one provider is ahead, {'firmly' if verdict.strength == 'firm' else 'but not for certain'}"
    if verdict.kind == "undetermined":
        return "one provider is ahead, but a must of it is not known" if verdict.lean else "the advice is open"
    return {"tie": "several providers are level"}.get(verdict.kind, "no single provider will do")


def _coverage(coverage: Coverage | None) -> Iterator[str]:
    """How far it is known of providers; not of which, so that it does not steer."""
    if coverage is None:
        return
    words = {"known to have it": coverage.has, "known to lack it": coverage.lacks, "not known": coverage.unknown}
    if coverage.is_amount:
        words = {"with a known amount": coverage.has, "without a known amount": coverage.unknown}
    of = _counted(coverage.has + coverage.lacks + coverage.unknown, "provider", "providers")
    yield f"Of the {of} still in: {', '.join(f'{number} {text}' for text, number in words.items() if number)}."


def _moves(found: Why, state: State) -> Iterator[str]:
    """What each answer alone would do, answers that do the same together."""
    by_effect: dict[str, list[str]] = {}
    for move in found.moves:
        by_effect.setdefault(_effect(move, found.known.verdict), []).append(answer_words(found.key, move.answer, state))
    same = by_effect.pop("", [])
    for effect, answers in by_effect.items():
        yield f"{capital(_or(answers))}: {effect}."
    if by_effect and same:
        yield f"{capital(_or(same))}: the advice stays as it is."
    elif not by_effect:
        together = ", but together with other answers it may" if found.decides else ""
        yield f"Alone it does not change the advice{together}."


def _effect(move: Move, before: Verdict) -> str:
    """How the advice would change; empty where it would not."""
    after = move.verdict
    if after == before:
        return ""
    if after.kind == "none":
        return "no single provider would do any more"
    if after.kind == "tie":
        return "several providers would be level"
    ahead, was = after.provider or after.lean, before.provider or before.lean
    if ahead is None:
        return "the advice would be open"
    who = "a provider" if was is None else "the same provider" if ahead == was else "another provider"
    return f"{who} would be ahead, {_HOW[after.strength or ('lean' if after.lean else '')]}"


_HOW: Mapping[str, str] = {
    "firm": "firmly",
    "leaning": "but not for certain",
    "lean": "but one of its musts would not be known",
}


def _hanging_on(found: Why) -> Iterator[str]:
    if found.opens:
        yield f"{_counted(len(found.opens), 'further question is', 'further questions are')} asked only after it."
    if found.rules:
        yield f"{_counted(found.rules, 'rule draws', 'rules draw')} further conclusions from it."


def _topics(state: State) -> Iterator[str]:
    yield "Each topic that you leave out spares you its questions. You can tick more of them later: search for topics."
    questions = [part for part in state.catalogue.questions.values() if part.about == "criterion"]
    counts = {
        subject.label: sum(name in question.subjects for question in questions)
        for name, subject in state.catalogue.subjects.items()
    }
    told = ", ".join(f"{label} {count}" for label, count in counts.items())
    yield f"Questions there may be at most, some of them in several topics: {told}. Few of them will be asked."


def _counted(number: int, one: str, many: str) -> str:
    return f"{number or 'no'} {one if number == 1 else many}"


def _or(words: Sequence[str]) -> str:
    if len(words) > _MOST_LISTED:
        return f"{', '.join(words[:_MOST_LISTED])} or {len(words) - _MOST_LISTED} others"
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
