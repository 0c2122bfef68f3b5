"""Read a buyer's sentence: the criteria that it names, with their members and bounds.

    "The system must provide voicemail"     voicemail
    "99.99 % uptime"                        uptime-commitment>=99.99
    "SMS in Kenya and Uganda"               sms@ke, sms@ug
    "SMS and MMS"                           sms, mms
    "SMS or WhatsApp"                       sms|whatsapp
    "Integration with HubSpot"              integration@hubspot
    "Voicemail for the person on shift"     voicemail, and `left` are "for", "person", "on", "shift"

A sentence is read whole only if each of its words belongs to a name, a member or a bound, or is a filler ("the system
must provide"), and if what it names is listed; or if all its words are in the names of one criterion, and of no other
("the same sender for each person"). With one word more it may ask for something else (the last example), so what was
read is only a suggestion.
"""

# How "SMS in Kenya and Uganda" is read, word by word:
#
#     named     SMS (0), a name of `sms` alone
#     members   Kenya (2) and Uganda (4), of the list of countries
#     hosted    both belong to `sms`, which has members of that list: sms@ke, sms@ug
#     said      0, 2 and 4; then "in" and "and", which may stand before members
#     left      nothing, so that the sentence is read whole

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from provider_advisor.knowledge.bounds_in_words import SpokenAmount, bind, counts, find_amounts, is_sensible
from provider_advisor.knowledge.conditions import AT, EITHER, split_member
from provider_advisor.knowledge.criteria import Criteria
from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.search import VERBS, SearchEntry, SearchIndex, count_shared, list_words, stem
from provider_advisor.safe_text import fold

