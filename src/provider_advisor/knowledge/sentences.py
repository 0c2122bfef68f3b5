"""Read a buyer's sentence: the criteria that it names, with their members and bounds.

    "The system must provide voicemail"     voicemail
    "99.99 % uptime"                        uptime-commitment>=99.99
    "SMS in Kenya and Uganda"               sms@ke, sms@ug
    "SMS and MMS"                           sms, mms
    "SMS or WhatsApp"                       sms|whatsapp
    "Integration with HubSpot"              integration@hubspot
    "Voicemail for the person on shift"     voicemail, and `left` are "for", "person", "on", "shift"

A sentence is read whole only if each of its words belongs to a name, a member or a bound, or is a filler ("the system
must provide"), and if what it names is listed. With one word more it may ask for something else (the last example), so
what was read is only a suggestion.
"""

# How "SMS in Kenya and Uganda" is read, word by word:
#
#     names     SMS (0), a name of `sms` alone
#     members   Kenya (2) and Uganda (4), of the list of countries
#     hosts     both belong to `sms`, which has members of that list: sms@ke, sms@ug
#     said      0, 2 and 4; then "in" and "and", which may stand before members
#     left      nothing, so that the sentence is read whole

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from provider_advisor.knowledge.bounds_in_words import SpokenAmount, bind, find_amounts
from provider_advisor.knowledge.conditions import AT, EITHER
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.search import SearchIndex, list_words, stem
from provider_advisor.safe_text import fold

_WORD = re.compile(r"[^\W_]+")
_WITHIN_NAME = re.compile(r"[\s\-\u2010-\u2015/.'\u2019&_]*")
_LISTING = re.compile(r"[,;&+]|\b(?:and|plus)\b", re.IGNORECASE)
_JOINT = re.compile(r"\s*(?:,?\s*\b(?P<word>and\s*/\s*or|and|plus|or)\b|(?P<sign>[,;&+/|]))\s*", re.IGNORECASE)
_DECIMAL = re.compile(r"\d\.\d")
_BRACKETS = re.compile(r"\([^)]*\)")
_SIGN, _AFTER_NAME = re.compile("[<>]"), re.compile(f"[<>{AT}]")
_LONGEST_NAME, _LONGEST_TEXT = 8, 1_000
_SHORT, _LONG = 4, 10
# Codes that are unambiguous in capitals; "IT" and "NO" are also words.
_CODES = frozenset(("US", "USA", "UK", "EU", "UAE", "EEA", "EUR", "USD", "GBP", "CHF", "CAD", "AUD", "BAA", "DPA"))
_WORDS_IN_CAPITALS = frozenset(
    ("AND", "ANY", "ARE", "BE", "CAN", "DO", "GO", "IN", "IS", "IT", "NO", "ON", "PER", "SO")
)
# Words that only say that something is asked for, not what.
_FILLERS = list_words(
    """
    a able all also an any are available be can capabilities capability capable do does ensure ensures etc every
    feature features functionality has have include included includes including is it its must need needs of offer
    offered offers our please proposed provide provided provides providing required requires shall should specify
    such that the their there this to use uses using we will with you your
    """
)
# Words for what is bought and who offers it. They are fillers only before the first name: "the system supports video"
# asks for video, but a "CRM system" is not a "CRM", and "email support" is not "email".
_SUBJECTS = list_words(
    """
    application bidder client company contractor offeror platform product proposer provider respondent service
    services software solution solutions supplier suppliers support supported supports system systems tool vendor
    vendors
    """
)
_PAIRED = frozenset(("both", "either"))
# Words that may precede a member of a criterion that the sentence names: "SMS to Kenya", "paid by invoice".
_BEFORE = frozenset(("across", "and", "by", "for", "from", "in", "only", "to", "via", "within"))
# Words that may stand beside a member without its criterion: "ISO 27001 certified", "a signed BAA", "Slack connector".
_BESIDE = frozenset(
    map(
        stem,
        list_words(
            """
    accreditation accredited agreement and authorisation authorization authorised authorized certificate
    certified certification compatible compatibility compliance compliant connector contract integrated
    integrates integrate integration integrations plugin report signed type valid current
    """
        ),
    )
)


