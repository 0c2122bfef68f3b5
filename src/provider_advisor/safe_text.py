r"""Text that people wrote, compared and shown with unseen characters made visible; and JSON, read strictly.

A label can hold an escape sequence that clears the screen, or a mark that shows "abc" as "cba". Such characters are
shown as Python writes them, "\x1b" or "\u202e", wherever a person reads the text; in JSON they become escapes that
mean the same data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_LONGEST_WORD = 200
_LONGEST_SHOWN = 200
# What Excel, LibreOffice and Google Sheets write in English, and into CSV.
_ERROR_VALUE = re.compile(
    r"(?<![\w#])(#(N/A|GETTING_DATA|DIV/0!|NAME\?"
    r"|(REF|VALUE|NUM|NULL|SPILL|CALC|FIELD|CONNECT|BLOCKED|UNKNOWN|BUSY|PYTHON|ERROR)!)|Err:5[0-9]{2})(?!\w)",
    re.IGNORECASE,
)

_CONTENTS = {
    b"\x1f\x8b": "compressed (gzip)",
    b"\x28\xb5\x2f": "compressed (zstd)",
    b"\xfd7z": "compressed (xz)",
    b"BZh91AY&SY": "compressed (bzip2)",
    b"PAR1": "a Parquet file",
    b"%PDF-": "a PDF document",
    b"\xd0\xcf\x11\xe0": "a file of old Office programs",
}

_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 without tab and line ends, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, Arabic letter mark
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line ends of Unicode, marks of direction
    "\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # blanks that look like nothing, byte order mark, annotations
    "\ud800-\udfff"  # lone surrogates: bytes of a file name that are not UTF-8
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shorthand, music, tags
)
# Joiners spell words of Persian or Hindi, and emoji; between other letters they only hide.
_JOINER = r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
_HIDDEN = re.compile(f"[{_UNSEEN}]|{_JOINER}")
_HIDDEN_OR_RETURN = re.compile(f"[{_UNSEEN}\r]|{_JOINER}")
# In French such a space belongs to the text; in a word that was not understood it may be the reason.
_ODD_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_SPACES = re.compile(r"[ \t\r\n]+")


def fold(word: str) -> str:
    """Return a word for comparison: case, spaces, `_` and hyphens are ignored.

    >>> fold(" Voice_API ")
    'voice-api'
    """
    return word.strip().casefold().replace("_", "-").replace(" ", "-")[:_LONGEST_WORD]


def reveal(text: str) -> str:
    r"""Return the text with unseen characters as escapes; tabs and line ends stay.

    >>> reveal("a\x1b[31m\u202eb\n")
    'a\\x1b[31m\\u202eb\n'
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN_OR_RETURN.sub(_escape, text.replace("\r\n", "\n"))


def reveal_line(text: str) -> str:
    r"""Return the text on one line, spaces and line ends drawn together, with unseen characters as escapes.

    >>> reveal_line(" a\n  b\x1b[31m")
    'a b\\x1b[31m'
    """
    return _SPACES.sub(" ", _HIDDEN.sub(_escape, text)).strip(" ")


def dump_json(data: Any) -> str:  # noqa: ANN401 (JSON holds anything)
    r"""Return JSON, indented and readable, in which unseen characters are escapes: equal data for every reader.

    >>> dump_json("é \x9b \u202e")
    '"é \\u009b \\u202e"'
    """
    text = json.dumps(data, ensure_ascii=False, indent=2)
    # Looking through the few different characters takes a fifth of the time of looking through the text.
    if _HIDDEN.search(" ".join({*text})) is None:
        return text
    return _HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


class JsonError(ValueError):
    """What is wrong with JSON besides its syntax, as the end of a sentence."""


def read_json(content: bytes) -> Any:  # noqa: ANN401 (JSON holds anything)
    """Return the data in JSON that every reader understands alike.

    Raises JSONDecodeError for a mistake in its syntax, JsonError for everything else.

    >>> read_json(b'{"needs": ["sms"], "needs": ["fax"]}')
    Traceback (most recent call last):
    provider_advisor.safe_text.JsonError: has the key 'needs' twice; keep one
    """
    try:
        text = content.decode().rstrip()
        # `raw_decode` takes two thirds of the time of `decode`, which handles or explains all other texts.
        if text.startswith("{"):
            found, end = _DECODER.raw_decode(text)
            if end == len(text):
                return found
        return _DECODER.decode(text)
    except (json.JSONDecodeError, JsonError):
        raise
    except UnicodeDecodeError as error:
        raise JsonError(f"is not UTF-8 at byte {error.start + 1:,}") from error
    except RecursionError as error:
        raise JsonError("is nested too deeply") from error
    except ValueError as error:  # Python refuses whole numbers of more than 4,300 digits
        raise JsonError("has a number with too many digits") from error


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"has the key '{repeated[:_LONGEST_SHOWN]}' twice; keep one")
    return found


def _refuse_constant(constant: str) -> None:
    raise JsonError(f"contains {constant}, which is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_refuse_repeated, parse_constant=_refuse_constant)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def find_content(head: bytes) -> str | None:
    """Return what a file is that begins so, whatever its name says; None for text.

    >>> find_content(b"PAR1..."), find_content(b"team,needs")
    ('a Parquet file', None)
    """
    if head.startswith(b"PK\x03\x04"):
        return "a workbook" if b"[Content_Types]" in head or b"xl/" in head else "compressed (zip)"
    return next((content for start, content in _CONTENTS.items() if head.startswith(start)), None)


def is_error_value(cell: str) -> bool:
    """Return whether a cell holds what spreadsheets write for an error, such as #N/A."""
    return _ERROR_VALUE.fullmatch(cell.strip()) is not None


def explain_error_value(text: str, expected: str) -> str | None:
    """Return the sentence on a text that is an error of a spreadsheet, or has one in it; None for others.

    >>> explain_error_value("#REF!", "a criterion")
    "'#REF!' is a spreadsheet error, not a criterion; correct the cell."
    >>> explain_error_value("seats>=#REF!", "a criterion")
    "'seats>=#REF!' contains #REF!, a spreadsheet error; correct the cell."
    """
    if is_error_value(text):
        return f"{shown(text)} is a spreadsheet error, not {expected}; correct the cell."
    found = _ERROR_VALUE.search(text)
    return found and f"{shown(text)} contains {found[0]}, a spreadsheet error; correct the cell."


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Return words as people list them.

    >>> join_words(["a", "b", "c"]), join_words(["a"])
    ('a, b and c', 'a')
    """
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def write_value(given: object) -> str:
    """Return whatever was given as text."""
    try:
        return str(given)
    except (ValueError, RecursionError):  # an integer of over 4,300 digits, a list nested a thousand times
        return "too much to show"


def brief(given: object) -> str:
    """Return what was given, as text that fits in a sentence."""
    text = write_value(given)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def shown(given: object) -> str:
    r"""Return what was given in quotes, as text that fits in a sentence, with unseen characters as escapes.

    >>> shown("fax\u200b")
    "'fax\\u200b'"
    """
    return f"'{_ODD_SPACE.sub(_escape, reveal(brief(given)))}'"