_WORD = re.compile(r"[^\W_]+")
_WITHIN_NAME = re.compile(r"[\s\-\u2010-\u2015/.'\u2019&_]*")
_LISTING = re.compile(r"[,;&+]|\b(?:and|plus|as\s+well\s+as)\b", re.IGNORECASE)
_JOINT = re.compile(
    r"\s*(?:,?\s*\b(?P<word>and\s*/\s*or|and|plus|or|as\s+well\s+as)\b|(?P<sign>[,;&+/|]))\s*", re.IGNORECASE
)
_LINKS = frozenset(("and", "plus", "as", "well"))
_DECIMAL = re.compile(r"\d\.\d")
_BRACKETS = re.compile(r"\([^)]*\)")
_SIGN, _AFTER_NAME = re.compile("[<>=]"), re.compile(f"[<>={AT}]")
_LONGEST_NAME, _LONGEST_TEXT = 8, 1_000
_SHORT, _LONG = 4, 10
_MOST_COUNTED = 3
# Codes that are unambiguous in capitals; "IT" and "NO" are also words.
_CODES = frozenset(("US", "USA", "UK", "EU", "UAE", "EEA", "EUR", "USD", "GBP", "CHF", "CAD", "AUD", "BAA", "DPA"))
_WORDS_IN_CAPITALS = frozenset(
    ("AND", "ANY", "ARE", "BE", "CAN", "DO", "GO", "IN", "IS", "IT", "NO", "ON", "PER", "SO")
)
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
_PAIRED = frozenset(("both", "either"))
# Small words that may stand between one of these and the first name: "support for MMS", "ability to record calls".
_LEADING = frozenset(("for", "of", "to"))
# Words that may precede a member of a criterion that the sentence names: "SMS to Kenya", "paid by invoice".
_BEFORE = frozenset(("across", "and", "by", "for", "from", "in", "only", "to", "via", "within"))
# Words that may stand beside a member without its criterion: "ISO 27001 certified", "a signed BAA", "Slack connector".
_BESIDE = frozenset(
    map(
        stem,
        list_words(
            """
    accreditation accredited against agreement and authorisation authorization authorised authorized certificate
    certified certification compatible compatibility compliance compliant connector connects contract integrated
    integrates integrate integration integrations interoperable plugin report signed type under valid current works
    """
        ),
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


class _StemmedName(NamedTuple):
    """A name in stems, what it stands for, whether it is a keyword, which only suggests that, and how it is written."""

    roots: tuple[str, ...]
    of: str
    is_keyword: bool = False
    written: str = ""


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
    is_one_of_many = criterion.kind == "quantity" and counts(criterion)
    return is_one_of_many or not any(_is_gerund(name) is _is_gerund(said) for name in akin)


def _is_gerund(word: str) -> bool:
    return word.removesuffix("s").endswith("ing")


class _NamedWords(NamedTuple):
    """Words of a sentence, from one place up to another, and what they may name; keywords only suggest it."""

    start: int
    end: int
    names: tuple[str, ...]
    is_keyword: bool = False


class SentenceReader:
    """Reads sentences in the words of a knowledge base; `loose` names mean something else in other areas."""

    def __init__(self, criteria: Criteria, loose: Collection[str], index: SearchIndex) -> None:
        self.criteria, self.index, self._loose = criteria, index, loose

    def read(self, text: str) -> SentenceReading:
        """Return what a sentence asks for."""
        sentence = _Sentence(text[:_LONGEST_TEXT], self)
        reading = sentence.read_list() or sentence.read_parts()
        return reading if reading.is_whole else sentence.read_covered() or reading

    def suggest(self, text: str, found: Iterable[str] = ()) -> tuple[str, ...]:
        """Return what a sentence asks for, then what else it may mean, with bounds where just one number fits.

        `found` are the ids of criteria that it may mean, the likeliest first.
        """
        sentence = _Sentence(text[:_LONGEST_TEXT], self)
        asked = (sentence.read_list() or sentence.read_parts()).targets
        said = {_AFTER_NAME.split(target)[0] for target in asked}
        ranks = {name: rank for rank, name in enumerate(dict.fromkeys(found))}
        amounts = find_amounts(text[:_LONGEST_TEXT])
        more = [self.criteria[name] for name in ranks if name not in said]
        members = sentence.list_members()
        bounds = [(one, self._bind_sensibly(one, amounts)) for one in more]
        targets = list(asked)
        for one, bound in bounds:
            of_members = [f"{one.id}{AT}{name}" for of, name in members if of == one.of_each]
            targets += [bound[0]] if bound else of_members or [one.id]
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
        reading, found, counted = self.read(words), self.index.search(words), self.find_counted(words)
        # The index knows no members, and for a list it prefers the one entry that mentions all of its words. So what
        # was read by a member, or in a list, comes first.
        is_list = reading.is_whole and len(reading.names) > 1
        asked = [name for name in reading.names if is_list or AT in name] or list(counted)
        asked = list(dict.fromkeys([*asked, *self._find_hosts_of(words)]))
        if found and not asked:
            return found
        found = found or self.index.find_meant(words) or self.index.find_near(words)
        if reading.is_whole or not found:
            asked = list(dict.fromkeys([*reading.names, *asked]))
        named = [SearchEntry("criterion", name, (name,), self.criteria[name].label) for name in asked]
        said = {split_member(name)[0] for name in asked}
        return (*named, *(entry for entry in found if entry.id not in said))

    def _find_hosts_of(self, text: str) -> list[str]:
        """Return what can be asked of the members that a text names, as far as its other words find it."""
        sentence = _Sentence(text[:_LONGEST_TEXT], self)
        if not (members := sentence.list_members()):
            return []
        rest = sentence.list_beside_members()
        near = [entry.id for entry in self.index.search(" ".join(rest))] if rest else None
        hosts = [(host, f"{host}{AT}{name}") for of, name in members for host in self._hosts[of]]
        return [asked for host in near or dict(hosts) for name, asked in hosts if name == host]

    @cached_property
    def _hosts(self) -> Mapping[str, list[str]]:
        """Return the criteria that can be asked of each member of a list, by list."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for one in self.criteria.values():
            if one.of_each and AT not in one.id:
                found[one.of_each].append(one.id)
        return found

    def list_bound(self, names: Iterable[str], text: str) -> list[str]:
        """Return those of some criteria that a number of a text bounds."""
        amounts = find_amounts(text[:_LONGEST_TEXT])
        return [name for name in names if amounts and self._bind_sensibly(self.criteria[name], amounts)]

    def _bind_sensibly(self, one: Criterion, amounts: Sequence[SpokenAmount]) -> tuple[str, SpokenAmount] | None:
        bound = bind(one, amounts) or _bind_bare(one, amounts)
        return bound if bound and is_sensible(one, bound) else None

    def find_counted(self, text: str) -> tuple[str, ...]:
        """Return the criteria whose unit a number of a text has: "3,000 contacts"; none if many have it, as "days"."""
        amounts = find_amounts(text[:_LONGEST_TEXT])
        # "12,000 voice calls" count no voices, but "100 msg/sec" messages.
        units = {stem(one.unit) for one in amounts if one.unit.endswith("s") or one.per}
        found = [
            one.id for one in self._counting if stem((one.unit or "").partition("/")[0]) in units and bind(one, amounts)
        ]
        return tuple(found) if len(found) <= _MOST_COUNTED else ()

    @cached_property
    def _counting(self) -> list[Criterion]:
        """Return the quantities that count something, rather than measure time, money or shares."""
        return [one for one in self.criteria.values() if one.kind == "quantity" and AT not in one.id and counts(one)]

    @cached_property
    def names(self) -> _Names:
        """Return the names of criteria as stems, by the first of them; one with a decimal number is a bound instead."""
        found: defaultdict[str, list[_StemmedName]] = defaultdict(list)
        for one in self.criteria.values():
            for name in dict.fromkeys((one.id, *one.aliases, one.label, *one.keywords)):
                roots = tuple(map(stem, _WORD.findall(name.casefold())))
                if len(roots) <= _LONGEST_NAME and fold(name) not in self._loose and not _DECIMAL.search(name):
                    is_keyword = name in one.keywords
                    found[roots[0]].append(_StemmedName(roots, one.id, is_keyword, name))
                    if len(roots) == 2 and "of" not in roots:  # noqa: PLR2004 ("call transfer" is also a "transfer of calls")
                        found[roots[1]].append(_StemmedName((roots[1], "of", roots[0]), one.id, is_keyword, name))
        return found

    @cached_property
    def members(self) -> _Names:
        """Return the members of all lists, each with its list: `country@de`; their words keep their endings."""
        found: defaultdict[str, list[_StemmedName]] = defaultdict(list)
        for of in self.criteria.lists.values():
            for member in of.members.values():
                for word in dict.fromkeys((member.label, *member.aliases, member.id)):
                    if roots := tuple(_WORD.findall(_BRACKETS.sub("", word).casefold())):
                        found[roots[0]].append(_StemmedName(roots, f"{of.id}{AT}{member.id}"))
        return found


class _Sentence:
    """A sentence in words, what they name, and which of them are `said` by what was read.

    `named` are names of one criterion only. Members are `hosted` by criteria that are named too, with the requirement
    on both by host, or stand `alone`, with theirs.
    """

    def __init__(self, text: str, reader: SentenceReader) -> None:
        self._criteria, self._index, self._text = reader.criteria, reader.index, text
        self._spans = list(_WORD.finditer(text))
        self._plain = [span[0].casefold() for span in self._spans]
        self._stems = [
            "" if span[0] in VERBS else stem(word) for span, word in zip(self._spans, self._plain, strict=True)
        ]
        self._said: set[int] = set()
        self._spoken = [part for part in self._find_parts(self._stems, reader.names) if not self._is_in_number(part)]
        named = [part for part in self._spoken if len(part.names) == 1]  # a name of two criteria asks for neither
        named = [part for part in named if not self._is_member_beside(part, named, reader.members)]
        named = [part for part in named if not only_resembles(self._get_name(part), self._criteria[part.names[0]])]
        # A keyword may hold a member: "iso-27001" leads to the certificates, and is one of them.
        taken = _list_places(part for part in named if not part.is_keyword)
        members = self._members = list(self._find_parts(self._plain, reader.members, taken))
        self._listed = {part for pair in self._find_joints(members) for part in pair}
        at_members = _list_places(members)
        self._named = [
            part
            for part in named
            if not (part.is_keyword and self._stands_for_members(part) and part.start in at_members)
        ]
        self._hosted: dict[_NamedWords, dict[_NamedWords, str]] = {}
        self._alone: dict[_NamedWords, str] = {}
        for part in members:
            self._find_host(part)

    def _find_parts(self, roots: Sequence[str], names: _Names, but: Collection[int] = ()) -> Iterator[_NamedWords]:
        """Yield what it names from left to right, the longest at each place; `roots` are its words or stems."""
        at = 0
        while at < len(roots):
            found: defaultdict[int, list[_StemmedName]] = defaultdict(list)
            for name in names.get(roots[at], ()):
                end = at + len(name.roots)
                if tuple(roots[at:end]) == name.roots and all(
                    place not in but and (place == at or _WITHIN_NAME.fullmatch(self._find_gap(place - 1, place)))
                    for place in range(at, end)
                ):
                    found[end].append(name)
            if found:
                # Of two names the longer is meant: "call recording" is neither a call nor a recording.
                end = max(found)
                known = [name for name in found[end] if not name.is_keyword] or found[end]
                if len(known) > 1:  # "call recording" is none of the "call records", which have the same stems
                    shared = [count_shared(name.written, " ".join(self._plain[at:end])) for name in known]
                    known = [name for name, count in zip(known, shared, strict=True) if count == max(shared)]
                yield _NamedWords(at, end, tuple(dict.fromkeys(name.of for name in known)), known[0].is_keyword)
                at = end
            else:
                at += 1

    def _find_ends(self, part: _NamedWords) -> tuple[int, int]:
        """Return where a part begins and ends in the text."""
        return self._spans[part.start].start(), self._spans[part.end - 1].end()

    def _get_name(self, part: _NamedWords) -> str:
        """Return the words of a part as a name."""
        return "-".join(self._plain[part.start : part.end])

    def _find_gap(self, before: int, after: int) -> str:
        """Return what stands between two words."""
        return self._text[self._spans[before].end() : self._spans[after].start()]

    def _is_in_number(self, part: _NamedWords) -> bool:
        """Return whether it is some digits of a number: the 999 of "99.999 %" calls nobody."""
        start, end = self._find_ends(part)
        around = re.match(r"\.\d|\s?%", self._text[end : end + 2]) or re.search(r"\d\.$", self._text[:start])
        return around is not None and self._text[start:end].isdigit()

    def _is_member_beside(self, part: _NamedWords, named: Iterable[_NamedWords], members: _Names) -> bool:
        """Return whether a name is meant as a member of another one beside it: the iOS of "SDK for iOS"."""
        lists = self._list_lists(part, members)
        hosts = {other: self._criteria[other.names[0]].of_each for other in named if other != part}
        return any(of in lists and of not in self._list_lists(other, members) for other, of in hosts.items())

    def _list_lists(self, part: _NamedWords, members: _Names) -> set[str]:
        """Return the lists that have a member of just the words of a part."""
        words = tuple(self._plain[part.start : part.end])
        return {name.of.partition(AT)[0] for name in members.get(words[0], ()) if name.roots == words}

    def _stands_for_members(self, part: _NamedWords) -> bool:
        """Return whether the members of its list are asked for by their names alone."""
        of = self._criteria.list_of(part.names[0])
        return of is not None and of.alone == part.names[0]

    def _find_host(self, part: _NamedWords) -> None:
        """Find the requirements on a member: of criteria that are named too, by both, or of one that need not be."""
        # A word may be a member of several lists: "de" is a country and a language. The list of a criterion that is
        # named too is meant; without one, the word counts only if a single list lets its members stand alone.
        by_list = {of: name for of, _, name in (each.partition(AT) for each in reversed(part.names))}
        hosts: dict[_NamedWords, str] = {}
        for host in self._named:
            of = self._criteria[host.names[0]].of_each
            if of in by_list:
                hosts[host] = f"{host.names[0]}{AT}{by_list[of]}"
        start, end = self._find_ends(part)
        is_first = part.start == 0 and part not in self._listed
        is_whole = part.end - part.start == len(self._plain) and end - start >= _SHORT
        is_name = is_whole or _is_written_as_name(self._text[start:end], is_first=is_first)
        lists = self._criteria.lists
        by_itself = {f"{criterion}{AT}{name}" for of, name in by_list.items() if (criterion := lists[of].alone)}
        if hosts and (is_name or end - start >= _SHORT):
            self._hosted[part] = hosts
        elif is_name and len(by_itself) == 1 and self._has_context(part):
            self._alone[part] = by_itself.pop()

    def list_members(self) -> list[tuple[str, str]]:
        """Return the members that are written as names, each with its list."""
        found = []
        for part in self._members:
            start, end = self._find_ends(part)
            # A short word may be one of the language.
            is_long = end - start >= _SHORT or _is_written_as_name(self._text[start:end], is_first=part.start == 0)
            if is_long and self._has_context(part):
                found += [(of, name) for of, _, name in (each.partition(AT) for each in part.names)]
        return found

    def list_beside_members(self) -> list[str]:
        """Return the words that name no member, without the small ones before one."""
        at_members = _list_places(self._members)
        left = [at for at in range(len(self._plain)) if at not in at_members]
        return [self._plain[at] for at in left if at + 1 not in at_members or self._plain[at] not in _BEFORE]

    def _has_context(self, part: _NamedWords) -> bool:
        """Return whether a member's name is no everyday word, or one beside words that are about such members."""
        word, (start, end) = self._plain[part.start], self._find_ends(part)
        if part.end - part.start > 1 or word not in _EVERYDAY or len(self._plain) == 1:
            return True
        if part in self._listed or not _BESIDE.isdisjoint(self._stems):
            return True
        is_after = part.start > 0 and self._plain[part.start - 1] in _TOWARDS and word != _DAY
        return is_after and _is_written_as_name(self._text[start:end], is_first=False)

    def list_loosely(self) -> list[str]:
        """Return what only keywords name."""
        sure = {part.names[0] for part in self._named if not part.is_keyword}
        return [part.names[0] for part in self._named if part.is_keyword and part.names[0] not in sure]

    def read_list(self) -> SentenceReading | None:
        """Return what a list of nothing but names asks for: all of "SMS and MMS", any of "SMS or MMS".

        A name that many others hold, such as SMS, counts here as it does in a row of its own. It is not sure what
        "SMS/MMS" asks for, and in "fax or email support" the last word may belong to both.
        """
        parts = sorted([*self._named, *self._alone])
        joints = self._find_joints(parts)
        if self._hosted or not joints or len(joints) < len(parts) - 1:
            return None
        around = {*self._plain[: parts[0].start], *self._plain[parts[-1].end :]}
        fillers = _FILLERS | _SUBJECTS | _PAIRED | (_BESIDE if self._alone else frozenset())
        if self._is_qualified(parts[0].start) or not around <= fillers:
            return None
        targets = tuple(dict.fromkeys(self._alone.get(part, part.names[0]) for part in parts))
        signs, lengths = set(joints.values()), {part.end - part.start > 1 for part in self._named}
        is_sure = len(lengths) < 2 and not any(part.is_keyword for part in self._named)  # noqa: PLR2004 (short and long)
        if "or" in signs and signs <= {"or", ","}:
            can_be_any = len(targets) > 1 and all(self._criteria[name].kind == "capability" for name in targets)
            targets, is_sure = (EITHER.join(sorted(targets)),) if can_be_any else targets, is_sure and can_be_any
        elif not signs <= {"and", "plus", "&", "+", ",", ";"}:
            is_sure = False
        elif not is_sure:
            return None  # read with its members and bounds, as other sentences are
        return SentenceReading(targets, () if is_sure else tuple(self._plain))

    def read_parts(self) -> SentenceReading:
        """Return what the names ask for, one by one, with their members and bounds."""
        counted = self._choose_counted()
        beside = {part for pair in self._find_joints(self._spoken) for part in pair}
        # "reports" beside "fax" may be the criterion, or another kind of reports: it is suggested, and nothing is sure.
        uncounted = [part for part in self._named if part in beside and part not in counted and not part.is_keyword]
        targets = self._list_targets([*counted, *uncounted])
        for part in self._hosted:
            # The small words before a member are said with it: "SMS to Kenya", "support in German".
            at = part.start - 1
            while at >= 0 and self._plain[at] in _BEFORE | _FILLERS:
                self._said.add(at)
                at -= 1
        if self._alone:
            self._said |= {at for at, root in enumerate(self._stems) if root in _BESIDE}
        parts = sorted([*counted, *self._hosted, *self._alone])
        listed = all(self._join(*pair, loosely=self._belong(*pair, counted)) for pair in itertools.pairwise(parts))
        is_sure = listed and not uncounted and not any(part.is_keyword for part in counted)
        return SentenceReading(targets, self._list_left() if is_sure else tuple(self._plain))

    def read_covered(self) -> SentenceReading | None:
        """Return the only criterion that has all words of the sentence in its names and label, if it is named whole."""
        if self._members or find_amounts(self._text) or _SIGN.search(self._text):
            return None
        covering = self._index.find_covering(self._text)
        named = {part.names[0] for part in self._choose_counted() if not part.is_keyword}
        return SentenceReading(covering, ()) if len(covering) == 1 and named.issuperset(covering) else None

    def _choose_counted(self) -> list[_NamedWords]:
        """Return the names that are asked for: those with a member, and those that mean enough by themselves."""
        hosts = {host for found in self._hosted.values() for host in found}
        # "integration" and "reports" are said of many things.
        counted = [
            part
            for part in self._named
            if part in hosts or part.end - part.start > 1 or self._index.is_rare(self._stems[part.start])
        ]
        if counted or self._alone or len(self._named) != 1:
            return counted
        self._said |= _list_places(self._named)
        return self._named if not self._list_left() else []  # by itself, "reports" means what it does where typed

    def _list_targets(self, counted: list[_NamedWords]) -> tuple[str, ...]:
        """Return the requirements on what counts, and take its words and those of its bounds as said."""
        self._said |= _list_places((*counted, *self._hosted, *self._alone))
        amounts = find_amounts(self._text)
        targets: dict[str, None] = {}
        for part in sorted([*counted, *self._alone]):
            if part in self._alone:
                targets[self._alone[part]] = None
                continue
            name = part.names[0]
            of_members = [hosts[part] for _, hosts in sorted(self._hosted.items()) if part in hosts]
            bound = bind(self._criteria[name], amounts, self._find_ends(part))
            if bound is not None and is_sensible(self._criteria[name], bound):
                target, amount = bound
                self._said |= {at for at, span in enumerate(self._spans) if amount.start <= span.start() < amount.end}
                targets[target.replace(name, of_members[0] if len(of_members) == 1 else name, 1)] = None
            else:
                targets |= dict.fromkeys(of_members or [name])
        return tuple(targets)

    def _list_left(self) -> tuple[str, ...]:
        """Return the meaningful words that were not read."""
        first = min(self._said, default=0)
        subjects = frozenset[str]() if self._is_qualified(first) else _SUBJECTS | _LEADING
        return tuple(
            word
            for at, word in enumerate(self._plain)
            if at not in self._said and word not in _FILLERS and not (at < first and word in subjects)
        )

    def _is_qualified(self, first: int) -> bool:
        """Return whether the word before the first name makes another name of it: "client email", "tool for email"."""
        at = first - 1
        is_common = any((part.start, part.end) == (first, first + 1) for part in self._named)
        if is_common and at > 0 and self._plain[at] in _LEADING and not self._index.is_rare(self._stems[first]):
            at -= 1
        return at >= 0 and self._plain[at] in _QUALIFIERS and self._find_gap(at, at + 1) in {" ", "-"}

    def _find_joints(self, parts: Sequence[_NamedWords]) -> dict[tuple[_NamedWords, _NamedWords], str]:
        """Return the neighbours with nothing but a sign of a list between them, and that sign: a comma, "and", "or"."""
        found = {}
        for pair in itertools.pairwise(parts):
            if joint := _JOINT.fullmatch(self._find_gap(pair[0].end - 1, pair[1].start)):
                sign = (joint["word"] or joint["sign"]).casefold()
                found[pair] = "or" if sign == EITHER else "and" if sign.endswith("as") else sign
        return found

    def _belong(self, before: _NamedWords, after: _NamedWords, counted: Collection[_NamedWords]) -> bool:
        """Return whether one of two neighbours is a member of the other: "SMS to Kenya", "Kenya SMS"."""
        if after in counted:
            return after in self._hosted.get(before, ())
        # "Support in Salesforce" asks for no support in a language: what stands beside is a member of another list.
        has_list = before in counted and self._criteria[before.names[0]].of_each is not None
        return not has_list or before in self._hosted.get(after, ()) or before.names == after.names

    def _join(self, before: _NamedWords, after: _NamedWords, *, loosely: bool) -> bool:
        """Return whether two parts are listed one after the other, and take what joins them as said."""
        self._said |= {at for at in range(before.end, after.start) if self._plain[at] in _LINKS}
        is_list = _LISTING.search(self._find_gap(before.end - 1, after.start)) is not None
        return is_list or loosely or before.names == after.names  # the last: "single sign-on (SAML)"


def _list_places(parts: Iterable[_NamedWords]) -> set[int]:
    """Return the places of all words of some parts."""
    return {at for part in parts for at in range(part.start, part.end)}


def _bind_bare(criterion: Criterion, amounts: Sequence[SpokenAmount]) -> tuple[str, SpokenAmount] | None:
    """Return the bound of the only number of a text if it says at least or at most, and of nothing else what."""
    if len(amounts) != 1 or amounts[0].unit or amounts[0].sign == "any":
        return None
    return bind(criterion, amounts, (0, amounts[0].start))


def _is_written_as_name(said: str, *, is_first: bool) -> bool:
    """Return whether a member is written as one: "are", "no" and "Make" as a first word are words of the language."""
    if said.isalpha() and len(said) < _SHORT:
        has_capitals = said.isupper() or any(sign.isupper() for sign in said[1:])  # X, PHP, iOS
        return said in _CODES or (has_capitals and said not in _WORDS_IN_CAPITALS)
    is_phrase = " " in said
    written = said[1:] if is_first and not is_phrase else said
    return (is_phrase and len(said) > _LONG) or any(sign.isupper() or sign.isdigit() for sign in written)
