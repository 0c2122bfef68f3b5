"""Why a question is asked, in sentences that name no provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provider_advisor.decision import Verdict
from provider_advisor.explanation.words import capital, joined
from provider_advisor.faces.cli.asking.wording import answer_words, detail
from provider_advisor.questionnaire import Coverage, Known, Move, State, Why, known_at, prompt_of, why

__all__ = ["known_lines", "why_lines"]

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
