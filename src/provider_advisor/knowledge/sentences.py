"""Read a buyer's sentence: the criteria that it names, with their members and bounds.

    "The system must provide voicemail"     voicemail
    "99.99 % uptime"                        uptime-commitment>=99.99
    "SMS in Kenya and Uganda"               sms@ke, sms@ug
    "SMS and MMS"                           sms, mms
    "SMS or WhatsApp"                       sms|whatsapp
    "Integration with HubSpot"              integration@hubspot
    "Voicemail for the person on shift"     voicemail, but not whole, because of "person" and "shift"

A sentence is read whole only if each of its words belongs to a name, a member or a bound, or is a filler ("the system
must provide"), and if what it names is listed; or if all its words are in the names of one criterion, and of no other
("the same sender for each person"). With one word more it may ask for something else (the last example), so what was
read is only a suggestion.
"""

# How "The system must provide SMS in Kenya and Uganda" is read; each step makes a value of that of the step before:
#
#     words      The (0) system (1) must (2) provide (3) SMS (4) in (5) Kenya (6) and (7) Uganda (8), and their stems
#     named      SMS, the only criterion with this name
#     members    Kenya and Uganda, of the list of countries
#     hosted     both belong to `sms`, which has members of that list: sms@ke, sms@ug
#     targets    sms@ke, sms@ug; a number would have bounded one of them
#     said       4, 6 and 8, then "in" and "and", which may stand before members and in lists
#     is_whole   yes: what is left, "the system must provide", are fillers

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import NamedTuple

from provider_advisor.knowledge.bounds_in_words import (
    SpokenAmount,
    counts_things,
    find_amounts,
    find_bound,
    is_sensible,
)
from provider_advisor.knowledge.conditions import AT, EITHER, split_member
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.search import VERBS, SearchEntry, SearchIndex, count_shared, list_words, stem
from provider_advisor.safe_text import fold

_LONGEST_NAME, _LONGEST_TEXT = 8, 1_000
_SHORT, _LONG = 4, 10
_MOST_COUNTED = 3

_WORD = re.compile(r"[^\W_]+")
_DECIMAL = re.compile(r"\d\.\d")
_BRACKETS = re.compile(r"\([^)]*\)")
_SIGN, _AFTER_NAME = re.compile("[<>=]"), re.compile(f"[<>={AT}]")
# Signs between the words of one name: "call-recording", "text/SMS", "what's new".
_WITHIN_NAME = re.compile(r"[\s\-\u2010-\u2015/.'\u2019&_]*")
# What makes a list of two names, with other words beside it: "fax, and also SMS".
_LISTING = re.compile(r"[,;&+]|\b(?:and|plus|as\s+well\s+as)\b", re.IGNORECASE)
# What makes a list of them if nothing else is between them, and says whether all or any are meant: "fax or SMS".
_JOINT = re.compile(
    r"\s*(?:,?\s*\b(?P<word>and\s*/\s*or|and|plus|or|as\s+well\s+as)\b|(?P<sign>[,;&+/|]))\s*", re.IGNORECASE
)

# The words that mean something to the reader, by what they are for.

