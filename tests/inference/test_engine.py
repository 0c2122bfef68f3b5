"""What the engine promises to the rest of the project: pure forward chaining over strings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider_advisor.errors import EngineError
from provider_advisor.inference.engine import Program, fire
from provider_advisor.inference.rulesets import MAX_JOIN, MAX_JOINS, Production, cut_shards

ATOMS = "abcdefg"


def chained(productions, atoms):
    """The reference: go round until nothing new fires."""
    known, fired = set(atoms), set()
    while new := [p for p in productions if p.name not in fired and set(p.antecedent) <= known]:
        fired.update(p.name for p in new)
        known.update(atom for p in new for atom in p.consequent)
    return fired


some_atoms = st.lists(st.sampled_from(ATOMS), max_size=4).map(tuple)
some_bodies = st.lists(st.tuples(some_atoms.filter(bool), some_atoms), max_size=12)


# Every new shard stays in the process for good, at about 0.2 MB here: 120 programs cost some 20 MB.
@settings(max_examples=120, deadline=None)
@given(some_bodies, st.lists(st.sets(st.sampled_from(ATOMS + "xyz")), min_size=1, max_size=8))
def test_it_fires_what_a_naive_forward_chainer_fires(bodies, situations):
    productions = [Production(f"p{number}", *body) for number, body in enumerate(bodies)]
    program = Program(productions)
    for atoms in situations:
        assert fire(program, atoms) == chained(productions, atoms)


@pytest.mark.parametrize("count", [2, MAX_JOIN, MAX_JOIN + 1, 3 * MAX_JOIN])
def test_a_production_fires_only_when_all_its_atoms_are_there(count):
    atoms = [f"a{n:02}" for n in range(count)]
    program = Program([Production("all", tuple(atoms))])
    assert fire(program, atoms) == {"all"}
    assert not any(fire(program, [atom for atom in atoms if atom != missing]) for missing in atoms)


def test_chains_run_to_the_end_whatever_shards_they_cross():
    links = [Production(f"p{n}", (f"{n:03}",), (f"{n + 1:03}",)) for n in range(300)]
    program = Program(links)
    assert len(program.shards) > 1
    assert fire(program, ["000"]) == {p.name for p in links}
    assert fire(program, ["290"]) == {f"p{n}" for n in range(290, 300)}


def test_a_circle_of_productions_ends():
    program = Program([Production("there", ("a",), ("b",)), Production("back", ("b",), ("a",))])
    assert fire(program, ["b"]) == {"there", "back"}


def test_a_run_leaves_nothing_to_the_next():
    program = Program([Production("p", ("a", "b"))])
    assert fire(program, ["a"]) == fire(program, ["b"]) == frozenset()


def test_programs_of_equal_antecedents_share_a_ruleset_and_keep_their_own_names():
    one = Program([Production("one", ("shared", "atom"), ("on",)), Production("next", ("on",))])
    two = Program([Production("two", ("atom", "shared")), Production("other", ("on",))])
    assert [shard.key for shard in one.shards] == [shard.key for shard in two.shards]
    assert fire(one, ["shared", "atom"]) == {"one", "next"}
    assert fire(two, ["shared", "atom"]) == {"two"}


def test_the_order_of_productions_and_of_atoms_never_matters():
    productions = [Production("p", ("a", "b"), ("c",)), Production("q", ("c",)), Production("r", ("b",))]
    turned = [Production(p.name, p.antecedent[::-1], p.consequent) for p in reversed(productions)]
    assert Program(productions).shards == Program(turned).shards
    assert fire(Program(turned), "ba") == fire(Program(productions), "ab") == {"p", "q", "r"}


def test_nothing_fires_without_productions_or_without_atoms():
    assert fire(Program([]), ["a"]) == fire(Program([Production("p", ("a",))]), []) == frozenset()


def test_a_name_given_twice_is_refused():
    with pytest.raises(EngineError, match=r"more than once: p$"):
        Program([Production("p", ("a",)), Production("p", ("b",)), Production("q", ("b",))])


def test_a_production_that_waits_for_nothing_is_refused():
    with pytest.raises(EngineError, match=r"these have none: idle$"):
        Program([Production("idle", (), ("a",))])


def test_a_program_keeps_its_productions_whatever_becomes_of_the_list_that_it_was_made_from():
    given_list = [Production("p", ("a",))]
    program = Program(given_list)
    given_list.append(Production("q", ("a",)))
    assert [p.name for p in program.productions] == ["p"]


def test_shards_stay_within_every_limit():
    wide = [Production(f"w{n}", tuple(f"{n}/{m}" for m in range(40))) for n in range(50)]
    many = [Production(f"m{n}", (f"x{n}",)) for n in range(200)]
    for shard in cut_shards(wide + many):
        assert len(shard.joins) <= MAX_JOINS
        assert len(shard.codes) <= 400
        assert all(len(join.antecedent) <= MAX_JOIN for join in shard.joins)
