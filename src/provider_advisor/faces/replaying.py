"""Answer the question of a record, or of a saved decision, again: for the terminal, the pages and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.explanation.answer_differences import CAUSES, compare_records
from provider_advisor.explanation.answer_records import SCHEMA
from provider_advisor.explanation.words import joined
from provider_advisor.faces.text import clean
from provider_advisor.knowledge import KnowledgeBase
from provider_advisor.knowledge.scope import EVERYTHING, Scope
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.recommendation import answer
from provider_advisor.requirements.requirements_file import read_requirements_data

if TYPE_CHECKING:  # of an extra
    from provider_advisor.store.decision_store import KeptDecision

EXPECTED_RECORD = "expected what `recommend --format json` printed."


def check_record(data: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 (JSON holds anything)
    """Return data if it is a record with a question. Raises RequirementsError naming the record."""
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        found = f"its schema is {_show_word(schema)}" if isinstance(schema, str) else "it names no schema"
        raise RequirementsError(
            f"{name} is not a record that can be replayed: {found}; "
            f"expected '{SCHEMA}', as `recommend --format json` prints it."
        )
    if not isinstance(data.get("question"), dict):
        raise RequirementsError(f"{name} contains no question to ask again; {EXPECTED_RECORD}")
    return dict(data)


def replay_record(
    old: dict[str, Any], name: str, knowledge: KnowledgeBase, day: dt.date | None = None, limits: Scope = EVERYTHING
) -> dict[str, Any]:
    """Compare the answer of a record with today's answer, as `compare_records` does.

    `day` replaces the question's own day, and `limits` the parts of its scope that they name. Raises RequirementsError
    where the question cannot be asked again.
    """
    _refuse_other_base(old, name, knowledge)
    _refuse_vanished(old["question"], name, knowledge)
    statement = read_requirements_data(old["question"], name, knowledge)
    # The limits of the record stay, except those given again: --only replaces only its `only`.
    both = (mine or own for mine, own in zip(limits, statement.scope, strict=True))
    statement = statement._replace(as_of=day or statement.as_of, scope=Scope(*both))
    try:
        return compare_records(old, answer(knowledge, statement).record)
    except RequirementsError as error:
        raise RequirementsError(f"{name}: {error}") from error


def group_differences(compared: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the differences as sentences under headings: first the effects, then their causes in facts and rules."""
    found = compared["differences"]
    effects = _join_providers([part["says"] for part in found if part["about"] not in CAUSES])
    causes = [part["says"] for part in found if part["about"] in CAUSES and part["about"] != "day"]
    groups = (("What differs", effects), ("Why it differs" if effects else "What changed in facts and rules", causes))
    return [(title, sentences) for title, sentences in groups if sentences]


def _join_providers(sentences: list[str]) -> list[str]:
    """Return the sentences with one for all providers that joined the comparison, and one for all that left it."""
    for one, many in (
        ("is no longer compared.", "are no longer compared."),
        ("is now compared too.", "are now compared too."),
    ):
        alike = [says for says in sentences if says.endswith(one)]
        if len(alike) > 1:
            text = f"{joined([says.removesuffix(one).strip() for says in alike])} {many}"
            first = sentences.index(alike[0])
            sentences = [*sentences[:first], text, *(says for says in sentences[first:] if says not in alike)]
    return sentences


class ReplayedDecision(NamedTuple):
    """A saved decision, and how today's answer compares; `refused` says why its question cannot be asked now."""

    kept: KeptDecision
    record: dict[str, Any]
    compared: dict[str, Any] | None
    refused: str

    @property
    def title(self) -> str:
        """Return its title, or its original verdict if it has no title."""
        return self.kept.title or str(self.record["verdict"]["reason"])

    @property
    def says(self) -> str:
        """Say whether the answer would be different now."""
        return self.compared["says"] if self.compared else self.refused


def replay_decision(kept: KeptDecision, knowledge: KnowledgeBase) -> ReplayedDecision:
    """Return a decision beside today's answer to the same question."""
    record = kept.record
    try:
        return ReplayedDecision(kept, record, replay_record(record, "the decision", knowledge), "")
    except RequirementsError as error:
        return ReplayedDecision(kept, record, None, error.reason)


def describe_count(found: Sequence[ReplayedDecision]) -> str:
    """Say how many of the decisions would be different now."""
    if not found:
        return "No decision is saved."
    changed = sum(bool(one.compared and one.compared["verdict_differs"]) for one in found)
    refused = sum(one.compared is None for one in found)
    says = f"{changed or 'None'} of your {len(found):,} decisions would be different now."
    if len(found) == 1:
        says = f"Your decision would be {'different' if changed else 'the same'} now."
    return f"{says} {refused} cannot be asked again." if refused else says


def record_decision(found: ReplayedDecision) -> dict[str, Any]:
    """Return a decision as JSON-ready data: the record as saved, and how it compares now."""
    fields = found.kept._asdict()
    del fields["text"]
    return fields | {"record": found.record, "now": found.compared, "cannot_be_answered_again": found.refused or None}


def _refuse_other_base(old: dict[str, Any], name: str, knowledge: KnowledgeBase) -> None:
    """Raise RequirementsError if all providers of a record are unknown: it is from another knowledge base."""
    compared = [str(part.get("id")) for part in _keep_dicts(old.get("providers"))]
    if compared and not any(provider in knowledge.providers for provider in compared):
        said = old["knowledge"].get("read_from") if isinstance(old.get("knowledge"), dict) else None
        read_from = f" {clean(said)}" if isinstance(said, str) and said else ""
        raise RequirementsError(
            f"{name} comes from another knowledge base, which compared {_show_word(compared[0])}; give that base "
            f"with --facts and --rules.{read_from}"
        )


def _refuse_vanished(question: dict[str, Any], name: str, knowledge: KnowledgeBase) -> None:
    """Raise RequirementsError for a word of the question that the knowledge base no longer has."""
    asked = [part.get("criterion") for key in ("needs", "wants") for part in _keep_dicts(question.get(key))]
    # Members such as `sms@de` are made when they are asked for, so no table has them.
    finds = {"criterion": knowledge.find_criterion, "usage item": knowledge.find_usage}
    for kind, words, known in (
        ("criterion", asked, knowledge.words),
        ("situation", question.get("situation"), knowledge.topics),
        ("usage item", question.get("usage"), knowledge.usage),
        *(("provider", question.get(key), knowledge.providers) for key in ("only", "without", "customer_of")),
        ("source", question.get("sources"), knowledge.sources),
    ):
        for word in words if isinstance(words, dict | list) else []:
            # What is not a word is left to the reader of requirements, which says what is wrong with it.
            if not isinstance(word, str) or word in known or (kind in finds and finds[kind](word) is not None):
                continue
            raise RequirementsError(
                f"{name} cannot be asked again: the knowledge base no longer has the {kind} {_show_word(word)}."
                f"{did_you_mean(word, known)}"
            )


def _show_word(text: str) -> str:
    return f"'{clean(text[:60])}'"


def _keep_dicts(values: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (JSON holds anything)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
