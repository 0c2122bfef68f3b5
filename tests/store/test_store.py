"""Decisions that are kept, in SQLite and in PostgreSQL: unchanged, found only by their id, and never half."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from provider_advisor import recommend
from provider_advisor.errors import RequirementsError, StoreError, StoreFailure

pytest.importorskip("alembic", reason="the extra 'web' is not installed")

import sqlalchemy as sa
from tests.postgresql import PASSWORD, make_url

from provider_advisor.store import decision_store, make_secret, open_store


@pytest.fixture(scope="module")
def record(bicycles):
    return recommend(bicycles, needs=["repairs"], robustness=True).record


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """A place for a store: a file that does not exist, and an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "decisions.db")
    port = request.getfixturevalue("postgresql_port")
    name = f"d{os.urandom(8).hex()}"
    admin = sa.create_engine(sa.make_url(make_url(port)).set(drivername="postgresql+psycopg"))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return make_url(port, name=name)


@pytest.fixture
def store(place):
    with contextlib.closing(open_store(place)) as opened:
        yield opened


def test_a_decision_is_found_again_as_it_was(store, place, record):
    kept = store.keep(record, "  Our \n choice\x00 ", make_secret())
    assert kept.title == "Our choice\\x00"
    assert len(kept.id) == 32
    with contextlib.closing(open_store(place, create=False)) as again:
        assert again.find(kept.id) == kept
    assert kept.record == json.loads(json.dumps(record))
    assert (kept.as_of, kept.fingerprint) == (record["knowledge"]["as_of"], record["knowledge"]["fingerprint"])


def test_all_are_listed_the_oldest_first_however_many(store, record, monkeypatch):
    monkeypatch.setattr(decision_store, "_AT_ONCE", 5)
    kept = [store.keep(record, f"{number}", make_secret()) for number in range(12)]
    assert list(store.list_all()) == sorted(kept, key=lambda one: (one.kept_at, one.id))


def test_only_its_key_deletes_a_decision_and_the_key_is_not_kept(store, place, record):
    key, other = make_secret(), make_secret()
    kept, second = store.keep(record, "", key), store.keep(record, "", other)
    assert not store.delete_by_key(kept.id, other)
    assert not store.delete_by_key(kept.id, "")
    assert not store.delete_by_key(make_secret(), key)
    assert store.find(kept.id) == kept
    if not place.startswith("postgresql"):
        with contextlib.closing(sqlite3.connect(place)) as raw:
            assert key not in "\n".join(raw.iterdump())
    assert store.delete_by_key(kept.id, key)
    assert store.find(kept.id) is None
    assert [one.id for one in store.list_all()] == [second.id]
    assert store.delete(second.id)
    assert not store.delete(second.id)


def test_a_form_that_is_sent_twice_keeps_one_decision(store, record):
    key = make_secret()
    assert store.keep(record, "once", key) == store.keep(record, "once", key)
    with pytest.raises(RequirementsError, match="already been used"):
        store.keep(record, "twice", key)
    assert len(list(store.list_all())) == 1


@pytest.mark.parametrize(("title", "key"), [("x" * 201, "a" * 32), ("", ""), ("", "short"), ("", "é" * 32)])
def test_a_title_or_key_that_does_not_fit_is_refused(store, record, title, key):
    with pytest.raises(RequirementsError):
        store.keep(record, title, key)
    assert list(store.list_all()) == []


@pytest.mark.parametrize("name", ["", "' or 1=1 --", "a" * 32 + "\x00", "%" * 32, "x" * 100_000])
def test_what_is_no_id_finds_nothing(store, record, name):
    store.keep(record, "", make_secret())
    assert store.find(name) is None


def test_servers_that_start_and_keep_at_once_lose_nothing(place, record):
    failed, kept = [], []

    def serve():
        try:
            with contextlib.closing(open_store(place)) as opened:
                kept.extend(opened.keep(record, "", make_secret()) for _ in range(5))
        except Exception as error:  # noqa: BLE001 (shown below)
            failed.append(error)

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with contextlib.closing(open_store(place)) as opened:
        assert {one.id for one in opened.list_all()} == {one.id for one in kept}
    assert len(kept) == 20


def test_a_store_of_a_newer_version_is_refused(store, place):
    store.close()
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE recommend_store_version SET version_num = '0999'")
    with pytest.raises(StoreError, match=r"newer version .* upgrade") as refused:
        open_store(place)
    assert PASSWORD not in str(refused.value)


def test_a_full_disk_is_a_failure_and_nothing_is_half_kept(tmp_path, record):
    place = tmp_path / "decisions.db"
    with contextlib.closing(open_store(str(place))) as store:
        kept = store.keep(record, "", make_secret())

        @sa.event.listens_for(store._engine, "engine_connect")
        def fill(connection):
            pages = connection.connection.cursor().execute("PRAGMA page_count").fetchone()[0]
            connection.connection.cursor().execute(f"PRAGMA max_page_count = {pages + 2}")

        with pytest.raises(StoreFailure, match="full"):
            store.keep({**record, "notes": ["x" * 100_000]}, "", make_secret())
        assert list(store.list_all()) == [kept]


def test_a_killed_process_loses_nothing_that_it_kept(tmp_path, record):
    place, data = tmp_path / "decisions.db", tmp_path / "record.json"
    data.write_text(json.dumps(record))
    code = (
        "import json, sys; from provider_advisor.store import *\n"
        "store, record = open_store(sys.argv[1]), json.load(open(sys.argv[2]))\n"
        "while True: print(store.keep(record, '', make_secret()).id, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code, place, data], stdout=subprocess.PIPE, text=True) as process:
        told = [process.stdout.readline().strip() for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        told += [line.strip() for line in process.stdout if len(line.strip()) == 32]
    with contextlib.closing(open_store(str(place), create=False)) as store:
        found = {one.id for one in store.list_all()}
        assert set(told) <= found
        assert len(found) <= len(told) + 1
        assert all(one.record == json.loads(json.dumps(record)) for one in store.list_all())


def test_a_database_of_another_program_is_left_as_it_is(tmp_path):
    place = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(place)) as raw:
        raw.execute("create table songs (title text)")
        raw.commit()
    before = place.read_bytes()
    with pytest.raises(StoreError, match=r"another program .* 'songs'"):
        open_store(str(place))
    assert place.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mysql://x/y", "'mysql://' is not a store"),
        ("nowhere/decisions.db", "folder nowhere does not exist; create it first"),
        (".", "is a folder; give a file in it"),
        ("text.db", "not a database"),
        ("postgresql://ann:secretly@127.0.0.1:1/x", "refused"),
        ("postgresql://ann:se/cretly@127.0.0.1:1/x", "percent-encode it"),
        ("postgresql://ann:secretly@127.0.0.1:port/x", "not a URL"),
    ],
)
def test_what_is_no_store_gets_a_sentence_without_its_password(tmp_path, monkeypatch, name, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.db").write_text("these are no pages of a database " * 100)
    with pytest.raises(Exception, match=says) as refused:
        open_store(name)
    assert "cretly" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_store_that_should_be_there_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        open_store(str(tmp_path / "decisions.db"), create=False)
    assert list(tmp_path.iterdir()) == []