class _StemmedName(NamedTuple):
    """A name in stems, what it stands for, and whether it is a keyword, which only suggests that."""

    roots: tuple[str, ...]
    of: str
    is_keyword: bool = False


_Names = Mapping[str, list[_StemmedName]]


class SentenceReading(NamedTuple):
    """What a sentence asks for, as requirements without a priority; `left` are the words that none of them covers."""

    targets: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the criteria that it asks for, without bounds."""
        return tuple(name for target in self.targets for name in drop_bound(target).split(EITHER))

    @property
    def is_whole(self) -> bool:
        """Return whether the requirements say all that the sentence does."""
        return bool(self.targets) and not self.left


def drop_bound(target: str) -> str:
    """Return the criterion of a requirement that was read: `seats` of `seats>=90`."""
    return _SIGN.split(target)[0]


class _NamedWords(NamedTuple):
    """Words of a sentence, from one place up to another, and what they may name; keywords only suggest it."""

    start: int
    end: int
    names: tuple[str, ...]
    is_keyword: bool = False


class _Sentence:
    """A sentence in words, and which of them are said by what was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = list(_WORD.finditer(text))
        self.plain = [span[0].casefold() for span in self.spans]
        self.stems = list(map(stem, self.plain))
        self.said: set[int] = set()

    def write(self, part: _NamedWords) -> str:
        """Return the text of a part."""
        start, end = self.find_ends(part)
        return self.text[start:end]

    def find_ends(self, part: _NamedWords) -> tuple[int, int]:
        """Return where a part begins and ends in the text."""
        return self.spans[part.start].start(), self.spans[part.end - 1].end()

    def find_gap(self, before: int, after: int) -> str:
        """Return what stands between two words."""
        return self.text[self.spans[before].end() : self.spans[after].start()]

    def is_in_number(self, part: _NamedWords) -> bool:
        """Return whether it is some digits of a number: the 999 of "99.999 %" calls nobody."""
        start, end = self.find_ends(part)
        around = re.match(r"\.\d|\s?%", self.text[end : end + 2]) or re.search(r"\d\.$", self.text[:start])
        return around is not None and self.text[start:end].isdigit()

    def list_places(self, amount: SpokenAmount) -> set[int]:
        """Return the places of an amount's words."""
        return {at for at, span in enumerate(self.spans) if amount.start <= span.start() < amount.end}

    def list_left(self) -> tuple[str, ...]:
        """Return the meaningful words that were not read."""
        first = min(self.said, default=0)
        return tuple(
            word
            for at, word in enumerate(self.plain)
            if at not in self.said and word not in _FILLERS and not (at < first and word in _SUBJECTS)
        )


