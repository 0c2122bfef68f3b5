"""A knowledge base that leaves a trace in a folder wherever it is unpacked, and can be held there for a kill.

Workers import this module, so it is a module beside the tests.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

from provider_advisor import KnowledgeBase


class WatchedKnowledge(KnowledgeBase):
    """As the base it is made of; `providers`, which every batch asks for, is where it waits."""

    @classmethod
    def of(cls, base: KnowledgeBase, folder: Path, unheld: int = 20) -> WatchedKnowledge:
        """One that leaves its traces in the folder; while that has a file `hold`, its users wait in mid-work.

        The first uses in a process, so many, are not held.
        """
        made = object.__new__(cls)
        fields = {name: getattr(base, name) for name in base.__dataclass_fields__}
        # A fingerprint of its own, or workers would go on with what they have unpacked before.
        fields["fingerprint"] = uuid.uuid4().hex
        made.__dict__.update(fields, folder=folder, home=os.getpid(), uses=0, unheld=unheld)
        return made

    def __getstate__(self):
        """Return what goes to the workers: the base, and where to leave traces."""
        ours = {name: self.__dict__[name] for name in ("folder", "home", "uses", "unheld")}
        return super().__getstate__() | ours

    def __setstate__(self, state):
        """Unpacked."""
        self.__dict__.update(state)
        (self.folder / f"load-{os.getpid()}-{uuid.uuid4().hex}").touch()

    @property
    def providers(self):
        """The providers, when nothing holds us."""
        if os.getpid() != self.home:
            self.__dict__["uses"] += 1
            self._wait()
        return self.__dict__["providers"]

    def _wait(self):
        if self.uses > self.unheld and (self.folder / "hold").exists():
            (self.folder / f"held-{os.getpid()}").touch()
            while (self.folder / "hold").exists():
                time.sleep(0.02)


def loads(folder: Path) -> dict[int, int]:
    """How often it was unpacked, by process."""
    found = [int(path.name.split("-")[1]) for path in folder.glob("load-*")]
    return {pid: found.count(pid) for pid in found}


def held(folder: Path) -> list[int]:
    """The processes that wait."""
    return sorted(int(path.name.split("-")[1]) for path in folder.glob("held-*"))
