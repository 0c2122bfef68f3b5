"""The files that a conversation saves: sessions to continue, and requirements, as YAML that is read back strictly."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import stat
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from provider_advisor.errors import RequirementsError, explain_unwritten
from provider_advisor.faces.text import clean
from provider_advisor.questionnaire import State, record_answers
from provider_advisor.whole_file import write_whole

# A session is a file of answers below the command that continues it, such as ask-20261129-220906.yaml:
#
#     # Answers to recommend ask; to continue: recommend ask --resume /home/ann/ask-20261129-220906.yaml --plain
#     …
#
# The command is in the file too, because what the terminal said may be gone when somebody finds the file.

_SESSIONS = "ask-*.yaml"
_PLAIN = re.compile(r"[a-z][a-z0-9]+([-_][a-z0-9]+)*")


def name_session(save: Path | None) -> Path:
    """Return where to save answers: beside the requirements file, else in the user's folder of sessions."""
    now = dt.datetime.now()  # noqa: DTZ005 (the user's own clock)
    return (save.parent if save else _get_folder()) / f"ask-{now:%Y%m%d-%H%M%S}.yaml"


def save_session(state: State, path: Path, command: str) -> str:
    """Save the answers; return how to continue with this command, or the answers where no file can be written."""
    if not state.answers:
        return "Nothing was answered yet."
    record = record_answers(state)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_yaml(path, record, f"Answers to recommend ask; to continue: {command}")
    except (OSError, RequirementsError) as error:
        told = error if isinstance(error, RequirementsError) else _refuse(path, error)
        return f"{told}\nThe answers so far:\n{dump_yaml(record)}"
    return f"The answers are saved.\nTo continue:\n  {command}"


def find_newest_session(save: Path | None) -> Path:
    """Return the session that was saved last: in the user's folder, here, or beside the requirements file.

    Links are skipped, because somebody else may have put them there. Raises RequirementsError if there is none.
    """
    folders = {_get_folder(), Path(), *([save.parent] if save else [])}
    found: list[tuple[float, str, Path]] = []
    for folder in folders:
        with contextlib.suppress(OSError):
            for path in folder.glob(_SESSIONS):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode):
                    found.append((status.st_mtime, path.name, path))
    if not found:
        raise RequirementsError(f"no saved session found in {_get_folder()} or here; pass its file to --resume.")
    return max(found)[2]


def _get_folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path("~/.local/state").expanduser()) / "recommend"


class _Dumper(yaml.SafeDumper):
    """Plain YAML that our strict reader reads back: no anchors, no exponents."""

    def ignore_aliases(self, data: object) -> bool:
        """Return True, so that repeated values are written out instead of as anchors."""
        return data is data  # noqa: PLR0124 (always, whatever it is)


def _represent_number(dumper: _Dumper, number: float) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", format(Decimal(repr(number)), "f"))


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    # Any text but a plain word could be read as a number, a date or a truth.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _PLAIN.fullmatch(text) else '"')


_Dumper.add_representer(float, _represent_number)
_Dumper.add_representer(str, _represent_text)


def dump_yaml(record: Mapping[str, Any]) -> str:
    """Return the record as YAML, in the order of its keys."""
    return yaml.dump(dict(record), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def write_yaml(path: Path, record: Mapping[str, Any], heading: str) -> None:
    """Write the record under a comment; the file appears whole or not at all, and replaces only a file or a link.

    Raises RequirementsError if it cannot be written.
    """
    check_writable(path)
    # A file name in the comment may hold line ends, or bytes that are not UTF-8.
    text = f"# {clean(heading)}\n{dump_yaml(record)}"
    try:
        with write_whole(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise _refuse(path, error) from error


def check_writable(path: Path) -> None:
    """Raise RequirementsError if the file cannot be written, before anybody answers a question."""
    folder = path.parent
    try:
        found = path.lstat().st_mode
    except OSError:
        found = stat.S_IFREG
    if path.is_dir():
        raise _refuse(path, IsADirectoryError())
    if not (stat.S_ISREG(found) or stat.S_ISLNK(found)):
        raise _refuse(path, "it is not a regular file")
    if not folder.is_dir():
        raise _refuse(path, NotADirectoryError() if folder.exists() else FileNotFoundError())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refuse(path, "Permission denied")


def _refuse(path: Path, error: OSError | str) -> RequirementsError:
    return RequirementsError(explain_unwritten(path, error, "choose another place"))
