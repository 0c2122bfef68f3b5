"""Match the words of a spreadsheet (column headers, or texts of requirements) with criteria.

A word that a criterion answers to is taken for it, also in another form ("Ring group" for "ring groups"). A word that
is only near in meaning never is: it is refused with what it may mean, until a file of matches says so. That file is
written (--matched), to be corrected and read (--matches):

    matches:
      Ring groups: call-queues
      Contact: carry
      Loan phones: unlisted  # listed in these words, and not judged
      Support: null          # phone-support, email-support
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.bounds_in_words import find_amounts
from provider_advisor.knowledge.conditions import EITHER
from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.search import count_shared
from provider_advisor.knowledge.sentences import only_resembles
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.grammar import get_name, read_requirement
from provider_advisor.requirements.priority_words import split_priority
from provider_advisor.requirements.word_mistakes import find_denied, is_of_area, name_asked
from provider_advisor.safe_text import fold, join_words, reveal_line, shown

CARRY, LEAVE_OUT, UNLISTED = "carry", "leave-out", "unlisted"
Targets = tuple[str, ...]
"""What a word means: requirements without a priority, or one of the three words above; empty if in doubt."""

AS_SPECIFIED = "as specified"
"""How a word was matched that a file of matches names."""

_MOST, _MOST_ASKED, _MOST_LOOKED = 3, 6, 40
_MARKS = "?:;*. \t"
_TAIL = re.compile(r"[;,]\s*and\s*\Z", re.IGNORECASE)  # of all but the last line of a list: "voicemail; and"
# The number before "1.2 Voicemail", "12. Fax", "(3) Fax", "b) Fax", "iv. Fax" or "REQ-7: Fax"; without a point or
# bracket it counts something: "24 hours".
_NUMBER = re.compile(
    r"(?:\(?[0-9]{1,2}(\.[0-9]{1,2})+[.)]?|\(?(?:[0-9]{1,3}|[a-z]|[ivx]{2,4})[.)]"
    r"|(?:F|FR|ID|NFR|R|REQ|TR)[-. ]?[0-9]{1,4}(?:\.[0-9]{1,3})*[.:)]?)\s+(?=[^\W\d])",
    re.IGNORECASE,
)
# "Voicemail: allows callers to leave messages" only says what it is; "Voicemail: 20 boxes" asks for more.
_EXPLAINED = re.compile(r"(?P<name>[^:\u2013\u2014]{3,60}?)\s*(?::\s+|\s[-\u2013\u2014]\s+)(?P<more>\S.*)", re.DOTALL)
_EXPLAINS = re.compile(
    r"(?:allows?|enables?|lets?|provides?|displays?|shows?|plays?|alerts?|integrates?|gives?|automatically|"
    r"an?\s+automated|(?:the\s+)?ability\s+to)\b",
    re.IGNORECASE,
)
_ASKS_MORE = re.compile(r"\b(?:no|not|never|only|without|except|unless|must|shall|should)\b", re.IGNORECASE)
_BOUNDED = re.compile(r"(?P<name>[^<>=≥≤]*\w)\s*(?P<sign>>=|<=|≥|≤)\s*(?P<value>[^<>=≥≤]*\w[\s%]*)")


class Match(NamedTuple):
    """What a word stands for, and how that was found: by the name of a criterion, or in a file of matches.

    Without targets it is in doubt; `candidates` are then what it may mean: ids, or requirements such as `seats>=90`.
    """

    word: str
    targets: Targets
    how: str = ""
    candidates: tuple[str, ...] = ()

    @property
    def is_requirement(self) -> bool:
        """Return whether it means criteria."""
        return bool(self.targets) and self.targets[0] not in {CARRY, LEAVE_OUT, UNLISTED}

    @property
    def is_unlisted(self) -> bool:
        """Return whether it is a wish in the team's own words, which is listed and not judged."""
        return self.targets == (UNLISTED,)

    def unlist(self) -> Match:
        """Return it as a wish in the team's own words, keeping the candidates."""
        return Match(self.word, (UNLISTED,), "", self.candidates)

    def say_candidates(self) -> str:
        """Return what it may mean, as a few words."""
        return f"may mean {', '.join(self.candidates)}" if self.candidates else "nothing is recorded about it"


