"""Search the vocabulary by meaning: one index for the terminal, the questionnaire, the web and error messages.

An entry has names (its id, its aliases, and words that only lead to it), a label and a text (question and help). Words
are compared by their stems, so that "recorded" finds "Recordings", and rare words count for more:

    entry            names                    label          text
    call-recording   call-recording, record…  Call recording  Must calls be recorded?

    "recorded calls" -> stems {record, call}: `record` is in few entries, `call` in many.

One question to the index is stricter than the other:

    find_named      a name of just these words, with any endings    "recorded calls"
    search          every word, or a part of it, anywhere           "calls must be recorded"
    find_meant      most of the words in names and label            "calls recorded in the app"
    find_near       some of the words, for a person who chooses     "identify callers by voice"
    find_covering   all words in names and labels, also of several entries that they do not tell apart
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from provider_advisor.knowledge.records import About, Criterion, Topic, UsageItem
from provider_advisor.knowledge.rules import Key, Question
from provider_advisor.knowledge.suggest import SpellingIndex

_WORD = re.compile(r"[^\W_]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # "3,000 contacts" does not ask for the emergency number 000
# The weight of a query's word, by where the entry has it; less if it is only part of a longer word, or misspelt.
_IN_NAME, _IN_LABEL, _IN_TEXT = 4.0, 3.0, 1.0
_INSIDE = 0.5
_SHARE_MEANT = 0.75  # of the query's weight: an entry whose names and label have so much is meant
# An entry is near if it has this share of the query's weight, and scores at least half as much as the best one.
_SHARE_NEAR, _SHARE_OF_BEST = 0.3, 0.5
_NEAR_FROM_TEXT = 0.3  # the weight of a word that only the entry's text has, where one in its name has 1
_MOST_NEAR = 10
_SHORTEST = 3
_RARE = 0.02  # of all entries: a name of one word that more of them mention says too little inside a sentence


def list_words(text: str) -> frozenset[str]:
    """Return the words of a text as they are written, each once."""
    return frozenset(_WORD.findall(text))


# Words without a meaning of their own. "no" and "not" have one, which `word_mistakes` reads.
_EMPTY = list_words(
    """
    a an and any are as at be been but by can do does each for from has have how if in into is it its many may more
    must need needs no not of on one only or other our own should so some than that the their them there they this
    to use want wants we what when which who will with without would you your
    """
)
# Words that turn what stands beside them into something else.
_TURNS = list_words(
    """
    but except free instead neither never no non none nor not nothing off only or other outside than without
    """
)
VERBS = frozenset(("did",))
"""Words of the language that are names only in capitals: a DID is a direct number."""

# Words of tenders that say little: who has to do something, and that it has to be done. Names may contain them.
_WEAK = list_words(
    """
    ability able allow allows application available bidder capabilities capability capable client complete
    contractor desired enable enables ensure existing feature features full function functionality
    functions include included includes including integrated mandatory offer offers optional option
    options organisation organization platform possible preferred product proposed provide provided
    provider provides providing required requirement requirements service services shall software solution
    solutions specific specified specify staff such support supported supports system systems tool tools
    type types user users vendor vendors via
    """
)
_WEAK_SHARE = 0.2  # of the weight of other words
_SPELLINGS = {
    "center": "centre",
    "centers": "centre",
    "color": "colour",
    "license": "licence",
    "msg": "message",
    "phones": "phone",
}
_BEFORE_WHOSE = frozenset(("all", "our", "the", "their", "your"))
# Applied in this order, each to the result of the one before. All forms of a word must get the same stem; the stem need
# not be a word itself.
_ENDINGS = (
    (re.compile(r"(?<=\w\w)is(?=(e|ed|es|er|ing|ation|ations)$)"), "iz"),  # organisation: organization
    (re.compile(r"(?<=\w\w)ies$"), "y"),  # countries: country
    (re.compile(r"(?<=(ss|sh|ch|.x|.z))es$"), ""),  # boxes: box
    (re.compile(r"(?<=\w\w[^su])s$"), ""),  # records: record, but not access or status
    (re.compile(r"(?<=\w\wiz)ation$"), ""),  # organization: organiz
    (re.compile(r"(?<=\w\w\wt)ion$"), ""),  # transcription: transcript
    (re.compile(r"(?<=\w\w\w)(ing|ed)$"), ""),  # planning: plann
    (re.compile(r"(?<=\w\w\w)e$"), ""),  # organize: organiz
    (re.compile(r"([bdgklmnprt])(?=\1$)"), ""),  # plann: plan
)


class SearchEntry(NamedTuple):
    """Something that can be found: a criterion, an answer on the situation, or a usage item.

    `id` is unique within its `kind`; `names` are words that lead to it, the id among them. `text` is its question and
    help. It may mention other things, so it counts in a search, but does not say what a sentence means.
    """

    kind: Literal["criterion", "situation", "usage"]
    id: str
    names: tuple[str, ...]
    label: str
    text: str = ""
    importance: float = 1.0


class SearchIndex:
    """Entries by the stems of their words; `entries` are all of them."""

    def __init__(self, entries: Iterable[SearchEntry]) -> None:
        self.entries = tuple(entries)
        found: defaultdict[str, dict[int, float]] = defaultdict(dict)
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        words: dict[str, str] = {}
        for place, entry in enumerate(self.entries):
            for name in entry.names:
                self._by_name[_to_stems(name)].append(place)
            for texts, weight in ((entry.names, _IN_NAME), ((entry.label,), _IN_LABEL), ((entry.text,), _IN_TEXT)):
                # The first weight stays: a word of a name counts as such, even if the text has it too.
                for word in (word for text in texts for word in _split(text)):
                    words[word] = stem(word)
                    found[words[word]].setdefault(place, weight)
        self._stems: Mapping[str, Mapping[int, float]] = found
        # Only names and labels say what an entry means: its text may mention other things.
        self._titles = {root: tuple(p for p, weight in at.items() if weight > _IN_TEXT) for root, at in found.items()}
        self._starts = frozenset(root[:_SHORTEST] for root in found)
        self._words: Mapping[str, str] = words
        self._near = SpellingIndex(words)

    def search(self, query: str) -> tuple[SearchEntry, ...]:
        """Return the entries that have every word of a query, the best first; a part of a word is enough.

        A word that no entry has is read as the words that it may be misspelt for.
        """
        holding = [self._find_holding(word) for word in self._list_query(query)]
        rarities = [self._weigh(len(found)) for found in holding]
        places = set.intersection(*map(set, holding)) if holding else ()
        # First entries with that name, then those with the phrase as it was typed, then by their words.
        named, phrase = self.find_named(query), " ".join(query.casefold().split())
        ranks: dict[int, tuple[float, ...]] = {}
        for place in places:
            score = sum(rarity * found[place] for rarity, found in zip(rarities, holding, strict=True))
            entry = self.entries[place]
            rank = len(named) - named.index(entry) if entry in named else 0
            has_phrase = " " in phrase and phrase in f"{entry.label}\n{entry.text}".casefold()
            ranks[place] = (rank, has_phrase, score)
        return self._put_in_order(ranks)

    def find_meant(self, query: str) -> tuple[SearchEntry, ...]:
        """Return the entries that a person's words may mean, best first; none if most of the words are unknown.

        A sentence such as "15,000 subscribers" means what it names whole ("subscribers"); the longest names come first.

        >>> entries = [SearchEntry("criterion", "captions", ("captions",), "Captions", "What is said, in subtitles")]
        >>> [entry.id for entry in SearchIndex(entries).find_meant("caption")]
        ['captions']
        """
        if named := self.find_named(query):
            return named
        strong = self.find_named(" ".join(word for word in _split(query) if word not in _WEAK | _EMPTY))
        rarities = self._weigh_words(query)
        # If the names and labels of all entries together have less than the share that one must have, none can.
        needed = _SHARE_MEANT * sum(rarities.values())
        scores: defaultdict[int, float] = defaultdict(float)
        covered: defaultdict[int, float] = defaultdict(float)
        if sum(rarity for root, rarity in rarities.items() if self._titles.get(root)) >= needed:
            for root, rarity in rarities.items():
                for place in self._titles.get(root, ()):
                    scores[place] += rarity * self._stems[root][place]
                    covered[place] += rarity
        found = {place: score for place, score in scores.items() if covered[place] >= needed}
        return tuple(dict.fromkeys([*strong, *self._put_in_order(found or self._find_names_inside(rarities))]))

    def find_near(self, query: str, most: int = _MOST_NEAR) -> tuple[SearchEntry, ...]:
        """Return the entries that have some of a sentence's words, the best first: for a person who will choose.

        Unlike those of `find_meant`, they may be unrelated: "Identify callers by voice" shares words with many.
        """
        rarities = self._weigh_words(query)
        scores: defaultdict[int, float] = defaultdict(float)
        for root, rarity in rarities.items():
            for place, weight in self._stems.get(root, {}).items():
                scores[place] += rarity * (weight / _IN_NAME if weight > _IN_TEXT else _NEAR_FROM_TEXT)
        inside = self._find_names_inside(rarities)
        needed = _SHARE_NEAR * sum(rarities.values())
        found = {place: score + inside.get(place, 0.0) for place, score in scores.items()}
        least = _SHARE_OF_BEST * max(found.values(), default=0.0)
        kept = {
            place: score
            for place, score in found.items()
            if score >= least and (place in inside or scores[place] >= needed)
        }
        return self._put_in_order(kept)[:most]

    def find_covering(self, text: str) -> tuple[str, ...]:
        """Return the ids of the criteria that have all words of a text, except weak ones, in their names and labels.

        A word that only names such as "no servers on site" have says there what is not asked for.
        """
        roots = [stem(word) for word in self._list_query(text) if word not in _WEAK]
        places = [self._titles.get(root, ()) for root in roots] or [()]
        found = [self.entries[place] for place in set(places[0]).intersection(*places[1:])]
        is_turned = not _TURNS.isdisjoint(_split(text))
        if is_turned or (len(found) == 1 and not _list_asked_roots(found[0]).issuperset(roots)):
            return ()
        return tuple(entry.id for entry in found if entry.kind == "criterion")

    def _weigh_words(self, query: str) -> dict[str, float]:
        """Return the weights of a query's words by stem: the fewer entries mention one, the higher."""
        # Stemming is slow, and tables are full of unknown words; most begin like no known stem and can be skipped.
        words = self._list_query(query)
        roots = {word: stem(word) if word[:_SHORTEST] in self._starts else word for word in words}
        return {
            root: self._weigh(len(self._titles.get(root, ()))) * (_WEAK_SHARE if word in _WEAK else 1)
            for word, root in roots.items()
        }

    def _list_query(self, query: str) -> list[str]:
        """Return the words of a query that may mean something; numbers only if entries have them, such as 24 and 7."""
        words, spoken = _drop_empty(_split(query)), VERBS.intersection(_WORD.findall(query))
        return [word for word in words if word not in spoken and (not word.isdigit() or word in self._stems)] or words

    def _find_names_inside(self, rarities: Mapping[str, float]) -> dict[int, float]:
        """Return the entries with a name that is wholly in a query, each with the weight of its heaviest such name."""
        found: dict[int, float] = {}
        for root in rarities:
            for roots, place in self._names_inside.get(root, ()):
                if roots <= rarities.keys():
                    found[place] = max(found.get(place, 0.0), math.fsum(rarities[one] for one in roots))
        return found

    @cached_property
    def _names_inside(self) -> Mapping[str, list[tuple[frozenset[str], int]]]:
        """Return the names that can be meant inside a sentence, as stems, by the rarest stem of each.

        So a query is compared only with names whose rarest word it has.
        """
        found: defaultdict[str, list[tuple[frozenset[str], int]]] = defaultdict(list)
        for place, entry in enumerate(self.entries):
            for name in entry.names:
                words = _split(name)
                roots = frozenset(map(stem, _drop_empty(words)))
                rarest = min(roots, key=lambda root: (len(self._titles[root]), root))
                is_word = len(words) == 1 and self.is_rare(rarest) and not rarest.isdigit()
                if len(roots) > 1 or is_word:  # "month-to-month" is more than a month
                    found[rarest].append((roots, place))
        return found

    def is_rare(self, root: str) -> bool:
        """Return whether a stem is rare enough to mean something by itself inside a sentence."""
        return len(self._titles.get(root, ())) <= max(1, round(_RARE * len(self.entries)))

    def find_named(self, query: str) -> tuple[SearchEntry, ...]:
        """Return the entries that have a name of just these words, with any endings."""
        if query[:_SHORTEST].casefold() not in self._starts:
            return ()
        found = [self.entries[place] for place in dict.fromkeys(self._by_name.get(_to_stems(query), ()))]
        if len(found) > 1:  # "call recording" and "call records" have the same stems: the one as it is written is first
            found.sort(key=lambda entry: -max(count_shared(query, name) for name in entry.names))
        return tuple(found)

    def are_alike(self, first: str, second: str) -> bool:
        """Return whether two texts have the same words, with any endings."""
        return _to_stems(first) == _to_stems(second)

    def knows(self, query: str) -> bool:
        """Return whether every word of a query is somewhere in the entries, so that none of them is misspelt."""
        words = _split(query)
        return bool(words) and all(stem(word) in self._stems for word in words)

    def _find_holding(self, word: str) -> dict[int, float]:
        """Return the entries that have a typed word, each with the weight of the word there."""
        found = dict(self._stems.get(stem(word), {}))
        longer = [whole for whole in self._words if word in whole] if len(word) >= _SHORTEST else []
        for other in longer if found or longer else self._near.nearest(word):
            for place, weight in self._stems[self._words[other]].items():
                found.setdefault(place, weight * _INSIDE)
        return found

    def _weigh(self, count: int) -> float:
        """Return the weight of a word that this many entries have."""
        # The inverse document frequency of Spärck Jones (Journal of Documentation 28(1), 1972), kept above 0.
        return math.log(1 + len(self.entries) / (1 + count))

    def _put_in_order(self, ranks: Mapping[int, float | tuple[float, ...]]) -> tuple[SearchEntry, ...]:
        """Return the entries of the highest ranks first; among equals the important ones, then short labels."""

        def order(place: int) -> tuple[Any, ...]:
            entry = self.entries[place]
            return ranks[place], entry.importance, -len(entry.label), -place

        return tuple(self.entries[place] for place in sorted(ranks, key=order, reverse=True))


