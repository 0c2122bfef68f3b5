"""Error messages for words that name no criterion, or that mean one only beside others of its area.

A suggestion must not distort the meaning. So the order is: "no fax" asks to do without something; "witheboard" is a
typing error; "subtitling" has the meaning of something known; about "voicemail" nothing is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.conditions import AT, split_member
from provider_advisor.knowledge.criteria import list_member_words
from provider_advisor.knowledge.records import Criterion
from provider_advisor.knowledge.sentences import drop_bound
from provider_advisor.knowledge.suggest import did_you_mean, name_words
from provider_advisor.safe_text import explain_error_value, fold, join_words

# "No fax", "we don't need any fax", "the system must not support fax", "no additional fax required"; "fax (no)".
_WITHOUT = re.compile(
    r"(?:(?:we\s+)?(?:do\s+not|don['\u2019]t)\s+(?:need|want)|no\s+need\s+(?:for|of)|free\s+of|no|not|without|never|zero"
    r"|(?:the\s+\w+\s+)?(?:must|shall|should)\s+not\s+(?:contain|have|include|offer|support|use))[\s_-]+"
    r"(?:(?:any|additional|extra|the|a)[\s_-]+)*(?P<word>\S.*?)(?:[\s_-]+(?:needed|required|necessary))?"
    r"|(?P<before>.*?\S)[\s_:(-]+(?:(?:is|are)\s+)?(?:no|none|not(?:\s+(?:needed|wanted|required|necessary))?)\)?",
    re.IGNORECASE | re.DOTALL,
)
_MOST_NAMED, _LONGEST_SHOWN = 3, 200
# Files, columns, the API and addresses all call it `unlisted`. What only helps at a terminal is in parentheses, so that
# pages can leave it out (`web/error_sentences`).
_LISTING = (
    "To list it without judging it, put it into `unlisted` "
    "(option --unlisted, or --unlisted-unknown for all such words)."
)


def explain_unknown(word: str, quoted: str, knowledge: KnowledgeBase) -> str:
    """Return the sentences on a word that names no criterion; `quoted` is how they show it."""
    if mistake := _explain_mistake(word, quoted, knowledge):
        return mistake
    name, member = split_member(word)
    quoted = quoted if member is None else f"'{name}'"
    hint = "" if find_denied(name) else suggest_words(name, knowledge)
    said = f"unknown criterion {quoted}.{hint}" if hint else f"nothing is recorded about {quoted}."
    said += "" if hint else " See `recommend criteria` for what you can ask for."
    return f"{said} {_LISTING}"


def is_unknown(word: str, knowledge: KnowledgeBase) -> bool:
    """Return whether a word names no criterion, not even wrongly: "no fax" and "fax@mars" are mistakes about fax."""
    return knowledge.find_criterion(word) is None and not _explain_mistake(word, word, knowledge)


def _explain_mistake(word: str, quoted: str, knowledge: KnowledgeBase) -> str | None:
    """Return the sentence on a word that has a meaning, but is written wrongly; None for other words."""
    if error := explain_error_value(word, "a criterion"):
        return error
    name, member = split_member(word)
    if not name.strip():
        return f"{quoted} names no criterion; expected one before '{AT}', such as phone-numbers{AT}de."
    if member is not None and (known := knowledge.find_criterion(name)):
        return _explain_member(known, member, knowledge)
    if (without := find_denied(name)) and (denied := knowledge.find_criterion(without)):
        quoted = quoted if member is None else f"'{name}'"
        return (
            f"{quoted} asks to do without '{denied}'; if it is not wanted, write '{denied}:wont'; "
            f"if it must be absent, '{denied}=no'."
        )
    return None


def find_denied(word: str) -> str | None:
    """Return what words exclude: "fax" for "no fax", "fax (no)" and "no need for fax"; None for others."""
    found = _WITHOUT.fullmatch(word.strip()) if len(word) <= _LONGEST_SHOWN else None
    return None if found is None else (found["word"] or found["before"]).strip()


def _explain_member(name: str, member: str, knowledge: KnowledgeBase) -> str:
    """Return the sentence on a member that a known criterion does not have, such as `phone-numbers@grmany`."""
    of = knowledge.criteria.list_of(name)
    if of is None:
        return f"'{name}' has no members; write '{name}' without '{AT}'."
    words = dict(list_member_words(of))
    hint = did_you_mean(member, words, words) or f" Expected one of its {len(of.members)} {of.label.lower()}, such as "
    example = "" if hint.endswith("?") else f"{name}{AT}{next(iter(of.members))}."
    return f"'{name}' has no member '{member[:_LONGEST_SHOWN].strip()}'.{hint}{example}"


def explain_unfound(query: str, knowledge: KnowledgeBase) -> str:
    """Return the sentence for a search without results."""
    return f"Nothing is recorded about '{query[:_LONGEST_SHOWN]}'.{suggest_words(query, knowledge)}"


def suggest_words(word: str, knowledge: KnowledgeBase) -> str:
    """Return the end of a sentence about an unknown word: words of similar spelling, else of similar meaning."""
    # Never both: "witheboard" is a typing error for one criterion, which a reader would miss among three others that
    # have something to do with boards.
    near = knowledge.spelling_index.nearest(word, most=9)
    index = knowledge.search_index
    if near and index.knows(word):  # spelt correctly, so at most the ending differs
        near = tuple(name for name in near if index.are_alike(name, word))
    if near:
        first = {knowledge.words[name]: name for name in reversed(near)}  # the nearest of the words for one criterion
        return f" Did you mean {name_words([name for name in near if name in first.values()][:_MOST_NAMED])}?"
    found = index.find_meant(word)
    asked = knowledge.sentences.suggest(word, (entry.id for entry in found if entry.kind == "criterion"))
    # A member alone, such as a country, names what can be asked of it.
    asked = asked or tuple(entry.id for entry in knowledge.search(word) if AT in entry.id)
    named = [name_asked(one, knowledge) for one in asked]
    named += [f"the {entry.kind} '{entry.id}' ({entry.label})" for entry in found if entry.kind != "criterion"]
    return f" Similar in meaning: {', '.join(named[:_MOST_NAMED])}." if named else ""


def name_asked(asked: str, knowledge: KnowledgeBase) -> str:
    """Return what may be asked, with the label of its criterion in brackets."""
    return f"'{asked}' ({knowledge.criteria[drop_bound(asked)].label})"


def explain_loose(words: Iterable[str], stated: Iterable[str], knowledge: KnowledgeBase) -> Iterator[str]:
    """Yield a sentence for each loose word without a criterion of its area beside it.

    `words` are the loose names that a team uses, `stated` the criteria that it asks for by other names. An id by itself
    is not in doubt: nothing beside it suggests another area.
    """
    beside = [knowledge.criteria[name] for name in stated]
    meant = {word: knowledge.criteria[name] for word in words if (name := knowledge.find_criterion(word))}
    asked = {one.id for one in (*beside, *meant.values())}
    for word, criterion in meant.items():
        is_sole_id = fold(word) == criterion.id and len(asked) == 1
        if not is_sole_id and not any(is_of_area(other, criterion.area) for other in beside):
            found = knowledge.search_index.find_named(word)
            among = [criterion, *(knowledge.criteria[entry.id] for entry in found if entry.kind == "criterion")]
            named = {one.id: f"'{one.plain_name}' ({one.label})" for one in among}
            if len(named) == 1:
                yield f"'{word}' is recorded only as {named[criterion.id]}; write that if you mean it."
            else:
                yield f"'{word}' can mean {join_words([*named.values()], 'or')}; write the one you mean."


def is_of_area(criterion: Criterion, area: str) -> bool:
    """Return whether a criterion is of an area, or has its word in its own name, as `video-api` has that of `video`."""
    return criterion.area == area or area in criterion.id.split("-")
