"""Why a question is asked, in sentences: what is known, what is proved, and what each answer would change.

They never name a provider, so that nobody answers to help one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from provider_advisor.decision import Verdict
from provider_advisor.explanation.words import capital, join_any, joined, keep_few
from provider_advisor.faces.ask_wording import describe_answer, describe_question, say_left, write_count
from provider_advisor.questionnaire import (
    Coverage,
    Key,
    Known,
    State,
    Why,
    explain_question,
    make_prompt,
    sum_up_known,
)
from provider_advisor.questionnaire.state import TOPICS

_MOST_LISTED = 8
_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_PROVED = {
    "out": "none of the providers compared meets every must",
    "standing": "it is decided whether the leader meets every must",
    "behind": "no other provider can catch up",
    "level": "the leaders stay level",
    "strength": "the answer stays as firm as it is",
}
_OPEN = {
    "standing": "whether the leader meets every must",
    "behind": "whether another provider can catch up",
    "level": "whether the leaders stay level",
    "strength": "how firm the answer is",
}
"""The parts of a proof, in words: once they are proved, and while they are open."""

_STRENGTHS: Mapping[str, str] = {
    "firm": " for certain",
    "dated": ", but only on facts that are out of date",
    "leaning": ", but not for certain",
    "lean": ", but it is not known whether it meets every must",
}


def describe_known(state: State) -> list[str]:
    """Say what is known and proved so far."""
    return list(_describe_known(sum_up_known(state)))


def describe_why(state: State, key: Key, names: Mapping[str, str] = _NO_NAMES) -> list[str]:
    """Explain why a question is asked: its words, what is known, and what each answer would change.

    `names` are what a face calls answers, if not by the words of the terminal.
    """
    if key == TOPICS:
        return [*describe_known(state), *_describe_topics(state)]
    found, prompt = explain_question(state, key), make_prompt(key, state.catalogue)
    return [
        f"{prompt.label}: {describe_question(prompt)}",
        *_describe_known(found.known),
        *_describe_coverage(found.coverage),
        *_describe_moves(found, state, names),
        *_describe_dependents(found),
    ]


def _describe_known(known: Known) -> Iterator[str]:
    stated = write_count(known.stated, "requirement", "requirements")
    unsure = f", {known.unsure} not sure" if known.unsure else ""
    yield f"So far: {stated}{unsure}; {_describe_verdict(known.verdict)}."
    yield " ".join(_describe_proved(known))


def _describe_proved(known: Known) -> Iterator[str]:
    told = [_PROVED[aspect] for aspect in known.proved if aspect in _PROVED]
    if known.out and "out" not in known.proved:
        told.insert(0, f"{known.out} of {known.providers} providers {'is' if known.out == 1 else 'are'} ruled out")
    yield f"Proved: {joined(told)}." if told else "Proved: nothing yet."
    if known.left:
        open_ = [_OPEN[aspect] for aspect in known.still_open if aspect in _OPEN]
        what = f"{joined(open_)}; " if open_ else ""
        yield f"Open: {what}{say_left(known.left)} could still change the answer."


def _describe_verdict(verdict: Verdict, before: Verdict | None = None) -> str:
    """Say who is ahead, without a name; after an answer that is tried, in words that tell it from `before`."""
    if verdict.kind == "none":
        return "none of the providers compared meets every must"
    # As many as before, but others: without this, the sentence would be that of the answer so far.
    then = verdict.among if before is None else before.among
    is_alike = len(then) == len(verdict.among) and set(then) != set(verdict.among)
    others = ", but not the same ones as now" if is_alike else ""
    if verdict.kind == "tie":
        return f"{len(verdict.among):,} providers are level{others}"
    ahead = verdict.provider or verdict.lean
    if ahead is None:
        among = f" between {len(verdict.among):,} providers" if verdict.among else ""
        return f"the answer is open{among}{others}"
    who = "one provider"
    if before is not None and (was := before.provider or before.lean):
        who = "the same provider" if ahead == was else "another provider"
    return f"{who} is ahead{_STRENGTHS[verdict.strength or 'lean']}"


def _describe_coverage(coverage: Coverage | None) -> Iterator[str]:
    """Yield for how many providers it is known; not which ones, so as not to influence the answer."""
    if coverage is None:
        return
    words = {"known to have it": coverage.has, "known to lack it": coverage.lacks, "not known": coverage.unknown}
    if coverage.is_amount:
        words = {"with a known amount": coverage.has, "without a known amount": coverage.unknown}
    of = write_count(coverage.has + coverage.lacks + coverage.unknown, "provider", "providers")
    told = ", ".join(f"{number} {text}" for text, number in words.items() if number)
    yield f"Of the {of} still in the running: {told}."


def _describe_moves(found: Why, state: State, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what each answer would change on its own; answers with the same effect together."""
    by_effect: dict[str, list[str]] = {}
    for tried in found.tried:
        before, after = found.known.verdict, tried.verdict
        effect = "" if after == before else _describe_verdict(after, before)
        answer = describe_answer(found.key, tried.answer, state)
        by_effect.setdefault(effect, []).append(names.get(answer, answer))
    same = by_effect.pop("", [])
    for effect, answers in by_effect.items():
        yield f"{_join_answers(answers)}: {effect}."
    if by_effect and same:
        yield f"{_join_answers(same)}: the answer stays the same."
    elif not by_effect:
        together = ", but together with other answers it may" if found.decides else ""
        yield f"On its own, it does not change the answer{together}."


def _join_answers(answers: Sequence[str]) -> str:
    return capital(join_any(keep_few(answers, _MOST_LISTED, "others")))


def _describe_dependents(found: Why) -> Iterator[str]:
    if found.opens:
        yield f"{write_count(len(found.opens), 'further question depends', 'further questions depend')} on it."
    if found.rules:
        yield f"{write_count(found.rules, 'rule uses', 'rules use')} it."


def _describe_topics(state: State) -> Iterator[str]:
    yield "You will not be asked about the topics that you leave out. You can tick more later: search for topics."
    questions = [part for part in state.catalogue.questions.values() if part.about == "criterion"]
    counts = [
        f"{subject.label} {sum(name in question.subjects for question in questions)}"
        for name, subject in state.catalogue.subjects.items()
    ]
    yield f"At most this many questions per topic (some belong to several): {', '.join(counts)}."
    yield "Only a few of them will be asked."
