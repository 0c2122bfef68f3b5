"""The outcome for a team that asks for something else; the rule engine runs again only where other rules could fire."""

from collections.abc import Iterable

from provider_advisor.decision.assessment import Assessment, summed_up
from provider_advisor.decision.findings import Finding, findings_for
from provider_advisor.decision.outcome import Outcome, outcome_for
from provider_advisor.inference import Inference, consequences, judged_by
from provider_advisor.inference.infer import compile_rules, settled_atoms
from provider_advisor.knowledge import Facts, Rule
from provider_advisor.knowledge.conditions import Need, leaves
from provider_advisor.requirements import Requirement

__all__ = ["Rerun"]


class Rerun:
    """Assessments for teams like that of an outcome, with the same situation and usage, and other requirements.

    Which rules fire depends on the criteria that are asked, not on bounds or priorities. So the engine has to run only
    where a criterion comes or goes on which a fired rule rests, or whose absence some rule asks for; `runs` counts.
    """

    def __init__(self, outcome: Outcome, facts: Facts) -> None:
        self.runs = 0
        self._outcome = outcome
        self._facts = facts
        self._fired = [firing.rule for firing in outcome.inference.firings]
        to_settle = compile_rules(facts.knowledge).to_settle
        self._settled = settled_atoms(to_settle, outcome.team)
        self._matters = {leaf.criterion for rule in self._fired for leaf in leaves(rule.when) if isinstance(leaf, Need)}
        self._matters |= {leaf.criterion for _, when in to_settle for leaf in leaves(when) if isinstance(leaf, Need)}
        self._named = self._matters | {part.criterion for rule in self._fired for part in rule.implies}
        self._named = self._named.union(*(judged_by(rule) for rule in self._fired))
        self._findings: dict[tuple[str, Requirement | str], Finding] = {}
        for assessment in outcome.assessments:
            for finding in assessment.findings:
                self._findings[assessment.provider, _key(finding)] = finding

    def needs_engine(self, requirements: Iterable[Requirement]) -> bool:
        """Whether other rules could fire with these stated requirements."""
        stated = {requirement.criterion for requirement in requirements}
        return bool((self._outcome.team.stated - stated) & self._matters) or not stated <= self._outcome.team.stated

    def is_alone(self, requirement: Requirement) -> bool:
        """Whether nothing but the requirement itself would change with it: no rule that fired names its criterion."""
        return requirement.criterion not in self._named

    def findings(self, requirement: Requirement) -> tuple[Finding, ...]:
        """What a requirement comes to for each provider."""
        return tuple(self._finding(before, requirement) for before in self._outcome.assessments)

    def assessments(self, requirements: tuple[Requirement, ...]) -> tuple[Assessment, ...]:
        """Each provider assessed for these stated requirements."""
        team = self._outcome.team._replace(requirements=requirements)
        if self.needs_engine(requirements):
            self.runs += 1
            return outcome_for(team, self._facts).assessments
        inference = consequences(self._fired, team, self._settled, self._facts.knowledge)
        return tuple(self._assessment(before, inference) for before in self._outcome.assessments)

    def _assessment(self, before: Assessment, inference: Inference) -> Assessment:
        parts: list[Requirement | Rule] = [*inference.requirements, *inference.favours]
        findings = [self._finding(before, part) for part in parts]
        return summed_up(before.provider, findings, before.cost)

    def _finding(self, before: Assessment, part: Requirement | Rule) -> Finding:
        key = before.provider, part if isinstance(part, Requirement) else part.id
        if key not in self._findings:
            alone = Inference((part,), (), (), ()) if isinstance(part, Requirement) else Inference((), (), (part,), ())
            self._findings[key] = findings_for(before.provider, alone, self._facts, before.cost)[0]
        return self._findings[key]


def _key(finding: Finding) -> Requirement | str:
    return finding.requirement if finding.requirement is not None else str(finding.rule.id if finding.rule else None)
