"""Problems of lists of members, and of the claims that name members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from provider_advisor.knowledge.checks.criteria import find_repeated
from provider_advisor.knowledge.conditions import AT
from provider_advisor.knowledge.convert import make_member_list
from provider_advisor.knowledge.members import Member, list_member_words
from provider_advisor.knowledge.problems import Defined, Reading, defined
from provider_advisor.knowledge.records import Claim, Criterion
from provider_advisor.knowledge.shapes import ClaimShape, MembersFile
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.safe_text import fold


def check_members(files: Sequence[Reading[MembersFile]], criteria: Defined[Criterion]) -> Iterator[str]:
    """Return everything wrong with the lists of members: each word belongs to one member of its list."""
    yield from _check_alone(files, criteria)
    yield from find_repeated(((file.id, document.where("id")) for file, document, _ in files), "the list of members")
    for file, document, _ in files:
        placed = [(member, document.where("members", index)) for index, member in enumerate(file.members)]
        names = ((name, where) for member, where in placed for name in (member.id, *member.aliases))
        yield from find_repeated(names, "the member or alias")
        owners = {fold(name): member.id for member, _ in placed for name in (member.id, *member.aliases)}
        for member, where in placed:
            if (other := owners.setdefault(fold(member.label), member.id)) != member.id:
                yield f"{where}: the label '{member.label}' is already a word for the member '{other}'; change one."


def _check_alone(files: Sequence[Reading[MembersFile]], criteria: Defined[Criterion]) -> Iterator[str]:
    """Yield words that would ask for two things: for a member by itself, and for a criterion or another member."""
    owners: dict[str, str] = {}
    for file, document, _ in files:
        if file.alone is None:
            continue
        criterion = criteria.records.get(file.alone)
        if criterion is None or criterion.of_each != file.id:
            fitting = [name for name, other in criteria.records.items() if other.of_each == file.id]
            yield (
                f"{document.where('alone')}: 'alone' must name a criterion with `of_each: {file.id}`; "
                f"found '{file.alone}'.{did_you_mean(file.alone, fitting)}"
            )
        for index, member in enumerate(file.members):
            for word in dict.fromkeys(map(fold, (member.id, *member.aliases))):
                if (owner := criteria.meaning.get(word) or owners.get(word)) is not None:
                    yield (
                        f"{document.where('members', index)}: '{word}' alone would ask for '{member.id}', but it "
                        f"is already a word for '{owner}'; rename one."
                    )
                owners[word] = f"{file.alone}{AT}{member.id}"


def define_members(reading: Reading[MembersFile]) -> Defined[Member]:
    """Return what a list of members defines; its labels are words for them too."""
    found = make_member_list(reading.shape)
    known = defined([reading], "members", found.members)
    return known._replace(meaning={**dict(list_member_words(found)), **known.meaning})


def check_claim_members(
    claim: ClaimShape, criterion: Criterion | None, lists: Mapping[str, Defined[Member]]
) -> Iterator[str]:
    """Return what is wrong with the members that a claim names."""
    named = claim.members if claim.price_of is None else (claim.price_of,)
    if criterion is None or not named:
        return
    if criterion.of_each is None:
        yield "the criterion has no members; remove the keys that name them, or add `of_each` to the criterion."
        return
    if claim.price_of is not None and criterion.kind != "price":
        yield "'price_of' belongs to a price; remove it."
    for name in named if criterion.of_each in lists else ():
        yield from check_member(name, criterion.of_each, lists[criterion.of_each])
    if claim.only is not None and (criterion.kind != "capability" or claim.value != "present"):
        yield "'only' says that other members are absent, so it needs `value: present` of a capability; use 'includes'."


def check_member(name: str, of: str, members: Defined[Member]) -> Iterator[str]:
    """Return the sentence on a member that the list `of` does not have."""
    yield from members.unknown(name, f"unknown member '{name}' of {of}", f" Add it to members/{of}.yaml first.")


def find_contradicting(claims: Sequence[Claim]) -> Iterator[str]:
    """Yield claims on members that `only` of the same source, day and product calls absent."""
    limiting = [claim for claim in claims if claim.only]
    for claim in claims:
        for other in limiting:
            is_beside = (claim.criterion, claim.belongs_to, claim.source, claim.stated, claim.starts) == (
                other.criterion, other.belongs_to, other.source, other.stated, other.starts
            )  # fmt: skip
            beyond = [name for name in claim.members if name not in other.members]
            if is_beside and beyond and claim.value == "present":
                yield (
                    f"{claim.where}: claim on '{claim.criterion}': it says that {beyond[0]} is present, and `only` at "
                    f"{other.where} says that it is absent; correct one of them."
                )
