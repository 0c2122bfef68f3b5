"""The two versions that are compared: each a knowledge base, from a folder or from a revision of a git repository.

The repository may be untrusted, and git runs programs named in its configuration: to fetch missing objects, hooks, a
file system monitor, filters. So only three plumbing commands are used (`rev-parse`, `ls-tree`, `cat-file --batch`),
with all protocols and fetching disabled. `git archive` would also hand over all files at once, but it applies the
filters and substitutions that the repository's attributes name.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from provider_advisor.errors import BatchError, describe_cause
from provider_advisor.knowledge import KnowledgeBase, load
from provider_advisor.knowledge.build import build
from provider_advisor.knowledge.files import MAX_BYTES, find_files

FOLDERS = {"facts": "sources.yaml", "rules": "weights.yaml"}
"""The folders of a knowledge base, each with a file by which it is found."""

_WHOLE = "A shallow or partial clone lacks it; make a full clone, or give a folder instead."
_LONGEST = 80
_LONGEST_LIST = 1 << 28  # bytes: a tree can be made to list itself without end

# Options override a repository's configuration. They are for older versions of git, which ignore GIT_NO_LAZY_FETCH, and
# for what later versions may do in a plumbing command.
_HARMLESS = {
    "protocol.allow": "never",
    "core.sshCommand": "false",
    "core.askPass": "false",
    "core.gitProxy": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.alternateRefsCommand": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
}

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # a list of allowed protocols; none is called "none"
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

# The user's own settings for finding repositories, and for trusting them.
_KEPT = {
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
}


class Version(NamedTuple):
    """A knowledge base, and what reports call it."""

    name: str
    knowledge: KnowledgeBase


def is_folder(name: str) -> bool:
    """Return whether a name means a folder: it exists, or it is written like one."""
    return _exists(name) or name.startswith(("/", "./", "../", "~")) or name.endswith("/")


def load_folder(name: str) -> Version:
    """Load the knowledge base in `facts` and `rules` of a folder. Raises BatchError, KnowledgeError."""
    folder = Path(name).expanduser()
    if not _exists(folder):
        raise BatchError(f"folder '{name}' does not exist; expected a folder that contains facts/ and rules/.")
    for part in FOLDERS:
        if not _exists(folder / part):
            raise BatchError(f"{name} has no {part}/; expected a folder that contains facts/ and rules/.")
    return Version(name, load(folder / "facts", folder / "rules"))


def _exists(folder: str | Path) -> bool:
    return os.path.isdir(folder)  # noqa: PTH112 (a Path raises if the name is too long)


def load_revision(name: str, here: Path) -> Version:
    """Load the knowledge base at a revision of the repository around a folder. Raises BatchError, KnowledgeError."""
    revision = find_revision(name, here)
    with tempfile.TemporaryDirectory() as folder:
        write_files(revision, Path(folder))
        return Version(f"{name} ({revision.commit[:10]})", _build(Path(folder), revision))


def load_working_tree(name: str, here: Path) -> Version:
    """Load the knowledge base of the working tree, from the same place as in the revision of that name."""
    revision = find_revision(name, here)
    if revision.root is None:
        raise BatchError("this git repository is bare and has no working tree; add --after FOLDER or --after REVISION.")
    folder = revision.root / revision.inner
    for part in FOLDERS:
        if not (folder / part).is_dir():
            raise BatchError(f"the working tree has no {part}/ where '{name}' has it; add --after FOLDER.")
    return Version("the working tree", load(folder / "facts", folder / "rules"))


def _build(folder: Path, revision: Revision) -> KnowledgeBase:
    """Build the base of the written files; its problems name them by revision and path.

    Nothing is cached, unlike with `load`, because the name of this folder is temporary.
    """
    found = find_files(folder / "facts", folder / "rules")
    before, after = f"{folder}/", f"{revision.name}:{f'{revision.inner}/' if revision.inner else ''}"
    files = [file._replace(name=file.name.replace(before, after)) for file in found.files]
    return build(files, [problem.replace(before, after) for problem in found.problems], found.unread)


# Revisions


class _Entry(NamedTuple):
    """A file of a revision: its kind ("100644", "120000" for a link, "160000" for a submodule), id and path."""

    mode: str
    object: str
    path: str


class Revision(NamedTuple):
    """A commit: `root` is the working tree (None if bare), `inner` the folder in it that has facts and rules."""

    name: str
    commit: str
    here: Path
    root: Path | None
    inner: str
    entries: tuple[_Entry, ...]


def find_revision(name: str, here: Path) -> Revision:
    """Return a revision of the repository around a folder. Raises BatchError."""
    shown = name[:_LONGEST]
    _refuse_without_repository(here, shown)
    commit = _find_commit(name, here)
    root, prefix = _find_working_tree(here)
    try:
        listed = _run_git(here, "ls-tree", "-r", "-z", "--full-tree", commit)
    except _GitError as error:
        raise BatchError(f"the revision '{shown}' cannot be read ({error}). {_WHOLE}") from error
    entries = tuple(_parse_entry(line) for line in listed.split(b"\0") if line)
    inner = _find_inner({entry.path for entry in entries}, prefix, shown)
    return Revision(name, commit, here, root, inner, tuple(_choose_entries(entries, inner)))


def _refuse_without_repository(here: Path, shown: str) -> None:
    try:
        _run_git(here, "rev-parse", "--git-dir")
    except _GitError as error:
        if "not a git repository" in str(error):
            raise BatchError(
                f"'{shown}' is not a folder, and the current folder is not in a git repository."
            ) from error
        raise BatchError(
            f"git cannot read the repository of the current folder ({error}); give a folder instead."
        ) from error


def _find_working_tree(here: Path) -> tuple[Path | None, str]:
    """Return the root of the working tree, None in a bare repository, and the place of `here` in it."""
    try:
        prefix = _read_text(_run_git(here, "rev-parse", "--show-prefix")).rstrip("/")
        root = Path(_read_text(_run_git(here, "rev-parse", "--show-toplevel")))
    except _GitError:
        return None, ""
    if not here.resolve().is_relative_to(root.resolve()):
        raise BatchError(f"this git repository keeps its working tree elsewhere ({root}); give a folder instead.")
    return root, prefix


def _find_commit(name: str, here: Path) -> str:
    shown = name[:_LONGEST]
    # Without --end-of-options a name such as `--output=x` would be an option; `^{commit}` also follows a tag.
    find = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    with contextlib.suppress(_GitError):
        return _read_text(_run_git(here, *find, f"{name}^{{commit}}"))
    with contextlib.suppress(_GitError):
        found = _read_text(_run_git(here, *find, name))
        # A branch may name a commit that was not fetched.
        if found.isalnum() and next(_read_objects(here, [found]), None) is None:
            raise BatchError(f"the commit of '{shown}' is missing from this git repository. {_WHOLE}")
    raise BatchError(f"'{shown}' is neither a folder nor a revision of this git repository; check its name.")


def _parse_entry(line: bytes) -> _Entry:
    """Read a line of `git ls-tree`: mode, type and id, then a tab and the path."""
    about, _, path = line.partition(b"\t")
    mode, _, found = os.fsdecode(about).split(" ")
    return _Entry(mode, found, os.fsdecode(path))


def _find_inner(paths: set[str], prefix: str, shown: str) -> str:
    """Return the folder with facts/ and rules/: the one around the user, else the root, else the only one."""
    found = {str(PurePosixPath(path).parent.parent) for path in paths if path.endswith(f"facts/{FOLDERS['facts']}")}
    whole = sorted(one for one in found if str(PurePosixPath(one, "rules", FOLDERS["rules"])) in paths)
    for wanted in (prefix or ".", "."):
        if wanted in whole:
            return "" if wanted == "." else wanted
    if not whole:
        raise BatchError(f"the revision '{shown}' has no facts/ and rules/ side by side; choose another one.")
    if len(whole) > 1:
        raise BatchError(f"the revision '{shown}' has facts/ in {', '.join(whole)}; change to the folder you mean.")
    return whole[0]


def _choose_entries(entries: Iterable[_Entry], inner: str) -> Iterator[_Entry]:
    """Yield the YAML files of facts and rules, and the submodules, which may hold some."""
    outer = PurePosixPath(inner).parts
    for entry in entries:
        parts = PurePosixPath(entry.path).parts
        is_ours = parts[: len(outer)] == outer and parts[len(outer)] in FOLDERS
        if is_ours and (entry.mode == "160000" or entry.path.lower().endswith((".yaml", ".yml"))):
            yield entry


def write_files(revision: Revision, folder: Path) -> None:
    """Write the files of a revision below a folder. Raises BatchError for a file that is missing or not a plain one."""
    for entry in revision.entries:
        if not entry.mode.startswith("100") or ".." in PurePosixPath(entry.path).parts:
            what = {"120000": "a link", "160000": "a submodule"}.get(entry.mode, "not a plain file")
            raise BatchError(
                f"{revision.name}:{entry.path} is {what}, and only plain files are read; give a folder instead."
            )
    contents = _read_objects(revision.here, [entry.object for entry in revision.entries])
    for entry, content in zip(revision.entries, contents, strict=True):
        if content is None:
            raise BatchError(f"{revision.name}:{entry.path} is missing from this git repository. {_WHOLE}")
        target = folder / PurePosixPath(entry.path).relative_to(revision.inner or ".")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(content)
        except OSError as error:
            raise BatchError(f"{revision.name}:{entry.path} cannot be copied ({describe_cause(error)}).") from error


class _GitError(Exception):
    """Git failed; the text is its message."""


def _start_git(here: Path, *arguments: str, stdin: IO[bytes] | int, stderr: IO[bytes] | int) -> subprocess.Popen[bytes]:
    options = [word for name, value in _HARMLESS.items() for word in ("-c", f"{name}={value}")]
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    command = ["git", "--no-pager", "--literal-pathspecs", "-C", os.fspath(here), *options, *arguments]
    try:
        return subprocess.Popen(  # noqa: S603 (no shell)
            command, env={**own, **_ENVIRONMENT}, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
        )
    except FileNotFoundError as error:
        raise BatchError(
            "git is not installed, and revisions cannot be read without it; give a folder instead."
        ) from error
    except (OSError, ValueError) as error:
        raise BatchError(f"git cannot be run ({describe_cause(error)}); give a folder instead.") from error


def _run_git(here: Path, *arguments: str) -> bytes:
    """Return what git prints. Raises _GitError with what it says if it fails, BatchError if there is no git."""
    with (
        tempfile.TemporaryFile() as said,
        _start_git(here, *arguments, stdin=subprocess.DEVNULL, stderr=said) as process,
    ):
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        found = process.stdout.read(_LONGEST_LIST + 1)
        if len(found) > _LONGEST_LIST:
            process.kill()
            raise BatchError("this git repository lists too many files; give a folder instead.")
        if process.wait():
            said.seek(0)
            text = _read_text(said.read(2_000)).partition("\n")[0]
            raise _GitError(text.removeprefix("fatal: ").removeprefix("error: ") or "it gave no reason")
    return found


def _read_objects(here: Path, objects: list[str]) -> Iterator[bytes | None]:
    """Yield the content of each object, None for one that is missing, all from one process.

    Its answer to an id is the line `<id> <type> <size>` and the bytes, or `<id> missing`. Of a file that is larger than
    a knowledge base may hold, a little more than the limit is yielded, so that the usual message appears.
    """
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{each}\n" for each in objects).encode())
        asked.seek(0)
        with _start_git(here, "cat-file", "--batch", stdin=asked, stderr=subprocess.DEVNULL) as process:
            out = process.stdout
            assert out is not None  # noqa: S101 (for the type checker)
            try:
                for _ in objects:
                    words = out.readline().split()
                    if len(words) != 3 or words[1] == b"missing":  # noqa: PLR2004
                        yield None
                        continue
                    size = int(words[2])
                    content = out.read(min(size, MAX_BYTES + 1))
                    left = size + 1 - len(content)  # the line ends after the content
                    while left > 0 and (passed := out.read(min(left, 1 << 20))):
                        left -= len(passed)
                    yield content if not left else None
            finally:
                process.kill()


def _read_text(text: bytes) -> str:
    return os.fsdecode(text).rstrip("\n")
