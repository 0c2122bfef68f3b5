"""Problems of the vocabulary: criteria, situation and usage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from provider_advisor.knowledge.shapes import CriteriaFile, CriterionShape, TeamFile
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.knowledge.yaml_reader import Document

__all__ = ["criteria_problems", "repeated", "team_problems"]


def repeated(named: Iterable[tuple[str, str]], what: str) -> Iterator[str]:
    """A problem for each name that was there before, given pairs of name and place."""
    first: dict[str, str] = {}
    for name, where in named:
        if name in first:
            yield f"{where}: {what} '{name}' is already defined at {first[name]}; rename or remove one."
        first.setdefault(name, where)


def criteria_problems(files: Sequence[tuple[CriteriaFile, Document]], usage: Iterable[str]) -> Iterator[str]:
    """Everything wrong with the criteria of all areas, given the ids of the usage items."""
    placed = [
        (criterion, document.where("criteria", index))
        for file, document in files
        for index, criterion in enumerate(file.criteria)
    ]
    yield from repeated(((file.area, document.where("area")) for file, document in files), "area")
    names = ((name, where) for criterion, where in placed for name in (criterion.id, *criterion.aliases))
    yield from repeated(names, "the criterion or alias")
    by_id = {criterion.id: criterion for criterion, _ in placed}
    for criterion, where in placed:
        for problem in (*_kind_problems(criterion), *_reference_problems(criterion, by_id, set(usage))):
            yield f"{where}: criterion '{criterion.id}': {problem}"
    computed = ((criterion.kind, where) for criterion, where in placed if criterion.computed)
    yield from repeated(computed, "a computed criterion of kind")


def _kind_problems(criterion: CriterionShape) -> Iterator[str]:
    is_number = criterion.kind in {"quantity", "price"}
    if is_number and criterion.unit is None:
        yield f"'unit' is missing; a {criterion.kind} has one."
    if is_number and criterion.scale is None and not criterion.computed:
        yield f"'scale' is missing; a {criterion.kind} has one, with worst, best and because."
    if not is_number and (criterion.unit is not None or criterion.scale is not None):
        yield f"a {criterion.kind} has neither 'unit' nor 'scale'; remove them, or make it a quantity or price."
    if (criterion.kind == "rating") != bool(criterion.values):
        yield "a rating, and only a rating, has 'values', in ascending order."
    if len(set(criterion.values)) != len(criterion.values) or len(criterion.values) == 1:
        yield "'values' needs at least two different words."
    if criterion.kind != "quantity" and (criterion.limit or criterion.whole is not None):
        yield "'limit' and 'whole' belong to quantities; remove them."
    if criterion.kind != "price" and (criterion.computed or criterion.of or criterion.usage):
        yield "'of', 'usage' and 'computed' belong to prices; remove them."
    yield from _scale_problems(criterion)


def _scale_problems(criterion: CriterionShape) -> Iterator[str]:
    scale = criterion.scale
    if scale is None:
        return
    lower = (criterion.better or ("lower" if criterion.kind == "price" else "higher")) == "lower"
    if (scale.worst > scale.best) != lower or scale.worst == scale.best:
        order, better = ("above", "less") if lower else ("below", "more")
        yield f"'worst' ({scale.worst:g}) must lie {order} 'best' ({scale.best:g}), because {better} is better."


def _reference_problems(
    criterion: CriterionShape, by_id: Mapping[str, CriterionShape], usage: set[str]
) -> Iterator[str]:
    capabilities = [other.id for other in by_id.values() if other.kind == "capability"]
    prices = [other.id for other in by_id.values() if other.usage]
    if criterion.of is not None and criterion.of not in capabilities:
        yield f"'of' names no capability: '{criterion.of}'.{did_you_mean(criterion.of, capabilities)}"
    for item in criterion.usage:
        if item not in usage:
            yield f"'usage' names no item of team.yaml: '{item}'.{did_you_mean(item, usage)}"
    for price in criterion.concerns:
        if price not in prices:
            yield f"'concerns' names no price with a usage: '{price}'.{did_you_mean(price, prices)}"
    yield from _currency_problems(criterion, by_id)


def _currency_problems(criterion: CriterionShape, by_id: Mapping[str, CriterionShape]) -> Iterator[str]:
    """What is summed is in one currency: the part of the unit before the slash."""
    computed = next((other for other in by_id.values() if other.computed), None)
    if computed is None or computed.unit is None or not criterion.usage or criterion.unit is None:
        return
    ours, theirs = criterion.unit.split("/")[0], computed.unit.split("/")[0]
    if ours != theirs:
        yield f"its unit begins with {ours}, that of '{computed.id}' with {theirs}; expected one currency for all."


def team_problems(file: TeamFile, document: Document) -> Iterator[str]:
    """Everything wrong with situation topics and usage items."""
    topics = ((topic.id, document.where("situation", index)) for index, topic in enumerate(file.situation))
    items = ((item.id, document.where("usage", index)) for index, item in enumerate(file.usage))
    yield from repeated((*topics, *items), "the topic or usage item")
    for index, topic in enumerate(file.situation):
        if len(set(topic.values)) != len(topic.values):
            yield f"{document.where('situation', index)}: topic '{topic.id}' names a value twice; remove one."
