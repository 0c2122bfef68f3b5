"""durable-rules runs on every Python that we say we support, and warns about nothing."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from provider_advisor.inference import engine

_ANSWER = """
from provider_advisor import load, recommend
print(recommend(load(), needs=["whiteboard"], situation={"use-cases": ["tutoring"]}).verdict.provider)
"""


def _python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_an_answer_raises_no_warning():
    run = _python("-W", "error", "-c", _ANSWER)
    assert (run.stdout, run.stderr) == ("twilio\n", "")


def test_the_function_that_python_removed_is_supplied_only_where_it_is_missing():
    found = _python("-c", "import sys, provider_advisor.inference.engine; print('ctypes' in sys.modules)")
    assert found.stdout == f"{sys.version_info >= (3, 13)}\n"


def test_the_supplied_function_calls_with_a_tuple_or_with_nothing():
    library = ctypes.PyDLL(engine.__file__.replace("engine.py", "_call_object.so"))
    call = library.PyEval_CallObject
    call.argtypes, call.restype = [ctypes.py_object, ctypes.c_void_p], ctypes.py_object
    assert call(list, None) == []
    arguments = ("42", 10)
    assert call(int, id(arguments)) == 42
    with pytest.raises(ZeroDivisionError):
        call(lambda: 1 / 0, None)


def test_a_library_that_is_not_there_is_an_error_with_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "__file__", str(tmp_path / "engine.py"))
    with pytest.raises(engine.EngineError, match=r"cannot be loaded; install provider-advisor again"):
        engine._supply_call_object()
