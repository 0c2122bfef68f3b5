"""All errors that the project raises on purpose, each with a sentence for the person who can fix it."""

from __future__ import annotations

import os
from collections.abc import Iterable


class AdvisorError(Exception):
    """Base of all our errors; only interfaces turn them into exit statuses or responses."""


class KnowledgeError(AdvisorError):
    """The files of a knowledge base have problems; `problems` holds one sentence for each, with file and line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class RequirementsError(AdvisorError):
    """What a team asks cannot be understood, or contradicts itself; `problems` holds one sentence for each mistake."""

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))

    @property
    def reason(self) -> str:
        """Return all sentences on one line, as the reason why a row of a table has no answer."""
        return " ".join(self.problems)


class EngineError(AdvisorError):
    """The rule engine failed, or was asked for more than it can do."""


class BatchError(AdvisorError):
    """A run over many teams cannot start or continue, because of its files or options."""


class BatchFailure(BatchError):  # noqa: N818 (it says more than another Error)
    """A run failed for external reasons: a full disk, or an input that changes or cannot be read to the end."""


class BusyError(AdvisorError):
    """A server is at its limit; the request can be sent again later."""


class StoreError(AdvisorError):
    """A store of saved decisions cannot be opened, because of its name or its content."""


class StoreFailure(StoreError):  # noqa: N818 (as above)
    """A store failed in use: a full disk, or a database that does not respond. Nothing is half saved."""


def describe_cause(error: BaseException) -> str:
    """Return the cause of an error in a few words, for the brackets of a message: "No space left on device".

    >>> describe_cause(FileNotFoundError(2, "No such file or directory", "teams.csv"))
    'No such file or directory'
    """
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__


def explain_unread(name: str, error: Exception | str) -> str:
    """Return the sentence on a file that cannot be read, because of an error or a cause in words.

    >>> explain_unread("teams.csv", FileNotFoundError(2, "No such file or directory"))
    'teams.csv does not exist; check the path.'
    """
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"{name} does not exist; check the path."
    if isinstance(error, IsADirectoryError):
        return f"{name} is a folder; give a file in it."
    cause = error if isinstance(error, str) else describe_cause(error)
    return f"{name} cannot be read ({cause}); check the path and its permissions."


def explain_unwritten(
    path: str | os.PathLike[str], error: OSError | str, remedy: str | None = None, what: str = ""
) -> str:
    """Return the sentence on a file that cannot be written; `what` says what it is for: "the summary (--summary)".

    >>> explain_unwritten("out/answer.html", FileNotFoundError(2, "No such file or directory"))
    'out/answer.html cannot be written: folder out does not exist; create it first.'
    """
    name, folder = f"{what} {path}".strip(), os.path.dirname(path) or "."  # noqa: PTH120 (a Path takes longer)
    if isinstance(error, IsADirectoryError):
        return f"{name} is a folder; give a file in it."
    if isinstance(error, FileNotFoundError):
        return f"{name} cannot be written: folder {folder} does not exist; create it first."
    if isinstance(error, NotADirectoryError | FileExistsError):  # the second, if the folder was to be created
        return f"{name} cannot be written: {folder} is not a folder; choose another."
    cause = error if isinstance(error, str) else describe_cause(error)
    return f"{name} cannot be written ({cause}); {remedy or 'check the path and its permissions'}."
