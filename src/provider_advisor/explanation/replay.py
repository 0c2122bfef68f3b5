"""Whether and why the same question is answered differently now: two records, compared part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from provider_advisor.explanation.replay_evidence import costs, findings
from provider_advisor.explanation.replay_pair import Difference, Pair, difference
from provider_advisor.explanation.replay_shapes import AnswerShape, FindingShape, ProviderShape, RequirementShape
from provider_advisor.explanation.words import joined

__all__ = ["CONTEXT", "differences", "replay_record"]

CONTEXT = ("stale", "age", "day", "knowledge")
"""What differences are about that are no part of the answer itself, but of what it was drawn from."""

Record = Mapping[str, Any]


def replay_record(old: Record, new: Record) -> dict[str, Any]:
    """Two records compared, as JSON-ready data: whether the verdict, or anything of the answer, differs, and why.

    Raises RequirementsError where one lacks what is compared.
    """
    found = differences(old, new)
    then, now = old["knowledge"], new["knowledge"]
    return {
        "schema": "provider-advisor/replay/1",
        "then": {"as_of": then["as_of"], "fingerprint": then["fingerprint"]},
        "now": {"as_of": now["as_of"], "fingerprint": now["fingerprint"]},
        "differs": any(part["about"] not in CONTEXT for part in found),
        "verdict_differs": any(part["about"] == "verdict" for part in found),
        "says": _summary({part["about"] for part in found}),
        "differences": found,
    }


def _summary(about: set[str]) -> str:
    if "verdict" in about:
        return "The answer differs."
    if about - {*CONTEXT}:
        return "The verdict is the same; what it rests on differs."
    if "knowledge" in about:
        return "The answer is the same: facts or rules differ, but nothing in this answer does."
    return "The answer is the same."


def differences(old: Record, new: Record) -> list[Difference]:
    """What differs between two records of one question, the verdict first.

    Each says what it is `about`, and `says` it in a sentence; `old`, `new`, `provider`, `criterion`, `rule` and
    `claims` where they apply. Raises RequirementsError where a record lacks what is compared.
    """
    pair = Pair.of(old, new)
    parts = (_verdict, _providers, _requirements, _rules, findings, costs, _ways, _drawn_from)
    return [found for part in parts for found in part(pair)]


def _verdict(pair: Pair) -> Iterator[Difference]:
    then, now = pair.old.verdict, pair.new.verdict
    if then.model_copy(update={"reason": now.reason}) != now:
        says = f"The verdict is another. Then: {then.reason} Now: {now.reason}"
        yield difference("verdict", says, old=then.model_dump(mode="json"), new=now.model_dump(mode="json"))
    elif then.reason != now.reason:
        says = f"The verdict has another reason. Then: {then.reason} Now: {now.reason}"
        yield difference("reason", says, old=then.reason, new=now.reason)


def _providers(pair: Pair) -> Iterator[Difference]:
    then, now = ({provider.id: provider for provider in answer.providers} for answer in (pair.old, pair.new))
    for gone in sorted(then.keys() - now.keys()):
        yield difference("provider", f"{then[gone].name} is no longer known.", provider=gone, old=gone, new=None)
    for come in sorted(now.keys() - then.keys()):
        yield difference("provider", f"{now[come].name} is new.", provider=come, old=None, new=come)
    for both in sorted(now.keys() & then.keys()):
        yield from _standing(then[both], now[both])


def _standing(then: ProviderShape, now: ProviderShape) -> Iterator[Difference]:
    if then.standing != now.standing:
        says = f"{now.name} was {then.standing_text} and is {now.standing_text}."
        yield difference("standing", says, provider=now.id, old=then.standing, new=now.standing)
    if then.score != now.score:
        says = f"The score of {now.name} was {then.score.text} and is {now.score.text}."
        old, new = then.score.model_dump(), now.score.model_dump()
        yield difference("score", says, provider=now.id, old=old, new=new)


def _requirements(pair: Pair) -> Iterator[Difference]:
    """Which requirements came, went or changed, and the rules behind it."""
    then, now = ({part.key: part for part in answer.requirements} for answer in (pair.old, pair.new))
    gone = [then[key] for key in sorted(then.keys() - now.keys())]
    come = [now[key] for key in sorted(now.keys() - then.keys())]
    for new in come:
        old = next((part for part in gone if part.criterion == new.criterion), None)
        if old is not None:
            gone.remove(old)
            says = f"Asked was {old.text}, {_by(old)}; now {new.text}, {_by(new)}."
            yield _asked(says, new.criterion, old, new)
        else:
            yield _asked(f"Now asked too: {new.text}, {_by(new)}. {_because(pair.new, new)}", new.criterion, None, new)
    for old in gone:
        yield _asked(f"No longer asked: {old.text}, which was asked {_by(old)}.", old.criterion, old, None)
    for key in sorted(then.keys() & now.keys()):
        if then[key].implied_by != now[key].implied_by:
            says = f"{now[key].text} was asked {_by(then[key])}; now {_by(now[key])}."
            yield _asked(says, now[key].criterion, then[key], now[key])


def _asked(says: str, criterion: str, old: RequirementShape | None, new: RequirementShape | None) -> Difference:
    sides = {"old": old.model_dump(mode="json") if old else None, "new": new.model_dump(mode="json") if new else None}
    rules = set(old.implied_by if old else ()) ^ set(new.implied_by if new else ())
    return difference("requirement", says.rstrip(), criterion=criterion, rules=sorted(rules), **sides)


def _by(part: RequirementShape) -> str:
    if not part.implied_by:
        return "by the team"
    return f"by the rule{'s' if len(part.implied_by) > 1 else ''} {joined(part.implied_by)}"


def _because(answer: AnswerShape, part: RequirementShape) -> str:
    return next((finding.because for finding in answer.findings if finding.key == part.key), "")


def _firsts(answer: AnswerShape) -> dict[tuple[str, str, str], FindingShape]:
    """One finding of each requirement and rule: weight and reason are the same for all providers."""
    return {finding.key: finding for finding in reversed(answer.findings)}


def _rules(pair: Pair) -> Iterator[Difference]:
    """Which rules that favour came or went; then other weights and other reasons."""
    then, now = _firsts(pair.old), _firsts(pair.new)
    for key in sorted(then.keys() - now.keys()):
        if not key[0]:
            says = f"The rule {key[2]} no longer counts: {then[key].because}"
            yield difference("rule", says, rule=key[2], old=then[key].because, new=None)
    for key in sorted(now.keys() - then.keys()):
        if not key[0]:
            says = f"The rule {key[2]} now counts: {now[key].because}"
            yield difference("rule", says, rule=key[2], old=None, new=now[key].because)
    for key in sorted(then.keys() & now.keys()):
        yield from _weight(then[key], now[key], pair)


def _weight(then: FindingShape, now: FindingShape, pair: Pair) -> Iterator[Difference]:
    what = {"criterion": now.criterion} if now.criterion else {"rule": now.rule}
    name = f"{pair.label(now)} ({now.priority})" if now.criterion else f"the rule {now.rule}"
    if then.weight != now.weight:
        says = f"The weight of {name} was {then.weight:g} and is {now.weight:g}."
        yield difference("weight", says, **what, old=then.weight, new=now.weight)
    if then.because != now.because:
        says = f"The reason for {name} has other words now: {now.because}"
        yield difference("because", says, **what, old=then.because, new=now.because)


def _ways(pair: Pair) -> Iterator[Difference]:
    """Which consequents are set aside, who would do together, what could be given up."""
    old, new = pair.old, pair.new
    for part in new.set_aside:
        if part not in old.set_aside:
            label = pair.labels.get(part.criterion, part.criterion)
            says = f"The rule {part.rule} on {label} is set aside now: {part.because}."
            yield difference("set-aside", says, rule=part.rule, criterion=part.criterion, old=None, new=part.because)
    if old.combinations != new.combinations:
        says = f"Together would have met every must: {_groups(old, pair)}; now {_groups(new, pair)}."
        yield difference(
            "combinations", says, old=list(map(list, old.combinations)), new=list(map(list, new.combinations))
        )
    if old.concessions != new.concessions:
        sides = {
            "old": [_dropped(part.drop) for part in old.concessions],
            "new": [_dropped(part.drop) for part in new.concessions],
        }
        says = f"Could have been given up: {_either(sides['old'])}; now {_either(sides['new'])}."
        yield difference("concessions", says, **sides)


def _groups(answer: AnswerShape, pair: Pair) -> str:
    return _either([joined([pair.names.get(name, name) for name in group]) for group in answer.combinations])


def _dropped(parts: Iterable[RequirementShape]) -> str:
    return joined([part.text for part in parts])


def _either(ways: Sequence[str]) -> str:
    return ", or ".join(ways) or "nothing"


def _drawn_from(pair: Pair) -> Iterator[Difference]:
    """Facts past their time, the age of the evidence, the day, facts and rules as a whole."""
    old, new = pair.old.knowledge, pair.new.knowledge
    known = {(part.provider, part.criterion) for part in old.stale}
    for part in new.stale:
        if (part.provider, part.criterion) not in known:
            name, label = pair.names.get(part.provider, part.provider), pair.labels.get(part.criterion, part.criterion)
            says = f"The fact on {name}, {label}, of {part.as_of}, is older now than such facts should be."
            yield difference("stale", says, provider=part.provider, criterion=part.criterion, old=None, new=part.as_of)
    if old.rests_on != new.rests_on:
        says = f"The evidence is of another age. Then: {old.rests_on.says} Now: {new.rests_on.says}"
        yield difference("age", says, old=old.rests_on.says, new=new.rests_on.says)
    if old.as_of != new.as_of:
        says = f"Then the facts of {old.as_of} counted, now those of {new.as_of}."
        yield difference("day", says, old=old.as_of, new=new.as_of)
    if old.fingerprint != new.fingerprint:
        says = f"The knowledge base was {old.fingerprint[:12]} and is {new.fingerprint[:12]}."
        yield difference("knowledge", says, old=old.fingerprint, new=new.fingerprint)
