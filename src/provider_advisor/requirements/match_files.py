"""Files that say what the words of a spreadsheet stand for, written to be corrected and read again.

For example:

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
from provider_advisor.knowledge.problems import validate
from provider_advisor.knowledge.shapes import MatchesFile
from provider_advisor.knowledge.strict_yaml import parse_yaml
from provider_advisor.knowledge.suggest import did_you_mean
from provider_advisor.requirements.grammar import read_requirement
from provider_advisor.requirements.matching import CARRY, LEAVE_OUT, UNLISTED, Match, Targets
from provider_advisor.safe_text import reveal_line

_PLAIN = re.compile(r"(?!\d)\w[\w .,/()'&+-]*[\w)]")
_NO_TEXT = frozenset(["null", "yes", "no", "on", "off", "true", "false", "y", "n"])


def write_matches(matches: Iterable[Match], source: str) -> str:
    """Return the file of matches, to be corrected and given back."""
    lines = [
        f"# How {reveal_line(source)} was read. Correct it, and give it back with --matches.",
        "# A word stands for a requirement without a priority, such as number-countries>=90, for a list of them, for",
        "# 'carry' (a column that is copied to the output), 'unlisted' (listed and not judged) or 'leave-out'. null is",
        "# in doubt.",
        "matches:",
    ]
    lines += [f"  {_quote(match.word)}: {_write_targets(match)}" for match in matches]
    return "\n".join([*lines[:-1], lines[-1] if len(lines) > 5 else "matches: {}"]) + "\n"  # noqa: PLR2004 (the head)


def _write_targets(match: Match) -> str:
    if not match.targets:
        return f"null  # {', '.join(match.candidates)}" if match.candidates else "null  # nothing is recorded"
    quoted = [_quote(target) for target in match.targets]
    value = quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"
    if match.is_unlisted and not match.how:
        return f"{value}  # {match.say_candidates()}"
    return f"{value}  # {match.how}" if match.how and match.how != "as specified" else value


def _quote(text: str) -> str:
    """Return a text as YAML, in JSON's quotes if it needs some."""
    is_plain = _PLAIN.fullmatch(text) and text.casefold() not in _NO_TEXT
    return text if is_plain and ", " not in text else json.dumps(text, ensure_ascii=False)


def read_matches(content: bytes, name: str, knowledge: KnowledgeBase) -> dict[str, Targets]:
    """Return the targets by word of a file of matches; what is in doubt there is left out.

    Raises KnowledgeError for its form, and RequirementsError for targets that cannot be read.
    """
    document = parse_yaml(content, name)
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
