"""The criteria of a knowledge base by id, including those of members and choices, created on demand.

A criterion with `of_each: country` has as many criteria beside it as there are countries. None of them is made before
somebody asks for it or a rule names it: `criteria["phone-numbers@de"]` makes it from its criterion and its member.

A choice, any part of which is enough, is a criterion too. It has no claims: how well a provider meets it follows from
its parts, each a condition on the provider's facts. A part may name a member, have a bound, or be a must-not:

    fax=no|number-countries>=90|sms

is "Fax (absent) or Countries where numbers can be bought (at least 90 countries) or SMS". The id is made from the
parts, and the parts are read from the id, so that tables and saved answers need to keep nothing else.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from provider_advisor.knowledge.conditions import AT, EITHER, FactHolds, split_member
from provider_advisor.knowledge.records import Criterion, MemberOf
from provider_advisor.logic import ABSENT, Interval, Number
from provider_advisor.safe_text import fold
from provider_advisor.written_values import count_unit, number_text, plain

IS_ABSENT = "=no"
"""The suffix of a capability that must be absent."""

# One part of a choice: `fax`, `number-countries>=90`, `uptime>=99.9<=100` or `support-reputation=good`.
_PART = re.compile(r"(?P<criterion>[^<>=]+)(?:=(?P<exactly>[^<>=]+)|(?:>=(?P<low>[^<>=]+))?(?:<=(?P<high>[^<>=]+))?)")


class Member(NamedTuple):
    """One thing that a criterion can be asked of: a country, a program, a certificate."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()


class MemberList(NamedTuple):
    """The members that criteria with this `of_each` can be asked of; the question is "In which countries?".

    `alone` is the criterion that is meant if a member is named alone: `soc-2` is `certificate@soc-2`.
    """

    id: str
    label: str
    question: str
    members: Mapping[str, Member]
    alone: str | None = None


Lists = Mapping[str, MemberList]


class Criteria(dict[str, Criterion]):
    """The criteria of the files by id; those of members and choices are made on first look-up, and kept.

    Iterating, counting and comparing see the criteria of the files only. `given` are the lists of members by id, or a
    function that reads them, so that a start that asks for no member does not pay for them.
    """

    # A dict, because most look-ups are of criteria of the files, and cost nothing more: Python calls `__missing__` for
    # the others alone. These are kept apart, or else what was asked for once would be in every list of criteria.

    given: Lists | Callable[[], Lists] = MappingProxyType({})

    @cached_property
    def lists(self) -> Lists:
        """Return the lists of members, by id."""
        return self.given() if callable(self.given) else self.given

    # This dict and `_folded` are made on first use, because most starts need neither.

    @cached_property
    def _made(self) -> dict[str, Criterion]:
        return {}

    def __missing__(self, name: str) -> Criterion:
        """Return the criterion of a member or of a choice. Raises KeyError for any other name."""
        if name not in self._made:
            self._made[name] = _make_choice(name, self) if EITHER in name else self._make_member(name)
        return self._made[name]

    # `in` and `get` of a dict do not call `__missing__`.

    def __contains__(self, name: object) -> bool:
        """Return whether it is the id of a criterion, of one of its members or of a choice."""
        return super().__contains__(name) or (
            isinstance(name, str) and (AT in name or EITHER in name) and self.get(name) is not None
        )

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 (as in dict)
        """Return the criterion of this id, that of a member or of a choice too."""
        try:
            return self[name]
        except KeyError:
            return default

    def _make_member(self, name: str) -> Criterion:
        parent, word = split_member(name)
        criterion = super().get(parent)
        if criterion is None or criterion.of_each is None or word is None:
            raise KeyError(name)
        member = self.lists[criterion.of_each].members[word]
        paid_for = None if criterion.of is None else super().get(criterion.of)
        shares = paid_for is not None and paid_for.of_each == criterion.of_each
        return criterion._replace(
            id=name,
            label=f"{criterion.label}, {member.label}",
            question=f"{criterion.question.rstrip('?')} ({member.label})?",
            aliases=(),
            # A price of messages to Germany pays for messages to Germany, if these can be asked for by themselves.
            of=f"{criterion.of}{AT}{member.id}" if shares else criterion.of,
            usage=tuple(f"{item}{AT}{member.id}" for item in criterion.usage),
            scale=criterion.member_scale or criterion.scale,
            of_each=None,
            member_scale=None,
            member_of=MemberOf(parent, member.id),
        )

    def list_of(self, criterion: str) -> MemberList | None:
        """Return the list of members that a criterion can be asked of, None where it has none."""
        known = super().get(criterion)
        return None if known is None or known.of_each is None else self.lists[known.of_each]

    def find_member(self, criterion: str, word: str) -> str | None:
        """Return the id of a criterion's member that answers to a word: its id, an alias or its label, in any case."""
        of = self.list_of(criterion)
        if of is None:
            return None
        if word in of.members:
            return word
        return self._fold_words(of).get(fold(word))

    def find_alone(self, word: str) -> str | None:
        """Return the criterion of the member that a word asks for by itself: `soc-2`, `slack`, `slack-integration`."""
        word = fold(word)
        for of in self.lists.values():
            words = self._fold_words(of) if of.alone is not None else {}
            if (member := words.get(word) or words.get(word.removesuffix(f"-{of.alone}"))) is not None:
                return f"{of.alone}{AT}{member}"
        return None

    def _fold_words(self, of: MemberList) -> Mapping[str, str]:
        if of.id not in self._folded:
            self._folded[of.id] = dict(list_member_words(of))
        return self._folded[of.id]

    @cached_property
    def _folded(self) -> dict[str, Mapping[str, str]]:
        return {}


