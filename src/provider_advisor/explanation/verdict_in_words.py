"""Explain the verdict in one sentence, and say what would change it.

The sentence agrees with the standings and scores beside it. An example: Ada meets every must and has proven 60 points;
Bob has one must unknown, and 70 points if all turns out well. Ada is recommended, and unknown facts "could still put
Bob ahead". Were Bob's best 60, they "could still make Bob equal"; were it 50, Bob would not be named.
"""

# The sentence has a reason, which has a method for each kind of verdict, and then clauses on what makes it doubtful:
#
#     Ada is recommended (leaning): unknown facts could still put Bob ahead; Cid scores higher but fails on Fax;
#     |                             |                                        `_list_outscoring`
#     `_explain_recommended`        `_say_overtakers`
#
#     for Ada, the texts on Chat are ambiguous; 2 of your 11 requirements are not judged (1 must).
#     |                                         |
#     `_say_ambiguous`                          `_say_unjudged`

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from provider_advisor.decision import Assessment, Decision, Finding, Verdict
from provider_advisor.decision.decide import reassess
from provider_advisor.decision.verdict import get_score
from provider_advisor.explanation.answer_records import (
    AnswerRecord,
    ConfirmRecord,
    DifferenceRecord,
    FindingRecord,
    NoticeRecord,
    ProductGapRecord,
)
from provider_advisor.explanation.products import say_product_gaps
from provider_advisor.explanation.words import (
    STRENGTHS,
    age_text,
    capital,
    criterion_label,
    join_any,
    joined,
    requirement_text,
    shortened,
)
from provider_advisor.knowledge import Criterion, Fact, KnowledgeBase
from provider_advisor.requirements import Team

_MOST_MUSTS = 3
_MOST_DATED = 4
_MOST_RIVALS = 4
"""Most providers to name in one sentence; the others are counted."""

_OVERLAP = "no answer puts another provider ahead, but the ranges of the scores overlap"
_NAME = "\0"
"""A placeholder for a provider's name while comparing sentences; it occurs in no name or sentence."""

_YEAR = 365
"""Days by which a price must be older, if neither its criterion nor the policy says when it is out of date."""


def provider_names(providers: Sequence[str], knowledge: KnowledgeBase) -> str:
    """Return providers by name, as a list in words; of many the first few, and how many more there are."""
    return shortened([knowledge.providers[provider].name for provider in providers])


def verdict_in_brief(verdict: Verdict, knowledge: KnowledgeBase, before: Verdict | None = None) -> str:
    """Return a possible verdict in a few words: "Vonage would be recommended (firm)".

    Level providers are not named, so that equal sentences about several providers can be joined.
    """
    if verdict.provider is not None:
        return f"{knowledge.providers[verdict.provider].name} would be recommended ({STRENGTHS[str(verdict.strength)]})"
    if verdict.kind == "none":
        return "every provider compared would fail a must"
    if verdict.kind == "tie":
        return f"{provider_names(verdict.among, knowledge)} would be equal"
    if not verdict.named:
        return "there would be nothing left to compare"
    if verdict.lean is not None:
        return f"the answer would be undetermined, leaning to {knowledge.providers[verdict.lean].name}"
    still = "the answer would still be undetermined, but between other providers"
    is_still = before is not None and before.kind == "undetermined" and before.lean is None
    return still if is_still else "the answer would be undetermined"


def explain_verdict(
    decision: Decision,
    findings: Iterable[FindingRecord],
    differences: Sequence[DifferenceRecord],
    gaps: Sequence[ProductGapRecord],
    notices: Sequence[NoticeRecord],
) -> str:
    """Return the verdict and its reason in one sentence, with what to ask first, and what is not judged.

    Findings, differences, gaps and notices are those shown in the answer, so that the sentence agrees with it.
    """
    doubts = (
        _say_ends(decision, notices),
        # What to ask of the leader first comes first; what the program cannot judge at all comes last.
        say_product_gaps(gaps, decision.outcome.verdict.named, decision.facts.knowledge),
        _say_ambiguous(decision, findings),
        _say_implied(decision, findings),
        _say_older_price(decision),
        _say_without_stale(decision),
        _say_unjudged(decision.outcome.team),
    )
    reason = _Reason(decision).explain(differences)
    return f"{'; '.join([reason, *(clause for clause in doubts if clause)])}."


