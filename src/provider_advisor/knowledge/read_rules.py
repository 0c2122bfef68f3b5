"""Make rules and the questionnaire of their checked shapes, and say what is wrong with each.

Reading and checking are one step: of a rating with the values poor, fair and good, `at_least: good` becomes 2, its
rank, and `at_least: god` a problem. A rule with a problem is left out, and so is one about a criterion with problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from provider_advisor.knowledge.check_structure import check_structure, find_never_asked
from provider_advisor.knowledge.conditions import AllOf, AnyOf, Condition, FactHolds, Need, Not, Situation, Usage
from provider_advisor.knowledge.problems import Defined, Reading, collect_defined
from provider_advisor.knowledge.read_vocabulary import Vocabulary, find_repeated
from provider_advisor.knowledge.records import About, Criterion, Topic
from provider_advisor.knowledge.rules import Citation, Implied, Question, Questionnaire, Rule, Subject
from provider_advisor.knowledge.shapes import rules_files as shapes
from provider_advisor.logic import Interval, Number
from provider_advisor.written_values import number_text, plain

_BOUNDS = {
    "rating": "`is`, at_least, at_most or both bounds",
    "quantity": "at_least, at_most or both",
    "price": "at_least, at_most or both",
}


def read_rules(files: Sequence[Reading[shapes.RulesFile]], vocabulary: Vocabulary, problems: list[str]) -> list[Rule]:
    """Return the rules of files, given what they may refer to; add what is wrong with them."""
    placed = [(file.shape.area, rule, where) for file in files for rule, where in file.list_entries("rules")]
    problems += find_repeated(((rule.id, where) for _, rule, where in placed), "the rule")
    rules = []
    for area, shape, where in placed:
        reader = _Reader(vocabulary)
        rule = reader.read_rule(shape, area, where)
        problems += [f"{where}: rule '{shape.id}': {problem}" for problem in reader.problems]
        if not reader.problems and not reader.is_open:
            rules.append(rule)
    problems += check_structure(rules, vocabulary.topics.records)
    return rules


def read_questionnaire(
    files: Sequence[Reading[shapes.QuestionsFile]], vocabulary: Vocabulary, problems: list[str]
) -> Questionnaire | None:
    """Return the questionnaire of the file, None without one; add what is wrong with it."""
    subjects: Defined[Subject] = collect_defined(files, "topics")
    questions: list[Question] = []
    for file in files:
        problems += find_repeated(((topic.id, where) for topic, where in file.list_entries("topics")), "the topic")
        placed = file.list_entries("questions")
        problems += find_repeated(((" ".join(shape.about), where) for shape, where in placed), "the question about")
        for shape, where in placed:
            reader = _Reader(vocabulary)
            questions.append(reader.read_question(shape, subjects, where))
            problems += [f"{where}: question about '{shape.about[1]}': {problem}" for problem in reader.problems]
    if problems or not files:
        return None
    problems += find_never_asked(questions, vocabulary.topics.records)
    made = [part.make(Subject) for part in files[0].shape.topics]
    return Questionnaire({part.id: part for part in made}, {part.key: part for part in questions})


class _Reader:
    """Makes the record of one rule or question; it counts only without `problems`, and unless it `is_open`.

    It is open if it needs a criterion of which nothing is known, because that has problems of its own.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.problems: list[str] = []
        self.is_open = False

    def read_rule(self, shape: shapes.RuleShape, area: str, where: str) -> Rule:
        """Return a rule as a record."""
        sources = self._vocabulary.sources
        for citation in shape.rests_on:
            self.problems += sources.find_unknown(citation.source, f"unknown source '{citation.source}'")
        return shape.make(
            Rule,
            area=area,
            when=self._read_condition(shape.when, on_team=True),
            implies=tuple(map(self._read_implied, shape.implies or ())),
            favours=None if shape.favours is None else self._read_condition(shape.favours, on_team=False),
            rests_on=tuple(part.make(Citation, lines=tuple(part.lines or ())) for part in shape.rests_on),
            where=where,
        )

    def _read_implied(self, shape: shapes.ImpliedShape) -> Implied:
        criterion = self._find_criterion(shape.criterion)
        if criterion is None:
            return Implied(shape.criterion, shape.priority)
        bound = self._read_bound(shape, criterion)
        if criterion.computed:
            self.problems.append(f"'{criterion.id}' cannot be implied, because it needs usage from the team.")
        # As for a must that a team states: it takes no rating's word that says "not there".
        if bound is None and shape.priority == "must":
            bound = criterion.least
        return Implied(shape.criterion, shape.priority, bound)

    def _read_condition(self, shape: shapes.ConditionShape, *, on_team: bool) -> Condition:
        """Return a condition on the team, or on a provider's facts."""
        # Teams are asked for needs, facts are known of providers, so that no condition can be about both.
        if isinstance(shape, shapes.AllShape | shapes.AnyShape):
            parts = tuple(self._read_condition(part, on_team=on_team) for part in shape.parts)
            return AllOf(parts) if isinstance(shape, shapes.AllShape) else AnyOf(parts)
        if isinstance(shape, shapes.NotShape):
            return Not(self._read_condition(shape.part, on_team=on_team))
        if isinstance(shape, shapes.FactShape) is on_team:
            room, words = ("'when'", "need, situation or usage") if on_team else ("'favours'", "fact")
            self.problems.append(f"a condition of {room} uses {words}; move this one.")
        if isinstance(shape, shapes.NeedShape):
            self.problems += self._vocabulary.find_unknown_criterion(shape.need)
            return Need(shape.need)
        if isinstance(shape, shapes.SituationShape):
            topics = self._vocabulary.topics
            self.problems += topics.find_unknown(shape.situation, f"unknown situation '{shape.situation}'")
            if (topic := topics.records.get(shape.situation)) is not None:
                self._find_rank(shape.is_, topic)
            return Situation(shape.situation, shape.is_)
        if isinstance(shape, shapes.UsageBoundShape):
            self.problems += self._vocabulary.usage.find_unknown(shape.usage, f"unknown usage item '{shape.usage}'")
            return Usage(shape.usage, self._read_bound(shape, None) or Interval())
        return self._read_fact(shape)

    def _read_fact(self, shape: shapes.FactShape) -> FactHolds:
        criterion = self._find_criterion(shape.fact)
        if criterion is None:
            return FactHolds(shape.fact)
        is_bounded = shape.at_least is not None or shape.at_most is not None
        if criterion.computed:
            self.problems.append(f"'{criterion.id}' is computed for a team; a rule cannot ask for it.")
            return FactHolds(criterion.id)
        if criterion.kind == "capability":
            if is_bounded or shape.is_ not in {None, "present", "absent"}:
                said = "is a capability; write only the fact, or add `is: present` or `is: absent`."
                self.problems.append(f"'{criterion.id}' {said}")
            return FactHolds(criterion.id, present=shape.is_ != "absent")
        if criterion.kind == "rating" and shape.is_ is not None:
            rank = self._find_rank(shape.is_, criterion)
            if is_bounded:
                self.problems.append(f"'{criterion.id}' has both `is` and a bound; keep one of them.")
            return FactHolds(criterion.id, Interval(rank, rank))
        if shape.is_ is not None or not is_bounded:
            self.problems.append(f"'{criterion.id}' is a {criterion.kind}; expected {_BOUNDS[criterion.kind]}.")
        return FactHolds(criterion.id, self._read_bound(shape, criterion))

    def _read_bound(
        self, shape: shapes.FactShape | shapes.ImpliedShape | shapes.UsageBoundShape, of: Criterion | None
    ) -> Interval | None:
        """Return the bound on a criterion, or on usage; words of a rating become their ranks."""
        if shape.at_least is None and shape.at_most is None:
            return None
        if of is not None and of.kind == "capability":
            self.problems.append(f"'{of.id}' is a capability; it takes no bound.")
            return None
        low, high = (None if end is None else self._read_end(end, of) for end in (shape.at_least, shape.at_most))
        if low is not None and high is not None and low > high:
            least, most = (_show(end) for end in (shape.at_least, shape.at_most) if end is not None)
            self.problems.append(f"at_least ({least}) is above at_most ({most}); nothing can satisfy it.")
        return Interval(low, high)

    def _read_end(self, end: float | str, of: Criterion | None) -> Number | None:
        if of is None:
            return plain(float(end))  # usage, which takes numbers alone
        if of.kind == "rating":
            return self._find_rank(end, of)
        if isinstance(end, str):
            self.problems.append(f"a bound of '{of.id}' is a number, in {of.unit}, without quotes.")
            return None
        if of.floor is not None and end < of.floor:
            said = f"the bound {number_text(end)} of '{of.id}'"
            self.problems.append(f"{said} is below 0, and its scale is not; correct one of them.")
        return plain(end)

    def _find_rank(self, word: float | str, of: Criterion | Topic) -> int | None:
        """Return the place of a word among the values; of another word, or a number, there is none."""
        if word in of.values:
            return of.values.index(str(word))
        self.problems.append(f"'{_show(word)}' is not a value of '{of.id}'; expected one of {', '.join(of.values)}.")
        return None

    def _find_criterion(self, name: str) -> Criterion | None:
        self.problems += self._vocabulary.find_unknown_criterion(name)
        criterion = self._vocabulary.criteria.records.get(name)
        self.is_open = self.is_open or criterion is None
        return criterion

    def read_question(self, shape: shapes.QuestionShape, subjects: Defined[Subject], where: str) -> Question:
        """Return a question as a record."""
        about, name = shape.about
        known: Mapping[About, Defined[Any]] = {
            "criterion": self._vocabulary.criteria,
            "situation": self._vocabulary.topics,
            "usage": self._vocabulary.usage,
        }
        what = "usage item" if about == "usage" else about
        self.problems += known[about].find_unknown(name, f"unknown {what} '{name}'")
        for topic in shape.topics:
            self.problems += subjects.find_unknown(topic, f"unknown topic '{topic}'")
        return shape.make(
            Question,
            about=about,
            name=name,
            subjects=tuple(shape.topics),
            when=None if shape.when is None else self._read_condition(shape.when, on_team=True),
            typical=self._read_typical(shape),
            where=where,
        )

    def _read_typical(self, shape: shapes.QuestionShape) -> tuple[Number, ...]:
        """Return the bounds or volumes that many teams name; words of a rating as their ranks."""
        about, name = shape.about
        criterion = self._vocabulary.criteria.records.get(name) if about == "criterion" else None
        kind = about if criterion is None else criterion.kind
        if shape.typical and kind in {"situation", "capability"}:
            self.problems.append("'typical' is for numbers and ratings; remove it.")
        if criterion is not None and kind == "rating":
            return tuple(self._find_rank(value, criterion) or 0 for value in shape.typical)
        words = [value for value in shape.typical if isinstance(value, str)]
        # Of a criterion that could not be read it is not known whether it is a rating.
        if words and kind in {"usage", "quantity", "price"}:
            measure = f"of {name}" if criterion is None else f"in {criterion.unit}"
            self.problems.append(f"'typical' takes numbers {measure}, without quotes; found '{words[0]}'.")
        numbers = tuple(plain(value) for value in shape.typical if not isinstance(value, str))
        if criterion is not None and criterion.scale is not None:
            low, high = map(number_text, criterion.scale.ends)
            for number in numbers:
                if not criterion.scale.holds(number):
                    said = f"{number_text(number)} in 'typical' is outside the scale of '{name}', {low} to {high}."
                    self.problems.append(said)
        return numbers


def _show(value: float | str) -> str:
    return value if isinstance(value, str) else number_text(value)
