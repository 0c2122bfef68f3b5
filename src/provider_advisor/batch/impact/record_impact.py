"""What changes between two knowledge bases, as the JSON that `recommend impact` prints: counts, causes and examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from provider_advisor.batch.impact.causes import Cause, Sample
from provider_advisor.batch.impact.encoded_verdicts import (
    LIMITING,
    decode_verdict,
    is_known,
    limit_facts,
)
from provider_advisor.batch.impact.measure import Impact, Transition
from provider_advisor.batch.kernel.arrays import Ints
from provider_advisor.batch.kernel.read_row import read_row
from provider_advisor.decision import Verdict, decide
from provider_advisor.explanation.answer_differences import find_differences
from provider_advisor.explanation.answer_records import as_data
from provider_advisor.explanation.record_answer import record_answer
from provider_advisor.explanation.words import round_share
from provider_advisor.knowledge import Facts, KnowledgeBase
from provider_advisor.requirements import Statement

SCHEMA = "provider-advisor/impact/1"
_EXAMPLES = 3
_REASONS = ("finding", "requirement", "rule", "weight", "set-aside", "cost", "provider", "standing")

Record = dict[str, Any]


def record_impact(impact: Impact, before: str, after: str) -> Record:
    """Return the impact as JSON-ready data, the sides by these names.

    `record_schemas.impact_schema` is its JSON Schema. Lists have the largest count first. Shares are of the teams
    compared, null where none was.
    """
    changed = sum(impact.transitions.values())
    # The third number of a verdict is the provider that it recommends; see `EncodedVerdicts`.
    other = sum(count for (then, now), count in impact.transitions.items() if then[2] != now[2])
    ordered = sorted(impact.transitions.items(), key=lambda item: (-item[1], item[0]))
    causes = impact.causes
    return {
        "schema": SCHEMA,
        "as_of": impact.before.as_of.isoformat(),
        "max_age": impact.before.max_age,
        "before": _describe_side(before, impact.before.knowledge),
        "after": _describe_side(after, impact.after.knowledge),
        "rows": impact.compared + sum(impact.rejected.values()),
        "compared": impact.compared,
        "rejected": {name: impact.rejected[name] for name in ("both", "before", "after")},
        "changed": _add_share(changed, impact),
        "other_provider": _add_share(other, impact),
        "transitions": [_record_transition(pair, count, impact) for pair, count in ordered],
        "because": {
            "looked_at": causes.teams,
            "sampled": causes.teams < changed,
            "by_one": causes.by_one,
            "by_any": causes.by_any,
            "together": causes.together,
            "untried": causes.untried,
        },
        "changes": [_record_cause(cause, impact.sample) for cause in causes.parts],
        "examples": list(_list_examples(impact, [pair for pair, _ in ordered])),
        "dated": impact.dated,
        "unread": list(impact.unread),
    }


def _describe_side(name: str, knowledge: KnowledgeBase) -> Record:
    return {"name": name, "fingerprint": knowledge.fingerprint, **knowledge.edition_data}


def _add_share(teams: int, impact: Impact) -> Record:
    return {"teams": teams, "share": round_share(teams / impact.compared) if impact.compared else None}


def _record_transition(pair: Transition, teams: int, impact: Impact) -> Record:
    before, after = _decode_pair(pair, impact)
    return {"before": before.record(), "after": after.record(), **_add_share(teams, impact)}


def _decode_pair(pair: Transition, impact: Impact) -> tuple[Verdict, Verdict]:
    return decode_verdict(pair[0], impact.providers), decode_verdict(pair[1], impact.providers)


def _record_cause(cause: Cause, sample: Sample) -> Record:
    change = cause.change
    return {
        "kind": change.kind,
        "provider": change.provider or None,
        "name": change.name,
        "says": change.says,
        "brings": [part.says for part in cause.brings],
        "alone": _count(cause.alone),
        "otherwise": _count(cause.otherwise),
        "needed": _count(cause.needed),
        "examples": [_locate(sample, int(team)) for team in _choose_few(cause)],
    }


def _count(teams: Ints | None) -> int | None:
    return None if teams is None else len(teams)


def _choose_few(cause: Cause) -> Ints | Sequence[int]:
    """Return a few teams whose verdict the change alone changes, or else some that need it."""
    found = [teams for teams in (cause.alone, cause.needed) if teams is not None and len(teams)]
    return found[0][:_EXAMPLES] if found else ()


def _locate(sample: Sample, team: int) -> Record:
    return dict(sample.places.slice(team, 1).to_pylist()[0])


def _list_examples(impact: Impact, pairs: Sequence[Transition]) -> Iterator[Record]:
    """Yield a team for each of the most frequent transitions, with what differs between its two answers."""
    # Single answers, because verdicts in columns have no reasons: a few examples are all that is shown.
    sample = impact.sample
    codes = [(tuple(one), tuple(two)) for one, two in zip(sample.before.tolist(), sample.after.tolist(), strict=True)]
    for team in [codes.index(pair) for pair in pairs if pair in codes][:_EXAMPLES]:
        row = sample.rows.slice(team, 1).to_pylist()[0]
        then, now = (_answer_row(row, facts) for facts in (impact.before, impact.after))
        found = [part for part in find_differences(then, now) if part["about"] in _REASONS]
        found.sort(key=lambda part: _REASONS.index(part["about"]))
        before, after = _decode_pair(codes[team], impact)
        yield {
            **_locate(sample, team),
            "before": before.record(),
            "after": after.record(),
            "differences": [part["says"] for part in found],
        }


def _answer_row(row: Record, facts: Facts) -> Record:
    """Return the single answer to a row, without columns that the base does not know."""
    facts = limit_facts(facts, {name: row.get(name) for name in LIMITING})
    read = {name: value for name, value in row.items() if is_known(name, facts.knowledge)}
    statement = Statement(read_row(read, facts.knowledge), facts.as_of, facts.max_age)
    return dict(as_data(record_answer(decide(statement.team, facts), statement)))