class _Reason:
    """The sentence on a verdict, from the scores and standings of the providers compared."""

    def __init__(self, decision: Decision) -> None:
        self._decision, self._verdict = decision, decision.outcome.verdict
        self._knowledge = decision.facts.knowledge
        self._assessments = {assessment.provider: assessment for assessment in decision.outcome.assessments}

    def explain(self, differences: Sequence[DifferenceRecord]) -> str:
        """Return the reason without a full stop; `differences` are those of the leaders of a tie."""
        if not self._assessments:
            return "There are no providers to choose from"
        if self._verdict.kind == "recommended":
            return self._explain_recommended(str(self._verdict.provider))
        if self._verdict.kind == "tie":
            return self._explain_tie(differences)
        return self._explain_none() if self._verdict.kind == "none" else self._explain_undetermined()

    def _explain_recommended(self, provider: str) -> str:
        head = f"{self._name(provider)} is recommended ({self._verdict.strength})"
        # Ada is recommended, based on facts that are out of date (Ada's Fax; from 2022-11-22)
        if self._verdict.strength == "dated":
            head = f"{self._name(provider)} is recommended, {STRENGTHS['dated']} ({_list_dated(self._decision)})"
        rivals = [assessment for assessment in self._assessments.values() if assessment.provider != provider]
        if not rivals:
            return f"{head}: it is the only provider compared, and it fails no must"
        own, outscoring = get_score(self._assessments[provider]), self._list_outscoring([provider])
        is_beaten = all(rival.standing == "ruled-out" or get_score(rival).possible < own.proven for rival in rivals)
        # Ada is recommended (leaning): unknown facts could still put Bob ahead; Cid scores higher but fails on Fax
        if self._verdict.strength == "leaning" and not is_beaten:
            return f"{head}: {'; '.join([self._say_overtakers('it'), *outscoring])}"
        # From here on all others are beaten. It may still be leaning, because of a must that no criterion covers, which
        # `_say_unjudged` reports.
        #
        # Ada is recommended (firm): Cid scores higher but fails on Fax and Bob fails on Chat
        if all(rival.standing == "ruled-out" for rival in rivals):
            # For those with a higher score, `outscoring` already says which musts they fail.
            lower = [rival for rival in rivals if get_score(rival).expected <= own.expected]
            return f"{head}: {joined([*outscoring, *self._list_failing(lower)])}"
        # Ada is recommended (firm): no unknown fact could put another provider ahead; Cid scores higher but fails on …
        return f"{head}: {'; '.join(['no unknown fact could put another provider ahead', *outscoring])}"

    def _explain_tie(self, differences: Sequence[DifferenceRecord]) -> str:
        # Ada and Bob are equal in everything that you asked for, and nothing about them is unknown; they are known to
        # differ in Fax and Chat
        equal = f"{self._among} are equal in everything that you asked for, and nothing about them is unknown"
        labels = shortened([part.label for part in differences], _MOST_MUSTS)
        return f"{equal}; they are known to differ in {labels}" if labels else equal

    def _explain_none(self) -> str:
        # None of the 3 providers compared meets everything that you need: Ada fails on Fax; Bob and Cid fail on Chat;
        # Ada and Bob together meet every must
        why = self._list_failing(list(self._assessments.values()))
        if self._decision.combinations:
            why.append(f"{provider_names(self._decision.combinations[0], self._knowledge)} together meet every must")
        count = len(self._assessments)
        none = "The only provider" if count == 1 else f"None of the {count} providers"
        meets = "does not meet" if count == 1 else "meets"
        return f"{none} compared {meets} everything that you need: {'; '.join(why)}"

    def _explain_undetermined(self) -> str:
        if all(assessment.score is None for assessment in self._assessments.values()):
            is_judged = not self._decision.outcome.team.unlisted
            what = "Nothing was asked for" if is_judged else "Nothing that you ask for can be judged"
            return f"{what}, so nothing can be recommended"
        # Undetermined: Ada and Bob are level for now, but unknown facts could still put Cid ahead
        if self._verdict.lean is None:
            return f"Undetermined: {'; '.join([self._say_level(), *self._list_outscoring(self._verdict.among)])}"
        # Undetermined, leaning to Ada: none of the 3 providers compared is known to meet every must, and Ada comes
        # closest; Bob scores higher but more of its musts are unknown: Fax and Chat
        name, count = self._name(self._verdict.lean), len(self._assessments)
        why = [
            f"none of the {count} providers compared is known to meet every must, and {name} comes closest",
            *self._list_outscoring([self._verdict.lean]),
        ]
        if count == 1:
            why = ["it may meet every must, but that is not confirmed", "it is the only provider compared"]
        return f"Undetermined, leaning to {name}: {'; '.join(why)}"

    def _say_level(self) -> str:
        """Return why nobody leads: unknown musts, or scores that depend on unknown facts."""
        leaders = [self._assessments[name] for name in self._verdict.among]
        if leaders[0].standing == "unconfirmed":
            none = "neither" if len(leaders) == 2 else "none"  # noqa: PLR2004 (English)
            return f"{self._among} may each meet every must, but {none} of them is known to"
        if all(get_score(leader).proven == get_score(leader).possible for leader in leaders):
            return f"{self._among} are level for now, but {self._say_overtakers('them')}"
        return f"{self._among} are level, and unknown facts could decide either way"

    # Clauses that several kinds of verdict have

    def _say_overtakers(self, whom: str) -> str:
        """Return who else could lead: "unknown facts could still put Bob ahead and make Cid equal to it"."""
        # Imported only for this sentence, because it is as large as the rest of an answer.
        from provider_advisor.decision.robustness.joint_answers import find_contenders  # noqa: PLC0415

        ahead, level = map(self._sort_by_score, find_contenders(self._decision.outcome))
        parts = [f"put {provider_names(ahead, self._knowledge)} ahead"] if ahead else []
        parts += [f"make {provider_names(level, self._knowledge)} equal to {whom}"] if level else []
        return f"unknown facts could still {joined(parts)}" if parts else _OVERLAP

    def _list_outscoring(self, leaders: Sequence[str]) -> list[str]:
        """Return, for each provider with a higher score than the leaders, the musts that put it behind them."""
        best = max(get_score(self._assessments[leader]).expected for leader in leaders)
        is_doubtful = self._assessments[leaders[0]].standing == "unconfirmed"
        higher = [name for name, each in self._assessments.items() if get_score(each).expected > best]
        left = len(higher) - _MOST_RIVALS
        # Those behind for the same reason share a clause, in which both verbs are in the singular or the plural.
        alike: dict[tuple[str, str, str], list[str]] = {}
        # A few stand in the order of the comparison; of many, only those with the highest scores are named.
        for name in self._sort_by_score(higher)[:_MOST_RIVALS] if left > 1 else higher:
            rival = self._assessments[name]
            if rival.standing == "ruled-out":
                why = ("fails on", "fail on", self._name_failed(rival))
            else:
                unknown = self._name_musts(finding for finding in rival.findings if finding.is_unknown_must)
                doubt = ("more of its musts are unknown:", "more of their musts are unknown:")
                why = (*(doubt if is_doubtful else ("is not known to meet", "are not known to meet")), unknown)
            alike.setdefault(why, []).append(self._name(name))
        found = [
            f"{names[0]} scores higher but {one} {musts}"
            if len(names) == 1
            else f"{joined(names)} score higher but {many} {musts}"
            for (one, many, musts), names in alike.items()
        ]
        return [*found, f"{left} more score higher but are behind because of their musts"] if left > 1 else found

    def _sort_by_score(self, providers: Sequence[str]) -> list[str]:
        """Return the providers with the highest expected score first."""
        return sorted(providers, key=lambda name: (-get_score(self._assessments[name]).expected, name))

    def _list_failing(self, ruled_out: Sequence[Assessment]) -> list[str]:
        """Return what rules providers out, in their order if few; of many, those closest to qualifying come first."""
        failed = {each.provider: sum(part.is_failed_must for part in each.findings) for each in ruled_out}
        if len(ruled_out) > _MOST_RIVALS + 1:
            ruled_out = sorted(
                ruled_out, key=lambda each: (failed[each.provider], -get_score(each).expected, each.provider)
            )
        # "Acme and Brook fail on Fax" in place of a clause for each.
        alike: dict[str, list[str]] = {}
        for each in ruled_out:
            alike.setdefault(self._name_failed(each), []).append(self._name(each.provider))
        said = [
            f"{shortened(names)} {'fails' if len(names) == 1 else 'fail'} on {musts}" for musts, names in alike.items()
        ]
        left = sum(len(names) for names in list(alike.values())[_MOST_RIVALS:])
        return [*said[:_MOST_RIVALS], f"{left} more fail a must"] if len(said) > _MOST_RIVALS + 1 else said

    @property
    def _among(self) -> str:
        return provider_names(self._verdict.among, self._knowledge)

    def _name(self, provider: str) -> str:
        return self._knowledge.providers[provider].name

    def _name_failed(self, assessment: Assessment) -> str:
        return self._name_musts(finding for finding in assessment.findings if finding.is_failed_must)

    def _name_musts(self, musts: Iterable[Finding]) -> str:
        """Return the musts of findings with their bounds, at most three by name."""
        asked = [finding.requirement for finding in musts if finding.requirement is not None]
        names = [requirement_text(part, self._knowledge.criteria[part.criterion]) for part in asked]
        return shortened(names, _MOST_MUSTS)


