"""The answers so far, saved so that a conversation can go on another day."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import shlex
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import yaml

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.faces.text import show_text
from provider_advisor.questionnaire import State, answers_record

__all__ = [
    "EndRequest",
    "Settings",
    "check_writable",
    "interruptible",
    "keep",
    "newest_session",
    "write_yaml",
    "yaml_text",
]

_SESSIONS = "ask-*.yaml"


def keep(state: State, settings: Settings, resumed: Path | None, before: str = "") -> None:
    """Save the answers, where they were if they were `resumed`, and say on standard error how to go on.

    Where no file can be written, they are printed instead. `before` stands before what is said.
    """
    # The terminal may be closed by now.
    with contextlib.suppress(OSError):
        show_text(f"\n{before}{_kept(state, settings, resumed)}", err=True)


def _kept(state: State, settings: Settings, resumed: Path | None) -> str:
    if not state.answers:
        return "Nothing was answered yet."
    record = answers_record(state)
    path = (resumed or _path(settings.place, dt.datetime.now())).absolute()  # noqa: DTZ005 (the user's own clock)
    command = settings.resuming(path)
    try:
        write_yaml(path, record, f"Answers to recommend ask; to go on: {command}")
    except RequirementsError as error:
        return f"{error}\nThe answers so far:\n{yaml_text(record)}"
    return f"The answers are saved.\nTo go on:\n  {command}"


def _path(save: Path | None, now: dt.datetime) -> Path:
    """Where the answers so far go: beside the requirements file, else into the user's folder of such things."""
    name = f"ask-{now:%Y%m%d-%H%M%S}.yaml"
    return (save.parent if save else _folder()) / name


def newest_session(save: Path | None) -> Path:
    """The session that was saved last: in the user's folder, here, or beside the requirements file.

    Raises KnowledgeError if there is none.
    """
    folders = {_folder(), Path(), *([save.parent] if save else [])}
    found = [path for folder in folders for path in _listed(folder)]
    if not found:
        raise KnowledgeError([f"--resume: no session is saved in {_folder()} or here; name its file."])
    return max(found, key=lambda path: (path.stat().st_mtime, path.name))


def _listed(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.glob(_SESSIONS) if path.is_file()]
    except OSError:
        return []


def _folder() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path("~/.local/state").expanduser()) / "recommend"


_PLAIN = re.compile(r"[a-z][a-z0-9]+(-[a-z0-9]+)*")


class _Dumper(yaml.SafeDumper):
    """Plain YAML that our strict reader reads back: no anchors, no exponents."""

    def ignore_aliases(self, data: object) -> bool:
        """Write out what stands twice."""
        return data is data  # noqa: PLR0124 (always, whatever it is)


def _number(dumper: _Dumper, number: float) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", format(Decimal(repr(number)), "f"))


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    # What is no plain word may be read as a number, a date or a truth.
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _PLAIN.fullmatch(text) else '"')


_Dumper.add_representer(float, _number)
_Dumper.add_representer(str, _text)


def yaml_text(record: Mapping[str, Any]) -> str:
    """The record as YAML, in the order of its keys."""
    return yaml.dump(dict(record), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


def write_yaml(path: Path, record: Mapping[str, Any], heading: str) -> None:
    """Write the record under a comment, beside its place and then renamed: a file is whole or not there.

    Raises RequirementsError if it cannot be written.
    """
    beside = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            beside = Path(file.name)
            file.write(f"# {heading}\n{yaml_text(record)}")
        beside.chmod(_mode(path))
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink()
        raise _refusal(path, error.strerror) from error


def _mode(path: Path) -> int:
    """That of the file in whose place it comes, else what the user's mask leaves."""
    with contextlib.suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def check_writable(path: Path) -> None:
    """Raise RequirementsError if no file can be put there: better before the questions than after."""
    folder = path.parent
    if path.is_dir():
        raise _refusal(path, "it is a folder")
    if not folder.is_dir():
        raise _refusal(path, "there is no such folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refusal(path, "Permission denied")


def _refusal(path: Path, reason: str | None) -> RequirementsError:
    return RequirementsError(f"{path} cannot be written ({reason}); name another place.")


_NAMES = ("SIGTERM", "SIGHUP")


class EndRequest(KeyboardInterrupt):
    """Somebody wants the process to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within it, the first of these signals raises, and further ones do nothing; afterwards all is as before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, _raise) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the shape of a handler)
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    raise EndRequest(number)


class Settings(NamedTuple):
    """The options as they were given."""

    save: str | None
    answers: str | None
    resume: str | None
    show_standing: bool
    plain: bool
    one_by_one: bool
    no_color: bool
    team: str | None
    as_of: str | None
    max_age: str | None
    robustness: bool
    form: str
    facts: str | None
    rules: str | None

    @property
    def place(self) -> Path | None:
        """Where the requirements are to be saved."""
        return None if self.save is None else Path(self.save)

    def resuming(self, session: Path) -> str:
        """The command that goes on with a session."""
        named = {
            "--save": self.save,
            "--team": self.team,
            "--as-of": self.as_of,
            "--max-age": self.max_age,
            "--facts": self.facts,
            "--rules": self.rules,
            "--format": None if self.form == "text" else self.form,
        }
        flags = {
            "--show-standing": self.show_standing,
            "--plain": self.plain,
            "--one-by-one": self.one_by_one,
            "--no-color": self.no_color,
            "--no-robustness": not self.robustness,
        }
        words = ["recommend", "ask", "--resume", str(session)]
        words += [word for name, value in named.items() if value is not None for word in (name, value)]
        return shlex.join([*words, *(name for name, is_set in flags.items() if is_set)])