class DoubtfulMatchesError(RequirementsError):
    """Some words of a sheet are in doubt; `matches` are all of them, to be corrected in a file."""

    def __init__(self, problems: Iterable[str], matches: Iterable[Match]) -> None:
        super().__init__(*problems)
        self.matches = tuple(matches)


class Matcher:
    """Matches words with a knowledge base; `given` has targets by word, which take precedence.

    Without `suggests`, words in doubt get no candidates, which take most of the time.
    """

    def __init__(
        self,
        knowledge: KnowledgeBase,
        given: Mapping[str, Targets] | None = None,
        *,
        sentences: bool = False,
        suggests: bool = True,
    ) -> None:
        self._knowledge, self._sentences, self._suggests = knowledge, sentences, suggests
        self._given = {_simplify(word): targets for word, targets in (given or {}).items()}

    def find_all(self, words: Iterable[str]) -> list[Match]:
        """Return the matches of all words of a table: a loose word may be clear beside others."""
        found = [self.find(word) for word in words]
        names = (self._knowledge.find_criterion(get_name(target)) for each in found for target in each.targets)
        sure = [self._knowledge.criteria[name] for name in names if name is not None]
        # Nothing that is settled makes another word clear: of two loose words of an area both stay in doubt.
        return [self._settle(match, sure) for match in found]

    def _settle(self, match: Match, beside: list[Criterion]) -> Match:
        plain = match.word.strip(_MARKS)
        if match.targets or fold(plain) not in self._knowledge.loose_words:
            return match
        name = self._knowledge.find_criterion(plain)
        if name is not None and any(is_of_area(other, self._knowledge.criteria[name].area) for other in beside):
            return Match(match.word, (name,), "alias, beside others of its area")
        return match

    def find(self, word: str) -> Match:
        """Return the match of a word; without targets if in doubt."""
        found = self._find(word)
        if found.targets or not self._sentences:
            return found
        if tail := _TAIL.search(word):
            return self.find(word[: tail.start()])._replace(word=word)
        return (
            self._find_bounded(word)
            or self._find_numbered(word)
            or self._find_prioritised(word)
            or self._find_denied(word)
            or self._find_explained(word, found)
        )

    def _find(self, word: str) -> Match:
        # From the surest way to the least sure; each leaves a word to the next only where it says nothing.
        if targets := self._given.get(_simplify(word)):
            return Match(word, targets, AS_SPECIFIED)
        plain = word.strip(_MARKS)
        name = self._knowledge.find_criterion(plain)
        # A loose name stays in doubt here: `find_all` settles it if others of its area are beside it.
        if name is not None and fold(plain) not in self._knowledge.loose_words:
            return Match(word, (name,), "id" if fold(plain) == fold(name) else "alias")
        if labelled := self._labels.get(fold(plain)):
            return Match(word, (labelled,), "label")
        found = self._find_forms(plain)
        if len(found) == 1 and name is None:
            ((criterion, form),) = found.items()
            return Match(word, (criterion,), f"as '{form}'")
        # A keyword leads to a criterion and is never taken for it, not even as a sentence of one word.
        keyword = name is not None or self._knowledge.search_index.find_named(plain)
        if self._sentences and not keyword and (reading := self._knowledge.sentences.read(plain)).is_whole:
            return Match(
                word, reading.targets, f"from its words{', any will do' if EITHER in reading.targets[0] else ''}"
            )
        return Match(word, (), "", self._list_candidates(plain, name, found) if self._suggests else ())

    def _find_bounded(self, word: str) -> Match | None:
        """Return what a name with a bound stands for, such as "Support reputation >= good"; None of anything else."""
        if (parts := _BOUNDED.fullmatch(word.strip(_MARKS))) is None:
            return None
        found = self._find(parts["name"])
        target = "".join([*found.targets, parts["sign"], parts["value"]])
        try:
            read_requirement(f"{target}:should", "should", self._knowledge)
        except RequirementsError:
            return None
        return found._replace(word=word, targets=(target,)) if len(found.targets) == 1 else None

    def _find_numbered(self, word: str) -> Match | None:
        """Return what "1.2 Voicemail" stands for without its number; "99.9 % uptime" and "24/7 support" have none."""
        plain = word.strip(_MARKS)
        number = _NUMBER.match(plain)
        found = self.find(plain[number.end() :]) if number else None
        return found._replace(word=word) if found and found.targets else None

    def _find_denied(self, word: str) -> Match | None:
        """Return what "no fax" may mean, and "no setup fee" does; None if it is not clear what is denied."""
        denied = find_denied(word.strip(_MARKS))
        targets = self.find(denied).targets if denied else ()
        asked = [self._knowledge.criteria.get(target) for target in targets]
        if not asked or not all(one is not None and one.kind in {"capability", "price"} for one in asked):
            return None
        without = tuple(f"{one.id}{'<=0' if one.kind == 'price' else '=no'}" for one in asked if one is not None)
        is_clear = all(target.endswith("<=0") for target in without)
        return Match(word, without, "from its words") if is_clear else Match(word, (), "", without)

    def _find_explained(self, word: str, found: Match) -> Match:
        """Return what "Voicemail: allows callers to leave messages" stands for; `found` is what all of it may mean."""
        said = _EXPLAINED.fullmatch(word.strip(_MARKS))
        named = self.find(said["name"]) if said else None
        if said is None or named is None or not named.is_requirement:
            return found
        if _EXPLAINS.match(said["more"]) and not _ASKS_MORE.search(said["more"]) and not find_amounts(said["more"]):
            return Match(word, named.targets, "from its first words")
        meant = dict.fromkeys([*named.targets, *found.candidates])
        return found._replace(candidates=tuple(meant)[: max(_MOST, len(named.targets))])

    def _find_prioritised(self, word: str) -> Match | None:
        """Return what "SMS (optional)" stands for, or may mean, without its priority; None if it says none."""
        plain, wish = split_priority(word.strip(_MARKS))
        return None if wish is None else self.find(plain)._replace(word=word)

    @cached_property
    def _labels(self) -> Mapping[str, str | None]:
        """Return the id of each criterion by its label, None where several have one."""
        found: dict[str, str | None] = {}
        for criterion in self._knowledge.criteria.values():
            label = fold(criterion.label)
            found[label] = None if label in found else criterion.id
        return found

    def _find_forms(self, word: str) -> dict[str, str]:
        """Return the criteria with a name of these words in another form, and that name; keywords do not count."""
        index, found = self._knowledge.search_index, {}
        for entry in index.find_named(word):
            if entry.kind == "criterion":
                one = self._knowledge.criteria[entry.id]
                names = [
                    name for name in (*one.aliases, one.id, one.label) if fold(name) not in self._knowledge.loose_words
                ]
                form = next((name for name in names if index.are_alike(name, word)), None)
                if form and not only_resembles(word, one):
                    found[entry.id] = form
        # "Call recordings" are no "call records", whose stems are the same.
        shared = {name: count_shared(form, word) for name, form in found.items()}
        best = [name for name, count in shared.items() if count == max(shared.values())]
        return {best[0]: found[best[0]]} if len(best) == 1 else found

    def _list_candidates(self, word: str, loose: str | None, forms: Iterable[str]) -> tuple[str, ...]:
        index = self._knowledge.search_index
        sentences = self._knowledge.sentences
        entries = index.find_near(word, _MOST_LOOKED) if self._sentences else index.find_meant(word)
        meant = [entry.id for entry in entries if entry.kind == "criterion"]
        near = [self._knowledge.words[name] for name in self._knowledge.spelling_index.nearest(word)]
        counted = (*sentences.find_counted(word), *sentences.list_bound(meant, word))
        if self._sentences and any(amount.unit == "USD" for amount in find_amounts(word)):
            priced = [entry.id for entry in index.find_near(f"price {word}") if entry.kind == "criterion"]
            counted += tuple(name for name in priced if self._knowledge.criteria[name].kind == "price")
        found = dict.fromkeys([*filter(None, [loose]), *forms, *near, *meant, *counted])
        asked = sentences.read(word).targets
        return sentences.suggest(word, found)[: max(_MOST, len(asked[:_MOST_ASKED]))]