def _list_dated(decision: Decision) -> str:
    """Return the out-of-date facts behind a proof: "Acme's Fax and Chat; Brook's Fax; from 2022-11-22"."""
    facts, knowledge = decision.facts, decision.facts.knowledge
    by_provider: dict[str, list[str]] = {}
    for provider, criterion in decision.dated_by:
        by_provider.setdefault(provider, []).append(knowledge.criteria[criterion].label)
    parts = [
        f"{knowledge.providers[provider].name}'s {shortened(labels, _MOST_DATED)}"
        for provider, labels in by_provider.items()
    ]
    days = sorted({str(facts(*fact).newest) for fact in decision.dated_by})
    when = f"from {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}" if days else ""
    return f"{'; '.join(parts)}; {when}"


# What makes it doubtful


def _say_ambiguous(decision: Decision, findings: Iterable[FindingRecord]) -> str:
    """Return which musts of the recommended provider are based only on ambiguous texts."""
    knowledge, provider = decision.facts.knowledge, decision.outcome.verdict.provider
    labels = [
        criterion_label(str(finding.criterion), finding.bound, knowledge)
        for finding in findings
        if (finding.provider, finding.priority, finding.outcome) == (provider, "must", "met") and finding.is_ambiguous
    ]
    if provider is None or not labels:
        return ""
    return f"for {knowledge.providers[provider].name}, the texts on {shortened(labels)} are ambiguous"


