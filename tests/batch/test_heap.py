"""One heap for all threads, where the C library can have one."""

import ctypes
from types import SimpleNamespace

import pytest

from provider_advisor.batch.local_run import share_heap


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    share_heap()


def test_what_cannot_be_opened_is_left_alone(monkeypatch):
    def refuse(_):
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    share_heap()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library has no mallopt")
def test_glibc_takes_every_parameter(monkeypatch):
    libc, taken = ctypes.CDLL(None), []

    def mallopt(parameter, value):
        taken.append(libc.mallopt(parameter, value))

    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(mallopt=mallopt))
    share_heap()
    assert taken == [1, 1, 1]
