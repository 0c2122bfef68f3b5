"""`recommend check --cases`: a case that fails says what turned it, and --accept writes the verdict of now."""

import pytest

_CHECK = "recommend check --cases --facts facts --rules rules"
_CASES = """\
# What riders are told.
area: riding
sources: [guide-2020, survey-2023]
as_of: 2024-01-01
cases:
- name: Repairs and rental
  needs: [repairs, rental]   # both
  verdict: {kind: recommended, provider: velo}   # once
  standings: {rad: ruled-out}
  why: it was so once
- name: A commuter is sent to who repairs
  needs: [repairs]
  verdict: {kind: recommended}
  why: velo and ciclo repair, rad does not [3, 21, 41]
- name: Repairs by a name that nobody knows
  needs: [reparations]
  verdict: {kind: none}
  why: a mistake
"""


@pytest.fixture
def here(here):
    (here / "rules" / "cases" / "riding.yaml").write_text(_CASES, encoding="utf-8")
    return here


def test_a_case_that_fails_says_what_differs_and_what_turned_it(here, recommend_says):
    velo = here / "facts" / "providers" / "velo.yaml"
    said = velo.read_text(encoding="utf-8")
    claim = "- {criterion: repairs, product: shop, value: absent, source: survey-2023, line: 30, stated: 2023-12-01}\n"
    velo.write_text(said + claim, encoding="utf-8")
    cases = _CASES.replace("kind: recommended}\n", "kind: recommended}\n  standings: {velo: qualified}\n")
    (here / "rules" / "cases" / "riding.yaml").write_text(cases, encoding="utf-8")
    run = recommend_says(_CHECK)
    assert run.status == 1
    assert (
        "rules/cases/riding.yaml:11: case 'A commuter is sent to who repairs': standings is {velo: ruled-out}; "
        "expected {velo: qualified}.\n  It passes without the claim on 'repairs' of velo "
        f"(facts/providers/velo.yaml:{len(said.splitlines()) + 1}).\n"
    ) in run.err


def test_accept_writes_the_new_verdicts_and_touches_nothing_else(here, recommend_says):
    before = {path: path.read_bytes() for path in here.rglob("*.yaml")}
    run = recommend_says(f"{_CHECK} --accept")
    file = here / "rules" / "cases" / "riding.yaml"
    written = file.read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(_CASES.splitlines(), written, strict=True) if old != new]
    assert [old.partition(":")[0].strip() for old, _ in changed] == ["verdict"]
    assert changed[0][1].endswith("   # once")
    assert {path for path in here.rglob("*.yaml") if path.read_bytes() != before[path]} == {file}
    assert "accepted: rules/cases/riding.yaml: case 'Repairs and rental': verdict: {kind: " in run.out
    assert "Wrote the new verdicts of 1 case in 1 file; review them and their `why` before you commit." in run.out
    # The case that cannot be answered is left to its keeper.
    assert run.status == 1
    again = recommend_says(_CHECK)
    assert again.err.count("case '") == 1
    assert "Repairs by a name that nobody knows" in again.err


def test_accept_without_cases_is_refused(recommend_says):
    run = recommend_says("recommend check --accept")
    assert (run.status, "requires --cases" in run.err) == (2, True)
