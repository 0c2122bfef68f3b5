"""Compile the package's C files while it is built: plain libraries without Python's headers, loaded with ctypes."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PACKAGE = Path("src/provider_advisor")
_SOURCES = (_PACKAGE / "batch/native/loops.c", _PACKAGE / "inference/call_object.c")
_FLAGS = ["-O3", "-std=c11", "-ffp-contract=off", "-shared", "-fPIC"]
if sys.platform == "darwin":
    _FLAGS += ["-undefined", "dynamic_lookup"]  # what Python itself defines is found when the library is loaded


class CompiledFiles(BuildHookInterface):
    """The build hook that hatchling looks for here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (as hooks are called)
        """Compile each file beside its source, and put the results into the wheel, tagged for this platform."""
        if sys.platform == "win32":
            raise SystemExit("provider-advisor runs on Linux and macOS; on Windows, install it in WSL.")
        for source in _SOURCES:
            library = _compile(Path(self.root) / source)
            build_data["artifacts"].append(f"/{library.relative_to(self.root).as_posix()}")
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"


def _compile(source: Path) -> Path:
    """Return the compiled library of a source: `loops.c` becomes `_loops.so`."""
    library = source.with_name(f"_{source.stem}.so")
    unfinished = library.with_suffix(f".{os.getpid()}")  # a process that has the old one loaded keeps it
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    files = [file for file in (source, source.with_suffix(".h")) if file.exists()]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    built_from = f'-DBUILT_FROM="{digest}"'
    command = [*compiler, *_FLAGS, built_from, "-o", str(unfinished), str(source), "-lm"]
    try:
        subprocess.run(command, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"{source} cannot be compiled ({error}); install a C compiler (Debian: apt install gcc libc6-dev), "
            "or name one in the environment variable CC."
        ) from error
    unfinished.replace(library)
    return library