def _simplify(word: str) -> str:
    return " ".join(word.casefold().split())


def explain_doubt(match: Match, where: str, knowledge: KnowledgeBase) -> str:
    """Return the sentence on a word in doubt; `where` begins it, such as "the column"."""
    said = shown(reveal_line(match.word))
    meant = [name_asked(one, knowledge) for one in match.candidates]
    if not meant:
        return f"{where} {said}: nothing is recorded about that."
    return f"{where} {said} may mean {join_words(meant, 'or')}."


# The file of matches

# What needs no quotes in YAML, and of that the words which some reader takes for no text.
_UNQUOTED = re.compile(r"(?!\d)\w[\w .,/()'&+-]*[\w)]")
_NO_TEXT = frozenset(["null", "yes", "no", "on", "off", "true", "false", "y", "n"])


def write_matches(matches: Iterable[Match], source: str) -> str:
    """Return the file of matches, to be corrected and given back."""
    found = [f"  {_quote(match.word)}: {_write_targets(match)}" for match in matches]
    lines = [
        f"# How {reveal_line(source)} was read. Correct it, and give it back with --matches.",
        "# A word stands for a requirement without a priority, such as number-countries>=90, for a list of them, for",
        "# 'carry' (a column that is copied to the output), 'unlisted' (listed and not judged) or 'leave-out'. null is",
        "# in doubt.",
        "matches:" if found else "matches: {}",
        *found,
    ]
    return "\n".join(lines) + "\n"