def index_vocabulary(
    criteria: Mapping[str, Criterion],
    topics: Mapping[str, Topic],
    usage: Mapping[str, UsageItem],
    asked: Mapping[Key, Question],
) -> SearchIndex:
    """Return an index of criteria, answers on the situation, and usage, with the questions in which they are asked."""

    def join(kind: About, name: str, question: str) -> str:
        written = asked[Key(kind, name)]
        return " ".join(filter(None, (question, written.ask, written.help)))

    entries: list[SearchEntry] = []
    for one in criteria.values():
        names, text = (one.id, *one.aliases, *one.keywords), join("criterion", one.id, one.question)
        entries.append(SearchEntry("criterion", one.id, names, one.label, text, one.weight))
    for topic in topics.values():
        text = join("situation", topic.id, topic.question)
        entries += [
            SearchEntry("situation", f"{topic.id}={value}", (topic.id, value), topic.label, text)
            for value in topic.values
        ]
    for item in usage.values():
        text = join("usage", item.id, item.question)
        entries.append(SearchEntry("usage", item.id, (item.id,), item.label, text))
    return SearchIndex(entries)


@lru_cache(maxsize=2**14)
def stem(word: str) -> str:
    """Return a word without its ending, British and American spelling alike; not for display.

    >>> [stem(word) for word in ("recording", "recorded", "records", "organisation", "organize", "sms", "encrypted")]
    ['record', 'record', 'record', 'organiz', 'organiz', 'sms', 'encrypt']
    """
    word = _SPELLINGS.get(word, word)
    if len(word) <= _SHORTEST or not word.isalpha():
        return word
    for ending, instead in _ENDINGS:
        word = ending.sub(instead, word)
    return word


def count_shared(first: str, second: str) -> int:
    """Return how many words two texts share, as they are written."""
    return len(set(_split(first)).intersection(_split(second)))


def _split(text: str) -> list[str]:
    return _WORD.findall(_THOUSANDS.sub("", text.casefold()))


def _to_stems(text: str) -> str:
    """Return the stems of a text; "recording of calls" has those of "call recording"."""
    words = _split(text)
    if "of" in words[1:-1]:
        at = words.index("of", 1)
        words = [*(word for word in words[at + 1 :] if word not in _BEFORE_WHOSE), *words[:at]]
    return " ".join(map(stem, words))


def _list_asked_roots(entry: SearchEntry) -> set[str]:
    """Return the stems of the names that say what is asked for, not what is left out."""
    names = (_split(name) for name in (*entry.names, entry.label))
    return {stem(word) for words in names if _TURNS.isdisjoint(words) for word in words}


def _drop_empty(words: list[str]) -> list[str]:
    """Return the words that carry meaning, or all if none does."""
    return [word for word in words if word not in _EMPTY] or words
