"""The file of matches: what each word of a sheet stands for, written (--matched) to be corrected and read (--matches).

matches:
Ring groups: call-queues
Contact: carry
Loan phones: unlisted  # listed in these words, and not judged
Support: null          # phone-support, email-support
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from provider_advisor.errors import RequirementsError
from provider_advisor.knowledge.base import KnowledgeBase
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.grammar import read_requirement
from provider_advisor.requirements.matching import AS_SPECIFIED, CARRY, LEAVE_OUT, UNLISTED, Match, Targets
from provider_advisor.safe_text import reveal_line

# What needs no quotes in YAML, and of that the words which some reader takes for no text.
_PLAIN = re.compile(r"(?!\d)\w[\w .,/()'&+-]*[\w)]")
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
    is_plain = _PLAIN.fullmatch(text) and text.casefold() not in _NO_TEXT
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
