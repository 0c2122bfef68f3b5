"""Versions of a knowledge base from git repositories, some of them partial and some of them hostile."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from provider_advisor.batch.impact import versions
from provider_advisor.batch.impact.versions import load_revision, load_working_tree
from provider_advisor.errors import BatchError, KnowledgeError

_BICYCLES = Path(__file__).parents[1] / "knowledge" / "bicycles"
_VELO = "facts/providers/velo.yaml"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def _git(folder, *arguments, check=True):
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    command = ["git", "-C", folder, *identity, *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout.strip()


def _commit(folder, *options):
    for part in ("facts", "rules"):
        shutil.copytree(_BICYCLES / part, folder / part)
    _git(folder, "init", "--quiet", "--initial-branch=main", *options)
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message", "Begin")


@pytest.fixture
def repository(tmp_path):
    """The bicycle shops, committed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    _commit(folder)
    return folder


def _drop(repository, name):
    """Take an object away, as a partial clone would not have it."""
    found = _git(repository, "rev-parse", name)
    (repository / ".git" / "objects" / found[:2] / found[2:]).unlink()


def _make_hostile(repository, marker):
    """Have git run `touch` in every way that a repository's own configuration has."""
    script = repository.parent / "touch.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    hooks = repository.parent / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc"):
        shutil.copy(script, hooks / hook)
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
        "remote.origin.uploadpack": script,
        "remote.origin.vcs": "",
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "core.sshCommand": script,
        "core.gitProxy": script,
        "core.askPass": script,
        "core.fsmonitor": script,
        "core.hooksPath": hooks,
        "core.pager": script,
        "core.editor": script,
        "core.alternateRefsCommand": script,
        "credential.helper": f"!{script}",
        "diff.external": script,
        "diff.yaml.textconv": script,
        "filter.yaml.smudge": script,
        "filter.yaml.clean": script,
        "filter.yaml.process": script,
        "tar.tar.command": script,
        "alias.cat-file": f"!{script}",
        "alias.rev-parse": f"!{script}",
        "pager.ls-tree": script,
    }.items():
        _git(repository, "config", name, str(value)) if value else None
    (repository / ".gitattributes").write_text("*.yaml filter=yaml diff=yaml export-subst\n")
    (repository / ".git" / "info").mkdir(exist_ok=True)
    shutil.copy(repository / ".gitattributes", repository / ".git" / "info" / "attributes")
    return script


@pytest.mark.parametrize("url", ["ext::{script}", "ssh://host/repository", "file://{folder}", "git://host/x"])
def test_a_hostile_repository_runs_nothing_and_what_is_missing_is_an_error(repository, tmp_path, url, monkeypatch):
    marker = tmp_path / "marker"
    script = _make_hostile(repository, marker)
    _git(repository, "config", "remote.origin.url", url.format(script=script, folder=repository))
    _drop(repository, f"HEAD:{_VELO}")
    for name in ("GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_ASKPASS"):
        monkeypatch.setenv(name, str(script))
    marker.unlink(missing_ok=True)
    with pytest.raises(BatchError, match=rf"^HEAD:{_VELO} is missing from this git repository\. A shallow"):
        load_revision("HEAD", repository)
    with pytest.raises(BatchError, match=r"the commit of|neither a folder nor a revision"):
        load_revision("0" * 39 + "1", repository)
    assert not marker.exists()
    # Git itself does run it, or this test would show nothing.
    _git(repository, "cat-file", "blob", f"HEAD:{_VELO}", check=False)
    assert marker.exists()


def test_a_hostile_repository_that_is_whole_is_read_and_runs_nothing(repository, tmp_path, bicycles):
    marker = tmp_path / "marker"
    _make_hostile(repository, marker)
    marker.unlink(missing_ok=True)
    assert load_revision("HEAD", repository).knowledge.fingerprint == bicycles.fingerprint
    assert load_working_tree("HEAD", repository / "facts").knowledge.fingerprint == bicycles.fingerprint
    assert not marker.exists()


def test_all_files_come_from_one_process(repository, monkeypatch):
    begun = []
    popen = subprocess.Popen

    def counting(command, **options):
        begun.append(command)
        return popen(command, **options)

    monkeypatch.setattr(subprocess, "Popen", counting)
    load_revision("HEAD", repository)
    assert sum("cat-file" in command for command in begun) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("HEAD:facts/providers", "the revision 'HEAD' cannot be read ("),
        ("HEAD", "the commit of 'HEAD' is missing from this git repository."),
    ],
)
def test_what_is_missing_besides_files_is_an_error_too(repository, name, sentence):
    _drop(repository, name)
    with pytest.raises(BatchError) as caught:
        load_revision("HEAD", repository)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("kind", ["worktree", "shallow", "alternates", "submodule"])