class SentenceReader:
    """Reads sentences in the words of a knowledge base; `loose` names mean something else in other areas."""

    def __init__(self, criteria: Criteria, loose: Collection[str], index: SearchIndex) -> None:
        self._criteria, self._loose, self._index = criteria, loose, index

    def read(self, text: str) -> SentenceReading:
        """Return what a sentence asks for."""
        words = _Sentence(text[:_LONGEST_TEXT])
        spoken, named, members = self._find_names(words)
        hosted, alone = self._find_hosts(words, named, members)
        if not hosted and (reading := self._read_list(words, named, alone)) is not None:
            return reading
        counted = self._choose_counted(words, named, hosted, alone)
        beside = {part for pair in _find_joints(words, spoken) for part in pair}
        # "reports" beside "fax" may be the criterion, or another kind of reports: it is suggested, and nothing is sure.
        uncounted = [part for part in named if part in beside and part not in counted and not part.is_keyword]
        targets = self._list_targets(words, [*counted, *uncounted], hosted, alone)
        for part in hosted:
            _say_before(words, part)
        if alone:
            words.said |= {at for at, root in enumerate(words.stems) if root in _BESIDE}
        parts = sorted([*counted, *hosted, *alone])
        listed = all(_join(words, *pair, loosely=pair[1] not in counted) for pair in itertools.pairwise(parts))
        is_sure = listed and not uncounted and not any(part.is_keyword for part in counted)
        return SentenceReading(targets, words.list_left() if is_sure else tuple(words.plain))

    def _find_names(self, words: _Sentence) -> tuple[list[_NamedWords], list[_NamedWords], list[_NamedWords]]:
        """Return the names in a sentence, those that are of one criterion only, and the members."""
        spoken = [part for part in _find_parts(words, words.stems, self._names) if not words.is_in_number(part)]
        named = [part for part in spoken if len(part.names) == 1]  # a name of two criteria asks for neither
        # A keyword may hold a member: "iso-27001" leads to the certificates, and is one of them.
        taken = {at for part in named if not part.is_keyword for at in range(part.start, part.end)}
        members = list(_find_parts(words, words.plain, self._members, taken))
        at_members = {at for part in members for at in range(part.start, part.end)}
        left = [
            part
            for part in named
            if not (part.is_keyword and self._stands_for_members(part) and part.start in at_members)
        ]
        return spoken, left, members

    def _choose_counted(
        self,
        words: _Sentence,
        named: list[_NamedWords],
        hosted: Mapping[_NamedWords, Mapping[_NamedWords, str]],
        alone: Mapping[_NamedWords, str],
    ) -> list[_NamedWords]:
        """Return the names that are asked for: those with a member, and those that mean enough by themselves."""
        hosts = {host for found in hosted.values() for host in found}
        counted = [part for part in named if part in hosts or self._says_enough(words, part)]
        if counted or alone or len(named) != 1:
            return counted
        words.said |= set(range(named[0].start, named[0].end))
        return named if not words.list_left() else []  # by itself, "reports" means what it does where typed

    def suggest(self, text: str, found: Iterable[str] = ()) -> tuple[str, ...]:
        """Return what a sentence asks for, then what else it may mean, with bounds where just one number fits.

        `found` are the ids of criteria that it may mean; those that it asks for already are left out.
        """
        asked = self.read(text).targets
        said = {_AFTER_NAME.split(target)[0] for target in asked}
        amounts = find_amounts(text[:_LONGEST_TEXT])
        more = [name for name in found if name not in said]
        bounds = [bind(self._criteria[name], amounts) or _bind_bare(self._criteria[name], amounts) for name in more]
        targets = [*asked, *(bound[0] if bound else name for name, bound in zip(more, bounds, strict=True))]
        return tuple(sorted(targets, key=lambda target: _SIGN.search(target) is None))

    def _find_hosts(
        self, words: _Sentence, named: list[_NamedWords], members: list[_NamedWords]
    ) -> tuple[dict[_NamedWords, dict[_NamedWords, str]], dict[_NamedWords, str]]:
        """Return the requirements on members: of criteria that are named too, by both, and of those that need none."""
        # A word may be a member of several lists: "de" is a country and a language. The list of a criterion that is
        # named too is meant; without one, the word counts only if a single list lets its members stand alone.
        hosted: dict[_NamedWords, dict[_NamedWords, str]] = {}
        alone: dict[_NamedWords, str] = {}
        for part in members:
            member = {of: name for of, _, name in (each.partition(AT) for each in reversed(part.names))}
            of_each = {host: self._criteria[host.names[0]].of_each for host in named}
            hosts = {host: f"{host.names[0]}{AT}{member[of]}" for host, of in of_each.items() if of in member}
            is_name = _is_written_as_name(said := words.write(part), is_first=part.start == 0)
            lists = self._criteria.lists
            by_itself = {f"{host}{AT}{name}" for of, name in member.items() if (host := lists[of].alone)}
            if hosts and (is_name or len(said) >= _SHORT):
                hosted[part] = hosts
            elif is_name and len(by_itself) == 1:
                alone[part] = by_itself.pop()
        return hosted, alone

    def _read_list(
        self, words: _Sentence, named: list[_NamedWords], alone: Mapping[_NamedWords, str]
    ) -> SentenceReading | None:
        """Return what a list of nothing but names asks for: all of "SMS and MMS", any of "SMS or MMS".

        A name that many others hold, such as SMS, counts here as it does in a row of its own. It is not sure what
        "SMS/MMS" asks for, and in "fax or email support" the last word may belong to both.
        """
        parts = sorted([*named, *alone])
        joints = _find_joints(words, parts)
        if not joints or len(joints) < len(parts) - 1:
            return None
        around = {*words.plain[: parts[0].start], *words.plain[parts[-1].end :]}
        if not around <= _FILLERS | _SUBJECTS | _PAIRED | (_BESIDE if alone else frozenset()):
            return None
        targets = tuple(dict.fromkeys(alone[part] if part in alone else part.names[0] for part in parts))
        signs, lengths = set(joints.values()), {part.end - part.start > 1 for part in named}
        is_sure = len(lengths) < 2 and not any(part.is_keyword for part in named)  # noqa: PLR2004 (short and long ones)
        if "or" in signs and signs <= {"or", ","}:
            can_be_any = len(targets) > 1 and all(self._criteria[name].kind == "capability" for name in targets)
            targets, is_sure = (EITHER.join(sorted(targets)),) if can_be_any else targets, is_sure and can_be_any
        elif not signs <= {"and", "plus", "&", "+", ",", ";"}:
            is_sure = False
        elif not is_sure:
            return None  # read with its members and bounds, as other sentences are
        return SentenceReading(targets, () if is_sure else tuple(words.plain))

    def _stands_for_members(self, part: _NamedWords) -> bool:
        """Return whether the members of its list are asked for by their names alone."""
        of = self._criteria.list_of(part.names[0])
        return of is not None and of.alone == part.names[0]

    def _list_targets(
        self,
        words: _Sentence,
        counted: list[_NamedWords],
        hosted: Mapping[_NamedWords, Mapping[_NamedWords, str]],
        alone: Mapping[_NamedWords, str],
    ) -> tuple[str, ...]:
        taken = {at for part in (*counted, *hosted, *alone) for at in range(part.start, part.end)}
        words.said |= taken
        amounts = find_amounts(words.text)
        targets: dict[str, None] = {}
        for part in sorted([*counted, *alone]):
            if part in alone:
                targets[alone[part]] = None
                continue
            name = part.names[0]
            of_members = [hosts[part] for _, hosts in sorted(hosted.items()) if part in hosts]
            bound = bind(self._criteria[name], amounts, words.find_ends(part))
            if bound is not None:
                words.said |= words.list_places(bound[1])
                member = of_members[0] if len(of_members) == 1 else name
                targets[bound[0].replace(name, member, 1)] = None
            else:
                targets |= dict.fromkeys(of_members or [name])
        return tuple(targets)

    def _says_enough(self, words: _Sentence, part: _NamedWords) -> bool:
        """Return whether a name may count beside others: "integration" and "reports" are said of many things."""
        return part.end - part.start > 1 or self._index.is_rare(words.stems[part.start])

    @cached_property
    def _names(self) -> _Names:
        """Return the names of criteria as stems, by the first of them; one with a decimal number is a bound instead."""
        found: defaultdict[str, list[_StemmedName]] = defaultdict(list)
        for one in self._criteria.values():
            for name in dict.fromkeys((one.id, *one.aliases, one.label, *one.keywords)):
                roots = _split(name)
                if len(roots) <= _LONGEST_NAME and fold(name) not in self._loose and not _DECIMAL.search(name):
                    found[roots[0]].append(_StemmedName(roots, one.id, name in one.keywords))
        return found

    @cached_property
    def _members(self) -> _Names:
        """Return the members of all lists, each with its list: `country@de`; their words keep their endings."""
        found: defaultdict[str, list[_StemmedName]] = defaultdict(list)
        for of in self._criteria.lists.values():
            for member in of.members.values():
                for word in dict.fromkeys((member.label, *member.aliases, member.id)):
                    if roots := tuple(_WORD.findall(_BRACKETS.sub("", word).casefold())):
                        found[roots[0]].append(_StemmedName(roots, f"{of.id}{AT}{member.id}"))
        return found


