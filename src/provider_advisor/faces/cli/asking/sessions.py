"""The answers so far, saved so that a conversation can go on another day."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from pathlib import Path

from provider_advisor.errors import KnowledgeError, RequirementsError
from provider_advisor.faces.cli.asking.files import write_yaml, yaml_text
from provider_advisor.faces.cli.asking.settings import Settings
from provider_advisor.faces.text import show_text
from provider_advisor.questionnaire import State, answers_record

__all__ = ["keep", "newest_session"]

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