def test_repositories_of_other_kinds_are_read(repository, tmp_path, bicycles, kind):
    other = tmp_path / "other"
    if kind == "worktree":  # `.git` is a file
        _git(repository, "worktree", "add", "--quiet", other)
    elif kind == "shallow":
        (repository / "more").touch()
        _git(repository, "add", ".")
        _git(repository, "commit", "--quiet", "--message", "More")
        _git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", other)
        with pytest.raises(BatchError, match="neither a folder nor a revision"):
            load_revision("HEAD~1", other)
    elif kind == "alternates":  # objects are borrowed from the first repository
        _git(tmp_path, "clone", "--quiet", "--shared", repository, other)
    else:
        outer = tmp_path / "outer"
        outer.mkdir()
        _git(outer, "init", "--quiet")
        _git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repository, "inner")
        other = outer / "inner"
    assert load_revision("HEAD", other).knowledge.fingerprint == bicycles.fingerprint
    assert load_working_tree("HEAD", other).knowledge.fingerprint == bicycles.fingerprint


def test_a_bare_repository_has_revisions_and_no_working_tree(repository, tmp_path, bicycles):
    bare = tmp_path / "bare.git"
    _git(tmp_path, "clone", "--quiet", "--bare", repository, bare)
    assert load_revision("HEAD", bare).knowledge.fingerprint == bicycles.fingerprint
    with pytest.raises(BatchError, match=r"is bare and has no working tree; add --after FOLDER or --after REVISION"):
        load_working_tree("HEAD", bare)


def test_a_repository_of_sha256_is_read(tmp_path, bicycles):
    folder = tmp_path / "repository"
    folder.mkdir()
    _commit(folder, "--object-format=sha256")
    assert load_revision("main", folder).knowledge.fingerprint == bicycles.fingerprint


def test_links_and_submodules_are_not_followed(repository, tmp_path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("secret\n")
    (repository / "facts" / "providers" / "link.yaml").symlink_to(secret)
    _git(repository, "add", ".")
    _git(repository, "commit", "--quiet", "--message", "Link")
    with pytest.raises(BatchError, match=r"^HEAD:facts/providers/link\.yaml is a link, and only plain files are read"):
        load_revision("HEAD", repository)
    _git(repository, "rm", "--quiet", "--force", "facts/providers/link.yaml")
    commit = _git(repository, "rev-parse", "HEAD")
    _git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit},facts/more")
    _git(repository, "commit", "--quiet", "--message", "Submodule")
    with pytest.raises(BatchError, match=r"^HEAD:facts/more is a submodule, and only plain files are read"):
        load_revision("HEAD", repository)


def test_a_working_tree_that_the_configuration_puts_elsewhere_is_refused(repository, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    _git(repository, "config", "core.worktree", str(tmp_path / "elsewhere"))
    with pytest.raises(BatchError, match=r"cannot be read|keeps its working tree elsewhere|no facts"):
        load_working_tree("HEAD", repository)


def test_a_file_of_a_revision_that_is_too_large_is_a_problem_of_that_file(repository):
    with (repository / _VELO).open("ab") as file:
        file.write(b"#" * 4_000_001)
    _git(repository, "commit", "--quiet", "--all", "--message", "Grow")
    with pytest.raises(KnowledgeError, match=rf"HEAD:{_VELO}:1: .*larger than 4 MB"):
        load_revision("HEAD", repository)


def test_variables_of_a_hook_do_not_lead_to_another_repository(repository, tmp_path, bicycles, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    _git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", os.devnull)
    assert load_revision("HEAD", repository).knowledge.fingerprint == bicycles.fingerprint


def test_a_working_tree_without_the_folders_of_the_revision_is_refused(repository):
    shutil.rmtree(repository / "rules")
    with pytest.raises(BatchError, match="the working tree has no rules/ where 'HEAD' has it; add --after FOLDER"):
        load_working_tree("HEAD", repository)


def test_a_repository_of_too_many_files_is_refused(repository, monkeypatch):
    monkeypatch.setattr(versions, "_LONGEST_LIST", 10)
    with pytest.raises(BatchError, match="this git repository lists too many files; give a folder instead"):
        load_revision("HEAD", repository)


def test_a_name_that_no_process_can_be_given_is_an_error(repository):
    with pytest.raises(BatchError, match="git cannot be run"):
        load_revision("HEAD\0", repository)
