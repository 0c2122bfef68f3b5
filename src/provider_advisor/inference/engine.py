"""A production system over strings: which productions fire, chained to the end, by durable-rules.

One thread owns the engine and all others pass work to it, because durable-rules supports only one. There is one host
per process, created at the first run, and one ruleset per distinct shard, because a host never forgets a ruleset.

durable-rules cannot be imported on Python 3.13 and later unless this file is imported first: its C part calls a
function that Python removed.
"""

from __future__ import annotations

import importlib
import itertools
import os
import sys
import threading
import time
from collections import Counter, defaultdict
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from provider_advisor.errors import EngineError
from provider_advisor.inference.rulesets import Atom, Join, Production, Shard, cut_shards, write_definition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    _Reply = SimpleQueue[frozenset[str] | BaseException]
    _Queue = SimpleQueue[tuple[Callable[[], frozenset[str]], _Reply] | None]


_SESSIONS = tuple(f"s{number}" for number in range(1000))
"""Session ids, used in turn. The engine tells messages apart by 32 bits of hash, and a session's state is a
message too; these ids and the codes of atoms are few enough for a test to see that none collide."""

_NO_SESSION = "error code: 309"


def _import_durable() -> Any:  # noqa: ANN401 (durable has no stubs)
    """Import `durable.engine`, adding the function that Python 3.13 removed."""
    try:
        return importlib.import_module("durable.engine")
    except ImportError as error:
        if "PyEval_CallObject" not in str(error):
            raise
    _supply_call_object()
    return importlib.import_module("durable.engine")


def _supply_call_object() -> None:
    """Make PyEval_CallObject available to all libraries loaded from now on."""
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

# The host measures the time of a run with it. Its own function calls datetime.utcfromtimestamp, deprecated since Python
# 3.12, and uses the wall clock: if that jumps ahead by ten seconds, the run is aborted.
_durable._unix_now = time.monotonic  # noqa: SLF001

Host: Any = _durable.Host


class Program:
    """Productions checked and cut into shards, once, for any number of runs.

    `mentions` gives, for each atom of an antecedent, the numbers of the shards that wait for it. Raises EngineError if
    a name occurs twice or an antecedent is empty.
    """

    def __init__(self, productions: Iterable[Production]) -> None:
        self.productions = tuple(productions)
        _check(self.productions)
        self.shards = cut_shards(self.productions)
        self.mentions: dict[Atom, list[int]] = {}
        for number, shard in enumerate(self.shards):
            for atom in shard.codes:
                self.mentions.setdefault(atom, []).append(number)


def fire(program: Program, atoms: Iterable[str]) -> frozenset[str]:
    """Return the names of all productions that fire on these atoms, chained to the end.

    May be called from any thread. Raises EngineError if durable-rules fails; the next call works again.

    >>> program = Program([Production("wet", ("rain",), ("wet",)), Production("slip", ("wet", "ice"))])
    >>> sorted(fire(program, ["rain", "ice", "monday"]))
    ['slip', 'wet']
    """
    # A message that no rule matches raises, and a session can hold only few facts, so unused atoms are left out.
    known = {atom for atom in atoms if atom in program.mentions}
    if not known:
        return frozenset()
    return _owner.run(lambda: _engine.fire(program, known))


def _check(productions: Iterable[Production]) -> None:
    """Raise EngineError unless every name is unique and every antecedent has an atom."""
    counts = Counter(production.name for production in productions)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise EngineError(f"productions must have different names; given more than once: {', '.join(twice)}")
    empty = sorted(production.name for production in productions if not production.antecedent)
    if empty:
        raise EngineError(f"productions must wait for at least one atom; these have none: {', '.join(empty)}")


class _QuietHost(Host):  # type: ignore[misc]  # durable has no stubs
    """A host that leaves all work to its caller; the library's own host also starts two dispatching threads."""

    def _run(self) -> None:
        pass


class _Ruleset:
    """A shard, registered with the host until the process ends; it has at most one session at a time."""

    def __init__(self, host: _QuietHost, name: str, shard: Shard) -> None:
        self._host = host
        self._name = name
        self._codes = shard.codes
        self._fired: list[int] = []
        host.register_rulesets({name: write_definition(shard, self._make_action)})
        self._warm_up(shard.joins[0])

    def assert_atoms(self, sid: str, atoms: Iterable[Atom]) -> list[int]:
        """Assert these new atoms in the session, and return the numbers of the joins that fire.

        Numbers, not joins: the programs that share a ruleset call its productions by different names.
        """
        self._fired.clear()
        codes = [self._codes[atom] for atom in atoms]
        state = self._host.assert_facts(self._name, [{"sid": sid, "id": code, "atom": code} for code in codes])
        # An action's exception ends up only in the state, which is None without actions. When the clock jumps by more
        # than ten seconds, the host drops the rest and returns 0.
        if state == 0:
            raise EngineError("the rule engine stopped half-way (did the clock jump?); run it again")
        if isinstance(state, dict) and "exception" in state:
            raise EngineError(f"an action of the rule engine failed: {state['exception']}")
        return self._fired.copy()

    def forget(self, sid: str) -> None:
        """Delete the session and its facts; nothing to do if it was never created."""
        try:
            self._host.delete_state(self._name, sid)
        except Exception as error:
            if _NO_SESSION not in str(error):
                raise

    def _make_action(self, number: int) -> Callable[[object], None]:
        """Return the action of join `number` for durable-rules."""

        def run(_context: object) -> None:
            self._fired.append(number)

        return run

    def _warm_up(self, first: Join) -> None:
        """Fire join 0, because delete_state frees a wild pointer if the first session of a ruleset ran no action."""
        try:
            if 0 not in self.assert_atoms(_SESSIONS[0], first.antecedent):
                raise EngineError(f"the rule engine cannot match {first.antecedent!r}")
        finally:
            self.forget(_SESSIONS[0])