def _say_implied(decision: Decision, findings: Iterable[FindingRecord]) -> str:
    """Return which providers are ruled out only by what sources imply, if others are named."""
    if decision.outcome.verdict.kind not in {"recommended", "tie"}:
        return ""
    failed: dict[str, list[bool]] = {}
    for finding in findings:
        if (finding.priority, finding.outcome) == ("must", "unmet"):
            failed.setdefault(finding.provider, []).append(finding.is_implied)
    names = [
        decision.facts.knowledge.providers[each.provider].name
        for each in decision.outcome.assessments
        if each.standing == "ruled-out" and all(failed.get(each.provider, [False]))
    ]
    return f"the sources only imply that {shortened(names)} {'fails' if len(names) == 1 else 'fail'}" if names else ""


def _say_ends(decision: Decision, notices: Sequence[NoticeRecord]) -> str:
    """Return which musts the recommended provider meets only until a day, the first of such days; empty if none.

    An example: "but Twilio has Mobile push notifications only until 2027-10-31".
    """
    knowledge, provider = decision.facts.knowledge, decision.outcome.verdict.provider
    musts = {part.criterion for part in decision.outcome.inference.requirements if part.priority == "must"}
    ends: dict[str, list[str]] = {}
    for notice in notices:
        one = knowledge.criteria[notice.criterion]
        is_end = notice.provider == provider and notice.kind in {"ends", "product-ends"}
        if is_end and one.id in musts and one.kind == "capability":
            ends.setdefault(notice.day, []).append(one.label)
    if provider is None or not ends:
        return ""
    day, labels = min(ends.items())
    return f"but {knowledge.providers[provider].name} has {shortened(labels, _MOST_MUSTS)} only until {day}"


def _say_older_price(decision: Decision) -> str:
    """Return the leader's price that is older than a rival's by more than the time after which prices are out of date.

    An example: Vonage leads because of an SMS price from 2022, and Twilio's is from 2026. Both count as stated; the
    verdict's sentence says that the first is four years older, so that nobody takes it for current.
    """
    verdict, knowledge = decision.outcome.verdict, decision.facts.knowledge
    criteria, leader = knowledge.criteria, verdict.provider or verdict.lean
    left = [part for part in decision.outcome.assessments if part.standing != "ruled-out"]
    own = {price.criterion: price for part in left if part.provider == leader for price in _list_prices(part, criteria)}
    # One such price is enough: that of the best rival, which a newer price would put ahead first.
    for rival in sorted(left, key=lambda part: (-part.score.expected if part.score else 0, part.provider)):
        for price in _list_prices(rival, criteria):
            mine = own.get(price.criterion)
            if leader is None or mine is None or mine.newest is None or price.newest is None:
                continue
            days = (price.newest - mine.newest).days
            if days > (knowledge.get_stale_after(price.criterion) or _YEAR):
                name, other = knowledge.providers[leader].name, knowledge.providers[rival.provider].name
                return (
                    f"but {name}'s {criteria[price.criterion].label} dates from {mine.newest}, {age_text(days)} older "
                    f"than {other}'s, so ask for the current price"
                )
    return ""