def list_member_words(of: MemberList) -> Iterator[tuple[str, str]]:
    """Yield everything that the members of a list answer to, folded, each with the member's id."""
    for member in of.members.values():
        yield from ((fold(word), member.id) for word in (member.label, *member.aliases, member.id))


# Choices


def _make_choice(name: str, criteria: Mapping[str, Criterion]) -> Criterion:
    """Return the criterion of a choice by its id. Raises KeyError for a name that is no such id."""
    parts = tuple(_read_part(text, criteria) for text in name.split(EITHER))
    # A choice has only one valid id, so that it is judged and explained once; other spellings, such as another order,
    # are not ids.
    if len(parts) < 2 or name_choice(parts, criteria) != name:  # noqa: PLR2004
        raise KeyError(name)
    asked = [criteria[part.criterion] for part in parts]
    label = _label_choice(parts, criteria)
    areas = [criterion.same_product for criterion in asked]
    return Criterion(
        id=name,
        label=label,
        area=asked[0].area,
        kind="capability",
        question=f"Do you need {label}?",
        # A choice has the highest weight of its parts, and is negotiable if any part is.
        weight=max(criterion.weight for criterion in asked),
        negotiable=any(criterion.negotiable for criterion in asked),
        any_of=parts,
        # If each of its parts has to be met by the product that meets the other musts, so has the choice.
        same_product=tuple(sorted(set().union(*areas))) if all(areas) else (),
    )


def _read_part(text: str, criteria: Mapping[str, Criterion]) -> FactHolds:
    if (
        text.endswith(IS_ABSENT)
        and (name := text.removesuffix(IS_ABSENT)) in criteria
        and criteria[name].kind == "capability"
    ):
        return FactHolds(name, present=False)
    match = _PART.fullmatch(text)
    if match is None:
        raise KeyError(text)
    # `support>=good` becomes the rank of the word, as in the bound of a requirement.
    criterion = criteria[match["criterion"]]
    low, high = match["exactly"] or match["low"], match["exactly"] or match["high"]
    if low is None and high is None:
        return FactHolds(criterion.id)
    return FactHolds(criterion.id, Interval(_read_end(low, criterion), _read_end(high, criterion)))


def _read_end(text: str | None, criterion: Criterion) -> Number | None:
    if text is None:
        return None
    try:
        return criterion.values.index(text) if criterion.kind == "rating" else plain(float(text))
    except ValueError as error:
        raise KeyError(text) from error


def name_choice(parts: Iterable[FactHolds], criteria: Mapping[str, Criterion]) -> str:
    """Return the id of a choice: that of each part, in the order of the alphabet."""
    return EITHER.join(sorted(name_part(part, criteria[part.criterion]) for part in parts))


def name_part(part: FactHolds, criterion: Criterion) -> str:
    """Return the id of a part, as it is typed: `phone-numbers@de`, `number-countries>=90`, `fax=no`."""
    if not part.present:
        return f"{part.criterion}{IS_ABSENT}"
    low, high = _spell_ends(part.bound, criterion)
    if low is not None and low == high:
        return f"{part.criterion}={low}"
    return part.criterion + ("" if low is None else f">={low}") + ("" if high is None else f"<={high}")


def _spell_ends(bound: Interval | None, criterion: Criterion) -> list[str | None]:
    """Return both ends of a bound as they are typed, a rating's as words; None for one that is open."""
    ends = (None, None) if bound is None else (bound.low, bound.high)
    is_rating = criterion.kind == "rating"
    return [None if end is None else criterion.values[int(end)] if is_rating else str(plain(end)) for end in ends]


def get_bound(part: FactHolds) -> Interval | None:
    """Return the bound of a part as that of a requirement: `ABSENT` for a must-not."""
    return part.bound if part.present else ABSENT


def find_label(code: str, criteria: Mapping[str, Criterion]) -> str:
    """Return the label of what a code of a batch names: a criterion, a choice, or what must be absent (`fax=no`)."""
    if EITHER not in code and code.endswith(IS_ABSENT):
        return f"{criteria[code.removesuffix(IS_ABSENT)].label}, absent"
    return criteria[code].label


def _label_choice(parts: Sequence[FactHolds], criteria: Mapping[str, Criterion]) -> str:
    """Return the labels of the parts; members of one criterion share its label: "Phone numbers, Chile or Peru"."""
    asked = [criteria[part.criterion] for part in parts]
    labels = [_label_part(part, criterion) for part, criterion in zip(parts, asked, strict=True)]
    parents = {None if criterion.member_of is None else criterion.member_of.criterion for criterion in asked}
    parent = parents.pop() if len(parents) == 1 else None
    if parent is not None:
        labels[1:] = [label.removeprefix(f"{criteria[parent].label}, ") for label in labels[1:]]
    return " or ".join(labels)


def _label_part(part: FactHolds, criterion: Criterion) -> str:
    if not part.present:
        return f"{criterion.label} (absent)"
    if part.bound is None:
        return criterion.label
    low, high = (
        end
        if end is None or criterion.kind == "rating" or criterion.unit is None
        else f"{number_text(float(end))} {count_unit(end, criterion.unit)}"
        for end in _spell_ends(part.bound, criterion)
    )
    if low == high:
        return f"{criterion.label} (exactly {low})"
    ends = [f"{word} {end}" for word, end in (("at least", low), ("at most", high)) if end is not None]
    return f"{criterion.label} ({' and '.join(ends)})"
