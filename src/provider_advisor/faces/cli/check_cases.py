"""The decision cases of `recommend check`: those that fail, what turned each, and with --accept their new verdicts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from provider_advisor.decision.case_causes import find_cause
from provider_advisor.decision.cases import Failure, check_case
from provider_advisor.faces.cli.options import write_answer
from provider_advisor.faces.text import clean, show_text
from provider_advisor.knowledge import Case, KnowledgeBase
from provider_advisor.knowledge.case_files import edit_cases
from provider_advisor.knowledge.files import locate_folder, read_bytes

__all__ = ["check_cases"]

_VERDICT = frozenset({"kind", "strength", "provider", "lean", "among"})


def check_cases(cases: Sequence[Case], knowledge: KnowledgeBase, rules: str | None, *, accept: bool) -> int:
    """Show each case that fails and what turned it, on standard error; return how many still fail.

    With `accept` the verdicts of now are written into the files of cases in the folder `rules`, and shown on standard
    output. Raises BatchFailure for a file that cannot be written.
    """
    failures = [failure for case in cases if (failure := check_case(case, knowledge)) is not None]
    for failure in failures:
        for sentence in failure.describe():
            show_text(clean(sentence), err=True)
        if failure.error is None:
            show_text(f"  {clean(find_cause(failure.case, knowledge).describe())}", err=True)
    return len(failures) - (_accept(failures, rules) if accept else 0)


def _accept(failures: Iterable[Failure], rules: str | None) -> int:
    """Write what the cases come to now into their files; return of how many."""
    written, files = 0, 0
    for name, group in itertools.groupby(failures, key=_get_file):
        changes = {failure.case.name: _find_changes(failure) for failure in group if failure.error is None}
        place = str(Path(locate_folder("rules", rules), "cases", Path(name).name))
        text = read_bytes(place, name).decode()
        for case, values in list(changes.items()):
            try:
                text = edit_cases(text, {case: values})
            except ValueError as error:
                show_text(clean(f"{name}: case '{case}' is not accepted: {error}; edit it by hand."), err=True)
                del changes[case]
        if changes:
            write_answer(place, text)
            files += 1
        for case, values in changes.items():
            says = ", ".join(f"{key}: {_say(value)}" for key, value in values.items())
            show_text(clean(f"accepted: {name}: case '{case}': {says}"))
        written += len(changes)
    if written:
        what = f"{written} case{'s' * (written > 1)} in {files} file{'s' * (files > 1)}"
        show_text(f"Wrote the new verdicts of {what}; review them and their `why` before you commit.")
    return written


def _get_file(failure: Failure) -> str:
    return failure.case.where.rpartition(":")[0]


def _find_changes(failure: Failure) -> dict[str, Any]:
    """Return the keys of a case that are to change, with the values of now."""
    keys = {difference.key for difference in failure.differences}
    changes: dict[str, Any] = {}
    if keys & _VERDICT:
        changes["verdict"] = failure.verdict
    for key in sorted(keys - _VERDICT):
        found = failure.found[key]
        if key == "standings":
            found = {name: standing for name, standing in found.items() if standing is not None}
        changes[key] = found
    return changes


def _say(value: Any) -> str:  # noqa: ANN401 (any value of a case)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_say(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_say(part) for part in value)}]"
    return "null" if value is None else str(value)
