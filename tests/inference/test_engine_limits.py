"""Each limit of durable-rules 2.0.28: shown raw where that is cheap, and how the project lives with it.

A raw limit that no longer holds means that a new version lifted it: then look at what was built around it.
"""

import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import durable.engine
import durable_rules_engine as raw
import pytest

from provider_advisor.errors import EngineError
from provider_advisor.inference import engine
from provider_advisor.inference.engine import Program, fire
from provider_advisor.inference.rulesets import MAX_ATOMS, Production

names = (f"raw-{number}" for number in itertools.count())
glibc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and sets a variable of glibc")


def ruleset(**antecedents):
    """A ruleset without Host or actions: `rule=[pattern, …]`."""
    rules = {
        rule: {"all": [{f"m{at}": pattern} for at, pattern in enumerate(patterns)]}
        for rule, patterns in antecedents.items()
    }
    return raw.create_ruleset(next(names), json.dumps(rules))


def assert_fact(handle, **fact):
    return raw.assert_fact(handle, json.dumps({"sid": "s", **fact}))


def python(code, *arguments, **environment):
    """Run code in a process of its own; what it printed, and how it ended."""
    return subprocess.run(
        [sys.executable, "-c", f"import provider_advisor.inference.engine\n{code}", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
    )


def resident():
    """Resident memory of this process, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def on_owner(work):
    """Look at the engine from the thread that owns it."""
    box = []
    engine._owner.run(lambda: box.append(work()) or frozenset())
    return box[0]


def only_ruleset(program):
    """The registered ruleset of a program of one shard."""
    return engine._engine._rulesets[program.shards[0].key]


# Limit: rules that one message matches, and the size of a ruleset.


def test_raw_a_message_that_passes_65_different_tests_fires_none():
    handle = ruleset(**{f"r{n}": [{"$gte": {"n": n}}] for n in range(65)})
    with pytest.raises(raw.error, match="303"):
        assert_fact(handle, n=99)


def test_raw_rules_that_wait_for_one_equal_value_share_its_test_and_200_of_them_work():
    handle = ruleset(**{f"r{n}": [{"atom": "a"}] for n in range(200)})
    assert assert_fact(handle, atom="a")[0] == 0


RAW_RULESET = """
import json, signal, sys, durable_rules_engine as raw
signal.alarm(1)
rules = {f"r{n}": {"all": [{"m": {"atom": str(n)}}]} for n in range(int(sys.argv[1]))}
raw.assert_fact(raw.create_ruleset("x", json.dumps(rules)), json.dumps({"atom": "nobody"}))
"""


@glibc
@pytest.mark.parametrize(("atoms", "end"), [("511", 0), ("512", -signal.SIGALRM)])
def test_raw_a_message_to_a_ruleset_of_512_atoms_never_ends(atoms, end):
    # With 513, registering it never ends either.
    assert python(RAW_RULESET, atoms).returncode == end


def test_2000_productions_work():
    productions = [Production(f"p{n}", (f"x{n}", f"y{n % 7}"), (f"x{n + 1}",)) for n in range(2000)]
    ys = [f"y{n}" for n in range(7)]
    assert fire(Program(productions), ["x1000", *ys]) == {f"p{n}" for n in range(1000, 2000)}


def test_600_productions_of_600_atoms_work():
    program = Program([Production(f"p{n}", (f"z{n}",)) for n in range(600)])
    assert len(fire(program, [f"z{n}" for n in range(600)])) == 600


def test_200_productions_that_match_one_atom_all_fire():
    alone = [Production(f"alone-{n}", ("hub",)) for n in range(200)]
    joined = [Production(f"joined-{n}", ("hub", f"spoke{n}")) for n in range(200)]
    program = Program(alone + joined)
    assert fire(program, ["hub"]) == {p.name for p in alone}
    assert len(fire(program, ["hub", *(f"spoke{n}" for n in range(200))])) == 400


# Limit: 16 atoms in a join, and none twice.


def test_raw_a_join_of_17_atoms_fails():
    handle = ruleset(r=[{"atom": f"a{n}"} for n in range(17)])
    facts = [{"sid": "s", "atom": f"a{n}"} for n in range(17)]
    with pytest.raises(raw.error, match="304"):
        raw.assert_facts(handle, json.dumps(facts))


@pytest.mark.parametrize("length", [12, 16, 17, 31, 32, 500])
def test_an_antecedent_of_any_length_waits_for_all_its_atoms(length):
    atoms = [f"long{n}" for n in range(length)]
    program = Program([Production("long", tuple(atoms)), Production("part", tuple(sorted(atoms)[:16]))])
    assert "long" in fire(program, atoms)
    for missing in (0, length // 2, length - 1):
        assert "long" not in fire(program, atoms[:missing] + atoms[missing + 1 :])


def test_an_atom_named_twice_in_an_antecedent_counts_once():
    # The engine matches no message twice in one join, so such a rule would never fire.
    assert fire(Program([Production("p", ("a", "a"))]), ["a"]) == {"p"}


def test_long_antecedents_that_share_atoms_do_not_blow_up():
    # Partial joins: each step of a join finds one message at most, so they grow with the atoms, not as 2**12.
    atoms = [f"share{n}" for n in range(13)]
    productions = [Production(f"without-{n}", tuple(atoms[:n] + atoms[n + 1 :])) for n in range(13)]
    assert len(fire(Program(productions), atoms)) == 13
    assert fire(Program(productions), atoms[1:]) == {"without-0"}


# Limit: 1,024 live sessions.


def test_raw_the_1025th_session_fails():
    handle = ruleset(r=[{"atom": "a"}])
    for n in range(1024):
        raw.assert_fact(handle, json.dumps({"sid": f"s{n}", "atom": "a"}))
    with pytest.raises(MemoryError):
        raw.assert_fact(handle, json.dumps({"sid": "one too many", "atom": "a"}))


FLAT = """
import os
from pathlib import Path
from provider_advisor.inference.engine import Program, fire
from provider_advisor.inference.rulesets import Production

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

program = Program([Production("p", ("flat", "b"), ("c",)), Production("q", ("c",))])
for _ in range(2000):
    fire(program, ["flat", "b"])
before = resident()
for _ in range(18000):
    assert len(fire(program, ["flat", "b"])) == 2
print(resident() - before)
"""


@glibc
def test_20000_runs_leave_memory_flat():
    # In a process of its own: what other tests left behind is freed and taken at any time.
    assert float(python(FLAT).stdout) < 4


def test_runs_leave_no_session_behind():
    program = Program([Production("p", ("flat", "b"), ("c",)), Production("q", ("c",))])
    for _ in range(200):
        assert len(fire(program, ["flat", "b"])) == 2
    name = only_ruleset(program)._name
    for sid in engine._SESSIONS:
        with pytest.raises(raw.error, match="309"):
            on_owner(lambda sid=sid: engine._engine._host.get_state(name, sid))


# Limit (not in the table): the memory of a session that ran no action is freed through a wild pointer.

RAW_DELETE = """
import json, durable_rules_engine as raw
handle = raw.create_ruleset("x", json.dumps({"r": {"all": [{"m": {"a": "1"}}, {"n": {"b": "1"}}]}}))
raw.assert_fact(handle, json.dumps({"sid": "s", "a": "1"}))
raw.delete_state(handle, "s")
"""
OUR_DELETE = """
from provider_advisor.inference.engine import Program, fire
from provider_advisor.inference.rulesets import Production
assert not fire(Program([Production("p", ("a", "b"))]), ["a"])
"""


@glibc
def test_a_run_in_which_nothing_fires_ends_well_although_deleting_its_session_raw_crashes():
    # MALLOC_PERTURB_ fills fresh memory; without it the crash comes in a process that has freed some before.
    assert python(RAW_DELETE, MALLOC_PERTURB_="165").returncode in (-signal.SIGSEGV, -signal.SIGABRT)
    ours = python(OUR_DELETE, MALLOC_PERTURB_="165")
    assert ours.returncode == 0, ours.stderr


# Limit: rulesets can be neither replaced nor removed through the host.


def test_raw_a_host_refuses_a_ruleset_of_the_same_name():
    host = engine._QuietHost()
    name = next(names)
    host.register_rulesets({name: {"r": {"all": [{"m": {"a": "1"}}], "run": lambda _: None}}})
    with pytest.raises(Exception, match="already registered"):
        host.register_rulesets({name: {"r": {"all": [{"m": {"a": "2"}}], "run": lambda _: None}}})


def test_a_program_built_again_registers_nothing_again():
    def build():
        return Program([Production(f"again{n}", (f"again{n}",)) for n in range(100)])

    fire(build(), [f"again{n}" for n in range(100)])
    before = len(engine._engine._rulesets)
    for _ in range(20):
        assert len(fire(build(), [f"again{n}" for n in range(100)])) == 100
    assert len(engine._engine._rulesets) == before


def test_the_engine_starts_with_the_first_run_and_not_with_the_import():
    code = "import threading, provider_advisor.inference.engine as e; print(e._engine._host, {})"
    assert python(code.format("threading.active_count()")).stdout == "None 1\n"


# Limit: only one thread may use the engine.


def test_raw_a_host_starts_threads_of_its_own():
    code = "import threading, durable.engine as d; d.Host(); print(threading.active_count())"
    assert python(code).stdout == "3\n"


def test_our_host_starts_no_thread_and_one_thread_owns_it():
    fire(Program([Production("p", ("a",))]), ["a"])
    assert [t.name for t in threading.enumerate() if t.name == "rule-engine"] == ["rule-engine"]
    assert not any(isinstance(t, threading.Timer) for t in threading.enumerate())


def test_eight_threads_get_right_answers():
    productions = [Production(f"t{n}", (f"t{n}",), (f"t{n + 1}",)) for n in range(40)]
    programs = [Program(productions), Program(productions[:20]), Program(productions[10:])]

    def work(number):
        program = programs[number % 3]
        start = number % 40
        expected = {p.name for p in program.productions if int(p.name[1:]) >= start}
        return fire(program, [f"t{start}"]) == (expected if f"t{start}" in program.mentions else frozenset())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(800)))


def child(program, answer):
    answer.put(sorted(fire(program, ["fork", "b"])))


def test_a_forked_child_has_an_engine_of_its_own():
    program = Program([Production("p", ("fork",), ("c",)), Production("q", ("c", "b"))])
    fork = multiprocessing.get_context("fork")
    answer = fork.SimpleQueue()
    assert fire(program, ["fork"]) == {"p"}
    children = [fork.Process(target=child, args=(program, answer)) for _ in range(3)]
    for process in children:
        process.start()
        assert fire(program, ["fork", "b"]) == {"p", "q"}
    assert [answer.get() for _ in children] == [["p", "q"]] * 3
    for process in children:
        process.join(30)
        assert process.exitcode == 0


def test_forks_while_other_threads_fire_harm_nobody():
    program = Program([Production("p", ("busy",))])
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            assert fire(program, ["busy"]) == {"p"}
        return True

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(busy) for _ in range(4)]
        try:
            for _ in range(10):
                if (pid := os.fork()) == 0:
                    os._exit(0 if fire(program, ["busy"]) == {"p"} else 1)
                assert os.waitpid(pid, 0)[1] == 0
        finally:
            stop.set()
        assert all(worker.result(30) for worker in workers)


FIRE_FOR_EVER = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background, it is ignored
from provider_advisor.inference.engine import Program, fire
from provider_advisor.inference.rulesets import Production
program = Program([Production("p", ("a",))])
fire(program, ["a"])
print("running", flush=True)
while True:
    fire(program, ["a"])
"""


def test_the_process_ends_at_once_after_an_interrupt():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", FIRE_FOR_EVER], stdout=-1, stderr=-1, env=environment) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            stderr = process.communicate(timeout=30)[1]
        finally:
            process.kill()
    assert process.returncode == -signal.SIGINT
    assert stderr.rstrip().endswith(b"KeyboardInterrupt")


# Limit: messages that no rule matches, or that were there before, raise.


def test_raw_messages_that_nobody_waits_for_or_that_come_twice_are_refused():
    handle = ruleset(r=[{"atom": "a"}])
    assert [assert_fact(handle, atom=atom)[0] for atom in ("nobody", "a", "a")] == [1, 0, 2]


def test_atoms_that_nobody_waits_for_and_atoms_given_twice_do_no_harm():
    program = Program([Production("p", ("a",), ("a", "b", "nobody")), Production("q", ("b",), ("a",))])
    assert fire(program, ["a", "unheard-of", "a", "b"]) == {"p", "q"}
    assert fire(program, ["unheard-of"]) == frozenset()


# Limit: what an action raises is swallowed into the state.


class NoRoom(list):
    def append(self, _):
        raise ValueError("no room")


def test_an_action_that_raises_becomes_an_error_and_the_next_run_works(monkeypatch):
    program = Program([Production("p", ("action",)), Production("q", ("action", "b"))])
    assert fire(program, ["action"]) == {"p"}
    with monkeypatch.context() as patch:
        patch.setattr(only_ruleset(program), "_fired", NoRoom())
        with pytest.raises(EngineError, match="an action of the rule engine failed: exception caught no room"):
            fire(program, ["action"])
    assert fire(program, ["action", "b"]) == {"p", "q"}


def test_an_error_inside_the_engine_becomes_an_error_and_the_next_run_works(monkeypatch):
    program = Program([Production("p", ("inside",))])
    assert fire(program, ["inside"]) == {"p"}
    with monkeypatch.context() as patch:
        patch.setattr(only_ruleset(program), "_codes", {"inside": "nobody waits for this"})
        with pytest.raises(EngineError, match=r"the rule engine failed: Could not handle message: .*nobody"):
            fire(program, ["inside"])
    assert fire(program, ["inside"]) == {"p"}


# Limit (not in the table): if the clock jumps by ten seconds while an action runs, the host drops all others.


def test_a_jump_of_the_clock_is_an_error_and_not_half_an_answer(monkeypatch):
    program = Program([Production(f"p{n}", (f"clock{n}",)) for n in range(5)])
    atoms = [f"clock{n}" for n in range(5)]
    assert len(fire(program, atoms)) == 5
    with monkeypatch.context() as patch:
        patch.setattr(durable.engine, "_unix_now", itertools.count(0, 3600).__next__)
        with pytest.raises(EngineError, match="did the clock jump"):
            fire(program, atoms)
    assert len(fire(program, atoms)) == 5


# Limit: values that are not plain strings compare in odd ways.


def test_raw_a_text_is_above_a_number_and_equal_to_one():
    handle = ruleset(above=[{"$gte": {"n": 100}}], equal=[{"n": 1}])
    assert assert_fact(handle, n="80")[0] == 0
    assert assert_fact(handle, n="1")[0] == 0


ODD = [
    *("1e-05", "1", "1.0", "80", "true", "True", "null", "", " ", "a b", "$s", "$m", "sid", "id", "atom"),
    *(
        "price<=0.00001",
        "price<=1e-05",
        "number-countries>=90",
        '"',
        "'",
        "\\",
        '\\"',
        "{}",
        "[",
        "a,b",
        "a:b",
    ),
    *(
        "naïve",
        "nai\u0308ve",
        "日本語",
        "🙂",
        "\n",
        "\t",
        "\0",
        "a\0b",
        "a\0c",
        "\ud800",
        "a0",
        "r0",
        "s0",
        "sid-s0",
    ),
    *("x" * 65536, "x" * 65537, "x" * 2**20),
]


@pytest.mark.parametrize("atom", ODD, ids=lambda atom: ascii(atom[:20]) + f"-{len(atom)}")
def test_odd_atoms_are_strings_like_any_other(atom):
    # One program for all of them: what fires for one must fire for no other.
    program = Program([Production(odd, (odd,), (odd + "!",)) for odd in ODD] + [Production("!", (atom + "!",))])
    assert fire(program, [atom]) == {atom, "!"}


# Limit: messages whose ids have the same 32-bit hash are taken for one.


def fnv1a(text):
    """The hash by which the engine tells messages apart (fnv1Hash32 in its state.c)."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def test_raw_two_messages_of_equal_hash_are_taken_for_one():
    # Ids that the engine makes up hash at random: of 46,000 two collide in one session of five.
    one, other = "fact-25388", "fact-909936"
    assert fnv1a(one) == fnv1a(other)
    handle = ruleset(r=[{"atom": "a"}], s=[{"atom": "b"}])
    assert assert_fact(handle, id=one, atom="a")[0] == 0
    assert assert_fact(handle, id=other, atom="b")[0] == 2


def test_no_two_ids_that_can_meet_in_a_session_have_the_same_hash():
    ids = [f"a{n}" for n in range(MAX_ATOMS)] + [f"sid-{sid}" for sid in engine._SESSIONS]
    assert len({fnv1a(one) for one in ids}) == len(ids)


def test_of_10000_atoms_only_those_waited_for_enter_a_session(monkeypatch):
    program = Program([Production("p", ("m1", "m5000")), Production("q", ("m9999",))])
    seen = []
    assert fire(program, ["m9999"]) == {"q"}
    host = engine._engine._host
    plain = host.assert_facts
    monkeypatch.setattr(host, "assert_facts", lambda name, facts: seen.extend(facts) or plain(name, facts))
    assert fire(program, [f"m{n}" for n in range(10_000)]) == {"p", "q"}
    assert len(seen) == 3


def test_10000_atoms_that_are_all_waited_for_are_spread_over_sessions():
    program = Program([Production(f"p{n}", tuple(f"m{n * 10 + m}" for m in range(10))) for n in range(1000)])
    assert len(fire(program, [f"m{n}" for n in range(10_000)])) == 1000
    assert max(len(shard.codes) for shard in program.shards) <= MAX_ATOMS
