"""Small damage to valid inputs: bytes, texts and trees of JSON, changed at random from a seed."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Sequence

# What files are damaged by in practice, and what readers have stumbled over.
# ruff: noqa: E501 (lists of short things)
_PIECES = (
    b"\0", b"\r", b"\n", b"\r\n", b"\n\n", b'"', b'""', b"'", b",", b";", b"\t", b"|", b":", b": ", b"- ", b"#", b"&a", b"*a",
    b"!!python/object:os.system", b"<<: *a", b"{", b"}", b"[", b"]", b"[[[[[[[[", b"---\n", b"...\n", b"%YAML 1.1\n", b"? ",
    b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xe2\x80\x8b", b"\x1b[31m", b"\x85",
    b"null", b"true", b"NaN", b"-Infinity", b"1e400", b"-1", b"0", b"-0.0", b"0x10", b"1_000", b"9" * 40, b"1.5", b".5", b"1.",
    b"2024-02-30", b"2024-13-01", b"0000-00-00", b"9999-12-31", b"365d", b"-1d", b">=", b"<=", b"==", b">", b"=", b":must",
    b":could", b":", b"\\u0000", b"\\ud800", b"\\", b" ", b"\xc2\xa0", b"A" * 3000,
)  # fmt: skip
_VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 1.5, -0.0, 10**40, 2**63, 1e308, float("inf"), float("nan"), "", " ", "x" * 3000, "\0",
    "\u202e", "\ud800", "null", "9" * 40, "2024-02-30", [], [[]], [None], {}, {"": None}, {"a": {"b": []}},
)  # fmt: skip
_WORD = re.compile(rb"[\w.>=-]+")
_MOST = 4
"""How often an input is damaged at most; mostly once, for what is damaged at the beginning hides the rest."""


def mutate_bytes(draw: random.Random, data: bytes) -> bytes:
    """Return the bytes with a piece, or four, taken out, put in, moved, doubled or replaced."""
    for _ in range(draw.choice((1, 1, 1, _MOST))):
        at = draw.randint(0, len(data))
        end = min(len(data), at + draw.choice((1, 1, 2, 5, 20, 200)))
        way = draw.randrange(10)
        if way == 0:
            data = data[:at] + data[end:]
        elif way > 6 and (words := list(_WORD.finditer(data))):
            # A word in place of another keeps the form, and reaches what is behind the parser.
            (begin, end), other = draw.choice(words).span(), draw.choice(words)
            data = data[:begin] + (other[0] if way < 9 else draw.choice(_PIECES)) + data[end:]
        elif way == 1:
            data = data[:end] + data[at:end] * draw.choice((1, 1, 2, 50)) + data[end:]
        elif way == 2:
            data = data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :]
        elif way == 3:
            data = data[:at]
        elif way == 4:
            other = draw.randint(0, len(data))
            data = data[:other] + data[at:end] + data[other:]
        else:
            data = data[:at] + draw.choice(_PIECES) + data[at if way == 5 else end :]
    return data


def mutate_text(draw: random.Random, text: str) -> str:
    """Return the text damaged as bytes are; what is no longer UTF-8 stays as Python passes it in arguments."""
    return mutate_bytes(draw, text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def mutate_tree(draw: random.Random, tree: object) -> object:
    """Return a copy of a tree of dicts and lists, with a value or a key, or four, replaced, dropped, moved or added."""
    tree = copy.deepcopy(tree)
    for _ in range(draw.choice((1, 1, 1, _MOST))):
        places = _list_places(tree)
        if not places:
            break
        holder, key = draw.choice(places)
        way = draw.randrange(5)
        if way == 0:
            del holder[key]
        elif way == 1 and isinstance(holder, dict):
            holder[draw.choice(("", "x", "id", "needs", "\0", "ä"))] = holder.pop(key)
        elif way == 2:
            other, there = draw.choice(places)
            holder[key] = copy.deepcopy(other[there])
        elif way == 3 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[key] = copy.deepcopy(draw.choice(_VALUES))
    return tree


def _list_places(tree: object) -> Sequence[tuple[dict | list, str | int]]:
    """Return every dict or list of the tree with each of its keys or numbers."""
    if isinstance(tree, dict):
        here = [(tree, key) for key in tree]
    elif isinstance(tree, list):
        here = [(tree, number) for number in range(len(tree))]
    else:
        return []
    return [*here, *(place for holder, key in here for place in _list_places(holder[key]))]