# Words of lists, which say nothing else: "SMS as well as MMS", "both SMS and MMS".
_LINKS = frozenset(("and", "plus", "as", "well"))
_PAIRED = frozenset(("both", "either"))
# Words that only say that something is asked for, not what.
_FILLERS = list_words(
    """
    a ability able all also an any are available be can capabilities capability capable do does ensure ensures etc
    every feature features function functionality has have include included includes including is it its like must
    need needs of offer offered offers our please proposed provide provided provides providing required requires shall
    should specify such that the their there this to use uses using want wants we will with would you your
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
# Those of them that may also be the team's own things: right before a name they make another one of it, such as "client
# email", "company owned phones" and "software support"; and in "tool for email" before a common word.
_QUALIFIERS = list_words("application applications client clients company software tool tools")
# Small words that may stand between one of these and the first name: "support for MMS", "ability to record calls".
_LEADING = frozenset(("for", "of", "to"))
# Words that may precede a member of a criterion that the sentence names: "SMS to Kenya", "paid by invoice".
_BEFORE = frozenset(("across", "and", "by", "for", "from", "in", "only", "to", "via", "within"))
# Words that may stand beside a member without its criterion: "ISO 27001 certified", "a signed BAA", "Slack connector".
_BESIDE = frozenset(
    stem(word)
    for word in list_words(
        """
        accreditation accredited against agreement and authorisation authorization authorised authorized certificate
        certified certification compatible compatibility compliance compliant connector connects contract integrated
        integrates integrate integration integrations interoperable plugin report signed type under valid current works
        """
    )
)
# Names of programs that are words of the language too. By themselves in a sentence they ask for no program: "Monday to
# Friday", "sales teams", "exchange rates".
_EVERYDAY = list_words(
    """
    accounting asterisk banner blackboard box canvas close confluence copper dispatch drive dynamics epic excel
    exchange front intercom make meet monday notion oracle outlook segment skyward slack square stripe tableau teams
    zoom
    """
)
# Words before one of these that is written as a name: "call recording for Teams", but not "from Sunday to Monday".
_TOWARDS = frozenset(("for", "from", "in", "into", "to", "via", "with"))
_DAY = "monday"
# Codes that are unambiguous in capitals; "IT" and "NO" are also words.
_CODES = frozenset(("US", "USA", "UK", "EU", "UAE", "EEA", "EUR", "USD", "GBP", "CHF", "CAD", "AUD", "BAA", "DPA"))
_WORDS_IN_CAPITALS = frozenset(
    ("AND", "ANY", "ARE", "BE", "CAN", "DO", "GO", "IN", "IS", "IT", "NO", "ON", "PER", "SO")
)


class SentenceReading(NamedTuple):
    """What a sentence asks for, as requirements without a priority, and whether they say all that it does."""

    targets: tuple[str, ...]
    is_whole: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Return the criteria that it asks for, without bounds."""
        return tuple(name for target in self.targets for name in drop_bound(target).split(EITHER))


def drop_bound(target: str) -> str:
    """Return the criterion of a requirement that was read: `seats` of `seats>=90`."""
    return _SIGN.split(target)[0]


def only_resembles(word: str, criterion: Criterion) -> bool:
    """Return whether a single word has the stem of a name of a criterion, and is another word.

    A "contact" is no number of contacts, and "pages", "ports" and "messages" are no paging, porting and messaging.
    """
    if "-" in (said := fold(word)):
        return False
    names = {fold(name) for name in (criterion.id, criterion.label, *criterion.aliases, *criterion.keywords)}
    if said in names:
        return False
    akin = [name for name in names if stem(name) == stem(said)]
    is_one_of_many = criterion.kind == "quantity" and counts_things(criterion)
    return is_one_of_many or not any(_is_gerund(name) is _is_gerund(said) for name in akin)


def _is_gerund(word: str) -> bool:
    return word.removesuffix("s").endswith("ing")


class _StemmedName(NamedTuple):
    """A name in stems, what it stands for, whether it is a keyword, which only suggests that, and how it is written."""

    roots: tuple[str, ...]
    of: str
    is_keyword: bool = False
    written: str = ""


_Names = Mapping[str, list[_StemmedName]]
"""Names by the first of their stems."""


class _NamedWords(NamedTuple):
    """Words of a sentence, from one place up to another, and what they may name; keywords only suggest it."""

    start: int
    end: int
    names: tuple[str, ...]
    is_keyword: bool = False


class _Words:
    """The words of a text, as they are written, in lower case and as stems, and what stands between them."""

    def __init__(self, text: str) -> None:
        self.text = text[:_LONGEST_TEXT]
        self.spans = list(_WORD.finditer(self.text))
        self.plain = [span[0].casefold() for span in self.spans]
        self.stems = ["" if span[0] in VERBS else stem(word) for span, word in zip(self.spans, self.plain, strict=True)]

    def find_ends(self, part: _NamedWords) -> tuple[int, int]:
        """Return where a part begins and ends in the text."""
        return self.spans[part.start].start(), self.spans[part.end - 1].end()

    def find_gap(self, before: int, after: int) -> str:
        """Return what stands between two words."""
        return self.text[self.spans[before].end() : self.spans[after].start()]

    def find_named(self, roots: Sequence[str], names: _Names, but: Collection[int] = ()) -> Iterator[_NamedWords]:
        """Yield what it names from left to right, the longest at each place; `roots` are its words or stems."""
        at = 0
        while at < len(roots):
            found: defaultdict[int, list[_StemmedName]] = defaultdict(list)
            for name in names.get(roots[at], ()):
                end = at + len(name.roots)
                if tuple(roots[at:end]) == name.roots and all(
                    place not in but and (place == at or _WITHIN_NAME.fullmatch(self.find_gap(place - 1, place)))
                    for place in range(at, end)
                ):
                    found[end].append(name)
            if found:
                # Of two names the longer is meant: "call recording" is neither a call nor a recording.
                end = max(found)
                known = [name for name in found[end] if not name.is_keyword] or found[end]
                if len(known) > 1:  # "call recording" is none of the "call records", which have the same stems
                    shared = [count_shared(name.written, " ".join(self.plain[at:end])) for name in known]
                    known = [name for name, count in zip(known, shared, strict=True) if count == max(shared)]
                yield _NamedWords(at, end, tuple(dict.fromkeys(name.of for name in known)), known[0].is_keyword)
                at = end
            else:
                at += 1

    def find_joints(self, parts: Sequence[_NamedWords]) -> dict[tuple[_NamedWords, _NamedWords], str]:
        """Return the neighbours with nothing but a sign of a list between them, and that sign: a comma, "and", "or"."""
        found = {}
        for pair in itertools.pairwise(parts):
            if joint := _JOINT.fullmatch(self.find_gap(pair[0].end - 1, pair[1].start)):
                sign = (joint["word"] or joint["sign"]).casefold()
                found[pair] = "or" if sign == EITHER else "and" if sign.endswith("as") else sign
        return found

    def is_in_number(self, part: _NamedWords) -> bool:
        """Return whether it is some digits of a number: the 999 of "99.999 %" calls nobody."""
        start, end = self.find_ends(part)
        around = re.match(r"\.\d|\s?%", self.text[end : end + 2]) or re.search(r"\d\.$", self.text[:start])
        return around is not None and self.text[start:end].isdigit()

    def is_name(self, part: _NamedWords, *, is_first: bool) -> bool:
        """Return whether a member is written as one: "are", "no" and "Make" as a first word are everyday words."""
        start, end = self.find_ends(part)
        said = self.text[start:end]
        if said.isalpha() and len(said) < _SHORT:
            has_capitals = said.isupper() or any(sign.isupper() for sign in said[1:])  # X, PHP, iOS
            return said in _CODES or (has_capitals and said not in _WORDS_IN_CAPITALS)
        is_phrase = " " in said
        written = said[1:] if is_first and not is_phrase else said
        return (is_phrase and len(said) > _LONG) or any(sign.isupper() or sign.isdigit() for sign in written)

    def is_long(self, part: _NamedWords) -> bool:
        """Return whether a member is too long to be taken for a small word of the language."""
        start, end = self.find_ends(part)
        return end - start >= _SHORT

    def has_context(self, part: _NamedWords, listed: Collection[_NamedWords]) -> bool:
        """Return whether a member's name is no everyday word, or one beside words that are about such members."""
        word = self.plain[part.start]
        if part.end - part.start > 1 or word not in _EVERYDAY or len(self.plain) == 1:
            return True
        if part in listed or not _BESIDE.isdisjoint(self.stems):
            return True
        is_after = part.start > 0 and self.plain[part.start - 1] in _TOWARDS and word != _DAY
        return is_after and self.is_name(part, is_first=False)


class _NamedSentence(NamedTuple):
    """A sentence and what it names.

    `spoken` are all names of criteria, `named` those that ask for one. A member is `hosted` by criteria that are named
    too, with the requirement on both by criterion, or stands `alone`, with its requirement:

        "SMS in Kenya"          hosted {Kenya: {SMS: "sms@ke"}}
        "ISO 27001 certified"   alone {ISO 27001: "certificate@iso-27001"}
    """

    words: _Words
    spoken: Sequence[_NamedWords]
    named: Sequence[_NamedWords]
    members: Sequence[_NamedWords]
    hosted: Mapping[_NamedWords, Mapping[_NamedWords, str]]
    alone: Mapping[_NamedWords, str]

    def list_members(self) -> list[tuple[str, str]]:
        """Return the members that are written as names, each with its list."""
        words, listed = self.words, _list_parts(self.words.find_joints(self.members))
        sure = [
            part
            for part in self.members
            if (words.is_long(part) or words.is_name(part, is_first=part.start == 0))
            and words.has_context(part, listed)
        ]
        return [(of, name) for part in sure for of, _, name in (each.partition(AT) for each in part.names)]

    def list_beside_members(self) -> list[str]:
        """Return the words that name no member, without the small ones before one."""
        plain, at_members = self.words.plain, _list_places(self.members)
        left = [at for at in range(len(plain)) if at not in at_members]
        return [plain[at] for at in left if at + 1 not in at_members or plain[at] not in _BEFORE]

    def list_loosely(self) -> list[str]:
        """Return what only keywords name."""
        sure = {part.names[0] for part in self.named if not part.is_keyword}
        return [part.names[0] for part in self.named if part.is_keyword and part.names[0] not in sure]


class SentenceReader:
    """Reads sentences in the words of a knowledge base; `loose` names mean something else in other areas."""

    def __init__(self, criteria: Criteria, loose: Collection[str], index: SearchIndex) -> None:
        self._criteria, self._index, self._loose = criteria, index, loose

    def read(self, text: str) -> SentenceReading:
        """Return what a sentence asks for."""
        sentence = self._find_names(text)
        reading = self._read_list(sentence) or self._read_parts(sentence)
        return reading if reading.is_whole else self._read_covered(sentence) or reading

    def suggest(self, text: str, found: Iterable[str] = ()) -> tuple[str, ...]:
        """Return what a sentence asks for, then what else it may mean, with bounds where just one number fits.

        `found` are the ids of criteria that it may mean, the likeliest first.
        """
        sentence = self._find_names(text)
        asked = (self._read_list(sentence) or self._read_parts(sentence)).targets
        said = {_AFTER_NAME.split(target)[0] for target in asked}
        ranks = {name: rank for rank, name in enumerate(dict.fromkeys(found))}
        amounts = find_amounts(sentence.words.text)
        members = sentence.list_members()
        targets = list(asked)
        for one in (self._criteria[name] for name in ranks if name not in said):
            bound = _bind_sensibly(one, amounts)
            of_members = [f"{one.id}{AT}{name}" for of, name in members if of == one.of_each]
            targets += [bound] if bound else of_members or [one.id]
        # "Yealink or Cisco" names members of a list that only one criterion has.
        targets = targets or [f"{host[0]}{AT}{name}" for of, name in members if len(host := self._hosts[of]) == 1]
        # First what it asks for and what has most of its words, then what a number may bound, then the rest.
        asks = set(asked) - set(sentence.list_loosely())

        def order(target: str) -> tuple[bool, bool, int]:
            is_bound = _SIGN.search(target) is not None
            rank = ranks.get(_AFTER_NAME.split(target)[0], len(ranks))
            is_asked = target in asks or rank == 0 or (is_bound and target in asked)
            return not is_asked, not is_bound, rank

        return tuple(sorted(dict.fromkeys(targets), key=order))

    def search(self, words: str) -> tuple[SearchEntry, ...]:
        """Return the criteria that words find, best first, with members if named ("numbers in Germany")."""
        reading, found, counted = self.read(words), self._index.search(words), self.find_counted(words)
        # The index knows no members, and for a list it prefers the one entry that mentions all of its words. So what
        # was read by a member, or in a list, comes first.
        is_list = reading.is_whole and len(reading.names) > 1
        asked = [name for name in reading.names if is_list or AT in name] or list(counted)
        asked = list(dict.fromkeys([*asked, *self._find_hosts_of(words)]))
        if found and not asked:
            return found
        found = found or self._index.find_meant(words) or self._index.find_near(words)
        if reading.is_whole or not found:
            asked = list(dict.fromkeys([*reading.names, *asked]))
        named = [SearchEntry("criterion", name, (name,), self._criteria[name].label) for name in asked]
        said = {split_member(name)[0] for name in asked}
        return (*named, *(entry for entry in found if entry.id not in said))

    def _find_hosts_of(self, text: str) -> list[str]:
        """Return what can be asked of the members that a text names, as far as its other words find it."""
        sentence = self._find_names(text)
        if not (members := sentence.list_members()):
            return []
        rest = sentence.list_beside_members()
        near = [entry.id for entry in self._index.search(" ".join(rest))] if rest else None
        hosts = [(host, f"{host}{AT}{name}") for of, name in members for host in self._hosts[of]]
        # A country alone can be asked of many: what weighs most comes first.
        among = near or sorted(dict(hosts), key=lambda host: -self._criteria[host].weight)
        return [asked for host in among for name, asked in hosts if name == host]

    def list_bound(self, names: Iterable[str], text: str) -> list[str]:
        """Return those of some criteria that a number of a text bounds."""
        amounts = find_amounts(text[:_LONGEST_TEXT])
        return [name for name in names if amounts and _bind_sensibly(self._criteria[name], amounts)]

    def find_counted(self, text: str) -> tuple[str, ...]:
        """Return the criteria whose unit a number of a text has: "3,000 contacts"; none if many have it, as "days"."""
        amounts = find_amounts(text[:_LONGEST_TEXT])
        # "12,000 voice calls" count no voices, but "100 msg/sec" messages.
        units = {stem(one.unit) for one in amounts if one.unit.endswith("s") or one.per}
        found = [
            one.id
            for one in self._counting
            if stem((one.unit or "").partition("/")[0]) in units and find_bound(one, amounts)
        ]
        return tuple(found) if len(found) <= _MOST_COUNTED else ()

    # What words name

    def _find_names(self, text: str) -> _NamedSentence:
        """Return a text in words, and the criteria and members that they name."""
        words = _Words(text)
        spoken = [part for part in words.find_named(words.stems, self._names) if not words.is_in_number(part)]
        named = self._choose_named(words, spoken)
        # A keyword may hold a member: "iso-27001" leads to the certificates, and is one of them.
        taken = _list_places(part for part in named if not part.is_keyword)
        members = list(words.find_named(words.plain, self._members, taken))
        at_members = _list_places(members)
        named = [
            part
            for part in named
            if not (part.is_keyword and part.start in at_members and self._stands_for_members(part))
        ]
        listed = _list_parts(words.find_joints(members))
        hosted: dict[_NamedWords, dict[_NamedWords, str]] = {}
        alone: dict[_NamedWords, str] = {}
        for part in members:
            is_first = part.start == 0 and part not in listed
            if hosts := self._find_hosts(words, part, named, is_first=is_first):
                hosted[part] = hosts
            elif words.has_context(part, listed) and (target := self._read_alone(words, part, is_first=is_first)):
                alone[part] = target
        return _NamedSentence(words, spoken, named, members, hosted, alone)

    def _choose_named(self, words: _Words, spoken: Iterable[_NamedWords]) -> list[_NamedWords]:
        """Return the names that ask for one criterion, rather than for one of two, or for a member of another."""
        named = {part: self._criteria[part.names[0]] for part in spoken if len(part.names) == 1}
        said = {part: words.plain[part.start : part.end] for part in named}
        # The lists that have a member of just the words of a part.
        lists = {
            part: {name.of.partition(AT)[0] for name in self._members.get(own[0], ()) if [*name.roots] == own}
            for part, own in said.items()
        }

        def is_member(part: _NamedWords) -> bool:
            # The iOS of "SDK for iOS" is a criterion too, but here it is meant as a member of the one beside it.
            others = [other for other in named if other != part]
            return any(named[one].of_each in lists[part] and named[one].of_each not in lists[one] for one in others)

        return [
            part
            for part, criterion in named.items()
            if not is_member(part) and not only_resembles("-".join(said[part]), criterion)
        ]

    def _stands_for_members(self, part: _NamedWords) -> bool:
        """Return whether the members of its list are asked for by their names alone."""
        of = self._criteria.list_of(part.names[0])
        return of is not None and of.alone == part.names[0]

    # A word may be a member of several lists: "de" is a country and a language. The list of a criterion that is named
    # too is meant; without one, the word counts only if a single list lets its members stand alone.

    def _find_hosts(
        self, words: _Words, member: _NamedWords, named: Iterable[_NamedWords], *, is_first: bool
    ) -> dict[_NamedWords, str]:
        """Return the requirements on a member of criteria that are named too."""
        if not words.is_long(member) and not words.is_name(member, is_first=is_first):
            return {}
        by_list = _list_by_list(member)
        lists = {host: self._criteria[host.names[0]].of_each for host in named}
        return {host: f"{host.names[0]}{AT}{by_list[of]}" for host, of in lists.items() if of in by_list}

    def _read_alone(self, words: _Words, member: _NamedWords, *, is_first: bool) -> str | None:
        """Return the requirement on a member that stands for itself: "ISO 27001 certified" asks for a certificate."""
        is_whole = member.end - member.start == len(words.plain) and words.is_long(member)
        if not is_whole and not words.is_name(member, is_first=is_first):
            return None
        alone = ((self._criteria.lists[of].alone, name) for of, name in _list_by_list(member).items())
        targets = {f"{criterion}{AT}{name}" for criterion, name in alone if criterion}
        return targets.pop() if len(targets) == 1 else None

    # What names, members and bounds ask for

    def _read_list(self, sentence: _NamedSentence) -> SentenceReading | None:
        """Return what a list of nothing but names asks for: all of "SMS and MMS", any of "SMS or MMS".

        A name that many others hold, such as SMS, counts here as it does in a row of its own. It is not sure what
        "SMS/MMS" asks for, and in "fax or email support" the last word may belong to both.
        """
        words, named, alone = sentence.words, sentence.named, sentence.alone
        parts = sorted([*named, *alone])
        joints = words.find_joints(parts)
        if sentence.hosted or not joints or len(joints) < len(parts) - 1:
            return None
        around = {*words.plain[: parts[0].start], *words.plain[parts[-1].end :]}
        fillers = _FILLERS | _SUBJECTS | _PAIRED | (_BESIDE if alone else frozenset())
        if self._is_qualified(sentence, parts[0].start) or not around <= fillers:
            return None
        targets = tuple(dict.fromkeys(alone.get(part, part.names[0]) for part in parts))
        signs, lengths = set(joints.values()), {part.end - part.start > 1 for part in named}
        is_sure = len(lengths) < 2 and not any(part.is_keyword for part in named)  # noqa: PLR2004 (short and long)
        if "or" in signs and signs <= {"or", ","}:
            can_be_any = len(targets) > 1 and all(self._criteria[name].kind == "capability" for name in targets)
            targets, is_sure = (EITHER.join(sorted(targets)),) if can_be_any else targets, is_sure and can_be_any
        elif not signs <= {"and", "plus", "&", "+", ",", ";"}:
            is_sure = False
        elif not is_sure:
            return None  # read with its members and bounds, as other sentences are
        return SentenceReading(targets, is_sure)

    def _read_parts(self, sentence: _NamedSentence) -> SentenceReading:
        """Return what the names ask for, one by one, with their members and bounds."""
        words, counted = sentence.words, self._choose_counted(sentence)
        beside = _list_parts(words.find_joints(sentence.spoken))
        # "reports" beside "fax" may be the criterion, or another kind of reports: it is suggested, and nothing is sure.
        uncounted = [part for part in sentence.named if part in beside and part not in counted and not part.is_keyword]
        targets, bounding = self._list_targets(sentence, [*counted, *uncounted])
        parts = sorted([*counted, *sentence.hosted, *sentence.alone])
        is_sure = not uncounted and not any(part.is_keyword for part in counted)
        is_list = all(
            _is_listed(words, *pair) or self._belong(sentence, *pair, counted) for pair in itertools.pairwise(parts)
        )
        said = _list_places(parts) | bounding | _list_small_words(sentence, parts)
        return SentenceReading(targets, bool(targets) and is_sure and is_list and self._is_all(sentence, said))

    def _read_covered(self, sentence: _NamedSentence) -> SentenceReading | None:
        """Return the only criterion that has all words of the sentence in its names and label, if it is named whole."""
        text = sentence.words.text
        if sentence.members or find_amounts(text) or _SIGN.search(text):
            return None
        covering = self._index.find_covering(text)
        named = {part.names[0] for part in self._choose_counted(sentence) if not part.is_keyword}
        return SentenceReading(covering, is_whole=True) if len(covering) == 1 and named.issuperset(covering) else None

    def _choose_counted(self, sentence: _NamedSentence) -> Sequence[_NamedWords]:
        """Return the names that are asked for: those with a member, and those that mean enough by themselves."""
        named, hosts = sentence.named, _list_parts(sentence.hosted.values())
        # "integration" and "reports" are said of many things.
        counted = [
            part
            for part in named
            if part in hosts or part.end - part.start > 1 or self._index.is_rare(sentence.words.stems[part.start])
        ]
        if counted or sentence.alone or len(named) != 1:
            return counted
        # By itself, "reports" means what it does where typed.
        return named if self._is_all(sentence, _list_places(named)) else []

    def _list_targets(
        self, sentence: _NamedSentence, counted: Iterable[_NamedWords]
    ) -> tuple[tuple[str, ...], set[int]]:
        """Return the requirements on what counts and on members, and the places of the words that bound them."""
        words, amounts = sentence.words, find_amounts(sentence.words.text)
        targets: dict[str, None] = {}
        bounding: set[int] = set()
        for part in sorted([*counted, *sentence.alone]):
            if part in sentence.alone:
                targets[sentence.alone[part]] = None
                continue
            criterion = self._criteria[part.names[0]]
            of_members = [hosts[part] for _, hosts in sorted(sentence.hosted.items()) if part in hosts]
            bound = find_bound(criterion, amounts, words.find_ends(part))
            if bound is not None and is_sensible(criterion, bound):
                target, amount = bound
                bounding |= {at for at, span in enumerate(words.spans) if amount.start <= span.start() < amount.end}
                targets[target.replace(criterion.id, of_members[0] if len(of_members) == 1 else criterion.id, 1)] = None
            else:
                targets |= dict.fromkeys(of_members or [criterion.id])
        return tuple(targets), bounding

    # Whether that is all that a sentence says

    def _is_all(self, sentence: _NamedSentence, said: AbstractSet[int]) -> bool:
        """Return whether all words are at the places of those `said`, or fillers."""
        first = min(said, default=0)
        subjects = frozenset[str]() if self._is_qualified(sentence, first) else _SUBJECTS | _LEADING
        return all(
            at in said or word in _FILLERS or (at < first and word in subjects)
            for at, word in enumerate(sentence.words.plain)
        )

    def _is_qualified(self, sentence: _NamedSentence, first: int) -> bool:
        """Return whether the word before the first name makes another name of it: "client email", "tool for email"."""
        words, at = sentence.words, first - 1
        is_common = any((part.start, part.end) == (first, first + 1) for part in sentence.named)
        if is_common and at > 0 and words.plain[at] in _LEADING and not self._index.is_rare(words.stems[first]):
            at -= 1
        return at >= 0 and words.plain[at] in _QUALIFIERS and words.find_gap(at, at + 1) in {" ", "-"}

    def _belong(
        self, sentence: _NamedSentence, before: _NamedWords, after: _NamedWords, counted: Collection[_NamedWords]
    ) -> bool:
        """Return whether one of two neighbours is a member of the other: "SMS to Kenya", "Kenya SMS"."""
        hosted = sentence.hosted
        if after in counted:
            return after in hosted.get(before, ())
        # "Support in Salesforce" asks for no support in a language: what stands beside is a member of another list.
        has_list = before in counted and self._criteria[before.names[0]].of_each is not None
        return not has_list or before in hosted.get(after, ())

    # The words of the knowledge base

    @cached_property
    def _names(self) -> _Names:
        """Return the names of criteria as stems; one with a decimal number is a bound instead."""
        found: defaultdict[str, list[_StemmedName]] = defaultdict(list)
        for one in self._criteria.values():
            for name in dict.fromkeys((one.id, *one.aliases, one.label, *one.keywords)):
                roots = tuple(map(stem, _WORD.findall(name.casefold())))
                if len(roots) <= _LONGEST_NAME and fold(name) not in self._loose and not _DECIMAL.search(name):
                    is_keyword = name in one.keywords
                    found[roots[0]].append(_StemmedName(roots, one.id, is_keyword, name))
                    if len(roots) == 2 and "of" not in roots:  # noqa: PLR2004 ("call transfer" is also a "transfer of calls")
                        found[roots[1]].append(_StemmedName((roots[1], "of", roots[0]), one.id, is_keyword, name))
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

    @cached_property
    def _hosts(self) -> Mapping[str, list[str]]:
        """Return the criteria that can be asked of each member of a list, by list."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for one in self._criteria.values():
            if one.of_each and AT not in one.id:
                found[one.of_each].append(one.id)
        return found

    @cached_property
    def _counting(self) -> list[Criterion]:
        """Return the quantities that count something, rather than measure time, money or shares."""
        return [
            one for one in self._criteria.values() if one.kind == "quantity" and AT not in one.id and counts_things(one)
        ]


def _list_parts(groups: Iterable[Iterable[_NamedWords]]) -> set[_NamedWords]:
    """Return the parts that are in any of some groups, such as pairs of neighbours."""
    return {part for group in groups for part in group}


def _list_places(parts: Iterable[_NamedWords]) -> set[int]:
    """Return the places of all words of some parts."""
    return {at for part in parts for at in range(part.start, part.end)}


def _list_by_list(member: _NamedWords) -> dict[str, str]:
    """Return the members that words may be by list: of "de", Germany among countries and German among languages."""
    return {of: name for of, _, name in (each.partition(AT) for each in reversed(member.names))}


def _is_listed(words: _Words, before: _NamedWords, after: _NamedWords) -> bool:
    """Return whether a sign of a list is between two parts, or both say the same: "single sign-on (SAML)"."""
    return _LISTING.search(words.find_gap(before.end - 1, after.start)) is not None or before.names == after.names


def _list_small_words(sentence: _NamedSentence, parts: Sequence[_NamedWords]) -> set[int]:
    """Return the places of the small words that belong to members and lists: "SMS in Kenya", "a signed BAA"."""
    words = sentence.words
    joining = {
        at
        for before, after in itertools.pairwise(parts)
        for at in range(before.end, after.start)
        if words.plain[at] in _LINKS
    }
    before_members = {
        at
        for part in sentence.hosted
        for at in itertools.takewhile(lambda at: words.plain[at] in _BEFORE | _FILLERS, range(part.start - 1, -1, -1))
    }
    beside = {at for at, root in enumerate(words.stems) if root in _BESIDE} if sentence.alone else set[int]()
    return joining | before_members | beside


def _bind_sensibly(criterion: Criterion, amounts: Sequence[SpokenAmount]) -> str | None:
    """Return a criterion with the number that bounds it, if just one does, and asks for what is better."""
    bound = find_bound(criterion, amounts)
    # The only number of a text counts too if it says at least or at most, and of nothing else what.
    if bound is None and len(amounts) == 1 and not amounts[0].unit and amounts[0].sign != "any":
        bound = find_bound(criterion, amounts, (0, amounts[0].start))
    return bound[0] if bound and is_sensible(criterion, bound) else None
