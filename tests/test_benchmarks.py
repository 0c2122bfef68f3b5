"""What the benchmarks say of a process is about that process."""

from __future__ import annotations

import sys

import pytest
from benchmarks.timing import run_command

_MB = 1 << 20


def test_memory_of_a_command_is_its_own():
    held = bytearray(b"x") * (200 * _MB)
    run = run_command([sys.executable, "-I", "-S", "-c", "pass"])
    assert len(held) > run.memory * _MB


def test_memory_of_a_command_is_that_of_its_largest_process():
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'len(bytearray(b\\'x\\') * 200_000_000)'])"
    assert run_command([sys.executable, "-I", "-S", "-c", child]).memory > 190


def test_a_command_that_fails_ends_the_benchmark_with_what_it_said():
    with pytest.raises(SystemExit, match="no such luck"):
        run_command([sys.executable, "-c", "raise SystemExit('no such luck')"])
