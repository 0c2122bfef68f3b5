"""Compiles the batch's loops while the package is built: one C file without Python's headers, loaded by `loops.py`."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCE = Path("src/provider_advisor/batch/loops.c")
_FLAGS = ("-O3", "-std=c11", "-ffp-contract=off", "-shared", "-fPIC")


class Loops(BuildHookInterface):
    """The build hook that hatchling looks for here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (as hooks are called)
        """Compile beside the source, and have the wheel carry what comes of it, named for this platform."""
        source = Path(self.root) / _SOURCE
        library = source.with_name("_loops.so")
        unfinished = library.with_suffix(f".{os.getpid()}")  # a process that has the old one loaded keeps it
        compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
        built_from = f'-DBUILT_FROM="{hashlib.sha256(source.read_bytes()).hexdigest()}"'
        command = [*compiler, *_FLAGS, built_from, "-o", str(unfinished), str(source), "-lm"]
        try:
            subprocess.run(command, check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise SystemExit(
                f"{_SOURCE} cannot be compiled ({error}); install a C compiler (Debian: apt install gcc libc6-dev), "
                "or name one in the environment variable CC."
            ) from error
        unfinished.replace(library)
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["artifacts"].append(f"/{library.relative_to(self.root).as_posix()}")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
