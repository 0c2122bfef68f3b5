"""The criteria of a knowledge base by id, including those of members and choices, created on demand.

A criterion with `of_each: country` has as many criteria beside it as there are countries. None of them is made before
somebody asks for it or a rule names it: `criteria["phone-numbers@de"]` makes it from its criterion and its member.

`sms|whatsapp` is a criterion too: a choice (see `choices`).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from provider_advisor.knowledge.choices import make_choice
from provider_advisor.knowledge.conditions import AT, EITHER, split_member
from provider_advisor.knowledge.records import Criterion, MemberOf
from provider_advisor.safe_text import fold


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
            self._made[name] = make_choice(name, self) if EITHER in name else self._make_member(name)
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
            of_each=None,
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
        return self._words_of(of).get(fold(word))

    def find_alone(self, word: str) -> str | None:
        """Return the criterion of the member that a word asks for by itself: `soc-2`, `slack`, `slack-integration`."""
        word = fold(word)
        for alone, words in self._words_alone:
            if (member := words.get(word) or words.get(word.removesuffix(f"-{alone}"))) is not None:
                return f"{alone}{AT}{member}"
        return None

    @cached_property
    def _words_alone(self) -> list[tuple[str, Mapping[str, str]]]:
        return [(of.alone, self._words_of(of)) for of in self.lists.values() if of.alone is not None]

    def _words_of(self, of: MemberList) -> Mapping[str, str]:
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
