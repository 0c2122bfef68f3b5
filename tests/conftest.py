"""Fixtures for all tests: a knowledge base about bicycle shops, which shows that the engine knows no field of its own.

Its files are in `knowledge/bicycles/`. A test names only what it changes:

    knowledge = knowledge_from(tmp_path, facts={"team.yaml": None}, rules={"extra.yaml": "area: extra\\nrules: []\\n"})
"""

import gc
import os
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from tests.postgresql import start_postgresql

import provider_advisor.inference.engine  # noqa: F401  (on Python 3.13 durable cannot be imported before it)
from provider_advisor import KnowledgeBase, KnowledgeError, load
from provider_advisor.knowledge import build, disk_cache, loader

# No test measures time, and a slow machine finds no other fault than a fast one. CI draws the same examples each time,
# so that a change is refused for its own faults only; elsewhere every run draws others.
settings.register_profile(
    "project",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("project")

_TIMES = 10 if os.environ.get("RECOMMEND_FULL_COUNTS") else 1


def pytest_itemcollected(item):
    """With RECOMMEND_FULL_COUNTS, say in a nightly run, let every property draw ten times as many examples."""
    test = getattr(getattr(item, "obj", None), "__func__", getattr(item, "obj", None))
    if _TIMES > 1 and is_hypothesis_test(test) and not hasattr(test, "more_examples"):
        found = test._hypothesis_internal_use_settings
        test._hypothesis_internal_use_settings = settings(found, max_examples=_TIMES * found.max_examples)
        test.more_examples = True


def _keep_files_in_memory(folder="/dev/shm", room=1 << 30):  # noqa: S108 (below it, each run makes a folder of its own)
    """Put temporary files where no disk is waited for, if nothing else is chosen and there is room.

    Commands of tests put each file on the disk before they end, and each test leaves folders that are deleted later:
    on a disk, half of the time of such tests is waiting for it.
    """
    if "TMPDIR" in os.environ or not Path(folder).is_dir():
        return
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize > room and not found.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = folder


_keep_files_in_memory()

# Knowledge bases stay alive for a whole run: looking through all their objects again and again takes a twentieth of it.
gc.set_threshold(200_000, 20, 100)
_BASES_AT_HAND, _FILES_AT_HAND = 10, 300


def pytest_collection_modifyitems(items):
    """Begin with Spark, which takes longest: started last, one process would wait for it, or start a second one."""
    items.sort(key=lambda item: item.path.name != "test_spark.py")


def pytest_collection_finish():
    """Never look for garbage among a million objects of modules and tests, which all stay to the end."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """With `-n auto`, run one process more than there are cores: many tests wait for servers, browsers and Spark."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    return 1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


BICYCLES = Path(__file__).parent / "knowledge" / "bicycles"

Files = Mapping[str, str | bytes | None]


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """One folder for the kept bases of a whole run; nothing is left in the user's own.

    What is kept is found by the content of the files, so a test that changes one reads it again. Without the folder
    each command of a test would read the shipped YAML, which takes ten times as long as its answer.
    """
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECOMMEND_CACHE", str(folder))
        patch.setattr(disk_cache, "_MOST_KEPT", 100)  # of eight, the shipped base is lost again and again
        patch.setattr(loader, "_recall_base", _unpack_once(loader._recall_base, str(folder)))
        patch.setattr(build, "parse_yaml", _parse_once(build.parse_yaml))
        yield folder


def _unpack_once(recall_base, folder):
    """`recall_base`, which gives the last few bases of this cache again: records never change.

    A command within a test would spend most of its time on unpacking what the command before it had unpacked. The
    files are read and their content is compared each time; processes and caches of a test's own go the whole way.
    """
    last = OrderedDict()

    def recall(key):
        if os.environ.get("RECOMMEND_CACHE") != folder:
            return recall_base(key)
        found = last.pop(key, None) or recall_base(key)
        if found is not None:
            last[key] = found
        if len(last) > _BASES_AT_HAND:
            last.popitem(last=False)
        return found

    return recall


def _parse_once(parse_yaml):
    """`parse_yaml`, which gives the same document for the same bytes: a test changes one file of a base or two."""

    @lru_cache(_FILES_AT_HAND)
    def parse(content, **options):
        return parse_yaml(content, "", **options)

    def parse_again(content, name, **options):
        try:
            return parse(content, **options)._replace(name=name)
        except KnowledgeError:
            return parse_yaml(content, name, **options)

    return parse_again


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of every file under a folder, by its path in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.yaml"))}


def write_files(folder: Path, files: Files) -> Path:
    """Write each text or bytes under its path; None writes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if content is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def write_knowledge(folder: Path, facts: Files = {}, rules: Files = {}) -> tuple[Path, Path]:  # noqa: B006 (never changed)
    """The folders of the bicycle shops, with these files in place of, or besides, theirs; None drops a file."""
    return (
        write_files(folder / "facts", files_of(BICYCLES / "facts") | dict(facts)),
        write_files(folder / "rules", files_of(BICYCLES / "rules") | dict(rules)),
    )


@pytest.fixture(scope="session")
def folders_from() -> Callable[..., tuple[Path, Path]]:
    """`write_knowledge`: writes the files of a knowledge base, gives the folders of facts and of rules."""
    return write_knowledge


@pytest.fixture(scope="session")
def knowledge_from() -> Callable[..., KnowledgeBase]:
    """A function that writes a knowledge base like `write_knowledge` and loads it."""
    return lambda folder, facts={}, rules={}: load(*write_knowledge(folder, facts, rules))


@pytest.fixture(scope="session")
def knowledge_of_files() -> Callable[[Path, Files], KnowledgeBase]:
    """A function that writes all files of a knowledge base, such as `facts/sources.yaml`, and loads it."""

    def write_and_load(folder, files):
        write_files(folder, files)
        return load(folder / "facts", folder / "rules")

    return write_and_load


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeBase:
    """The shipped knowledge base."""
    return load()


@pytest.fixture(scope="session")
def article() -> KnowledgeBase:
    """The shipped knowledge base by its first source alone: what arrives from others changes no test that uses this."""
    return load().restrict(sources="twilio-vs-vonage-2022")


@pytest.fixture(scope="session")
def bicycles() -> KnowledgeBase:
    """The knowledge base about bicycle shops, as it is; session-wide, because records never change."""
    return load(BICYCLES / "facts", BICYCLES / "rules")


@pytest.fixture(scope="session")
def postgresql_port():
    """The port of a PostgreSQL of our own, which asks for a password; `tests.postgresql` makes its URLs."""
    with start_postgresql() as port:
        yield port