def _list_prices(assessment: Assessment, criteria: Mapping[str, Criterion]) -> Iterator[Fact]:
    """Yield the prices with a known amount behind the score or the monthly cost of a provider."""
    for finding in assessment.findings:
        fact = finding.degree.fact
        if fact is not None and fact.amount is not None and criteria[fact.criterion].kind == "price":
            yield fact
    for item in assessment.cost.items if assessment.cost is not None else ():
        if item.price is not None and item.price.amount is not None:
            yield item.price


def _say_without_stale(decision: Decision) -> str:
    """Return which provider would be named without out-of-date facts, if it is another one.

    A dated verdict itself says what it depends on, and a firm one depends on no such fact.
    """
    verdict, facts = decision.outcome.verdict, decision.facts
    if verdict.strength in {"firm", "dated"} or verdict.kind in {"tie", "none"} or not facts.may_be_stale:
        return ""
    fresh = reassess(decision.outcome, facts.without_stale()).verdict
    one, other = (part.provider or part.lean for part in (verdict, fresh))
    if one == other:
        return ""
    is_still_open = verdict.kind == fresh.kind == "undetermined" and other is None
    then = "no provider would come closest" if is_still_open else verdict_in_brief(fresh, facts.knowledge)
    return f"ignoring out-of-date facts, {then}"


def _say_unjudged(team: Team) -> str:
    """Say how many of a team's requirements no criterion covers: "2 of your 11 requirements are not judged"."""
    count, judged = len(team.unlisted), len(team.requirements)
    if not count:
        return ""
    if judged:
        said = f"{count} of your {count + judged} requirements {'is' if count == 1 else 'are'} not judged"
    else:
        said = "your only requirement is not judged" if count == 1 else f"none of your {count} requirements is judged"
    musts = sum(part.priority == "must" for part in team.unlisted)
    return f"{said} ({musts} must{'s' if musts > 1 else ''})" if musts else said


# What would change it


def list_concessions(answer: AnswerRecord, knowledge: KnowledgeBase) -> list[str]:
    """Return what the team could do without, and the verdict that this leads to: "Without Fax: Acme would be …"."""
    return [
        f"Without {joined([criterion_label(part.criterion, part.bound, knowledge) for part in concession.drop])}: "
        f"{concession.verdict.reason.removeprefix('Then ')}"
        for concession in answer.concessions
    ]


def list_combinations(answer: AnswerRecord) -> list[str]:
    """Return the providers that meet every must only together."""
    names = answer.names
    groups = [joined([names.get(provider, provider) for provider in group]) for group in answer.combinations]
    return [f"{group} together meet every must." for group in groups]


class QuestionGroup(NamedTuple):
    """What to ask, and that with what the answers lead to, in sentences; `parts` are those that are alike.

    `answers` says what each answer leads to, or all together where several things are asked.
    """

    asked: tuple[str, ...]
    says: str
    parts: tuple[ConfirmRecord, ...]
    answers: tuple[str, ...]


def group_questions(answer: AnswerRecord) -> list[QuestionGroup]:
    """Return what to confirm, most useful first; what is asked alike of several providers, with like answers, is one.

    Questions whose answers name the provider stay apart: "if yes, Acme would be recommended".
    """
    # "Does Acme offer Fax? If yes, the answer would stay the same" and the same of Brook become one question about
    # "Acme or Brook", because both are equal once the name is out. A sentence that names Acme twice stays as it is.
    names = answer.names
    alike: dict[str, list[tuple[str, ConfirmRecord]]] = {}
    for part in answer.confirm:
        name = names.get(part.facts[0].provider, "") if len(part.facts) == 1 else ""
        is_named_once = bool(name) and part.says.count(name) == part.facts[0].question.count(name) == 1
        template = part.says.replace(name, _NAME) if is_named_once else part.says
        alike.setdefault(template, []).append((name, part))
    return [_make_group(template, named) for template, named in alike.items()]


def _make_group(template: str, named: list[tuple[str, ConfirmRecord]]) -> QuestionGroup:
    name, first = named[0]
    together = join_any([each for each, _ in named])
    asked, says = tuple(fact.question for fact in first.facts), first.says
    if len(named) > 1:
        asked, says = (asked[0].replace(name, together),), template.replace(_NAME, together)
    answers = (says,) if len(asked) > 1 else tuple(capital(answer.says) for answer in first.answers)
    return QuestionGroup(asked, says, tuple(part for _, part in named), answers)
