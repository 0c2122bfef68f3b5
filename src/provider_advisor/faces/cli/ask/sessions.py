"""Sessions of a conversation: its options, the files it saves, and how an interruption ends it."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import shlex
import signal
import stat
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from provider_advisor.errors import RequirementsError, describe_cause
from provider_advisor.faces.cli.recommend import StatementOptions
from provider_advisor.faces.text import clean, show_text
from provider_advisor.questionnaire import State, record_answers
from provider_advisor.whole_file import write_whole

_SESSIONS = "ask-*.yaml"
_PLAIN = re.compile(r"[a-z][a-z0-9]+([-_][a-z0-9]+)*")
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class AskOptions(StatementOptions):
    """The options of a conversation as they were given."""

    save: str | None
    answers: str | None
    resume: str | None
    show_standing: bool
    plain: bool
    one_by_one: bool
    no_color: bool
    team: str | None
    robustness: bool

    @property
    def place(self) -> Path | None:
        """Return where to save the requirements."""
        return None if self.save is None else Path(self.save)

    @property
    def given(self) -> tuple[str, ...]:
        """Return the options that say something before the first question."""
        named = ("file", "needs", "wants", "unlisted", "situation", "usage")
        return tuple(f"--{name}" for name in named if getattr(self, name))

    def make_command(self, session: Path) -> str:
        """Return the command that continues a session."""
        named = {
            "--save": self.save,
            "--team": self.team,
            "--as-of": self.as_of,
            "--max-age": self.max_age,
            "--only": ",".join(self.only) or None,
            "--without": ",".join(self.without) or None,
            "--sources": ",".join(self.sources) or None,
            "--customer-of": ",".join(self.customer_of) or None,
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


def save_session(state: State, options: AskOptions, resumed: Path | None, before: str = "") -> None:
    """Save the answers, over the session that was `resumed` if there is one, and say on standard error how to continue.

    Where no file can be written, the answers are printed instead. `before` is said first.
    """
    # The terminal may already be closed.
    with contextlib.suppress(OSError):
        show_text(f"\n{before}{_save(state, options, resumed)}", err=True)


def _save(state: State, options: AskOptions, resumed: Path | None) -> str:
    if not state.answers:
        return "Nothing was answered yet."
    record = record_answers(state)
    path = (resumed or _make_path(options.place, dt.datetime.now())).absolute()  # noqa: DTZ005 (the user's own clock)
    command = options.make_command(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_yaml(path, record, f"Answers to recommend ask; to continue: {command}")
    except (OSError, RequirementsError) as error:
        told = str(error) if isinstance(error, RequirementsError) else str(_refuse(path, describe_cause(error)))
        return f"{told}\nThe answers so far:\n{dump_yaml(record)}"
    return f"The answers are saved.\nTo continue:\n  {command}"


def _make_path(save: Path | None, now: dt.datetime) -> Path:
    """Return where to save the answers: beside the requirements file, else in the user's folder of sessions."""
    return (save.parent if save else _get_folder()) / f"ask-{now:%Y%m%d-%H%M%S}.yaml"


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
        with write_whole(path, mode=_find_mode(path)) as file:
            file.write(text.encode())
    except OSError as error:
        raise _refuse(path, describe_cause(error)) from error


def _find_mode(path: Path) -> int:
    """Return the mode of the file that is replaced, else the mode that the umask then restricts."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            return status.st_mode & 0o777
    return 0o666


def check_writable(path: Path) -> None:
    """Raise RequirementsError if the file cannot be written, before anybody answers a question."""
    folder = path.parent
    try:
        found = path.lstat().st_mode
    except OSError:
        found = stat.S_IFREG
    if path.is_dir():
        raise _refuse(path, "it is a folder")
    if not (stat.S_ISREG(found) or stat.S_ISLNK(found)):
        raise _refuse(path, "it is not a regular file")
    if not folder.is_dir():
        raise _refuse(path, f"the folder {folder} does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refuse(path, "Permission denied")


def _refuse(path: Path, reason: str) -> RequirementsError:
    return RequirementsError(f"cannot write {path} ({reason}); choose another place.")


class EndRequest(KeyboardInterrupt):
    """The process was asked to end by a signal with this `number`."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first request to end, or a closed terminal, into an EndRequest; ignore further ones."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _raise_request) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise_request(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the shape of a handler)
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise EndRequest(number)
