"""The helpers that every room shares: bounded caches, days, files that appear whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tests.ports import find_free_port

from provider_advisor.bounded_cache import BoundedCache
from provider_advisor.whole_file import write_whole
from provider_advisor.written_values import parse_age, parse_day


def test_a_cache_drops_what_was_used_longest_ago():
    cache = BoundedCache[str, int](limit=2)
    for key, value in (("a", 1), ("b", 2)):
        cache.get_or_make(key, lambda value=value: value)
    cache.get_or_make("a", lambda: 0)
    cache.get_or_make("c", lambda: 3)
    assert len(cache) == 2
    assert cache.get_or_make("a", lambda: 0) == 1
    assert cache.get_or_make("b", lambda: 0) == 0


def test_a_failed_make_keeps_nothing():
    cache = BoundedCache[str, int](limit=2)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("a", lambda: 1 // 0)
    assert len(cache) == 0


@pytest.mark.parametrize(
    "text", ["20230601", "2023-W22-4", "2023-6-1", "2023-02-30", "\uff12023-06-01", "2023-06-01 ", ""]
)
def test_a_day_is_written_in_one_way(text):
    with pytest.raises(ValueError):
        parse_day(text)


@pytest.mark.parametrize("text", ["365", "-1d", "1_000d", "\u0663d", "1.5d", "d", "0d", "007d", "100000d"])
def test_an_age_is_written_in_one_way(text):
    with pytest.raises(ValueError):
        parse_age(text)


def test_days_and_ages_are_read():
    assert parse_day("2024-02-29") == dt.date(2024, 2, 29)
    assert parse_age("99999d") == 99_999


def test_a_file_keeps_its_old_content_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "record.json"
    path.write_text("old")
    with pytest.raises(TypeError), write_whole(path) as file:
        file.write("half")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with write_whole(path) as file:
        file.write(b"new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_file_keeps_its_permissions_whatever_new_files_get(tmp_path, mode):
    path = tmp_path / "record.json"
    path.touch()
    path.chmod(mode)
    with write_whole(path) as file:
        file.write(b"new")
    assert path.stat().st_mode & 0o777 == mode


def test_a_link_is_replaced_and_what_it_points_to_is_untouched(tmp_path):
    other = tmp_path / "other"
    other.write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(other)
    with write_whole(link, mode=0o600) as file:
        file.write(b"new")
    assert not link.is_symlink()
    assert link.stat().st_mode & 0o777 == 0o600
    assert other.read_text() == "precious"


def test_a_port_is_none_that_the_system_gives_to_others_meanwhile():
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    least = int(given.read_text().split()[0]) if given.exists() else 32_768
    assert all(20_000 <= find_free_port() < min(least, 32_000) for _ in range(50))
