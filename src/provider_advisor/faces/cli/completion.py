"""Shell completion of option values: criteria and members, situations, usage, providers, sources, files.

The last part of a list is completed step by step:

    fax,phone-n          fax,phone-numbers
    phone-numbers@ger    phone-numbers@germany
    fax:mu               fax:must
    developers=no        developers=none

Words come from the knowledge base of `--facts` and `--rules`, as cached by an earlier run. If it cannot be read,
nothing is completed, because a message would disturb the command line.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

import click
from click.shell_completion import BashComplete, CompletionItem

from provider_advisor.errors import AdvisorError
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.conditions import AT
from provider_advisor.safe_text import fold

Choice = tuple[str, str]
"""A word that may come next, and what it means."""

_LAST = re.compile(r"(?P<before>.*[,;|\n])?\s*(?P<last>.*)", re.DOTALL)
_SIGNED = re.compile(r"(?P<word>[^<>=:]+)(?P<sign>>=|<=|=)(?P<value>[^<>=:]*)")
_PRIORITIES = (("must", "must be met"), ("should", "counts"), ("could", "counts a little"), ("wont", "not wanted"))
_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]*")


def complete_last(what: str, context: click.Context, incomplete: str) -> list[CompletionItem]:
    """Return the completions of the last part of a list, from the words that a part may be."""
    found = _LAST.fullmatch(incomplete)
    try:
        knowledge = load(context.params.get("facts"), context.params.get("rules"))
    except AdvisorError:
        return []
    if found is None:
        return []
    before, last = found["before"] or "", found["last"]
    choices = dict(_LISTS[what](knowledge, last))
    return [CompletionItem(f"{before}{word}", help=text) for word, text in choices.items() if word.startswith(last)]


def _list_requirements(knowledge: KnowledgeBase, typed: str) -> Iterator[Choice]:
    word, colon, _ = typed.partition(":")
    if colon:
        yield from ((f"{word}:{priority}", text) for priority, text in _PRIORITIES)
    elif signed := _SIGNED.fullmatch(typed):
        yield from _list_values(knowledge, signed["word"], signed["sign"])
    elif AT in typed:
        yield from _list_members(knowledge, *typed.split(AT, maxsplit=1))
    else:
        criteria = knowledge.criteria
        named = [(one.id, one.label) for one in criteria.values() if one.id.startswith(typed)]
        # Aliases help only if no id begins like this.
        yield from named or ((alias, one.label) for one in criteria.values() for alias in one.aliases)
        if typed in knowledge.words and criteria[knowledge.words[typed]].of_each:
            yield f"{typed}{AT}", "one of its members"


def _list_values(knowledge: KnowledgeBase, word: str, sign: str) -> Iterator[Choice]:
    """Yield what may follow a sign: the words of a rating, or `no` for a capability."""
    name = knowledge.find_criterion(word)
    if name is None:
        return
    criterion = knowledge.criteria[name]
    if criterion.kind == "capability" and sign == "=":
        yield f"{word}=no", f"{criterion.label}: must be absent"
    yield from ((f"{word}{sign}{value}", criterion.label) for value in criterion.values)


def _list_members(knowledge: KnowledgeBase, word: str, typed: str) -> Iterator[Choice]:
    """Yield the members of a criterion by name, where it can be typed as it is, and by id once something is typed."""
    name = knowledge.find_criterion(word)
    of = None if name is None else knowledge.criteria.list_of(name)
    for member in () if of is None else of.members.values():
        named = fold(member.label)
        is_plain = _PLAIN.fullmatch(named) is not None
        if is_plain:
            yield f"{word}{AT}{named}", member.label
        if typed or not is_plain:
            yield f"{word}{AT}{member.id}", member.label


def _list_situation(knowledge: KnowledgeBase, typed: str) -> Iterator[Choice]:
    name, sign, _ = typed.partition("=")
    topic = knowledge.topics.get(name)
    if sign and topic is not None:
        yield from ((f"{name}={value}", topic.label) for value in topic.values)
    else:
        yield from ((f"{one.id}=", one.label) for one in knowledge.topics.values())


_LISTS: Mapping[str, Callable[[KnowledgeBase, str], Iterable[Choice]]] = {
    "requirements": _list_requirements,
    "situation": _list_situation,
    "usage": lambda base, _: ((one.id + "=", f"{one.label}, {one.unit} a month") for one in base.usage.values()),
    "providers": lambda base, _: ((one.id, one.name) for one in base.providers.values()),
    "sources": lambda base, _: ((one.id, one.title) for one in base.sources.values()),
    "areas": lambda base, _: ((one.area, "") for one in base.criteria.values()),
    "names": lambda base, _: (
        *((one.id, one.name) for one in base.providers.values()),
        *((one.id, one.label) for one in base.criteria.values()),
    ),
}
"""The words that a part may be, by what an option takes, given what is typed of it."""


class WholeWordBash(BashComplete):
    """The completion in bash, which splits words at `:`, `=` and `@`: it gets the whole line and splits it itself.

    In `--needs fax,phone-numbers@ger`, bash replaces only the word `ger`, so the answer is `germany`. After `=` and `@`
    no blank follows.
    """

    name: ClassVar[str] = "bash"
    source_template: ClassVar[str] = """\
%(complete_func)s() {
    local item
    COMPREPLY=()
    while IFS= read -r item; do
        case $item in
            dir,*) compopt -o dirnames ;;
            file,*) compopt -o default ;;
            plain,*) COMPREPLY+=("${item#plain,}") ;;
        esac
    done < <(COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" COMP_WORDBREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1")
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=@] ]]; then
        compopt -o nospace
    fi
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the one that is being typed."""
        line = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])]
        lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters = True, ""
        words: list[str] = []
        is_quoted = False
        try:
            words.extend(lexer)
        except ValueError:  # a quote is still open
            words.append(lexer.token)
            is_quoted = True
        is_begun = is_quoted or not line[-1:].isspace()
        word = words.pop() if is_begun and words else ""
        value = word.partition("=")[2] if word.startswith("--") else word
        breaks = "" if is_quoted else os.environ.get("COMP_WORDBREAKS", "")
        # Bash keeps what is before the last break, so `format_completion`, which click calls next, leaves it out.
        self._cut = max((value.rfind(sign) for sign in breaks), default=-1) + 1
        return words[1:], word

    def format_completion(self, item: CompletionItem) -> str:
        """Return an item without the part before the word that bash replaces."""
        return f"{item.type},{item.value[self._cut :] if item.type == 'plain' else ''}"