class _Engine:
    """The host and its rulesets; only the owner's thread may call it."""

    def __init__(self) -> None:
        self._host: _QuietHost | None = None
        self._rulesets: dict[str, _Ruleset] = {}
        self._sids = itertools.cycle(_SESSIONS)
        # A name that failed to register stays taken.
        self._names = map("shard{}".format, itertools.count())

    def fire(self, program: Program, known: Iterable[Atom]) -> frozenset[str]:
        """Return the names of the productions that fire; `known` are atoms that the program mentions."""
        sid = next(self._sids)
        touched: dict[int, _Ruleset] = {}
        try:
            fired = self._chain(program, known, sid, touched)
            return frozenset(name for join in fired for name in join.names)
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(f"the rule engine failed: {getattr(error, 'message', error)}") from error
        finally:
            for ruleset in touched.values():
                ruleset.forget(sid)

    def _chain(self, program: Program, known: Iterable[Atom], sid: str, touched: dict[int, _Ruleset]) -> Iterator[Join]:
        """Yield the joins that fire; atoms added in one round are asserted in the next, in the shards waiting for them.

        No atom goes in twice, because the engine refuses a message that it has seen.
        """
        # durable-rules chains within a ruleset; across shards we do it here, until a round adds nothing new.
        seen: set[Atom] = set()
        fresh = set(known)
        while fresh:
            seen |= fresh
            fired: list[Join] = []
            waiting: defaultdict[int, list[Atom]] = defaultdict(list)
            for atom in fresh:
                for number in program.mentions[atom]:
                    waiting[number].append(atom)
            for number, atoms in waiting.items():
                shard = program.shards[number]
                touched[number] = self._get_ruleset(shard)
                fired += [shard.joins[join] for join in touched[number].assert_atoms(sid, atoms)]
            yield from fired
            fresh = {atom for join in fired for atom in join.adds if atom in program.mentions} - seen

    def _get_ruleset(self, shard: Shard) -> _Ruleset:
        """Return the ruleset of a shard, registering it on first use."""
        if shard.key not in self._rulesets:
            if self._host is None:
                self._host = _QuietHost()
                # Makes glibc keep what is freed, up to the largest block that ever was (mallopt(3), M_MMAP_THRESHOLD):
                # a run takes a megabyte, and returning it made runs five times slower.
                bytes(16 * 2**20)
            self._rulesets[shard.key] = _Ruleset(self._host, next(self._names), shard)
        return self._rulesets[shard.key]


class _Owner:
    """The only thread that uses the engine; it starts with the first work, and ends with the process."""

    # Not a ThreadPoolExecutor of one thread, because Python waits for its threads at the end: a run that hangs would
    # keep the process from ending.

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._work: _Queue = SimpleQueue()

    def run(self, work: Callable[[], frozenset[str]]) -> frozenset[str]:
        """Return the result of `work`, done on the owner's thread, or raise what it raised."""
        reply: _Reply = SimpleQueue()
        # Under the lock that a fork takes, so that nothing is queued for a thread that is about to end.
        with self._lock:
            if self._thread is None:
                self._work = SimpleQueue()
                # A daemon, so that nothing keeps the process from ending.
                thread = threading.Thread(target=_serve, args=(self._work,), name="rule-engine", daemon=True)
                thread.start()
                self._thread = thread
            self._work.put((work, reply))
        outcome = reply.get()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def pause(self) -> None:
        """Finish all work, end the thread, and accept no more until `resume`, so that a fork copies an idle engine."""
        # A fork copies the calling thread alone. With the owner's thread still there, the child would have an engine in
        # the middle of a run, and a queue that nobody serves.
        self._lock.acquire()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._work.put(None)
            thread.join()

    def resume(self) -> None:
        """Take work again, in the parent as in the child of a fork."""
        self._lock.release()


def _serve(queue: _Queue) -> None:
    """Work until a None is queued."""
    while (queued := queue.get()) is not None:
        work, reply = queued
        try:
            reply.put(work())
        # No error may end the thread while a caller waits.
        except BaseException as error:  # noqa: BLE001  # handed to the caller, who raises it
            reply.put(error)


_engine = _Engine()
_owner = _Owner()

if sys.platform != "win32":
    os.register_at_fork(before=_owner.pause, after_in_parent=_owner.resume, after_in_child=_owner.resume)
