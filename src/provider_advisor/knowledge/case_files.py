"""Write the new verdicts of cases into their files, keeping comments, order and layout.

PyYAML marks where each value begins and ends in the text, and only the characters of values that change are replaced.
The new verdict {"kind": "recommended", "provider": "acme"} turns

    verdict:
      kind: tie  # since May
      among: [acme, other]

into

    verdict:
      kind: recommended  # since May
      provider: acme
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

_PLAIN = re.compile(r"[a-z0-9][a-z0-9@-]+")


_Edit = tuple[int, int, str]
"""From where in a text, and to before where, characters are replaced, and by what."""


def edit_case(text: str, name: str, values: Mapping[str, Any]) -> str:
    """Return the text of a file of cases with other values of the keys of a case.

    The text is one that was read before, without any problem. Raises ValueError for a case or key that the text
    lacks, and for comments within a value that would be lost.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    cases = _get_entries(root).get("cases") if isinstance(root, yaml.MappingNode) else None
    listed = [_get_entries(case) for case in (cases.value if cases is not None else ())]
    entries = next((case for case in listed if case["name"].value == name), None)
    if entries is None:
        raise ValueError(f"no case '{name}'")
    edits: list[_Edit] = []
    for key, value in values.items():
        if key not in entries:
            raise ValueError(f"no key '{key}' in the case '{name}'")
        edits += _edit_value(entries[key], value, text)
    for start, end, new in sorted(edits, reverse=True):  # from the end on, so that earlier places stay as found
        text = text[:start] + new + text[end:]
    return text


def _get_entries(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value}


def _edit_value(node: yaml.Node, value: Any, text: str) -> Iterator[_Edit]:  # noqa: ANN401 (any value of a case)
    """Yield the edits that turn a node into the value; a mapping written in lines is changed line by line."""
    start, end = node.start_mark.index, _find_end(node)
    if SafeConstructor().construct_document(node) == value:
        return
    if isinstance(node, yaml.MappingNode) and not node.flow_style and not value.keys().isdisjoint(_get_entries(node)):
        yield from _edit_lines(node, value, text)
    elif any(line.partition("#")[1] for line in text[start:end].splitlines()[:-1]):
        raise ValueError(f"line {node.start_mark.line + 1} has comments within the value")
    else:
        yield start, end, write_flow(value)


def _edit_lines(node: yaml.MappingNode, value: Mapping[str, Any], text: str) -> Iterator[_Edit]:
    """Yield the edits that turn a mapping with a key on each line into the value, which shares some of its keys."""
    last = 0
    for key, part in node.value:
        line_end = text.find("\n", _find_end(part))
        line_end = len(text) if line_end < 0 else line_end
        if key.value in value:
            yield from _edit_value(part, value[key.value], text)
            last = line_end
        else:
            yield text.rfind("\n", 0, key.start_mark.index) + 1, line_end + 1, ""
    added = {name: part for name, part in value.items() if name not in _get_entries(node)}
    indent = "\n" + " " * node.start_mark.column
    yield last, last, "".join(f"{indent}{write_flow(name)}: {write_flow(part)}" for name, part in added.items())


def _find_end(node: yaml.Node) -> int:
    """Return where the text of a node ends; a collection in lines ends with its last part, before any comment."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _find_end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def write_flow(value: Any) -> str:  # noqa: ANN401 (as above)
    """Return a value as YAML in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{write_flow(key)}: {write_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write_flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)
