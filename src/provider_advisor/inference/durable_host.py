"""The host of durable-rules, which no longer imports on current versions of Python without help."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

from provider_advisor.errors import EngineError


def _import_durable() -> Any:  # noqa: ANN401 (durable has no stubs)
    """Import `durable.engine`, with the function that Python lacks since 3.13."""
    try:
        return importlib.import_module("durable.engine")
    except ImportError as error:
        if "PyEval_CallObject" not in str(error):
            raise
    _supply_call_object()
    return importlib.import_module("durable.engine")


def _supply_call_object() -> None:
    """Make PyEval_CallObject known to all libraries of the process that are loaded from now on."""
    import ctypes  # noqa: PLC0415 (only where the function is missing)
    from pathlib import Path  # noqa: PLC0415 (as above)

    library = Path(__file__).with_name("_call_object.so")
    try:
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise EngineError(
            f"durable-rules needs {library} on Python {version}, and it cannot be loaded; "
            "install provider-advisor again, with a C compiler."
        ) from error


_durable = _import_durable()

# The host measures with it how long a run takes. Its own function calls datetime.utcfromtimestamp, deprecated since
# Python 3.12, and follows the wall clock: if that is put forward by ten seconds during a run, the run is broken off.
_durable._unix_now = time.monotonic  # noqa: SLF001

Host = _durable.Host