def _split(name: str) -> tuple[str, ...]:
    return tuple(map(stem, _WORD.findall(name.casefold())))


def _find_parts(
    words: _Sentence, roots: Sequence[str], names: _Names, but: Collection[int] = ()
) -> Iterator[_NamedWords]:
    """Yield what a sentence names from left to right, the longest at each place; `roots` are its words or stems."""
    at = 0
    while at < len(roots):
        found: defaultdict[int, list[_StemmedName]] = defaultdict(list)
        for name in names.get(roots[at], ()):
            end = at + len(name.roots)
            if tuple(roots[at:end]) == name.roots and all(
                place not in but and (place == at or _WITHIN_NAME.fullmatch(words.find_gap(place - 1, place)))
                for place in range(at, end)
            ):
                found[end].append(name)
        if found:
            # Of two names the longer is meant: "call recording" is neither a call nor a recording.
            end = max(found)
            known = [name for name in found[end] if not name.is_keyword] or found[end]
            yield _NamedWords(at, end, tuple(dict.fromkeys(name.of for name in known)), known[0].is_keyword)
            at = end
        else:
            at += 1


def _bind_bare(criterion: Criterion, amounts: Sequence[SpokenAmount]) -> tuple[str, SpokenAmount] | None:
    """Return the bound of the only number of a text if it says at least or at most, and of nothing else what."""
    if len(amounts) != 1 or amounts[0].unit or amounts[0].sign == "any":
        return None
    return bind(criterion, amounts, (0, amounts[0].start))