def _write_targets(match: Match) -> str:
    quoted = [_quote(target) for target in match.targets]
    value = f"[{', '.join(quoted)}]" if len(quoted) > 1 else "".join(quoted) or "null"
    remark = match.how
    if not match.targets:
        remark = ", ".join(match.candidates) or "nothing is recorded"
    elif match.is_unlisted and not match.how:
        remark = match.say_candidates()
    return value if remark in {"", AS_SPECIFIED} else f"{value}  # {remark}"


def _quote(text: str) -> str:
    """Return a text as YAML, in JSON's quotes if it needs some."""
    is_plain = _UNQUOTED.fullmatch(text) and text.casefold() not in _NO_TEXT
    return text if is_plain and ", " not in text else json.dumps(text, ensure_ascii=False)


def read_matches(content: bytes, name: str, knowledge: KnowledgeBase) -> dict[str, Targets]:
    """Return the targets by word of a file of matches; what is in doubt there is left out.

    Raises KnowledgeError for its form, and RequirementsError for targets that cannot be read.
    """
    # Reading and checking files loads slowly, and most tables come without a file of matches.
    from provider_advisor.knowledge.problems import validate  # noqa: PLC0415
    from provider_advisor.knowledge.shapes.statement_files import MatchesFile  # noqa: PLC0415
    from provider_advisor.knowledge.strict_yaml import parse_yaml  # noqa: PLC0415

    document = parse_yaml(content, name, expected="the matches of a sheet, as --matched writes them.")
    problems: list[str] = []
    found: dict[str, Targets] = {}
    for word, given in validate(document, MatchesFile).matches.items():
        targets = tuple([given] if isinstance(given, str) else given or [])
        if not targets:
            continue
        for target in targets if targets not in {(CARRY,), (LEAVE_OUT,), (UNLISTED,)} else ():
            try:
                read_requirement(f"{target}:should", "should", knowledge)
            except RequirementsError as error:
                hint = did_you_mean(target, (CARRY, LEAVE_OUT, UNLISTED))
                problems.append(f"{document.where('matches', word)}: {error}{hint}")
        found[word] = targets
    if problems:
        raise RequirementsError(*problems)
    return found
