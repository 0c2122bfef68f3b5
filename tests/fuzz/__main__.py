"""`python -m tests.fuzz [TARGET…] --runs N --seed S`: damage valid inputs at random, and see what the readers do.

Every fault is printed with the command that shows it again; exit status 1 if there was one. A run that hangs for two
minutes is ended, with where it was. `--keep` leaves the files of a fault in their folder.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS, Fault, check

_PATIENCE = 120


def main() -> int:
    """Run the targets in turn."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"some of {', '.join(TARGETS)}; all if none")
    parser.add_argument("--runs", type=int, default=1000, help="damaged inputs for all targets together")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--keep", action="store_true", help="keep the folder of each fault, and name it")
    given = parser.parse_args()
    names = given.targets or list(TARGETS)
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(f"no target {unknown[0]!r}; expected some of {', '.join(TARGETS)}")
    os.environ["RECOMMEND_CACHE"] = str(Path(tempfile.mkdtemp(prefix="fuzz-cache-")))
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    faults = 0
    for number in range(given.runs):
        name, seed = names[number % len(names)], given.seed + number // len(names)
        faulthandler.dump_traceback_later(_PATIENCE, exit=True)
        try:
            check(name, seed, folder)
        except Fault as fault:
            faults += 1
            print(f"{fault}{f' (in {folder}/{name}-{seed})' if given.keep else ''}", flush=True)
        faulthandler.cancel_dump_traceback_later()
    print(f"{given.runs} damaged inputs, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