def _find_joints(words: _Sentence, parts: Sequence[_NamedWords]) -> dict[tuple[_NamedWords, _NamedWords], str]:
    """Return the neighbours with nothing but a sign of a list between them, and that sign: a comma, "and", "or"."""
    found = {}
    for pair in itertools.pairwise(parts):
        if joint := _JOINT.fullmatch(words.find_gap(pair[0].end - 1, pair[1].start)):
            sign = (joint["word"] or joint["sign"]).casefold()
            found[pair] = "or" if sign == EITHER else sign
    return found


def _is_written_as_name(said: str, *, is_first: bool) -> bool:
    """Return whether a member is written as one: "are", "no" and "Make" as a first word are words of the language."""
    if said.isalpha() and len(said) < _SHORT:
        return said in _CODES or (said.isupper() and said not in _WORDS_IN_CAPITALS)
    is_phrase = " " in said
    written = said[1:] if is_first and not is_phrase else said
    return (is_phrase and len(said) > _LONG) or any(sign.isupper() or sign.isdigit() for sign in written)


def _say_before(words: _Sentence, part: _NamedWords) -> None:
    """Take the small words before a member as said: "SMS to Kenya", "support in German"."""
    at = part.start - 1
    while at >= 0 and words.plain[at] in _BEFORE | _FILLERS:
        words.said.add(at)
        at -= 1


def _join(words: _Sentence, before: _NamedWords, after: _NamedWords, *, loosely: bool) -> bool:
    """Return whether two parts are listed one after the other, and take what joins them as said."""
    between = range(before.end, after.start)
    said = {at for at in between if words.plain[at] in {"and", "plus"}}
    loosely |= before.names == after.names  # "single sign-on (SAML)"
    is_list = _LISTING.search(words.find_gap(before.end - 1, after.start)) is not None
    words.said |= said
    return loosely or is_list
