"""The options of a conversation, and the command that goes on with it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

__all__ = ["Settings"]


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
