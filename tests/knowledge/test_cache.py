"""What is kept between processes, a base, its cases, the schemas: equal to what would be made again, or not used."""

import contextlib
import datetime as dt
import os
import pickle
import stat
import subprocess

import pytest
from click.testing import CliRunner

from provider_advisor import load
from provider_advisor.errors import KnowledgeError
from provider_advisor.faces.cli.schema import schema_command
from provider_advisor.knowledge import Facts, disk_cache, loader, read_cases, suspicions
from provider_advisor.knowledge.shapes import every_file as shapes


@pytest.fixture
def folders(tmp_path, folders_from):
    return folders_from(tmp_path / "base")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder in which knowledge bases are kept, which does not exist yet."""
    folder = tmp_path / "kept"
    monkeypatch.setenv("RECOMMEND_CACHE", str(folder))
    monkeypatch.setattr(disk_cache, "_MOST_KEPT", 8)
    return folder


@pytest.fixture
def built(monkeypatch):
    """A list that grows whenever the YAML is read."""
    from provider_advisor.knowledge import build as room  # noqa: PLC0415 (the module, not the function)

    count = []
    read = room.read_shapes
    monkeypatch.setattr(room, "read_shapes", lambda *arguments: count.append(1) or read(*arguments))
    return count


def test_the_second_load_reads_no_yaml_and_is_equal(folders, kept, built):
    first, second = load(*folders), load(*folders)
    assert len(built) == 1
    assert first == second
    for name in ("sources", "criteria", "providers", "topics", "usage", "rules"):
        assert list(getattr(first, name).items()) == list(getattr(second, name).items())
    assert first.words == second.words
    assert first.claims == second.claims
    day = dt.date(2024, 1, 1)
    assert all(
        Facts(first, day)(provider, criterion) == Facts(second, day)(provider, criterion)
        for provider in first.providers
        for criterion in first.criteria
    )
    assert len(list(kept.glob("*.kept"))) == 1


def test_nothing_is_left_but_the_kept_file(folders, kept):
    load(*folders)
    assert [path.suffix for path in kept.iterdir()] == [".kept"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_what_is_kept_is_the_users_alone(folders, kept):
    load(*folders)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in kept.iterdir())


@pytest.mark.usefixtures("kept")
def test_one_changed_byte_is_read_anew(folders, built):
    before = load(*folders)
    path = folders[0] / "providers" / "velo.yaml"
    path.write_bytes(path.read_bytes().replace(b"more_than: 100", b"more_than: 101"))
    after = load(*folders)
    assert len(built) == 2
    assert after.fingerprint != before.fingerprint


@pytest.mark.usefixtures("kept")
def test_a_comment_is_read_anew_for_it_moves_the_lines(folders, built):
    load(*folders)
    path = folders[0] / "providers" / "velo.yaml"
    path.write_bytes(b"# comment\n" + path.read_bytes())
    assert load(*folders).providers["velo"].claims[0].where.endswith("velo.yaml:9")
    assert len(built) == 2


@pytest.mark.usefixtures("kept")
def test_a_new_file_and_a_renamed_one_are_read_anew(folders, built):
    load(*folders)
    (folders[0] / "providers" / "velo.yaml").rename(folders[0] / "providers" / "velo-2.yaml")
    load(*folders)
    (folders[0] / "providers" / "new.yaml").write_text("id: new\nname: New\nclaims: []\n")
    assert "new" in load(*folders).providers
    assert len(built) == 3


@pytest.mark.usefixtures("kept")
def test_another_version_reads_anew(folders, built, monkeypatch):
    load(*folders)
    monkeypatch.setattr(disk_cache, "__version__", "999")
    load(*folders)
    assert len(built) == 2


def _sealed(*parts: bytes) -> bytes:
    """Content whose digest is right, as a keeper of the folder could write it."""
    content = b"".join(parts)
    sizes = " ".join(str(len(part)) for part in parts)
    return disk_cache.compute_digest(content) + f" {sizes}\n".encode() + content


_CALLS = b"\x80\x05cos\nsystem\n(X\x09\x00\x00\x00touch rantR."
CORRUPT = [
    b"",
    b"neither digest nor content",
    b"\n\n",
    _CALLS,
    b"\x00" * 100,
    _sealed(b"[1, 2, 3]", b"null"),
    _sealed(_CALLS),
    _sealed(_CALLS, _CALLS, _CALLS),
    _sealed(pickle.dumps([]), pickle.dumps({}), pickle.dumps(None)),
    _sealed(b"(" * 100_000 + b"."),
    _sealed(b"\xff\xfe", b"null", b""),
    _sealed(b"one").replace(b" 3\n", b" three\n"),
    _sealed(b"one").replace(b" 3\n", b" -3\n"),
]


@pytest.mark.parametrize("content", CORRUPT)
def test_a_corrupt_file_is_survived_and_replaced(folders, kept, built, content):
    knowledge = load(*folders)
    path = next(kept.glob("*.kept"))
    path.write_bytes(content)
    assert load(*folders) == knowledge
    assert load(*folders) == knowledge
    assert len(built) == 2, "the third load finds what the second kept"


def test_a_kept_file_runs_nothing(folders, kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(_CALLS)  # noqa: S301 (it shows that the next lines could fail)
    (tmp_path / "ran").unlink()
    load(*folders)
    next(kept.glob("*.kept")).write_bytes(_sealed(_CALLS, _CALLS, _CALLS))
    load(*folders)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_survived(folders, kept, built, share):
    knowledge = load(*folders)
    path = next(kept.glob("*.kept"))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert load(*folders) == knowledge
    assert len(built) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_trusted(folders, kept, built, mode):
    load(*folders)
    next(kept.glob("*.kept")).chmod(mode)
    load(*folders)
    assert len(built) == 2


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_trusted(folders, kept, built):
    load(*folders)
    os.chown(next(kept.glob("*.kept")), 12345, -1)
    load(*folders)
    assert len(built) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_neither_read_nor_written(folders, kept, built, mode):
    knowledge = load(*folders)
    kept.chmod(mode)
    before = {path: path.read_bytes() for path in kept.iterdir()}
    (folders[0] / "providers" / "new.yaml").write_text("id: new\nname: New\nclaims: []\n")
    assert load(*folders) != knowledge
    (folders[0] / "providers" / "new.yaml").unlink()
    assert load(*folders) == knowledge
    assert len(built) == 3
    assert {path: path.read_bytes() for path in kept.iterdir()} == before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_not_trusted(folders, kept, built):
    load(*folders)
    os.chown(kept, 12345, -1)
    load(*folders)
    assert len(built) == 2


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_is_not_followed(folders, kept, built, tmp_path, what):
    load(*folders)
    elsewhere = tmp_path / "elsewhere"
    linked = next(kept.glob("*.kept")) if what == "file" else kept
    linked.rename(elsewhere)
    linked.symlink_to(elsewhere)
    load(*folders)
    assert len(built) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir])
def test_a_pipe_a_device_or_a_folder_in_its_place_does_not_hang(folders, kept, built, make):
    knowledge = load(*folders)
    path = next(kept.glob("*.kept"))
    path.unlink()
    make(path)
    assert load(*folders) == knowledge
    assert len(built) == 2


def test_nothing_but_what_is_ours_is_dropped(folders, kept):
    kept.mkdir(mode=0o700)
    notes = [kept / f"{number}.json" for number in range(12)]
    for note in notes:
        note.write_text("mine")
    path = folders[0] / "providers" / "velo.yaml"
    for number in range(10):
        path.write_bytes(path.read_bytes() + b"# " + str(number).encode() + b"\n")
        load(*folders)
    assert all(note.read_text() == "mine" for note in notes)
    assert len(list(kept.iterdir())) == 12 + 8


def test_the_questionnaire_is_kept_too(kept):
    first, second = load(), load()
    assert second.questionnaire == first.questionnaire
    assert len(second.questionnaire.questions) == len(first.questionnaire.questions) > 0
    assert len(list(kept.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_survived(folders, tmp_path, monkeypatch, built):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RECOMMEND_CACHE", str(tmp_path / "file" / "kept"))
    assert load(*folders) == load(*folders)
    assert len(built) == 2


@pytest.fixture
def unwritable(kept, monkeypatch):
    """A folder for what is kept in which nothing can be written."""

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(disk_cache, "write_whole", refuse)
    return kept


@pytest.mark.usefixtures("unwritable")
def test_a_folder_that_cannot_be_written_is_survived(folders, built):
    assert load(*folders) == load(*folders)
    assert len(built) == 2


def test_a_place_that_is_taken_leaves_nothing_behind(folders, kept):
    load(*folders)
    path = next(kept.glob("*.kept"))
    path.unlink()
    path.mkdir()
    load(*folders)
    assert list(kept.iterdir()) == [path]


def test_empty_turns_it_off(folders, tmp_path, monkeypatch, built):
    monkeypatch.setenv("RECOMMEND_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loader, "pack", lambda _: pytest.fail("what is not kept need not be packed"))
    load(*folders)
    load(*folders)
    assert len(built) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]


def test_without_a_word_it_is_in_the_users_cache_folder(folders, tmp_path, monkeypatch):
    monkeypatch.delenv("RECOMMEND_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    load(*folders)
    assert len(list((tmp_path / "xdg" / "provider-advisor").glob("*.kept"))) == 1


def test_a_user_without_a_home_reads_the_files(folders, tmp_path, monkeypatch, built):
    monkeypatch.delenv("RECOMMEND_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda text: text)
    monkeypatch.chdir(tmp_path)
    assert load(*folders) == load(*folders)
    assert len(built) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]


def test_only_a_few_are_kept_and_the_newest_stays(folders, kept):
    path = folders[0] / "providers" / "velo.yaml"
    content = path.read_bytes()
    for number in range(12):
        path.write_bytes(content + b"# " + str(number).encode() + b"\n")
        load(*folders)
        newest = max(kept.glob("*.kept"), key=lambda file: file.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    assert len(list(kept.glob("*.kept"))) == 8


def test_what_is_used_again_stays(folders, kept, built, monkeypatch):
    monkeypatch.setattr(disk_cache, "_MOST_KEPT", 3)
    path = folders[0] / "providers" / "velo.yaml"
    content = path.read_bytes()
    load(*folders)
    for number in range(6):
        path.write_bytes(content + b"# " + str(number).encode() + b"\n")
        load(*folders)
        path.write_bytes(content)
        load(*folders)
    assert len(built) == 7
    assert len(list(kept.glob("*.kept"))) == 3


def test_a_knowledge_base_with_problems_is_not_kept(folders, kept):
    (folders[0] / "providers" / "bad.yaml").write_text("id: bad\n")
    for _ in range(2):
        with pytest.raises(Exception, match="'name' is missing"):
            load(*folders)
    assert not kept.exists()


def test_cases_are_kept_and_equal(kept, built):
    first, second = read_cases(), read_cases()
    assert len(built) == 1
    assert second == first
    assert [type(case.expected.get("among")) for case in second] == [type(case.expected.get("among")) for case in first]
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize("content", CORRUPT)
def test_corrupt_cases_are_read_from_their_files(kept, built, content):
    first = read_cases()
    next(kept.iterdir()).write_bytes(content)
    assert read_cases() == first
    assert len(built) == 2


@pytest.fixture
def reviewed(monkeypatch):
    """A list that grows whenever a base is looked through for what looks wrong."""
    count = []
    find = suspicions.find_suspicions
    monkeypatch.setattr(suspicions, "find_suspicions", lambda facts: count.append(1) or find(facts))
    return count


_DAY = dt.date(2024, 6, 1)


def review(folders, day=_DAY, today=_DAY):
    return loader.review(*folders, day, today)


def test_a_review_is_kept_and_equal(folders, kept, built, reviewed):
    first, second = review(folders), review(folders)
    assert first == second
    assert first.warnings == list(suspicions.find_suspicions(Facts(load(*folders), _DAY)))
    assert first.counts == {"criteria": 14, "providers": 3, "claims": 25, "rules": 5}
    assert len(reviewed) == 2, "once by the first review, and once by this test"
    assert len(built) == 2, "the base and its cases"
    assert len(list(kept.glob("*.kept"))) == 3


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", ["facts/providers/velo.yaml", "rules/weights.yaml", "rules/cases/riding.yaml"])
def test_a_review_of_changed_files_is_made_anew(folders, reviewed, name):
    review(folders)
    path = folders[0].parent / name
    status = path.stat()
    # Neither the size nor the time tells that it changed.
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    review(folders)
    assert len(reviewed) == 2


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", ["facts/providers/velo.yaml", "rules/cases/riding.yaml"])
def test_a_review_never_passes_files_that_broke_since(folders, name):
    before = review(folders)
    path = folders[0].parent / name
    sound = path.read_bytes()
    path.write_bytes(sound + b"nonsense: 1\n")
    for _ in range(2):
        with pytest.raises(KnowledgeError, match="nonsense"):
            review(folders)
    path.write_bytes(sound)
    assert review(folders) == before


@pytest.mark.usefixtures("kept")
def test_a_review_of_another_day_is_made_anew(folders, reviewed):
    review(folders)
    later = review(folders, dt.date(2034, 1, 1))
    assert len(reviewed) == 2
    assert any("out of date" in said for said in later.warnings)


@pytest.mark.usefixtures("kept")
def test_a_review_forgets_what_is_dated_ahead_once_that_day_has_come(folders, monkeypatch):
    review(folders, today=dt.date(2034, 1, 1))
    monkeypatch.setattr(suspicions, "find_future_claims", lambda _, today: [f"asked on {today}"])
    with pytest.raises(KnowledgeError, match="asked on 2024-06-01"):
        review(folders)


@pytest.mark.usefixtures("kept")
def test_another_version_reviews_anew(folders, reviewed, monkeypatch):
    review(folders)
    monkeypatch.setattr(disk_cache, "__version__", "999")
    review(folders)
    assert len(reviewed) == 2


@pytest.mark.parametrize(
    "content", [*CORRUPT, _sealed(b'{"counts": {}}'), _sealed(b'{"counts": {}, "warnings": [], "more": 1}')]
)
def test_a_corrupt_review_is_made_anew(folders, kept, reviewed, content):
    found = review(folders)
    for path in kept.glob("*.kept"):
        path.write_bytes(content)
    assert review(folders) == found
    assert review(folders) == found
    assert len(reviewed) == 2, "the third finds what the second kept"


def _mount(*options):
    return subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0


@pytest.fixture
def make_read_only():
    """Return a function that lets nobody write in a folder: not even root, for whom it is mounted on itself."""
    with contextlib.ExitStack() as undone:

        def make(folder):
            if os.getuid() != 0:
                undone.callback(folder.chmod, 0o700)
                folder.chmod(0o500)
                return
            if not _mount("--bind", folder, folder):
                pytest.skip("root may write everywhere, and nothing can be mounted here")
            undone.callback(subprocess.run, ["umount", folder], check=True)
            assert _mount("-o", "remount,bind,ro", folder)

        yield make


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_a_review_in_a_folder_that_can_only_be_read_is_found(folders, kept, make_read_only, reviewed):
    first = review(folders)
    make_read_only(kept)
    with pytest.raises(OSError, match=r"Permission denied|Read-only"):
        (kept / "new").touch()
    assert review(folders) == first
    assert len(reviewed) == 1
    assert review(folders, dt.date(2020, 1, 1)) != first, "made anew, as it cannot be kept"
    assert len(reviewed) == 2


@pytest.mark.usefixtures("unwritable")
def test_a_review_in_a_folder_that_cannot_be_written_is_made_each_time(folders, reviewed):
    assert review(folders) == review(folders)
    assert len(reviewed) == 2


def test_schemas_are_kept_and_equal(kept, monkeypatch):
    def print_schemas():
        return CliRunner().invoke(schema_command, []).output

    first = print_schemas()
    monkeypatch.setattr(shapes, "file_schemas", lambda: pytest.fail("the schemas were made again"))
    assert print_schemas() == first
    monkeypatch.undo()
    for path in kept.iterdir():
        path.write_bytes(_sealed(b"no JSON"))
    assert print_schemas() == first
